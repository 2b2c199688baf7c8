"""Arguments that several commands share, and a parser whose complaints name the next command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from reign_tui.cli.failure import Exit, Stopped

VALUED = frozenset({"--cwd", "--context", "--model", "--max-cost", "-n", "--namespace", "--mode"})
"""Common flags that are followed by a value."""


class Parser(argparse.ArgumentParser):
    """Raises :class:`Stopped` with exit code 2 instead of printing its usage."""

    def error(self, message: str) -> NoReturn:
        raise Stopped(Exit.USAGE, message, f"{self.prog} --help")


def command_parser(name: str, summary: str, examples: str) -> Parser:
    """A parser for one command with the common flags; ``examples`` are lines for the end of its help."""
    parser = Parser(
        prog=f"reign-tui {name}".strip(),
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    common = parser.add_argument_group("flags that every command takes")
    common.add_argument("--read-only", action="store_true", help="nothing may change, whatever is approved")
    common.add_argument(
        "--mode",
        choices=("read-only", "ask", "trusted-change"),
        help="how much happens unasked at the screen (a project file may only tighten it)",
    )
    common.add_argument("--offline", action="store_true", help="nothing leaves this machine but for the tools' targets")
    common.add_argument("--cwd", metavar="FOLDER", help="work there")
    common.add_argument(
        "--context", metavar="NAME", help="the docker or Kubernetes context to act on, whichever knows it"
    )
    common.add_argument("--continue", dest="continue_", action="store_true", help="in the last session")
    common.add_argument("-n", "--namespace", metavar="NAME", help="the Kubernetes namespace where a request names none")
    common.add_argument("--model", metavar="NAME", help="anthropic/…, openai/… or ollama/…; offline: none")
    common.add_argument(
        "--max-cost",
        metavar="AMOUNT",
        help="dollars that this command may spend on language models; where more could be needed it asks, or stops",
    )
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON on stdout, one object a line; never asks")


def add_driving(parser: argparse.ArgumentParser) -> None:
    """What every command that executes takes."""
    add_json(parser)
    parser.add_argument(
        "--approve",
        choices=("read", "create", "change", "destroy"),
        default="read",
        help="steps with at most this risk run unasked (default: read)",
    )
    parser.add_argument(
        "--confirm-target", metavar="NAME", help="needed to destroy on a target that looks like production"
    )
    parser.add_argument("--timeout", metavar="SECONDS", type=seconds, help="of the whole run; then exit 124")


def seconds(text: str) -> float:
    """A number of seconds above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be seconds above 0, not {text!r}")
    return value


def count(text: str) -> int:
    """A number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 1, not {text!r}")
    return int(text)


def read_text(words: list[str]) -> str:
    """The request: the words themselves, stdin for ``-``, a file's content for ``@file``."""
    if words == ["-"]:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    elif len(words) == 1 and words[0].startswith("@") and len(words[0]) > 1:
        text = read_file(Path(words[0][1:]))
    else:
        text = " ".join(words)
    if not text.strip():
        raise Stopped(Exit.USAGE, "the request is empty", 'reign-tui plan "create file notes.txt with content hello"')
    return text.strip()


def read_file(path: Path) -> str:
    """A file's text, or :class:`Stopped` with the system's reason."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise Stopped(Exit.USAGE, f"{path} can't be read: {error.strerror}") from error
