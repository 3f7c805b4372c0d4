# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of the real world, against what they say of their own memory."""
import json
import re
import signal
import subprocess
import time

import pytest

from kernel import PINS, wait_until
from live_table import live_blocks
from memtrawl import Target
from redis import Redis


# ---- redis: used_memory is the sum of malloc_usable_size()

def jemalloc_class(size):
    """jemalloc's size class on 64 bits: 8, 16, 32, 48, ... 128, then four to a doubling."""
    if size <= 8:
        return 8
    if size <= 128:
        return (size + 15) // 16 * 16
    step = 1 << ((size - 1).bit_length() - 3)
    return (size + step - 1) // step * step


@pytest.mark.parametrize("size, expected", [(1, 8), (9, 16), (100, 112), (128, 128), (129, 160), (161, 192), (256, 256),
                                            (257, 320), (1025, 1280), (4097, 5120), (65536, 65536), (65537, 81920)])
def test_jemalloc_class(size, expected):
    assert jemalloc_class(size) == expected


def live_sizes(pid):
    """The sizes that were asked for, of all live blocks of a pinned session."""
    return [block["size"] for block in live_blocks(PINS / str(pid))]


def settled_sizes(pid):
    """The same, once the buffers of the connection that has just asked for something are gone."""
    sizes = live_sizes(pid)
    while True:
        time.sleep(0.1)
        before, sizes = sizes, live_sizes(pid)
        if sorted(before) == sorted(sizes):
            return sizes


def test_redis(memtrawl, tmp_path):
    """
    SETs of random keys, with values of 100 bytes, from just after the attach on. Bytes asked for are fewer than
    usable ones by what jemalloc rounds up, which is computed from the size of each block.
    """
    with Redis(tmp_path) as redis:
        redis.cli("PING")
        with memtrawl.session(redis.pid):
            before, sizes_before = redis.info("used_memory"), settled_sizes(redis.pid)
            redis.benchmark("-t", "set", "-n", 30000, "-r", 1000000, "-d", 100, "-c", 10)
            wait_until(lambda: redis.info("connected_clients") == 1, "the benchmark's clients stay")
            after, sizes = redis.info("used_memory"), settled_sizes(redis.pid)
            profile = memtrawl.profile(redis.pid, "after")
            keys = int(redis.cli("DBSIZE"))
    assert (profile["totals"]["live_bytes"], profile["totals"]["live_objects"]) == (sum(sizes), len(sizes))
    theirs, ours = after - before, sum(sizes) - sum(sizes_before)
    rounded = sum(map(jemalloc_class, sizes)) - sum(map(jemalloc_class, sizes_before))
    print(f"{keys} keys: used_memory {theirs:+}, asked for {ours:+} ({(theirs - ours) / theirs:.2%} less), "
          f"rounded up to size classes {rounded:+} ({(theirs - rounded) / theirs:+.3%} away)")
    assert keys > 25000
    assert 0 <= (theirs - ours) / theirs <= 0.25
    # what is left are the buffers of the very connection that asks for used_memory
    assert abs(theirs - rounded) < 64 * 1024
    assert abs(theirs - rounded) / theirs < 0.01
    assert profile["loss"]["free_missed"] == profile["loss"]["table_full"] == profile["loss"]["sampled_away"] == 0


# ---- python: an object's size is known to the byte

SCRIPT = """
import sys, tracemalloc, json
TRACE = sys.argv[1] == "trace"
COUNT, SIZE = 50000, 100
if TRACE:
    tracemalloc.start()
def line():
    sys.stdin.readline()
def make():
    return [bytes([i & 255]) * SIZE for i in range(COUNT)]
print("ready", flush=True)
line()
before = tracemalloc.get_traced_memory()[0] if TRACE else 0
kept = make()
traced = tracemalloc.get_traced_memory()[0] - before if TRACE else 0
size = sys.getsizeof(kept[0])
print(json.dumps({"traced": traced, "object": size, "list": sys.getsizeof(kept), "count": COUNT}), flush=True)
line()
"""


class Python(Target):
    """/usr/bin/python3 on the C library's malloc, with a program of its own."""

    def __init__(self, *args):
        self.path, self.rest = "/usr/bin/python3", b""
        self.process = subprocess.Popen([self.path, "-S", "-s", "-c", SCRIPT, *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={"PYTHONMALLOC": "malloc", "PATH": "/usr/bin"})
        self.pid = self.process.pid


def watched(memtrawl, *args):
    with Python(*args) as python, memtrawl.session(python.pid):
        before = memtrawl.profile(python.pid, "before")["totals"]
        said = python.go()
        profile = memtrawl.profile(python.pid, "after")
    return said, profile, {key: profile["totals"][key] - before[key] for key in ("live_bytes", "live_objects")}


def test_python_objects(memtrawl):
    """A list of bytes objects: their blocks are there, each of the size that Python gives an object of 100 bytes."""
    said, profile, change = watched(memtrawl, "plain")
    assert said["object"] == 133
    expected = said["count"] * said["object"] + said["list"]
    site = max(profile["sites"], key=lambda s: s["live_bytes"])
    print(f"{said['count']} objects: {expected} bytes by their sizes, {change['live_bytes']} live "
          f"({(change['live_bytes'] - expected) / expected:+.4%})")
    assert abs(change["live_bytes"] - expected) / expected < 0.005
    assert abs(change["live_objects"] - said["count"]) / said["count"] < 0.005
    assert abs(site["live_objects"] - said["count"]) <= 16
    assert site["live_bytes"] >= said["object"] * said["count"] * 0.999


def test_python_against_tracemalloc(memtrawl):
    """
    tracemalloc sees the same; what it keeps about each block is malloc's, too, and comes on top: an entry of a hash
    table (32 bytes: Python/hashtable.h) and a trace (16 bytes: Modules/_tracemalloc.c), and 2^17 buckets for these.
    """
    said, _, change = watched(memtrawl, "trace")
    expected = said["count"] * said["object"] + said["list"]
    own = said["count"] * (32 + 16) + (1 << 17) * 8
    ours = change["live_bytes"] - own
    print(f"tracemalloc {said['traced']}, by sizes {expected} ({(said['traced'] - expected) / expected:+.4%}), "
          f"ours {change['live_bytes']} - {own} of tracemalloc's = {ours} "
          f"({(ours - said['traced']) / said['traced']:+.4%})")
    assert abs(said["traced"] - expected) / expected < 0.005
    assert abs(ours - said["traced"]) / said["traced"] < 0.01
    assert abs(change["live_objects"] - 3 * said["count"]) / said["count"] < 0.01
