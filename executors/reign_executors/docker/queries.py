"""Reading an engine: what things are made of, how they are, what they use."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker.base import ContainerName, DockerQuery, Kind, Name, container_name, last_lines, look, need
from reign_executors.docker.client import Json
from reign_executors.docker.names import short
from reign_executors.docker.redacting import without_secrets
from reign_executors.docker.settling import follow_start, health_of, last_check, settled
from reign_executors.errors import NotFound, OperationError, TimedOut
from reign_executors.operation import JsonObject, Outputs


class Inspected(Outputs):
    """``object`` is the engine's own description; values of secret-looking variables are hidden."""

    kind: Kind
    id: str
    object: JsonObject


class Inspect(DockerQuery):
    """What a container, image, volume or network is made of."""

    name: ClassVar[str] = "docker.inspect"
    summary: ClassVar[str] = "Show what a container, image, volume or network is made of"
    returns: ClassVar[type[Outputs]] = Inspected

    container: Name = Field(description="name or id of a container (or of what kind says)")
    kind: Literal["container", "image", "volume", "network", "any"] = "any"

    def resource(self) -> str:
        return f"{'container' if self.kind == 'any' else self.kind}/{self.container}"

    def command_line(self) -> str:
        return f"docker inspect {self.container}"

    async def execute(self, call: Call) -> Inspected:
        here = self.engine(call)
        kinds: tuple[Kind, ...] = get_args(Kind) if self.kind == "any" else (self.kind,)
        for kind in kinds:
            found = await look(here, kind, self.container)
            if found is not None:
                shown = without_secrets(found)
                call.say(_pretty(shown))
                return Inspected(kind=kind, id=str(found.get("Id") or found["Name"]), object=shown)
        if len(kinds) == 1:
            await need(here, kinds[0], self.container)
        raise NotFound(f"docker knows nothing called {self.container}", "docker ps -a; docker images; docker volume ls")


def _pretty(value: JsonObject) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


class Usage(Outputs):
    """One reading. ``cpu`` in percent of one CPU, all others in bytes since the start, memory now."""

    container: str
    cpu: float
    memory: int
    memory_limit: int
    memory_percent: float
    network_received: int
    network_sent: int
    block_read: int
    block_written: int
    processes: int


def usage_of(name: str, stats: Json) -> Usage:
    """What ``docker stats`` computes from the engine's raw counters (cgroup v1 and v2)."""
    now, before = stats.get("cpu_stats") or {}, stats.get("precpu_stats") or {}
    spent = (now.get("cpu_usage") or {}).get("total_usage", 0) - (before.get("cpu_usage") or {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cpus = now.get("online_cpus") or len((now.get("cpu_usage") or {}).get("percpu_usage") or [None])
    memory = stats.get("memory_stats") or {}
    detail = memory.get("stats") or {}
    used = memory.get("usage", 0) - detail.get("total_inactive_file", detail.get("inactive_file", 0))
    limit = memory.get("limit", 0)
    networks = (stats.get("networks") or {}).values()
    blocks = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    return Usage(
        container=name,
        cpu=round(spent / passed * cpus * 100, 2) if passed > 0 and spent > 0 else 0.0,
        memory=max(0, used),
        memory_limit=limit,
        memory_percent=round(used / limit * 100, 2) if limit else 0.0,
        network_received=sum(n["rx_bytes"] for n in networks),
        network_sent=sum(n["tx_bytes"] for n in networks),
        block_read=sum(b["value"] for b in blocks if b["op"].lower() == "read"),
        block_written=sum(b["value"] for b in blocks if b["op"].lower() == "write"),
        processes=(stats.get("pids_stats") or {}).get("current") or 0,
    )


class _OfContainer(DockerQuery):
    container: ContainerName

    def resource(self) -> str:
        return f"container/{self.container}"


class Stats(_OfContainer):
    """What a container uses right now."""

    name: ClassVar[str] = "docker.stats"
    summary: ClassVar[str] = "Show what a container uses now: CPU, memory, network, disk"
    returns: ClassVar[type[Outputs]] = Usage

    def command_line(self) -> str:
        return f"docker stats --no-stream {self.container}"

    async def execute(self, call: Call) -> Usage:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        stats: Json = await here.call(lambda client: client.stats(info["Id"], stream=False))
        usage = usage_of(container_name(info), stats)
        call.say(
            f"{usage.container}  cpu {usage.cpu} %  memory {usage.memory} of {usage.memory_limit} bytes "
            f"({usage.memory_percent} %)  processes {usage.processes}"
        )
        return usage


class Health(Outputs):
    """``health`` is starting, healthy, unhealthy, or None without a health check; ``exit`` of an ended one."""

    container: str
    id: str
    status: str
    health: str | None
    healthy: bool
    exit: int | None
    restarts: int
    check: str
    lines: str = ""


class CheckHealth(_OfContainer):
    """Whether a container runs and is healthy."""

    name: ClassVar[str] = "docker.health"
    summary: ClassVar[str] = "Show whether a container runs and is healthy"
    returns: ClassVar[type[Outputs]] = Health

    def command_line(self) -> str:
        return f"docker inspect -f '{{{{json .State}}}}' {self.container}"

    async def execute(self, call: Call) -> Health:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        health = health_of(info)
        running = info["State"]["Status"] == "running"
        well = running and health in (None, "healthy")
        answer = Health(
            container=container_name(info),
            id=info["Id"],
            status=info["State"]["Status"],
            health=health,
            healthy=well,
            exit=None if running else info["State"]["ExitCode"],
            restarts=int(info.get("RestartCount", 0)),
            check=last_check(info),
            lines="" if well else await last_lines(here, info["Id"]),
        )
        call.say(f"{answer.container} is {answer.status}{f' and {health}' if health else ''}")
        return answer


class Healthy(Outputs):
    id: str
    detail: str
    running: bool = True


class WaitHealthy(_OfContainer):
    """Wait until a container runs and, when it has a health check, is healthy."""

    name: ClassVar[str] = "docker.wait_healthy"
    summary: ClassVar[str] = "Wait until a container runs and is healthy; fails at once when it can't become so"
    returns: ClassVar[type[Outputs]] = Healthy

    seconds: float = Field(60.0, gt=0, description="at most this long")

    def time_limit(self) -> float:
        return self.seconds + 15

    async def execute(self, call: Call) -> Healthy:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        async with follow_start(here, info["Id"], call, tail=0):
            seen = await settled(here, info["Id"], limit=self.seconds)
        if seen.ok:
            call.say(seen.detail)
            return Healthy(id=info["Id"], detail=seen.detail)
        cause, _, detail = seen.detail.partition("\n")
        way_out = f"look at its log: docker logs {self.container}"
        if seen.failed:
            raise OperationError(cause, way_out, detail=detail)
        raise TimedOut(cause, f"give it more seconds, or {way_out}", detail=detail)


class Processes(Outputs):
    titles: list[str]
    processes: list[list[str]]


class Top(_OfContainer):
    """The processes of a container."""

    name: ClassVar[str] = "docker.top"
    summary: ClassVar[str] = "List the processes of a container"
    returns: ClassVar[type[Outputs]] = Processes

    def command_line(self) -> str:
        return f"docker top {self.container}"

    async def execute(self, call: Call) -> Processes:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        listed: Any = await here.call(lambda client: client.top(info["Id"]))
        for line in [listed["Titles"], *(listed["Processes"] or ())]:
            call.say("  ".join(line))
        return Processes(titles=listed["Titles"], processes=listed["Processes"] or [])


class DiskUsage(Outputs):
    """Bytes. ``volume_sizes`` has None where the engine does not tell."""

    images: int
    containers: int
    volumes: int
    build_cache: int
    volume_sizes: dict[str, int | None]
    container_sizes: dict[str, int]
    image_sizes: dict[str, int]


class ShowDiskUsage(DockerQuery):
    """What takes room on the engine's disk."""

    name: ClassVar[str] = "docker.disk_usage"
    summary: ClassVar[str] = "Show what takes room: images, containers, volumes, build cache"
    returns: ClassVar[type[Outputs]] = DiskUsage

    def command_line(self) -> str:
        return "docker system df -v"

    async def execute(self, call: Call) -> DiskUsage:
        here = self.engine(call)
        usage = await here.usage(limit=self.timeout)
        if usage is None:
            raise TimedOut("the engine took too long to measure its disk", "try again when it is less busy")
        sizes = {row["Name"]: (row.get("UsageData") or {}).get("Size") for row in usage.get("Volumes") or ()}
        volumes = {name: size if size is not None and size >= 0 else None for name, size in sizes.items()}
        containers = {row["Names"][0].lstrip("/"): int(row.get("SizeRw") or 0) for row in usage.get("Containers") or ()}
        images = {(row.get("RepoTags") or [short(row["Id"])])[0]: int(row["Size"]) for row in usage.get("Images") or ()}
        answer = DiskUsage(
            images=int(usage.get("LayersSize") or 0),
            containers=sum(containers.values()),
            volumes=sum(size or 0 for size in volumes.values()),
            build_cache=sum(int(row.get("Size") or 0) for row in usage.get("BuildCache") or ()),
            volume_sizes=volumes,
            container_sizes=containers,
            image_sizes=images,
        )
        for word in ("images", "containers", "volumes", "build_cache"):
            call.say(f"{word.replace('_', ' ')}: {getattr(answer, word)} bytes")
        return answer


class EngineInfo(Outputs):
    """``memory`` in bytes."""

    id: str
    version: str
    api: str
    name: str
    system: str
    kernel: str
    storage: str
    cpus: int
    memory: int
    containers: int
    running: int
    images: int
    warnings: list[str]


class Info(DockerQuery):
    """What an engine says of itself."""

    name: ClassVar[str] = "docker.info"
    summary: ClassVar[str] = "Show what the engine says of itself: version, host, storage, how much runs"
    returns: ClassVar[type[Outputs]] = EngineInfo

    def command_line(self) -> str:
        return "docker info"

    async def execute(self, call: Call) -> EngineInfo:
        here = self.engine(call)
        info, client = await asyncio.gather(here.info(), here.call(lambda client: client))
        answer = EngineInfo(
            id=str(info.get("ID") or ""),
            version=str(info.get("ServerVersion") or ""),
            api=client.api_version,
            name=str(info.get("Name") or ""),
            system=str(info.get("OperatingSystem") or ""),
            kernel=str(info.get("KernelVersion") or ""),
            storage=str(info.get("Driver") or ""),
            cpus=int(info.get("NCPU") or 0),
            memory=int(info.get("MemTotal") or 0),
            containers=int(info.get("Containers") or 0),
            running=int(info.get("ContainersRunning") or 0),
            images=int(info.get("Images") or 0),
            warnings=list(info.get("Warnings") or ()),
        )
        call.say(f"{answer.name}: Docker Engine {answer.version}, {answer.running} of {answer.containers} running")
        return answer
