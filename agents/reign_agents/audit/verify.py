"""Whether the chain is whole: every row edited, deleted, added, reordered or cut off is found and named.

What can't be found: that the owner of both the database and the head file wrote a whole new chain into both. Only a
head that was kept elsewhere (an export, a syslog of another machine) shows that; give it to :func:`verify`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reign_agents.audit.head import Head, read_head
from reign_agents.audit.row import START, AuditRow, digest_of
from reign_executors.operation import JsonObject

MOST = 100
"""Faults that are told; a chain with more is as good as none."""
NEAR = 200
"""Rows around, among which the rightful place of a row is looked for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``what`` is edited, deleted, added, reordered, truncated, replaced, purged or damaged; ``row`` None: not one."""

    what: str
    row: int | None
    text: str

    def to_json(self) -> JsonObject:
        return {"what": self.what, "row": self.row, "text": self.text}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rows`` were looked at, ``purged`` of them have no payload any more; ``head`` is the last one (None: empty)."""

    rows: int
    purged: int
    head: Head | None
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults

    def to_json(self) -> JsonObject:
        return {
            "v": 1,
            "kind": "audit.verify",
            "ok": self.ok,
            "rows": self.rows,
            "purged": self.purged,
            "head": None if self.head is None else self.head.to_json(),
            "faults": [fault.to_json() for fault in self.faults],
        }


class _Walk:
    """Goes along the rows; knows what each must follow."""

    def __init__(self, anchors: Iterable[tuple[str, Head]]) -> None:
        self.faults: list[Fault] = []
        self.rows = 0
        self.head: Head | None = None
        self._anchors = list(anchors)
        self._met: set[int] = set()
        self._without_payload: set[int] = set()
        self._purges: set[int] = set()

    def fault(self, what: str, row: int | None, text: str) -> None:
        if len(self.faults) < MOST:
            self.faults.append(Fault(what, row, text))

    def take(self, row: AuditRow) -> None:
        before = 0 if self.head is None else self.head.seq
        previous = START if self.head is None else self.head.hash
        if row.seq <= before:
            self.fault("added", row.seq, f"row {row.seq} comes after row {before}")
        missing = row.seq - before - 1
        if missing > 0:
            which = f"row {before + 1} is" if missing == 1 else f"rows {before + 1} to {row.seq - 1} are"
            self.fault("deleted", before + 1, f"{which} missing")
        if row.hash != row.hashed():
            self._not_its_hash(row)
        elif missing <= 0 and row.previous != previous:
            text = f"row {row.seq} follows another row than the row {before} that is there now"
            self.fault("replaced", before or row.seq, text)
        self._payload(row)
        for number, (where, head) in enumerate(self._anchors):
            if head.seq == row.seq:
                self._met.add(number)
                if head.hash != row.hash:
                    self.fault("replaced", row.seq, f"row {row.seq} is not the one that {where} names")
        self.rows += 1
        self.head = Head(row.seq, row.hash)

    def _not_its_hash(self, row: AuditRow) -> None:
        for place in range(max(1, row.seq - NEAR), row.seq + NEAR):
            if row.hashed(place) == row.hash:
                self.fault("reordered", row.seq, f"row {row.seq} is the one that was row {place}")
                return
        self.fault("edited", row.seq, f"row {row.seq} was edited: its hash is not that of its content")

    def _payload(self, row: AuditRow) -> None:
        if row.payload is None or row.salt is None:
            self._without_payload.add(row.seq)
            if row.payload is not None or row.salt is not None:
                self.fault("edited", row.seq, f"half of the payload of row {row.seq} is missing")
            return
        if digest_of(row.salt, row.payload) != row.digest:
            self.fault("edited", row.seq, f"the payload of row {row.seq} was edited")
            return
        if row.kind == "payload.purged":
            self._purges.add(int(json.loads(row.payload).get("seq", 0)))

    def end(self, *, whole: bool = True) -> Verdict:
        for row in sorted(self._without_payload - self._purges):
            self.fault("purged", row, f"the payload of row {row} is gone, and no row says that it was purged")
        for number, (where, head) in enumerate(self._anchors):
            if number in self._met or (not whole and (self.head is None or head.seq > self.head.seq)):
                continue
            last = 0 if self.head is None else self.head.seq
            if head.seq > last:
                self.fault("truncated", last + 1, f"{where} names row {head.seq}, but the chain ends at row {last}")
        return Verdict(self.rows, len(self._without_payload), self.head, tuple(self.faults))


def verify(database: Path, head_file: Path, known: Head | None = None) -> Verdict:
    """Look at every row in ``database``, at the head in ``head_file`` and at one ``known`` from elsewhere.

    Changes nothing and needs no store: it works on a database that can't be opened for use any more.
    """
    anchors = [] if known is None else [("the head that was given", known)]
    damaged: Fault | None = None
    try:
        kept = read_head(head_file)
    except (OSError, ValueError) as error:
        kept, damaged = None, Fault("damaged", None, f"the head file {head_file} can't be read: {error}")
    if kept is not None:
        anchors.append((f"the head file {head_file.name}", kept))
    walk = _Walk(anchors)
    if damaged is not None:
        walk.faults.append(damaged)
    if database.exists():
        try:
            _walk_database(walk, database)
        except sqlite3.DatabaseError as error:
            walk.fault("damaged", None, f"the database can't be read beyond row {walk.rows}: {error}")
        if walk.rows and kept is None and damaged is None:
            text = f"the head file {head_file} is missing: rows may have been cut off at the end"
            walk.fault("truncated", None, text)
    return walk.end()


def _walk_database(walk: _Walk, database: Path) -> None:
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as db:
        db.execute("PRAGMA query_only = ON")
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone() is None:
            return
        db.execute("BEGIN")  # one moment of the chain, whatever others write meanwhile
        db.text_factory = bytes
        for row in rows(db):
            if isinstance(row, Fault):
                walk.faults.append(row)
            else:
                walk.take(row)
        counted = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        last = 0 if walk.head is None else walk.head.seq
        if (0 if counted is None else counted[0]) != last:
            walk.fault(
                "truncated", last + 1, f"the database has counted {counted and counted[0]} rows; the last is {last}"
            )
        stray = "SELECT seq FROM audit_payloads WHERE seq NOT IN (SELECT seq FROM audit) LIMIT 10"
        for (number,) in db.execute(stray):
            walk.fault("deleted", number, f"there is a payload of row {number}, but no such row")


def rows(db: sqlite3.Connection, since: str | None = None) -> Iterator[AuditRow | Fault]:
    """Rows in order, those from ``since`` (RFC 3339) on; one that can't be read is a fault. Text as bytes."""
    found = db.execute(
        "SELECT a.seq, a.time, a.kind, a.run, a.step, a.digest, a.previous, a.hash, p.salt, p.payload "
        "FROM audit a LEFT JOIN audit_payloads p ON p.seq = a.seq "
        "WHERE ?1 IS NULL OR CAST(a.time AS TEXT) >= ?1 ORDER BY a.seq",
        (since,),
    )
    for seq, *rest in found:
        try:
            time, kind, run, step, digest, previous, own, salt, payload = (_text(value) for value in rest)
        except ValueError:
            yield Fault("edited", int(seq), f"row {seq} was edited: it holds what is no text")
            continue
        yield AuditRow(seq, time or "", kind or "", run, step, digest or "", previous or "", own or "", salt, payload)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    raise ValueError


def verify_export(lines: Iterable[str], known: Head | None = None) -> Verdict:
    """The same for the lines of an export, which may begin in the middle; its own last line counts as an anchor."""
    walk = _Walk([] if known is None else [("the head that was given", known)])
    first = True
    ended: Head | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            if data["kind"] == "audit.head":
                ended = None if data["hash"] is None else Head(int(data["seq"]), str(data["hash"]))
                continue
            row = AuditRow.from_json(data)
        except (ValueError, KeyError, TypeError):
            walk.fault("damaged", None, f"line {number} is no line of an export")
            continue
        if first and row.seq > 1:
            walk.head = Head(row.seq - 1, row.previous)
        first = False
        walk.take(row)
    if walk.rows and walk.head != ended:
        walk.fault("truncated", None, "the export does not end with the head of its last row")
    return walk.end(whole=known is None)
