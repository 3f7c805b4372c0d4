# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a process and its files may be: in another root and other namespaces, deleted, replaced, or not there yet."""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from containers import Contained, libraries_of, make_root
from kernel import has_begun, wait_until
from memtrawl import BINARY, PRELOADS, TARGETS, Target, assert_exact, library, profile_in

REFUSED = 3
POOL = ["--alloc", "custom_pool:pool_alloc(size=arg1) -> ptr", "--alloc", "custom_pool:pool_grab(size=arg2) -> ptr",
        "--free", "custom_pool:pool_free(ptr=arg1)"]


def observe(memtrawl, target, *options):
    with memtrawl.session(target.pid, *options):
        truth = target.go()
        return truth, memtrawl.profile(target.pid, "seen")


def preload(allocator):
    path = library(PRELOADS[allocator])
    if not path:
        pytest.skip(f"{PRELOADS[allocator]} is not installed")
    return path


# ---- another root, another pid namespace

def test_container(memtrawl, tmp_path):
    """By its pid on the host; names come from its own files."""
    make_root(tmp_path / "root", TARGETS / "malloc_family")
    with Contained(tmp_path / "root") as target:
        assert os.readlink(f"/proc/{target.pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
        assert os.stat(f"/proc/{target.pid}/root/program").st_ino == os.stat(tmp_path / "root/program").st_ino
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


def test_container_has_an_allocator_that_the_host_has_not(memtrawl, tmp_path):
    """What is preloaded is at a path that means nothing outside."""
    allocator = preload("jemalloc")
    make_root(tmp_path / "root", TARGETS / "malloc_family", allocator)
    inside = f"/extra/{Path(allocator).name}"
    assert not Path(inside).exists()
    with Contained(tmp_path / "root", {"LD_PRELOAD": inside}) as target:
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


def test_container_whose_files_are_deleted(memtrawl, tmp_path):
    """An image that was removed while its container runs."""
    make_root(tmp_path / "root", TARGETS / "malloc_family")
    with Contained(tmp_path / "root") as target:
        shutil.rmtree(tmp_path / "root")
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


def test_container_to_its_end(memtrawl, tmp_path):
    """The last snapshot is exact when the process, and with it its mount namespace, is gone."""
    make_root(tmp_path / "root", TARGETS / "malloc_family")
    with Contained(tmp_path / "root") as target:
        memtrawl.ok("start", "-p", target.pid, "--sample", "exact", "--max-overhead", "off")
        pid, truth = target.pid, target.go()
        assert target.finish() == 0
        names = wait_until(lambda: memtrawl.json("list", "-p", pid, "--json")["snapshots"], "no last snapshot")
    profile = memtrawl.json("show", names[0]["name"], "--json", "-n", 0)
    assert profile["window"]["end_reason"] == "the process exited with status 0"
    assert_exact(truth, profile)


def test_own_pid_namespace_is_refused(memtrawl, tmp_path):
    """Process ids mean something else there than in the kernel: better none than another process's numbers."""
    done = subprocess.run(["unshare", "-p", "-f", "--mount-proc", BINARY, "leaks", "-p", "1", "--for", "1s"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=30,
                          env=memtrawl.env)
    assert done.returncode == REFUSED, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "pid namespace" in done.stderr and "--pid=host" in done.stderr
    assert not done.stdout


# ---- deleted and replaced files

def delete(path):
    path.unlink()


def replace_by_another(path):
    """As a package manager does it: a new file is renamed over the old one. It has other code at the same offsets."""
    new = path.with_name("new")
    shutil.copy(preload("tcmalloc"), new)
    os.rename(new, path)


@pytest.mark.parametrize("change", [delete, replace_by_another])
@pytest.mark.parametrize("allocator", ["jemalloc", "mimalloc"])
def test_allocator_gone_since(memtrawl, tmp_path, allocator, change):
    copy = Path(shutil.copy(preload(allocator), tmp_path / "liballoc.so"))
    with Target("malloc_family", env={"LD_PRELOAD": str(copy)}) as target:
        change(copy)
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


@pytest.mark.parametrize("change", [delete, replace_by_another])
def test_libc_gone_since(memtrawl, tmp_path, change):
    """The C library itself, from a directory of the target's own."""
    (libc,) = [path for path in libraries_of(TARGETS / "malloc_family") if "libc.so" in path]
    copy = Path(shutil.copy(os.path.realpath(libc), tmp_path / Path(libc).name))
    with Target("malloc_family", env={"LD_LIBRARY_PATH": str(tmp_path)}) as target:
        assert str(copy) in Path(f"/proc/{target.pid}/maps").read_text()
        change(copy)
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


class Copied(Target):
    """A target that is run from a copy of its file."""

    def __init__(self, copy):
        self.path, self.rest = copy, b""
        self.process = subprocess.Popen([copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid


@pytest.mark.parametrize("program", ["malloc_family", "malloc_family.static"])
@pytest.mark.parametrize("change", [delete, replace_by_another])
def test_program_gone_since(memtrawl, tmp_path, program, change):
    """The names of its functions are still those of the code that runs."""
    with Copied(Path(shutil.copy(TARGETS / program, tmp_path / "program"))) as target:
        change(target.path)
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


# ---- allocators from elsewhere

@pytest.mark.parametrize("allocator", PRELOADS)
def test_preloaded(memtrawl, allocator):
    """It is found where it is, and calls of the C library's own functions are not counted beside it."""
    with Target("random_sites", 5000, allocator=allocator) as target:
        truth, profile = observe(memtrawl, target)
        names = {Path(line.split()[-1]).name for line in Path(f"/proc/{target.pid}/maps").read_text().splitlines()}
    assert any(name.startswith(PRELOADS[allocator].split(".so")[0]) for name in names)
    assert_exact(truth, profile)


@pytest.mark.parametrize("allocator", PRELOADS)
def test_arrives_by_dlopen(memtrawl, allocator):
    """After the attach; once it has been noticed, all is counted."""
    with Target("late_allocator", preload(allocator),
                env={"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=65536"}) as target:
        truth, profile = observe(memtrawl, target)
    assert_exact(truth, profile)


def test_arrives_by_dlopen_under_snapshot(memtrawl):
    with Target("late_allocator", preload("jemalloc"),
                env={"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=65536"}) as target:
        with memtrawl.background("snapshot", "-p", target.pid, "late", "--for", "600s", "--sample", "exact",
                                 "--max-overhead", "off") as tracer:
            wait_until(lambda: has_begun(tracer.pid), "snapshot does not begin")
            truth = target.go()
            tracer.process.send_signal(signal.SIGINT)
            assert tracer.end().returncode == 0
    assert_exact(truth, memtrawl.json("show", "late", "--json", "-n", 0))


# ---- what nothing names, and what the user names

@pytest.mark.parametrize("verb", [["leaks", "--for", "1s"], ["snapshot", "--for", "1s"], ["start"]],
                         ids=lambda verb: verb[0])
def test_stripped_static_program(memtrawl, verb):
    with Target("malloc_family.stripped") as target:
        done = memtrawl(*verb, "-p", target.pid)
        assert done.returncode == REFUSED
        assert len(done.stderr.splitlines()) == 1
        for word in ("no allocator found", str(target.pid), "stripped", "--alloc", "--free"):
            assert word in done.stderr, done.stderr
        assert target.go()


def test_custom_pool_under_run(memtrawl, tmp_path):
    report = tmp_path / "report.json"
    done = memtrawl("run", "--json", "-o", report, *POOL, "--", TARGETS / "custom_pool", "--now")
    assert done.returncode == 0, done.stderr
    assert_exact(json.loads(done.stdout.splitlines()[0]), profile_in(json.loads(report.read_text())), totals=False)


def test_custom_pool_that_is_not_named(memtrawl):
    """Without its name, only what malloc gave is seen."""
    with Target("custom_pool") as target:
        truth, profile = observe(memtrawl, target)
    (heap,) = [site for site in truth["sites"] if site["function"] == "on_heap"]
    for key in ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects"):
        assert profile["totals"][key] == heap[key], key


def test_custom_pool_of_a_wrong_name(memtrawl):
    with Target("custom_pool") as target:
        done = memtrawl("start", "-p", target.pid, "--alloc", "custom_pool:no_such_function(size=arg1) -> ptr")
        memtrawl("stop", "-p", target.pid)
        assert done.returncode == REFUSED, done.stdout + done.stderr
        assert "no_such_function" in done.stderr
