"""What the grammar alone makes of a request: the mood, the intent a clause leans to, the domains its words point to.

The trained model weighs these leanings among its other features; nothing here is the last word.
"""

from __future__ import annotations

import re

from .clauses import Span
from .tokens import Token

_ASKS = re.compile(
    r"\b(?:how (?:do|can|could|should|would|might|does|to|shall|did) ?(?:i|we|you|one|someone|people|the|it|folks)?\b(?! (?:look|doing|going|much|many))|how to\b|how'd (?:i|you)|(?:is|are) there (?:a|an|any|some) (?:\w+ )?(?:way|command|flag|option|trick|means|method)"
    r"|what(?:'s| is| are|s| would be) the (?:\w+[ -]){0,3}(?:way|command|commands|syntax|steps|procedure|flag|approach|invocation|recipe|one-liner|incantation|process) (?:to|for|of|i)\b"
    r"|which (?:command|flag|option)s? |what (?:command|flag|steps?|kubectl command|docker command) |(?:steps|commands?|instructions|procedure) (?:to|for|needed)|(?:show|tell|teach|explain(?: to)?) (?:me |us )?how (?:to|do|i|we|you)|walk me through|any (?:way|idea how|tips)|(?:best|right|proper|correct|easiest|recommended|safest|quickest|cleanest) way (?:to|of)|is it possible to|what do i (?:need|have) to (?:do|run|type)|what should i (?:run|type|do to)|how (?:is|are) .{1,40} (?:done|created|added|deleted|removed|scaled|restarted)|wondering how|not sure how to|can (?:i|we|one|you even) .{3,80}\?)",
    re.IGNORECASE,
)


def mood(text: str) -> str:
    """ "ask" when the text wants to know how, not to have it done."""
    return "ask" if _ASKS.search(text[:2000]) else "do"


_BY_OBJECT: dict[tuple[str, str], str] = {
    ("create", "autoscaler"): "scale", ("add", "autoscaler"): "scale", ("set", "autoscaler"): "scale", ("add", "replica"): "scale", ("add", "node"): "scale", ("add", "worker"): "scale", ("add", "memory"): "scale",
    ("create", "backup"): "backup", ("run", "backup"): "backup", ("schedule", "backup"): "backup", ("delete", "replica"): "scale", ("set", "replica"): "scale", ("update", "replica"): "scale",
    ("push", "branch"): "update", ("push", "commit"): "update", ("run", "pipeline"): "deploy", ("run", "workflow"): "deploy", ("run", "jenkins_job"): "deploy", ("run", "host_service"): "update", ("run", "service"): "update",
    ("add", "label"): "update", ("publish", "release"): "create_infra", ("delete", "memory"): "update", ("create", "release"): "create_infra", ("run", "build"): "deploy", ("run", "job"): "deploy",
}  # fmt: skip


def lean(span: Span) -> str | None:
    """The intent that a clause's verb and object lean to; None without a verb."""
    verb = span.verb
    if verb is None:
        return None
    if span.object is not None:
        changed = _BY_OBJECT.get((verb.name, span.object.name))
        if changed is not None:
            return changed
    return verb.intent


def main_span(spans: list[Span]) -> Span | None:
    """The clause that the others serve: the last wish that is no aside and no mere look."""
    wishes = [s for s in spans if s.verb is not None and s.aside is None] or [s for s in spans if s.verb is not None]
    if not wishes:
        return spans[0] if spans else None
    acts = [s for s in wishes if lean(s) not in {"monitor"}] or wishes
    leanings = [lean(s) for s in acts]
    if "deploy" in leanings and leanings[0] in {"create_infra", "deploy"}:
        return (
            acts[len(leanings) - 1 - leanings[::-1].index("deploy")]
            if leanings[-1] == "deploy"
            else acts[leanings.index("deploy")]
        )
    return acts[0]


_FAULT = frozenset(
    "why error errors failing failed fails fail crash crashing crashes crashed crashloop crashloopbackoff crashlooping broken broke stuck hung hangs hanging oom oomkilled evicted timeout timeouts timing refused denied unreachable unhealthy 500 502 503 504 404 403 imagepullbackoff errimagepull wrong problem trouble fault exception panic fatal flapping degraded flaky slow leak leaking dead notready notfound unable cannot can't cant won't wont doesn't doesnt isn't isnt 137 killed conflict mismatch invalid unauthorized forbidden outage incident down errored backoff segfault corrupt corrupted exhausted full".split()
)


def faults(tokens: list[Token]) -> int:
    """How many words of trouble the text holds."""
    return sum(t.low in _FAULT for t in tokens)


def domains(tokens: list[Token]) -> dict[str, int]:
    """Domain → how many words point to it: tools count thrice, nouns once."""
    score: dict[str, int] = {}
    for token in tokens:
        if token.tool is not None:
            score[token.tool] = score.get(token.tool, 0) + 3
            if token.tool == "cicd" and token.low.startswith("github"):
                score["github"] = score.get("github", 0) + 3
        if token.noun is not None and token.noun.domain:
            score[token.noun.domain] = score.get(token.noun.domain, 0) + 1
    return score


def rule_domains(tokens: list[Token]) -> frozenset[str]:
    """The domains that the words alone give; used where the model's answer is not there yet."""
    score = domains(tokens)
    tools = {d for d, n in score.items() if n >= 3}
    return frozenset(tools or {d for d, n in score.items() if n == max(score.values(), default=0)})
