# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions that another build of memtrawl began, whose maps are laid out otherwise: refused, and ended all the same."""
import pytest

from keepers import keeper_of
from kernel import PINS, bpftool, is_alive, uprobe_links, wait_until
from memtrawl import Target
from test_errors import REFUSED, assert_error


def is_of_another_layout(pins):
    """The map with the switches is a smaller one."""
    (pins / "session").unlink()
    bpftool("map", "create", pins / "session", "type", "array", "key", 4, "value", 64, "entries", 1, "name", "session")


def has_other_fields(pins):
    """It is as large, and says that it is of another object."""
    value = bpftool("map", "lookup", "pinned", pins / "session", "key", 0, 0, 0, 0)["value"]
    value[0] = hex(int(value[0], 16) ^ 1)
    bpftool("map", "update", "pinned", pins / "session", "key", 0, 0, 0, 0, "value", *value)


@pytest.mark.parametrize("change", [is_of_another_layout, has_other_fields], ids=lambda f: f.__name__)
def test_session_of_another_build(memtrawl, change):
    with Target("malloc_family") as target, Target("malloc_family") as other, memtrawl.session(other.pid), \
         memtrawl.session(target.pid):
        keeper = keeper_of(memtrawl, target.pid)
        change(PINS / str(target.pid))
        for verb in (["status"], ["snapshot"], ["leaks", "--for", "100ms"]):
            assert_error(memtrawl(*verb, "-p", target.pid), REFUSED, target.pid, "another build of memtrawl", "stop")
        done = memtrawl("status")
        assert done.returncode == 0 and f"PID {target.pid} was begun by another build" in done.stderr
        assert str(other.pid) in done.stdout  # it does not hide others
        memtrawl.ok("stop", "-p", target.pid)
        wait_until(lambda: not is_alive(keeper), "the keeper goes on")
        assert not uprobe_links(target.pid) and not (PINS / str(target.pid)).exists()
        memtrawl.ok("snapshot", "-p", other.pid)
