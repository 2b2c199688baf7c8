"""A small world of named values with every kind of operation, for tests of the engine that need odd timing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from reign_executors.call import Call
from reign_executors.effect import (
    Action,
    Choice,
    Effect,
    Finding,
    Probe,
    Problem,
    ResourceChange,
    UndoPromise,
    Verification,
)
from reign_executors.errors import NotFound, OperationError, ToolMissing
from reign_executors.operation import Change, JsonObject, Operation, Outputs, Query, Repeat
from reign_executors.registry import Registry
from reign_executors.target import Target


class FakeWorld:
    """What is there, what was done in which order, and what goes wrong when asked to."""

    values: ClassVar[dict[str, str]] = {}
    done: ClassVar[list[str]] = []
    running: ClassVar[int] = 0
    most: ClassVar[int] = 0
    context: ClassVar[str] = "test"
    engine: ClassVar[str] = "E1"
    gate: ClassVar[asyncio.Event | None] = None
    missing: ClassVar[bool] = False

    @classmethod
    def reset(cls) -> None:
        cls.values, cls.done, cls.running, cls.most = {}, [], 0, 0
        cls.context, cls.engine, cls.gate, cls.missing = "test", "E1", None, False


class Value(Outputs):
    value: str | None = None


class _OnWorld(Operation):
    key: str

    async def target(self, call: Call) -> Target:
        if FakeWorld.missing:
            raise ToolMissing("the world is not there", "start the world")
        return Target(
            tool="world",
            context=FakeWorld.context,
            resource=f"value/{self.key}",
            identity={"engine": FakeWorld.engine},
        )

    def locks(self) -> frozenset[str]:
        return frozenset({f"world/{self.key}"})


class Get(_OnWorld, Query):
    """Reads a value."""

    name: ClassVar[str] = "world.get"
    summary: ClassVar[str] = "read a value"
    returns: ClassVar[type[Outputs]] = Value

    async def execute(self, call: Call) -> Value:
        FakeWorld.done.append(f"get {self.key}")
        if self.key not in FakeWorld.values:
            raise NotFound(f"there is no value {self.key}")
        call.say(f"{self.key} = {FakeWorld.values[self.key]}")
        return Value(value=FakeWorld.values[self.key])


class Put(_OnWorld, Change):
    """Creates or changes a value; can take long, fail, lie or be shy about what happened."""

    name: ClassVar[str] = "world.put"
    summary: ClassVar[str] = "write a value"
    returns: ClassVar[type[Outputs]] = Value
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    value: str
    fail: bool = False
    lie: bool = False
    doubt: bool = False
    waits: bool = False
    seconds: float | None = None
    if_exists: str = "change"
    danger: bool = False

    def time_limit(self) -> float:
        return self.seconds or 30.0

    async def preview(self, call: Call) -> Effect:
        now = FakeWorld.values.get(self.key)
        if now == self.value:
            return Effect.nothing()
        problems: tuple[Problem, ...] = ()
        if now is not None and self.if_exists == "ask":
            choices = (Choice(key="replace", label="replace it", fields={"if_exists": "change"}),)
            problems = (Problem(text=f"{self.key} is taken", choices=choices),)
        finding = (Finding(rule="world.end", level="catastrophic", text="ends the world"),) if self.danger else ()
        action = Action.CREATE if now is None else Action.UPDATE
        change = ResourceChange(action=action, resource=f"value/{self.key}", diff=f"-{now}\n+{self.value}")
        return Effect(changes=(change,), problems=problems, findings=finding, identity={f"value/{self.key}": str(now)})

    async def execute(self, call: Call) -> Value:
        FakeWorld.running += 1
        FakeWorld.most = max(FakeWorld.most, FakeWorld.running)
        try:
            call.say(f"writing {self.key}")
            if self.waits:
                assert FakeWorld.gate is not None
                await FakeWorld.gate.wait()
            else:
                await asyncio.sleep(0.01)
            if self.fail:
                raise OperationError(f"{self.key} can't be written", "try another")
            if not self.lie:
                FakeWorld.values[self.key] = self.value
            FakeWorld.done.append(f"put {self.key}")
            return Value(value=self.value)
        finally:
            FakeWorld.running -= 1

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        there = FakeWorld.values.get(self.key)
        return Verification(ok=there == self.value, detail=f"{self.key} is {there}")

    async def probe(self, call: Call) -> Probe:
        if self.doubt:
            return Probe(state="in_doubt", detail="the world does not say")
        done = FakeWorld.values.get(self.key) == self.value
        return Probe(
            state="done" if done else "not_done", detail="looked", outputs={"value": self.value} if done else None
        )

    async def capture(self, call: Call) -> JsonObject:
        return {"value": FakeWorld.values.get(self.key)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before["value"] is None:
            return Remove(key=self.key, expected=self.value)
        return Put(key=self.key, value=str(before["value"]))


class Remove(_OnWorld, Change):
    """Deletes a value."""

    name: ClassVar[str] = "world.remove"
    summary: ClassVar[str] = "delete a value"

    expected: str | None = None
    forever: bool = False

    async def preview(self, call: Call) -> Effect:
        now = FakeWorld.values.get(self.key)
        if now is None:
            return Effect.nothing()
        if self.expected is not None and now != self.expected:
            return Effect(problems=(Problem(text=f"{self.key} was changed by others to {now}"),))
        change = ResourceChange(action=Action.DELETE, resource=f"value/{self.key}", diff=f"-{now}", data_bytes=len(now))
        undo = UndoPromise.NONE if self.forever else UndoPromise.EXACT
        return Effect(changes=(change,), identity={f"value/{self.key}": now}, undo=undo)

    async def execute(self, call: Call) -> Outputs:
        FakeWorld.values.pop(self.key, None)
        FakeWorld.done.append(f"remove {self.key}")
        return Outputs()

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        return Verification(ok=self.key not in FakeWorld.values, detail="looked")

    async def probe(self, call: Call) -> Probe:
        return Probe(state="not_done" if self.key in FakeWorld.values else "done", detail="looked")

    async def capture(self, call: Call) -> JsonObject:
        return {"value": FakeWorld.values.get(self.key)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None if before["value"] is None else Put(key=self.key, value=str(before["value"]))


OPERATIONS = (Get, Put, Remove)


def world_registry() -> Registry:
    """A registry with the world's operations beside those that ship."""
    registry = Registry()
    registry.add(*OPERATIONS)
    return registry
