"""A machine that lacks something is told what, and by which command it comes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


TOOLS = ("bash", "env", "dirname", "rm", "cat", "touch", "grep", "sed", "expand", "make", "git")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a clone has of the files that set up the environment."""
    folder = tmp_path / "clone"
    (folder / "requirements").mkdir(parents=True)
    shutil.copytree(REPOSITORY / ".ci", folder / ".ci")
    shutil.copy(REPOSITORY / "Makefile", folder)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with a few plain tools: no Python, no uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (folder / tool).symlink_to(found)
    return folder


def make(checkout: Path, bare_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("VIRTUAL_ENV", "MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", *words],
        cwd=checkout,
        env={**environment, "PATH": str(bare_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def python_that(bare_path: Path, script: str) -> None:
    program = bare_path / "python3"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_without_python(checkout: Path, bare_path: Path) -> None:
    done = make(checkout, bare_path, "run")
    assert done.returncode != 0
    assert "Reign needs Python 3.11 or newer" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_with_an_old_python(checkout: Path, bare_path: Path) -> None:
    python_that(bare_path, "exit 1")
    assert "Reign needs Python 3.11 or newer" in make(checkout, bare_path, "test").stderr


def test_with_a_python_without_venv_and_pip(checkout: Path, bare_path: Path) -> None:
    python_that(bare_path, 'case "$*" in *version_info*) exit 0;; *) exit 1;; esac')
    done = make(checkout, bare_path, "run")
    assert done.returncode != 0
    assert "has neither venv (ensurepip) nor pip" in done.stderr
    assert "sudo apt-get install python3-venv" in done.stderr
    assert not (checkout / ".uv").exists()


def test_when_nothing_can_be_downloaded(checkout: Path, bare_path: Path) -> None:
    """A Python with pip alone, and no index in reach."""
    pip = 'case "$*" in *ensurepip*) exit 1;; *"pip install"*) echo "no index" >&2; exit 1;; *) exit 0;; esac'
    python_that(bare_path, pip)
    done = make(checkout, bare_path, "run")
    assert done.returncode != 0
    assert "no index" in done.stderr
    assert "uv could not be installed" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr


def test_make_alone_lists_what_can_be_made(checkout: Path, bare_path: Path) -> None:
    done = make(checkout, bare_path)
    assert done.returncode == 0
    targets = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"run", "test", "check", "bench", "bench-understanding", "screenshots", "lock", "clean"} <= targets


@pytest.mark.parametrize("script", [".ci/run", ".ci/bootstrap"])
def test_scripts_are_sound_bash(script: str) -> None:
    assert os.access(REPOSITORY / script, os.X_OK)
    subprocess.run(["bash", "-n", REPOSITORY / script], check=True)
