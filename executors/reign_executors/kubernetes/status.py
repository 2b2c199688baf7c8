"""What ``reign-tui doctor`` says of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reign_executors.errors import OperationError
from reign_executors.kubernetes.client import cluster
from reign_executors.kubernetes.contexts import current_context, where


@dataclass(frozen=True, slots=True)
class KubernetesStatus:
    """``problem`` None: the server answers. ``lists_pods``: whether this user may list pods in ``namespace``."""

    context: str
    server: str
    namespace: str
    version: str | None = None
    lists_pods: bool | None = None
    problem: OperationError | None = None
    configured: bool = True


async def status(
    context: str | None = None, namespace: str | None = None, environment: Mapping[str, str] | None = None
) -> KubernetesStatus:
    """Ask the cluster of a context (None: the current one) what it is. Never raises for what is wrong with it."""
    from reign_executors.kubernetes.queries import may

    try:
        name = context or current_context(environment)
        at = where(context, environment)
    except OperationError as error:
        return KubernetesStatus(context or "", "", namespace or "", problem=error, configured=context is not None)
    space = namespace or at.namespace
    here = cluster(context, environment)
    try:
        answer = await here.call("GET", "/version")
        allowed, _ = await may(here, "list", "", "pods", space)
    except OperationError as error:
        return KubernetesStatus(name, at.server, space, problem=error)
    return KubernetesStatus(name, at.server, space, str(answer.get("gitVersion") or ""), allowed)
