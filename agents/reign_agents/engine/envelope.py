"""Approval of a step whose effect is only known later: what it may come to, and no further."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from reign_agents.plan.model import Step, digest
from reign_agents.plan.references import is_reference, references
from reign_agents.safety.policy import prod_like
from reign_agents.settings import EngineSettings
from reign_executors.effect import Risk
from reign_executors.operation import JsonObject
from reign_executors.target import Target

RESOURCES = 3
"""How many resources a step within an envelope may create or change."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """``inputs`` are the values of earlier steps that it takes (``s1.outputs.id``); all other fields stay as shown.

    ``risk`` and ``resources`` are the most its effect may come to; ``target`` is the system it stays on.
    """

    step: str
    operation: str
    target: Target
    fields: JsonObject
    inputs: tuple[str, ...]
    risk: Risk = Risk.CHANGE
    resources: int = RESOURCES

    @classmethod
    def of(cls, step: Step, settings: EngineSettings) -> Envelope | None:
        """The envelope a step may be approved in; None where it must be asked when it is known."""
        inputs = tuple(dict.fromkeys(references(step.fields)))
        effect, target = step.effect, step.target
        if not inputs or target is None or effect is None or effect.known or effect.problems or effect.findings:
            return None
        if step.operation.startswith("shell.") or prod_like(target, settings):
            return None
        return cls(step.id, step.operation, target, step.fields, inputs)

    @property
    def hash(self) -> str:
        return digest(self.to_json())

    def covers(self, now: Step, settings: EngineSettings) -> bool:
        """Whether the step, known by now, stays inside."""
        effect, target = now.effect, now.target
        if effect is None or target is None or not effect.known or effect.problems or effect.findings:
            return False
        return (
            now.operation == self.operation
            and target.same_system(self.target)
            and not prod_like(target, settings)
            and _same_but_inputs(self.fields, now.fields)
            and effect.risk <= self.risk
            and len({change.resource for change in effect.changes}) <= self.resources
        )

    def words(self) -> str:
        """``docker.start on docker default with s1.outputs.id: at most change, at most 3 resources``."""
        inputs = ", ".join(self.inputs)
        limits = f"at most {self.risk.word}, at most {self.resources} resources"
        return f"{self.operation} on {self.target.tool} {self.target.context} with {inputs}: {limits}"

    def to_json(self) -> JsonObject:
        return {
            "step": self.step,
            "operation": self.operation,
            "target": self.target.to_json(),
            "fields": self.fields,
            "inputs": list(self.inputs),
            "risk": self.risk.word,
            "resources": self.resources,
        }


def _same_but_inputs(planned: JsonValue, now: JsonValue) -> bool:
    """Whether the fields are those planned, whatever stands where a value of an earlier step was to go."""
    if is_reference(planned):
        return True
    if isinstance(planned, dict):
        return (
            isinstance(now, dict)
            and planned.keys() == now.keys()
            and all(_same_but_inputs(value, now[key]) for key, value in planned.items())
        )
    if isinstance(planned, list):
        return (
            isinstance(now, list)
            and len(planned) == len(now)
            and all(_same_but_inputs(before, after) for before, after in zip(planned, now, strict=True))
        )
    return planned == now
