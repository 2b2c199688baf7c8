"""Version 4: what requests to language models used and cost."""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = (
    # cost and most are trillionths of a US dollar. cost NULL: under way (outcome 'asked'), or no price is known;
    # most: the highest it could become, which counts against a budget as long as there is no cost.
    """CREATE TABLE spending (
        id INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        session TEXT,
        plan TEXT,
        run TEXT,
        model TEXT NOT NULL,
        outcome TEXT NOT NULL,
        ended TEXT,
        input INTEGER NOT NULL DEFAULT 0,
        output INTEGER NOT NULL DEFAULT 0,
        cached INTEGER NOT NULL DEFAULT 0,
        stored INTEGER NOT NULL DEFAULT 0,
        estimated INTEGER NOT NULL DEFAULT 0,
        cost INTEGER,
        most INTEGER
    )""",
    "CREATE INDEX spending_by_time ON spending (time)",
    "CREATE INDEX spending_of_session ON spending (session)",
    "CREATE INDEX spending_of_plan ON spending (plan)",
)
