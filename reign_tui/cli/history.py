"""``reign-tui history``: past runs, newest first."""

from __future__ import annotations

import argparse
import sys

from reign_tui.cli.arguments import add_json, count
from reign_tui.cli.context import reading_store, settings_of
from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui history
  reign-tui history --search nginx --limit 5
  reign-tui history --json | jq -r 'select(.outcome == "failed").run'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (default: 50)")
    parser.add_argument("--search", metavar="WORDS", help="only runs whose request or steps have these words")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """A row for every run; the contract's shape with ``--json``."""
    with reading_store(settings_of(arguments)) as store:
        session = None
        if arguments.continue_:
            past = store.sessions()
            session = past[0].session if past else ""
        rows = [r.to_json() for r in store.history(limit=arguments.limit, session=session, search=arguments.search)]
    if arguments.json:
        for row in rows:
            sys.stdout.write(json_text(row) + "\n")
        return 0
    if not rows:
        sys.stdout.write("no runs yet\n" if arguments.search is None else "no runs with these words\n")
        return 0
    from reign_tui.plain_plan import table

    shown: list[tuple[str, ...]] = [("RUN", "STARTED", "OUTCOME", "RISK", "UNDO", "STEPS", "REQUEST")]
    for row in rows:
        steps = row["steps"]
        assert isinstance(steps, dict)
        total = sum(value for value in steps.values() if isinstance(value, int))
        started = str(row["started"])[:19].replace("T", " ")
        words = (row["run"], started, row["outcome"], row["risk"] or "-", row["undo"] or "-")
        shown.append((*(str(word) for word in words), f"{steps['done']}/{total}", str(row["request"])))
    sys.stdout.write("\n".join(table(shown)) + "\n")
    return 0
