# SPDX-License-Identifier: GPL-2.0-or-later
"""The rss source: counts of each kind are the kernel's own, to the page; peaks are what programs have touched."""
import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kernel import VERSION, swap_file, wait_until
from memtrawl import Target
from rss import MIB, PAGE, Resident, RssRows, fields, resident

SYS_PIDFD_OPEN, SYS_PROCESS_MADVISE, MADV_PAGEOUT = 434, 440, 21


@pytest.fixture
def rows():
    with RssRows() as source:
        yield source


@pytest.fixture(scope="module")
def swap(tmp_path_factory):
    with swap_file(tmp_path_factory.mktemp("swap") / "file", 64 * MIB):
        yield


def assert_as_the_kernel_says(row, pid):
    """
    At rest: what is in the page tables, which smaps_rollup counts one by one. The kinds are those of status, which
    before 6.2 leaves out what threads have not added up yet: 64 events, of up to 16 pages of a file.
    """
    rollup, status = fields(f"/proc/{pid}/smaps_rollup"), fields(f"/proc/{pid}/status")
    lag = 0 if VERSION >= (6, 2) else 64 * 16 * PAGE
    assert resident(row) == rollup["Rss"]
    assert row["now"]["anon"] == rollup["Anonymous"]
    for kind, name in (("anon", "RssAnon"), ("file", "RssFile"), ("shmem", "RssShmem")):
        assert abs(row["now"][kind] - status[name]) <= lag
    assert row["now"]["swap"] == rollup["Swap"]


# a file in memory is shared memory
FILE_KIND = "shmem" if subprocess.run(["stat", "-f", "-c", "%T", "/tmp"], capture_output=True, text=True,
                                      check=False).stdout.strip() in ("tmpfs", "rootfs") else "file"
# what is done, and by how many MiB each kind grows with it
STEPS = [("anon 24", {"anon": 24}), ("half", {"anon": -12}), ("free", {"anon": -12}), ("anon 8", {"anon": 8}),
         ("grow", {"anon": 8}), ("free", {"anon": -16}), ("huge 16", {"anon": 16}), ("free", {"anon": -16}),
         ("shmem 12", {"shmem": 12}), ("free", {"shmem": -12}), ("file 20", {"file": 20}), ("free", {"file": -20}),
         ("burst 32", {})]


def test_kinds(rows):
    """Each step changes the counts by what was touched or given back: to the page."""
    with Resident() as target:
        before = rows.of(target.pid)
        for step, change in STEPS:
            target.do(step)
            row = rows.of(target.pid)
            assert_as_the_kernel_says(row, target.pid)
            expected = {FILE_KIND if kind == "file" else kind: mib for kind, mib in change.items()}
            for kind, bytes_before in before["now"].items():
                grown = row["now"][kind] - bytes_before - expected.get(kind, 0) * MIB
                assert grown == 0, (step, kind, grown)
            before = row


def test_peak(rows):
    """What was touched at once is the peak, for how short a time ever: within the bound of the kernel's batches."""
    with Resident() as target:
        base = resident(rows.of(target.pid))
        for step, touched in [("burst 32", 32), ("anon 8", 32), ("burst 30", 38), ("free", 38), ("burst 64", 64)]:
            target.do(step)
            row = rows.of(target.pid)
            peak = row["peak"] - base
            high_water = fields(f"/proc/{target.pid}/status")["VmHWM"] - base
            print(f"{step}: peak {peak - touched * MIB:+}, VmHWM {high_water - touched * MIB:+}, bound {rows.bound}")
            assert abs(peak - touched * MIB) <= rows.bound
            assert 0 <= row["peak"] - sum(row["at_peak"].values()) <= 3 * rows.bound  # three kinds
            assert row["peak_ns"]


def test_swap(rows, swap):
    """Pages that go to swap are counted there: by their own process's doing, and by another's."""
    with Resident() as target:
        target.do("anon 16")
        target.do("pageout")
        row = rows.of(target.pid)
        assert_as_the_kernel_says(row, target.pid)
        assert 15 * MIB < row["now"]["swap"] <= 17 * MIB
        target.do("free")
        assert rows.of(target.pid)["now"]["swap"] < MIB
        target.do("anon 16")
        page_out_from_outside(target.pid, 16 * MIB)
        row = wait_until(lambda: (r := rows.of(target.pid))["now"]["swap"] > 15 * MIB and r, "nothing was paged out")
        assert_as_the_kernel_says(row, target.pid)


def page_out_from_outside(pid, size):
    """process_madvise(MADV_PAGEOUT) on the process's newest anonymous mapping of that size."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        ranges = [[int(x, 16) for x in line.split()[0].split("-")] for line in maps]
    start = next(start for start, limit in ranges if limit - start >= size)
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    vector = (ctypes.c_size_t * 2)(start, size)
    done = libc.syscall(SYS_PROCESS_MADVISE, pidfd, vector, ctypes.c_size_t(1), MADV_PAGEOUT, 0)
    os.close(pidfd)
    assert done == size, os.strerror(ctypes.get_errno())


def test_fork_and_exec(rows):
    """A child has what its parent had; what exec has made of a process begins anew, its peak too."""
    with Resident() as target:
        target.do("anon 16")
        child = int(target.do("fork"))
        try:
            wait_until(lambda: "sleeping" in Path(f"/proc/{child}/status").read_text(),
                       "the child does not come to rest")
            seen = rows.look()
            assert seen[child]["parent"] == target.pid
            assert_as_the_kernel_says(seen[child], child)
            assert abs(seen[child]["now"]["anon"] - seen[target.pid]["now"]["anon"]) <= MIB
        finally:
            os.kill(child, signal.SIGKILL)
        target.process.stdin.write(b"exec 1\n")
        target.process.stdin.flush()
        assert target.line() == "ready"
        row = rows.of(target.pid)
        assert_as_the_kernel_says(row, target.pid)
        assert row["peak"] <= 8 * MIB
        wait_until(lambda: rows.look() and [e for e in rows.events if e["pid"] == child], "no end of the child")


@pytest.mark.parametrize("slice_changes", [0, 1000], ids=["always", "with rests"])
def test_short_lived(slice_changes):
    """Each of 2,000 processes that live for milliseconds is seen, with its peak; or it is told how many were not."""
    with RssRows(slice_changes) as rows, Target("short_lived", 2000) as target:
        rows.look()
        target.process.stdin.write(b"\n")
        target.process.stdin.flush()
        touched = {}
        while (line := target.line()) != "done":
            pid, size = map(int, line.split())
            touched[pid] = size
        rows.look()
    assert (rows.said["rest_ns"] > 0) == (slice_changes > 0 and VERSION >= (6, 16))
    ends = {event["pid"]: event for event in rows.events if event["event"] == "end" and event["pid"] in touched}
    assert len(touched) == 2000 and 2000 - len(ends) <= rows.said["events_lost"] <= 40
    assert {event["parent"] for event in ends.values()} == {target.pid}
    assert {event["status"] for event in ends.values()} == {0}
    base = min(event["peak"] for pid, event in ends.items() if touched[pid] == 0)
    off = [event["peak"] - base - touched[pid] for pid, event in ends.items()]
    print(f"peaks are {min(off):+} to {max(off):+} bytes off, base {base}, bound {rows.bound}; "
          f"{rows.said['events_lost']} ends lost")
    assert -rows.bound <= min(off) and max(off) <= rows.bound
    assert all(event["peak_ns"] for event in ends.values())


def test_rest():
    """Memory that changes too often is not followed all the time. Peaks are as true then, but have no time."""
    with RssRows(1000) as rows, Resident() as target, Resident() as other:
        held = resident(rows.of(target.pid))
        target.do("anon 24")  # 6144 changes: a rest begins
        target.do("burst 60")
        row = rows.of(target.pid)
        if VERSION < (6, 16):  # a process that ends has no memory any more, and so not the kernel's peak
            assert rows.said["rest_ns"] == 0 and row["peak_ns"] > 0
            return
        assert abs(row["peak"] - held - 84 * MIB) <= 3 * rows.bound and row["peak_ns"] == 0
        wait_until(lambda: time_is_seen(rows, other), "the rest does not end", timeout=30)


def time_is_seen(rows, target):
    """Of a peak that is higher than all before, when there was time for a rest to end, and the slice after it."""
    target.bursts = getattr(target, "bursts", 1) + 1
    time.sleep(0.6)
    began = time.monotonic_ns()
    target.do(f"burst {target.bursts}")
    return began < rows.of(target.pid)["peak_ns"] < time.monotonic_ns()


def fields_of_living(pid):
    try:
        return fields(f"/proc/{pid}/status")
    except OSError:
        return None


def test_all_processes(rows):
    """A row for each process that has memory of its own, and none for anything else."""
    def of_proc():
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if fields(f"/proc/{pid}/status").get("VmRSS"):
                    found.add(int(pid))
            except OSError:
                pass
        return found

    before = of_proc()
    seen = rows.look()
    after = of_proc()
    if 1 not in seen:  # there are kernels whose iterator leaves it out
        before.discard(1)
    assert before & after <= set(seen)
    assert not [pid for pid in set(seen) - before - after if fields_of_living(pid)]  # they came and went in between
    row = seen[os.getpid()]
    assert (row["comm"], row["parent"]) == (open("/proc/self/comm", encoding="ascii").read().strip(), os.getppid())
    assert abs(row["cpu_ns"] / 1e9 - time.process_time()) < 0.1
