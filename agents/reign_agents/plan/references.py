"""Values of earlier steps in the fields of later ones: ``{"$from": "s1.outputs.id"}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from reign_executors.errors import InvalidFields
from reign_executors.operation import JsonObject

KEY = "$from"


def is_reference(value: JsonValue) -> bool:
    return isinstance(value, dict) and set(value) == {KEY} and isinstance(value[KEY], str)


def references(value: JsonValue) -> Iterator[str]:
    """Every reference inside ``value``, as written (``s1.outputs.id``)."""
    if isinstance(value, dict):
        if is_reference(value):
            yield str(value[KEY])
            return
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def referred_steps(fields: JsonObject) -> frozenset[str]:
    """Ids of the steps whose outputs the fields take."""
    return frozenset(reference.partition(".")[0] for reference in references(fields))


def filled(value: JsonObject, word: str) -> JsonObject:
    """The fields with ``word`` in place of every reference: for what can be asked without knowing the values."""
    result = _filled(value, word)
    assert isinstance(result, dict)
    return result


def _filled(value: JsonValue, word: str) -> JsonValue:
    if isinstance(value, dict):
        return word if is_reference(value) else {key: _filled(inner, word) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, word) for inner in value]
    return value


def resolve(fields: JsonObject, outputs: Mapping[str, Mapping[str, Any]]) -> JsonObject:
    """The fields with every reference replaced; ``InvalidFields`` when a value is not there.

    ``outputs`` maps step ids to their outputs as JSON.
    """
    resolved = _resolve(fields, outputs)
    assert isinstance(resolved, dict)
    return resolved


def _resolve(value: JsonValue, outputs: Mapping[str, Mapping[str, Any]]) -> JsonValue:
    if isinstance(value, dict):
        if is_reference(value):
            return _lookup(str(value[KEY]), outputs)
        return {key: _resolve(inner, outputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner, outputs) for inner in value]
    return value


def _lookup(reference: str, outputs: Mapping[str, Mapping[str, Any]]) -> JsonValue:
    step, _, path = reference.partition(".")
    head, _, rest = path.partition(".")
    if head != "outputs" or not rest:
        raise InvalidFields(f"reference {reference!r} is not of the form STEP.outputs.NAME")
    if step not in outputs:
        raise InvalidFields(f"reference {reference!r}: step {step} has no outputs")
    found: Any = outputs[step]
    for part in rest.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise InvalidFields(f"reference {reference!r}: there is no {part!r} in the outputs of {step}")
    value: JsonValue = found
    return value
