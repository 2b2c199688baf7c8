"""How long the installed ``reign-tui --version`` takes, as a ratio to ``python -c pass``. Budget: 3."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROUNDS = 30


def seconds(*argv: str) -> float:
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    script = Path(sysconfig.get_path("scripts")) / "reign-tui"
    installed = str(script) if script.exists() else shutil.which("reign-tui")
    if installed is None:
        sys.exit("reign-tui is not installed in this environment: make .venv/.dev")
    bare, version = [], []
    for _ in range(ROUNDS):  # by turns, so that both meet the same noise
        bare.append(seconds(sys.executable, "-c", "pass"))
        version.append(seconds(installed, "--version"))
    bare.sort()
    version.sort()
    ours, theirs = version[ROUNDS // 2] * 1000, bare[ROUNDS // 2] * 1000
    print(f"reign-tui --version: {ours:.1f} ms, python -c pass: {theirs:.1f} ms, ratio {ours / theirs:.2f} (budget 3)")


if __name__ == "__main__":
    main()
