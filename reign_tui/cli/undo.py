"""``reign-tui undo``: a new run that leads back from an earlier one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_driving
from reign_tui.cli.context import known_run, known_step
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.settings import RunOptions
    from reign_agents.store.store import Store

EXAMPLES = """\
  reign-tui undo last
  reign-tui undo r_52 --approve destroy
  reign-tui undo r_52 --step 2 --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last (the last that changed something)")
    parser.add_argument("--step", metavar="STEP", help="only this step (s2 or 2)")
    add_driving(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the new run's exit code; 0 when there is nothing left to undo."""
    from reign_tui.cli.driving import driven

    async def begin(session: Session, options: RunOptions) -> str:
        name = _last_change(session.store) if arguments.run == "last" else known_run(session.store, arguments.run)
        step = None
        if arguments.step is not None:
            plan = session.store.plan(name)
            step = known_step([step.id for step in plan.steps] if plan is not None else [], arguments.step)
        return await session.undo(name, step, options)

    return driven(arguments, begin)


def _last_change(store: Store) -> str:
    """The newest run that is no undo itself and has something left to undo."""
    for record in store.history(limit=100):
        if record.undo_of is None and any(entry.undone_by is None for entry in store.ledger(record.run)):
            return record.run
    raise Stopped(Exit.DONE, "there is nothing to undo in the last 100 runs", "reign-tui history lists all")
