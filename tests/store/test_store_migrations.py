"""From every earlier version to the newest, with data in it; and never back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reign_agents.audit.verify import verify
from reign_agents.store import migrations as module
from reign_agents.store.errors import StoreNewer
from reign_agents.store.migrations import APPLICATION_ID, MIGRATIONS, Migration, migrate, version_of
from reign_agents.store.store import Store, StorePaths

DATABASES = Path(__file__).parent / "databases"
"""``v1.sql`` …: a database as each released version left it, never edited."""

NEXT = Migration(
    MIGRATIONS[-1].number + 1,
    "labels",
    (
        "ALTER TABLE runs ADD COLUMN label TEXT",
        "UPDATE runs SET label = 'of ' || user",
        "CREATE INDEX runs_by_label ON runs (label)",
    ),
)


def at_version(path: Path, number: int) -> sqlite3.Connection:
    """A database as version ``number`` left it, with data."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript((DATABASES / f"v{number}.sql").read_text())
    assert version_of(db) == number
    return db


@pytest.mark.parametrize("number", [migration.number for migration in MIGRATIONS])
def test_data_of_every_version_reads_as_ever(paths: StorePaths, number: int) -> None:
    paths.data.mkdir(parents=True)
    at_version(paths.database, number).close()
    with Store.open(paths) as store:
        assert store.warnings == ()
        (run,) = store.history()
        assert (run.run, run.request, run.outcome, run.undo) == ("r_1", "run nginx as web", "failed", "exact")
        assert (run.steps.done, run.steps.failed) == (1, 1)
        plan = store.plan("r_1")
        assert plan is not None
        assert [step.id for step in plan.steps] == ["s1", "s2"]
        steps = store.steps("r_1")
        assert steps[0].approval is not None
        assert steps[0].approval["by"] == "ana"
        assert [event.seq for event in store.events("r_1")] == [1, 2, 3, 4, 5, 6]
        assert [entry.before for entry in store.ledger("r_1")] == [{"exists": False}]
        assert [message.text for message in store.messages("s_1")] == ["run nginx as web"]
        assert [found.step for found in store.recall("nginx")]
        assert store.next_run_id() == "r_2"
        assert [(grant.grant, grant.uses) for grant in store.grants()] == ([] if number < 2 else [("g_1", 2)])
        assert store.grants(active=True) == []
        total = store.spending.total()
        spent = None if total is None else (total.requests, total.cost, total.unpriced, total.unpriced_tokens)
        assert spent == (None if number < 4 else (2, 7_800_000_000, 1, 520))
    chain = verify(paths.database, paths.audit_head)
    assert (chain.rows, chain.purged) == ((0, 0) if number < 3 else (4, 1))
    assert [fault.what for fault in chain.faults] == ([] if number < 3 else ["truncated"])  # it has no head file


def test_an_empty_database_gets_every_version_with_its_record(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    numbers = [migration.number for migration in MIGRATIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert migrate(db, tmp_path / "a.db") == numbers
    assert migrate(db, tmp_path / "a.db") == []
    assert [row[0] for row in db.execute("SELECT number FROM migrations")] == numbers
    assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    db.close()


@pytest.mark.parametrize("number", [migration.number for migration in MIGRATIONS])
def test_the_next_version_is_reached_from_every_earlier_one(tmp_path: Path, number: int) -> None:
    path = tmp_path / "a.db"
    db = at_version(path, number)
    assert migrate(db, path, (*MIGRATIONS, NEXT)) == list(range(number + 1, NEXT.number + 1))
    assert db.execute("SELECT run, label FROM runs").fetchall() == [("r_1", "of ana")]
    with pytest.raises(StoreNewer) as newer:
        migrate(db, path)
    assert newer.value.version == NEXT.number
    db.close()


def test_one_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = at_version(path, 1)
    broken = Migration(NEXT.number, "broken", (*NEXT.statements, "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, path, (*MIGRATIONS, broken))
    assert version_of(db) == MIGRATIONS[-1].number
    assert "label" not in [row[1] for row in db.execute("PRAGMA table_info(runs)")]
    assert migrate(db, path, (*MIGRATIONS, NEXT)) == [NEXT.number]
    db.close()


def test_another_process_may_be_quicker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    db = at_version(path, 1)
    real, asked = module.version_of, 0

    def quick(connection: sqlite3.Connection) -> int:
        nonlocal asked
        asked += 1
        if asked == 2:  # between the first look and the transaction
            other = sqlite3.connect(path, isolation_level=None)
            monkeypatch.setattr(module, "version_of", real)
            migrate(other, path, (*MIGRATIONS, NEXT))
            other.close()
        return real(connection)

    monkeypatch.setattr(module, "version_of", quick)
    assert migrate(db, path, (*MIGRATIONS, NEXT)) in ([], [NEXT.number])
    assert [row[0] for row in db.execute("SELECT number FROM migrations")] == [*range(1, NEXT.number + 1)]
    db.close()
