"""Reading a step's growing log file by offset: cheap however much is written, flat in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

READ = 4 * 1024 * 1024  # the most bytes of one file looked at in one go
KEEP = 8 * 1024  # the most bytes kept of a line that has not ended yet
FLOOD = 500  # lines shown of what came at once, when it is more than the reader asked for
SHOWN = 4096  # the most characters shown of one line


@dataclass(slots=True)
class LogTail:
    """The reader of one log file. ``offset`` bytes were read, ``count`` lines ended in them."""

    path: Path
    offset: int = 0
    count: int = 0
    _partial: bytes = field(default=b"")

    def read(self, most: int, *, ended: bool = False) -> tuple[list[bytes], int, bool]:
        """New lines, at most the last ``most`` of them; how many were passed over; whether more waits to be read.

        ``ended``: the step is over, so an unfinished last line is a line, too. A file that is not there has no lines.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read(READ)
        except OSError:
            return [], 0, False
        self.offset += len(data)
        more = len(data) == READ
        body, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._partial = (self._partial + data)[:KEEP]
            return self._last(ended and not more), 0, more
        count = body.count(b"\n") + 1
        if count <= most:
            lines = (self._partial + body).split(b"\n")
        else:  # faster than anyone reads: only the last of them are taken apart
            most = min(most, FLOOD)
            lines = body.rsplit(b"\n", most)[1:]
        self._partial = rest[:KEEP]
        self.count += count
        skipped = count - len(lines)
        return lines + self._last(ended and not more), skipped, more

    def _last(self, ended: bool) -> list[bytes]:
        if not ended or not self._partial:
            return []
        line, self._partial = self._partial, b""
        self.count += 1
        return [line]

    def rewind(self, last: int) -> None:
        """Read again from the line that begins within the last ``last`` bytes read."""
        start = max(self.offset - last, 0)
        self._partial = b""
        if start:
            try:
                with self.path.open("rb") as file:
                    file.seek(start)
                    start += len(file.readline())
            except OSError:
                start = self.offset
        self.offset = start


def shown(raw: bytes) -> str:
    """One line of output as it is shown: the last state of a progress line, cut, letters only."""
    from reign_tui.text import plain

    text = raw[: SHOWN * 4].decode("utf-8", "replace").rstrip("\r")
    return plain(text.rpartition("\r")[2][:SHOWN]).replace("\n", " ")
