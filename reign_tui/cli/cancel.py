"""``reign-tui cancel``: ask whoever drives a run to cancel it."""

from __future__ import annotations

import argparse
import sys
import time

from reign_tui.cancel_request import ask_to_cancel, request_file
from reign_tui.cli.context import known_run, reading_store, settings_of
from reign_tui.cli.failure import Exit, Stopped

EXAMPLES = """\
  reign-tui cancel r_52"""

PATIENCE = 60.0  # seconds; the longest ladder of an operation is shorter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or last")
    parser.add_argument(
        "--timeout", type=float, default=PATIENCE, metavar="SECONDS", help="how long to wait for its end"
    )


def run(arguments: argparse.Namespace) -> int:
    """Waits until the run has ended. Exit code 3 when nobody drives it, 124 when it has not ended in time."""
    with reading_store(settings_of(arguments)) as store:
        name = known_run(store, arguments.run)
        record = store.run(name)
        assert record is not None
        if record.ended is not None:
            sys.stdout.write(f"run {name} had ended already: {record.outcome}\n")
            return Exit.DONE
        if name in {row.run for row in store.unfinished()}:
            raise Stopped(
                Exit.PERSON_NEEDED,
                f"nobody drives run {name}: its process ended in the middle, so there is nothing to cancel",
                f"reign-tui resume {name} goes on, reign-tui undo {name} leads back",
            )
        ask_to_cancel(store, name)
        until = time.monotonic() + arguments.timeout
        while time.monotonic() < until:
            record = store.run(name)
            if record is not None and record.ended is not None:
                sys.stdout.write(f"run {name} {record.outcome}\n")
                return Exit.DONE
            time.sleep(0.1)
        request_file(store, name).unlink(missing_ok=True)
        raise Stopped(
            Exit.TIME_LIMIT, f"run {name} has not ended within {arguments.timeout:g} s", f"reign-tui attach {name}"
        )
