"""Where a release lives: a context and a namespace, pinned, never the mutable current ones."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from reign_executors.call import Call
from reign_executors.helm.manifest import release_resource
from reign_executors.kubernetes.client import Cluster, cluster
from reign_executors.operation import Operation
from reign_executors.target import Target

_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def _release(text: str) -> str:
    if len(text) > 53 or _RELEASE.fullmatch(text) is None:
        raise ValueError("a release's name has at most 53 small letters, digits and hyphens")
    return text


def _namespace(text: str) -> str:
    if len(text) > 63 or _NAMESPACE.fullmatch(text) is None:
        raise ValueError("a namespace's name has at most 63 small letters, digits and hyphens")
    return text


def _word(text: str) -> str:
    if not text.strip() or text.startswith("-") or "\0" in text:
        raise ValueError("it is empty or begins with a hyphen")
    return text


ReleaseName = Annotated[str, AfterValidator(_release)]
NamespaceName = Annotated[str, AfterValidator(_namespace)]
Word = Annotated[str, AfterValidator(_word)]
"""A text that stands alone on helm's command line and can't be taken for an option."""


@dataclass(frozen=True, slots=True)
class Place:
    """One context's cluster and one namespace in it."""

    context: str
    namespace: str
    cluster: Cluster

    @property
    def words(self) -> list[str]:
        """The options that lead helm there, whatever is current."""
        return ["--kube-context", self.context, "--namespace", self.namespace]


def place(call: Call, context: str | None, namespace: str | None) -> Place:
    """Where that is; what is not given is taken from helm's own variables, then from the kubeconfig. ``ToolMissing``
    when there is no such context."""
    inherited = os.environ if call.environment is None else call.environment
    found = cluster(context or inherited.get("HELM_KUBECONTEXT") or None, call.environment)
    chosen = namespace or inherited.get("HELM_NAMESPACE") or found.where.namespace
    return Place(found.where.context, chosen, found)


class InCluster(Operation):
    """What acts in one namespace of one cluster."""

    namespace: NamespaceName | None = Field(default=None, description="the release's namespace; the context's own")
    context: Word | None = Field(default=None, description="kubeconfig context; the current one when it is planned")

    def place(self, call: Call) -> Place:
        return place(call, self.context, self.namespace)

    def where_words(self) -> str:
        """The options for people, as far as they are given."""
        return (f" -n {self.namespace}" if self.namespace else "") + (
            f" --kube-context {self.context}" if self.context else ""
        )


class OfRelease(InCluster):
    """What acts on one release."""

    release: ReleaseName = Field(description="name of the release")

    async def target(self, call: Call) -> Target:
        at = self.place(call)
        return Target(
            tool="helm",
            context=at.context,
            resource=release_resource(at.namespace, self.release),
            identity=await at.cluster.identity(),
        )

    def pinned(self, target: Target) -> Operation:
        update = {"context": target.context, "namespace": target.resource.partition("/")[0]}
        if all(getattr(self, name) == value for name, value in update.items()):
            return self
        return self.model_copy(update=update)

    def locks(self) -> frozenset[str]:
        return frozenset({f"helm:{self.context or ''}/{self.namespace or ''}/{self.release}"})
