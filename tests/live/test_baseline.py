# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process held once, and what has changed since; also across a restart."""
import re

from memtrawl import Target

OK, FINDING, USAGE, REFUSED = 0, 1, 2, 3
# reach_sizes: bytes and blocks of each site
MADE = {"make_small": (64000, 1000), "make_large": (sum(20000 + i * 3000 for i in range(100)), 100),
        "make_kept": (100 * 64 + 100 * 50000, 200)}


def baseline(memtrawl, what, pid, *args):
    return memtrawl("baseline", what, "-p", pid, *args)


def moved(document):
    return {s["frames"][0]["function"]: (s["live_bytes"]["change"], s["live_objects"]["change"]) for s in
            document["sites"] if s["significant"]}


def test_of_a_process(memtrawl):
    with Target("reach_sizes") as target, memtrawl.session(target.pid):
        pid = target.pid
        done = baseline(memtrawl, "compare", pid)
        assert (done.returncode, done.stderr) == (REFUSED, f"memtrawl: there is no baseline of PID {pid}: `memtrawl "
                                                  "baseline set -p PID` makes one\n")
        done = baseline(memtrawl, "set", pid)
        assert (done.returncode, done.stdout) == (OK, f"baseline of PID {pid} set: 0 B live in 0 blocks at 0 sites\n")
        done = baseline(memtrawl, "compare", pid, "--fail-on-drift")
        assert done.returncode == OK and "0 sites changed by more than chance" in done.stdout
        target.go()
        document = memtrawl.json("baseline", "compare", "-p", pid, "--json")
        # of small ones there are many, and yet they are less than 1 % of it all
        assert moved(document) == {name: MADE[name] for name in ("make_large", "make_kept")}
        assert document["change"]["live_bytes"]["change"] == sum(b for b, _ in MADE.values())
        assert len(memtrawl.json("baseline", "compare", "-p", pid, "--json", "--all")["sites"]) == 3
        done = baseline(memtrawl, "compare", pid, "--fail-on-drift")
        assert done.returncode == FINDING
        assert "2 sites changed by more than chance, 2 of them grew" in done.stdout
        assert baseline(memtrawl, "set", pid).returncode == OK  # replaces it
        assert baseline(memtrawl, "compare", pid, "--fail-on-drift").returncode == OK
        shown = memtrawl.json("baseline", "show", "-p", pid, "--json")
        assert {s["frames"][0]["function"]: s["live_bytes"] for s in shown["sites"]} == {
            name: b for name, (b, _) in MADE.items()}
        assert baseline(memtrawl, "reset", pid).stdout == f"baseline of PID {pid} removed\n"
        assert baseline(memtrawl, "show", pid).returncode == REFUSED
        assert memtrawl("list").stdout == memtrawl("list", "--store", "/nonexistent").stdout  # it is no snapshot


def test_of_a_build(memtrawl):
    with Target("reach_sizes") as target, memtrawl.session(target.pid):
        target.go()
        done = baseline(memtrawl, "set", target.pid, "--by", "build")
        build, = re.match(r"baseline of build ([0-9a-f]+) set: ", done.stdout).groups()
    with Target("reach_sizes") as target, memtrawl.session(target.pid):
        # another process: it has none of its own, so its build's is meant; all that was there is gone
        document = memtrawl.json("baseline", "compare", "-p", target.pid, "--json")
        assert moved(document) == {name: (-b, -n) for name, (b, n) in MADE.items() if name != "make_small"}
        target.go()
        assert moved(memtrawl.json("baseline", "compare", "-p", target.pid, "--json")) == {}
    assert memtrawl("baseline", "show", "--build-id", build, "-n", 1).returncode == OK
    assert memtrawl("baseline", "reset", "--build-id", build).returncode == OK
    done = memtrawl("baseline", "show", "--build-id", build)
    assert (done.returncode, done.stderr) == (REFUSED, f"memtrawl: there is no baseline of build {build}: `memtrawl "
                                              "baseline set -p PID --by build` makes one\n")


def test_wrong_usage(memtrawl):
    for args in (("baseline",), ("baseline", "keep", "-p", 1), ("baseline", "show", "--build-id", "../x"),
                 ("baseline", "set", "--build-id", "aa"), ("baseline", "show")):
        done = memtrawl(*args)
        assert done.returncode == USAGE and done.stderr.count("\n") == 1, (args, done.stderr)
