"""Paths on this machine: made absolute, named for people, asked for rights and room; OS errors made typed."""

from __future__ import annotations

import asyncio
import errno
import os
import pwd
import shutil
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from reign_executors.errors import Conflict, InvalidFields, NoSpace, NotFound, OperationError, PermissionMissing
from reign_executors.host import host_name, machine_identity
from reign_executors.target import Target

T = TypeVar("T")

HOLDERS_SECONDS = 0.4
"""How long a preview looks for processes that hold a file open."""


class Stopped(Exception):
    """The person cancelled: work in a thread ends at the next entry or chunk and clears up."""


class Stop(threading.Event):
    """Set when the task that waits for a thread was cancelled."""

    def check(self) -> None:
        """Raise :class:`Stopped` when set."""
        if self.is_set():
            raise Stopped


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(16, thread_name_prefix="reign-files")


async def in_thread(work: Callable[[Stop], T]) -> T:
    """Run blocking ``work`` in a thread; when the task is cancelled, tell ``work`` and wait until it has stopped."""
    stop = Stop()
    future = asyncio.get_running_loop().run_in_executor(_pool(), work, stop)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([future])
        future.exception()
        raise


def absolute(path: str, cwd: Path) -> Path:
    """``path`` from ``cwd``, ``~`` expanded; ``..`` after a symlink goes where the system would go. Last part as is."""
    if not path or "\0" in path:
        raise InvalidFields("a path is empty or holds a zero byte", "name a file")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise InvalidFields(f"{path!r} holds a character that no file's name can have", "name a file") from None
    joined = os.path.join(cwd, os.path.expanduser(path))  # noqa: PTH118 PTH111 - Path() would drop what ".." means
    if ".." in Path(joined).parts:
        head, tail = os.path.split(joined.rstrip("/"))
        if tail == "..":
            return Path(os.path.realpath(joined))
        return Path(os.path.realpath(head)) / tail
    return Path(os.path.normpath(joined))


def real(path: Path) -> Path:
    """Where writing to ``path`` ends up: every symlink followed, also a dangling last one."""
    return Path(os.path.realpath(path))


def real_name(path: Path) -> Path:
    """``path`` with the symlinks of its parents followed and its last part as it is: what removing it removes."""
    return path if path == path.parent else Path(os.path.realpath(path.parent)) / path.name


def resource(path: Path, *, directory: bool = False) -> str:
    """``file//etc/hosts`` or ``directory//etc``."""
    return f"{'directory' if directory else 'file'}/{path}"


def host_target(what: str) -> Target:
    """The machine this process runs on, with ``what`` as the resource."""
    return Target(tool="host", context=host_name(), resource=what, identity={"machine": machine_identity()})


def user_name(uid: int) -> str:
    """The account's name, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def size(count: int) -> str:
    """``17 bytes``, ``1.5 MiB``."""
    if count < 1024:
        return f"{count} byte{'' if count == 1 else 's'}"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def lstat(path: Path) -> os.stat_result | None:
    """The entry itself (a symlink is not followed), or None when nothing is there."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def kind(found: os.stat_result) -> str:
    """``file``, ``directory``, ``symlink``, or ``socket``/``fifo``/``device``."""
    mode = found.st_mode
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    if stat.S_ISLNK(mode):
        return "symlink"
    return "socket" if stat.S_ISSOCK(mode) else "fifo" if stat.S_ISFIFO(mode) else "device"


def link_text(path: Path) -> str:
    """What a symlink says, byte for byte (``Path.readlink`` would tidy it)."""
    return os.readlink(path)  # noqa: PTH115


def identity(found: os.stat_result | None) -> str:
    """``device:inode:mtime_ns:size``, or ``absent``; of a directory without times and size (others work in it)."""
    if found is None:
        return "absent"
    if stat.S_ISDIR(found.st_mode):
        return f"{found.st_dev}:{found.st_ino}"
    return f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}:{found.st_size}"


def missing_parents(path: Path) -> list[Path]:
    """Folders above ``path`` that do not exist, the topmost first."""
    missing: list[Path] = []
    for parent in path.parents:
        if lstat(parent) is not None:
            break
        missing.append(parent)
    return missing[::-1]


def may(path: Path, rights: int) -> bool:
    """Whether this process's effective user has ``rights`` (``os.R_OK`` …) on ``path``."""
    effective = os.access in os.supports_effective_ids
    return os.access(path, rights, effective_ids=effective)


def no_right_in(folder: Path, entry: os.stat_result | None = None) -> str | None:
    """Why this user may not add to (or, given ``entry``, remove that entry from) ``folder``; None when it may."""
    try:
        about = folder.stat()
    except PermissionError:
        return f"user {user_name(os.geteuid())} may not look into {folder.parent}"
    except OSError:
        return None
    me, owner = os.geteuid(), about.st_uid
    if not may(folder, os.W_OK | os.X_OK):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder} is on a file system that is mounted read-only"
        mode = stat.S_IMODE(about.st_mode)
        return f"user {user_name(me)} may not write in {folder} (owner {user_name(owner)}, mode {mode:04o})"
    if entry is not None and about.st_mode & stat.S_ISVTX and me not in (0, owner, entry.st_uid):
        return f"only {user_name(entry.st_uid)} may remove it: {folder} is sticky and you are {user_name(me)}"
    return None


def free_bytes(folder: Path) -> int:
    """Bytes this user can still write on the disk of ``folder`` (or of its nearest folder that exists)."""
    while lstat(folder) is None and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def holders(path: Path) -> list[str]:
    """Processes that have ``path`` open for writing (``nginx (pid 812)``); best effort within a bounded time."""
    import psutil

    end, found = time.monotonic() + HOLDERS_SECONDS, []
    wanted = str(path)
    for process in psutil.process_iter():
        if time.monotonic() > end:
            break
        try:
            for opened in process.open_files():
                if opened.path == wanted and getattr(opened, "mode", "w") not in ("r", "rb"):
                    found.append(f"{process.name()} (pid {process.pid})")
                    break
        except (psutil.Error, OSError):
            continue
    return found


def typed(error: OSError, doing: str) -> OperationError:
    """``error`` as one of our own, with the way out. ``doing`` ends "could not …": ``write /etc/hosts``."""
    cause, detail = f"could not {doing}", str(error)
    number = error.errno
    if number == errno.ENOENT:
        return NotFound(f"{cause}: {error.filename or 'it'} does not exist", "check the path", detail=detail)
    if number in (errno.EACCES, errno.EPERM):
        owner = ""
        if error.filename is not None and (found := lstat(Path(os.fsdecode(error.filename)))) is not None:
            owner = f"; it belongs to {user_name(found.st_uid)}"
        return PermissionMissing(
            f"{cause}: user {user_name(os.geteuid())} may not{owner}",
            "start Reign as a user who may, or choose another place",
            detail=detail,
        )
    if number == errno.EROFS:
        return PermissionMissing(
            f"{cause}: its file system is mounted read-only", "choose another place", detail=detail
        )
    if number in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"{cause}: the disk or your quota is full", "free some space, then run it again", detail=detail)
    if number == errno.EISDIR:
        return Conflict(f"{cause}: it is a directory", "name a file in it", detail=detail)
    if number == errno.ENOTDIR:
        return Conflict(f"{cause}: a part of the path is a file, not a directory", "choose another path", detail=detail)
    if number in (errno.EEXIST, errno.ENOTEMPTY):
        return Conflict(f"{cause}: something is there already", "choose another name or replace it", detail=detail)
    if number in (errno.EBUSY, errno.ETXTBSY):
        return Conflict(f"{cause}: it is in use", "stop what uses it first", detail=detail)
    if number in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
        return InvalidFields(f"{cause}: {error.strerror}", "choose another path", detail=detail)
    return OperationError(f"{cause}: {error.strerror or error}", detail=detail)
