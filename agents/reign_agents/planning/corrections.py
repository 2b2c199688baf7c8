"""What a correction changes: values in the steps of a plan, as the operations spell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.words import NUMBERS
from reign_executors.operation import JsonObject
from reign_executors.redaction.names import is_secret_name


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a follow-up changes in the last plan: the fields it can mean, and the new value."""

    fields: tuple[str, ...]
    value: str
    said: str


_ADDED: Mapping[str, tuple[str, ...]] = {
    "port": ("docker.run",),
    "memory": ("docker.run", "kubernetes.create_deployment"),
    "cpus": ("docker.run",),
    "network": ("docker.run",),
    "replicas": ("kubernetes.create_deployment",),
    "namespace": ("kubernetes.", "helm."),
    "context": ("kubernetes.", "helm."),
    "workspace": ("terraform.",),
    "version": ("helm.install", "helm.upgrade"),
    "revision": ("kubernetes.rollout_undo", "helm.rollback"),
    "branch": ("git.push", "git.pull"),
}
"""What a change says → the operations that take its first field though the last plan left it out."""

IF_EXISTS: Mapping[str, str] = {
    "docker.run": "replace",
    "docker.create": "replace",
    "file.write": "replace",
    "file.copy": "replace",
    "kubernetes.create_deployment": "update",
    "helm.install": "upgrade",
}
"""Operation → what it does with what it made before when it is corrected."""

COUNT = rf"\d{{1,5}}|{'|'.join(NUMBERS)}"

_VARIABLES: Mapping[str, str] = {
    "docker.run": "environment", "docker.create": "environment", "kubernetes.create_deployment": "env",
    "kubernetes.set_env": "env", "terraform.plan": "variables", "terraform.apply": "variables",
    "terraform.destroy": "variables",
}  # fmt: skip
"""Operation → its field for variables."""

_CHANGES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        (
            r"(?:(?:with|add|use|and)\s+)*(?:an?\s+|the\s+)?(?:(?:volume|mount)\s+(?:the\s+)?(?:volume\s+|folder\s+)?"
            r"(?=\S+\s+(?:mounted\s+)?(?:at|on|to|into|under)\s+/)|(?:volume\s+)?(?=\S+:/\w))"
            r"(?P<value>[\w./~-]+(?:\s+(?:mounted\s+)?(?:at|on|to|into|under)\s+|:)/[\w./-]*)"
        ),
        ("volumes",),
        "volume",
    ),
    (
        (
            r"(?:(?:with|set|and|add|the|env|environment|variables?|vars?)\s+)*(?<![\w./-])"
            rf"(?P<value>[A-Za-z_]\w*={VALUE})"
        ),
        ("environment", "env", "variables"),
        "variable",
    ),
    (
        rf"(?:with\s+|to\s+)*(?:(?P<value>{COUNT})\s+(?:replicas?|copies|pods|instances)\b)",
        ("replicas",),
        "replicas",
    ),
    (rf"(?:with\s+|to\s+)*(?:replicas|x)\s*(?P<value>{COUNT})\b", ("replicas",), "replicas"),
    (
        rf"(?:(?:in|for|to|into|on)\s+)?(?:the\s+)?(?:namespace|ns)\s+(?P<value>{VALUE})",
        ("namespace",),
        "namespace",
    ),
    (rf"(?:(?:in|for|to|on)\s+)?(?:the\s+)?(?:context|cluster)\s+(?P<value>{VALUE})", ("context",), "context"),
    (rf"(?:(?:in|for|to|on)\s+)?(?:the\s+)?workspace\s+(?P<value>{VALUE})", ("workspace",), "workspace"),
    (rf"(?:(?:in|for|to|on)\s+)?(?:the\s+)?branch\s+(?P<value>{VALUE})", ("branch",), "branch"),
    (r"(?:to\s+)?(?:the\s+)?revision\s+(?P<value>\d+)", ("to_revision", "revision"), "revision"),
    (rf"(?:to\s+)?(?:the\s+)?(?:version|tag)\s+(?P<value>{VALUE})", ("version", "image"), "version"),
    (rf"(?:with\s+)?(?:the\s+)?message\s+(?P<value>{VALUE})", ("message",), "message"),
    (
        r"(?:on\s+|with\s+|at\s+|use\s+)*(?:the\s+)?ports?\s+(?:number\s+)?(?P<value>\d{1,5}(?::\d{1,5})?)",
        ("ports", "port"),
        "port",
    ),
    (rf"(?:with\s+|use\s+|from\s+)*(?:the\s+)?image\s+(?P<value>{VALUE})", ("image",), "image"),
    (
        rf"(?:with\s+)?(?:named?|called?|call\s+it|name\s+it|as|the\s+name)\s+(?:is\s+|it\s+)?(?P<value>{VALUE})",
        ("container", "object", "release", "volume", "network", "tag", "branch", "destination", "path"),
        "name",
    ),
    (
        r"(?:with\s+)?(?P<value>\d+(?:\.\d+)?\s*(?:[kmgt]i?b?|megs?|gigs?))(?:\s+(?:of\s+)?(?:memory|ram))?\b",
        ("memory",),
        "memory",
    ),
    (r"(?:with\s+)?(?P<value>half|\d+(?:\.\d+)?)\s+(?:of\s+)?(?:an?\s+)?(?:cpus?|cores?)", ("cpus",), "cpus"),
    (rf"(?:in\s+|with\s+)?(?:the\s+)?network\s+(?P<value>{VALUE})", ("network",), "network"),
    (r"(?:with\s+)?(?:the\s+)?(?:mode|permissions)\s+(?P<value>0?[0-7]{3})", ("mode",), "mode"),
    (rf"(?:with\s+)?(?:the\s+)?(?:text|content|saying|containing)\s+(?P<value>{VALUE})", ("content",), "content"),
    (rf"\b(?:to|into|in)\s+(?P<value>{VALUE})", ("destination", "folder", "to", "path"), "place"),
    (r"^\W*(?:to\s+)?v?(?P<value>\d+\.\d+[\w.-]*)\W*$", ("version", "image"), "version"),
    (r"\b(?:on|at|to|use|now)\s+(?P<value>\d{4,5})\W*$", ("ports", "port"), "port"),
    (r"^\W*(?P<value>\d{4,5})\W*$", ("ports", "port"), "port"),
    (r"^\W*(?P<value>\d{2,3})\W*$", ("ports", "port", "replicas"), "port"),
    (rf"^\W*(?:(?:to|now|only|just)\s+)*(?P<value>{COUNT})\W*$", ("replicas", "tail"), "number"),
)


def changes_said(scan: Scan) -> list[Change]:
    """The changes that the words ask for; what was understood is taken out of the scan."""
    found = []
    for pattern, fields, said in _CHANGES:
        value = scan.first(pattern)
        if value is not None:
            found.append(Change(fields, value, said))
    return found


def changed(steps: tuple[Step, ...], change: Change) -> tuple[tuple[Step, ...], int]:
    """The steps with the change made wherever its old value stands; how many fields it touched."""
    if change.said in ("variable", "volume"):
        return _added(steps, change)
    if change.said == "cpus" and any(step.operation in _LIMITED for step in steps):
        return _limited(steps, change.value)
    if change.said == "number" and not any(name in step.fields for step in steps for name in change.fields):
        numbered = [s for s in steps if re.search(r":v?\d+$", str(s.fields.get("image") or ""))]
        change = replace(change, fields=("image",), said="version") if numbered else change
    field = next((name for name in change.fields if any(name in step.fields for step in steps)), None)
    if field is None:
        first = change.fields[0]
        taking = _ADDED.get(change.said, ())
        patched = tuple(
            replace(s, fields={**s.fields, first: _first_value(first, change.value, s)})
            if s.operation.startswith(taking or "-")
            else s
            for s in steps
        )
        return patched, sum(one is not other for one, other in zip(patched, steps, strict=True))
    old = next(step.fields[field] for step in reversed(steps) if field in step.fields)
    owner = next(step.operation for step in reversed(steps) if field in step.fields)
    new = _value(field, change.value, old, change.said, of=owner)
    outer = _outer(old), _outer(new)
    optional = _ADDED.get(change.said, ()) if change.said in ("namespace", "context", "workspace") else ()

    def put(step: Step) -> Step:
        fields: dict[str, Any] = dict(step.fields)
        if fields.get(field) == old or (field not in fields and step.operation.startswith(optional)):
            fields[field] = new
        if field == "namespace" and step.operation == "kubernetes.create_namespace" and fields.get("object") == old:
            fields["object"] = new
        if field == "ports" and fields.get("port") == outer[0]:
            fields["port"] = outer[1]
        why = (
            step.why.replace(str(outer[0]), str(outer[1])) if field == "ports" else step.why.replace(str(old), str(new))
        )
        return replace(step, fields=fields, why=why)

    return tuple(put(step) for step in steps), 1


_LIMITED = ("kubernetes.set_resources", "kubernetes.create_deployment")


def _limited(steps: tuple[Step, ...], value: str) -> tuple[tuple[Step, ...], int]:
    """The steps with a limit of cpu in the cluster's spelling: half a core is ``500m``."""
    from reign_agents.specialists.docker.values import cores

    amount = cores(value)
    limit = f"{round(float(amount) * 1000)}m" if isinstance(amount, int | float) else value
    found = tuple(replace(s, fields={**s.fields, "cpu": limit}) if s.operation in _LIMITED else s for s in steps)
    return found, sum(one is not other for one, other in zip(found, steps, strict=True))


def _added(steps: tuple[Step, ...], change: Change) -> tuple[tuple[Step, ...], int]:
    """The steps with one more variable or volume, or another value of one that they have."""
    found = []
    for step in steps:
        fields: dict[str, Any] = dict(step.fields)
        if change.said == "volume" and step.operation in ("docker.run", "docker.create"):
            source, target = re.split(r"\s+(?:mounted\s+)?(?:at|on|to|into|under)\s+|:", change.value, maxsplit=1)
            others = [one for one in fields.get("volumes") or () if str(one).split(":")[1:2] != [target]]
            fields["volumes"] = [*others, f"{source}:{target}"]
        elif change.said == "variable" and (own := _VARIABLES.get(step.operation)) is not None:
            key, _, value = change.value.partition("=")
            if own == "environment" and is_secret_name(key):
                own = "secret_environment"
            fields[own] = {**(fields.get(own) or {}), key: value}
        found.append(step if fields == step.fields else replace(step, fields=fields))
    return tuple(found), sum(one is not other for one, other in zip(found, steps, strict=True))


def other_text(steps: tuple[Step, ...], text: str) -> tuple[Step, ...] | None:
    """The steps with another text in the only file that they write; None where they write none or several."""
    own = [step for step in steps if step.operation in ("file.write", "file.append")]
    if len(own) != 1:
        return None
    content = text if text.endswith("\n") else text + "\n"
    return tuple(replace(s, fields={**s.fields, "content": content}) if s in own else s for s in steps)


def other_value(steps: tuple[Step, ...], word: str) -> tuple[Step, ...] | None:
    """The steps with ``word`` where they have only one value that it can be: the only variable's, an image.

    An image that gave the container or the deployment its name gives it the new one, too.
    """
    from reign_agents.specialists.docker.known_images import base
    from reign_agents.understanding.lexicon import lexicon

    for field in ("env", "data", "secret_data"):
        held = [one for step in steps if isinstance(one := step.fields.get(field), dict)]
        if held and all(len(one) == 1 for one in held) and re.fullmatch(r"[\w.-]+", word):
            pair: dict[str, JsonValue] = {key: word for one in held for key in one}
            return tuple(replace(s, fields={**s.fields, field: pair}) if field in s.fields else s for s in steps)
    images = {str(step.fields["image"]) for step in steps if isinstance(step.fields.get("image"), str)}
    if len(images) != 1 or (
        word.partition(":")[0].rsplit("/", 1)[-1].lower() not in lexicon().images and ":" not in word
    ):
        return None
    old = images.pop()
    names = {"container", "object"}

    def put(step: Step) -> Step:
        fields: dict[str, Any] = {
            key: word if key == "image" else base(word) if key in names and value == base(old) else value
            for key, value in step.fields.items()
        }
        return replace(step, fields=fields, why=step.why.replace(old, word))

    return tuple(map(put, steps))


def _first_value(field: str, text: str, step: Step) -> JsonValue:
    """The value of a field that the step did not have; a port leads to where its image listens."""
    from reign_agents.specialists.docker.known_images import usual_port

    inner = usual_port(str(step.fields.get("image")))
    if field == "ports" and inner is not None and ":" not in text:
        return [f"{text}:{inner}"]
    return _value(field, text, None, of=step.operation)


def _outer(value: JsonValue) -> int | None:
    first = value[0] if isinstance(value, list) and value else value
    parts = str(first).split("/")[0].split(":")
    outer = parts[-2] if len(parts) > 1 else parts[0]
    return int(outer) if outer.isdigit() else None


def _value(field: str, text: str, old: JsonValue, said: str = "", *, of: str = "") -> JsonValue:
    """The value in the spelling of the operation ``of``."""
    from reign_agents.specialists.docker.values import cores, size
    from reign_agents.specialists.kubernetes.quantities import memory

    convert: Mapping[str, Callable[[str], JsonValue]] = {
        "ports": lambda t: _ports(t, old),
        "port": lambda t: int(t.split(":")[0]),
        "memory": memory if of.startswith("kubernetes.") else size,
        "cpus": cores,
        "replicas": lambda t: int(NUMBERS.get(t.lower(), t)),
        "tail": int,
        "revision": int,
        "to_revision": int,
        "image": lambda t: t if old is None or said != "version" else f"{_untagged(str(old))}:{t}",
        "content": lambda t: t if t.endswith("\n") else t + "\n",
    }
    return convert.get(field, str)(text)


def _untagged(image: str) -> str:
    base = image.partition("@")[0]
    head, _, last = base.rpartition("/")
    return f"{head}/{last.partition(':')[0]}" if head else last.partition(":")[0]


def _ports(text: str, old: JsonValue) -> list[JsonValue]:
    listed = list(old) if isinstance(old, list) else []
    if ":" in text:
        return [text, *listed[1:]]
    inside = str(listed[0]).rsplit(":", 1)[-1] if listed else text
    return [f"{text}:{inside}", *listed[1:]]


def replacing(step: Step) -> Step:
    """The step as it is done again over what it made before."""
    fields: JsonObject = step.fields
    how = IF_EXISTS.get(step.operation)
    return step if how is None else replace(step, fields={**fields, "if_exists": how})


def under_another_name(plan: Plan, name: str) -> tuple[Step, ...] | None:
    """What a done plan made, under another name: a container or a file."""
    for step in reversed(plan.steps):
        if step.operation == "docker.run":
            old = step.fields.get("container")
            return (Step("s1", "docker.rename", {"container": old, "to": name}, f"{old} becomes {name}", (), "docker"),)
        if step.operation in ("file.write", "file.make_directory", "file.copy"):
            old = step.fields.get("destination") or step.fields.get("path")
            return (
                Step("s1", "file.move", {"source": old, "destination": name}, f"{old} becomes {name}", (), "files"),
            )
    return None
