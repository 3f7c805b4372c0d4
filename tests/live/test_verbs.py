#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that work on files: what they print where, and their exit statuses.

Run from the top of the tree, after make: python3 tests/live/test_verbs.py (or through pytest).
"""
import os
import pathlib
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MEMTRAWL_BUILD", TOP / "build"))
GOLDEN = TOP / "tests/golden"


class Verbs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.store = self.folder / "store"
        for pid, name in ((812, "a"), (812, "b"), (900, "c")):
            process = self.store / f"{pid}-123456"
            process.mkdir(parents=True, exist_ok=True)
            subprocess.run([BUILD / "tests/live/make_profile", process / f"{name}.pb.gz"], check=True)
        self.file = self.folder / "x.pb.gz"
        subprocess.run([BUILD / "tests/live/make_profile", self.file], check=True)

    def run_verb(self, *arguments, status=0, cwd=None, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMTRAWL_")}
        environment.update(MEMTRAWL_STORE=str(self.store), **variables)
        done = subprocess.run([BUILD / "memtrawl", *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment, cwd=cwd or self.folder)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(status == 0, not done.stderr, done.stderr)
        self.assertLessEqual(done.stderr.count(b"\n"), 1)
        return (done.stdout if status == 0 else done.stderr).decode()

    def test_show(self):
        golden = (GOLDEN / "profile-stack.txt").read_text()
        self.assertEqual(self.run_verb("show", self.file, "-n", 3), golden)
        self.assertEqual(self.run_verb("show", "a", "--top-n=3"), golden)
        self.assertEqual(self.run_verb("show", "a", MEMTRAWL_TOP_N="3"), golden)
        self.assertEqual(self.run_verb("show", "./x.pb.gz", "-n3", "--format", "json"),
                         (GOLDEN / "profile-stack.json").read_text())

    def test_output_file(self):
        for extension, golden in (("json", "profile-stack.json"), ("csv", "profile.csv"), ("folded", "profile.folded"),
                                  ("txt", "profile-stack.txt")):
            path = self.folder / f"out.{extension}"
            self.assertEqual(self.run_verb("show", "a", "-n3", "-o", path), "")
            self.assertEqual(path.read_bytes(), (GOLDEN / golden).read_bytes())
        path = self.folder / "copy.pb.gz"
        self.run_verb("show", "a", "-o", path)
        self.assertEqual(path.read_bytes(), self.file.read_bytes())

    def test_list_and_rm(self):
        self.assertEqual([line.split()[0] for line in self.run_verb("list", "-p", 900).splitlines()], ["name", "c"])
        self.assertEqual(len(self.run_verb("list").splitlines()), 4)
        self.assertEqual(self.run_verb("rm", "a", "c"), "")
        self.assertEqual([line.split()[0] for line in self.run_verb("list").splitlines()], ["name", "b"])
        self.assertIn("no snapshot 'a'", self.run_verb("rm", "a", status=3))
        self.assertIn("cannot name a snapshot", self.run_verb("rm", "../x", status=2))
        self.assertIn("too few arguments", self.run_verb("rm", status=2))
        self.assertTrue(self.file.exists())

    def test_damaged_snapshot_does_not_hide_others(self):
        (self.store / "812-123456/a.pb.gz").write_bytes(b"\x1f\x8bnonsense")
        done = subprocess.run([BUILD / "memtrawl", "list", "--store", self.store, "--format=csv"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=True)
        self.assertEqual(sorted(line.split(",")[0] for line in done.stdout.splitlines()), ["b", "c", "name"])
        self.assertIn("warning: cannot read ", done.stderr)

    def test_diff(self):
        self.assertIn("\n  live    7.1 MiB -> 7.1 MiB, 4074 -> 4074 blocks\n", self.run_verb("diff", "a", "./x.pb.gz"))
        self.assertIn("go tool pprof", self.run_verb("diff", "a", "b", "--format", "pprof", status=2))
        self.assertIn("too few", self.run_verb("diff", "a", status=2))

    def test_mistakes(self):
        self.assertIn("did you mean 'show'", self.run_verb("shwo", status=2))
        self.assertIn("did you mean '--sort'", self.run_verb("show", "a", "--sotr=live", status=2))
        self.assertIn("write ./x.pb.gz", self.run_verb("show", "x.pb.gz", status=2))
        self.assertIn("no such file", self.run_verb("show", "./none", status=3))
        self.assertIn("no snapshot 'none'", self.run_verb("show", "none", status=3))
        self.assertIn("for leaks", self.run_verb("show", "a", "--sort=score", status=2))
        full = self.folder / "full"  # a link: whatever becomes of it, the device stays
        full.symlink_to("/dev/full")
        self.assertIn("no space left on device; free some", self.run_verb("show", "a", "-o", full, status=3))
        self.assertIn("too few", self.run_verb("show", status=2))

    def test_help(self):
        for arguments in ((), ("--help",), ("help",), ("-h",)):
            text = self.run_verb(*arguments) if arguments else None
            if text:
                self.assertIn("  rm         remove snapshots from the store\n", text)
        self.assertEqual(self.run_verb("help", "show"), self.run_verb("show", "--help"))
        self.assertRegex(self.run_verb("--version"), r"^memtrawl \d+\.\d+\n$")

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BUILD / "memtrawl", "show", self.file], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 3)


if __name__ == "__main__":
    unittest.main()
