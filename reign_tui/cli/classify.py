"""``reign-tui classify``: what requests are about, as docs/commands.md and the labels define it."""

from __future__ import annotations

import gc
import sys

from reign_tui.text import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
  echo "scale web to 3 replicas" | reign-tui classify
  reign-tui classify < requests.txt | jq -r .intent | sort | uniq -c"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="accepted; the answer is JSON anyway")


def run(_arguments: argparse.Namespace) -> int:
    """See :func:`answer`."""
    return answer()


def answer() -> int:
    """One JSON object for every line of stdin, each flushed; empty lines are answered too, so that lines correspond."""
    from reign_agents.understanding import understand

    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        sys.stdout.write(json_text(understand(line).to_json()) + "\n")
        sys.stdout.flush()
        gc.enable()
    return 0
