"""From the command line's words to one command's module, and from whatever goes wrong to a sentence and a code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

from reign_tui.cli.failure import Exit, Stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def dispatch(words: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Prints, never raises."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115 - a closed stream (>&-) is no reason to fail
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _command(words)
        sys.stdout.flush()
        return code
    except Stopped as stop:
        return _say(stop)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _mute()
        return Exit.DONE
    except Exception as error:
        return _unexpected(error)


def _command(words: Sequence[str]) -> int:
    if words and words[0] == "classify" and all(word == "--json" for word in words[1:]):
        from reign_tui.cli import classify

        return classify.answer()  # without a parser of options: what asks line by line starts it often
    from reign_tui.cli.commands import COMMANDS, help_text

    name, rest = _split(words)
    if name is None:
        if any(word in ("-h", "--help") for word in rest):
            sys.stdout.write(help_text())
            return Exit.DONE
        if any(word in ("-V", "--version") for word in rest):
            from reign_tui.version import __version__

            sys.stdout.write(f"reign-tui {__version__}\n")
            return Exit.DONE
        return _app(rest)
    if name == "help":
        topic, _ = _split(rest)
        if topic is None:
            sys.stdout.write(help_text())
            return Exit.DONE
        name, rest = topic, ["--help"]
    if name not in COMMANDS:
        raise _unknown(name)
    from reign_tui.cli.arguments import command_parser

    command = COMMANDS[name]
    module = import_module(f"reign_tui.cli.{command.module}")
    parser = command_parser(name, command.summary, module.EXAMPLES)
    module.add_arguments(parser)
    try:
        arguments = parser.parse_intermixed_args(rest)
    except SystemExit:
        return Exit.DONE  # --help was printed
    gc.enable()
    return int(module.run(arguments))


def _app(rest: Sequence[str]) -> int:
    from reign_tui.cli import app
    from reign_tui.cli.arguments import command_parser

    return app.run(command_parser("", "the full-screen app", app.EXAMPLES).parse_args(list(rest)))


def _split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The command's name, and all the other words; flags may stand before it."""
    from reign_tui.cli.arguments import VALUED

    skip = False
    for position, word in enumerate(words):
        if skip:
            skip = False
        elif word in VALUED:
            skip = True
        elif not word.startswith("-"):
            return word, [*words[:position], *words[position + 1 :]]
    return None, list(words)


def _unknown(name: str) -> Stopped:
    from reign_tui.cli.commands import COMMANDS, LATER

    if name in LATER:
        return Stopped(Exit.USAGE, f"{name} is not part of this version yet", "reign-tui --help lists what is")
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1, cutoff=0.7)
    if near:
        return Stopped(
            Exit.USAGE, f"there is no command {name!r}: did you mean {near[0]}?", f"reign-tui {near[0]} --help"
        )
    return Stopped(
        Exit.USAGE, f"there is no command {name!r}", f'a request goes after run or plan: reign-tui plan "{name} …"'
    )


def _say(stop: Stopped) -> int:
    lines = [f"reign-tui: {stop.sentence}", *([f"  {stop.way_out}"] if stop.way_out else [])]
    print_error("\n".join(lines))
    return stop.code


def print_error(text: str) -> None:
    """Words for a person, on stderr; a closed stderr is no reason to fail."""
    try:
        sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        _mute()


def _mute() -> None:
    """Nobody reads any more: what Python would still flush at exit goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _unexpected(error: Exception) -> int:
    """An ``OperationError`` tells its cause and way out; all else is a fault of ours and goes into a report."""
    cause, kind = getattr(error, "cause", None), getattr(error, "kind", None)
    if isinstance(cause, str) and isinstance(kind, str):
        code = Exit.TOOL_MISSING if kind == "tool_missing" else Exit.FAILED
        return _say(Stopped(code, cause, str(getattr(error, "way_out", ""))))
    from reign_tui.cli.report import write_report

    sentence = f"something unexpected went wrong: {type(error).__name__}: {error}"
    return _say(Stopped(Exit.FAILED, sentence, write_report(error)))
