# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in a root and a pid namespace of their own."""
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from kernel import child_of, is_alive
from memtrawl import Target


def libraries_of(path):
    """The files that a dynamic program needs, by ldd."""
    text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True, timeout=20).stdout
    return re.findall(r"(/\S+) \(0x", text)


def make_root(root, program, *more):
    """A directory with a program at /program, what it needs, and more files in /extra."""
    for path in {*libraries_of(program), *(needed for extra in more for needed in libraries_of(extra))}:
        copy = root / path.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(path), copy)
    shutil.copy(program, root / "program")
    (root / "extra").mkdir()
    for path in more:
        shutil.copy(os.path.realpath(path), root / "extra" / Path(path).name)


class Contained(Target):
    """A target whose root is `root`, and which is process 1 of a pid namespace."""

    def __init__(self, root, environment=()):
        for tool in ("unshare", "chroot"):
            if not shutil.which(tool):
                pytest.skip(f"{tool} is not installed")
        self.path, self.rest, self.pid = root / "program", b"", 0
        self.process = subprocess.Popen(["unshare", "-m", "-p", "-f", "chroot", root, "/program"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={"PATH": os.environ["PATH"], **dict(environment)})

    def __enter__(self):
        super().__enter__()
        self.pid = child_of(self.process.pid)
        return self

    def __exit__(self, *_):
        if self.pid and is_alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        super().__exit__()
