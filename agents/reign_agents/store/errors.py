"""What can go wrong with what Reign remembers, with the way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reign_executors.errors import OperationError


class StoreError(OperationError):
    """Something could not be written down or read back; ``cause`` says what is not remembered."""

    kind = "store"


class StoreNewer(StoreError):
    """The database was written by a newer Reign: nothing was touched. ``version`` is its number, ``path`` its file."""

    kind = "store_newer"

    def __init__(self, version: int, path: Path, known: int) -> None:
        super().__init__(
            f"the database {path} has version {version}; this Reign knows versions up to {known}",
            "use the newer Reign, or set REIGN_HOME to another folder",
        )
        self.version = version
        self.path = path


class StoreOnNetwork(StoreError):
    """The folder lies on a network file system, where SQLite's locks can't be trusted."""

    kind = "store_on_network"

    def __init__(self, path: Path, file_system: str) -> None:
        super().__init__(
            f"{path} lies on a network file system ({file_system}), where locks can't be trusted",
            "set REIGN_HOME to a folder on a local disk, for example REIGN_HOME=/var/tmp/reign-$USER",
        )
        self.path = path
        self.file_system = file_system


class StoreBusy(StoreError):
    """Another process kept the database locked for too long."""

    kind = "store_busy"


class StoreFull(StoreError):
    """The disk (or quota) that holds the database or the logs is full."""

    kind = "store_full"


class StoreDamaged(StoreError):
    """SQLite finds the database damaged; the next start sets it aside and begins a new one."""

    kind = "store_damaged"


class LeaseHeld(StoreError):
    """Another process (or another task of this one) drives the run."""

    kind = "lease_held"

    def __init__(self, run: str, holder: str) -> None:
        super().__init__(
            f"run {run} is driven by {holder}", f"look on with 'reign-tui attach {run}', or wait until it has ended"
        )
        self.run = run
        self.holder = holder


class LockHeld(StoreError):
    """Another step or process holds a resource and did not let go in time."""

    kind = "lock_held"

    def __init__(self, resource: str, holder: str, seconds: float) -> None:
        super().__init__(
            f"{resource} has been in use by {holder} for more than {seconds:g} s", "try again when that has ended"
        )
        self.resource = resource
        self.holder = holder


class BlobGone(StoreError, KeyError):
    """A pre-image is no longer kept, or can't be decrypted with the key that is there."""

    kind = "blob_gone"


class BlobTooLarge(StoreError):
    """One capture is larger than the limit; the effect should have said ``undo none`` before approval."""

    kind = "blob_too_large"


def unreadable(what: str, detail: str) -> StoreDamaged:
    """For a row that SQLite hands out but nobody can make sense of."""
    return StoreDamaged(
        f"{what}: a part of the database is damaged",
        "the rest can be read; restore a backup to have it whole",
        detail=detail,
    )


def typed(error: sqlite3.Error | OSError, what: str) -> StoreError:
    """The :class:`StoreError` for an error of SQLite or of the file system; ``what`` begins the sentence."""
    if isinstance(error, OSError):
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            return StoreFull(f"{what}: the disk is full", "make room on the disk, then try again", detail=str(error))
        return StoreError(f"{what}: {error.strerror or error}", detail=str(error))
    if str(error).startswith("Could not decode"):
        return unreadable(what, "text that is no UTF-8")
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_FULL"):
        return StoreFull(f"{what}: the disk is full", "make room on the disk, then try again", detail=str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(
            f"{what}: another process keeps the database locked", "end that process, then try again", detail=str(error)
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreDamaged(
            f"{what}: the database is damaged",
            "start Reign again: it sets the damaged file aside and begins a new one",
            detail=str(error),
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
        return StoreError(
            f"{what}: the database can't be written", "check the folder's owner and mode", detail=str(error)
        )
    return StoreError(f"{what}: {error}", detail=name)
