"""What the kernel holds a program to: bubblewrap's namespaces, where this machine allows them.

A read runs with every file system read-only, so that a command which was misjudged fails instead of changing
something. What bubblewrap can do here is tried once, when first asked for.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reign_executors.errors import ToolMissing
from reign_executors.process.environment import scrubbed
from reign_executors.process.programs import program

PATIENCE = 30.0
"""Seconds bubblewrap has to show that it works."""
INSTALL = "install bubblewrap (Debian: apt-get install bubblewrap)"
ALLOW = "let this user make user namespaces, or run where the kernel allows them"
COMPLAINT = b"bwrap: "
"""How bubblewrap's own errors begin: the program inside was not started."""
TRIES = 6
"""How often a sandbox is set up before it is given up: it fails when another program ends a mount meanwhile."""
MEMORY = "/dev/shm"  # noqa: S108 — the sandbox's own
_ADMINISTRATION = ["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_BOOT", "CAP_SYS_RAWIO", "CAP_SYS_TIME", "CAP_MKNOD"]
_NAMES_OF_USERS = ("/run/nscd/", "/run/systemd/userdb/")
"""Sockets that tell users' names: a listing needs them."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What bubblewrap can do on this machine.

    ``path`` None: nothing, ``why`` in words and ``way_out`` how to mend it. ``network``: a program can be kept from the
    network. ``as_user``: in a user namespace, where set-user-ID programs get no rights and files of others show as
    nobody's.
    """

    path: Path | None
    network: bool = False
    as_user: bool = False
    why: str = ""
    way_out: str = ""

    def said(self) -> str:
        """One line for people."""
        if self.path is None:
            return f"no sandbox on this machine: {self.why}; {self.way_out}"
        holds = "file system read-only for what only reads"
        return f"bubblewrap: {holds}" + (", network shut off where a step declares none" if self.network else "")


@dataclass(frozen=True, slots=True)
class View:
    """What a reading program sees of the machine beside its files, which it can't change.

    ``machine``: the machine's own processes and network; ``devices``: its device files, writable by who may write them.
    """

    machine: bool = True
    devices: bool = False

    def said(self, protection: Protection) -> str:
        """One line for people: what holds and what doesn't."""
        words = ["file system read-only"]
        if self.machine:
            words.append("network, processes and sockets as they are")
        else:
            words.append("no network, no other processes" if protection.network else "no other processes")
        if self.devices:
            words.append("devices as they are")
        if protection.as_user:
            words.append("files of other users show as nobody's")
        return f"held by bubblewrap: {', '.join(words)}"


def protection() -> Protection:
    """What holds on this machine; tried once for every bubblewrap found."""
    try:
        path = program("bwrap", scrubbed(os.environ))
    except ToolMissing:
        return Protection(None, why="bubblewrap is not there", way_out=INSTALL)
    return _tried(path)


@cache
def _tried(path: Path) -> Protection:
    as_user = os.geteuid() != 0
    why = _complaint(reading(Protection(path, as_user=as_user), View(), ["/bin/true"]))
    if why is not None:
        return Protection(None, why=f"bubblewrap does not work here ({why})", way_out=ALLOW)
    shut = Protection(path, network=True, as_user=as_user)
    whole = _complaint(reading(shut, View(machine=False), ["/bin/true"])) is None
    return Protection(path, network=whole and _complaint(offline(shut, ["/bin/true"])) is None, as_user=as_user)


def _complaint(argv: Sequence[str]) -> str | None:
    """Why it can't be run; None when it can."""
    for _ in range(TRIES):
        try:
            done = subprocess.run(
                argv, env={}, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return "it does not end"
        except OSError as error:
            return os.strerror(error.errno or 0)
        if done.returncode == 0:
            return None
        if not done.stderr.startswith(COMPLAINT):
            break
    return done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:160] or f"exit code {done.returncode}"


def reading(held: Protection, view: View, argv: Sequence[str]) -> list[str]:
    """``argv`` inside a sandbox that can change no file; it ends with whoever starts it, in the same process group.

    What it puts aside for a while (a long here-document) goes to memory, by ``TMPDIR``.
    """
    words = [str(held.path), "--ro-bind", "/", "/", "--die-with-parent", "--setenv", "TMPDIR", MEMORY]
    if not held.as_user:  # root could make the file systems writable again
        words += [word for name in _ADMINISTRATION for word in ("--cap-drop", name)]
    if view.devices:
        words += ["--dev-bind", "/dev", "/dev"]
    else:
        words += ["--dev", "/dev"]
    if not view.machine:
        words += ["--unshare-pid", "--proc", "/proc", "--unshare-ipc"]
        words += [word for path in _sockets() for word in ("--ro-bind", "/dev/null", path)]
        if held.network:
            words.append("--unshare-net")
    return [*words, "--", *argv]


def offline(held: Protection, argv: Sequence[str]) -> list[str]:
    """``argv`` without a network, all else as it is; below a supervisor, whose end must not end it."""
    return [str(held.path), "--dev-bind", "/", "/", "--unshare-net", "--", *argv]


def _sockets() -> list[str]:
    """The daemons' sockets below ``/run`` that this user may write to: a read-only mount keeps nobody from them."""
    try:
        lines = Path("/proc/net/unix").read_text("utf-8", "replace").splitlines()[1:]
    except OSError:
        return []
    found = set()
    for line in lines:
        name = line.split(None, 7)[7:]
        if name and name[0].startswith(("/run/", "/var/run/")):
            path = os.path.realpath(name[0])
            if not path.startswith(_NAMES_OF_USERS) and os.access(path, os.W_OK):
                found.add(path)
    return sorted(found)
