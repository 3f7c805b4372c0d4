# SPDX-License-Identifier: GPL-2.0-or-later
"""`memtrawl doctor`: what it says of a process is what tracing does."""

import os

import pytest

from memtrawl import Target, PRELOADS, library

# roles of the functions that every allocator here has under those names or aliases of them
ROLES = {"malloc": "allocates", "realloc": "reallocates", "free": "frees"}


def functions_of(report, part):
    return {f["function"]: f for f in report["process"]["functions"] if part in f["object"]}


def test_kernel(memtrawl):
    report = memtrawl.json("doctor", "--json")
    assert report["process"] is None
    assert [r["name"] for r in report["rungs"]] == ["session", "multi", "perf"]
    used = [r for r in report["rungs"] if r["used"]]
    assert used == [next(r for r in report["rungs"] if r["works"])]
    assert 0 < report["trap_ns"]["emulated"] < report["trap_ns"]["with_return"]


def test_glibc(memtrawl):
    with Target("malloc_family") as target:
        report = memtrawl.json("doctor", "-p", target.pid, "--json")
        target.go()
    functions = functions_of(report, "libc.so")
    assert {name: functions[name]["role"] for name in ROLES} == ROLES
    assert all(functions[name]["allocator"] == "glibc" for name in ROLES)
    # every one of them has an instruction that the kernel emulates before its stack pointer moves
    assert all(functions[name]["emulated"] for name in ROLES)
    assert functions["malloc"]["cost_ns"] == pytest.approx(report["trap_ns"]["with_return"])
    assert functions["free"]["cost_ns"] == pytest.approx(report["trap_ns"]["emulated"])


@pytest.mark.parametrize("allocator", sorted(PRELOADS))
def test_which_one_is_live(memtrawl, allocator):
    """With an interposed allocator both are there; the program's malloc is bound to the one that was preloaded."""
    with Target("malloc_family", allocator=allocator) as target:
        before = memtrawl.json("doctor", "-p", target.pid, "--json")
        target.go()
        report = memtrawl.json("doctor", "-p", target.pid, "--json")
    assert before["process"]["malloc_bound_to"] is None  # bound lazily, by its first call
    bound = report["process"]["malloc_bound_to"]
    assert bound == os.path.realpath(library(PRELOADS[allocator]))
    live = {f["object"] for f in report["process"]["functions"] if f["live"]}
    assert live == {bound}
    assert functions_of(report, "libc.so")


def test_attaches_to_nothing(memtrawl):
    with Target("malloc_family") as target:
        memtrawl.ok("doctor", "-p", target.pid)
        maps = open(f"/proc/{target.pid}/maps", encoding="ascii", errors="replace").read()
        assert "[uprobes]" not in maps
        target.go()


def test_one_process_at_a_time(memtrawl):
    with Target("malloc_family") as one, Target("malloc_family") as two:
        done = memtrawl("doctor", "-p", f"{one.pid},{two.pid}")
    assert done.returncode == 2 and "one process" in done.stderr
