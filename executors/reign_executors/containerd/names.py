"""Names of a node's images: give one, take one away (and the image with its last one)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.containerd.base import ContainerdOperation, Digest, NodeImageName
from reign_executors.containerd.node import Node, Record
from reign_executors.docker.names import short
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import NotFound, TargetMoved
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

CHANGE_LIMIT = 60.0


class NodeImage(Outputs):
    """``digest`` of its manifest, ``id`` as Docker and the kubelet call it; ``changed`` False: it was there."""

    image: str
    id: str
    digest: str
    changed: bool = True


class ImageChange(ContainerdOperation, Change):
    """A change of one name, ``node-image/docker.io/library/nginx:1.27``."""

    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    timeout: ClassVar[float] = CHANGE_LIMIT

    def full(self) -> str:
        """The name that is changed, as containerd writes it."""
        raise AssertionError

    def resource(self) -> str:
        return f"node-image/{self.full()}"

    def locks(self) -> frozenset[str]:
        return frozenset({f"containerd:{self.address or 'default'}/{self.namespace}/{self.resource()}"})


async def missing(node: Node, name: str) -> NotFound:
    near = difflib.get_close_matches(name, [record.name for record in await node.records()], n=3, cutoff=0.6)
    way = f"did you mean {', '.join(near)}?" if near else "containerd.list_images shows what is there"
    return NotFound(f"the node has no image {name}", way)


def others(found: list[Record], record: Record) -> list[Record]:
    """The other records that hold the same image."""
    return [one for one in found if one.digest == record.digest and one.name != record.name]


class RemoveImage(ImageChange):
    """Remove a name from a node, and the image when that was its last one."""

    name: ClassVar[str] = "containerd.remove_image"
    summary: ClassVar[str] = "Remove an image from a node's containerd (only the name while it has other names)"
    returns: ClassVar[type[Outputs]] = NodeImage
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    image: NodeImageName
    expect: Digest = None
    keep_unnamed: bool = Field(False, description="leave the image itself there, without a name")

    def full(self) -> str:
        return self.image

    def command_line(self) -> str:
        return f"{self.words()} images remove {self.image}"

    async def _leaving(self, node: Node, found: list[Record], record: Record) -> list[str]:
        """The records that go: the name, and the one under the image's id when nobody else needs it."""
        rest = others(found, record)
        if self.keep_unnamed or any(not one.unnamed for one in rest):
            return [record.name]
        return [record.name, *(one.name for one in rest)]

    async def preview(self, call: Call) -> Effect:
        if self.resource() in call.gone:
            return Effect.nothing("an earlier step removes it")
        node = self.node(call)
        found = await node.records()
        record = next((one for one in found if one.name == self.image), None)
        if record is None:
            if self.resource() in call.promised:
                made = ResourceChange(action=Action.DELETE, resource=self.resource(), note="brought by an earlier step")
                return Effect(changes=(made,), undo=UndoPromise.NONE, undo_why="it is not there yet")
            if self.expect:
                return Effect.nothing(f"{self.image} is gone already")
            error = await missing(node, self.image)
            return Effect(problems=(Problem(text=str(error)),))
        if self.expect and record.digest != self.expect:
            text = f"{self.image} is another image now ({short(record.digest)}, was {short(self.expect)}): it stays"
            return Effect(problems=(Problem(text=text),), identity={self.resource(): record.digest})
        leaving = await self._leaving(node, found, record)
        stays = [one.name for one in others(found, record) if one.name not in leaving]
        named = [name for name in stays if not name.startswith("sha256:")]
        note = f"it goes by {', '.join(named)} still" if named else record.size
        return Effect(
            changes=(ResourceChange(action=Action.DELETE, resource=self.resource(), note=note),),
            notes=("containers that were made from it run on; a new one needs the image again",),
            identity={self.resource(): record.digest},
            undo=UndoPromise.EXACT if stays else UndoPromise.NONE,
            undo_why=None if stays else "keep it first (ctr images export), or be able to bring it again",
        )

    async def execute(self, call: Call) -> NodeImage:
        node = self.node(call)
        found = await node.records()
        record = next((one for one in found if one.name == self.image), None)
        if record is None:
            if self.expect:
                return NodeImage(image=self.image, id="", digest=self.expect, changed=False)
            raise await missing(node, self.image)
        if self.expect and record.digest != self.expect:
            raise TargetMoved(f"{self.image} is another image now", "look at it and plan again")
        identity = await node.image_id(record.digest)
        leaving = await self._leaving(node, found, record)
        await node.change("images", "remove", "--sync", *leaving, timeout=self.timeout)
        return NodeImage(image=self.image, id=identity, digest=record.digest)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        gone = await self.node(call).find(self.image) is None
        return Verification(ok=gone, detail=f"{self.image} is {'gone' if gone else 'still there'}")

    async def probe(self, call: Call) -> Probe:
        if await self.node(call).find(self.image) is not None:
            return Probe(state="not_done", detail=f"{self.image} is still there")
        outputs = NodeImage(image=self.image, id="", digest=self.expect or "").model_dump(mode="json")
        return Probe(state="done", detail=f"{self.image} is gone", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        node = self.node(call)
        found = await node.records()
        record = next((one for one in found if one.name == self.image), None)
        if record is None:
            return {"digest": None}
        leaving = await self._leaving(node, found, record)
        stays = sorted(one.name for one in others(found, record) if one.name not in leaving)
        return {"digest": record.digest, "source": stays[-1] if stays else None}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("digest") or not before.get("source"):
            return None
        return TagImage(
            address=self.address,
            namespace=self.namespace,
            image=str(before["source"]),
            tag=self.image,
            digest=str(before["digest"]),
        )


class TagImage(ImageChange):
    """Give an image of a node one more name. A name that another image has moves only with ``replaces``."""

    name: ClassVar[str] = "containerd.tag_image"
    summary: ClassVar[str] = "Give an image in a node's containerd another name"
    returns: ClassVar[type[Outputs]] = NodeImage

    image: NodeImageName
    tag: NodeImageName
    digest: Digest = None
    replaces: str | None = Field(None, description="digest of the image that may lose this name")
    drop_replaced: bool = Field(False, description="remove what is replaced when that was its last name")

    def full(self) -> str:
        return self.tag

    def command_line(self) -> str:
        return f"{self.words()} images tag {'--force ' if self.replaces else ''}{self.image} {self.tag}"

    def _refused(self, source: Record, existing: Record | None) -> str | None:
        if self.digest and source.digest != self.digest:
            return f"{self.image} is another image now ({short(source.digest)}, was {short(self.digest)})"
        if existing is not None and existing.digest not in (source.digest, self.replaces):
            return f"{self.tag} is another image ({short(existing.digest)})"
        return None

    async def _look(self, node: Node) -> tuple[Record, Record | None]:
        found = {record.name: record for record in await node.records()}
        if self.image not in found:
            raise await missing(node, self.image)
        return found[self.image], found.get(self.tag)

    async def preview(self, call: Call) -> Effect:
        if f"node-image/{self.image}" in call.promised:
            made = ResourceChange(action=Action.CREATE, resource=self.resource(), note="of an image not there yet")
            return Effect(changes=(made,))
        try:
            source, existing = await self._look(self.node(call))
        except NotFound as error:
            return Effect(problems=(Problem(text=str(error)),))
        identity = {f"node-image/{self.image}": source.digest}
        if existing is not None:
            identity[self.resource()] = existing.digest
        refused = self._refused(source, existing)
        if refused is not None:
            there = existing.digest if existing is not None else None
            choice = Choice(key="replace", label="let the name go over to this image", fields={"replaces": there})
            return Effect(problems=(Problem(text=refused, choices=(choice,) if there else ()),), identity=identity)
        if existing is not None and existing.digest == source.digest:
            return Effect(notes=(f"{self.tag} is that image already",), identity=identity)
        action = Action.CREATE if existing is None else Action.UPDATE
        diff = f"+ {self.tag} is {self.image}"
        return Effect(changes=(ResourceChange(action=action, resource=self.resource(), diff=diff),), identity=identity)

    async def execute(self, call: Call) -> NodeImage:
        node = self.node(call)
        source, existing = await self._look(node)
        refused = self._refused(source, existing)
        if refused is not None:
            raise TargetMoved(refused, "look at it and plan again")
        identity = await node.image_id(source.digest)
        if existing is not None and existing.digest == source.digest:
            return NodeImage(image=self.tag, id=identity, digest=source.digest, changed=False)
        words = ["images", "tag", *(["--force"] if existing else []), self.image, self.tag]
        await node.change(*words, timeout=self.timeout)
        if existing is not None and self.drop_replaced:
            rest = others(await node.records(), existing)
            if rest and all(one.unnamed for one in rest):
                await node.read("images", "remove", "--sync", *(one.name for one in rest))
        return NodeImage(image=self.tag, id=identity, digest=source.digest)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, NodeImage)
        found = await self.node(call).find(self.tag)
        ok = found is not None and found.digest == outputs.digest
        return Verification(ok=ok, detail=f"{self.tag} is {short(found.digest) if found else 'not there'}")

    async def probe(self, call: Call) -> Probe:
        node = self.node(call)
        try:
            source, existing = await self._look(node)
        except NotFound:
            return Probe(state="not_done", detail=f"{self.image} is not there")
        if existing is None or existing.digest != source.digest:
            return Probe(state="not_done", detail=f"{self.tag} is not that image")
        outputs = NodeImage(image=self.tag, id=await node.image_id(source.digest), digest=source.digest)
        return Probe(state="done", detail=f"{self.tag} is that image", outputs=outputs.model_dump(mode="json"))

    async def capture(self, call: Call) -> JsonObject:
        found = await self.node(call).records()
        record = next((one for one in found if one.name == self.tag), None)
        if record is None:
            return {"digest": None}
        rest = sorted(one.name for one in others(found, record))
        return {"digest": record.digest, "source": rest[-1] if rest else None}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        digest = str(outputs["digest"])
        if before.get("digest") == digest:
            return None
        here = {"address": self.address, "namespace": self.namespace}
        if not before.get("digest"):
            return RemoveImage.model_validate({**here, "image": self.tag, "expect": digest, "keep_unnamed": True})
        if not before.get("source"):
            return None
        back = {"image": before["source"], "tag": self.tag, "digest": before["digest"], "replaces": digest}
        return TagImage.model_validate({**here, **back})
