"""``reign-tui logs``: what the tools of a run wrote, as it was kept (secrets taken out)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reign_tui.cli.arguments import add_json
from reign_tui.cli.context import known_run, known_step, reading_store, settings_of
from reign_tui.text import json_text, plain

EXAMPLES = """\
  reign-tui logs last
  reign-tui logs r_52 s1 | less"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    parser.add_argument("step", metavar="STEP", nargs="?", help="only this step (s2 or 2)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Lines of text without escape sequences; with ``--json`` an object a line that names the step and the line."""
    with reading_store(settings_of(arguments)) as store:
        name = known_run(store, arguments.run)
        steps = [step.id for step in store.steps(name)]
        chosen = steps if arguments.step is None else [known_step(steps, arguments.step)]
        paths = [(step, store.log_path(name, step)) for step in chosen]
    several = len(chosen) > 1
    for step, path in paths:
        for number, line in enumerate(_log_lines(path), 1):
            if arguments.json:
                row = {"v": 1, "run": name, "step": step, "line": number, "text": line}
                sys.stdout.write(json_text(row) + "\n")
            else:
                sys.stdout.write(f"{step}  | {line}\n" if several else f"{line}\n")
    return 0


def _log_lines(path: Path) -> list[str]:
    """The lines of a log; none when the step wrote nothing. Of a progress bar only its last state is kept."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [plain(line.rstrip("\r").rsplit("\r", 1)[-1]) for line in lines]
