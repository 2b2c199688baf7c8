"""What a supervisor leaves in a step's folder, and what can be read from it by any later process.

``combined.log``  combined output, redacted, as it came (``output.log`` is the name of the step's own log)
``stdout``        the first bytes of stdout, redacted (at the end)
``stderr``        the last bytes of stderr, redacted (at the end)
``status.json``   replaced atomically: state, pids, start times, exit code …
``supervisor.err``  what a supervisor that broke had to say
``supervisor.lock``  held (flock) from before the supervisor starts until the program ended: dies with the process
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reign_executors.process.finished import Finished
from reign_executors.process.group import start_time

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUT = "combined.log"
STDOUT = "stdout"
STDERR = "stderr"
STATUS = "status.json"
LOCK = "supervisor.lock"
COMPLAINT = "supervisor.err"
RESERVE = "reserve"
RESERVED = 8192
"""Bytes kept free for the last status, should the disk fill up meanwhile."""


@dataclass(frozen=True, slots=True)
class SupervisorStatus:
    """``running``: the supervisor lives. ``finished``: it saw the program's end. ``vanished``: it died before that,
    so what happened is in doubt (``program_alive``: the program itself still runs). ``never_started``: no program was
    ever started from this folder; ``error`` then says why, when one was meant to be.

    ``pid``: the program's process and group; ``supervisor``: the supervisor's. ``timed_out``/``cancelled``: what made
    it end. ``lost_bytes``: output that a full disk did not take.
    """

    state: Literal["running", "finished", "vanished", "never_started"]
    finished: Finished | None = None
    pid: int | None = None
    supervisor: int | None = None
    program_alive: bool = False
    timed_out: bool = False
    cancelled: bool = False
    lost_bytes: int = 0
    error: str | None = None
    errno: int | None = None


def status(folder: Path) -> SupervisorStatus:
    """The state of the supervisor of ``folder``; numbers of processes are believed only with their start time."""
    held = _held(folder)
    kept = _kept(folder)
    if held and kept.get("state") != "ended":
        alive = _same_process(kept, "pid", "started")
        return SupervisorStatus(
            "running", pid=_number(kept, "pid"), supervisor=_number(kept, "supervisor"), program_alive=alive
        )
    state = kept.get("state")
    if state == "ended":
        return SupervisorStatus(
            "finished",
            finished=_finished(folder, kept),
            pid=_number(kept, "pid"),
            timed_out=bool(kept.get("timed_out")),
            cancelled=bool(kept.get("cancelled")),
            lost_bytes=_number(kept, "lost_bytes") or 0,
        )
    if state in (None, "not_started"):
        error = kept.get("error")
        return SupervisorStatus(
            "never_started", error=error if isinstance(error, str) else None, errno=_number(kept, "errno")
        )
    return SupervisorStatus(
        "vanished",
        pid=_number(kept, "pid"),
        program_alive=_same_process(kept, "pid", "started"),
        error=_content(folder, COMPLAINT).decode("utf-8", "replace")[-2000:] or None,
    )


def supervisor_process(folder: Path) -> int | None:
    """The pid of the living supervisor, proven by its start time; None when it can't be told."""
    kept = _kept(folder)
    return _number(kept, "supervisor") if _same_process(kept, "supervisor", "supervisor_started") else None


@contextmanager
def taken(folder: Path) -> Iterator[int]:
    """The folder's lock, taken for a new supervisor, as a file descriptor to hand over. ``BlockingIOError`` when
    another supervisor holds it."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for attempt in range(1000):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # somebody may only be looking; a supervisor that wrote its end lets go at once
                if attempt >= 20 and _kept(folder).get("state") != "ended":
                    raise
                time.sleep(0.002)
        else:
            raise BlockingIOError(errno.EWOULDBLOCK, "the supervisor does not let go")
        yield handle
    finally:
        os.close(handle)


def cleared(folder: Path) -> None:
    """Remove what an earlier program left (its output stays in the run's log)."""
    for name in (STATUS, OUTPUT, STDOUT, STDERR, COMPLAINT, RESERVE):
        with suppress(FileNotFoundError):
            (folder / name).unlink()


def reserved(folder: Path) -> None:
    """Keep room for the last status; ``OSError`` when the disk is already full, so that nothing is started."""
    handle = os.open(folder / RESERVE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        if os.write(handle, bytes(RESERVED)) < RESERVED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)


def _held(folder: Path) -> bool:
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _kept(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / STATUS).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(kept: dict[str, Any], key: str) -> int | None:
    found = kept.get(key)
    return found if isinstance(found, int) else None


def _same_process(kept: dict[str, Any], key: str, started: str) -> bool:
    pid = _number(kept, key)
    return pid is not None and kept.get(started) is not None and start_time(pid) == kept[started]


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        return b""


def _finished(folder: Path, kept: dict[str, Any]) -> Finished:
    code = _number(kept, "exit_code")
    return Finished(
        exit_code=255 if code is None else code,
        signal=_number(kept, "signal"),
        stdout=_content(folder, STDOUT),
        stderr=_content(folder, STDERR),
        truncated=bool(kept.get("truncated")),
        seconds=float(kept.get("seconds") or 0.0),
    )
