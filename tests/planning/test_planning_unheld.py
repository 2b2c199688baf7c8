"""A command that only reads is asked about where no sandbox holds it and its programs are not the system's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from reign_agents.specialists import shell
from reign_executors.process.sandbox import Protection


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a reading program in a folder of the person's own, first on the path."""
    program = tmp_path / "cat"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return "cat notes.txt"


def test_unheld_it_is_asked(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "protection", lambda: Protection(None, why="bubblewrap is not there"))
    assert shell.command_step("s1", mine).operation == "shell.command"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert shell.command_step("s1", mine).operation == "shell.read"


def test_held_it_is_read(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "protection", lambda: Protection(Path("/usr/bin/bwrap"), network=True))
    assert shell.command_step("s1", mine).operation == "shell.read"


def test_what_changes_is_asked_either_way() -> None:
    assert shell.command_step("s1", "touch x").operation == "shell.command"
