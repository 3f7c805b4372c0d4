#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every JSON document that memtrawl prints is as its schema in user/render/schema/ says, and the schemas are strict.

Run from the top of the tree, after make: python3 tests/live/test_schema.py (or through pytest).
"""
import copy
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None
try:
    import referencing.jsonschema
except ImportError:  # before jsonschema 4.18
    referencing = None

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MEMTRAWL_BUILD", TOP / "build"))
SCHEMAS = TOP / "user/render/schema"
GOLDEN = TOP / "tests/golden"


@functools.lru_cache(maxsize=None)
def validator(kind):
    """Schemas refer to each other by the names of their files."""
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    schema = schemas[f"{kind}.schema.json"]
    checker = jsonschema.Draft202012Validator
    checker.check_schema(schema)
    if referencing:
        resources = [(name, referencing.jsonschema.DRAFT202012.create_resource(s)) for name, s in schemas.items()]
        return checker(schema, registry=referencing.Registry().with_resources(resources))
    return checker(schema, resolver=jsonschema.RefResolver("", schema, store=schemas))


def run(*arguments):
    """A command that must succeed; returns what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMTRAWL_")}
    done = subprocess.run([BUILD / "memtrawl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, env=environment, timeout=60)
    return done.stdout


def memtrawl(*arguments):
    return json.loads(run(*arguments))


def objects(node):
    """All JSON objects in the document."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


@unittest.skipUnless(jsonschema, "python3-jsonschema is not installed")
class Schemas(unittest.TestCase):
    def check(self, document):
        kind = document["schema"].removeprefix("memtrawl.").removesuffix("/1")
        validator(kind).validate(document)
        # strict: no key may be missing, and none may be added, anywhere
        for index, _ in enumerate(objects(document)):
            for change in (self.drop_key, self.add_key):
                changed = copy.deepcopy(document)
                change(list(objects(changed))[index])
                self.assertFalse(validator(kind).is_valid(changed), f"{change.__name__} in object {index}")

    @staticmethod
    def drop_key(node):
        node.pop(next(iter(node)))

    @staticmethod
    def add_key(node):
        node["surplus"] = 1

    def test_golden_documents(self):
        paths = sorted(GOLDEN.glob("*.json"))
        self.assertEqual({json.loads(p.read_text())["schema"] for p in paths},
                         {"memtrawl.profile/1", "memtrawl.leaks/1", "memtrawl.reach/1", "memtrawl.diff/1", "memtrawl.list/1",
                          "memtrawl.run/1", "memtrawl.status/1", "memtrawl.top/1", "memtrawl.record/1",
                          "memtrawl.spikes/1", "memtrawl.variance/1", "memtrawl.hotspots/1"})
        for path in paths:
            with self.subTest(path.name):
                self.check(json.loads(path.read_text()))

    def test_what_verbs_print(self):
        with tempfile.TemporaryDirectory() as folder:
            store = pathlib.Path(folder, "812-123456")
            store.mkdir()
            path = store / "a.pb.gz"
            subprocess.run([BUILD / "tests/live/make_profile", path], check=True)
            for group in ("line", "function", "file", "object", "stack"):
                with self.subTest(group):
                    self.check(memtrawl("show", str(path), "--json", "--group-by", group))
            self.check(memtrawl("diff", "a", "a", "--store", folder, "--format", "json"))
            listing = memtrawl("list", "--store", folder, "--json")
            self.check(listing)
            self.assertEqual([s["name"] for s in listing["snapshots"]], ["a"])
            empty = memtrawl("list", "--store", folder + "/none", "--json")
            validator("list").validate(empty)
            self.assertEqual(empty["snapshots"], [])

    @unittest.skipUnless(os.geteuid() == 0, "live tests must be run as root")
    def test_what_verbs_print_of_a_process(self):
        server = subprocess.Popen([BUILD / "targets/leaky_server", "60"], stdin=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        target = ("-p", server.pid)
        self.check(memtrawl("doctor", "--json"))
        self.check(memtrawl("top", "--once", "--json", *target))
        self.check(memtrawl("doctor", *target, "--json"))
        self.check(memtrawl("leaks", *target, "--for", "1s", "--json"))
        self.check(memtrawl("leaks", "-p", f"{server.pid},{os.getpid()}", "--for", "1s", "--json"))
        with tempfile.TemporaryDirectory() as folder:
            store = ("--store", folder)
            run("start", *target, *store, "--max-overhead", "off")
            self.addCleanup(subprocess.run, [BUILD / "memtrawl", "stop", "-p", str(server.pid)], check=False,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            status = memtrawl("status", *target, *store, "--json")
            self.check(status)
            self.assertEqual([s["pid"] for s in status["sessions"]], [server.pid])
            run("snapshot", *target, *store, "first")
            self.check(memtrawl("leaks", *target, "--for", "1s", "--json"))
            lost = memtrawl("reach", *target, "--stop", "--json")
            self.check(lost)
            self.check(memtrawl("reach", *target, "--who", lost["sites"][0]["id"], "--json"))
            self.check(memtrawl("leaks", *target, "--for", "1s", "--reach", "--stop", "--json"))
            run("snapshot", *target, *store, "second")
            self.check(memtrawl("show", "first", *store, "--json"))
            self.check(memtrawl("diff", "first", "second", *store, "--json"))
            self.check(memtrawl("list", *store, "--json"))
            self.assertEqual(memtrawl("status", *target, *store, "--json")["sessions"][0]["snapshots"], 2)
            run("stop", *target)

    @unittest.skipUnless(os.geteuid() == 0, "live tests must be run as root")
    def test_what_run_prints(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "report.json")
            run("run", "-o", report, "--", BUILD / "targets/malloc_family", "--now")
            document = json.loads(report.read_text())
            self.check(document)
            self.assertEqual(document["exit"], {"status": 0, "signal": None})
            self.assertEqual(sum(size["objects"] for size in document["sizes"]),
                             document["profile"]["totals"]["alloc_objects"])
            run("run", "--reach", "-o", report, "--", BUILD / "targets/leaky_server", "1")
            document = json.loads(report.read_text())
            self.check(document)
            self.assertTrue(document["reach"]["sites"])

    @unittest.skipUnless(os.geteuid() == 0, "live tests must be run as root")
    def test_what_record_prints(self):
        with tempfile.TemporaryDirectory() as folder:
            series = pathlib.Path(folder, "rss.csv")
            document = memtrawl("record", "--json", "-o", series, "--interval", "10ms", "--", "sleep", "0.1")
            self.check(document)
            self.assertEqual(document["end"], {"reason": "process_ended", "status": 0, "signal": None})
            spikes = memtrawl("spikes", "--json", series)
            self.check(spikes)
            self.assertEqual(spikes["rows"], document["rows"])
            variance = memtrawl("variance", "--json", series, series)
            self.check(variance)
            self.assertEqual(variance["peaks"]["mean_bytes"], document["peak"]["rss_bytes"])
            self.assertEqual(variance["peaks"]["standard_deviation_bytes"], 0)

    def test_sites_and_others_add_up(self):
        document = json.loads((GOLDEN / "profile-stack.json").read_text())
        for key in ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects"):
            self.assertEqual(sum(s[key] for s in document["sites"]) + document["others"][key], document["totals"][key])


if __name__ == "__main__":
    unittest.main()
