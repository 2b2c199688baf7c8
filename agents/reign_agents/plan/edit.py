"""Changing a plan before it runs. Every edit voids the effects of what it touches: they are previewed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from reign_agents.plan.graph import PlanError, dependants, needs_of, ordered
from reign_agents.plan.model import Plan, Step
from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave a step out. What it was needed for then needs what it needed."""

    step: str


@dataclass(frozen=True, slots=True)
class SetFields:
    """Merge ``fields`` into a step's fields; a value of None takes the field out."""

    step: str
    fields: JsonObject


@dataclass(frozen=True, slots=True)
class Choose:
    """Take one of the choices of a step's problem."""

    step: str
    key: str


@dataclass(frozen=True, slots=True)
class Move:
    """Put a step before another (at the end when None); dependencies stay."""

    step: str
    before: str | None


Edit = Drop | SetFields | Choose | Move


def _fresh(step: Step) -> Step:
    return replace(step, effect=None, verdict=None, reasons=())


def _patched(step: Step, fields: JsonObject) -> Step:
    merged = {**step.fields, **fields}
    kept: JsonObject = {name: value for name, value in merged.items() if value is not None}
    return _fresh(replace(step, fields=kept, target=None))


def _find(plan: Plan, step: str) -> Step:
    try:
        return plan.step(step)
    except KeyError:
        raise PlanError(
            f"there is no step {step} in this plan", f"steps: {', '.join(s.id for s in plan.steps)}"
        ) from None


def _drop(plan: Plan, gone: Step) -> Plan:
    steps = []
    for step in plan.steps:
        if step.id == gone.id:
            continue
        if gone.id in needs_of(step):
            if gone.id not in step.needs or gone.id in needs_of(replace(step, needs=())):
                raise PlanError(f"step {step.id} takes a value of {gone.id}", f"drop or edit {step.id} first")
            inherited = [need for need in step.needs if need != gone.id]
            inherited += [need for need in gone.needs if need not in inherited]
            step = _fresh(replace(step, needs=tuple(inherited)))
        steps.append(step)
    return plan.with_steps(steps)


def _choose(plan: Plan, step: Step, key: str) -> Plan:
    problems = () if step.effect is None else step.effect.problems
    choices = [choice for problem in problems for choice in problem.choices]
    for choice in choices:
        if choice.key == key:
            changed = _patched(step, choice.fields)
            return _carried(plan.with_step(changed), step, changed)
    offered = ", ".join(choice.key for choice in choices) or "none"
    raise PlanError(f"step {step.id} offers no choice {key!r}", f"choices: {offered}")


def _carried(plan: Plan, before: Step, after: Step) -> Plan:
    """The plan with the steps that depend on a changed one following it: its new name, its new ports."""
    renamed: dict[tuple[str, JsonValue], JsonValue] = {}
    for name, value in after.fields.items():
        old = before.fields.get(name)
        if isinstance(old, str) and isinstance(value, str) and old != value:
            renamed[name, old] = value
        elif name == "ports" and isinstance(old, list) and isinstance(value, list):
            pairs = zip(map(_outer_port, old), map(_outer_port, value), strict=False)
            renamed.update({("port", gone): new for gone, new in pairs if gone != new})
    following = dependants(plan.steps, after.id) if renamed else frozenset()
    for step in plan.steps:
        if step.id in following:
            fields = {name: value for name, value in step.fields.items() if not isinstance(value, dict | list)}
            patch = {name: renamed[name, value] for name, value in fields.items() if (name, value) in renamed}
            if patch:
                plan = plan.with_step(_patched(step, patch))
    return plan


def _outer_port(published: JsonValue) -> int | None:
    """The host's port in ``8080:80`` or ``127.0.0.1:53:53/udp``."""
    parts = str(published).partition("/")[0].split(":")
    return int(parts[-2]) if len(parts) > 1 and parts[-2].isdigit() else None


def _move(plan: Plan, step: Step, before: str | None) -> Plan:
    rest = [other for other in plan.steps if other.id != step.id]
    at = len(rest) if before is None else [other.id for other in rest].index(_find(plan, before).id)
    return plan.with_steps([*rest[:at], step, *rest[at:]])


def edited(plan: Plan, edits: Sequence[Edit]) -> Plan:
    """The plan after all edits, its question taken back; raises :class:`PlanError` when one does not fit."""
    for edit in edits:
        step = _find(plan, edit.step)
        match edit:
            case Drop():
                plan = _drop(plan, step)
            case SetFields(fields=fields):
                plan = plan.with_step(_patched(step, fields))
            case Choose(key=key):
                plan = _choose(plan, step, key)
            case Move(before=before):
                plan = _move(plan, step, before)
    ordered(plan.steps)
    return replace(plan, question=None, suggestions=())
