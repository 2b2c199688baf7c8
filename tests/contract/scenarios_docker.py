"""``docker.*`` on the real engine: names with a prefix of their own, removed afterwards."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from reign_executors.docker.images import Pull, PullAs, RemoveImage, Tag
from reign_executors.docker.lifecycle import Pause, Rename, Restart, Start, Stop, Unpause, Update
from reign_executors.docker.remove import RecreateContainer, RemoveContainer
from reign_executors.docker.run import Create, Run
from reign_executors.docker.volumes import CreateVolume, RemoveVolume
from reign_executors.effect import UndoPromise
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.operation import Change, Operation, Outputs
from tests.contract.scenario import Scenario
from tests.contract.small_registry import SmallRegistry

if TYPE_CHECKING:
    from tests.conftest import DockerScope

SLEEPER = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]


class DockerScenario(Scenario):
    """A container ``self.web`` made as ``state`` says (None: none)."""

    needs: ClassVar[str | None] = "docker"
    fixtures: ClassVar[tuple[str, ...]] = ("docker_scope", "busybox_image")
    state: ClassVar[str | None] = None

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
        made: str = self.api.create_container(self.image, SLEEPER, name=name, labels=self.scope.labels)["Id"]
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
            containers[info["Name"]] = (info["Id"], info["Image"], state["Status"], started, limits)
        mine = [row for row in self.api.volumes()["Volumes"] or () if row["Name"].startswith(self.scope.prefix)]
        volumes = {row["Name"]: (row["CreatedAt"], row["Labels"]) for row in mine}
        tags = {
            tag: row["Id"] for row in self.api.images() for tag in row["RepoTags"] or () if self.scope.prefix in tag
        }
        return {"containers": containers, "volumes": volumes, "tags": tags}

    def _forget_images(self) -> None:
        from docker.errors import ImageNotFound

        for row in self.api.images():
            for tag in [*(row["RepoTags"] or ()), *(row["RepoDigests"] or ())]:
                if self.scope.prefix in tag:
                    with suppress(ImageNotFound):  # a digest goes with the last name
                        self.api.remove_image(tag, force=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        operation = self.build()
        return operation.model_copy(update={"container": self.scope.name("nothing")}), NotFound


class RunContainer(DockerScenario):
    operation: ClassVar[str] = "docker.run"

    def build(self) -> Change:
        return Run(image=self.image, container=self.web, command=SLEEPER, labels=self.scope.labels)

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
    faults: ClassVar[dict[str, str]] = dict.fromkeys(
        ("test_undo_brings_the_captured_state_back", "test_undo_works_from_what_probe_says"),
        "restart policy “no” is sent to the engine as an empty name, which it takes for “as it is”",
    )
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
        removal, call = RemoveContainer(container=self.web, force=True), self.call("r_0/s1")
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
    faults: ClassVar[dict[str, str]] = {
        "test_undo_refuses_what_others_changed_since": "its undo gives the name back even when others use it since"
    }

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
