"""The chain as JSON lines for others to keep: a row a line, the head at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reign_agents.audit.head import read_head
from reign_agents.audit.verify import Fault, rows
from reign_executors.operation import JsonObject


def exported(database: Path, head_file: Path, since: str | None = None) -> Iterator[JsonObject]:
    """Rows from ``since`` on (a day or a moment, RFC 3339; without a zone: UTC), then ``{"kind": "audit.head", …}``.

    The last line's ``seq`` and ``hash`` are those of the last row (None in an empty chain), ``anchored`` what the head
    file says. ``ValueError`` for a time that can't be read or a row that can't be understood.
    """
    moment = None if since is None else _moment(since)
    head: JsonObject = {"seq": 0, "hash": None}
    if database.exists():
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as db:
            db.execute("PRAGMA query_only = ON")
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone() is not None:
                db.execute("BEGIN")
                db.text_factory = bytes
                for row in rows(db, moment):
                    if isinstance(row, Fault):
                        raise ValueError(row.text)
                    head = {"seq": row.seq, "hash": row.hash}
                    yield row.to_json()
                if head["hash"] is None:
                    last = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
                    head = head if last is None else {"seq": last[0], "hash": bytes(last[1]).decode()}
    kept = read_head(head_file)
    yield {"v": 1, "kind": "audit.head", **head, "anchored": None if kept is None else kept.to_json()}


def _moment(text: str) -> str:
    """As the rows write times: UTC with milliseconds and ``Z``."""
    found = datetime.fromisoformat(text)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03}Z"
