"""Process groups: who is in one, whether it is still the same one, and ending all of it. Standard library only."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PROC = "/proc"
_DEAD = (b"Z", b"X", b"x")


def _stat(pid: int) -> list[bytes] | None:
    """The fields of ``/proc/PID/stat`` after the name, beginning with the state; None when there is no such process."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb") as file:  # noqa: PTH123 — pathlib costs the supervisor 10 ms
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


def _boot() -> str:
    try:
        with open(f"{PROC}/sys/kernel/random/boot_id", "rb") as file:  # noqa: PTH123
            return file.read().decode("ascii").strip()
    except OSError:
        return ""


def start_time(pid: int) -> str | None:
    """When that process started, as a text that no later process with the same number shares; None when it is gone
    (or only its exit status is left)."""
    if not os.path.isdir(f"{PROC}/self"):  # noqa: PTH112
        return _start_time_by_ps(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in _DEAD:
        return None
    return f"{_boot()}:{fields[19].decode()}"


def _start_time_by_ps(pid: int) -> str | None:
    import subprocess

    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, check=False)
    return answer.stdout.decode("ascii", "replace").strip() or None


def members(leader: int) -> dict[int, int]:
    """Living processes of the group or session that ``leader`` leads, and all their descendants: pid → group.

    Whoever left the group but still has its parent is found too. Without ``/proc`` only the group is known.
    """
    if not os.path.isdir(f"{PROC}/self"):  # noqa: PTH112
        try:
            os.killpg(leader, 0)
        except (ProcessLookupError, PermissionError):
            return {}
        return {leader: leader}
    table: dict[int, tuple[int, int, int]] = {}
    for name in os.listdir(PROC):  # noqa: PTH208
        if name.isdigit() and (fields := _stat(int(name))) is not None and fields[0] not in _DEAD:
            table[int(name)] = (int(fields[1]), int(fields[2]), int(fields[3]))
    inside = {pid for pid, (_, group, session) in table.items() if leader in (group, session, pid)}
    more = True
    while more:
        children = {pid for pid, (parent, _, _) in table.items() if parent in inside} - inside
        inside |= children
        more = bool(children)
    return {pid: table[pid][1] for pid in inside}


def send(inside: dict[int, int], number: int) -> None:
    """Send a signal to every group in ``inside``; stopped processes are woken so that they can take it."""
    own = os.getpgrp()
    for group in set(inside.values()) - {own}:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            if number != signal.SIGKILL:
                os.killpg(group, signal.SIGCONT)
    for pid in [pid for pid, group in inside.items() if group == own]:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


class Descent:
    """Going down a cancel ladder without blocking: call ``step`` now and then until it says that nothing lives.

    Each rung is a signal and the seconds to wait after it. Below the last rung only SIGKILL is left, sent again and
    again. ``given_up`` when even that did not help for ten seconds (a process stuck in the kernel).
    """

    PATIENCE = 10.0

    def __init__(self, leader: int, ladder: Iterable[tuple[int, float]]) -> None:
        self._leader = leader
        self._rungs = [(int(number), seconds) for number, seconds in ladder]
        self._until = 0.0
        self._last: float | None = None
        self._seen: dict[int, int] = {}
        self.given_up = False

    def step(self, now: float) -> bool:
        """At monotonic time ``now``: send what is due. True when nothing of the group is alive."""
        inside = members(self._leader)
        for pid in self._seen.keys() - inside.keys():
            fields = _stat(pid)
            if fields is not None and fields[0] not in _DEAD and int(fields[2]) == self._seen[pid] != os.getpgrp():
                inside[pid] = self._seen[pid]
        self._seen = inside
        if not inside:
            return True
        if now < self._until:
            return False
        if self._rungs:
            number, seconds = self._rungs.pop(0)
        else:
            number, seconds = int(signal.SIGKILL), 0.1
            self._last = now if self._last is None else self._last
            if now - self._last > self.PATIENCE:
                self.given_up = True
                return True
        send(inside, number)
        self._until = now + seconds
        return False
