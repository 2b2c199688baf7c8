"""Pre-images: what was at a path before a change, complete enough to put it back, and short digests to compare."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from reign_executors.call import Blobs
from reign_executors.files.places import Stop, identity, kind, link_text, lstat, size
from reign_executors.operation import JsonObject

How = Literal["content", "mode", "modes", "stat"]
"""How much of a root matters.

content  everything: bytes, modes, owners, times (bytes go to the blobs)
mode     the entry's own mode and owner
modes    modes and owners of the whole tree
stat     the whole tree by size and time, without bytes: it was only moved
"""

MANY = 300
"""Entries beyond which the list itself is kept as a blob."""
SURVEY_LIMIT = 200_000
"""Entries after which a preview stops counting."""
CHUNK = 1024 * 1024


class Entry(BaseModel):
    """One path as it was. ``mode`` is the permission bits; ``sha256``/``blob`` are of a file's bytes, ``link`` is a
    symlink's text, ``xattrs`` base64 by name. ``kind`` is ``absent`` when nothing was there."""

    model_config = ConfigDict(frozen=True)

    path: str
    kind: str
    mode: int = 0
    uid: int = -1
    gid: int = -1
    mtime_ns: int | None = None
    size: int = 0
    sha256: str | None = None
    blob: str | None = None
    link: str | None = None
    xattrs: dict[str, str] = Field(default_factory=dict)


class Root(BaseModel):
    """A path that a change touches, and how much of it."""

    model_config = ConfigDict(frozen=True)

    path: str
    how: How = "content"


class Preimage(BaseModel):
    """The state of ``roots`` at one moment. ``kept`` is False when it was too large (``why``): then nothing can be put
    back. ``manifest`` is a blob's reference in place of ``entries`` when there are many."""

    model_config = ConfigDict(frozen=True)

    roots: tuple[Root, ...]
    entries: tuple[Entry, ...] = ()
    kept: bool = True
    why: str | None = None
    manifest: str | None = None

    def opened(self, blobs: Blobs) -> Preimage:
        """With its entries in place; ``KeyError`` when the blob is gone."""
        if self.manifest is None:
            return self
        return Preimage.model_validate(json.loads(blobs.get(self.manifest)))

    def of(self, root: Root) -> list[Entry]:
        """The entries of one root, itself first."""
        below = root.path.rstrip("/") + "/"
        return [entry for entry in self.entries if entry.path == root.path or entry.path.startswith(below)]

    def comparable(self) -> JsonObject:
        """What must be equal after an undo: no references to blobs (the bytes' digests are there)."""
        return self.model_dump(mode="json", exclude={"entries": {"__all__": {"blob"}}, "manifest": True})

    def to_json(self, blobs: Blobs) -> JsonObject:
        if len(self.entries) <= MANY:
            return self.model_dump(mode="json", exclude_defaults=True)
        reference = blobs.put(json.dumps(self.model_dump(mode="json", exclude_defaults=True)).encode())
        short = Preimage(roots=self.roots, kept=self.kept, why=self.why, manifest=reference)
        return short.model_dump(mode="json", exclude_defaults=True)


def walk(path: Path, stop: Stop | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    """``path`` and all below it, parents first, names sorted, symlinks not followed. What vanishes is left out."""
    found = lstat(path)
    if found is None:
        return
    waiting = [(path, found)]
    while waiting:
        if stop is not None:
            stop.check()
        here, about = waiting.pop()
        yield here, about
        if stat.S_ISDIR(about.st_mode):
            with os.scandir(here) as listing:
                names = sorted((entry.name for entry in listing), reverse=True)
            below = ((here / name, lstat(here / name)) for name in names)
            waiting.extend((name, about) for name, about in below if about is not None)


@dataclass
class Survey:
    """What is at a path, counted without reading: ``bytes`` of all files, ``special`` sockets and devices, ``marks``
    a digest of every entry's identity. ``complete`` is False when counting stopped early."""

    files: int = 0
    folders: int = 0
    links: int = 0
    special: int = 0
    bytes: int = 0
    complete: bool = True
    marks: str = ""
    unreadable: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"{self.files} file{'' if self.files == 1 else 's'}"]
        if self.folders:
            parts.append(f"{self.folders} folder{'' if self.folders == 1 else 's'}")
        if self.links:
            parts.append(f"{self.links} link{'' if self.links == 1 else 's'}")
        if self.special:
            parts.append(f"{self.special} socket{'' if self.special == 1 else 's'} or devices")
        more = "" if self.complete else "more than "
        return f"{more}{', '.join(parts)}, {size(self.bytes)}"


def survey(path: Path, stop: Stop | None = None) -> Survey:
    """Count what is at ``path``; see :class:`Survey`."""
    result, marks = Survey(), hashlib.sha256()
    try:
        for here, about in walk(path, stop):
            what = kind(about)
            if what == "file":
                result.files += 1
                result.bytes += about.st_size
                if len(result.samples) < 20:
                    result.samples.append(str(here))
            elif what == "directory":
                result.folders += 1
            elif what == "symlink":
                result.links += 1
            else:
                result.special += 1
            marks.update(f"{here}\0{identity(about)}\0".encode("utf-8", "surrogateescape"))
            if result.files + result.folders + result.links >= SURVEY_LIMIT:
                result.complete = False
                break
    except PermissionError as error:
        result.unreadable.append(os.fsdecode(error.filename or str(path)))
        result.complete = False
    result.marks = marks.hexdigest()[:16]
    return result


def file_digest(path: Path, stop: Stop | None = None) -> str:
    """Hex sha256 of a file's bytes."""
    running = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if stop is not None:
                stop.check()
            running.update(chunk)
    return running.hexdigest()


def xattrs_of(path: Path) -> dict[str, str]:
    """Extended attributes, base64; empty where the system has none or does not tell."""
    if not hasattr(os, "listxattr"):
        return {}
    found: dict[str, str] = {}
    try:
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            found[name] = base64.b64encode(os.getxattr(path, name, follow_symlinks=False)).decode()
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.ENOENT):
            raise
    return found


def _entry(path: Path, about: os.stat_result, how: How, blobs: Blobs | None, stop: Stop | None) -> Entry:
    what = kind(about)
    common: dict[str, object] = {
        "path": str(path),
        "kind": what,
        "mode": stat.S_IMODE(about.st_mode),
        "uid": about.st_uid,
        "gid": about.st_gid,
    }
    if how in ("mode", "modes"):
        return Entry.model_validate(common)
    if what == "symlink":
        return Entry.model_validate({**common, "link": link_text(path), "mtime_ns": about.st_mtime_ns})
    common |= {"mtime_ns": about.st_mtime_ns}
    if what == "file":
        common |= {"size": about.st_size}
    if how == "content":
        common |= {"xattrs": xattrs_of(path)}
        if what == "file" and blobs is not None:
            data = path.read_bytes()
            common |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "blob": blobs.put(data)}
        elif what == "file":
            common |= {"sha256": file_digest(path, stop)}
    return Entry.model_validate(common)


def keep(roots: Sequence[Root], blobs: Blobs | None, stop: Stop | None = None) -> Preimage:
    """The pre-image of ``roots``. With ``blobs``, bytes are kept there, up to its limit; without, only digested."""
    limit = None if blobs is None else blobs.limit
    total = sum(survey(Path(root.path), stop).bytes for root in roots if root.how == "content")
    if limit is not None and total > limit:
        why = f"{size(total)} are more than the {size(limit)} that are kept for an undo"
        return Preimage(roots=tuple(roots), kept=False, why=why)
    entries: list[Entry] = []
    for root in roots:
        path = Path(root.path)
        about = lstat(path)
        if about is None:
            entries.append(Entry(path=root.path, kind="absent"))
        elif root.how == "mode":
            entries.append(_entry(path, about, root.how, blobs, stop))
        else:
            entries.extend(_entry(here, found, root.how, blobs, stop) for here, found in walk(path, stop))
    return Preimage(roots=tuple(roots), entries=tuple(entries))


def state(root: Root, stop: Stop | None = None) -> str:
    """A short digest of what is at ``root`` now, to tell whether others changed it since. ``absent`` when nothing is
    there. Times of files that we wrote do not count, nor do those of folders."""
    path = Path(root.path)
    about = lstat(path)
    if about is None:
        return "absent"
    running = hashlib.sha256()
    for here, found in [(path, about)] if root.how == "mode" else walk(path, stop):
        what = kind(found)
        mark = f"{here.relative_to(path)}\0{what}\0{found.st_mode}\0{found.st_uid}\0{found.st_gid}\0"
        if what == "symlink":
            mark += link_text(here)
        elif what == "file" and root.how == "content":
            mark += file_digest(here, stop)
        elif what == "file" and root.how == "stat":
            mark += f"{found.st_size}:{found.st_mtime_ns}"
        running.update(mark.encode("utf-8", "surrogateescape") + b"\0")
    return f"{root.how}:{running.hexdigest()[:32]}"
