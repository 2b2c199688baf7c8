"""``reign-tui plan``: a plan with its effects. Runs nothing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_json, read_text
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from pydantic import JsonValue

    from reign_executors.operation import JsonObject

from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui plan "create file notes.txt with content hello"
  reign-tui plan "run a container from image nginx:1.27 named web, publish 8080 to 80" --json > plan.json
  echo "remove container web" | reign-tui plan -
  reign-tui plan @request.txt"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="+", metavar="TEXT", help="the request; - for stdin, @FILE for a file's content")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 4 with the question when it was not understood or is ambiguous, 5 when the plan is denied."""
    return asyncio.run(_plan(arguments, read_text(arguments.text)))


async def _plan(arguments: argparse.Namespace, text: str) -> int:
    from reign_agents.models.budget import BudgetStop
    from reign_tui.cli.context import session, settings_of, warn_of_secrets
    from reign_tui.headless import Planning, shown

    lines = Planning(live=sys.stderr.isatty())
    async with session(settings_of(arguments), arguments) as opened:
        warn_of_secrets(opened, text)
        try:
            async with shown(opened, lines):
                plan = await opened.plan(text)
        except asyncio.CancelledError:
            lines.settle(None)
            lines.say("stopped before there was a plan; nothing was changed")
            raise
        except BudgetStop as stop:
            if arguments.json:
                told = {"v": 1, "kind": "budget", "question": stop.cause, "budget": stop.question.to_json()}
                sys.stdout.write(json_text(told) + "\n")
            raise Stopped(Exit.PERSON_NEEDED, stop.cause, stop.way_out) from stop
        found: list[JsonValue] = [*lines.findings]
        shape = opened.hidden({**plan.to_json(), "mode": opened.mode, "answer": plan.answer, "findings": found})
        answer = shape["answer"]
    lines.settle(None if plan.steps else answer)
    if arguments.json:
        sys.stdout.write(json_text(shape) + "\n")
    return _shown(shape, str(answer or ""), quiet=arguments.json)


def _shown(shape: JsonObject, answer: str, *, quiet: bool) -> int:
    """Print the plan (its JSON, without secrets) for a person unless ``quiet``; returns the exit code."""
    from reign_agents.plan.model import Plan
    from reign_tui.plain_plan import choices, plan_lines
    from reign_tui.text import plain

    plan = Plan.from_json(shape)
    if plan.steps and not quiet:
        sys.stdout.write("\n".join(plan_lines(shape)) + "\n")
    elif answer and not quiet:
        sys.stdout.write(plain(answer) + "\n")
    if plan.question is not None:
        ways = [] if choices(shape) and not quiet else [f"- {suggestion}" for suggestion in plan.suggestions]
        raise Stopped(Exit.NOT_UNDERSTOOD, plain(plan.question), "\n  ".join(plain(way) for way in ways))
    if plan.verdict is not None and plan.verdict.value == "deny":
        reasons = dict.fromkeys(
            reason for step in plan.steps for reason in step.reasons if step.verdict is plan.verdict
        )
        raise Stopped(Exit.DENIED, f"denied: {'; '.join(reasons)}")
    return Exit.DONE
