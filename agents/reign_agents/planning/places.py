"""Where the session's last plan acted, what else there is of its kind, and what "staging" can mean for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.wish import Thing
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject

PLACE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "docker": ("context",),
    "kubernetes": ("context", "namespace"),
    "helm": ("context", "namespace"),
    "terraform": ("folder", "workspace"),
    "git": ("repo",),
}
"""First part of an operation's name → the fields that say where it acts."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """A Query that lists names: its fields, the output with the rows, and the key of a row's name (None: a string)."""

    operation: str
    rows: str
    key: str | None
    fields: Mapping[str, JsonValue]


_PLACES: Mapping[str, Mapping[str, _Listing]] = {
    "kubernetes": {
        "namespace": _Listing("kubernetes.list", "objects", "name", {"kind": "namespace"}),
        "context": _Listing("kubernetes.contexts", "contexts", "name", {}),
    },
    "terraform": {"workspace": _Listing("terraform.workspaces", "workspaces", None, {})},
}
_SHARED = {"helm": "kubernetes"}
_WORKLOADS = ("deployment", "statefulset", "daemonset", "pod", "service", "job", "cronjob", "configmap", "secret")
_OF_KIND: Mapping[str, _Listing] = {
    "container": _Listing("docker.list_containers", "containers", "name", {"all": True}),
    "volume": _Listing("docker.list_volumes", "volumes", "name", {}),
    "network": _Listing("docker.list_networks", "networks", "name", {}),
    "release": _Listing("helm.list", "releases", "release", {}),
    **{kind: _Listing("kubernetes.list", "objects", "name", {"kind": kind}) for kind in (*_WORKLOADS, "node")},
}


def place_of(plan: Plan) -> dict[str, dict[str, JsonValue]]:
    """Family → the place fields of the plan's last step of that family that names any."""
    found: dict[str, dict[str, JsonValue]] = {}
    for step in plan.steps:
        family = step.operation.partition(".")[0]
        place = {name: step.fields[name] for name in PLACE_FIELDS.get(family, ()) if step.fields.get(name) is not None}
        if place:
            found[family] = place
    return found


def placed(context: PlanningContext, plan: Plan) -> PlanningContext:
    """The context as if the person had chosen the last plan's contexts and namespace for what follows."""
    place = place_of(plan)
    cluster = {**place.get("helm", {}), **place.get("kubernetes", {})}
    return _chosen(context, cluster.get("context"), cluster.get("namespace")) if cluster else context


def in_context(context: PlanningContext, name: str) -> PlanningContext:
    """The context as if the person had chosen that context of the kubeconfig."""
    return _chosen(context, name, None)


def with_context(step: Step, name: str, context: PlanningContext) -> Step:
    """The step in that context of the kubeconfig, where it acts on a cluster and names no other."""
    known = step.operation.startswith(("kubernetes.", "helm.")) and (
        "context" in context.registry.find(step.operation).model_fields
    )
    return replace(step, fields={"context": name, **step.fields}) if known else step


async def contexts(context: PlanningContext) -> list[str]:
    """The contexts of the kubeconfig."""
    return await _names(_PLACES["kubernetes"]["context"], {}, context)


def _chosen(context: PlanningContext, kube_context: JsonValue, namespace: JsonValue) -> PlanningContext:
    settings = replace(
        context.settings,
        kube_context=str(kube_context) if kube_context is not None else context.settings.kube_context,
        namespace=str(namespace) if namespace is not None else context.settings.namespace,
    )

    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        defaults = settings.defaults(operation)
        if fields.get("all_namespaces"):
            defaults.pop("namespace", None)
        return await context.look(operation, {**defaults, **fields})

    return replace(context, settings=settings, look=look)


def with_place(step: Step, plan: Plan, context: PlanningContext) -> Step:
    """The step with the last plan's place written in where it names none."""
    family = step.operation.partition(".")[0]
    known = context.registry.find(step.operation).model_fields
    place = place_of(plan).get(family, {})
    missing = {
        name: value for name, value in place.items() if name in known and step.fields.get(name) is None and value != "."
    }
    from reign_agents.specialists.kubernetes.said import CLUSTER_WIDE

    wide = step.operation == "kubernetes.create_namespace" or step.fields.get("kind") in CLUSTER_WIDE
    if step.fields.get("all_namespaces") or wide:
        missing.pop("namespace", None)
    return replace(step, fields={**step.fields, **missing}) if missing else step


async def _names(listing: _Listing, more: Mapping[str, JsonValue], context: PlanningContext) -> list[str]:
    """The names listed; none where the system cannot be asked (then the person is)."""
    try:
        out = await context.look(listing.operation, {**listing.fields, **more})
    except OperationError:
        return []
    rows: Any = out.get(listing.rows) or ()
    return [str(row if listing.key is None else row[listing.key]) for row in rows]


async def siblings(thing: Thing, plan: Plan, context: PlanningContext) -> list[str]:
    """The names of the other things of that kind in the same place."""
    listing = _OF_KIND.get(thing.kind)
    if listing is None:
        return []
    family = listing.operation.partition(".")[0]
    place = place_of(plan).get(family, {})
    return [name for name in await _names(listing, place, context) if name != thing.name]


async def meanings(word: str, plan: Plan, context: PlanningContext) -> list[tuple[str, str]]:
    """What a bare word can mean as a place of the plan's steps: (field, its whole name), exact names before parts."""
    family = next((one for step in plan.steps if (one := step.operation.partition(".")[0]) in PLACE_FIELDS), "")
    exact: list[tuple[str, str]] = []
    partly: list[tuple[str, str]] = []
    place = place_of(plan).get(family, {})
    for field, listing in _PLACES.get(_SHARED.get(family, family), {}).items():
        where = {name: value for name, value in place.items() if name == "folder"}
        if field == "namespace" and "context" in place:
            where["context"] = place["context"]
        for name in await _names(listing, where, context):
            if name == word:
                exact.append((field, name))
            elif word in name.replace("_", "-").split("-") or (len(word) >= 4 and name.startswith(word)):
                partly.append((field, name))
    return exact[:1] or partly


def place_words(plan: Plan) -> tuple[str, ...]:
    """The kinds of places the plan's steps can be moved to: ``("namespace", "context")``."""
    for step in plan.steps:
        family = step.operation.partition(".")[0]
        found = _PLACES.get(_SHARED.get(family, family))
        if found:
            return tuple(found)
    return ()
