# SPDX-License-Identifier: GPL-2.0-or-later
"""`memtrawl run --reach`: what nothing points to when a command is about to exit."""
import csv
import json
import os
import signal
import subprocess

import pytest

from kernel import child_of, is_alive, state_of, wait_until
from memtrawl import BINARY, TARGETS, Memtrawl, variant
from test_reach import DEFINITE, INDIRECT, NONE, REACHABLE, SHAPES, shape_of, shapes_in

FAILED = 125
LOST = sum(classes[kind][0] for classes in SHAPES.values() for kind in (DEFINITE, INDIRECT))
PYTHON = "/usr/bin/python3"


def run(memtrawl, *args, env=None, typed="\n\n"):
    return subprocess.run([BINARY, "run", "--reach", *map(str, args)], input=typed, capture_output=True, text=True,
                          env={**memtrawl.env, **(env or {})}, timeout=60, check=False)


def document_of(memtrawl, tmp_path, *command, env=None):
    path = tmp_path / "report.json"
    done = run(memtrawl, "--json", "-n", "0", "-o", path, "--", *command, env=env)
    if memtrawl.rung and done.returncode == FAILED and "MEMTRAWL_FORCE_RUNG" in done.stderr:
        pytest.skip(f"this kernel has no such rung: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text())


@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_shapes(tmp_path, rung):
    """The same as of a process that goes on: its threads are there, and what they have on their stacks."""
    document = document_of(Memtrawl(tmp_path / "store", rung), tmp_path, TARGETS / "reach_shapes")
    listed = {name: classes for name, classes in SHAPES.items() if classes[REACHABLE] == NONE}
    found = shapes_in(document["reach"])
    assert {name: found[name] for name in listed} == listed
    summary = document["reach"]["reach"]
    assert (summary["threads"], summary["stopped"], summary["passes"], summary["unread_bytes"]) == (5, True, 1, 0)
    assert summary["definitely_lost_bytes"] + summary["indirectly_lost_bytes"] == LOST
    classes = ("definitely_lost", "indirectly_lost", "possibly_lost", "reachable")
    totals = document["profile"]["totals"]
    assert sum(summary[f"{c}_objects"] for c in classes) == totals["live_objects"]
    assert sum(summary[f"{c}_bytes"] for c in classes) == totals["live_bytes"]


@pytest.mark.parametrize("allocator", ["static", "musl", "musl-static", "jemalloc"])
def test_allocators(memtrawl, tmp_path, allocator):
    path, env = variant("malloc_family", allocator)
    document = document_of(memtrawl, tmp_path, path, "--now", env=env)
    summary, totals = document["reach"]["reach"], document["profile"]["totals"]
    assert summary["threads"] == 1
    assert sum(summary[f"{c}_objects"] for c in ("definitely_lost", "indirectly_lost", "possibly_lost", "reachable")) \
        == totals["live_objects"] > 0


def test_without(memtrawl, tmp_path):
    memtrawl.ok("run", "--json", "-o", tmp_path / "report.json", "--", "true")
    assert json.loads((tmp_path / "report.json").read_text())["reach"] is None


def test_text(memtrawl):
    done = run(memtrawl, "--", TARGETS / "reach_shapes")
    assert done.returncode == 0, done.stderr
    assert "\n  definitely lost        432 B in 6 blocks\n" in done.stderr
    lost = done.stderr.split("\nlost at exit\n")[1].split("\nlive at exit\n")[0]
    assert "make_lost_tree" in lost and "make_held_list" not in lost


def test_table(memtrawl, tmp_path):
    path, known = tmp_path / "lost.csv", tmp_path / "known"
    known.write_text("leak:make_lost_\n")
    assert run(memtrawl, "--suppressions", known, "-o", path, "--", TARGETS / "reach_shapes").returncode == 0
    with path.open() as file:
        lost = {shape_of([row["stack"].split(" (")[0]]): int(row["definitely_lost_bytes"])
                for row in csv.DictReader(file) if row["id"] and int(row["definitely_lost_bytes"])}
    assert lost == {name: classes[DEFINITE][0] for name, classes in SHAPES.items()
                    if classes[DEFINITE] != NONE and not name.startswith("lost_")}


class TestGate:
    """What is reachable is no leak, and known leaks are none."""

    @pytest.mark.parametrize("limit, status", [(LOST, 1), (LOST + 1, 0)])
    def test_threshold(self, memtrawl, limit, status):
        assert run(memtrawl, f"--fail-on-leak={limit}", "--", TARGETS / "reach_shapes").returncode == status

    @pytest.mark.parametrize("more, status", [(0, 1), (1, 0)])
    def test_suppressed(self, memtrawl, tmp_path, more, status):
        known = tmp_path / "known"
        known.write_text("leak:make_lost_\n")
        limit = more + LOST - sum(classes[kind][0] for name, classes in SHAPES.items() if name.startswith("lost_")
                                  for kind in (DEFINITE, INDIRECT))
        done = run(memtrawl, "--suppressions", known, f"--fail-on-leak={limit}", "--", TARGETS / "reach_shapes")
        assert done.returncode == status, done.stderr

    def test_the_commands_own_failure_wins(self, memtrawl):
        assert run(memtrawl, "--fail-on-leak", "--", "sh", "-c", "exit 9").returncode == 9


# ---- ends of other kinds

@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_child_of_vfork(tmp_path, rung):
    """It shares its parent's memory, in which the probe is, and ends by the same function."""
    memtrawl = Memtrawl(tmp_path / "store", rung)
    script = "import os, contextlib\nwith contextlib.suppress(OSError): os.posix_spawn('/nonexistent', ['x'], {})"
    assert document_of(memtrawl, tmp_path, PYTHON, "-c", script)["reach"]["reach"]["threads"] == 1


@pytest.mark.parametrize("command, status", [
    (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
    ([PYTHON, "-c", "import ctypes; ctypes.CDLL(None).syscall(231, 0)"], FAILED)], ids=["by a signal", "by itself"])
def test_not_by_exit(memtrawl, command, status):
    if os.uname().machine != "x86_64" and status == FAILED:
        pytest.skip("it calls exit_group by its number on x86-64")
    done = run(memtrawl, "--", *command)
    assert done.returncode == status
    assert done.stderr.splitlines()[-1].startswith("memtrawl: what points to the command's blocks could not be looked at")


def test_stopped_by_another(memtrawl):
    """Whoever stopped it has it go on."""
    with memtrawl.background("run", "--reach", "--", "sh", "-c", "kill -STOP $$; exit 3") as command:
        child = wait_until(lambda: child_of(command.pid, "sh"), "no command")
        wait_until(lambda: state_of(child) == "T", "it does not stop")
        os.kill(child, signal.SIGCONT)
        done = command.end()
        assert done.returncode == 3 and "\nlost at exit\n" in done.stderr, done.stderr


def test_killed_while_the_command_is_held(memtrawl):
    """It goes on, to its end."""
    for i in range(10):
        with memtrawl.background("run", "--reach", "--", TARGETS / "reach_shapes", stdin=subprocess.PIPE) as command:
            command.process.stdin.write(b"\n\n")
            command.process.stdin.flush()
            wait_until(lambda: "interior" in command.said()[0], "it does not come to its end")
            child = child_of(command.pid, "reach_shapes")
            wait_until(lambda: state_of(child) in "tT", "it is not held")
            command.process.kill()
            wait_until(lambda: not is_alive(child), f"round {i}: it is left stopped")


def test_wrong_usage(memtrawl):
    for args in (["--follow-forks"], ["--pointer-mask", "x"]):
        done = run(memtrawl, *args, "--", "true")
        assert done.returncode == FAILED and len(done.stderr.splitlines()) == 1 and args[0] in done.stderr
