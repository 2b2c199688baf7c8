"""Follow-ups as the whole request they stand for: "roll it back", "and add redis", "restart api there"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reign_agents.plan.model import Plan
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.earlier import OPENING, last_plan, last_thing, plans
from reign_agents.planning.joining import thing_of
from reign_agents.planning.mentions import VERB_OF
from reign_agents.planning.words import ROLES
from reign_agents.understanding.lexicon import lexicon

_ADD = re.compile(
    r"^\W*(?:(?:ok|now|please|and|also|then)\W+)*(?:add|with)\s+(?:an?\s+|"
    r"another\s+)?(?P<what>[a-z][\w./-]*(?::[\w.-]+)?)"
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
    OPENING
    + r"(?:roll\s*(?:it|that|this)\s*back|rollback(?:\s+(?:it|that|this))?|roll\s*back(?=\W*$)|roll\s*back\s+(?:it|"
    r"that|this))"
    r"(?P<rest>(?:\s+to\s+(?:revision\s+)?\d+)?)(?:\s+please)?\W*$",
    re.IGNORECASE,
)


_LIKE = re.compile(
    r"\W*(?:(?:and|now|ok)\W+)*(?:the\s+)?same(?:\s+thing)?\s+(?:but\s+)?(?:with|for|"
    r"using)\s+(?P<what>[a-z][\w./:-]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


_THERE = re.compile(r"\s+(?:over\s+)?there\W*$", re.IGNORECASE)


_IT = re.compile(r"(?<![\w./-])(?:it|them|that|this)(?![\w./-])", re.IGNORECASE)


_ROLLED = frozenset({"deployment", "statefulset", "daemonset", "release"})


_FIRST_MADE = frozenset({"kubernetes.create_deployment", "helm.install"})


SHORT = 8
"""Words of a text that can be a mere change of the last plan."""


_ROLE = re.compile(
    rf"\W*(?:and|also|plus|then)\s+the\s+(?P<role>{'|'.join(ROLES)})(?:\s+(?:too|as\s+well|"
    r"please))*\W*$",
    re.IGNORECASE,
)
_OFF = re.compile(
    OPENING + r"(?:take|get|pull|remove|move)\s+(?:the\s+)?(?:container\s+)?(?P<name>[\w.-]+)\s+(?:off|out)(?:\s+of)?"
    r"(?:\s+(?:it|that|there|the\s+network))?(?:\s+(?:again|please|too))*\W*$",
    re.IGNORECASE,
)
_ROTATE = re.compile(
    OPENING + r"(?:rotate|change|set|switch|update)(?:\s+(?:it|that|the\s+(?:key|value|secret|password|"
    r"token)))?\s+to\s+"
    r"(?P<value>[^\s,;]+)\W*$",
    re.IGNORECASE,
)


def _rotated(value: str, plan: Plan) -> str | None:
    """Another value for the only key of the config map or secret that the last plan wrote."""
    step = plan.steps[-1]
    kind, name, keys = "", "", []
    if step.operation == "kubernetes.set_data":
        kind, name = str(step.fields.get("kind") or "configmap"), str(step.fields.get("object"))
        held = step.fields.get("secret_data") or step.fields.get("data")
        keys = list(held) if isinstance(held, dict) else []
    else:
        thing = thing_of(step)
        if step.operation != "kubernetes.apply" or thing is None or thing.kind not in ("secret", "configmap"):
            return None
        manifest = str(step.fields.get("manifest") or "")
        kind, name, keys = thing.kind, thing.name, re.findall(r'^  "([^"]+)": ', manifest, re.MULTILINE)
    if len(keys) != 1:
        return None
    space = step.fields.get("namespace")
    return f"set {keys[0]}={value} in {kind} {name}" + (f" in namespace {space}" if space else "")


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
        if any(step.operation in _FIRST_MADE and not step.fields.get("if_exists") for step in plan.steps):
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
    role = _ROLE.match(text)
    verb = VERB_OF.get(plan.steps[-1].operation.partition(".")[2])
    if role is not None and verb is not None and plan.steps[-1].operation.startswith("docker."):
        return f"{verb} the {role['role']}", f"taken as: {verb} the {role['role']}"
    rotated = _ROTATE.match(text)
    for _, before in plans(context) if rotated is not None else ():
        renewed = _rotated(rotated["value"], before) if rotated is not None else None
        if renewed is not None:
            return renewed, f"taken as: {renewed}"
        if before is not plan or plan.steps[-1].operation != "kubernetes.describe":
            break
    off = _OFF.match(text)
    linked = next((s for s in reversed(plan.steps) if s.operation == "docker.connect_network"), None)
    if off is not None and linked is not None:
        request = f'disconnect container "{off["name"]}" from network {linked.fields["network"]}'
        return request, f"taken as: {request}".replace('"', "")
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


_FIXED = re.compile(
    r"\W*(?:(?:and|ok|now|please)\W+)*(?:drop|delete|remove|stop|forget)\s+(?:it|that|the\s+(?:autoscaler|hpa|"
    r"autoscaling))\W+"
    r"(?:(?:and|just|then|use|run|a|go|with|back|to|scale|set|fixed|at|it)\W+)*(?P<count>\d+)(?:\s+(?:pods?|replicas?|"
    r"copies))?\W*$",
    re.IGNORECASE,
)


def _autoscaled(text: str, manifest: str, plan: Plan) -> str | None:
    """Other numbers for the autoscaler of the last plan."""
    from reign_agents.specialists.kubernetes.autoscaling import changed

    fixed, scaled = _FIXED.match(text), re.search(r"^    kind: (\w+)\n    name: (\S+)", manifest, re.MULTILINE)
    if fixed is not None and scaled is not None:
        space = plan.steps[-1].fields.get("namespace")
        where = f" in namespace {space}" if space else ""
        name = re.search(r"^metadata:\s*\n\s+name: (\S+)", manifest, re.MULTILINE)
        own = name[1] if name is not None else scaled[2]
        kind = scaled[1].lower()
        return f"delete hpa {own}{where} and then scale {kind} {scaled[2]} to {fixed['count']}{where}"
    if len(text.split()) > SHORT or re.search(r"\b(?:drop|delete|remove|scale|stop)\b", text, re.IGNORECASE):
        return None
    request = changed(text, manifest)
    space = plan.steps[-1].fields.get("namespace")
    return request if request is None or not space else f"{request} in namespace {space}"


def names_an_image(word: str) -> bool:
    """Whether a word is an image: well known, or with a tag or a registry."""
    return word.partition(":")[0].rsplit("/", 1)[-1].lower() in lexicon().images or ":" in word
