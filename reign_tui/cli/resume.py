"""``reign-tui resume``: go on with a run that was cut off."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_driving
from reign_tui.cli.context import known_run
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.settings import RunOptions

EXAMPLES = """\
  reign-tui resume last
  reign-tui resume r_52 --approve change --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    add_driving(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the run's exit code. A run that is done, or that another process drives, is left alone."""
    from reign_tui.cli.driving import driven

    async def begin(session: Session, options: RunOptions) -> str:
        name = known_run(session.store, arguments.run)
        record = session.store.run(name)
        assert record is not None
        if record.outcome == "done":
            raise Stopped(Exit.DONE, f"run {name} is done: there is nothing to resume", f"reign-tui show {name}")
        if record.ended is None and name not in {row.run for row in session.store.unfinished()}:
            raise Stopped(Exit.FAILED, f"run {name} is driven by process {record.pid}", f"reign-tui attach {name}")
        return await session.resume(name, options)

    return driven(arguments, begin)
