# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever dies, and whenever: the target goes on, nothing of ours is left behind, and what was seen is told."""
import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from keepers import keeper_of, kill_keeper, status_of
from kernel import PARSER, PINS, child_of, existing, has_begun, is_alive, objects_of, uprobe_links, wait_until
from memtrawl import PRELOADS, TARGETS, Target, library, assert_exact, profile_in
from redis import Load, Redis

FULL = os.environ.get("MEMTRAWL_TEST_FULL") == "1"
# leaks lists the sites that have something live
LIVE = ("live_bytes", "live_objects")
EXACT = ["--sample", "exact", "--max-overhead", "off"]
REFUSED = 3


# ---- memtrawl is killed

def kernel_memory_kb():
    """What is not a process's and not a cache's: where BPF maps are counted."""
    fields = dict(re.findall(r"^(\w+):\s+(\d+)", Path("/proc/meminfo").read_text(), re.M))
    return int(fields["Percpu"]) + int(fields.get("VmallocUsed", 0)) + int(fields["SUnreclaim"])


def kill_once(memtrawl, redis, wait, attach_first, look):
    """Returns what the tracer had in the kernel at its death, if that was looked at, and whether it had begun."""
    with memtrawl.background("leaks", "-p", redis.pid, "--for", "600s", *EXACT) as tracer:
        if attach_first:
            wait_until(lambda: uprobe_links(redis.pid), "leaks does not attach", 20)
        time.sleep(wait)
        held, begun = set(), False
        if look:
            tracer.process.send_signal(signal.SIGSTOP)
            held, begun = objects_of(tracer.pid), bool(has_begun(tracer.pid))
        assert tracer.process.poll() is None, tracer.end()
        tracer.process.kill()
        tracer.process.wait()
    return held, begun


def test_killed_tracer(memtrawl, tmp_path):
    """
    At a random time from its first instruction on, and from its first probe on, in turns. In every other pair of
    rounds it is stopped before, so that it is known what it has in the kernel at that moment.
    """
    rounds = 200 if FULL else 20
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    begun = 0
    with Redis(tmp_path) as redis, Load(redis) as load:
        before = kernel_memory_kb()
        for number in range(rounds):
            where = f"round {number}, seed {seed}"
            held, had_begun = kill_once(memtrawl, redis, chance.uniform(0, 0.5), number % 2, number // 2 % 2)
            begun += had_begun
            # the kernel takes links and maps down after a grace period of its own
            wait_until(lambda ours=held: not existing(ours), f"{where}: objects of ours stay", 20)
            wait_until(lambda: not uprobe_links(redis.pid), f"{where}: uprobes stay", 20)
            assert redis.alive(), f"{where}: redis-server has died"
            assert redis.cli("PING") == "PONG"
            load.check()
        wait_until(lambda: kernel_memory_kb() < before + 64 * 1024, "kernel memory does not come back", 30)
        after = kernel_memory_kb()
    load.check()
    print(f"{rounds} kills, seed {seed}: {begun} of the {rounds // 2} that were looked at counted already; "
          f"kernel memory {before} -> {after} KiB; {load.runs} runs of redis-benchmark, no error")
    assert begun >= rounds // 10, "too few had begun for this to say anything"
    assert load.runs > 0


def test_lock_of_a_killed_tracer(memtrawl):
    """Its file goes when the process is gone, with the next lock that anybody takes."""
    with Target("malloc_family") as other:
        with Target("malloc_family") as target:
            lock = Path(f"/run/memtrawl/{target.pid}.lock")
            with memtrawl.background("leaks", "-p", target.pid, "--for", "60s") as tracer:
                wait_until(lock.exists, "no lock is taken")
                tracer.process.kill()
            memtrawl.ok("leaks", "-p", other.pid, "--for", "10ms")
            assert lock.exists()
        memtrawl.ok("leaks", "-p", other.pid, "--for", "10ms")
        assert not lock.exists()


# ---- the target ends

ENDS = {
    "exit": "the process exited with status 0",
    "kill": "the process was killed by signal 9 (Killed)",
    "exec": "the process called exec and became another program",
}


def end_of(target, how):
    """Makes the target end, or exec; returns its account where it gives one before."""
    if how == "exec":
        target.go()  # the account is the second image's: its first one's is below
        return None
    truth = target.go()
    if how == "exit":
        assert target.finish() == 0
    else:
        target.process.kill()
        target.process.wait()
    return truth


def program_for(how):
    return "exec_self" if how == "exec" else "malloc_family"


def assert_seen(profile, truth, **more):
    """What was seen until the end is all there."""
    if truth:
        assert_exact(truth, profile, **more)
        return
    # exec_self's first image: 1000 blocks of 0, 10, 20, ... bytes, of which every other one is freed again
    first = [s for s in profile["sites"] if s["frames"][0].get("function") == "first_image"]
    assert len(first) == 1
    assert (first[0]["alloc_objects"], first[0]["alloc_bytes"]) == (1000, 10 * 999 * 1000 // 2)
    assert (first[0]["live_objects"], first[0]["live_bytes"]) == (500, 10 * 2 * 499 * 500 // 2)
    assert not [s for s in profile["sites"] if s["frames"][0].get("function") == "second_image"]


@pytest.mark.parametrize("how", ENDS)
def test_target_ends_under_leaks(memtrawl, how):
    with Target(program_for(how)) as target:
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s", "--older", "0s", "--json", "-n", 0,
                                 *EXACT) as tracer:
            wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
            truth = end_of(target, how)
            done = tracer.end(timeout=5)
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["window"]["end_reason"] == ENDS[how]
    assert profile["window"]["seconds"] < 60
    assert_seen(profile, truth, keys=LIVE)


@pytest.mark.parametrize("how", ENDS)
def test_target_ends_under_leaks_in_words(memtrawl, how):
    """The message is on the terminal, too."""
    with Target(program_for(how)) as target:
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s", *EXACT) as tracer:
            wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
            end_of(target, how)
            done = tracer.end(timeout=5)
    assert done.returncode == 0, done.stderr
    assert ENDS[how] in done.stdout, done.stdout


@pytest.mark.parametrize("how", ENDS)
def test_target_ends_under_snapshot(memtrawl, how):
    with Target(program_for(how)) as target:
        with memtrawl.background("snapshot", "-p", target.pid, "ended", "--for", "600s", *EXACT) as tracer:
            wait_until(lambda: has_begun(tracer.pid), "snapshot does not begin")
            truth = end_of(target, how)
            done = tracer.end(timeout=5)
    assert done.returncode == 0, done.stderr
    profile = memtrawl.json("show", "ended", "--json", "-n", 0)
    assert profile["window"]["end_reason"] == ENDS[how]
    assert_seen(profile, truth)


def kill_parser(tracer):
    """Kills the child that parses files, if there is one just now; returns its PID, or None."""
    parser = child_of(tracer.pid, PARSER)
    if parser:
        try:
            os.kill(parser, signal.SIGKILL)
        except ProcessLookupError:  # it was ended by its parent
            return None
    return parser


def test_parser_is_killed(memtrawl):
    """Whatever becomes of the child that parses files: counts are right, only names are lost, and all ends well."""
    with Target("malloc_family") as target:
        with memtrawl.background("snapshot", "-p", target.pid, "killed", "--for", "600s", *EXACT) as tracer:
            wait_until(lambda: kill_parser(tracer), "no file is parsed")
            wait_until(lambda: has_begun(tracer.pid), "snapshot does not begin")
            truth = target.go()
            tracer.process.send_signal(signal.SIGINT)
            killed = set()
            while tracer.process.poll() is None:
                killed.add(kill_parser(tracer))
            done = tracer.end()
    assert done.returncode == 0, done.stderr
    assert killed - {None}
    profile = memtrawl.json("show", "killed", "--json", "-n", 0)
    for key in LIVE + ("alloc_bytes", "alloc_objects", "free_bytes", "free_objects"):
        assert profile["totals"][key] == truth["totals"][key], key


def test_command_is_killed_under_run(memtrawl, tmp_path):
    report = tmp_path / "report.json"
    with memtrawl.background("run", "--json", "-o", report, "--", TARGETS / "malloc_family",
                             stdin=subprocess.PIPE) as tracer:
        wait_until(lambda: "ready" in tracer.said()[0], "the command does not come up", 20)
        tracer.process.stdin.write(b"\n")
        tracer.process.stdin.flush()
        wait_until(lambda: "}\n" in tracer.said()[0], "the command does not do its work", 20)
        os.kill(child_of(tracer.pid), signal.SIGKILL)
        done = tracer.end(timeout=10)
    assert done.returncode == 128 + signal.SIGKILL, done.stderr
    truth = json.loads(done.stdout.splitlines()[1])
    document = json.loads(report.read_text())
    assert document["exit"] == {"status": None, "signal": signal.SIGKILL}
    assert_exact(truth, profile_in(document), totals=False)


def stored(memtrawl, pid):
    return {s["name"] for s in memtrawl.json("list", "-p", pid, "--json")["snapshots"]}


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_target_ends_under_a_pinned_session(memtrawl, how):
    with Target(program_for(how)) as target:
        memtrawl.ok("start", "-p", target.pid, *EXACT)
        keeper = keeper_of(memtrawl, target.pid)
        truth = end_of(target, how)
        wait_until(lambda: not (PINS / str(target.pid)).exists(), "the pins stay", 10)
        wait_until(lambda: not is_alive(keeper), "the keeper stays", 10)
        assert not uprobe_links(target.pid)
        (name,) = stored(memtrawl, target.pid)
    profile = memtrawl.json("show", name, "--json", "-n", 0)
    assert profile["window"]["end_reason"] == ENDS[how]
    assert_seen(profile, truth)


def test_exec_under_a_pinned_session(memtrawl):
    """The first program's heap is saved when it ends; the session goes on with the second one's, to its end."""
    with Target("exec_self") as target:
        memtrawl.ok("start", "-p", target.pid, *EXACT)
        truth = target.go()
        (first,) = wait_until(lambda: stored(memtrawl, target.pid), "no snapshot of the first program")
        assert_exact(truth, memtrawl.profile(target.pid, "second"))
        assert target.finish() == 0
        wait_until(lambda: not (PINS / str(target.pid)).exists(), "the pins stay", 10)
        (last,) = stored(memtrawl, target.pid) - {first, "second"}
    profile = memtrawl.json("show", first, "--json", "-n", 0)
    assert profile["window"]["end_reason"] == ENDS["exec"]
    assert_seen(profile, None)
    profile = memtrawl.json("show", last, "--json", "-n", 0)
    assert profile["window"]["end_reason"] == ENDS["exit"]
    assert_exact(truth, profile)


# ---- Ctrl-C

def test_interrupted_leaks(memtrawl):
    with Target("malloc_family") as target:
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s", "--older", "0s", "--json", "-n", 0,
                                 *EXACT) as tracer:
            wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
            truth = target.go()
            tracer.process.send_signal(signal.SIGINT)
            done = tracer.end(timeout=5)
        assert not uprobe_links(target.pid)
        assert target.finish() == 0
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["window"]["end_reason"] is None
    assert_exact(truth, profile, keys=LIVE)


def test_interrupted_snapshot(memtrawl):
    with Target("malloc_family") as target:
        with memtrawl.background("snapshot", "-p", target.pid, "soon", "--for", "600s", *EXACT) as tracer:
            wait_until(lambda: has_begun(tracer.pid), "snapshot does not begin")
            truth = target.go()
            tracer.process.send_signal(signal.SIGINT)
            done = tracer.end(timeout=5)
        assert target.finish() == 0
    assert done.returncode == 0, done.stderr
    assert_exact(truth, memtrawl.json("show", "soon", "--json", "-n", 0))


# ---- two at once

def assert_refused(done, *words):
    assert done.returncode == REFUSED, f"status {done.returncode}\n{done.stdout}{done.stderr}"
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert str(word) in done.stderr, done.stderr


def test_two_leaks(memtrawl):
    """The second is told who is there; the first does not notice."""
    with Target("malloc_family") as target:
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s", "--older", "0s", "--json", "-n", 0,
                                 *EXACT) as first:
            wait_until(lambda: has_begun(first.pid), "leaks does not begin")
            assert_refused(memtrawl("leaks", "-p", target.pid, "--for", "1s"), target.pid, first.pid)
            assert_refused(memtrawl("start", "-p", target.pid), target.pid, first.pid)
            truth = target.go()
            first.process.send_signal(signal.SIGINT)
            done = first.end(timeout=5)
        assert_exact(truth, json.loads(done.stdout), keys=LIVE)
        # and once it is gone, the process is free
        memtrawl.ok("leaks", "-p", target.pid, "--for", "100ms")


def test_two_starts(memtrawl):
    with Target("malloc_family") as target, memtrawl.session(target.pid):
        keeper = keeper_of(memtrawl, target.pid)
        assert_refused(memtrawl("start", "-p", target.pid), target.pid, "status")
        assert keeper_of(memtrawl, target.pid) == keeper
        truth = target.go()
        assert_exact(truth, memtrawl.profile(target.pid, "one"))


def test_leaks_of_a_pinned_session(memtrawl):
    """It reads the session that is there: no second set of probes, and only what came in its own time."""
    with Target("malloc_family") as target, memtrawl.session(target.pid):
        links = {link["id"] for link in uprobe_links(target.pid)}
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s", "--older", "0s", "--json",
                                 "-n", 0) as leaks:
            time.sleep(1)
            assert {link["id"] for link in uprobe_links(target.pid)} == links
            truth = target.go()
            leaks.process.send_signal(signal.SIGINT)
            done = leaks.end(timeout=5)
        assert done.returncode == 0, done.stderr
        assert_exact(truth, json.loads(done.stdout), keys=LIVE, totals=False)
        for key in ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects"):
            assert json.loads(done.stdout)["totals"][key] == truth["totals"][key], key
        nothing = memtrawl.json("leaks", "-p", target.pid, "--for", "200ms", "--older", "0s", "--json")
        assert (nothing["totals"]["alloc_objects"], nothing["totals"]["live_objects"]) == (0, 0)
        assert_exact(truth, memtrawl.profile(target.pid, "all"))
        assert {link["id"] for link in uprobe_links(target.pid)} == links


# ---- the keeper is killed

def test_killed_keeper(memtrawl):
    """The session counts on, exactly; `status` tells, and the next command finds a new keeper."""
    with Target("random_sites", 20000) as target, memtrawl.session(target.pid):
        old = kill_keeper(memtrawl, target.pid)
        truth = target.go()
        unattended = status_of(memtrawl, target.pid)
        assert (unattended["attended"], unattended["keeper_pid"]) == (False, None)
        new = keeper_of(memtrawl, target.pid)
        assert new != old
        assert_exact(truth, memtrawl.profile(target.pid, "seen"))
        # the new one does a keeper's work
        assert target.finish() == 0
        wait_until(lambda: not (PINS / str(target.pid)).exists(), "the pins stay", 10)
        wait_until(lambda: not is_alive(new), "the keeper stays", 10)
        (last,) = stored(memtrawl, target.pid) - {"seen"}
    profile = memtrawl.json("show", last, "--json", "-n", 0)
    assert profile["window"]["end_reason"] == ENDS["exit"]
    assert_exact(truth, profile)


def test_killed_keeper_in_words(memtrawl):
    with Target("malloc_family") as target, memtrawl.session(target.pid):
        kill_keeper(memtrawl, target.pid)
        assert "unattended" in memtrawl.ok("status", "-p", target.pid)
        text = memtrawl.ok("status", "-p", target.pid)
        assert "unattended" not in text and "keeper" in text


def test_killed_keeper_and_new_library(memtrawl):
    """Without a keeper nobody makes unwind tables of new code; `status` says so, and the next keeper makes them."""
    with (Target("late_allocator", library(PRELOADS["jemalloc"]),
                 env={"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=65536"}) as target,
          memtrawl.session(target.pid)):
        assert status_of(memtrawl, target.pid)["unwind_tables_current"]
        kill_keeper(memtrawl, target.pid)
        target.go()
        text = memtrawl.ok("status", "-p", target.pid)
        assert "  stacks  unwind tables are older than the process's mappings: " in text, text
        keeper_of(memtrawl, target.pid)
        wait_until(lambda: status_of(memtrawl, target.pid)["unwind_tables_current"], "tables stay old", 5)
        assert "older" not in memtrawl.ok("status", "-p", target.pid)


def test_killed_keeper_then_stop(memtrawl):
    with Target("malloc_family") as target:
        memtrawl.ok("start", "-p", target.pid, *EXACT)
        kill_keeper(memtrawl, target.pid)
        memtrawl.ok("stop", "-p", target.pid)
        assert not (PINS / str(target.pid)).exists()
        wait_until(lambda: not uprobe_links(target.pid), "uprobes stay")


def end_unattended(memtrawl, how):
    """A target that ends while its session has no keeper: its account, and the profile that the sweep has saved."""
    with Target("random_sites", 20000) as target:
        memtrawl.ok("start", "-p", target.pid, *EXACT)
        kill_keeper(memtrawl, target.pid)
        truth = end_of(target, how)
        time.sleep(0.2)
        assert (PINS / str(target.pid)).exists()
        memtrawl.ok("list")
        wait_until(lambda: not (PINS / str(target.pid)).exists(), "the pins stay", 10)
        assert not uprobe_links(target.pid)
        (name,) = stored(memtrawl, target.pid)
    return truth, memtrawl.json("show", name, "--json", "-n", 0)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_target_ends_unattended(memtrawl, how):
    """Nobody is there to see it: the next command of any kind sweeps up, and saves what was seen."""
    truth, profile = end_unattended(memtrawl, how)
    assert_exact(truth, profile)
    assert profile["window"]["end_reason"]


def test_how_it_ended_unattended(memtrawl):
    _, profile = end_unattended(memtrawl, "kill")
    assert profile["window"]["end_reason"] == ENDS["kill"]
