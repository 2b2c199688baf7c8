"""A store of a test's own, and processes that use it at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reign_agents.store.store import Store, StorePaths

Child = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def paths(tmp_path: Path) -> StorePaths:
    """Folders that are not there yet."""
    return StorePaths(data=tmp_path / "home" / "data", state=tmp_path / "home" / "state")


@pytest.fixture
def store(paths: StorePaths) -> Iterator[Store]:
    with Store.open(paths) as opened:
        yield opened


@pytest.fixture
def child(paths: StorePaths) -> Iterator[Child]:
    """Starts ``store_children.py WHAT`` on the test's folders; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(what: str, *arguments: str, at: StorePaths = paths) -> subprocess.Popen[str]:
        script = str(Path(__file__).with_name("store_children.py"))
        command = [sys.executable, script, what, str(at.data), str(at.state), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
