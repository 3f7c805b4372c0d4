# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables are bounded, and what does not fit is sampled or told, never lost in silence."""
import math

import pytest

from memtrawl import Target, by_function, owner, Watch


def bounded(memtrawl, program, *args, options=()):
    with Target(program, *args) as target:
        with Watch(memtrawl, target.pid, "bounded", "--sample", "exact", *options) as seen:
            truth = target.go()
        return truth, seen.profile()


def test_a_million_blocks_in_a_table_of_ten_thousand(memtrawl):
    truth, profile = bounded(memtrawl, "big_heap", options=("--max-live", 10240))
    assert truth["totals"]["live_objects"] == 1000000
    assert profile["loss"]["table_full"] == 0
    assert profile["loss"]["sampled_away"] > 900000
    assert profile["sampling"]["mode"] == "poisson"
    assert profile["sampling"]["period_bytes"] == 0, "what was asked for"
    assert profile["sampling"]["largest_period_bytes"] > 0, "what was in force"
    stderr = math.sqrt(sum(site["live_bytes_stderr"] ** 2 for site in profile["sites"]))
    wanted = truth["totals"]["live_bytes"]
    assert 0 < stderr < 0.1 * wanted
    assert abs(profile["totals"]["live_bytes"] - wanted) <= 5 * stderr
    # blocks differ in size by a factor of 4 at most, and so do the errors of bytes and objects
    objects = profile["totals"]["live_objects"]
    assert abs(objects - 1000000) <= 5 * 4 * stderr / wanted * 1000000
    assert list(by_function(profile, {"fill"}, keys=("live_bytes",)).values()) == [
        {"live_bytes": profile["totals"]["live_bytes"]}]


def test_words_on_a_terminal(memtrawl):
    """The text says that it sampled, too."""
    bounded(memtrawl, "big_heap", 100000, options=("--max-live", 1024))
    text = memtrawl.ok("show", "bounded")
    assert "sampl" in text.lower(), text


def test_a_table_that_is_large_enough_is_exact(memtrawl):
    truth, profile = bounded(memtrawl, "big_heap", 5000, options=("--max-live", 10240))
    assert profile["sampling"]["mode"] == "exact"
    assert profile["sampling"]["largest_period_bytes"] == 0
    assert profile["loss"]["sampled_away"] == 0
    assert profile["totals"]["live_bytes"] == truth["totals"]["live_bytes"]
    assert profile["totals"]["live_objects"] == 5000


def test_frees_make_room_again(memtrawl):
    """More blocks than the table holds, but never at once: nothing is sampled."""
    truth, profile = bounded(memtrawl, "malloc_loop", 50000, options=("--max-live", 1024))
    assert profile["sampling"]["mode"] == "exact"
    assert profile["totals"]["alloc_objects"] == truth["totals"]["alloc_objects"] == 50000
    assert profile["totals"]["live_objects"] == 0


def test_ten_thousand_sites(memtrawl):
    truth, profile = bounded(memtrawl, "many_sites", 10000)
    assert profile["loss"]["sites_full"] == 0
    sizes = sorted(s["live_bytes"] for s in profile["sites"] if owner(s, {"leaf_alloc"}, False))
    assert sizes == list(range(1, 10001))
    assert profile["totals"]["live_bytes"] == truth["totals"]["live_bytes"] == 10000 * 10001 // 2


def test_more_sites_than_the_table_has(memtrawl):
    """What has no room for a stack is counted without one: the totals stay exact, and the profile says so."""
    truth, profile = bounded(memtrawl, "many_sites", 10000, options=("--max-sites", 1024))
    assert profile["loss"]["sites_full"] >= 10000 - 1024
    assert profile["totals"]["live_bytes"] == truth["totals"]["live_bytes"]
    assert profile["totals"]["live_objects"] == 10000
    assert sum(site["live_bytes"] for site in profile["sites"]) == truth["totals"]["live_bytes"]
    assert len(profile["sites"]) <= 1024
