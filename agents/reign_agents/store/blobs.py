"""Pre-images for undo: kept by content, encrypted, with a limit for each and for all together."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reign_agents.store.database import Database
from reign_agents.store.errors import BlobGone, BlobTooLarge, StoreFull, typed
from reign_agents.store.places import make_folder, open_private

CAPTURE_LIMIT = 64 * 1024 * 1024
TOTAL_LIMIT = 4 * 1024 * 1024 * 1024
FRESH_SECONDS = 600.0
"""A blob this young may belong to a capture whose intent is not journalled yet."""
ORPHAN_SECONDS = 86400.0
"""A blob that no intent named for so long belongs to a process that died before."""

MAGIC = b"RGN1"
KEY_ID = 8
NONCE = 12
HEADER = len(MAGIC) + KEY_ID + NONCE
TAG = 16
_REFERENCE = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """``folder`` holds a file for each blob, ``key`` the 32 bytes they are encrypted with (made on first use)."""

    folder: Path
    key: Path


class Blobs:
    """All pre-images. ``limit`` is the most bytes of one capture, ``total`` of all together.

    When room is needed the oldest are released: first those no undo needs any more, then those whose runs are over
    (what they belong to then says ``undo none``), never those of a run that is being driven or captured right now.
    ``older`` is a place that is only read (the real one, when this store does not last).
    """

    def __init__(
        self,
        place: BlobPlace,
        database: Database,
        driven: Callable[[str], bool],
        *,
        limit: int = CAPTURE_LIMIT,
        total: int = TOTAL_LIMIT,
        older: BlobPlace | None = None,
    ) -> None:
        self.limit = limit
        self.total = total
        self._place = place
        self._older = older
        self._database = database
        self._driven = driven
        self._mutex = threading.Lock()
        self._swept = False
        self._fresh: dict[tuple[str, str] | None, dict[str, int]] = {}
        self._keys: dict[Path, bytes] = {}

    def of(self, run: str, step: str) -> StepBlobs:
        """The same blobs, where what is put is known to belong to that step."""
        return StepBlobs(self, run, step)

    def put(self, data: bytes, *, owner: tuple[str, str] | None = None) -> str:
        """Keep ``data`` (on the disk when this returns); the same data gives the same reference.

        Raises :class:`BlobTooLarge` beyond ``limit`` and :class:`StoreFull` when nothing may be released for it.
        """
        if len(data) > self.limit:
            raise BlobTooLarge(
                f"{len(data)} bytes are more than one pre-image may have ({self.limit})",
                "raise the capture limit, or go on knowing that it can't be undone",
            )
        name = hashlib.sha256(data).hexdigest()
        reference = f"sha256:{name}"
        path = self._path(self._place, name)
        try:
            with self._locked():
                key = self._key(self._place, make=True)
                if self._is_whole(path, key, len(data)):
                    os.utime(path)
                else:
                    self._write(path, reference, data, key)
                with self._mutex:
                    self._fresh.setdefault(owner, {})[reference] = HEADER + len(data) + TAG
        except OSError as error:
            raise typed(error, "the state before can't be kept, so it could not be undone") from error
        return reference

    def get(self, reference: str) -> bytes:
        """The bytes kept under ``reference``; :class:`BlobGone` (a ``KeyError``) when they are gone or unreadable."""
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise BlobGone(f"{reference!r} is no reference of a pre-image")
        for place in (self._place, self._older):
            if place is None:
                continue
            try:
                sealed = self._path(place, match[1]).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise typed(error, f"the pre-image {reference[:19]} can't be read") from error
            return self._opened(place, reference, sealed)
        raise BlobGone(f"the pre-image {reference[:19]} is no longer kept", "it can't be undone from here any more")

    def _opened(self, place: BlobPlace, reference: str, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with contextlib.suppress(InvalidTag, FileNotFoundError):
            key = self._key(place, make=False)
            if sealed.startswith(MAGIC + _key_id(key)):
                nonce = sealed[HEADER - NONCE : HEADER]
                return AESGCM(key).decrypt(nonce, sealed[HEADER:], reference.encode())
        raise BlobGone(
            f"the pre-image {reference[:19]} can't be decrypted: the key {place.key} is missing or another one, "
            "or the file is damaged",
            "put the key back from a backup",
        )

    def taken(self, run: str, step: str) -> list[tuple[str, int]]:
        """What was put for a step and is not in the database yet, as (reference, bytes); forgotten here by this."""
        with self._mutex:
            found = {**self._fresh.pop(None, {}), **self._fresh.pop((run, step), {})}
        return sorted(found.items())

    def give_back(self, run: str, step: str, blobs: list[tuple[str, int]]) -> None:
        """The opposite of :meth:`taken`, when the database did not take them."""
        with self._mutex:
            self._fresh.setdefault((run, step), {}).update(blobs)

    def forget(self, run: str, step: str) -> None:
        """A step is over: what was put for it since its intent (to compare) is needed no longer."""
        with self._mutex:
            self._fresh.pop((run, step), None)

    def _path(self, place: BlobPlace, name: str) -> Path:
        return place.folder / name[:2] / name

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_folder(self._place.folder)
        handle = open_private(self._place.folder / "lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @staticmethod
    def _is_whole(path: Path, key: bytes, size: int) -> bool:
        """Whether a file has the right size and was encrypted with this very key."""
        try:
            with path.open("rb") as file:
                start = file.read(len(MAGIC) + KEY_ID)
                return start == MAGIC + _key_id(key) and os.fstat(file.fileno()).st_size == HEADER + size + TAG
        except FileNotFoundError:
            return False

    def _write(self, path: Path, reference: str, data: bytes, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not self._swept:
            self._swept = True
            self._sweep()
        self._make_room(HEADER + len(data) + TAG)
        nonce = os.urandom(NONCE)
        make_folder(path.parent)
        sealed = AESGCM(key).encrypt(nonce, data, reference.encode())
        write_whole(path, b"".join((MAGIC, _key_id(key), nonce, sealed)))

    def _key(self, place: BlobPlace, *, make: bool) -> bytes:
        """The 32 bytes; ``FileNotFoundError`` when there are none and none are to be made."""
        known = self._keys.get(place.key)
        if known is not None:
            return known
        if make and not place.key.exists():
            make_folder(place.key.parent)
            write_whole(place.key, secrets.token_bytes(32), replace=False)
        key = place.key.read_bytes()
        if len(key) != 32:
            raise OSError(errno.EINVAL, f"{place.key} is no key of Reign: move it away")
        self._keys[place.key] = key
        return key

    # room -------------------------------------------------------------------------------------------------------

    def _make_room(self, size: int) -> None:
        used = self._used()
        if used + size <= self.total:
            return
        self._sweep()
        missing = used + size - self.total
        with self._database.read() as db:
            candidates = releasable(db, self._driven)
        going: list[str] = []
        for reference, bytes_ in candidates:
            if missing <= 0:
                break
            path = self._path(self._place, reference.removeprefix("sha256:"))
            if not _older_than(path, FRESH_SECONDS) and path.exists():
                continue
            going.append(reference)
            missing -= bytes_
        if missing > 0:
            raise StoreFull(
                f"the state before ({size} bytes) can't be kept: {used} of {self.total} bytes are in use, "
                "all by runs that are under way or only just ended",
                "raise the limit of all pre-images, or wait until those runs have ended",
            )
        self._database.write_now(lambda db: release(db, going), "pre-images are not released")
        for reference in going:
            self._path(self._place, reference.removeprefix("sha256:")).unlink(missing_ok=True)

    def _used(self) -> int:
        with self._mutex:
            fresh = sum(sum(blobs.values()) for blobs in self._fresh.values())
        with self._database.read() as db:
            return fresh + int(db.execute("SELECT coalesce(sum(bytes), 0) FROM blobs").fetchone()[0])

    def _sweep(self) -> None:
        """Remove files that nobody journalled for a day: their process died before the intent."""
        with self._database.read() as db:
            known = {row[0] for row in db.execute("SELECT reference FROM blobs")}
        for path in self._place.folder.glob("??/*"):
            if f"sha256:{path.name}" not in known and _older_than(path, ORPHAN_SECONDS):
                path.unlink(missing_ok=True)


class StepBlobs:
    """:class:`Blobs` for the capture of one step."""

    def __init__(self, blobs: Blobs, run: str, step: str) -> None:
        self._blobs = blobs
        self._owner = (run, step)

    @property
    def limit(self) -> int:
        return self._blobs.limit

    def put(self, data: bytes) -> str:
        return self._blobs.put(data, owner=self._owner)

    def get(self, reference: str) -> bytes:
        return self._blobs.get(reference)


def releasable(db: sqlite3.Connection, driven: Callable[[str], bool]) -> list[tuple[str, int]]:
    """What may go, in the order in which it goes, as (reference, bytes)."""
    uses: dict[str, tuple[int, str, bool, set[str]]] = {}
    rows = db.execute(
        "SELECT b.reference, b.bytes, b.time, u.run, l.undone_by, l.id FROM blobs b "
        "LEFT JOIN blob_uses u ON u.reference = b.reference LEFT JOIN ledger l ON l.run = u.run AND l.step = u.step"
    )
    for reference, bytes_, when, run, undone_by, ledger in rows:
        _, _, needed, runs = uses.get(reference, (0, "", False, set()))
        needed = needed or (ledger is not None and undone_by is None)
        uses[reference] = (bytes_, when, needed, runs | ({run} if run else set()))
    alive = {run: driven(run) for run in set().union(*(use[3] for use in uses.values()))}
    free = [(use[2], use[1], name, use[0]) for name, use in uses.items() if not any(alive[run] for run in use[3])]
    return [(name, bytes_) for _, _, name, bytes_ in sorted(free)]


def release(db: sqlite3.Connection, references: list[str]) -> None:
    """Forget blobs; changes that needed them can't be undone any more and say so."""
    for reference in references:
        db.execute(
            "UPDATE ledger SET undo = 'none', before = NULL WHERE undone_by IS NULL AND (run, step) IN "
            "(SELECT run, step FROM blob_uses WHERE reference = ?)",
            (reference,),
        )
        db.execute("DELETE FROM blob_uses WHERE reference = ?", (reference,))
        db.execute("DELETE FROM blobs WHERE reference = ?", (reference,))


def _key_id(key: bytes) -> bytes:
    """Which key it was, without saying anything about it."""
    return hashlib.sha256(b"reign key id" + key).digest()[:KEY_ID]


def _older_than(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except OSError:
        return False


def write_whole(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write a file of mode 0600 so that it is there whole or not at all, even after a power cut.

    ``replace`` False leaves a file alone that is there already.
    """
    draft = path.parent / f".{path.name}.{secrets.token_hex(6)}"
    try:
        handle = open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
