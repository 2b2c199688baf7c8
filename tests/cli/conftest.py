"""The command line in this process, with a home and a folder of its own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reign_tui.__main__ import main


@dataclass(frozen=True)
class Said:
    """What one command line did: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def end(self) -> dict[str, Any]:
        """The data of the last line, which must be ``run.finished``."""
        assert self.rows[-1]["type"] == "run.finished"
        data: dict[str, Any] = self.rows[-1]["data"]
        return data

    @property
    def run(self) -> str:
        return str(self.rows[0]["run"])

    @property
    def types(self) -> list[str]:
        return [row["type"] for row in self.rows]


Reign = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def reign(reign_home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reign:
    """``reign("run", "…", given="")`` runs one command line as ``reign-tui run …`` would, without a terminal."""

    def call(*words: str, given: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["reign-tui", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8"))
        capsys.readouterr()
        code = main()
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call
