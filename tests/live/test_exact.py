# SPDX-License-Identifier: GPL-2.0-or-later
"""Exact mode is exact: every number of every site, and the totals, are what the program itself counted."""
import json

import pytest

from memtrawl import ALLOCATORS, Memtrawl, Target, assert_exact, owner

# the allocator's own paths differ in these, so they run on every one of them
ON_ALL = ["malloc_family", "zero_size", "realloc_chain", "realloc_fail", "realloc_zero", "malloc_fail"]
# what these try is the tracer's and the C library's doing rather than the allocator's
ON_GLIBC = ["random_sites", "cross_thread_free", "preallocated", "temporary", "peak", "spawn", "signal_handler",
            "longjmp_blocks", "thread_churn", "dlopen_leak", "fork_child", "free_variants", "big_heap",
            "longjmp_pool", "thread_exit_pool", "exec_self"]
ELSEWHERE = [("random_sites", "jemalloc"), ("random_sites", "musl"), ("cross_thread_free", "tcmalloc"),
             ("cross_thread_free", "mimalloc"), ("cross_thread_free", "musl-static"), ("free_variants", "jemalloc"),
             ("free_variants", "tcmalloc"), ("thread_churn", "musl"), ("signal_handler", "static"),
             ("spawn", "musl-static"), ("exec_self", "static"), ("exec_self", "musl"), ("fork_child", "jemalloc"),
             ("preallocated", "mimalloc")]
RUNGS = ["session", "multi", "perf"]
ON_RUNGS = ["malloc_family", "realloc_chain", "realloc_fail", "cross_thread_free", "random_sites", "signal_handler"]
ARGUMENTS = {"big_heap": ["300000"], "random_sites": ["60000"]}

POOL = ["--alloc", "{lib}:pool_alloc(size=arg1) -> ptr", "--free", "{lib}:pool_free(ptr=arg1)"]
GRAB = ["--alloc", "{lib}:pool_grab(size=arg2) -> ptr"]


def observe(memtrawl, program, *args, allocator="glibc", options=(), name="seen"):
    """Runs a target under a session, from "ready" to the end of its scenario. Returns its account and the profile."""
    with Target(program, *args, allocator=allocator) as target:
        with memtrawl.session(target.pid, *(o.format(lib=target.path.name) for o in options)):
            truth = target.go()
            return truth, memtrawl.profile(target.pid, name)


@pytest.mark.parametrize("allocator", ALLOCATORS)
@pytest.mark.parametrize("program", ON_ALL)
def test_allocator(memtrawl, program, allocator):
    truth, profile = observe(memtrawl, program, allocator=allocator)
    assert_exact(truth, profile)
    assert profile["sampling"]["mode"] == "exact"


@pytest.mark.parametrize("program, allocator", [(p, "glibc") for p in ON_GLIBC] + ELSEWHERE)
def test_program(memtrawl, program, allocator):
    truth, profile = observe(memtrawl, program, *ARGUMENTS.get(program, []), allocator=allocator)
    assert_exact(truth, profile)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("program", ON_RUNGS)
def test_rung(tmp_path, program, rung):
    truth, profile = observe(Memtrawl(tmp_path, rung), program, *ARGUMENTS.get(program, []))
    assert_exact(truth, profile)


@pytest.mark.parametrize("allocator", ["glibc", "static", "jemalloc", "tcmalloc", "mimalloc"])
def test_operator_new(memtrawl, allocator):
    """The innermost frame may be the operator's."""
    truth, profile = observe(memtrawl, "cxx_new", allocator=allocator)
    assert_exact(truth, profile, any_frame=True)


@pytest.mark.parametrize("program", ["longjmp_pool", "thread_exit_pool"])
@pytest.mark.parametrize("rung", [None, *RUNGS])
def test_abandoned_pool_call(tmp_path, program, rung):
    """A call that never returns is a loss that is told, and the thread's later calls are whole."""
    truth, profile = observe(Memtrawl(tmp_path, rung), program, "custom", options=POOL)
    # malloc within the abandoned call, by pthread_exit, is nobody's: only the sites are compared
    assert_exact(truth, profile, totals=program == "longjmp_pool", allowed_losses=("missed_return",))


@pytest.mark.parametrize("allocator", ["glibc", "musl-static"])
def test_custom_pool(memtrawl, allocator):
    truth, profile = observe(memtrawl, "custom_pool", allocator=allocator, options=POOL + GRAB)
    assert_exact(truth, profile)


def test_exec_from_another_thread(memtrawl):
    """The kernel drops the probes then: how long it took to put them back is told."""
    truth, profile = observe(memtrawl, "exec_self", "thread")
    assert_exact(truth, profile)
    assert 0 < profile["sampling"]["paused_seconds"] < 2


def test_every_stack_is_a_site_of_its_own(memtrawl):
    truth, profile = observe(memtrawl, "many_sites")
    assert_exact(truth, profile)
    sizes = sorted(s["alloc_bytes"] for s in profile["sites"] if owner(s, {"leaf_alloc"}, False))
    assert sizes == list(range(1, truth["distinct_stacks"] + 1))
    assert len({s["id"] for s in profile["sites"]}) == len(profile["sites"])


def test_stack_is_whole(memtrawl):
    """From the caller of the allocator out to main, each frame once."""
    _, profile = observe(memtrawl, "many_sites", 3)
    for site in profile["sites"]:
        functions = [frame.get("function") for frame in site["frames"]]
        end = functions.index("main")
        assert functions[0] == "leaf_alloc" and functions[end - 1] == "scenario", functions
        assert end == 1 + 15 + 1, functions
        assert set(functions[1:end - 1]) <= {"left", "right"}, functions


def test_two_snapshots_of_one_session(memtrawl):
    """A session's numbers go on from snapshot to snapshot; the second one says the same when nothing happened."""
    with Target("random_sites", 20000) as target, memtrawl.session(target.pid):
        before = memtrawl.profile(target.pid, "before")
        truth = target.go()
        first = memtrawl.profile(target.pid, "first")
        second = memtrawl.profile(target.pid, "second")
    assert before["totals"]["alloc_objects"] == 0
    assert_exact(truth, first)
    assert_exact(truth, second)
    assert sorted(s["id"] for s in first["sites"]) == sorted(s["id"] for s in second["sites"])


def test_forked_child_followed(memtrawl, tmp_path):
    """The child starts empty; what it frees of its parent's is unmatched."""
    child_file = tmp_path / "child.json"
    with Target("fork_child", env={"MEMTRAWL_TRUTH_CHILD": str(child_file)}) as target:
        with memtrawl.session(target.pid, "--follow-forks"):
            truth = target.go()
            child_truth = json.loads(child_file.read_text())
            parent = memtrawl.profile(target.pid, "parent")
            child = memtrawl.profile(truth["child_pid"], "child")
    assert_exact(truth, parent)
    assert_exact(child_truth, child)


def test_forked_child_not_followed(memtrawl):
    """Without --follow-forks the child costs nothing and changes nothing, and the profile says that there was one."""
    truth, profile = observe(memtrawl, "fork_child")
    assert_exact(truth, profile)
    assert profile["loss"]["fork_untracked"] == 1
