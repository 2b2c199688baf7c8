"""What is written into the chain when the journal learns something. Everything here is redacted already."""

from __future__ import annotations

import sqlite3

from reign_agents.audit.chain import Chain, short
from reign_agents.events import Outcome
from reign_agents.store.coding import unpacked_list
from reign_agents.store.records import AnswerRecord, GrantRecord, Intent, StepOutcome
from reign_executors.operation import JsonObject

REFUSALS = frozenset({"denied", "not_approved", "rejected"})
"""Kinds of errors that say somebody or some rule decided against a step."""


def answered(db: sqlite3.Connection, chain: Chain, entry: AnswerRecord) -> None:
    """A person answered: what was shown (its hash), and the answer."""
    row = db.execute(
        "SELECT kind, steps, hash, risk FROM approvals WHERE run = ? AND approval = ? ORDER BY id DESC LIMIT 1",
        (entry.run, entry.approval),
    ).fetchone()
    chain.append(
        db,
        "decision",
        {
            "approval": entry.approval,
            "asked": row[0],
            "steps": unpacked_list(row[1]),
            "shown": row[2],
            "risk": row[3],
            "answer": entry.decision,
            "how": entry.how,
            "words": entry.words,
            "by": entry.by,
        },
        run=entry.run,
    )


def granted(db: sqlite3.Connection, chain: Chain, entry: GrantRecord) -> None:
    """A person gave a standing permission."""
    chain.append(
        db,
        "decision",
        {
            "answer": "grant",
            "grant": entry.grant,
            "operation": entry.operation,
            "scope": entry.scope,
            "risk": entry.risk,
            "approval": entry.approval,
            "expires": entry.expires,
            "by": entry.by,
        },
        run=entry.run,
    )


def revoked(db: sqlite3.Connection, chain: Chain, grants: list[str], by: str) -> None:
    """Standing permissions were taken back."""
    if grants:
        chain.append(db, "decision", {"answer": "revoke", "grants": list(grants), "by": by})


def began(db: sqlite3.Connection, chain: Chain, entry: Intent) -> None:
    """An operation is about to be executed: which, approved as what, by whom, on what ground."""
    chain.append(
        db,
        "operation.began",
        {
            "attempt": entry.attempt,
            "operation": entry.operation,
            "fields": short(entry.fields),
            "approved": entry.hash,
            "by": entry.by,
            "how": entry.how,
            "basis": entry.basis,
            "undo": entry.undo,
        },
        run=entry.run,
        step=entry.step,
    )


def is_told(entry: StepOutcome) -> bool:
    """Whether an end belongs into the chain: of what was executed, and of what somebody decided against."""
    return entry.attempt > 0 or (entry.error is not None and entry.error.get("kind") in REFUSALS)


def ended(db: sqlite3.Connection, chain: Chain, entry: StepOutcome) -> None:
    """An operation ended, or was decided against before it began."""
    error = entry.error or {}
    payload: JsonObject = {
        "attempt": entry.attempt,
        "outcome": entry.outcome.value,
        "seconds": entry.seconds,
        "verified": entry.verified,
        "changed": entry.changed,
        "error": error.get("kind"),
        "cause": error.get("cause"),
    }
    kind = "operation.ended" if entry.attempt else "decision"
    chain.append(db, kind, payload if entry.attempt else {**payload, "answer": "no"}, run=entry.run, step=entry.step)


def undone(db: sqlite3.Connection, chain: Chain, run: str, step: str, by_run: str) -> None:
    """A change was led back."""
    chain.append(db, "operation.undone", {"by_run": by_run}, run=run, step=step)


def finished(db: sqlite3.Connection, chain: Chain, run: str, outcome: Outcome, code: int, answer: str | None) -> None:
    """A run ended; ``answer`` also says why it was denied or stopped."""
    told = None if code == 0 or answer is None else answer[:1000]
    chain.append(db, "run.ended", {"outcome": outcome.value, "exit": code, "answer": told}, run=run)
