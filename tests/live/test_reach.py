# SPDX-License-Identifier: GPL-2.0-or-later
"""What `reach` says of blocks that lists, rings, registers, stacks and the like lead to, beside Valgrind and LSan."""
import json
import os
import random
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from kernel import has_begun, state_of, wait_until
from memtrawl import TARGETS, Target

FULL = os.environ.get("MEMTRAWL_TEST_FULL") == "1"
REFUSED = 3

# bytes and blocks in each class: definitely, indirectly and possibly lost, still reachable
NONE = (0, 0)
SHAPES = {
    "lost_list": [(24, 1), (216, 9), NONE, NONE],
    "held_list": [NONE, NONE, NONE, (240, 10)],
    "lost_tree": [(32, 1), (448, 14), NONE, NONE],
    "lost_ring": [(40, 1), (160, 4), NONE, NONE],
    "interior": [NONE, NONE, (64, 1), NONE],
    "behind_interior": [NONE, NONE, (136, 1), NONE],
    "end": [NONE, NONE, (48, 1), NONE],
    "tagged": [(104, 1), NONE, NONE, NONE],
    "misaligned": [(120, 1), NONE, NONE, NONE],
    "thread_local": [NONE, NONE, NONE, (80, 1)],
    "mapped": [NONE, NONE, NONE, (88, 1)],
    "shared": [NONE, NONE, NONE, (160, 1)],
    "freed": [NONE, NONE, NONE, (144, 1)],
    "old_block": [NONE, NONE, NONE, (152, 1)],
    "in_register": [NONE, NONE, NONE, (72, 1)],
    "on_stack": [NONE, NONE, NONE, (96, 1)],
    "below_stack": [(112, 1), NONE, NONE, NONE],
    "on_coroutine": [NONE, NONE, NONE, (168, 1)],
    "under_coroutine": [NONE, NONE, NONE, (176, 1)],
}
DEFINITE, INDIRECT, POSSIBLY, REACHABLE = range(4)
KEYS = ("definitely_lost", "indirectly_lost", "possibly_lost", "reachable")

# Why others say something else. Each must, so that what is said here stays true.
VALGRIND_DIFFERS = {
    "end": (DEFINITE, "the byte behind a block is not taken for a pointer to it"),
    "freed": (DEFINITE, "it knows which memory is free"),
}
LSAN_DIFFERS = {
    "interior": (REACHABLE, "any pointer into a block counts as one to its start"),
    "behind_interior": (REACHABLE, "so does what hangs on it"),
    "end": (DEFINITE, "the byte behind a block is not taken for a pointer to it"),
    "mapped": (DEFINITE, "mapped memory is no root"),
    "shared": (DEFINITE, "neither is shared memory"),
    "freed": (DEFINITE, "free memory is no root"),
    "lost_ring": (INDIRECT, "each block of a ring has one that leads to it"),
}


def with_differences(differences):
    """The shapes as another tool has them: each difference moves all of a shape's blocks to one class."""
    shapes = dict(SHAPES)
    for name, (to, _) in differences.items():
        blocks = (sum(b for b, _ in SHAPES[name]), sum(n for _, n in SHAPES[name]))
        shapes[name] = [blocks if each == to else NONE for each in range(4)]
    return shapes


def shape_of(functions):
    made = [f[len("make_"):] for f in functions if f and f.startswith("make_") and f[len("make_"):] in SHAPES]
    return made[0] if made else None


def shapes_in(profile):
    shapes = {name: [NONE] * 4 for name in SHAPES}
    for site in profile["sites"]:
        name = shape_of([f["function"] for f in site["frames"][:1]])
        if name:
            reach = site["reach"]
            shapes[name] = [(had[0] + reach[f"{key}_bytes"], had[1] + reach[f"{key}_objects"])
                            for had, key in zip(shapes[name], KEYS)]
    return shapes


@pytest.fixture
def shapes():
    with Target("reach_shapes") as target:
        yield target


def reach(memtrawl, target, *args):
    with memtrawl.session(target.pid) as session:
        if not session.watch:
            target.go()
            return memtrawl.json("reach", "-p", target.pid, "--json", *args)
    # this kernel pins no sessions: what is allocated while reach watches is all that it sees
    exact = ("--sample", "exact", "--max-overhead", "off", "--for", "20s")
    with memtrawl.background("reach", "-p", target.pid, "--json", *exact, *args) as command:
        wait_until(lambda: has_begun(command.pid), "reach does not begin", 60)
        target.go()
        return json.loads(command.end(120).stdout)


@pytest.mark.parametrize("how", [("--stop",), ("--interval", "200ms")], ids=["stopped", "running"])
def test_shapes(memtrawl, shapes, how):
    document = reach(memtrawl, shapes, *how)
    found = shapes_in(document)
    # sites of which nothing is lost are not listed: what others there are is reachable
    listed = {name for name, classes in SHAPES.items() if classes[REACHABLE] == NONE}
    assert {n: c for n, c in found.items() if n in listed} == {n: c for n, c in SHAPES.items() if n in listed}
    assert all(found[name] == [NONE] * 4 for name in SHAPES if name not in listed)
    # a thread's own vector of thread-local storage, to which glibc points at its second entry; Valgrind has it, too
    others = [site for site in document["sites"] if not shape_of([site["frames"][0]["function"]])]
    assert all(any("pthread_create" in (f["function"] or "") for f in site["frames"]) for site in others), others
    summary = document["reach"]
    for i, key in enumerate(KEYS[:REACHABLE]):
        for j, unit in enumerate(("bytes", "objects")):
            assert summary[f"{key}_{unit}"] == sum(c[i][j] for c in SHAPES.values()) + sum(
                site["reach"][f"{key}_{unit}"] for site in others), (key, unit)
    assert summary["threads"] == 5 and summary["unread_bytes"] == 0
    assert summary["stopped"] == (how == ("--stop",)) and summary["passes"] == (1 if summary["stopped"] else 2)
    assert (summary["pause_seconds"] > 0) == summary["stopped"]
    behind = Counter()
    for site in document["sites"]:
        behind[shape_of([site["frames"][0]["function"]])] += site["reach"]["behind_objects"]
    assert +behind == {"lost_list": 9, "lost_tree": 14, "lost_ring": 4}
    assert shapes.finish() == 0


def test_tagged_pointers(memtrawl, shapes):
    document = reach(memtrawl, shapes, "--stop", "--pointer-mask", "0xffffffffffff")
    assert shapes_in(document)["tagged"] == [NONE] * 4
    assert document["reach"]["definitely_lost_objects"] == sum(c[DEFINITE][1] for c in SHAPES.values()) - 1


# ---- who points there

def holders_of(memtrawl, pid, question):
    document = memtrawl.json("reach", "-p", pid, "--who", question, "--stop", "--json")
    shape = [f["function"] for f in document["target"]["frames"][:1]]
    return document["target"], [
        (h["kind"], h["pointers"], h["start_pointers"], h["name"] or shape_of([f["function"] for f in h["frames"][:1]]))
        for h in document["holders"]], shape_of(shape)


def test_who(memtrawl, shapes):
    with memtrawl.session(shapes.pid):
        account = shapes.go()
        sites = {shape_of([s["frames"][0]["function"]]): s["id"] for s in memtrawl.profile(shapes.pid, "a")["sites"]}
        expected = {
            "interior": [("variable", 1, 0, "kept")],
            "behind_interior": [("block", 1, 1, "interior")],
            "end": [("variable", 1, 0, "kept")],
            "held_list": [("block", 9, 9, "held_list"), ("variable", 1, 1, "kept")],
            "on_stack": [("stack", 1, 1, None)],
            "mapped": [("memory", 1, 1, None)],
            "old_block": [("memory", 1, 1, "[heap]")],
            "below_stack": [],
        }
        for name, holders in expected.items():
            target, found, shape = holders_of(memtrawl, shapes.pid, sites[name])
            assert (shape, found) == (name, holders)
            assert target["objects"] == sum(count for _, count in SHAPES[name])
        # also where a call has left it, below the stack pointer: that may be in use, as who made the stack is not known
        assert holders_of(memtrawl, shapes.pid, sites["on_coroutine"])[1][0][0] == "stack"
        kind, _, starts, _ = holders_of(memtrawl, shapes.pid, sites["in_register"])[1][0]  # others may hold its end
        assert (kind, starts) == ("register", 1)
        target, found, shape = holders_of(memtrawl, shapes.pid, hex(account["interior"]))
        assert (shape, found, target["objects"]) == ("interior", expected["interior"], 1)
        assert (target["site"], target["reach"]["possibly_lost_bytes"]) == (sites["interior"], 64)
        text = memtrawl.ok("reach", "-p", shapes.pid, "--who", sites["held_list"])
        assert re.search(r"\n +1 +1  variable kept  reach_shapes\n", text), text
        done = memtrawl("reach", "-p", shapes.pid, "--who", "0x10")
        assert (done.returncode, done.stderr) == (REFUSED, "memtrawl: no block that was seen allocated is at that "
                                                           f"address of PID {shapes.pid}\n")
    assert memtrawl("reach", "-p", shapes.pid, "--who", "kept").returncode == 2


# ---- beside others

RECORD = re.compile(r"([\d,]+) (?:\(([\d,]+) direct, [\d,]+ indirect\) )?bytes in ([\d,]+) blocks are "
                    r"(definitely lost|indirectly lost|possibly lost|still reachable) in loss record")
KINDS = ["definitely lost", "indirectly lost", "possibly lost", "still reachable"]


def run_to_its_end(*command, env=None):
    return subprocess.run(command, input="\n\n", capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})


def number(text):
    return int(text.replace(",", ""))


def test_valgrind():
    valgrind = shutil.which("valgrind") or pytest.skip("valgrind is not installed")
    done = run_to_its_end(valgrind, "--leak-check=no", "--show-leak-kinds=all", "--leak-check-heuristics=none",
                          TARGETS / "reach_shapes")
    shapes = {name: [NONE] * 4 for name in SHAPES}
    for record in re.split(r"\n==\d+== \n", done.stderr):
        found, name = RECORD.search(record), shape_of(re.findall(r": (\w+) \(", record))
        if found and found[1] == "168" and not name:
            name = "on_coroutine"  # Valgrind's stacks end with malloc there
        if found and name:
            kind = KINDS.index(found[4])
            bytes_, blocks = shapes[name][kind]
            shapes[name][kind] = (bytes_ + number(found[2] or found[1]), blocks + number(found[3]))
    assert shapes == with_differences(VALGRIND_DIFFERS), done.stderr


def test_leak_sanitizer():
    done = run_to_its_end(TARGETS / "reach_shapes.lsan", env={"LSAN_OPTIONS": "symbolize=1"})
    shapes = {name: [NONE] * 4 for name in SHAPES}
    for record in re.split(r"\n\n", done.stderr):
        found = re.search(r"(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object", record)
        name = shape_of(re.findall(r"#\d+ \S+ in (\w+)", record))
        if found and name:
            kind = DEFINITE if found[1] == "Direct" else INDIRECT
            bytes_, blocks = shapes[name][kind]
            shapes[name][kind] = (bytes_ + int(found[2]), blocks + int(found[3]))
    expected = with_differences(LSAN_DIFFERS)
    # what is reachable it does not list
    assert shapes == {name: [*classes[:REACHABLE], NONE] for name, classes in expected.items()}, done.stderr


# ---- whatever happens

def test_traced_by_another(memtrawl, shapes):
    """Only one process can stop another. Without stopping it, it can be looked at all the same."""
    with memtrawl.session(shapes.pid):
        shapes.go()
        with subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-p", str(shapes.pid)], stderr=subprocess.DEVNULL) \
                if shutil.which("strace") else pytest.skip("strace is not installed") as other:
            wait_until(lambda: f"TracerPid:\t{other.pid}" in Path(f"/proc/{shapes.pid}/status").read_text(), "no strace")
            done = memtrawl("reach", "-p", shapes.pid, "--stop")
            assert done.returncode == REFUSED
            assert done.stderr == (f"memtrawl: cannot stop PID {shapes.pid}: PID {other.pid} traces it already "
                                   "(a debugger?)\n")
            assert memtrawl.json("reach", "-p", shapes.pid, "--json", "--interval", "10ms")["reach"]["passes"] == 2
            other.terminate()
    assert shapes.finish() == 0


def is_traced(pid):
    return "TracerPid:\t0" not in Path(f"/proc/{pid}/status").read_text()


def states_of(pid):
    return {state_of(f"{pid}/task/{tid}") for tid in os.listdir(f"/proc/{pid}/task")}


def test_killed_while_the_process_is_stopped(memtrawl, shapes):
    """In every other round as soon as it traces the process, or a little later; else at any time."""
    rounds = 1000 if FULL else 30
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    traced = 0
    with memtrawl.session(shapes.pid):
        shapes.go()
        for i in range(rounds):
            with memtrawl.background("reach", "-p", shapes.pid, "--stop") as command:
                if i % 2:
                    while not is_traced(shapes.pid) and command.process.poll() is None:
                        pass
                    time.sleep(chance.random() * 0.002)
                else:
                    time.sleep(chance.random() * 0.2)
                traced += is_traced(shapes.pid)
                command.process.kill()
                command.process.wait()
            wait_until(lambda: states_of(shapes.pid) == {"S"}, f"round {i}, seed {seed}: it does not go on", 5)
            assert not is_traced(shapes.pid)
        assert memtrawl.json("reach", "-p", shapes.pid, "--stop", "--json")["reach"]["threads"] == 5
    assert traced >= rounds / 10, traced
    assert shapes.finish() == 0


@pytest.mark.parametrize("how", [("--stop",), ("--interval", "10ms")], ids=["stopped", "running"])
def test_leaks_are_proven(memtrawl, how):
    """One site leaks what nothing points to any more, the other keeps all that it has: both grow."""
    with Target("reach_grower") as target:
        done = memtrawl.json("leaks", "-p", target.pid, "--for", "2s", "--json", "--reach", *how)
        sites = {s["frames"][0]["function"]: s for s in done["sites"]}
        lost, kept = sites["make_lost"], sites["make_kept"]
        assert lost["leak"]["unreachable_ratio"] > 0.9 and kept["leak"]["unreachable_ratio"] == 0
        assert lost["leak"]["confidence"] >= lost["leak"]["unreachable_ratio"]
        assert lost["reach"]["definitely_lost_objects"] > 100 and kept["reach"]["definitely_lost_objects"] == 0
        if "--stop" not in how:
            return
        text = memtrawl.ok("leaks", "-p", target.pid, "--for", "1s", "--reach", *how)
        assert re.search(r"\(\d+% unreachable: proven\)\n +make_lost", text) and "(0% unreachable)\n" in text


def test_jemalloc(memtrawl):
    """Its own records of large blocks, and of pages, do not count; what its caches hold hides some small ones. Where a
    bin of free extents had its lowest one it remembers when it is empty, too (eset_bin_t.heap_min): by where addresses
    happen to be, that may be where one of the large blocks came to be."""
    with Target("reach_sizes", allocator="jemalloc") as target, memtrawl.session(target.pid):
        target.go()
        document = memtrawl.json("reach", "-p", target.pid, "--stop", "--json")
        sites = {s["frames"][0]["function"]: s["reach"] for s in document["sites"]}
        ids = {s["frames"][0]["function"]: s["id"] for s in document["sites"]}
        remembered = holders_of(memtrawl, target.pid, ids["make_large"])[1]
        assert all(holder[0] == "memory" and holder[3] is None for holder in remembered) and len(remembered) <= 2
        assert sites["make_large"]["definitely_lost_objects"] == 100 - sum(holder[1] for holder in remembered)
        assert 900 <= sites["make_small"]["definitely_lost_objects"] <= 1000
        assert "make_kept" not in sites


def test_wrong_usage(memtrawl):
    for mask in ("x", "0", "-1", "0x10000000000000000"):
        done = memtrawl("reach", "-p", os.getpid(), "--pointer-mask", mask)
        assert done.returncode == 2 and "--pointer-mask" in done.stderr
