"""Removing a container, and making one again that was removed or replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker import spec as specs
from reign_executors.docker.base import (
    INFERRED,
    STEP_LABEL,
    ContainerName,
    DockerChange,
    Expected,
    described,
    look,
    missing,
    need,
    since,
)
from reign_executors.docker.client import Engine, Json, create_container, together
from reign_executors.docker.names import in_words, short
from reign_executors.docker.settling import settled
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


async def writable_bytes(here: Engine, container: str) -> int:
    """Bytes a container wrote into its own layer (not into volumes)."""
    rows: list[Json] = await here.call(
        lambda client: client.containers(all=True, size=True, filters={"id": container}), limit=30
    )
    return int(rows[0].get("SizeRw") or 0) if rows else 0


async def volume_bytes(here: Engine, names: Iterable[str]) -> dict[str, int | None]:
    """Bytes in each of the volumes; None where the engine doesn't tell, or not in time."""
    wanted = list(names)
    if not wanted:
        return {}
    usage = await here.usage()
    found = {row["Name"]: (row.get("UsageData") or {}).get("Size") for row in (usage or {}).get("Volumes") or ()}
    return {name: size if (size := found.get(name)) is not None and size >= 0 else None for name in wanted}


def anonymous_volumes(info: Json) -> list[str]:
    """Names of the volumes that go with the container when it is removed with its volumes."""
    named = {bind.split(":")[0] for bind in info["HostConfig"].get("Binds") or ()}
    mounts = info.get("Mounts") or ()
    return sorted(m["Name"] for m in mounts if m.get("Type") == "volume" and m.get("Name") not in named)


def data_change(name: str, size: int | None) -> ResourceChange:
    """The deletion of a volume, with the data in it."""
    if size is None:
        note = "how much data it holds is not known"
    else:
        note = f"{in_words(size)} of data in it are lost" if size else "it is empty"
    return ResourceChange(action=Action.DELETE, resource=f"volume/{name}", data_bytes=size or None, note=note)


class Removed(Outputs):
    """``id`` of what was removed; empty when there was nothing to do."""

    id: str = ""
    volumes: list[str] = Field(default=[])


class RemoveContainer(DockerChange):
    """Stop a container when it runs, and remove it."""

    name: ClassVar[str] = "docker.remove_container"
    summary: ClassVar[str] = "Stop a container when it runs, and remove it"
    returns: ClassVar[type[Outputs]] = Removed
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    container: ContainerName
    force: bool = Field(False, description="kill it at once instead of letting it end by itself")
    volumes: bool = Field(False, description="also remove its anonymous volumes")
    named_volumes: list[str] = Field(default=[], description="also remove these volumes")
    expect: Expected = None

    def resource(self) -> str:
        return f"container/{self.container}"

    def touched(self) -> Iterable[str]:
        return [self.resource(), *(f"volume/{name}" for name in self.named_volumes)]

    def command_line(self) -> str:
        flags = f"{' -f' if self.force else ''}{' -v' if self.volumes else ''}"
        stop = "" if self.force else f"docker stop {self.container} && "
        more = f" && docker volume rm {' '.join(self.named_volumes)}" if self.named_volumes else ""
        return f"{stop}docker rm{flags} {self.container}{more}"

    async def _find(self, here: Engine) -> Json | None:
        """The container; with ``expect`` the one of that id alone, whatever it is called now."""
        return await look(here, "container", self.expect or self.container)

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        if self.resource() in call.gone:
            return Effect.nothing("an earlier step removes it")
        info = await self._find(here)
        if info is None:
            self.saw(self.resource(), None)
            if self.resource() in call.promised:
                made = ResourceChange(action=Action.DELETE, resource=self.resource(), note="made by an earlier step")
                return Effect(changes=(made,), undo=UndoPromise.RECREATE)
            if not self.expect:
                return Effect(problems=(await missing(here, "container", self.container, "container"),))
            if not self.named_volumes:
                return Effect.nothing(f"container {self.container} ({short(self.expect)}) is gone already")
        identity: dict[str, str] = {}
        changes: list[ResourceChange] = []
        problems: list[Problem] = []
        notes: list[str] = [INFERRED]
        lost = list(self.named_volumes)
        if info is not None:
            self.saw(self.resource(), info["Id"])
            identity[self.resource()] = info["Id"]
            lost += anonymous_volumes(info) if self.volumes else []
            at_risk, sizes = await together(writable_bytes(here, info["Id"]), volume_bytes(here, lost))
            changes.append(
                ResourceChange(
                    action=Action.DELETE,
                    resource=self.resource(),
                    diff=f"- {described(info)}",
                    data_bytes=at_risk or None,
                    note=f"{in_words(at_risk)} in its writable layer are lost" if at_risk else None,
                )
            )
            notes.append(since(info))
            if info["State"]["Running"]:
                notes.append("it is running: it is " + ("killed" if self.force else "stopped first (10 s to end)"))
            kept = [n for m in info.get("Mounts") or () if (n := m.get("Name")) and n not in lost]
            if kept:
                notes.append(f"its volumes stay: {', '.join(sorted(kept))}")
        else:
            sizes = await volume_bytes(here, lost)
        for name in lost:
            volume = await look(here, "volume", name)
            if volume is None:
                continue
            changes.append(data_change(name, sizes.get(name)))
            identity[f"volume/{name}"] = str(volume.get("CreatedAt"))
            if name in self.named_volumes:
                others = await users_of(here, name, without=info["Id"] if info else "")
                if others:
                    keep = [other for other in self.named_volumes if other != name]
                    choice = Choice(key="keep-volume", label=f"keep {name}", fields={"named_volumes": [*keep]})
                    text = f"volume {name} is used by container {', '.join(others)} too"
                    problems.append(Problem(text=text, choices=(choice,)))
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            problems=tuple(problems),
            identity=identity,
            undo=UndoPromise.RECREATE,
            undo_why="a new container is made from its settings; what it wrote into its own layer"
            + (" and the removed volumes' content do not come back" if lost else " does not come back"),
        )

    async def execute(self, call: Call) -> Removed:
        here = self.engine(call)
        info = await self._find(here)
        identity = ""
        gone = []
        if info is None and not self.expect:
            info = await need(here, "container", self.container)
        if info is not None:
            identity = str(info["Id"])
            self.insist(self.resource(), identity, self.expect)
            gone = anonymous_volumes(info) if self.volumes else []
            if info["State"]["Running"] and not self.force:
                await here.call(lambda client: client.stop(identity))
            try:
                await here.call(lambda client: client.remove_container(identity, v=self.volumes, force=self.force))
            except NotFound:
                call.say(f"{self.container} was removed meanwhile")  # by the engine itself (--rm)
            except Conflict as error:
                if "already in progress" not in error.cause:
                    raise
        for name in self.named_volumes:
            try:
                await here.call(lambda client, name=name: client.remove_volume(name))  # type: ignore[misc]
                gone.append(name)
            except NotFound:
                continue
        return Removed(id=identity, volumes=gone)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Removed)
        here = self.engine(call)
        for _attempt in range(20):
            if not outputs.id or await look(here, "container", outputs.id) is None:
                break
            await asyncio.sleep(0.1)
        else:
            return Verification(ok=False, detail=f"container {self.container} is still there")
        for name in self.named_volumes:
            if await look(here, "volume", name) is not None:
                return Verification(ok=False, detail=f"volume {name} is still there")
        return Verification(ok=True, detail=f"container {self.container} is gone")

    async def probe(self, call: Call) -> Probe:
        info = await self._find(self.engine(call))
        if info is None:
            outputs = Removed(id=self.expect or "").model_dump(mode="json")
            return Probe(state="done", detail=f"there is no container {self.container}", outputs=outputs)
        return Probe(state="not_done", detail=f"it is still there: {since(info)}")

    async def capture(self, call: Call) -> JsonObject:
        info = await self._find(self.engine(call))
        self.saw(self.resource(), info["Id"] if info else None)
        if info is None:
            return {"container": None}
        kept = specs.keep(call.blobs, specs.like(info))
        return {"container": {"name": str(info["Name"]).lstrip("/"), "spec": kept}}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        old = before.get("container")
        if not isinstance(old, dict):
            return None
        return RecreateContainer(context=self.context, container=str(old["name"]), spec=str(old["spec"]))


async def users_of(here: Engine, volume: str, without: str = "") -> list[str]:
    """Names of the containers, running or not, that mount a volume."""
    rows: list[Json] = await here.call(lambda client: client.containers(all=True, filters={"volume": volume}))
    return sorted(row["Names"][0].lstrip("/") for row in rows if row["Id"] != without)


class Recreated(Outputs):
    id: str
    name: str


class RecreateContainer(DockerChange):
    """Make a container again from the settings kept when it was removed or replaced."""

    name: ClassVar[str] = "docker.recreate_container"
    summary: ClassVar[str] = "Make a container again from the settings kept when it was removed"
    returns: ClassVar[type[Outputs]] = Recreated
    repeat: ClassVar[Repeat] = Repeat.KEYED

    container: ContainerName
    spec: str = Field(description="reference of the kept settings")
    replaces: Expected = Field(None, description="id of the container that has its name now and is removed")
    remove_volumes: list[str] = Field(default=[])

    def resource(self) -> str:
        return f"container/{self.container}"

    def _spec(self, call: Call) -> Json:
        try:
            return specs.kept(call.blobs, self.spec)
        except KeyError:
            raise NotFound(
                f"the settings of container {self.container} are no longer kept", "make it anew with docker.run"
            ) from None

    def _remover(self) -> RemoveContainer:
        return RemoveContainer(
            context=self.context,
            container=self.container,
            expect=self.replaces,
            force=True,
            volumes=True,
            named_volumes=self.remove_volumes,
        )

    async def _image(self, here: Engine, old: Json) -> str | None:
        """The image to use: the old name while it still means the same image, else the old image's id."""
        name = str(old["config"]["Image"])
        named = await look(here, "image", name)
        if named is not None and named["Id"] == old["image"]:
            return name
        return str(old["image"]) if await look(here, "image", old["image"]) is not None else None

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        old = self._spec(call)
        problems: list[Problem] = []
        notes = ["what the old container wrote into its own layer does not come back"]
        identity: dict[str, str] = {}
        changes: list[ResourceChange] = []
        existing = await look(here, "container", self.container)
        if self.replaces:
            removal = await self._remover().preview(call)
            identity.update(removal.identity)
            changes += [c for c in removal.changes if c.resource != self.resource()]
            problems += removal.problems
        at_risk = 0
        if existing is not None and existing["Id"] == self.replaces:
            at_risk = await writable_bytes(here, existing["Id"])
        elif existing is not None:
            problems.append(Problem(text=f"the name {self.container} is taken by container {described(existing)}"))
            notes.append(since(existing))
        image = await self._image(here, old)
        if image is None:
            problems.append(Problem(text=f"its image {old['config']['Image']} is not here any more; pull it first"))
        replacing = existing is not None and existing["Id"] == self.replaces
        diff = f"- {described(existing)}\n" if existing is not None and replacing else ""
        diff += f"+ image {old['config']['Image']}\n+ {'running' if old['running'] else 'not running'}, as it was"
        changes.insert(
            0,
            ResourceChange(
                action=Action.REPLACE if replacing else Action.CREATE,
                resource=self.resource(),
                diff=diff,
                data_bytes=at_risk or None,
            ),
        )
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            problems=tuple(problems),
            identity=identity,
            undo=UndoPromise.NONE if replacing else UndoPromise.EXACT,
            undo_why="it is itself the way back" if replacing else None,
        )

    async def execute(self, call: Call) -> Recreated:
        here = self.engine(call)
        old = self._spec(call)
        image = await self._image(here, old)
        if image is None:
            raise NotFound(f"image {old['config']['Image']} is not here any more", "pull it first")
        if self.replaces:
            await self._remover().execute(call)
        there = [name for name in old["anonymous"].values() if await look(here, "volume", name) is not None]
        body = specs.body(old, image, self.labels_of(call), there)
        made: Json = await here.call(
            lambda client: create_container(client, body, self.container),
            late=lambda client, result: client.remove_container(result["Id"], force=True),
        )
        identity = str(made["Id"])
        try:
            for network, joined in specs.other_networks(old):
                aliases = joined.get("Aliases")
                await here.call(
                    lambda client, network=network, aliases=aliases: client.connect_container_to_network(  # type: ignore[misc]
                        identity, network, aliases=aliases
                    )
                )
            if old["running"]:
                await here.call(lambda client: client.start(identity))
            if old["paused"]:
                await here.call(lambda client: client.pause(identity))
        except (OperationError, asyncio.CancelledError):
            await here.finish(lambda client: client.remove_container(identity, force=True))
            raise
        return Recreated(id=identity, name=self.container)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Recreated)
        here = self.engine(call)
        if not self._spec(call)["running"] or self._spec(call)["paused"]:
            there = await look(here, "container", outputs.id) is not None
            return Verification(ok=there, detail=f"container {self.container} is {'there' if there else 'not there'}")
        seen = await settled(here, outputs.id)
        return Verification(ok=seen.ok, detail=seen.detail)

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        rows: list[Json] = await here.call(
            lambda client: client.containers(all=True, filters={"label": f"{STEP_LABEL}={call.key}"})
        )
        if not rows:
            return Probe(state="not_done", detail="this step made no container")
        outputs = Recreated(id=rows[0]["Id"], name=self.container).model_dump(mode="json")
        if rows[0]["State"] == "created" and self._spec(call)["running"]:
            return Probe(state="in_doubt", detail=f"container {self.container} was made and not started")
        return Probe(state="done", detail=f"container {self.container} was made", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        existing = await look(self.engine(call), "container", self.container)
        return {"container": None if existing is None else existing["Id"]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if self.replaces:
            return None
        return RemoveContainer(context=self.context, container=self.container, expect=str(outputs["id"]), force=True)
