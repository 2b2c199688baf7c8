"""The server that speaks the protocols of language models, for tests: ``python -m tests.testbed.aimock`` installs it.

It lies in the proving ground's folder and needs node 20 and, for installing, npm and its registry.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.testbed.places import Places, find_program

LOCK = Path(__file__).resolve().parent.parent / "models" / "aimock"
"""The folder with the package file and its lock."""


def program(places: Places) -> Path | None:
    """Where the server's script lies (``REIGN_TEST_AIMOCK`` names another ``node_modules``); None: not installed."""
    named = os.environ.get("REIGN_TEST_AIMOCK")
    modules = Path(named) if named else places.kept / "aimock" / "node_modules"
    script = modules / "@copilotkit" / "aimock" / "dist" / "cli.js"
    return script if script.is_file() else None


def install(places: Places) -> Path | None:
    """Install what the lock says, unless it is there; None where there is no node or npm, or npm failed."""
    folder = places.kept / "aimock"
    lock = (LOCK / "package-lock.json").read_text("utf-8")
    kept = folder / "package-lock.json"
    if kept.is_file() and kept.read_text("utf-8") == lock and (found := program(places)) is not None:
        return found
    npm = find_program("npm")
    if npm is None or find_program("node") is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK / name, folder / name)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        kept.unlink(missing_ok=True)
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return program(places)


if __name__ == "__main__":
    there = install(Places.named())
    print(there or "not installed: node and npm are needed", file=sys.stderr)
    sys.exit(0 if there else 1)
