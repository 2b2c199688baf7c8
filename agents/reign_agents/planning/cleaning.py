"""What this session made, removed again: "clean up everything". Nothing that was there before is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import OPENING, plans
from reign_agents.store.records import RunRecord
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject

_CLEAN = re.compile(
    OPENING + r"(?:clean\s*up(?:\s+(?:everything|all(?:\s+of\s+(?:it|that|this))?|after\s+(?:yourself|me|us|this|"
    r"that)|here|now))*|"
    r"(?:remove|delete|destroy|get\s+rid\s+of|take\s+down)\s+(?:everything|all)\s+(?:(?:that\s+)?(?:you|we|i)(?:'ve|"
    r"\s+have)?\s+"
    r"(?:just\s+)?(?:made|created|started|did|set\s+up|deployed)|from\s+this\s+session|this\s+session\s+made)|"
    r"(?:tear|take)\s+(?:it\s+all|everything)\s+(?:all\s+)?down|(?:remove|delete)\s+(?:it\s+)?all\s+again)(?:\s+(?:again|"
    r"please|now))*\W*$",
    re.IGNORECASE,
)
_NAMED_VOLUME = re.compile(r"[A-Za-z0-9][\w.-]*$")
_DOC = re.compile(
    r"^kind:\s*(?P<kind>\w+).*?^metadata:\s*\n(?:\s+.*\n)*?\s+name:\s*[\"']?(?P<name>[\w.-]+)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Made:
    """One thing that the session made, and where."""

    kind: str
    name: str
    context: str | None = None
    namespace: str | None = None

    def place(self) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {"context": self.context, "namespace": self.namespace}
        return {key: value for key, value in found.items() if value is not None}


_ORDER = ("container", "release", "object", "network", "volume", "image", "namespace", "file", "directory")
"""What goes first: nothing that others still use."""


async def cleaned(text: str, context: PlanningContext) -> Draft | None:
    """A plan that removes what the session's runs made and is still there; None for other words or an empty session."""
    if _CLEAN.match(text) is None:
        return None
    made: dict[_Made, None] = {}
    for record, plan in reversed(plans(context)):
        if record.undone_by is None:
            made |= dict.fromkeys(_made_by(record, plan, context))
            made = dict.fromkeys(_renamed(one, plan) for one in made)
    spaces = {one.name for one in made if one.kind == "namespace"}
    left = [one for one in made if one.namespace not in spaces]
    there = [one for one in left if await _is_there(one, context)]
    stacks = _applied(context)
    if not there and stacks:
        question = f"Terraform made what is in {' and '.join(stacks)}. Should that be destroyed?"
        return Draft("destroy", 1.0, question=question, suggestions=tuple(f"destroy {one}" for one in stacks))
    if not there:
        return Draft("destroy", 1.0, answer="Nothing that this session made is there any more.")
    there.reverse()
    ordered = sorted(there, key=lambda one: _ORDER.index(_class(one)))
    steps = tuple(
        Step(f"s{at}", operation, fields, why, (f"s{at - 1}",) if at > 1 else (), operation.partition(".")[0])
        for at, (operation, fields, why) in enumerate(map(_removal, ordered), 1)
    )
    listed = ", ".join(f"{one.kind} {one.name}" for one in ordered)
    said = (
        f"made in this session and still there: {listed}",
        "what was only changed stays (to take that back: undo RUN)",
        *(f"what terraform made in {one} stays (to destroy it: destroy {one})" for one in stacks),
    )
    return Draft("destroy", 1.0, steps=steps, assumptions=said)


def _applied(context: PlanningContext) -> list[str]:
    """The folders that the session applied with terraform and did not destroy since."""
    found: dict[str, None] = {}
    for record, plan in reversed(plans(context)):
        for step in plan.steps if record.steps.done and record.undone_by is None else ():
            folder = str(step.fields.get("folder", "."))
            if step.operation == "terraform.apply":
                found[folder] = None
            elif step.operation == "terraform.destroy":
                found.pop(folder, None)
    return list(found)


def _renamed(one: _Made, plan: Plan) -> _Made:
    """The thing under the name that a plan gave it since."""
    for step in plan.steps:
        if step.operation == "docker.rename" and (one.kind, one.name) == ("container", step.fields.get("container")):
            return replace(one, name=str(step.fields["to"]))
        if step.operation == "file.move" and one.kind == "file" and one.name == step.fields.get("source"):
            return replace(one, name=str(step.fields["destination"]))
    return one


def _class(one: _Made) -> str:
    return one.kind if one.kind in _ORDER else "object"


def _done(record: RunRecord, plan: Plan, context: PlanningContext) -> Iterator[Step]:
    """The steps that were done and, as far as that is known, made something."""
    outcomes = {one.id: one.outcome for one in context.steps_of(record.run)}
    for step in plan.steps:
        if outcomes.get(step.id, record.outcome if not outcomes else None) != "done":
            continue
        changes = step.effect.changes if step.effect is not None else ()
        if not changes or any(one.action.value in ("create", "replace") for one in changes):
            yield step


def _made_by(record: RunRecord, plan: Plan, context: PlanningContext) -> Iterator[_Made]:
    for step in _done(record, plan, context):
        fields: dict[str, Any] = step.fields
        at = fields.get("context")
        match step.operation:
            case "docker.run" | "docker.create":
                for volume in fields.get("volumes") or ():
                    source = str(volume).partition(":")[0]
                    if ":" in str(volume) and _NAMED_VOLUME.match(source) and _created(step, f"volume/{source}"):
                        yield _Made("volume", source, at)
                yield _Made("container", str(fields.get("container")), at)
            case "docker.create_volume":
                yield _Made("volume", fields["volume"], at)
            case "docker.create_network":
                yield _Made("network", fields["network"], at)
            case "docker.build" | "docker.tag":
                yield _Made("image", str(fields.get("tag") or fields["image"]), at)
            case "helm.install":
                yield _Made("release", fields["release"], at, fields.get("namespace"))
            case "kubernetes.create_namespace":
                yield _Made("namespace", fields["object"], at)
            case "kubernetes.create_deployment":
                if fields.get("service") and fields.get("port"):
                    yield _Made("service", fields["object"], at, fields.get("namespace"))
                yield _Made("deployment", fields["object"], at, fields.get("namespace"))
            case "kubernetes.expose":
                name = str(fields.get("service") or fields["object"])
                yield _Made("service", name, at, fields.get("namespace"))
            case "kubernetes.apply":
                for one in _DOC.finditer(str(fields.get("manifest") or "")):
                    yield _Made(one["kind"].lower(), one["name"], at, fields.get("namespace"))
            case "file.make_directory":
                yield _Made("directory", fields["path"])
            case "file.write" | "file.copy" | "file.link" | "helm.create_chart":
                yield _Made("file", str(fields.get("destination") or fields.get("path")))


def _created(step: Step, resource: str) -> bool:
    """Whether a step made a resource, as far as its effect is known."""
    if step.effect is None:
        return True
    return any(one.resource == resource and one.action.value == "create" for one in step.effect.changes)


_LISTINGS: dict[str, tuple[str, JsonObject, str, str]] = {
    "container": ("docker.list_containers", {"all": True}, "containers", "name"),
    "volume": ("docker.list_volumes", {}, "volumes", "name"),
    "network": ("docker.list_networks", {}, "networks", "name"),
    "release": ("helm.list", {}, "releases", "release"),
}


async def _is_there(one: _Made, context: PlanningContext) -> bool:
    """Whether it is still there; what can't be asked is taken as there, its removal says so."""
    try:
        if one.kind in ("file", "directory"):
            return (context.settings.cwd / one.name).exists()
        if one.kind == "image":
            rows = _rows(await context.look("docker.list_images", {}), "images")
            return any(one.name in (row.get("tags") or ()) for row in rows)
        operation, fields, key, name = _LISTINGS.get(
            one.kind, ("kubernetes.list", {"kind": one.kind}, "objects", "name")
        )
        rows = _rows(await context.look(operation, {**fields, **one.place()}), key)
    except OperationError:
        return True
    return any(row.get(name) == one.name for row in rows)


def _rows(outputs: JsonObject, key: str) -> Sequence[Any]:
    rows: Any = outputs.get(key)
    return rows if isinstance(rows, list) else []


def _removal(one: _Made) -> tuple[str, JsonObject, str]:
    """Operation, fields and reason of what removes it."""
    why = f"remove the {one.kind} {one.name}"
    match one.kind:
        case "container":
            return "docker.remove_container", {**one.place(), "container": one.name, "force": True}, why
        case "volume" | "network" | "image":
            return f"docker.remove_{one.kind}", {**one.place(), one.kind: one.name}, why
        case "release":
            return "helm.uninstall", {**one.place(), "release": one.name}, why
        case "file":
            return "file.remove", {"path": one.name, "recursive": True}, f"remove {one.name}"
        case "directory":  # only when nothing that others put there is left in it
            return "file.remove", {"path": one.name}, f"remove the folder {one.name}"
    return "kubernetes.delete", {**one.place(), "kind": one.kind, "object": one.name}, why
