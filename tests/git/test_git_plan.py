"""A plan over git and files, headless from the words to the undo: the world is the same again."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from reign_tui.__main__ import main
from tests.git.conftest import Workshop


def reign(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["reign-tui", *words])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b""), "utf-8"))
    return main()


def state(workshop: Workshop, work: Path) -> object:
    files = sorted(
        (str(path.relative_to(work)), path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in work.rglob("*")
    )
    return files, workshop.git("for-each-ref", folder=workshop.bare)


def test_from_nothing_to_a_pushed_tag_and_back(
    workshop: Workshop, reign_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{part}_NAME", "Ana")
        monkeypatch.setenv(f"GIT_{part}_EMAIL", "ana@example.org")
    work = workshop.place / "work"
    work.mkdir()
    (work / "mine.txt").write_text("mine\n")
    monkeypatch.chdir(work)
    before = state(workshop, work)
    request = (
        f'init a git repo in ./r, add remote origin {workshop.bare}, write "hello" to ./r/a.txt, '
        'commit everything with message "first", create branch topic, tag this v1.0, push topic to origin, '
        "push tag v1.0"
    )
    code = reign(monkeypatch, "run", request, "--approve", "change")
    assert code == 0, capsys.readouterr().err
    assert "topic" in workshop.git("branch", folder=workshop.bare)
    assert workshop.git("log", "-1", "--format=%s", "v1.0", folder=workshop.bare) == "first"
    code = reign(monkeypatch, "undo", "r_1", "--approve", "destroy")
    assert code == 0, capsys.readouterr().err
    assert state(workshop, work) == before
