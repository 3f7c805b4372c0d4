# SPDX-License-Identifier: GPL-2.0-or-later
"""The live blocks of a pinned session: as its iterator `blocks` prints them, or where the kernel has none, from its map."""
import ctypes
import functools
import mmap
import os
import struct
import subprocess
from pathlib import Path

import pytest

from kernel import bpftool, bpftool_path
from memtrawl import TOP

COLUMNS = ["address", "size", "objects", "age_seconds", "process", "stack"]
NONE, CLAIMED = 0, 0xffffffffffffffff  # addresses of no block (bpf/buckets.h)
BUCKET = struct.Struct("=8Q" + "QQIIII" * 7)  # struct mt_bucket (bpf/memtrawl.h)
SYS_BPF, BPF_OBJ_GET = 321, 7


@functools.lru_cache(maxsize=None)
def refusal_of_iterators():
    """What the kernel says to iterators over maps when bpftool loads them; empty if it takes them."""
    pins, programs = Path(f"/sys/fs/bpf/memtrawl_test_{os.getpid()}"), TOP / "build/bpf/iter.bpf.o"
    assert programs.exists(), "else bpftool fails whatever the kernel does"
    done = subprocess.run([bpftool_path(), "prog", "loadall", programs, pins],
                          capture_output=True, text=True, check=False, timeout=30)
    if pins.is_dir():
        for pin in pins.iterdir():
            pin.unlink()
        pins.rmdir()
    return next(line for line in done.stderr.splitlines() if "failed" in line) if done.returncode else ""


def iterator(pins, name):
    """The lines of a session's iterator; skips where this kernel refuses such programs, whoever loads them."""
    if refusal_of_iterators():
        pytest.skip(f"this kernel refuses iterators over maps: {refusal_of_iterators()}")
    return (pins / name).read_text().splitlines()


def printed_blocks(pins):
    heading, *rows = iterator(pins, "blocks")
    assert heading.split() == COLUMNS
    return [{name: int(value, 16 if name in ("address", "stack") else 10) for name, value in zip(COLUMNS, row.split())}
            for row in rows]


def map_memory(pin):
    """A pinned array, mapped."""
    path = ctypes.create_string_buffer(str(pin).encode())
    attributes = ctypes.create_string_buffer(struct.pack("=QII", ctypes.addressof(path), 0, 0))
    fd = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, BPF_OBJ_GET, attributes, 16)
    assert fd >= 0, os.strerror(ctypes.get_errno())
    try:
        size = BUCKET.size * bpftool("map", "show", "pinned", pin)["max_entries"]
        return mmap.mmap(fd, size, prot=mmap.PROT_READ), size
    finally:
        os.close(fd)


def blocks_in_buckets(pin):
    memory, size = map_memory(pin)
    with memory:
        for at in range(0, size, BUCKET.size):
            _, *words = BUCKET.unpack_from(memory, at)
            for number, address in enumerate(words[:7]):
                if address not in (NONE, CLAIMED):
                    stack, asked, _, objects, _, process = words[7 + 6 * number:13 + 6 * number]
                    yield {"address": address, "size": asked, "objects": objects, "process": process, "stack": stack}


def blocks_in_hash_map(pin):
    for item in bpftool("map", "dump", "pinned", pin):
        item = item.get("formatted", item)
        yield {"address": item["key"]["address"], **{name: item["value"][name] for name in COLUMNS
                                                     if name not in ("address", "age_seconds")}}


def live_blocks(pins):
    """A dictionary for each live block, by the columns of the iterator (without the age, where there is none)."""
    if not refusal_of_iterators():
        return printed_blocks(pins)
    buckets = pins / "buckets"
    return list(blocks_in_buckets(buckets) if buckets.exists() else blocks_in_hash_map(pins / "live"))
