"""What no operation and no command may delete, move away, re-permission or write over: the one list of it.

The data is here and nowhere else; file operations and the shell analyser ask the same functions. Both judge the path's
text (``..``, ``//`` and trailing slashes folded); whoever can look at the disk asks again with symlinks resolved.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from functools import lru_cache
from typing import Literal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYSTEM_DIRECTORIES: frozenset[str] = _words(
    """
    /bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /media /mnt /opt /proc /run /sbin /srv /sys /usr
    /var /etc/apt /etc/cron.d /etc/default /etc/init.d /etc/network /etc/pam.d /etc/profile.d /etc/security
    /etc/ssh /etc/ssl /etc/sudoers.d /etc/systemd /etc/systemd/system /usr/bin /usr/include /usr/lib
    /usr/lib32 /usr/lib64 /usr/libexec /usr/local /usr/local/bin /usr/local/lib /usr/local/sbin /usr/sbin
    /usr/share /var/lib /var/lib/apt /var/lib/dpkg /var/lib/rpm /var/lib/systemd /var/log /var/mail /var/run
    /var/spool /var/spool/cron /Applications /Library /Network /System /Users /Volumes /private /private/etc
    /private/var
    """
)
"""Directories (Linux, then macOS) that the machine needs as a whole. What lies below one is scoped and not in here."""

ACCOUNT_FILES: frozenset[str] = _words(
    """
    /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow-
    /etc/subuid /etc/subgid /etc/sudoers /etc/doas.conf /etc/login.defs /etc/shells /etc/security/opasswd
    /etc/master.passwd /private/etc/passwd /private/etc/master.passwd /private/etc/sudoers
    """
)
"""Who may log in and who may become root."""

ACCOUNT_FOLDERS: tuple[str, ...] = ("/etc/sudoers.d", "/etc/pam.d")
"""Every file below these counts as an account file."""

LOADER_FILES: frozenset[str] = _words(
    """
    /etc/ld.so.preload /etc/ld.so.conf /etc/ld.so.cache /lib/ld-linux.so.2 /lib64/ld-linux-x86-64.so.2
    """
)
"""What every program loads as it starts."""

PROFILE_FILES: frozenset[str] = _words(
    """
    /etc/profile /etc/bash.bashrc /etc/bashrc /etc/environment /etc/zshrc /etc/zprofile /root/.bashrc
    /root/.bash_profile /root/.profile /root/.zshrc
    """
)
PROFILE_FOLDERS: tuple[str, ...] = ("/etc/profile.d", "/etc/ld.so.conf.d")
"""What every shell runs (or every program loads from) for everybody, or for root."""

KEY_FILES: frozenset[str] = _words(
    """
    /root/.ssh/authorized_keys /root/.ssh/authorized_keys2
    """
)
"""Keys that open root."""

SYSTEM_LOGS: frozenset[str] = _words(
    """
    /var/log/syslog /var/log/messages /var/log/auth.log /var/log/secure /var/log/kern.log /var/log/wtmp
    /var/log/btmp /var/log/lastlog /var/log/faillog /var/log/audit/audit.log /var/log/audit /var/log/journal
    /var/log/system.log /root/.bash_history
    """
)
"""What tells afterwards who did what."""

DISK_DEVICE = re.compile(
    r"/dev/(?:[hsvx]v?d[a-z]+\d*|nvme\d+(?:n\d+(?:p\d+)?)?|mmcblk\d+(?:p\d+)?|r?disk\d+(?:s\d+)?|md\d+|dm-\d+"
    r"|mapper/(?!control$).+|disk/.+|loop\d+|mem|kmem|port)"
)
"""Whole disks, partitions and the machine's memory."""

FIRST_PERSON = 500 if sys.platform == "darwin" else 1000
"""The first uid of a human's account; homes of those below (but root's) are folders of services."""

SCRATCH: frozenset[str] = frozenset({"/tmp", "/var/tmp", "/private/tmp"})  # noqa: S108 - names, nothing is made there
"""Folders whose content nobody may count on."""

Why = Literal["delete.system", "delete.home", "accounts.tampered", "loader.tampered", "profile.tampered",
              "keys.tampered", "logs.wiped", "disk.write"]  # fmt: skip
"""Stable names for findings."""


def normal(path: str) -> str:
    """``path`` with ``~``, ``..``, ``//``, a trailing slash and a trailing ``/*`` or ``/.`` folded away."""
    if path.startswith("~"):
        path = os.path.expanduser(path)  # noqa: PTH111 - judged as text
    path = re.sub(r"/(?:\*|\.\*|\.\[!\.\]\*|\{\*,\.\*\})$", "", path) or "/"
    return re.sub(r"^//", "/", posixpath.normpath(path))


@lru_cache(maxsize=8)
def _homes(home_variable: str) -> frozenset[str]:
    import pwd

    found = {home_variable} if home_variable.startswith("/") else set()
    for account in pwd.getpwall():
        person = account.pw_uid == 0 or FIRST_PERSON <= account.pw_uid < 60_000
        if person and account.pw_dir.startswith("/"):
            found.add(account.pw_dir)
    return frozenset(posixpath.normpath(path) for path in found) - {"/"} | {"/root"}


def homes() -> frozenset[str]:
    """Homes of the people (and root) this machine knows, as absolute paths."""
    return _homes(os.environ.get("HOME", ""))


def _home(path: str) -> str | None:
    if path in homes() or re.fullmatch(r"/(?:home|Users)/[^/]+", path):
        return f"the whole home {path}"
    if path in SCRATCH:
        return None  # made to be emptied, even where somebody's home is in it for a while
    inside = next((home for home in sorted(homes()) if home.startswith(path.rstrip("/") + "/")), None)
    return None if inside is None else f"{path} holds the home {inside}"


def why_protected(path: str) -> tuple[Why, str] | None:
    """Like :func:`protected`, with the stable name of the rule."""
    path = normal(path)
    if path == "/":
        return "delete.system", "the root of the file system, /"
    if path in SYSTEM_DIRECTORIES:
        return "delete.system", f"system directory {path}"
    if (home := _home(path)) is not None:
        return "delete.home", home
    if path in SYSTEM_LOGS:
        return "logs.wiped", f"system log {path}"
    return _tampering(path)


def _tampering(path: str) -> tuple[Why, str] | None:
    if path in ACCOUNT_FILES or path.startswith(tuple(folder + "/" for folder in ACCOUNT_FOLDERS)):
        return "accounts.tampered", f"account file {path}"
    if path in LOADER_FILES:
        return "loader.tampered", f"loader file {path}"
    if path in PROFILE_FILES or path.startswith(tuple(folder + "/" for folder in PROFILE_FOLDERS)):
        return "profile.tampered", f"profile that every login runs, {path}"
    if path in KEY_FILES:
        return "keys.tampered", f"root's keys {path}"
    if DISK_DEVICE.fullmatch(path):
        return "disk.write", f"device {path}"
    return None


def protected(path: str) -> str | None:
    """Why deleting, moving away or re-permissioning ``path`` is a catastrophe (``system directory /etc``), or None.

    ``path`` is absolute or starts with ``~``; a trailing ``/*`` means the folder's whole content and counts as it.
    """
    found = why_protected(path)
    return None if found is None else found[1]


def why_guarded(path: str) -> tuple[Why, str] | None:
    """Like :func:`guarded`, with the stable name of the rule."""
    path = normal(path)
    if path in SYSTEM_LOGS:
        return "logs.wiped", f"system log {path}"
    return _tampering(path)


def guarded(path: str) -> str | None:
    """Why *writing* ``path`` is a catastrophe (account, loader, profile and key files, logs, disks), or None."""
    found = why_guarded(path)
    return None if found is None else found[1]
