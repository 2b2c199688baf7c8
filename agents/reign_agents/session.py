"""One person's conversation with the engine: commands go in, events come out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace

from reign_agents.engine.approvals import Answer, Approval, Approvals, ApprovalVoid, ConfirmMismatch, NotOffered
from reign_agents.engine.attempt import Ended
from reign_agents.engine.calls import step_call
from reign_agents.engine.ending import RunEnd
from reign_agents.engine.hub import Hub, Subscription
from reign_agents.engine.pool import LocalPool
from reign_agents.engine.previews import Previewer
from reign_agents.engine.results import Answerer, Results
from reign_agents.engine.run import Engine, RunDriver
from reign_agents.engine.secrets import Kept, Pasted, Secrets, pasted, secrets_of
from reign_agents.engine.undo import Inverse, Irreversible, NothingToUndo, undo_plan
from reign_agents.events import Event, EventType, Outcome, now
from reign_agents.general import Considered, General, new_plan_id
from reign_agents.models.budget import BudgetStop
from reign_agents.models.listening import listened
from reign_agents.plan.edit import Choose, Drop, Edit, Move, SetFields
from reign_agents.plan.graph import validated
from reign_agents.plan.model import Plan, Step
from reign_agents.plan.references import resolve
from reign_agents.planning.draft import Planner, UndoWish
from reign_agents.planning.hearing import Hearing
from reign_agents.settings import Decision, EngineSettings, RunOptions
from reign_agents.store.history import PLANNED
from reign_agents.store.records import GrantRecord, RunRecord, StepRecord
from reign_agents.store.store import Store
from reign_executors.call import Call
from reign_executors.errors import InvalidFields, NotFound, OperationError
from reign_executors.operation import Change, JsonObject
from reign_executors.registry import Registry, default_registry

__all__ = [
    "Approval",
    "ApprovalVoid",
    "Choose",
    "ConfirmMismatch",
    "Decision",
    "Drop",
    "EngineSettings",
    "Irreversible",
    "Move",
    "NotOffered",
    "NothingToUndo",
    "RunEnd",
    "RunOptions",
    "Session",
    "SetFields",
    "Subscription",
]

DEFAULTS = RunOptions()


class Session:
    """Takes requests, drives their runs, and lets events out. All methods are called on one asyncio loop."""

    def __init__(
        self,
        store: Store,
        settings: EngineSettings,
        *,
        registry: Registry | None = None,
        name: str | None = None,
        planner: Planner | None = None,
        answerer: Answerer | None = None,
        credentials: Kept | None = None,
    ) -> None:
        self.id = name or "s_" + secrets.token_hex(4)
        self.store = store
        self.settings = settings
        self._registry = registry or default_registry()
        self._hub = Hub()
        self._approvals = Approvals()
        self._secrets = Secrets(credentials)
        self._engine = Engine(
            store=store,
            hub=self._hub,
            registry=self._registry,
            settings=settings,
            pool=LocalPool(settings.concurrency),
            approvals=self._approvals,
            secrets=self._secrets,
            answerer=answerer or _offline_answer,
            finder=self._finder,
        )
        self._general = General(
            store,
            self._registry,
            settings,
            planner or _offline_planner(),
            store.paths.state,
            self._secrets.learn,
            self._secrets.redactor,
            self._secrets.values,
        )
        self._runs: dict[str, RunDriver] = {}
        self._tasks: dict[str, asyncio.Task[RunEnd]] = {}
        self._ends: dict[str, RunEnd] = {}
        self._followers: dict[str, asyncio.Task[str | None]] = {}
        self._thinking: dict[str, asyncio.Task[Considered]] = {}
        self._given_up: dict[str, int] = {}
        self._found_before: dict[str, tuple[JsonObject, ...]] = {}

    @property
    def mode(self) -> str:
        """``read-only``, ``ask`` or ``trusted-change``: what is in force."""
        return self.settings.mode_in_force.value

    def subscribe(self) -> Subscription:
        """All events from now on."""
        return self._hub.subscribe()

    # planning ---------------------------------------------------------------------------------------------------

    async def plan(self, text: str, *, preview: bool = True) -> Plan:
        """The plan for a request, with effects; runs nothing. The conversation remembers it: what is asked next in this
        session may go on from it, in another process too.
        """
        await self._secrets.load()
        self.noticed(text)
        with listened(self._hearing("")):
            considered = await self._general.consider(text, self.id)
        plan = considered.plan
        self._hub.publish(*(Event("", EventType.FINDING, self.hidden(found)) for found in considered.findings))
        if considered.undo is not None:
            plan, _ = await self._undo_plan(considered.undo)
            plan = replace(plan, request=text)
        plan = await self.check_plan(plan) if preview and plan.steps else plan
        await self._keep_planned(text, plan)
        return plan

    def noticed(self, text: str) -> Pasted:
        """What a person wrote, looked through for secrets before anything is done with it; those are hidden from now
        on. ``word`` is what the person should be told.
        """
        found = pasted(text)
        self._secrets.learn(found.values)
        return found

    def hidden(self, value: JsonObject) -> JsonObject:
        """A JSON object without anything that this session knows to be secret, or that looks like it."""
        shown = self._secrets.redactor.value(value)
        assert isinstance(shown, dict)
        return shown

    async def check_plan(self, plan: Plan) -> Plan:
        """A saved plan, validated and previewed against the systems as they are now. ``ToolMissing`` is raised."""
        await self._secrets.load()
        plan = validated(self._secrets.restored(plan), self._registry)
        self._secrets.learn(secrets_of(plan, self._registry))
        previewer = Previewer(
            self._registry, self.settings, self.store.paths.state, self.store.blobs, self._secrets.learn
        )
        previewed = await previewer.plan(plan)
        if previewed.tool_missing is not None:
            raise previewed.tool_missing
        for step in previewed.plan.steps:
            problem = next(iter(step.effect.problems), None) if step.effect is not None else None
            if problem is not None:
                labels = tuple(choice.label for choice in problem.choices)
                return replace(previewed.plan, question=problem.text, suggestions=labels)
        return previewed.plan

    # running ----------------------------------------------------------------------------------------------------

    async def ask(self, text: str, options: RunOptions = DEFAULTS) -> str:
        """Understand, plan and run; returns the run's id at once, everything else comes as events."""
        self.noticed(text)
        run = self.store.next_run_id()
        self._spawn(run, self._conversed(run, text, options))
        return run

    def begin_anew(self) -> None:
        """A new conversation: what was said and done until now is not meant by what is asked from now on, and "undo
        that" does not reach it; its runs stay in the history. Raises ``OperationError`` while a run is under way.
        """
        if self._tasks:
            raise OperationError(f"{', '.join(self._tasks)} is still under way", "stop it first, or wait for its end")
        self.id = "s_" + secrets.token_hex(4)
        self._general.begin_anew()

    def select(self, run: str | None, step: str | None = None) -> None:
        """What the person points at on the screen: requests from now on may mean it ("scale this to five")."""
        self._general.selected = None if run is None or step is None else (run, step)

    async def start(self, plan: Plan, options: RunOptions = DEFAULTS) -> str:
        """Run a plan that was saved or edited. Placeholders are filled from the environment and the credentials;
        ``InvalidFields`` names those that nobody has.

        A saved undo plan is one as long as the ledger still gives the same steps; else it is a plan like any other.
        """
        await self._secrets.load()
        plan = validated(self._secrets.restored(plan), self._registry)
        inverses = self._undone_by(plan)
        run = self.store.next_run_id()
        plan = plan if inverses else replace(plan, undo_of=None)
        self._spawn(run, self._driven(run, plan, options, inverses=inverses))
        return run

    async def undo(self, run: str, step: str | None = None, options: RunOptions = DEFAULTS) -> str:
        """Lead back from a run (or one of its steps) in a new run. Raises ``NothingToUndo`` or ``Irreversible``."""
        plan, inverses = await self._undo_plan(UndoWish(run, step))
        new = self.store.next_run_id()
        self._spawn(new, self._driven(new, plan, options, inverses=inverses))
        return new

    async def resume(self, run: str, options: RunOptions = DEFAULTS) -> str:
        """Go on with a run that stopped in the middle. Steps that are done are never repeated; those that were under
        way are probed on the real system first.
        """
        record, plan = self.store.run(run), self.store.plan(run)
        if record is None:
            raise NotFound(f"there is no run {run}", "reign-tui history lists them")
        if plan is None:
            raise OperationError(f"run {run} ended before it had a plan, nothing was changed", "ask for it again")
        if run in self._tasks:
            raise OperationError(f"run {run} is already under way here")
        self.store.lease(run).release()
        self._spawn(run, self._resumed(record, plan, options))
        return run

    async def wait(self, run: str) -> RunEnd:
        """Until the run has ended."""
        if run in self._ends:
            return self._ends[run]
        task = self._tasks.get(run)
        if task is None:
            raise NotFound(f"run {run} is not driven by this session")
        return await asyncio.shield(task)

    def _spawn(self, run: str, work: Coroutine[object, object, RunEnd]) -> None:
        task = asyncio.create_task(work, name=run)
        self._tasks[run] = task

        def ended(done: asyncio.Task[RunEnd]) -> None:
            self._tasks.pop(run, None)
            self._runs.pop(run, None)
            if not done.cancelled() and done.exception() is None:
                self._ends[run] = done.result()

        task.add_done_callback(ended)

    async def _conversed(self, run: str, text: str, options: RunOptions) -> RunEnd:
        """:meth:`_asked`, with both sides' words kept for the session when it goes on."""
        await self._keep("person", text, run)
        end = await self._asked(run, text, options)
        await self._keep("reign", end.answer or end.outcome.value.replace("_", " "), run)
        return end

    async def _keep(self, who: str, words: str, run: str) -> None:
        with contextlib.suppress(OperationError):  # how a run ends must not depend on what is remembered of it
            await self._secrets.load()
            await self.store.add_message(self.id, who, self._secrets.redactor.text(words), run)

    async def _keep_planned(self, text: str, plan: Plan) -> None:
        answer = plan.question or plan.answer or PLANNED
        with contextlib.suppress(OperationError):  # a plan is shown also where nothing can be remembered
            hidden = Plan.from_json(self.hidden(plan.to_json()))
            redactor = self._secrets.redactor
            await self.store.keep_planned(self.id, redactor.text(text), hidden, redactor.text(answer))

    async def _asked(self, run: str, text: str, options: RunOptions) -> RunEnd:
        try:
            await self._secrets.load()
            considered = await self._thought(run, text)
            if considered is None:
                words = "cancelled before there was a plan; nothing was changed"
                return self._without_steps(run, text, Outcome.CANCELLED, self._given_up.pop(run), words)
            if considered.undo is not None:
                plan, inverses = await self._undo_plan(considered.undo)
                return await self._driven(run, replace(plan, request=text), options, inverses=inverses)
        except NothingToUndo as error:
            return self._without_steps(run, text, Outcome.DONE, 0, str(error))
        except BudgetStop as stop:
            return self._over_budget(run, text, stop)
        except OperationError as error:
            return self._without_steps(run, text, Outcome.FAILED, 6 if error.kind == "tool_missing" else 1, str(error))
        plan = considered.plan
        if considered.corrects is not None:
            await self.cancel(considered.corrects)
        if plan.question is not None or not plan.steps:
            return self._unplanned(run, plan, considered.findings)
        if considered.findings:
            self._found_before[plan.id] = considered.findings
        return await self._driven(run, plan, options)

    async def _thought(self, run: str, text: str) -> Considered | None:
        """What the General makes of a request; None when the run was cancelled meanwhile."""
        with listened(self._hearing(run)):
            thinking = asyncio.create_task(self._general.consider(text, self.id, run))
        self._thinking[run] = thinking
        try:
            return await thinking
        except asyncio.CancelledError:
            if run not in self._given_up:
                raise
            return None
        finally:
            del self._thinking[run]

    def _hearing(self, run: str) -> Hearing:
        """What is heard while the planner thinks, as events of ``run`` ("": of no run)."""
        secrets = self._secrets
        return Hearing(lambda kind, data: self._hub.publish(Event(run, kind, data)), secrets.redactor, secrets.values)

    def _finder(self, plan: Plan, results: Results) -> Sequence[JsonObject]:
        """What was found while planning and by the run."""
        return (*self._found_before.pop(plan.id, ()), *_offline_findings(plan, results))

    def _unplanned(self, run: str, plan: Plan, findings: Sequence[JsonObject] = ()) -> RunEnd:
        """A request that gives no steps: a question, or words alone. Nothing is journalled."""
        if plan.question is None:
            found = [Event(run, EventType.FINDING, self.hidden(one), seq=2 + n) for n, one in enumerate(findings)]
            return self._without_steps(run, plan.request, Outcome.DONE, 0, plan.answer, *found, planner=plan.planner)
        told: JsonObject = {"text": plan.question, "suggestions": list(plan.suggestions), "planner": plan.planner}
        data = self.hidden({**told, "assumptions": list(plan.assumptions)} if plan.assumptions else told)
        question = Event(run, EventType.QUESTION, data, seq=2)
        return self._without_steps(run, plan.request, Outcome.STOPPED, 4, plan.question, question, planner=plan.planner)

    def _over_budget(self, run: str, text: str, stop: BudgetStop) -> RunEnd:
        """A budget would have been passed by asking a model, and nobody is here to be asked: what would have been."""
        asked = stop.question.to_json()
        told: JsonObject = {"text": stop.cause, "suggestions": [stop.way_out], "planner": None, "budget": asked}
        question = Event(run, EventType.QUESTION, self.hidden(told), seq=2)
        return self._without_steps(run, text, Outcome.STOPPED, 3, stop.cause, question)

    def _without_steps(
        self,
        run: str,
        request: str,
        outcome: Outcome,
        code: int,
        answer: str | None,
        *between: Event,
        planner: str | None = None,
    ) -> RunEnd:
        started: JsonObject = {
            "request": request,
            "user": self.settings.user,
            "resumed": False,
            "undo_of": None,
            "mode": self.mode,
        }
        answer = None if answer is None else self._secrets.redactor.text(answer)
        started = self.hidden(started)
        ended: JsonObject = {"outcome": outcome.value, "exit": code, "answer": answer, "planner": planner}
        self._hub.publish(
            Event(run, EventType.RUN_STARTED, started, seq=1),
            *between,
            Event(run, EventType.RUN_FINISHED, ended, seq=2 + len(between)),
        )
        return RunEnd(run, outcome, code, answer)

    async def _driven(
        self, run: str, plan: Plan, options: RunOptions, *, inverses: Mapping[str, Inverse] | None = None
    ) -> RunEnd:
        await self._secrets.load()
        try:
            plan = self._secrets.restored(plan)
        except InvalidFields as error:
            return self._without_steps(run, plan.request, Outcome.STOPPED, 3, str(error))
        self._secrets.learn(secrets_of(plan, self._registry))
        record = RunRecord(
            run=run,
            plan=plan.id,
            request=self._secrets.redactor.text(plan.request),
            intent=plan.intent,
            risk=None,
            user=self.settings.user,
            session=self.id,
            started=now(),
            undo_of=plan.undo_of,
            cwd=str(self.settings.cwd),
            pid=os.getpid(),
        )
        driver = RunDriver(self._engine, record, plan, options, inverses=inverses)
        self._runs[run] = driver
        return await driver.drive()

    async def _undo_plan(self, wish: UndoWish) -> tuple[Plan, dict[str, Inverse]]:
        run = wish.run or self._last_change()
        if any(one.run == run for one in self.store.planned(self.id)):
            raise NothingToUndo(f"{run} was only planned", "it changed nothing")
        record, plan = self.store.run(run), self.store.plan(run)
        if record is None:
            raise NotFound(f"there is no run {run}", "reign-tui history lists them")
        if run in self._tasks:
            raise OperationError(f"run {run} is still under way here", "cancel it first, then undo it")
        self.store.lease(run).release()
        if plan is None:
            raise NothingToUndo(f"run {run} ended before it had a plan", "it changed nothing")
        ledger = self.store.ledger(run)
        return undo_plan(run, plan, ledger, self._registry, new_id=new_plan_id(), only=wish.step)

    def _last_change(self) -> str:
        """The newest run of this session that has something left to undo and is no undo itself."""
        for record in self.store.history(limit=50, session=self.id):
            entries = self.store.ledger(record.run)
            if record.undo_of is None and any(e.undone_by is None for e in entries):
                return record.run
        raise NothingToUndo("there is nothing to undo in this session", "reign-tui history lists earlier runs")

    # resuming ---------------------------------------------------------------------------------------------------

    async def _resumed(self, record: RunRecord, plan: Plan, options: RunOptions) -> RunEnd:
        await self._secrets.load()
        try:
            plan = self._secrets.restored(plan)
        except InvalidFields as error:
            return self._without_steps(record.run, record.request, Outcome.STOPPED, 3, str(error))
        ended: dict[str, Ended] = {}
        attempts: dict[str, int] = {}
        under_way: dict[str, str] = {}
        found: dict[str, Ended] = {}
        for step in self.store.steps(record.run):
            if step.attempts:
                attempts[step.id] = step.attempts
            if step.outcome == Outcome.DONE.value:
                outputs = dict(step.outputs or {})
                ended[step.id] = Ended(Outcome.DONE, outputs=outputs, verified=step.verified, attempt=step.attempts)
            elif step.attempts and step.outcome in (None, Outcome.RUNNING.value, Outcome.IN_DOUBT.value):
                known = {name: end.outputs or {} for name, end in {**ended, **found}.items()}
                looked = await self._found(record.run, plan, step, known)
                if looked is not None:
                    found[step.id] = looked
                else:
                    under_way[step.id] = str((step.approval or {}).get("hash"))
        driver = RunDriver(
            self._engine,
            record,
            plan,
            options,
            inverses=self._inverses_of(plan),
            ended=ended,
            attempts=attempts,
            found=found,
            under_way=under_way,
        )
        self._runs[record.run] = driver
        return await driver.drive()

    async def _found(self, run: str, plan: Plan, record: StepRecord, outputs: Mapping[str, JsonObject]) -> Ended | None:
        """What the real system says of a step that was under way: its end, or None when it must run (again)."""
        step = plan.step(record.id)
        operation = self._registry.build(step.operation, resolve(step.fields, outputs))
        if not isinstance(operation, Change):
            return None
        call = step_call(
            self.settings,
            key=f"{run}/{step.id}",
            folder=self.store.step_path(run, step.id),
            blobs=self.store.blobs.of(run, step.id),
            secrets=self._secrets.values,
            learn=self._secrets.learn,
            resumed=True,
        )
        return await self._engine_found(operation, call, record)

    async def _engine_found(self, operation: Change, call: Call, record: StepRecord) -> Ended | None:
        probe = await operation.probe(call)
        if probe.state == "not_done":
            return None
        if probe.state == "done":
            return Ended(Outcome.DONE, outputs=dict(probe.outputs or {}), attempt=record.attempts)
        error: JsonObject = {
            "kind": "in_doubt",
            "cause": f"it can't be told whether {operation.name} happened: {probe.detail}",
            "way_out": "look at the system, then undo this run or plan the rest again",
            "detail": "",
        }
        return Ended(Outcome.IN_DOUBT, error=error, attempt=record.attempts)

    def _undone_by(self, plan: Plan) -> dict[str, Inverse]:
        """What the steps of a saved undo plan lead back from; nothing when the ledger says otherwise by now."""
        if plan.undo_of is None or (original := self.store.plan(plan.undo_of)) is None:
            return {}
        try:
            fresh, inverses = undo_plan(
                plan.undo_of, original, self.store.ledger(plan.undo_of), self._registry, new_id=plan.id
            )
        except OperationError:
            return {}
        known = {step.id: (step.operation, step.fields) for step in fresh.steps}
        if any(known.get(step.id) != (step.operation, step.fields) for step in plan.steps):
            return {}
        return {step.id: inverses[step.id] for step in plan.steps}

    def _inverses_of(self, plan: Plan) -> dict[str, Inverse]:
        if plan.undo_of is None:
            return {}
        original = self.store.plan(plan.undo_of)
        if original is None:
            return {}
        with contextlib.suppress(OperationError):
            entries = [replace(entry, undone_by=None) for entry in self.store.ledger(plan.undo_of)]
            return undo_plan(plan.undo_of, original, entries, self._registry, new_id=plan.id)[1]
        return {}

    # while it runs ----------------------------------------------------------------------------------------------

    def pending(self) -> list[Approval]:
        """Approvals that wait for an answer, oldest first, as they may be shown: nothing in them is secret."""
        return [self._without_secrets(approval) for approval in self._approvals.pending()]

    def _without_secrets(self, approval: Approval) -> Approval:
        steps = tuple(Step.from_json(self.hidden(step.to_json())) for step in approval.steps)
        words = self.hidden({"why": approval.why, "moved": approval.moved})
        moved = words["moved"]
        return replace(approval, steps=steps, why=str(words["why"]), moved=None if moved is None else str(moved))

    async def answer(
        self,
        approval: str,
        decision: Decision,
        hash: str,  # noqa: A002 - the contract's word
        *,
        words: str | None = None,
        confirm: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Answer a pending approval. Raises ``ApprovalVoid`` when it asks for something else by now,
        ``ConfirmMismatch`` when the target's name was needed and is not what was typed, ``NotOffered`` for a grant or
        an envelope that was not offered.

        ``seconds`` is how long a grant is wanted for. A rejection with ``words`` goes back to planning as a correction
        of the request; where that gives a plan it is a new run, which :meth:`follower` names.
        """
        answered = self._approvals.answer(approval, Answer(decision, self.settings.user, words, seconds), hash, confirm)
        if decision is Decision.REJECT and words and words.strip() and answered.run in self._runs:
            options = replace(self._runs[answered.run].options, approve_hash=None)
            self._followers[answered.run] = asyncio.create_task(self._corrected(answered.run, words, options))

    async def follower(self, run: str) -> str | None:
        """The run that a rejection's words led to in place of ``run``; None when they led to none."""
        task = self._followers.get(run)
        return None if task is None else await asyncio.shield(task)

    async def _corrected(self, run: str, words: str, options: RunOptions) -> str | None:
        try:
            considered = await self._general.correct(words, self.id)
        except OperationError:
            return None
        if considered is None:
            return None
        new = self.store.next_run_id()
        if considered.corrects is not None:
            await self.cancel(considered.corrects)
        self._spawn(new, self._driven(new, considered.plan, options))
        return new

    def grants(self, *, active: bool = False) -> list[GrantRecord]:
        """Standing grants, newest first; ``active``: only those that hold now."""
        return self.store.grants(active=active)

    async def revoke(self, grant: str | None = None) -> list[str]:
        """Take back a grant (None: all that hold); returns the ids of those that held until now."""
        return await self.store.revoke(grant, self.settings.user)

    def plan_of(self, run: str) -> Plan | None:
        """The latest plan of a run that is under way."""
        driver = self._runs.get(run)
        return None if driver is None else driver.plan

    async def edit(self, run: str, edits: Sequence[Edit]) -> None:
        """Change the plan of a run that has changed nothing yet; effects are asked again, approvals are void."""
        await self._driver(run).edit(edits)

    def pause(self, run: str) -> None:
        """Start no more steps of a run."""
        self._driver(run).pause()

    def proceed(self, run: str) -> None:
        self._driver(run).proceed()

    async def cancel(self, run: str, step: str | None = None, *, exit_code: int = 130) -> None:
        """Cancel a run or one of its steps, by each operation's own ladder. A run that ended is left alone."""
        if run in self._tasks:
            driver = self._runs.get(run)
            if driver is not None:
                driver.cancel(step, exit_code=exit_code)
            elif run in self._thinking and step is None:
                self._given_up[run] = exit_code
                self._thinking[run].cancel()

    def _driver(self, run: str) -> RunDriver:
        driver = self._runs.get(run)
        if driver is None:
            raise InvalidFields(f"run {run} is not under way here")
        return driver

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the runs under way, oldest first."""
        return tuple(self._tasks)

    async def close(self) -> None:
        """Cancel what runs, wait until it is journalled, end the subscriptions. The store stays open."""
        for planning in self._followers.values():
            planning.cancel()
        for run in tuple(self._tasks):
            await self.cancel(run)
        if self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._hub.close()


def _offline_planner() -> Planner:
    from reign_agents.planning.offline import OfflinePlanner

    return OfflinePlanner()


def _offline_answer(plan: Plan, results: Results) -> str | None:
    from reign_agents.specialists.answers import answer

    return answer(plan, results)


def _offline_findings(plan: Plan, results: Results) -> Sequence[JsonObject]:
    if plan.intent != "debug":
        return ()
    from reign_agents.specialists.findings import findings

    return findings(plan, results)
