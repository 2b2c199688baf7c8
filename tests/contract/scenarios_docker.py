"""``docker.*`` on the real engine: names with a prefix of their own, removed afterwards."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from reign_executors.docker.build import Build
from reign_executors.docker.execute import CopyInto, Exec
from reign_executors.docker.images import Pull, PullAs, RemoveImage, Tag
from reign_executors.docker.lifecycle import Pause, Rename, Restart, Start, Stop, Unpause
from reign_executors.docker.networks import ConnectNetwork, CreateNetwork, DisconnectNetwork, RemoveNetwork
from reign_executors.docker.push import Push
from reign_executors.docker.remove import RecreateContainer, RemoveContainer
from reign_executors.docker.run import Create, Run
from reign_executors.docker.update import Update
from reign_executors.docker.volumes import CreateVolume, RemoveVolume
from reign_executors.effect import UndoPromise
from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError
from reign_executors.operation import Change, Operation, Outputs
from tests.conftest import TEST_LABEL
from tests.contract.scenario import Scenario
from tests.contract.small_registry import SmallRegistry
from tests.contract.taking_registry import TakingRegistry

if TYPE_CHECKING:
    from tests.conftest import DockerScope

SLEEPER = ["sleep", "3600"]
"""Under ``init`` it ends as soon as it is asked to."""


class DockerScenario(Scenario):
    """A container ``self.web`` made as ``state`` says (None: none), in no network: that is quicker to start."""

    needs: ClassVar[str | None] = "docker"
    fixtures: ClassVar[tuple[str, ...]] = ("docker_scope", "busybox_image")
    state: ClassVar[str | None] = None
    network: ClassVar[str] = "none"

    @property
    def scope(self) -> DockerScope:
        scope: DockerScope = self.given["docker_scope"]
        return scope

    @property
    def api(self) -> Any:
        return self.scope.client.api

    @property
    def image(self) -> str:
        return str(self.given["busybox_image"])

    @property
    def web(self) -> str:
        return self.scope.name("web")

    def make(self, name: str, state: str) -> str:
        """A container in that state (created, running, paused, exited); its id."""
        host = self.api.create_host_config(init=True, network_mode=self.network)
        made: str = self.api.create_container(
            self.image, SLEEPER, name=name, labels=self.scope.labels, host_config=host
        )["Id"]
        if state != "created":
            self.api.start(made)
        if state == "paused":
            self.api.pause(made)
        if state == "exited":
            self.api.stop(made)
        return made

    def other_image(self, tag: str) -> None:
        """Another image under the name ``tag``."""
        repository, _, version = tag.rpartition(":")
        self.api.import_image_from_data(b"\0" * 10240, repository=repository, tag=version)

    async def prepare(self) -> None:
        if self.state is not None:
            await asyncio.to_thread(self.make, self.web, self.state)

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody removes the container and makes another of that name."""
        await asyncio.to_thread(self._replace)

    def _replace(self) -> None:
        for row in self.api.containers(all=True, filters={"name": self.scope.prefix}):
            self.api.remove_container(row["Id"], force=True)
        self.make(self.web, "created")

    async def snapshot(self) -> object:
        return await asyncio.to_thread(self._snapshot)

    def _snapshot(self) -> object:
        containers = {}
        for row in self.api.containers(all=True, filters={"name": self.scope.prefix}):
            info = self.api.inspect_container(row["Id"])
            host, state = info["HostConfig"], info["State"]
            started = None if state["Status"] == "created" else state["StartedAt"]
            limits = (host["Memory"], host["NanoCpus"], host["RestartPolicy"]["Name"] or "no")
            joined = {
                name: (one["NetworkID"], sorted(set(one["Aliases"] or ()) - {info["Id"][:12]}))
                for name, one in info["NetworkSettings"]["Networks"].items()
            }
            written = sorted(entry["Path"] for entry in self.api.diff(row["Id"]) or ())
            containers[info["Name"]] = (info["Id"], info["Image"], state["Status"], started, limits, joined, written)
        mine = [row for row in self.api.volumes()["Volumes"] or () if row["Name"].startswith(self.scope.prefix)]
        volumes = {row["Name"]: (row["CreatedAt"], row["Labels"]) for row in mine}
        tags = {
            tag: row["Id"] for row in self.api.images() for tag in row["RepoTags"] or () if self.scope.prefix in tag
        }
        networks = {row["Name"]: row["Id"] for row in self.api.networks() if row["Name"].startswith(self.scope.prefix)}
        return {"containers": containers, "volumes": volumes, "tags": tags, "networks": networks}

    def _forget_images(self) -> None:
        from docker.errors import ImageNotFound

        for row in self.api.images():
            for tag in [*(row["RepoTags"] or ()), *(row["RepoDigests"] or ())]:
                if self.scope.prefix in tag:
                    with suppress(ImageNotFound):  # a digest goes with the last name
                        self.api.remove_image(tag, force=True)
        for row in self.api.images(filters={"label": f"{TEST_LABEL}={self.scope.prefix}"}):
            with suppress(ImageNotFound):
                self.api.remove_image(row["Id"], force=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        operation = self.build()
        return operation.model_copy(update={"container": self.scope.name("nothing")}), NotFound


class RunContainer(DockerScenario):
    operation: ClassVar[str] = "docker.run"

    def build(self) -> Change:
        labels = self.scope.labels
        return Run(
            image=self.image, container=self.web, command=SLEEPER, labels=labels, init=True, network=self.network
        )

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await asyncio.to_thread(self.make, self.web, "created")
        return self.build(), Conflict


class CreateContainer(RunContainer):
    operation: ClassVar[str] = "docker.create"

    def build(self) -> Change:
        return Create(image=self.image, container=self.web, command=SLEEPER, labels=self.scope.labels)


class StartContainer(DockerScenario):
    operation: ClassVar[str] = "docker.start"
    undo: ClassVar[UndoPromise] = UndoPromise.REVERT
    state: ClassVar[str | None] = "created"

    def build(self) -> Change:
        return Start(container=self.web)


class StopContainer(DockerScenario):
    operation: ClassVar[str] = "docker.stop"
    undo: ClassVar[UndoPromise] = UndoPromise.REVERT
    state: ClassVar[str | None] = "running"

    def build(self) -> Change:
        return Stop(container=self.web, seconds=5)


class RestartContainer(DockerScenario):
    operation: ClassVar[str] = "docker.restart"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    state: ClassVar[str | None] = "running"
    probe_before: ClassVar[str] = "in_doubt"
    probe_after: ClassVar[str] = "in_doubt"

    def build(self) -> Change:
        return Restart(container=self.web, seconds=5)


class PauseContainer(DockerScenario):
    operation: ClassVar[str] = "docker.pause"
    state: ClassVar[str | None] = "running"

    def build(self) -> Change:
        return Pause(container=self.web)


class UnpauseContainer(DockerScenario):
    operation: ClassVar[str] = "docker.unpause"
    state: ClassVar[str | None] = "paused"

    def build(self) -> Change:
        return Unpause(container=self.web)


class RenameContainer(DockerScenario):
    operation: ClassVar[str] = "docker.rename"
    state: ClassVar[str | None] = "running"

    def build(self) -> Change:
        return Rename(container=self.web, to=self.scope.name("new"))


class UpdateContainer(DockerScenario):
    operation: ClassVar[str] = "docker.update"
    state: ClassVar[str | None] = "running"

    def build(self) -> Change:
        return Update(container=self.web, restart="unless-stopped")


class RemoveRunning(DockerScenario):
    operation: ClassVar[str] = "docker.remove_container"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE
    state: ClassVar[str | None] = "running"

    def build(self) -> Change:
        return RemoveContainer(container=self.web)


class RecreateRemoved(DockerScenario):
    operation: ClassVar[str] = "docker.recreate_container"
    has_command: ClassVar[bool] = False
    state: ClassVar[str | None] = "running"

    async def prepare(self) -> None:
        await super().prepare()
        removal, call = RemoveContainer(container=self.web, force=True), self.call()
        before = await removal.capture(call)
        outputs = await removal.execute(call)
        await removal.verify(call, outputs)
        inverse = removal.undo(before, outputs.model_dump(mode="json"))
        assert isinstance(inverse, RecreateContainer)
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse.model_copy()

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await asyncio.to_thread(self.make, self.web, "created")
        return self.build(), Conflict


class MakeVolume(DockerScenario):
    operation: ClassVar[str] = "docker.create_volume"

    @property
    def volume(self) -> str:
        return self.scope.name("data")

    def build(self) -> Change:
        return CreateVolume(volume=self.volume, labels=self.scope.labels)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.api.create_volume(self.volume, labels=self.scope.labels)
        return CreateVolume(volume=self.volume, content="sha256:kept"), Conflict

    async def meddle(self, outputs: Outputs) -> None:
        self.api.remove_volume(self.volume)
        await asyncio.sleep(1.1)  # the engine tells volumes apart by the second of their creation
        self.api.create_volume(self.volume, labels=self.scope.labels)


class DropVolume(MakeVolume):
    operation: ClassVar[str] = "docker.remove_volume"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def prepare(self) -> None:
        self.api.create_volume(self.volume, labels=self.scope.labels)

    def build(self) -> Change:
        return RemoveVolume(volume=self.volume)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return RemoveVolume(volume=self.scope.name("nothing")), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        self.api.create_volume(self.volume, labels={**self.scope.labels, "theirs": "yes"})


class NameImage(DockerScenario):
    operation: ClassVar[str] = "docker.tag"

    @property
    def tag(self) -> str:
        return f"{self.scope.prefix}/shop:1"

    def build(self) -> Change:
        return Tag(image=self.image, tag=self.tag)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Tag(image=self.scope.name("nothing"), tag=self.tag), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        await asyncio.to_thread(self.other_image, self.tag)

    async def cleanup(self) -> None:
        await asyncio.to_thread(self._forget_images)


class RemoveName(NameImage):
    """One of two names of an image."""

    operation: ClassVar[str] = "docker.remove_image"

    async def prepare(self) -> None:
        self.api.tag(self.image, f"{self.scope.prefix}/shop", "1")

    def build(self) -> Change:
        return RemoveImage(image=self.tag)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return RemoveImage(image=f"{self.scope.prefix}/nothing:1"), NotFound


class PullImage(NameImage):
    operation: ClassVar[str] = "docker.pull"

    async def prepare(self) -> None:
        self.registry = SmallRegistry(self.scope.prefix)

    @property
    def tag(self) -> str:
        return f"{self.registry.address}/{self.scope.prefix}/shop:1"

    def build(self) -> Change:
        return Pull(image=self.tag)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Pull(image=f"{self.registry.address}/{self.scope.prefix}/shop:missing"), NotFound

    async def cleanup(self) -> None:
        await super().cleanup()
        if hasattr(self, "registry"):
            self.registry.close()


class PullByDigest(PullImage):
    operation: ClassVar[str] = "docker.pull_as"

    def build(self) -> Change:
        name = self.tag.rpartition(":")[0]
        return PullAs(image=f"{name}@{self.registry.digest}", tag=self.tag)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return PullAs(image=f"{self.registry.address}/{self.scope.prefix}/shop:missing", tag=self.tag), NotFound


class PushImage(NameImage):
    operation: ClassVar[str] = "docker.push"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE

    async def prepare(self) -> None:
        self.registry = TakingRegistry()
        self.api.tag(self.image, self.tag.rpartition(":")[0], "1")

    @property
    def tag(self) -> str:
        return f"{self.registry.address}/{self.scope.prefix}/shop:1"

    def build(self) -> Change:
        return Push(image=self.tag)

    async def snapshot(self) -> object:
        return dict(self.registry.manifests)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Push(image=f"{self.registry.address}/{self.scope.prefix}/nothing:1"), NotFound

    async def cleanup(self) -> None:
        await super().cleanup()
        if hasattr(self, "registry"):
            self.registry.close()


class BuildImage(NameImage):
    operation: ClassVar[str] = "docker.build"

    async def prepare(self) -> None:
        (self.place / "hello.txt").write_text("hello\n")
        label = f'LABEL {TEST_LABEL}="{self.scope.prefix}"'
        (self.place / "Dockerfile").write_text(f"FROM {self.image}\n{label}\nCOPY hello.txt /hello.txt\n")

    def build(self) -> Change:
        return Build(folder=".", image=self.tag)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Build(folder="nowhere", image=self.tag), NotFound


class BuildOver(BuildImage):
    """The name was another image's."""

    async def prepare(self) -> None:
        await super().prepare()
        self.api.tag(self.image, f"{self.scope.prefix}/shop", "1")

    operation: ClassVar[str] = "docker.build"


class NameOver(NameImage):
    """The name was another image's, and goes back to it."""

    operation: ClassVar[str] = "docker.tag"

    async def prepare(self) -> None:
        await asyncio.to_thread(self.other_image, f"{self.scope.prefix}/old:1")
        self.api.tag(f"{self.scope.prefix}/old:1", f"{self.scope.prefix}/shop", "1")


class RunInContainer(DockerScenario):
    operation: ClassVar[str] = "docker.exec"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    state: ClassVar[str | None] = "running"
    probe_before: ClassVar[str] = "in_doubt"
    probe_after: ClassVar[str] = "in_doubt"
    locks: ClassVar[bool] = False

    def build(self) -> Change:
        return Exec(container=self.web, command=["touch", "/tmp/made"])


class CopyFile(DockerScenario):
    operation: ClassVar[str] = "docker.copy_into"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    state: ClassVar[str | None] = "created"

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "page.html").write_text("hello\n")

    def build(self) -> Change:
        return CopyInto(container=self.web, source="page.html", folder="/tmp")


class CopyFolder(CopyFile):
    operation: ClassVar[str] = "docker.copy_into"

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "site" / "deep").mkdir(parents=True)
        (self.place / "site" / "deep" / "a.txt").write_text("a\n")
        (self.place / "site" / "link").symlink_to("deep/a.txt")

    def build(self) -> Change:
        return CopyInto(container=self.web, source="site", folder="/tmp")


class MakeNetwork(DockerScenario):
    operation: ClassVar[str] = "docker.create_network"

    @property
    def lan(self) -> str:
        return self.scope.name("lan")

    def make_network(self) -> None:
        self.api.create_network(self.lan, driver="bridge", internal=True, labels=self.scope.labels)

    def build(self) -> Change:
        return CreateNetwork(network=self.lan, internal=True, labels=self.scope.labels)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return CreateNetwork(network=self.lan, subnet="300.1.2.0/24"), InvalidFields

    async def meddle(self, outputs: Outputs) -> None:
        self.api.remove_network(self.lan)
        self.make_network()


class DropNetwork(MakeNetwork):
    operation: ClassVar[str] = "docker.remove_network"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def prepare(self) -> None:
        self.make_network()

    def build(self) -> Change:
        return RemoveNetwork(network=self.lan)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return RemoveNetwork(network=self.scope.name("nothing")), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        self.make_network()


class JoinNetwork(MakeNetwork):
    operation: ClassVar[str] = "docker.connect_network"
    state: ClassVar[str | None] = "running"
    network: ClassVar[str] = "bridge"

    async def prepare(self) -> None:
        await super().prepare()
        self.make_network()

    def build(self) -> Change:
        return ConnectNetwork(network=self.lan, container=self.web, aliases=["shop"])

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return await DockerScenario.failing(self)

    async def meddle(self, outputs: Outputs) -> None:
        await DockerScenario.meddle(self, outputs)


class LeaveNetwork(JoinNetwork):
    operation: ClassVar[str] = "docker.disconnect_network"

    async def prepare(self) -> None:
        await super().prepare()
        self.api.connect_container_to_network(self.web, self.lan, aliases=["db", "data"])

    def build(self) -> Change:
        return DisconnectNetwork(network=self.lan, container=self.web)
