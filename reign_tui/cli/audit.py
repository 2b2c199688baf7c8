"""``reign-tui audit``: whether the chain of decisions and operations is whole, and the chain itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import count
from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.audit.head import Head
    from reign_agents.audit.verify import Verdict
    from reign_tui.cli.context import Context

from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui audit verify
  reign-tui audit verify --head 212:sha256:51d0…      against a head that was kept elsewhere
  reign-tui audit export > audit.jsonl                ends with the head: keep it elsewhere
  reign-tui audit export --since 2026-11-01 | jq -c 'select(.what == "decision")'
  reign-tui audit verify --file audit.jsonl
  reign-tui audit purge 57 --why "a password was typed into the request" """


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("verify", "export", "purge"), help="what to do with the chain")
    parser.add_argument("row", nargs="?", type=count, metavar="ROW", help="purge: the row whose content goes for good")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object on stdout (an export always is JSON lines)"
    )
    parser.add_argument("--head", metavar="HEAD", help="verify: a head that was kept elsewhere, as verify prints it")
    parser.add_argument("--file", metavar="FILE", help="verify: an export instead of the database (- for stdin)")
    parser.add_argument("--since", metavar="TIME", help="export: rows from that day (2026-11-01) or moment on")
    parser.add_argument("--why", metavar="WORDS", default="", help="purge: the reason, which stays in the chain")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 7 when the chain is not whole."""
    from reign_tui.cli.context import settings_of

    context = settings_of(arguments)
    if arguments.what == "purge":
        return _purge(context, arguments)
    if arguments.row is not None:
        raise Stopped(Exit.USAGE, f"audit {arguments.what} takes no row", "reign-tui audit --help")
    return _verify(context, arguments) if arguments.what == "verify" else _export(context, arguments.since)


def _places(context: Context) -> tuple[Path, Path]:
    from reign_agents.store.places import StorePaths

    paths = StorePaths(data=context.paths.data, state=context.paths.state)
    return paths.database, paths.audit_head


def _known(text: str | None) -> Head | None:
    from reign_agents.audit.head import Head

    try:
        return None if text is None else Head.parse(text)
    except ValueError as error:
        raise Stopped(Exit.USAGE, f"--head: {error}", "reign-tui audit verify prints one") from error


def _verify(context: Context, arguments: argparse.Namespace) -> int:
    from reign_agents.audit.verify import verify, verify_export
    from reign_tui.cli.arguments import read_file

    known = _known(arguments.head)
    if arguments.file is not None:
        text = sys.stdin.read() if arguments.file == "-" else read_file(Path(arguments.file))
        found = verify_export(text.splitlines(), known)
    else:
        found = verify(*_places(context), known)
    if arguments.json:
        sys.stdout.write(json_text(found.to_json()) + "\n")
        return Exit.DONE if found.ok else Exit.DIFFERENCE
    if found.ok:
        sys.stdout.write(_whole(found))
        return Exit.DONE
    from reign_tui.text import one_line

    lines = [one_line(f"{fault.what}: {fault.text}") for fault in found.faults]
    raise Stopped(Exit.DIFFERENCE, f"the audit chain is not whole: {lines[0]}", "\n  ".join(lines[1:]))


def _whole(found: Verdict) -> str:
    if found.head is None:
        return "the audit chain is empty: nothing was decided or executed yet\n"
    purged = f", {found.purged} of them without their content (purged)" if found.purged else ""
    return (
        f"the audit chain is whole: {found.rows} rows{purged}\nhead {found.head}\n"
        "Keep the head elsewhere: who owns this machine could write the whole chain anew, and only a head that was "
        "kept elsewhere shows that.\n"
    )


def _export(context: Context, since: str | None) -> int:
    import sqlite3

    from reign_agents.audit.export import exported

    try:
        for line in exported(*_places(context), since):
            sys.stdout.write(json_text(line) + "\n")
    except (sqlite3.DatabaseError, ValueError) as error:
        raise Stopped(
            Exit.DIFFERENCE, f"the audit chain can't be read to its end: {error}", "reign-tui audit verify tells where"
        ) from error
    return Exit.DONE


def _purge(context: Context, arguments: argparse.Namespace) -> int:
    from reign_executors.redaction import Redactor
    from reign_tui.cli.context import reading_store

    if arguments.row is None:
        raise Stopped(Exit.USAGE, "audit purge needs the number of a row", "reign-tui audit export lists them")
    with reading_store(context) as store:
        if not store.purge_audit(arguments.row, Redactor().text(arguments.why)):
            raise Stopped(
                Exit.USAGE, f"row {arguments.row} has no content to purge", "reign-tui audit export lists the rows"
            )
    sys.stdout.write(
        f"the content of row {arguments.row} is gone; the chain still verifies\n"
        "Exports and forwarded copies made before still have it; so do the journal and the logs of its run.\n"
    )
    return Exit.DONE
