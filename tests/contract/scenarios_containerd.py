"""``containerd.*`` on the proving ground's node: names with a prefix of their own, removed afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from typing import TYPE_CHECKING, ClassVar

from reign_executors.containerd.bring import ImportImage
from reign_executors.containerd.names import RemoveImage, TagImage
from reign_executors.containerd.node import records
from reign_executors.effect import UndoPromise
from reign_executors.errors import NotFound, OperationError, TargetMoved
from reign_executors.operation import Change, Operation, Outputs
from tests.conftest import TEST_LABEL
from tests.contract.scenario import Scenario
from tests.testbed.images import archive

if TYPE_CHECKING:
    from tests.conftest import DockerScope


class NodeScenario(Scenario):
    """Images of the node are made by hand, without an engine; ``self.mine`` is a name that only this test uses."""

    fixtures: ClassVar[tuple[str, ...]] = ("containerd_address", "docker_scope")

    @property
    def address(self) -> str:
        return str(self.given["containerd_address"])

    @property
    def scope(self) -> DockerScope:
        scope: DockerScope = self.given["docker_scope"]
        return scope

    def mine(self, word: str = "web") -> str:
        return f"{self.scope.name(word)}:1"

    def full(self, word: str = "web") -> str:
        return f"docker.io/library/{self.mine(word)}"

    async def ctr(self, *words: str, stdin: bytes = b"") -> str:
        argv = ["ctr", "--address", self.address, "--namespace", "k8s.io", *words]
        ran = await asyncio.to_thread(subprocess.run, argv, input=stdin, capture_output=True, check=True)
        return ran.stdout.decode()

    async def put(self, word: str, seed: str) -> None:
        """An image on the node, once Kubernetes' part has made its own record of it."""
        name = self.full(word)
        await self.ctr("images", "import", "-", stdin=archive(name, b"\0" * 10240, [self.scope.prefix, seed]))
        while not any(one.name == name and one.known for one in records(await self.ctr("images", "list"))):
            await asyncio.sleep(0.02)

    async def _mine(self) -> dict[str, str]:
        """Every record of an image that carries this test's prefix, in its name or in what it holds."""
        found = records(await self.ctr("images", "list"))
        named = {one.digest for one in found if self.scope.prefix in one.name}
        known: dict[str, bool] = getattr(self, "_known", {})
        self._known = known
        for one in found:
            if one.digest not in known:
                known[one.digest] = one.digest in named or await self._carries(one.digest)
        return {one.name: one.digest for one in found if known[one.digest] or self.scope.prefix in one.name}

    async def _carries(self, digest: str) -> bool:
        import json

        try:
            manifest = json.loads(await self.ctr("content", "get", digest))
            return self.scope.prefix in await self.ctr("content", "get", manifest["config"]["digest"])
        except (subprocess.CalledProcessError, KeyError):
            return False  # another test's, gone by now

    async def snapshot(self) -> object:
        return await self._mine()

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody brings another image under that name."""
        await self.put("web", f"meddled {hashlib.sha256(repr(outputs).encode()).hexdigest()}")

    async def cleanup(self) -> None:
        names = list(await self._mine())
        if names:
            await self.ctr("images", "remove", "--sync", *names)


class Bring(NodeScenario):
    operation = "containerd.import_image"
    needs = "docker"

    def make(self, seed: str) -> None:
        repository, _, tag = self.mine().rpartition(":")
        self.scope.client.api.import_image_from_data(
            b"\0" * 10240,
            repository=repository,
            tag=tag,
            changes=[f"LABEL {TEST_LABEL}={self.scope.prefix} seed={seed}"],
        )

    async def prepare(self) -> None:
        await asyncio.to_thread(self.make, "first")

    def build(self) -> Change:
        return ImportImage(image=self.mine(), address=self.address)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return ImportImage(image=self.mine("nobody"), address=self.address), NotFound


class BringNewer(Bring):
    """Another image has that name on the node; it comes back."""

    operation = "containerd.import_image"

    async def prepare(self) -> None:
        await super().prepare()
        await self.put("web", "older")


class Tag(NodeScenario):
    operation = "containerd.tag_image"

    async def prepare(self) -> None:
        await self.put("web", "first")

    def build(self) -> Change:
        return TagImage(image=self.mine(), tag=self.mine("other"), address=self.address)

    async def meddle(self, outputs: Outputs) -> None:
        await self.put("other", "meddled")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await self.put("taken", "second")
        return TagImage(image=self.mine(), tag=self.mine("taken"), address=self.address), TargetMoved


class TagMoved(Tag):
    """The name was another image's."""

    operation = "containerd.tag_image"

    async def prepare(self) -> None:
        await super().prepare()
        await self.put("other", "former")
        self.former = (await self._mine())[self.full("other")]

    def build(self) -> Change:
        return TagImage(image=self.mine(), tag=self.mine("other"), replaces=self.former, address=self.address)


class RemoveName(NodeScenario):
    operation = "containerd.remove_image"

    async def prepare(self) -> None:
        await self.put("web", "first")
        await self.ctr("images", "tag", self.full(), self.full("same"))

    def build(self) -> Change:
        return RemoveImage(image=self.mine(), address=self.address)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return RemoveImage(image=self.mine("nobody"), address=self.address), NotFound


class RemoveLast(RemoveName):
    operation = "containerd.remove_image"
    undo = UndoPromise.NONE

    async def prepare(self) -> None:
        await self.put("web", "first")
