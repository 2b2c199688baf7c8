"""Every registered operation acted out in a made-up world: the same names, fields and kinds, no system behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from reign_agents.plan.model import Step
from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, ResourceChange, UndoPromise, Verification
from reign_executors.operation import Change, JsonObject, Operation, Outputs, Query
from reign_executors.registry import Registry, default_registry
from reign_executors.target import Target
from tests.planning.world import World


class Told(Outputs):
    """Whatever the world says."""

    model_config = ConfigDict(frozen=True, extra="allow")


def acted(world: World) -> Registry:
    """A registry with an acted operation for each real one."""
    known, registry = default_registry(), Registry({})
    registry.add(*(_acted(known.find(name), world) for name in known.names()))
    return registry


def _acted(cls: type[Operation], world: World) -> type[Operation]:
    def resource(self: Operation) -> str:
        named = [str(value) for value in self.to_fields().values() if isinstance(value, str)]
        return "/".join([cls.name, *named])[:200]

    makes = cls.name.partition(".")[2].startswith(
        ("run", "create", "install", "build", "tag", "apply", "write", "copy")
    )

    async def target(self: Operation, call: Call) -> Target:
        return Target(tool=cls.name.partition(".")[0], context="acted", resource=resource(self))

    async def execute(self: Operation, call: Call) -> Told:
        if isinstance(self, Change):
            world.apply([Step("s1", cls.name, self.to_fields(), "")])
            return Told()
        fields = {name: value for name, value in self.model_dump(mode="json").items() if value is not None}
        try:
            return Told.model_validate(await world.look(cls.name, fields))
        except AssertionError:
            return Told()

    async def preview(self: Operation, call: Call) -> Effect:
        change = ResourceChange(action=Action.CREATE if makes else Action.UPDATE, resource=resource(self))
        return Effect(changes=(change,), undo=UndoPromise.EXACT)

    async def verify(self: Operation, call: Call, outputs: Outputs) -> Verification:
        return Verification(ok=True, detail="acted")

    async def probe(self: Operation, call: Call) -> Probe:
        return Probe(state="not_done", detail="acted")

    async def capture(self: Operation, call: Call) -> JsonObject:
        return {}

    def undo(self: Operation, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        assert isinstance(self, Change)
        return self  # acted once more: what is there after it is for the world to say

    shared: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": cls.__doc__,
        "returns": Told,
        "target": target,
        "execute": execute,
        "pinned": lambda self, _target: self,
        "locks": lambda _self: frozenset(),
        "command_line": lambda _self: "",
    }
    if issubclass(cls, Query):
        return type(f"Acted{cls.__name__}", (cls,), shared)
    changing = {"preview": preview, "verify": verify, "probe": probe, "capture": capture, "undo": undo}
    return type(f"Acted{cls.__name__}", (cls,), {**shared, **changing})
