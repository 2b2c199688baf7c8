"""Who approved what in one run, and asking where nobody did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from reign_agents.engine.approvals import Answer, Approval, Approvals, hash_of
from reign_agents.engine.attempt import Ended, NeedsPerson
from reign_agents.engine.binding import Approved, binding, moved
from reign_agents.engine.telling import Telling
from reign_agents.events import EventType, Outcome, now
from reign_agents.plan.model import Plan, Step, Verdict
from reign_agents.safety.policy import Ruling
from reign_agents.settings import Decision, RunOptions
from reign_agents.store.records import AnswerRecord, ApprovalRecord
from reign_agents.store.store import Store
from reign_executors.effect import Risk
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject

NOTHING: frozenset[str] = frozenset()


class Rejected(OperationError):
    """A person said no."""

    kind = "rejected"


class NotApproved(OperationError):
    """Nobody approved it, and nobody can be asked here. Exit code 3."""

    kind = "not_approved"


def rejected(step: Step, answer: Answer | None = None) -> Ended:
    """The end of a step that a person did not want."""
    words = "" if answer is None or not answer.words else f": {answer.words}"
    return Ended(Outcome.STOPPED, error=Rejected(f"{step.operation} was not approved{words}").to_json())


class Asking:
    """The approvals of one run.

    ``under_way`` holds what was approved (step → hash) for steps that an earlier process began and did not end.
    """

    def __init__(
        self,
        run: str,
        user: str,
        options: RunOptions,
        store: Store,
        approvals: Approvals,
        telling: Telling,
        under_way: Mapping[str, str],
    ) -> None:
        self._run = run
        self._user = user
        self._options = options
        self._store = store
        self._approvals = approvals
        self._telling = telling
        self._under_way = under_way
        self._touched: Mapping[str, frozenset[str]] = {}
        self._approved: dict[str, Approved] = {}
        self._together: frozenset[str] = frozenset()
        self._answer_for_all: asyncio.Task[None] | None = None
        self._asked = 0

    def begin(self, plan: Plan, touched: Mapping[str, frozenset[str]], ended: Mapping[str, Ended]) -> None:
        """A plan is about to run: ask for everything that creates or changes at once, before any of it does.

        ``touched`` says which resources earlier steps change before each step. Earlier approvals are void.
        """
        self.close()
        self._touched = touched
        self._approved = {}
        todo = [step for step in plan.steps if step.id not in ended]
        if self._options.approve_hash is not None:
            self._approve(todo, "hash", self._user)
        together = [step for step in todo if _asked_together(step) and self.permitted(step, _ASK) is None]
        if together and self._options.interactive:
            self._together = frozenset(step.id for step in together)
            self._answer_for_all = asyncio.create_task(self._all(together))

    def close(self) -> None:
        """Take back what is still asked."""
        if self._answer_for_all is not None:
            self._answer_for_all.cancel()
        self._answer_for_all, self._together = None, frozenset()

    async def turn(self, step: Step) -> Ended | None:
        """Wait until a step that is asked for together with others was answered; its end when it was refused."""
        if step.id not in self._together or self._answer_for_all is None:
            return None
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._answer_for_all)
        return None if step.id in self._approved else rejected(step)

    def permitted(self, step: Step, ruling: Ruling) -> Approved | None:
        """Who approved the step as it is now; None when a person must be asked."""
        effect = step.effect
        assert effect is not None
        if effect.problems:
            return None
        touched = self._touched.get(step.id, NOTHING)
        if ruling.verdict is Verdict.ALLOW and effect.risk is Risk.READ:
            return Approved(step, binding(step, touched), "read", self._user)
        if self._under_way.get(step.id) == binding(step, touched):
            return Approved(step, binding(step, touched), "before", self._user)
        confirmed = ruling.confirm is None or ruling.confirm == self._options.confirm_target
        given = self._approved.get(step.id)
        if given is not None and given.covers(step, touched) and (confirmed or given.how == "once"):
            return given
        if max(effect.risk, Risk.CREATE) <= self._options.approve and confirmed:
            return Approved(step, binding(step, touched), "level", self._user)
        return None

    async def person(self, needs: NeedsPerson, plan: Plan, ended: Mapping[str, Ended]) -> Ended | None:
        """Ask for one step as it would run now. None: approved, attempt it again."""
        step = needs.step
        given = self._approved.pop(step.id, None)
        what_moved = None if given is None else moved(given.step, step)
        why = "; ".join(needs.ruling.reasons) or f"{(step.risk or Risk.DESTROY).word}: {step.why}"
        answer = await self._ask("step", [step], why, what_moved, needs.ruling.confirm)
        if answer.decision is Decision.NOT_NOW:
            confirm = f" --confirm-target {needs.ruling.confirm}" if needs.ruling.confirm else ""
            level = max(step.risk or Risk.DESTROY, Risk.CREATE).word
            way_out = f"run it with --approve {level}{confirm}, or approve it in the app"
            error = NotApproved(f"{step.operation} needs approval: {why}", way_out)
            return Ended(Outcome.STOPPED, error=error.to_json())
        if answer.decision is Decision.REJECT:
            return rejected(step, answer)
        self._approve([step], "once", answer.by)
        if answer.decision is Decision.PLAN:
            rest = [s for s in plan.steps if s.id not in ended and s.id != step.id and _asked_together(s)]
            self._approve(rest, "plan", answer.by)
        return None

    async def _all(self, steps: Sequence[Step]) -> None:
        counts = f"{len(steps)} step{'s' if len(steps) > 1 else ''} of this plan"
        answer = await self._ask("plan", steps, f"{counts} create or change something", None, None)
        if answer.decision in (Decision.ONCE, Decision.PLAN):
            self._approve(steps, "plan", answer.by)

    def _approve(self, steps: Sequence[Step], how: str, by: str) -> None:
        for step in steps:
            self._approved[step.id] = Approved(step, binding(step, self._touched.get(step.id, NOTHING)), how, by)

    async def _ask(
        self, kind: str, steps: Sequence[Step], why: str, what_moved: str | None, confirm: str | None
    ) -> Answer:
        self._asked += 1
        approval = Approval(
            id=f"a_{self._run.removeprefix('r_')}_{self._asked}",
            run=self._run,
            kind="plan" if kind == "plan" else "step",
            steps=tuple(steps),
            hash=hash_of({step.id: binding(step, self._touched.get(step.id, NOTHING)) for step in steps}),
            why=why,
            moved=what_moved,
            confirm=confirm,
        )
        future = self._approvals.open(approval)
        about = steps[0].id if kind == "step" else None
        event = self._telling.event(EventType.APPROVAL_REQUESTED, approval.to_json(), about)
        record = ApprovalRecord(
            approval=approval.id,
            run=self._run,
            kind=approval.kind,
            steps=tuple(step.id for step in steps),
            hash=approval.hash,
            risk=approval.risk.word,
            time=approval.requested,
        )
        self._telling.publish(*await self._store.approval(record, event))
        if not self._options.interactive:
            future.cancel()
            return Answer(Decision.NOT_NOW, self._user)
        answer = await future
        await self._answered(approval, answer)
        return answer

    async def _answered(self, approval: Approval, answer: Answer) -> None:
        data: JsonObject = {
            "id": approval.id,
            "decision": answer.decision.value,
            "by": answer.by,
            "how": answer.decision.value,
            "hash": approval.hash,
            "words": answer.words,
        }
        record = AnswerRecord(
            approval=approval.id,
            run=self._run,
            decision=answer.decision.value,
            by=answer.by,
            how=answer.decision.value,
            words=None if answer.words is None else self._telling.redactor.text(answer.words),
            time=now(),
        )
        event = self._telling.event(EventType.APPROVAL_ANSWERED, data)
        self._telling.publish(*await self._store.answered(record, event))


_ASK = Ruling(Verdict.ASK)


def _asked_together(step: Step) -> bool:
    """Creates and changes whose effect is known are asked once per plan; each destroy by itself."""
    effect = step.effect
    return step.verdict is Verdict.ASK and effect is not None and effect.known and effect.risk <= Risk.CHANGE
