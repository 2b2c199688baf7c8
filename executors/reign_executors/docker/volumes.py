"""Volumes: create, remove; their content is kept before removal when it is small enough to bring back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, JsonValue, field_validator

from reign_executors.call import Call
from reign_executors.docker.base import INFERRED, STEP_LABEL, DockerChange, Expected, Name, look, missing, need
from reign_executors.docker.client import Engine, Json, create_container
from reign_executors.docker.names import CONTAINER_NAME, in_words
from reign_executors.docker.remove import data_change, users_of, volume_bytes
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound, OperationError, TargetMoved
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

if TYPE_CHECKING:
    from docker import APIClient

INSIDE = "/.reign-volume"


class VolumeHere(Outputs):
    """``changed`` False: it was there already. ``created``: the engine's creation time, which identifies it."""

    volume: str
    mountpoint: str = ""
    created: str = ""
    changed: bool = True


class _OnVolume(DockerChange):
    volume: Name

    def resource(self) -> str:
        return f"volume/{self.volume}"

    @field_validator("volume")
    @classmethod
    def _name_fits(cls, value: str) -> str:
        if not CONTAINER_NAME.fullmatch(value):
            raise ValueError(f"{value!r} can't be a volume's name: letters, digits, _ . - only")
        return value


def _facts(info: Json | None) -> JsonValue:
    """What makes a volume what it is, apart from its content and its age."""
    if info is None:
        return None
    labels = {key: value for key, value in (info.get("Labels") or {}).items() if not key.startswith("dev.reign.")}
    return {"driver": info["Driver"], "options": info.get("Options") or {}, "labels": labels}


class CreateVolume(_OnVolume):
    """Create a volume."""

    name: ClassVar[str] = "docker.create_volume"
    summary: ClassVar[str] = "Create a volume; nothing happens when it is there already"
    returns: ClassVar[type[Outputs]] = VolumeHere
    repeat: ClassVar[Repeat] = Repeat.KEYED

    driver: str = "local"
    options: dict[str, str] = Field(default={}, description="the driver's own options")
    labels: dict[str, str] = Field(default={})
    content: str | None = Field(None, description="reference of kept content to put into it")

    def command_line(self) -> str:
        driver = "" if self.driver == "local" else f" --driver {self.driver}"
        return f"docker volume create{driver} {self.volume}"

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        info = await look(here, "volume", self.volume) if self.resource() not in call.gone else None
        if info is None:
            if self.resource() in call.promised and self.resource() not in call.gone:
                return Effect.nothing("an earlier step creates it")
            diff = f"+ volume {self.volume}" + ("" if self.driver == "local" else f" ({self.driver})")
            problems: tuple[Problem, ...] = ()
            notes = [INFERRED]
            if self.content is not None:
                notes.append("its content as it was kept is put back")
                if self._kept(call) is None:
                    problems = (Problem(text=f"the content of volume {self.volume} is no longer kept"),)
                elif await some_image(here) is None:
                    problems = (Problem(text="its content can't be put back: no image is here to reach it with"),)
            change = ResourceChange(action=Action.CREATE, resource=self.resource(), diff=diff)
            return Effect(changes=(change,), notes=tuple(notes), problems=problems)
        identity = {self.resource(): str(info.get("CreatedAt"))}
        if self.content is not None:
            text = f"a volume {self.volume} is there again: the kept content is not put into another's volume"
            return Effect(problems=(Problem(text=text),), identity=identity)
        if info["Driver"] != self.driver or (self.options and (info.get("Options") or {}) != self.options):
            text = f"a volume {self.volume} is there already, of another kind (driver {info['Driver']})"
            return Effect(problems=(Problem(text=text, choices=(await self._rename(here),)),), identity=identity)
        return Effect(notes=(f"volume {self.volume} is there already and is used as it is",), identity=identity)

    def _kept(self, call: Call) -> bytes | None:
        """The content to put into it; None when there is none, or it is no longer kept."""
        try:
            return None if self.content is None else call.blobs.get(self.content)
        except KeyError:
            return None

    async def _rename(self, here: Engine) -> Choice:
        listed: Any = await here.call(lambda client: client.volumes())
        used = {row["Name"] for row in listed.get("Volumes") or ()}
        free = next(f"{self.volume}-{number}" for number in range(2, 10_000) if f"{self.volume}-{number}" not in used)
        return Choice(key="rename", label=f"call the new one {free}", fields={"volume": free})

    async def execute(self, call: Call) -> VolumeHere:
        here = self.engine(call)
        if await look(here, "volume", self.volume) is not None:
            info = await need(here, "volume", self.volume)
            mine = (info.get("Labels") or {}).get(STEP_LABEL) == call.key
            if self.content is not None and not mine:
                raise Conflict(f"a volume {self.volume} is there again", "its kept content was not put into it")
            if not mine:
                return self._here(info, changed=False)
        data = self._kept(call)
        if self.content is not None and data is None:
            raise NotFound(
                f"the content of volume {self.volume} is no longer kept", "create it empty, or restore it from a backup"
            )
        labels = {**self.labels, **self.labels_of(call)}
        info = await here.call(
            lambda client: client.create_volume(
                self.volume, driver=self.driver, driver_opts=self.options or None, labels=labels
            ),
            late=lambda client, result: client.remove_volume(result["Name"]),
        )
        if data is not None:
            try:
                await write_content(here, self.volume, data)
            except (OperationError, asyncio.CancelledError):
                await here.finish(lambda client: client.remove_volume(self.volume))
                raise
        return self._here(info, changed=True)

    def _here(self, info: Json, *, changed: bool) -> VolumeHere:
        return VolumeHere(
            volume=info["Name"],
            mountpoint=info.get("Mountpoint") or "",
            created=str(info.get("CreatedAt") or ""),
            changed=changed,
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        info = await look(self.engine(call), "volume", self.volume)
        return Verification(ok=info is not None, detail=f"volume {self.volume} is {'there' if info else 'not there'}")

    async def probe(self, call: Call) -> Probe:
        info = await look(self.engine(call), "volume", self.volume)
        if info is None:
            return Probe(state="not_done", detail=f"there is no volume {self.volume}")
        mine = (info.get("Labels") or {}).get(STEP_LABEL) == call.key
        if mine and self.content is not None:
            return Probe(state="not_done", detail="whether its content is whole is not known: it is put in again")
        outputs = self._here(info, changed=mine).model_dump(mode="json")
        return Probe(state="done", detail=f"volume {self.volume} is there", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        return {"volume": _facts(await look(self.engine(call), "volume", self.volume))}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("volume") is not None or not outputs.get("changed", True):
            return None
        return RemoveVolume(context=self.context, volume=self.volume, expect=str(outputs["created"]))


class VolumeRemoved(Outputs):
    """``changed`` False: it was gone already."""

    volume: str
    changed: bool = True


class RemoveVolume(_OnVolume):
    """Remove a volume and the data in it."""

    name: ClassVar[str] = "docker.remove_volume"
    summary: ClassVar[str] = "Remove a volume and all data in it"
    returns: ClassVar[type[Outputs]] = VolumeRemoved
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE

    expect: Expected = None

    def command_line(self) -> str:
        return f"docker volume rm {self.volume}"

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        if self.resource() in call.gone:
            return Effect.nothing("an earlier step removes it")
        info = await look(here, "volume", self.volume)
        if info is None:
            self.saw(self.resource(), None)
            if self.resource() in call.promised:
                made = ResourceChange(action=Action.DELETE, resource=self.resource(), note="made by an earlier step")
                return Effect(changes=(made,), undo=UndoPromise.RECREATE)
            if self.expect:
                return Effect.nothing(f"volume {self.volume} is gone already")
            return Effect(problems=(await missing(here, "volume", self.volume, "volume"),))
        created = str(info.get("CreatedAt"))
        self.saw(self.resource(), created)
        identity = {self.resource(): created}
        if self.expect and self.expect != created:
            text = f"volume {self.volume} is another one now (made {created}): it stays"
            return Effect(problems=(Problem(text=text),), identity=identity)
        problems: list[Problem] = []
        users = [name for name in await users_of(here, self.volume) if f"container/{name}" not in call.gone]
        if users:
            text = f"volume {self.volume} is used by container {', '.join(users)}; remove that first"
            problems.append(Problem(text=text))
        size = (await volume_bytes(here, [self.volume]))[self.volume]
        notes = [INFERRED]
        if size is None:
            notes.append("the engine did not tell in time how much data it holds; take it for as much as there can be")
        undo, why = await self._promise(here, call, info, size)
        return Effect(
            changes=(data_change(self.volume, size),),
            notes=tuple(notes),
            problems=tuple(problems),
            identity=identity,
            undo=undo,
            undo_why=why,
        )

    async def _promise(self, here: Engine, call: Call, info: Json, size: int | None) -> tuple[UndoPromise, str]:
        if size == 0:
            return UndoPromise.RECREATE, "it is empty: an empty one is made again"
        if size is None:
            return UndoPromise.NONE, "how much data it holds is not known, so it can't be kept"
        if size > call.blobs.limit:
            return (
                UndoPromise.NONE,
                f"{in_words(size)} are more than is kept ({in_words(call.blobs.limit)})",
            )
        if await some_image(here) is None:
            return UndoPromise.NONE, "no image is here to read its content with"
        return UndoPromise.RECREATE, f"its content ({in_words(size)}) is kept and put into a new volume of that name"

    async def execute(self, call: Call) -> VolumeRemoved:
        here = self.engine(call)
        info = await look(here, "volume", self.volume)
        if info is None and self.expect:
            return VolumeRemoved(volume=self.volume, changed=False)
        info = info or await need(here, "volume", self.volume)
        created = str(info.get("CreatedAt"))
        if (self.expect and self.expect != created) or self._seen.get(self.resource(), created) != created:
            raise TargetMoved(f"volume {self.volume} is another one now (made {created})", "look at it and plan again")
        await here.call(lambda client: client.remove_volume(self.volume))
        return VolumeRemoved(volume=self.volume)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        gone = await look(self.engine(call), "volume", self.volume) is None
        return Verification(ok=gone, detail=f"volume {self.volume} is {'gone' if gone else 'still there'}")

    async def probe(self, call: Call) -> Probe:
        if await look(self.engine(call), "volume", self.volume) is None:
            outputs = VolumeRemoved(volume=self.volume).model_dump(mode="json")
            return Probe(state="done", detail=f"volume {self.volume} is gone", outputs=outputs)
        return Probe(state="not_done", detail=f"volume {self.volume} is still there")

    async def capture(self, call: Call) -> JsonObject:
        here = self.engine(call)
        info = await look(here, "volume", self.volume)
        self.saw(self.resource(), str(info.get("CreatedAt")) if info else None)
        before: JsonObject = {"volume": _facts(info), "content": None, "kept": False}
        if info is None:
            return before
        size = (await volume_bytes(here, [self.volume]))[self.volume]
        if size == 0:
            before["kept"] = True
        elif size is not None and size <= call.blobs.limit:
            data = await read_content(here, self.volume, 2 * call.blobs.limit)
            if data is not None:
                before["content"], before["kept"] = call.blobs.put(data), True
        return before

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        facts = before.get("volume")
        if not isinstance(facts, dict) or not before.get("kept") or not outputs.get("changed", True):
            return None
        return CreateVolume(
            context=self.context,
            volume=self.volume,
            driver=str(facts["driver"]),
            options=_texts(facts["options"]),
            labels=_texts(facts["labels"]),
            content=None if before.get("content") is None else str(before["content"]),
        )


def _texts(value: JsonValue) -> dict[str, str]:
    return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else {}


async def some_image(here: Engine) -> str | None:
    """Any image of this engine; it is only a vessel and never started."""
    rows: list[Json] = await here.call(lambda client: client.images())
    return str(rows[0]["Id"]) if rows else None


@contextmanager
def _vessel(client: APIClient, volume: str, image: str) -> Iterator[str]:
    """A container that is never started, with the volume in it: the engine copies files into and out of it."""
    made = create_container(
        client,
        {
            "Image": image,
            "Cmd": ["-"],
            "NetworkDisabled": True,
            "HostConfig": {"Binds": [f"{volume}:{INSIDE}:nocopy"]},
            "Labels": {"dev.reign.vessel": volume},
        },
    )
    try:
        yield made["Id"]
    finally:
        client.remove_container(made["Id"], force=True)


async def read_content(here: Engine, volume: str, limit: int) -> bytes | None:
    """A tar of what is in a volume; None when it exceeds ``limit`` bytes or there is no image to read it with."""
    image = await some_image(here)
    if image is None:
        return None

    def read(client: APIClient) -> bytes | None:
        with _vessel(client, volume, image) as vessel:
            pieces, _stat = client.get_archive(vessel, f"{INSIDE}/.")
            kept = io.BytesIO()
            for piece in pieces:
                kept.write(piece)
                if kept.tell() > limit:
                    return None
            return kept.getvalue()

    return await here.call(read)


async def write_content(here: Engine, volume: str, data: bytes) -> None:
    """Put a tar's content into a volume."""
    image = await some_image(here)
    if image is None:
        raise NotFound(f"the content of volume {volume} can't be put back: no image is here to reach it with")

    def write(client: APIClient) -> None:
        with _vessel(client, volume, image) as vessel:
            client.put_archive(vessel, INSIDE, data)

    await here.call(write)
