"""Which protection a command that only reads runs under, and what is refused where there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reign_executors.errors import OperationError
from reign_executors.process import program
from reign_executors.process.sandbox import View

if TYPE_CHECKING:
    from reign_executors.shell.analysis import Analysis

_FILES_NAMES = (
    "[ awk basename cat cksum cmp comm cut date diff dirname du echo egrep expand expr false fgrep file find "
    "fmt fold gawk grep head hexdump join jq less ls mawk md5sum nl od paste printf pwd readlink realpath rev "
    "rg seq sed sha1sum sha224sum sha256sum sha384sum sha512sum sort stat strings tac tail test tr tree true "
    "uniq wc xxd yq zcat zgrep b2sum cd : exit set export local read unset shift return"
)
FILES = frozenset(_FILES_NAMES.split())
"""Programs and builtins that need files alone: no network, no other process."""
_DEVICES_NAMES = "blkid df fdisk lsblk parted sfdisk"
DEVICES = frozenset(_DEVICES_NAMES.split())
"""Programs that look at device files."""
_OUTSIDE_NAMES = (
    "sudo doas su pkexec runuser nsenter mount findmnt mountpoint dmsetup hdparm lvdisplay lvs lvscan mdadm "
    "nvme pvdisplay pvs pvscan smartctl vgdisplay vgs vgscan zfs zpool btrfs"
)
OUTSIDE = frozenset(_OUTSIDE_NAMES.split())
"""Programs that need rights a sandbox takes away, or would show its own mounts for the machine's."""
SYSTEM = ("/bin/", "/sbin/", "/usr/", "/lib", "/nix/store/", "/snap/bin/", "/opt/homebrew/")
"""Where programs of the system lie."""
_OWN = ("/proc", "/dev", "/run", "/sys", "/var/run")
_HARMLESS = ("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/dev/urandom")


def view_of(analysis: Analysis, folder: Path) -> View | None:
    """What the command has to see of the machine; None when it can't be judged or would not work inside a sandbox."""
    names = {Path(command.argv[0]).name for command in analysis.commands if command.argv}
    names.update(Path(wrapper.split()[0]).name for c in analysis.commands for wrapper in c.wrappers if wrapper.split())
    words = [word for command in analysis.commands for word in command.argv[1:]]
    words += [one.target for command in analysis.commands for one in command.redirections]
    words = [word for word in words if not word.startswith(_HARMLESS)]
    mounts = any("/proc/" in word and "mount" in word for word in words)
    if names & OUTSIDE or mounts:
        return None
    devices = bool(names & DEVICES) or any("/dev" in word for word in words) or _below(folder, ("/dev",))
    unknown = any("…" in word for word in words) or "…" in analysis.text
    own = any(part in word for word in words for part in _OWN) or _below(folder, _OWN)
    return View(machine=devices or unknown or own or not names <= FILES, devices=devices)


def _below(folder: Path, places: tuple[str, ...]) -> bool:
    real = os.path.realpath(folder)
    return any(real == place or real.startswith(place + "/") for place in places)


def doubt(analysis: Analysis, variables: Mapping[str, str]) -> str | None:
    """Why a command that only reads is not run unasked where no sandbox holds it; None when nothing speaks against it.

    Then only what the system's own programs do counts, and only when the analysis left nothing to say.
    """
    if analysis.findings:
        return analysis.findings[0].text
    for name in dict.fromkeys(command.argv[0] for command in analysis.commands if command.argv):
        if "…" in name:
            return "it runs a program that only running it would tell"
        try:
            path = program(name, variables)
        except OperationError:
            continue  # a builtin, a function, or nothing there
        if not os.path.realpath(path).startswith(SYSTEM):
            return f"{path} is not one of the system's own programs"
    return None
