"""``reign-tui grants``: what runs unasked for a time, and taking it back."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from reign_tui.cli.failure import Exit, Stopped

if TYPE_CHECKING:
    from reign_agents.store.records import GrantRecord

from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui grants list
  reign-tui grants list --all --json
  reign-tui grants revoke g_3
  reign-tui grants revoke all"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("list", "revoke"), help="look, or take back")
    parser.add_argument("grant", nargs="?", metavar="ID", help="revoke: a grant's id, or all")
    parser.add_argument("--all", action="store_true", help="list: those that ran out or were revoked, too")
    parser.add_argument("--json", action="store_true", help="JSON on stdout, one grant a line")


def run(arguments: argparse.Namespace) -> int:
    """0, also when nothing is granted; 2 when the grant that was named is not there or holds no more."""
    from reign_tui.cli.context import reading_store, settings_of

    if arguments.what == "revoke" and not arguments.grant:
        raise Stopped(Exit.USAGE, "revoke needs a grant's id, or all", "reign-tui grants list")
    if arguments.what == "list" and arguments.grant:
        raise Stopped(Exit.USAGE, f"list takes no {arguments.grant!r}", "reign-tui grants list --all")
    context = settings_of(arguments)
    with reading_store(context) as store:
        if arguments.what == "list":
            return _list(store.grants(active=not arguments.all), as_json=arguments.json)
        wanted = None if arguments.grant == "all" else arguments.grant
        known = {grant.grant: grant for grant in store.grants()}
        if wanted is not None and wanted not in known:
            raise Stopped(Exit.USAGE, f"there is no grant {wanted!r}", "reign-tui grants list --all")
        ended = asyncio.run(store.revoke(wanted, context.engine.user))
        after = {grant.grant: grant for grant in store.grants()}
    if arguments.json:
        return _list([after[name] for name in ended], as_json=True)
    if ended:
        sys.stdout.write(f"revoked: {', '.join(ended)}\n")
    elif wanted is None:
        sys.stdout.write("nothing was granted\n")
    else:
        raise Stopped(Exit.USAGE, f"{wanted} holds no more: it is {_state(known[wanted])}")
    return Exit.DONE


def _state(grant: GrantRecord) -> str:
    from reign_agents.events import now

    return grant.state(now())


def _list(grants: list[GrantRecord], *, as_json: bool) -> int:
    from reign_agents.events import now
    from reign_agents.safety.grants import Scope
    from reign_tui.plain_plan import table

    time = now()
    if as_json:
        for grant in grants:
            sys.stdout.write(json_text(grant.to_json(time)) + "\n")
        return Exit.DONE
    if not grants:
        sys.stdout.write("nothing is granted: whatever changes something is asked\n")
        return Exit.DONE
    rows = [("GRANT", "STATE", "UNTIL (UTC)", "USED", "BY", "WHAT")]
    for grant in grants:
        until = (grant.revoked or grant.expires)[:16].replace("T", " ")
        row = (grant.grant, grant.state(time), until, str(grant.uses), grant.by, Scope.from_json(grant.scope).words())
        rows.append(row)
    sys.stdout.write("\n".join(table(rows)) + "\n")
    return Exit.DONE
