"""Which values are secret: in a plan's fields by their name, by how they look, and in the person's environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from reign_agents.plan.model import Plan
from reign_executors.redaction import Redactor, is_secret_name
from reign_executors.redaction.placeholders import PLACEHOLDER
from reign_executors.registry import Registry

SHORTEST = 4
"""Characters; a shorter value would hide half of every log."""
SHORTEST_GUESS = 8
"""Characters of a value that is only taken for a secret because of where it stands."""
LONGEST_TEXT = 1024 * 1024
"""Characters of a field that is searched; file contents may be far longer."""
PLACES = frozenset({"pwd", "oldpwd"})
"""Variables that sound secret and are folders."""


def secrets_of(plan: Plan, registry: Registry, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Secret values by a name that is theirs alone, to be hidden wherever they show up again.

    Those of the plan's fields by their operation's word or by their name; those that stand inside a field's text
    (``DB_PASSWORD=… psql``); those of ``environment`` (None: this process's own), which programs inherit.
    """
    found: dict[str, str] = {}

    def keep(name: str, value: str) -> None:
        if value in found.values():
            return
        own, number = name.lower(), 2
        while own in found:
            own, number = f"{name.lower()}_{number}", number + 1
        found[own] = value

    def collect(name: str, value: JsonValue, *, secret: bool) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(key, inner, secret=secret or is_secret_name(key))
        elif isinstance(value, list):
            for inner in value:
                collect(name, inner, secret=secret)
        elif isinstance(value, str):
            if secret and len(value) >= SHORTEST:
                keep(name, value)
            elif not secret:
                for inner_name, inner_value in inside(value):
                    if _random(inner_value):
                        keep(inner_name, inner_value)

    for step in plan.steps:
        declared = registry.find(step.operation).secret_fields
        for field, value in step.fields.items():
            collect(field, value, secret=field in declared or is_secret_name(field))
    for name, value in (os.environ if environment is None else environment).items():
        if is_secret_name(name) and name.lower() not in PLACES and len(value) >= SHORTEST_GUESS and value[0] != "/":
            keep(name, value)
    return found


def inside(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of what looks like a secret inside ``text``."""
    if len(text) > LONGEST_TEXT or PLACEHOLDER.search(text):
        return
    shown = _LOOKS.text(text)
    if shown == text:
        return
    pieces = PLACEHOLDER.split(shown)
    at = len(pieces[0])
    for name, after in zip(pieces[1::2], pieces[2::2], strict=True):
        end = text.find(after, at + 1) if after else len(text)
        if end < 0:
            return
        yield name, text[at:end]
        at = end + len(after)


_LOOKS = Redactor()


def _random(value: str) -> bool:
    """Whether a value is unlike a word or a path that output may hold for other reasons."""
    long = len(value) >= SHORTEST_GUESS and not any(sign in value for sign in "/\n")
    return long and any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)
