# SPDX-License-Identifier: GPL-2.0-or-later
"""The rss source by itself (tests/live/rss_rows.c), and programs whose memory is known."""
import json
import re
import subprocess
from pathlib import Path

from memtrawl import TOP, Target

MIB = 1 << 20
PAGE = 4096


class RssRows:
    """What the rss source sees, with a rest where there are so many changes in a slice of time. A context manager."""

    def __init__(self, slice_changes=0):
        self.command = [TOP / "build/tests/live/rss_rows", str(slice_changes)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.events = []
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)

    def look(self):
        """All processes, by pid; what else was said stays in `said`, and events up to now in `events`."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            self.said = json.loads(line)
            if "rows" in self.said:
                return {row["pid"]: row for row in self.said["rows"]}
            self.events.append(self.said)
        raise AssertionError("rss_rows has ended")

    def of(self, pid):
        return self.look()[pid]

    @property
    def bound(self):
        return self.said["bound"]


class Resident(Target):
    """tests/targets/rss_kinds.c. It has done everything once, so that its own code and libc's are resident."""

    def __init__(self):
        super().__init__("rss_kinds")

    def __enter__(self):
        super().__enter__()
        for command in ("anon 1", "grow", "half", "free", "huge 2", "free", "shmem 1", "free", "file 1", "free", "burst 1"):
            self.do(command)
        return self

    def do(self, command):
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        answer = self.line()
        return None if answer == "done" else answer


def fields(path):
    """Of a file such as /proc/PID/status, the lines with kilobytes, in bytes."""
    return {name: int(kb) * 1024 for name, kb in re.findall(r"^(\w+):\s+(\d+) kB", Path(path).read_text(), re.M)}


def resident(row):
    return row["now"]["anon"] + row["now"]["file"] + row["now"]["shmem"]
