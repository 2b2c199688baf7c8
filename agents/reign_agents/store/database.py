"""One SQLite database: one thread writes what waits in a bounded queue, every thread reads for itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from reign_agents.store.errors import StoreBusy, StoreDamaged, StoreError, typed, unreadable

T = TypeVar("T")

WAITING = 1024
"""Writes that may wait; beyond that the callers wait (back-pressure)."""
TOGETHER = 128
"""Writes that go into one transaction at most."""
BUSY_SECONDS = 30.0
"""How long to wait for another process that writes."""
PATIENCE = 0.005
"""Seconds between two tries to get into a full queue."""

Work = Callable[[sqlite3.Connection], T]
"""Runs inside a transaction, maybe twice: it may only touch the connection."""


@dataclass(frozen=True, slots=True)
class _Write:
    work: Work[Any]
    what: str
    full: bool
    future: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None


_Ended = tuple[_Write, Any, StoreError | None]


def connect(path: Path, *, busy_seconds: float = BUSY_SECONDS, read_only: bool = False) -> sqlite3.Connection:
    """A connection to a file in autocommit mode, with the settings every connection has."""
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cache_size = -16384")  # kilobytes: a question to recall reads a few megabytes
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Settings of the connection that writes."""
    connection.execute("PRAGMA secure_delete = FAST")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")


class Database:
    """``connection`` is the one that writes. ``path`` None: it is in memory, and everybody shares it.

    ``suspect`` is called once when SQLite says that the file is damaged; by the thread that writes, ``committed`` after
    every commit, before anybody hears of it, and ``rolled_back`` after every transaction that was taken back.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path | None,
        *,
        waiting: int = WAITING,
        suspect: Callable[[], None] | None = None,
        committed: Callable[[sqlite3.Connection], None] | None = None,
        rolled_back: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._path = path
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._most = waiting
        self._suspect = suspect
        self._committed = committed
        self._rolled_back = rolled_back
        self._full = False
        self._closed = False
        self._closing = threading.Lock()
        self._shared = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._registering = threading.Lock()
        self._thread = threading.Thread(target=self._write_all, name="reign-store", daemon=True)
        self._thread.start()

    # writing ----------------------------------------------------------------------------------------------------

    async def write(self, work: Work[T], what: str, *, full: bool = False) -> T:
        """Run ``work`` in a transaction; returns its result once that is committed (``full``: and on the disk).

        ``what`` begins the sentence of an error ("the outcome of r_1/s1 is not written down"). Raises
        :class:`StoreError`. A caller that is cancelled meanwhile does not take the write back.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        write = _Write(work, what, full, future, loop)
        while not self._offer(write):  # noqa: ASYNC110 - a thread makes room
            await asyncio.sleep(PATIENCE)
        return await future

    def write_now(self, work: Work[T], what: str, *, full: bool = False, timeout: float = BUSY_SECONDS) -> T:
        """The same for code outside of a loop: blocks until it is committed, ``timeout`` seconds at most."""
        future: Future[T] = Future()
        write = _Write(work, what, full, future, None)
        until = time.monotonic() + timeout
        try:
            while not self._offer(write):
                if time.monotonic() > until:
                    raise FutureTimeout
                time.sleep(PATIENCE)
            return future.result(timeout)
        except FutureTimeout:
            future.cancel()
            raise StoreBusy(f"{what}: the database was busy for {timeout:g} s", "try again") from None

    def _offer(self, write: _Write) -> bool:
        """Let it wait for the writer; False when too many do (several threads at once may be a few too many)."""
        if self._closed:
            raise _closed(write.what)
        if self._queue.qsize() >= self._most:
            return False
        self._queue.put(write)
        return True

    def _write_all(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            last = False
            while len(batch) < TOGETHER and not last:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                else:
                    batch.append(following)
            self._answer(self._commit(batch))
            if last:
                return

    def _commit(self, batch: Sequence[_Write]) -> list[_Ended]:
        """All of ``batch`` in one transaction; when that fails, each by itself, so that only the guilty one fails."""
        try:
            with self._shared if self._path is None else contextlib.nullcontext():
                results = self._transaction(batch)
            return [(write, result, None) for write, result in zip(batch, results, strict=True)]
        except Exception as error:
            if len(batch) == 1:
                return [(batch[0], None, self._typed(error, batch[0].what))]
        return [ended for write in batch for ended in self._commit([write])]

    def _transaction(self, batch: Sequence[_Write]) -> list[Any]:
        connection = self._connection
        full = any(write.full for write in batch)
        if full is not self._full:
            connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            self._full = full
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [write.work(connection) for write in batch]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if self._rolled_back is not None:
                self._rolled_back()
            raise
        if self._committed is not None:
            self._committed(connection)
        return results

    def _typed(self, error: Exception, what: str) -> StoreError:
        found = error if isinstance(error, StoreError) else None
        if isinstance(error, sqlite3.Error | OSError):
            found = typed(error, what)
        if found is None:
            found = StoreError(f"{what}: {error}", detail=type(error).__name__)
            found.__cause__ = error
        if isinstance(found, StoreDamaged) and self._suspect is not None:
            self._suspect()
            self._suspect = None
        return found

    @staticmethod
    def _answer(ended: Sequence[_Ended]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Ended]] = defaultdict(list)
        for one in ended:
            if one[0].loop is None:
                _settle([one])
            else:
                loops[one[0].loop].append(one)
        for loop, some in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, some)

    def shred(self) -> None:
        """Leave nothing of what was overwritten in the file's free room or in its log. Others may be reading: then
        the log goes with their next checkpoint."""
        if self._path is not None:
            with contextlib.closing(connect(self._path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # reading ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees what was committed. Keep it for one quick question."""
        if self._closed:
            raise _closed("nothing can be read")
        try:
            if self._path is None:
                with self._shared:
                    yield self._connection
            else:
                yield self._reader(self._path)
        except sqlite3.Error as error:
            raise self._typed(error, "what was remembered can't be read") from error
        except json.JSONDecodeError as error:
            raise unreadable("what was remembered can't be read", str(error)) from error

    def _reader(self, path: Path) -> sqlite3.Connection:
        own = cast("sqlite3.Connection | None", getattr(self._local, "connection", None))
        if own is None:
            own = connect(path, read_only=True)
            self._local.connection = own
            with self._registering:
                self._readers.append(own)
        return own

    # the end ----------------------------------------------------------------------------------------------------

    def close_now(self) -> None:
        """Write what waits, then close. Twice is harmless."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            while True:  # whoever slipped in after the end
                try:
                    late = self._queue.get_nowait()
                except queue.Empty:
                    break
                if late is not None:
                    self._answer([(late, None, _closed(late.what))])
            for reader in self._readers:
                with contextlib.suppress(sqlite3.Error):
                    reader.close()
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()

    async def close(self) -> None:
        """:meth:`close_now` without blocking the loop."""
        await asyncio.to_thread(self.close_now)


def _settle(ended: Sequence[_Ended]) -> None:
    for write, result, error in ended:
        if write.future.done():
            continue
        if error is None:
            write.future.set_result(result)
        else:
            write.future.set_exception(error)


def _closed(what: str) -> StoreError:
    return StoreError(f"{what}: the database is closed already", "start Reign again")
