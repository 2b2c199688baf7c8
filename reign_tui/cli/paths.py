"""``reign-tui paths``: where Reign's files live."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reign_tui.paths import find_paths, find_project_file
from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui paths
  "$EDITOR" "$(reign-tui paths --json | jq -r .config_file)\""""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Lines of a name and a path; nothing is created or opened."""
    paths = find_paths()
    project = find_project_file(Path(arguments.cwd).absolute() if arguments.cwd else Path.cwd())
    found = {
        "config": paths.config,
        "data": paths.data,
        "state": paths.state,
        "cache": paths.cache,
        "config_file": paths.config_file,
        "themes": paths.themes,
        "database": paths.database,
        "reports": paths.reports,
        "project_file": project,
    }
    if arguments.json:
        shown = {name: None if path is None else str(path) for name, path in found.items()}
        sys.stdout.write(json_text({"v": 1, **shown}) + "\n")
        return 0
    for name, path in found.items():
        sys.stdout.write(f"{name:<13} {path if path is not None else '-'}\n")
    return 0
