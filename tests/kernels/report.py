#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py DIRECTORY SELECTION SUITE...: what tools/check-kernels found, from DIRECTORY/SUITE/results.

A kernel must pass every test of the file SELECTION but those that force a rung which it is known not to have, or need a
pinned session where there can be none: these it may skip. What was not run has failed. Exit status 1 if anything failed.
"""
import json
import re
import sys
import xml.etree.ElementTree as tree
from collections import Counter
from pathlib import Path

RUNGS = ["session", "multi", "perf"]
# The best rung that a kernel has, by its version; a rung that is lost is a failure as well.
SINCE = {"session": (6, 13), "multi": (6, 6), "perf": (5, 10)}
PINS_SINCE = (5, 15)  # links of perf events: b89fbfbb854c


def expected_tests(selection):
    """File and name of each, in the words of JUnit files: tests.live.test_run.TestFailOnLeak, test_leak."""
    tests = []
    for line in Path(selection).read_text().splitlines():
        found = re.fullmatch(r"(tests/live/(\w+))\.py::(?:(\w+)::)?(test_.*)", line)
        if found:
            path, group = found[1].replace("/", "."), found[3]
            tests.append((f"{path}.{group}" if group else path, found[4]))
    return tests


class Kernel:
    """One kernel's results."""

    def __init__(self, suite, directory):
        self.suite = suite
        fetched = directory / suite / "release"
        self.release = fetched.read_text().strip() if fetched.exists() else "not fetched"
        results = directory / suite / "results"
        self.results = self._results(results / "pytest.xml")
        self.doctor = self._doctor(results / "doctor.json")
        version = re.match(r"(\d+)\.(\d+)", self.release)
        version = (int(version[1]), int(version[2])) if version else (0, 0)
        self.pins = version >= PINS_SINCE
        self.has = [rung for rung in RUNGS if version >= SINCE[rung]]
        self.wrong = []  # lines on what did not go as expected
        self.counts = {}

    @staticmethod
    def _results(path):
        """{(file, test): (passed, failed or skipped, the reason)}; empty if the guest brought none."""
        try:
            cases = list(tree.parse(path).getroot().iter("testcase"))
        except (OSError, tree.ParseError):
            return {}
        found = {}
        for case in cases:
            what, why = "passed", ""
            for part in case:
                if part.tag in ("failure", "error", "skipped"):
                    what, why = "skipped" if part.tag == "skipped" else "failed", part.get("message", "")
            found[case.get("classname"), case.get("name")] = (what, why)
        return found

    @staticmethod
    def _doctor(path):
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            return None

    def may_skip(self, name, why):
        words = re.split(r"[\[\]-]", name)[1:]
        return (not self.pins and "this kernel cannot pin" in why) or any(rung in words for rung in RUNGS if rung not in self.has)

    def judge(self, tests):
        for file, name in tests:
            what, why = self.results.get((file, name), ("failed", "was not run"))
            if what == "skipped" and not self.may_skip(name, why):
                what = "failed"
                why = f"skipped: {why}"
            if what == "failed":
                self.wrong.append(f"{self.suite}: {file.rpartition('.')[2]} {name}: {why.splitlines()[0] if why else ''}")
            self.counts.setdefault(file.split(".")[2], Counter())[what] += 1
        self._judge_rung()

    def _judge_rung(self):
        used = [r["name"] for r in self.doctor["rungs"] if r["used"]] if self.doctor else []
        right = bool(self.has) and used == self.has[:1]
        self.counts["rung in use"] = Counter(["passed" if right else "failed"])
        if not right:
            self.wrong.append(f"{self.suite}: rung in use: {' '.join(used) or 'none'}, "
                              f"should be {' '.join(self.has[:1]) or 'known'}")

    def describe(self):
        print(f"{self.suite}: {self.release}")
        if not self.doctor:
            print("    no answer from memtrawl doctor")
            return
        for rung in self.doctor["rungs"]:
            if rung["used"] or not rung["works"]:
                print(f"    {rung['name']}: {'in use' if rung['used'] else 'no: ' + str(rung['why_not'])}")
        print(f"    stacks by {self.doctor['unwind']}; iterators: {'yes' if self.doctor['iterator'] else 'no'}")


def table(kernels):
    """Rows of cells: what was tested; for each kernel passed/failed/skipped."""
    rows = [["passed/failed/skipped", *(k.release.partition("-")[0].partition("+")[0] for k in kernels)]]
    for file in kernels[0].counts:
        rows.append([file, *("{passed}/{failed}/{skipped}".format_map(
            {"passed": 0, "failed": 0, "skipped": 0, **k.counts[file]}) for k in kernels)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())


def main():
    directory, suites = Path(sys.argv[1]), sys.argv[3:]
    tests = expected_tests(sys.argv[2])
    kernels = [Kernel(suite, directory) for suite in suites]
    total = Counter()
    for kernel in kernels:
        kernel.judge(tests)
        kernel.describe()
        for counts in kernel.counts.values():
            total += counts
    print()
    table(kernels)
    wrong = [line for kernel in kernels for line in kernel.wrong]
    print("\n" + "\n".join(wrong) if wrong else "")
    if not tests:
        print("no tests were expected: that is a failure of its own")
        total["failed"] += 1
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
