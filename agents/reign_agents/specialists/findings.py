"""What an investigation's reads amount to: causes by rules over their results, each with its evidence. No model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan, Step
from reign_agents.specialists.cures import (
    Remedy,
    case_of,
    earlier_revision,
    first,
    more_memory,
    on_container,
    one_replica,
    proposal,
)
from reign_executors.operation import JsonObject

EXCERPT = 300
"""Characters of an excerpt that are kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``signs``: what the results of a read say when it is so; ``text``: the cause and its usual cure in words.

    ``remedies`` are tried in order for steps that mend it.
    """

    signs: re.Pattern[str]
    text: str
    confidence: float
    remedies: tuple[Remedy, ...] = ()


def _cause(signs: str, text: str, confidence: float, *remedies: Remedy) -> Cause:
    return Cause(re.compile(signs, re.IGNORECASE), text, confidence, remedies)


_START = on_container("docker.start", "{} starts again")
_RESTART = on_container("docker.restart", "{} is restarted")


CAUSES: tuple[Cause, ...] = (
    _cause(
        r"OOMKilled|exit(?: code)? 137\b|out of memory",
        "it is killed because it needs more memory than its limit: give it more, or find what eats it",
        0.9,
        more_memory,
    ),
    _cause(
        r"ImagePullBackOff|ErrImagePull|InvalidImageName|manifest unknown|pull access denied|not found: manifest|"
        r"failed to (?:pull|resolve)",
        "its image can't be pulled: the name or tag is wrong, the registry is out of reach, or it wants credentials",
        0.9,
        earlier_revision,
    ),
    _cause(
        r"ErrImageNeverPull",
        "its image is not on the node and may not be pulled (imagePullPolicy Never): bring it there",
        0.9,
        earlier_revision,
    ),
    _cause(
        r"(?:configmap|secret) \"?[\w.-]+\"? not found|CreateContainerConfigError|couldn't find key",
        "it refers to a config map or secret (or a key of one) that is not there: create it, or mend the reference",
        0.9,
        earlier_revision,
    ),
    _cause(
        r"Insufficient (?:cpu|memory)|FailedScheduling|finds no node|didn't match|had untolerated taint",
        "no node takes it: it asks for more than is free, or its selectors and tolerations fit no node",
        0.85,
        earlier_revision,
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
        earlier_revision,
    ),
    _cause(
        r"(?:Liveness|Startup) probe failed",
        "its liveness probe fails, so it is restarted: it is too slow to start, or does not answer where it is asked",
        0.8,
        earlier_revision,
    ),
    _cause(r"Readiness probe failed", "its readiness probe fails, so it gets no traffic", 0.75, earlier_revision),
    _cause(
        r"its health check fails",
        "its health check fails: it hangs, or does not answer where it is asked",
        0.8,
        _RESTART,
    ),
    _cause(r"was stopped from outside", "it was stopped or killed from outside", 0.85, _START),
    _cause(r"ended by itself, exit 0", "its command was done and it ended: nothing in it goes on running", 0.7, _START),
    _cause(r"is paused\b", "it is paused", 0.95, on_container("docker.unpause", "{} goes on")),
    _cause(r"is scaled to 0\b", "it is scaled to 0: nothing of it runs", 0.95, one_replica),
    _cause(
        r"release is (?:failed|pending-\S+)",
        "its last revision did not come to its end",
        0.85,
        earlier_revision,
    ),
    _cause(
        r"exec format error",
        "its image is built for another processor: build it for this one (docker build --platform)",
        0.9,
        earlier_revision,
    ),
    _cause(
        r"(?:executable file not found|no such file or directory).*\$PATH|exit(?: code)? 127\b|command not found",
        "the command it starts is not in the image: mend the command or the image",
        0.85,
        earlier_revision,
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
UNEXPLAINED = (
    _cause(
        r"CrashLoopBackOff|crashes again and again|it is restarting",
        "it ends as soon as it was started, again and again",
        0.6,
        earlier_revision,
    ),
    _cause(
        r"rollout (?:goes on|is not complete|failed)|ProgressDeadlineExceeded",
        "its rollout does not come to an end",
        0.6,
        earlier_revision,
    ),
)
"""What is said where no known cause was found."""

_READS = ("text", "trouble", "events", "reason", "lines", "stdout", "waiting")
_FACTS = frozenset({"kubernetes.get", "docker.inspect", "helm.status", "kubernetes.rollout_history", "helm.history"})
"""Reads whose results are facts to be read by key, not texts to look for signs in."""


@dataclass(frozen=True, slots=True)
class _Read:
    step: Step
    text: str

    @property
    def about(self) -> str:
        fields = self.step.fields
        return str(fields.get("object") or fields.get("container") or fields.get("release") or "")


def findings(plan: Plan, results: Results) -> tuple[JsonObject, ...]:
    """The ``data`` of the run's ``finding`` events; none where no fault was asked about.

    ``cure`` is the id of a plan that mends it, which stands whole under ``plan``; None where there is none.
    """
    if plan.intent != "debug":
        return ()
    read = [
        _Read(step, text)
        for step, outputs in (results[step.id] for step in plan.steps if step.id in results)
        if outputs is not None and (text := _text(step, outputs))
    ]
    found = [finding for cause in CAUSES if (finding := _found(cause, read, results)) is not None]
    found = found or [finding for cause in UNEXPLAINED if (finding := _found(cause, read, results)) is not None]
    return tuple([*found[:3], *_troubles(plan, results, found)][:4])


def _found(cause: Cause, read: Iterable[_Read], results: Results) -> JsonObject | None:
    evidence: list[JsonValue] = []
    seen: list[tuple[_Read, str]] = []
    for one in read:
        line = next((line for line in one.text.splitlines() if cause.signs.search(line)), None)
        if line is not None:
            seen.append((one, line))
            evidence.append({"query": one.step.operation, "excerpt": _cut(line, cause.signs)})
    if not seen:
        return None
    about = next((one.about for one, _ in seen if one.about), "")
    sure = min(cause.confidence + 0.04 * (len(evidence) - 1), 0.98)
    said = f"{about}: {cause.text}" if about else cause.text
    cured = _cured(cause.remedies, seen, results)
    return {"text": said, "confidence": round(sure, 2), "evidence": evidence, **cured}


def _cured(remedies: Sequence[Remedy], seen: Sequence[tuple[_Read, str]], results: Results) -> JsonObject:
    for one, line in seen:
        steps = first(remedies, case_of(one.step, results, line))
        if steps:
            plan = proposal(steps, one.about)
            return {"cure": plan.id, "plan": plan.to_json()}
    return {"cure": None}


def _cut(line: str, signs: re.Pattern[str]) -> str:
    line = line.strip()
    if len(line) <= EXCERPT:
        return line
    match = signs.search(line)
    start = max(0, (match.start() if match else 0) - EXCERPT // 2)
    return f"…{line[start : start + EXCERPT]}…"


def _troubles(plan: Plan, results: Results, found: Sequence[JsonObject]) -> Iterable[JsonObject]:
    """What the tools themselves call not well, in their words; what mends its cause mends it, too."""
    for step in plan.steps:
        _, outputs = results.get(step.id, (step, None))
        trouble = (outputs or {}).get("trouble") or (outputs or {}).get("reason")
        if isinstance(trouble, str) and trouble:
            evidence: list[JsonValue] = [{"query": step.operation, "excerpt": trouble[:EXCERPT]}]
            about = _Read(step, trouble).about
            same = (one for one in found if one["cure"] is not None and str(one["text"]).startswith(f"{about}: "))
            cured = {key: one[key] for one in list(same)[:1] for key in ("cure", "plan")} or {"cure": None}
            yield {"text": f"{about}: {trouble}", "confidence": 0.95, "evidence": evidence, **cured}


def _text(step: Step, outputs: Mapping[str, Any]) -> str:
    if step.operation in _FACTS:
        return facts(step.operation, outputs)
    return "\n".join(part for key in _READS if key in outputs for part in _lines(outputs[key]))


def facts(operation: str, outputs: Mapping[str, Any]) -> str:
    """What an object's own description says is wrong with it, in words that :data:`CAUSES` know; empty: nothing."""
    live: Any = outputs.get("object") or {}
    if operation == "docker.inspect":
        return _container_facts(live)
    if operation == "kubernetes.get" and (live.get("spec") or {}).get("replicas") == 0:
        return "it is scaled to 0"
    if operation == "helm.status" and str(outputs.get("status")).startswith(("failed", "pending")):
        return f"the release is {outputs['status']}: {outputs.get('description') or 'no reason is given'}"
    return ""


def _container_facts(live: Mapping[str, Any]) -> str:
    state = live.get("State") or {}
    status, code, error = state.get("Status"), state.get("ExitCode"), str(state.get("Error") or "")
    lines = [error] if error else []
    if state.get("OOMKilled"):
        lines.append(f"OOMKilled, exit {code}")
    elif status == "paused":
        lines.append("it is paused")
    elif status == "exited" and code == 0:
        lines.append("it ended by itself, exit 0")
    elif status == "exited" and code in (137, 143):
        lines.append("it was stopped from outside (killed by a signal)")
    elif status in ("exited", "restarting", "dead"):
        lines.append(f"it is {status}, exit code {code}")
    health = state.get("Health") or {}
    if health.get("Status") == "unhealthy":
        last: Mapping[str, Any] = next(iter(reversed(health.get("Log") or [])), {})
        said = " ".join(str(last.get("Output") or "").split())
        lines.append(f"its health check fails (exit {last.get('ExitCode')}): {said}"[:EXCERPT])
    return "\n".join(lines)


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
    """The findings as a person reads them, one line each, and what would mend them."""
    rows = list(found)
    lines = [f"{one['text']} (confidence {one['confidence']})" for one in rows]
    cures = dict.fromkeys(words for one in rows if (words := cure_in_words(one)))
    if len(cures) == 1:
        lines.append(f"To mend it: {next(iter(cures))} (say “do that”).")
    elif cures:
        ways = "; ".join(f"{number}. {words}" for number, words in enumerate(cures, 1))
        lines.append(f"To mend it: {ways} (say “do 1”, “do 2” …).")
    return "\n".join(lines)


def cure_in_words(finding: JsonObject) -> str:
    """The steps of a finding's cure; empty where it has none."""
    plan: Any = finding.get("plan")
    if finding.get("cure") is None or not isinstance(plan, dict):
        return ""
    return ", then ".join(str(step.get("why")) for step in plan.get("steps") or ())
