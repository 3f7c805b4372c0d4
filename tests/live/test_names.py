# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of a program whose debugging information is elsewhere: in a folder, in a container, on a server, or was there."""
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from containers import Contained, make_root
from kernel import has_begun, wait_until
from memtrawl import BINARY, Target

BLOCKS, SIZE = 50, 48

PROGRAM = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static void *volatile kept;
static volatile sig_atomic_t ticks;
#line 10 "/src/inner.h"
static inline __attribute__((always_inline)) void *inner(size_t size) {
	kept = malloc(size); /* 11 */
	return kept;
}
#line 20 "/src/middle.h"
static inline __attribute__((always_inline)) void *middle(size_t size) {
	return inner(size); /* 21 */
}
#line 30 "/src/outer.c"
__attribute__((noinline)) static int outer(size_t size) {
	int none = !middle(size); /* 31 */
	__asm__ volatile("");
	return none;
}
__attribute__((noinline)) static int in_vdso(int number) {
	int none = number && !(kept = malloc(32)); /* 36 */
	__asm__ volatile("");
	return none;
}
static void on_signal(int number) {
	ticks += 1 + in_vdso(number); /* 41 */
}
int main(int count, char **args) {
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0}};
	struct timespec now;
	int none = 0;
	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 0; i < 50; i++)
		none += outer(48); /* 51 */
	if (count > 1) {
		signal(SIGALRM, on_signal);
		setitimer(ITIMER_REAL, &often, NULL);
		while (ticks < 300)
			clock_gettime(CLOCK_MONOTONIC, &now);
		setitimer(ITIMER_REAL, &never, NULL);
	}
	printf("{\\"none\\": %d}\\n", none);
	fflush(stdout);
	return getchar() == 'x' || !args;
}
"""

WITH_LINES = [("inner", "/src/inner.h", 11, True), ("middle", "/src/middle.h", 21, True),
              ("outer", "/src/outer.c", 31, False), ("main", "/src/outer.c", 51, False)]


class Program(Target):
    """A program that is not one of the tests' own."""

    def __init__(self, path, *args):
        self.path, self.rest = path, b""
        self.process = subprocess.Popen([path, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60,
                          **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def build_id(path):
    (line,) = [line for line in run("readelf", "-nW", path).splitlines() if "Build ID:" in line]
    return line.split()[-1]


@pytest.fixture
def program(tmp_path):
    """A stripped program; beside it, in the folder `whole`, the one that it was made of, and its debug file."""
    folder = tmp_path / "bin"
    whole = folder / "whole"
    whole.mkdir(parents=True)
    (whole / "program.c").write_text(PROGRAM)
    run("gcc", "-g", "-O2", "-fno-omit-frame-pointer", "-Wl,--build-id=sha1", whole / "program.c", "-o",
        whole / "program")
    run("objcopy", "--only-keep-debug", whole / "program", whole / "debug")
    run("strip", whole / "program", "-o", folder / "program")
    return folder / "program"


def debug_file(program, folder):
    """Installs the program's debug file below a folder such as /usr/lib/debug."""
    digits = build_id(program)
    path = folder / ".build-id" / digits[:2] / f"{digits[2:]}.debug"
    path.parent.mkdir(parents=True)
    shutil.copy(program.parent / "whole/debug", path)
    return path


def frames_of_blocks(profile):
    """The frames in the program itself of the one site with the 50 blocks, innermost first."""
    (site,) = [site for site in profile["sites"] if site["alloc_bytes"] == BLOCKS * SIZE]
    assert site["alloc_objects"] == BLOCKS
    return [(frame["function"], frame["file"], frame["line"], frame["inlined"]) for frame in site["frames"]
            if "program" in (frame["object"] or "")]


def has_lines(profile):
    return frames_of_blocks(profile)[:4] == WITH_LINES


def has_no_names(profile):
    """main() is no exported symbol: nothing is left in the stripped program that names its code."""
    return not any(name for name, *_ in frames_of_blocks(profile))


# ---- a folder

def test_debug_folder(memtrawl, program, tmp_path):
    """Function, file, line and the chain of inlined calls."""
    with Program(program) as target, memtrawl.session(target.pid):
        assert target.go() == {"none": 0}
        assert has_no_names(memtrawl.profile(target.pid, "none"))
        debug_file(program, tmp_path / "debug")
        memtrawl.env["MEMTRAWL_DEBUG_DIR"] = f"/nonexistent:{tmp_path / 'debug'}"
        assert has_lines(memtrawl.profile(target.pid, "seen"))


def test_leaks(memtrawl, program, tmp_path):
    """A command that attaches by itself. The last block is not freed either: all have leaked."""
    debug_file(program, tmp_path / "debug")
    memtrawl.env["MEMTRAWL_DEBUG_DIR"] = str(tmp_path / "debug")
    with Program(program) as target:
        with memtrawl.background("leaks", "-p", target.pid, "--json", "-n", 0, "--for", "600s", "--sample", "exact",
                                 "--max-overhead", "off") as tracer:
            wait_until(lambda: has_begun(tracer.pid), "leaks does not begin")
            target.go()
            tracer.process.send_signal(signal.SIGINT)
            done = tracer.end()
    assert done.returncode == 0, done.stderr
    assert has_lines(json.loads(done.stdout))


def test_of_another_build(memtrawl, program, tmp_path):
    """The file is there, and says that it is of another program."""
    memtrawl.env["MEMTRAWL_DEBUG_DIR"] = str(tmp_path / "debug")
    path = debug_file(program, tmp_path / "debug")
    whole = program.parent / "whole"
    run("gcc", "-g", "-O1", "-Wl,--build-id=sha1", whole / "program.c", "-o", whole / "other")
    run("objcopy", "--only-keep-debug", whole / "other", path)
    with Program(program) as target, memtrawl.session(target.pid):
        target.go()
        assert has_no_names(memtrawl.profile(target.pid, "seen"))


def test_debug_link(memtrawl, program):
    run("objcopy", f"--add-gnu-debuglink={program.parent / 'whole/debug'}", program)
    (program.parent / ".debug").mkdir()
    shutil.copy(program.parent / "whole/debug", program.parent / ".debug/debug")
    with Program(program) as target, memtrawl.session(target.pid):
        target.go()
        assert has_lines(memtrawl.profile(target.pid, "seen"))


def test_link_to_a_device(memtrawl, program):
    """Whoever starts a process can put anything beside it. A pipe would be waited for; a device is not opened at all."""
    run("objcopy", f"--add-gnu-debuglink={program.parent / 'whole/debug'}", program)
    (program.parent / ".debug").mkdir()
    os.mkfifo(program.parent / ".debug/debug")
    (program.parent / "debug").symlink_to("/dev/zero")
    with Program(program) as target, memtrawl.session(target.pid):
        target.go()
        assert has_no_names(memtrawl.profile(target.pid, "seen"))


def test_container(memtrawl, program, tmp_path):
    """In the container's own /usr/lib/debug, which the host knows nothing of."""
    root = tmp_path / "root"
    make_root(root, program)
    debug_file(program, root / "usr/lib/debug")
    with Contained(root) as target, memtrawl.session(target.pid):
        target.go()
        assert has_lines(memtrawl.profile(target.pid, "seen"))


# ---- what was there

def test_cache(memtrawl, program, tmp_path):
    """A later command has the names of an earlier one, which had the debug file."""
    cache = tmp_path / "cache"
    memtrawl.env["MEMTRAWL_NAME_CACHE"] = str(cache)
    memtrawl.env["MEMTRAWL_DEBUG_DIR"] = str(tmp_path / "debug")
    path = debug_file(program, tmp_path / "debug")
    with Program(program) as target, memtrawl.session(target.pid):
        target.go()
        assert has_lines(memtrawl.profile(target.pid, "first"))
        path.unlink()
        assert has_lines(memtrawl.profile(target.pid, "second"))
        (stored,) = cache.glob(f"{build_id(program)}-0-*.lines")
        assert stored.stat().st_mode & 0o777 == 0o600 and cache.stat().st_mode & 0o777 == 0o700
        memtrawl.env["MEMTRAWL_NAME_CACHE"] = "off"
        assert has_no_names(memtrawl.profile(target.pid, "third"))


# ---- a server

class Server:
    """debuginfod for the files of a folder, on a port of its own. A context manager; .url once it serves the build id."""

    def __init__(self, files, folder, build_id_served):
        if not shutil.which("debuginfod"):
            pytest.skip("debuginfod is not installed")
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.build_id = build_id_served
        home = folder / "home"
        home.mkdir(parents=True)
        self.log = open(folder / "log", "w")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(["debuginfod", "-F", "-d", folder / "index.sqlite", "-p", str(self.port), "-t", "1",
                                         files], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={"PATH": os.environ["PATH"], "HOME": str(home)})

    def serves(self):
        assert self.process.poll() is None, "debuginfod has ended"
        try:
            with urllib.request.urlopen(f"{self.url}/buildid/{self.build_id}/debuginfo", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def __enter__(self):
        try:
            wait_until(self.serves, "debuginfod does not serve the file", 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()


def test_debuginfod(memtrawl, program, tmp_path):
    files = tmp_path / "served"
    files.mkdir()
    shutil.copy(program.parent / "whole/debug", files / "program.debug")
    home = tmp_path / "home"
    home.mkdir()
    memtrawl.env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "MEMTRAWL_NAME_CACHE": "off",
                     "DEBUGINFOD_TIMEOUT": "10"}
    with Server(files, tmp_path / "server", build_id(program)) as server:
        with Program(program) as target, memtrawl.session(target.pid):
            target.go()
            assert has_no_names(memtrawl.profile(target.pid, "without"))
            memtrawl.env["DEBUGINFOD_URLS"] = server.url
            assert has_lines(memtrawl.profile(target.pid, "seen"))
    assert list((home / "cache/debuginfod_client").glob(f"{build_id(program)}/debuginfo"))


def test_no_server(memtrawl, program, tmp_path):
    """A server that is not there costs the names, and no more."""
    memtrawl.env |= {"DEBUGINFOD_URLS": "http://127.0.0.1:1", "DEBUGINFOD_TIMEOUT": "2",
                     "XDG_CACHE_HOME": str(tmp_path / "home")}
    with Program(program) as target, memtrawl.session(target.pid):
        target.go()
        assert has_no_names(memtrawl.profile(target.pid, "seen"))


# ---- the vdso

def test_vdso(memtrawl, program):
    """Its code has names, by its image in the process's memory: a signal interrupts it, whose handler allocates."""
    with Program(program.parent / "whole/program", "vdso") as target, memtrawl.session(target.pid):
        target.go()
        profile = memtrawl.profile(target.pid, "seen")
    sites = [site for site in profile["sites"] if any(f["function"] == "in_vdso" for f in site["frames"])]
    assert sum(site["alloc_objects"] for site in sites) == 300
    names = {frame["function"] for site in sites for frame in site["frames"] if frame["object"] == "[vdso]"}
    if not names:
        pytest.skip("no signal came while the program was in the vdso")
    assert None not in names
    assert any("clock_gettime" in name for name in names), names


# ---- foreign text

HOSTILE = """
#include <stdio.h>
#include <stdlib.h>
static void *volatile kept;
__attribute__((noinline)) void hostile(size_t size) { kept = malloc(size); __asm__ volatile(""); }
int main(void) {
	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 0; i < 50; i++)
		hostile(48);
	puts("{}");
	fflush(stdout);
	return getchar() == 'x';
}
"""


def on_a_terminal(memtrawl, *args):
    """What a command writes to a terminal, as bytes."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env={**memtrawl.env, "TERM": "xterm", "COLUMNS": "200"})
    os.close(theirs)
    output = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            output += chunk
    except OSError:  # EIO: the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0, output
    return output


def test_hostile_names(memtrawl, tmp_path):
    """A symbol that would clear the screen, and set the window's title."""
    name = b"evil\x1b[2J\x1b]0;pwned\x07\xc2\x9b31m"
    (tmp_path / "hostile.c").write_text(HOSTILE)
    run("gcc", "-O2", "-fno-omit-frame-pointer", tmp_path / "hostile.c", "-o", tmp_path / "plain")
    run("objcopy", b"--redefine-sym=hostile=".decode() + os.fsdecode(name), tmp_path / "plain", tmp_path / "program")
    with Program(tmp_path / "program") as target, memtrawl.session(target.pid):
        target.go()
        memtrawl.ok("snapshot", "-p", target.pid, "seen")
    output = on_a_terminal(memtrawl, "show", "seen")
    document = memtrawl.ok("show", "seen", "--json", "-n", 0)
    assert b"evil" in output
    for wrong in (b"\x1b[2J", b"\x1b]", b"\x07", b"\xc2\x9b"):
        assert wrong not in output, output
    assert "\x1b" not in document and "\x07" not in document
    assert any(frame["function"] and frame["function"].startswith("evil\x1b[2J")
               for site in json.loads(document)["sites"] for frame in site["frames"])
