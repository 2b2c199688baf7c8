"""Version 1: everything a run leaves behind."""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = (
    "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, time TEXT NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO counters (name, value) VALUES ('run', 0), ('opened', 0)",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        plan TEXT NOT NULL,
        request TEXT NOT NULL,
        intent TEXT NOT NULL,
        risk TEXT,
        user TEXT NOT NULL,
        session TEXT,
        started TEXT NOT NULL,
        undo_of TEXT,
        cwd TEXT,
        pid INTEGER,
        ended TEXT,
        outcome TEXT NOT NULL,
        exit INTEGER,
        answer TEXT
    )""",
    "CREATE INDEX runs_of_session ON runs (session, id)",
    "CREATE INDEX runs_not_ended ON runs (id) WHERE ended IS NULL",
    """CREATE TABLE plans (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        plan TEXT NOT NULL,
        hash TEXT NOT NULL,
        time TEXT NOT NULL,
        json TEXT NOT NULL
    )""",
    "CREATE INDEX plans_of_run ON plans (run, id)",
    """CREATE TABLE steps (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        step TEXT NOT NULL,
        position INTEGER NOT NULL,
        operation TEXT NOT NULL,
        fields TEXT NOT NULL,
        undo TEXT,
        outcome TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        started TEXT,
        ended TEXT,
        seconds REAL,
        outputs TEXT,
        verified INTEGER,
        error TEXT,
        log_bytes INTEGER NOT NULL DEFAULT 0,
        changed INTEGER NOT NULL DEFAULT 0,
        UNIQUE (run, step)
    )""",
    "CREATE INDEX steps_by_operation ON steps (operation, run)",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        step TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        operation TEXT NOT NULL,
        fields TEXT NOT NULL,
        hash TEXT NOT NULL,
        undo TEXT NOT NULL,
        started TEXT NOT NULL,
        permitted_by TEXT,
        permitted_how TEXT,
        ended TEXT,
        outcome TEXT,
        seconds REAL,
        outputs TEXT,
        verified INTEGER,
        error TEXT,
        UNIQUE (run, step, attempt)
    )""",
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        seq INTEGER NOT NULL,
        time TEXT NOT NULL,
        step TEXT,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (run, seq)
    )""",
    """CREATE TABLE approvals (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        approval TEXT NOT NULL,
        kind TEXT NOT NULL,
        steps TEXT NOT NULL,
        hash TEXT NOT NULL,
        risk TEXT NOT NULL,
        requested TEXT NOT NULL,
        decision TEXT,
        answered_by TEXT,
        how TEXT,
        words TEXT,
        answered TEXT
    )""",
    "CREATE INDEX approvals_of_run ON approvals (run, id)",
    """CREATE TABLE ledger (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        step TEXT NOT NULL,
        operation TEXT NOT NULL,
        fields TEXT NOT NULL,
        before TEXT,
        outputs TEXT,
        undo TEXT NOT NULL,
        state TEXT NOT NULL,
        time TEXT NOT NULL,
        undone_by TEXT,
        undone TEXT,
        UNIQUE (run, step)
    )""",
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL UNIQUE,
        title TEXT,
        started TEXT NOT NULL,
        last TEXT NOT NULL
    )""",
    "CREATE INDEX sessions_by_last ON sessions (last)",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        time TEXT NOT NULL,
        who TEXT NOT NULL,
        text TEXT NOT NULL,
        run TEXT
    )""",
    "CREATE INDEX messages_of_session ON messages (session, id)",
    """CREATE TABLE blobs (
        reference TEXT PRIMARY KEY,
        bytes INTEGER NOT NULL,
        time TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE blob_uses (
        reference TEXT NOT NULL,
        run TEXT NOT NULL,
        step TEXT NOT NULL,
        PRIMARY KEY (reference, run, step)
    ) WITHOUT ROWID""",
    "CREATE INDEX blob_uses_of_step ON blob_uses (run, step)",
    """CREATE VIRTUAL TABLE recall USING fts5 (
        words, run UNINDEXED, step UNINDEXED, request UNINDEXED, operation UNINDEXED, outcome UNINDEXED,
        time UNINDEXED, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    )""",
)
