"""Asks the real systems what each step of a plan would change, as many at once as depend on nothing unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reign_agents.engine.calls import Foreseen, planning_call
from reign_agents.plan.graph import needs_of, ordered
from reign_agents.plan.model import MODEL, Plan, Step, Verdict
from reign_agents.plan.references import filled, references, referred_steps
from reign_agents.safety.policy import READ_ONLY, rule
from reign_agents.settings import EngineSettings, Mode
from reign_executors.call import Blobs, Call, forget
from reign_executors.effect import Effect, Problem
from reign_executors.errors import InvalidFields, NotFound, OperationError, PermissionMissing, TargetMoved, ToolMissing
from reign_executors.operation import Change, Operation
from reign_executors.registry import Registry
from reign_executors.target import Target

AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Previewed:
    """A plan with effects, what could not be asked (step → error), and what earlier steps change before each step."""

    plan: Plan
    errors: Mapping[str, OperationError]
    touched: Mapping[str, frozenset[str]]

    @property
    def tool_missing(self) -> OperationError | None:
        """The first tool or daemon that is missing, because then nothing of the plan can be trusted."""
        return next((error for error in self.errors.values() if isinstance(error, ToolMissing)), None)


def for_defaults(step: Step, settings: EngineSettings, registry: Registry) -> Step:
    """The step with the settings' contexts and namespace written in where the plan names none."""
    wanted = {name: value for name, value in settings.defaults(step.operation).items() if step.fields.get(name) is None}
    if not wanted:
        return step
    known = registry.find(step.operation).model_fields
    return replace(step, fields={**step.fields, **{name: value for name, value in wanted.items() if name in known}})


class Previewer:
    """Previews steps for planning. Nothing is changed and nothing journalled."""

    def __init__(
        self,
        registry: Registry,
        settings: EngineSettings,
        folder: Path,
        blobs: Blobs | None = None,
        learn: Callable[[Mapping[str, str]], None] = forget,
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._folder = folder
        self._blobs = blobs
        self._learn = learn
        self._room = asyncio.Semaphore(AT_ONCE)

    async def plan(self, plan: Plan, on_step: Callable[[Step], None] | None = None) -> Previewed:
        """The plan with every step's effect, target and verdict; steps that have one already keep it."""
        after: dict[str, Foreseen] = {}
        done: dict[str, Step] = {}
        errors: dict[str, OperationError] = {}
        touched: dict[str, frozenset[str]] = {}

        async def ask(step: Step) -> None:
            before = Foreseen.joined(after[need] for need in needs_of(step))
            touched[step.id] = before.touched
            async with self._room:
                previewed, error = await self._step(step, before)
            done[step.id] = previewed
            after[step.id] = before.and_then(previewed.effect)
            if error is not None:
                errors[step.id] = error
            if on_step is not None:
                on_step(previewed)

        for wave in ordered(plan.steps):
            await asyncio.gather(*(ask(step) for step in wave))
        return Previewed(plan.with_steps(done[step.id] for step in plan.steps), errors, touched)

    async def _step(self, step: Step, before: Foreseen) -> tuple[Step, OperationError | None]:
        step = for_defaults(step, self._settings, self._registry)
        call = planning_call(self._settings, self._folder, blobs=self._blobs, foreseen=before, learn=self._learn)
        try:
            if referred_steps(step.fields):
                return await self._later(step, call), None
            operation = self._registry.build(step.operation, step.fields)
            target = await operation.target(call)
            stay(step, target)
            operation = operation.pinned(target)
            effect = await operation.preview(call) if isinstance(operation, Change) else Effect.nothing()
        except (ToolMissing, PermissionMissing) as error:
            return self._unasked(step, error, Effect.unknown(str(error))), error
        except (NotFound, InvalidFields) as error:
            effect = Effect(problems=(Problem(text=str(error)),), known=False, why_unknown=error.cause)
            return self._unasked(step, error, effect), error
        except OperationError as error:
            return self._unasked(step, error, Effect.unknown(str(error))), error
        return self._ruled(replace(step, fields=operation.to_fields(), target=target, effect=effect), operation), None

    async def _later(self, step: Step, call: Call) -> Step:
        """A step that takes values of earlier ones: its effect is known once they have run, its system often now."""
        operation = self._registry.find(step.operation)
        names = ", ".join(sorted(referred_steps(step.fields)))
        reason = f"takes a value of {names}"
        if not issubclass(operation, Change):
            return replace(step, effect=Effect.nothing(), verdict=Verdict.ALLOW, reasons=(reason,))
        step = replace(
            step, effect=Effect.unknown(f"known once {names} has run"), target=await self._system(step, call)
        )
        if self._settings.mode_in_force is Mode.READ_ONLY:
            return replace(step, verdict=Verdict.DENY, reasons=(READ_ONLY, reason))
        return replace(step, verdict=Verdict.ASK, reasons=(reason,))

    async def _system(self, step: Step, call: Call) -> Target | None:
        """The system a step will act on, where that does not depend on the values it takes."""
        found: list[Target] = []
        for word in ("later", "later-on"):
            try:
                operation = self._registry.build(step.operation, filled(step.fields, word))
                found.append(await operation.target(call))
            except OperationError:
                return None
        first, second = found
        resource = first.resource.replace("later", "{" + ", ".join(sorted(references(step.fields))) + "}")
        return first.model_copy(update={"resource": resource}) if first.same_system(second) else None

    def _unasked(self, step: Step, error: OperationError, effect: Effect) -> Step:
        return replace(step, effect=effect, verdict=Verdict.ASK, reasons=(str(error),))

    def _ruled(self, step: Step, operation: Operation) -> Step:
        assert step.effect is not None
        ruling = rule(operation, step.effect, step.target, self._settings, by_model=step.agent == MODEL)
        return replace(step, verdict=ruling.verdict, reasons=ruling.reasons, command=operation.command_line())


def stay(step: Step, now: Target) -> None:
    """Raise ``TargetMoved`` when ``step`` was planned for another system than it would act on ``now``."""
    planned = step.target
    if planned is None or now.same_system(planned):
        return
    names = sorted({*planned.identity, *now.identity})
    moved = [name for name in names if planned.identity.get(name) != now.identity.get(name)]
    was, found = (", ".join(f"{name} {one.identity.get(name)}" for name in moved) for one in (planned, now))
    raise TargetMoved(
        f"{planned} now leads to another system than the one that was planned",
        "go back to that one (--context, --cwd, DOCKER_HOST), or plan again to act on this one",
        detail=f"planned {planned.context} {was}; now {now.context} {found}".replace("  ", " "),
    )
