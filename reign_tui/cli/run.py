"""``reign-tui run``: plan a request (or take a saved plan) and run it without a screen."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_driving, read_file, read_text
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.plan.model import Plan
    from reign_agents.session import Session
    from reign_agents.settings import RunOptions

EXAMPLES = """\
  reign-tui run "list the files here"
  reign-tui run "create file notes.txt with content hello" --approve create
  reign-tui run "remove container web" --approve destroy --json
  reign-tui run --plan plan.json --approve-hash sha256:51d0…
  echo "show the running containers" | reign-tui run -"""

_PLAN = re.compile(r"p_[0-9a-f]{8}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the request; - for stdin, @FILE for a file's content")
    parser.add_argument(
        "--plan", metavar="FILE", help="run a plan that plan --json wrote (- for stdin), or a finding's cure by its id"
    )
    parser.add_argument("--approve-hash", metavar="HASH", help="approve exactly the plan with this hash, nothing else")
    add_driving(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the run's exit code."""
    from reign_tui.cli.context import warn_of_secrets
    from reign_tui.cli.driving import driven

    if bool(arguments.text) == bool(arguments.plan):
        raise Stopped(Exit.USAGE, "run needs a request or --plan FILE, one of both", "reign-tui run --help")
    named = (
        arguments.plan
        if arguments.plan and _PLAN.fullmatch(arguments.plan) and not Path(arguments.plan).exists()
        else None
    )
    plan = saved_plan(arguments.plan) if arguments.plan and named is None else None
    text = read_text(arguments.text) if arguments.text else ""

    async def begin(session: Session, options: RunOptions) -> str:
        if named is not None:
            return await session.start(_proposed(session, named), options)
        if plan is not None:
            return await session.start(plan, options)
        warn_of_secrets(session, text)
        return await session.ask(text, options)

    return driven(arguments, begin)


def _proposed(session: Session, name: str) -> Plan:
    """The cure that a finding proposed under this id."""
    plan = session.store.proposed(name)
    if plan is None:
        raise Stopped(Exit.USAGE, f"no finding proposed a plan {name}", "reign-tui show RUN --json lists findings")
    return plan


def saved_plan(name: str) -> Plan:
    """The plan in a file; :class:`Stopped` says what is wrong with it. Effects are asked again before it runs."""
    from pydantic import ValidationError

    from reign_agents.general import new_plan_id
    from reign_agents.plan.model import Plan

    text = sys.stdin.read() if name == "-" else read_file(Path(name))
    way_out = 'reign-tui plan "…" --json writes one'
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Stopped(Exit.USAGE, f"{name} is no JSON: {error}", way_out) from error
    if not isinstance(data, dict) or data.get("kind", "plan") != "plan" or not data.get("steps"):
        raise Stopped(Exit.USAGE, f"{name} holds no plan with steps", way_out)
    if data.get("v", 1) != 1:
        raise Stopped(Exit.USAGE, f"{name} is of version {data.get('v')}, this program knows version 1", way_out)
    try:
        plan = Plan.from_json(data)
    except (AttributeError, KeyError, TypeError, ValueError, ValidationError) as error:
        raise Stopped(Exit.USAGE, f"{name} holds a plan with a fault: {error}", way_out) from error
    return plan if plan.id else replace(plan, id=new_plan_id())
