"""What the docker tests share: calls, operations by name, a whole life of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call, MemoryBlobs
from reign_executors.docker.client import close_engines
from reign_executors.effect import Effect, Verification
from reign_executors.operation import Change, JsonObject, Outputs
from reign_executors.registry import default_registry


@dataclass
class Bench:
    """Operations by name, and calls whose output is kept."""

    call: Call
    written: bytearray = field(default_factory=bytearray)

    def make(self, name: str, **fields: Any) -> Any:
        return default_registry().build(name, fields)

    @property
    def text(self) -> str:
        return self.written.decode("utf-8", "replace")

    def step(self, key: str, **changes: Any) -> Call:
        """A call of another step: ``run/step``, of runs that no other test has."""
        return replace(self.call, key=f"{self.call.key.partition('/')[0]}-{key}", **changes)

    async def done(self, name: str, **fields: Any) -> Any:
        """Execute an operation by itself; its outputs."""
        return await self.make(name, **fields).execute(self.call)

    async def life(self, change: Change, call: Call | None = None) -> Life:
        """Preview, capture, execute, verify."""
        call = call or self.call
        effect = await change.preview(call)
        assert not effect.problems, effect.problems
        before = await change.capture(call)
        assert await change.capture(call) == before, "capture taken twice differs"
        outputs = await change.execute(call)
        return Life(self, change, effect, before, outputs, await change.verify(call, outputs))


@dataclass
class Life:
    bench: Bench
    change: Change
    effect: Effect
    before: JsonObject
    outputs: Any
    verified: Verification

    def way_back(self) -> Change | None:
        assert isinstance(self.outputs, Outputs)
        return self.change.undo(self.before, self.outputs.model_dump(mode="json"))

    async def undone(self, key: str = "r_9/u1") -> Life:
        back = self.way_back()
        assert back is not None
        life = await self.bench.life(back, self.bench.step(key))
        assert life.verified.ok, life.verified.detail
        return life


@pytest.fixture
def bench(docker_host: str, busybox_image: str, tmp_path: Path, docker_scope: Any) -> Bench:
    written = bytearray()
    call = Call(
        key=f"{docker_scope.prefix}/s1", folder=tmp_path, write=written.extend, blobs=MemoryBlobs(), cwd=tmp_path
    )
    return Bench(call, written)


@pytest.fixture
def started(bench: Bench, busybox_image: str, docker_scope: Any) -> Callable[..., str]:
    """Start a container of docker-py's own (not Reign's); returns its id."""

    def start(word: str = "web", command: str | list[str] = "sleep 600", **settings: Any) -> str:
        container = docker_scope.client.containers.create(
            busybox_image,
            command,
            name=docker_scope.name(word),
            labels=docker_scope.labels,
            **{"init": True, **settings},
        )
        container.start()
        return str(container.id)

    return start


@pytest.fixture(autouse=True)
def _connections() -> Iterator[None]:
    yield
    close_engines()
