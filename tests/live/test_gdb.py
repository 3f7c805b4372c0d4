# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks are those that gdb finds at the same moment. tools/compare-gdb is the long form, with more programs."""
import pytest

from stops import compare_program

STACKS = 10


@pytest.mark.parametrize("program", ["redis", "postgres", "python3"])  # only postgres's stacks need the callers' rbp
def test_same_as_gdb(memtrawl, tmp_path, program):
    results = compare_program(memtrawl, tmp_path, program, STACKS)
    frames = [count for count, _ in results]
    print(f"{program}: {len(results)} stacks of {min(frames)} to {max(frames)} frames")
    assert [found for _, found in results] == [None] * STACKS
    assert min(frames) > 5
