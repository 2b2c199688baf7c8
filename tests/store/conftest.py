"""A store of a test's own, and the records that a run leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reign_agents.store.store import Store, StorePaths


@pytest.fixture
def paths(tmp_path: Path) -> StorePaths:
    """Folders that are not there yet."""
    return StorePaths(data=tmp_path / "home" / "data", state=tmp_path / "home" / "state")


@pytest.fixture
def store(paths: StorePaths) -> Iterator[Store]:
    with Store.open(paths) as opened:
        yield opened
