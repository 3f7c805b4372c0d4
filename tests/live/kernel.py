# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel itself has of a tracer's: links, maps and programs, by bpftool and /proc."""
import contextlib
import functools
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from memtrawl import TOP

PINS = Path("/sys/fs/bpf/memtrawl")
VERSION = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


@functools.lru_cache(maxsize=None)
def bpftool_path():
    """The one that the build uses (see Makefile)."""
    for path in (TOP / "build/deps/usr/sbin/bpftool", Path("/usr/sbin/bpftool"), Path("/usr/local/sbin/bpftool")):
        if path.exists():
            return path
    return pytest.skip("there is no bpftool")


def bpftool(*args):
    done = subprocess.run([bpftool_path(), "-j", *map(str, args)], capture_output=True, text=True, check=False,
                          timeout=30)
    assert done.returncode == 0, f"bpftool {args}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout or "[]")


def wait_until(predicate, what, timeout=10):
    """Polls until the predicate gives something true, and returns that; fails the test when it does not."""
    end = time.monotonic() + timeout
    while True:
        found = predicate()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"waited {timeout} s in vain: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def swap_file(path, size):
    """So many bytes of swap, in a file of ours."""
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    for command in ("mkswap", "swapon"):
        done = subprocess.run([command, path], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no swap: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["swapoff", path], env=env, check=True)
        path.unlink()


def uprobe_links(pid):
    """Links of uprobes on a process."""
    return [link for link in bpftool("link") if link["type"] == "uprobe_multi" and link.get("pid") == pid]


def objects_of(pid):
    """Ids of what a process holds by file descriptor: {("map", 17), ("link", 4), ...}."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = info.read_text()
        except OSError:
            continue  # closed meanwhile
        kind = "link" if "link_id:" in text else "map" if "map_id:" in text else "prog"
        number = re.search(rf"^{kind}_id:\s*(\d+)", text, re.M)
        if number:
            found.add((kind, int(number[1])))
    return found


def existing(objects):
    """Those of the objects that the kernel still has."""
    there = {(kind, item["id"]) for kind in ("link", "map", "prog") for item in bpftool(kind)}
    return objects & there


def map_id(pid, name):
    """The id of the map of that name that the process has open, or None."""
    mine = {number for kind, number in objects_of(pid) if kind == "map"}
    for item in bpftool("map"):
        if item["id"] in mine and item.get("name") == name:
            return item["id"]
    return None


def has_begun(tracer_pid):
    """Does that memtrawl count already? It does once it has set its session's beginning, with all probes in place."""
    try:
        number = map_id(tracer_pid, "session")
        return number and bpftool("map", "dump", "id", number)[0]["formatted"]["value"]["since_ns"] > 0
    except (OSError, AssertionError):
        return False


PARSER = "memtrawl-parser"  # the comm of the child that memtrawl has files parsed by


def child_of(pid, comm=None):
    """A child of the process: of that comm, or any but memtrawl's own. 0 if there is none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            name = Path(f"/proc/{child}/comm").read_text().strip()
            if name == comm or (comm is None and name != PARSER):
                return int(child)
    except OSError:
        pass  # one of them is gone
    return 0


def state_of(task):
    """By the letters of proc(5); "X" of one that is gone. `task` is a PID, or PID/task/TID."""
    try:
        return Path(f"/proc/{task}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def is_alive(pid):
    return state_of(pid) not in "ZX"
