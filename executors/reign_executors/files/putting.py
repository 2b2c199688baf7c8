"""Putting bytes and trees in place so that a crash leaves the old or the new, never half of either."""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from reign_executors.call import Blobs
from reign_executors.files.image import CHUNK, Entry, xattrs_of
from reign_executors.files.places import Stop, kind, link_text, lstat


def staging(path: Path, key: str) -> Path:
    """A name beside ``path`` for what is being prepared: the same for the same step, so that it can clear up."""
    return path.parent / f".{path.name[:100]}.{hashlib.sha256(key.encode()).hexdigest()[:8]}.reign"


def clear(path: Path, stop: Stop | None = None) -> None:
    """Remove whatever is at ``path`` (a folder with all below it); nothing there is fine."""
    found = lstat(path)
    if found is None:
        return
    if not stat.S_ISDIR(found.st_mode):
        path.unlink()
        return
    if stop is None:
        shutil.rmtree(path)
        return
    with os.scandir(path) as listing:
        names = [entry.name for entry in listing]
    for name in names:
        stop.check()
        clear(path / name, stop)
    path.rmdir()


def settle(folder: Path) -> None:
    """Make a rename in ``folder`` last through a power cut, where the file system can."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def settle_tree(prepared: Path) -> None:
    """Make all that was written below ``prepared`` last: one sync of a file, or of the disks for a whole tree."""
    if prepared.is_symlink() or not prepared.is_file():
        os.sync()
        return
    with prepared.open("rb") as file:
        os.fsync(file.fileno())


def why_not_atomic(path: Path, found: os.stat_result) -> str | None:
    """Why replacing the file by a rename would lose something, so that it is written in place; None when it would not.

    A rename gives the new file to whoever writes it: only root can give it back to another owner.
    """
    if os.geteuid() != 0 and found.st_uid != os.geteuid():
        return "it belongs to somebody else, and a new file would belong to you"
    if found.st_dev != path.parent.stat().st_dev:
        return "it is a mount point of its own"
    if os.geteuid() != 0 and found.st_gid not in {os.getegid(), *os.getgroups()}:
        return "its group is none of yours"
    return None


def write_bytes(path: Path, data: bytes, key: str, *, mode: int | None = None) -> None:
    """Make ``path`` (no symlink) a file with exactly ``data``: written beside it, synced, renamed over it.

    What was there keeps its mode (unless ``mode`` is given), owner, group and extended attributes; a new file gets
    ``mode`` or what the process's umask leaves of 0666. Where a rename would lose something (:func:`why_not_atomic`)
    the file is written in place.
    """
    found = lstat(path)
    if found is not None and why_not_atomic(path, found) is not None:
        _write_in_place(path, data, mode)
        return
    temporary = staging(path, key)
    temporary.unlink(missing_ok=True)
    first = 0o666 if found is None and mode is None else 0o600
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, first)
    try:
        with os.fdopen(handle, "wb", closefd=True) as file:
            file.write(data)
            file.flush()
            if found is not None:
                give(handle, found.st_uid, found.st_gid)
                for name, value in xattrs_of(path).items():
                    set_xattr(handle, name, value)
            if mode is not None or found is not None:
                os.fchmod(handle, mode if mode is not None else stat.S_IMODE(found.st_mode) if found else first)
            os.fsync(handle)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno == errno.EBUSY and found is not None:
            _write_in_place(path, data, mode)
            return
        raise
    settle(path.parent)


def _write_in_place(path: Path, data: bytes, mode: int | None) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def append_bytes(path: Path, data: bytes) -> None:
    """Add ``data`` at the end of an existing file: in place, so that who has it open goes on with the same file."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def give(place: int | Path, uid: int, gid: int) -> None:
    """Owner and group, as far as this user can give them away; they are left alone where they are right already."""
    found = place.lstat() if isinstance(place, Path) else os.fstat(place)
    if (found.st_uid, found.st_gid) == (uid, gid):
        return
    if isinstance(place, Path):
        os.chown(place, uid, gid, follow_symlinks=False)
    else:
        os.fchown(place, uid, gid)


def set_xattr(place: int | Path, name: str, value: str) -> None:
    """One extended attribute (base64); a file system or user that can't hold it is left without."""
    if hasattr(os, "setxattr"):
        with contextlib.suppress(PermissionError):
            try:
                os.setxattr(place, name, base64.b64decode(value))
            except OSError as error:
                if error.errno != errno.ENOTSUP:
                    raise


def put_link(path: Path, text: str, key: str) -> None:
    """Make ``path`` a symlink to ``text``, replacing a file or link at once."""
    temporary = staging(path, key)
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(text)
    temporary.replace(path)
    settle(path.parent)


def swap_in(prepared: Path, path: Path, key: str) -> None:
    """Rename ``prepared`` to ``path``; a folder in the way is set aside first and removed after."""
    found = lstat(path)
    aside = staging(path, key + "/old")
    clear(aside)
    if found is not None and (stat.S_ISDIR(found.st_mode) or prepared.is_dir()):
        path.rename(aside)
        try:
            prepared.rename(path)
        except OSError:
            aside.rename(path)
            raise
    else:
        prepared.replace(path)
    settle(path.parent)
    clear(aside)


def copy_tree(source: Path, target: Path, stop: Stop, tell: Callable[[int], None] = lambda _bytes: None) -> None:
    """Copy ``source`` to ``target`` (which does not exist): modes, owners as far as allowed, times, attributes, links
    as links. ``tell`` gets the bytes of every chunk."""
    found = source.lstat()
    stop.check()
    what = kind(found)
    if what == "symlink":
        target.symlink_to(link_text(source))
    elif what == "directory":
        target.mkdir(mode=0o700)
        with os.scandir(source) as listing:
            names = sorted(entry.name for entry in listing)
        for name in names:
            copy_tree(source / name, target / name, stop, tell)
    elif what == "file":
        with source.open("rb") as reading, target.open("xb") as writing:
            while chunk := reading.read(CHUNK):
                stop.check()
                writing.write(chunk)
                tell(len(chunk))
    elif what == "fifo":
        os.mkfifo(target)
    else:
        raise OSError(errno.EINVAL, f"a {what} can't be copied", str(source))
    with contextlib.suppress(PermissionError):
        give(target, found.st_uid, found.st_gid)
    if what != "symlink":
        for name, value in xattrs_of(source).items():
            set_xattr(target, name, value)
        target.chmod(stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


def move_tree(source: Path, target: Path, key: str, stop: Stop) -> None:
    """Move ``source`` to ``target``, over what is there: one rename on one disk, a copy and a removal between disks."""
    prepared = source
    if source.lstat().st_dev != target.parent.stat().st_dev:
        prepared = staging(target, key)
        clear(prepared)
        try:
            copy_tree(source, prepared, stop)
            settle_tree(prepared)
        except BaseException:
            clear(prepared)
            raise
    swap_in(prepared, target, key)
    if prepared is not source:
        clear(source)
    settle(source.parent)


def put_back(entries: list[Entry], blobs: Blobs, key: str, stop: Stop) -> None:
    """Make a root (``entries[0]``) and all below it exactly what ``entries`` say; ``KeyError`` when bytes are gone."""
    root = entries[0]
    path = Path(root.path)
    if root.kind == "absent":
        clear(path, stop)
        return
    found = lstat(path)
    if root.kind == "file" and root.blob is not None and (found is None or kind(found) == "file"):
        write_bytes(path, blobs.get(root.blob), key, mode=root.mode)
    else:
        prepared = staging(path, key)
        clear(prepared)
        for entry in entries:
            stop.check()
            _make(entry, prepared / Path(entry.path).relative_to(path), blobs)
        settle_tree(prepared)
        swap_in(prepared, path, key)
    for entry in reversed(entries):
        _finish(entry)


def _make(entry: Entry, path: Path, blobs: Blobs) -> None:
    if entry.kind == "directory":
        path.mkdir(mode=0o700)
    elif entry.kind == "symlink" and entry.link is not None:
        path.symlink_to(entry.link)
    elif entry.kind == "fifo":
        os.mkfifo(path)
    elif entry.kind == "file" and entry.blob is not None:
        with path.open("xb") as file:
            file.write(blobs.get(entry.blob))


def _finish(entry: Entry) -> None:
    path = Path(entry.path)
    if lstat(path) is None:
        return
    give(path, entry.uid, entry.gid)
    if entry.kind != "symlink":
        present = xattrs_of(path)
        for name, value in entry.xattrs.items():
            if present.get(name) != value:
                set_xattr(path, name, value)
        for name in present.keys() - entry.xattrs.keys():
            with contextlib.suppress(OSError):
                os.removexattr(path, name)
        path.chmod(entry.mode)
    if entry.mtime_ns is not None:
        os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)
