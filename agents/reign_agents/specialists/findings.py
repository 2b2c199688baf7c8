"""What an investigation's reads amount to: causes by rules over their results, each with its evidence. No model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan
from reign_executors.operation import JsonObject

EXCERPT = 300
"""Characters of an excerpt that are kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``signs``: what the results of a read say when it is so; ``text``: the cause and its usual cure in words."""

    signs: re.Pattern[str]
    text: str
    confidence: float


def _cause(signs: str, text: str, confidence: float) -> Cause:
    return Cause(re.compile(signs, re.IGNORECASE), text, confidence)


CAUSES: tuple[Cause, ...] = (
    _cause(
        r"OOMKilled|exit(?: code)? 137\b|out of memory",
        "it is killed because it needs more memory than its limit: give it more, or find what eats it",
        0.9,
    ),
    _cause(
        r"ImagePullBackOff|ErrImagePull|InvalidImageName|manifest unknown|pull access denied|not found: manifest|"
        r"failed to (?:pull|resolve)",
        "its image can't be pulled: the name or tag is wrong, the registry is out of reach, or it wants credentials",
        0.9,
    ),
    _cause(
        r"ErrImageNeverPull",
        "its image is not on the node and may not be pulled (imagePullPolicy Never): bring it there",
        0.9,
    ),
    _cause(
        r"(?:configmap|secret) \"?[\w.-]+\"? not found|CreateContainerConfigError|couldn't find key",
        "it refers to a config map or secret (or a key of one) that is not there: create it, or mend the reference",
        0.9,
    ),
    _cause(
        r"Insufficient (?:cpu|memory)|FailedScheduling|finds no node|didn't match|had untolerated taint",
        "no node takes it: it asks for more than is free, or its selectors and tolerations fit no node",
        0.85,
    ),
    _cause(
        r"exceeded quota|forbidden: exceeded|LimitRange",
        "the namespace's quota forbids it: raise the quota or ask for less",
        0.9,
    ),
    _cause(
        r"persistentvolumeclaim \"?[\w.-]+\"? not found|unbound immediate PersistentVolumeClaims|FailedMount|"
        r"MountVolume\.SetUp failed",
        "a volume that it needs is not there or can't be mounted",
        0.85,
    ),
    _cause(
        r"(?:Liveness|Startup) probe failed",
        "its liveness probe fails, so it is restarted: it is too slow to start, or does not answer where it is asked",
        0.8,
    ),
    _cause(r"Readiness probe failed", "its readiness probe fails, so it gets no traffic", 0.75),
    _cause(
        r"exec format error",
        "its image is built for another processor: build it for this one (docker build --platform)",
        0.9,
    ),
    _cause(
        r"(?:executable file not found|no such file or directory).*\$PATH|exit(?: code)? 127\b|command not found",
        "the command it starts is not in the image: mend the command or the image",
        0.85,
    ),
    _cause(r"permission denied|exit(?: code)? 126\b|EACCES", "it may not read or run something it needs", 0.7),
    _cause(
        r"address already in use|EADDRINUSE|bind: .*in use",
        "the port it listens on is taken: another process in the same place has it",
        0.85,
    ),
    _cause(
        r"connection refused|ECONNREFUSED|no route to host|i/o timeout|could not connect|connect: connection",
        "something that it depends on does not answer: look at the address it names and whether that runs",
        0.7,
    ),
    _cause(
        r"no such host|name or service not known|ENOTFOUND|temporary failure in name resolution",
        "a name that it looks up does not exist: the service's name or namespace is wrong, or DNS does not work",
        0.8,
    ),
    _cause(
        r"password authentication failed|authentication failed|access denied for user|401 unauthorized|"
        r"invalid credentials",
        "its credentials are refused: the secret it uses is wrong or old",
        0.8,
    ),
    _cause(r"no space left on device|ENOSPC|disk ?pressure", "a disk is full: free some space or give it more", 0.9),
    _cause(
        r"certificate has expired|x509:|certificate verify failed", "a certificate is not trusted or has expired", 0.8
    ),
)
"""Known causes, surest signs first."""

_READS = ("text", "trouble", "events", "reason", "lines", "stdout", "object")


def findings(plan: Plan, results: Results) -> tuple[JsonObject, ...]:
    """The ``data`` of the run's ``finding`` events; none where no fault was asked about."""
    if plan.intent != "debug":
        return ()
    read = [
        (step.operation, _about(step.fields), text)
        for step, outputs in (results[step.id] for step in plan.steps if step.id in results)
        if outputs is not None and (text := _text(outputs))
    ]
    found = [finding for cause in CAUSES if (finding := _found(cause, read)) is not None]
    return tuple([*found[:3], *_troubles(plan, results)][:4])


def _about(fields: JsonObject) -> str:
    name = fields.get("object") or fields.get("container") or fields.get("release") or ""
    return str(name)


def _found(cause: Cause, read: Iterable[tuple[str, str, str]]) -> JsonObject | None:
    evidence: list[JsonValue] = []
    about = ""
    for query, name, text in read:
        line = next((line for line in text.splitlines() if cause.signs.search(line)), None)
        if line is not None:
            about = about or name
            evidence.append({"query": query, "excerpt": _cut(line, cause.signs)})
    if not evidence:
        return None
    sure = min(cause.confidence + 0.04 * (len(evidence) - 1), 0.98)
    said = f"{about}: {cause.text}" if about else cause.text
    return {"text": said, "confidence": round(sure, 2), "evidence": evidence, "cure": None}


def _cut(line: str, signs: re.Pattern[str]) -> str:
    line = line.strip()
    if len(line) <= EXCERPT:
        return line
    match = signs.search(line)
    start = max(0, (match.start() if match else 0) - EXCERPT // 2)
    return f"…{line[start : start + EXCERPT]}…"


def _troubles(plan: Plan, results: Results) -> Iterable[JsonObject]:
    """What the tools themselves call not well, in their words."""
    for step in plan.steps:
        _, outputs = results.get(step.id, (step, None))
        trouble = (outputs or {}).get("trouble") or (outputs or {}).get("reason")
        if isinstance(trouble, str) and trouble:
            evidence: list[JsonValue] = [{"query": step.operation, "excerpt": trouble[:EXCERPT]}]
            yield {"text": f"{_about(step.fields)}: {trouble}", "confidence": 0.95, "evidence": evidence, "cure": None}


def _text(outputs: Mapping[str, Any]) -> str:
    return "\n".join(part for key in _READS if key in outputs for part in _lines(outputs[key]))


def _lines(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (f"{name}: {one}" for name, one in value.items() if isinstance(one, str | int | bool))
        for one in value.values():
            if isinstance(one, list | Mapping):
                yield from _lines(one)
    elif isinstance(value, list | tuple):
        for one in value:
            if isinstance(one, Mapping):
                yield "  ".join(str(part) for part in one.values() if isinstance(part, str | int))
            else:
                yield from _lines(one)


def in_words(found: Iterable[JsonObject]) -> str:
    """The findings as a person reads them, one line each."""
    return "\n".join(f"{one['text']} (confidence {one['confidence']})" for one in found)
