"""Values that are known to be secret, in every spelling a tool may give them."""

from __future__ import annotations

import binascii
import re

from reign_executors.redaction.placeholders import placeholder_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORTEST = 4
"""Known values shorter than this are not searched for: they would black out half of every text."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_JSON = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x08: "\\b", 0x0C: "\\f"}


def _url(data: bytes, *, plus: bool) -> bytes:
    keep = {32: b"+"} if plus else {}
    return b"".join(bytes((c,)) if c in _UNRESERVED else keep.get(c, b"%%%02X" % c) for c in data)


def _json(value: str, *, ascii_only: bool) -> str:
    def one(char: str) -> str:
        code = ord(char)
        if code in _JSON:
            return _JSON[code]
        if code < 0x20 or (ascii_only and 0x7E < code < 0x10000):
            return f"\\u{code:04x}"
        if ascii_only and code >= 0x10000:
            code -= 0x10000
            return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
        return char

    return "".join(map(one, value))


def _base64(data: bytes) -> Iterator[bytes]:
    """The part of base64 that depends on ``data`` alone, for each of the three places it may start at."""
    for before in range(3):
        code = binascii.b2a_base64(b"\0" * before + data, newline=False)
        first = (0, 2, 3)[before]
        last = (before + len(data)) * 8 // 6
        if before == 0:
            yield code
        core = code[first:last]
        if len(core) >= 8:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def spellings(value: str) -> list[bytes]:
    """``value`` as bytes: itself, JSON-escaped (once and twice), URL-encoded, quoted for a shell, base64."""
    data = value.encode("utf-8", "surrogatepass")
    escaped = _json(value, ascii_only=False)
    found = [data, *(text.encode("utf-8", "surrogatepass") for text in (escaped, _json(value, ascii_only=True)))]
    found += [_json(escaped, ascii_only=False).encode("utf-8", "surrogatepass"), _url(data, plus=False)]
    found += [_url(data, plus=True), data.replace(b"'", b"'\\''"), *_base64(data)]
    if b"\n" in data:
        found.append(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        found.append(data.rstrip(b"\r\n"))
    return [spelling for spelling in dict.fromkeys(found) if len(spelling) >= SHORTEST]


class Known:
    """Known secrets by spelling: ``names`` maps each spelling within one line to its placeholder's name, ``blocks``
    those that reach over line ends."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.names: dict[bytes, str] = {}
        self.blocks: dict[bytes, str] = {}
        for name, value in known.items():
            if len(value.strip()) < SHORTEST:
                continue
            for spelling in spellings(value):
                kind = self.blocks if b"\n" in spelling or b"\r" in spelling else self.names
                kind.setdefault(spelling, placeholder_name(name))
        self.longest = max(map(len, self.names), default=0)
        # A spelling that contains another one is found by it: only the shortest are searched for.
        ordered = sorted(self.names, key=len)
        needles: list[bytes] = []
        for spelling in ordered:
            if not any(needle in spelling for needle in needles):
                needles.append(spelling)
        self.needles = tuple(needles)
        self._pattern: re.Pattern[bytes] | None = None

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """The longest spelling that fits."""
        if self._pattern is None:
            longest_first = sorted(self.names, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        return self._pattern


class BlockStream:
    """Replaces known values of several lines in a stream; holds back only what may be the beginning of one."""

    def __init__(self, blocks: Mapping[bytes, str]) -> None:
        self._names = blocks
        longest_first = sorted(blocks, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        text = self._held + data
        out: list[bytes] = []
        at = 0
        held = self._beginning(text, at)
        while (match := self._pattern.search(text, at)) is not None and match.start() < held:
            out += (text[at : match.start()], b"{{secret:%s}}" % self._names[match[0]].encode())
            at = match.end()
            if at > held:
                held = self._beginning(text, at)
        out.append(text[at:held])
        self._held = text[held:]
        return b"".join(out)

    def flush(self) -> bytes:
        text, self._held = self._held, b""
        return self._pattern.sub(lambda match: b"{{secret:%s}}" % self._names[match[0]].encode(), text)

    def _beginning(self, text: bytes, start: int) -> int:
        """Where, at ``start`` or later, the text's end may be the unfinished beginning of a value; else its length."""
        first = len(text)
        for value in self._names:
            at = max(start, len(text) - len(value) + 1)
            while (at := text.find(value[:1], at, first)) >= 0:
                if value.startswith(text[at:]):
                    first = at
                    break
                at += 1
        return first
