# SPDX-License-Identifier: GPL-2.0-or-later
"""What `leaks` says of programs of which it is known whether they leak. The whole of it is tools/check-verdicts."""
import subprocess

from memtrawl import TOP

# those of the half that was not tuned on whose kind no seed and no 20 seconds can hide
LEAKING = ["steady_random_sizes", "slow_one_percent", "realloc_strings", "thread_local_caches"]
SOUND = ["arenas", "delayed_free", "fifo_queue", "threads_start_stop"]


def test_the_plain_cases():
    names = LEAKING + SOUND
    done = subprocess.run([TOP / "tools/check-verdicts", "--seeds", "1", "--windows", "20", "--only", ",".join(names)],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = done.stdout.splitlines()[1].split()
    assert counts[:2] == ["20", "s"] and [int(n) for n in counts[2:6]] == [8, 4, 0, 0], done.stdout
