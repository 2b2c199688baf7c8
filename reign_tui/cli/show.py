"""``reign-tui show``: one run with its plan, its steps and who approved what."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from reign_tui.cli.arguments import add_json
from reign_tui.cli.context import known_run, reading_store, settings_of
from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui show last
  reign-tui show r_52 --json | jq '.steps[] | {id, outcome, error}'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """The contract's ``show`` with ``--json``, lines for a person else."""
    from reign_tui.spending import planning_words

    with reading_store(settings_of(arguments)) as store:
        name = known_run(store, arguments.run)
        shown: Any = store.show(name)
        spent = store.spending.of_run(name)
    if arguments.json:
        sys.stdout.write(json_text(shown) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(shown, None if spent is None else planning_words(spent))) + "\n")
    return 0


def _lines(shown: dict[str, Any], planning: str | None) -> list[str]:
    from reign_tui.plain_plan import plan_lines
    from reign_tui.text import one_line, size

    run, plan = shown["run"], shown["plan"]
    ended = f" to {run['ended']}" if run["ended"] else ""
    lines = [
        f"run {run['run']}  {run['outcome']}  {one_line(str(run['request']))}",
        f"by {run['user']}, {run['started']}{ended}",
    ]
    lines += [planning] if planning else []
    lines += plan_lines(plan) if plan else []
    for step in shown["steps"]:
        verified = {True: ", verified", False: ", NOT verified"}.get(step["verified"], "")
        lines.append(f"{step['id']}  {step['outcome'] or 'waiting'}{verified}")
        approval = step["approval"]
        if approval:
            lines.append(f"    approved by {approval['by']}, {approval['how']}, {approval['time']}")
        if step["outputs"]:
            lines.append(f"    outputs {one_line(json_text(step['outputs']), 200)}")
        error = step["error"] or {}
        lines += [f"    {one_line(str(error[key]))}" for key in ("cause", "way_out") if error.get(key)]
        log = step["log"]
        if log and log["bytes"]:
            lines.append(f"    log {log['path']} ({size(log['bytes'])})")
    return lines
