"""Version 3: the audit chain. Rows are never changed; of a payload only the content may go, never the row."""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        time TEXT NOT NULL,
        kind TEXT NOT NULL,
        run TEXT,
        step TEXT,
        digest TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    )""",
    """CREATE TABLE audit_payloads (
        seq INTEGER PRIMARY KEY,
        salt TEXT,
        payload TEXT
    )""",
    """CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
    """CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
    """CREATE TRIGGER audit_payload_may_only_go BEFORE UPDATE ON audit_payloads
        WHEN NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.seq IS NOT OLD.seq
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
    """CREATE TRIGGER audit_payload_keeps_its_place BEFORE DELETE ON audit_payloads
        BEGIN SELECT raise(ABORT, 'the audit chain is append-only'); END""",
)
