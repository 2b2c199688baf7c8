"""The way back: a plan of inverse operations in reverse dependency order, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reign_agents.plan.graph import ancestors
from reign_agents.plan.model import Plan, Step
from reign_agents.store.records import LedgerEntry
from reign_executors.effect import UndoPromise
from reign_executors.errors import OperationError
from reign_executors.operation import Change, JsonObject
from reign_executors.registry import Registry


class NothingToUndo(OperationError):
    """The run changed nothing, or all it changed was undone already."""

    kind = "nothing_to_undo"


class Irreversible(OperationError):
    """What the run changed can't be undone."""

    kind = "irreversible"


@dataclass(frozen=True, slots=True)
class Inverse:
    """What a step of an undo plan leads back from: ``before`` is the pre-image, compared afterwards when ``exact``."""

    run: str
    step: str
    operation: str
    fields: JsonObject
    before: JsonObject
    exact: bool


def undo_plan(
    run: str,
    plan: Plan,
    ledger: Sequence[LedgerEntry],
    registry: Registry,
    *,
    new_id: str,
    only: str | None = None,
) -> tuple[Plan, dict[str, Inverse]]:
    """The plan that leads back from ``run`` (or from one step of it), and what each of its steps undoes.

    Raises :class:`NothingToUndo` or :class:`Irreversible` (naming the steps) when no step can be undone.
    """
    entries = [entry for entry in ledger if entry.undone_by is None and only in (None, entry.step)]
    if only is not None and only not in {step.id for step in plan.steps}:
        raise OperationError(f"run {run} has no step {only}", f"steps: {', '.join(s.id for s in plan.steps)}")
    inverses: dict[str, Inverse] = {}
    targets = {step.id: step.target for step in plan.steps}
    steps: list[tuple[str, Step]] = []
    stuck: list[str] = []
    for entry in entries:
        original = registry.build(entry.operation, entry.fields)
        assert isinstance(original, Change)
        promise = UndoPromise(entry.undo)
        inverse = None
        if entry.before is not None and promise is not UndoPromise.NONE:
            inverse = original.undo(entry.before, entry.outputs or {})
        if inverse is None:
            if promise is UndoPromise.NONE:
                stuck.append(f"{entry.step} {entry.operation}")
            continue
        assert entry.before is not None
        step = Step(
            id=f"undo-{entry.step}",
            operation=inverse.name,
            fields=inverse.to_fields(),
            why=f"undoes step {entry.step}, {entry.operation}",
            agent="undo",
            target=targets.get(entry.step),
        )
        exact = promise is UndoPromise.EXACT
        inverses[step.id] = Inverse(run, entry.step, entry.operation, entry.fields, entry.before, exact)
        steps.append((entry.step, step))
    if not steps:
        if stuck:
            raise Irreversible(f"run {run} can't be undone: {', '.join(stuck)} left nothing to go back to")
        raise NothingToUndo(f"there is nothing to undo in run {run}", "it changed nothing, or was undone already")
    return _reversed(run, plan, steps, new_id, stuck), inverses


def _reversed(run: str, plan: Plan, steps: Sequence[tuple[str, Step]], new_id: str, stuck: Sequence[str]) -> Plan:
    before = ancestors(plan.steps)
    needs: Mapping[str, tuple[str, ...]] = {
        name: tuple(f"undo-{later}" for later, _ in steps if name in before.get(later, frozenset()))
        for name, _ in steps
    }
    linked = tuple(
        Step(
            id=s.id,
            operation=s.operation,
            fields=s.fields,
            why=s.why,
            agent=s.agent,
            needs=needs[name],
            target=s.target,
        )
        for name, s in steps
    )
    notes = tuple(f"cannot be undone and stays: {name}" for name in stuck)
    return Plan(
        id=new_id,
        request=f"undo {run}",
        intent="update",
        confidence=1.0,
        steps=linked,
        planner="undo ledger",
        assumptions=notes,
        undo_of=run,
    )
