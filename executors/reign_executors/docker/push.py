"""``docker.push``: an image from here to its registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from reign_executors.call import Call
from reign_executors.docker.base import DockerChange, ImageName, look, missing, need
from reign_executors.docker.client import Engine
from reign_executors.docker.failures import not_pushed
from reign_executors.docker.names import HUB, image_name, registry_of, repository_and_tag, short
from reign_executors.docker.progress import Progress
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import ConnectionLost, NotFound, OperationError, ToolMissing
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


class Pushed(Outputs):
    """``digest`` is the manifest's, as the registry names it; empty where the registry did not say."""

    image: str
    id: str
    digest: str
    changed: bool = True


class Push(DockerChange):
    """Send an image to its registry, which its name begins with."""

    name: ClassVar[str] = "docker.push"
    summary: ClassVar[str] = "Push an image to its registry (the registry is the first part of its name)"
    returns: ClassVar[type[Outputs]] = Pushed
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE
    timeout: ClassVar[float] = 1800.0

    image: ImageName

    def resource(self) -> str:
        return f"registry/{image_name(self.image)}"

    def command_line(self) -> str:
        return f"docker push {self.image}"

    async def preview(self, call: Call) -> Effect:
        here, local = self.engine(call), f"image/{self.image}"
        registry = registry_of(self.image)
        if registry == HUB and "/" not in self.image.partition("@")[0]:
            text = f"{self.image} names no registry and no account: tag it as registry.example/{self.image} first"
            return Effect(problems=(Problem(text=text),), undo=UndoPromise.NONE)
        promised = local in call.promised and local not in call.gone
        info = None if promised or local in call.gone else await look(here, "image", self.image)
        if info is None and not promised:
            return Effect(problems=(await missing(here, "image", self.image, "image"),), undo=UndoPromise.NONE)
        there = await _digest_there(here, self.image)
        notes = [f"the registry {registry} is asked at once for what it has of {self.image}"]
        if info is not None:
            self.saw(local, info["Id"])
            if there and there in _digests(info):
                note = f"{registry} has exactly this image already ({short(there)})"
                return Effect(notes=(note,), identity={local: str(info["Id"])}, undo=UndoPromise.NONE)
        if there:
            notes = [f"{registry} has another image of that name ({short(there)}): the name goes to this one"]
        elif there is None:
            notes = [f"{registry} does not say whether it has {self.image}"]
        else:
            notes = [f"{registry} has no {self.image} yet"]
        action = Action.CREATE if there == "" else Action.UPDATE
        source = short(str(info["Id"])) if info is not None else "made by an earlier step"
        return Effect(
            changes=(ResourceChange(action=action, resource=self.resource(), diff=f"+ {self.image} = {source}"),),
            notes=tuple(notes),
            identity={} if info is None else {local: str(info["Id"])},
            undo=UndoPromise.NONE,
            undo_why="what is in a registry may have been pulled by others; delete it there if need be",
        )

    async def execute(self, call: Call) -> Pushed:
        here = self.engine(call)
        info = await need(here, "image", self.image)
        self.insist(f"image/{self.image}", info["Id"])
        before = await _digest_there(here, self.image)
        if before and before in _digests(info):
            call.say(f"{self.image} is there already")
            return Pushed(image=self.image, id=info["Id"], digest=before, changed=False)
        repository, tag = repository_and_tag(self.image)
        progress = Progress(call, self.image)
        try:
            await here.stream(lambda client: client.push(repository, tag=tag, stream=True, decode=True), progress.take)
        except (ToolMissing, ConnectionLost):
            raise
        except OperationError as error:
            raise not_pushed(self.image, error.detail or error.cause) from error
        if progress.error:
            raise not_pushed(self.image, progress.error)
        return Pushed(image=self.image, id=info["Id"], digest=progress.result)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Pushed)
        there = await _digest_there(self.engine(call), self.image)
        if there is None:
            return Verification(ok=True, detail=f"the registry took {self.image}; it does not let itself be asked")
        ok = bool(there) and there == (outputs.digest or there)
        return Verification(ok=ok, detail=f"the registry has {self.image} as {short(there) if there else 'nothing'}")

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        info = await look(here, "image", self.image)
        there = await _digest_there(here, self.image)
        if info is not None and there and there in _digests(info):
            outputs = Pushed(image=self.image, id=info["Id"], digest=there).model_dump(mode="json")
            return Probe(state="done", detail=f"the registry has {self.image}", outputs=outputs)
        return Probe(state="not_done", detail=f"the registry has no such {self.image}; pushing again does no harm")

    async def capture(self, call: Call) -> JsonObject:
        return {"there": await _digest_there(self.engine(call), self.image)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


async def _digest_there(here: Engine, image: str) -> str | None:
    """The digest that the registry has under an image's name: empty when it has none, None when it can't be asked."""
    try:
        found = await here.call(lambda client: client.inspect_distribution(image))  # type: ignore[no-untyped-call]
    except NotFound:
        return ""
    except (ToolMissing, ConnectionLost):
        raise
    except OperationError as error:
        unknown = any(word in f"{error.detail} {error.cause}".lower() for word in ("manifest unknown", "not found"))
        return "" if unknown else None
    return str((found.get("Descriptor") or {}).get("digest") or "")


def _digests(info: Mapping[str, Any]) -> frozenset[str]:
    """The digests that registries know a local image by."""
    return frozenset(str(name).partition("@")[2] for name in info.get("RepoDigests") or ())
