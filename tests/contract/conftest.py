"""Scenarios import each other as ``tests.contract.…``: the repository's root must be on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture(autouse=True)
def _soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What starts here sleeps: whether it stays up is seen at once. How long is long enough is for tests/docker."""
    from reign_executors.docker import settling
    from reign_executors.kubernetes import settling as rollouts

    monkeypatch.setattr(rollouts, "STEADY", 0.1)
    monkeypatch.setattr(settling, "SETTLE", 0.05)
    monkeypatch.setattr(settling, "POLL", 0.05)
