# SPDX-License-Identifier: GPL-2.0-or-later
"""redis that grows by misuse, told from redis that fills its cache."""
import contextlib
import dataclasses
import random
import socket
import time
from collections.abc import Callable

import pytest

from memtrawl import Memtrawl
from redis import Redis
from stops import Repeated

SECONDS = 30


@dataclasses.dataclass
class Load:
    command: Callable[[], bytes]
    per_second: int
    reads: bool = True


@contextlib.contextmanager
def client(redis, load):
    """Sends commands at a pace for as long as the context is open, on a connection of its own."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(redis.socket)

        def work():
            time.sleep(0.01)
            connection.sendall(b"".join(load.command() for _ in range(load.per_second // 100)))
            if load.reads:
                connection.recv(1 << 16)

        with Repeated(work):
            yield


def encode(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Three servers at once, each with a load of its own: what `leaks` says of each."""
    loads = {"fills": Load(lambda: encode("SET", random.randrange(10**9), b"v" * 1000), 2000),
             "stream": Load(lambda: encode("XADD", "stream", "*", "field", b"v" * 500), 1000),
             "unread": Load(lambda: encode("GET", "page"), 100, reads=False)}
    with contextlib.ExitStack() as stack:
        redis = {name: stack.enter_context(Redis(tmp_path_factory.mktemp(name))) for name in loads}
        redis["fills"].cli("CONFIG", "SET", "maxmemory", "20mb")
        redis["fills"].cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        redis["unread"].cli("SET", "page", "v" * 16000)
        for name, load in loads.items():
            stack.enter_context(client(redis[name], load))
        time.sleep(1)
        memtrawl = Memtrawl(tmp_path_factory.mktemp("memtrawl"))
        told = memtrawl.json("leaks", "-p", ",".join(str(r.pid) for r in redis.values()), "--for", f"{SECONDS}s",
                             "--max-overhead", "off", "--json")
        assert redis["fills"].info("evicted_keys") > 1000
    return dict(zip(loads, told["documents"]))


def leaks(document):
    """The functions on the stacks of what is said to leak, the worst first."""
    return [[str(f["function"]) for f in s["frames"]] for s in document["sites"] if s["leak"]["severity"] != "none"]


def test_a_cache_that_fills_up(documents):
    """To maxmemory, after which it evicts: some 2 MB a second until 20."""
    assert leaks(documents["fills"]) == []


def test_a_stream_that_is_never_trimmed(documents):
    stream = documents["stream"]
    assert leaks(stream) and "xaddCommand" in leaks(stream)[0]
    assert stream["outlook"]["explained_ratio"] > 0.8


def test_a_client_that_never_reads_its_replies(documents):
    unread = documents["unread"]
    assert leaks(unread) and "addReply" in " ".join(leaks(unread)[0])
    # jemalloc has 20 KiB for each of its blocks of 16
    assert unread["outlook"]["explained_ratio"] > 0.5
