"""What in a manifest reaches out of its pod or gives the cluster away, and what of a cluster is never deleted.

Findings in the one vocabulary that commands and containers use too. Takes plain maps: Helm's rendered charts and files
found in a repository are looked into by the same rules. Imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reign_executors.docker.dangers import mounted
from reign_executors.docker.names import Mount
from reign_executors.effect import Finding
from reign_executors.kubernetes.kinds import Kind

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})
_PARTS_OF_THE_CLUSTER = frozenset({"Deployment", "DaemonSet", "StatefulSet", "Service"})
_ANONYMOUS = frozenset({"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"})
_POWERFUL = re.compile(r"cluster-admin$|admin$|^edit$|^system:masters$")
_OF_THE_SYSTEM = re.compile(r"cluster-admin$|system:")
_EVERYTHING = frozenset(
    {
        *("Namespace", "Node", "CustomResourceDefinition", "PersistentVolume", "ClusterRole", "ClusterRoleBinding"),
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "StorageClass"),
    }
)
_STRONG = frozenset(
    {"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "NET_ADMIN", "SYS_RAWIO", "BPF"}
)


def manifest_findings(manifest: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Everything in one object (or a ``List`` of them) that a person or a rule must know; each once."""
    found: dict[tuple[str, str], Finding] = {}
    for item in _objects(manifest):
        for finding in (*_of_pod(item), *_of_rights(item), *_of_placement(item)):
            found.setdefault((finding.rule, finding.text), finding)
    return tuple(found.values())


def _objects(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    items = manifest.get("items")
    if str(manifest.get("kind") or "").endswith("List") and isinstance(items, list):
        for item in items:
            if isinstance(item, Mapping):
                yield from _objects(item)
    else:
        yield manifest


def pod_spec(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pod's part of a Pod, of anything with a pod template, of a CronJob; None where there is none."""
    spec = _map(manifest.get("spec"))
    if manifest.get("kind") == "Pod":
        return spec
    if manifest.get("kind") == "CronJob":
        spec = _map(_map(spec.get("jobTemplate")).get("spec"))
    template = spec.get("template")
    if not isinstance(template, Mapping):
        return None
    inner = template.get("spec")
    return inner if isinstance(inner, Mapping) and ("containers" in inner or "volumes" in inner) else None


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _named(item: Mapping[str, Any]) -> str:
    return f"{str(item.get('kind') or 'object').lower()}/{_map(item.get('metadata')).get('name') or '?'}"


def _notice(rule: str, text: str) -> Finding:
    return Finding(rule=rule, level="notice", text=text)


def _of_pod(item: Mapping[str, Any]) -> Iterator[Finding]:
    pod = pod_spec(item)
    if pod is None:
        return
    name = _named(item)
    containers = [
        one for part in ("initContainers", "containers", "ephemeralContainers") for one in _maps(pod.get(part))
    ]
    privileged = False
    for container in containers:
        context = _map(container.get("securityContext"))
        who = f"container {container.get('name') or '?'} of {name}"
        if context.get("privileged") is True:
            privileged = True
            yield _notice("container.privileged", f"{who} is privileged: it has all rights of its node's kernel")
        added = _map(context.get("capabilities")).get("add")
        strong = (
            [str(c) for c in added if str(c).upper().removeprefix("CAP_") in _STRONG] if isinstance(added, list) else []
        )
        if strong:
            yield _notice("container.capabilities", f"{who} gets {', '.join(strong)}: nearly all rights of its node")
    shared = [word for field, word in _HOST_NAMESPACES.items() if pod.get(field) is True]
    if pod.get("hostPID") is True and (privileged or _enters(containers)):
        yield Finding(
            rule="container.host-namespaces",
            level="catastrophic",
            text=f"{name} has its node's processes and the rights to enter them: it is root on the node",
        )
    elif shared:
        yield _notice("container.host-namespace", f"{name} shares its node's {' and '.join(shared)}")
    yield from _host_paths(pod, containers, name)


_HOST_NAMESPACES = {"hostPID": "processes", "hostNetwork": "network", "hostIPC": "shared memory"}


def _enters(containers: list[Mapping[str, Any]]) -> bool:
    words = [str(word) for one in containers for part in ("command", "args") for word in one.get(part) or ()]
    return any("nsenter" in word for word in words)


def _host_paths(pod: Mapping[str, Any], containers: list[Mapping[str, Any]], name: str) -> Iterator[Finding]:
    for volume in _maps(pod.get("volumes")):
        path = _map(volume.get("hostPath")).get("path")
        if not isinstance(path, str):
            continue
        uses = [m for one in containers for m in _maps(one.get("volumeMounts")) if m.get("name") == volume.get("name")]
        read_only = bool(uses) and all(use.get("readOnly") is True for use in uses)
        for finding in mounted([Mount("bind", path, "/", "ro" if read_only else "")]):
            yield finding.model_copy(update={"text": f"{name}: {finding.text.replace('of the host', 'of the node')}"})


def _of_rights(item: Mapping[str, Any]) -> Iterator[Finding]:
    kind, name = item.get("kind"), _named(item)
    if kind in ("ClusterRoleBinding", "RoleBinding"):
        role = str(_map(item.get("roleRef")).get("name") or "")
        if not _POWERFUL.search(role):
            return
        subjects = [str(subject.get("name") or "") for subject in _maps(item.get("subjects"))]
        everybody = [subject for subject in subjects if subject in _ANONYMOUS]
        if everybody and kind == "ClusterRoleBinding":
            yield Finding(
                rule="cluster.admin-for-all",
                level="catastrophic",
                text=f"{name} would make everybody ({', '.join(everybody)}) {role} of the cluster",
            )
        elif everybody:
            yield _notice("cluster.admin-for-all", f"{name} gives everybody ({', '.join(everybody)}) the role {role}")
        elif role == "cluster-admin":
            yield _notice("cluster.admin", f"{name} gives {', '.join(subjects) or 'nobody yet'} all rights ({role})")
    elif kind in ("ClusterRole", "Role"):
        for rule in _maps(item.get("rules")):
            if "*" in (rule.get("verbs") or ()) and "*" in (rule.get("resources") or ()):
                yield _notice("cluster.admin", f"{name} allows everything (* on *)")


def _of_placement(item: Mapping[str, Any]) -> Iterator[Finding]:
    namespace = _map(item.get("metadata")).get("namespace")
    if namespace == "kube-system":
        yield _notice("cluster.kube-system", f"{_named(item)} is in kube-system, where the cluster's own parts live")


def deletion_findings(kind: Kind, namespace: str | None, name: str) -> tuple[Finding, ...]:
    """What deleting one object does to the cluster itself."""
    text = ""
    if kind.kind == "Namespace" and name in SYSTEM_NAMESPACES:
        text = f"would delete the namespace {name}"
    elif namespace == "kube-system" and kind.kind in _PARTS_OF_THE_CLUSTER:
        text = f"would delete {kind.singular} {name}, a part of the cluster itself (kube-system)"
    elif kind.kind == "Service" and (namespace, name) == ("default", "kubernetes"):
        text = "would delete the service by which everything in the cluster finds the API server"
    elif (kind.kind in ("ClusterRole", "ClusterRoleBinding") and _OF_THE_SYSTEM.match(name)) or (
        kind.kind == "PriorityClass" and name.startswith("system-")
    ):
        text = f"would delete {kind.singular} {name}, which the cluster itself needs"
    if text:
        return (Finding(rule="cluster.kube-system", level="catastrophic", text=text),)
    if namespace == "kube-system":
        return (_notice("cluster.kube-system", f"{kind.singular} {name} belongs to the cluster itself (kube-system)"),)
    return ()


def bulk_findings(kind: Kind, namespace: str | None, *, everything: bool) -> tuple[Finding, ...]:
    """What deleting many objects at once does. ``everything``: all of that kind; else those a selector chooses."""
    if everything and kind.kind in _EVERYTHING:
        rule = "cluster.all-nodes" if kind.kind == "Node" else "cluster.everything"
        text = f"would delete all {kind.plural} of the cluster"
        return (Finding(rule=rule, level="catastrophic", text=text),)
    if namespace == "kube-system":
        text = "would delete parts of the cluster itself (kube-system)"
        return (Finding(rule="cluster.kube-system", level="catastrophic", text=text),)
    return ()


def stop_findings(kind: Kind, namespace: str | None, name: str) -> tuple[Finding, ...]:
    """What scaling to nothing does to the cluster itself."""
    if namespace != "kube-system":
        return ()
    text = f"would stop {kind.singular} {name}, a part of the cluster itself (kube-system)"
    return (Finding(rule="cluster.kube-system", level="catastrophic", text=text),)
