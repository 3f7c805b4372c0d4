# SPDX-License-Identifier: GPL-2.0-or-later
"""The full-screen table of `top`, by its keys: in tmux, on a server of its own, as a terminal of a known size."""
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from memtrawl import BINARY, Target
from test_top import MIB, holder, wait_for

KEEP = "; echo status $?; exec sleep 100"


class Terminal:
    """memtrawl in a tmux window."""

    def __init__(self, memtrawl, tmp_path, args, columns=80, rows=24, term=None):
        if not shutil.which("tmux"):
            pytest.skip("tmux is not installed")
        self.server = f"memtrawl-test-{os.getpid()}"
        self.env = {**memtrawl.env, "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": str(tmp_path), "TERM": "xterm-256color"}
        command = " ".join([str(BINARY), "top", "--interval", "200ms", *map(str, args)])
        if term:
            command = f"TERM={term} {command}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, command + KEEP)

    def tmux(self, *args):
        return subprocess.run(["tmux", "-u", "-L", self.server, *map(str, args)], env=self.env, check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self.server, "kill-server"], env=self.env, check=False, capture_output=True)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def styles(self):
        return self.tmux("capture-pane", "-p", "-e")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def until(self, pattern, timeout=60, styles=False):
        """Waits until the screen has that; returns the screen."""
        end = time.monotonic() + timeout
        while True:
            screen = self.styles() if styles else self.screen()
            if re.search(pattern, screen, re.M):
                return screen
            if time.monotonic() > end:
                pytest.fail(f"the screen does not come to have {pattern!r}:\n{screen}", pytrace=False)
            time.sleep(0.05)

    def selected(self):
        """The line in reverse video and bold, without the last line."""
        for line in self.styles().split("\n")[:-2]:
            if re.match(r"(\x1b\[[0-9;]*m)*\x1b\[([0-9]+;)*7m", line) and "pid" not in line[:20]:
                return re.sub(r"\x1b\[[0-9;]*m", "", line)
        return ""

    def until_selected(self, pattern, timeout=60):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.selected()):
            if time.monotonic() > end:
                pytest.fail(f"selected is not {pattern!r} but {self.selected()!r}:\n{self.screen()}", pytrace=False)
            time.sleep(0.05)


def pids(screen):
    return [int(p) for p in re.findall(r"^ *(\d+) +[0-9.]+[KMG]? ", screen, re.M)]


def test_the_table_fits_80_by_24(memtrawl, tmp_path):
    with Terminal(memtrawl, tmp_path, []) as top:
        screen = top.until(r"^    pid   rss  anon  swap  peak growth/h  flt/s full in  command      cgroup$")
        lines = screen.split("\n")
        assert len(lines) == 25 and max(map(len, lines)) <= 80
        assert re.match(r"\d+ processes, rss \S+ \S+", lines[0]) and "peaks within" in lines[1]
        assert lines[2].startswith("    pid")
        assert re.match(r" 1 of \d+  Enter open  / filter  s sort  t tree  p pause  \? help  q quit", lines[23])
        top.keys("q")
        screen = top.until(r"^status 0$")
        assert "pid" not in screen  # the terminal is as it was


def test_a_wide_terminal_shows_all_kinds(memtrawl, tmp_path):
    with holder(8 * MIB, name="topper") as one:
        with Terminal(memtrawl, tmp_path, ["-p", one.pid], columns=150, rows=40) as top:
            top.until(r"^    pid   rss  anon  file shmem  swap  peak growth/h  flt/s full in  command          cgroup$")
            line = re.search(rf"^ *{one.pid} .*$", top.until(rf"^ *{one.pid} "), re.M)[0]
            assert "  topper           /" in line
            # another size of the window is drawn at once
            top.tmux("resize-window", "-x", 80, "-y", 12)
            screen = top.until(r"^    pid   rss  anon  swap  peak growth/h")
            assert len(screen.split("\n")) == 13 and "q quit" in screen.split("\n")[11]


def test_keys_select_and_the_selection_stays(memtrawl, tmp_path):
    with holder(4 * MIB, name="topper a") as a, holder(20 * MIB, name="topper b") as b, \
            holder(12 * MIB, name="topper c") as c:
        with Terminal(memtrawl, tmp_path, ["--filter", "topper"]) as top:
            assert pids(top.until(rf"^ *{a.pid} ")) == [b.pid, c.pid, a.pid]
            top.until_selected(rf"^ *{b.pid} ")
            top.keys("Down")
            top.until_selected(rf"^ *{c.pid} ")
            top.keys("End")
            top.until_selected(rf"^ *{a.pid} ")
            top.until(r"^ 3 of 3 ")
            top.keys("<")  # by name: it is the first now, and still selected
            screen = top.until(r"; by name, with 'topper'; ")
            assert pids(screen) == [a.pid, b.pid, c.pid]
            top.until_selected(rf"^ *{a.pid} ")
            top.keys("Home", "Down", "Down", "Up")
            top.until_selected(rf"^ *{b.pid} ")
            top.keys("s")
            assert pids(top.until(r"; by rss, with")) == [b.pid, c.pid, a.pid]
            for name in ("growth", "peak", "anon", "swap", "faults", "pid"):
                top.keys(">")
                top.until(rf"; by {name}, with")
            assert pids(top.screen()) == sorted([a.pid, b.pid, c.pid])


def test_filter_tree_pause_and_help(memtrawl, tmp_path):
    with holder(4 * MIB, name="topper a") as a, holder(20 * MIB, name="topper b") as b:
        with Terminal(memtrawl, tmp_path, [], columns=120) as top:
            top.until(r"^ 1 of \d+ ")
            top.keys("/")
            top.until(r"^ filter: _ ")
            top.type("topper q")
            top.until(r"^ filter: topper q_ ")
            assert pids(top.until(r", with 'topper q'; ")) == []
            top.keys("BSpace")
            assert pids(top.until(r", with 'topper '; ")) == [b.pid, a.pid]
            top.keys("Enter")
            top.until(r"^ 1 of 2  Enter open")
            top.keys("t")
            screen = top.until(r"cgroup and command$")
            # a line for each cgroup on the way, then both, indented
            names = [line[69:] for line in screen.split("\n")[3:-2] if line]
            depths = [len(name) - len(name.lstrip(" ")) for name in names]
            assert depths[-1] == depths[-2] and depths[:-1] == list(range(0, 2 * len(depths) - 2, 2)), screen
            assert [name.strip() for name in names[-2:]] == ["topper b", "topper a"]
            top.keys("t", "p")
            top.until(r"^ PAUSED  1 of 2 ")
            before = top.screen()
            time.sleep(0.7)
            assert top.screen() == before
            top.keys("p")
            top.until(r"^ 1 of 2 ")
            top.keys("?")
            help_page = top.until(r"^ any key: back")
            for key in ("Up Down PgUp PgDn", "Enter", "  h ", "s or >, <", "  /", "  t ", "  p ", "q or Esc"):
                assert key in help_page
            assert max(map(len, help_page.split("\n"))) <= 80
            top.keys("x")
            top.until(r"^ 1 of 2 ")
            top.keys("Escape")  # clears the filter, and the next one leaves
            screen = top.until(r"; by rss; ")
            assert "status" not in screen
            top.keys("Escape")
            top.until(r"^status 0$")


def test_a_process_is_opened(memtrawl, tmp_path):
    with holder(400 * MIB, 20 * MIB, name="topper") as one:
        with Terminal(memtrawl, tmp_path, ["-p", one.pid]) as top:
            top.until(rf"^ *{one.pid} ")
            time.sleep(2)
            top.keys("Enter")
            screen = top.until(rf"^topper \[{one.pid}\]: ")
            lines = screen.split("\n")
            assert re.match(r"rss [0-9.]+ MiB, anon [0-9.]+ MiB, file [0-9.]+ MiB, shmem 0 B, swap 0 B$", lines[1])
            assert re.match(r"peak [0-9.]+ MiB at 20\S+Z \(within [0-9.]+ KiB\)$", lines[2])
            growth = re.match(r"growth \+([0-9.]+) GiB/h, (\d+) faults/s, 0 of them major, [0-9.]+ % CPU, 1 thread$",
                              lines[3])
            assert growth and float(growth[1]) == pytest.approx(20 * 3600 / 1024, rel=0.1)
            assert int(growth[2]) == pytest.approx(20 * MIB / 4096, rel=0.35)
            assert lines[4].startswith("cgroup /") and lines[5].startswith("limit  ")
            # a rising line from the lower left corner to the upper right one
            curve = [line[6:] for line in lines[7:22]]
            assert all(line[5] in "┤│" for line in lines[7:22])
            dots = [len(line) - len(line.lstrip(" ")) for line in curve]
            assert dots[-1] == 0 and dots[0] > 60 and dots == sorted(dots, reverse=True)
            assert re.match(r" +[0-9.]+ s ago +now$", lines[22])
            assert lines[23].startswith(" h heap by call site  p pages by call site   q back")
            one.kill()
            top.until(rf"^topper \[{one.pid}\] has ended: ")
            top.keys("q")
            top.until(r"^ 0 of 0 ")


def test_its_heap_by_call_site(memtrawl, tmp_path):
    """What the program allocates after the key is counted exactly, and seen within an interval or two."""
    with Target("malloc_family") as target, Terminal(memtrawl, tmp_path, ["-p", target.pid], rows=50,
                                                     columns=120) as top:
        top.until(rf"^ *{target.pid} ")
        top.keys("Enter")
        top.until(rf"^malloc_family \[{target.pid}\]: ")
        top.keys("h")
        top.until(rf"^malloc_family \[{target.pid}\], heap: ")
        top.until(r"live    0 B in 0 blocks")
        truth = target.go()
        totals = truth["totals"]
        screen = top.until(rf" in {totals['live_objects']} blocks, peak ")
        assert "every allocation counted" in screen
        assert re.search(r"^  cost    [0-9.]+ % overhead \(budget 50 %\), \d+ traps/s$", screen, re.M)
        live = {s["function"]: s for s in truth["sites"] if s["live_bytes"]}
        assert live
        for function, site in live.items():
            found = re.search(rf"^ +\S+ \S+ +\S+% +(\d+) .* {function}\b", screen, re.M)
            assert found and int(found[1]) == site["live_objects"], function
        assert top.screen().count("% overhead") == 1
        top.keys("g")
        top.until(r"^ by file ")
        top.keys("q")
        top.until(rf"^malloc_family \[{target.pid}\]: ")
        # detached: another command may trace the process now
        assert memtrawl.json("leaks", "-p", target.pid, "--for", "200ms", "--json")["process"]["pid"] == target.pid
        top.keys("q", "q")
        top.until(r"^status 0$")


def test_its_pages_by_call_site(memtrawl, tmp_path):
    """Who touches memory after the key is named, without a probe on any allocator."""
    with Target("grower") as target, Terminal(memtrawl, tmp_path, ["-p", target.pid], rows=50, columns=120) as top:
        top.until(rf"^ *{target.pid} ")
        top.keys("Enter", "p")
        top.until(rf"^grower \[{target.pid}\], pages: ")
        top.until(r"touched 0 B in 0 pages")
        target.process.stdin.write(b"grow 20 200\n")
        target.process.stdin.flush()
        screen = top.until(r"^ +20\.0 MiB +9\d\.\d% +5120 .* __memset")
        assert "overhead" not in screen
        top.keys("q")
        top.until(rf"^grower \[{target.pid}\]: ")


def has_lock(pid):
    links = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").glob("*") if fd.is_symlink()]
    return any(link.startswith("/run/memtrawl/") for link in links)


def test_why_there_is_no_heap(memtrawl, tmp_path):
    with Target("malloc_family") as target:
        with memtrawl.background("leaks", "-p", target.pid, "--for", "600s") as leaks, \
                Terminal(memtrawl, tmp_path, ["-p", target.pid]) as top:
            wait_for(lambda: has_lock(leaks.pid))
            top.until(rf"^ *{target.pid} ")
            top.keys("Enter", "h")
            top.until(rf"PID {target.pid} is being traced already")
            top.keys("q")
            top.until(rf"^malloc_family \[{target.pid}\]: ")


@pytest.mark.parametrize("number", ["TERM", "INT", "HUP"])
def test_signals_leave_the_terminal_as_it_was(memtrawl, tmp_path, number):
    with Terminal(memtrawl, tmp_path, []) as top:
        top.until(r"^ 1 of \d+ ")
        parent = top.tmux("display-message", "-p", "#{pane_pid}").strip()
        child = subprocess.run(["pgrep", "-P", parent, "-x", "memtrawl"], check=True, capture_output=True,
                               text=True).stdout.strip()
        subprocess.run(["kill", f"-{number}", child], check=True)
        screen = top.until(r"^status 0$")
        assert "pid" not in screen
        modes = subprocess.run(["stty", "-a", "-F", top.tmux("display-message", "-p", "#{pane_tty}").strip()],
                               check=True, capture_output=True, text=True).stdout
        assert re.search(r"(?<!-)\becho\b", modes) and re.search(r"(?<!-)\bicanon\b", modes)


def test_names_cannot_harm_the_terminal(memtrawl, tmp_path):
    with holder(4 * MIB, name="x\033[2J\u202ey") as one:
        with Terminal(memtrawl, tmp_path, ["-p", one.pid], columns=120) as top:
            top.until(rf"^ *{one.pid} .* x\\x1b\[2J\\u202ey ")
            top.keys("Enter")
            top.until(rf"^x\\x1b\[2J\\u202ey \[{one.pid}\]: ")


def test_a_terminal_that_cannot_do_it(memtrawl, tmp_path):
    with Terminal(memtrawl, tmp_path, [], term="no-such-terminal") as top:
        screen = top.until(r"^status 3$")
        assert "no full-screen table on a terminal of type 'no-such-terminal'" in screen.replace("\n", "")


def test_a_dumb_terminal_gets_plain_text(memtrawl, tmp_path):
    with holder(4 * MIB, name="topper") as one:
        with Terminal(memtrawl, tmp_path, ["-p", one.pid], term="dumb", rows=40) as top:
            top.until(rf"(?s)^ *{one.pid} .*^ *{one.pid} ")
            top.keys("C-c")
            top.until(r"status 0$")


def test_a_signal_takes_the_probes_off(memtrawl, tmp_path):
    with Target("malloc_family") as target:
        with Terminal(memtrawl, tmp_path, ["-p", target.pid]) as top:
            top.until(rf"^ *{target.pid} ")
            top.keys("Enter", "h")
            top.until(r"live    0 B in 0 blocks")
            top.keys("C-c")
            assert "live" not in top.until(r"^status 0$")
        assert memtrawl.json("leaks", "-p", target.pid, "--for", "200ms", "--json")["process"]["pid"] == target.pid
