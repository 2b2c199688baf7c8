"""``reign-tui doctor``: which tools, daemons and keys are there, and how to mend what is not."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import add_json
from reign_tui.cli.context import Context, reading_store, settings_of
from reign_tui.cli.dispatch import print_error
from reign_tui.cli.failure import Exit
from reign_tui.text import json_text

if TYPE_CHECKING:
    from reign_agents.models.conversation import LanguageModel

EXAMPLES = """\
  reign-tui doctor
  reign-tui doctor --online --model openai/gpt-5-mini
  reign-tui doctor --json | jq -r '.checks[] | select(.fix) | .id + ": " + .fix'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.add_argument(
        "--online", action="store_true", help="send each chosen model one small request, which its vendor charges"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all that is required is there, else 6."""
    from reign_tui.doctor import Patient, examine, healthy
    from reign_tui.model_checks import models_of

    context = settings_of(arguments)
    chosen = context.loaded.config
    with ExitStack() as open_things:
        ask = _asking(context, open_things) if arguments.online else None
        patient = Patient(
            context.cwd,
            context.paths,
            chosen.docker_context,
            os.environ,
            chosen.kube_context,
            chosen.namespace,
            models_of(chosen, ask),
            context.loaded.warnings,
            chosen.audit_forward,
        )
        checks = asyncio.run(examine(patient))
    ok = healthy(checks)
    if arguments.json:
        answer = {"v": 1, "ok": ok, "checks": [check.to_json() for check in checks]}
        sys.stdout.write(json_text(answer) + "\n")
        return Exit.DONE if ok else Exit.TOOL_MISSING
    for check in checks:
        version = f" {check.version}" if check.version else ""
        target = f"; acts on {check.target}" if check.target else ""
        sys.stdout.write(f"{check.status:<8} {check.id}{version}: {check.detail}{target}\n")
        if check.fix:
            sys.stdout.write(f"{'':<8}   {check.fix}\n")
    sys.stdout.write("all that is required is there\n" if ok else "something required is missing: see above\n")
    return Exit.DONE if ok else Exit.TOOL_MISSING


def _asking(context: Context, open_things: ExitStack) -> Callable[[str], LanguageModel] | None:
    """Makes the models that are asked; what they cost is written down and held against the budget."""
    from reign_agents.models.choice import language_model
    from reign_agents.models.metered import MeteredModel
    from reign_executors.credentials import Credentials
    from reign_tui.planners import asks_models, budget_alone, meter_for

    config = context.loaded.config
    if not asks_models(config):
        return None
    store = open_things.enter_context(reading_store(context))
    alone = budget_alone(config, store)
    if alone is not None:
        print_error(f"warning: {alone}")
    meter = meter_for(config, store, print_error)
    kept = Credentials(context.paths.data)

    def ask(name: str) -> LanguageModel:
        model = language_model(name, kept.get, config.base_urls, config.plain_http)
        return model if meter is None else MeteredModel(model, meter)

    return ask
