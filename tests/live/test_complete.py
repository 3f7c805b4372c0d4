# SPDX-License-Identifier: GPL-2.0-or-later
"""
Of programs as the distribution ships them: how many stacks go down to where the program or its thread began, by
unwind information and, for comparison, by frame pointers alone. `pytest -s` shows the figures.
"""
import functools
import json
import re
import struct
import subprocess
from pathlib import Path

import pytest

import programs
from memtrawl import Memtrawl, Target
from programs import need
from redis import Redis

# where programs and threads begin
START = re.compile(r"_start|__libc_start_main.*|(__|__GI___)?clone3?|start_thread")
START_LENGTH = 64  # bytes of code after an entry point that are still its function's; it has 34 in Debian's programs
COMPLETE = 0.999
TRACE = ("--frames", 127, "--max-sites", 1 << 18)


def sites_of_run(memtrawl, directory, mode, *command):
    report = directory / "run.json"
    memtrawl.ok("run", "--sample", "exact", *TRACE, "--unwind", mode, "--json", "-n", 0, "-o", report, "--", *command,
                timeout=300)
    return json.loads(report.read_text())["profile"]["sites"]


def sites_of_session(memtrawl, pid, mode, load):
    """What a process allocates while `load` runs."""
    with memtrawl.session(pid, *TRACE, "--unwind", mode):
        load()
        return memtrawl.profile(pid, f"{pid}-{mode}")["sites"]


# ---- the programs and their loads

def redis(memtrawl, directory, mode):
    with Redis(directory) as server:
        return sites_of_session(memtrawl, server.pid, mode, lambda: programs.redis_requests(server, 2000))


def nginx(memtrawl, directory, mode):
    with programs.nginx_worker(directory) as worker:
        return sites_of_session(memtrawl, worker, mode, lambda: programs.nginx_requests(directory, 3000))


def postgres(memtrawl, _, mode):
    """With the libraries that it loads for these queries, as with Python's imports."""
    with programs.postgres_server() as psql, programs.Backend(psql) as backend:
        backend.run("load 'plpgsql';\n" + programs.JIT_SQL)
        return sites_of_session(memtrawl, backend.pid, mode, lambda: backend.run(programs.JIT_SQL + programs.SQL))


class Python(Target):
    """With all that it imports: stacks of the first milliseconds of a library are another matter."""

    def __init__(self, script):
        self.path, self.rest = Path(*need("/usr/bin/python3")), b""
        self.process = subprocess.Popen([self.path, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def work(self):
        self._tell()
        assert self.line() == "done"


def python3(memtrawl, directory, mode):
    (directory / "work.py").write_text(programs.PYTHON)
    with Python(directory / "work.py") as target:
        return sites_of_session(memtrawl, target.pid, mode, target.work)


def node(memtrawl, directory, mode):
    need("node")
    (directory / "work.js").write_text(programs.NODE)
    return sites_of_run(memtrawl, directory, mode, "node", directory / "work.js")


def sqlite3(memtrawl, directory, mode):
    binary, = need("sqlite3")
    (directory / "work.sql").write_text(programs.SQLITE)
    return sites_of_run(memtrawl, directory, mode, binary, directory / f"{mode}.db", f".read {directory}/work.sql")


def git(memtrawl, directory, mode):
    binary, repository = programs.git_repository(directory)
    sites = []
    for args in (["log", "-p", "--stat"], ["blame", "file3"], ["grep", "-n", "9"], ["pack-objects", "--all", "-q", "p"],
                 ["log", "--oneline", "--graph", "-S", "line 11"]):
        sites += sites_of_run(memtrawl, directory, mode, binary, "-C", repository, *args)
    return sites


# ---- how many of their stacks are whole

@pytest.fixture(scope="module")
def thread_starts(tmp_path_factory):
    """Where a thread begins in this libc, as it says only in its debug information: (build id, offset)."""
    memtrawl = Memtrawl(tmp_path_factory.mktemp("chains"))
    with Target("chains") as target, memtrawl.session(target.pid):
        target.go()
        profile = memtrawl.profile(target.pid, "seen")
    site, = [site for site in profile["sites"] if site["live_bytes"] == 1011]
    last = site["frames"][-1]
    assert Path(last["object"]).name.startswith("libc")
    return {(last["build_id"], last["offset"])}


@functools.lru_cache(maxsize=None)
def entry_of(path):
    """The file offset of a program's or the loader's entry point, which has no name where symbols were stripped."""
    image = Path(path).read_bytes()
    entry, headers = struct.unpack_from("<QQ", image, 24)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", image, headers + i * size)
        if kind == 1 and address <= entry < address + length:  # PT_LOAD
            return entry - address + offset
    return None


def is_complete(site, thread_starts):
    last = site["frames"][-1]
    if START.fullmatch(last["function"] or "") or (last["build_id"], last["offset"]) in thread_starts:
        return True
    if last["function"] or not (last["object"] or "").startswith("/"):
        return False
    entry = entry_of(last["object"])
    return entry is not None and entry <= last["offset"] < entry + START_LENGTH


def share(sites, thread_starts):
    """Of the calls, how many have a whole stack; and the most frequent ends of the others."""
    calls, whole, others = 0, 0, {}
    for site in sites:
        calls += site["alloc_objects"]
        if is_complete(site, thread_starts):
            whole += site["alloc_objects"]
            continue
        names = [(frame["function"] or frame["object"] or "?")[:60] for frame in site["frames"]]
        end = " < ".join(names[-3:])
        others[end] = others.get(end, 0) + site["alloc_objects"]
    return whole / calls, calls, sorted(others.items(), key=lambda item: -item[1])[:5]


@pytest.mark.parametrize("program", [redis, nginx, postgres, python3, node, sqlite3, git], ids=lambda f: f.__name__)
def test_complete(memtrawl, tmp_path, thread_starts, program):
    """
    Code that is mapped while tracing goes on has its tables some milliseconds later, or more when the processors are
    taken: node, which maps code all the time, may try once more.
    """
    by_tables, calls, others = share(program(memtrawl, tmp_path, "auto"), thread_starts)
    if program is node and by_tables < COMPLETE:
        print(f"\nnode      at first {by_tables:9.4%} of {calls}")
        by_tables, calls, others = share(program(memtrawl, tmp_path, "auto"), thread_starts)
    by_frame_pointers, calls_then, _ = share(program(memtrawl, tmp_path, "fp"), thread_starts)
    print(f"\n{program.__name__:10} {calls:8} calls, {by_tables:9.4%} of their stacks whole; "
          f"by frame pointers {by_frame_pointers:9.4%} of {calls_then}")
    for end, count in others:
        print(f"{'':10} {count:8} ... < {end}")
    assert calls > 1000
    assert by_tables >= COMPLETE
