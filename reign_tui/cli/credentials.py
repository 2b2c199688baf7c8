"""``reign-tui credentials``: keys and passwords by name. A value never stands in a command line and is never shown."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from typing import TYPE_CHECKING

from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_executors.credentials import Credentials
    from reign_tui.cli.context import Context

EXAMPLES = """\
  reign-tui credentials set anthropic                    asks for it, without showing it
  pass show ci/github | reign-tui credentials set github -
  reign-tui credentials set db_password --from-env PGPASSWORD
  reign-tui credentials list
  reign-tui run "run a container from image postgres:17 named db with env POSTGRES_PASSWORD={{secret:db_password}}"
  reign-tui credentials remove github"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("set", "list", "remove"), help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="anthropic, openai, github … or any name of your own")
    parser.add_argument("stdin", nargs="?", metavar="-", help="set: read the value from standard input")
    parser.add_argument("--from-env", metavar="VARIABLE", help="set: take the value of this variable")
    parser.add_argument("--in", dest="where", choices=("keyring", "file"), help="set: where to keep it")
    parser.add_argument(
        "--passphrase", action="store_true", help="set: protect the file by a passphrase (asked for) from now on"
    )
    parser.add_argument("--json", action="store_true", help="list: one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Names are shown, values never are."""
    from reign_executors.credentials import Credentials, fit_name
    from reign_tui.cli.context import settings_of

    context = settings_of(arguments)
    kept = Credentials(context.paths.data, ask=_ask_passphrase)
    if arguments.what == "list":
        return _list(kept, as_json=arguments.json)
    if arguments.name is None:
        raise Stopped(Exit.USAGE, f"credentials {arguments.what} needs a name", "reign-tui credentials --help")
    name = fit_name(arguments.name)
    if arguments.what == "set":
        _set(context, kept, name, arguments)
        return Exit.DONE
    if not kept.remove(name):
        raise Stopped(Exit.USAGE, f"no credential {name!r} is kept", "reign-tui credentials list tells which are")
    _record(context, "credential.removed", name, None)
    sys.stdout.write(f"{name} is forgotten\n")
    return Exit.DONE


def _set(context: Context, kept: Credentials, name: str, arguments: argparse.Namespace) -> None:
    if arguments.stdin not in (None, "-"):
        raise Stopped(
            Exit.USAGE,
            "a value does not go into the command line, where others can read it and the shell remembers it: this one "
            "is known to them now, so change it at its source",
            f"reign-tui credentials set {name}    asks for it;  … | reign-tui credentials set {name} -    reads it",
        )
    value = _value(name, arguments)
    passphrase = _new_passphrase() if arguments.passphrase else None
    where = kept.set(name, value, where=arguments.where, passphrase=passphrase)
    _record(context, "credential.set", name, where)
    place = "the keyring" if where == "keyring" else "the encrypted file"
    sys.stdout.write(f"{name} is kept in {place}\n")


def _value(name: str, arguments: argparse.Namespace) -> str:
    if arguments.from_env is not None:
        value = os.environ.get(arguments.from_env, "")
        if not value:
            raise Stopped(Exit.USAGE, f"the variable {arguments.from_env} is not set or empty")
        return value
    if arguments.stdin == "-" or not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\r\n")
    return getpass.getpass(f"value for {name} (it is not shown): ")


def _ask_passphrase() -> str | None:
    return getpass.getpass("passphrase of the credentials file: ") if sys.stdin.isatty() else None


def _new_passphrase() -> str:
    from reign_executors.credentials.sealed_file import PASSPHRASE_VARIABLE

    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise Stopped(Exit.USAGE, "there is nobody to ask for a passphrase", f"set the variable {PASSPHRASE_VARIABLE}")
    first = getpass.getpass("new passphrase: ")
    if not first or first != getpass.getpass("once more: "):
        raise Stopped(Exit.USAGE, "that was not twice the same passphrase", "nothing was kept: try again")
    return first


def _list(kept: Credentials, *, as_json: bool) -> int:
    from reign_tui.plain_plan import table

    listed = kept.list()
    if as_json:
        for one in listed:
            row = {"v": 1, "name": one.name, "where": one.where, "variable": one.detail or None}
            sys.stdout.write(json.dumps(row) + "\n")
        return Exit.DONE
    if not listed:
        sys.stdout.write("no credentials yet: reign-tui credentials set NAME keeps one\n")
        return Exit.DONE
    rows: list[tuple[str, ...]] = [("NAME", "WHERE")]
    rows += [(one.name, f"{one.where} {one.detail}".strip()) for one in listed]
    sys.stdout.write("\n".join(table(rows)) + "\n")
    return Exit.DONE


def _record(context: Context, kind: str, name: str, where: str | None) -> None:
    from reign_tui.cli.context import reading_store

    with reading_store(context) as store:
        store.audit(kind, {"name": name, "where": where})
