# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes that look after pinned sessions."""
import os
import signal

from kernel import is_alive, wait_until


def status_of(memtrawl, pid):
    return memtrawl.json("status", "-p", pid, "--json")["sessions"][0]


def keeper_of(memtrawl, pid):
    """The keeper, once it has said who it is."""
    keeper = wait_until(lambda: status_of(memtrawl, pid)["keeper_pid"], "no keeper", 5)
    assert is_alive(keeper)
    return keeper


def kill_keeper(memtrawl, pid):
    keeper = keeper_of(memtrawl, pid)
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not is_alive(keeper), "the keeper does not die")
    return keeper
