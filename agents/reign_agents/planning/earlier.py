"""The session's earlier plans and what they were about."""

from __future__ import annotations

from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.joining import thing_of
from reign_agents.planning.wish import Thing
from reign_agents.store.records import RunRecord
from reign_executors.operation import Change as ChangeOperation

OPENING = r"^\W*(?:(?:ok(?:ay)?|please|now|and|then|hey|sorry|oops|hmm|wait|ah)\W+)*"


def last_plan(context: PlanningContext) -> tuple[RunRecord, Plan] | None:
    """The session's newest run that was no undo, with its plan."""
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is not None and plan.undo_of is None and plan.steps:
            return record, plan
    return None


def last_thing(context: PlanningContext) -> Thing | None:
    """What the session's last run was about."""
    found = last_plan(context)
    if found is None:
        return None
    _, plan = found
    changing = [step for step in plan.steps if step.effect is not None and step.effect.changes]
    things = (thing_of(step) for step in reversed(changing or list(plan.steps)))
    return next((thing for thing in things if thing is not None), None)


def plans(context: PlanningContext) -> list[tuple[RunRecord, Plan]]:
    """The session's plans, newest first, undo plans left out."""
    pairs = [(record, context.plan_of(record.run)) for record in context.recent]
    return [(record, plan) for record, plan in pairs if plan is not None and plan.undo_of is None and plan.steps]


def changes_anything(plan: Plan, context: PlanningContext) -> bool:
    """Whether a plan changes something."""
    return any(issubclass(context.registry.find(step.operation), ChangeOperation) for step in plan.steps)


def only(plan: Plan, thing: Thing) -> Plan:
    """The plan with the steps about one thing alone."""
    kept = [step for step in plan.steps if thing_of(step) == thing]
    return plan.with_steps(replace(step, id=f"s{number}", needs=()) for number, step in enumerate(kept, 1))


def in_full(thing: Thing, plan: Plan) -> str:
    """A thing as a request names it, with the namespace that the plan has it in: another one has its namesakes."""
    step = next((one for one in reversed(plan.steps) if thing_of(one) == thing), None)
    space = step.fields.get("namespace") if step is not None else None
    return f"{thing.kind} {thing.name}" + (f" in namespace {space}" if space else "")


def has_changed(record: RunRecord, context: PlanningContext) -> bool:
    """Whether a run has changed something: what it only read, though done, changed nothing."""
    return record.steps.done > 0 and (bool(record.undo) or any(one.changed for one in context.steps_of(record.run)))


def unjudged(step: Step) -> Step:
    return replace(step, effect=None, target=None, verdict=None, reasons=(), command="")


def drafted(plan: Plan, steps: tuple[Step, ...], assumptions: tuple[str, ...], corrects: str | None) -> Draft:
    return Draft(plan.intent, plan.confidence, steps=steps, assumptions=assumptions, corrects=corrects)


def nothing(what: str) -> Draft:
    return Draft(
        "unknown", 1.0, question=f"There is no earlier request in this session to {what}.", suggestions=("help",)
    )
