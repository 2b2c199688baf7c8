"""Finding secrets in bytes: one quick look at the whole chunk, a close look only at lines that gave reason."""

from __future__ import annotations

import re

from reign_executors.redaction.patterns import (
    FAMILIES,
    PEM_BEGIN,
    PEM_BODY,
    PEM_END,
    any_trigger,
    looks_like_token,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reign_executors.redaction.known import Known
    from reign_executors.redaction.patterns import Span

KNOWN = 1 << len(FAMILIES)
EVERY = KNOWN | (KNOWN - 1)
_PLACEHOLDER = re.compile(rb"\{\{secret:[A-Za-z0-9_.-]{1,80}\}\}")
PIECES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""Lines with their ends; a carriage return alone ends one too (progress bars)."""
SHORT = 160
"""Bytes up to which one look for any trigger is quicker than one for each."""


class Rules:
    """Known values and, with ``patterns``, whatever looks like a secret."""

    def __init__(self, known: Known, *, patterns: bool) -> None:
        self.known = known
        self.patterns = patterns
        self.version = 0
        self._safe: dict[str, str] = {}

    def learn(self, known: Known) -> None:
        """Look for these values from now on; streams that are under way notice by ``version``."""
        self.known = known
        self._safe = {}
        self.version += 1

    def spans(self, line: bytes, families: int = EVERY) -> list[Span]:
        """The secrets of one line (without its end), in order, none overlapping. A known value keeps its own name
        unless a longer pattern holds it."""
        found: list[tuple[int, int, bool, str]] = []
        if b"{{secret:" in line:
            line = _PLACEHOLDER.sub(lambda match: b"\x01" * len(match[0]), line)
        if families & KNOWN and self.known.names:
            names = self.known.names
            matches = self.known.pattern.finditer(line)
            found += ((match.start(), match.end(), True, names[match[0]]) for match in matches)
        if self.patterns and families & (KNOWN - 1):
            lower = line.lower()
            for number, (_, look) in enumerate(FAMILIES):
                if families & 1 << number:
                    found += ((start, end, False, name) for start, end, name in self._named(look(line, lower)))
        if len(found) > 1:
            return _merged(found)
        return [(start, end, name) for start, end, _, name in found]

    def _named(self, spans: Iterator[Span]) -> Iterator[Span]:
        """The spans, with names that don't give away what stood glued to them (``sk-…password=``)."""
        for start, end, name in spans:
            safe = self._safe.get(name)
            if safe is None:
                plain = name.encode()
                betrays = any(value.lower() in plain for value in self.known.needles)
                safe = "secret" if betrays or looks_like_token(plain) else name
                if len(self._safe) < 1000:
                    self._safe[name] = safe
            yield start, end, safe

    def block(self, block: bytes) -> bytes:
        """``block`` (whole lines) without secrets; keys of several lines are seen to by :class:`PemState`."""
        lines: dict[int, tuple[int, int]] = {}
        if self.known.needles:
            for needle in self.known.needles:
                if needle in block:
                    _mark(block, block, needle, KNOWN, lines)
        lower = block.lower() if self.patterns else b""
        if self.patterns and (len(block) > SHORT or any_trigger().search(lower)):
            for number, (triggers, _) in enumerate(FAMILIES):
                for trigger in triggers:
                    if trigger in lower:
                        _mark(block, lower, trigger, 1 << number, lines)
        if not lines:
            return block
        out: list[bytes] = []
        at = 0
        for start in sorted(lines):
            end, families = lines[start]
            out += (block[at:start], self._line(block[start:end], families))
            at = end
        out.append(block[at:])
        return b"".join(out)

    def _line(self, line: bytes, families: int) -> bytes:
        if b"\r" in line:
            return b"\r".join(self._segment(segment, families) for segment in line.split(b"\r"))
        return self._segment(line, families)

    def _segment(self, line: bytes, families: int) -> bytes:
        spans = self.spans(line, families)
        return replaced(line, spans, len(line)) if spans else line


def _mark(block: bytes, where: bytes, word: bytes, families: int, lines: dict[int, tuple[int, int]]) -> None:
    at = where.find(word)
    while at >= 0:
        start = block.rfind(b"\n", 0, at) + 1
        known = lines.get(start)
        if known is None:
            end = block.find(b"\n", at)
            end = len(block) if end < 0 else end
            lines[start] = (end, families)
        else:
            end = known[0]
            lines[start] = (end, known[1] | families)
        at = where.find(word, end)


def _merged(found: list[tuple[int, int, bool, str]]) -> list[Span]:
    found.sort(key=lambda span: (span[0], -span[1]))
    merged: list[Span] = []
    group: list[tuple[int, int, bool, str]] = []
    end = -1
    for span in [*found, (1 << 62, 1 << 62, False, "")]:
        if group and span[0] >= end:
            best = max(group, key=lambda one: (one[1] - one[0], one[2]))
            merged.append((group[0][0], end, best[3]))
            group = []
        group.append(span)
        end = max(end, span[1])
    return merged


def replaced(line: bytes, spans: list[Span], end: int) -> bytes:
    """``line`` up to ``end`` with placeholders for ``spans``."""
    out: list[bytes] = []
    at = 0
    for start, stop, name in spans:
        if start >= end:
            break
        out += (line[at:start], b"{{secret:%s}}" % name.encode())
        at = stop
    out.append(line[at:end])
    return b"".join(out)


class PemState:
    """Private keys that reach over several lines: the first becomes a placeholder, the rest goes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.inside = False

    def block(self, block: bytes) -> bytes:
        """``block`` (whole lines) without secrets."""
        if not self._rules.patterns or not (self.inside or b"-----BEGIN" in block):
            return self._rules.block(block)
        return b"".join(self._piece(match[0]) for match in PIECES.finditer(block))

    def _piece(self, piece: bytes) -> bytes:
        before = b""
        if self.inside:
            content = piece.rstrip(b"\r\n")
            end = PEM_END.search(content)
            if end is not None:
                self.inside = False
                piece = piece[end.end() :]
            elif PEM_BODY.fullmatch(content):
                return b""
            else:
                self.inside = False
                before = b"\n"
        if opens_key(piece):
            self.inside = True
            return before + self._rules.block(piece.rstrip(b"\r\n"))
        return before + self._rules.block(piece)


def opens_key(piece: bytes) -> bool:
    """Whether a private key begins in this piece of a line and doesn't end in it."""
    starts = list(PEM_BEGIN.finditer(piece))
    return bool(starts) and PEM_END.search(piece, starts[-1].end()) is None
