"""A step's output on its way to the disk: taken from any thread, redacted in a thread of its own, bounded in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from reign_agents.store.errors import StoreError, typed
from reign_agents.store.places import make_folder, open_private

WAITING = 4 * 1024 * 1024
"""Bytes that may wait to be redacted; beyond that whoever writes waits."""
AT_ONCE = 32 * 1024
"""Bytes that are redacted and written in one go: few, because redacting holds up every other thread meanwhile."""
NOTICE = 0.05
"""Seconds between two calls of ``on_append``."""
LONGEST_LINE = 64 * 1024
"""Bytes of a line when it is read back; a longer one comes in pieces."""


class RedactionStream(Protocol):
    """Redacts a stream of bytes; may hold back an end that could be the beginning of a secret."""

    def feed(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class StreamRedactor(Protocol):
    """Gives a new :class:`RedactionStream` for each stream."""

    def stream(self) -> RedactionStream: ...


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


class StepLog:
    """Appends to the log file at ``path`` (0600), which may have an earlier attempt's output already.

    ``on_append(offset, bytes)`` is told at most 20 times a second what is new in the file. It is called on the asyncio
    loop the log was made on, or in the log's own thread where there was none. ``bytes`` is the file's size so far.
    ``error`` is set once writing fails (a full disk): the rest of the output is lost, the step goes on.
    """

    def __init__(
        self, path: Path, redactor: StreamRedactor | None = None, on_append: Callable[[int, int], None] | None = None
    ) -> None:
        self.path = path
        self.bytes = _size(path)
        self.error: StoreError | None = None
        self._told = self.bytes
        self._told_at = 0.0
        self._stream = None if redactor is None else redactor.stream()
        self._on_append = on_append
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._closed = False
        self._idle = True
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    def write(self, data: bytes) -> None:
        """Take output, in pieces of any size, from any thread. Waits while too much is under way.

        After :meth:`close` it is dropped.
        """
        with self._changed:
            while self._waiting > WAITING and not self._closed:
                self._changed.wait()
            if self._closed or not data:
                return
            self._chunks.append(data)
            self._waiting += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._take, name=f"log {self.path.parent.name}", daemon=True)
                self._thread.start()
            elif self._idle:
                self._idle = False
                self._changed.notify_all()

    def close(self) -> None:
        """Until everything written is in the file and told. Twice is harmless."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    async def finish(self) -> None:
        """:meth:`close` without holding up the loop; at once where nothing was written."""
        if self._thread is None:
            self.close()
        else:
            await asyncio.to_thread(self.close)

    # in the thread ----------------------------------------------------------------------------------------------

    def _take(self) -> None:
        handle = self._open()
        try:
            while (data := self._next()) is not None:
                if data:
                    self._keep(handle, data if self._stream is None else self._stream.feed(data))
                self._tell(force=False)
            if self._stream is not None:
                self._keep(handle, self._stream.flush())
            self._tell(force=True)
        except Exception as error:
            self.error = StoreError(f"the output is not kept any more: {error}", detail=type(error).__name__)
            self._drop()
        finally:
            if handle is not None:
                os.close(handle)

    def _open(self) -> int | None:
        try:
            make_folder(self.path.parent)
            return open_private(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        except OSError as error:
            self.error = typed(error, "the output is not kept")
            return None

    def _next(self) -> bytes | None:
        """What waits, up to ``AT_ONCE`` bytes; empty when it is time to tell; None at the end."""
        with self._changed:
            while not self._chunks:
                if self._closed:
                    return None
                untold = self.bytes != self._told
                self._idle = True
                woken = self._changed.wait(max(self._told_at + NOTICE - time.monotonic(), 0.001) if untold else None)
                if untold and not woken:
                    self._idle = False
                    return b""
            self._idle = False
            taken: list[bytes] = []
            size = 0
            while self._chunks and size < AT_ONCE:
                chunk = self._chunks.popleft()
                if len(chunk) > AT_ONCE:
                    self._chunks.appendleft(chunk[AT_ONCE:])
                    chunk = chunk[:AT_ONCE]
                taken.append(chunk)
                size += len(chunk)
            full = self._waiting > WAITING
            self._waiting -= size
            if full:
                self._changed.notify_all()
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _keep(self, handle: int | None, data: bytes) -> None:
        if handle is None or self.error is not None:
            return
        view = memoryview(data)
        try:
            while view:
                written = os.write(handle, view)
                self.bytes += written
                view = view[written:]
        except OSError as error:
            self.error = typed(error, "the rest of the output is not kept")

    def _tell(self, *, force: bool) -> None:
        moment = time.monotonic()
        if self.bytes == self._told or not (force or moment - self._told_at >= NOTICE):
            return
        offset, self._told, self._told_at = self._told, self.bytes, moment
        if self._on_append is None:
            return
        if self._loop is None:
            self._on_append(offset, self._told - offset)
            return
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is there to be told
            self._loop.call_soon_threadsafe(self._on_append, offset, self._told - offset)

    def _drop(self) -> None:
        with self._changed:
            self._closed = True
            self._chunks.clear()
            self._waiting = 0
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines without their ends, and the bytes ``start`` to ``end`` of the file they were read from."""

    lines: tuple[str, ...]
    start: int
    end: int


def tail(path: Path, lines: int) -> Lines:
    """The last ``lines`` lines of a file of any size; none when it is not there.

    Of lines beyond ``LONGEST_LINE`` bytes only the last pieces count.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = _last_lines(file, size, lines)
    except OSError:
        return Lines((), 0, 0)
    found: deque[str] = deque(maxlen=max(lines, 0))
    end = start
    while end < size and (part := read_lines(path, end, 1000)).lines:
        found.extend(part.lines)
        end = part.end
    return Lines(tuple(found), start, end)


def _last_lines(file: BinaryIO, size: int, lines: int) -> int:
    """Where the last ``lines`` lines begin, looking back no further than they may be long."""
    if lines <= 0 or not size:
        return size
    file.seek(size - 1)
    wanted = lines + (file.read(1) == b"\n")
    position = size
    while position > max(size - LONGEST_LINE * lines, 0):
        count = min(LONGEST_LINE, position)
        position -= count
        file.seek(position)
        block = file.read(count)
        if block.count(b"\n") < wanted:
            wanted -= block.count(b"\n")
            continue
        place = len(block)
        for _ in range(wanted):
            place = block.rindex(b"\n", 0, place)
        return position + place + 1
    return position


def read_lines(path: Path, offset: int, limit: int) -> Lines:
    """At most ``limit`` lines from byte ``offset`` on; go on at ``end``. None when the file is not there.

    A last line without its end is given as it is so far. Lines beyond ``LONGEST_LINE`` bytes come in pieces. Bytes
    that are no UTF-8 become replacement characters.
    """
    lines: list[str] = []
    end = offset
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while len(lines) < limit:
                line = file.readline(LONGEST_LINE)
                if not line:
                    break
                end += len(line)
                lines.append(line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace"))
    except OSError:
        return Lines((), offset, offset)
    return Lines(tuple(lines), offset, end)
