# SPDX-License-Identifier: GPL-2.0-or-later
"""`watch`: captures when thresholds are crossed, and not otherwise; what goes wrong in one is not watch's end."""
import contextlib
import datetime
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kernel import bpftool, child_of, has_begun, is_alive, swap_file, uprobe_links, wait_until
from memtrawl import Target
from test_schema import jsonschema, validator

MIB = 1 << 20
EMULATED = os.environ.get("MEMTRAWL_TEST_EMULATED")  # to attach takes seconds there


class Grower(Target):
    """tests/targets/grower.c"""

    def __init__(self, *args):
        super().__init__("grower", *args)

    def send(self, command):
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def do(self, command):
        self.send(command)
        assert self.line() == "done"


class Watch:
    """A running watch with a socket of its own. A context manager."""

    def __init__(self, memtrawl, folder, *args):
        self.memtrawl, self.socket, self.journal = memtrawl, folder / "watch.sock", folder / "journal"
        self.args = ["watch", "--socket", self.socket, "--journal", self.journal, *args]

    def __enter__(self):
        self.command = self.memtrawl.background(*self.args)
        self.command.__enter__()
        self.pid = self.command.pid
        wait_until(lambda: self.events("started") or not is_alive(self.pid), "watch does not start", 30)
        assert is_alive(self.pid), self.command.said()
        return self

    def __exit__(self, *_):
        self.command.__exit__()

    def events(self, kind=None):
        if not self.journal.exists():
            return []
        events = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return [event for event in events if kind in (None, event["event"])]

    def wait_for(self, kind, count=1, timeout=15):
        return wait_until(lambda: len(self.events(kind)) >= count and self.events(kind), f"no {kind}: {self.events()}",
                          timeout)

    def hotspots(self):
        document = self.memtrawl.json("hotspots", "--socket", self.socket, "--json")
        if jsonschema:
            validator("hotspots").validate(document)
        return document

    def hotspot(self, pid):
        return next(p for p in self.hotspots()["processes"] if p["pid"] == pid)

    def snapshot(self, event):
        return self.memtrawl.json("show", event["path"], "--json", "-n", 0)

    def settle(self, looks=2):
        """Until so many looks more were taken."""
        seen = self.hotspots()["looks"]
        wait_until(lambda: self.hotspots()["looks"] >= seen + looks, "watch does not look")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def first_functions(profile):
    return [frame["function"] for frame in profile["sites"][0]["frames"]]


def test_capture_among_others(memtrawl, tmp_path):
    """A process that leaks 50 MB a second among 50 others is captured within a second of the crossing, and no other."""
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(Target("rss_kinds")) for _ in range(50)]
        grower = stack.enter_context(Grower())
        pids = ",".join(str(target.pid) for target in [*others, grower])
        watch = stack.enter_context(Watch(memtrawl, tmp_path, "-p", pids, "--rss-threshold", "150M", "--for", "1s"))
        grower.do("tell 149")
        grower.send("grow 300 50")
        crossed = int(grower.line()) / 1e9
        event = watch.wait_for("capture")[0]
        snapshot = watch.snapshot(event)
        told, attached = seconds(event["trigger"]["time"]), seconds(snapshot["window"]["start"])
        print(f"told {told - crossed:.3f} s and attached {attached - crossed:.3f} s after the crossing")
        captured = {e["process"]["pid"] for e in watch.events("capture")}
    assert captured == {grower.pid}
    assert event["trigger"]["kind"] == "rss" and event["trigger"]["level"] == 150 * MIB
    assert event["trigger"]["value"] >= 150 * MIB
    assert -0.1 < told - crossed < 0.3
    assert attached - crossed < 1
    assert "leak_site" in first_functions(snapshot)[:2]
    assert snapshot["window"]["trigger"] == event["trigger"]
    assert snapshot["process"]["pid"] == grower.pid


def test_below(memtrawl, tmp_path):
    """Who hovers below a threshold is left alone, however much goes in and out."""
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "100M", "--interval",
                                   "100ms") as watch:
        for _ in range(3):
            grower.do("grow 90 900")
            watch.settle()
            grower.do("shrink")
            watch.settle()
        seen = watch.hotspot(grower.pid)
    assert (seen["crossings"], seen["captures"], watch.events("capture")) == (0, 0, [])
    assert 90 * MIB < seen["rss"]["max"] < 100 * MIB and seen["rss"]["min"] < 10 * MIB
    assert seen["rss"]["min"] < seen["rss"]["average"] < seen["rss"]["max"]


def test_one_crossing_one_capture(memtrawl, tmp_path):
    """Above a threshold nothing more happens until the figure has been below nine tenths of it; at most one capture in
    the least interval, which is made up for if the process is still above then."""
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "60M", "--for", "100ms",
                                   "--min-interval", "6s", "--interval", "100ms") as watch:
        begun = time.monotonic()
        grower.do("grow 70 700")
        watch.wait_for("capture")
        grower.do("grow 30 300")
        watch.settle(5)
        assert (watch.hotspot(grower.pid)["crossings"], len(watch.events("capture"))) == (1, 1)
        grower.do("shrink")
        watch.settle()
        grower.do("grow 70 700")  # the second crossing, within the interval
        watch.settle(5)
        assert (watch.hotspot(grower.pid)["crossings"], len(watch.events("capture"))) == (2, 1)
        watch.wait_for("capture", 2)
        assert 6 < time.monotonic() - begun < 10
        grower.do("shrink")
        watch.settle()
        grower.do("grow 70 700")  # the third, which does not last
        watch.settle(3)
        grower.do("shrink")
        watch.settle(3)
        seen = watch.hotspot(grower.pid)
    assert (seen["crossings"], seen["crossings_skipped"], seen["captures"]) == (3, 1, 2)
    times = [seconds(e["trigger"]["time"]) for e in watch.events("capture")]
    assert times[1] - times[0] >= 5.9


def test_retention(memtrawl, tmp_path):
    """The newest two snapshots of a process stay; those of another are not touched."""
    with Grower() as grower, Grower() as other:
        with Watch(memtrawl, tmp_path, "-p", f"{grower.pid},{other.pid}", "--rss-threshold", "40M", "--for", "50ms",
                   "--min-interval", "100ms", "--keep", "2", "--interval", "100ms") as watch:
            other.do("grow 50 500")
            watch.wait_for("capture")
            for number in range(2, 5):
                time.sleep(1)  # snapshots are named by the second
                grower.do("grow 50 500")
                watch.wait_for("capture", number)
                grower.do("shrink")
                watch.settle()
    paths = [Path(e["path"]) for e in watch.events("capture")]
    assert [path.exists() for path in paths] == [True, False, True, True]


def test_one_at_a_time(memtrawl, tmp_path):
    """As many captures at once as were allowed; the others have theirs when there is room."""
    with Grower() as one, Grower() as two, Watch(
            memtrawl, tmp_path, "-p", f"{one.pid},{two.pid}", "--rss-threshold", "40M", "--for", "1s", "--captures", "1",
            "--interval", "100ms") as watch:
        one.do("grow 50 500")
        two.do("grow 50 500")
        seen = set()
        while len(watch.events("capture")) < 2:
            seen.add(watch.hotspots()["captures_under_way"])
        events = watch.events("capture")
    assert {e["process"]["pid"] for e in events} == {one.pid, two.pid}
    assert seen <= {0, 1}
    windows = [watch.snapshot(e)["window"] for e in events]
    assert seconds(windows[1]["start"]) >= seconds(windows[0]["end"])


def test_growth(memtrawl, tmp_path):
    """Growth is measured over the time that was asked for, and not told before that has passed."""
    with Grower() as grower, Grower() as steady, Watch(
            memtrawl, tmp_path, "--comm", "grower", "--growth-threshold", "300M/m", "--growth-over", "3s", "--for",
            "100ms", "--interval", "200ms") as watch:
        grower.send("grow 60 10")  # 600 MB a minute
        event = watch.wait_for("capture")[0]
        assert [e["process"]["pid"] for e in watch.events("capture")] == [grower.pid]
        assert watch.hotspot(steady.pid)["growth_bytes_per_hour"] < 100 * MIB
    expected = 10 * 3600 * MIB
    assert event["trigger"]["kind"] == "growth" and event["trigger"]["unit"] == "bytes/hour"
    assert event["trigger"]["level"] == 300 * 60 * MIB
    assert abs(event["trigger"]["value"] - expected) < expected / 5


def test_hook(memtrawl, tmp_path):
    """The command has the file as its argument and the summary as its input; one that hangs is killed, and counted."""
    said = tmp_path / "said"
    hook = tmp_path / "hook"
    hook.write_text(f'#!/bin/sh\necho "$1" > {said}.path\ncat > {said}\n[ -e {said}.hang ] && sleep 1000\nexit 0\n')
    hook.chmod(0o755)
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for", "100ms",
                                   "--min-interval", "100ms", "--interval", "100ms", "--on-capture", f"{hook}",
                                   "--hook-timeout", "1s", "--top-n", "1") as watch:
        grower.do("grow 50 500")
        first = watch.wait_for("capture")[0]
        wait_until(lambda: said.exists() and said.read_text().endswith("}\n"), "no summary")
        summary = json.loads(said.read_text())
        if jsonschema:
            validator("snapshot").validate(summary)
        (tmp_path / "said.hang").touch()
        grower.do("shrink")
        watch.settle()
        time.sleep(1)
        grower.do("grow 50 500")
        failed = watch.wait_for("hook_failed")[0]
        hooks = watch.hotspots()["hooks"]
        assert child_of(watch.pid, "sleep") == child_of(watch.pid, "hook") == 0
    assert Path(f"{said}.path").read_text().strip() == failed["path"]
    assert summary["path"] == first["path"] and summary["schema"] == "memtrawl.snapshot/1"
    assert len(summary["profile"]["sites"]) <= 1
    assert summary["profile"]["window"]["trigger"] == first["trigger"]
    assert failed["reason"] == "killed after 1 s"
    assert hooks == {"started": 2, "failed": 0, "timed_out": 1, "dropped": 0}


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk(memtrawl, tmp_path, small_disk):
    """What cannot be saved is told, with the remedy; what was there stays whole, and watch goes on."""
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for", "100ms",
                                   "--min-interval", "100ms", "--interval", "100ms", "--store", small_disk) as watch:
        grower.do("grow 50 500")
        first = watch.wait_for("capture")[0]
        before = Path(first["path"]).read_bytes()
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        time.sleep(1)
        grower.do("shrink")
        watch.settle()
        grower.do("grow 50 500")
        failed = watch.wait_for("capture_failed")[0]
        assert "no space left" in failed["reason"]
        assert Path(first["path"]).read_bytes() == before
        filler.unlink()
        grower.do("shrink")
        watch.settle()
        grower.do("grow 50 500")
        watch.wait_for("capture", 2)
        seen = watch.hotspot(grower.pid)
    assert (seen["captures"], seen["captures_failed"]) == (2, 1)
    assert not list(small_disk.glob("**/*.tmp*"))


def test_full_disk_of_the_journal(memtrawl, tmp_path, small_disk):
    """Events that cannot be written are counted, and told on standard error; no line is left half written."""
    journal = small_disk / "journal"
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for", "100ms",
                                   "--min-interval", "100ms", "--interval", "100ms") as watch:
        pass
    watch.args[watch.args.index("--journal") + 1] = journal
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    with Grower() as grower:
        watch.args[watch.args.index("-p") + 1] = grower.pid
        with memtrawl.background(*watch.args) as command:
            wait_until(lambda: "watching" in command.said()[1], "watch does not start")
            grower.do("grow 50 500")
            wait_until(lambda: "saved" in command.said()[1], "no capture", 15)
            lost = watch.hotspots()["loss"]["journal_lines"]
            said = command.said()[1]
    assert lost >= 2 and "no space left" in said
    assert journal.read_text() == ""


# ---- memory limits

def memory_folder():
    """Where the memory controller's cgroups are, and its file for the limit, by the version that is there."""
    first, second = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    if (first / "memory.limit_in_bytes").exists():
        return first, "memory.limit_in_bytes"
    if "memory" in (second / "cgroup.controllers").read_text().split():
        (second / "cgroup.subtree_control").write_text("+memory")
        return second, "memory.max"
    return pytest.skip("there is no memory controller")


@pytest.fixture
def cgroup():
    """A cgroup with 200 MiB of memory."""
    folder, limit = memory_folder()
    path = folder / f"memtrawl-test-{os.getpid()}"
    path.mkdir()
    (path / limit).write_text(str(200 * MIB))
    yield path
    wait_until(lambda: not (path / "cgroup.procs").read_text(), "the cgroup does not empty")
    path.rmdir()


def test_out_of_memory(memtrawl, tmp_path, cgroup):
    """Who comes near its limit is captured before the kernel ends it; what is written then names site and snapshot."""
    with Grower() as grower:
        (cgroup / "cgroup.procs").write_text(str(grower.pid))
        with Watch(memtrawl, tmp_path, "--cgroup", cgroup, "--rss-threshold", "50%", "--for", "30s") as watch:
            grower.send("grow 400 20" if not EMULATED else "grow 400 6")
            victim = watch.wait_for("victim", timeout=120)[0]
            event = watch.wait_for("capture")[0]
            assert watch.hotspots()["victims"] == 1
        snapshot = watch.snapshot(event)
    assert grower.process.returncode == -signal.SIGKILL
    assert event["trigger"]["kind"] == "rss" and event["trigger"]["level"] == 100 * MIB
    assert victim["process"]["pid"] == grower.pid and victim["snapshot"] == event["path"]
    assert 150 * MIB < victim["process"]["rss_bytes"] <= 204 * MIB
    assert victim["process"]["anon_bytes"] > 150 * MIB
    assert "leak_site" in first_functions(snapshot)[:2]
    assert snapshot["window"]["end_reason"] == "the process was killed by signal 9 (Killed)"


def test_near_the_limit(memtrawl, tmp_path, cgroup):
    """Without any threshold: at 95 % of the limit."""
    with Grower() as grower:
        (cgroup / "cgroup.procs").write_text(str(grower.pid))
        with Watch(memtrawl, tmp_path, "-p", grower.pid, "--for", "100ms") as watch:
            grower.do("grow 180 300")
            watch.settle()
            assert watch.events("capture") == []
            grower.do("grow 12 50")
            event = watch.wait_for("capture")[0]
    assert event["trigger"]["kind"] == "limit" and event["trigger"]["level"] == 190 * MIB
    assert 190 * MIB <= event["trigger"]["value"] <= 200 * MIB


THRASH = """
memory = bytearray(300 << 20)
while True:
    for i in range(0, len(memory), 4096):
        memory[i] = 1
"""


@contextlib.contextmanager
def thrashing(cgroup, folder):
    """A process that waits for memory most of the time: a third of what it uses does not fit its cgroup."""
    with swap_file(folder / "swap", 256 * MIB):
        process = subprocess.Popen(["/bin/sh", "-c", 'read _; exec /usr/bin/python3 -c "$1"', "sh", THRASH],
                                   stdin=subprocess.PIPE)
        try:
            (cgroup / "cgroup.procs").write_text(str(process.pid))
            process.communicate(b"\n", timeout=0.1)
        except subprocess.TimeoutExpired:
            yield
        finally:
            process.kill()
            process.wait()


def test_pressure(memtrawl, tmp_path, cgroup):
    """When tasks wait for memory on the machine, of those that are watched the one that grows is captured."""
    if not Path("/proc/pressure/memory").exists():
        pytest.skip("the kernel does not tell of pressure")
    with Grower() as still, Grower() as grower, \
            Watch(memtrawl, tmp_path, "--comm", "grower", "--for", "100ms") as watch:
        grower.send("grow 500 10")
        watch.settle(3)
        assert watch.events("capture") == []
        with thrashing(cgroup, tmp_path):
            event = watch.wait_for("capture")[0]
            captured = [watch.hotspot(process.pid)["captures"] for process in (still, grower)]
    assert event["trigger"]["kind"] == "pressure" and captured == [0, 1]


# ---- its life

def test_asked_for_a_snapshot(memtrawl, tmp_path):
    """`snapshot` asks a running watch, unless it is told to attach by itself; errors come back."""
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--for", "1s") as watch:
        said = memtrawl.ok("snapshot", "-p", grower.pid, "asked", "--for", "200ms", "--socket", watch.socket)
        assert said.startswith(f"asked: PID {grower.pid} (grower), ") and "by the running watch" in said
        again = memtrawl("snapshot", "-p", grower.pid, "asked", "--for", "200ms", "--socket", watch.socket)
        assert again.returncode == 3 and "there is a snapshot 'asked' already" in again.stderr
        gone = memtrawl("snapshot", "-p", 4190000, "--for", "200ms", "--socket", watch.socket)
        assert (gone.returncode, "no such process" in gone.stderr) == (3, True)
        alone = memtrawl.ok("snapshot", "-p", grower.pid, "alone", "--for", "200ms", "--attach", "--socket",
                            watch.socket)
        assert "watch" not in alone
        assert watch.hotspot(grower.pid)["captures"] == 1
    kinds = [e["trigger"]["kind"] for e in watch.events("capture")]
    assert kinds == ["request"]
    asked = memtrawl.json("show", "asked", "--json")
    assert asked["window"]["trigger"]["kind"] == "request"
    assert memtrawl.json("show", "alone", "--json")["window"]["trigger"] is None


def test_no_watch(memtrawl, tmp_path):
    nobody = memtrawl("hotspots", "--socket", tmp_path / "none")
    assert (nobody.returncode, nobody.stderr) == (
        3, f"memtrawl: no watch is running (nobody listens on {tmp_path / 'none'})\n")


def test_one_watch_a_socket(memtrawl, tmp_path):
    """A second one is refused; what a killed one left is no obstacle."""
    with Grower() as grower:
        with Watch(memtrawl, tmp_path, "-p", grower.pid) as watch:
            second = memtrawl(*watch.args)
            assert second.returncode == 3 and "another `memtrawl watch` listens" in second.stderr
            os.kill(watch.pid, signal.SIGKILL)
            watch.command.process.wait()
        assert watch.socket.exists()
        watch.journal.unlink()
        with watch:
            assert watch.socket.stat().st_mode & 0o777 == 0o600
            os.kill(watch.pid, signal.SIGTERM)
            assert watch.command.end().returncode == 0
        assert not watch.socket.exists()


def test_ends_in_a_capture(memtrawl, tmp_path):
    """SIGTERM: what a capture has seen so far is saved, and all is clean."""
    with Grower() as grower:
        with Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for", "600s") as watch:
            grower.do("grow 50 500")
            wait_until(lambda: has_begun(child_of(watch.pid)), "no capture begins", 60)
            grower.do("grow 10 100")
            time.sleep(0.3)
            os.kill(watch.pid, signal.SIGTERM)
            assert watch.command.end(60).returncode == 0
        (event,) = watch.events("capture")
        assert [e["event"] for e in watch.events()] == ["started", "capture", "stopped"]
        assert watch.snapshot(event)["totals"]["live_bytes"] >= 10 * MIB
        assert not uprobe_links(grower.pid)


def test_killed_in_a_capture(memtrawl, tmp_path):
    """kill -9: nothing stays attached, and nothing goes on."""
    with Grower() as grower:
        with Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for", "600s") as watch:
            grower.do("grow 50 500")
            wait_until(lambda: uprobe_links(grower.pid), "no capture begins")
            child = child_of(watch.pid, "memtrawl")
            assert child
            os.kill(watch.pid, signal.SIGKILL)
            watch.command.process.wait()
        wait_until(lambda: not is_alive(child) and not uprobe_links(grower.pid), "the capture goes on")
        ours = ("rss_stat", "process_exit", "process_fork", "mark_victim", "alloc_session")
        wait_until(lambda: not [p for p in bpftool("prog") if p.get("name") in ours and p.get("pids") and any(
            x["pid"] in (watch.pid, child) for x in p["pids"])], "programs stay")
        grower.do("grow 10 100")


def test_options_are_read_again(memtrawl, tmp_path):
    """SIGHUP reads the file again; one that is wrong changes nothing, and is told."""
    config = tmp_path / "config"
    config.write_text("# nothing yet\nrss-threshold = 400M\nfor = 100ms\nkeep=3\n")
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--config", config, "--interval",
                                   "100ms") as watch:
        grower.do("grow 60 600")
        watch.settle()
        assert watch.hotspot(grower.pid)["rss_threshold_bytes"] == 400 * MIB
        config.write_text("rss-threshold = nonsense\n")
        os.kill(watch.pid, signal.SIGHUP)
        wait_until(lambda: "options are as before" in watch.command.said()[1], "nothing is said")
        watch.settle()
        assert watch.hotspot(grower.pid)["rss_threshold_bytes"] == 400 * MIB
        config.write_text("rss-threshold = 40M\nfor = 100ms\n")
        os.kill(watch.pid, signal.SIGHUP)
        event = watch.wait_for("capture")[0]
    assert event["trigger"]["level"] == 40 * MIB


def test_journal_is_moved_away(memtrawl, tmp_path):
    with Grower() as grower, Watch(memtrawl, tmp_path, "-p", grower.pid, "--rss-threshold", "40M", "--for",
                                   "100ms") as watch:
        watch.journal.rename(tmp_path / "journal.old")
        grower.do("grow 50 500")
        watch.wait_for("capture")
    assert [e["event"] for e in watch.events()] == ["capture"]


def test_targets_that_come_back(memtrawl, tmp_path):
    """By name: each new process of it is watched anew."""
    with Watch(memtrawl, tmp_path, "--comm", "grower", "--rss-threshold", "40M", "--for", "100ms", "--interval",
               "100ms") as watch:
        for number in (1, 2):
            with Grower() as grower:
                grower.do("grow 50 500")
                assert watch.wait_for("capture", number)[-1]["process"]["pid"] == grower.pid
                assert watch.hotspot(grower.pid)["captures"] == 1
        watch.settle(3)
        assert watch.hotspots()["processes"] == []


@pytest.mark.parametrize("arguments, words", [
    (["--all", "-p", 1], "say whom to watch"), ([], "say whom to watch"),
    (["--all", "--rss-threshold", "lots"], "neither a size nor a percentage"),
    (["--all", "--rss-threshold", "101%"], "is not 1% to 100%"),
    (["--all", "--growth-threshold", "100M"], "is no growth"), (["--all", "--interval", "1ms"], "50ms or more"),
    (["--all", "--config", "/nonexistent"], "cannot read /nonexistent")])
def test_wrong_usage(memtrawl, arguments, words):
    done = memtrawl("watch", *arguments)
    assert done.returncode == (3 if "nonexistent" in words else 2) and words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 or "try" in done.stderr
