# SPDX-License-Identifier: GPL-2.0-or-later
"""`memtrawl record`: a process's memory over time, true between samples too; `spikes` and `variance` of what it wrote."""
import csv
import json
import os
import re
import signal
import subprocess
import time

import pytest

from kernel import VERSION
from memtrawl import TARGETS, Target

HEADER = "time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb"
STEPS = TARGETS / "rss_steps"
MIB = 1 << 20


def rows_of(path):
    """The file as numbers; every line must be whole."""
    lines = path.read_text().splitlines(keepends=True)
    assert lines[0] == HEADER + "\n"
    for line in lines[1:]:
        assert re.fullmatch(r"\d+\.\d{6},\d+,\d+,\d+,\d+\n", line), line
    rows = [[float(row[0]), *map(int, row[1:])] for row in csv.reader(lines[1:])]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    return rows


def status_of(pid):
    """kB by name, of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Vm")}


@pytest.fixture
def record(memtrawl, tmp_path):
    """Records steps of the target from its first instruction on; returns the command, its summary and the rows."""
    def recorder(*steps, options=("--interval", "10ms")):
        path = tmp_path / "rss.csv"
        done = memtrawl("record", "--json", "-o", path, *options, "--", STEPS, *steps)
        summary = json.loads(done.stdout) if done.stdout else None
        return done, summary, rows_of(path)
    return recorder


def assert_bounded(got, least, summary, slack=0):
    """What was touched has been seen but for the bound, of one kind: anonymous memory. Nothing was made up."""
    assert least - summary["peak"]["bound_bytes"] <= got <= least + slack, f"{got} is not {least} (+ {slack})"


def base_of(rows):
    """RSS of the target before it does anything: it has slept for long."""
    return [row[1] for row in rows if 0.05 < row[0] < 0.15][-1] * 1024


# ---- samples

def test_every_due_sample_is_there_or_missed(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?") as target:
        summary = memtrawl.json("record", "-p", target.pid, "--json", "-o", path, "--interval", "10ms", "--for", "2s")
        now = status_of(target.pid)
    assert summary["samples"] + summary["missed"] == 201
    assert summary["samples"] > 100
    assert summary["seconds"] == 2
    assert summary["end"] == {"reason": "time_over", "status": None, "signal": None}
    rows = rows_of(path)
    assert len(rows) == summary["samples"] == summary["rows"] == summary["file"]["rows"]
    assert path.stat().st_size == summary["file"]["bytes"]
    ticks = [int(row[0] / 0.01) for row in rows]  # none is early, and no two are one's
    assert len(set(ticks)) == len(ticks) and ticks[0] == 0 and ticks[-1] <= 200
    late = sorted(row[0] - tick * 0.01 for row, tick in zip(rows[1:], ticks[1:]))
    assert summary["jitter"]["max_seconds"] == pytest.approx(late[-1], abs=2e-6)
    assert late[len(late) // 2] <= summary["jitter"]["median_seconds"] * 17 / 16 + 2e-6
    # a process that does nothing: what the kernel says of it
    assert {tuple(row[1:]) for row in rows} == {tuple(rows[0][1:])}
    assert abs(rows[0][1] - now["VmRSS"]) * 1024 <= summary["peak"]["bound_bytes"] * 3
    assert rows[0][2:] == [now["VmSize"], now["VmData"], now["VmSwap"]]


def standing_still(memtrawl, path, interval, seconds, still):
    """The summary of a recorder that stands still for a while."""
    with Target("rss_steps", "?") as target:
        with memtrawl.background("record", "-p", target.pid, "--json", "-o", path, "--interval", interval, "--for",
                                 f"{seconds}s") as recorder:
            wait_for_rows(path)
            os.kill(recorder.pid, signal.SIGSTOP)
            time.sleep(still)
            os.kill(recorder.pid, signal.SIGCONT)
            done = recorder.end()
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["jitter"]["max_seconds"] < 0.1, "late is what a sample is, not what was missed before it"
    assert len(rows_of(path)) == summary["samples"]
    return summary


def test_a_recorder_that_stands_still(memtrawl, tmp_path):
    """The kernel goes on taking samples for it, where it can."""
    summary = standing_still(memtrawl, tmp_path / "rss.csv", "10ms", seconds=3, still=0.5)
    assert summary["samples"] + summary["missed"] == 301
    if VERSION < (5, 15):
        assert summary["missed"] >= 45
    else:
        assert summary["missed"] <= 5


def test_a_recorder_that_stands_still_too_long(memtrawl, tmp_path):
    """There is room for some 3,800 samples."""
    summary = standing_still(memtrawl, tmp_path / "rss.csv", "1ms", seconds=7, still=5.5)
    assert summary["samples"] + summary["missed"] == 7001
    assert 1000 <= summary["missed"] <= 5600


def wait_for_rows(path, count=1):
    """Until the recorder has written rows."""
    end = time.monotonic() + 30
    while not path.exists() or len(path.read_text().splitlines()) <= count:
        assert time.monotonic() < end, "nothing is recorded"
        time.sleep(0.02)


# ---- peaks

def test_a_burst_between_samples(record):
    """50 MiB come and go within an interval of ten seconds, in the middle of it."""
    done, summary, rows = record("@200", "!50", "@200", options=("--interval", "10s"))
    assert done.returncode == 0, done.stderr
    assert summary["samples"] == 1 and summary["missed"] == 0
    touched = int(done.stderr.split()[0]) / 1e6
    high = max(rows, key=lambda row: row[1])
    end = rows[-1]
    assert_bounded(high[1] * 1024, end[1] * 1024 + 50 * MIB, summary)
    assert summary["peak"]["rss_bytes"] == high[1] * 1024
    assert summary["peak"]["time_seconds"] == high[0]
    assert 0.2 <= high[0] <= 0.2 + touched + 0.5
    assert high[2] - end[2] == 50 * 1024, "address space is that of the same moment"


def test_the_kernels_own_peak_beside_ours(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?", "!50", "?") as target:
        with memtrawl.background("record", "-p", target.pid, "--json", "-o", path, "--interval", "10s") as recorder:
            wait_for_rows(path)
            base = status_of(target.pid)["VmRSS"]
            target._tell()
            assert target.line() == "ready"
            now = status_of(target.pid)
            os.kill(recorder.pid, signal.SIGINT)
            done = recorder.end()
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["end"]["reason"] == "interrupted"
    bound = summary["peak"]["bound_bytes"]
    assert_bounded(summary["peak"]["rss_bytes"], base * 1024 + 50 * MIB, summary, slack=3 * bound)
    assert abs(summary["peak"]["rss_bytes"] - now["VmHWM"] * 1024) <= 3 * bound


def test_bursts_that_are_no_record(record):
    """Each is in the series, though there was more before."""
    _, summary, rows = record("@100", "+80", "-80", "@100", "!30", "@100", "!20", "@100",
                              options=("--interval", "10s"))
    base = rows[-1][1] * 1024
    assert_bounded(max(row[1] for row in rows) * 1024, base + 80 * MIB, summary)
    _, summary, rows = record("@100", "!80", "@400", "!30", "@400", "!20", "@400", options=("--interval", "300ms"))
    end = rows[-1][1]
    highs = [row[1] * 1024 for row in rows if row[1] > end + 1024]
    for size in (80, 30, 20):
        assert any(size * MIB - summary["peak"]["bound_bytes"] <= high - base <= size * MIB + MIB for high in highs), \
            f"{size} MiB are not in {highs}"


def test_a_command_of_some_milliseconds_has_a_peak(record):
    done, summary, rows = record("!20", options=("--interval", "10s"))
    assert done.returncode == 0
    assert_bounded(summary["peak"]["rss_bytes"], rows[-1][1] * 1024 + 20 * MIB, summary)
    assert summary["samples"] == 1


def test_exec(record):
    done, summary, rows = record("!40", "@30", "&", "@30", "!10", "7")
    assert done.returncode == 7
    assert summary["execs"] == 1
    assert summary["end"] == {"reason": "process_ended", "status": 7, "signal": None}
    assert_bounded(summary["peak"]["rss_bytes"], rows[-1][1] * 1024 + 40 * MIB, summary, slack=MIB)


# ---- spikes

def test_spikes_are_those_that_were_made(memtrawl, record, tmp_path):
    """Two steps, a burst that is over before the next sample, and what is no spike: too small, and too slow. The code for
    a step is in memory after the first one, of 1 MiB; files are not to be in what the others rise by."""
    slow = ["+5", "@400"] * 6
    done, summary, rows = record("+1", "@1200", "+30", "@1500", "+25", "@1500", "!40", "@1500", "+19", "@1500", *slow, "@1200")
    assert done.returncode == 0, done.stderr
    took = [int(line) / 1e6 for line in done.stderr.splitlines()][1:]
    assert len(summary["spikes"]) == 3, summary["spikes"]
    for spike, size, seconds in zip(summary["spikes"], (30, 25, 40), took):
        assert_bounded(spike["rise_bytes"], size * MIB, summary, slack=summary["peak"]["bound_bytes"])
        assert seconds / 2 <= spike["duration_seconds"] <= seconds + 0.1
        assert spike["bytes_per_second"] == pytest.approx(spike["rise_bytes"] / spike["duration_seconds"], rel=1e-6)
        assert spike["rss_bytes"] in [row[1] * 1024 for row in rows if row[0] == spike["time_seconds"]]
    first, second, third = (spike["time_seconds"] for spike in summary["spikes"])
    assert 1.2 <= first <= 1.3 + took[0]
    assert 1.5 <= second - first <= 1.7 + took[1]
    assert 1.5 <= third - second <= 1.7 + took[2]
    again = memtrawl.json("spikes", tmp_path / "rss.csv", "--json")
    assert again["spikes"] == summary["spikes"]
    assert again["peak"]["rss_bytes"] == summary["peak"]["rss_bytes"]
    smaller = memtrawl.json("spikes", tmp_path / "rss.csv", "--json", "--rise", "10M")
    assert len(smaller["spikes"]) >= 4
    assert len(memtrawl.json("spikes", tmp_path / "rss.csv", "--json", "--rise", "35M")["spikes"]) == 1


def test_variance(memtrawl, tmp_path):
    paths = []
    for kb in (1000, 2000, 3000):
        paths.append(tmp_path / f"{kb}.csv")
        paths[-1].write_text(f"{HEADER}\n0.000000,500,1,1,0\n1.000000,{kb},1,1,0\n2.000000,10,1,1,0\n")
    peaks = memtrawl.json("variance", *paths, "--json")["peaks"]
    assert peaks == {"mean_bytes": 2000 * 1024, "standard_deviation_bytes": 1000 * 1024,
                     "coefficient_of_variation": 0.5, "min_bytes": 1000 * 1024, "max_bytes": 3000 * 1024}
    assert memtrawl.ok("variance", paths[0], "--format", "csv").splitlines()[1] == f"{paths[0]},1000,1.000000,3,0"


@pytest.mark.parametrize("verb", ["spikes", "variance"])
@pytest.mark.parametrize("text, told", [
    ("", "is empty"), ("x\n", "line 1"), (f"{HEADER}\n", "without any sample"),
    (f"{HEADER}\n0.0,1,2,3,4\n1.0,1,2\n", "line 3"), (f"{HEADER}\n1.0,1,2,3,4\n0.5,1,2,3,4\n", "line 3"),
    (f"{HEADER}\n" + "1" * 200000, "line 2")], ids=str.split("empty foreign header short older long"))
def test_damaged_files(memtrawl, tmp_path, verb, text, told):
    path = tmp_path / "rss.csv"
    path.write_text(text)
    done = memtrawl(verb, path)
    assert done.returncode == 3
    assert told in done.stderr and str(path) in done.stderr and len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_a_cut_line_is_left_out(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    path.write_text(f"{HEADER}\n0.000000,500,1,1,0\n1.000000,99999")
    assert memtrawl.json("spikes", path, "--json")["cut"] is True
    assert memtrawl.json("variance", path, "--json")["peaks"]["max_bytes"] == 500 * 1024


# ---- how it ends

@pytest.mark.parametrize("command, status", [
    (["true"], 0),
    (["sh", "-c", "exit 7"], 7),
    (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
    (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
    (["/nonexistent/command"], 127),
    (["no-such-command-at-all"], 127),
    (["/etc/passwd"], 126)])
def test_exit_status_of_a_command(memtrawl, tmp_path, command, status):
    assert memtrawl("record", "-o", tmp_path / "rss.csv", "--", *command).returncode == status


@pytest.mark.parametrize("args, status", [
    (["-p", "1", "--interval", "0"], 2),
    (["-p", "1", "--interval", "0.5ms"], 2),
    (["-p", "1", "--interval", "soon"], 2),
    (["-p", "1", "--rotate", "1M"], 2),
    (["-p", "1", "-o", "x", "--rotate", "1K"], 2),
    (["-p", "1", "-o", "x", "--rotate", "1M,many"], 2),
    (["-p", "1", "--rise", "0"], 2),
    (["-p", "1", "true"], 125),
    ([], 2),
    (["-p", "4194305"], 3),
    (["-p", "2"], 3),
    (["-p", "1", "-o", "/nonexistent/rss.csv"], 3),
    (["-o", "/nonexistent/rss.csv", "--", "true"], 125),
    (["--interval", "0", "--", "true"], 125)])
def test_refusals(memtrawl, tmp_path, args, status):
    done = memtrawl("record", *args, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.glob("x*"))


def test_a_target_that_is_killed(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?") as target:
        with memtrawl.background("record", "-p", target.pid, "--json", "-o", path, "--interval", "10ms") as recorder:
            wait_for_rows(path)
            target.process.kill()
            done = recorder.end()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["end"] == {"reason": "process_ended", "status": None, "signal": 9}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(memtrawl, tmp_path, number):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?") as target:
        with memtrawl.background("record", "-p", target.pid, "--json", "-o", path, "--interval", "10ms") as recorder:
            wait_for_rows(path)
            os.kill(recorder.pid, number)
            done = recorder.end()
        assert target.process.poll() is None
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["end"]["reason"] == "interrupted"
    assert summary["samples"] + summary["missed"] == int(summary["seconds"] / 0.01) + 1
    assert len(rows_of(path)) == summary["samples"]


def test_a_command_gets_the_signal(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with memtrawl.background("record", "--json", "-o", path, "--", "sleep", "60") as recorder:
        wait_for_rows(path)
        os.kill(recorder.pid, signal.SIGTERM)
        done = recorder.end()
    assert done.returncode == 128 + signal.SIGTERM
    assert json.loads(done.stdout)["end"] == {"reason": "process_ended", "status": None, "signal": signal.SIGTERM}


def test_the_command_goes_on_after_the_recording(memtrawl, tmp_path):
    start = time.monotonic()
    done = memtrawl("record", "--json", "-o", tmp_path / "rss.csv", "--for", "200ms", "--", "sh", "-c",
                    "sleep 1; exit 5")
    assert time.monotonic() - start >= 1
    assert done.returncode == 5
    assert json.loads(done.stdout)["end"]["reason"] == "time_over"


def test_a_recorder_that_is_killed_has_written_until_a_second_ago(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?") as target:
        with memtrawl.background("record", "-p", target.pid, "-o", path, "--interval", "10ms") as recorder:
            wait_for_rows(path)
            first = time.monotonic()
            time.sleep(2)
            recorder.process.kill()
            recorder.process.wait()
            passed = time.monotonic() - first
    assert rows_of(path)[-1][0] >= passed - 1.2


# ---- where it goes

def test_standard_output_and_error(memtrawl):
    done = memtrawl("record", "--interval", "10ms", "--", "true")
    assert done.stdout.splitlines()[0] == HEADER
    assert "peak" in done.stderr and "samples" in done.stderr
    with Target("rss_steps", "?") as target:
        done = memtrawl("record", "-p", target.pid, "--for", "100ms", "--json")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == HEADER
    assert json.loads(done.stderr)["schema"] == "memtrawl.record/1"


def test_a_reader_that_goes_away(memtrawl):
    with Target("rss_steps", "?") as target:
        done = subprocess.run(["sh", "-c", '{ "$0" record -p "$1" --interval 10ms; echo $? >&2; } | head -n 3',
                               STEPS.parent.parent / "memtrawl", str(target.pid)], env=memtrawl.env, timeout=30,
                              capture_output=True, text=True, check=False)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.splitlines()[-1] == "3", done.stderr


def test_rotation_is_bounded(memtrawl, tmp_path):
    path = tmp_path / "rss.csv"
    with Target("rss_steps", "?") as target:
        summary = memtrawl.json("record", "-p", target.pid, "--json", "-o", path, "--interval", "1ms", "--for", "2s",
                                "--rotate", "4K,3")
    names = sorted(p.name for p in tmp_path.glob("rss*"))
    assert names == ["rss.1.csv", "rss.2.csv", "rss.3.csv", "rss.csv"]
    assert all(p.stat().st_size <= 4096 for p in tmp_path.glob("rss*"))
    assert summary["file"]["rotations"] > 3
    assert summary["loss"]["rows_unwritten"] == 0 and summary["file"]["error"] is None
    assert summary["file"]["rows"] == summary["samples"]
    whole = [row for name in ("rss.3.csv", "rss.2.csv", "rss.1.csv", "rss.csv") for row in rows_of(tmp_path / name)]
    assert [row[0] for row in whole] == sorted(row[0] for row in whole)
    ticks = [int(row[0] * 1000) for row in whole]
    assert len(ticks) - 1 <= ticks[-1] - ticks[0] <= len(ticks) - 1 + summary["missed"]


def test_full_disk(memtrawl, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", place], check=False,
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.strip()}")
    try:
        path = place / "rss.csv"
        with Target("rss_steps", "?") as target:
            done = memtrawl("record", "-p", target.pid, "--json", "-o", path, "--interval", "1ms", "--for", "4s")
        summary = json.loads(done.stdout)
        rows = rows_of(path)
    finally:
        subprocess.run(["umount", place], check=True)
    assert done.returncode == 3
    told, last = done.stderr.splitlines()
    assert "warning" in told and "no space left" in told and str(path) in told
    assert "rows could not be written" in last and "no space left" in last
    assert len(rows) == summary["file"]["rows"] > 100
    assert summary["file"]["rows"] + summary["loss"]["rows_unwritten"] == summary["rows"] == summary["samples"]
    assert summary["loss"]["rows_unwritten"] > 100
    assert summary["samples"] + summary["missed"] == 4001
