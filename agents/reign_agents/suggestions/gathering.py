"""Names from the systems a person works with: by reading, in the background, and never where somebody must sign in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reign_agents.engine.calls import planning_call
from reign_agents.settings import EngineSettings
from reign_agents.suggestions.names import Names
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject, Operation, Query
from reign_executors.registry import Registry, default_registry

LIMIT = 20.0
"""Seconds that one question may take; nobody waits for it."""
QUICK = 2.0
"""Seconds in which a system must be heard of before it is asked unbidden."""
_BROAD = frozenset({"shell"})
"""Families whose operations can change any other one's things."""

Found = Mapping[str, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A query that lists names, and how they are read out of its outputs: kind → names."""

    operation: str
    fields: Mapping[str, Any]
    read: Callable[[Any], Found]


def _each(rows: str, key: str, kind: str) -> Callable[[Any], Found]:
    return lambda out: {kind: [str(row[key]) for row in out[rows]]}


def _tags(out: Any) -> Found:
    return {"image": [str(tag) for row in out["images"] for tag in row["tags"]]}


LISTINGS: Mapping[str, Sequence[Listing]] = {
    "docker": (
        Listing("docker.list_containers", {"all": True}, _each("containers", "name", "container")),
        Listing("docker.list_images", {}, _tags),
        Listing("docker.list_volumes", {}, _each("volumes", "name", "volume")),
        Listing("docker.list_networks", {}, _each("networks", "name", "network")),
    ),
    "kubernetes": (Listing("kubernetes.names", {}, lambda out: out["names"]),),
    "helm": (Listing("helm.list", {}, _each("releases", "release", "release")),),
    "git": (Listing("git.branches", {}, _each("branches", "name", "branch")),),
    "terraform": (Listing("terraform.workspaces", {}, lambda out: {"workspace": map(str, out["workspaces"])}),),
}
"""First part of an operation's name → what is asked there."""


class Gatherer:
    """Fills ``names``. ``folder`` is where queries may keep scratch files."""

    def __init__(self, names: Names, settings: EngineSettings, folder: Path, registry: Registry | None = None) -> None:
        self._names = names
        self._settings = settings
        self._folder = folder
        self._registry = registry or default_registry()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def gather(self, families: Iterable[str]) -> None:
        """Ask these families. What can't be asked stays silent, and what was known of it stays as it was."""
        wanted = set(families)
        if wanted & _BROAD:
            wanted |= {family for family in LISTINGS if self._names_of(family)}
        await asyncio.gather(*(self._once(family) for family in wanted if family in LISTINGS))

    def near(self) -> list[str]:
        """Families that answer without anybody signing in, and soon: what may be asked before it was used. Blocking.

        A system that hangs is left alone: leaving the app would have to wait for its answer.
        """
        checks = {"docker": self._docker_is_near, "kubernetes": self._cluster_is_near, "git": self._in_repository}
        found = []
        for family, is_near in checks.items():
            with contextlib.suppress(OperationError, OSError, ValueError):
                if is_near():
                    found.append(family)
        if "kubernetes" in found and shutil.which("helm"):
            found.append("helm")
        return found

    def _docker_is_near(self) -> bool:
        from reign_executors.docker.contexts import endpoint

        url = endpoint(self._settings.docker_context, os.environ).url
        if not url.startswith("unix://"):
            return False
        with socket.socket(socket.AF_UNIX) as engine:
            engine.settimeout(QUICK)
            engine.connect(url.removeprefix("unix://"))
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(200)

    def _cluster_is_near(self) -> bool:
        from reign_executors.kubernetes.contexts import program_signs_in, where

        if program_signs_in(self._settings.kube_context):
            return False
        server = urlsplit(where(self._settings.kube_context).server)
        port = server.port or (80 if server.scheme == "http" else 443)
        with socket.create_connection((server.hostname or "", port), QUICK):
            return True

    def _in_repository(self) -> bool:
        here = self._settings.cwd
        return shutil.which("git") is not None and any((up / ".git").exists() for up in (here, *here.parents))

    def _names_of(self, family: str) -> bool:
        """Whether something of a family was found before."""
        kinds = {"docker": "container image network", "kubernetes": "namespace", "helm": "release", "git": "branch"}
        return bool(self._names.kinds & set(kinds.get(family, "workspace").split()))

    async def _once(self, family: str) -> None:
        """Ask a family; who wants the same meanwhile gets the answer of a question asked after they wanted it."""
        before = self._under_way.get(family)
        if before is not None:
            await asyncio.wait({before})
            later = self._under_way.get(family)
            if later not in (None, before):
                await asyncio.wait({later})
                return
        task = asyncio.create_task(self._ask(family), name=f"names of {family}")
        self._under_way[family] = task
        try:
            await task
        finally:
            if self._under_way.get(family) is task:
                del self._under_way[family]

    async def _ask(self, family: str) -> None:
        """All listings of a family; the first one that can't be had ends it: the others could not either."""
        with contextlib.suppress(OperationError, TimeoutError, OSError):
            for listing in LISTINGS[family]:
                async with asyncio.timeout(LIMIT):
                    self._names.put(listing.read(await self._look(listing)))

    async def _look(self, listing: Listing) -> JsonObject:
        operation = self._operation(listing)
        assert isinstance(operation, Query)
        outputs = await operation.execute(planning_call(self._settings, self._folder))
        return outputs.model_dump(mode="json")

    def _operation(self, listing: Listing) -> Operation:
        if listing.operation == "kubernetes.names":
            from reign_executors.kubernetes.naming import Names as ClusterNames

            return ClusterNames.model_validate(self._settings.defaults(listing.operation))
        known = self._registry.find(listing.operation).model_fields
        chosen = {k: v for k, v in self._settings.defaults(listing.operation).items() if k in known}
        return self._registry.build(listing.operation, {**chosen, **listing.fields})
