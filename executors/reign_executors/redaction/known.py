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


_URL_KEPT = (b"", b"/", b"!'()*", b"/!$&'()*+,;=:@")
"""What encoders leave as it is beside the unreserved: none, Python's quote, JavaScript's, a path segment's."""
_XML: tuple[dict[str, str], ...] = (
    {"&": "&amp;", "<": "&lt;", ">": "&gt;"},
    {'"': "&quot;"},
    {"'": "&#39;"},
    {"'": "&#x27;"},
    {"'": "&apos;"},
)


def _url(data: bytes) -> Iterator[bytes]:
    """URL-encoded as different encoders do it, with capital and small hexadecimal digits, blanks as ``+`` too."""
    if all(c in _UNRESERVED for c in data):
        return
    for kept in _URL_KEPT:
        for shape in (b"%%%02X", b"%%%02x"):
            text = b"".join(bytes((c,)) if c in _UNRESERVED or c in kept else shape % c for c in data)
            yield text
            yield text.replace(b"%20", b"+")


def _xml(value: str) -> Iterator[bytes]:
    """As text of XML or HTML; quotes are escaped by some, each in its own way."""
    signs, double, *single = _XML
    for table in (signs, signs | double, *(signs | double | quote for quote in single)):
        yield value.translate(str.maketrans(dict[str, "str | int | None"](table))).encode("utf-8", "surrogatepass")


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
    """``value`` as bytes: itself, JSON-escaped (once and twice), URL- and XML-encoded, quoted for a shell, hexadecimal,
    base64."""
    data = value.encode("utf-8", "surrogatepass")
    once = [_json(value, ascii_only=ascii_only) for ascii_only in (False, True)]
    twice = [_json(text, ascii_only=ascii_only) for text in once for ascii_only in (False, True)]
    found = [data, *(text.encode("utf-8", "surrogatepass") for text in (*once, *twice)), *_url(data), *_xml(value)]
    found += [data.replace(b"'", b"'\\''"), data.hex().encode(), data.hex().upper().encode(), *_base64(data)]
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

    def rest(self) -> bytes:
        """What is held back, as it came."""
        text, self._held = self._held, b""
        return text

    def flush(self) -> bytes:
        text = self.rest()
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
