# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole stacks of code without frame pointers: of chains that are known by construction, and of real programs."""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from keepers import keeper_of, status_of
from kernel import wait_until
from memtrawl import Memtrawl, Target

LIBC = "(libc)"
MAIN = ["scenario", "main"]
START = ["_start"]  # what libc has between main and it is libc's business
CHAINS = {
    1001: ["leaf", *MAIN],
    1002: ["leaf", *["recurse"] * 20, *MAIN],
    1003: ["leaf", "with_alloca", *MAIN],
    1004: ["leaf", "with_array", *MAIN],
    1005: ["leaf", "with_large_frame", *MAIN],
    1006: ["leaf", "with_realigned_frame", *MAIN],
    1007: ["leaf", "jumped_to", "calls_jumper", *MAIN],
    1008: ["leaf", "on_trap", LIBC, "trapped", "with_signal", *MAIN],
    1009: ["leaf", "on_trap", LIBC, "trapped", "with_signal", *MAIN],
    1010: ["leaf", "with_setjmp", *MAIN],
    1013: ["leaf", "compare", LIBC, "with_callback", *MAIN],
    1014: ["leaf", *["recurse"] * 120, *MAIN],
}
ENDS_ELSEWHERE = {
    1011: ["leaf", "in_thread", LIBC],
    1012: ["leaf", "in_coroutine", LIBC],
    1015: ["leaf", *["recurse"] * 126, "[truncated]"],
}
CHAINS_CXX = {1101: ["leaf(unsigned long)", "(anonymous namespace)::Guard::~Guard()", "is_left(unsigned long)",
                     "catches(unsigned long, unsigned long)", *MAIN],
              1102: ["leaf(unsigned long)", "catches(unsigned long, unsigned long)", *MAIN]}
# chains_dlopen: allocated by the library, by the program that it calls, and by the library that this one calls again
THROUGH = ["calls_library", "through", *MAIN]
CHAINS_DLOPEN = {
    1201: ["first_leaf", "first_inner", "library_call", *THROUGH],
    1202: ["leaf", "called_back", "first_calls_back", "library_call", *THROUGH],
    1203: ["first_leaf", "first_inner", "library_call", "calls_again", "first_calls_back", "library_call", *THROUGH],
    1301: ["second_leaf", "second_inner", "library_call", *THROUGH],
    1302: ["leaf", "called_back", "second_calls_back", "library_call", *THROUGH],
    1303: ["second_leaf", "second_inner", "library_call", "calls_again", "second_calls_back", "library_call", *THROUGH],
}
# its timed stacks: so many for each library, from its dlopen() on, of sizes that count 10 us from these on
ROUNDS, SINCE = 100, {"first": 100000, "second": 120000}


def name_of(frame):
    """Without what says that the compiler put a part of the function, or its landing pads, elsewhere."""
    if Path(frame["object"] or "").name.startswith(("libc.so", "libc-")):
        return LIBC
    return (frame["function"] or "?").removesuffix(" [clone .cold]")


def chain(site):
    """The functions of a stack, innermost first; frames in libc that follow each other are one."""
    names = []
    for name in map(name_of, site["frames"]):
        if name != LIBC or names[-1:] != [LIBC]:
            names.append(name)
    return names


def chains(memtrawl, program, *options):
    """Of each block that the program allocated, by size; with the profile and the program's own account."""
    with Target(program) as target, memtrawl.session(target.pid, "--frames", 127, *options):
        account = target.go()
        profile = memtrawl.profile(target.pid, "seen")
    seen = {site["live_bytes"]: chain(site) for site in profile["sites"] if site["live_objects"] == 1}
    return seen, profile, account


@pytest.mark.parametrize("mode", ["auto", "dwarf"])
@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_chains(tmp_path, rung, mode):
    seen, profile, _ = chains(Memtrawl(tmp_path, rung), "chains", "--unwind", mode)
    for size, expected in CHAINS.items():
        assert seen[size] == [*expected, LIBC, *START], size
    for size, expected in ENDS_ELSEWHERE.items():
        assert seen[size] == expected, size
    told = {name: count for name, count in profile["loss"].items() if name.startswith("stack_") and count}
    assert told == {"stack_truncated": 1}


def rounds_of(library, seen):
    """The timed stacks through a library that are whole: milliseconds from its dlopen() to each, by its number."""
    times = {}
    for size, names in seen.items():
        number = names.count("recurse")
        expected = ["leaf", *["recurse"] * number, "recurses", f"{library}_calls_back", "library_call",
                    "calls_library", "until_noticed", *MAIN, LIBC, *START]
        if number and names == expected:
            assert number not in times
            times[number] = (size - SINCE[library]) / 100
    return times


@pytest.mark.parametrize("mode", ["auto", "dwarf"])
@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_loaded_under_way(tmp_path, rung, mode):
    """
    A library has its tables within 100 ms of its dlopen(), and each stack from the first whole one on is whole. Another
    one, that comes to where the first has been, has its own, and blocks of the first one keep their names.
    """
    seen, profile, account = chains(Memtrawl(tmp_path, rung), "chains_dlopen", "--unwind", mode)
    assert account["at_the_same_address"]
    for size, expected in CHAINS_DLOPEN.items():
        assert seen[size] == [*expected, LIBC, *START], size
    not_whole = 0
    for library in SINCE:
        times = rounds_of(library, seen)
        first = min(times)
        print(f"{library}: {first - 1} of {ROUNDS} stacks not whole, then all from {times[first]} ms on")
        not_whole += first - 1
        assert times[first] < 100
        assert sorted(times) == list(range(first, ROUNDS + 1))
    assert profile["loss"]["stack_unmapped"] < ROUNDS
    assert not_whole <= profile["loss"]["stack_stale"] < ROUNDS


def test_taken_before_a_look(memtrawl):
    """Stacks that are taken after a library came or went, before anybody has looked what is mapped now, are counted."""
    with Target("chains_dlopen") as target, memtrawl.session(target.pid):
        keeper = keeper_of(memtrawl, target.pid)
        os.kill(keeper, signal.SIGSTOP)
        try:
            target.go()
            unseen = status_of(memtrawl, target.pid)
        finally:
            os.kill(keeper, signal.SIGCONT)
        wait_until(lambda: status_of(memtrawl, target.pid)["unwind_tables_current"], "the keeper does not look")
        profile = memtrawl.profile(target.pid, "seen")
    # all that the libraries' callers allocate, and what dlopen() and dlclose() do from their first event on
    assert 2 * ROUNDS + 6 < unseen["loss"]["stack_stale"] < profile["totals"]["alloc_objects"]
    assert profile["loss"]["stack_stale"] == unseen["loss"]["stack_stale"]


def test_exception_in_flight(memtrawl):
    seen, _, _ = chains(memtrawl, "chains_cxx")
    for size, expected in CHAINS_CXX.items():
        assert seen[size] == [*expected, LIBC, *START], size


def test_frame_pointers_only(memtrawl):
    """What everybody else has: the caller, and next to nothing of who called it."""
    _, profile, _ = chains(memtrawl, "chains", "--unwind", "fp")
    stacks = [chain(site) for site in profile["sites"] if chain(site)[0] == "leaf"]
    assert sum(site["live_objects"] for site in profile["sites"] if chain(site)[0] == "leaf") == 15
    assert not [stack for stack in stacks if "main" in stack]


# ---- as the distribution ships them

PROGRAMS = {
    "git": ["git", "-C", Path(__file__).parent, "log", "-3", "--stat"],
    "sqlite3": ["sqlite3", ":memory:", "create table t(a, b); insert into t values(1, 2); select * from t order by b;"],
    "python3": ["/usr/bin/python3", "-c", "import json; [json.loads(json.dumps({'a': [i]})) for i in range(1000)]"],
    "perl": ["perl", "-e", "my %h; $h{$_} = join ',', 1 .. $_ for 1 .. 300; print scalar keys %h"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_complete(memtrawl, tmp_path, program):
    """Of a thousand stacks, by weight, at most one does not go down to where the program or its thread began."""
    if not shutil.which(PROGRAMS[program][0]):
        pytest.skip(f"{program} is not installed")
    report = tmp_path / "run.json"
    memtrawl.ok("run", "--frames", 127, "--json", "-n", 0, "-o", report, "--", *PROGRAMS[program])
    sites = json.loads(report.read_text())["profile"]["sites"]
    calls = sum(site["alloc_objects"] for site in sites)
    cut = sum(site["alloc_objects"] for site in sites if (site["frames"][-1]["function"] or "").startswith("["))
    print(f"{program}: {calls} calls from {len(sites)} sites, {cut / calls:.4%} of their stacks incomplete")
    assert calls > 100
    assert cut / calls <= 0.001


JIT = """
function innerFunction(i) { return Buffer.allocUnsafeSlow(100000 + i % 10); }
function outerFunction(i) { return innerFunction(i); }
let kept = [], n = 0;
setInterval(() => { for (let i = 0; i < 20; i++) kept[n++ % 100] = outerFunction(i); }, 10);
"""


def test_jit(memtrawl, tmp_path):
    """Code that node made at run time is followed by its frame pointers, and named as node told it to perf."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    script = tmp_path / "jit.js"
    script.write_text(JIT)
    process = subprocess.Popen(["node", "--perf-basic-prof", "--interpreted-frames-native-stack", "--no-opt", script],
                               cwd=tmp_path)  # it writes a log there
    try:
        wait_until(lambda: Path(f"/tmp/perf-{process.pid}.map").exists(), "node writes no map")
        profile = memtrawl.json("leaks", "-p", process.pid, "--sample", "exact", "--max-overhead", "off", "--for", "3s",
                                "--json", "-n", 0)
    finally:
        process.kill()
        process.wait()
        Path(f"/tmp/perf-{process.pid}.map").unlink(missing_ok=True)
    stacks = [chain(site) for site in profile["sites"] if site["alloc_bytes"] > 1000000]
    assert stacks
    for stack in stacks:
        inner = next(i for i, name in enumerate(stack) if "innerFunction" in name)
        assert "outerFunction" in stack[inner + 1], stack
        assert stack[-2:] == [LIBC, "_start"]


@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_made_code(tmp_path, rung):
    """
    Code that is made has its place in the tables some milliseconds after it was run first, again and again: of eight
    functions that are used for 50 ms each, at most a quarter of the stacks is not whole.
    """
    memtrawl = Memtrawl(tmp_path, rung)
    with Target("made_code") as target, memtrawl.session(target.pid):
        target.go()
        sites = memtrawl.profile(target.pid, "seen")["sites"]
    whole, calls = {}, 0
    for site in sites:
        if site["frames"][0]["function"] == "allocate":
            calls += site["alloc_objects"]
            assert site["frames"][1]["object"] is None  # nobody knows what it is
            if chain(site)[2:] == ["use", *MAIN, LIBC, *START]:
                number = site["alloc_bytes"] // site["alloc_objects"] - 2000
                whole[number] = whole.get(number, 0) + site["alloc_objects"]
    print(f"whole: {whole}")
    assert calls == 8 * 200
    assert len(whole) == 8 and sum(whole.values()) >= calls * 3 / 4
