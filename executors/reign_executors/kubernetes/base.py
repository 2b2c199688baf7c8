"""What all kubernetes operations share: context, namespace, the pinned target, objects found by kind and name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, PrivateAttr

from reign_executors.call import Call
from reign_executors.effect import Choice, Problem
from reign_executors.errors import NotFound, OperationError, TargetMoved
from reign_executors.kubernetes.client import Cluster, Json, cluster, learn
from reign_executors.kubernetes.contexts import current_context, namespace_of
from reign_executors.kubernetes.kinds import Kind, kind_word, known_kind
from reign_executors.kubernetes.objects import stamp, uid_of
from reign_executors.operation import Change, Operation, Query
from reign_executors.target import Target


def _not_blank(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    return value


Name = Annotated[str, AfterValidator(_not_blank)]
ObjectName = Annotated[Name, Field(description="name of the object")]
KindName = Annotated[Name, Field(description="kind: pod, deployment, service, configmap, ingress, crd …")]
Context = Annotated[str | None, Field(description="kubeconfig context; none = the current one")]
Namespace = Annotated[str | None, Field(description="namespace; none = the one the context chooses")]
ExpectedUid = Annotated[str | None, Field(description="uid it must have: another of that name is never touched")]


@dataclass(frozen=True, slots=True)
class Ref:
    """One object: its kind, its namespace (None: the cluster's), its name."""

    kind: Kind
    namespace: str | None
    name: str

    @property
    def resource(self) -> str:
        return self.kind.resource(self.namespace, self.name)

    def path(self, sub: str | None = None) -> str:
        return self.kind.path(self.namespace, self.name, sub)


class KubernetesOperation(Operation):
    """An operation on one cluster."""

    context: Context = None
    namespace: Namespace = None

    def cluster(self, call: Call) -> Cluster:
        learn.set(call.learn)
        return cluster(self.context, call.environment)

    def space(self, call: Call | None = None) -> str:
        """The namespace: the field, else what the context chooses."""
        return self.namespace or namespace_of(self.context, None if call is None else call.environment)

    async def resource(self, call: Call) -> str:
        """``shop/deployment/web``, ``namespace/shop``; ``cluster`` for what concerns all of it."""
        return "cluster"

    async def target(self, call: Call) -> Target:
        here = self.cluster(call)
        return Target(
            tool="kubernetes",
            context=here.where.context,
            resource=await self.resource(call),
            identity=await here.identity(),
        )

    def pinned(self, target: Target) -> Self:
        parts = target.resource.split("/")
        changed: dict[str, Any] = {"context": target.context}
        if len(parts) >= 3 and self.namespace is None:
            changed["namespace"] = parts[0]
        if all(getattr(self, name) == value for name, value in changed.items()):
            return self
        return self.model_copy(update=changed)

    def locks(self) -> frozenset[str]:
        name = self.context or current_context()
        return frozenset(f"kubernetes:{name}/{resource}" for resource in self.touched())

    def touched(self) -> Iterable[str]:
        """Resources that nobody else may touch meanwhile."""
        return ()

    def flags(self) -> str:
        """``--context``/``-n`` for a command line that a person reads."""
        context = f" --context {self.context}" if self.context else ""
        namespace = f" -n {self.namespace}" if self.namespace else ""
        return context + namespace


class KubernetesQuery(KubernetesOperation, Query):
    """A read of a cluster."""


class KubernetesChange(KubernetesOperation, Change):
    """A change of a cluster. ``_seen`` keeps the stamps found by ``preview`` or ``capture`` (empty: it was not there),
    for ``execute`` to insist on."""

    _seen: dict[str, str] = PrivateAttr(default_factory=dict)
    timeout: ClassVar[float] = 180.0

    def saw(self, resource: str, found: Json | None) -> None:
        self._seen[resource] = "" if found is None else stamp(found)

    def insist(self, resource: str, found: Json | None) -> None:
        """``TargetMoved`` when the object is no longer the one that was looked at, or not as it was."""
        seen = self._seen.get(resource)
        if seen is None:
            return
        now = "" if found is None else stamp(found)
        if now == seen:
            return
        if not seen:
            what = "it is there now, and was not"
        elif not now:
            what = "it is gone"
        elif now.split()[0] != seen.split()[0]:
            what = "it is another object now"
        else:
            what = "its content is not what it was"
        raise TargetMoved(f"{resource} moved since it was looked at: {what}", "look at it and plan again")


async def reference(here: Cluster, kind: str, name: str, namespace: str) -> Ref:
    """The object that kind and name mean; the kind is asked of the server where it must be."""
    found = await here.kind(kind)
    return Ref(found, namespace if found.namespaced else None, name)


def resource_name(kind: str, name: str, namespace: str) -> str:
    """The resource's name without asking a server; unknown kinds count as namespaced."""
    known = known_kind(kind)
    if known is not None:
        return known.resource(namespace, name)
    return f"{namespace}/{kind_word(kind)}/{name}"


async def look(here: Cluster, ref: Ref) -> Json | None:
    return await here.get(ref.kind, ref.namespace, ref.name)


async def near_names(here: Cluster, ref: Ref) -> list[str]:
    """Names like that one, in its namespace; empty when they can't be listed."""
    try:
        items = await here.list(ref.kind, ref.namespace)
    except OperationError:
        return []
    names = [str(item["metadata"]["name"]) for item in items]
    return difflib.get_close_matches(ref.name, names, n=3, cutoff=0.5)


async def elsewhere(here: Cluster, ref: Ref) -> list[str]:
    """Namespaces that have an object of that kind and name."""
    if not ref.kind.namespaced:
        return []
    try:
        items = await here.list(ref.kind, None, fieldSelector=f"metadata.name={ref.name}")
    except OperationError:
        return []
    return sorted(str(item["metadata"]["namespace"]) for item in items)[:3]


async def need(here: Cluster, ref: Ref) -> Json:
    """Like :func:`look`; ``NotFound`` naming what is near when it is not there."""
    found = await look(here, ref)
    if found is not None:
        return found
    raise NotFound(_missing_text(ref), await _way_out(here, ref))


def _missing_text(ref: Ref) -> str:
    place = f" in the namespace {ref.namespace}" if ref.namespace is not None else ""
    return f"there is no {ref.kind.singular} {ref.name}{place}"


async def _way_out(here: Cluster, ref: Ref) -> str:
    near = await near_names(here, ref)
    if near:
        return f"did you mean {', '.join(near)}?"
    others = await elsewhere(here, ref)
    if others:
        return f"there is one in the namespace {', '.join(others)} (-n {others[0]})"
    flag = f" -n {ref.namespace}" if ref.namespace is not None else ""
    return f"kubectl get {ref.kind.plural}{flag} shows what is there"


async def missing(here: Cluster, ref: Ref, field: str = "object") -> Problem:
    """The problem of a name that is not there, with the nearest ones and other namespaces to choose."""
    near = await near_names(here, ref)
    choices = [Choice(key=f"use-{other}", label=f"take {other}", fields={field: other}) for other in near]
    if not near:
        choices += [
            Choice(key=f"in-{other}", label=f"take the one in {other}", fields={"namespace": other})
            for other in await elsewhere(here, ref)
        ]
    return Problem(text=_missing_text(ref), choices=tuple(choices))


def insist_uid(ref: Ref, found: Json, expect: str | None) -> None:
    if expect and uid_of(found) != expect:
        raise TargetMoved(f"{ref.resource} is another object now", "look at it and plan again")
