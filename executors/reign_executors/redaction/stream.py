"""Redacting a stream of bytes: the same result however it is cut into chunks, in bounded memory."""

from __future__ import annotations

import re

from reign_executors.redaction.known import BlockStream
from reign_executors.redaction.patterns import PEM_BODY, PEM_END
from reign_executors.redaction.rules import PemState, opens_key, replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reign_executors.redaction.rules import Rules

WINDOW = 64 * 1024
"""Bytes of a line without an end that are looked at together."""
OVERLAP = 8 * 1024
"""Bytes at a window's end that are looked at again with what follows."""

_VALUE_END = re.compile(rb"""[\s"'&;,<>]""")


class StreamRedactor:
    """``feed`` gives what is safe to show, up to the last line's end; ``flush`` the rest.

    Lines longer than ``WINDOW`` bytes are worked off in overlapping windows, so no more than that is ever held back.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._blocks: BlockStream | None = None
        self._look_again()
        self._pem = PemState(rules)
        self._held = b""
        self._swallow = False

    def feed(self, data: bytes) -> bytes:
        """Take a chunk of any size; gives the redacted bytes that are settled by now."""
        if self._version != self._rules.version:
            data = (b"" if self._blocks is None else self._blocks.rest()) + data
            self._look_again()
        if self._blocks is not None:
            data = self._blocks.feed(data)
        return self._take(data, final=False)

    def _look_again(self) -> None:
        """What is known changed."""
        known = self._rules.known
        self._version = self._rules.version
        self._overlap = max(OVERLAP, 2 * known.longest)
        self._window = max(WINDOW, 4 * self._overlap)
        self._blocks = BlockStream(known.blocks) if known.blocks else None

    def flush(self) -> bytes:
        """The end of the stream: whatever was held back, redacted."""
        return self._take(b"" if self._blocks is None else self._blocks.flush(), final=True)

    def _take(self, data: bytes, *, final: bool) -> bytes:
        buffer = self._held + data if self._held else data
        out: list[bytes] = []
        at = 0
        while True:
            if self._swallow:
                end_of_value = _VALUE_END.search(buffer, at)
                at = len(buffer) if end_of_value is None else end_of_value.start()
                self._swallow = end_of_value is None
            end = _last_line_end(buffer, at, min(len(buffer), at + self._window))
            if end > at:
                out.append(self._pem.block(buffer[at:end]))
                at = end
            elif len(buffer) - at > self._window:
                shown, used = self._cut(buffer[at : at + self._window])
                out.append(shown)
                at += used
            else:
                break
        if final and at < len(buffer):
            out.append(self._pem.block(buffer[at:]))
            at = len(buffer)
        self._held = buffer[at:]
        return b"".join(out)

    def _cut(self, window: bytes) -> tuple[bytes, int]:
        """The beginning of a line longer than the window: what may be shown of it, and how many bytes that settles."""
        cut = len(window) - self._overlap
        before = b""
        if self._pem.inside:
            end = PEM_END.search(window)
            if end is not None:
                self._pem.inside = False
                return b"", end.end()
            if PEM_BODY.fullmatch(window):
                return b"", cut
            self._pem.inside = False
            before = b"\n"
        spans = self._rules.spans(window)
        for start, end_of_span, name in spans:
            if start < cut < end_of_span:
                cut = end_of_span
                self._pem.inside = name == "private_key" and opens_key(window[start:])
                self._swallow = end_of_span == len(window) and not self._pem.inside
        return before + replaced(window, spans, cut), cut


def _last_line_end(buffer: bytes, start: int, end: int) -> int:
    """Just after the last line end in ``buffer[start:end]``, or ``start``.

    A carriage return counts when the byte after it is known and is no newline.
    """
    newline = buffer.rfind(b"\n", start, end)
    back = buffer.rfind(b"\r", max(newline, start), end)
    while back >= 0 and buffer[back + 1 : back + 2] in (b"", b"\n"):
        back = buffer.rfind(b"\r", max(newline, start), back)
    return max(newline, back, start - 1) + 1
