"""An image from a Docker Engine into a node, as ``kind load`` and ``minikube image load`` do it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

from reign_executors.call import Call
from reign_executors.containerd.base import NodeImageName, full_name
from reign_executors.containerd.names import ImageChange, NodeImage, RemoveImage, TagImage, others
from reign_executors.containerd.node import UNNAMED, Node, Record
from reign_executors.docker.base import Context, ImageName, look, need
from reign_executors.docker.client import Engine, engine
from reign_executors.docker.contexts import current_context
from reign_executors.docker.names import in_words, short
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import InvalidFields, OperationError, TargetMoved
from reign_executors.operation import Change, JsonObject, Outputs
from reign_executors.process import status
from reign_executors.process.direct import no_space
from reign_executors.target import Target

SEEN_LIMIT = 10.0
"""Seconds for Kubernetes' part of containerd to take notice of an image."""
ARCHIVE = "image.tar"


class ImportImage(ImageChange):
    """Save an image from a Docker Engine and import it into a node's containerd, unpacked and ready to run."""

    name: ClassVar[str] = "containerd.import_image"
    summary: ClassVar[str] = "Bring an image from the Docker Engine into a Kubernetes node, with no registry"
    returns: ClassVar[type[Outputs]] = NodeImage
    timeout: ClassVar[float] = 900.0

    image: ImageName
    context: Context = None
    expect: str | None = None

    def full(self) -> NodeImageName:
        return full_name(self.image)

    def command_line(self) -> str:
        return f"docker save {self.image} | {self.words()} images import -"

    def engine(self, call: Call) -> Engine:
        return engine(self.context, call.environment)

    def pinned(self, target: Target) -> Self:
        """The engine that the image comes from too; which one it really is stands in the effect's identity."""
        return self.model_copy(update={"address": target.context, "context": self.context or current_context()})

    async def _there(self, node: Node, identity: str | None) -> tuple[Record | None, bool]:
        """What the node has under that name, and whether it is the image with that id."""
        record = await node.find(self.full())
        if record is None or identity is None:
            return record, False
        return record, identity in (record.digest, await node.image_id(record.digest))

    async def preview(self, call: Call) -> Effect:
        if UNNAMED.fullmatch(self.image):
            return Effect(problems=(Problem(text="an image without a name can't be used by a pod: name it first"),))
        source = f"image/{self.image}"
        found = None if source in call.gone else await look(self.engine(call), "image", self.image)
        promised = source in call.promised or call.will_touch(source)
        if found is None and not promised:
            return Effect(problems=(Problem(text=f"image {self.image} is not in the Docker Engine; build or pull it"),))
        if self.expect and found is not None and found["Id"] != self.expect:
            return Effect(problems=(Problem(text=f"{self.image} is another image now ({short(found['Id'])})"),))
        node = self.node(call)
        record, same = await self._there(node, found["Id"] if found else None)
        identity = {"engine": (await self.engine(call).identity())["engine"]}
        if found is not None:
            identity[source] = str(found["Id"])
        if record is not None:
            identity[self.resource()] = record.digest
        if same and not promised:
            return Effect(notes=(f"{self.full()} is there already",), identity=identity)
        notes = ["it is saved into a file of the run's folder first, which is removed again"]
        undo, why = UndoPromise.EXACT, None
        if found is not None:
            notes.append(f"about {in_words(int(found['Size']))}")
        if record is not None:
            notes.append(f"the name goes over from {short(record.digest)}; pods that run keep that one")
            if not others(await node.records(), record):
                undo, why = UndoPromise.NONE, f"the image that is {self.full()} now has no other name and is lost"
        change = ResourceChange(
            action=Action.CREATE if record is None else Action.UPDATE,
            resource=self.resource(),
            diff=f"+ {self.full()} from the Docker Engine",
        )
        return Effect(changes=(change,), notes=tuple(notes), identity=identity, undo=undo, undo_why=why)

    async def execute(self, call: Call) -> NodeImage:
        if UNNAMED.fullmatch(self.image):
            raise InvalidFields(f"{self.image} has no name", "docker tag it, then bring it by that name")
        here, node = self.engine(call), self.node(call)
        info = await need(here, "image", self.image)
        if self.expect and info["Id"] != self.expect:
            raise TargetMoved(f"{self.image} is another image now ({short(info['Id'])})", "look at it and plan again")
        record, same = await self._there(node, info["Id"])
        if record is not None and same:
            call.say(f"{self.full()} is there already")
            return NodeImage(image=self.full(), id=info["Id"], digest=record.digest, changed=False)
        archive = call.folder / ARCHIVE
        try:
            if status(call.folder).state != "running":  # one that outlived us reads this very file
                await self._save(here, archive, int(info["Size"]), call)
            await node.change("images", "import", str(archive), timeout=self.timeout)
        finally:
            with suppress(OSError):
                archive.unlink(missing_ok=True)
        brought = await self._settled(node)
        call.say(f"{brought.name} is there ({brought.size})")
        return NodeImage(image=brought.name, id=await node.image_id(brought.digest), digest=brought.digest)

    async def _save(self, here: Engine, archive: Path, size: int, call: Call) -> None:
        call.say(f"saving {self.image} ({in_words(size)})")
        try:
            archive.touch(0o600)
            with archive.open("wb") as file:
                await here.stream(lambda client: client.get_image(self.image), file.write)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(error) from error
            raise OperationError(
                f"{archive} can't be written: {error.strerror}", "look at the run's folder and its file system"
            ) from error

    async def _settled(self, node: Node) -> Record:
        """The new record, once the kubelet sees it."""
        serves = await node.serves_kubernetes()
        record = None
        with suppress(TimeoutError):
            async with asyncio.timeout(SEEN_LIMIT):
                while True:
                    record = await node.find(self.full())
                    if record is None or record.known or not serves:
                        break
                    await asyncio.sleep(0.05)
        if record is None:
            raise OperationError(
                f"the import ended and the node has no {self.full()}", "look at its output; the name may be another"
            )
        if serves and not record.known:
            raise OperationError(f"the kubelet does not see {self.full()}", "look at containerd's log")
        return record

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, NodeImage)
        found = await self.node(call).find(self.full())
        ok = found is not None and found.digest == outputs.digest
        return Verification(
            ok=ok, detail=f"the node's {self.full()} is {short(found.digest) if found else 'not there'}"
        )

    async def probe(self, call: Call) -> Probe:
        if status(call.folder).state == "running":
            return Probe(state="in_doubt", detail="the import still runs")
        (call.folder / ARCHIVE).unlink(missing_ok=True)  # what a process that died could not clear up
        node = self.node(call)
        info = await look(self.engine(call), "image", self.image)
        if info is None:
            return Probe(state="in_doubt", detail=f"{self.image} is no longer in the Docker Engine to compare with")
        record, same = await self._there(node, info["Id"])
        if record is None or not same:
            return Probe(state="not_done", detail=f"the node does not have this {self.full()}")
        outputs = NodeImage(image=self.full(), id=info["Id"], digest=record.digest)
        return Probe(state="done", detail=f"{self.full()} is there", outputs=outputs.model_dump(mode="json"))

    async def capture(self, call: Call) -> JsonObject:
        """``unnamed``: whether the very image was there under its id alone, so that an undo leaves it so."""
        node = self.node(call)
        found = await node.records()
        record = next((one for one in found if one.name == self.full()), None)
        info = await look(self.engine(call), "image", self.image)
        unnamed = info is not None and any(one.name == info["Id"] for one in found)
        if record is None:
            return {"digest": None, "unnamed": unnamed}
        rest = sorted(one.name for one in others(found, record))
        return {"digest": record.digest, "source": rest[-1] if rest else None, "unnamed": unnamed}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        digest, unnamed = str(outputs["digest"]), bool(before.get("unnamed"))
        if before.get("digest") == digest:
            return None
        here = {"address": self.address, "namespace": self.namespace}
        if not before.get("digest"):
            return RemoveImage.model_validate({**here, "image": self.full(), "expect": digest, "keep_unnamed": unnamed})
        if not before.get("source"):
            return None
        back = {"image": before["source"], "tag": self.full(), "digest": before["digest"], "replaces": digest}
        return TagImage.model_validate({**here, **back, "drop_replaced": not unnamed})
