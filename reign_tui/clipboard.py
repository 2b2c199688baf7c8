"""The terminal's clipboard by OSC 52, through tmux and screen, with a cap."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

CAP = 74_994
"""Bytes of text; beyond it many terminals cut silently, so it is refused here."""

_SCREEN_CHUNK = 256


class TooLarge(ValueError):
    """More text than terminals take."""


def osc52(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The control sequence that puts ``text`` on the clipboard; wrapped for tmux and screen, or :class:`TooLarge`."""
    data = text.encode("utf-8", "replace")
    if len(data) > CAP:
        raise TooLarge(f"Too much to copy: {len(data):,} bytes, terminals take {CAP:,}. The full log is a file: o")
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if environment.get("TMUX"):
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{inner}\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        parts = [sequence[i : i + _SCREEN_CHUNK] for i in range(0, len(sequence), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence
