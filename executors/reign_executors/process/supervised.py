"""Running what changes things: under a supervisor that outlives us, and finding it again."""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from reign_executors.call import Call
from reign_executors.errors import Conflict, ConnectionLost, NoSpace, OperationError
from reign_executors.operation import TERMINATE, CancelLadder
from reign_executors.process.direct import descend, prepared, start_error, timed_out, unbroken
from reign_executors.process.finished import Finished, Lines, each_line
from reign_executors.process.folder import (
    COMPLAINT,
    OUTPUT,
    SupervisorStatus,
    cleared,
    reserved,
    status,
    supervisor_process,
    taken,
)

LOOK = 0.05
"""Seconds between looks at the files of a supervisor that was not started by this process."""
SCRIPT = "/dev/fd/9"
"""Where a supervised program finds the bytes of ``script``."""
GRACE = 5.0
"""Seconds a supervisor has beyond its ladder before we end its program ourselves."""
_SCRIPT = Path(__file__).with_name("supervisor.py")


class SupervisorLost(ConnectionLost):
    """The supervisor died before its program's end: what happened is in doubt until probed."""


async def run_supervised(
    argv: Sequence[str | Path],
    *,
    call: Call,
    cwd: Path | str | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: float | None,
    cancel: CancelLadder,
    keep: int = 1 << 20,
    on_line: Callable[[bytes], None] | None = None,
    secrets: Mapping[str, str] | None = None,
    script: bytes | None = None,
) -> Finished:
    """Run a program that changes things; like :func:`~reign_executors.process.run`, with these differences.

    It runs under a supervisor in ``call.folder`` that goes on when this process dies; output on disk, in ``Finished``
    and in ``call.write`` is redacted (``secrets``: known values by name, handed over a pipe). Several programs of one
    step need a folder each (``dataclasses.replace(call, folder=…)``). With ``call.resumed`` a program that was already
    started from this folder is attached to instead of being started again. ``script``: bytes that the program finds
    as the file ``SCRIPT``, never on disk and not in its command line.

    Raises what ``run`` raises, ``Conflict`` when a program of this folder still runs, ``SupervisorLost``.
    """
    if call.resumed:
        again = await attach(call, cancel=cancel, on_line=on_line)
        if again is not None:
            return again
    words, where, variables = prepared(argv, call, cwd, environment)
    umask = os.umask(0o077)
    os.umask(umask)
    spec = marshal.dumps(
        {
            "argv": words,
            "cwd": str(where),
            "environment": variables,
            "stdin": stdin,
            "timeout": timeout,
            "ladder": [(int(number), float(seconds)) for number, seconds in cancel],
            "keep": keep,
            "secrets": dict(secrets or {}),
            "umask": umask,
            "script": script,
        }
    )
    name = Path(words[0]).name
    follower = _Follower(call, cancel, on_line)
    try:
        call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        notice = _spawn(call.folder, len(spec).to_bytes(8, "big") + spec)
    except BlockingIOError as error:
        raise Conflict(f"{name} of an earlier attempt still runs", "attach to it or cancel it") from error
    except OSError as error:
        raise start_error(error, name) from error
    try:
        await follower.until_end(notice)
    finally:
        notice.close()
    return _outcome(await _settled(call.folder), name, timeout)


async def attach(
    call: Call,
    *,
    offset: int = 0,
    cancel: CancelLadder = TERMINATE,
    on_line: Callable[[bytes], None] | None = None,
) -> Finished | None:
    """Follow the program that was started from ``call.folder`` to its end, by whichever process; None when none was.

    Output is handed to ``call.write`` from byte ``offset`` of the log. Cancelling ends the program by the ladder it was
    started with. Raises ``SupervisorLost``, ``TimedOut`` (the limit it was started with ran out) and ``NoSpace``.
    """
    found = status(call.folder)
    if found.state == "never_started":
        return None
    follower = _Follower(call, cancel, on_line, offset)
    await follower.until_end(_Looking(call.folder))
    return _outcome(status(call.folder), "the program", None)


async def _settled(folder: Path) -> SupervisorStatus:
    """The status after the supervisor's pipe was closed: a process that dies lets go of its files one by one."""
    for _ in range(400):
        found = status(folder)
        if found.state != "running":
            break
        await asyncio.sleep(0.005)
    return found


def _outcome(found: SupervisorStatus, name: str, timeout: float | None) -> Finished:
    if found.state == "never_started":
        if found.errno is not None:
            raise start_error(OSError(found.errno, os.strerror(found.errno)), name)
        raise OperationError(f"the supervisor of {name} did not start", "look at the folder's rights and at memory")
    if found.finished is None:
        alive = f"its process {found.pid} still runs" if found.program_alive else "nothing of it runs any more"
        raise SupervisorLost(
            f"the supervisor of {name} was killed; {alive}",
            "look at what it did before repeating it",
            detail=found.error or "",
        )
    if found.timed_out:
        raise timed_out(name, timeout if timeout is not None else found.finished.seconds)
    if found.lost_bytes:
        raise NoSpace(
            f"{name} ended with exit code {found.finished.exit_code}, but the disk was full: "
            f"{found.lost_bytes} bytes of its output are lost",
            "free some space; don't repeat it blindly",
        )
    return found.finished


class _Source(Protocol):
    """Says when there may be more to read."""

    async def more(self) -> bool:
        """Wait; False once the program ended (or its supervisor is gone)."""
        ...


class _Notice:
    """The pipe to a supervisor started by us: takes the specification, wakes us for output and at the end."""

    def __init__(self, launcher: subprocess.Popen[bytes], spec: bytes) -> None:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        self._launcher = launcher
        self._spec = memoryview(spec)
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._over = False
        self._stdin, self._stdout = launcher.stdin, launcher.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(self._stdout.fileno(), self._readable)
        self._loop.add_writer(self._stdin.fileno(), self._writable)

    async def more(self) -> bool:
        await self._changed.wait()
        self._changed.clear()
        return not self._over

    def _readable(self) -> None:
        try:
            said = os.read(self._stdout.fileno(), 4096)
        except BlockingIOError:
            return
        if not said:
            self._over = True
            self._loop.remove_reader(self._stdout.fileno())
        self._changed.set()

    def _writable(self) -> None:
        try:
            self._spec = self._spec[os.write(self._stdin.fileno(), self._spec[: 1 << 16]) :]
        except BlockingIOError:
            return
        except OSError:  # it is gone; the end of its own pipe says so
            self._spec = self._spec[:0]
        if not self._spec:
            self._close_stdin()

    def _close_stdin(self) -> None:
        if not self._stdin.closed:
            self._loop.remove_writer(self._stdin.fileno())
            self._stdin.close()

    def close(self) -> None:
        self._close_stdin()
        self._loop.remove_reader(self._stdout.fileno())
        self._stdout.close()
        self._launcher.poll()


class _Looking:
    """Looks at the folder of a supervisor that another process started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = True

    async def more(self) -> bool:
        if not self._first:
            await asyncio.sleep(LOOK)
        self._first = False
        return status(self._folder).state == "running"


def _spawn(folder: Path, spec: bytes) -> _Notice:
    """Start a supervisor that holds the folder's lock; ``BlockingIOError`` when another one does."""
    with taken(folder) as lock:
        cleared(folder)
        reserved(folder)
        complaint = os.open(folder / COMPLAINT, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), str(folder.absolute()), str(lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaint,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
            pass_fds=(lock,),
            start_new_session=True,
            bufsize=0,
        )
        os.close(complaint)
    return _Notice(launcher, spec)


class _Follower:
    """Reads the log of one folder as it grows, and ends the program when the task is cancelled."""

    def __init__(
        self, call: Call, ladder: CancelLadder, on_line: Callable[[bytes], None] | None, offset: int = 0
    ) -> None:
        self._call = call
        self._ladder = ladder
        self._on_line = on_line
        self._offset = offset
        self._lines = Lines()

    async def until_end(self, source: _Source) -> None:
        """Hand over output until the program ended. Cancellation ends it first."""
        try:
            while await source.more():
                self._read()
        except asyncio.CancelledError:
            await unbroken(self._end())
            self._finish()
            raise
        self._finish()

    def _finish(self) -> None:
        self._read()
        self._give(self._lines.flush())

    def _read(self) -> None:
        try:
            with (self._call.folder / OUTPUT).open("rb") as log:
                log.seek(self._offset)
                while data := log.read(1 << 16):
                    self._offset += len(data)
                    self._give(self._lines.feed(data))
        except FileNotFoundError:
            return

    def _give(self, data: bytes) -> None:
        if not data:
            return
        self._call.write(data)
        if self._on_line is not None:
            for line in each_line(data):
                self._on_line(line)

    async def _end(self) -> None:
        """Tell the supervisor; when it doesn't manage (or is gone), end the program's group ourselves."""
        folder = self._call.folder
        asked = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(sum(seconds for _, seconds in self._ladder) + GRACE):
                while status(folder).state == "running":
                    supervisor = None if asked else supervisor_process(folder)
                    if supervisor is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(supervisor, signal.SIGTERM)
                        asked = True
                    self._read()
                    await asyncio.sleep(0.01 if not asked else 0.03)
        found = status(folder)
        if found.state == "running" and found.supervisor is not None and supervisor_process(folder) is not None:
            os.kill(found.supervisor, signal.SIGKILL)
        if found.pid is not None and found.program_alive:
            await descend(found.pid, self._ladder)
