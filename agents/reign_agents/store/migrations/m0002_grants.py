"""Version 2: standing grants, and on what ground an attempt was permitted."""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = (
    "INSERT INTO counters (name, value) VALUES ('grant', 0)",
    """CREATE TABLE grants (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        operation TEXT NOT NULL,
        scope TEXT NOT NULL,
        risk TEXT NOT NULL,
        given_by TEXT NOT NULL,
        run TEXT NOT NULL,
        approval TEXT NOT NULL,
        created TEXT NOT NULL,
        expires TEXT NOT NULL,
        revoked TEXT,
        revoked_by TEXT,
        uses INTEGER NOT NULL DEFAULT 0,
        last_used TEXT
    )""",
    "CREATE INDEX grants_by_operation ON grants (operation, expires)",
    "ALTER TABLE attempts ADD COLUMN permitted_basis TEXT",
)
