"""Opening what is there: set up, brought up to date, set aside when damaged, in memory when nothing can be written."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from reign_agents.store import database
from reign_agents.store.errors import StoreBusy, StoreDamaged, StoreError, StoreNewer, StoreOnNetwork, typed
from reign_agents.store.migrations import APPLICATION_ID, MIGRATIONS, migrate, version_of
from reign_agents.store.places import StorePaths, make_folder, network_file_system, open_private

HEADER = b"SQLite format 3\0"
CHECK_WHOLE = 1024 * 1024
"""Bytes up to which a database is checked as a whole at every start (a few milliseconds)."""
COPY_LIMIT = 512 * 1024 * 1024
"""Bytes up to which a database that can't be written is read into memory."""
ROOM = 64 * 1024
"""Bytes that must fit into a folder for it to count as writable."""
OPENING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Opened:
    """``path`` None: in memory. ``paths`` are the folders in use, ``asked`` those that were asked for."""

    connection: sqlite3.Connection
    path: Path | None
    paths: StorePaths
    asked: StorePaths
    warnings: tuple[str, ...]

    @property
    def durable(self) -> bool:
        return self.path is not None


class _NotWritable(Exception):
    """Why nothing can be kept, in words."""


def open_store(paths: StorePaths) -> Opened:
    """Open or make the database.

    Raises :class:`StoreNewer`, :class:`StoreOnNetwork` and :class:`StoreBusy`; everything else leads to a store that
    works, maybe without lasting (``path`` None), and ``warnings`` that say so.
    """
    for folder in (paths.data, paths.state):
        kind = network_file_system(folder)
        if kind is not None:
            raise StoreOnNetwork(folder, kind)
    try:
        for folder in (paths.data, paths.state, paths.runs, paths.locks):
            _make(folder)
        for folder in (paths.data, paths.state):
            _check_room(folder)
        with _one_at_a_time(paths.data):
            connection, warnings = _open_or_replace(paths)
    except _NotWritable as reason:
        return _in_memory(paths, str(reason))
    return Opened(connection, paths.database, paths, paths, tuple(warnings))


def _make(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as error:
        raise _NotWritable(f"{folder} can't be made or entered: {error.strerror or error}") from error


def _check_room(folder: Path) -> None:
    """Whether a little can be written; the disk may be full although the folder is there."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * ROOM)
            file.flush()
    except OSError as error:
        raise _NotWritable(f"nothing can be written to {folder}: {error.strerror or error}") from error


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Only one process at a time makes, changes or sets aside the database."""
    try:
        handle = open_private(folder / "opening.lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise _NotWritable(f"nothing can be written to {folder}: {error.strerror or error}") from error
    try:
        deadline = time.monotonic() + OPENING_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        "another process has been opening the database for 30 s", "end that process, then try again"
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def suspect_mark(path: Path) -> Path:
    """A file beside the database saying that SQLite found it damaged while it was in use."""
    return path.with_name(path.name + ".suspect")


def _open_or_replace(paths: StorePaths) -> tuple[sqlite3.Connection, list[str]]:
    path = paths.database
    try:
        return _open(paths), []
    except StoreDamaged as error:
        try:
            kept = set_aside(paths)
        except OSError as problem:
            raise _NotWritable(f"the damaged database {path} can't be set aside: {problem.strerror}") from problem
        warning = (
            f"the database was damaged ({error.detail or error.cause}): it is kept as {kept} and a new one was begun; "
            "earlier runs are not in it"
        )
        return _open(paths), [warning]


def _open(paths: StorePaths) -> sqlite3.Connection:
    path = paths.database
    try:
        os.close(open_private(path, os.O_RDWR | os.O_CREAT))
        with path.open("rb") as file:
            start = file.read(len(HEADER))
    except OSError as error:
        raise _NotWritable(f"the database {path} can't be opened: {error.strerror or error}") from error
    if start and start != HEADER:
        raise StoreDamaged("the database is damaged", detail="file is not a database")
    connection = database.connect(path)
    try:
        _examine(connection, path)
        database.prepare(connection)
        fresh = version_of(connection) == 0
        migrate(connection, path)
        if fresh:
            _start_after(connection, paths.runs)
        connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'opened'")
        suspect_mark(path).unlink(missing_ok=True)
    except sqlite3.Error as error:
        connection.close()
        found = typed(error, "the database can't be opened")
        if isinstance(found, StoreBusy | StoreDamaged):
            raise found from error
        raise _NotWritable(f"the database {path} can't be written: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _examine(connection: sqlite3.Connection, path: Path) -> None:
    version = version_of(connection)
    if version > MIGRATIONS[-1].number:
        raise StoreNewer(version, path, MIGRATIONS[-1].number)
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and owner != APPLICATION_ID:
        raise StoreDamaged("the database is damaged", detail="it is not a database of Reign")
    if path.stat().st_size <= CHECK_WHOLE or suspect_mark(path).exists():
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreDamaged("the database is damaged", detail=str(found).splitlines()[-1])


def _start_after(connection: sqlite3.Connection, runs: Path) -> None:
    """A new database goes on counting after the runs whose folders are there: their names are on real things."""
    numbers = [int(match[1]) for path in runs.iterdir() if (match := re.fullmatch(r"r_([0-9]+)", path.name))]
    connection.execute("UPDATE counters SET value = max(value, ?) WHERE name = 'run'", (max(numbers, default=0),))


def set_aside(paths: StorePaths) -> Path:
    """Rename the database with what belongs to it (``-wal``, ``-shm``, the pre-images); returns its new path."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = paths.database.with_name(f"{paths.database.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = paths.database.with_name(f"{paths.database.name}.damaged-{stamp}-{number}")
    paths.database.rename(kept)
    for end in ("-wal", "-shm"):
        beside = paths.database.with_name(paths.database.name + end)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + end))
    if paths.audit_head.exists():
        paths.audit_head.rename(kept.with_name(f"{kept.name}-{paths.audit_head.name}"))
    if paths.blobs.exists():
        paths.blobs.rename(kept.with_name(kept.name + "-blobs"))
    suspect_mark(paths.database).unlink(missing_ok=True)
    return kept


# without lasting ------------------------------------------------------------------------------------------------


def _in_memory(asked: StorePaths, reason: str) -> Opened:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copied = _copy(asked.database, connection)
    migrate(connection, asked.database)
    folder = _temporary_folder()
    paths = StorePaths(folder / "data", folder / "state")
    for inner in (paths.data, paths.state, paths.runs):
        make_folder(inner)
    known = "earlier runs can be read, but " if copied else ""
    warning = (
        f"{reason}. Reign works without memory: {known}nothing of this session is remembered after it ends "
        "(make the folder writable or make room, or set REIGN_HOME to a folder that is)"
    )
    return Opened(connection, None, paths, asked, (warning,))


def _copy(path: Path, into: sqlite3.Connection) -> bool:
    """Read an existing database into memory, as far as it can be; :class:`StoreNewer` when it is a newer one."""
    try:
        if not 0 < path.stat().st_size <= COPY_LIMIT:
            return False
    except OSError:
        return False
    for how in ("mode=ro", "immutable=1"):
        with contextlib.suppress(sqlite3.Error):
            source = sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, timeout=5)
            try:
                if int(source.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
                    return False
                version = version_of(source)
                if version > MIGRATIONS[-1].number:
                    raise StoreNewer(version, path, MIGRATIONS[-1].number)
                source.backup(into)
                return True
            finally:
                source.close()
    return False


def _temporary_folder() -> Path:
    """A new folder of this user's own where there is room."""
    places: list[str | None] = [None, "/dev/shm", os.environ.get("XDG_RUNTIME_DIR")]  # noqa: S108 - mkdtemp is safe
    for place in places:
        with contextlib.suppress(OSError, _NotWritable):
            folder = Path(tempfile.mkdtemp(prefix="reign-", dir=place))
            try:
                _check_room(folder)
            except _NotWritable:
                folder.rmdir()
                raise
            return folder
    raise StoreError("nothing can be written anywhere, not even for a moment", "make room on a disk, then try again")
