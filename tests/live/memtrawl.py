# SPDX-License-Identifier: GPL-2.0-or-later
"""What the live tests share: target programs with known heaps, memtrawl itself, and the comparison of both."""
import functools
import glob
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MEMTRAWL_BUILD", TOP / "build"))
BINARY = BUILD / "memtrawl"
TARGETS = BUILD / "targets"

# how a target comes by its allocator: a suffix of the program's name, or a library to preload
SUFFIXES = {"glibc": "", "static": ".static", "musl": ".musl", "musl-static": ".musl-static"}
PRELOADS = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4", "mimalloc": "libmimalloc.so"}
ALLOCATORS = [*SUFFIXES, *PRELOADS]

SITE_KEYS = ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects", "peak_bytes")
TOTAL_KEYS = ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects", "free_bytes", "free_objects",
              "peak_live_bytes")
# what an exact trace of a well-behaved program must not lose; "missed_return" belongs to calls that were abandoned
LOSSES = ("table_full", "sites_full", "sampled_away", "threads_full", "free_missed", "missed_return")


@functools.lru_cache(maxsize=None)
def library(name):
    """The path of an installed shared library whose name begins so, or None: on any architecture's directories."""
    listing = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False,
                             env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}).stdout
    for line in listing.splitlines():
        found = re.match(r"\s+(\S+) .*=> (\S+)$", line)
        if found and (found[1] == name or found[1].startswith(name + ".")):
            return found[2]
    found = sorted(glob.glob(f"/usr/lib/*/{name}*") + glob.glob(f"/usr/lib/{name}*"))
    return found[0] if found else None


def variant(program, allocator):
    """The executable and the environment that run `program` on `allocator`; skips the test where it is not there."""
    if allocator in PRELOADS:
        preload = library(PRELOADS[allocator])
        if not preload:
            pytest.skip(f"{PRELOADS[allocator]} is not installed")
        return TARGETS / program, {"LD_PRELOAD": preload}
    path = TARGETS / (program + SUFFIXES[allocator])
    if not path.exists():
        if allocator.startswith("musl"):
            pytest.skip(f"{path.name} is not built: musl-gcc is not installed")
        pytest.fail(f"{path} is not built: make targets")
    return path, {}


class Target:
    """A target program from its start to its end. A context manager, that leaves no process behind."""

    def __init__(self, program, *args, allocator="glibc", env=None):
        self.path, extra = variant(program, allocator)
        self.args = [str(a) for a in args]
        self.process = subprocess.Popen([self.path, *self.args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **extra, **(env or {})})
        self.pid = self.process.pid
        self.rest = b""

    def __enter__(self):
        if self.line() != "ready":
            self.__exit__()
            pytest.fail(f"{self.path.name} did not come up")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def line(self, timeout=60):
        """The next line of its output, without the newline; fails the test when none comes."""
        end = time.monotonic() + timeout
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not chunk:
                pytest.fail(f"{self.path.name} {'ended' if ready else 'is stuck'} (status {self.process.poll()})")
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def _tell(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def go(self, timeout=60):
        """Runs the scenario; returns its account. The program then waits, with its blocks still live."""
        self._tell()
        return json.loads(self.line(timeout))

    def finish(self):
        """Lets the program end; returns its exit status."""
        self._tell()
        return self.process.wait(timeout=10)


class Memtrawl:
    """Runs memtrawl's verbs with a store of its own."""

    def __init__(self, store, rung=None):
        self.store = Path(store)
        self.watches = {}  # by PID: sessions that are not pinned
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("MEMTRAWL_", "DEBUGINFOD_"))}
        self.env["MEMTRAWL_STORE"] = str(store)
        self.env["MEMTRAWL_NAME_CACHE"] = f"{store}.names"  # not the machine's own
        self.rung = rung
        if rung:
            self.env["MEMTRAWL_FORCE_RUNG"] = rung

    def __call__(self, *args, timeout=60, **more):
        """Any command; whatever its status is."""
        more.setdefault("env", self.env)
        return subprocess.run([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=False, **more)

    def ok(self, *args, **more):
        """A command that must succeed; returns its standard output."""
        done = self(*args, **more)
        if done.returncode:
            command = " ".join(["memtrawl", *map(str, args)])
            pytest.fail(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *args, **more):
        return json.loads(self.ok(*args, **more))

    def background(self, *args, **more):
        return Background(self, args, **more)

    def session(self, pid, *args):
        return Session(self, pid, args)

    def profile(self, pid, name):
        """A snapshot of a session, read back with all its sites."""
        if pid in self.watches:
            return self.watches[pid].end_of_session()
        self.ok("snapshot", "-p", pid, name)
        return self.json("show", name, "--json", "-n", 0)


class Background:
    """A command of memtrawl's that goes on while the test does something. Killed, if need be, at the end."""

    def __init__(self, memtrawl, args, stdin=subprocess.DEVNULL):
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([BINARY, *map(str, args)], stdin=stdin, stdout=self.output,
                                        stderr=self.errors, env=memtrawl.env)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        self.output.close()
        self.errors.close()

    def said(self):
        """What it has written until now, to standard output and to standard error."""
        texts = []
        for stream in (self.output, self.errors):
            stream.seek(0)
            texts.append(stream.read())
        return texts

    def end(self, timeout=10):
        """Waits for its end; like subprocess.run."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.process.args} goes on, {timeout} s after it should have ended\n" + "".join(self.said()))
        return subprocess.CompletedProcess(self.process.args, status, *self.said())


class Session:
    """A pinned, exact session on a process, without a budget: nothing may be left out.

    Before 5.15 (b89fbfbb854c) uprobes had no links to pin. There it is one long snapshot instead, which ends with the
    first profile that is asked for.
    """

    def __init__(self, memtrawl, pid, args):
        self.memtrawl, self.pid = memtrawl, pid
        self.args = ("--sample", "exact", "--max-overhead", "off", *args)
        self.watch = None

    def __enter__(self):
        done = self.memtrawl("start", "-p", self.pid, *self.args)
        if done.returncode == 3 and self.memtrawl.rung and "MEMTRAWL_FORCE_RUNG" in done.stderr:
            pytest.skip(f"this kernel has no such rung: {done.stderr.strip()}")
        if done.returncode == 3 and "this kernel cannot pin" in done.stderr:
            if "--follow-forks" in self.args:
                pytest.skip("this kernel cannot pin a session that gives a profile each of several processes")
            self._watch_instead()
        elif done.returncode:
            pytest.fail(f"memtrawl start: status {done.returncode}\n{done.stdout}{done.stderr}")
        return self

    def _watch_instead(self):
        end = time.monotonic() + 10
        while not self.watch:  # the keeper that was refused may take a while to detach
            try:
                watch = Watch(self.memtrawl, self.pid, "session", *self.args)
                self.watch = watch.__enter__()
            except pytest.fail.Exception as failure:
                if "is being traced already" not in str(failure) or time.monotonic() > end:
                    raise
        self.memtrawl.watches[self.pid] = self.watch

    def __exit__(self, *_):
        if self.watch:
            del self.memtrawl.watches[self.pid]
            self.watch.__exit__("killed, if it still runs")
        else:
            self.memtrawl("stop", "-p", self.pid)


def profile_in(document):
    """The profile in a document of `run`, wherever its schema has put it."""
    if isinstance(document, dict):
        if "sites" in document and "totals" in document:
            return document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            found = profile_in(part)
            if found:
                return found
    return None


def owner(site, names, any_frame):
    """The function of the account that a site belongs to: its innermost frame's, or that of the first one known."""
    frames = [frame.get("function") for frame in site["frames"]]
    for function in frames if any_frame else frames[:1]:
        if function in names:
            return function
    return None


def by_function(profile, names, any_frame=False, keys=SITE_KEYS):
    """What the profile says of each function, summed up over its sites."""
    sums = {name: dict.fromkeys(keys, 0) for name in names}
    for site in profile["sites"]:
        name = owner(site, names, any_frame)
        if name:
            for key in keys:
                sums[name][key] += site[key]
    return sums


def strangers(profile, names, any_frame):
    """Sites of no function of the account, for a message."""
    lines = []
    for site in profile["sites"]:
        if not owner(site, names, any_frame):
            stack = " < ".join(str(frame.get("function") or frame.get("object")) for frame in site["frames"][:6])
            lines.append(f"  not in the account: {site['alloc_objects']} objects, {site['alloc_bytes']} bytes: {stack}")
    return lines


def differences(truth, profile, totals=True, any_frame=False, keys=SITE_KEYS):
    """Lines that say where the profile is not the program's own account; none if all numbers are equal."""
    names = {site["function"] for site in truth["sites"]}
    seen = by_function(profile, names, any_frame, keys)
    lines = []
    for site in sorted(truth["sites"], key=lambda s: s["function"]):
        got = seen[site["function"]]
        lines += [f"  {site['function']}: {key} {got[key]}, should be {site[key]} ({got[key] - site[key]:+d})"
                  for key in keys if got[key] != site[key]]
    if totals and truth["totals_exact"]:
        got = profile["totals"]
        lines += [f"  totals: {key} {got[key]}, should be {truth['totals'][key]}"
                  for key in TOTAL_KEYS if got[key] != truth["totals"][key]]
        unmatched = profile["loss"]["free_unmatched"]
        if unmatched != truth["free_unmatched"]:
            lines.append(f"  loss: free_unmatched {unmatched}, should be {truth['free_unmatched']}")
    return lines + (strangers(profile, names, any_frame)[:20] if lines else [])


def lost(profile, allowed=()):
    return {key: profile["loss"].get(key, 0) for key in LOSSES
            if key not in allowed and profile["loss"].get(key, 0)}


def assert_exact(truth, profile, totals=True, any_frame=False, keys=SITE_KEYS, allowed_losses=()):
    lines = differences(truth, profile, totals, any_frame, keys)
    if lines:
        pytest.fail(f"{truth['program']}: the profile is not what the program did\n" + "\n".join(lines)
                    + f"\n  loss: {profile['loss']}", pytrace=False)
    losses = lost(profile, allowed_losses)
    if losses:
        pytest.fail(f"{truth['program']}: all numbers are right, yet it says that it lost {losses}", pytrace=False)


class Watch:
    """A snapshot of a short attach: from when all probes are there until the block ends."""

    def __init__(self, memtrawl, pid, name, *args):
        self.memtrawl, self.pid, self.name = memtrawl, pid, name
        self.args = [str(a) for a in args]
        self.ended = False

    def __enter__(self):
        self.process = subprocess.Popen([BINARY, "snapshot", "-p", str(self.pid), "--max-overhead", "off", "--for",
                                         "600s", *self.args, self.name], env=self.memtrawl.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        try:
            self._wait_for_probes()
        except BaseException:
            self._end(signal.SIGKILL)
            raise
        return self

    def _wait_for_probes(self):
        from kernel import has_begun  # which knows where the tree is from here

        end = time.monotonic() + 60
        while not has_begun(self.process.pid):
            if self.process.poll() is not None:
                pytest.fail(f"memtrawl snapshot: status {self.process.returncode}\n{self.process.stdout.read()}")
            if time.monotonic() > end:
                pytest.fail("memtrawl snapshot did not attach")
            time.sleep(0.05)

    def _end(self, number):
        self.ended = True
        if self.process.poll() is None:
            self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=30)
        return output

    def __exit__(self, kind, *_):
        output = self._end(signal.SIGKILL if kind else signal.SIGINT)
        if not kind and self.process.returncode:
            pytest.fail(f"memtrawl snapshot: status {self.process.returncode}\n{output}")

    def end_of_session(self):
        """Its profile, once: it is no session that goes on."""
        if self.ended:
            pytest.skip("this kernel cannot pin a session that goes on after a snapshot")
        self.__exit__(None)
        profile = self.profile()
        if "the process called exec" in json.dumps(profile):
            pytest.skip("this kernel cannot pin a session that outlives an exec")
        return profile

    def profile(self):
        return self.memtrawl.json("show", self.name, "--json", "-n", 0)
