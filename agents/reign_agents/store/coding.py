"""JSON and text in the form the database holds."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import JsonValue
from pydantic_core import to_json

from reign_executors.operation import JsonObject


def packed(value: object) -> str:
    """JSON without spaces. Lone surrogates (bytes that are no UTF-8) become escapes and come back as they were."""
    try:
        return to_json(value, inf_nan_mode="constants").decode()
    except (ValueError, TypeError):
        return json.dumps(value, separators=(",", ":"))


def packed_or_none(value: object | None) -> str | None:
    return None if value is None else packed(value)


def unpacked(text: str) -> JsonObject:
    """The object that :func:`packed` wrote."""
    return cast("JsonObject", json.loads(text))


def unpacked_list(text: Any) -> list[JsonValue]:
    """The list that :func:`packed` wrote."""
    return cast("list[JsonValue]", json.loads(text))


def unpacked_or_none(text: Any) -> JsonObject | None:
    return None if text is None else unpacked(str(text))


def plain(text: str) -> str:
    """Text that SQLite can hold: lone surrogates become the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _odd(text) else text


def plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


def _odd(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
