"""Errors that carry their cause and the way out, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pydantic import JsonValue


class OperationError(Exception):
    """Something an operation could not do.

    ``cause`` says what happened in one sentence, ``way_out`` names the next command or choice (may be empty),
    ``detail`` is the tool's own text. ``kind`` is stable and goes into JSON.
    """

    kind: ClassVar[str] = "failed"

    def __init__(self, cause: str, way_out: str = "", *, detail: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.way_out = way_out
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.cause} ({self.way_out})" if self.way_out else self.cause

    def to_json(self) -> dict[str, JsonValue]:
        """``{"kind", "cause", "way_out", "detail"}``, all strings."""
        return {"kind": self.kind, "cause": self.cause, "way_out": self.way_out, "detail": self.detail}


class ToolMissing(OperationError):
    """A program or daemon is not there, or refuses this user. Exit code 6."""

    kind = "tool_missing"


class NotFound(OperationError):
    """The object that was named does not exist."""

    kind = "not_found"


class Conflict(OperationError):
    """The real system already holds something in the way (a name, a port)."""

    kind = "conflict"


class TargetMoved(OperationError):
    """The target is no longer the one that was planned and approved."""

    kind = "target_moved"


class TimedOut(OperationError):
    """The operation's time limit ran out."""

    kind = "timed_out"


class Cancelled(OperationError):
    """A person cancelled; the operation's ladder ran to its end."""

    kind = "cancelled"


class NoSpace(OperationError):
    """A disk is full."""

    kind = "no_space"


class PermissionMissing(OperationError):
    """This user may not do that (files, processes)."""

    kind = "permission"


class ConnectionLost(OperationError):
    """The daemon or server went away in the middle: what happened is in doubt until probed."""

    kind = "connection_lost"


class UnknownOperation(OperationError):
    """No operation of that name is registered."""

    kind = "unknown_operation"


class InvalidFields(OperationError):
    """The fields given do not fit the operation's model."""

    kind = "invalid_fields"
