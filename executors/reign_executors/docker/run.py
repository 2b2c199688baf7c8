"""docker.run and docker.create: a new container, with everything in its way found before it is approved."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from reign_executors.call import Call
from reign_executors.docker import spec
from reign_executors.docker.base import INFERRED, STEP_LABEL, DockerChange, ImageName, Name, described, look
from reign_executors.docker.client import Engine, Json, create_container, gone_away, together
from reign_executors.docker.dangers import host_namespace, mounted, privileged
from reign_executors.docker.lifecycle import Stop
from reign_executors.docker.names import (
    CONTAINER_NAME,
    Mount,
    Publication,
    amount,
    in_words,
    mount,
    publications,
    short,
)
from reign_executors.docker.ports import container_holder, next_free, process_holder, published
from reign_executors.docker.redacting import shown
from reign_executors.docker.remove import RecreateContainer, RemoveContainer, writable_bytes
from reign_executors.docker.settling import follow_start, settled
from reign_executors.effect import (
    Action,
    Choice,
    Effect,
    Finding,
    Probe,
    Problem,
    ResourceChange,
    UndoPromise,
    Verification,
)
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


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


class ContainerMade(Outputs):
    """``ports``: ``{"80/tcp": "0.0.0.0:8080"}``; ``volumes``: named volumes that did not exist before."""

    id: str
    name: str
    image: str
    ports: dict[str, str] = Field(default={})
    volumes: list[str] = Field(default=[])
    how: Literal["created", "reused", "started", "replaced"] = "created"


class _NewContainer(DockerChange):
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

    returns: ClassVar[type[Outputs]] = ContainerMade
    repeat: ClassVar[Repeat] = Repeat.KEYED
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

    # preview

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        existing = await self._existing(here) if self.resource() not in call.gone else None
        if existing is not None and self.if_exists == "reuse":
            return self._reused(existing)
        problems: list[Problem] = []
        notes = [INFERRED]
        identity: dict[str, str] = {}
        changes: list[ResourceChange] = []
        if existing is None:
            self.saw(self.resource(), None)
            if self.container and self.resource() in call.promised and self.resource() not in call.gone:
                problems.append(
                    Problem(
                        text=f"an earlier step of this plan already creates a container {self.container}",
                        choices=(await self._rename(here),),
                    )
                )
            changes.append(ResourceChange(action=Action.CREATE, resource=self.resource(), diff=self._diff()))
        else:
            self.saw(self.resource(), existing["Id"])
            identity[self.resource()] = existing["Id"]
            at_risk = await writable_bytes(here, existing["Id"])
            if self.if_exists == "ask":
                problems.append(await self._taken(here, existing))
            notes.append(
                f"the container there now is stopped, set aside and, when the new one runs, removed: "
                f"{in_words(at_risk)} in its writable layer are lost; its volumes stay"
            )
            old = f"- {described(existing)}\n"
            changes.append(
                ResourceChange(
                    action=Action.REPLACE, resource=self.resource(), diff=old + self._diff(), data_bytes=at_risk or None
                )
            )
        looked = await together(
            self._image(here, call, identity),
            self._volumes(here, call),
            self._network(here, call),
            self._ports(here, call, existing),
        )
        image_problems, volume_changes, network_problems, port_problems = looked
        changes.extend(volume_changes)
        problems += [*image_problems, *network_problems, *port_problems]
        notes += self._remarks(here, call)
        replaced = existing is not None
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            problems=tuple(problems),
            findings=self._findings(call),
            identity=identity,
            undo=UndoPromise.RECREATE if replaced else UndoPromise.EXACT,
            undo_why="the old container is made again from its settings; its writable layer does not come back"
            if replaced
            else None,
        )

    async def _existing(self, here: Engine) -> Json | None:
        if not self.container:
            return None
        found = await look(here, "container", self.container)
        if found is None or str(found["Name"]).lstrip("/") != self.container:
            return None  # the name was read as the beginning of an id
        return found

    def _reused(self, existing: Json) -> Effect:
        self.saw(self.resource(), existing["Id"])
        identity = {self.resource(): str(existing["Id"])}
        differs = existing["Config"]["Image"] != self.image
        note = f"{described(existing)} is used as it is" + (f", not {self.image}" if differs else "")
        if existing["State"]["Running"] or not self.starts:
            return Effect(notes=(note,), identity=identity)
        start = ResourceChange(action=Action.START, resource=self.resource(), diff="~ state: stopped → running")
        return Effect(changes=(start,), notes=(note, INFERRED), identity=identity, undo=UndoPromise.REVERT)

    async def _taken(self, here: Engine, existing: Json) -> Problem:
        reuse = "use it as it is" if existing["State"]["Running"] or not self.starts else "start it and use it"
        return Problem(
            text=f"the name {self.container} is taken by container {described(existing)}",
            choices=(
                Choice(key="reuse", label=reuse, fields={"if_exists": "reuse"}),
                Choice(key="replace", label="replace it: the old one is removed", fields={"if_exists": "replace"}),
                await self._rename(here),
            ),
        )

    async def _rename(self, here: Engine) -> Choice:
        rows: list[Json] = await here.call(lambda client: client.containers(all=True))
        used = {name.lstrip("/") for row in rows for name in row.get("Names") or ()}
        stem = re.sub(r"-\d+$", "", self.container or "")
        free = next(f"{stem}-{number}" for number in range(2, 10_000) if f"{stem}-{number}" not in used)
        return Choice(key="rename", label=f"call the new one {free}", fields={"container": free})

    async def _image(self, here: Engine, call: Call, identity: dict[str, str]) -> list[Problem]:
        resource = f"image/{self.image}"
        if resource in call.promised and resource not in call.gone:
            return []
        found = await look(here, "image", self.image) if resource not in call.gone else None
        if found is None:
            why = "an earlier step removes it" if resource in call.gone else "pull it first"
            return [Problem(text=f"image {self.image} is not here; {why}")]
        identity[resource] = str(found["Id"])
        self.saw(resource, found["Id"])
        return []

    async def _volumes(self, here: Engine, call: Call) -> list[ResourceChange]:
        changes = []
        for name in self._named_volumes():
            resource = f"volume/{name}"
            if resource in call.promised:
                continue
            if resource in call.gone or await look(here, "volume", name) is None:
                note = "not there yet: the engine makes it with the container"
                changes.append(ResourceChange(action=Action.CREATE, resource=resource, note=note))
        return changes

    def _named_volumes(self) -> list[str]:
        return sorted({one.source for text in self.volumes if (one := mount(text)).kind == "volume"})

    async def _network(self, here: Engine, call: Call) -> list[Problem]:
        name = self.network
        if not name or name in ("host", "none", "bridge", "default"):
            return []
        if name.startswith("container:"):
            other = name.removeprefix("container:")
            if f"container/{other}" in call.promised or await look(here, "container", other) is not None:
                return []
            return [Problem(text=f"there is no container {other} whose network could be shared")]
        if f"network/{name}" in call.promised:
            return []
        if f"network/{name}" not in call.gone and await look(here, "network", name) is not None:
            return []
        fallback = Choice(key="default-network", label="use the default network", fields={"network": None})
        return [Problem(text=f"there is no network {name}; create it first", choices=(fallback,))]

    async def _ports(self, here: Engine, call: Call, existing: Json | None) -> list[Problem]:
        wanted = [one for one in self.publications() if one.host_port is not None]
        if not wanted or self.network == "host" or not self.starts:
            return []
        rows: list[Json] = await here.call(lambda client: client.containers())
        leaving = {existing["Id"]} if existing is not None and self.if_exists != "reuse" else set()
        leaving |= {
            row["Id"] for row in rows if any(f"container/{name.lstrip('/')}" in call.gone for name in row["Names"])
        }
        taken = published(rows, frozenset(leaving))
        freed = published([row for row in rows if row["Id"] in leaving])
        problems = []
        ours = [one.host_port for one in wanted if one.host_port]
        for one in wanted:
            holder = container_holder(one, taken)
            if holder is None and here.endpoint.local and container_holder(one, freed) is None:
                holder = await asyncio.to_thread(process_holder, one)
            if holder is None:
                continue
            choices = []
            free = await asyncio.to_thread(next_free, one, taken, ours)
            if free is not None:
                fields: dict[str, JsonValue] = {"ports": [*self._with_port(one, free)]}
                choices.append(Choice(key="port", label=f"publish on port {free} instead", fields=fields))
            problems.append(
                Problem(text=f"port {one.host_port} is taken by {holder.description}", choices=tuple(choices))
            )
        return problems

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

    def _remarks(self, here: Engine, call: Call) -> list[str]:
        remarks = []
        if self.network == "host" and self.ports:
            remarks.append("with the host's network, published ports are ignored")
        if here.endpoint.local:
            remarks += [
                f"{one.source} does not exist on the host: the engine makes an empty folder there, owned by root"
                for one in self.mounts(call.cwd)
                if one.kind == "bind" and not Path(one.source).exists()
            ]
        return remarks

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

    # execute

    async def execute(self, call: Call) -> ContainerMade:
        here = self.engine(call)
        missing_volumes = [name for name in self._named_volumes() if await look(here, "volume", name) is None]
        existing = None
        if self.if_exists != "ask" and self.container:
            existing = await self._existing(here)
        if existing is not None:
            self.insist(self.resource(), existing["Id"])
            if self.if_exists == "reuse":
                return await self._reuse(here, existing)
        if self.if_exists == "replace" and self.container:
            return await self._replace(here, call, existing, missing_volumes)
        return await self._make(here, call, missing_volumes, "created")

    async def _reuse(self, here: Engine, existing: Json) -> ContainerMade:
        how: Literal["reused", "started"] = "reused"
        if self.starts and not existing["State"]["Running"]:
            await here.call(lambda client: client.start(existing["Id"]))
            how = "started"
        return ContainerMade(
            id=existing["Id"],
            name=str(existing["Name"]).lstrip("/"),
            image=existing["Config"]["Image"],
            ports=_ports_of(existing),
            how=how,
        )

    async def _make(
        self, here: Engine, call: Call, missing_volumes: list[str], how: Literal["created", "replaced"]
    ) -> ContainerMade:
        config, name = self.body(call), self.container
        try:
            made: Json = await here.call(
                lambda client: create_container(client, config, name),
                late=lambda client, result: client.remove_container(result["Id"], v=True, force=True),
            )
        except Conflict:
            made = await self._mine(here, call)
        except NotFound as error:
            if "image" in error.cause.lower():
                raise NotFound(
                    f"image {self.image} is not here", f"pull it first: docker pull {self.image}", detail=error.detail
                ) from error
            raise
        identity = str(made["Id"])
        for warning in made.get("Warnings") or ():
            call.say(f"warning: {warning}")
        if self.starts:
            try:
                await here.call(lambda client: client.start(identity))
            except (OperationError, asyncio.CancelledError) as error:
                await self._take_back(here, call, identity, error)
                raise
        return ContainerMade(
            id=identity,
            name=name or short(identity),
            image=self.image,
            ports=await self._published(here, identity),
            volumes=missing_volumes,
            how=how,
        )

    async def _published(self, here: Engine, identity: str) -> dict[str, str]:
        """Where each port is published; the engine is asked only for those it chose itself."""
        wanted = self.publications()
        if not self.starts or self.network == "host":
            return {}
        if all(one.host_port is not None for one in wanted):
            return {one.key: f"{one.host_ip or '0.0.0.0'}:{one.host_port}" for one in wanted}  # noqa: S104
        return _ports_of(await look(here, "container", identity))

    async def _mine(self, here: Engine, call: Call) -> Json:
        """The container of that name when this very step made it before; the engine's conflict otherwise."""
        found = await self._existing(here)
        if found is not None and (found["Config"].get("Labels") or {}).get(STEP_LABEL) == call.key:
            return found
        by = f" by container {described(found)}" if found else ""
        raise Conflict(
            f"the name {self.container} was taken meanwhile{by}",
            "plan again: reuse it, replace it or take another name",
        )

    async def _take_back(self, here: Engine, call: Call, identity: str, why: BaseException) -> None:
        """Remove what was created but could not be started; a daemon that is gone leaves that in doubt."""
        failed = await here.finish(lambda client: client.remove_container(identity, v=True, force=True))
        if failed is None or isinstance(failed, NotFound):
            return
        call.say(f"container {short(identity)} was created, not started, and could not be removed: {failed.cause}")
        if isinstance(why, OperationError):
            raise gone_away(here.endpoint, why) from why

    def _aside(self, call: Call) -> str:
        """The name the old container has while its successor starts; the same again after a crash."""
        return f"{self.container}.before-{hashlib.sha256(call.key.encode()).hexdigest()[:8]}"

    async def _replace(
        self, here: Engine, call: Call, existing: Json | None, missing_volumes: list[str]
    ) -> ContainerMade:
        aside = self._aside(call)
        old = await look(here, "container", aside) if call.resumed else None
        if old is None and existing is not None:
            old = existing
            running = bool(existing["State"]["Running"])
            if running:
                call.say(f"stopping the old {self.container}")
            try:
                await here.call(lambda client: client.stop(existing["Id"]))
                await here.call(lambda client: client.rename(existing["Id"], aside))
            except BaseException:
                await self._put_back(here, call, existing["Id"], aside, running)
                raise
        elif old is not None and existing is not None:
            return await self._finish_replacing(here, call, old, existing, missing_volumes)
        else:
            running = old is not None
        try:
            made = await self._make(here, call, missing_volumes, "replaced" if old else "created")
        except BaseException:
            if old is not None:
                await self._put_back(here, call, old["Id"], aside, running)
            raise
        if old is not None:
            identity = old["Id"]
            await here.call(lambda client: client.remove_container(identity, force=True))
        return made

    async def _finish_replacing(
        self, here: Engine, call: Call, old: Json, new: Json, missing_volumes: list[str]
    ) -> ContainerMade:
        """After a crash between making the new container and removing the old one."""
        if (new["Config"].get("Labels") or {}).get(STEP_LABEL) != call.key:
            raise Conflict(
                f"the name {self.container} was taken meanwhile by container {described(new)}",
                f"the one before is kept as {self._aside(call)}",
            )
        made = await self._make(here, call, missing_volumes, "replaced")
        await here.call(lambda client: client.remove_container(old["Id"], force=True))
        return made

    async def _put_back(self, here: Engine, call: Call, identity: str, aside: str, running: bool) -> None:
        def back(client: Any) -> None:
            if client.inspect_container(identity)["Name"] == f"/{aside}":
                client.rename(identity, self.container)
            if running:
                client.start(identity)

        failed = await here.finish(back)
        if failed is None:
            call.say(f"the old {self.container} is back as it was")
        else:
            call.say(f"the old container is kept as {aside}, it could not be put back: {failed.cause}")

    # afterwards

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, ContainerMade)
        here = self.engine(call)
        if not self.starts:
            found = await look(here, "container", outputs.id)
            if found is None:
                return Verification(ok=False, detail=f"container {outputs.name} is not there")
            return Verification(ok=True, detail=f"container {outputs.name} exists ({short(outputs.id)})")
        one_shot = self.command is not None and self.restart == "no"
        async with follow_start(here, outputs.id, call):
            seen = await settled(here, outputs.id, one_shot=one_shot, removed_after=self.remove_after)
        if not seen.ok or seen.info is None or not seen.info["State"]["Running"]:
            return Verification(ok=seen.ok, detail=seen.detail)
        wrong = self._not_published(seen.info)
        if wrong and outputs.how in ("created", "replaced"):
            return Verification(ok=False, detail=f"{seen.detail}, but {wrong}")
        return Verification(ok=True, detail=seen.detail)

    def _not_published(self, info: Json) -> str:
        if self.network == "host":
            return ""
        actual = info["NetworkSettings"].get("Ports") or {}
        for one in self.publications():
            bound = actual.get(one.key) or ()
            if not any(one.host_port is None or entry["HostPort"] == str(one.host_port) for entry in bound):
                return f"port {one} is not published"
        return ""

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        if self.if_exists == "reuse" and self.container:
            existing = await self._existing(here)
            if existing is not None and (existing["State"]["Running"] or not self.starts):
                return self._done(existing, "reused")
        rows: list[Json] = await here.call(
            lambda client: client.containers(all=True, filters={"label": f"{STEP_LABEL}={call.key}"})
        )
        if not rows:
            return Probe(state="not_done", detail="this step made no container")
        if len(rows) > 1:
            return Probe(state="in_doubt", detail=f"{len(rows)} containers carry this step's label")
        found = await look(here, "container", rows[0]["Id"])
        if found is None:
            return Probe(state="in_doubt", detail="the container this step made is just being removed")
        if self.container and await look(here, "container", self._aside(call)) is not None:
            return Probe(state="not_done", detail="the new container is there, the old one is not removed yet")
        if self.starts and found["State"]["Status"] == "created":
            return Probe(state="not_done", detail=f"{described(found)} was created by this step and not started")
        return self._done(found, "created")

    def _done(self, found: Json, how: Literal["created", "reused"]) -> Probe:
        outputs = ContainerMade(
            id=found["Id"],
            name=str(found["Name"]).lstrip("/"),
            image=found["Config"]["Image"],
            ports=_ports_of(found),
            how=how,
        )
        return Probe(state="done", detail=described(found), outputs=outputs.model_dump(mode="json"))

    async def capture(self, call: Call) -> JsonObject:
        here = self.engine(call)
        existing = await self._existing(here)
        self.saw(self.resource(), existing["Id"] if existing else None)
        before: JsonObject = {"container": None, "volumes": {}}
        if existing is not None:
            before["container"] = {
                "id": existing["Id"],
                "running": bool(existing["State"]["Running"]),
                "spec": spec.keep(call.blobs, spec.like(existing)) if self.if_exists == "replace" else None,
            }
        before["volumes"] = {name: await look(here, "volume", name) is not None for name in self._named_volumes()}
        return before

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        identity, name, how = str(outputs["id"]), str(outputs["name"]), outputs.get("how")
        old = before.get("container")
        if how == "reused":
            return None
        if how == "started":
            return Stop(context=self.context, container=name, expect=identity)
        existed = before.get("volumes")
        ours = [v for v in outputs.get("volumes") or () if isinstance(existed, dict) and not existed.get(v)]
        if isinstance(old, dict) and old.get("spec"):
            return RecreateContainer(
                context=self.context, container=name, spec=str(old["spec"]), replaces=identity, remove_volumes=ours
            )
        return RemoveContainer(
            context=self.context, container=name, expect=identity, force=True, volumes=True, named_volumes=ours
        )


def _ports_of(info: Json | None) -> dict[str, str]:
    bound = ((info or {}).get("NetworkSettings") or {}).get("Ports") or {}
    return {key: f"{rows[0]['HostIp']}:{rows[0]['HostPort']}" for key, rows in bound.items() if rows}


def _joined(words: list[str]) -> str:
    import shlex

    return shlex.join(words)


class Run(_NewContainer):
    """Create and start a container."""

    name: ClassVar[str] = "docker.run"
    summary: ClassVar[str] = "Create and start a container from an image"


class Create(_NewContainer):
    """Create a container without starting it."""

    name: ClassVar[str] = "docker.create"
    summary: ClassVar[str] = "Create a container from an image without starting it"
    starts: ClassVar[bool] = False
