"""Versions of the database, oldest first. A migration, once released, is never edited: a change is a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reign_agents.events import now
from reign_agents.store.errors import StoreNewer
from reign_agents.store.migrations import m0001_start, m0002_grants, m0003_audit, m0004_spending

APPLICATION_ID = 0x5265676E
"""SQLite's mark of whose file it is: ``Regn``."""


@dataclass(frozen=True, slots=True)
class Migration:
    """``statements`` lead from version ``number - 1`` to ``number``."""

    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "start", m0001_start.STATEMENTS),
    Migration(2, "grants", m0002_grants.STATEMENTS),
    Migration(3, "audit", m0003_audit.STATEMENTS),
    Migration(4, "spending", m0004_spending.STATEMENTS),
)


def version_of(connection: sqlite3.Connection) -> int:
    """The version a database has; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> list[int]:
    """Bring the database to the newest version; returns the numbers that were applied.

    Each migration runs in one transaction with its record, and whether it is needed is asked inside of it, so that
    several processes may try at once. Raises :class:`StoreNewer` when the database is ahead.
    """
    applied: list[int] = []
    latest = migrations[-1].number
    for migration in migrations:
        have = version_of(connection)
        if have > latest:
            raise StoreNewer(have, path, latest)
        if have >= migration.number:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < migration.number:
                _apply(connection, migration)
                applied.append(migration.number)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return applied


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO migrations (number, name, time) VALUES (?, ?, ?)", (migration.number, migration.name, now())
    )
    connection.execute(f"PRAGMA user_version = {migration.number:d}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
