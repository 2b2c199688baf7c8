"""The plan and its steps, with the JSON shape of the command contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from reign_executors.effect import Action, Choice, Effect, Finding, Problem, ResourceChange, Risk, UndoPromise
from reign_executors.operation import JsonObject
from reign_executors.target import Target

MODEL = "model"
"""The ``agent`` of a step that a language model proposed."""


class Verdict(StrEnum):
    """What safety says of a step; the plan has the strictest of its steps'."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"

    @property
    def rank(self) -> int:
        return ("allow", "ask", "deny").index(self.value)


def canonical(value: JsonValue) -> bytes:
    """JSON with sorted keys and no spaces: the form that hashes are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def digest(value: JsonValue) -> str:
    """``sha256:…`` of the canonical form."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation in a plan.

    ``fields`` may hold references ``{"$from": "s1.outputs.id"}``; ``needs`` are ids of steps that must be done first.
    ``effect``, ``target`` and ``verdict`` are None until the step was previewed ("checking…").
    ``agent`` is the specialist that proposed it. ``reasons`` say why the verdict is what it is.
    """

    id: str
    operation: str
    fields: JsonObject
    why: str
    needs: tuple[str, ...] = ()
    agent: str = "general"
    effect: Effect | None = None
    target: Target | None = None
    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    command: str = ""

    @property
    def risk(self) -> Risk | None:
        return None if self.effect is None else self.effect.risk

    @property
    def undo(self) -> UndoPromise | None:
        return None if self.effect is None else self.effect.undo

    @property
    def hash(self) -> str:
        """What an approval of this step is bound to: operation, fields, target and the normalised effect."""
        return digest(
            {
                "operation": self.operation,
                "fields": self.fields,
                "target": None if self.target is None else self.target.to_json(),
                "effect": None if self.effect is None else self.effect.normalised(),
            }
        )

    def to_json(self) -> JsonObject:
        return {
            "id": self.id,
            "operation": self.operation,
            "fields": self.fields,
            "needs": list(self.needs),
            "target": None if self.target is None else self.target.to_json(),
            "why": self.why,
            "agent": self.agent,
            "verdict": None if self.verdict is None else self.verdict.value,
            "reasons": list(self.reasons),
            "effect": None if self.effect is None else self.effect.to_json(),
            "undo": None if self.undo is None else self.undo.value,
            "command": self.command,
            "hash": self.hash,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Step:
        """A step from its JSON; unknown keys are ignored, effects of earlier times are kept as shown then."""
        effect = data.get("effect")
        target = data.get("target")
        return cls(
            id=str(data["id"]),
            operation=str(data["operation"]),
            fields=dict(data.get("fields") or {}),
            why=str(data.get("why") or ""),
            needs=tuple(data.get("needs") or ()),
            agent=str(data.get("agent") or "general"),
            effect=None if effect is None else effect_from_json(effect),
            target=None if target is None else Target.model_validate(target),
            verdict=None if data.get("verdict") is None else Verdict(data["verdict"]),
            reasons=tuple(data.get("reasons") or ()),
            command=str(data.get("command") or ""),
        )


def effect_from_json(data: dict[str, Any]) -> Effect:
    """The effect written by ``Effect.to_json``; a hand-written one may have only the contract's keys."""
    changes = tuple(
        ResourceChange(
            action=Action(c["action"]),
            resource=c["resource"],
            diff=c.get("diff"),
            data_bytes=c.get("data_bytes"),
            note=c.get("note"),
        )
        for c in data.get("changes") or ()
    )
    problems = tuple(
        Problem(text=p["text"], choices=tuple(Choice.model_validate(c) for c in p.get("choices") or ()))
        for p in data.get("problems") or ()
    )
    return Effect(
        known=bool(data.get("known", True)),
        why_unknown=data.get("why_unknown"),
        changes=changes,
        notes=tuple(data.get("notes") or ()),
        problems=problems,
        findings=tuple(Finding.model_validate(f) for f in data.get("findings") or ()),
        identity=dict(data.get("identity") or {}),
        undo=UndoPromise(data.get("undo") or "exact"),
        undo_why=data.get("undo_why"),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph of steps in the order they are shown.

    ``intent`` and ``confidence`` (0 to 1) come from understanding; ``planner`` says who planned (``offline`` or a
    model's name). ``question`` is not None when a person must answer before it can run, ``suggestions`` are answers
    to it. ``mood`` is ``do`` or ``ask`` ("how do I …?": shown, never run). ``assumptions`` are defaults taken, in
    words. ``undo_of`` names the run (and maybe step) this plan leads back from.
    """

    id: str
    request: str
    intent: str
    confidence: float
    steps: tuple[Step, ...]
    planner: str = "offline"
    question: str | None = None
    suggestions: tuple[str, ...] = ()
    mood: str = "do"
    assumptions: tuple[str, ...] = ()
    undo_of: str | None = None
    answer: str | None = None
    extra: JsonObject = field(default_factory=dict)

    @property
    def risk(self) -> Risk | None:
        """The highest risk of its steps; None while one is unchecked."""
        risks = [step.risk for step in self.steps]
        if any(risk is None for risk in risks):
            return None
        return max((risk for risk in risks if risk is not None), default=Risk.READ)

    @property
    def verdict(self) -> Verdict | None:
        verdicts = [step.verdict for step in self.steps]
        if any(verdict is None for verdict in verdicts):
            return None
        return max((v for v in verdicts if v is not None), key=lambda v: v.rank, default=Verdict.ALLOW)

    @property
    def hash(self) -> str:
        """Of all the steps' hashes and dependencies, in order: what ``--approve-hash`` names."""
        return digest([[step.id, step.hash, list(step.needs)] for step in self.steps])

    def step(self, step_id: str) -> Step:
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def with_steps(self, steps: Iterable[Step]) -> Plan:
        return replace(self, steps=tuple(steps))

    def with_step(self, changed: Step) -> Plan:
        return self.with_steps(changed if step.id == changed.id else step for step in self.steps)

    def to_json(self) -> JsonObject:
        return {
            "v": 1,
            "kind": "plan",
            "plan": self.id,
            "hash": self.hash,
            "request": self.request,
            "intent": self.intent,
            "confidence": self.confidence,
            "planner": self.planner,
            "question": self.question,
            "suggestions": list(self.suggestions),
            "mood": self.mood,
            "assumptions": list(self.assumptions),
            "undo_of": self.undo_of,
            "risk": None if self.risk is None else self.risk.word,
            "verdict": None if self.verdict is None else self.verdict.value,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        return cls(
            id=str(data.get("plan") or ""),
            request=str(data.get("request") or ""),
            intent=str(data.get("intent") or "unknown"),
            confidence=float(data.get("confidence") or 0.0),
            steps=tuple(Step.from_json(step) for step in data.get("steps") or ()),
            planner=str(data.get("planner") or "offline"),
            question=data.get("question"),
            suggestions=tuple(data.get("suggestions") or ()),
            mood=str(data.get("mood") or "do"),
            assumptions=tuple(data.get("assumptions") or ()),
            undo_of=data.get("undo_of"),
        )
