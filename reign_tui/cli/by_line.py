"""Commands that read stdin line by line: what they say to whoever gives them words instead."""

from __future__ import annotations

from reign_tui.cli.failure import Exit, Stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_words(parser: argparse.ArgumentParser) -> None:
    """Words on the command line, only to say where they belong: see :func:`no_words`."""
    import argparse

    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)


def no_words(command: str, words: list[str], line: str) -> None:
    """``Stopped`` where words were given; ``line`` is how they would be given on stdin."""
    if words:
        import shlex

        raise Stopped(
            Exit.USAGE, f"{command} reads from stdin, a line each", f"echo {shlex.quote(line)} | reign-tui {command}"
        )
