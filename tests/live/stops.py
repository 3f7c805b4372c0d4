# SPDX-License-Identifier: GPL-2.0-or-later
"""
Stacks as memtrawl took them against stacks as gdb finds them. gdb cannot stop at a breakpoint where a uprobe is. So a
small BPF program (tests/stops) at the same place sends the thread SIGSTOP: memtrawl has its stack by then, in the
thread's record, and gdb is attached to the process while it is stopped there.
"""
import collections
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import programs
from kernel import PINS, bpftool, is_alive, state_of, wait_until
from memtrawl import BUILD, TOP, Memtrawl
from redis import Redis

BUSY = 1  # MT_THREAD_BUSY
THREAD_SLOTS = 1024  # MT_THREAD_SLOTS
ENDS = ("complete", "truncated", "unreadable", "no frames", "no mapping", "no unwind info", "unsupported", "bad frame")
CALLS = 400  # at most so many from one stop to the next

# differences that are gdb's to answer for: it went on where there is no code, or gave up where we did not
EXPLAINED = ("with frames of gdb's that are no code", "gdb ends earlier: previous frame")

Stop = collections.namedtuple("Stop", "tid sp caller")
Stack = collections.namedtuple("Stack", "pcs end")


class Lines:
    """A program that answers a line for each line. A context manager."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            self.process.kill()
            pytest.fail(f"{command[0]}: {self.process.communicate()[1]}")
        self.drain = threading.Thread(target=self.process.stderr.read)  # or it would block
        self.drain.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.drain.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.process.args[0]} has ended"
        return line.strip()


def probed_places(memtrawl, pid):
    """FILE FUNCTION OFFSET of each probe at an allocation, where the thread is at the next instruction afterwards."""
    places = []
    for function in memtrawl.json("doctor", "-p", pid, "--json")["process"]["functions"]:
        if (function["live"] and function["emulated"] and function["role"] in ("allocates", "reallocates")
                and function["function"].isidentifier()):  # C++ operators' names are not what symbol tables have
            places += [function["object"], function["function"], function["probe_offset"]]
    return places


def stack_of(pid, stop):
    """What memtrawl has of the call in which the thread is stopped; None if that is not one it records."""
    for name, key in (("thread_slots", stop.tid % THREAD_SLOTS), ("threads", stop.tid)):
        try:
            found = bpftool("map", "lookup", "pinned", PINS / str(pid) / name, "key", *key.to_bytes(4, sys.byteorder))
        except AssertionError:
            continue  # not in that map
        thread = found["formatted"]["value"]
        if name == "thread_slots" and thread["tid"] != stop.tid:
            continue
        if not thread["mode"] & BUSY or thread["sp"] != stop.sp:
            return None  # a call within another one
        stack = thread["stack"]
        return Stack(stack["pc"][:stack["frames"]], ENDS[stack["end"]])
    return None


# ---- what the difference is

def gdb_stack(answer):
    """gdb's frames from the caller on, as memtrawl counts them: without those that a jump has left no trace of."""
    frames = [frame for frame in answer["frames"][1:] if frame[1] != "jumped"]
    return [frame[0] + (i > 0 and frames[i - 1][1] == "signal") for i, frame in enumerate(frames)], frames


def code_of(pid):
    """Executable mappings: (start, limit, file or whatever is said instead)."""
    mappings = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        addresses, rights, *_, path = f"{line} (anonymous)".split(maxsplit=5)
        if "x" in rights:
            mappings.append((*(int(address, 16) for address in addresses.split("-")), path.split()[0]))
    return mappings


def file_of(pc, code):
    return next((path for start, limit, path in code if start <= pc < limit), None)


def difference(stack, answer, code):
    """None if both are the same, frame by frame; else (kind, what is to be said of it)."""
    theirs, frames = gdb_stack(answer)
    same = 0
    while same < min(len(theirs), len(stack.pcs)) and theirs[same] == stack.pcs[same]:
        same += 1
    last = frames[same - 1][2] if same else "the probed function"
    if same == len(theirs) == len(stack.pcs):
        return None
    if same == len(theirs):
        return f"gdb ends earlier: {answer['end']}", f"after {last}, {len(stack.pcs) - same} more of ours"
    if same == len(stack.pcs):
        return f"ours ends earlier: {stack.end}", f"after {last}, then {[frame[2] for frame in frames[same:]]}"
    if same and not file_of(theirs[same] - 1, code):
        return "with frames of gdb's that are no code", f"below {last} in {file_of(theirs[same - 1] - 1, code)}"
    return "different", (f"at frame {same}, after {last}: ours {stack.pcs[same]:#x}, gdb's {theirs[same]:#x} "
                       f"({frames[same][2]}); {len(stack.pcs)} and {len(theirs)} frames; ours end: {stack.end}")


def compare(memtrawl, pid, count):
    """Stops a process so often, while its load runs; returns [(frames, difference)]."""
    results, misses, rng = [], 0, random.Random(1)
    with memtrawl.session(pid, "--frames", 127), \
         Lines(BUILD / "tests/stops/stop", BUILD / "tests/stops/stop.bpf.o", pid,
               *probed_places(memtrawl, pid)) as stopper, \
         Lines("gdb", "-nx", "-q", "-batch", "-x", TOP / "tests/stops/frames.py") as gdb:
        while len(results) < count:
            said = stopper.ask(rng.randint(1, CALLS))
            assert said != "none", f"PID {pid} makes no calls (state {state_of(pid)})"
            stop = Stop(*map(int, said.split()))
            try:
                wait_until(lambda: state_of(pid) == "T", "SIGSTOP does not arrive")
                code = code_of(pid)
                stack = stack_of(pid, stop) if file_of(stop.caller, code) != "[uprobes]" else None  # jumped to
                if stack:
                    answer = json.loads(gdb.ask(pid, stop.tid, stop.caller))
                    assert "error" not in answer, answer
                    results.append((len(stack.pcs), difference(stack, answer, code)))
            finally:
                os.kill(pid, signal.SIGCONT)
            misses += not stack
            assert misses < 10 * count + 100, "memtrawl records none of the calls"
    return results


# ---- programs with a load that does not end

class Repeated:
    """Does something again and again until the end of the context, in which it may fail: the program ends then, too."""

    def __init__(self, work):
        self.work, self.over = work, threading.Event()
        self.thread = threading.Thread(target=self._repeat)

    def _repeat(self):
        with contextlib.suppress(OSError, ValueError, AssertionError, subprocess.SubprocessError,
                                 pytest.fail.Exception):
            while not self.over.is_set():
                self.work()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@contextlib.contextmanager
def fed(command, text, **more):
    """A program that is given the same text on standard input, without end."""
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                               stderr=subprocess.DEVNULL, **more)

    def feed():
        process.stdin.write(text)
        process.stdin.flush()

    try:
        load = Repeated(feed).__enter__()
        yield process.pid
    finally:
        process.kill()  # which ends a write, too
        process.wait()
        load.__exit__()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


@contextlib.contextmanager
def redis(directory):
    with Redis(directory) as server, Repeated(lambda: programs.redis_requests(server, 100)):
        yield server.pid


@contextlib.contextmanager
def nginx(directory):
    with programs.nginx_worker(directory) as worker, Repeated(lambda: programs.nginx_requests(directory, 4)):
        yield worker


@contextlib.contextmanager
def postgres(_, sql=programs.SQL):
    with programs.postgres_server() as psql, programs.Backend(psql) as backend, Repeated(lambda: backend.run(sql)):
        yield backend.pid


def postgres_jit(directory):
    return postgres(directory, programs.JIT_SQL)


@contextlib.contextmanager
def python3(directory):
    programs.need("/usr/bin/python3")
    (directory / "work.py").write_text(programs.PYTHON + "while True: work()\n")
    with fed(["/usr/bin/python3", directory / "work.py"], "\n") as pid:
        wait_until(lambda: "_sqlite3" in Path(f"/proc/{pid}/maps").read_text(), "python3 imports nothing")
        yield pid


@contextlib.contextmanager
def node(directory):
    programs.need("node")
    (directory / "work.js").write_text(programs.NODE + "if (isMainThread) setInterval(() => work(1), 1);\n")
    with fed(["node", directory / "work.js"], "") as pid:
        yield pid


@contextlib.contextmanager
def sqlite3(_):
    binary, = programs.need("sqlite3")
    with fed([binary, ":memory:"], programs.SQLITE) as pid:
        yield pid


@contextlib.contextmanager
def git(directory):
    binary, repository = programs.git_repository(directory)
    commits = subprocess.run([binary, "-C", repository, "rev-list", "HEAD"], capture_output=True, check=True, text=True)
    with fed([binary, "-C", repository, "diff-tree", "--stdin", "-p", "--stat", "-M"], commits.stdout) as pid:
        yield pid


PROGRAMS = {function.__name__: function for function in
            (redis, nginx, postgres, postgres_jit, python3, node, sqlite3, git)}


def compare_program(memtrawl, directory, name, count):
    programs.need("gdb")
    with PROGRAMS[name](directory) as pid:
        results = compare(memtrawl, pid, count)
        assert is_alive(pid)
    return results


def report(name, results):
    """Prints what came of a program; how many of its stacks are wrong for all that is known."""
    frames = sorted(count for count, _ in results)
    kinds = collections.Counter(found[0] for _, found in results if found)
    print(f"{name}: {len(results)} stacks of {frames[0]} to {frames[-1]} frames: "
          f"{len(results) - sum(kinds.values())} equal" + "".join(f", {n} {kind}" for kind, n in kinds.items()))
    for (_, said), n in collections.Counter(found for _, found in results if found).most_common():
        print(f"    {n:4} {said}")
    sys.stdout.flush()
    return sum(n for kind, n in kinds.items() if not kind.startswith(EXPLAINED))


def main():
    count, names, wrong = int(sys.argv[1]), sys.argv[2:] or PROGRAMS, 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix="memtrawl-") as directory:
            try:
                wrong += report(name, compare_program(Memtrawl(f"{directory}/store"), Path(directory), name, count))
            except pytest.skip.Exception as reason:
                print(f"{name}: {reason}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
