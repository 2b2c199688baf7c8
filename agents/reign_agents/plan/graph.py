"""The graph of a plan: order, cycles, what depends on what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from reign_agents.plan.model import Plan, Step
from reign_agents.plan.references import references, referred_steps
from reign_executors.errors import InvalidFields
from reign_executors.registry import Registry


class PlanError(InvalidFields):
    """A plan that can't be run as written: unknown step, cycle, double id, wrong fields."""

    kind = "invalid_plan"


def needs_of(step: Step) -> frozenset[str]:
    """The steps that must be done before: those named and those whose outputs are taken."""
    return frozenset(step.needs) | referred_steps(step.fields)


def ordered(steps: Sequence[Step]) -> list[list[Step]]:
    """Waves of steps: every step stands in the first wave where all it needs is done. Raises :class:`PlanError`."""
    by_id: dict[str, Step] = {}
    for step in steps:
        if step.id in by_id:
            raise PlanError(f"two steps are called {step.id}", "give each step an id of its own")
        by_id[step.id] = step
    needs = {step.id: needs_of(step) for step in steps}
    for step in steps:
        for need in sorted(needs[step.id]):
            if need not in by_id:
                raise PlanError(f"step {step.id} needs {need}, which is not in the plan", f"steps: {', '.join(by_id)}")
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " → ".join(reversed([str(name) for name in error.args[1]]))
        raise PlanError(
            f"the steps wait for each other in a circle: {cycle}", "drop one of these dependencies"
        ) from None
    position = {step.id: index for index, step in enumerate(steps)}
    waves: list[list[Step]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        waves.append([by_id[name] for name in ready])
        sorter.done(*ready)
    return waves


def ancestors(steps: Iterable[Step]) -> dict[str, frozenset[str]]:
    """For each step, every step that is done before it, near and far."""
    found: dict[str, frozenset[str]] = {}
    for wave in ordered(list(steps)):
        for step in wave:
            near = needs_of(step)
            found[step.id] = near.union(*(found[need] for need in near)) if near else frozenset()
    return found


def dependants(steps: Iterable[Step], of: str) -> frozenset[str]:
    """Every step that can't run when ``of`` did not."""
    return frozenset(step for step, before in ancestors(steps).items() if of in before)


def _check_references(step: Step, plan: Plan, registry: Registry) -> None:
    """Every reference is ``STEP.outputs.NAME`` and NAME is one that the step's operation returns."""
    for reference in references(step.fields):
        source, word, name = (*reference.split(".", 2), "", "")[:3]
        if word != "outputs" or not name:
            raise PlanError(f"step {step.id}: reference {reference!r} is not of the form STEP.outputs.NAME")
        returns = registry.find(plan.step(source).operation).returns.model_fields
        if name.partition(".")[0] not in returns:
            raise PlanError(
                f"step {step.id}: reference {reference!r}: {plan.step(source).operation} returns no {name!r}",
                f"it returns {', '.join(returns) or 'nothing'}",
            )


def validated(plan: Plan, registry: Registry) -> Plan:
    """The plan with all needs written out; raises :class:`PlanError` or the registry's errors for what is wrong."""
    ordered(plan.steps)
    position = {step.id: index for index, step in enumerate(plan.steps)}
    steps = []
    for step in plan.steps:
        operation = registry.find(step.operation)
        if not referred_steps(step.fields):
            registry.build(operation.name, step.fields)
        else:
            unknown = set(step.fields) - set(operation.model_fields)
            if unknown:
                raise PlanError(f"step {step.id}: {step.operation} has no field {', '.join(sorted(unknown))}")
            _check_references(step, plan, registry)
        steps.append(replace(step, needs=tuple(sorted(needs_of(step), key=position.__getitem__))))
    return plan.with_steps(steps)
