"""One attempt at one step: lock, look again, permission, capture, intent, execute, verify, outcome. In that order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from reign_agents.engine.binding import Approved
from reign_agents.engine.calls import step_call
from reign_agents.engine.previews import stay
from reign_agents.engine.secrets import Secrets
from reign_agents.events import Event, EventType, Outcome, now
from reign_agents.plan.model import MODEL, Step, Verdict
from reign_agents.safety.policy import Ruling, rule
from reign_agents.settings import EngineSettings
from reign_agents.store.errors import StoreError
from reign_agents.store.intake import StepLog
from reign_agents.store.records import Intent, StepOutcome
from reign_agents.store.store import Store
from reign_executors.call import Call
from reign_executors.effect import Effect, Probe, Verification
from reign_executors.errors import Cancelled, Conflict, OperationError, TargetMoved, TimedOut
from reign_executors.operation import Change, JsonObject, Operation, Outputs, Query
from reign_executors.redaction import Redactor

PROBE_SECONDS = 15.0


class PolicyDenied(OperationError):
    """A rule forbids it; nobody can approve it. Exit code 5."""

    kind = "denied"


class VerificationFailed(OperationError):
    """It ran, but the real system does not show what was promised."""

    kind = "verification_failed"


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """The step as it would run now, which nobody has approved (or no longer has)."""

    step: Step
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step ended. ``seconds``: of ``execute``; ``outputs`` as JSON; ``attempt`` 0: nothing was begun."""

    outcome: Outcome
    outputs: JsonObject | None = None
    error: JsonObject | None = None
    verified: bool | None = None
    seconds: float | None = None
    attempt: int = 0


Permission = Callable[[Step, Ruling], Approved | None]
"""Who approved the step as it stands now; None: a person must be asked."""


class Journal(Protocol):
    """What an attempt tells its run (journalled first, published after)."""

    async def intent(self, entry: Intent, event: Event) -> None: ...

    async def outcome(self, entry: StepOutcome, event: Event) -> None: ...

    def progress(self, event: Event) -> None: ...


class Attempt:
    """One attempt at ``step`` of ``run``; ``number`` counts from 1 over all processes that drove the run."""

    def __init__(
        self,
        *,
        run: str,
        step: Step,
        fields: JsonObject,
        operation: Operation,
        number: int,
        resumed: bool,
        store: Store,
        settings: EngineSettings,
        redactor: Redactor,
        secrets: Secrets,
        journal: Journal,
        after: Callable[[Call], Awaitable[str | None]] | None = None,
    ) -> None:
        self._run = run
        self._step = step
        self._fields = fields
        self._operation = operation
        self._number = number
        self._resumed = resumed
        self._store = store
        self._settings = settings
        self._redactor = redactor
        self._secrets = secrets
        self._journal = journal
        self._after = after
        self._intended = False
        self._changes = False

    async def work(self, permission: Permission) -> Ended | NeedsPerson:
        """The attempt from lock to outcome. Errors become an :class:`Ended`; only bugs are raised."""
        log = StepLog(self._store.log_path(self._run, self._step.id), self._redactor, self._appended)
        call = step_call(
            self._settings,
            key=f"{self._run}/{self._step.id}",
            folder=self._store.step_path(self._run, self._step.id),
            blobs=self._store.blobs.of(self._run, self._step.id),
            write=log.write,
            secrets=self._secrets.values,
            learn=self._secrets.learn,
            resumed=self._resumed,
        )
        started = time.monotonic()
        try:
            async with await self._store.lock(self._operation.locks(), f"{self._run}/{self._step.id}"):
                looked = await self._look(call)
                if isinstance(looked, Ended | NeedsPerson):
                    return looked
                permitted = permission(*looked)
                if permitted is None:
                    return NeedsPerson(*looked)
                return await self._act(call, log, permitted)
        except asyncio.CancelledError:
            return await self._cancelled(call, log, started)
        except OperationError as error:
            return await self._failed(call, log, error, started)
        finally:
            await log.finish()

    async def _look(self, call: Call) -> tuple[Step, Ruling]:
        target = await self._operation.target(call)
        stay(self._step, target)
        effect = Effect.nothing()
        if isinstance(self._operation, Change):
            effect = await self._operation.preview(call)
            self._changes = bool(effect.changes) or not effect.known
        if effect.problems:
            found = effect.problems[0]
            raise Conflict(found.text, " or ".join(choice.label for choice in found.choices))
        ruling = rule(self._operation, effect, target, self._settings, by_model=self._step.agent == MODEL)
        if ruling.verdict is Verdict.DENY:
            raise PolicyDenied("; ".join(ruling.reasons) or "denied by policy", "nothing can approve this")
        step = replace(
            self._step,
            fields=self._fields,
            target=target,
            effect=effect,
            verdict=ruling.verdict,
            reasons=ruling.reasons,
        )
        return step, ruling

    async def _act(self, call: Call, log: StepLog, permitted: Approved) -> Ended:
        before: JsonObject | None = None
        if isinstance(self._operation, Change) and self._changes:
            before = await self._operation.capture(call)
        undo = permitted.step.effect.undo.value if permitted.step.effect is not None and before is not None else "none"
        self._intended = True
        await self._intend(
            Intent(
                run=self._run,
                step=self._step.id,
                attempt=self._number,
                operation=self._operation.name,
                fields=self._redacted(self._fields),
                hash=permitted.hash,
                by=permitted.by,
                how=permitted.how,
                basis=permitted.basis,
                undo=undo,
                before=before,
                time=now(),
            ),
            Event(
                self._run,
                EventType.STEP_STARTED,
                {"attempt": self._number, "operation": self._operation.name, "resumed": self._resumed},
                step=self._step.id,
            ),
        )
        started = time.monotonic()
        limit = self._operation.time_limit()
        try:
            async with asyncio.timeout(limit):
                outputs = await self._operation.execute(call)
        except TimeoutError:
            raise TimedOut(f"{self._operation.name} took longer than {limit:g} s", "raise its timeout") from None
        seconds = time.monotonic() - started
        verified = await self._verify(call, outputs)
        error = None if verified is None or verified.ok else VerificationFailed(verified.detail)
        return await self._end(
            log,
            Ended(
                Outcome.DONE if error is None else Outcome.FAILED,
                outputs=outputs.model_dump(mode="json"),
                error=None if error is None else error.to_json(),
                verified=None if verified is None else verified.ok,
                seconds=seconds,
                attempt=self._number,
            ),
            changed=self._changes,
        )

    async def _intend(self, entry: Intent, event: Event) -> None:
        """Journal the intent; when that fails nothing may run, and nothing did."""
        try:
            await self._journal.intent(entry, event)
        except OperationError:
            self._intended = False
            raise

    async def _verify(self, call: Call, outputs: Outputs) -> Verification | None:
        if isinstance(self._operation, Query) or not self._settings.verify:
            return None
        assert isinstance(self._operation, Change)
        found = await self._operation.verify(call, outputs)
        if found.ok and self._after is not None:
            different = await self._after(call)
            if different is not None:
                return Verification(ok=False, detail=different)
        return found

    async def _cancelled(self, call: Call, log: StepLog, started: float) -> Ended:
        error = Cancelled(f"{self._operation.name} was cancelled")
        if not self._intended:
            return Ended(Outcome.CANCELLED, error=error.to_json())
        return await self._settle(call, log, error, Outcome.CANCELLED, started)

    async def _failed(self, call: Call, log: StepLog, error: OperationError, started: float) -> Ended:
        outcome = Outcome.STOPPED if isinstance(error, TargetMoved) else Outcome.FAILED
        if not self._intended:
            log.write(f"{error}\n".encode())
            return Ended(outcome, error=self._redacted(error.to_json()))
        return await self._settle(call, log, error, outcome, started)

    async def _settle(self, call: Call, log: StepLog, error: OperationError, ended: Outcome, started: float) -> Ended:
        """After an end in the middle: ask the real system what happened before anything is written down."""
        seconds = time.monotonic() - started
        probe = await self._probe(call)
        changed = self._changes and (probe is None or probe.state != "not_done")
        outcome = Outcome.IN_DOUBT if probe is not None and probe.state == "in_doubt" else ended
        log.write(f"{error}\n".encode())
        found: Mapping[str, Any] | None = probe.outputs if probe is not None and probe.state == "done" else None
        return await self._end(
            log,
            Ended(
                outcome,
                outputs=None if found is None else dict(found),
                error={**error.to_json(), "probe": None if probe is None else probe.model_dump(mode="json")},
                seconds=seconds,
                attempt=self._number,
            ),
            changed=changed,
        )

    async def _probe(self, call: Call) -> Probe | None:
        if not isinstance(self._operation, Change):
            return None
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self._operation.probe(call)
        except (OperationError, TimeoutError) as error:
            return Probe(state="in_doubt", detail=f"could not look: {error or 'no answer in time'}")

    async def _end(self, log: StepLog, ended: Ended, *, changed: bool) -> Ended:
        await log.finish()
        shown = replace(
            ended,
            outputs=None if ended.outputs is None else self._redacted(ended.outputs),
            error=None if ended.error is None else self._redacted(ended.error),
        )
        entry = StepOutcome(
            run=self._run,
            step=self._step.id,
            attempt=self._number,
            outcome=shown.outcome,
            seconds=shown.seconds,
            outputs=shown.outputs,
            verified=shown.verified,
            error=shown.error,
            log_bytes=log.bytes,
            time=now(),
            changed=changed,
        )
        try:
            await self._journal.outcome(entry, finished(self._run, self._step.id, shown))
        except StoreError as error:
            return replace(shown, outcome=Outcome.IN_DOUBT, error=error.to_json())
        return shown if shown.outputs == ended.outputs else replace(shown, outputs=ended.outputs)

    def _appended(self, offset: int, count: int) -> None:
        path = str(self._store.log_path(self._run, self._step.id))
        self._journal.progress(
            Event(self._run, EventType.OUTPUT_APPENDED, {"offset": offset, "bytes": count, "path": path}, self._step.id)
        )

    def _redacted(self, value: JsonObject) -> JsonObject:
        redacted = self._redactor.value(value)
        assert isinstance(redacted, dict)
        return redacted


def finished(run: str, step: str, ended: Ended) -> Event:
    """The ``step.finished`` event of an end."""
    return Event(
        run,
        EventType.STEP_FINISHED,
        {
            "outcome": ended.outcome.value,
            "attempt": ended.attempt,
            "seconds": ended.seconds,
            "outputs": ended.outputs,
            "verified": ended.verified,
            "error": ended.error,
        },
        step=step,
    )
