"""Who approved what in one run, and asking where nobody did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from reign_agents.engine.approvals import GRANTING, Answer, Approval, Approvals, hash_of
from reign_agents.engine.attempt import Ended, NeedsPerson
from reign_agents.engine.binding import Approved, binding, moved
from reign_agents.engine.envelope import Envelope
from reign_agents.engine.standing import Standing
from reign_agents.engine.telling import Telling
from reign_agents.events import EventType, Outcome, now
from reign_agents.plan.model import Plan, Step, Verdict, digest
from reign_agents.safety import grants
from reign_agents.safety.policy import Ruling
from reign_agents.settings import GRANT_SECONDS, Decision, EngineSettings, RunOptions
from reign_agents.store.records import AnswerRecord, ApprovalRecord
from reign_agents.store.store import Store
from reign_executors.effect import Risk
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject
from reign_executors.registry import Registry

NOTHING: frozenset[str] = frozenset()


class Rejected(OperationError):
    """A person said no."""

    kind = "rejected"


class NotApproved(OperationError):
    """Nobody approved it, and nobody can be asked here. Exit code 3."""

    kind = "not_approved"


def not_approved(step: Step, why: str, moved: str | None, confirm: str | None) -> NotApproved:
    """What a step needed that nobody gave, and how to give it."""
    level = max(step.risk or Risk.DESTROY, Risk.CREATE).word
    flag = f" --confirm-target {confirm}" if confirm else ""
    cause = f"{step.operation} needs approval: {why}"
    if moved is not None:
        cause = f"{step.operation} is no longer what was approved: {'; '.join(moved.splitlines())}"
    return NotApproved(cause, f"run it with --approve {level}{flag}, or approve it in the app")


def rejected(step: Step, answer: Answer | None = None) -> Ended:
    """The end of a step that a person did not want."""
    words = "" if answer is None or not answer.words else f": {answer.words}"
    return Ended(Outcome.STOPPED, error=Rejected(f"{step.operation} was not approved{words}").to_json())


class Asking:
    """The approvals of one run: the one place where it is decided whether a step may run.

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
        settings: EngineSettings,
        registry: Registry,
    ) -> None:
        self._run = run
        self._user = user
        self._options = options
        self._store = store
        self._approvals = approvals
        self._telling = telling
        self._under_way = under_way
        self._settings = settings
        self._standing = Standing(run, user, settings, registry, store)
        self._touched: Mapping[str, frozenset[str]] = {}
        self._approved: dict[str, Approved] = {}
        self._envelopes: dict[str, tuple[Envelope, str, str]] = {}
        self._unknown: frozenset[str] = NOTHING
        self._together: frozenset[str] = frozenset()
        self._answer_for_all: asyncio.Task[None] | None = None
        self._asked = 0

    def begin(self, plan: Plan, touched: Mapping[str, frozenset[str]], ended: Mapping[str, Ended]) -> None:
        """A plan is about to run: ask for everything that creates or changes at once, before any of it does.

        ``touched`` says which resources earlier steps change before each step. Earlier approvals are void.
        """
        self.close()
        self._touched = touched
        self._approved, self._envelopes = {}, {}
        todo = [step for step in plan.steps if step.id not in ended]
        self._unknown = frozenset(step.id for step in todo if step.effect is None or not step.effect.known)
        self._standing.begin(todo)
        if self._options.approve_hash is not None:
            self._approve(todo, "hash", self._user, self._options.approve_hash)
        if not self._options.interactive:
            return
        together = [
            step for step in todo if _asked_together(step) and self.permitted(step, self._standing.ruling(step)) is None
        ]
        if together:
            self._together = frozenset(step.id for step in together)
            found = (Envelope.of(step, self._settings) for step in todo)
            envelopes = tuple(envelope for envelope in found if envelope is not None)
            self._answer_for_all = asyncio.create_task(self._all(together, envelopes))

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
        """Who approved the step as it is now; None when a person must be asked.

        What a person set up before (rules, a mode, grants) counts only where somebody sits at the screen: without one,
        the level on the command line is all there is.
        """
        effect = step.effect
        assert effect is not None
        if effect.problems:
            return None
        touched = self._touched.get(step.id, NOTHING)
        bound = binding(step, touched)
        if ruling.verdict is Verdict.ALLOW and effect.risk is Risk.READ:
            return Approved(step, bound, "read", self._user)
        if self._under_way.get(step.id) == bound:
            return Approved(step, bound, "before", self._user)
        confirmed = ruling.confirm is None or ruling.confirm == self._options.confirm_target
        given = self._approved.get(step.id)
        if given is not None and given.covers(step, bound) and (confirmed or given.how == "once"):
            return given
        envelope = self._envelopes.get(step.id)
        if envelope is not None and ruling.confirm is None and envelope[0].covers(step, self._settings):
            return Approved(step, bound, "envelope", envelope[1], envelope[2])
        if self._options.interactive:
            standing = self._standing.permitted(step, ruling)
            if standing is not None:
                return Approved(step, bound, standing.how, standing.by, standing.basis)
        if max(effect.risk, Risk.CREATE) <= self._options.approve and confirmed and self._level_counts(step):
            return Approved(step, bound, "level", self._user, f"--approve {self._options.approve.word}")
        return None

    def _level_counts(self, step: Step) -> bool:
        """Of a plan reviewed elsewhere, the level covers only what could not be seen there."""
        return self._options.approve_hash is None or step.id in self._unknown

    async def person(self, needs: NeedsPerson, plan: Plan, ended: Mapping[str, Ended]) -> Ended | None:
        """Ask for one step as it would run now. None: approved, attempt it again."""
        step = needs.step
        given = self._approved.pop(step.id, None)
        what_moved = None if given is None else moved(given.step, step)
        why = "; ".join(needs.ruling.reasons) or f"{(step.risk or Risk.DESTROY).word}: {step.why}"
        approval, answer = await self._ask("step", [step], why, what_moved, needs.ruling.confirm)
        if answer.decision is Decision.NOT_NOW:
            error = not_approved(step, why, what_moved, needs.ruling.confirm)
            return Ended(Outcome.STOPPED, error=error.to_json())
        if answer.decision is Decision.REJECT:
            return rejected(step, answer)
        self._approve([step], "once", answer.by, approval.id)
        if answer.decision is Decision.PLAN:
            rest = [s for s in plan.steps if s.id not in ended and s.id != step.id and _asked_together(s)]
            self._approve(rest, "plan", answer.by, approval.id)
        return None

    async def _all(self, steps: Sequence[Step], envelopes: tuple[Envelope, ...]) -> None:
        counts = f"{len(steps)} step{'s' if len(steps) > 1 else ''} of this plan"
        why = f"{counts} create or change something"
        approval, answer = await self._ask("plan", steps, why, None, None, envelopes)
        if answer.decision in GRANTING:
            self._approve(steps, "plan", answer.by, approval.id)
        if answer.decision is Decision.ENVELOPE:
            self._envelopes = {envelope.step: (envelope, answer.by, approval.id) for envelope in envelopes}

    def _approve(self, steps: Sequence[Step], how: str, by: str, basis: str) -> None:
        for step in steps:
            bound = binding(step, self._touched.get(step.id, NOTHING))
            self._approved[step.id] = Approved(step, bound, how, by, basis)

    async def _ask(
        self,
        kind: str,
        steps: Sequence[Step],
        why: str,
        what_moved: str | None,
        confirm: str | None,
        envelopes: tuple[Envelope, ...] = (),
    ) -> tuple[Approval, Answer]:
        self._asked += 1
        no_grant = "the target's name is needed each time" if confirm is not None else None
        no_grant = no_grant or next(filter(None, (grants.why_not(step) for step in steps)), None)
        hashes = {step.id: binding(step, self._touched.get(step.id, NOTHING)) for step in steps}
        if envelopes:
            hashes["envelopes"] = digest([envelope.hash for envelope in envelopes])
        approval = Approval(
            id=f"a_{self._run.removeprefix('r_')}_{self._asked}",
            run=self._run,
            kind="plan" if kind == "plan" else "step",
            steps=tuple(steps),
            hash=hash_of(hashes),
            why=why,
            moved=what_moved,
            confirm=confirm,
            envelopes=envelopes,
            scopes=() if no_grant else tuple(grants.Scope.of(step) for step in steps),
            no_grant=no_grant,
            grant_seconds=min(GRANT_SECONDS, self._settings.grant_limit),
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
            return approval, Answer(Decision.NOT_NOW, self._user)
        answer = await future
        await self._answered(approval, answer)
        return approval, answer

    async def _answered(self, approval: Approval, answer: Answer) -> None:
        given = await self._standing.give(approval, answer) if answer.decision is Decision.GRANT else []
        how = answer.decision.value
        if answer.decision is Decision.GRANT:
            how = "plan" if approval.kind == "plan" else "once"
        data: JsonObject = {
            "id": approval.id,
            "decision": answer.decision.value,
            "by": answer.by,
            "how": answer.decision.value,
            "hash": approval.hash,
            "words": answer.words,
            "grants": [grant.grant for grant in given],
            "until": given[0].expires if given else None,
        }
        record = AnswerRecord(
            approval=approval.id,
            run=self._run,
            decision=answer.decision.value,
            by=answer.by,
            how=how,
            words=None if answer.words is None else self._telling.redactor.text(answer.words),
            time=now(),
        )
        event = self._telling.event(EventType.APPROVAL_ANSWERED, data)
        self._telling.publish(*await self._store.answered(record, event))


def _asked_together(step: Step) -> bool:
    """Creates and changes whose effect is known are asked once per plan; each destroy by itself."""
    effect = step.effect
    return step.verdict is Verdict.ASK and effect is not None and effect.known and effect.risk <= Risk.CHANGE
