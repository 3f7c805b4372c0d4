#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every JSON document that memtrawl prints is as its schema in user/render/schema/ says, and the schemas are strict.

Run from the top of the tree, after make: python3 tests/live/test_schema.py (or through pytest).
"""
import copy
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

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MEMTRAWL_BUILD", TOP / "build"))
SCHEMAS = TOP / "user/render/schema"
GOLDEN = TOP / "tests/golden"


def validator(kind):
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def memtrawl(*arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMTRAWL_")}
    done = subprocess.run([BUILD / "memtrawl", *arguments], check=True, stdout=subprocess.PIPE, env=environment)
    return json.loads(done.stdout)


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
                         {"memtrawl.profile/1", "memtrawl.leaks/1", "memtrawl.diff/1", "memtrawl.list/1"})
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

    def test_sites_and_others_add_up(self):
        document = json.loads((GOLDEN / "profile-stack.json").read_text())
        for key in ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects"):
            self.assertEqual(sum(s[key] for s in document["sites"]) + document["others"][key], document["totals"][key])


if __name__ == "__main__":
    unittest.main()
