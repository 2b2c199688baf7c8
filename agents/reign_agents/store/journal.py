"""What is written, each as one piece of a transaction: ``(connection) → result``. The order of writes is promise 4."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reign_agents.events import JOURNALLED, Event, EventType, Outcome
from reign_agents.plan.model import Plan
from reign_agents.store.coding import packed, packed_or_none, plain, plain_or_none, unpacked
from reign_agents.store.errors import StoreError
from reign_agents.store.records import AnswerRecord, ApprovalRecord, GrantRecord, Intent, RunRecord, StepOutcome

Events = tuple[Event, ...]


def append(db: sqlite3.Connection, events: Iterable[Event]) -> Events:
    """Journal events; they come back with ``seq``, one more than the last of their run. Progress passes unchanged."""
    last: dict[str, int] = {}
    kept: list[Event] = []
    for event in events:
        if event.type not in JOURNALLED:
            kept.append(event)
            continue
        if event.run not in last:
            row = db.execute("SELECT max(seq) FROM events WHERE run = ?", (event.run,)).fetchone()
            last[event.run] = row[0] or 0
        last[event.run] += 1
        db.execute(
            "INSERT INTO events (run, seq, time, step, type, data) VALUES (?, ?, ?, ?, ?, ?)",
            (event.run, last[event.run], event.time, event.step, event.type.value, packed(event.data)),
        )
        if event.type is EventType.RUN_STARTED and last[event.run] > 1:
            _reopen(db, event.run)
        kept.append(event.numbered(last[event.run]))
    return tuple(kept)


def _reopen(db: sqlite3.Connection, run: str) -> None:
    """A run that goes on: it has not ended any more, and what never started waits again."""
    db.execute("UPDATE runs SET ended = NULL, outcome = 'running', exit = NULL, answer = NULL WHERE run = ?", (run,))
    db.execute("UPDATE steps SET outcome = NULL, ended = NULL, error = NULL WHERE run = ? AND attempts = 0", (run,))


def next_run(db: sqlite3.Connection) -> str:
    """A run id that no process was given before: ``r_52``."""
    number = db.execute("UPDATE counters SET value = value + 1 WHERE name = 'run' RETURNING value").fetchone()[0]
    return f"r_{number}"


def start_run(db: sqlite3.Connection, run: RunRecord, events: Sequence[Event]) -> Events:
    db.execute(
        "INSERT INTO runs (run, plan, request, intent, risk, user, session, started, undo_of, cwd, pid, outcome) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.run,
            run.plan,
            plain(run.request),
            run.intent,
            run.risk,
            plain(run.user),
            run.session,
            run.started,
            run.undo_of,
            plain_or_none(run.cwd),
            run.pid,
            Outcome.RUNNING.value,
        ),
    )
    if run.session is not None:
        touch_session(db, run.session, run.started, run.request)
    return append(db, events)


def touch_session(db: sqlite3.Connection, session: str, time: str, title: str | None) -> None:
    db.execute(
        "INSERT INTO sessions (session, title, started, last) VALUES (?1, ?3, ?2, ?2) "
        "ON CONFLICT (session) DO UPDATE SET last = max(last, ?2), title = coalesce(title, ?3)",
        (session, time, plain_or_none(title)),
    )


def save_plan(db: sqlite3.Connection, run: str, plan: Plan, time: str, events: Sequence[Event]) -> Events:
    """Keep the plan as it is now. Steps that were attempted stay known, others follow the plan."""
    json = plan.to_json()
    db.execute(
        "INSERT INTO plans (run, plan, hash, time, json) VALUES (?, ?, ?, ?, ?)",
        (run, plan.id, str(json["hash"]), time, packed(json)),
    )
    db.execute(
        "UPDATE runs SET plan = ?, intent = ?, risk = ? WHERE run = ?",
        (plan.id, plan.intent, None if plan.risk is None else plan.risk.word, run),
    )
    planned = {step.id for step in plan.steps}
    idle = db.execute("SELECT id, step FROM steps WHERE run = ? AND attempts = 0", (run,)).fetchall()
    db.executemany("DELETE FROM steps WHERE id = ?", [(number,) for number, step in idle if step not in planned])
    db.executemany(
        "INSERT INTO steps (run, step, position, operation, fields, undo) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (run, step) DO UPDATE SET position = excluded.position, operation = excluded.operation, "
        "fields = excluded.fields, undo = coalesce(excluded.undo, undo)",
        [
            (run, step.id, place, step.operation, packed(step.fields), None if step.undo is None else step.undo.value)
            for place, step in enumerate(plan.steps)
        ],
    )
    return append(db, events)


def intend(db: sqlite3.Connection, entry: Intent, blobs: Sequence[tuple[str, int]], events: Sequence[Event]) -> Events:
    """Before the effect: the attempt, the pre-image in the ledger (not certain yet) and the blobs it needs."""
    fields = packed(entry.fields)
    if entry.how == "grant":
        _use_grant(db, str(entry.basis), entry.time)
    db.execute(
        "INSERT INTO attempts (run, step, attempt, operation, fields, hash, undo, started, permitted_by, "
        "permitted_how, permitted_basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.run,
            entry.step,
            entry.attempt,
            entry.operation,
            fields,
            entry.hash,
            entry.undo,
            entry.time,
            plain_or_none(entry.by),
            entry.how,
            plain_or_none(entry.basis),
        ),
    )
    found = db.execute(
        "UPDATE steps SET outcome = 'running', attempts = ?3, started = coalesce(started, ?4), ended = NULL, "
        "seconds = NULL, outputs = NULL, verified = NULL, error = NULL WHERE run = ?1 AND step = ?2",
        (entry.run, entry.step, entry.attempt, entry.time),
    )
    if not found.rowcount:
        db.execute(
            "INSERT INTO steps (run, step, position, operation, fields, undo, outcome, attempts, started) "
            "VALUES (?1, ?2, (SELECT count(*) FROM steps WHERE run = ?1), ?3, ?4, ?5, 'running', ?6, ?7)",
            (entry.run, entry.step, entry.operation, fields, entry.undo, entry.attempt, entry.time),
        )
    if blobs:
        db.executemany(
            "INSERT OR IGNORE INTO blobs (reference, bytes, time) VALUES (?, ?, ?)",
            [(reference, size, entry.time) for reference, size in blobs],
        )
        db.executemany(
            "INSERT OR IGNORE INTO blob_uses (reference, run, step) VALUES (?, ?, ?)",
            [(reference, entry.run, entry.step) for reference, _ in blobs],
        )
    if entry.before is not None:
        # What was there before the first attempt is what an undo leads back to, unless that attempt changed nothing.
        db.execute(
            "INSERT INTO ledger (run, step, operation, fields, before, undo, state, time) "
            "VALUES (?, ?, ?, ?, ?, ?, 'intended', ?) "
            "ON CONFLICT (run, step) DO UPDATE SET operation = excluded.operation, fields = excluded.fields, "
            "undo = excluded.undo, state = excluded.state, outputs = NULL, time = excluded.time, "
            "before = excluded.before, undone_by = NULL, undone = NULL "
            "WHERE state = 'intended' OR undone_by IS NOT NULL",
            (entry.run, entry.step, entry.operation, fields, packed(entry.before), entry.undo, entry.time),
        )
    return append(db, events)


def end(db: sqlite3.Connection, entry: StepOutcome, events: Sequence[Event]) -> Events:
    """After the effect: how the attempt ended, and whether the ledger keeps it."""
    outputs, error = packed_or_none(entry.outputs), packed_or_none(entry.error)
    row = (entry.time, entry.outcome.value, entry.seconds, outputs, entry.verified, error)
    if entry.attempt:
        found = db.execute(
            "UPDATE attempts SET ended = ?, outcome = ?, seconds = ?, outputs = ?, verified = ?, error = ? "
            "WHERE run = ? AND step = ? AND attempt = ?",
            (*row, entry.run, entry.step, entry.attempt),
        )
        if not found.rowcount:
            what = f"attempt {entry.attempt} of {entry.run}/{entry.step}"
            raise StoreError(f"{what} has no intent, so its outcome is not written down")
    changed = entry.attempt > 0 and (_intended(db, entry) if entry.changed is None else entry.changed)
    values = (*row, entry.run, entry.step, entry.attempt, entry.log_bytes, changed)
    step = db.execute(
        "UPDATE steps SET ended = ?1, outcome = ?2, seconds = ?3, outputs = ?4, verified = ?5, error = ?6, "
        "log_bytes = max(log_bytes, ?10), changed = max(changed, ?11) WHERE run = ?7 AND step = ?8 "
        "RETURNING id, operation, fields",
        values,
    ).fetchone()
    if step is None:
        step = db.execute(
            "INSERT INTO steps (run, step, position, operation, fields, attempts, ended, outcome, seconds, outputs, "
            "verified, error, log_bytes, changed) VALUES (?7, ?8, (SELECT count(*) FROM steps WHERE run = ?7), '', "
            "'{}', ?9, ?1, ?2, ?3, ?4, ?5, ?6, ?10, ?11) RETURNING id, operation, fields",
            values,
        ).fetchone()
    if entry.attempt:
        if changed:
            _keep_in_ledger(db, entry, outputs)
        else:
            db.execute("DELETE FROM ledger WHERE run = ? AND step = ? AND state = 'intended'", (entry.run, entry.step))
        _index(db, entry, step)
    return append(db, events)


def _intended(db: sqlite3.Connection, entry: StepOutcome) -> bool:
    row = db.execute("SELECT 1 FROM ledger WHERE run = ? AND step = ?", (entry.run, entry.step)).fetchone()
    return row is not None


def _keep_in_ledger(db: sqlite3.Connection, entry: StepOutcome, outputs: str | None) -> None:
    """A change without a pre-image is kept, too: as one that can't be undone."""
    state = "in_doubt" if entry.outcome is Outcome.IN_DOUBT else "made"
    found = db.execute(
        "UPDATE ledger SET outputs = coalesce(?1, outputs), state = CASE state WHEN 'made' THEN 'made' ELSE ?2 END "
        "WHERE run = ?3 AND step = ?4",
        (outputs, state, entry.run, entry.step),
    )
    if not found.rowcount:
        db.execute(
            "INSERT INTO ledger (run, step, operation, fields, outputs, undo, state, time) "
            "SELECT run, step, operation, fields, ?1, 'none', ?2, ?3 FROM attempts "
            "WHERE run = ?4 AND step = ?5 AND attempt = ?6",
            (outputs, state, entry.time, entry.run, entry.step, entry.attempt),
        )


def _index(db: sqlite3.Connection, entry: StepOutcome, row: tuple[Any, ...]) -> None:
    """Let the step be found by its words; ``row`` is its number, operation and fields."""
    number, operation, fields = row[0], str(row[1]), str(row[2])
    asked = db.execute("SELECT request FROM runs WHERE run = ?", (entry.run,)).fetchone()
    request = "" if asked is None else str(asked[0])
    cause = "" if entry.error is None else str(entry.error.get("cause") or "")
    values = " ".join(_words(unpacked(fields)))
    words = " ".join((request, operation, operation.replace(".", " "), values, entry.outcome.value, cause))[:4000]
    db.execute(
        "INSERT OR REPLACE INTO recall (rowid, words, run, step, request, operation, outcome, time) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, plain(words), entry.run, entry.step, request, operation, entry.outcome.value, entry.time),
    )


def _words(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value[:400]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def ask(db: sqlite3.Connection, entry: ApprovalRecord, events: Sequence[Event]) -> Events:
    db.execute(
        "INSERT INTO approvals (run, approval, kind, steps, hash, risk, requested) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry.run, entry.approval, entry.kind, packed(list(entry.steps)), entry.hash, entry.risk, entry.time),
    )
    return append(db, events)


def answer(db: sqlite3.Connection, entry: AnswerRecord, events: Sequence[Event]) -> Events:
    """The newest question of that id gets the answer (a resumed run may use an id again)."""
    found = db.execute(
        "UPDATE approvals SET decision = ?, answered_by = ?, how = ?, words = ?, answered = ? WHERE id = "
        "(SELECT max(id) FROM approvals WHERE run = ? AND approval = ?)",
        (
            entry.decision,
            plain(entry.by),
            entry.how,
            plain_or_none(entry.words),
            entry.time,
            entry.run,
            entry.approval,
        ),
    )
    if not found.rowcount:
        raise StoreError(f"approval {entry.approval} of {entry.run} was never asked for, so its answer is not kept")
    return append(db, events)


def next_grant(db: sqlite3.Connection) -> str:
    """A grant's id that no process was given before: ``g_3``."""
    number = db.execute("UPDATE counters SET value = value + 1 WHERE name = 'grant' RETURNING value").fetchone()[0]
    return f"g_{number}"


def grant(db: sqlite3.Connection, entry: GrantRecord) -> GrantRecord:
    """Keep a grant; it comes back with its id (what ``entry`` says there does not matter)."""
    named = replace(entry, grant=next_grant(db))
    db.execute(
        "INSERT INTO grants (name, operation, scope, risk, given_by, run, approval, created, expires) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            named.grant,
            named.operation,
            packed(named.scope),
            named.risk,
            plain(named.by),
            named.run,
            named.approval,
            named.created,
            named.expires,
        ),
    )
    return named


def revoke(db: sqlite3.Connection, name: str | None, by: str, time: str) -> list[str]:
    """End a grant (None: all that hold) at once; returns the ids of those that held until now."""
    rows = db.execute(
        "UPDATE grants SET revoked = ?1, revoked_by = ?2 WHERE revoked IS NULL AND expires > ?1 "
        "AND (?3 IS NULL OR name = ?3) RETURNING name",
        (time, plain(by), name),
    ).fetchall()
    return [str(row[0]) for row in rows]


def _use_grant(db: sqlite3.Connection, name: str, time: str) -> None:
    """Count a use, unless the grant was revoked or ran out since it was looked at: then nothing may run."""
    found = db.execute(
        "UPDATE grants SET uses = uses + 1, last_used = ?1 WHERE name = ?2 AND revoked IS NULL AND expires > ?1",
        (time, name),
    )
    if not found.rowcount:
        raise StoreError(f"the grant {name} no longer holds, so the step it permitted did not run", "approve it again")


def undo(db: sqlite3.Connection, run: str, step: str, by_run: str, time: str, events: Sequence[Event]) -> Events:
    db.execute("UPDATE ledger SET undone_by = ?, undone = ? WHERE run = ? AND step = ?", (by_run, time, run, step))
    return append(db, events)


def finish_run(
    db: sqlite3.Connection,
    run: str,
    outcome: Outcome,
    exit_code: int,
    answer_text: str | None,
    time: str,
    events: Sequence[Event],
) -> Events:
    db.execute(
        "UPDATE runs SET ended = ?, outcome = ?, exit = ?, answer = ? WHERE run = ?",
        (time, outcome.value, exit_code, plain_or_none(answer_text), run),
    )
    return append(db, events)


PLANNED_KEPT = 200
"""Plans that nobody ran; older ones go."""


def keep_planned(db: sqlite3.Connection, plan: Plan, time: str) -> None:
    """Keep a plan that nobody ran, under its own id in the place of a run's."""
    json = plan.to_json()
    db.execute(
        "INSERT INTO plans (run, plan, hash, time, json) VALUES (?, ?, ?, ?, ?)",
        (plan.id, plan.id, str(json["hash"]), time, packed(json)),
    )
    db.execute(
        "DELETE FROM plans WHERE run >= 'p_' AND run < 'p`' AND id NOT IN "
        "(SELECT id FROM plans WHERE run >= 'p_' AND run < 'p`' ORDER BY id DESC LIMIT ?)",
        (PLANNED_KEPT,),
    )


def add_message(db: sqlite3.Connection, session: str, who: str, text: str, run: str | None, time: str) -> int:
    title = text if who == "person" else None
    touch_session(db, session, time, title)
    row = db.execute(
        "INSERT INTO messages (session, time, who, text, run) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (session, time, plain(who), plain(text), run),
    ).fetchone()
    return int(row[0])
