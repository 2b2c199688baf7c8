"""What would change on the real system: the answer of every ``preview``."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from reign_executors.risk import Risk as Risk


class Action(StrEnum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    START = "start"
    RESTART = "restart"
    SCALE = "scale"
    STOP = "stop"
    REPLACE = "replace"
    DELETE = "delete"

    @property
    def risk(self) -> Risk:
        if self is Action.CREATE:
            return Risk.CREATE
        if self in (Action.UPDATE, Action.START, Action.RESTART, Action.SCALE):
            return Risk.CHANGE
        return Risk.DESTROY


class UndoPromise(StrEnum):
    """How well a change can be undone, shown before approval."""

    EXACT = "exact"  # the state before comes back, verified against the pre-image
    REVERT = "revert"  # a new change leads back (a revert commit, the revision before)
    RECREATE = "recreate"  # a new object like the old one
    NONE = "none"


class ResourceChange(BaseModel):
    """One resource that would change.

    ``resource`` is ``kind/name`` as people say it (``container/pg``, ``file//etc/hosts``); ``diff`` a unified diff or
    a listing in ``+ - ~`` lines; ``data_bytes`` how many bytes of data would be lost (None: not known or none).
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    resource: str
    diff: str | None = None
    data_bytes: int | None = None
    note: str | None = None

    @property
    def risk(self) -> Risk:
        return Risk.DESTROY if self.data_bytes else self.action.risk


class Choice(BaseModel):
    """One way out of a problem: a patch of the step's fields, applied by editing the plan."""

    model_config = ConfigDict(frozen=True)

    key: str  # stable: "reuse", "replace", "rename" …
    label: str  # for people
    fields: dict[str, JsonValue] = Field(default_factory=dict)


class Problem(BaseModel):
    """Something in the way that was found before approval. A step with a problem is not executed as it stands."""

    model_config = ConfigDict(frozen=True)

    text: str
    choices: tuple[Choice, ...] = ()


class Finding(BaseModel):
    """Something a person or a rule must know about what would happen: one vocabulary for commands, manifests, runs.

    ``rule`` is a stable dotted name (``delete.system``, ``container.host-root``, ``code.from-network``),
    ``level`` how bad: ``notice`` (shown), ``unclear`` (could not be understood: always asked), ``catastrophic`` (denied
    in every mode). ``start``/``end`` are character offsets into the command's text that caused it, where there is one.
    """

    model_config = ConfigDict(frozen=True)

    rule: str
    level: Literal["notice", "unclear", "catastrophic"]
    text: str
    start: int | None = None
    end: int | None = None


class Effect(BaseModel):
    """Everything a step would change, as the real system answers it now.

    ``identity`` holds what binds the effect to the very objects it was computed from (container id, inode, uid …).
    ``notes`` are sentences a person should read before approving (what can't be undone, what was inferred).
    ``problems`` must be settled (a choice taken) before the step may run.
    ``undo``/``undo_why``: how well this very effect can be undone.
    """

    model_config = ConfigDict(frozen=True)

    known: bool = True
    why_unknown: str | None = None
    changes: tuple[ResourceChange, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    identity: dict[str, str] = Field(default_factory=dict)
    undo: UndoPromise = UndoPromise.EXACT
    undo_why: str | None = None

    @classmethod
    def nothing(cls, *notes: str) -> Effect:
        """No change at all: a read, or a goal that already holds."""
        return cls(notes=notes)

    @classmethod
    def unknown(cls, why: str, *, undo: UndoPromise = UndoPromise.NONE) -> Effect:
        """An effect that can't be known (yet); it counts as destroy."""
        return cls(known=False, why_unknown=why, undo=undo)

    @property
    def risk(self) -> Risk:
        if not self.known:
            return Risk.DESTROY
        return max((change.risk for change in self.changes), default=Risk.READ)

    @property
    def data_bytes(self) -> int:
        """Bytes of data that would be lost, all resources together."""
        return sum(change.data_bytes or 0 for change in self.changes)

    def creates(self) -> frozenset[str]:
        """The resources that will exist afterwards and do not now."""
        return frozenset(c.resource for c in self.changes if c.action in (Action.CREATE, Action.REPLACE))

    def deletes(self) -> frozenset[str]:
        """The resources that will be gone afterwards."""
        return frozenset(c.resource for c in self.changes if c.action is Action.DELETE)

    def normalised(self) -> dict[str, JsonValue]:
        """The part an approval is bound to: no notes, and of data at risk only *whether* there is any.

        How much data is compared apart (see :meth:`exceeds`), because a running container's layer grows all the time.
        """
        changes: list[JsonValue] = [
            {"action": c.action.value, "resource": c.resource, "diff": c.diff, "data": bool(c.data_bytes)}
            for c in sorted(self.changes, key=lambda c: (c.resource, c.action))
        ]
        return {
            "known": self.known,
            "changes": changes,
            "problems": [p.text for p in self.problems],
            "findings": [[f.rule, f.level] for f in self.findings],
            "identity": dict(sorted(self.identity.items())),
            "undo": self.undo.value,
        }

    def exceeds(self, approved: Effect) -> bool:
        """Whether clearly more data would be lost now than what the person was shown."""
        return self.data_bytes > 2 * approved.data_bytes + 1_048_576

    def to_json(self) -> dict[str, JsonValue]:
        """The ``effect`` of the plan's JSON contract (with keys beyond it that readers may ignore)."""
        return {
            "known": self.known,
            "why_unknown": self.why_unknown,
            "risk": self.risk.word,
            "changes": [c.model_dump(mode="json") for c in self.changes],
            "notes": list(self.notes),
            "problems": [p.model_dump(mode="json") for p in self.problems],
            "findings": [f.model_dump(mode="json") for f in self.findings],
            "identity": dict(self.identity),
            "undo": self.undo.value,
            "undo_why": self.undo_why,
        }


class Verification(BaseModel):
    """Whether the postcondition held on the real system, and what was looked at."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    detail: str


class Probe(BaseModel):
    """After a crash in the middle: did the change happen? ``outputs`` (as JSON) when it is done."""

    model_config = ConfigDict(frozen=True)

    state: Literal["done", "not_done", "in_doubt"]
    detail: str
    outputs: dict[str, JsonValue] | None = None
