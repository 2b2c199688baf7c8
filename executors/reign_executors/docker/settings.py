"""The settings of a new container: the fields of docker.run and docker.create, and the request they make."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reign_executors.call import Call
from reign_executors.docker import spec
from reign_executors.docker.base import DockerChange, ImageName, Name
from reign_executors.docker.client import Json
from reign_executors.docker.dangers import host_namespace, mounted, privileged
from reign_executors.docker.names import (
    CONTAINER_NAME,
    Mount,
    Publication,
    amount,
    mount,
    publications,
)
from reign_executors.docker.redacting import shown
from reign_executors.effect import (
    Finding,
)


class HealthCheck(BaseModel):
    """How the engine finds out whether a container is healthy. Seconds; ``command`` runs in its shell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0

    def body(self) -> Json:
        nano = 1_000_000_000
        return {
            "Test": ["CMD-SHELL", self.command],
            "Interval": round(self.interval * nano),
            "Timeout": round(self.timeout * nano),
            "Retries": self.retries,
            "StartPeriod": round(self.start_period * nano),
        }


class ContainerSettings(DockerChange):
    """What a new container shall be."""

    image: ImageName = Field(description="image with tag, such as nginx:1.27")
    container: Name | None = Field(None, description="its name; none: docker makes one up")
    command: list[str] | str | None = Field(None, description="program and arguments instead of the image's")
    entrypoint: list[str] | str | None = None
    ports: list[str] = Field(default=[], description='published ports, "8080:80", "127.0.0.1:53:53/udp"')
    volumes: list[str] = Field(default=[], description='mounts, "data:/data", "/host/path:/in/it:ro"')
    environment: dict[str, str] = Field(default={})
    secret_environment: dict[str, str] = Field(default={}, description="variables whose values are secret")
    network: str | None = None
    aliases: list[str] = Field(default=[])
    labels: dict[str, str] = Field(default={})
    restart: str = Field("no", pattern=r"^(no|always|unless-stopped|on-failure(:\d+)?)$")
    memory: str | None = Field(None, description="limit such as 512m")
    cpus: float | None = Field(None, gt=0)
    user: str | None = None
    workdir: str | None = None
    hostname: str | None = None
    healthcheck: HealthCheck | None = None
    read_only: bool = Field(False, description="the container's own file system can't be written")
    privileged: bool = False
    pid: str | None = Field(None, description='"host" shares the host\'s processes')
    init: bool = False
    remove_after: bool = Field(False, description="the engine removes it as soon as it ends")
    if_exists: Literal["ask", "reuse", "replace"] = "ask"

    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_environment"})
    starts: ClassVar[bool] = True

    @field_validator("container")
    @classmethod
    def _name_fits(cls, value: str | None) -> str | None:
        if value is not None and not CONTAINER_NAME.fullmatch(value):
            raise ValueError(f"{value!r} can't be a container's name: letters, digits, _ . - only")
        return value

    @field_validator("ports")
    @classmethod
    def _ports_fit(cls, value: list[str]) -> list[str]:
        for port in value:
            publications(port)
        return value

    @field_validator("volumes")
    @classmethod
    def _volumes_fit(cls, value: list[str]) -> list[str]:
        for text in value:
            mount(text)
        return value

    @field_validator("memory")
    @classmethod
    def _memory_fits(cls, value: str | None) -> str | None:
        if value is not None:
            amount(value)
        return value

    def resource(self) -> str:
        return f"container/{self.container or '(new)'}"

    def touched(self) -> Iterable[str]:
        held = [f"port/{port.host_port}/{port.protocol}" for port in self.publications() if port.host_port]
        return [*held, self.resource()] if self.container else held

    def command_line(self) -> str:
        words = ["docker", "run", "-d"] if self.starts else ["docker", "create"]
        if self.container:
            words += ["--name", self.container]
        for option, values in (("-p", self.ports), ("-v", self.volumes)):
            words += [word for value in values for word in (option, value)]
        words += [word for name, value in self.environment.items() for word in ("-e", f"{name}={shown(name, value)}")]
        words += [word for name in self.secret_environment for word in ("-e", name)]
        for option, chosen in (
            ("--network", self.network),
            ("--restart", None if self.restart == "no" else self.restart),
            ("--memory", self.memory),
            ("--cpus", self.cpus),
            ("--user", self.user),
            ("--workdir", self.workdir),
            ("--pid", self.pid),
        ):
            if chosen is not None:
                words += [option, str(chosen)]
        words += ["--health-cmd", self.healthcheck.command] if self.healthcheck else []
        words += ["--privileged"] if self.privileged else []
        words += ["--read-only"] if self.read_only else []
        words += ["--rm"] if self.remove_after else []
        return _joined([*words, self.image, *(spec.words(self.command) or ())])

    def publications(self) -> list[Publication]:
        return [one for text in self.ports for one in publications(text)]

    def mounts(self, cwd: Path) -> list[Mount]:
        return [mount(text, cwd) for text in self.volumes]

    def body(self, call: Call) -> Json:
        """The request that creates it."""
        publications = self.publications()
        mounts = self.mounts(call.cwd)
        bindings: dict[str, list[Json]] = {}
        for one in publications:
            bindings.setdefault(one.key, []).append(
                {"HostIp": one.host_ip, "HostPort": str(one.host_port) if one.host_port else ""}
            )
        host: Json = {
            "PortBindings": bindings or None,
            "Binds": [one.bind() for one in mounts if one.kind != "anonymous"] or None,
            "RestartPolicy": spec.restart_policy(self.restart),
            "NetworkMode": self.network or "default",
            "Memory": amount(self.memory) if self.memory else 0,
            "NanoCpus": spec.nano_cpus(self.cpus) if self.cpus else 0,
            "ReadonlyRootfs": self.read_only,
            "Privileged": self.privileged,
            "PidMode": self.pid or "",
            "AutoRemove": self.remove_after,
        }
        if self.init:
            host["Init"] = True
        config: Json = {
            "Image": self.image,
            "Cmd": spec.words(self.command),
            "Entrypoint": spec.words(self.entrypoint),
            "Env": [f"{name}={value}" for name, value in {**self.environment, **self.secret_environment}.items()],
            "Labels": {**self.labels, **self.labels_of(call)},
            "User": self.user or "",
            "WorkingDir": self.workdir or "",
            "ExposedPorts": {one.key: {} for one in publications} or None,
            "Volumes": {one.destination: {} for one in mounts if one.kind == "anonymous"} or None,
            "HostConfig": host,
        }
        if self.hostname:
            config["Hostname"] = self.hostname
        if self.healthcheck:
            config["Healthcheck"] = self.healthcheck.body()
        if self.network and self.aliases:
            config["NetworkingConfig"] = {"EndpointsConfig": {self.network: {"Aliases": self.aliases}}}
        return {key: value for key, value in config.items() if value is not None}

    def _program(self, image: Json) -> list[str]:
        """What it would run, by the engine's rule; ``image`` is the image's own config. Empty: it can't be made."""
        entrypoint = spec.words(self.entrypoint)
        if entrypoint:
            return entrypoint
        inherited = [] if entrypoint is not None else image.get("Entrypoint") or []
        return [*inherited, *(spec.words(self.command) or image.get("Cmd") or [])]

    def _named_volumes(self) -> list[str]:
        return sorted({one.source for text in self.volumes if (one := mount(text)).kind == "volume"})

    def _with_port(self, moved: Publication, free: int) -> list[str]:
        return [one.with_host_port(free) if one == moved else str(one) for one in self.publications()]

    def _findings(self, call: Call) -> tuple[Finding, ...]:
        found = list(mounted(self.mounts(call.cwd)))
        if self.privileged:
            found.append(privileged())
        if self.pid == "host":
            found.append(host_namespace("process"))
        if self.network == "host":
            found.append(host_namespace("network"))
        return tuple(found)

    def _diff(self) -> str:
        lines = [f"image {self.image}"]
        if self.command is not None:
            lines.append(f"command {_joined(spec.words(self.command) or [])}")
        if self.entrypoint is not None:
            lines.append(f"entrypoint {_joined(spec.words(self.entrypoint) or [])}")
        lines += [f"port {one}" for one in self.publications()]
        lines += [f"mount {text}" for text in self.volumes]
        lines += [f"environment {name}={shown(name, value)}" for name, value in sorted(self.environment.items())]
        lines += [f"environment {name}=(secret)" for name in sorted(self.secret_environment)]
        for word in ("network", "memory", "cpus", "user", "workdir", "hostname", "pid"):
            value = getattr(self, word)
            if value is not None:
                lines.append(f"{word} {value}")
        for word in ("privileged", "read_only", "init", "remove_after"):
            if getattr(self, word):
                lines.append(word.replace("_", " "))
        if self.restart != "no":
            lines.append(f"restart {self.restart}")
        if self.healthcheck:
            lines.append(f"health check {self.healthcheck.command}")
        return "\n".join(f"+ {line}" for line in lines)


def _joined(words: list[str]) -> str:
    import shlex

    return shlex.join(words)
