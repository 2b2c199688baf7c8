"""``reign-tui check``: a verdict on shell commands. Never runs anything."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from reign_tui.cli.by_line import add_words, no_words
from reign_tui.cli.failure import Exit

if TYPE_CHECKING:
    from reign_agents.safety.rules import Rule

from reign_tui.text import json_text

EXAMPLES = """\
  echo '{"command": "ls -l /etc"}' | reign-tui check
  jq -c '{command: .}' commands.json | reign-tui check | jq -r 'select(.verdict == "deny").command'
  echo '{"command": "git push"}' | reign-tui check --rules"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_words(parser)
    parser.add_argument("--json", action="store_true", help="accepted; the answer is JSON anyway")
    parser.add_argument(
        "--rules",
        action="store_true",
        help="judge by the rules of your config, too: they may deny, ask, or allow what would be asked",
    )


def run(arguments: argparse.Namespace) -> int:
    """One verdict for every line of stdin, each flushed. A line that is no ``{"command": "…"}`` is answered with an
    ``error``, the others are still judged, and the exit code is 2.
    """
    from reign_agents.safety.check import judge_command

    no_words("check", arguments.words, json_text({"command": " ".join(arguments.words)}))
    if sys.stdin.isatty():
        sys.stderr.write('{"command": "…"}, a line each; Ctrl-D ends\n')
    rules: tuple[Rule, ...] = ()
    host = None
    if arguments.rules:
        from reign_executors.host import host_name
        from reign_tui.cli.context import settings_of

        rules, host = settings_of(arguments).engine.rules, host_name()
    code = Exit.DONE
    for raw in sys.stdin.buffer:
        if not raw.strip():
            continue
        command, wrong = _read(raw)
        if command is None:
            code = Exit.USAGE
            answer: dict[str, object] = {"command": None, "verdict": None, "reasons": [], "error": wrong}
        else:
            judged = judge_command(command, rules, host=host)
            answer = {"command": command, "verdict": str(judged.verdict), "reasons": list(judged.reasons)}
        sys.stdout.write(json_text(answer) + "\n")
        sys.stdout.flush()
    return code


def _read(raw: bytes) -> tuple[str | None, str]:
    """The command of one line, or None and what is wrong with the line."""
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if not isinstance(given, dict) or not isinstance(given.get("command"), str):
        return None, 'must be an object like {"command": "ls"}'
    return given["command"], ""
