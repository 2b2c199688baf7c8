"""What ``run``, ``resume`` and ``undo`` have in common: options, who shows the run, who asks."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from reign_tui.cli.context import session, settings_of
from reign_tui.cli.failure import Stopped

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.settings import RunOptions

Begin = Callable[["Session", "RunOptions"], Awaitable[str]]


def driven(arguments: argparse.Namespace, begin: Begin) -> int:
    """Open a session, begin a run, show it and return its exit code. Asks only at a terminal and without ``--json``."""
    return asyncio.run(_driven(arguments, begin))


async def _driven(arguments: argparse.Namespace, begin: Begin) -> int:
    from reign_agents.settings import RunOptions
    from reign_executors.effect import Risk
    from reign_tui.cli.asking import Asker, can_ask
    from reign_tui.headless import JsonLines, PlainLines, drive, never_began

    asks = not arguments.json and can_ask()
    options = RunOptions(
        interactive=asks,
        approve=Risk[arguments.approve.upper()],
        confirm_target=arguments.confirm_target,
        approve_hash=getattr(arguments, "approve_hash", None),
        timeout=arguments.timeout,
    )
    context = settings_of(arguments)
    lines = PlainLines(live=sys.stderr.isatty(), asks=asks)
    asker = Asker(lines) if asks else None
    async with session(context, arguments, None if asker is None else asker.budget) as opened:

        async def start() -> str:
            try:
                return await begin(opened, options)
            except Stopped as stop:
                if arguments.json:
                    JsonLines().show(never_began(stop.sentence, stop.code))
                raise

        if arguments.json:
            return await drive(opened, start, JsonLines())
        return await drive(opened, start, lines, asker)
