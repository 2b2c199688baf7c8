"""A look in words: what was asked, and how much came back."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

LONGEST_ASKED = 120
_LONGEST_VALUE = 60


def asked_words(operation: str, fields: Mapping[str, JsonValue]) -> str:
    """``docker.logs container=web, tail=50``."""
    parts = [f"{name}={_value(value)}" for name, value in fields.items() if value not in (None, "", [], {})]
    text = f"{operation} {', '.join(parts)}".rstrip()
    return text if len(text) <= LONGEST_ASKED else text[: LONGEST_ASKED - 1] + "…"


def _value(value: JsonValue) -> str:
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _counted(count: int, name: str) -> str:
    return f"{count} {name[:-1] if count == 1 and name.endswith('s') else name}"


def amount(outputs: JsonValue) -> str:
    """``3 containers``, ``12 lines of text``, ``nothing``: lists and long texts among the outputs, else values."""
    if not isinstance(outputs, dict):
        return _value(outputs) or "nothing"
    counted = [_counted(len(value), name) for name, value in outputs.items() if isinstance(value, list)]
    counted += [
        f"{value.count(chr(10)) + 1} lines of {name}"
        for name, value in outputs.items()
        if isinstance(value, str) and "\n" in value.strip()
    ]
    if counted:
        return ", ".join(counted[:3])
    plain = [f"{name} {_value(value)}" for name, value in outputs.items() if isinstance(value, str | int | float)]
    return ", ".join(plain[:3]) or "nothing"
