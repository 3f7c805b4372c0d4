# SPDX-License-Identifier: GPL-2.0-or-later
"""Live tests need root and a built memtrawl; tools/check sees to the latter and mounts what is missing."""
import os

import pytest

from memtrawl import BINARY, Memtrawl


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="live tests must be run as root"))


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not built: make", pytrace=False)
    return BINARY


@pytest.fixture
def memtrawl(tmp_path):
    return Memtrawl(tmp_path / "store")
