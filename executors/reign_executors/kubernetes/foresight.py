"""What goes with an object that is deleted: what it owns, the data of its claims, what is in a namespace."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reign_executors.docker.names import amount
from reign_executors.errors import NotFound, OperationError
from reign_executors.kubernetes.base import Ref
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.failures import Forbidden
from reign_executors.kubernetes.kinds import PV, Kind, known_kind
from reign_executors.kubernetes.objects import meta, uid_of

_OWNERS_OF_FEW: dict[str, tuple[str, ...]] = {
    "Deployment": ("replicaset", "pod"),
    "ReplicaSet": ("pod",),
    "ReplicationController": ("pod",),
    "StatefulSet": ("pod", "controllerrevision", "pvc"),
    "DaemonSet": ("pod", "controllerrevision"),
    "Job": ("pod",),
    "CronJob": ("job", "pod"),
    "Service": ("endpointslice",),
    **dict.fromkeys(
        (
            *("ConfigMap", "Secret", "Pod", "PersistentVolumeClaim", "ServiceAccount", "Ingress", "NetworkPolicy"),
            *("HorizontalPodAutoscaler", "PodDisruptionBudget", "Role", "RoleBinding", "ResourceQuota", "LimitRange"),
        ),
        (),
    ),
}
"""Kinds of which it is known what they may own; of others everything in the namespace is asked about."""

_FOLLOWS = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics", "ControllerRevision"})
"""Kinds that others make by themselves."""
_MADE_FOR_EVERY_NAMESPACE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Data:
    """One claim's data: what becomes of it and how many bytes were asked for."""

    claim: str
    size: int
    lost: bool
    policy: str


async def everything_in(here: Cluster, namespace: str) -> list[tuple[Kind, Json]]:
    """All objects of a namespace that this user may list, with their kinds."""
    kinds = [kind for kind in await here.kinds() if kind.namespaced and _listable(kind)]
    kinds = [kind for kind in kinds if not (kind.kind == "Event" and kind.group)]

    async def ask(kind: Kind) -> list[tuple[Kind, Json]]:
        try:
            return [(kind, item) for item in await here.list(kind, namespace)]
        except (Forbidden, NotFound):
            return []
        except OperationError as error:
            if "405" in error.cause or "not allow" in error.cause:
                return []  # a kind that can only be created (a review)
            raise

    seen: set[str] = set()
    found = []
    for part in await asyncio.gather(*(ask(kind) for kind in kinds)):
        for kind, item in part:
            if uid_of(item) not in seen:
                seen.add(uid_of(item))
                found.append((kind, item))
    return found


def _listable(kind: Kind) -> bool:
    reviews = {"Binding", "LocalSubjectAccessReview", "TokenRequest", "Eviction", "PodMetrics"}
    return kind.kind not in reviews


def made_by_itself(kind: Kind, item: Json) -> bool:
    """Whether nobody has to bring it back: events, endpoints, what every namespace has, what something else owns."""
    if kind.kind in _FOLLOWS or (kind.kind, str(meta(item).get("name"))) in _MADE_FOR_EVERY_NAMESPACE:
        return True
    if any(owner.get("controller") for owner in meta(item).get("ownerReferences") or ()):
        return True
    return item.get("type") == "kubernetes.io/service-account-token"


async def dependents(here: Cluster, ref: Ref, live: Json) -> list[tuple[Kind, Json]]:
    """Everything that is removed with an object because it owns it, directly or not."""
    few = _OWNERS_OF_FEW.get(ref.kind.kind)
    if few is not None and not few:
        return []
    if few is None:
        if ref.namespace is None:
            return []
        candidates = await everything_in(here, ref.namespace)
    else:
        kinds = [kind for kind in map(known_kind, few) if kind is not None]
        lists = await asyncio.gather(*(_listed(here, kind, ref.namespace) for kind in kinds))
        candidates = [(kind, item) for kind, items in zip(kinds, lists, strict=True) for item in items]
    children: dict[str, list[tuple[Kind, Json]]] = defaultdict(list)
    for kind, item in candidates:
        for owner in meta(item).get("ownerReferences") or ():
            children[str(owner.get("uid"))].append((kind, item))
    found: dict[str, tuple[Kind, Json]] = {}
    waiting = [uid_of(live)]
    while waiting:
        for kind, item in children.get(waiting.pop(), ()):
            if uid_of(item) not in found:
                found[uid_of(item)] = (kind, item)
                waiting.append(uid_of(item))
    return list(found.values())


async def _listed(here: Cluster, kind: Kind, namespace: str | None) -> list[Json]:
    try:
        return await here.list(kind, namespace)
    except Forbidden:
        return []


def counted(items: Iterable[tuple[Kind, Json]]) -> str:
    """``1 replicaset, 2 pods (web-1, web-2)``."""
    names: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    plurals: dict[str, str] = {}
    for kind, item in items:
        counts[kind.singular] += 1
        plurals[kind.singular] = kind.plural
        names[kind.singular].append(str(meta(item).get("name")))
    parts = []
    for word, count in sorted(counts.items()):
        shown = ", ".join(sorted(names[word])[:NAMES_SHOWN]) + (" …" if count > NAMES_SHOWN else "")
        parts.append(f"{count} {word if count == 1 else plurals[word]} ({shown})")
    return ", ".join(parts)


async def data_of(here: Cluster, claim: Json) -> Data:
    """What becomes of a claim's data when it is deleted: the volume's reclaim policy decides."""
    name, spec = str(meta(claim).get("name")), claim.get("spec") or {}
    size = _bytes((claim.get("status") or {}).get("capacity") or (spec.get("resources") or {}).get("requests"))
    volume = spec.get("volumeName")
    if not volume:
        return Data(name, 0, False, "unbound")
    policy = "unknown"
    try:
        found = await here.get(PV, None, str(volume))
        if found is not None:
            policy = str((found.get("spec") or {}).get("persistentVolumeReclaimPolicy") or "Delete")
    except Forbidden:
        pass  # not readable: counted as lost, and said so
    return Data(name, size, policy != "Retain", policy)


def _bytes(amounts: Json | None) -> int:
    """Bytes of a claim's ``storage``; at least 1, because there is data whose amount is not known."""
    text = str((amounts or {}).get("storage") or "")
    try:
        return max(1, amount(text))
    except ValueError:
        return 1
