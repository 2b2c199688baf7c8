"""What mends a fault that was found: steps to propose, from what the reads gave. Nothing here runs anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan, Step, digest
from reign_executors.operation import JsonObject

_ROLLED_OUT = ("deployment", "statefulset", "daemonset")
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[kMGTPE]i?|)")
_SMALLEST = 16 * 1024 * 1024
"""Bytes of memory below which doubling a limit would only fail once more."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that may not be well.

    ``fields`` name it as the reads did, ``live`` is what the system says it is (empty where nobody asked),
    ``revisions`` go from the oldest to the one that runs, ``told`` is the sign of the fault.
    """

    family: str
    fields: JsonObject
    live: Mapping[str, Any] = field(default_factory=dict)
    revisions: Sequence[Mapping[str, Any]] = ()
    told: str = ""

    @property
    def place(self) -> JsonObject:
        """The fields that say where it is."""
        return {key: self.fields[key] for key in ("context", "namespace") if self.fields.get(key) is not None}

    @property
    def name(self) -> str:
        return str(self.fields.get("object") or self.fields.get("container") or self.fields.get("release") or "")


Remedy = Callable[[Case], Sequence[Step]]
"""The steps that mend a case; none where this remedy does not fit it."""


def case_of(step: Step, results: Results, told: str) -> Case:
    """All that the reads gave of the thing which ``step`` was about."""
    family = step.operation.partition(".")[0]
    key = {"kubernetes": "object", "docker": "container", "helm": "release"}.get(family, "")
    live: Mapping[str, Any] = {}
    revisions: Sequence[Mapping[str, Any]] = ()
    for other, outputs in results.values():
        if outputs is None or not key or other.fields.get(key) != step.fields.get(key):
            continue
        if other.operation in ("kubernetes.get", "docker.inspect") and isinstance(found := outputs.get("object"), dict):
            live = found
        rows: Any = outputs.get("revisions")
        if other.operation == "kubernetes.rollout_history" and isinstance(rows, list):
            revisions = rows
        elif other.operation == "helm.history" and isinstance(rows, list):
            revisions = rows[::-1]
    return Case(family, step.fields, live, revisions, told)


def proposal(steps: Sequence[Step], about: str) -> Plan:
    """The steps as a plan to be approved. The same steps give the same plan id."""
    request = f"{about}: {steps[0].why}" if about else steps[0].why
    named = tuple(
        Step(f"s{number}", step.operation, step.fields, step.why, (f"s{number - 1}",) if number > 1 else (), step.agent)
        for number, step in enumerate(steps, 1)
    )
    content: list[JsonValue] = [[step.operation, step.fields] for step in named]
    name = digest(content).partition(":")[2][:8]
    return Plan(f"p_{name}", request, "update", 1.0, named)


def _step(operation: str, fields: JsonObject, why: str) -> Step:
    kept: JsonObject = {key: value for key, value in fields.items() if value is not None}
    return Step("s1", operation, kept, why, (), operation.partition(".")[0])


def workload(case: Case) -> tuple[str, str] | None:
    """Kind and name of what rolls the object out: itself, or the owner of a pod; None where nothing does."""
    if case.family != "kubernetes":
        return None
    kind = str(case.fields.get("kind") or case.live.get("kind") or "deployment").lower()
    if kind in _ROLLED_OUT:
        return kind, case.name
    metadata = case.live.get("metadata") or {}
    owner: Mapping[str, Any] = next(iter(metadata.get("ownerReferences") or ()), {})
    owned, name = str(owner.get("kind") or "").lower(), str(owner.get("name") or "")
    if owned == "replicaset":
        made_of = str((metadata.get("labels") or {}).get("pod-template-hash") or "")
        if made_of and name.endswith(f"-{made_of}"):
            return "deployment", name.removesuffix(f"-{made_of}")
    return (owned, name) if owned in _ROLLED_OUT and name else None


def _containers(case: Case) -> list[dict[str, Any]]:
    spec = case.live.get("spec") or {}
    pod = spec if case.live.get("kind") == "Pod" else (spec.get("template") or {}).get("spec") or {}
    return list(pod.get("containers") or ())


def doubled(quantity: str) -> str | None:
    """Twice a quantity of memory in its own unit, at least 16 Mi: ``64Mi`` → ``128Mi``; None for what is none."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        return None
    unit = found["unit"]
    base = 1024 if unit.endswith("i") else 1000
    factor = base ** ("kmgtpe".index(unit[0].lower()) + 1) if unit else 1
    twice = float(found["number"]) * 2
    if twice * factor < _SMALLEST:
        return "32Mi"
    return f"{twice:g}{unit}" if twice < 1e6 else f"{int(twice)}{unit}"


def more_memory(case: Case) -> Sequence[Step]:
    """Twice the memory limit of the container that was killed."""
    return _more_for_container(case) if case.family == "docker" else _more_for_workload(case)


def _more_for_workload(case: Case) -> Sequence[Step]:
    owner = workload(case)
    limited = {
        str(one.get("name")): str(limit)
        for one in _containers(case)
        if (limit := ((one.get("resources") or {}).get("limits") or {}).get("memory"))
    }
    told = [name for name in limited if re.search(rf"\bcontainer {re.escape(name)}\b", case.told)]
    named = told or list(limited)
    if owner is None or len(named) != 1:
        return ()
    before, after = limited[named[0]], doubled(limited[named[0]])
    if after is None:
        return ()
    fields: JsonObject = {**case.place, "kind": owner[0], "object": owner[1], "memory": after}
    if len(_containers(case)) > 1:
        fields["container"] = named[0]
    return (_step("kubernetes.set_resources", fields, f"{owner[1]} gets {after} of memory rather than {before}"),)


def _more_for_container(case: Case) -> Sequence[Step]:
    limit = int((case.live.get("HostConfig") or {}).get("Memory") or 0)
    if not limit:
        return ()
    megabytes = max(limit * 2, _SMALLEST) // (1024 * 1024)
    about: JsonObject = {**case.place, "container": case.name}
    running = (case.live.get("State") or {}).get("Running")
    return (
        _step("docker.update", {**about, "memory": f"{megabytes}m"}, f"{case.name} gets {megabytes} MiB of memory"),
        _step("docker.restart" if running else "docker.start", about, f"{case.name} starts with that"),
    )


def earlier_revision(case: Case) -> Sequence[Step]:
    """Back to the revision before the one that runs, where there is one."""
    if case.family == "helm":
        return _earlier_release(case)
    owner = workload(case)
    if case.family != "kubernetes" or owner is None or len(case.revisions) < 2 or owner[1] != case.name:
        return ()
    now, before = case.revisions[-1], case.revisions[-2]
    images: Any = before.get("images") or ()
    same = now.get("images") == before.get("images")
    what = f" ({', '.join(map(str, images))})" if images and not same else ""
    fields: JsonObject = {
        **case.place, "kind": owner[0], "object": owner[1], "to_revision": int(before["revision"]),
    }  # fmt: skip
    why = f"{owner[1]} goes back to revision {before['revision']}{what}"
    return (_step("kubernetes.rollout_undo", fields, why),)


def _earlier_release(case: Case) -> Sequence[Step]:
    good = [row for row in case.revisions[:-1] if row.get("status") in ("superseded", "deployed")]
    if not good:
        return ()
    number = int(good[-1]["revision"])
    fields: JsonObject = {**case.place, "release": case.name, "revision": number}
    return (_step("helm.rollback", fields, f"release {case.name} goes back to revision {number}"),)


def one_replica(case: Case) -> Sequence[Step]:
    """Something that is scaled to nothing runs once."""
    owner = workload(case)
    if owner is None or owner[0] == "daemonset":
        return ()
    fields: JsonObject = {**case.place, "kind": owner[0], "object": owner[1], "replicas": 1}
    return (_step("kubernetes.scale", fields, f"{owner[1]} runs once"),)


def on_container(operation: str, why: str) -> Remedy:
    """A remedy that does one thing to the container."""

    def remedy(case: Case) -> Sequence[Step]:
        if case.family != "docker":
            return ()
        fields: dict[str, JsonValue] = {**case.place, "container": case.name}
        return (_step(operation, fields, why.format(case.name)),)

    return remedy


def first(remedies: Sequence[Remedy], case: Case) -> Sequence[Step]:
    """The steps of the first remedy that fits."""
    return next((steps for remedy in remedies if (steps := remedy(case))), ())
