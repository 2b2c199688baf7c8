"""What goes into the store and comes out of it: frozen records with the JSON of the command contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from reign_agents.events import Outcome
from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many of a run's steps ended how; ``waiting`` counts those that have not ended (running ones, too)."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    waiting: int = 0
    cancelled: int = 0
    stopped: int = 0
    in_doubt: int = 0

    def to_json(self) -> JsonObject:
        return {
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
            "waiting": self.waiting,
            "cancelled": self.cancelled,
            "stopped": self.stopped,
            "in_doubt": self.in_doubt,
        }


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. The first eight fields and the last of the second group are given when it starts.

    ``risk`` is the word of its plan's risk (None: not known yet). ``outcome`` is ``running`` until it has ended; a run
    whose process died reads ``in_doubt`` when a step was under way, else ``stopped``, with ``ended`` None. ``undo`` is
    the weakest promise among the changes that are not undone, None when there is nothing to undo. ``undone_by`` names
    the run that undid the last of them, once all are undone.
    """

    run: str
    plan: str
    request: str
    intent: str
    risk: str | None
    user: str
    session: str | None
    started: str
    undo_of: str | None = None
    cwd: str | None = None
    pid: int | None = None
    ended: str | None = None
    outcome: str = Outcome.RUNNING.value
    exit: int | None = None
    answer: str | None = None
    steps: StepCounts = field(default_factory=StepCounts)
    undo: str | None = None
    undone_by: str | None = None

    def to_json(self) -> JsonObject:
        """The contract's row of ``history`` (with keys beyond it that readers may ignore)."""
        return {
            "v": 1,
            "run": self.run,
            "plan": self.plan,
            "request": self.request,
            "intent": self.intent,
            "risk": self.risk,
            "user": self.user,
            "started": self.started,
            "ended": self.ended,
            "outcome": self.outcome,
            "steps": self.steps.to_json(),
            "undo": self.undo,
            "session": self.session,
            "exit": self.exit,
            "answer": self.answer,
            "undo_of": self.undo_of,
            "undone_by": self.undone_by,
            "cwd": self.cwd,
        }


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be done, journalled before it is.

    ``fields`` are redacted; ``hash`` is what was approved; ``undo`` the promise's word; ``before`` the pre-image (None
    for queries and for changes that change nothing). ``by``/``how`` say who permitted it (``once``, ``plan``,
    ``envelope``, ``level``, ``hash``, ``rule``, ``mode``, ``grant``, ``read``), ``basis`` on what ground: the
    approval's or the grant's id, the rule with its file and line, the level or mode. With ``how`` ``grant`` the grant
    named by ``basis`` must still hold when this is written down.
    """

    run: str
    step: str
    attempt: int
    operation: str
    fields: JsonObject
    hash: str
    undo: str
    before: JsonObject | None
    time: str
    by: str | None = None
    how: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How an attempt ended; ``attempt`` 0 means that the step never started (skipped, rejected, cancelled before).

    ``seconds`` is the time of ``execute``; ``log_bytes`` the size of the step's log; ``changed`` whether something on
    the real system is (or may be) other than before: only those stay in the ledger (None: when there is a pre-image).
    """

    run: str
    step: str
    attempt: int
    outcome: Outcome
    seconds: float | None
    outputs: JsonObject | None
    verified: bool | None
    error: JsonObject | None
    log_bytes: int
    time: str
    changed: bool | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """A question put to a person. ``kind`` is ``plan`` or ``step``; ``steps`` are the ids it covers."""

    approval: str
    run: str
    kind: str
    steps: tuple[str, ...]
    hash: str
    risk: str
    time: str


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """A person's answer. ``decision`` and ``how`` are words of ``Decision``; ``words`` what the person added."""

    approval: str
    run: str
    decision: str
    by: str
    how: str
    words: str | None
    time: str


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A standing permission that a person gave in a dialog. ``scope`` is what was shown there, as JSON.

    ``created``, ``expires``, ``revoked`` and ``last_used`` are RFC 3339 in UTC; ``run``/``approval`` name the question
    it answered; ``uses`` counts the steps it permitted.
    """

    grant: str
    operation: str
    scope: JsonObject
    risk: str
    by: str
    run: str
    approval: str
    created: str
    expires: str
    revoked: str | None = None
    revoked_by: str | None = None
    uses: int = 0
    last_used: str | None = None

    def state(self, time: str) -> str:
        """``active``, ``expired`` or ``revoked`` at ``time``."""
        if self.revoked is not None:
            return "revoked"
        return "active" if time < self.expires else "expired"

    def to_json(self, time: str) -> JsonObject:
        """One line of ``grants list --json``."""
        return {
            "v": 1,
            "grant": self.grant,
            "state": self.state(time),
            "operation": self.operation,
            "scope": self.scope,
            "risk": self.risk,
            "by": self.by,
            "run": self.run,
            "approval": self.approval,
            "created": self.created,
            "expires": self.expires,
            "revoked": self.revoked,
            "revoked_by": self.revoked_by,
            "uses": self.uses,
            "last_used": self.last_used,
        }


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run as it stands: the last attempt's end, and everything ``show`` tells about it.

    ``outcome`` None: not its turn yet; ``running``: a living process is at it. ``approval`` is ``{"by", "how", "hash",
    "time"}`` or None.
    """

    id: str
    operation: str
    outcome: str | None
    attempts: int
    started: str | None
    ended: str | None
    seconds: float | None
    outputs: JsonObject | None
    verified: bool | None
    approval: JsonObject | None
    log: Path
    log_bytes: int
    undo: str | None
    error: JsonObject | None
    undone_by: str | None = None
    changed: bool = False
    fields: JsonObject | None = None

    def to_json(self) -> JsonObject:
        """One of the steps in the contract's ``show`` (with keys beyond it that readers may ignore)."""
        log: dict[str, JsonValue] = {"path": str(self.log), "bytes": self.log_bytes}
        return {
            "id": self.id,
            "operation": self.operation,
            "outcome": self.outcome,
            "attempts": self.attempts,
            "started": self.started,
            "ended": self.ended,
            "seconds": self.seconds,
            "outputs": self.outputs,
            "verified": self.verified,
            "approval": self.approval,
            "log": log,
            "undo": self.undo,
            "undone_by": self.undone_by,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change that was made, with what leads back from it.

    ``certain`` is False when its process died between intent and outcome: it may or may not have happened, and
    ``outputs`` are None.
    """

    run: str
    step: str
    operation: str
    fields: JsonObject
    before: JsonObject | None
    outputs: JsonObject | None
    undo: str
    undone_by: str | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One conversation. ``title`` is its first request; ``last`` when something was last said or started."""

    session: str
    title: str | None
    started: str
    last: str
    runs: int
    messages: int


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a conversation. ``who`` is ``person``, ``reign`` or a specialist's name."""

    id: int
    session: str
    time: str
    who: str
    text: str
    run: str | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """A step of the past that words led to; ``matched`` of the words asked for were in it."""

    run: str
    step: str
    request: str
    operation: str
    outcome: str
    time: str
    matched: int
    text: str
