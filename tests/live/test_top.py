# SPDX-License-Identifier: GPL-2.0-or-later
"""`top` without a terminal: figures of processes with known memory, order, filters, cgroups and their limits."""
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from memtrawl import BINARY

MIB = 1 << 20
# the kernel's counters are exact for top, and not for /proc: 32 pages on each CPU, for each kind
SLACK = 3 * 32 * 4096 * os.cpu_count()

HOLDER = """
import mmap, sys, time
size, rate = int(sys.argv[1]), float(sys.argv[2])
area = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area.madvise(mmap.MADV_NOHUGEPAGE)
def touch(start, end):
    for at in range(start, end, 4096):
        area[at] = 1
if not rate:
    touch(0, size)
print("ready", flush=True)
start, done = time.monotonic(), 0
while rate and done < size:
    now = min(size, int((time.monotonic() - start) * rate) // 4096 * 4096)
    touch(done, now)
    done = now
    time.sleep(0.01)
sys.stdin.read()
"""


@contextlib.contextmanager
def holder(size, rate=0, name=None, enter=None):
    """A process that holds so many bytes beside what Python takes, or comes to hold them by `rate` bytes a second."""
    program = HOLDER
    if name:
        program = f"open('/proc/self/comm', 'w').write({name!r})\n" + program
    if enter:
        program = f"import os\nopen({str(enter / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n" + program
    process = subprocess.Popen([sys.executable, "-c", program, str(size), str(rate)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def kinds(pid):
    """What /proc says, in bytes: exact, as it walks the page tables."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {key: int(value) << 10 for key, value in re.findall(r"(\w+): +(\d+) kB", text)}


def only(document, pid):
    found = [p for p in document["processes"] if p["pid"] == pid]
    assert len(found) == 1, f"{pid} is there {len(found)} times"
    return found[0]


def test_once_tells_what_processes_hold(memtrawl):
    with holder(40 * MIB, name="holds forty") as large, holder(8 * MIB) as small:
        document = memtrawl.json("top", "--once", "--json")
        truth = kinds(large.pid)
        row = only(document, large.pid)
        assert row["comm"] == "holds forty" and row["parent_pid"] == os.getpid() and row["threads"] == 1
        # top counts pages as the kernel does, smaps as they are mapped
        assert abs(row["rss_bytes"] - truth["Rss"]) <= SLACK
        assert abs(row["anon_bytes"] - truth["Anonymous"]) <= SLACK
        assert row["anon_bytes"] > 40 * MIB
        assert row["rss_bytes"] == row["anon_bytes"] + row["file_bytes"] + row["shmem_bytes"]
        assert row["swap_bytes"] == truth["Swap"]
        assert row["rss_bytes"] <= row["peak_bytes"] <= row["rss_bytes"] + 8 * MIB
        assert row["growth_bytes_per_hour"] == 0 and row["faults_per_second"] == 0
        assert only(document, small.pid)["rss_bytes"] < row["rss_bytes"] - 30 * MIB
        sizes = [p["rss_bytes"] for p in document["processes"]]
        assert sizes == sorted(sizes, reverse=True)
        assert document["machine"]["processes"] == len(sizes)
        assert document["machine"]["rss_bytes"] == sum(sizes)
        assert 0.5 <= document["seconds"] < 30
        assert document["loss"] == {"peaks": 0, "events": 0, "rest_seconds": 0}


def test_growth_is_that_of_the_process(memtrawl):
    """16 MiB a second, seen for three seconds: growth and faults are within a tenth."""
    rate = 16 * MIB
    with holder(600 * MIB, rate) as grows:
        time.sleep(0.3)
        document = memtrawl.json("top", "--once", "--interval", "3s", "--json", "-p", grows.pid)
    assert [p["pid"] for p in document["processes"]] == [grows.pid]
    row = document["processes"][0]
    assert abs(row["growth_bytes_per_hour"] / 3600 - rate) < rate / 10
    assert abs(row["faults_per_second"] - rate / 4096) < rate / 4096 / 10
    assert row["peak_time"] is not None and row["peak_bytes"] >= row["rss_bytes"] - document["peak_bound_bytes"]


def test_sort_and_filter(memtrawl):
    with holder(4 * MIB, name="topper one") as one, holder(9 * MIB, name="topper two") as two, \
            holder(300 * MIB, 8 * MIB, name="topper three") as three:
        pids = {one.pid: 1, two.pid: 2, three.pid: 3}

        def order(*args):
            document = memtrawl.json("top", "--once", "--json", *args)
            return [pids[p["pid"]] for p in document["processes"]]

        assert order("--filter", "topper", "--sort", "pid") == [1, 2, 3]
        assert order("--filter", "topper", "--sort", "name") == [1, 3, 2]
        assert order("--filter", "TOPPER", "--sort", "growth")[0] == 3
        assert order("--filter", "topper", "--sort", "faults")[0] == 3
        assert order("--filter", "topper t", "--sort", "pid") == [2, 3]
        assert order("--comm", "topper one") == [1]
        assert order("-p", f"{two.pid},{one.pid}", "--sort", "anon") == [2, 1]
        assert order("-p", f"{two.pid},{one.pid}", "--sort", "peak", "-n", 1) == [2]
        text = memtrawl.ok("top", "--once", "--filter", "topper", "-n", 1)
        assert re.search(r"\(2 other processes\)\n$", text) and "with 'topper'" in text
        assert "peaks within " in text
        rows = list(csv.DictReader(io.StringIO(memtrawl.ok("top", "--once", "--format", "csv", "--filter", "topper"))))
        assert {int(r["pid"]) for r in rows} == set(pids)
        assert {r["comm"] for r in rows} == {"topper one", "topper two", "topper three"}


def wait_for(condition, timeout=60):
    """However busy the machine is."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


def memory_hierarchy():
    """Where cgroups with a memory controller can be made, and the names of what is needed in them."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, rest = line.split(" - ")
        kind, _, options = rest.split(" ", 2)
        if kind == "cgroup" and "memory" in options.split(","):
            return pathlib.Path(fields.split()[4]), "memory.limit_in_bytes"
        if kind == "cgroup2":
            root = pathlib.Path(fields.split()[4])
            if "memory" in (root / "cgroup.subtree_control").read_text().split():
                return root, "memory.max"
    pytest.skip("no memory controller that cgroups can be made in")


@contextlib.contextmanager
def cgroup(name, limit):
    root, file = memory_hierarchy()
    folder = root / f"memtrawl-test-{os.getpid()}-{name}"
    folder.mkdir()
    try:
        (folder / file).write_text(str(limit))
        yield folder
    finally:
        end = time.monotonic() + 10
        while True:
            try:
                folder.rmdir()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def test_time_until_the_cgroups_limit(memtrawl):
    """A process that takes 16 MiB a second has a known time until its cgroup's 1 GiB are full."""
    rate, limit = 16 * MIB, 1024 * MIB
    with cgroup("limit", limit) as folder, holder(800 * MIB, rate, enter=folder) as grows, \
            holder(4 * MIB, enter=folder) as still:
        time.sleep(0.5)
        document = memtrawl.json("top", "--once", "--interval", "2s", "--json")
        row, other = only(document, grows.pid), only(document, still.pid)
        path = "/" + folder.name
        assert row["cgroup"].endswith(path) and other["cgroup"] == row["cgroup"]
        got = row["limit"]
        assert got["cgroup"] == row["cgroup"] and got["bytes"] == limit
        assert row["rss_bytes"] - 16 * MIB < got["used_bytes"] < row["rss_bytes"] + other["rss_bytes"] + 16 * MIB
        assert got["growth_bytes_per_hour"] / 3600 == pytest.approx(rate, rel=0.1)
        assert got["seconds_left"] == pytest.approx((limit - got["used_bytes"]) / rate, rel=0.1)
        assert other["limit"] == got, "the cgroup is the same"
        groups = [g for g in document["cgroups"] if g["path"] == row["cgroup"]]
        assert len(groups) == 1 and groups[0]["processes"] == 2 and groups[0]["limit"] == got
        assert groups[0]["rss_bytes"] == row["rss_bytes"] + other["rss_bytes"]
        assert only(memtrawl.json("top", "--once", "--json", "--cgroup", folder), still.pid)["limit"]["bytes"] == limit
        tree = memtrawl.ok("top", "--once", "--tree", "--filter", folder.name)
        assert re.search(rf"  {folder.name}/ 2 processes, \S+ of 1.0G\n +{grows.pid} ", tree), tree


def test_the_machine_is_the_limit_of_the_others(memtrawl):
    with holder(4 * MIB) as still:
        document = memtrawl.json("top", "--once", "--json", "-p", still.pid)
    total = int(re.search(r"MemTotal: +(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) << 10
    assert document["machine"]["limit"]["bytes"] == total
    assert document["machine"]["limit"]["cgroup"] is None
    assert 0 < document["machine"]["limit"]["used_bytes"] < total


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_goes_on_until_a_signal(memtrawl, number):
    with holder(4 * MIB, name="topper") as one:
        with memtrawl.background("top", "--interval", "200ms", "-p", one.pid) as top:
            wait_for(lambda: top.said()[0].count("full in  command") >= 3)
            os.kill(top.pid, number)
            done = top.end()
        assert done.returncode == 0 and done.stderr == ""
        tables = done.stdout.split("\n\n")
        assert len(tables) >= 6 and len(tables) % 2 == 0  # what is said of all, and the table
        for table in tables[1::2]:
            assert re.search(rf"^ *{one.pid} .* topper ", table, re.M) and table.count("\n") <= 2


def test_json_goes_on_as_documents(memtrawl):
    with memtrawl.background("top", "--interval", "100ms", "--json", "-p", os.getpid()) as top:
        wait_for(lambda: top.said()[0].count('"memtrawl.top/1"') > 3)
        os.kill(top.pid, signal.SIGTERM)
        done = top.end()
    assert done.returncode == 0
    decoder, documents, rest = json.JSONDecoder(), [], done.stdout
    while rest.strip():
        document, end = decoder.raw_decode(rest.lstrip())
        documents.append(document)
        rest = rest.lstrip()[end:]
    assert len(documents) >= 3
    assert all([p["pid"] for p in d["processes"]] == [os.getpid()] for d in documents)
    seconds = [d["seconds"] for d in documents]
    assert seconds == sorted(seconds) and seconds[0] >= 0.1


def test_it_ends_when_nobody_reads(memtrawl):
    process = subprocess.Popen([BINARY, "top", "--interval", "100ms"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=memtrawl.env)
    try:
        assert select.select([process.stdout], [], [], 60)[0]
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_file_is_replaced(memtrawl, tmp_path):
    path = tmp_path / "top.json"
    memtrawl.ok("top", "--once", "-o", path, "-p", os.getpid())
    document = json.loads(path.read_text())
    assert document["schema"] == "memtrawl.top/1" and only(document, os.getpid())["comm"]


@pytest.mark.parametrize("args, status, text", [
    (("--interval", "1ms"), 2, "--interval: use 50ms to 1d"),
    (("--sort", "size"), 2, "rss, growth, peak, anon, swap, faults, pid or name"),
    (("--format", "folded"), 2, "text, json or csv"),
    (("-p", "x"), 2, "no process id"),
    (("-p", 4194304), 3, "no such process"),
    (("--comm", "no such name"), 3, "no such name"),
    (("surplus",), 2, "unexpected argument"),
])
def test_wrong_usage_is_told(memtrawl, args, status, text):
    done = memtrawl("top", "--once", *args)
    assert done.returncode == status and text in done.stderr and done.stdout == ""


def test_processes_come_and_go(memtrawl):
    """A process that starts while top runs is in the next table, and not any more in those after its end."""
    with memtrawl.background("top", "--interval", "200ms", "--filter", "topper") as top:
        wait_for(lambda: "command" in top.said()[0])
        with holder(4 * MIB, name="topper") as one:
            wait_for(lambda: f" {one.pid} " in top.said()[0])
        tables = top.said()[0].count("command")
        wait_for(lambda: top.said()[0].count("command") > tables + 1)
        os.kill(top.pid, signal.SIGTERM)
        done = top.end()
    seen = [f" {one.pid} " in table for table in done.stdout.split("\n\n")[1::2]]
    assert not seen[0] and True in seen and not seen[-1]
    assert seen == sorted(seen[:seen.index(True) + 1]) + sorted(seen[seen.index(True) + 1:], reverse=True)
