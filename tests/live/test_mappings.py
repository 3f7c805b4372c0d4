# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process maps by itself is told page for page, by who mapped it, and is no part of the heap."""
import json
import shutil
import subprocess

import pytest

from memtrawl import BUILD, Memtrawl, Target, assert_exact

KEYS = ("live_bytes", "live_count", "alloc_bytes", "alloc_count")


def accounts(truth):
    """{site: {key: value}} of the program's own account."""
    sites = {}
    for name, value in truth.items():
        if "." in name:
            site, key = name.split(".")
            sites.setdefault(site, {})[key] = value
    assert sites
    return sites


def by_function(mappings, names):
    """The same of the profile: a site belongs to the first of the functions that is on its stack."""
    sums = {name: dict.fromkeys(KEYS, 0) for name in names}
    for site in mappings["sites"]:
        # with the C library's debugging information, there are functions that were inlined into its own
        functions = [frame["function"] for frame in site["frames"] if not frame["inlined"]]
        for function in functions:
            if function in names:
                # the C library's function, sbrk's call of brk perhaps, and then the caller
                assert functions.index(function) in (1, 2), functions
                for key in KEYS:
                    sums[function][key] += site[key]
                break
    return sums


def assert_mapped(truth, profile):
    wanted = accounts(truth)
    mappings = profile["mappings"]
    seen, left_out = by_function(mappings, set(wanted)), profile["loss"]["left_out"]
    if seen != wanted and left_out:
        pytest.skip(f"the kernel left programs out of {left_out} events, and that was told")
    assert seen == wanted
    for key in (*KEYS, "free_bytes"):
        assert sum(s[key] for s in mappings["sites"]) + mappings["others"][key] == mappings["totals"][key]
    assert mappings["totals"]["live_bytes"] + mappings["totals"]["free_bytes"] == mappings["totals"]["alloc_bytes"]
    assert profile["loss"]["mappings_full"] == 0


def observe(memtrawl, *args, allocator="glibc"):
    with Target("mappings", *args, allocator=allocator) as target, memtrawl.session(target.pid, "--mappings"):
        truth = target.go()
        return truth, memtrawl.profile(target.pid, "seen")


@pytest.mark.parametrize("allocator", ["glibc", "static", "jemalloc"])
def test_every_page(memtrawl, allocator):
    truth, profile = observe(memtrawl, allocator=allocator)
    assert_mapped(truth, profile)
    assert_exact(truth, profile)


def test_every_page_in_sum(memtrawl):
    """musl is built without unwind information and frame pointers: who called its mmap is not told, the rest is."""
    truth, profile = observe(memtrawl, allocator="musl")
    mapped = sum(a["live_bytes"] for a in accounts(truth).values())
    sites = [s for s in profile["mappings"]["sites"] if s["frames"][0]["function"] in ("mmap", "mremap", "brk", "sbrk")]
    # and the heap's own
    assert mapped <= sum(s["live_bytes"] for s in sites) <= mapped + profile["totals"]["live_bytes"] + 64 * 4096
    assert_exact(truth, profile)


@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_rung(tmp_path, rung):
    truth, profile = observe(Memtrawl(tmp_path, rung))
    assert_mapped(truth, profile)
    assert_exact(truth, profile)


def test_addresses_go_from_thread_to_thread(memtrawl):
    """An address is another thread's before the call that gave it away has returned."""
    truth, profile = observe(memtrawl, "threads")
    assert_mapped(truth, profile)


def test_forked_child(memtrawl, tmp_path):
    """It starts with nothing mapped of its own."""
    child_file = tmp_path / "child.json"
    with Target("mappings", "fork", env={"MEMTRAWL_TRUTH_CHILD": str(child_file)}) as target:
        with memtrawl.session(target.pid, "--mappings", "--follow-forks"):
            truth = target.go()
            parent = memtrawl.profile(target.pid, "parent")
            child = memtrawl.profile(truth["child_pid"], "child")
    assert_mapped(truth, parent)
    assert_mapped(json.loads(child_file.read_text()), child)


def test_stack_is_whole(memtrawl):
    """From the C library's function to main, whatever that does with rbp."""
    _, profile = observe(memtrawl)
    stacks = [[frame["function"] for frame in site["frames"]] for site in profile["mappings"]["sites"]]
    for inner, caller, outer in (("map_first", "cut", "scenario"), ("remap_larger", "remap", "scenario"),
                                 ("raise_break", "move_break", "scenario")):
        stack = next(s for s in stacks if inner in s)
        at = stack.index(inner)
        assert stack[at:at + 4] == [inner, caller, outer, "main"], stack


def test_allocator_is_in_there(memtrawl):
    """A large block is both the heap's and a mapping: that is why the two are apart."""
    truth, profile = observe(memtrawl)
    own = accounts(truth).values()
    mapped, heap = profile["mappings"]["totals"], profile["totals"]
    assert mapped["alloc_bytes"] - sum(a["alloc_bytes"] for a in own) >= heap["alloc_bytes"]
    assert mapped["live_bytes"] - sum(a["live_bytes"] for a in own) >= heap["live_bytes"]
    # and is found by whoever called the allocator, return probe or not
    stacks = [[frame["function"] for frame in site["frames"]] for site in profile["mappings"]["sites"]]
    through = [s for s in stacks if "allocate" in s]
    assert len(through) == 3 and all(
        s[s.index("allocate"):][:3] == ["allocate", "scenario", "main"] for s in through), stacks


def test_end_of_process(memtrawl, tmp_path):
    """Nothing is mapped any more when `run` reports, so the records alone must tell."""
    report = tmp_path / "report.json"
    account = memtrawl.ok("run", "--mappings", "--sample", "exact", "-n", 0, "-o", report, "--",
                          BUILD / "targets/mappings", "--now")
    profile = json.loads(report.read_text())["profile"]
    assert_mapped(json.loads(account), profile)


def test_not_asked_for(memtrawl):
    with Target("mappings") as target, memtrawl.session(target.pid):
        truth = target.go()
        profile = memtrawl.profile(target.pid, "seen")
        text = memtrawl.ok("show", "seen")
    assert profile["mappings"] is None
    assert "mapped by mmap and brk" not in text
    assert_exact(truth, profile)


def test_text(memtrawl):
    with Target("mappings") as target, memtrawl.session(target.pid, "--mappings"):
        target.go()
        memtrawl.profile(target.pid, "seen")
        text = memtrawl.ok("show", "seen")
        leaks = memtrawl.ok("leaks", "-p", target.pid, "--for", "1s")
    heap, mapped = text.split("\nmapped by mmap and brk")
    assert "map_first" in mapped and "map_first" not in heap
    assert "mapped by mmap and brk" in leaks
    # what was mapped before leaks began is not of its window
    assert memtrawl.json("diff", "seen", "seen", "--json")["sites"] == []


@pytest.mark.skipif(not shutil.which("go"), reason="go is not installed")
def test_other_tools_see_the_heap(memtrawl, tmp_path):
    _, profile = observe(memtrawl)
    path = tmp_path / "a.pb.gz"
    memtrawl.ok("show", "seen", "-o", path)
    for index in ("inuse_space", "alloc_space"):
        top = subprocess.run(["go", "tool", "pprof", "-top", "-symbolize=none", f"-sample_index={index}", "-unit=B",
                              "-nodefraction=0", path], capture_output=True, text=True, check=True, timeout=60).stdout
        key = {"inuse_space": "live_bytes", "alloc_space": "alloc_bytes"}[index]
        assert f"100% of {profile['totals'][key]}B total" in top, top
