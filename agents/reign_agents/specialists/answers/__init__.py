"""What was asked for, in words: a few lines rather than a dump; for changes, one sentence of what is now."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan, Step
from reign_agents.specialists.answers import containerd, docker, git, helm, host, kubernetes, terraform
from reign_agents.specialists.answers.words import LINES, Say, in_bytes, shortened
from reign_agents.specialists.findings import findings, in_words
from reign_executors.operation import JsonObject

__all__ = ["DONE", "LINES", "SAY", "answer", "in_bytes", "shortened"]

_FAMILIES = (docker, host, kubernetes, helm, terraform, git, containerd)
SAY: Mapping[str, Say] = ChainMap(*(family.SAY for family in _FAMILIES))
"""Query (or command) → its answer."""
DONE: Mapping[str, Say] = ChainMap(*(family.DONE for family in _FAMILIES))
"""Change → what is now."""

_PREPARES = frozenset({"docker.pull", "docker.create_volume", "docker.create_network"})
_PROVES = frozenset({"docker.wait_healthy", "network.check_port"})


def answer(plan: Plan, results: Results) -> str | None:
    """The words for a run's results, at most :data:`LINES` lines; None when nothing ended well."""
    found = findings(plan, results)
    if found:
        return shortened(in_words(found))
    done = [(step, outputs) for step in plan.steps if (outputs := results.get(step.id, (step, None))[1]) is not None]
    runs = any(step.operation in ("docker.run", "docker.create") for step, _ in done)
    sentences: list[str] = []
    told: list[str] = []
    for step, outputs in done:
        if runs and (step.operation in _PREPARES or _proves(step, plan)):
            continue
        said, changed = _said(step, outputs)
        if said:
            (sentences if changed else told).append(said)
    changes = "; ".join(dict.fromkeys(sentences))
    parts = [f"{changes}.", *told] if changes else told
    return shortened("\n".join(parts)) or None


def _proves(step: Step, plan: Plan) -> bool:
    """Whether a step only proves what a step before it did: its result goes without saying."""
    return step.operation in _PROVES and bool(step.needs) and len(plan.steps) > 1


def _said(step: Step, outputs: JsonObject) -> tuple[str | None, bool]:
    say, done = SAY.get(step.operation), DONE.get(step.operation)
    if done is not None:
        try:
            return done(outputs, step.fields), True
        except KeyError:
            return None, True
    if say is not None:
        return say(outputs, step.fields), False
    return shortened(str(outputs.get("detail") or outputs.get("text") or "")) or None, False
