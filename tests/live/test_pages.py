# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages by who touched them first: equal to what each function touched and still holds, to the page."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernel import swap_file
from memtrawl import Memtrawl, Target, assert_exact

PAGE = 4096
# what a program does with its pages, and what it is built for: musl's sbrk refuses
PARTS = ["touches", "unmaps", "populated", "advise", "syscalls", "files", "huge", "break", "attached", "moves", "fill", "sparse"]
# ... and has no unwind information for its read
VARIANTS = [("glibc", part) for part in PARTS] + [
    ("musl-static", part) for part in PARTS if part not in ("break", "syscalls")] + [
    (allocator, part) for allocator in ("static", "musl") for part in ("touches", "unmaps", "moves")]


def accounts(truth):
    """{site: {key: value}} of the program's own account, of those that touched anything."""
    sites = {}
    for name, value in truth.items():
        if "." in name:
            site, key = name.split(".")
            sites.setdefault(site, {})[key] = value
    return {name: account for name, account in sites.items() if account["alloc_bytes"]}


def by_function(profile, names):
    """The same of the profile: a site belongs to the first of the functions that is on its stack."""
    sums = {name: {"live_bytes": 0, "alloc_bytes": 0} for name in names}
    for site in profile["sites"]:
        name = next((f["function"] for f in site["frames"] if f["function"] in names), None)
        if name:
            for key in sums[name]:
                sums[name][key] += site[key]
    return sums


def note(profile, text):
    """What the site without a stack of that name holds."""
    return sum(s["live_bytes"] for s in profile["sites"] if s["frames"][0]["function"] == text)


def rows(profile):
    """All of it, for a message."""
    return "".join(f"\n  {s['live_objects']} of {s['alloc_objects']} pages: "
                   + " < ".join(str(f["function"] or f["object"]) for f in s["frames"][:4]) for s in profile["sites"])


def assert_pages(truth, profile):
    wanted = accounts(truth)
    seen = by_function(profile, set(wanted))
    if "touch_huge" in wanted:  # of a huge page that was cut, what is gone was touched by nobody in particular
        assert wanted["touch_huge"]["live_bytes"] <= seen["touch_huge"]["alloc_bytes"]
        seen["touch_huge"]["alloc_bytes"] = wanted["touch_huge"]["alloc_bytes"]
    assert wanted and seen == wanted, rows(profile)
    assert profile["loss"]["pages_full"] == profile["loss"]["pages_stale"] == 0


def assert_reconciled(profile):
    """The parts are the whole, as far as the kernel's own count of it goes: it lags by some pages a CPU."""
    resident, rss = profile["resident"], profile["rss"]
    assert resident["anonymous_bytes"] == profile["totals"]["live_bytes"]
    assert resident["anonymous_bytes"] == sum(s["live_bytes"] for s in profile["sites"])
    assert resident["file_bytes"] + resident["shmem_bytes"] == sum(n["resident_bytes"] for n in resident["named"])
    assert rss["current_bytes"] == sum(resident[key] for key in ("anonymous_bytes", "file_bytes", "shmem_bytes",
                                                                 "unexplained_bytes"))
    assert abs(resident["unexplained_bytes"]) <= 512 * PAGE


def observe(memtrawl, *args, allocator="glibc", options=()):
    with Target("pages", *args, allocator=allocator) as target:
        with memtrawl.session(target.pid, "--source", "pages", *options):
            truth = target.go()
            return truth, memtrawl.profile(target.pid, "seen")


@pytest.mark.parametrize("allocator, part", VARIANTS)
def test_every_page(memtrawl, allocator, part):
    truth, profile = observe(memtrawl, part, allocator=allocator)
    assert profile["source"] == "pages"
    if part != "attached" or accounts(truth):
        assert_pages(truth, profile)
    assert_reconciled(profile)


def test_populated_without_a_fault(memtrawl):
    """Pages that came by MAP_POPULATE are not those of whoever had the place before."""
    truth, profile = observe(memtrawl, "populated")
    assert note(profile, "[populated without a fault]") == truth["populated_bytes"]
    assert profile["resident"]["unseen_bytes"] == truth["populated_bytes"]


def test_before_attach(memtrawl):
    """What was there stays, until it is given back."""
    with Target("pages", "attached") as target, memtrawl.session(target.pid, "--source", "pages"):
        before = memtrawl.profile(target.pid, "before")
        truth = target.go()
        after = memtrawl.profile(target.pid, "after")
    assert_pages(truth, after)
    assert note(before, "[before attach]") == before["totals"]["live_bytes"]
    assert note(before, "[before attach]") - note(after, "[before attach]") == 30 * PAGE
    assert after["resident"]["before_bytes"] == note(after, "[before attach]") >= truth["before_bytes"]


@pytest.mark.parametrize("rung", ["session", "multi", "perf"])
def test_rung(tmp_path, rung):
    truth, profile = observe(Memtrawl(tmp_path, rung))
    assert_pages(truth, profile)
    assert_reconciled(profile)


@pytest.mark.parametrize("part", ["touches", "unmaps", "huge"])
def test_frame_pointers(memtrawl, part):
    """The C library has none, which hides who called its read."""
    truth, profile = observe(memtrawl, part, options=("--unwind", "fp"))
    assert_pages(truth, profile)


def test_forked_child(memtrawl, tmp_path):
    """It has what its parent had, and what it writes to is its own; a copy that the parent gets is still its."""
    child_file = tmp_path / "child.json"
    with Target("pages", "fork", env={"MEMTRAWL_TRUTH_CHILD": str(child_file)}) as target:
        with memtrawl.session(target.pid, "--source", "pages", "--follow-forks"):
            truth = target.go()
            parent = memtrawl.profile(target.pid, "parent")
            child = memtrawl.profile(truth["child_pid"], "child")
    assert_pages(truth, parent)
    assert_pages(json.loads(child_file.read_text()), child)
    assert note(child, "[inherited at fork]") >= 25 * PAGE
    for profile in (parent, child):
        assert_reconciled(profile)


@pytest.mark.parametrize("allocator", ["glibc", "musl", "musl-static"])
def test_stack_goes_through_memset(memtrawl, allocator):
    """musl's has no unwind information and leaves the frame pointer alone: its caller is on top of the stack."""
    _, profile = observe(memtrawl, "fill", allocator=allocator)
    site = next(s for s in profile["sites"] if any(f["function"] == "touch_memset" for f in s["frames"]))
    functions = [f["function"] for f in site["frames"]]
    assert "memset" in functions[0]
    assert functions[functions.index("touch_memset"):][:4] == ["touch_memset", "fill", "scenario", "main"]


PYTHON = "keep = []\nwhile True:\n    keep.append(bytearray(1 << 20))\n    input()\n"
NODE = "const k = []; process.stdin.on('data', lines => { for (const _ of lines) k.push(Buffer.alloc(1 << 20, 1)); })"


@pytest.mark.parametrize("interpreter, flag, script", [("python3", "-c", PYTHON), ("node", "-e", NODE)])
def test_scripts(memtrawl, interpreter, flag, script):
    """What leaks is named, in any language, by the frames of what runs it."""
    path = shutil.which(interpreter)
    if not path:
        pytest.skip(f"{interpreter} is not installed")
    with subprocess.Popen([path, flag, script], stdin=subprocess.PIPE) as process:
        try:
            time.sleep(1)
            with memtrawl.session(process.pid, "--source", "pages"):
                for _ in range(40):
                    process.stdin.write(b"\n")
                    process.stdin.flush()
                    time.sleep(0.02)
                profile = memtrawl.profile(process.pid, "seen")
        finally:
            process.kill()
    through = [s for s in profile["sites"] if "memset" in (s["frames"][0]["function"] or "")
               and any(interpreter in os.path.basename(f["object"] or "") for f in s["frames"])]
    assert sum(s["live_bytes"] for s in through) >= 38 << 20
    assert all(len(s["frames"]) > 8 and s["frames"][-1]["function"] == "_start" for s in through)
    assert_reconciled(profile)


GO = """package main
import "os"
var kept [][]byte
//go:noinline
func leakHere() {
	piece := make([]byte, 1<<20)
	for i := range piece { piece[i] = 1 }
	kept = append(kept, piece)
}
func main() { line := make([]byte, 1); for { if n, _ := os.Stdin.Read(line); n > 0 { leakHere() } } }
"""
JAVA = """import java.util.*;
public class Leak {
	static List<byte[]> kept = new ArrayList<>();
	static void leakHere() { kept.add(new byte[1 << 20]); }
	public static void main(String[] arguments) throws Exception { while (System.in.read() > 0) leakHere(); }
}
"""


def leaking_program(language, folder):
    """The command that runs it, once it is compiled."""
    compiler = {"go": "go", "java": "javac"}[language]
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    if language == "go":
        (folder / "leak.go").write_text(GO)
        subprocess.run(["go", "build", "-o", folder / "leak", "leak.go"], cwd=folder, check=True,
                       env={**os.environ, "GOCACHE": str(folder / "cache"), "GOFLAGS": "", "GO111MODULE": "off"})
        return [folder / "leak"]
    (folder / "Leak.java").write_text(JAVA)
    subprocess.run(["javac", "Leak.java"], cwd=folder, check=True)
    return ["java", "-Xmx1g", "-cp", folder, "Leak"]


@pytest.mark.parametrize("language, function, end", [("go", "main.leakHere", ["runtime.goexit"]),
                                                     ("java", "JavaMain", ["clone", "clone3", "__clone3"])])
def test_compiled_languages(memtrawl, tmp_path, language, function, end):
    """Stacks go through a runtime's own code, and what it compiles as it goes, to where the thread began."""
    command = leaking_program(language, tmp_path)
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            time.sleep(1)
            with memtrawl.session(process.pid, "--source", "pages"):
                for _ in range(40):
                    process.stdin.write(b"\n")
                    process.stdin.flush()
                    time.sleep(0.02)
                time.sleep(0.2)
                profile = memtrawl.profile(process.pid, "seen")
        finally:
            process.kill()
    through = [s for s in profile["sites"] if function in [f["function"] for f in s["frames"]]]
    assert sum(s["live_bytes"] for s in through) >= 36 << 20
    assert {s["frames"][-1]["function"] for s in through} <= set(end)
    assert_reconciled(profile)


def test_stack_is_whole(memtrawl):
    _, profile = observe(memtrawl, "touches")
    for inner in ("touch_first", "touch_second", "touch_third"):
        site = next(s for s in profile["sites"] if s["frames"][0]["function"] == inner)
        assert [f["function"] for f in site["frames"]][1:4] == ["touches", "scenario", "main"]


def test_text_and_diff(memtrawl):
    with Target("pages", "touches") as target, memtrawl.session(target.pid, "--source", "pages"):
        memtrawl.profile(target.pid, "before")
        target.go()
        memtrawl.profile(target.pid, "after")
        text = memtrawl.ok("show", "after")
        diff = memtrawl.json("diff", "before", "after", "--json")
        leaks = memtrawl.ok("leaks", "-p", target.pid, "--for", "1s")
    assert "resident" in text and "touch_first" in text and "[before attach]" in text and "libc" in text
    assert "touch_first" not in leaks  # nothing was touched in that second
    assert diff["before"]["source"] == diff["after"]["source"] == "pages"
    grown = {s["frames"][0]["function"]: s["live_bytes"]["change"] for s in diff["sites"]}
    assert grown["touch_first"] == 60 * PAGE and grown["touch_second"] == 40 * PAGE


@pytest.fixture(name="swap")
def swap_space(tmp_path):
    """Somewhere to swap to: what the machine has, or a file."""
    if len(Path("/proc/swaps").read_text(encoding="ascii").splitlines()) > 1:
        yield
        return
    with swap_file(tmp_path / "swap", 64 << 20):
        yield


def test_swapped(memtrawl, swap):
    """What is swapped out is still its site's, and what comes back is not that of whoever brought it."""
    assert swap is None
    truth, profile = observe(memtrawl, "swap")
    assert_pages(truth, profile)
    assert_reconciled(profile)
    assert profile["resident"]["swapped_bytes"] >= truth["swapped_bytes"]
    site = next(s for s in profile["sites"] if s["frames"][0]["function"] == "touch_first")
    assert site["swapped_bytes"] == truth["swapped_bytes"]
    assert site["alloc_bytes"] == site["live_bytes"] + site["swapped_bytes"] and not site["free_bytes"]


def links_of(pid):
    """Links that a process holds."""
    count = 0
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += "bpf_link" in os.readlink(fd)
        except OSError:
            pass
    return count


@pytest.mark.parametrize("program", ["pages", "pages.musl-static"])
def test_leaks_needs_no_allocator(memtrawl, program):
    with Target(program, "touches") as target:
        with memtrawl.background("leaks", "-p", target.pid, "--source", "pages", "--for", "5s", "--json") as leaks:
            while links_of(leaks.pid) < 6:
                time.sleep(0.05)
            time.sleep(1.5)  # they are there before it begins to count
            truth = target.go()
            document = json.loads(leaks.end().stdout)
    assert {s["frames"][0]["function"]: s["live_bytes"] for s in document["sites"]} == {
        name: account["live_bytes"] for name, account in accounts(truth).items()}
    # each page was touched at a time that is known; once and no more, so it is no leak
    assert all(sum(s["births"]) == s["live_bytes"] for s in document["sites"])
    assert all(s["leak"]["severity"] == "none" for s in document["sites"])


def test_other_source(memtrawl):
    """What has nothing in common is not compared."""
    with Target("pages", "touches") as target:
        memtrawl.ok("snapshot", "-p", target.pid, "--for", "100ms", "heap")
        memtrawl.ok("snapshot", "-p", target.pid, "--for", "100ms", "--source", "pages", "pages")
    done = memtrawl("diff", "heap", "pages")
    assert done.returncode == 2 and "nothing in common" in done.stderr


def test_heap_and_pages(memtrawl):
    """Of each site's live blocks what is in memory; and what the allocator has beside them."""
    with Target("resident") as target, memtrawl.session(target.pid, "--source", "heap,pages"):
        truth = target.go()
        profile = memtrawl.profile(target.pid, "seen")
        text = memtrawl.ok("show", "seen")
    assert_exact(truth, profile)
    assert profile["source"] == "heap"
    resident = {s["frames"][0]["function"]: s["resident_bytes"] for s in profile["sites"]}
    assert resident == {"make_large": truth["large_bytes"], "make_small": truth["kept_bytes"]}
    parts = profile["resident"]
    assert parts["live_bytes"] == truth["large_bytes"] + truth["kept_bytes"]
    # headers, and what is left of the last page
    assert truth["freed_bytes"] <= parts["retained_bytes"] <= truth["freed_bytes"] * 1.05 + 64 * PAGE
    assert "retained by the allocator" in text and "resident)" in text


def test_heap_and_pages_sampled(memtrawl):
    """An estimate does not say which bytes are live: retention is not told, and residence is scaled up."""
    with Target("resident") as target:
        with memtrawl.session(target.pid, "--source", "heap,pages", "--sample", "64K"):
            target.go()
            profile = memtrawl.profile(target.pid, "seen")
    assert profile["resident"]["retained_bytes"] == 0
    large = next(s for s in profile["sites"] if s["frames"][0]["function"] == "make_large")
    assert 0 < large["resident_bytes"] < large["live_bytes"] / 10


def test_run_is_about_the_heap(memtrawl):
    done = memtrawl("run", "--source", "pages", "--", "true")
    assert "use --source heap" in done.stderr and done.returncode in (2, 125)


def test_exec_and_exit(memtrawl):
    """The pages of what a process was are gone with it; what it is now begins with none."""
    script = "import os, sys; x = bytearray(30 << 20); sys.stdin.readline(); os.execvp('sleep', ['sleep', '30'])"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as process:
        try:
            time.sleep(1)
            with memtrawl.session(process.pid, "--source", "pages"):
                before = memtrawl.profile(process.pid, "before")
                process.stdin.write(b"\n")
                process.stdin.flush()
                time.sleep(1)
                after = memtrawl.profile(process.pid, "after")
        finally:
            process.kill()
    assert before["resident"]["before_bytes"] > 30 << 20
    assert after["process"]["comm"] == "sleep" and after["totals"]["live_bytes"] < 2 << 20
    assert after["resident"]["before_bytes"] == 0
    assert_reconciled(after)
