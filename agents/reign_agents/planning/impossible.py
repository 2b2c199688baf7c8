"""Values that no operation takes: a namespace in capital letters, a name with a dot. Asked about, never planned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import JsonValue

from reign_agents.plan.model import Step
from reign_agents.plan.references import referred_steps
from reign_agents.planning.recipe import Question
from reign_executors.errors import InvalidFields
from reign_executors.registry import Registry

_WRAPPED = re.compile(r"^[\w.]+: (?P<field>[\w.]+): (?:Value error, )?(?P<why>.*)$", re.DOTALL)
_NAME = re.compile(r"[\w.-]{1,63}")


def impossible(text: str, steps: Sequence[Step], registry: Registry) -> Question | None:
    """What is asked where an operation refuses a value: which one, why, and a name that would do. None where all steps
    can be carried out as they are.
    """
    for step in steps:
        if referred_steps(step.fields):
            continue
        try:
            registry.build(step.operation, step.fields)
        except InvalidFields as error:
            return _question(text, step, str(error))
    return None


def _question(text: str, step: Step, error: str) -> Question:
    told = _WRAPPED.match(error)
    field, why = (told["field"], told["why"]) if told is not None else ("", error)
    value = _value(step.fields, field.split("."))
    said = value if isinstance(value, str | int | float) else None
    if said is None:
        return Question(f"This can't be done as it was said: {why}. Please say it another way.")
    asked = why if str(said) in why else f"“{said}” is not possible for {field.replace('_', ' ')}: {why}"
    whole = text.replace("{", "{{").replace("}", "}}").replace(str(said), "{reply}")
    completes = whole if text.count(str(said)) == 1 else None
    return Question(f"{asked[:1].upper()}{asked[1:]}. What should it be?", tuple(_mended(text, str(said))), completes)


def _value(fields: JsonValue, path: Iterable[str]) -> JsonValue:
    """The value that a path of field names and positions leads to."""
    found: JsonValue = fields
    for part in path:
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
    return found


def _mended(text: str, value: str) -> Iterator[str]:
    """The request with the name as clusters take it: ``My.Team`` → ``my-team``."""
    name = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    if name and name != value and _NAME.fullmatch(value) and text.count(value) == 1:
        yield text.strip().replace(value, name)
