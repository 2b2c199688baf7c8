"""Pins: every requirement has hashes, names no index, and covers what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


FOLDER = REPOSITORY / "requirements"
FILES = ("runtime.txt", "dev.txt", "build.txt", "uv.txt")


def pins(file: str) -> dict[str, str]:
    """Name → version, as pinned; fails when a pin has no hash."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", (FOLDER / file).read_text()):
        pin = re.match(r"([A-Za-z0-9._-]+)==(\S+)", block)
        assert pin, block.splitlines()[0]
        assert "--hash=sha256:" in block, pin[1]
        found[re.sub(r"[-_.]+", "-", pin[1]).lower()] = pin[2]
    return found


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_hashes_and_no_index_is_named(file: str) -> None:
    assert pins(file)
    text = (FOLDER / file).read_text()
    assert "--index-url" not in text
    assert "://" not in text


def test_what_pyproject_asks_for_is_pinned() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert names(project["project"]["dependencies"]) <= pins("runtime.txt").keys()
    assert names(project["dependency-groups"]["dev"]) <= pins("dev.txt").keys()
    assert names(project["build-system"]["requires"]) <= pins("build.txt").keys()


def test_files_that_are_installed_together_agree() -> None:
    together: dict[str, str] = {}
    for file in ("runtime.txt", "dev.txt", "build.txt"):
        for name, version in pins(file).items():
            assert together.setdefault(name, version) == version, name
