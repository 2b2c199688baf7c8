"""What the kubernetes tests share: calls, operations by name, objects that others make, a whole life of a change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call, MemoryBlobs
from reign_executors.effect import Effect, Verification
from reign_executors.kubernetes.client import MERGE, Cluster, Json, close_clusters, cluster
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.operation import Change, JsonObject
from reign_executors.registry import default_registry


@dataclass
class Bench:
    """Operations by name in one namespace, and calls whose output and learned secrets are kept."""

    call: Call
    context: str
    namespace: str
    written: bytearray = field(default_factory=bytearray)
    learned: set[str] = field(default_factory=set)
    steps: int = 0

    @property
    def here(self) -> Cluster:
        return cluster(self.context)

    @property
    def text(self) -> str:
        return self.written.decode("utf-8", "replace")

    def make(self, name: str, **fields: Any) -> Any:
        about = {"context": self.context, "namespace": self.namespace}
        return default_registry().build(f"kubernetes.{name}", {**about, **fields})

    def step(self, **changes: Any) -> Call:
        """A call of another step."""
        self.steps += 1
        return replace(self.call, key=f"{self.call.key}{self.steps}", **changes)

    async def done(self, name: str, **fields: Any) -> Any:
        """Execute an operation by itself; its outputs."""
        return await self.make(name, **fields).execute(self.step())

    async def effect(self, name: str, call: Call | None = None, **fields: Any) -> Effect:
        found: Effect = await self.make(name, **fields).preview(call or self.step())
        return found

    async def life(self, change: Change, call: Call | None = None) -> Life:
        """Preview, capture, execute, verify."""
        call = call or self.step()
        effect = await change.preview(call)
        assert not effect.problems, effect.problems
        before = await change.capture(call)
        outputs = await change.execute(call)
        return Life(self, change, effect, before, outputs, await change.verify(call, outputs), call)

    async def get(self, word: str, name: str) -> Json | None:
        kind = known_kind(word)
        assert kind is not None
        return await self.here.get(kind, self.namespace if kind.namespaced else None, name)

    async def there(self, word: str, name: str) -> Json:
        found = await self.get(word, name)
        assert found is not None
        return found

    async def post(self, item: Json) -> Json:
        """An object that somebody else makes."""
        kind = await self.here.type(item["apiVersion"], item["kind"])
        space = self.namespace if kind.namespaced else None
        made: Json = await self.here.call("POST", kind.path(space), query={"fieldManager": "somebody"}, body=item)
        return made

    async def patch(self, word: str, name: str, change: Json, manager: str = "somebody") -> Json:
        """A change that somebody else makes."""
        kind = known_kind(word)
        assert kind is not None
        path = kind.path(self.namespace if kind.namespaced else None, name)
        done: Json = await self.here.call("PATCH", path, query={"fieldManager": manager}, body=change, content=MERGE)
        return done

    async def config(self, name: str = "web", **data: str) -> Json:
        return await self.post({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})

    async def deployment(self, image: str = "reign-test/none:1", replicas: int = 0, **spec: Any) -> Json:
        """A deployment ``web``."""
        containers = [{"name": "main", "image": image, "command": ["sleep", "3600"]}]
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": containers, "terminationGracePeriodSeconds": 0, **spec},
        }
        selector = {"matchLabels": {"app": "web"}}
        body = {"replicas": replicas, "selector": selector, "template": template}
        metadata = {"name": "web", "labels": {"app": "web"}}
        return await self.post({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body})

    async def until(self, holds: Callable[[], Any], what: str) -> Any:
        """What an asynchronous question answers once that is true."""
        for _attempt in range(300):
            found = await holds()
            if found:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"never: {what}")


@dataclass
class Life:
    bench: Bench
    change: Change
    effect: Effect
    before: JsonObject
    outputs: Any
    verified: Verification
    call: Call

    def way_back(self) -> Any:
        return self.change.undo(self.before, json.loads(self.outputs.model_dump_json()))

    async def undone(self) -> Life:
        back = self.way_back()
        assert back is not None
        life = await self.bench.life(back)
        assert life.verified.ok, life.verified.detail
        return life


@pytest.fixture
def bench(kube_context: str, kube_namespace: str, tmp_path: Path) -> Iterator[Bench]:
    written, learned = bytearray(), set[str]()
    call = Call(
        key=f"r_{kube_namespace}/s",
        folder=tmp_path,
        write=written.extend,
        blobs=MemoryBlobs(),
        cwd=tmp_path,
        learn=lambda values: learned.update(values.values()),
    )
    yield Bench(call, kube_context, kube_namespace, written, learned)
    close_clusters()
