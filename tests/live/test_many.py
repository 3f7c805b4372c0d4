# SPDX-License-Identifier: GPL-2.0-or-later
"""Several processes in one session: each one's numbers are exact, and its own."""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from kernel import PINS, has_begun, wait_until
from memtrawl import TARGETS, Target, assert_exact

EXACT = ["--sample", "exact", "--max-overhead", "off"]
LEAKS = ["leaks", "--for", "600s", "--older", "0s", "--json", "-n", 0, *EXACT]
# leaks lists the sites that have something live
LIVE = ("live_bytes", "live_objects")


def documents(text):
    """Of several processes: one JSON document that holds theirs."""
    document = json.loads(text)
    assert set(document) == {"schema", "documents"} and document["schema"] == "memtrawl.set/1"
    return {each["process"]["pid"]: each for each in document["documents"]}


def target_by(command):
    """A target that is started by a command of its own."""
    target = Target.__new__(Target)
    target.path, target.rest = Path(command[0]), b""
    target.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    target.pid = target.process.pid
    return target


def watch(memtrawl, who, targets):
    """`leaks` on some targets while each does its work; their accounts and profiles by pid."""
    with memtrawl.background(*LEAKS, *who) as tracer:
        wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
        truths = {target.pid: target.go() for target in targets}
        tracer.process.send_signal(signal.SIGINT)
        done = tracer.end(timeout=10)
    assert done.returncode == 0, done.stderr
    return truths, documents(done.stdout)


def assert_each(truths, profiles):
    assert set(profiles) == set(truths)
    for pid, truth in truths.items():
        assert_exact(truth, profiles[pid], keys=LIVE)


def test_pid_list(memtrawl):
    with Target("malloc_family") as a, Target("random_sites", 5000) as b, Target("realloc_chain") as other:
        truths, profiles = watch(memtrawl, ["-p", f"{a.pid},{b.pid}"], [a, b])
        assert_each(truths, profiles)
        assert other.go()


def test_same_program_twice(memtrawl):
    """The same code, the same heap addresses, different work: nothing is mixed up."""
    setarch = shutil.which("setarch")
    if not setarch:
        pytest.skip("setarch is not installed")
    twins = [target_by([setarch, os.uname().machine, "--addr-no-randomize", TARGETS / "random_sites", str(operations)])
             for operations in (3000, 7000)]
    with twins[0] as a, twins[1] as b:
        truths, profiles = watch(memtrawl, ["-p", f"{a.pid},{b.pid}"], [a, b])
        heaps = [heap_of(a.pid), heap_of(b.pid)]
    assert heaps[0] and heaps[0] == heaps[1], "the two were to have the same addresses"
    assert_each(truths, profiles)
    assert truths[a.pid]["totals"]["alloc_objects"] != truths[b.pid]["totals"]["alloc_objects"]


def heap_of(pid):
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith("[heap]"):
            return line.split("-")[0]
    return None


def test_comm(memtrawl, tmp_path):
    """All of that name, and nobody else. The name is this test's own."""
    name = f"mtcomm{os.getpid()}"
    program = tmp_path / name
    shutil.copy(TARGETS / "malloc_family", program)
    with target_by([program]) as a, target_by([program]) as b, Target("malloc_family") as other:
        truths, profiles = watch(memtrawl, ["--comm", name], [a, b])
        assert_each(truths, profiles)
        assert other.go()


def hierarchies():
    """Directories of cgroup hierarchies by kind: where there is one, and it can be written to."""
    found = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options = line.split()[:4]
        if kind == "cgroup2":
            found.setdefault("v2", Path(where))
        elif kind == "cgroup" and "memory" in options.split(","):
            found.setdefault("v1", Path(where))
    return found


@pytest.fixture(params=["v1", "v2"])
def cgroup(request):
    """A cgroup of the test's own, with one below it."""
    root = hierarchies().get(request.param)
    if not root:
        pytest.skip(f"no cgroup {request.param} hierarchy is mounted")
    path = root / f"memtrawl-test-{os.getpid()}"
    try:
        (path / "below").mkdir(parents=True)
    except OSError as error:
        pytest.skip(f"cannot make a cgroup: {error}")
    yield path
    for directory in (path / "below", path):
        wait_until(lambda d=directory: not (d / "cgroup.procs").read_text(), "processes stay in the cgroup")
        directory.rmdir()


def test_cgroup(memtrawl, cgroup):
    """Its processes and those below it."""
    with Target("malloc_family") as a, Target("random_sites", 3000) as b, Target("malloc_family") as other:
        (cgroup / "cgroup.procs").write_text(str(a.pid))
        (cgroup / "below/cgroup.procs").write_text(str(b.pid))
        truths, profiles = watch(memtrawl, ["--cgroup", cgroup], [a, b])
        assert_each(truths, profiles)
        (cgroup / "cgroup.procs").write_text(str(b.pid))
        (cgroup / "below/cgroup.procs").write_text(str(a.pid))
        one = memtrawl("start", "--cgroup", cgroup / "below", *EXACT)
        assert one.returncode == 0, one.stderr
        assert (PINS / str(a.pid)).exists() and not (PINS / str(b.pid)).exists()
        memtrawl.ok("stop", "-p", a.pid)
        assert other.go()


def test_empty_cgroup(memtrawl, cgroup):
    done = memtrawl("leaks", "--cgroup", cgroup, "--for", "1s")
    assert done.returncode == 3
    assert "no process" in done.stderr


def test_one_of_two_ends(memtrawl):
    """The other is watched on; what the first had done is still told."""
    with Target("malloc_family") as a, Target("random_sites", 5000) as b:
        with memtrawl.background(*LEAKS, "-p", f"{a.pid},{b.pid}") as tracer:
            wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
            truths = {a.pid: a.go()}
            assert a.finish() == 0
            truths[b.pid] = b.go()
            assert tracer.process.poll() is None
            tracer.process.send_signal(signal.SIGINT)
            profiles = documents(tracer.end().stdout)
    assert profiles[a.pid]["window"]["end_reason"] == "the process exited with status 0"
    assert profiles[b.pid]["window"]["end_reason"] is None
    assert_each(truths, profiles)


def test_start_of_two(memtrawl):
    """A session each."""
    with Target("malloc_family") as a, Target("random_sites", 5000) as b:
        memtrawl.ok("start", "-p", f"{a.pid},{b.pid}", *EXACT)
        try:
            for target in (a, b):
                truth = target.go()
                assert_exact(truth, memtrawl.profile(target.pid, f"of-{target.pid}"))
        finally:
            memtrawl.ok("stop", "-p", f"{a.pid},{b.pid}")


# ---- forked children: parent and child have their blocks at the same addresses

@pytest.fixture
def family(tmp_path):
    """A target that forks in its scenario, and where its child's account will be."""
    child = tmp_path / "child.json"
    with Target("fork_child", env={"MEMTRAWL_TRUTH_CHILD": str(child)}) as target:
        yield target, child


def test_leaks_follows_forks(memtrawl, family):
    target, child_file = family
    with memtrawl.background(*LEAKS, "-p", target.pid, "--follow-forks") as tracer:
        wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
        truth = target.go()
        child = json.loads(child_file.read_text())
        tracer.process.send_signal(signal.SIGINT)
        done = tracer.end(timeout=10)
    assert done.returncode == 0, done.stderr
    assert_each({target.pid: truth, truth["child_pid"]: child}, documents(done.stdout))


def test_leaks_follows_forks_to_their_end(memtrawl, family):
    """When both have ended, so does `leaks`."""
    target, child_file = family
    with memtrawl.background(*LEAKS, "-p", target.pid, "--follow-forks") as tracer:
        wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
        truth = target.go()
        child = json.loads(child_file.read_text())
        assert target.finish() == 0
        done = tracer.end(timeout=5)
    assert done.returncode == 0, done.stderr
    profiles = documents(done.stdout)
    assert_each({target.pid: truth, truth["child_pid"]: child}, profiles)
    for profile in profiles.values():
        assert profile["window"]["end_reason"] == "the process exited with status 0"


def test_start_follows_forks_to_their_end(memtrawl, family):
    """A last snapshot of each is saved."""
    target, child_file = family
    memtrawl.ok("start", "-p", target.pid, "--follow-forks", *EXACT)
    truth = target.go()
    child = json.loads(child_file.read_text())
    assert target.finish() == 0
    wait_until(lambda: not (PINS / str(target.pid)).exists(), "the pins stay")
    for pid, account in ((target.pid, truth), (truth["child_pid"], child)):
        names = [s["name"] for s in memtrawl.json("list", "-p", pid, "--json")["snapshots"]]
        assert len(names) == 1, pid
        assert_exact(account, memtrawl.json("show", names[0], "--json", "-n", 0))


def test_run_follows_forks(memtrawl, tmp_path):
    """Each in a file of its own."""
    child_file, report = tmp_path / "child.json", tmp_path / "report.json"
    done = memtrawl("run", "--json", "-o", report, "--follow-forks", "--", TARGETS / "fork_child", "--now",
                    env={**memtrawl.env, "MEMTRAWL_TRUTH_CHILD": str(child_file)})
    assert done.returncode == 0, done.stderr
    truth, child = json.loads(done.stdout.splitlines()[0]), json.loads(child_file.read_text())
    profile = json.loads(report.read_text())["profile"]
    assert profile["process"]["pid"] != truth["child_pid"]
    assert_exact(truth, profile, totals=False)
    profile = json.loads((tmp_path / f"report.{truth['child_pid']}.json").read_text())["profile"]
    assert profile["process"]["pid"] == truth["child_pid"]
    assert_exact(child, profile, totals=False)


@pytest.mark.parametrize("extension", ["json", "pb.gz"])
def test_a_file_each(memtrawl, tmp_path, extension):
    with Target("malloc_family") as a, Target("random_sites", 2000) as b:
        memtrawl.ok("leaks", "-p", f"{a.pid},{b.pid}", "--for", "100ms", "-o", tmp_path / f"x.{extension}")
        paths = {tmp_path / f"x.{extension}": a.pid, tmp_path / f"x.{b.pid}.{extension}": b.pid}
        assert set(tmp_path.glob("x.*")) == set(paths)
        for path, pid in paths.items():
            if extension == "json":
                assert json.loads(path.read_text())["process"]["pid"] == pid
            else:
                assert memtrawl.json("show", path, "--json")["process"]["pid"] == pid
