"""A direct child: for programs that only read. It ends with us; what changes things goes through the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import NoSpace, NotFound, OperationError, PermissionMissing, TimedOut, ToolMissing
from reign_executors.operation import CancelLadder
from reign_executors.process.environment import scrubbed
from reign_executors.process.finished import STDERR_TAIL, Finished, Lines, each_line
from reign_executors.process.group import Descent
from reign_executors.process.programs import program

CHUNK = 64 * 1024
QUIET = 0.2
"""Seconds without output after the child's end, while a grandchild still holds the pipe, until we stop listening."""
LINGER = 2.0
"""The most seconds we listen to such a grandchild."""


def prepared(
    argv: Sequence[str | Path],
    call: Call,
    cwd: Path | str | None,
    environment: Mapping[str, str] | None,
) -> tuple[list[str], Path, dict[str, str]]:
    """The command line with an absolute program, the folder (checked) and the variables for the child."""
    variables = environment if environment is not None else call.environment
    variables = scrubbed(os.environ if variables is None else variables)
    words = [os.fspath(word) for word in argv]
    for word in words:
        if "\0" in word:
            raise OperationError("a command line can't hold a NUL byte", "take it out", detail=repr(word[:200]))
    words[0] = str(program(words[0], variables))
    folder = call.cwd if cwd is None else call.cwd / cwd
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder} to run {Path(words[0]).name} in", "name a folder that exists")
    return words, folder, variables


def start_error(error: OSError, name: str) -> OperationError:
    """The typed error for a program that could not be started."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(error)
    if error.errno in (errno.EACCES, errno.EPERM):
        return PermissionMissing(f"this user may not run {name}", "look at its permissions", detail=str(error))
    if error.errno == errno.ENOENT:
        return ToolMissing(f"{name} (or the interpreter in its first line) is not there", "install it again")
    if error.errno == errno.E2BIG:
        return OperationError(f"the command line for {name} is too long", "hand the text over stdin or in a file")
    if error.errno == errno.ENOEXEC:
        return ToolMissing(f"{name} is no program for this machine", "install the one for its processor")
    return OperationError(f"{name} could not be started: {os.strerror(error.errno or 0)}", detail=str(error))


def no_space(error: BaseException) -> NoSpace:
    return NoSpace("the disk is full: output can't be kept", "free some space and try again", detail=str(error))


def timed_out(name: str, timeout: float | None) -> TimedOut:
    return TimedOut(f"{name} took longer than {timeout or 0:g} s and was ended", "raise its timeout")


class _Intake:
    """Takes a child's stdout and stderr as they come; bounded, whatever arrives."""

    def __init__(self, call: Call, keep: int, on_line: Callable[[bytes], None] | None) -> None:
        self._call = call
        self._keep = keep
        self._on_line = on_line
        self._lines = (Lines(), Lines())
        self._pending = [b"", b""]
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.truncated = False
        self.last = time.monotonic()

    def take(self, stream: int, data: bytes) -> None:
        """``stream``: 0 stdout, 1 stderr."""
        self.last = time.monotonic()
        if stream == 0:
            room = self._keep - len(self.stdout)
            self.stdout += data[:room]
            self.truncated = self.truncated or len(data) > room
        else:
            self.stderr += data
            if len(self.stderr) > 2 * STDERR_TAIL:
                del self.stderr[:-STDERR_TAIL]
        self._give(self._lines[stream].feed(data))

    def end(self, stream: int) -> None:
        self._give(self._lines[stream].flush())

    def _give(self, data: bytes) -> None:
        if not data:
            return
        self._call.write(data)
        if self._on_line is not None:
            for line in each_line(data):
                self._on_line(line)


class _Child:
    """One child process with its pipes on the running loop."""

    def __init__(self, child: subprocess.Popen[bytes], intake: _Intake, stdin: bytes | None) -> None:
        self._child = child
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = self._loop.create_future()
        self.failed: asyncio.Future[None] = self._loop.create_future()
        self.silent = asyncio.Event()
        self._readers: dict[int, int] = {}
        self._stdin = memoryview(stdin or b"")
        for number, pipe in enumerate((child.stdout, child.stderr)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._readers[pipe.fileno()] = number
            self._loop.add_reader(pipe.fileno(), self._readable, pipe.fileno())
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self._loop.add_writer(child.stdin.fileno(), self._writable)
        self._watch()

    def _watch(self) -> None:
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                handle = os.pidfd_open(self._child.pid)
                self._loop.add_reader(handle, self._ended, handle)
                self._handle: int | None = handle
                return
        self._handle = None
        threading.Thread(target=self._wait_in_thread, name=f"wait-{self._child.pid}", daemon=True).start()

    def _wait_in_thread(self) -> None:
        self._child.wait()
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._ended, None)

    def _ended(self, handle: int | None) -> None:
        if handle is not None:
            self._loop.remove_reader(handle)
            os.close(handle)
            self._handle = None
        self._child.wait()
        if not self.exited.done():
            self.exited.set_result(None)

    def _readable(self, handle: int) -> None:
        try:
            data = os.read(handle, CHUNK)
        except BlockingIOError:
            return
        try:
            if data:
                self._intake.take(self._readers[handle], data)
            else:
                self._close(handle)
        except Exception as error:  # raised by whoever takes the output: it ends the program and reaches our caller
            if not self.failed.done():
                self.failed.set_exception(error)

    def _close(self, handle: int) -> None:
        number = self._readers.pop(handle, None)
        if number is None:
            return
        self._loop.remove_reader(handle)
        if not self._readers:
            self.silent.set()
        self._intake.end(number)

    def _writable(self) -> None:
        assert self._child.stdin is not None
        handle = self._child.stdin.fileno()
        try:
            self._stdin = self._stdin[os.write(handle, self._stdin[:CHUNK]) :] if self._stdin else self._stdin
        except BlockingIOError:
            return
        except OSError:  # it reads no more
            self._stdin = memoryview(b"")
        if not self._stdin:
            self._loop.remove_writer(handle)
            self._child.stdin.close()

    async def end(self, ladder: CancelLadder) -> None:
        """Go down the ladder until nothing of the group is alive; a second cancellation doesn't shorten it."""
        await unbroken(descend(self._child.pid, ladder))

    async def drain(self) -> None:
        """After the child's end: until both pipes are closed, or whoever holds them has been quiet for a moment."""
        began = time.monotonic()
        while not self.silent.is_set() and time.monotonic() < began + LINGER:
            quiet = max(self._intake.last, began) + QUIET - time.monotonic()
            if quiet <= 0:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.silent.wait(), quiet)

    def close(self) -> None:
        for handle in list(self._readers):
            self._loop.remove_reader(handle)
        if self._handle is not None:
            self._loop.remove_reader(self._handle)
            os.close(self._handle)
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._loop.remove_writer(self._child.stdin.fileno())
            self._child.stdin.close()
        for pipe in (self._child.stdout, self._child.stderr):
            assert pipe is not None
            pipe.close()
        self._child.poll()
        if self.failed.done():
            self.failed.exception()


async def descend(leader: int, ladder: CancelLadder) -> None:
    """Apply a cancel ladder to a process group until nothing of it is alive."""
    descent = Descent(leader, ladder)
    pause = 0.005
    while not descent.step(time.monotonic()):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)


async def unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` to its end, whatever cancels us meanwhile; only then is the cancellation raised."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def run(
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
) -> Finished:
    """Run a program that only reads and wait for its end.

    ``argv[0]`` is looked up on the child's ``PATH``; ``environment`` (None: the call's, else this process's) is
    scrubbed. Output goes to ``call.write`` by whole lines (lines beyond 64 KiB in pieces), ``on_line`` gets each line
    without its end. ``timeout`` in seconds (None: no limit). Cancelling the task, and the time limit, lead down the
    ladder ``cancel`` for the whole process group. A program that ends by itself may leave others behind.

    Raises ``ToolMissing``, ``NotFound`` (no such folder), ``PermissionMissing``, ``TimedOut``, ``NoSpace``. An exit
    code other than 0 is no error here.
    """
    words, folder, variables = prepared(argv, call, cwd, environment)
    name = Path(words[0]).name
    started = time.monotonic()
    try:
        popen = subprocess.Popen(  # noqa: ASYNC220 — it only forks; the waiting is asynchronous
            words,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise start_error(error, name) from error
    intake = _Intake(call, keep, on_line)
    child = _Child(popen, intake, stdin)
    try:
        try:
            async with asyncio.timeout(timeout):
                await asyncio.wait({child.exited, child.failed}, return_when=asyncio.FIRST_COMPLETED)
                if not child.failed.done():
                    await child.drain()
        except TimeoutError:
            await child.end(cancel)
            await child.drain()
            raise timed_out(name, timeout) from None
        except asyncio.CancelledError:
            await child.end(cancel)
            raise
        if child.failed.done():
            await child.end(cancel)
            failure = child.failed.exception()
            assert failure is not None
            full = isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT)
            raise no_space(failure) if full else failure
    finally:
        child.close()
    code = popen.returncode
    return Finished(
        exit_code=128 - code if code < 0 else code,
        signal=-code if code < 0 else None,
        stdout=bytes(intake.stdout),
        stderr=bytes(intake.stderr[-STDERR_TAIL:]),
        truncated=intake.truncated,
        seconds=time.monotonic() - started,
    )
