"""Approvals that wait for a person: an awaited future each, answered by id and hash."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from reign_agents.engine.envelope import Envelope
from reign_agents.events import now
from reign_agents.plan.model import Step, digest
from reign_agents.safety.grants import Scope
from reign_agents.settings import GRANT_SECONDS, Decision
from reign_executors.effect import Risk
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject


class ApprovalVoid(OperationError):
    """The answer does not fit what is being asked: other hash, or no longer pending."""

    kind = "approval_void"


class ConfirmMismatch(OperationError):
    """The name typed is not the target's."""

    kind = "confirm_mismatch"


class NotOffered(OperationError):
    """That answer was not among those that could be given: a grant, or an envelope."""

    kind = "not_offered"


GRANTING = frozenset({Decision.ONCE, Decision.PLAN, Decision.ENVELOPE, Decision.GRANT})
"""Answers after which something may run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``seconds`` is how long a grant is wanted for (None: as long as was offered)."""

    decision: Decision
    by: str
    words: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Something a person is asked. ``moved`` says what changed since it was approved before (None: first time).

    ``envelopes`` are steps only known later that may be approved along, within limits. ``scopes`` is what a grant would
    cover, for ``grant_seconds``; ``no_grant`` says why none may be given.
    """

    id: str
    run: str
    kind: Literal["plan", "step"]
    steps: tuple[Step, ...]
    hash: str
    why: str
    moved: str | None = None
    confirm: str | None = None
    requested: str = field(default_factory=now)
    envelopes: tuple[Envelope, ...] = ()
    scopes: tuple[Scope, ...] = ()
    no_grant: str | None = "no grant was offered here"
    grant_seconds: float = GRANT_SECONDS

    @property
    def agents(self) -> tuple[str, ...]:
        """The specialists that ask."""
        return tuple(dict.fromkeys(step.agent for step in self.steps))

    @property
    def risk(self) -> Risk:
        return max((step.risk or Risk.READ for step in self.steps), default=Risk.READ)

    def to_json(self) -> JsonObject:
        """The data of ``approval.requested``."""
        return {
            "id": self.id,
            "hash": self.hash,
            "kind": self.kind,
            "steps": [step.to_json() for step in self.steps],
            "risk": self.risk.word,
            "target": [str(step.target) for step in self.steps if step.target is not None],
            "why": self.why,
            "moved": self.moved,
            "confirm": self.confirm,
            "agents": list(self.agents),
            "envelopes": [envelope.to_json() for envelope in self.envelopes],
            "grant": None if self.no_grant else [scope.words() for scope in self.scopes],
        }


def hash_of(hashes: dict[str, str]) -> str:
    """One hash over several steps' bindings."""
    return digest([[step, value] for step, value in hashes.items()])


class Approvals:
    """All that is pending in one session, oldest first."""

    def __init__(self) -> None:
        self._pending: dict[str, tuple[Approval, asyncio.Future[Answer]]] = {}

    def pending(self) -> list[Approval]:
        return [approval for approval, _ in self._pending.values()]

    def open(self, approval: Approval) -> asyncio.Future[Answer]:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending[approval.id] = (approval, future)
        future.add_done_callback(lambda _: self._pending.pop(approval.id, None))
        return future

    def answer(self, approval_id: str, answer: Answer, hash_: str, confirm: str | None) -> Approval:
        """Resolve a pending approval, or raise :class:`ApprovalVoid` / :class:`ConfirmMismatch`."""
        found = self._pending.get(approval_id)
        if found is None:
            raise ApprovalVoid(f"approval {approval_id} is not pending", "it was answered, or its run ended")
        approval, future = found
        if hash_ != approval.hash:
            raise ApprovalVoid("the answer is for something else than what is asked now", "look at it again")
        if answer.decision is Decision.GRANT and approval.no_grant is not None:
            raise NotOffered(f"no grant can be given here: {approval.no_grant}", "approve it once")
        if answer.decision is Decision.ENVELOPE and not approval.envelopes:
            raise NotOffered("no step of this is only known later", "approve it for this plan")
        granting = answer.decision in GRANTING
        if granting and approval.confirm is not None and confirm != approval.confirm:
            raise ConfirmMismatch(f"this target needs its name: {approval.confirm}", f"type {approval.confirm}")
        if answer.decision is not Decision.NOT_NOW and not future.done():
            future.set_result(answer)
        return approval

    def withdraw(self, run: str, step: str | None = None) -> None:
        """Take back all that a run (or one step of it) asks: it was cancelled or edited."""
        for approval, future in list(self._pending.values()):
            alone = approval.kind == "step" and approval.steps[0].id == step
            if approval.run == run and (step is None or alone):
                future.cancel()
