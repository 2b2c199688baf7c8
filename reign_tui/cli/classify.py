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
    from reign_tui.cli.by_line import add_words

    add_words(parser)
    parser.add_argument("--json", action="store_true", help="accepted; the answer is JSON anyway")


def run(arguments: argparse.Namespace) -> int:
    """See :func:`answer`."""
    from reign_tui.cli.by_line import no_words

    no_words("classify", arguments.words, " ".join(arguments.words))
    return answer()


def answer() -> int:
    """One JSON object for every line of stdin, each flushed; empty lines are answered too, so that lines correspond."""
    from reign_agents.understanding import understand

    if sys.stdin.isatty():
        sys.stderr.write("requests, a line each; Ctrl-D ends\n")

    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        sys.stdout.write(json_text(understand(line).to_json()) + "\n")
        sys.stdout.flush()
        gc.enable()
    return 0
