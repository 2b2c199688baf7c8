"""Standing grants: what a dialog showed, for a time. Never more than was seen when it was given, never a destroy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from reign_agents.plan.model import Step, digest
from reign_executors.effect import Risk, UndoPromise
from reign_executors.operation import JsonObject

_EXACT = ("shell.",)
"""Families whose fields are what they do: a grant holds for the very same fields only."""
_UNDO = (UndoPromise.EXACT, UndoPromise.REVERT, UndoPromise.RECREATE, UndoPromise.NONE)
"""Best first."""


def why_not(step: Step) -> str | None:
    """Why no grant may be given for a step as it is shown; None when one may."""
    effect = step.effect
    if effect is None or step.target is None or not effect.known:
        return "its effect is not known yet"
    if effect.problems:
        return "something is in its way"
    if not effect.changes:
        return "it changes nothing"
    if any(finding.level != "notice" for finding in effect.findings):
        return "something about it is unclear"
    if effect.risk is Risk.DESTROY:
        return "a destroy is approved one by one"
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a grant covers: one operation on one system, these resources with these actions, at most this risk.

    ``identity`` says which system (as in the target), ``changes`` are pairs of resource and action, ``findings`` the
    names of notices that were shown, ``undo`` the promise shown.
    ``fields`` is the digest of the fields where only the very same call is covered, else None.
    """

    operation: str
    tool: str
    context: str
    identity: dict[str, str]
    changes: frozenset[tuple[str, str]]
    risk: Risk
    findings: frozenset[str] = frozenset()
    undo: UndoPromise = UndoPromise.EXACT
    fields: str | None = None

    @classmethod
    def of(cls, step: Step) -> Scope:
        """The scope of a step as it is shown; only for one that :func:`why_not` has nothing against."""
        effect, target = step.effect, step.target
        assert effect is not None
        assert target is not None
        return cls(
            operation=step.operation,
            tool=target.tool,
            context=target.context,
            identity=dict(target.identity),
            changes=frozenset((change.resource, change.action.value) for change in effect.changes),
            risk=effect.risk,
            findings=frozenset(finding.rule for finding in effect.findings),
            undo=effect.undo,
            fields=digest(step.fields) if step.operation.startswith(_EXACT) else None,
        )

    def covers(self, step: Step) -> bool:
        """Whether a step as it would run now is within what was shown."""
        effect, target = step.effect, step.target
        if why_not(step) is not None or effect is None or target is None:
            return False
        return (
            step.operation == self.operation
            and (target.tool, target.context, target.identity) == (self.tool, self.context, self.identity)
            and {(change.resource, change.action.value) for change in effect.changes} <= self.changes
            and effect.risk <= self.risk
            and {finding.rule for finding in effect.findings} <= self.findings
            and _UNDO.index(effect.undo) <= _UNDO.index(self.undo)
            and (self.fields is None or digest(step.fields) == self.fields)
        )

    def words(self) -> str:
        """The scope in one line: ``docker.restart on docker default: restart container/web``."""
        listed = ", ".join(f"{action} {resource}" for resource, action in sorted(self.changes))
        only = " (only this very command)" if self.fields is not None else ""
        return f"{self.operation} on {self.tool} {self.context}: {listed}{only}"

    def to_json(self) -> JsonObject:
        findings: list[JsonValue] = [*sorted(self.findings)]
        return {
            "operation": self.operation,
            "tool": self.tool,
            "context": self.context,
            "identity": dict(self.identity),
            "changes": [[resource, action] for resource, action in sorted(self.changes)],
            "risk": self.risk.word,
            "findings": findings,
            "undo": self.undo.value,
            "fields": self.fields,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scope:
        return cls(
            operation=str(data["operation"]),
            tool=str(data["tool"]),
            context=str(data["context"]),
            identity=dict(data["identity"]),
            changes=frozenset((str(resource), str(action)) for resource, action in data["changes"]),
            risk=Risk.parse(data["risk"]),
            findings=frozenset(data["findings"]),
            undo=UndoPromise(data["undo"]),
            fields=data["fields"],
        )


_DURATION = re.compile(r"(\d+)\s*(m|min|minutes?|h|hours?|d|days?)")


def duration(text: str) -> float | None:
    """Seconds of ``30m``, ``2h``, ``1 day``; None when it is no time."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or int(found[1]) == 0:
        return None
    return float(int(found[1]) * {"m": 60, "h": 3600, "d": 86_400}[found[2][0]])
