"""What a model proposes, checked like anybody's: shapes, operations, fields, references, placeholders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from reign_agents.plan.graph import PlanError, validated
from reign_agents.plan.model import MODEL, Plan, Step
from reign_executors.operation import JsonObject
from reign_executors.redaction import restore_value
from reign_executors.redaction.placeholders import PLACEHOLDER
from reign_executors.redaction.plain import plain
from reign_executors.registry import Registry

LONGEST_WHY = 300
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")


def words(value: object, longest: int = LONGEST_WHY) -> str:
    """Words of a model's as they may be shown: no escapes, no secret placeholders put back, not endless."""
    text = plain(str(value)).strip() if isinstance(value, str | int | float) else ""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def all_words(value: object, most: int = 8) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(words(one) for one in value[:most] if words(one)) if isinstance(value, list) else ()


def proposed(
    arguments: JsonObject, registry: Registry, *, given: Mapping[str, str], most: int = 50
) -> tuple[Step, ...]:
    """The steps of a ``submit_plan``. Raises :class:`PlanError` (or the registry's errors) with what is wrong.

    ``given`` are the secrets that the person wrote into the request, by placeholder name: no others are put back.
    """
    raw = arguments.get("steps")
    if not isinstance(raw, list) or not raw:
        raise PlanError("submit_plan needs steps", "give at least one")
    if len(raw) > most:
        raise PlanError(f"{len(raw)} steps are too many", f"propose at most {most}")
    steps = tuple(_step(one, given) for one in raw)
    checked = validated(Plan(id="p_0", request="", intent="unknown", confidence=0.0, steps=steps), registry)
    return tuple(checked.steps)


def _step(raw: JsonValue, given: Mapping[str, str]) -> Step:
    if not isinstance(raw, dict):
        raise PlanError("each step is an object with id, operation, fields, why")
    name, operation, fields = raw.get("id"), raw.get("operation"), raw.get("fields", {})
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise PlanError(f"{words(name, 40)!r} can't be the id of a step", "use s1, s2, …")
    if not isinstance(operation, str) or not isinstance(fields, dict):
        raise PlanError(f"step {name}: operation is a text and fields an object")
    unknown = set(raw) - {"id", "operation", "fields", "needs", "why"}
    if unknown:
        raise PlanError(f"step {name} has no {', '.join(sorted(words(one, 30) for one in unknown))}")
    needs = raw.get("needs") or []
    if not isinstance(needs, list) or not all(isinstance(need, str) for need in needs):
        raise PlanError(f"step {name}: needs is a list of ids")
    return Step(
        id=name,
        operation=operation,
        fields=_with_given(name, fields, given),
        why=words(raw.get("why", "")),
        needs=tuple(str(need) for need in needs),
        agent=MODEL,
    )


def _with_given(step: str, fields: JsonObject, given: Mapping[str, str]) -> JsonObject:
    named = {match[1] for match in PLACEHOLDER.finditer(json.dumps(fields, ensure_ascii=False))}
    foreign = sorted(named - set(given))
    if foreign:
        raise PlanError(
            f"step {step} uses the secret {foreign[0]}, which the request does not hold",
            "ask the person for it, or leave it out",
        )
    restored = restore_value(fields, given)
    assert isinstance(restored, dict)
    return restored


def evidence(raw: object, looks: Mapping[str, tuple[str, str]]) -> list[JsonValue]:
    """What a finding cites, as ``{"query", "excerpt"}``; only looks that happened, only words that were there."""
    found: list[JsonValue] = []
    for one in raw[:6] if isinstance(raw, Sequence) and not isinstance(raw, str) else ():
        look = looks.get(str(one.get("look"))) if isinstance(one, dict) else None
        if look is None:
            continue
        quote = str(one.get("quote") or "")
        query, text = look
        there = quote and (quote in text or json.dumps(quote, ensure_ascii=False)[1:-1] in text)
        excerpt = quote if there else text
        found.append({"query": query, "excerpt": words(excerpt)})
    return found
