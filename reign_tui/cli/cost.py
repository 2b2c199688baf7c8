"""``reign-tui cost``: what language models cost, by answer, session, day or model; and the prices it goes by."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reign_tui.cli.arguments import count
from reign_tui.cli.failure import Exit, Stopped
from reign_tui.text import cut, json_text, one_line

if TYPE_CHECKING:
    from reign_agents.models.prices import Price
    from reign_agents.store.spending import Spent
    from reign_agents.store.store import Store
    from reign_executors.operation import JsonObject
    from reign_tui.config import AppConfig

EXAMPLES = """\
  reign-tui cost
  reign-tui cost --by model --since 30d
  reign-tui cost --by answer --since today --json
  reign-tui cost --prices"""

Limits = list[tuple[str, Decimal, Decimal | None]]
"""What a budget is for, its amount, and what counts against it (None: only the answer or session itself knows)."""

_BACK = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by",
        choices=("answer", "session", "day", "model"),
        default="day",
        help="an answer is all that one request of yours led to; days are in UTC (default: day)",
    )
    parser.add_argument(
        "--since", metavar="TIME", help="only from then on: today, 7d, 12h, 2026-11-01 or 2026-11-01T08:00:00Z"
    )
    parser.add_argument("--limit", metavar="N", type=count, default=50, help="how many rows (default: 50)")
    parser.add_argument("--prices", action="store_true", help="the prices that costs are reckoned by, with their dates")
    parser.add_argument(
        "--json", action="store_true", help='JSON on stdout, one object a line; the last one ("by":"total") is the sum'
    )


def run(arguments: argparse.Namespace) -> int:
    """0, also when nothing was spent."""
    from reign_tui.cli.context import reading_store, settings_of

    since = None if arguments.since is None else since_of(arguments.since)
    context = settings_of(arguments)
    config = context.loaded.config
    if arguments.prices:
        return _prices(config, as_json=arguments.json)
    with reading_store(context) as store:
        found = store.spending.by(arguments.by, since=since, limit=arguments.limit)
        total = store.spending.total(since=since)
        budget = _budget(store, config)
    if arguments.json:
        _as_json(arguments.by, found, total, since, budget)
    else:
        _as_words(arguments.by, found, total, budget, since)
    return Exit.DONE


def since_of(text: str, now: datetime | None = None) -> str:
    """A time as people write it, like those in the store; :class:`Stopped` says what would fit."""
    now = now or datetime.now(UTC)
    back = _BACK.fullmatch(text.strip().lower())
    try:
        if text == "today":
            moment = now.replace(hour=0, minute=0, second=0, microsecond=0)
        elif back is not None:
            moment = now - timedelta(**{_UNITS[back[2]]: int(back[1])})
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Stopped(
            Exit.USAGE, f"--since {text}: that is no time", "today, 7d, 12h, 2026-11-01 or 2026-11-01T08:00:00Z"
        ) from error
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _budget(store: Store, config: AppConfig) -> Limits:
    """Which limits are set."""
    from reign_agents.events import now
    from reign_agents.models.prices import dollars

    today = dollars(store.spending.spent("day", now()[:10]))
    return [(name, limit, today if name == "day" else None) for name, limit in sorted(config.budget.items())]


def _as_json(
    by: str,
    found: list[Spent],
    total: Spent | None,
    since: str | None,
    budget: Limits,
) -> None:
    from reign_agents.store.spending import NOTHING, spent_json

    for spent in found:
        sys.stdout.write(json_text(spent_json(spent, by)) + "\n")
    told: JsonObject = {
        name: {"limit": float(limit), "spent": None if spent is None else float(spent)} for name, limit, spent in budget
    }
    last = {**spent_json(total or NOTHING, "total"), "since": since, "budget": told}
    sys.stdout.write(json_text(last) + "\n")


def _as_words(
    by: str,
    found: list[Spent],
    total: Spent | None,
    budget: Limits,
    since: str | None,
) -> None:
    from reign_agents.models.prices import money
    from reign_tui.plain_plan import table
    from reign_tui.spending import amount, notes

    if total is None:
        sys.stdout.write("no model was asked yet\n" if since is None else "no model was asked since then\n")
    else:
        rows: list[tuple[str, ...]] = [(_HEADS[by], "COST", "REQUESTS", "READ", "FROM CACHE", "WRITTEN", _LAST[by])]
        rows += [_row(spent, by) for spent in found]
        rows.append(_row(total, "total"))
        sys.stdout.write("\n".join(table(rows)) + "\n")
        sys.stdout.write(f"\n{amount(total, fine=True)} in all, in US dollars\n")
        for line in notes([total]):
            sys.stdout.write(f"{line}\n")
    for name, limit, spent in budget:
        counted = "" if spent is None else f", {money(spent, fine=True)} of it spent today (UTC)"
        sys.stdout.write(f"budget of {_EACH[name]}: {money(limit)}{counted}\n")


_HEADS = {"answer": "ANSWER", "session": "SESSION", "day": "DAY (UTC)", "model": "MODEL"}
_LAST = {"answer": "TIME (UTC) AND REQUEST", "session": "MODELS", "day": "MODELS", "model": "LAST ASKED (UTC)"}
_EACH = {"answer": "an answer", "session": "a session", "day": "a day"}


def _row(spent: Spent, by: str) -> tuple[str, ...]:
    from reign_tui.spending import amount, tokens

    last = ", ".join(spent.models)
    if by == "answer":
        when = spent.first[:16].replace("T", " ")
        last = " ".join(part for part in (when, spent.run, spent.request) if part)
    elif by == "model":
        last = spent.last[:16].replace("T", " ")
    cut_off = f" ({spent.broke_off} broken off)" if spent.broke_off else ""
    return (
        "total" if by == "total" else one_line(spent.key or "-"),
        amount(spent, fine=True),
        f"{spent.requests}{cut_off}",
        tokens(spent.input + spent.cached + spent.stored),
        tokens(spent.cached),
        tokens(spent.output),
        "" if by == "total" else cut(one_line(last), 60),
    )


def _prices(config: AppConfig, *, as_json: bool) -> int:
    from reign_agents.models.prices import vendor_prices
    from reign_tui.plain_plan import table

    known: dict[str, Price] = {**vendor_prices(), **config.prices}
    if as_json:
        for name, price in sorted(known.items()):
            sys.stdout.write(json_text({"v": 1, "model": name, "currency": "USD", **price.to_json()}) + "\n")
        return Exit.DONE
    rows: list[tuple[str, ...]] = [("MODEL", "INPUT", "OUTPUT", "FROM CACHE", "INTO CACHE", "CHECKED")]
    for name, price in sorted(known.items()):
        rate = price.rate
        amounts = (rate.input, rate.output, rate.cache_read, rate.cache_write)
        checked = "yours" if price.checked is None else price.checked.isoformat()
        long = f", more above {price.over:,} tokens" if price.over is not None else ""
        rows.append((one_line(name), *(f"{value.normalize():f}" for value in amounts), f"{checked}{long}"))
    sys.stdout.write("\n".join(table(rows)) + "\n")
    sources = sorted({price.source for price in known.values() if price.checked is not None})
    sys.stdout.write(
        "\nUS dollars for a million tokens. Ollama's models cost nothing; what is not here is unknown (?).\n"
    )
    sys.stdout.write("".join(f"  {source}\n" for source in sources))
    return Exit.DONE
