"""Which values in a plan are secret."""

from __future__ import annotations

from pydantic import JsonValue

from reign_agents.plan.model import Plan
from reign_executors.redaction import is_secret_name
from reign_executors.registry import Registry

SHORTEST = 4
"""Characters; a shorter value would hide half of every log."""


def secrets_of(plan: Plan, registry: Registry) -> dict[str, str]:
    """Values in the plan's fields that are secret by their operation's word or by their name."""
    found: dict[str, str] = {}

    def collect(name: str, value: JsonValue, *, secret: bool) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(key, inner, secret=secret or is_secret_name(key))
        elif isinstance(value, list):
            for inner in value:
                collect(name, inner, secret=secret)
        elif secret and isinstance(value, str) and len(value) >= SHORTEST:
            found[name.lower()] = value

    for step in plan.steps:
        declared = registry.find(step.operation).secret_fields
        for field, value in step.fields.items():
            collect(field, value, secret=field in declared or is_secret_name(field))
    return found
