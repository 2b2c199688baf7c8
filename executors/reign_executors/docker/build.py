"""docker.build: an image from a folder, by the engine's classic builder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker.base import DockerChange, ImageName, look
from reign_executors.docker.client import Engine
from reign_executors.docker.failures import not_pulled
from reign_executors.docker.images import ImageHere, RemoveImage, Tag, image_id
from reign_executors.docker.names import image_name, repository_and_tag, short
from reign_executors.docker.progress import Progress
from reign_executors.docker.redacting import shown
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import NoSpace, NotFound, OperationError, PermissionMissing
from reign_executors.home import expanded
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
_REGISTRY = re.compile(
    r"pull access denied|manifest (unknown|for )|dial tcp|no such host|Get \"?https?://", re.IGNORECASE
)


def bases(dockerfile: str) -> list[str]:
    """Images a Dockerfile starts from, without its own stages, ``scratch`` and names made of variables."""
    stages: set[str] = set()
    found = []
    for image, stage in _FROM.findall(dockerfile):
        if image.lower() not in stages and image.lower() != "scratch" and "$" not in image:
            found.append(image_name(image))
        if stage:
            stages.add(stage.lower())
    return list(dict.fromkeys(found))


class Build(DockerChange):
    """Build an image from a folder with a Dockerfile."""

    name: ClassVar[str] = "docker.build"
    summary: ClassVar[str] = "Build an image from a folder with a Dockerfile"
    returns: ClassVar[type[Outputs]] = ImageHere
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    timeout: ClassVar[float] = 3600.0
    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_args"})

    folder: str = Field(description="the build context")
    image: ImageName = Field(description="name and tag of the new image")
    dockerfile: str = Field("Dockerfile", description="path inside the folder")
    args: dict[str, str] = Field(default={}, description="build arguments")
    secret_args: dict[str, str] = Field(default={}, description="build arguments whose values are secret")
    stage: str | None = Field(None, description="stage to stop at")
    pull: bool = Field(False, description="ask the registry for newer base images")
    no_cache: bool = False

    def resource(self) -> str:
        return f"image/{self.image}"

    def command_line(self) -> str:
        words = ["docker build", f"-t {self.image}"]
        words += [f"-f {self.dockerfile}"] if self.dockerfile != "Dockerfile" else []
        words += [f"--build-arg {name}={shown(name, value)}" for name, value in self.args.items()]
        words += [f"--build-arg {name}" for name in self.secret_args]
        words += [f"--target {self.stage}"] if self.stage else []
        return " ".join([*words, self.folder])

    def _folder(self, call: Call) -> Path:
        return (call.cwd / expanded(self.folder)).resolve()

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        folder = self._folder(call)
        file = folder / self.dockerfile
        if f"file/{file}" in call.promised or f"file/{folder}" in call.promised:
            text = ""
        else:
            if not folder.is_dir():
                return Effect(problems=(Problem(text=f"there is no folder {folder}"),))
            if not file.is_file():
                return Effect(problems=(Problem(text=f"there is no {self.dockerfile} in {folder}"),))
            text = file.read_text("utf-8", "replace")
        existing = await image_id(here, self.image) if self.resource() not in call.gone else None
        notes = ["what the build runs is in its Dockerfile; it may reach the network"]
        problems: list[Problem] = []
        if self.stage and not re.search(rf"\bAS\s+{re.escape(self.stage)}\s*$", text, re.IGNORECASE | re.MULTILINE):
            problems.append(Problem(text=f"{self.dockerfile} has no stage {self.stage}"))
        for base in bases(text):
            known = f"image/{base}" in call.promised or await look(here, "image", base) is not None
            if not known:
                notes.append(f"the base image {base} is not here: the engine pulls it from its registry")
        identity = {self.resource(): existing} if existing else {}
        if existing is not None:
            notes.append(f"{self.image} is {short(existing)} now; that one stays without this name")
        action = Action.UPDATE if existing else Action.CREATE
        diff = f"+ {self.image} from {folder / self.dockerfile}"
        return Effect(
            changes=(ResourceChange(action=action, resource=self.resource(), diff=diff),),
            notes=tuple(notes),
            problems=tuple(problems),
            identity=identity,
            undo=UndoPromise.EXACT,
            undo_why="layers of the build cache stay",
        )

    async def execute(self, call: Call) -> ImageHere:
        here = self.engine(call)
        folder = self._folder(call)
        if not (folder / self.dockerfile).is_file():
            raise NotFound(f"there is no {self.dockerfile} in {folder}", "choose another folder or dockerfile")
        before = await image_id(here, self.image)
        progress = Progress(call, self.image)
        repository, tag = repository_and_tag(self.image)
        labels = self.labels_of(call)
        try:
            await here.stream(
                lambda client: client.build(
                    path=str(folder),
                    dockerfile=self.dockerfile,
                    tag=f"{repository}:{tag}",
                    buildargs={**self.args, **self.secret_args} or None,
                    target=self.stage,
                    pull=self.pull,
                    nocache=self.no_cache,
                    labels=labels,
                    rm=True,
                    forcerm=True,
                    decode=True,
                    timeout=None,
                ),
                progress.take,
            )
        except OSError as error:
            raise PermissionMissing(
                f"the build context can't be read: {error}", "mend its rights, or name it in .dockerignore"
            ) from error
        if progress.error:
            raise self._failed(progress.error, (folder / self.dockerfile).read_text("utf-8", "replace"), here)
        identity = await image_id(here, self.image)
        if identity is None:
            raise OperationError(
                f"the build ended and there is no {self.image}", "build it again, its output says more"
            )
        return ImageHere(id=identity, image=self.image, changed=identity != before)

    def _failed(self, text: str, dockerfile: str, here: Engine) -> OperationError:
        if "no space left" in text.lower():
            return NoSpace("the engine's disk is full", "docker system df shows what takes the room", detail=text)
        if _REGISTRY.search(text):
            base = next(iter(bases(dockerfile)), self.image)
            return not_pulled(base, text, here.endpoint)
        return OperationError(f"the build failed: {text}", "its output shows at which line", detail=text)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, ImageHere)
        identity = await image_id(self.engine(call), self.image)
        return Verification(ok=identity == outputs.id, detail=f"{self.image} is {short(identity or 'not here')}")

    async def probe(self, call: Call) -> Probe:
        info = await look(self.engine(call), "image", self.image)
        if info is None:
            return Probe(state="not_done", detail=f"{self.image} is not here")
        labels = (info.get("Config") or {}).get("Labels") or {}
        if all(labels.get(key) == value for key, value in self.labels_of(call).items()):
            outputs = ImageHere(id=info["Id"], image=self.image).model_dump(mode="json")
            return Probe(state="done", detail=f"{self.image} was built by this step", outputs=outputs)
        return Probe(state="not_done", detail=f"{self.image} was not built by this step")

    async def capture(self, call: Call) -> JsonObject:
        return {"image": await image_id(self.engine(call), self.image)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("image") == outputs["id"]:
            return None
        if before.get("image"):
            return Tag(context=self.context, image=str(before["image"]), tag=self.image, replaces=str(outputs["id"]))
        return RemoveImage(context=self.context, image=self.image, expect=str(outputs["id"]))
