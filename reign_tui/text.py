"""Text for the screen: what comes from tools and models is made harmless, sizes and times are made short."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_MARKDOWN = r"([\\`*_{}\[\]()#+!|<>~&-])"
_ODD = (
    "[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff0-\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What :func:`plain` makes visible and JSON does not escape by itself."""
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def plain(text: str) -> str:
    """``text`` harmless to a terminal and to readers; line breaks stay, tabs become spaces."""
    if text.isprintable():
        return text
    from reign_executors.redaction.plain import plain as visible

    return visible(text).expandtabs(4)


def json_text(value: object, indent: int | None = None) -> str:
    """JSON in which nothing acts on a terminal or is invisible: such characters are escaped, so nothing is lost."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if text.isprintable() else re.sub(_ODD, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def one_line(text: str, limit: int = 0) -> str:
    """``text`` harmless and on one line, cut to ``limit`` characters (0: not cut)."""
    return cut(" ".join(plain(text).split()), limit)


def cut(text: str, limit: int) -> str:
    """``text`` cut to ``limit`` characters with an ellipsis; 0 leaves it whole."""
    return text if limit <= 0 or len(text) <= limit else text[: limit - 1] + "…"


def literal(text: str) -> str:
    """``text`` such that Markdown shows it letter by letter."""
    return re.sub(_MARKDOWN, r"\\\1", one_line(text))


def paragraphs(text: str, width: int) -> list[str]:
    """``text`` wrapped to ``width`` columns, its own line breaks kept."""
    from textwrap import wrap

    lines: list[str] = []
    for line in plain(text).splitlines():
        lines.extend(wrap(line, max(width, 8), break_on_hyphens=False) or [""])
    return lines


def size(count: int) -> str:
    """Bytes as people say them: ``512 B``, ``1.4 KiB``, ``40 GiB``."""
    amount = float(count)
    for unit in _SIZES:
        if amount < 1024 or unit == _SIZES[-1]:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError


def duration(seconds: float) -> str:
    """How long something took: ``0.4s``, ``12.1s``, ``3m05s``, ``2h14m``."""
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    return f"{minutes // 60}h{minutes % 60:02}m"


def clock(seconds: float) -> str:
    """A running clock: ``00:18``, ``1:02:03``."""
    whole = max(int(seconds), 0)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def moment(stamp: str) -> datetime:
    """The time written as RFC 3339, with its zone; now when it can't be read."""
    from datetime import UTC, datetime

    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return datetime.now(UTC)


def resource_name(resource: str) -> str:
    """A resource as people say it: ``container/web``, but a file is its path."""
    _, _, name = resource.partition("/")
    return name if name.startswith("/") else resource


def short_id(plan_id: str) -> str:
    """A plan's id as it is shown."""
    return plan_id.removeprefix("p_")


def counted(count: int, word: str, plural: str = "") -> str:
    """``1 step``, ``3 steps``."""
    return f"{count} {word if count == 1 else plural or word + 's'}"
