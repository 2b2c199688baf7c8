"""What is there: containers, images, networks, volumes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from reign_executors.call import Call
from reign_executors.docker.base import DockerQuery
from reign_executors.docker.client import Json
from reign_executors.docker.names import short
from reign_executors.operation import Outputs


class Row(BaseModel):
    """One line of a listing."""

    model_config = ConfigDict(frozen=True)


class ContainerRow(Row):
    """``status`` is created, running, paused, restarting, exited, dead; ``health`` as docker says it, or None;
    ``ports`` ``["0.0.0.0:8080->80/tcp"]``; ``created`` seconds since 1970; ``exit`` the code of an ended one."""

    name: str
    id: str
    image: str
    status: str
    since: str
    health: str | None
    ports: list[str]
    labels: dict[str, str]
    created: int
    names: list[str]
    networks: list[str]
    volumes: list[str]


class Containers(Outputs):
    containers: list[ContainerRow]


def _ports(rows: Iterable[Json]) -> list[str]:
    texts = set()
    for port in rows:
        inner = f"{port['PrivatePort']}/{port['Type']}"
        texts.add(f"{port.get('IP', '')}:{port['PublicPort']}->{inner}" if port.get("PublicPort") else inner)
    return sorted(texts)


def _health(status: str) -> str | None:
    for word in ("unhealthy", "healthy", "health: starting"):
        if f"({word})" in status:
            return word.removeprefix("health: ")
    return None


class ListContainers(DockerQuery):
    """The containers of an engine."""

    name: ClassVar[str] = "docker.list_containers"
    summary: ClassVar[str] = "List containers with their state, image, health and ports"
    returns: ClassVar[type[Outputs]] = Containers

    all: bool = Field(True, description="stopped ones too")
    filters: dict[str, str | list[str]] = Field(
        default={}, description='docker\'s own filters: {"label": "app=web", "status": "exited", "name": "web"}'
    )

    def command_line(self) -> str:
        return f"docker ps{' -a' if self.all else ''}"

    async def execute(self, call: Call) -> Containers:
        filters: dict[str, Any] = dict(self.filters)
        rows: list[Json] = await self.engine(call).call(
            lambda client: client.containers(all=self.all, filters=filters or None)
        )
        found = [
            ContainerRow(
                name=(row.get("Names") or [short(row["Id"])])[0].lstrip("/"),
                id=row["Id"],
                image=row["Image"],
                status=row["State"],
                since=row["Status"],
                health=_health(row["Status"]),
                ports=_ports(row.get("Ports") or ()),
                labels=row.get("Labels") or {},
                created=int(row["Created"]),
                names=[name.lstrip("/") for name in row.get("Names") or ()],
                networks=sorted((row.get("NetworkSettings") or {}).get("Networks") or ()),
                volumes=sorted(m["Name"] for m in row.get("Mounts") or () if m.get("Name")),
            )
            for row in rows
        ]
        for one in found:
            call.say(f"{one.name}  {one.image}  {one.since}  {', '.join(one.ports)}".rstrip())
        return Containers(containers=found)


class ImageRow(Row):
    """``tags`` may be empty (dangling); ``size`` in bytes; ``created`` seconds since 1970."""

    id: str
    tags: list[str]
    digests: list[str]
    size: int
    created: int


class Images(Outputs):
    images: list[ImageRow]


class ListImages(DockerQuery):
    """The images of an engine."""

    name: ClassVar[str] = "docker.list_images"
    summary: ClassVar[str] = "List images with tags and sizes"
    returns: ClassVar[type[Outputs]] = Images

    def command_line(self) -> str:
        return "docker images"

    async def execute(self, call: Call) -> Images:
        rows: list[Json] = await self.engine(call).call(lambda client: client.images())
        found = [
            ImageRow(
                id=row["Id"],
                tags=[tag for tag in row.get("RepoTags") or () if tag != "<none>:<none>"],
                digests=[digest for digest in row.get("RepoDigests") or () if digest != "<none>@<none>"],
                size=int(row["Size"]),
                created=int(row["Created"]),
            )
            for row in rows
        ]
        for one in found:
            call.say(f"{', '.join(one.tags) or '(no tag)'}  {short(one.id)}  {one.size} bytes")
        return Images(images=found)


class NetworkRow(Row):
    name: str
    id: str
    driver: str
    internal: bool
    subnets: list[str]
    labels: dict[str, str]


class Networks(Outputs):
    networks: list[NetworkRow]


class ListNetworks(DockerQuery):
    """The networks of an engine."""

    name: ClassVar[str] = "docker.list_networks"
    summary: ClassVar[str] = "List networks"
    returns: ClassVar[type[Outputs]] = Networks

    def command_line(self) -> str:
        return "docker network ls"

    async def execute(self, call: Call) -> Networks:
        rows: list[Json] = await self.engine(call).call(lambda client: client.networks())
        found = [
            NetworkRow(
                name=row["Name"],
                id=row["Id"],
                driver=row["Driver"],
                internal=bool(row.get("Internal")),
                subnets=[c["Subnet"] for c in (row.get("IPAM") or {}).get("Config") or () if c.get("Subnet")],
                labels=row.get("Labels") or {},
            )
            for row in rows
        ]
        for one in found:
            call.say(f"{one.name}  {one.driver}  {', '.join(one.subnets)}".rstrip())
        return Networks(networks=found)


class VolumeRow(Row):
    name: str
    driver: str
    mountpoint: str
    created: str | None
    labels: dict[str, str]


class Volumes(Outputs):
    volumes: list[VolumeRow]


class ListVolumes(DockerQuery):
    """The volumes of an engine."""

    name: ClassVar[str] = "docker.list_volumes"
    summary: ClassVar[str] = "List volumes"
    returns: ClassVar[type[Outputs]] = Volumes

    def command_line(self) -> str:
        return "docker volume ls"

    async def execute(self, call: Call) -> Volumes:
        listed: Any = await self.engine(call).call(lambda client: client.volumes())
        found = [
            VolumeRow(
                name=row["Name"],
                driver=row["Driver"],
                mountpoint=row["Mountpoint"],
                created=row.get("CreatedAt"),
                labels=row.get("Labels") or {},
            )
            for row in listed.get("Volumes") or ()
        ]
        for one in found:
            call.say(f"{one.name}  {one.driver}")
        return Volumes(volumes=found)
