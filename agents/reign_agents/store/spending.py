"""What requests to language models cost: put aside before one is sent, settled when its answer is there.

Amounts are trillionths of a US dollar. A request counts against a budget with its cost, or, as long as it has none (it
is under way, or the process ended in the middle), with the most it may cost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from reign_agents.events import now
from reign_agents.store.database import Database
from reign_executors.operation import JsonObject

By = Literal["answer", "session", "day", "model"]
Scope = Literal["answer", "session", "day"]

_KEYS: dict[str, str] = {"answer": "plan", "session": "session", "day": "substr(time, 1, 10)", "model": "model"}
_COUNTS = "coalesce(sum(coalesce(cost, most, 0)), 0)"


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is about to be sent. ``plan`` names the answer it belongs to; ``most`` None: no price is known."""

    model: str
    session: str | None = None
    plan: str | None = None
    run: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` for one answer, one session, or one day (in UTC, all sessions of this home together)."""

    scope: Scope
    amount: int


@dataclass(frozen=True, slots=True)
class Passed:
    """``limit`` would be passed: ``spent`` counts against it already."""

    limit: Limit
    spent: int


@dataclass(frozen=True, slots=True)
class Settled:
    """How a request ended: ``whole``, ``broke_off`` or ``cancelled``. ``cost`` None: no price is known.

    ``estimated``: the vendor told no (or not all) numbers of tokens.
    """

    outcome: Literal["whole", "broke_off", "cancelled"]
    input: int = 0
    output: int = 0
    cached: int = 0
    stored: int = 0
    estimated: bool = False
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a group of requests used. ``key`` is the answer's plan, the session, the day or the model.

    ``cost`` is of the ``requests`` with a known one; ``unpriced`` of them (with ``unpriced_tokens``) have no price,
    ``open`` are under way or were cut off with their process, at most ``open_most`` together. ``broke_off`` counts
    those that were cut off or cancelled, ``estimated`` those whose tokens the vendor did not tell.
    """

    key: str | None
    first: str
    last: str
    models: tuple[str, ...]
    answers: int
    requests: int
    broke_off: int
    input: int
    output: int
    cached: int
    stored: int
    estimated: int
    cost: int
    unpriced: int
    unpriced_tokens: int
    open: int
    open_most: int
    session: str | None = None
    run: str | None = None
    request: str | None = None


NOTHING = Spent(None, "", "", (), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
"""No request at all."""


class Spending:
    """The part of the store that keeps this. Several processes share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, asking: Asking, limits: Sequence[Limit] = ()) -> int | Passed:
        """Put ``asking.most`` aside, unless a limit would be passed: then nothing is. Returns the request's number."""
        time = now()
        what = f"{asking.model} is not asked: what it costs could not be written down"
        return await self._database.write(lambda db: _reserve(db, asking, limits, time), what, full=True)

    async def settle(self, number: int, settled: Settled) -> None:
        """The request came to its end. Cancelling the caller does not take this back."""
        time = now()
        what = "what a language model's answer cost is not written down"
        await self._database.write(lambda db: _settle(db, number, settled, time), what)

    async def drop(self, number: int) -> None:
        """The request was not answered at all, so it cost nothing."""
        what = "that a language model did not answer is not written down"
        await self._database.write(lambda db: _drop(db, number), what)

    def spent(self, scope: Scope, key: str) -> int:
        """What counts against a limit by now; ``key`` is the answer's plan, the session or the day."""
        with self._database.read() as db:
            return _spent(db, scope, key)

    def by(self, by: By, *, since: str | None = None, session: str | None = None, limit: int = -1) -> list[Spent]:
        """Groups, newest first; models with the dearest first. ``since`` is a time like those of events."""
        with self._database.read() as db:
            return _groups(db, _KEYS[by], since, session, limit, dearest=by == "model", one=by == "answer")

    def total(self, *, since: str | None = None, session: str | None = None) -> Spent | None:
        """All of it together; None where no model was asked."""
        with self._database.read() as db:
            found = _groups(db, "NULL", since, session, 1)
        return found[0] if found else None

    def of_run(self, run: str) -> Spent | None:
        """What planning that run cost."""
        with self._database.read() as db:
            found = _groups(db, "run", None, None, 1, run=run)
        return found[0] if found else None


def _spent(db: sqlite3.Connection, scope: Scope, key: str) -> int:
    where = {"answer": "plan = ?", "session": "session = ?", "day": "time >= ?"}[scope]
    return int(db.execute(f"SELECT {_COUNTS} FROM spending WHERE {where}", (key,)).fetchone()[0])  # noqa: S608


def _reserve(db: sqlite3.Connection, asking: Asking, limits: Sequence[Limit], time: str) -> int | Passed:
    keys = {"answer": asking.plan, "session": asking.session, "day": time[:10]}
    for limit in limits:
        key = keys[limit.scope]
        spent = 0 if key is None else _spent(db, limit.scope, key)
        if asking.most is not None and asking.most > 0 and spent + asking.most > limit.amount:
            return Passed(limit, spent)
    row = (time, asking.session, asking.plan, asking.run, asking.model, asking.most)
    done = db.execute(
        "INSERT INTO spending (time, session, plan, run, model, outcome, most) VALUES (?, ?, ?, ?, ?, 'asked', ?)", row
    )
    assert done.lastrowid is not None
    return done.lastrowid


def _settle(db: sqlite3.Connection, number: int, settled: Settled, time: str) -> None:
    values = (
        settled.outcome,
        time,
        settled.input,
        settled.output,
        settled.cached,
        settled.stored,
        int(settled.estimated),
        settled.cost,
        number,
    )
    db.execute(
        "UPDATE spending SET outcome = ?, ended = ?, input = ?, output = ?, cached = ?, stored = ?, estimated = ?,"
        " cost = ? WHERE id = ?",
        values,
    )


def _drop(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM spending WHERE id = ?", (number,))


def _groups(
    db: sqlite3.Connection,
    key: str,
    since: str | None,
    session: str | None,
    limit: int,
    *,
    run: str | None = None,
    dearest: bool = False,
    one: bool = False,
) -> list[Spent]:
    conditions = {"time >= ?": since, "session = ?": session, "run = ?": run}
    where = " AND ".join(text for text, value in conditions.items() if value is not None) or "1"
    values: list[Any] = [value for value in conditions.values() if value is not None]
    tokens = "input + output + cached + stored"
    rows = db.execute(
        f"SELECT {key}, min(time), max(time), group_concat(DISTINCT model), count(DISTINCT plan), count(*),"  # noqa: S608
        " sum(outcome IN ('broke_off', 'cancelled')), sum(input), sum(output), sum(cached), sum(stored),"
        " sum(estimated),"
        " coalesce(sum(cost), 0), sum(cost IS NULL AND most IS NULL),"
        f" coalesce(sum(CASE WHEN cost IS NULL AND most IS NULL THEN {tokens} END), 0),"
        " sum(cost IS NULL AND most IS NOT NULL), coalesce(sum(CASE WHEN cost IS NULL THEN most END), 0),"
        " max(session), max(run)"
        f" FROM spending WHERE {where} GROUP BY 1 HAVING count(*) > 0"
        f" ORDER BY {'13 DESC, 1' if dearest else '3 DESC'} LIMIT ?",
        (*values, limit),
    ).fetchall()
    found = [Spent(row[0], row[1], row[2], tuple(sorted(row[3].split(","))), *row[4:17], *row[17:]) for row in rows]
    return [_with_request(db, spent) for spent in found] if one else found


def _with_request(db: sqlite3.Connection, spent: Spent) -> Spent:
    row = db.execute("SELECT request FROM runs WHERE run = ?", (spent.run,)).fetchone() if spent.run else None
    return spent if row is None else replace(spent, request=row[0])


def spent_json(spent: Spent, by: str) -> JsonObject:
    """The contract's form of a group; amounts are numbers of US dollars."""
    return {
        "v": 1,
        "by": by,
        "key": spent.key,
        "first": spent.first or None,
        "last": spent.last or None,
        "models": list(spent.models),
        "answers": spent.answers,
        "requests": spent.requests,
        "broke_off": spent.broke_off,
        "tokens": {"input": spent.input, "output": spent.output, "cached": spent.cached, "stored": spent.stored},
        "estimated": spent.estimated,
        "cost": None if spent.requests and spent.unpriced == spent.requests else _number(spent.cost),
        "unpriced": {"requests": spent.unpriced, "tokens": spent.unpriced_tokens},
        "open": {"requests": spent.open, "most": _number(spent.open_most)},
        "currency": "USD",
        "session": spent.session if by in ("answer", "session") else None,
        "run": spent.run if by == "answer" else None,
        "request": spent.request if by == "answer" else None,
    }


def _number(amount: int) -> float:
    return amount / 10**12
