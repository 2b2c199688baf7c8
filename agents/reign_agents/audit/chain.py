"""Adding to the chain: inside the transaction that writes the journal, so that it costs no commit of its own."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reign_agents.audit.forward import Forward
from reign_agents.audit.head import Head, read_head, write_head
from reign_agents.audit.person import this_person
from reign_agents.audit.row import START, AuditRow, canonical, digest_of, row_hash
from reign_agents.events import now
from reign_executors.operation import JsonObject

LONGEST_VALUE = 4096
"""Characters of a payload's ``fields`` (as JSON); longer ones are named by their size alone."""


class Chain:
    """The chain of one database. ``head`` is the file that keeps its end (None: nothing lasts).

    :meth:`append` is called inside a transaction that is flushed to the disk (``full``), :meth:`committed` after it, or
    :meth:`rolled_back` when it came to nothing.
    """

    def __init__(
        self, head: Path | None, forward: Forward | None = None, who: Callable[[], JsonObject] = this_person
    ) -> None:
        self._head = head
        self._forward = forward
        self._who = who
        self._fresh: list[AuditRow] = []
        self._before: Head | None = None

    def append(
        self, db: sqlite3.Connection, kind: str, payload: JsonObject, *, run: str | None = None, step: str | None = None
    ) -> AuditRow:
        """Add one row; ``payload`` must be redacted already. Its ``who`` is added here."""
        number, previous = self._end(db)
        if number == 0:
            previous = self._add(db, 1, "chain.began", {"earlier": self._earlier()}, None, None, START).hash
            number = 1
        return self._add(db, number + 1, kind, {**payload, "who": self._who()}, run, step, previous)

    def _end(self, db: sqlite3.Connection) -> tuple[int, str]:
        """The highest number there ever was, and the hash that the next row follows."""
        if self._fresh:
            return self._fresh[-1].seq, self._fresh[-1].hash
        last = db.execute(
            "SELECT seq, hash, (SELECT seq FROM sqlite_sequence WHERE name = 'audit') "
            "FROM audit ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if last is None:
            self._before = None
            counted = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
            return 0 if counted is None else int(counted[0]), START
        self._before = Head(int(last[0]), str(last[1]))
        return max(self._before.seq, int(last[2] or 0)), self._before.hash

    def _add(
        self,
        db: sqlite3.Connection,
        seq: int,
        kind: str,
        payload: JsonObject,
        run: str | None,
        step: str | None,
        previous: str,
    ) -> AuditRow:
        time, salt, text = now(), secrets.token_hex(16), canonical(payload)
        digest = digest_of(salt, text)
        own = row_hash(seq, time, kind, run, step, digest, previous)
        db.execute(
            "INSERT INTO audit (seq, time, kind, run, step, digest, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, time, kind, run, step, digest, previous, own),
        )
        db.execute("INSERT INTO audit_payloads (seq, salt, payload) VALUES (?, ?, ?)", (seq, salt, text))
        row = AuditRow(seq, time, kind, run, step, digest, previous, own, salt, text)
        self._fresh.append(row)
        return row

    def _earlier(self) -> JsonObject | None:
        """The end of the chain that a damaged database, set aside, had."""
        if self._head is None:
            return None
        kept = sorted(self._head.parent.glob(f"*-{self._head.name}"), key=lambda path: path.stat().st_mtime)
        for path in reversed(kept):
            with suppress(OSError, ValueError):
                head = read_head(path)
                if head is not None:
                    return {**head.to_json(), "file": path.name}
        return None

    def committed(self, db: sqlite3.Connection) -> None:
        """After a commit: keep the end outside of the database, hand new rows on. Never raises for files or sockets:
        what was committed stays committed.
        """
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        if self._head is not None:
            last = Head(fresh[-1].seq, fresh[-1].hash)
            with suppress(OSError):
                write_head(self._head, last, lambda head: self._holds(db, head), usual=self._before)
        if self._forward is not None:
            self._forward.send(fresh)

    def rolled_back(self) -> None:
        """Rows of a transaction that was rolled back are no rows."""
        self._fresh = []

    @staticmethod
    def _holds(db: sqlite3.Connection, head: Head) -> bool:
        return (
            db.execute("SELECT 1 FROM audit WHERE seq = ? AND hash = ?", (head.seq, head.hash)).fetchone() is not None
        )


def purge(db: sqlite3.Connection, chain: Chain, seq: int, why: str) -> bool:
    """Remove the payload of one row; that, too, is a row. False when there is nothing to remove."""
    found = db.execute("SELECT payload FROM audit_payloads WHERE seq = ?", (seq,)).fetchone()
    if found is None or found[0] is None:
        return False
    db.execute("PRAGMA secure_delete = ON")
    db.execute("UPDATE audit_payloads SET salt = NULL, payload = NULL WHERE seq = ?", (seq,))
    db.execute("PRAGMA secure_delete = FAST")
    chain.append(db, "payload.purged", {"seq": seq, "why": why})
    return True


def short(fields: JsonObject) -> JsonObject:
    """``fields`` as they go into a payload: long ones are named by their size."""
    size = len(canonical(fields))
    return fields if size <= LONGEST_VALUE else {"$left_out": f"{size} characters"}
