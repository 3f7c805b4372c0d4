# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the kernel can be looked at with the kernel's own means: bpftool on the pinned maps, `cat` of `top`."""
import re

import pytest

from kernel import PINS, bpftool
from live_table import iterator, live_blocks, printed_blocks, refusal_of_iterators
from memtrawl import Memtrawl, Target, assert_exact

HEADING = "live_bytes live_blocks peak_bytes allocs frees process stack".split()
FIELDS = {"alloc_bytes", "alloc_objects", "free_bytes", "free_objects", "peak_bytes"}


def skip_unless_pinned(pid):
    if not (PINS / str(pid)).is_dir():
        pytest.skip("this kernel cannot pin a session")


# the second one is at its peak at the end: most of its sites have not been touched since
@pytest.fixture(params=[("random_sites", 20000), ("malloc_family",)], ids=lambda program: program[0])
def pinned(request, memtrawl):
    """A session's pins after its target has done its work, and what a snapshot says of it."""
    with Target(*request.param) as target, memtrawl.session(target.pid):
        skip_unless_pinned(target.pid)
        truth = target.go()
        profile = memtrawl.profile(target.pid, "seen")
        assert_exact(truth, profile)
        yield PINS / str(target.pid), profile


def dump(pins, name):
    return [item.get("formatted", item) for item in bpftool("map", "dump", "pinned", pins / name)]


def test_sites(pinned):
    """Named fields, and the numbers of the snapshot."""
    pins, profile = pinned
    sites = dump(pins, "sites")
    assert sites
    for site in sites:
        assert FIELDS <= set(site["value"]), site
        assert {"stack", "process"} <= set(site["key"]), site
    seen = sorted((s["value"]["alloc_bytes"], s["value"]["alloc_objects"], s["value"]["free_bytes"],
                   s["value"]["free_objects"]) for s in sites if s["value"]["alloc_objects"])
    assert seen == sorted((s["alloc_bytes"], s["alloc_objects"], s["free_bytes"], s["free_objects"])
                          for s in profile["sites"])


def test_blocks(pinned):
    """A block each, with the size that was asked for, and the stack by which it is found in `stacks`."""
    pins, profile = pinned
    blocks = printed_blocks(pins)
    assert len(blocks) == profile["totals"]["live_objects"]
    assert sum(block["size"] for block in blocks) == profile["totals"]["live_bytes"]
    assert len({block["address"] for block in blocks}) == len(blocks)
    assert {block["objects"] for block in blocks} <= {1}
    assert {block["process"] for block in blocks} <= {0}
    stacks = {stack["key"] for stack in dump(pins, "stacks")}
    assert {block["stack"] for block in blocks} <= stacks


@pytest.mark.parametrize("rung, table", [("multi", "buckets"), ("perf", "live")])
def test_live_table_of_other_rungs(tmp_path, rung, table):
    """Without sessions the same; with perf events the live table is one of the kernel's hash maps."""
    memtrawl = Memtrawl(tmp_path, rung)
    with Target("random_sites", 5000) as target, memtrawl.session(target.pid):
        skip_unless_pinned(target.pid)
        pins = PINS / str(target.pid)
        truth = target.go()
        blocks = live_blocks(pins)
        assert {path.name for path in pins.iterdir()} & {"buckets", "live"} == {table}
        assert len(blocks) == truth["totals"]["live_objects"]
        assert sum(block["size"] for block in blocks) == truth["totals"]["live_bytes"]


def test_session_and_process(pinned):
    pins, profile = pinned
    (session,) = dump(pins, "session")
    assert session["value"]["period"] == 0
    assert session["value"]["live_entries"] == profile["totals"]["live_objects"]
    process = next(p["value"] for p in dump(pins, "processes") if p["key"] == 0)
    assert process["tgid"] == profile["process"]["pid"]
    assert process["live_bytes"] == profile["totals"]["live_bytes"]
    assert process["peak_bytes"] == profile["totals"]["peak_live_bytes"]


def test_top(pinned):
    """The sites that hold something, with the snapshot's numbers and the addresses of their stacks."""
    pins, profile = pinned
    lines = iterator(pins, "top")
    assert lines[0].split() == HEADING
    rows = [line.split() for line in lines[1:]]
    live = [site for site in profile["sites"] if site["live_objects"]]
    assert sorted(tuple(map(int, row[:5])) for row in rows) == sorted(
        (s["live_bytes"], s["live_objects"], s["peak_bytes"], s["alloc_objects"], s["free_objects"]) for s in live)
    for row in rows:
        assert row[5] == "0"
        assert all(re.fullmatch(r"[0-9a-f]+", address) for address in row[6:])
        assert int(row[6], 16), "no caller"


def test_everything_is_pinned_under_a_plain_name(pinned):
    pins, _ = pinned
    names = {path.name for path in pins.iterdir()}
    assert {"session", "processes", "counters", "sites", "stacks", "buckets", "threads"} <= names
    assert names & {"top", "blocks"} == (set() if refusal_of_iterators() else {"top", "blocks"})
    assert any(name.startswith("link_alloc_") for name in names)
    assert any(name.startswith("link_free_") for name in names)
