"""What is in the wheel, and that it starts where nothing of the source tree is."""

from __future__ import annotations

import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reign_tui.version import __version__

REPOSITORY = Path(__file__).resolve().parents[2]

PACKAGES = {
    "reign_tui": REPOSITORY / "reign_tui",
    "reign_agents": REPOSITORY / "agents" / "reign_agents",
    "reign_executors": REPOSITORY / "executors" / "reign_executors",
    "reign_themes": REPOSITORY / "themes" / "reign_themes",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_the_four_packages_is_in_it(package: str, wheel: Path) -> None:
    folder = PACKAGES[package]
    tracked = subprocess.run(["git", "ls-files"], cwd=folder, check=True, capture_output=True, text=True)
    expected = {f"{package}/{name}" for name in tracked.stdout.split("\n") if name and (folder / name).exists()}
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    assert f"{package}/py.typed" in expected
    assert expected <= names


def test_nothing_else_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        tops = {name.partition("/")[0] for name in packed.namelist()}
    assert tops == {*PACKAGES, f"reign_tui-{__version__}.dist-info"}


def test_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        data = email.message_from_bytes(packed.read(f"reign_tui-{__version__}.dist-info/METADATA"))
        scripts = packed.read(f"reign_tui-{__version__}.dist-info/entry_points.txt").decode()
        licences = [name for name in packed.namelist() if name.endswith("/licenses/LICENSE")]
    assert data["Version"] == __version__
    assert data["Requires-Python"] == ">=3.11"
    assert data["License-Expression"] == "Apache-2.0"
    assert "reign-tui = reign_tui.__main__:main" in scripts
    assert licences


def test_the_installed_program_starts_away_from_the_source(installed: Path, tmp_path: Path) -> None:
    said = subprocess.run([installed, "--version"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert said.stdout == f"reign-tui {__version__}\n"
    probe = "import reign_tui, reign_agents, reign_executors, reign_themes as t; print(reign_tui.__file__, t.__file__)"
    python = installed.parent / "python"
    found = subprocess.run([python, "-c", probe], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert str(REPOSITORY) not in found.stdout


def test_python_dash_m(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-m", "reign_tui", "--version"], check=True, capture_output=True, text=True)
    assert said.stdout == f"reign-tui {__version__}\n"
