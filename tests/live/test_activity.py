# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process obtains from the kernel and gives back, call by call."""
import json

import pytest

from memtrawl import BUILD, Memtrawl, Target

KINDS = ("brk", "mmap", "mremap", "trim", "munmap", "madvise")
# what the C library does itself is not the program's
LIBC_ONLY = ("mprotect", "arena")


def account(truth):
    return {kind: {key: truth[f"{kind}.{key}"] for key in ("calls", "bytes")} for kind in KINDS}


def observe(memtrawl, *args, allocator="glibc", options=()):
    with Target("kernel_memory", *args, allocator=allocator) as target, memtrawl.session(target.pid, *options):
        truth = target.go()
        return truth, memtrawl.profile(target.pid, "seen")


def assert_sums(activity):
    def total(*kinds):
        return sum(activity[kind]["bytes"] for kind in kinds if activity[kind])
    assert activity["obtained_bytes"] == total("brk", "mmap", "mremap", "mprotect")
    assert activity["released_bytes"] == total("trim", "munmap", "madvise")


@pytest.mark.parametrize("allocator", ["glibc", "static", "jemalloc"])
def test_every_call(memtrawl, allocator):
    truth, profile = observe(memtrawl, allocator=allocator)
    activity = profile["activity"]
    assert {kind: activity[kind] for kind in KINDS} == account(truth)
    # in a static program, what it makes writable itself cannot be told from what glibc does
    assert activity["mprotect"] == {"calls": 1, "bytes": 5 * 4096} if allocator == "static" else {"calls": 0, "bytes": 0}
    assert activity["arena"]["calls"] == 0
    assert_sums(activity)


@pytest.mark.parametrize("allocator", ["musl", "musl-static"])
def test_musl(memtrawl, allocator):
    """It moves the break by itself, where that is not seen, and has no arenas."""
    truth, profile = observe(memtrawl, allocator=allocator)
    activity, expected = profile["activity"], account(truth)
    for kind in ("mmap", "mremap", "munmap", "madvise"):
        assert activity[kind] == expected[kind], kind
    assert all(activity[kind] is None for kind in ("brk", "trim", *LIBC_ONLY))
    assert_sums(activity)


@pytest.mark.parametrize("rung", ["multi", "perf"])
def test_rung(tmp_path, rung):
    memtrawl = Memtrawl(tmp_path / "store", rung)
    truth, profile = observe(memtrawl)
    assert {kind: profile["activity"][kind] for kind in KINDS} == account(truth)


@pytest.mark.parametrize("allocator", ["glibc", "static"])
def test_arenas(memtrawl, allocator):
    """An arena's heap takes two mappings' worth of addresses, of which a half goes back: neither counts."""
    truth, profile = observe(memtrawl, "threads", 7, allocator=allocator)
    activity = profile["activity"]
    assert activity["arena"] == {"calls": truth["arena.calls"], "bytes": 7 * (64 << 20)}
    # the first 132 KiB of each heap, and the threads' stacks
    assert 7 * (132 << 10) <= activity["mprotect"]["bytes"] < 7 * (9 << 20)
    assert activity["munmap"]["bytes"] < 64 << 20


def test_pages(memtrawl):
    truth, profile = observe(memtrawl, options=("--source", "pages"))
    assert {kind: profile["activity"][kind] for kind in KINDS} == account(truth)


def test_course(memtrawl, tmp_path):
    """From the first instruction on, and over time; in a file, and in words."""
    report, path = tmp_path / "report.json", tmp_path / "p.pb.gz"
    program = BUILD / "targets/leaks/leaking/steady_random_sizes"
    memtrawl("run", "--json", "-o", report, "--", program, "--seconds", "2")
    profile = json.loads(report.read_text())["profile"]
    looks = profile["looks"]
    for key in ("obtained_bytes", "released_bytes"):
        series = [look[key] for look in looks]
        assert series == sorted(series) and series[-1] == profile["activity"][key]
    assert looks[-1]["obtained_bytes"] > looks[0]["obtained_bytes"]
    # at glibc's first allocation the break goes up by the allocation and 128 KiB
    assert profile["activity"]["brk"]["bytes"] >= 132 << 10

    memtrawl("run", "-o", path, "--", program, "--seconds", "1")
    read = memtrawl.json("show", path, "--json")
    assert read["activity"]["brk"]["calls"] > 0 and read["looks"][-1]["obtained_bytes"] == \
        read["activity"]["obtained_bytes"]
    text = memtrawl.ok("show", path)
    assert "  kernel  " in text and " obtained (brk " in text
