"""Names alone, of many kinds at once: metadata without contents, cut where there are too many.

Not in the registry: people and models list one kind with ``kubernetes.list``; this is for what a screen offers.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from reign_executors.call import Call
from reign_executors.errors import NotFound
from reign_executors.kubernetes.base import KubernetesQuery
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.failures import Forbidden
from reign_executors.operation import Outputs

_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
KINDS = (
    "namespace", "node", "deployment", "statefulset", "daemonset", "pod", "service", "ingress", "configmap", "secret",
    "job", "cronjob", "pvc",
)  # fmt: skip
AT_ONCE = 4
READ_LIMIT = 10.0
"""Seconds; nobody waits for names, and nobody should have to when leaving."""


class NamesFound(Outputs):
    """Kind → names, for every kind that this user may list."""

    names: dict[str, list[str]]


class Names(KubernetesQuery):
    """The names of objects: those of a namespace, and the cluster's own. No content of an object is asked for."""

    name: ClassVar[str] = "kubernetes.names"
    summary: ClassVar[str] = "List only the names of several kinds"
    returns: ClassVar[type[Outputs]] = NamesFound

    kinds: tuple[str, ...] = KINDS
    most: int = 500

    def command_line(self) -> str:
        return f"kubectl get {','.join(self.kinds)} -o name{self.flags()}"

    async def execute(self, call: Call) -> NamesFound:
        here = self.cluster(call)
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(word: str) -> tuple[str, list[str] | None]:
            async with turns:
                return word, await self._listed(here, word, self.space(call))

        found = await asyncio.gather(*(one(word) for word in self.kinds))
        return NamesFound(names={word: names for word, names in found if names is not None})

    async def _listed(self, here: Cluster, word: str, space: str) -> list[str] | None:
        """At most ``most`` names of a kind; None where this user may not list them."""
        try:
            kind = await here.kind(word)
            path = kind.path(space if kind.namespaced else None)
            query = {"limit": self.most}
            page: Json = await here.call("GET", path, query=query, accept=_METADATA, read_limit=READ_LIMIT)
        except (Forbidden, NotFound):
            return None
        return [str(item["metadata"]["name"]) for item in page.get("items") or ()]
