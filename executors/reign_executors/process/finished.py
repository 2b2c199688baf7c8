"""What is left of a program that ended, and how its output is taken apart."""

from __future__ import annotations

from dataclasses import dataclass

PIECE = 64 * 1024
"""The longest part of a line that waits for its end."""
STDERR_TAIL = 64 * 1024
"""Bytes of stderr that are kept: the last ones, where errors stand."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    ``exit_code``: 0 … 255, 128 + signal when a signal ended it (``signal``: its number). ``stdout``: the first
    ``keep`` bytes (``truncated`` when there were more; the log has all); ``stderr``: the last 64 KiB. ``seconds`` it
    ran. What came through a supervisor is redacted.
    """

    exit_code: int
    signal: int | None
    stdout: bytes
    stderr: bytes
    truncated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    def last_words(self, lines: int = 20) -> str:
        """The last lines of stderr (of stdout when there was none), as text."""
        said = self.stderr.strip() or self.stdout.strip()
        return "\n".join(said.decode("utf-8", "replace").splitlines()[-lines:])


class Lines:
    """Cuts a stream into whole lines; a line beyond ``PIECE`` bytes comes in pieces, so memory stays bounded.

    A carriage return alone ends a line too: progress bars move.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What is complete by now: whole lines with their ends, or a long piece of one."""
        buffer = self._held + data if self._held else data
        end = buffer.rfind(b"\n") + 1
        back = buffer.rfind(b"\r", end, len(buffer) - 1) + 1
        end = max(end, back)
        if len(buffer) - end >= PIECE:
            end = len(buffer)
        self._held = buffer[end:]
        return buffer[:end]

    def flush(self) -> bytes:
        """The last line, which has no end."""
        held, self._held = self._held, b""
        return held


def each_line(data: bytes) -> list[bytes]:
    """The lines of ``data`` without their ends (a newline, a carriage return or both)."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines
