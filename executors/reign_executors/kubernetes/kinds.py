"""Kinds of objects: what people call them, where the API keeps them, how one object is named everywhere in Reign.

``shop/deployment/web`` is an object of a namespace, ``namespace/shop`` and ``node/n1`` are the cluster's. The kinds
that every cluster has are known here, so that no question to the server is needed for them; others are discovered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind as an API server keeps it. ``plural`` is its part of the path, ``short`` are other words for it."""

    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    scalable: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def word(self) -> str:
        """What it is called in resources: ``deployment``; with its group when that is not one every cluster has."""
        return self.singular if self.group in BUILT_IN_GROUPS else f"{self.singular}.{self.group}"

    @property
    def full_plural(self) -> str:
        """``deployments.apps``: what a role's rule and an error call it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, sub: str | None = None) -> str:
        """The path of the collection, of one object, or of a part of it (``log``, ``scale``)."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, sub) if part is not None]
        return "/" + "/".join(parts)

    def resource(self, namespace: str | None, name: str) -> str:
        """``shop/deployment/web``, ``namespace/shop``."""
        return f"{namespace}/{self.word}/{name}" if self.namespaced else f"{self.word}/{name}"


def _core(kind: str, *short: str, plural: str = "", namespaced: bool = True, scalable: bool = False) -> Kind:
    return Kind(kind, "", "v1", plural or kind.lower() + "s", namespaced, short, scalable)


def _of(
    group: str, kind: str, *short: str, v: str = "v1", plural: str = "", namespaced: bool = True, scalable: bool = False
) -> Kind:
    return Kind(kind, group, v, plural or kind.lower() + "s", namespaced, short, scalable)


_RBAC = "rbac.authorization.k8s.io"
_NET = "networking.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

KNOWN: tuple[Kind, ...] = (
    _core("Pod", "po"),
    _core("Service", "svc"),
    _core("ConfigMap", "cm"),
    _core("Secret"),
    _core("Namespace", "ns", namespaced=False),
    _core("Node", "no", namespaced=False),
    _core("PersistentVolumeClaim", "pvc"),
    _core("PersistentVolume", "pv", namespaced=False),
    _core("ServiceAccount", "sa"),
    _core("Event", "ev"),
    _core("Endpoints", "ep", plural="endpoints"),
    _core("ReplicationController", "rc", scalable=True),
    _core("ResourceQuota", "quota", "quotas"),
    _core("LimitRange", "limits"),
    _of("apps", "Deployment", "deploy", scalable=True),
    _of("apps", "StatefulSet", "sts", scalable=True),
    _of("apps", "DaemonSet", "ds"),
    _of("apps", "ReplicaSet", "rs", scalable=True),
    _of("apps", "ControllerRevision"),
    _of("batch", "Job"),
    _of("batch", "CronJob", "cj"),
    _of("autoscaling", "HorizontalPodAutoscaler", "hpa", "autoscaler", v="v2"),
    _of("policy", "PodDisruptionBudget", "pdb"),
    _of(_NET, "Ingress", "ing", plural="ingresses"),
    _of(_NET, "IngressClass", plural="ingressclasses", namespaced=False),
    _of(_NET, "NetworkPolicy", "netpol", plural="networkpolicies"),
    _of(_RBAC, "Role"),
    _of(_RBAC, "RoleBinding"),
    _of(_RBAC, "ClusterRole", namespaced=False),
    _of(_RBAC, "ClusterRoleBinding", namespaced=False),
    _of("storage.k8s.io", "StorageClass", "sc", plural="storageclasses", namespaced=False),
    _of("scheduling.k8s.io", "PriorityClass", "pc", plural="priorityclasses", namespaced=False),
    _of("coordination.k8s.io", "Lease"),
    _of("discovery.k8s.io", "EndpointSlice"),
    _of("apiextensions.k8s.io", "CustomResourceDefinition", "crd", "crds", namespaced=False),
    _of("apiregistration.k8s.io", "APIService", namespaced=False),
    _of(_ADMISSION, "ValidatingWebhookConfiguration", namespaced=False),
    _of(_ADMISSION, "MutatingWebhookConfiguration", namespaced=False),
)
BUILT_IN_GROUPS = frozenset(kind.group for kind in KNOWN)

DEPLOYMENT = next(kind for kind in KNOWN if kind.kind == "Deployment")
NAMESPACE = next(kind for kind in KNOWN if kind.kind == "Namespace")
POD = KNOWN[0]
EVENT = next(kind for kind in KNOWN if kind.kind == "Event")
PVC = next(kind for kind in KNOWN if kind.kind == "PersistentVolumeClaim")
PV = next(kind for kind in KNOWN if kind.kind == "PersistentVolume")
REPLICA_SET = next(kind for kind in KNOWN if kind.kind == "ReplicaSet")
CONTROLLER_REVISION = next(kind for kind in KNOWN if kind.kind == "ControllerRevision")

POD_TEMPLATES = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"})
"""Kinds with a pod template at ``spec.template``."""
ROLLED_OUT = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
"""Kinds whose changes are rolled out."""


def _words(kind: Kind) -> set[str]:
    names = {kind.singular, kind.plural, *kind.short}
    if kind.group:
        names |= {f"{name}.{kind.group}" for name in (kind.singular, kind.plural)}
        names |= {f"{name}.{kind.version}.{kind.group}" for name in (kind.singular, kind.plural)}
    return names


_BY_WORD = {word: kind for kind in KNOWN for word in _words(kind)}
_BY_TYPE = {(kind.api_version, kind.kind): kind for kind in KNOWN}


def known_kind(word: str) -> Kind | None:
    """The kind that every cluster knows by that word (``deploy``, ``Deployments``, ``deployments.apps``)."""
    return _BY_WORD.get(word.strip().lower())


def known_type(api_version: str, kind: str) -> Kind | None:
    """The kind that every cluster has under that apiVersion."""
    return _BY_TYPE.get((api_version, kind))


def kind_word(word: str) -> str:
    """The word that resources have for it, without asking a server."""
    found = known_kind(word)
    return word.strip().lower() if found is None else found.word


def words_of(kinds: tuple[Kind, ...] | list[Kind]) -> list[str]:
    """Singular words, for naming the near ones."""
    return sorted({kind.singular for kind in kinds})


def reference_kind(reference: dict[str, Any]) -> Kind | None:
    """The known kind of an owner reference or of ``{"apiVersion", "kind"}``."""
    return known_type(str(reference.get("apiVersion") or ""), str(reference.get("kind") or ""))
