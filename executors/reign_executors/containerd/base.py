"""What all containerd operations share: where it listens, the namespace, the pinned target, names of images."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field

from reign_executors.call import Call
from reign_executors.containerd.node import KUBERNETES, UNNAMED, Node, default_address
from reign_executors.docker.names import image_name
from reign_executors.operation import Operation
from reign_executors.target import Target


def full_name(image: str) -> str:
    """As containerd writes it: ``nginx`` is ``docker.io/library/nginx:latest``. An id stays."""
    image = image.strip()
    if UNNAMED.fullmatch(image):
        return image
    name = image_name(image)
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _not_blank(value: str) -> str:
    if not value.strip() or value.strip().startswith("-"):
        raise ValueError("must be the name of an image")
    return value.strip()


NodeImageName = Annotated[str, AfterValidator(_not_blank), AfterValidator(full_name)]
Digest = Annotated[str | None, Field(description="digest it must have: another of that name is never touched")]


class ContainerdOperation(Operation):
    """An operation on the images of one namespace of one containerd."""

    address: str | None = Field(
        None, description="path of containerd's socket; none = CONTAINERD_ADDRESS, else /run/containerd/containerd.sock"
    )
    namespace: str = Field(KUBERNETES, description="containerd's namespace; the kubelet's images are in k8s.io")

    def resource(self) -> str:
        return "images"

    def node(self, call: Call) -> Node:
        return Node(call, self.address or default_address(call.environment), self.namespace)

    async def target(self, call: Call) -> Target:
        node = self.node(call)
        identity = await node.identity()
        return Target(tool="containerd", context=node.address, resource=self.resource(), identity=identity)

    def pinned(self, target: Target) -> Self:
        return self.model_copy(update={"address": target.context})

    def words(self) -> str:
        """The beginning of an equivalent command line."""
        return f"ctr -a {self.address or default_address(None)} -n {self.namespace}"
