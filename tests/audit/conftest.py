from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reign_agents.audit.chain import Chain
from reign_agents.audit.verify import Verdict, verify
from reign_agents.store.migrations import migrate
from reign_agents.store.places import StorePaths

ROWS = 12


class Kept:
    """A chain in a database of its own, that can be tampered with and looked at."""

    def __init__(self, folder: Path) -> None:
        self.paths = StorePaths(folder, folder)
        self.database = self.paths.database
        self.head = self.paths.audit_head

    def sql(self, *statements: str, guarded: bool = False) -> None:
        """What an owner of the file can do: also without the guards that are there against accidents."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            if not guarded:
                for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    db.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                db.execute(statement)

    def append(self, count: int = 1, chain: Chain | None = None) -> None:
        chain = chain or Chain(self.head, who=lambda: {"user": "ana"})
        with closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            for number in range(count):
                db.execute("BEGIN IMMEDIATE")
                chain.append(
                    db, "operation.began", {"number": number, "words": "naïve ☃"}, run="r_1", step=f"s{number}"
                )
                db.execute("COMMIT")
                chain.committed(db)

    def verify(self) -> Verdict:
        return verify(self.database, self.head)

    def found(self) -> set[str]:
        """The words for what is wrong."""
        return {fault.what for fault in self.verify().faults}


def made(folder: Path) -> Kept:
    folder.mkdir(parents=True)
    kept = Kept(folder)
    with closing(sqlite3.connect(kept.database, isolation_level=None)) as db:
        migrate(db, kept.database)
    return kept


@pytest.fixture(scope="session")
def whole_chain(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A whole chain that nobody touches."""
    kept = made(tmp_path_factory.mktemp("chain") / "whole")
    kept.append(ROWS - 1)
    assert kept.verify().rows == ROWS
    return kept


@pytest.fixture
def another(whole_chain: Kept, tmp_path: Path) -> Callable[[], Kept]:
    """Copies of the whole chain, to be tampered with."""
    number = 0

    def copy() -> Kept:
        nonlocal number
        number += 1
        folder = tmp_path / f"copy{number}"
        shutil.copytree(whole_chain.database.parent, folder)
        return Kept(folder)

    return copy


@pytest.fixture
def kept(another: Callable[[], Kept]) -> Kept:
    return another()


@pytest.fixture
def fresh(tmp_path: Path) -> Kept:
    """An empty chain."""
    return made(tmp_path / "fresh")
