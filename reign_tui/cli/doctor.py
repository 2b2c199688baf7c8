"""``reign-tui doctor``: which tools, daemons and keys are there, and how to mend what is not."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from reign_tui.cli.arguments import add_json
from reign_tui.cli.context import settings_of
from reign_tui.cli.failure import Exit
from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui doctor
  reign-tui doctor --json | jq -r '.checks[] | select(.fix) | .id + ": " + .fix'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all that is required is there, else 6."""
    from reign_tui.doctor import Patient, examine, healthy

    context = settings_of(arguments)
    chosen = context.loaded.config
    patient = Patient(
        context.cwd, context.paths, chosen.docker_context, os.environ, chosen.kube_context, chosen.namespace
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
