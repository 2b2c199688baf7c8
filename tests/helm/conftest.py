"""What the helm tests share: calls, operations on one release, helm as somebody else uses it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call, MemoryBlobs
from reign_executors.effect import Effect
from reign_executors.kubernetes.client import close_clusters
from reign_executors.operation import Change
from reign_executors.registry import default_registry


@dataclass
class Bench:
    """Operations by name (``about``: context and namespace are filled in), and calls whose output is kept."""

    folder: Path
    about: dict[str, Any]
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    written: bytearray = field(default_factory=bytearray)
    count: int = 0

    def call(self, **more: Any) -> Call:
        self.count += 1
        key = f"r_{self.folder.name}/s{self.count}"
        folder = self.folder / "runs" / f"s{self.count}"
        folder.mkdir(parents=True)
        made = Call(key=key, folder=folder, cwd=self.folder, blobs=self.blobs, write=self.written.extend)
        return replace(made, **more)

    def make(self, name: str, **fields: Any) -> Any:
        return default_registry().build(f"helm.{name}", {**self.about, **fields})

    async def preview(self, name: str, **fields: Any) -> Effect:
        operation = self.make(name, **fields)
        assert isinstance(operation, Change)
        return await operation.preview(self.call())

    async def run(self, name: str, **fields: Any) -> Any:
        return await self.make(name, **fields).execute(self.call())

    @property
    def text(self) -> str:
        return self.written.decode()

    def helm(self, *words: str) -> str:
        """Helm as somebody else uses it."""
        argv = ["helm", *words, "--kube-context", self.about["context"], "-n", self.about["namespace"]]
        return subprocess.run(argv, cwd=self.folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def local_bench(helm_program: str, tmp_path: Path) -> Bench:
    """Without a cluster: for what looks at charts."""
    return Bench(tmp_path, {})


@pytest.fixture
def bench(helm_program: str, kube_context: str, kube_namespace: str, tmp_path: Path) -> Iterator[Bench]:
    """With a namespace of its own in a real cluster."""
    yield Bench(tmp_path, {"context": kube_context, "namespace": kube_namespace})
    close_clusters()
