"""What changes in one resource, attribute by attribute, as a person reads it; sensitive values never appear."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

HIDDEN = "<sensitive>"
"""One word, so that whoever redacts the text after us takes all of it for the value."""
LATER = "(known after apply)"
LONGEST = 160
LINES = 60
SHORTEST = 4
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class _Part:
    """One place in both values, with what is marked there: unknown yet, sensitive before, sensitive after."""

    where: tuple[Any, ...]
    old: Any
    new: Any
    unknown: Any
    was_secret: Any
    is_secret: Any

    @property
    def name(self) -> str:
        return _path(self.where) or "value"

    def at(self, key: Any) -> _Part:
        return _Part(
            (*self.where, key),
            _at(self.old, key),
            _at(self.new, key),
            _flag(self.unknown, key),
            _flag(self.was_secret, key),
            _flag(self.is_secret, key),
        )

    @property
    def keys(self) -> list[Any] | None:
        """What is inside, when it is an object on both sides (or missing on one), or a list with marks inside."""
        sides = (self.old, self.new)
        objects = any(isinstance(one, dict) for one in (*sides, self.unknown))
        if objects and all(one is None or one is _ABSENT or isinstance(one, dict) for one in sides):
            found = {key for one in (*sides, self.unknown) if isinstance(one, dict) for key in one}
            return sorted(found, key=str)
        if any(_has_flags(one) for one in (self.unknown, self.was_secret, self.is_secret)):
            return list(range(max(len(one) if isinstance(one, list) else 0 for one in (*sides, self.unknown))))
        return None


def difference(change: dict[str, Any], secrets: Collection[str] = ()) -> str | None:
    """``+ - ~`` lines of a plan's ``change`` object. ``secrets``: texts that must not be shown even where terraform
    does not know that they are secret. None when nothing is worth a line."""
    replaced = {_path(path) for path in change.get("replace_paths") or ()}
    whole = _Part(
        (),
        change.get("before"),
        change.get("after"),
        change.get("after_unknown"),
        change.get("before_sensitive"),
        change.get("after_sensitive"),
    )
    shown = []
    for where, text in _walk(whole, secrets):
        forces = any(where == path or where.startswith(f"{path}.") for path in replaced)
        shown.append(f"{text}  # forces replacement" if forces else text)
    if len(shown) > LINES:
        shown = [*shown[:LINES], f"… {len(shown) - LINES} more"]
    return "\n".join(shown) or None


def marked(value: Any, marks: Any) -> set[str]:
    """The texts in ``value`` that ``marks`` (of the same shape, or True for all) calls sensitive, as JSON has them;
    very short ones would hide half of everything and are left out."""
    if marks is True:
        if isinstance(value, str):
            return {json.dumps(value, ensure_ascii=False)[1:-1]} if len(value) >= SHORTEST else set()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return {text for one in inner for text in marked(one, True)}
    if isinstance(value, dict) and isinstance(marks, dict):
        return {text for name, mark in marks.items() for text in marked(value.get(name), mark)}
    if isinstance(value, list) and isinstance(marks, list):
        return {text for one, mark in zip(value, marks, strict=False) for text in marked(one, mark)}
    return set()


def _path(parts: Collection[Any]) -> str:
    return ".".join(str(part) for part in parts)


def _walk(part: _Part, secrets: Collection[str]) -> Iterator[tuple[str, str]]:
    name, where = part.name, _path(part.where)
    before, after = (None if one is _ABSENT else one for one in (part.old, part.new))
    if part.was_secret is True or part.is_secret is True:
        if before != after or part.unknown:
            yield where, f"{_sign(before, after, part.unknown)} {name}: {HIDDEN}"
    elif part.unknown is True:
        yield where, f"+ {name}: {LATER}" if before is None else f"~ {name}: {_short(before, secrets)} → {LATER}"
    elif (keys := part.keys) is not None:
        for key in keys:
            yield from _walk(part.at(key), secrets)
    elif before == after or (before in (None, [], {}) and after in (None, [], {})):
        return
    elif before is None:
        yield where, f"+ {name}: {_short(after, secrets)}"
    elif after is None:
        yield where, f"- {name}: {_short(before, secrets)}"
    else:
        yield where, f"~ {name}: {_short(before, secrets)} → {_short(after, secrets)}"


def _sign(old: Any, new: Any, unknown: Any) -> str:
    if old is None:
        return "+"
    return "-" if new is None and not unknown else "~"


def _at(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key, _ABSENT)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return _ABSENT


def _flag(value: Any, key: Any) -> Any:
    if value is True:
        return True
    found = _at(value, key)
    return None if found is _ABSENT else found


def _has_flags(flags: Any) -> bool:
    """Whether anything inside is marked."""
    if isinstance(flags, dict):
        return any(_has_flags(one) for one in flags.values())
    if isinstance(flags, list):
        return any(_has_flags(one) for one in flags)
    return flags is True


def _short(value: Any, secrets: Collection[str]) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if any(secret and secret in text for secret in secrets):
        return HIDDEN
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
