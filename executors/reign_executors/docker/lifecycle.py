"""Containers that are there already: start, stop, restart, pause, unpause, rename, update."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from reign_executors.call import Call
from reign_executors.docker.base import (
    INFERRED,
    ContainerName,
    DockerChange,
    Expected,
    container_name,
    described,
    look,
    missing,
    need,
    since,
    state_of,
)
from reign_executors.docker.client import Engine, Json
from reign_executors.docker.names import CONTAINER_NAME
from reign_executors.docker.settling import follow_start, settled
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


class Touched(Outputs):
    """``changed`` False: it was so already."""

    id: str
    changed: bool = True


LOOKS = 30
BETWEEN_LOOKS = 0.1
"""Seconds between two looks at a state that does not hold yet."""


class OnContainer(DockerChange):
    """A change of one container that is there."""

    returns: ClassVar[type[Outputs]] = Touched
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT

    container: ContainerName
    expect: Expected = None

    def resource(self) -> str:
        return f"container/{self.container}"

    async def _find(self, here: Engine) -> Json | None:
        return await look(here, "container", self.expect or self.container)

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        info = await self._find(here) if self.resource() not in call.gone else None
        if info is None:
            self.saw(self.resource(), None)
            if self.resource() in call.promised and self.resource() not in call.gone:
                return self._after_creation()
            if self.resource() in call.gone or self.expect:
                return Effect(problems=(Problem(text=f"there will be no container {self.container}"),))
            return Effect(problems=(await missing(here, "container", self.container, "container"),))
        self.saw(self.resource(), info["Id"])
        identity = {self.resource(): str(info["Id"])}
        return (await self._effect(here, info)).model_copy(update={"identity": identity})

    def _after_creation(self) -> Effect:
        """The effect on a container that an earlier step makes."""
        change = ResourceChange(action=self._action(), resource=self.resource(), note="made by an earlier step")
        return Effect(changes=(change,), undo=self.undo_promise)

    def _action(self) -> Action:
        return Action.UPDATE

    def _change(self, diff: str, note: str | None = None) -> ResourceChange:
        return ResourceChange(action=self._action(), resource=self.resource(), diff=diff, note=note)

    @abstractmethod
    async def _effect(self, here: Engine, info: Json) -> Effect:
        """What it does to this very container."""

    async def _pinned(self, here: Engine) -> Json:
        info = await need(here, "container", self.expect or self.container)
        self.insist(self.resource(), info["Id"], self.expect)
        return info

    async def capture(self, call: Call) -> JsonObject:
        info = await self._find(self.engine(call))
        if info is None:
            self.saw(self.resource(), None)
            return {"container": None}
        self.saw(self.resource(), info["Id"])
        return {"container": info["Id"], **self._facts(info)}

    def _facts(self, info: Json) -> JsonObject:
        return {"running": bool(info["State"]["Running"]), "paused": bool(info["State"]["Paused"])}

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        """The engine writes some states down a moment after it answered (pause): it is looked at again for a while."""
        assert isinstance(outputs, Touched)
        looks = 0
        while True:
            info = await look(self.engine(call), "container", outputs.id)
            if info is None:
                return Verification(ok=False, detail=f"container {self.container} is gone")
            looks += 1
            if self._holds(info) or looks >= LOOKS:
                return Verification(ok=self._holds(info), detail=since(info))
            await asyncio.sleep(BETWEEN_LOOKS)

    @abstractmethod
    def _holds(self, info: Json) -> bool:
        """Whether the wanted state is there."""

    async def probe(self, call: Call) -> Probe:
        info = await self._find(self.engine(call))
        if info is None:
            return Probe(state="in_doubt", detail=f"there is no container {self.container} any more")
        if self._holds(info):
            outputs = Touched(id=info["Id"]).model_dump(mode="json")
            return Probe(state="done", detail=since(info), outputs=outputs)
        return Probe(state="not_done", detail=since(info))


class Start(OnContainer):
    """Start a stopped container."""

    name: ClassVar[str] = "docker.start"
    summary: ClassVar[str] = "Start a stopped container"

    def command_line(self) -> str:
        return f"docker start {self.container}"

    def _action(self) -> Action:
        return Action.START

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if self._holds(info):
            return Effect.nothing(f"{since(info)}: nothing to start")
        if info["State"]["Paused"]:
            return Effect(problems=(Problem(text=f"{self.container} is paused, not stopped: unpause it"),))
        change = self._change(f"~ state: {info['State']['Status']} → running")
        return Effect(changes=(change,), notes=(INFERRED,), undo=UndoPromise.REVERT, undo_why="it is stopped again")

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        await here.call(lambda client: client.start(info["Id"]))
        return Touched(id=info["Id"], changed=not info["State"]["Running"])

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Touched)
        here = self.engine(call)
        async with follow_start(here, outputs.id, call, tail=0):
            seen = await settled(here, outputs.id)
        return Verification(ok=seen.ok, detail=seen.detail)

    def _holds(self, info: Json) -> bool:
        return bool(info["State"]["Running"]) and not info["State"]["Paused"]

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("running") or not before.get("container"):
            return None
        return Stop(context=self.context, container=self.container, expect=str(before["container"]))


class Stop(OnContainer):
    """Stop a running container."""

    name: ClassVar[str] = "docker.stop"
    summary: ClassVar[str] = "Stop a running container"

    seconds: int = Field(10, ge=0, description="how long it may take to end by itself before it is killed")

    def command_line(self) -> str:
        return f"docker stop {self.container}"

    def time_limit(self) -> float:
        return self.timeout + self.seconds

    def _action(self) -> Action:
        return Action.STOP

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if self._holds(info):
            return Effect.nothing(f"{since(info)}: nothing to stop")
        diff = f"~ state: {state_of(info)} → exited"
        if info["HostConfig"].get("AutoRemove"):
            gone = ResourceChange(action=Action.DELETE, resource=self.resource(), diff=diff)
            note = "it was started with --rm: the engine removes it as soon as it ends"
            return Effect(changes=(gone,), notes=(note,), undo=UndoPromise.NONE, undo_why=note)
        return Effect(
            changes=(self._change(diff),),
            notes=(INFERRED,),
            undo=UndoPromise.REVERT,
            undo_why="it is started again; what it held in memory is lost",
        )

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        await here.call(lambda client: client.stop(info["Id"], timeout=self.seconds), limit=self.time_limit())
        return Touched(id=info["Id"], changed=bool(info["State"]["Running"]))

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Touched)
        for _attempt in range(30):
            info = await look(self.engine(call), "container", outputs.id)
            if info is None:
                return Verification(ok=True, detail=f"container {self.container} ended and was removed")
            if not info["HostConfig"].get("AutoRemove"):
                return Verification(ok=self._holds(info), detail=since(info))
            await asyncio.sleep(0.1)
        return Verification(ok=False, detail=f"container {self.container} was not removed as it ended")

    def _holds(self, info: Json) -> bool:
        return not info["State"]["Running"] and not info["State"]["Restarting"]

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("running"):
            return None
        return Start(context=self.context, container=self.container, expect=str(before["container"]))


class Restart(OnContainer):
    """Restart a container."""

    name: ClassVar[str] = "docker.restart"
    summary: ClassVar[str] = "Restart a container"
    repeat: ClassVar[Repeat] = Repeat.OPAQUE
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    seconds: int = Field(10, ge=0, description="how long it may take to end by itself before it is killed")

    def command_line(self) -> str:
        return f"docker restart {self.container}"

    def time_limit(self) -> float:
        return self.timeout + self.seconds

    def _action(self) -> Action:
        return Action.RESTART

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if info["State"]["Running"]:
            why = "a restart leaves the same container; what it held in memory can't be brought back"
            change = self._change("~ state: running → restarted")
            return Effect(changes=(change,), notes=(INFERRED,), undo=UndoPromise.NONE, undo_why=why)
        change = self._change(f"~ state: {info['State']['Status']} → running")
        return Effect(changes=(change,), notes=(INFERRED,), undo=UndoPromise.REVERT, undo_why="it is stopped again")

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        await here.call(lambda client: client.restart(info["Id"], timeout=self.seconds), limit=self.time_limit())
        return Touched(id=info["Id"])

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Touched)
        here = self.engine(call)
        async with follow_start(here, outputs.id, call, tail=0):
            seen = await settled(here, outputs.id)
        return Verification(ok=seen.ok, detail=seen.detail)

    def _holds(self, info: Json) -> bool:
        return bool(info["State"]["Running"])

    async def probe(self, call: Call) -> Probe:
        info = await self._find(self.engine(call))
        what = "is gone" if info is None else f"started last at {info['State']['StartedAt']}"
        return Probe(state="in_doubt", detail=f"docker does not tell who restarted it: {self.container} {what}")

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("running"):
            return None
        return Stop(context=self.context, container=self.container, expect=str(outputs["id"]))


class Pause(OnContainer):
    """Freeze all processes of a container."""

    name: ClassVar[str] = "docker.pause"
    summary: ClassVar[str] = "Freeze all processes of a container"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT

    def command_line(self) -> str:
        return f"docker pause {self.container}"

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if self._holds(info):
            return Effect.nothing(f"{self.container} is paused already")
        if not info["State"]["Running"]:
            return Effect(problems=(Problem(text=f"{described(info)} does not run: there is nothing to pause"),))
        return Effect(changes=(self._change("~ state: running → paused"),), notes=(INFERRED,))

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        if self._holds(info):
            return Touched(id=info["Id"], changed=False)
        await here.call(lambda client: client.pause(info["Id"]))
        return Touched(id=info["Id"])

    def _holds(self, info: Json) -> bool:
        return bool(info["State"]["Paused"])

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("paused"):
            return None
        return Unpause(context=self.context, container=self.container, expect=str(outputs["id"]))


class Unpause(OnContainer):
    """Let a paused container go on."""

    name: ClassVar[str] = "docker.unpause"
    summary: ClassVar[str] = "Let a paused container go on"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT

    def command_line(self) -> str:
        return f"docker unpause {self.container}"

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if self._holds(info):
            return Effect.nothing(f"{self.container} is not paused")
        return Effect(changes=(self._change("~ state: paused → running"),), notes=(INFERRED,))

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        if self._holds(info):
            return Touched(id=info["Id"], changed=False)
        await here.call(lambda client: client.unpause(info["Id"]))
        return Touched(id=info["Id"])

    def _holds(self, info: Json) -> bool:
        return not info["State"]["Paused"]

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("paused"):
            return None
        return Pause(context=self.context, container=self.container, expect=str(outputs["id"]))


class Rename(OnContainer):
    """Give a container another name."""

    name: ClassVar[str] = "docker.rename"
    summary: ClassVar[str] = "Give a container another name"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT

    to: str = Field(description="its new name")

    @field_validator("to")
    @classmethod
    def _fits(cls, value: str) -> str:
        if not CONTAINER_NAME.fullmatch(value):
            raise ValueError(f"{value!r} can't be a container's name: letters, digits, _ . - only")
        return value

    def touched(self) -> Iterable[str]:
        return (self.resource(), f"container/{self.to}")

    def command_line(self) -> str:
        return f"docker rename {self.container} {self.to}"

    async def _effect(self, here: Engine, info: Json) -> Effect:
        if self._holds(info):
            return Effect.nothing(f"it is called {self.to} already")
        problems: tuple[Problem, ...] = ()
        notes = [INFERRED]
        other = await look(here, "container", self.to)
        if other is not None and container_name(other) == self.to:
            problems = (Problem(text=f"the name {self.to} is taken by container {described(other)}"),)
            notes.append(since(other))
        change = self._change(f"- name {container_name(info)}\n+ name {self.to}")
        return Effect(changes=(change,), notes=tuple(notes), problems=problems)

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        if self._holds(info):
            return Touched(id=info["Id"], changed=False)
        await here.call(lambda client: client.rename(info["Id"], self.to))
        return Touched(id=info["Id"])

    def _holds(self, info: Json) -> bool:
        return container_name(info) == self.to

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        old, new = await look(here, "container", self.expect or self.container), await look(here, "container", self.to)
        if new is not None and container_name(new) == self.to and (old is None or old["Id"] == new["Id"]):
            return Probe(state="done", detail=since(new), outputs=Touched(id=new["Id"]).model_dump(mode="json"))
        if old is not None:
            return Probe(state="not_done", detail=since(old))
        return Probe(state="in_doubt", detail=f"there is neither {self.container} nor {self.to}")

    def _facts(self, info: Json) -> JsonObject:
        return {"name": container_name(info)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("name") in (None, self.to):
            return None
        return Rename(context=self.context, container=self.to, to=str(before["name"]), expect=str(outputs["id"]))
