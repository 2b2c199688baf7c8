"""``{{secret:name}}``: what stands where a secret was."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

PLACEHOLDER = re.compile(r"\{\{secret:([A-Za-z0-9_.-]{1,80})\}\}")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


def placeholder_name(name: str) -> str:
    """``name`` as it may stand in a placeholder: other characters become ``_``, at most 80."""
    return _UNFIT.sub("_", name)[:80].strip("_.-") or "value"


def placeholder(name: str) -> str:
    """``{{secret:name}}``."""
    return "{{secret:" + placeholder_name(name) + "}}"


def restore(text: str, known: Mapping[str, str]) -> str:
    """``text`` with the values of ``known`` (name → value) where their placeholders stand; others stay as they are."""
    if "{{secret:" not in text:
        return text
    values = {placeholder_name(name): value for name, value in known.items()}
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def restore_value(value: JsonValue, known: Mapping[str, str]) -> JsonValue:
    """:func:`restore` in every string of a JSON value."""
    if isinstance(value, str):
        return restore(value, known)
    if isinstance(value, dict):
        return {key: restore_value(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [restore_value(item, known) for item in value]
    return value
