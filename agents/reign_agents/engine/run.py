"""Drives one run of one plan: previews, questions, approvals, steps as soon as what they need is done, the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from reign_agents.engine.approvals import Approvals
from reign_agents.engine.asking import Asking
from reign_agents.engine.attempt import Attempt, Ended, NeedsPerson, finished
from reign_agents.engine.binding import unlike_reviewed
from reign_agents.engine.ending import INTERRUPTED, TIME_LIMIT, Ending, RunEnd, summed_up
from reign_agents.engine.hub import Hub
from reign_agents.engine.pool import WorkerPool
from reign_agents.engine.previews import Previewed, Previewer
from reign_agents.engine.results import Answerer, Finder, finds_nothing
from reign_agents.engine.secrets import Secrets, secrets_of
from reign_agents.engine.telling import Telling
from reign_agents.engine.undo import Inverse
from reign_agents.events import EventType, Outcome, now
from reign_agents.plan.edit import Edit, edited
from reign_agents.plan.graph import needs_of, validated
from reign_agents.plan.model import Plan, Step, Verdict
from reign_agents.plan.references import referred_steps, resolve
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.errors import StoreError
from reign_agents.store.records import RunRecord, StepOutcome
from reign_agents.store.store import Store
from reign_executors.call import Call
from reign_executors.errors import OperationError, TargetMoved, ToolMissing
from reign_executors.operation import Change, JsonObject
from reign_executors.redaction.placeholders import PLACEHOLDER
from reign_executors.registry import Registry

HEARD = 0.001
"""Seconds for whoever listens to show a plan before its steps are looked at."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What all runs of a session share."""

    store: Store
    hub: Hub
    registry: Registry
    settings: EngineSettings
    pool: WorkerPool
    approvals: Approvals
    secrets: Secrets
    answerer: Answerer
    finder: Finder = finds_nothing


class RunDriver:
    """One run, from drafted plan to ``run.finished``.

    Of an earlier process: ``ended`` says how steps ended, ``found`` what the real system says of steps it left in the
    middle, ``attempts`` how often steps were begun, ``under_way`` what was approved (its hash) for those to go on with.
    """

    def __init__(
        self,
        engine: Engine,
        run: RunRecord,
        plan: Plan,
        options: RunOptions,
        *,
        inverses: Mapping[str, Inverse] | None = None,
        ended: Mapping[str, Ended] | None = None,
        attempts: Mapping[str, int] | None = None,
        found: Mapping[str, Ended] | None = None,
        under_way: Mapping[str, str] | None = None,
    ) -> None:
        self.run = run.run
        self.plan = plan
        self._given = plan
        self.options = options
        self._engine = engine
        engine.secrets.learn(secrets_of(plan, engine.registry))
        self._record = run
        self._inverses = dict(inverses or {})
        self._ended: dict[str, Ended] = {**(ended or {}), **(found or {})}
        self._found = dict(found or {})
        self._attempts = dict(attempts or {})
        self._under_way = dict(under_way or {})
        self._resumed = ended is not None
        self._telling = Telling(self.run, engine.store, engine.hub, engine.registry, engine.secrets.redactor)
        self._asking = Asking(
            self.run,
            run.user,
            options,
            engine.store,
            engine.approvals,
            self._telling,
            self._under_way,
            engine.settings,
            engine.registry,
        )
        self._touched: Mapping[str, frozenset[str]] = {}
        self._waits: dict[str, asyncio.Future[None]] = {}
        self._preparing: asyncio.Task[Ending | None] | None = None
        self._phase: asyncio.Task[Any] | None = None
        self._replan: Plan | None = None
        self._edit_came = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()
        self._cancelled_steps: set[str] = set()
        self._interrupt: int | None = None
        self.end: asyncio.Future[RunEnd] = asyncio.get_running_loop().create_future()

    # commands ---------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Start no more steps; those that run go on."""
        self._going.clear()

    def proceed(self) -> None:
        self._going.set()

    def cancel(self, step: str | None = None, *, exit_code: int = INTERRUPTED) -> None:
        """Cancel one step, or all that has not ended yet; ``exit_code`` is what the run then ends with."""
        if step is not None:
            self._cancelled_steps.add(step)
            self._engine.approvals.withdraw(self.run, step)
            self._engine.pool.cancel(f"{self.run}/{step}")
            return
        if self._interrupt is not None:
            return
        self._interrupt = exit_code
        self._going.set()
        self._edit_came.set()
        self._engine.approvals.withdraw(self.run)
        if self._preparing is not None:
            self._preparing.cancel()
        for name in [s.id for s in self.plan.steps]:
            self._engine.pool.cancel(f"{self.run}/{name}")

    async def edit(self, edits: Sequence[Edit]) -> None:
        """Take the edited plan instead, as long as nothing was changed; approvals are void, effects asked again."""
        if self._telling.acted or self.end.done():
            raise OperationError("this run has changed something already", "cancel it, or undo it and plan again")
        secrets = self._engine.secrets
        self._replan = validated(secrets.restored(edited(self.plan, edits), secrets.values), self._engine.registry)
        secrets.learn(secrets_of(self._replan, self._engine.registry))
        self._edit_came.set()
        if self._phase is not None:
            self._phase.cancel()

    # the way ----------------------------------------------------------------------------------------------------

    async def drive(self) -> RunEnd:
        """The whole run; never raises for what tools or people do."""
        with self._engine.store.lease(self.run):
            watchdog = None
            if self.options.timeout is not None:
                loop = asyncio.get_running_loop()
                watchdog = loop.call_later(self.options.timeout, lambda: self.cancel(exit_code=TIME_LIMIT))
            try:
                await self._begin()
                outcome, code, answer = await self._until_settled()
            except OperationError as error:
                outcome, code, answer = Outcome.FAILED, 6 if isinstance(error, ToolMissing) else 1, str(error)
            finally:
                if watchdog is not None:
                    watchdog.cancel()
            if code == TIME_LIMIT:
                answer = f"the time limit of {self.options.timeout:g} s ran out"
            data: JsonObject = {"outcome": outcome.value, "exit": code, "answer": answer}
            answer = None if answer is None else self._telling.redactor.text(answer)
            event = self._telling.event(EventType.RUN_FINISHED, data)
            try:
                published = await self._engine.store.finish_run(self.run, outcome, code, answer, event)
            except StoreError as error:
                answer = f"{error}; what this run did since is not remembered"
                code = code or 1
                data = {"outcome": outcome.value, "exit": code, "answer": answer}
                published = (self._telling.event(EventType.RUN_FINISHED, data),)
        self._telling.publish(*published)
        end = RunEnd(self.run, outcome, code, answer)
        if not self.end.done():
            self.end.set_result(end)
        return end

    async def _until_settled(self) -> Ending:
        """Prepare and run; again from the start whenever the plan was edited."""
        while True:
            self._preparing = asyncio.create_task(self._prepare())
            try:
                early = await self._preparing
            except asyncio.CancelledError:
                if self._interrupt is None:
                    raise
                return Outcome.CANCELLED, self._interrupt, None
            finally:
                self._preparing = None
            if early is not None:
                return early
            if self._replan is not None:
                self._take_edit()
                continue
            self._phase = asyncio.create_task(self._run_steps())
            try:
                await self._phase
            except asyncio.CancelledError:
                if self._replan is None:
                    raise
            finally:
                self._phase = None
            if self._replan is None:
                await self._tell_findings()
                return summed_up(self.plan, self._ended, self._interrupt, self._engine.answerer)
            self._take_edit()

    async def _tell_findings(self) -> None:
        results = {step.id: (step, self._ended[step.id].outputs) for step in self.plan.steps}
        for data in self._engine.finder(self.plan, results):
            await self._telling.tell(EventType.FINDING, data)

    def _take_edit(self) -> None:
        assert self._replan is not None
        old = {step.id: step for step in self.plan.steps}
        self.plan, self._replan = self._replan, None
        self._edit_came.clear()
        self._asking.close()
        self._engine.approvals.withdraw(self.run)
        kept = {s.id for s in self.plan.steps if s.id in old and s.fields == old[s.id].fields}
        self._ended = {name: ended for name, ended in self._ended.items() if name in kept}

    async def _begin(self) -> None:
        data: JsonObject = {
            "request": self._record.request,
            "user": self._record.user,
            "resumed": self._resumed,
            "undo_of": self.plan.undo_of,
            "mode": self._engine.settings.mode_in_force.value,
        }
        if self._resumed:
            await self._telling.tell(EventType.RUN_STARTED, data)
            for step, found in self._found.items():
                await self._journal_end(step, found)
        else:
            event = self._telling.event(EventType.RUN_STARTED, data)
            self._telling.publish(*await self._engine.store.start_run(self._record, event))

    async def _prepare(self) -> Ending | None:
        """Preview until the plan can run; a result ends the run here."""
        while True:
            self._telling.show(EventType.PLAN_DRAFTED, {"plan": self.plan.to_json()})
            await asyncio.sleep(HEARD)
            previewed = await self._preview()
            self.plan, self._touched = previewed.plan, previewed.touched
            problem = self._problem(previewed)
            if problem is not None:
                self.plan = replace(self.plan, question=problem[0], suggestions=problem[1])
            event = self._telling.event(EventType.PLAN_READY, {"plan": self.plan.to_json()})
            shown = Plan.from_json(cast("dict[str, Any]", event.data["plan"]))
            self._telling.publish(*await self._engine.store.save_plan(self.run, shown, event))
            early = self._ends_here(previewed)
            if early is not None:
                return early
            if problem is None:
                return None
            if not self.options.interactive or not problem[1]:
                await self._telling.tell(EventType.QUESTION, {"text": problem[0], "suggestions": list(problem[1])})
                return Outcome.STOPPED, 4, problem[0]
            await self._edit_came.wait()
            if self._interrupt is not None:
                return Outcome.CANCELLED, self._interrupt, None
            self._take_edit()

    async def _preview(self) -> Previewed:
        previewer = Previewer(
            self._engine.registry,
            self._engine.settings,
            self._engine.store.run_folder(self.run),
            self._engine.store.blobs,
            self._engine.secrets.learn,
        )
        todo = self.plan.with_steps(step for step in self.plan.steps if step.id not in self._ended)
        gone = frozenset(self._ended)
        todo = todo.with_steps(replace(s, needs=tuple(n for n in s.needs if n not in gone)) for s in todo.steps)
        known = {name: ended.outputs or {} for name, ended in self._ended.items()}
        todo = todo.with_steps(_with_known(step, known) for step in todo.steps)

        def show(step: Step) -> None:
            self._telling.show(EventType.STEP_PREVIEWED, {"step": step.to_json()}, step.id)

        previewed = await previewer.plan(todo, show)
        asked = {step.id: step for step in previewed.plan.steps}
        steps = [replace(asked[step.id], needs=step.needs) if step.id in asked else step for step in self.plan.steps]
        return replace(previewed, plan=self.plan.with_steps(steps))

    def _problem(self, previewed: Previewed) -> tuple[str, tuple[str, ...]] | None:
        for step in previewed.plan.steps:
            if step.id in self._ended or step.effect is None:
                continue
            for problem in step.effect.problems:
                return problem.text, tuple(choice.label for choice in problem.choices)
        return None

    def _ends_here(self, previewed: Previewed) -> Ending | None:
        missing = previewed.tool_missing
        if missing is not None:
            return Outcome.FAILED, 6, str(missing)
        for error in previewed.errors.values():
            if not any(step.effect and step.effect.problems for step in previewed.plan.steps):
                moved_away = isinstance(error, TargetMoved)
                return Outcome.STOPPED if moved_away else Outcome.FAILED, 3 if moved_away else 1, str(error)
        if self.plan.verdict is Verdict.DENY:
            reasons = [reason for step in self.plan.steps if step.verdict is Verdict.DENY for reason in step.reasons]
            return Outcome.STOPPED, 5, "denied: " + "; ".join(dict.fromkeys(reasons))
        if self.plan.mood == "ask":
            return Outcome.STOPPED, 3, "you asked how: this is the plan; it was not run"
        if self.options.approve_hash is not None and self.options.approve_hash != self.plan.hash:
            return Outcome.STOPPED, 3, unlike_reviewed(self._given, self.plan, self.options.approve_hash)
        return None

    async def _run_steps(self) -> None:
        self._asking.begin(self.plan, self._touched, self._ended)
        try:
            async with asyncio.TaskGroup() as group:
                loop = asyncio.get_running_loop()
                for step in self.plan.steps:
                    self._waits[step.id] = loop.create_future()
                    if step.id in self._ended:
                        self._waits[step.id].set_result(None)
                for step in self.plan.steps:
                    if step.id not in self._ended:
                        group.create_task(self._step(step))
        finally:
            self._asking.close()

    # one step ---------------------------------------------------------------------------------------------------

    async def _step(self, step: Step) -> None:
        try:
            for need in needs_of(step):
                await self._waits[need]
            ended = await self._ready(step)
        except OperationError as error:
            ended = Ended(Outcome.FAILED, error=error.to_json())
        except asyncio.CancelledError:
            if self._interrupt is None:
                raise
            ended = Ended(Outcome.CANCELLED)
        if ended.attempt == 0:
            await self._journal_end(step.id, ended)
        self._ended[step.id] = ended
        inverse = self._inverses.get(step.id)
        if inverse is not None and ended.outcome is Outcome.DONE:
            await self._engine.store.undone(inverse.run, inverse.step, self.run)
        self._waits[step.id].set_result(None)

    async def _journal_end(self, step: str, ended: Ended) -> None:
        """Write down the end of a step that no attempt of this process ended."""
        path = self._engine.store.log_path(self.run, step)
        entry = StepOutcome(
            run=self.run,
            step=step,
            attempt=ended.attempt,
            outcome=ended.outcome,
            seconds=ended.seconds,
            outputs=ended.outputs,
            verified=ended.verified,
            error=ended.error,
            log_bytes=path.stat().st_size if path.exists() else 0,
            time=now(),
            changed=ended.attempt > 0,
        )
        await self._telling.outcome(entry, finished(self.run, step, ended))

    async def _ready(self, step: Step) -> Ended:
        unmet = [need for need in needs_of(step) if self._ended[need].outcome is not Outcome.DONE]
        if self._stopped(step):
            return Ended(Outcome.CANCELLED)
        if unmet:
            return Ended(Outcome.SKIPPED, error={"kind": "skipped", "cause": f"needs {', '.join(sorted(unmet))}"})
        await self._going.wait()
        refusal = await self._asking.turn(step)
        if refusal is not None and not self._stopped(step):
            return refusal
        taken = {name: self._ended[name].outputs or {} for name in referred_steps(step.fields)}
        fields = resolve(step.fields, taken)
        operation = self._engine.registry.build(step.operation, fields)
        while not self._stopped(step):
            number = self._attempts.get(step.id, 0) + 1
            attempt = Attempt(
                run=self.run,
                step=step,
                fields=fields,
                operation=operation,
                number=number,
                resumed=step.id in self._under_way,
                store=self._engine.store,
                settings=self._engine.settings,
                redactor=self._telling.redactor,
                secrets=self._engine.secrets,
                journal=self._telling,
                after=self._restored if step.id in self._inverses else None,
            )
            result = await self._submitted(step, attempt)
            if isinstance(result, Ended):
                return result
            try:
                refusal = await self._asking.person(result, self.plan, self._ended)
            except asyncio.CancelledError:
                if not self._stopped(step):
                    raise
                return Ended(Outcome.CANCELLED)
            if refusal is not None:
                return refusal
        return Ended(Outcome.CANCELLED)

    async def _submitted(self, step: Step, attempt: Attempt) -> Ended | NeedsPerson:
        results: list[Ended | NeedsPerson] = []

        async def work() -> None:
            results.append(await attempt.work(self._asking.permitted))

        with contextlib.suppress(asyncio.CancelledError):
            await self._engine.pool.submit(f"{self.run}/{step.id}", step.operation.partition(".")[0], work)
        return results[0] if results else Ended(Outcome.CANCELLED)

    async def _restored(self, call: Call) -> str | None:
        """After an inverse step: None when what is there equals the pre-image, else what is wrong in words."""
        inverse = self._inverses[call.key.rpartition("/")[2]]
        if not inverse.exact:
            return None
        if PLACEHOLDER.search(json.dumps(inverse.fields, ensure_ascii=False)):
            return None  # with hidden values it can't be asked again: the inverse's own check stands
        original = self._engine.registry.build(inverse.operation, inverse.fields)
        assert isinstance(original, Change)
        if await original.capture(call) == inverse.before:
            return None
        return f"after undoing {inverse.operation} something else is there than before it ran"

    def _stopped(self, step: Step) -> bool:
        return self._interrupt is not None or step.id in self._cancelled_steps


def _with_known(step: Step, outputs: Mapping[str, JsonObject]) -> Step:
    """The step with the values of steps that are done already, where all it takes is known."""
    try:
        return replace(step, fields=resolve(step.fields, outputs))
    except OperationError:
        return step
