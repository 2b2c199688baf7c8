"""Why what a release made is not ready: the words of its pods and of the events about them."""

from __future__ import annotations

from collections.abc import Mapping

from reign_executors.errors import NotFound
from reign_executors.helm.manifest import Rendered
from reign_executors.helm.place import Place
from reign_executors.kubernetes.kinds import ROLLED_OUT
from reign_executors.kubernetes.settling import last_warning, why_not

MOST = 4
"""Reasons that are told."""


async def why_not_ready(at: Place, objects: Mapping[str, Rendered]) -> list[str]:
    """One line for each of these objects whose pods are not ready; empty when nothing can be seen."""
    found: list[str] = []
    for one in objects.values():
        if len(found) >= MOST:
            break
        try:
            kind = await at.cluster.type(str(one.content.get("apiVersion")), one.kind)
        except NotFound:
            continue
        live = await at.cluster.get(kind, one.namespace or at.namespace if kind.namespaced else None, one.name)
        if live is None:
            continue
        live = {"apiVersion": kind.api_version, "kind": kind.kind, **live}
        if kind.kind in ROLLED_OUT:
            trouble = await why_not(at.cluster, live, 1e9)
            if trouble is not None:
                found.append(trouble.detail)
        elif kind.kind in ("Job", "PersistentVolumeClaim", "Service"):
            warning = await last_warning(at.cluster, live)
            if warning:
                found.append(f"{one.resource}: {warning}")
    return found
