# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process had in the course of time: kept by the keeper of a session, in snapshots, and in files of profiles."""
import json
import subprocess
import time
from pathlib import Path

import pytest

from keepers import keeper_of, kill_keeper
from memtrawl import BUILD
from test_errors import assert_error

OK, USAGE = 0, 2


@pytest.fixture
def leaking():
    """Its leak is in read_metadata; about 200 blocks a second."""
    with subprocess.Popen([BUILD / "targets/leaks/leaking/steady_random_sizes", "--seconds", "60"],
                          stdout=subprocess.PIPE) as program:
        program.stdout.readline()
        yield program.pid
        program.kill()


def snapshot(memtrawl, pid, name):
    assert memtrawl("snapshot", "-p", pid, name).returncode == OK
    return memtrawl.json("show", name, "--json")


def check(document):
    """Looks are in the order of time, the last is the profile itself, and sites add up to the process at each;
    but `leaks` leaves out sites without live blocks."""
    looks, sites = document["looks"], document["sites"]
    seconds = [look["seconds"] for look in looks]
    assert seconds == sorted(set(seconds)) and 0 <= seconds[0] < seconds[-1] <= document["window"]["seconds"]
    for key in ("live_bytes", "live_objects", "alloc_bytes", "alloc_objects"):
        assert looks[-1][key] == document["totals"][key]
        if document["schema"] == "memtrawl.leaks/1":
            continue
        series = [site["series"][key] for site in sites]
        assert [sum(each) for each in zip(*series)] == [look[key] for look in looks]
    assert all(0 < look["anon_bytes"] <= look["rss_bytes"] for look in looks)


def leak_of(document):
    first = document["sites"][0]
    return first["frames"][0]["function"], first["leak"]["severity"] != "none"


def test_session(memtrawl, leaking):
    """The keeper looks each second; the next keeper goes on where one was killed; nothing stays behind."""
    kept = Path(f"/run/memtrawl/{leaking}.looks")
    assert memtrawl("start", "-p", leaking).returncode == OK
    time.sleep(4)
    early = snapshot(memtrawl, leaking, "early")
    check(early)
    assert 4 <= len(early["looks"]) <= 6
    assert early["looks"][0]["seconds"] < 1 and len(list(kept.iterdir())) == 1

    old = kill_keeper(memtrawl, leaking)
    assert keeper_of(memtrawl, leaking) != old
    time.sleep(2)
    late = snapshot(memtrawl, leaking, "late")
    check(late)
    assert late["looks"][:3] == early["looks"][:3] and len(late["looks"]) >= len(early["looks"]) + 1

    # what grew is in the sites; RSS is told to 64 pages on each processor
    change = memtrawl.json("diff", "early", "late", "--json")
    grown = change["after"]["rss"]["current_bytes"] - change["before"]["rss"]["current_bytes"]
    expected = sum(max(site["live_bytes"]["change"], 0) for site in change["sites"]) / grown
    assert change["explained_ratio"] == pytest.approx(min(expected, 1)) if grown >= 512 << 10 \
        else change["explained_ratio"] is None

    # eight looks are enough for a trend; what a snapshot has is judged as the session is
    time.sleep(4)
    judged = memtrawl.json("leaks", "-p", leaking, "--session", "--json")
    check(judged)
    assert leak_of(judged) == ("read_metadata", True) and judged["sites"][0]["leak"]["trend"]
    snapshot(memtrawl, leaking, "last")
    assert leak_of(memtrawl.json("leaks", "last", "--json")) == ("read_metadata", True)

    assert memtrawl("stop", "-p", leaking).returncode == OK
    assert not kept.exists()


def test_target_that_ends(memtrawl):
    """The last snapshot has the whole course, and nothing stays behind."""
    with subprocess.Popen([BUILD / "targets/leaks/leaking/steady_random_sizes", "--seconds", "4"],
                          stdout=subprocess.PIPE) as program:
        program.stdout.readline()
        assert memtrawl("start", "-p", program.pid).returncode == OK
        keeper_of(memtrawl, program.pid)
        program.wait()
    deadline = time.monotonic() + 10
    while not (saved := memtrawl.json("list", "--json")["snapshots"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    document = memtrawl.json("show", saved[0]["name"], "--json")
    check(document)
    assert len(document["looks"]) >= 3
    deadline = time.monotonic() + 5
    while Path(f"/run/memtrawl/{program.pid}.looks").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/run/memtrawl/{program.pid}.looks").exists()


def test_without_a_session(memtrawl, leaking):
    assert memtrawl("snapshot", "-p", leaking, "--for", "2s", "short").returncode == OK
    document = memtrawl.json("show", "short", "--json")
    check(document)
    assert len(document["looks"]) >= 8 and document["limit"]["used_bytes"] > 0
    text = memtrawl("show", "short").stdout
    assert "  growth  rss " in text and "  limit   " in text


def test_run(memtrawl, tmp_path):
    """Of a command whose end nobody knows, there is a look each fifth of a second at first; the last is at its end."""
    report = tmp_path / "report.json"
    memtrawl("run", "--json", "-o", report, "--", BUILD / "targets/leaks/leaking/steady_random_sizes", "--seconds", "3")
    profile = json.loads(report.read_text())["profile"]
    check(profile)
    assert 10 <= len(profile["looks"]) <= 17
    page = tmp_path / "report.html"
    memtrawl("run", "-o", page, "--", BUILD / "targets/leaks/leaking/steady_random_sizes", "--seconds", "1")
    assert "steady_random_sizes" in page.read_text()


def test_explained_by_run(memtrawl, tmp_path):
    """In 10 s the program grows by more than the 512 KiB from which on it is told how much of that its sites explain."""
    report = tmp_path / "report.json"
    memtrawl("run", "--json", "-n", "0", "-o", report, "--", BUILD / "targets/leaks/leaking/steady_random_sizes",
             "--seconds", "10")
    profile = json.loads(report.read_text())["profile"]
    grown = sum(max(site["series"]["live_bytes"][-1] - site["series"]["live_bytes"][0], 0) for site in profile["sites"])
    outlook = profile["outlook"]
    assert outlook["growth_bytes"] > 512 << 10 and grown > 512 << 10
    assert outlook["explained_ratio"] == pytest.approx(min(grown / outlook["growth_bytes"], 1))


def test_file(memtrawl, leaking, tmp_path):
    """What is told of a leak while it is watched, and what is told of the file, are the same document; files have ages
    in microseconds."""
    path, told = tmp_path / "a.pb.gz", tmp_path / "told.json"
    done = memtrawl("leaks", "-p", leaking, "--for", "3s", "-o", path, "--on-leak", f"cat > {told}")
    assert done.returncode == OK
    documents = memtrawl("leaks", path, "--json").stdout, told.read_text()
    of_file, of_process = (json.loads(text, parse_float=lambda number: round(float(number), 6)) for text in documents)
    assert of_file == of_process
    assert memtrawl("leaks", path, "--fail-on", "low").returncode == 1


def test_refused(memtrawl, leaking, tmp_path):
    path = tmp_path / "a.pb.gz"
    assert_error(memtrawl("leaks", "-p", leaking, "--session"), USAGE, "--session", str(leaking), "memtrawl start")
    assert_error(memtrawl("leaks", path, "-p", leaking), USAGE, str(path), "without -p")
    assert_error(memtrawl("leaks", path), 3, str(path))
