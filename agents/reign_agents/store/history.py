"""What is read back: runs, steps, plans, events, the ledger, conversations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from reign_agents.events import Event, Outcome
from reign_agents.plan.model import Plan
from reign_agents.store.coding import unpacked, unpacked_or_none
from reign_agents.store.records import (
    GrantRecord,
    LedgerEntry,
    Message,
    RunRecord,
    SessionRecord,
    StepCounts,
    StepRecord,
)
from reign_executors.operation import JsonObject

Driven = Callable[[str], bool]
"""Whether a living process drives a run."""

PROMISES = ("exact", "revert", "recreate", "none")
"""Of undo, strongest first."""

_RUN = "run, plan, request, intent, risk, user, session, started, undo_of, cwd, pid, ended, outcome, exit, answer"


def runs(
    db: sqlite3.Connection,
    driven: Driven,
    *,
    limit: int,
    session: str | None = None,
    search: str | None = None,
    operation: str | None = None,
    run: str | None = None,
    unfinished: bool = False,
) -> list[RunRecord]:
    """Runs, newest first. ``search`` is a part of the request or a run's id; ``operation`` a name or its family."""
    conditions: list[str] = []
    values: list[object] = []
    if session is not None:
        conditions.append("session = ?")
        values.append(session)
    if run is not None:
        conditions.append("run = ?")
        values.append(run)
    if search is not None:
        conditions.append("(request LIKE ? ESCAPE '\\' OR run = ?)")
        values += [f"%{_like(search)}%", search]
    if operation is not None:
        conditions.append("run IN (SELECT run FROM steps WHERE operation = ? OR (operation >= ? AND operation < ?))")
        values += [operation, f"{operation}.", f"{operation}/"]  # a slash comes right after a full stop
    if unfinished:
        conditions.append("ended IS NULL")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = db.execute(f"SELECT {_RUN} FROM runs {where} ORDER BY id DESC LIMIT ?", (*values, limit)).fetchall()  # noqa: S608 - constants
    names = [str(row[0]) for row in rows]
    counts, undos = _counts(db, names), _undos(db, names)
    return [_run(row, driven, counts.get(str(row[0]), {}), undos.get(str(row[0]))) for row in rows]


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _run(
    row: Sequence[Any], driven: Driven, counts: Mapping[str | None, int], undo: tuple[str | None, str | None] | None
) -> RunRecord:
    running = counts.get(Outcome.RUNNING.value, 0)
    outcome = str(row[12])
    in_doubt = counts.get(Outcome.IN_DOUBT.value, 0)
    if row[11] is None and not driven(str(row[0])):
        outcome = (Outcome.IN_DOUBT if running else Outcome.STOPPED).value
        in_doubt, running = in_doubt + running, 0
    steps = StepCounts(
        done=counts.get(Outcome.DONE.value, 0),
        failed=counts.get(Outcome.FAILED.value, 0),
        skipped=counts.get(Outcome.SKIPPED.value, 0),
        waiting=counts.get(None, 0) + running,
        cancelled=counts.get(Outcome.CANCELLED.value, 0),
        stopped=counts.get(Outcome.STOPPED.value, 0),
        in_doubt=in_doubt,
    )
    return RunRecord(
        run=row[0],
        plan=row[1],
        request=row[2],
        intent=row[3],
        risk=row[4],
        user=row[5],
        session=row[6],
        started=row[7],
        undo_of=row[8],
        cwd=row[9],
        pid=row[10],
        ended=row[11],
        outcome=outcome,
        exit=row[13],
        answer=row[14],
        steps=steps,
        undo=None if undo is None else undo[0],
        undone_by=None if undo is None else undo[1],
    )


def _marks(names: Sequence[str]) -> str:
    return ",".join("?" * len(names))


def _counts(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, dict[str | None, int]]:
    found: dict[str, dict[str | None, int]] = {}
    for some in _portions(names):
        rows = db.execute(
            f"SELECT run, outcome, count(*) FROM steps WHERE run IN ({_marks(some)}) GROUP BY run, outcome",  # noqa: S608
            some,
        )
        for run, outcome, count in rows:
            found.setdefault(run, {})[outcome] = count
    return found


def _undos(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Run → the weakest promise that is open, and who undid the last one once none is open."""
    entries: dict[str, list[tuple[str, str | None]]] = {}
    for some in _portions(names):
        rows = db.execute(
            f"SELECT run, undo, undone_by FROM ledger WHERE run IN ({_marks(some)}) ORDER BY undone",  # noqa: S608
            some,
        )
        for run, undo, undone_by in rows:
            entries.setdefault(run, []).append((undo, undone_by))
    found: dict[str, tuple[str | None, str | None]] = {}
    for run, ledger_rows in entries.items():
        still = [undo for undo, undone_by in ledger_rows if undone_by is None]
        weakest = max(still, key=PROMISES.index, default=None)
        found[run] = (weakest, None if still else ledger_rows[-1][1])
    return found


def _portions(names: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


def plan_json(db: sqlite3.Connection, run: str) -> JsonObject | None:
    """The newest plan of a run, as it was written."""
    row = db.execute("SELECT json FROM plans WHERE run = ? ORDER BY id DESC LIMIT 1", (run,)).fetchone()
    return None if row is None else unpacked(row[0])


def plan(db: sqlite3.Connection, run: str) -> Plan | None:
    found = plan_json(db, run)
    return None if found is None else Plan.from_json(found)


def steps(db: sqlite3.Connection, run: str, alive: bool, log_path: Callable[[str, str], Path]) -> list[StepRecord]:
    """A run's steps in the plan's order. What was under way when its process died reads ``in_doubt``."""
    approvals = _approvals(db, run)
    ledger_rows: dict[str, tuple[str, str | None]] = {
        step: (undo, undone_by)
        for step, undo, undone_by in db.execute("SELECT step, undo, undone_by FROM ledger WHERE run = ?", (run,))
    }
    rows = db.execute(
        "SELECT step, operation, outcome, attempts, started, ended, seconds, outputs, verified, error, log_bytes, "
        "undo, changed, fields FROM steps WHERE run = ? ORDER BY position, id",
        (run,),
    ).fetchall()
    found: list[StepRecord] = []
    for row in rows:
        name, outcome = str(row[0]), row[2]
        if outcome == Outcome.RUNNING.value and not alive:
            outcome = Outcome.IN_DOUBT.value
        log = log_path(run, name)
        undo, undone_by = ledger_rows.get(name, (row[11], None))
        found.append(
            StepRecord(
                id=name,
                operation=row[1],
                outcome=outcome,
                attempts=row[3],
                started=row[4],
                ended=row[5],
                seconds=row[6],
                outputs=unpacked_or_none(row[7]),
                verified=None if row[8] is None else bool(row[8]),
                approval=approvals.get(name),
                log=log,
                log_bytes=_size(log, row[10]),
                undo=undo,
                error=unpacked_or_none(row[9]),
                undone_by=undone_by,
                changed=bool(row[12]),
                fields=unpacked(row[13]),
            )
        )
    return found


def _size(log: Path, recorded: int) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return recorded


def _approvals(db: sqlite3.Connection, run: str) -> dict[str, JsonObject]:
    """Step → who let it run: what its last attempt says, else the last yes of a person that covers it."""
    found: dict[str, JsonObject] = {}
    rows = db.execute(
        "SELECT steps, answered_by, how, hash, answered, approval FROM approvals "
        "WHERE run = ? AND decision IN ('once', 'plan', 'envelope', 'grant') ORDER BY answered, id",
        (run,),
    )
    for covered, by, how, hash_, time, approval in rows:
        for step in json.loads(covered):
            found[step] = {"by": by, "how": how, "hash": hash_, "time": time, "basis": approval}
    rows = db.execute(
        "SELECT step, permitted_by, permitted_how, hash, started, permitted_basis FROM attempts "
        "WHERE run = ? ORDER BY attempt",
        (run,),
    )
    for step, by, how, hash_, time, basis in rows:
        person = found.get(step)
        if how == "read":
            continue
        if how is not None and (person is None or person["how"] != how):
            found[step] = {"by": by, "how": how, "hash": hash_, "time": time, "basis": basis}
        elif person is not None:
            found[step] = {**person, "hash": hash_, "basis": basis or person["basis"]}
    return found


def events(db: sqlite3.Connection, run: str, after: int, limit: int) -> list[Event]:
    """Events of a run with ``seq`` above ``after``, in order, at most ``limit``."""
    rows = db.execute(
        "SELECT seq, time, step, type, data FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
        (run, after, limit),
    ).fetchall()
    return [
        Event.from_json({"run": run, "seq": seq, "time": time, "step": step, "type": kind, "data": json.loads(data)})
        for seq, time, step, kind, data in rows
    ]


def proposed(db: sqlite3.Connection, plan: str) -> dict[str, Any] | None:
    """The newest plan of that id in a finding's data."""
    row = db.execute(
        "SELECT json_extract(data, '$.plan') FROM events WHERE type = 'finding' AND json_extract(data, '$.cure') = ? "
        "AND json_extract(data, '$.plan') IS NOT NULL ORDER BY id DESC LIMIT 1",
        (plan,),
    ).fetchone()
    found = None if row is None else json.loads(row[0])
    return found if isinstance(found, dict) else None


def ledger(db: sqlite3.Connection, run: str, alive: bool) -> list[LedgerEntry]:
    """A run's changes, newest first. While it runs, what is under way is not in it; after its process died it is."""
    rows = db.execute(
        "SELECT run, step, operation, fields, before, outputs, undo, undone_by, state FROM ledger "
        "WHERE run = ? AND (state != 'intended' OR NOT ?) ORDER BY id DESC",
        (run, alive),
    ).fetchall()
    return [
        LedgerEntry(
            run=row[0],
            step=row[1],
            operation=row[2],
            fields=unpacked(row[3]),
            before=unpacked_or_none(row[4]),
            outputs=unpacked_or_none(row[5]),
            undo=row[6],
            undone_by=row[7],
            certain=row[8] == "made",
        )
        for row in rows
    ]


def grants(db: sqlite3.Connection, operation: str | None, at: str | None) -> list[GrantRecord]:
    """Grants, newest first; with ``at`` only those that hold then."""
    rows = db.execute(
        "SELECT name, operation, scope, risk, given_by, run, approval, created, expires, revoked, revoked_by, uses, "
        "last_used FROM grants WHERE (?1 IS NULL OR operation = ?1) "
        "AND (?2 IS NULL OR (revoked IS NULL AND expires > ?2)) ORDER BY id DESC",
        (operation, at),
    ).fetchall()
    return [GrantRecord(row[0], row[1], unpacked(row[2]), *row[3:]) for row in rows]


def requests(db: sqlite3.Connection, limit: int) -> list[tuple[str, str]]:
    """What was asked for in the last ``limit`` runs, and their outcomes, oldest first; not what led back from one."""
    rows = db.execute(
        "SELECT request, outcome FROM runs WHERE undo_of IS NULL ORDER BY id DESC LIMIT ?", (limit,)
    ).fetchall()
    return [(str(request), str(outcome)) for request, outcome in reversed(rows)]


def messages(db: sqlite3.Connection, session: str, limit: int) -> list[Message]:
    """The last ``limit`` messages of a conversation, oldest first."""
    rows = db.execute(
        "SELECT id, session, time, who, text, run FROM messages WHERE session = ? ORDER BY id DESC LIMIT ?",
        (session, limit),
    ).fetchall()
    return [Message(*row) for row in reversed(rows)]


def sessions(db: sqlite3.Connection, limit: int) -> list[SessionRecord]:
    rows = db.execute(
        "SELECT session, title, started, last, (SELECT count(*) FROM runs r WHERE r.session = s.session), "
        "(SELECT count(*) FROM messages m WHERE m.session = s.session) FROM sessions s "
        "ORDER BY last DESC, id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [SessionRecord(*row) for row in rows]


PLANNED = "planned"
"""In the place of an outcome: a plan that nobody ran."""


def planned(db: sqlite3.Connection, session: str, limit: int) -> list[RunRecord]:
    """Plans of a conversation that nobody ran, newest first, each in the place of a run."""
    rows = db.execute(
        "SELECT m.run, m.time, m.text, p.json FROM messages m "
        "JOIN plans p ON p.id = (SELECT max(id) FROM plans WHERE run = m.run) "
        "WHERE m.id IN (SELECT max(id) FROM messages WHERE session = ? AND who = 'person' "
        "AND run >= 'p_' AND run < 'p`' GROUP BY run) ORDER BY m.id DESC LIMIT ?",
        (session, limit),
    ).fetchall()
    found: list[RunRecord] = []
    for run, time, text, json_ in rows:
        intent, risk, steps, undo_of = _gist(json_)
        record = RunRecord(run, run, text, intent, risk, "", session, time, ended=time, outcome=PLANNED)
        found.append(replace(record, steps=StepCounts(waiting=steps), undo_of=undo_of))
    return found


@lru_cache(maxsize=64)  # plans never change, and every request asks for the last ones
def _gist(packed: str) -> tuple[str, str | None, int, str | None]:
    """A plan's intent, risk, number of steps and the run it undoes."""
    plan_ = Plan.from_json(unpacked(packed))
    return plan_.intent, None if plan_.risk is None else plan_.risk.word, len(plan_.steps), plan_.undo_of
