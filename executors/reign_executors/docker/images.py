"""Images: pull, tag, remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker.base import INFERRED, DockerChange, Expected, ImageName, look, missing, need
from reign_executors.docker.client import Engine, Json, gone_away
from reign_executors.docker.failures import not_pulled
from reign_executors.docker.names import HUB, in_words, registry_of, repository_and_tag, short
from reign_executors.docker.progress import Progress
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, ConnectionLost, NotFound, OperationError, ToolMissing
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


async def image_id(here: Engine, name: str) -> str | None:
    """The id behind an image's name; None when it is not here."""
    info = await look(here, "image", name)
    return None if info is None else str(info["Id"])


async def containers_of(here: Engine, identity: str) -> list[Json]:
    """Containers, running or not, that were made from this very image."""
    rows: list[Json] = await here.call(lambda client: client.containers(all=True))
    return [row for row in rows if row.get("ImageID") == identity]


class ImageHere(Outputs):
    """``changed`` False: it was here already."""

    id: str
    image: str
    changed: bool = True


class Pull(DockerChange):
    """Bring an image here from its registry."""

    name: ClassVar[str] = "docker.pull"
    summary: ClassVar[str] = "Pull an image from its registry; nothing happens when it is here already"
    returns: ClassVar[type[Outputs]] = ImageHere
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    timeout: ClassVar[float] = 1800.0

    image: ImageName
    always: bool = Field(False, description="ask the registry even when an image of that name is here")

    def resource(self) -> str:
        return f"image/{self.image}"

    def command_line(self) -> str:
        return f"docker pull {self.image}"

    async def preview(self, call: Call) -> Effect:
        if self.resource() in call.promised and not self.always:
            return Effect.nothing("an earlier step brings it")
        existing = await image_id(self.engine(call), self.image) if self.resource() not in call.gone else None
        if existing is not None and not self.always:
            return Effect(
                notes=(f"{self.image} is here already ({short(existing)}): nothing is pulled",),
                identity={self.resource(): existing},
            )
        registry = registry_of(self.image)
        where = "Docker Hub (docker.io)" if registry == HUB else f"the registry {registry}"
        notes = [f"{where} is asked for {self.image}; how much is downloaded is not known before", INFERRED]
        action = Action.CREATE if existing is None else Action.UPDATE
        if existing is not None:
            notes.append(f"a newer image takes the name from {short(existing)}; the old one stays without a name")
        return Effect(
            changes=(ResourceChange(action=action, resource=self.resource()),),
            notes=tuple(notes),
            identity={self.resource(): existing} if existing else {},
            undo_why="it is removed again, unless a container uses it by then",
        )

    async def execute(self, call: Call) -> ImageHere:
        here = self.engine(call)
        existing = await image_id(here, self.image)
        if existing is not None and not self.always:
            call.say(f"{self.image} is here already")
            return ImageHere(id=existing, image=self.image, changed=False)
        repository, tag = repository_and_tag(self.image)
        progress = Progress(call, self.image)
        try:
            await here.stream(lambda client: client.pull(repository, tag=tag, stream=True, decode=True), progress.take)
        except (ToolMissing, ConnectionLost):
            raise
        except OperationError as error:
            raise not_pulled(self.image, error.detail or error.cause, here.endpoint) from error
        if progress.error:
            raise not_pulled(self.image, progress.error, here.endpoint)
        try:
            identity = await image_id(here, self.image)
        except ToolMissing as error:
            raise gone_away(here.endpoint, error) from error
        if identity is None:
            raise NotFound(f"{self.image} was pulled and is not here", "pull it again")
        return ImageHere(id=identity, image=self.image, changed=identity != existing)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, ImageHere)
        identity = await image_id(self.engine(call), self.image)
        ok = identity == outputs.id
        return Verification(ok=ok, detail=f"{self.image} is {short(identity) if identity else 'not here'}")

    async def probe(self, call: Call) -> Probe:
        identity = await image_id(self.engine(call), self.image)
        if identity is None:
            return Probe(state="not_done", detail=f"{self.image} is not here")
        if self.always:
            return Probe(state="not_done", detail="pulling it once more does no harm")
        outputs = ImageHere(id=identity, image=self.image).model_dump(mode="json")
        return Probe(state="done", detail=f"{self.image} is here", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        return {"image": await image_id(self.engine(call), self.image)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("image") == outputs["id"]:
            return None
        if before.get("image"):
            return Tag(context=self.context, image=str(before["image"]), tag=self.image, replaces=str(outputs["id"]))
        return RemoveImage(context=self.context, image=self.image, expect=str(outputs["id"]))


class Tag(DockerChange):
    """Give an image one more name."""

    name: ClassVar[str] = "docker.tag"
    summary: ClassVar[str] = "Give an image one more name and tag"
    returns: ClassVar[type[Outputs]] = ImageHere
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    image: ImageName = Field(description="the image as it is called now, or its id")
    tag: ImageName = Field(description="its new name, such as registry.example:5000/shop:1.0")
    replaces: str | None = Field(
        None, description="id of the only image the name may be taken from; empty: from none; none: from any"
    )

    def _of_others(self, existing: str | None, source: str | None) -> str | None:
        """What is in the way when the name is another image's than the one it may be taken from."""
        if self.replaces is None or existing in (None, source, self.replaces):
            return None
        was = f"was {short(self.replaces)}" if self.replaces else "was no image's"
        return f"{self.tag} is another image now ({short(str(existing))}, {was}): it stays"

    def resource(self) -> str:
        return f"image/{self.tag}"

    def touched(self) -> Iterable[str]:
        return (self.resource(),)

    def command_line(self) -> str:
        return f"docker tag {self.image} {self.tag}"

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        source_name = f"image/{self.image}"
        promised = source_name in call.promised and source_name not in call.gone
        source = await image_id(here, self.image) if source_name not in call.gone else None
        if source is None and not promised:
            return Effect(problems=(await missing(here, "image", self.image, "image"),))
        existing = await image_id(here, self.tag)
        identity = {source_name: source} if source else {}
        if existing is not None:
            identity[self.resource()] = existing
        self.saw(source_name, source)
        others = self._of_others(existing, source)
        if others is not None:
            return Effect(problems=(Problem(text=others),), identity=identity)
        if existing is not None and existing == source:
            return Effect(notes=(f"{self.tag} is that image already",), identity=identity)
        if existing is None:
            change = ResourceChange(action=Action.CREATE, resource=self.resource(), diff=f"+ {self.tag}")
            return Effect(changes=(change,), notes=(INFERRED,), identity=identity)
        new = short(source) if source else "made by an earlier step"
        change = ResourceChange(
            action=Action.UPDATE,
            resource=self.resource(),
            diff=f"- {self.tag} = {short(existing)}\n+ {self.tag} = {new}",
        )
        return Effect(changes=(change,), notes=(INFERRED,), identity=identity)

    async def execute(self, call: Call) -> ImageHere:
        here = self.engine(call)
        source = await need(here, "image", self.image)
        self.insist(f"image/{self.image}", source["Id"])
        existing = await image_id(here, self.tag)
        others = self._of_others(existing, source["Id"])
        if others is not None:
            raise Conflict(others, "look at it and plan again")
        repository, tag = repository_and_tag(self.tag)
        await here.call(lambda client: client.tag(source["Id"], repository, tag))
        return ImageHere(id=source["Id"], image=self.tag, changed=existing != source["Id"])

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, ImageHere)
        identity = await image_id(self.engine(call), self.tag)
        return Verification(ok=identity == outputs.id, detail=f"{self.tag} is {short(identity or 'nothing')}")

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        source, existing = await image_id(here, self.image), await image_id(here, self.tag)
        if source is not None and source == existing:
            outputs = ImageHere(id=source, image=self.tag).model_dump(mode="json")
            return Probe(state="done", detail=f"{self.tag} is {short(source)}", outputs=outputs)
        return Probe(state="not_done", detail=f"{self.tag} is not that image")

    async def capture(self, call: Call) -> JsonObject:
        return {"tag": await image_id(self.engine(call), self.tag)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("tag") == outputs["id"]:
            return None
        if before.get("tag"):
            return Tag(context=self.context, image=str(before["tag"]), tag=self.tag, replaces=str(outputs["id"]))
        return RemoveImage(context=self.context, image=self.tag, expect=str(outputs["id"]))


class ImageRemoved(Outputs):
    """``untagged`` and ``deleted`` as the engine lists them."""

    id: str = ""
    untagged: list[str] = Field(default=[])
    deleted: list[str] = Field(default=[])


class RemoveImage(DockerChange):
    """Remove an image, or only its name while it has others."""

    name: ClassVar[str] = "docker.remove_image"
    summary: ClassVar[str] = "Remove an image (only the name while it has other names)"
    returns: ClassVar[type[Outputs]] = ImageRemoved
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    image: ImageName
    force: bool = Field(False, description="even when stopped containers were made from it")
    expect: Expected = None

    def resource(self) -> str:
        return f"image/{self.image}"

    def command_line(self) -> str:
        return f"docker rmi{' -f' if self.force else ''} {self.image}"

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        if self.resource() in call.gone:
            return Effect.nothing("an earlier step removes it")
        info = await look(here, "image", self.image)
        if info is None:
            self.saw(self.resource(), None)
            if self.resource() in call.promised:
                made = ResourceChange(action=Action.DELETE, resource=self.resource(), note="made by an earlier step")
                return Effect(changes=(made,), undo=UndoPromise.NONE)
            if self.expect:
                return Effect.nothing(f"{self.image} is gone already")
            return Effect(problems=(await missing(here, "image", self.image, "image"),))
        identity = str(info["Id"])
        self.saw(self.resource(), identity)
        if self.expect and self.expect != identity:
            text = f"{self.image} is another image now ({short(identity)}, was {short(self.expect)}): it stays"
            return Effect(problems=(Problem(text=text),), identity={self.resource(): identity})
        others = self._others(info)
        problems: list[Problem] = []
        note = f"it goes by {', '.join(others)} still" if others else f"{in_words(int(info['Size']))}"
        notes = [INFERRED]
        if not others:
            users = [
                row
                for row in await containers_of(here, identity)
                if f"container/{row['Names'][0].lstrip('/')}" not in call.gone
            ]
            names = ", ".join(row["Names"][0].lstrip("/") for row in users)
            if any(row["State"] in ("running", "paused", "restarting") for row in users):
                problems.append(Problem(text=f"image {self.image} is used by container {names}, which runs"))
            elif users and not self.force:
                choice = Choice(key="force", label="remove its names all the same", fields={"force": True})
                text = f"image {self.image} is used by the stopped container {names}"
                problems.append(Problem(text=text, choices=(choice,)))
        undo, why = self._promise(info, others)
        return Effect(
            changes=(ResourceChange(action=Action.DELETE, resource=self.resource(), note=note),),
            notes=tuple(notes),
            problems=tuple(problems),
            identity={self.resource(): identity},
            undo=undo,
            undo_why=why,
        )

    def _others(self, info: Json) -> list[str]:
        tags = [tag for tag in info.get("RepoTags") or () if tag != "<none>:<none>"]
        return [tag for tag in tags if tag != self.image] if self.image in tags else []

    def _promise(self, info: Json, others: list[str]) -> tuple[UndoPromise, str | None]:
        if others:
            return UndoPromise.EXACT, None
        digests = info.get("RepoDigests") or ()
        if digests:
            return UndoPromise.REVERT, f"it is pulled again from {registry_of(digests[0])} by its digest"
        return (
            UndoPromise.NONE,
            "it came from no registry: keep it with docker save first, or be able to build it again",
        )

    async def execute(self, call: Call) -> ImageRemoved:
        here = self.engine(call)
        info = await look(here, "image", self.image)
        if info is None and self.expect:
            return ImageRemoved()
        info = info or await need(here, "image", self.image)
        self.insist(self.resource(), info["Id"], self.expect)
        rows: list[Json] = await here.call(lambda client: client.remove_image(self.image, force=self.force)) or []
        for row in rows:
            call.say(" ".join(f"{word}: {what}" for word, what in row.items()))
        return ImageRemoved(
            id=info["Id"],
            untagged=[row["Untagged"] for row in rows if "Untagged" in row],
            deleted=[row["Deleted"] for row in rows if "Deleted" in row],
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        gone = await look(self.engine(call), "image", self.image) is None
        return Verification(ok=gone, detail=f"{self.image} is {'gone' if gone else 'still here'}")

    async def probe(self, call: Call) -> Probe:
        gone = await look(self.engine(call), "image", self.image) is None
        outputs = ImageRemoved(id=self.expect or "").model_dump(mode="json")
        if gone:
            return Probe(state="done", detail=f"{self.image} is gone", outputs=outputs)
        return Probe(state="not_done", detail=f"{self.image} is still here")

    async def capture(self, call: Call) -> JsonObject:
        info = await look(self.engine(call), "image", self.image)
        if info is None:
            return {"image": None}
        self.saw(self.resource(), info["Id"])
        others = bool(self._others(info))  # which they are is others' business, and may change meanwhile
        digests = [] if others else sorted(info.get("RepoDigests") or ())
        return {"image": info["Id"], "others": others, "digests": [*digests]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("image"):
            return None
        if before.get("others"):
            return Tag(context=self.context, image=str(before["image"]), tag=self.image, replaces="")
        digests = before.get("digests")
        if isinstance(digests, list) and digests:
            return PullAs(context=self.context, image=str(digests[0]), tag=self.image)
        return None


class PullAs(Pull):
    """Bring exactly one image here by its digest and give it a name."""

    name: ClassVar[str] = "docker.pull_as"
    summary: ClassVar[str] = "Pull an image by its digest and give it a name"

    tag: ImageName

    def command_line(self) -> str:
        return f"docker pull {self.image} && docker tag {self.image} {self.tag}"

    def _tagger(self) -> Tag:
        return Tag(context=self.context, image=self.image, tag=self.tag, replaces="")

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        pulled = await super().preview(call)
        existing = await image_id(here, self.tag)
        if existing is not None:
            if existing == await image_id(here, self.image):
                return pulled
            text = f"{self.tag} is another image now ({short(existing)})"
            return pulled.model_copy(update={"problems": (Problem(text=text),)})
        named = ResourceChange(action=Action.CREATE, resource=f"image/{self.tag}")
        return pulled.model_copy(update={"changes": (*pulled.changes, named)})

    async def execute(self, call: Call) -> ImageHere:
        await super().execute(call)
        return await self._tagger().execute(call)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        return await self._tagger().verify(call, outputs)

    async def probe(self, call: Call) -> Probe:
        if await image_id(self.engine(call), self.image) is None:
            return Probe(state="not_done", detail=f"{self.image} is not here")
        return await self._tagger().probe(call)

    async def capture(self, call: Call) -> JsonObject:
        here = self.engine(call)
        return {"image": await image_id(here, self.image), "tag": await image_id(here, self.tag)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("tag"):
            return None
        return RemoveImage(context=self.context, image=self.tag, expect=str(outputs["id"]))
