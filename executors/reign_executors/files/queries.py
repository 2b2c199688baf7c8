"""Reading files: ``file.read``, ``file.list``, ``file.stat``, ``file.disk_usage`` and ``file.find``."""

from __future__ import annotations

import fnmatch
import grp
import heapq
import os
import shlex
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from reign_executors.call import Call
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.change import FileOperation, PathField
from reign_executors.files.difference import text_of
from reign_executors.files.image import survey
from reign_executors.files.places import Stop, in_thread, kind, link_text, lstat, size, typed, user_name
from reign_executors.operation import Outputs, Query

T = TypeVar("T")


class Row(BaseModel):
    """One entry as people see it in a listing. ``modified`` is RFC 3339 UTC, ``size`` bytes, ``mode`` octal text."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    kind: str
    size: int
    mode: str
    owner: str
    group: str
    modified: str
    link: str | None = None

    @classmethod
    def of(cls, path: Path, found: os.stat_result) -> Row:
        return cls(
            name=path.name or str(path),
            path=str(path),
            kind=kind(found),
            size=found.st_size,
            mode=f"{stat.S_IMODE(found.st_mode):04o}",
            owner=user_name(found.st_uid),
            group=group_name(found.st_gid),
            modified=datetime.fromtimestamp(found.st_mtime, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            link=link_text(path) if stat.S_ISLNK(found.st_mode) else None,
        )

    def __str__(self) -> str:
        tail = "/" if self.kind == "directory" else f" -> {self.link}" if self.link is not None else ""
        return f"{self.mode} {self.owner:>8} {self.group:>8} {size(self.size):>12} {self.modified} {self.name}{tail}"


def group_name(gid: int) -> str:
    """The group's name, or its number."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


class FileQuery(FileOperation, Query):
    """A read in a thread, with typed errors."""

    path: PathField = "."

    async def _read(self, call: Call, work: Callable[[Path, Stop], T]) -> T:
        path = self.places(call)[-1]
        try:
            return await in_thread(lambda stop: work(path, stop))
        except OSError as error:
            raise typed(error, f"read {path}") from error

    @staticmethod
    def _there(path: Path) -> os.stat_result:
        if lstat(path) is None:
            raise NotFound(f"{path} does not exist", "check the path")
        return path.stat() if path.exists() else path.lstat()


class Content(Outputs):
    """``text`` is None for a binary file. ``size`` is the whole file's bytes, ``truncated`` whether more is there."""

    path: str
    size: int
    text: str | None
    binary: bool
    truncated: bool


class Read(FileQuery):
    """Show a file's text, at most ``limit`` bytes of it (its end with ``tail``)."""

    name: ClassVar[str] = "file.read"
    summary: ClassVar[str] = "Show what is in a text file."
    returns: ClassVar[type[Outputs]] = Content

    path: PathField
    limit: int = Field(default=256 * 1024, ge=1, le=8 * 1024 * 1024)
    tail: bool = False

    async def execute(self, call: Call) -> Content:
        result = await self._read(call, self._content)
        if result.text is None:
            call.say(f"{result.path} is binary, {size(result.size)}")
        else:
            call.write(result.text.encode("utf-8", "surrogateescape"))
            if result.truncated:
                call.say(f"\n… {size(result.size)} in all")
        return result

    def _content(self, path: Path, _stop: Stop) -> Content:
        found = self._there(path)
        if kind(found) == "directory":
            raise Conflict(f"{path} is a directory", "list it instead")
        if kind(found) != "file":
            raise Conflict(f"{path} is a {kind(found)}: reading it might never end", "name a file")
        with path.open("rb") as file:
            if self.tail and found.st_size > self.limit:
                file.seek(found.st_size - self.limit)
            data = file.read(self.limit)
            more = bool(file.read(1)) if not self.tail else found.st_size > self.limit
        text = text_of(data)
        cut = 0
        while text is None and more and cut < 3:  # a limit may fall inside a character
            cut += 1
            text = text_of(data[cut:] if self.tail else data[:-cut])
        length = max(found.st_size, len(data))
        return Content(path=str(path), size=length, text=text, binary=text is None, truncated=more)

    def command_line(self) -> str:
        return f"{'tail' if self.tail else 'head'} -c {self.limit} {shlex.quote(self.path)}"


class Listing(Outputs):
    """``entries`` by name; ``total`` how many there are (more than listed when ``truncated``)."""

    path: str
    entries: tuple[Row, ...]
    total: int
    truncated: bool


class List(FileQuery):
    """What is in a folder (or the one file that was named)."""

    name: ClassVar[str] = "file.list"
    summary: ClassVar[str] = "List what is in a folder."
    returns: ClassVar[type[Outputs]] = Listing

    hidden: bool = False
    limit: int = Field(default=1000, ge=1, le=100_000)

    async def execute(self, call: Call) -> Listing:
        result = await self._read(call, self._listing)
        for row in result.entries:
            call.say(str(row))
        if result.truncated:
            call.say(f"… {result.total} entries in all")
        return result

    def _listing(self, path: Path, stop: Stop) -> Listing:
        if kind(self._there(path)) != "directory":
            return Listing(path=str(path), entries=(Row.of(path, path.lstat()),), total=1, truncated=False)
        with os.scandir(path) as listing:
            names = sorted(entry.name for entry in listing if self.hidden or not entry.name.startswith("."))
        rows = []
        for name in names[: self.limit]:
            stop.check()
            if (found := lstat(path / name)) is not None:
                rows.append(Row.of(path / name, found))
        return Listing(path=str(path), entries=tuple(rows), total=len(names), truncated=len(names) > self.limit)

    def command_line(self) -> str:
        return f"ls -l{'A' if self.hidden else ''} {shlex.quote(self.path)}"


class About(Outputs):
    """Everything about one entry; ``leads_to`` is where a symlink really ends (None: nowhere, or no link)."""

    entry: Row
    inode: int
    links: int
    leads_to: str | None = None


class Stat(FileQuery):
    """Kind, size, owner, mode and times of one entry."""

    name: ClassVar[str] = "file.stat"
    summary: ClassVar[str] = "Show size, owner, mode and times of a file or folder."
    returns: ClassVar[type[Outputs]] = About

    path: PathField

    async def execute(self, call: Call) -> About:
        result = await self._read(call, self._about)
        call.say(f"{result.entry.kind} {result.entry}")
        return result

    def _about(self, path: Path, _stop: Stop) -> About:
        self._there(path)
        found = path.lstat()
        end = str(path.resolve()) if path.is_symlink() and path.exists() else None
        return About(entry=Row.of(path, found), inode=found.st_ino, links=found.st_nlink, leads_to=end)

    def command_line(self) -> str:
        return f"stat {shlex.quote(self.path)}"


class Usage(BaseModel):
    """Bytes of one entry of a folder, with all below it."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int


class DiskUsage(Outputs):
    """``bytes`` of all files at ``path``; ``largest`` of its entries, largest first; the disk's ``total``/``free``."""

    path: str
    bytes: int
    files: int
    complete: bool
    largest: tuple[Usage, ...]
    total: int
    free: int


class MeasureUsage(FileQuery):
    """How many bytes a folder takes, its largest entries, and how much room its disk has."""

    name: ClassVar[str] = "file.disk_usage"
    summary: ClassVar[str] = "Show how much disk a folder takes and how much is free."
    returns: ClassVar[type[Outputs]] = DiskUsage
    timeout: ClassVar[float] = 300.0

    top: int = Field(default=20, ge=1, le=1000)

    async def execute(self, call: Call) -> DiskUsage:
        result = await self._read(call, self._usage)
        for entry in result.largest:
            call.say(f"{size(entry.bytes):>12}  {entry.path}")
        more = "" if result.complete else " (not all could be counted)"
        call.say(f"{size(result.bytes):>12}  {result.path} in all, {result.files} files{more}")
        call.say(f"{size(result.free):>12}  free of {size(result.total)} on its disk")
        return result

    def _usage(self, path: Path, stop: Stop) -> DiskUsage:
        self._there(path)
        path = path.resolve()
        parts = sorted(path.iterdir()) if path.is_dir() else [path]
        counted = [(part, survey(part, stop)) for part in parts]
        rows = [Usage(path=str(part), bytes=found.bytes) for part, found in counted]
        disk = shutil.disk_usage(path)
        return DiskUsage(
            path=str(path),
            bytes=sum(found.bytes for _part, found in counted),
            files=sum(found.files for _part, found in counted),
            complete=all(found.complete for _part, found in counted),
            largest=tuple(heapq.nlargest(self.top, rows, key=lambda row: (row.bytes, row.path))),
            total=disk.total,
            free=disk.free,
        )

    def command_line(self) -> str:
        return f"du -sh {shlex.quote(self.path)}"


class Found(Outputs):
    """Paths that matched, in order of the walk; ``truncated`` when there are more, ``unreadable`` folders skipped."""

    path: str
    matches: tuple[Row, ...]
    truncated: bool
    unreadable: tuple[str, ...] = ()


class Find(FileQuery):
    """Entries below a folder whose name matches a glob (``*.log``)."""

    name: ClassVar[str] = "file.find"
    summary: ClassVar[str] = "Find files by name below a folder."
    returns: ClassVar[type[Outputs]] = Found
    timeout: ClassVar[float] = 300.0

    name_glob: str = Field(min_length=1)
    limit: int = Field(default=500, ge=1, le=100_000)

    async def execute(self, call: Call) -> Found:
        result = await self._read(call, self._found)
        for row in result.matches:
            call.say(row.path)
        if result.truncated:
            call.say(f"… more than {self.limit}")
        return result

    def _found(self, path: Path, stop: Stop) -> Found:
        self._there(path)
        matches: list[Row] = []
        unreadable: list[str] = []
        waiting = [path.resolve()]
        while waiting:
            here = waiting.pop()
            try:
                entries = sorted(here.iterdir()) if here.is_dir() else [here]
            except PermissionError:
                unreadable.append(str(here))
                continue
            for entry in entries:
                stop.check()
                found = lstat(entry)
                if found is None:
                    continue
                if fnmatch.fnmatch(entry.name, self.name_glob):
                    if len(matches) == self.limit:
                        return Found(path=str(path), matches=tuple(matches), truncated=True)
                    matches.append(Row.of(entry, found))
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(entry)
        return Found(path=str(path), matches=tuple(matches), truncated=False, unreadable=tuple(unreadable))

    def command_line(self) -> str:
        return f"find {shlex.quote(self.path)} -name {shlex.quote(self.name_glob)}"
