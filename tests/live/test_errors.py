# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input: one line on standard error that says what to do, nothing on standard output, and the right status."""
import gzip
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from memtrawl import BINARY, TARGETS, Target

USAGE, REFUSED, RUN_FAILED = 2, 3, 125


def assert_error(done, status, *words):
    """`words`: each must be in the line."""
    assert done.returncode == status, f"status {done.returncode}, should be {status}\n{done.stdout}{done.stderr}"
    assert len(done.stderr.splitlines()) == 1, f"not one line:\n{done.stderr}"
    assert done.stderr.startswith("memtrawl: "), done.stderr
    assert not done.stdout, f"an error, yet output:\n{done.stdout}"
    for word in words:
        assert str(word) in done.stderr, f"'{word}' is not in: {done.stderr}"


@pytest.fixture(scope="module")
def sleeper():
    """A process to name in commands that fail for another reason."""
    with Target("malloc_family") as target:
        yield target.pid


def unused_pid():
    pid = int(Path("/proc/sys/kernel/pid_max").read_text()) - 1
    while os.path.exists(f"/proc/{pid}"):
        pid -= 1
    return pid


# ---- which process

ON_A_PROCESS = [["leaks", "--for", "1s"], ["start"], ["snapshot"], ["doctor"]]


@pytest.mark.parametrize("verb", ON_A_PROCESS, ids=lambda v: v[0])
def test_no_such_process(memtrawl, verb):
    pid = unused_pid()
    assert_error(memtrawl(*verb, "-p", pid), REFUSED, pid, "no such process")


def test_status_and_stop_without_a_session(memtrawl, sleeper):
    assert_error(memtrawl("stop", "-p", sleeper), REFUSED, sleeper)


@pytest.mark.parametrize("verb", ON_A_PROCESS, ids=lambda v: v[0])
def test_kernel_thread(memtrawl, verb):
    try:
        flags = int(Path("/proc/2/stat").read_text().rpartition(")")[2].split()[6])
    except FileNotFoundError:
        flags = 0
    if not flags & 0x00200000:  # PF_KTHREAD
        pytest.skip("PID 2 is not a kernel thread here")
    assert_error(memtrawl(*verb, "-p", 2), REFUSED, "kernel thread")


@pytest.mark.parametrize("verb", ON_A_PROCESS, ids=lambda v: v[0])
def test_zombie(memtrawl, verb):
    child = subprocess.Popen(["true"])
    try:
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert_error(memtrawl(*verb, "-p", child.pid), REFUSED, child.pid, "zombie")
    finally:
        child.wait()


@pytest.mark.parametrize("pid", ["0", "-1", "abc", "", "1.5", "99999999999", "1 2", "0x10"])
def test_not_a_pid(memtrawl, pid):
    assert_error(memtrawl("leaks", "--for", "1s", "-p", pid), USAGE)


def test_not_root(sleeper):
    """The binary is copied to where another user may run it."""
    place = tempfile.mkdtemp()
    try:
        os.chmod(place, 0o755)
        copy = shutil.copy(BINARY, place)
        os.chmod(copy, 0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "leaks",
                               "-p", str(sleeper), "--for", "1s"], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=30, env={"PATH": os.environ["PATH"], "HOME": place},
                              cwd="/")
        assert_error(done, REFUSED, "root")
    finally:
        shutil.rmtree(place)


# ---- the kernel

@pytest.mark.parametrize("verb, status", [(["leaks", "-p"], REFUSED), (["start", "-p"], REFUSED),
                                          (["run", "--", "true"], RUN_FAILED)], ids=["leaks", "start", "run"])
def test_kernel_without_type_information(memtrawl, sleeper, verb, status):
    """In a mount namespace in which the kernel's BTF is hidden."""
    args = [*verb, str(sleeper)] if verb[-1] == "-p" else verb
    done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"',
                           BINARY, *args], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          timeout=30, env=memtrawl.env)
    assert_error(done, status, "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF")


# ---- what is in the process

def test_no_allocator(memtrawl):
    """Static and stripped: there is an allocator, but nothing names it. --alloc could."""
    with Target("malloc_family.stripped") as target:
        assert_error(memtrawl("start", "-p", target.pid), REFUSED, target.pid, "allocator")


MAPPER = """
import mmap, sys, time
with open(sys.argv[1], "r+b") as f:
    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC)
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def broken_library(tmp_path):
    """A process that has mapped, executable, a library of which only the first pages are there."""
    path = tmp_path / "libbroken.so"
    path.write_bytes((TARGETS / "libtarget_leak.so").read_bytes()[:5000])
    with subprocess.Popen(["/usr/bin/python3", "-c", MAPPER, path], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process.pid, path
        process.kill()


def test_truncated_elf_is_survived(memtrawl, broken_library):
    """The process's other files are whole, and the tracing goes on with them."""
    pid, _ = broken_library
    memtrawl.ok("leaks", "-p", pid, "--for", "1s")


def test_truncated_elf_named(memtrawl, broken_library):
    pid, path = broken_library
    done = memtrawl("start", "-p", pid, "--alloc", f"{path.name}:lib_leak(size=arg1) -> ptr")
    memtrawl("stop", "-p", pid)
    assert_error(done, REFUSED, path.name)


def test_truncated_elf_as_command(memtrawl, tmp_path):
    path = tmp_path / "truncated"
    path.write_bytes((TARGETS / "malloc_family").read_bytes()[:100])
    path.chmod(0o755)
    done = memtrawl("run", "--", path)
    assert done.returncode == 126
    assert len(done.stderr.splitlines()) == 1, done.stderr


# ---- the command line

@pytest.mark.parametrize("args, words", [
    (["frobnicate"], ["frobnicate"]),
    (["leak"], ["leaks"]),
    (["leaks", "--no-such-option"], ["--no-such-option"]),
    (["leaks", "--fro", "5s"], ["--f"]),
    (["show", "--group-by", "moon", "x"], ["moon"]),
    (["show"], []),
    (["diff", "one"], []),
    (["rm"], []),
    (["leaks"], ["-p"]),
    (["snapshot"], ["-p"])])
def test_usage(memtrawl, args, words):
    assert_error(memtrawl(*args), USAGE, *words)


def test_nothing_said(memtrawl):
    done = memtrawl()
    assert done.returncode == USAGE
    assert "memtrawl" in done.stderr


@pytest.mark.parametrize("option, value", [
    ("--sample", "-5"), ("--sample", "0x"), ("--sample", "99999999999999999999T"), ("--sample", "sometimes"),
    ("--sample", ""), ("--min-bytes", "-1"), ("--min-bytes", "20E"), ("--min-bytes", "1.2.3K"), ("-n", "-1"),
    ("-n", "many"), ("--for", "-3s"), ("--for", "3 parsecs"), ("--for", "99999999999h"), ("--for", ""),
    ("--max-overhead", "-1"), ("--max-overhead", "much"), ("--older", "-1s")])
def test_bad_value(memtrawl, sleeper, option, value):
    done = memtrawl("leaks", "-p", sleeper, "--for", "1s", option, value)
    assert_error(done, USAGE, option)


@pytest.mark.parametrize("spec", ["", "nonsense", "lib:", "lib:f", "lib:f(size=arg9) -> ptr", "lib:f(size=arg1)",
                                  "lib:f(size=arg1) -> int", ":f(size=arg1) -> ptr"])
def test_bad_pool(memtrawl, sleeper, spec):
    done = memtrawl("leaks", "-p", sleeper, "--for", "1s", "--alloc", spec)
    assert_error(done, USAGE, "--alloc")


@pytest.mark.parametrize("name", ["a/b", "/etc/passwd", "..", ".", "", "../x", "x" * 300, "a\nb"])
@pytest.mark.parametrize("verb", [["snapshot", "-p"], ["rm"]], ids=lambda v: v[0])
def test_bad_name(memtrawl, sleeper, verb, name):
    args = [*verb, sleeper, name] if verb[-1] == "-p" else [*verb, name]
    assert_error(memtrawl(*args), USAGE)
    assert os.path.exists("/etc/passwd")


def test_control_characters_are_not_printed(memtrawl):
    done = memtrawl("\x1b[31mred")
    assert done.returncode == USAGE
    assert "\x1b" not in done.stderr


# ---- files

@pytest.mark.parametrize("verb", [["show"], ["rm"], ["diff", "other"]], ids=lambda v: v[0])
def test_no_such_snapshot(memtrawl, verb):
    assert_error(memtrawl(*verb, "missing"), REFUSED)


def damaged_files():
    noise = random.Random(4).randbytes(5000)
    return {"random": noise, "empty": b"", "compressed_noise": gzip.compress(noise), "half": gzip.compress(noise)[:900],
            "text": b"site,bytes\n", "compressed_nothing": gzip.compress(b""),
            # a length of 2^63 and more; a tag that never ends
            "long": gzip.compress(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fx"), "endless": b"\x1f\x8b" + b"\xff" * 4000,
            "bomb": gzip.compress(b"\0" * (64 << 20))}


@pytest.mark.parametrize("kind", damaged_files())
@pytest.mark.parametrize("verb", ["show", "diff"])
def test_damaged_file(memtrawl, tmp_path, verb, kind):
    path = tmp_path / "damaged.pb.gz"
    path.write_bytes(damaged_files()[kind])
    args = [path, path] if verb == "diff" else [path]
    assert_error(memtrawl(verb, *args), REFUSED, path.name)


def test_directory_for_a_file(memtrawl, tmp_path):
    assert_error(memtrawl("show", f"{tmp_path}/"), REFUSED, tmp_path)


def test_damaged_snapshot_of_our_own(memtrawl, tmp_path):
    """A real profile, cut short at several places and with single bits changed: never a crash."""
    with Target("zero_size") as target, memtrawl.session(target.pid):
        target.go()
        memtrawl.ok("snapshot", "-p", target.pid, "whole")
    saved = next(p for p in memtrawl.store.rglob("whole*") if p.is_file())
    whole = gzip.decompress(saved.read_bytes())
    draw = random.Random(5)
    for i in range(40):
        bad = bytearray(whole)
        if i % 2:
            bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
        else:
            del bad[draw.randrange(len(bad)):]
        path = tmp_path / "bad.pb.gz"
        path.write_bytes(gzip.compress(bytes(bad)))
        done = memtrawl("show", path, "--json")
        assert done.returncode in (0, REFUSED), f"{i}: status {done.returncode}\n{done.stderr}"
        if done.returncode == 0:
            json.loads(done.stdout)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=False,
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place):
    with open(place / "filler", "wb", buffering=0) as f:
        size = 1 << 16
        while size:
            try:
                f.write(b"x" * size)
            except OSError:
                size //= 2


def contents(place):
    return {p.relative_to(place): p.read_bytes() for p in place.rglob("*") if p.is_file()}


def test_full_disk(memtrawl, small_disk):
    """A snapshot that does not fit is an error, leaves nothing behind, and the old one is as it was."""
    memtrawl.store = small_disk
    memtrawl.env["MEMTRAWL_STORE"] = str(small_disk)
    with Target("random_sites", 20000) as target, memtrawl.session(target.pid):
        target.go()
        memtrawl.ok("snapshot", "-p", target.pid, "old")
        shown = memtrawl.json("show", "old", "--json", "-n", 0)
        fill(small_disk)
        before = contents(small_disk)
        assert_error(memtrawl("snapshot", "-p", target.pid, "new"), REFUSED, "space")
        assert memtrawl("snapshot", "-p", target.pid, "old").returncode in (USAGE, REFUSED)
        assert contents(small_disk) == before
        assert memtrawl.json("show", "old", "--json", "-n", 0) == shown


def test_output_file_in_no_directory(memtrawl, sleeper):
    done = memtrawl("leaks", "-p", sleeper, "--for", "1s", "-o", "/nonexistent/report.json")
    assert_error(done, REFUSED, "/nonexistent")


def test_two_sessions_on_one_process(memtrawl):
    with Target("malloc_family") as target, memtrawl.session(target.pid):
        assert_error(memtrawl("start", "-p", target.pid), REFUSED, target.pid)
        truth = target.go()
        profile = memtrawl.profile(target.pid, "after")
        assert profile["totals"]["alloc_bytes"] == truth["totals"]["alloc_bytes"]
