"""``reign-tui`` without a command: the full-screen app."""

from __future__ import annotations

import argparse
import sys

from reign_tui.cli.failure import Exit, Stopped

EXAMPLES = """\
  reign-tui
  reign-tui --read-only --context prod"""


def run(arguments: argparse.Namespace) -> int:
    """Needs a terminal; in a pipe it says which commands do not."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stopped(
            Exit.USAGE,
            "the full-screen app needs a terminal, and this is none",
            'in a script: reign-tui run "…" --json, or reign-tui --help',
        )
    from reign_tui.app import run_app
    from reign_tui.cli.context import settings_of

    return run_app(settings_of(arguments), continue_=arguments.continue_)
