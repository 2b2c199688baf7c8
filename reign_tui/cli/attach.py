"""``reign-tui attach``: follow a run that another process drives, by what it journals."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_json
from reign_tui.cli.context import known_run, reading_store, settings_of
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.store.store import Store

EXAMPLES = """\
  reign-tui attach last
  reign-tui attach r_52 --json

Leaving by Ctrl-C leaves the run alone; reign-tui cancel RUN cancels it."""

BEAT = 0.2  # seconds between two looks at the journal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """What happened so far, then what happens; returns the run's exit code when it has ended. Exit code 3 when its
    process died: the run can be resumed.
    """
    with reading_store(settings_of(arguments)) as store:
        return asyncio.run(_follow(store, known_run(store, arguments.run), arguments.json))


async def _follow(store: Store, name: str, as_json: bool) -> int:
    from reign_agents.events import Event, EventType
    from reign_tui.headless import JsonLines, PlainLines

    presenter = JsonLines() if as_json else PlainLines(live=sys.stderr.isatty())
    seen, code = 0, None
    running: set[str] = set()
    while True:
        orphaned = name in {record.run for record in store.unfinished()}
        for event in store.events(name, seen):
            seen = event.seq
            code = None
            if event.type is EventType.STEP_STARTED and event.step:
                running.add(event.step)
            elif event.type is EventType.STEP_FINISHED and event.step:
                running.discard(event.step)
            elif event.type is EventType.RUN_FINISHED:
                exit_code = event.data.get("exit")
                code = exit_code if isinstance(exit_code, int) else 0
            presenter.show(event)
        for step in sorted(running):
            path = store.log_path(name, step)
            if path.exists() and not as_json:
                presenter.show(Event(name, EventType.OUTPUT_APPENDED, {"path": str(path)}, step))
        if code is not None:
            return code
        if orphaned:
            raise Stopped(
                Exit.PERSON_NEEDED,
                f"nobody drives run {name} any more: its process ended in the middle",
                f"reign-tui resume {name} goes on, reign-tui undo {name} leads back",
            )
        presenter.tick()
        await asyncio.sleep(BEAT)
