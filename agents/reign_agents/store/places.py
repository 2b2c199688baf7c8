"""Folders and files that only their owner may read, and file systems that can't be trusted with locks."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

FOLDER_MODE = 0o700
FILE_MODE = 0o600
LONGEST_NAME = 120

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "ceph", "lustre", "gfs2", "ocfs2", "beegfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.cephfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.blobfuse2",
    }
)  # fmt: skip
"""Types as the kernel names them, where flock or shared memory between hosts doesn't hold."""


@dataclass(frozen=True)
class StorePaths:
    """``data`` must not be lost (database, key, pre-images); ``state`` is what runs leave behind (logs, locks)."""

    data: Path
    state: Path

    @property
    def database(self) -> Path:
        return self.data / "reign.db"

    @property
    def audit_head(self) -> Path:
        """The audit chain's last row, kept outside of the database."""
        return self.data / "audit.head"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def key(self) -> Path:
        return self.data / "key"

    @cached_property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def locks(self) -> Path:
        return self.state / "locks"


def make_folder(path: Path) -> Path:
    """Create ``path`` and what is missing above it with mode 0700, whatever the umask says; returns it.

    A folder of this user that others may enter is closed to them; one of somebody else's is left as it is.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.parent != path:
            make_folder_above(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        path.chmod(FOLDER_MODE)
        return path
    if not path.is_dir():
        raise NotADirectoryError(20, "there is a file where a folder is needed", str(path))
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        path.chmod(status.st_mode & FOLDER_MODE)
    return path


def make_folder_above(path: Path) -> None:
    """Like :func:`make_folder`, but folders that exist already keep their mode: they are not ours."""
    if not path.is_dir():
        make_folder(path)


def open_private(path: Path, flags: int) -> int:
    """``os.open`` of a file with mode 0600, whatever the umask says; an own file that is wider is narrowed."""
    flags |= os.O_CLOEXEC
    if flags & os.O_CREAT:
        try:
            handle = os.open(path, flags | os.O_EXCL, FILE_MODE)
        except FileExistsError:
            if flags & os.O_EXCL:
                raise
        else:
            os.fchmod(handle, FILE_MODE)
            return handle
    handle = os.open(path, flags, FILE_MODE)
    status = os.fstat(handle)
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        os.fchmod(handle, status.st_mode & FILE_MODE)
    return handle


@lru_cache(maxsize=1024)
def file_name(name: str) -> str:
    """A name that is safe as one part of a path, readable and different for different names."""
    safe = quote(name, safe="-_.@+=:,") or "%00"
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > LONGEST_NAME:
        safe = f"{safe[:80]}~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return safe


def network_file_system(path: Path, mountinfo: str | None = None) -> str | None:
    """The type of the network file system ``path`` lies on; None on a local one, or where it can't be told.

    ``mountinfo`` is the text of ``/proc/self/mountinfo`` (read when None; other systems than Linux have none).
    """
    if mountinfo is None:
        if not sys.platform.startswith("linux"):
            return None
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
    real = os.path.realpath(path)
    best, kind = "", ""
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split(" ")
        if not separator or len(fields) < 5 or not right:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        inside = point == "/" or real == point or real.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ", 1)[0]
    return kind if kind in NETWORK_FILE_SYSTEMS else None
