# SPDX-License-Identifier: GPL-2.0-or-later
"""`memtrawl run`: a command traced from its first instruction to its last."""
import json
import os
import signal

import pytest

from memtrawl import SITE_KEYS, TARGETS, assert_exact, profile_in, variant


@pytest.fixture
def run(memtrawl, tmp_path):
    """Runs a target; returns the finished command, the target's account and the profile that `run` wrote."""
    def runner(program, *args, allocator="glibc", options=(), env=None):
        path, extra = variant(program, allocator)
        report = tmp_path / "report.json"
        done = memtrawl("run", "--json", "-o", report, *options, "--", path, *args, "--now",
                        env={**memtrawl.env, **extra, **(env or {})})
        truth = json.loads(done.stdout.splitlines()[0]) if done.stdout else None
        document = json.loads(report.read_text()) if report.exists() else None
        return done, truth, profile_in(document)
    return runner


@pytest.mark.parametrize("program, allocator", [
    ("malloc_family", "glibc"), ("malloc_family", "static"), ("malloc_family", "musl"),
    ("malloc_family", "musl-static"), ("malloc_family", "jemalloc"), ("malloc_family", "tcmalloc"),
    ("malloc_family", "mimalloc"), ("realloc_chain", "glibc"), ("preallocated", "glibc"), ("peak", "glibc"),
    ("thread_churn", "glibc"), ("dlopen_leak", "glibc"), ("exec_self", "glibc"), ("random_sites", "glibc")])
def test_sites(run, program, allocator):
    """Totals are not compared: the program's start and its libraries allocate, too."""
    done, truth, profile = run(program, allocator=allocator)
    assert done.returncode == 0, done.stderr
    assert_exact(truth, profile, totals=False)


def test_operator_new(run):
    done, truth, profile = run("cxx_new")
    assert done.returncode == 0, done.stderr
    assert_exact(truth, profile, totals=False, any_frame=True)


def test_temporary(run):
    """Blocks freed before the same thread's next allocation."""
    done, truth, profile = run("temporary")
    assert done.returncode == 0, done.stderr
    assert_exact(truth, profile, totals=False, keys=(*SITE_KEYS, "temporary_objects"))


def test_forked_child(run, tmp_path):
    child = tmp_path / "child.json"
    done, truth, profile = run("fork_child", env={"MEMTRAWL_TRUTH_CHILD": str(child)})
    assert done.returncode == 0, done.stderr
    assert_exact(truth, profile, totals=False)


@pytest.mark.parametrize("command, status", [
    (["true"], 0),
    (["sh", "-c", "exit 7"], 7),
    (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
    (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
    (["/nonexistent/command"], 127),
    (["no-such-command-at-all"], 127),
    (["/etc/passwd"], 126),
    (["/"], 126)])
def test_exit_status(memtrawl, command, status):
    assert memtrawl("run", "--", *command).returncode == status


@pytest.mark.parametrize("args", [["run", "--no-such-option", "--", "true"], ["run"], ["run", "--"],
                                  ["run", "--sample", "-1", "--", "true"]])
def test_own_failure(memtrawl, args):
    done = memtrawl(*args)
    assert done.returncode == 125
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_report_cannot_be_written(memtrawl):
    done = memtrawl("run", "--json", "-o", "/nonexistent/report.json", "--", "true")
    assert done.returncode == 125
    assert "/nonexistent" in done.stderr


def test_output_of_the_command_is_its_own(memtrawl, tmp_path):
    """Standard output and error of the command come through; the report is where it was asked for."""
    done = memtrawl("run", "--json", "-o", tmp_path / "report.json", "--", "sh", "-c", "echo out; echo err >&2")
    assert done.stdout == "out\n"
    assert "err" in done.stderr.splitlines()
    assert json.loads((tmp_path / "report.json").read_text())["schema"].startswith("memtrawl.run/")


def test_environment_and_directory_are_passed_on(memtrawl, tmp_path):
    done = memtrawl("run", "-o", tmp_path / "r.json", "--", "sh", "-c", "pwd; echo $WITH", cwd=tmp_path,
                    env={**memtrawl.env, "WITH": "this"})
    assert done.stdout.splitlines()[:2] == [os.path.realpath(tmp_path), "this"]


class TestFailOnLeak:
    """malloc_loop leaves nothing live; longjmp_blocks leaks 41,500 bytes."""

    def test_leak(self, memtrawl):
        done = memtrawl("run", "--fail-on-leak", "--", TARGETS / "longjmp_blocks", "--now")
        assert done.returncode == 1, done.stderr

    def test_no_leak(self, memtrawl):
        done = memtrawl("run", "--fail-on-leak", "--", TARGETS / "malloc_loop", "1000", "--now")
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("threshold, status", [("41499", 1), ("41500", (0, 1)), ("1M", 0), ("41501", 0)])
    def test_threshold(self, memtrawl, threshold, status):
        """At the very threshold the words leave it open; one byte on either side they do not."""
        done = memtrawl("run", f"--fail-on-leak={threshold}", "--", TARGETS / "longjmp_blocks", "--now")
        assert done.returncode in (status if isinstance(status, tuple) else (status,)), done.stdout + done.stderr

    def test_the_commands_own_failure_wins(self, memtrawl):
        script = f"{TARGETS / 'longjmp_blocks'} --now > /dev/null; exit 9"
        assert memtrawl("run", "--fail-on-leak", "--", "sh", "-c", script).returncode == 9
