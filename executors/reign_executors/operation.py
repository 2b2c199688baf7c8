"""The one idea: everything Reign can do to the world is an operation.

A :class:`Query` only reads and has ``execute``. A :class:`Change` has six verbs, each answering one question:

========== ===============================================================
preview    what exactly would change? Asked of the real system
execute    do it; yields output while it works; returns typed outputs
verify     did it really happen? Checked on the real system
probe      after a crash in the middle: done, not done or in doubt?
capture    the pre-image needed to undo it, taken before it runs
undo       the inverse operation built from that pre-image
========== ===============================================================

An operation's fields are its pydantic model: the same definition is a tool schema for a language model, a form, a row
of the journal and a line of a runbook. Operations know nothing of agents, plans or screens.
"""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue

from reign_executors.call import Call
from reign_executors.effect import Effect, Probe, UndoPromise, Verification
from reign_executors.target import Target

JsonObject = dict[str, JsonValue]


class Repeat(StrEnum):
    """Whether running it again is safe; only the first two are retried."""

    CONVERGENT = "convergent"  # the same end state however often
    KEYED = "keyed"  # the tool knows the step's key and refuses or returns the first result
    OPAQUE = "opaque"  # unknown; never repeated by itself


class Outputs(BaseModel):
    """What an operation returns; subclasses name their values, later steps take them by ``$from``."""

    model_config = ConfigDict(frozen=True)


CancelLadder = tuple[tuple[signal.Signals, float], ...]
"""Signals to send to the whole process group, each with the seconds to wait for it to end."""

TERMINATE: CancelLadder = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))
INTERRUPT: CancelLadder = ((signal.SIGINT, 30.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 2.0))


class Operation(BaseModel, ABC):
    """What queries and changes share.

    Class attributes, all data: ``name`` (``docker.run``), ``summary`` (one line for people and models), ``returns``
    (the outputs' class), ``timeout`` (seconds), ``cancel`` (ladder), ``secret_fields`` (names of fields whose values
    never leave unredacted).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    summary: ClassVar[str]
    returns: ClassVar[type[Outputs]] = Outputs
    timeout: ClassVar[float] = 60.0
    cancel: ClassVar[CancelLadder] = TERMINATE
    secret_fields: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    async def target(self, call: Call) -> Target:
        """The pinned target, resolved on the real system; raises ``ToolMissing`` when it can't be reached."""

    @abstractmethod
    async def execute(self, call: Call) -> Outputs:
        """Do it. Output goes to ``call.write`` as it comes. Cancelling the task cancels the work by the ladder."""

    def time_limit(self) -> float:
        """Seconds after which it is cancelled and fails; a class may take it from a field."""
        return self.timeout

    def locks(self) -> frozenset[str]:
        """Resources that no other step or process may touch meanwhile (``docker:default/container/web``)."""
        return frozenset()

    def command_line(self) -> str:
        """The equivalent command a person would type, for reading (never executed). Empty when there is none."""
        return ""

    def pinned(self, target: Target) -> Operation:
        """This operation with its target written into its fields, so that a changed default can't move it."""
        return self

    def to_fields(self) -> JsonObject:
        """The fields as JSON, defaults left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Query(Operation):
    """An operation that only reads. ``shows_credentials`` ones are asked for all the same."""

    shows_credentials: ClassVar[bool] = False


class Change(Operation):
    """An operation that changes something on a real system."""

    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT
    repeat: ClassVar[Repeat] = Repeat.OPAQUE

    @abstractmethod
    async def preview(self, call: Call) -> Effect:
        """What exactly would change now. Changes nothing. ``call.promised``/``call.gone`` count as if done."""

    @abstractmethod
    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        """Whether the postcondition holds on the real system."""

    @abstractmethod
    async def probe(self, call: Call) -> Probe:
        """Whether this very step (``call.key``) happened, after a crash between intent and outcome."""

    @abstractmethod
    async def capture(self, call: Call) -> JsonObject:
        """The state before, as JSON; large or secret bytes go to ``call.blobs``. Taken twice with nothing in between
        it must be equal: after an undo it is taken again and compared."""

    @abstractmethod
    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        """The inverse operation; None when nothing was changed or nothing can be undone. It must refuse (by a
        ``Problem`` in its own preview) to overwrite what others changed since."""
