"""``reign-tui replay``: the events of a past run, as they were journalled."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_json, seconds
from reign_tui.cli.context import known_run, reading_store, settings_of

if TYPE_CHECKING:
    from reign_agents.events import Event

EXAMPLES = """\
  reign-tui replay last
  reign-tui replay r_52 --speed 1           at the speed it had
  reign-tui replay r_52 --json | jq -c 'select(.type == "step.finished").data'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    parser.add_argument(
        "--speed", type=seconds, metavar="FACTOR", help="1 as it was, 10 ten times as fast (default: at once)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Shows the events; changes nothing. Exit code 0 whatever the run ended with."""
    with reading_store(settings_of(arguments)) as store:
        events = list(store.events(known_run(store, arguments.run)))
    asyncio.run(_replay(events, arguments))
    return 0


async def _replay(events: list[Event], arguments: argparse.Namespace) -> None:
    from reign_tui.headless import JsonLines, PlainLines
    from reign_tui.text import moment

    presenter = JsonLines() if arguments.json else PlainLines(live=False)
    before = None
    for event in events:
        now = moment(event.time)
        if arguments.speed and before is not None:
            await asyncio.sleep(max((now - before).total_seconds(), 0) / arguments.speed)
        before = now
        presenter.show(event)
