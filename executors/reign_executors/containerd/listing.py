"""The images of a node."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from reign_executors.call import Call
from reign_executors.containerd.base import ContainerdOperation
from reign_executors.operation import Outputs, Query


class ImageRow(BaseModel):
    """``size`` as ctr writes it; ``kubernetes`` is True when the kubelet can use it."""

    model_config = ConfigDict(frozen=True)

    image: str
    digest: str
    size: str
    platforms: str
    kubernetes: bool


class Images(Outputs):
    images: list[ImageRow]


class ListImages(ContainerdOperation, Query):
    """What a node has, by name; ids without a name are left out."""

    name: ClassVar[str] = "containerd.list_images"
    summary: ClassVar[str] = "List the images that a node's containerd has"
    returns: ClassVar[type[Outputs]] = Images

    def command_line(self) -> str:
        return f"{self.words()} images list"

    async def execute(self, call: Call) -> Images:
        found = [record for record in await self.node(call).records() if not record.unnamed]
        rows = [
            ImageRow(
                image=record.name,
                digest=record.digest,
                size=record.size,
                platforms=record.platforms,
                kubernetes=record.known,
            )
            for record in found
        ]
        for row in rows:
            call.say(f"{row.image}  {row.size}")
        if not rows:
            call.say("no images")
        return Images(images=rows)
