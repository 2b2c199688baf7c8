"""Follow-ups as the whole request they stand for: "roll it back", "and add redis", "restart api there"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reign_agents.plan.model import Plan
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.earlier import OPENING, last_plan, last_thing
from reign_agents.planning.joining import thing_of
from reign_agents.understanding.lexicon import lexicon

_ADD = re.compile(
    r"^\W*(?:(?:ok|now|please|and|also|then)\W+)*(?:add|with)\s+(?:an?\s+|another\s+)?(?P<what>[a-z][\w./-]*(?::[\w.-]+)?)"
    r"(?P<rest>(?:\s+(?:on|named|called|with|as|in|at)\s+.+)?)$",
    re.IGNORECASE,
)


_ADDING: Mapping[str, str] = {
    "docker.run": "run {what}{rest}",
    "kubernetes.create_deployment": "deploy {what}{rest} {where}",
    "helm.install": "install chart {what}{rest}",
}
"""What the last plan made → the request that "and add redis" is."""


_BACK = re.compile(
    OPENING + r"(?:roll\s*(?:it|that|this)\s*back|rollback(?:\s+(?:it|that|this))?|roll\s*back\s+(?:it|that|this))"
    r"(?P<rest>(?:\s+to\s+(?:revision\s+)?\d+)?)(?:\s+please)?\W*$",
    re.IGNORECASE,
)


_LIKE = re.compile(
    r"\W*(?:(?:and|now|ok)\W+)*(?:the\s+)?same(?:\s+thing)?\s+(?:but\s+)?(?:with|for|using)\s+(?P<what>[a-z][\w./:-]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


_THERE = re.compile(r"\s+(?:over\s+)?there\W*$", re.IGNORECASE)


_IT = re.compile(r"(?<![\w./-])(?:it|them|that|this)(?![\w./-])", re.IGNORECASE)


_ROLLED = frozenset({"deployment", "statefulset", "daemonset", "release"})


_FIRST_MADE = frozenset({"kubernetes.create_deployment", "helm.install"})


SHORT = 8
"""Words of a text that can be a mere change of the last plan."""


def spelled(text: str, context: PlanningContext) -> tuple[str, str] | None:
    """A follow-up as the whole request it stands for, and that in words; None when it is none of these.

    "roll it back" is a release's or a deployment's rollback where there is an earlier revision to go back to;
    "and add redis" makes another of what the last plan made.
    """
    found = last_plan(context)
    if found is None:
        return None
    plan = found[1]
    thing = last_thing(context)
    back = _BACK.match(text)
    if back is not None and thing is not None and thing.kind in _ROLLED:
        if any(step.operation in _FIRST_MADE for step in plan.steps):
            return None
        rest = re.sub(r"to\s+(?:revision\s+)?", "to revision ", back["rest"])
        place = next((step.fields.get("namespace") for step in reversed(plan.steps) if thing_of(step) == thing), None)
        where = f" in namespace {place}" if place else ""
        request = f"roll back {thing.kind} {thing.name}{where}{rest}"
        return request, f"“it” is the {thing.kind} {thing.name} (to take back the last run instead, say “undo that”)"
    like = _LIKE.fullmatch(text)
    if like is not None and any(step.operation == "docker.run" for step in plan.steps) and names_an_image(like["what"]):
        request = f"run {like['what']}{like['rest']}"
        return request, f"taken as: {request}"
    manifest = str(plan.steps[-1].fields.get("manifest") or "")
    if "kind: HorizontalPodAutoscaler" in manifest and (scaled := _autoscaled(text, manifest, plan)) is not None:
        return scaled, f"taken as: {scaled}"
    there = _THERE.search(text)
    space = next((s.fields["namespace"] for s in reversed(plan.steps) if s.fields.get("namespace")), None)
    if there is not None and space is not None:
        request = f"{text[: there.start()].rstrip()} in namespace {space}"
        return request, f"“there” is the namespace {space}"
    listed = plan.steps[-1]
    if thing is None and listed.operation == "kubernetes.list" and (it := _IT.search(text)) is not None:
        kind = (
            "deployment" if re.match(r"\W*(?:\w+\W+)?(?:restart|scale|roll)", text) else str(listed.fields.get("kind"))
        )
        where = f" in namespace {space}" if space else ""
        request = f"{text[: it.start()]}{kind}{where}{text[it.end() :]}"
        return request, f"“{it.group()}” names no single {kind}"
    added = _ADD.match(text)
    if added is not None:
        for step in reversed(plan.steps):
            wanted = _ADDING.get(step.operation)
            if wanted is not None:
                space = step.fields.get("namespace")
                where = f"in namespace {space}" if space else "in kubernetes"
                request = wanted.format(what=added["what"], rest=added["rest"], where=where)
                return request, f"taken as: {request}"
    return None


def _autoscaled(text: str, manifest: str, plan: Plan) -> str | None:
    """Other numbers for the autoscaler of the last plan."""
    from reign_agents.specialists.kubernetes.autoscaling import changed

    if len(text.split()) > SHORT or re.search(r"\b(?:drop|delete|remove|scale|stop)\b", text, re.IGNORECASE):
        return None
    request = changed(text, manifest)
    space = plan.steps[-1].fields.get("namespace")
    return request if request is None or not space else f"{request} in namespace {space}"


def names_an_image(word: str) -> bool:
    """Whether a word is an image: well known, or with a tag or a registry."""
    return word.partition(":")[0].rsplit("/", 1)[-1].lower() in lexicon().images or ":" in word
