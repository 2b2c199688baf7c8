"""One containerd, asked and changed through ``ctr``: its images, which image a name means, its failures."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reign_executors.call import Call, discard
from reign_executors.errors import (
    ConnectionLost,
    NoSpace,
    NotFound,
    OperationError,
    PermissionMissing,
    ToolMissing,
)
from reign_executors.operation import TERMINATE
from reign_executors.process import Finished, run, run_supervised

PROGRAM = "ctr"
DEFAULT_ADDRESS = "/run/containerd/containerd.sock"
KUBERNETES = "k8s.io"
"""The namespace in which the kubelet's images are."""
READ_LIMIT = 30.0
UNNAMED = re.compile(r"sha256:[0-9a-f]{64}")
"""Kubernetes' part of containerd keeps every image under its id too: that record holds an image that has no name."""


@dataclass(frozen=True, slots=True)
class Record:
    """A name of an image: ``digest`` is that of its manifest (or index), ``size`` as ctr writes it (``2.0 MiB``).
    ``known`` is True when Kubernetes' part of containerd has seen it.
    """

    name: str
    digest: str
    size: str
    platforms: str
    known: bool

    @property
    def unnamed(self) -> bool:
        return UNNAMED.fullmatch(self.name) is not None


def records(text: str) -> list[Record]:
    """What ``ctr images list`` wrote."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= 6:
            name, _, digest, number, unit, platforms, *labels = words
            known = "io.cri-containerd.image=managed" in ",".join(labels)
            found.append(Record(name, digest, f"{number} {unit}", platforms, known))
    return found


def default_address(environment: Mapping[str, str] | None) -> str:
    return (os.environ if environment is None else environment).get("CONTAINERD_ADDRESS") or DEFAULT_ADDRESS


class Node:
    """One namespace of the containerd at ``address`` (the path of its socket)."""

    def __init__(self, call: Call, address: str, namespace: str) -> None:
        self.call = call
        self.address = address.removeprefix("unix://")
        self.namespace = namespace

    def reachable(self) -> None:
        """``ctr`` itself waits ten seconds for a socket that is not there."""
        socket = Path(self.address)
        if not socket.is_socket():
            raise ToolMissing(
                f"there is no containerd at {self.address}",
                "run it on the node, or name its socket (k3s: /run/k3s/containerd/containerd.sock)",
            )
        if not os.access(socket, os.R_OK | os.W_OK):
            raise PermissionMissing(f"this user may not use containerd's socket {self.address}", "run it as root")

    def _argv(self, words: Sequence[str]) -> list[str]:
        self.reachable()
        return [PROGRAM, "--address", self.address, "--namespace", self.namespace, *words]

    async def read(self, *words: str) -> bytes:
        finished = await run(
            self._argv(words),
            call=replace(self.call, write=discard),
            cwd="/",
            timeout=READ_LIMIT,
            cancel=TERMINATE,
            keep=1 << 24,
        )
        return self._checked(finished, words).stdout

    async def change(self, *words: str, timeout: float) -> None:
        """Runs under the supervisor: once begun it goes on when this process dies."""
        finished = await run_supervised(self._argv(words), call=self.call, cwd="/", timeout=timeout, cancel=TERMINATE)
        self._checked(finished, words)

    def _checked(self, finished: Finished, words: Sequence[str]) -> Finished:
        if finished.ok:
            return finished
        raise failure(finished.last_words(5), self.address, " ".join(words[:2]))

    async def identity(self) -> dict[str, str]:
        """Which containerd this really is."""
        said = (await self.read("version")).decode("utf-8", "replace")
        found = re.search(r"UUID:\s*(\S+)", said)
        return {"address": self.address, "containerd": found[1] if found else "", "namespace": self.namespace}

    async def records(self) -> list[Record]:
        return records((await self.read("images", "list")).decode("utf-8", "replace"))

    async def find(self, name: str) -> Record | None:
        return next((record for record in await self.records() if record.name == name), None)

    async def image_id(self, digest: str) -> str:
        """The id that Docker and the kubelet call an image by, of the manifest (or index) ``digest``."""
        described = json.loads(await self.read("content", "get", digest))
        for one in described.get("manifests") or ():
            try:
                return await self.image_id(one["digest"])
            except NotFound:  # an index names the manifests of platforms that were not brought
                continue
        if "config" not in described:
            raise NotFound(f"the image {digest} has nothing for this machine here", "bring it again")
        return str(described["config"]["digest"])

    async def serves_kubernetes(self) -> bool:
        """Whether Kubernetes' part of this containerd runs: it makes records of its own of what is imported."""
        if self.namespace != KUBERNETES:
            return False
        for line in (await self.read("plugins", "list")).decode("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) >= 4 and words[1] == "cri":
                return words[-1] == "ok"
        return False


def failure(text: str, address: str, doing: str) -> OperationError:
    """What ctr says, as a typed error."""
    words = text.strip().removeprefix("ctr: ") or f"ctr {doing} failed"
    lower = words.lower()
    if "no space left" in lower:
        return NoSpace("the node's disk is full", "ctr -n k8s.io images list shows what takes the room", detail=text)
    if "permission denied" in lower:
        return PermissionMissing(f"this user may not use containerd at {address}", "run it as root", detail=text)
    if "not found" in lower:
        return NotFound(f"ctr {doing}: {words}", "containerd.list_images shows what is there", detail=text)
    if "failed to dial" in lower or "deadline exceeded" in lower or "unavailable" in lower:
        return ConnectionLost(f"containerd at {address} does not answer", "is it running? Look at its log", detail=text)
    return OperationError(f"ctr {doing} failed: {words.splitlines()[-1]}", "its output says more", detail=text)
