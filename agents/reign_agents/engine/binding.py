"""What an approval is bound to, and whether what would happen now is still that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reign_agents.plan.model import Plan, Step
from reign_executors.call import touches
from reign_executors.effect import Effect
from reign_executors.target import Target


def binding(step: Step, touched: frozenset[str]) -> str:
    """The step's hash without what could not be seen when it was planned.

    Of resources that earlier steps of the plan change first, only what happens to them counts: their identity and the
    difference to their content are known once those steps have run, and come from the plan that was approved.
    """
    effect = step.effect
    if effect is None or not touched:
        return step.hash
    moving = {name for name in effect.identity if touches(touched, name)}
    changing = {change.resource for change in effect.changes if touches(touched, change.resource)}
    if not moving and not changing:
        return step.hash
    identity = {name: value for name, value in effect.identity.items() if name not in moving}
    changes = tuple(
        change.model_copy(update={"diff": None, "data_bytes": None}) if change.resource in changing else change
        for change in effect.changes
    )
    return replace(step, effect=effect.model_copy(update={"identity": identity, "changes": changes})).hash


@dataclass(frozen=True, slots=True)
class Approved:
    """One step as it was shown when a person (or a level) approved it."""

    step: Step
    hash: str
    how: str  # "once", "plan", "envelope", "grant", "rule", "mode", "level", "hash", "before", "read"
    by: str
    basis: str | None = None  # the approval, grant, rule (with file and line), mode, level or hash it rests on

    def covers(self, now: Step, bound: str) -> bool:
        """Whether the approval still holds for the step as it would run now, whose :func:`binding` is ``bound``."""
        if self.hash != bound:
            return False
        shown, current = self.step.effect, now.effect
        return shown is not None and current is not None and not current.exceeds(shown)


def moved(shown: Step, now: Step) -> str:
    """What is different now from what was approved, in one or a few lines."""
    lines = []
    if shown.fields != now.fields:
        lines.append("the step's fields changed")
    if shown.target != now.target and shown.target is not None and now.target is not None:
        lines.append(_moved_target(shown.target, now.target))
    lines += _moved_effect(shown.effect or Effect.nothing(), now.effect or Effect.nothing())
    return "\n".join(lines) or "the system moved since it was shown"


def _moved_target(shown: Target, now: Target) -> str:
    if str(shown) != str(now):
        return f"target {shown} → {now}"
    names = sorted(shown.identity.keys() | now.identity.keys())
    parts = [
        f"{name} {shown.identity.get(name)} → {now.identity.get(name)}"
        for name in names
        if shown.identity.get(name) != now.identity.get(name)
    ]
    return f"target {shown}: {', '.join(parts)}"


def unlike_reviewed(given: Plan, now: Plan, wanted: str) -> str:
    """Why the plan as it is now is not the one with the hash ``wanted``; ``given`` is the plan as it was saved."""
    if given.hash != wanted:
        return f"the hash given is not this plan's: as it was saved it has {given.hash}, now {now.hash}"
    lines = []
    before = {step.id: step for step in given.steps}
    for step in now.steps:
        shown = before.get(step.id)
        if shown is None:
            lines.append(f"{step.id}: it was not in the plan")
        elif shown.hash != step.hash:
            lines += [f"{step.id}: {line}" for line in moved(shown, step).splitlines()]
    what = "; ".join(lines) or "its steps wait for each other in another order"
    return f"the plan is no longer the one reviewed, nothing was run ({what}); its hash is now {now.hash}"


def _moved_effect(shown: Effect, now: Effect) -> list[str]:
    lines = []
    before = {(change.action, change.resource): change for change in shown.changes}
    after = {(change.action, change.resource): change for change in now.changes}
    lines += [f"no longer: {action} {resource}" for action, resource in before.keys() - after.keys()]
    lines += [f"new: {action} {resource}" for action, resource in after.keys() - before.keys()]
    lines += [
        f"the change of {key[1]} is not the one shown"
        for key in before.keys() & after.keys()
        if before[key].diff != after[key].diff
    ]
    for name in sorted(shown.identity.keys() | now.identity.keys()):
        if shown.identity.get(name) != now.identity.get(name):
            lines.append(f"{name} is no longer the object that was shown")
    if now.exceeds(shown):
        lines.append(f"data at risk: {shown.data_bytes} → {now.data_bytes} bytes")
    lines += [f"in the way: {problem.text}" for problem in now.problems if problem not in shown.problems]
    if shown.undo != now.undo:
        lines.append(f"undo {shown.undo.value} → {now.undo.value}")
    return lines
