"""The supervisor: a tiny process that starts one program, outlives Reign and writes down how it ended.

Started as ``python -I -S supervisor.py FOLDER LOCK`` with a marshalled specification on stdin (8 bytes of length
first; an unfinished one starts nothing) and a pipe as stdout, on which a byte means "there is more output" and its end
"the program ended". ``LOCK`` is the descriptor of the folder's lock, already held. Only the standard library and the
redactor are imported. Raw output never reaches the disk.
"""

from __future__ import annotations

import errno
import fcntl
import json
import marshal
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from reign_executors.process.group import Descent
    from reign_executors.redaction.stream import StreamRedactor

CHUNK = 64 * 1024
TAIL = 64 * 1024
QUIET = 0.2
LINGER = 2.0


class Folder:
    """Writes into the step's folder; a full disk is remembered, never fatal."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lost = 0
        self._log = os.open(path + "/combined.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def write(self, name: str, data: bytes, *, sync: bool = False) -> None:
        """Replace a file atomically; with ``sync`` its content outlives a power cut."""
        temporary = f"{self.path}/.{name}.new"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _all(handle, data)
            if sync:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(temporary, f"{self.path}/{name}")  # noqa: PTH104

    def status(self, found: dict[str, Any]) -> None:
        """Replace ``status.json``; on a full disk out of the space kept back for it.

        Only the one before the start must outlive a power cut: without the later ones it is in doubt, which is true.
        """
        data = json.dumps(found).encode()
        try:
            self.write("status.json", data, sync=found["state"] == "starting")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.release()
            self.write("status.json", data)

    def release(self) -> None:
        """Give back the space kept for the last status."""
        try:
            os.unlink(self.path + "/reserve")  # noqa: PTH108
        except FileNotFoundError:
            return

    def log(self, data: bytes) -> None:
        """Append to the output; what a full disk refuses is counted."""
        try:
            _all(self._log, data)
        except OSError:
            self.lost += len(data)

    def keep(self, name: str, data: bytes) -> None:
        try:
            self.write(name, data)
        except OSError:
            self.lost += len(data)


def _all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


class Stream:
    """One output of the program: redacted, logged, a bounded part kept."""

    def __init__(self, handle: int, redactor: StreamRedactor, keep: int, *, tail: bool) -> None:
        self.handle = handle
        self.open = True
        self.kept = b""
        self.truncated = False
        self._redactor = redactor
        self._keep = keep
        self._tail = tail

    def take(self, folder: Folder) -> bool:
        """Read once. False when nothing is to be shown by now."""
        try:
            data = os.read(self.handle, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self.open = False
            return self.finish(folder)
        return self._show(self._redactor.feed(data), folder)

    def finish(self, folder: Folder) -> bool:
        """What was held back comes out."""
        return self._show(self._redactor.flush(), folder)

    def _show(self, data: bytes, folder: Folder) -> bool:
        if not data:
            return False
        folder.log(data)
        if self._tail:
            self.kept = (self.kept + data)[-self._keep :]
        elif len(self.kept) + len(data) > self._keep:
            self.kept += data[: self._keep - len(self.kept)]
            self.truncated = True
        else:
            self.kept += data
        return True


def received() -> dict[str, Any] | None:
    """The specification; None when whoever starts us died while sending it."""
    data = b""
    while chunk := os.read(0, 1 << 20):
        data += chunk
        if len(data) >= 8 and len(data) - 8 >= int.from_bytes(data[:8], "big"):
            found: dict[str, Any] = marshal.loads(data[8:])  # noqa: S302 — from our own parent, by a pipe
            return found
    return None


def start(spec: dict[str, Any], pipes: tuple[int, int, int]) -> int:
    """Start the program in a session of its own; ``OSError`` when it can't be."""
    report, low = os.pipe()
    told = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 64)
    os.close(low)
    pid = os.fork()
    if pid == 0:
        _become(spec, pipes, told)
    os.close(told)
    said = b""
    while chunk := os.read(report, 64):
        said += chunk
    os.close(report)
    if said:
        os.waitpid(pid, 0)
        number = int(said)
        raise OSError(number, os.strerror(number))
    return pid


def _become(spec: dict[str, Any], pipes: tuple[int, int, int], told: int) -> NoReturn:
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        # First out of the way of 0, 1 and 2, then there: no copy may overwrite a pipe still to be copied.
        for target, handle in enumerate([os.dup(handle) for handle in pipes]):
            os.dup2(handle, target)
        if spec["script"] is not None:
            _hand_over(spec["script"])
        os.umask(spec["umask"])
        os.chdir(spec["cwd"])
        os.execve(spec["argv"][0], spec["argv"], spec["environment"])  # noqa: S606
    except OSError as error:
        os.write(told, str(error.errno or errno.EIO).encode())
    finally:
        os._exit(127)


def _hand_over(script: bytes) -> None:
    """Put the script's bytes where the program finds them: memory that is open as descriptor 9."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("script")
    else:
        import tempfile

        handle, name = tempfile.mkstemp()
        os.unlink(name)  # noqa: PTH108
    _all(handle, script)
    os.lseek(handle, 0, os.SEEK_SET)
    os.dup2(handle, 9)


class Watch:
    """One program from its start to its end."""

    def __init__(self, spec: dict[str, Any], folder: Folder) -> None:
        self._spec = spec
        self._folder = folder
        self._asked = False
        self._timed_out = False
        self._descent: Descent | None = None
        self._code: int | None = None
        self._wake, wake = os.pipe()
        for handle in (self._wake, wake):
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        self._asked = True

    def run(self, found: dict[str, Any]) -> None:
        """Start the program, follow it to its end; ``found`` is the status and is kept up to date."""
        from reign_executors.process.group import start_time
        from reign_executors.redaction.redactor import Redactor

        redactor = Redactor(self._spec["secrets"])
        nothing = os.open(os.devnull, os.O_RDWR)
        given, feed = os.pipe() if self._spec["stdin"] is not None else (nothing, -1)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        began = time.monotonic()
        self._folder.status(found)
        pid = start(self._spec, (given, out_end, err_end))
        for handle in {given, out_end, err_end, nothing}:
            os.close(handle)
        found.update(state="running", pid=pid, started=start_time(pid))
        self._folder.status(found)
        self._streams = [
            Stream(out, redactor.stream(), self._spec["keep"], tail=False),
            Stream(err, redactor.stream(), TAIL, tail=True),
        ]
        for handle in (out, err, feed):
            if handle >= 0:
                os.set_blocking(handle, False)
        self._follow(pid, feed, began)
        code = self._code
        for stream in self._streams:
            if stream.open:  # somebody in the background still holds it
                stream.finish(self._folder)
        self._folder.keep("stdout", self._streams[0].kept)
        self._folder.keep("stderr", self._streams[1].kept)
        self._folder.release()
        os.unlink(self._folder.path + "/supervisor.err")  # noqa: PTH108
        found.update(
            state="ended",
            exit_code=None if code is None else 128 - code if code < 0 else code,
            signal=-code if code is not None and code < 0 else None,
            truncated=self._streams[0].truncated,
            timed_out=self._timed_out,
            cancelled=self._asked and not self._timed_out,
            lost_bytes=self._folder.lost,
            seconds=time.monotonic() - began,
            ended=time.time(),
        )
        self._folder.status(found)

    def _follow(self, pid: int, feed: int, began: float) -> None:
        from reign_executors.process.group import Descent

        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        streams = {stream.handle: stream for stream in self._streams}
        for handle in streams:
            poll.register(handle, select.POLLIN)
        stdin = memoryview(self._spec["stdin"] or b"")
        if feed >= 0:
            poll.register(feed, select.POLLOUT)
        limit = self._spec["timeout"]
        end = None if limit is None else began + limit
        last = began
        ended = 0.0
        while True:
            now = time.monotonic()
            if self._code is None and end is not None and now >= end and self._descent is None:
                self._timed_out = True
                self._descent = Descent(pid, self._spec["ladder"])
            if self._asked and self._descent is None and self._code is None:
                self._descent = Descent(pid, self._spec["ladder"])
            down = self._descent is None or self._descent.step(now)
            if self._code is None:
                self._reap(pid)
                if self._code is not None:
                    ended = last = now  # what it wrote just before its end is still to be read
            given_up = self._descent is not None and self._descent.given_up
            silent = not any(stream.open for stream in self._streams)
            if given_up:
                return
            if self._code is not None and down and (silent or now - last >= QUIET or now - ended >= LINGER):
                return
            wait = self._patience(now, end, last)
            for handle, _ in poll.poll(wait):
                if handle == self._wake:
                    os.read(self._wake, 512)
                elif handle == feed:
                    stdin = _fed(feed, stdin)
                    if not stdin:
                        poll.unregister(feed)
                        os.close(feed)
                        feed = -1
                elif handle in streams:
                    last = time.monotonic()
                    if streams[handle].take(self._folder):
                        notify()
                    if not streams[handle].open:
                        poll.unregister(handle)

    def _patience(self, now: float, end: float | None, last: float) -> int | None:
        """Milliseconds until something is due."""
        if self._descent is not None:
            return 20
        if self._code is not None:
            return max(1, int((last + QUIET - now) * 1000) + 1)
        if end is not None:
            return max(1, min(int((end - now) * 1000) + 1, 3_600_000))
        return None

    def _reap(self, pid: int) -> None:
        found, how = os.waitpid(pid, os.WNOHANG)
        if found:
            self._code = os.waitstatus_to_exitcode(how)


def _fed(handle: int, data: memoryview) -> memoryview:
    try:
        return data[os.write(handle, data[:CHUNK]) :] if data else data
    except BlockingIOError:
        return data
    except OSError:  # it reads no more
        return memoryview(b"")


def notify() -> None:
    """Tell whoever follows that there is more; nobody may be there any more."""
    try:
        os.write(1, b".")
    except OSError:
        return


def linger(streams: list[Stream]) -> None:
    """What the program left in the background may go on writing: a closed pipe would kill it."""
    while still := [stream.handle for stream in streams if stream.open]:
        ready, _, _ = select.select(still, [], [])
        for stream in streams:
            if stream.handle in ready:
                try:
                    stream.open = bool(os.read(stream.handle, CHUNK))
                except BlockingIOError:
                    continue


def main() -> None:
    """See the module."""
    path, lock = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(lock, False)
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120
    from reign_executors.process.group import start_time

    spec = received()
    if spec is None:
        return
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.chdir("/")
    os.set_blocking(1, False)
    found: dict[str, Any] = {"v": 1, "state": "starting", "program": os.path.basename(spec["argv"][0])}  # noqa: PTH119
    found.update(supervisor=os.getpid(), supervisor_started=start_time(os.getpid()), began=time.time(), pid=None)
    watch = None
    try:
        folder = Folder(path)
        watch = Watch(spec, folder)
        watch.run(found)
    except OSError as error:
        if found["state"] != "starting":
            raise
        found.update(state="not_started", error=error.strerror, errno=error.errno)
        folder.release()
        folder.status(found)
        return
    os.close(lock)
    os.dup2(null, 1)
    linger(watch._streams)


if __name__ == "__main__":
    main()
