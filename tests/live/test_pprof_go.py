#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`go tool pprof` reads our files, and finds the totals that are in them.

Run from the top of the tree, after make: python3 tests/live/test_pprof_go.py (or through pytest).
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MEMTRAWL_BUILD", TOP / "build"))
GO = shutil.which("go")


@unittest.skipUnless(GO, "go is not installed")
class GoPprof(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "a.pb.gz"
        # with looks, which are in a field that pprof does not know
        subprocess.run([BUILD / "tests/live/make_profile", self.path, "looks"], check=True)

    def pprof(self, *arguments):
        # nothing is looked up elsewhere: no symbols, no configuration
        environment = dict(os.environ, HOME=str(self.folder), PPROF_TMPDIR=str(self.folder), PPROF_BINARY_PATH="/none")
        done = subprocess.run([GO, "tool", "pprof", "-symbolize=none", *arguments, self.path], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        return done.stdout

    def top(self, sample, unit):
        """The total, and what each function holds itself."""
        text = self.pprof("-top", "-nodefraction=0", "-edgefraction=0", f"-sample_index={sample}", f"-unit={unit}")
        total = re.search(r"accounting for (\d+)(?:B)?, 100% of (\d+)(?:B)? total", text)
        self.assertIsNotNone(total, text)
        self.assertEqual(total[1], total[2])
        rows = re.findall(r"^ *(\d+)B? +[\d.]+% +[\d.]+% +\d+B? +[\d.]+%  (.+)$", text, re.M)
        return int(total[2]), {name: int(value) for value, name in rows if int(value)}

    def test_totals(self):
        self.assertEqual(self.top("inuse_space", "B"), (7406568, {
            "cache_fill": 4194304,
            "session_new (inline)": 3145728,
            "std::__new_allocator<int>::allocate(unsigned long, void const*)": 65536,
            "[libgrow.so.1]": 1000,
        }))
        self.assertEqual(self.top("inuse_objects", "count")[0], 4074)
        self.assertEqual(self.top("alloc_space", "B")[0], 212960232)
        self.assertEqual(self.top("alloc_objects", "count")[0], 53085)

    def test_header(self):
        text = self.pprof("-top")
        self.assertIn("\nType: inuse_space\n", text)  # the default
        self.assertIn("Build ID: aa11\n", text)
        self.assertIn("Duration: 30s", text)

    def test_what_pprof_writes_is_read_back(self):
        for focus, total in (("cache_fill", "4.0 MiB in 1000 blocks"), ("main", "7.1 MiB in 4073 blocks")):
            filtered = self.folder / "filtered.pb.gz"
            self.pprof("-proto", f"-focus={focus}", f"-output={filtered}")
            text = subprocess.run([BUILD / "memtrawl", "show", filtered], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout
            self.assertIn(f"\n  live    {total}", text)
            self.assertIn("server [812] on db1", text)
            self.assertIn("50000     49000\n      cache_fill  cache.c:33\n", text)


if __name__ == "__main__":
    unittest.main()
