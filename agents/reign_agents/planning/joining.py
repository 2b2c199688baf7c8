"""Several wishes as one graph: who waits for whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pydantic import JsonValue

from reign_agents.plan.model import Step
from reign_agents.planning.recipe import Outline
from reign_agents.planning.wish import Thing
from reign_executors.operation import JsonObject, Query
from reign_executors.registry import Registry

_SUBJECTS = (
    ("release", "release"),
    ("container", "container"),
    ("destination", "file"),
    ("path", "file"),
    ("volume", "volume"),
    ("network", "network"),
    ("tag", "image"),
    ("image", "image"),
)
_DESTRUCTIVE_WORDS = "remove destroy uninstall rollback stop command script exec kill prune restart pause move rename"
_DESTRUCTIVE = tuple(_DESTRUCTIVE_WORDS.split())
_MAKING_WORDS = "run create install import build tag pull write append make copy link move rename"
_MAKING = tuple(_MAKING_WORDS.split())

_OF_CHARTS = frozenset({"helm.create_chart", "helm.lint", "helm.template", "helm.show_chart"})
_KINDS_OF = {
    "kubernetes.create_namespace": "namespace",
    "kubernetes.exec": "pod",
    "kubernetes.logs": "pod",
    "kubernetes.set_data": "configmap",
    "kubernetes.cordon": "node",
    "kubernetes.uncordon": "node",
}
"""Operation → kind of its object where no field says it."""


SERVED = re.compile(
    r"^ssh -o BatchMode=yes (?P<host>[\w.@-]+) '(?:systemctl \w+|journalctl -u) (?P<name>[\w.@-]+)(?: [^']*)?'$"
)
"""A command about a service of another machine."""


@dataclass(frozen=True, slots=True)
class Part:
    """One wish's outline; ``then``: the words say that it comes after the others."""

    outline: Outline
    then: bool


def thing_of(step: Step) -> Thing | None:
    """What a step is about, so that "it" can mean it later."""
    if step.operation.startswith("git."):
        return _thing_of_git(step)
    if step.operation.startswith("shell."):
        served = SERVED.match(str(step.fields.get("command") or ""))
        return None if served is None else Thing("unit", f"{served['name']} on {served['host']}")
    if step.operation == "kubernetes.apply":
        return _thing_applied(step)
    if step.operation.startswith("kubernetes."):
        kind, name = step.fields.get("kind") or _KINDS_OF.get(step.operation, "deployment"), step.fields.get("object")
        return Thing(str(kind), name) if isinstance(name, str) else None
    if step.operation in _OF_CHARTS:
        name = step.fields.get("path") or step.fields.get("chart")
        return Thing("chart", str(name)) if isinstance(name, str) else None
    if step.operation.startswith("terraform."):
        return Thing("stack", str(step.fields.get("folder", ".")))
    for key, kind in _SUBJECTS:
        name = step.fields.get("to") if step.operation == "docker.rename" else step.fields.get(key)
        if isinstance(name, str):
            directory = kind == "file" and step.operation in ("file.make_directory", "file.list")
            return Thing("directory" if directory else kind, name)
    return None


def _thing_applied(step: Step) -> Thing | None:
    """The object of a manifest that has only one."""
    manifest = step.fields.get("manifest")
    if not isinstance(manifest, str) or "\n---" in manifest:
        return None
    kind = re.search(r"^kind:\s*(\w+)", manifest, re.MULTILINE)
    name = re.search(r"^metadata:\s*\n\s+name:\s*[\"']?([\w.-]+)", manifest, re.MULTILINE)
    return Thing(kind[1].lower(), name[1]) if kind is not None and name is not None else None


def _thing_of_git(step: Step) -> Thing | None:
    for key in ("tag", "branch"):
        name = step.fields.get(key)
        if isinstance(name, str):
            return Thing(key, name)
    if step.operation in ("git.commit", "git.revert"):
        return Thing("commit", "HEAD")
    place = step.fields.get("into")
    return Thing("directory", place) if isinstance(place, str) else None


def things_made(steps: Sequence[Step]) -> tuple[Thing, ...]:
    """What is there once these steps have run: later wishes may name it though it does not exist yet."""
    made: list[Thing] = []
    for step in steps:
        verb = step.operation.partition(".")[2].partition("_")[0]
        thing = thing_of(step)
        if thing is not None and verb in _MAKING:
            made.append(thing)
    return tuple(dict.fromkeys(made))


def joined(parts: Sequence[Part], registry: Registry) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """All outlines as one list of steps with ids of its own, and all assumptions.

    A wish waits for those before it when the words say so, when it uses what they make, when it only looks and they
    change something; a destructive one waits for all before it, and all after it wait for it.
    """
    steps: list[Step] = []
    assumptions: list[str] = []
    ends: list[tuple[str, ...]] = []
    for number, part in enumerate(parts):
        outline = part.outline
        ids = {step.id: f"s{len(steps) + count}" for count, step in enumerate(outline.steps, 1)}
        before = [end for other, end in zip(parts[:number], ends, strict=True) if _waits(part, other, registry)]
        awaited = tuple(dict.fromkeys(step for end in before for step in end))
        needed = {need for step in outline.steps for need in step.needs}
        for step in outline.steps:
            needs = tuple(ids[need] for need in step.needs) or awaited
            fields = _renamed(step.fields, ids)
            assert isinstance(fields, dict)
            steps.append(replace(step, id=ids[step.id], needs=needs, fields=fields))
        ends.append(tuple(ids[step.id] for step in outline.steps if step.id not in needed))
        assumptions += [text for text in outline.assumptions if text not in assumptions]
    return tuple(steps), tuple(assumptions)


def _waits(later: Part, earlier: Part, registry: Registry) -> bool:
    if "git" in (later.outline.agent, earlier.outline.agent):
        return True  # files, commits and refs of a repository build on each other
    if later.then or _destroys(later.outline) or _destroys(earlier.outline):
        return True
    if _only_looks(later.outline, registry) != _only_looks(earlier.outline, registry):
        return True
    made = {text for step in earlier.outline.steps for text in _texts(step.fields)}
    used = {text for step in later.outline.steps for text in _texts(step.fields)}
    return any(_uses(one, other) for one in used for other in made)


def _uses(used: str, made: str) -> bool:
    if used == made:
        return True
    source = used.partition(":")[0]
    if "/" not in source and "/" not in made:
        return source == made
    inner = PurePosixPath(made)
    folders = [str(folder) for folder in inner.parents if str(folder) not in (".", "/")]
    return (
        source == made
        or inner in PurePosixPath(source).parents
        or source.endswith(f"/{made}")
        or any(source.rstrip("/") == folder or source.endswith(f"/{folder}") for folder in folders)
    )


def _texts(fields: JsonObject) -> list[str]:
    """The names and paths a step's fields hold: what links it to other steps."""
    found: list[str] = []
    for key, value in fields.items():
        if key in ("content", "command", "host", "mode", "memory", "restart", "if_exists"):
            continue
        values = value if isinstance(value, list) else [value]
        found += [item for item in values if isinstance(item, str) and item not in (".", "/")]
    return found


def _destroys(outline: Outline) -> bool:
    return any(step.operation.partition(".")[2].partition("_")[0] in _DESTRUCTIVE for step in outline.steps)


def _only_looks(outline: Outline, registry: Registry) -> bool:
    return all(issubclass(registry.find(step.operation), Query) for step in outline.steps)


def _renamed(value: JsonValue, names: dict[str, str]) -> JsonValue:
    if isinstance(value, dict):
        if set(value) == {"$from"}:
            step, _, path = str(value["$from"]).partition(".")
            return {"$from": f"{names.get(step, step)}.{path}"}
        return {name: _renamed(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return value
