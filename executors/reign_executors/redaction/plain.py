"""Tool output as text that can only be read: no escape sequence acts, nothing invisible stays invisible."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"""
      (?:\x1b\[|\x9b) [0-?]* [ -/]* [@-~]?                         # CSI: colours, cursor, erase
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])                      # OSC, DCS, SOS, PM, APC: up to their end
      [^\x07\x1b\x9c\n]{0,65536} (?:\x07|\x1b\\|\x9c)?
    | \x1b [ -/]+ [0-~]?                                           # character sets and the like
    | \x1b [0-~]?                                                  # two-character sequences; a lone ESC
    """,
    re.VERBOSE,
)
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_ODD = re.compile(f"[{_UNSEEN}]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF or code == 0xFFFD:
        return "\ufffd"
    return f"<U+{code:04X}>"


def plain(text: str) -> str:
    """``text`` without terminal escape sequences; other control characters, bidi marks and zero-width characters are
    made visible (``␀``, ``<U+202E>``). Newlines and tabs stay; a carriage return alone becomes a newline, so that
    nothing written earlier in a line can be hidden by what came after.
    """
    if _ODD.search(text) is None:
        return text
    text = _ESCAPES.sub("", text)
    text = re.sub(r"\r+\n", "\n", text).replace("\r", "\n")
    return _ODD.sub(_visible, text)
