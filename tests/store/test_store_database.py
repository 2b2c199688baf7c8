"""The writer: one thread, a bounded queue, commits that are shared, failures that are not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reign_agents.store.database import Database, connect, prepare
from reign_agents.store.errors import StoreBusy, StoreError, StoreFull, typed
from reign_agents.store.store import Store, StorePaths
from tests.store.conftest import Child
from tests.store.store_samples import begun, event


def insert(number: int) -> Callable[[sqlite3.Connection], int]:
    def work(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO numbers VALUES (?)", (number,))
        return number

    return work


def numbers(database: Database) -> list[int]:
    with database.read() as db:
        return [row[0] for row in db.execute("SELECT number FROM numbers ORDER BY rowid")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    db = connect(path)
    prepare(db)
    db.execute("CREATE TABLE numbers (number INTEGER UNIQUE)")
    db.close()
    return path


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database(connect(file), file, waiting=8)
    yield opened
    opened.close_now()


class Gate:
    """Holds the writer inside a transaction until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, _: sqlite3.Connection) -> None:
        self.reached.set()
        self.opened.wait(30)


async def test_what_waits_is_committed_together(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate, "gate"))
    await asyncio.to_thread(gate.reached.wait, 30)

    async def changes() -> int:
        return await database.write(lambda db: int(db.execute("SELECT total_changes()").fetchone()[0]), "count")

    together = [asyncio.create_task(database.write(insert(number), "x")) for number in range(6)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert await asyncio.gather(*together) == list(range(6))
    await first
    assert numbers(database) == list(range(6))
    assert await changes() == 6


async def test_one_that_fails_does_not_fail_the_others(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate, "gate"))
    await asyncio.to_thread(gate.reached.wait, 30)
    together = [asyncio.create_task(database.write(insert(number), f"number {number}")) for number in (1, 2, 2, 3)]
    await asyncio.sleep(0)
    gate.opened.set()
    ended = await asyncio.gather(first, *together, return_exceptions=True)
    assert ended[1:3] == [1, 2]
    assert ended[4] == 3
    assert isinstance(ended[3], StoreError)
    assert "number 2: UNIQUE" in ended[3].cause
    assert numbers(database) == [1, 2, 3]


async def test_a_full_queue_makes_callers_wait(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate, "gate"))
    await asyncio.to_thread(gate.reached.wait, 30)
    many = [asyncio.create_task(database.write(insert(number), "x")) for number in range(50)]
    await asyncio.sleep(0.02)
    assert database._queue.qsize() == 8
    with pytest.raises(StoreBusy, match="was busy for"):
        await asyncio.to_thread(database.write_now, insert(99), "late", timeout=0.01)
    gate.opened.set()
    assert await asyncio.gather(*many) == list(range(50))
    await first
    assert sorted(numbers(database)) == list(range(50))


async def test_only_what_must_be_on_the_disk_waits_for_it(database: Database) -> None:
    def level(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA synchronous").fetchone()[0])

    normal, full = 1, 2
    assert await database.write(level, "x", full=True) == full
    assert await database.write(level, "x") == normal
    assert await database.write(level, "x", full=True) == full
    assert await asyncio.to_thread(database.write_now, level, "x") == normal


async def test_a_cancelled_caller_does_not_take_its_write_back(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate, "gate"))
    await asyncio.to_thread(gate.reached.wait, 30)
    second = asyncio.create_task(database.write(insert(1), "x"))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.opened.set()
    await first
    await database.write(insert(2), "x")
    assert numbers(database) == [1, 2]


async def test_a_bug_in_a_write_is_said_and_the_writer_goes_on(database: Database) -> None:
    def broken(_: sqlite3.Connection) -> None:
        raise ZeroDivisionError("odd")

    with pytest.raises(StoreError, match="what it was: odd"):
        await database.write(broken, "what it was")
    assert await database.write(insert(1), "x") == 1


async def test_closing_writes_what_waits_and_refuses_the_rest(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate, "gate"))
    await asyncio.to_thread(gate.reached.wait, 30)
    waiting = [asyncio.create_task(database.write(insert(number), "x")) for number in range(3)]
    await asyncio.sleep(0)
    assert numbers(database) == []
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0.01)
    gate.opened.set()
    await closing
    assert await asyncio.gather(*waiting) == [0, 1, 2]
    await first
    with pytest.raises(StoreError, match="closed"):
        await database.write(insert(9), "x")
    with pytest.raises(StoreError, match="closed"):
        database.write_now(insert(9), "x")
    with pytest.raises(StoreError, match="closed"):
        numbers(database)
    await database.close()


def test_a_loop_that_is_gone_is_not_missed(database: Database) -> None:
    gate = Gate()

    async def leave() -> None:
        task = asyncio.create_task(database.write(gate, "gate"))
        await asyncio.to_thread(gate.reached.wait, 30)
        task.cancel()

    asyncio.run(leave())
    gate.opened.set()
    assert database.write_now(insert(1), "x") == 1


async def test_a_limit_of_pages_is_a_full_disk(store: Store) -> None:
    run = await begun(store)
    pages = await store._database.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0], "x")
    await store._database.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone(), "x")
    with pytest.raises(StoreFull, match="the disk is full"):
        await store.append(*(event(run, text="x" * 4000) for _ in range(20)))
    assert len(list(store.events(run))) == 2


def test_errors_say_what_and_the_way_out() -> None:
    assert typed(OSError(122, "Disk quota exceeded"), "it").kind == "store_full"
    assert typed(OSError(5, "Input/output error"), "it").cause == "it: Input/output error"
    read_only = sqlite3.OperationalError("attempt to write a readonly database")
    read_only.sqlite_errorname = "SQLITE_READONLY"
    found = typed(read_only, "the end of r_1 is not written down")
    assert found.cause == "the end of r_1 is not written down: the database can't be written"
    assert "owner" in found.way_out
    assert typed(sqlite3.ProgrammingError("odd"), "it").cause == "it: odd"
    assert found.to_json()["kind"] == "store"


def test_many_processes_may_be_the_first(paths: StorePaths, child: Child) -> None:
    for process in [child("write", "2") for _ in range(5)]:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
    with Store.open(paths) as store:
        assert store.warnings == ()
        assert sorted(int(run.run[2:]) for run in store.history()) == list(range(1, 11))


async def test_text_that_was_damaged_is_one_error_not_all(store: Store, paths: StorePaths) -> None:
    run, whole = await begun(store), await begun(store)
    db = sqlite3.connect(paths.database)
    db.execute("UPDATE events SET data = CAST(x'ff7b' AS TEXT) WHERE run = ?", (run,))
    db.execute("UPDATE plans SET json = '{' WHERE run = ?", (run,))
    db.commit()
    db.close()
    for read in (lambda: list(store.events(run)), lambda: store.plan(run)):
        with pytest.raises(StoreError, match="a part of the database is damaged"):
            read()
    assert store.plan(whole) is not None
