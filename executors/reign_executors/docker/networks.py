"""Networks: create, remove, connect, disconnect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, JsonValue

from reign_executors.call import Call
from reign_executors.docker.base import (
    INFERRED,
    STEP_LABEL,
    ContainerName,
    DockerChange,
    Expected,
    Name,
    look,
    missing,
    need,
)
from reign_executors.docker.client import Engine, Json
from reign_executors.docker.names import short
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

BUILT_IN = frozenset({"bridge", "host", "none"})


class NetworkHere(Outputs):
    """``changed`` False: it was there already."""

    id: str
    network: str
    changed: bool = True


class _OnNetwork(DockerChange):
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    network: Name

    def resource(self) -> str:
        return f"network/{self.network}"


def _facts(info: Json | None) -> JsonValue:
    """What makes a network what it is: no id, no time, nobody who joined."""
    if info is None:
        return None
    labels = {key: value for key, value in (info.get("Labels") or {}).items() if not key.startswith("dev.reign.")}
    subnets = [entry["Subnet"] for entry in (info.get("IPAM") or {}).get("Config") or () if entry.get("Subnet")]
    return {
        "driver": info["Driver"],
        "internal": bool(info.get("Internal")),
        "attachable": bool(info.get("Attachable")),
        "subnets": subnets,
        "options": info.get("Options") or {},
        "labels": labels,
    }


def members(info: Json) -> list[str]:
    """Names of the running containers in a network."""
    return sorted(row["Name"] for row in (info.get("Containers") or {}).values())


class CreateNetwork(_OnNetwork):
    """Create a network."""

    name: ClassVar[str] = "docker.create_network"
    summary: ClassVar[str] = "Create a network; nothing happens when it is there already"
    returns: ClassVar[type[Outputs]] = NetworkHere
    repeat: ClassVar[Repeat] = Repeat.KEYED

    driver: str = "bridge"
    internal: bool = Field(False, description="without a way out to other networks")
    attachable: bool = False
    subnet: str | None = Field(None, description="such as 172.30.0.0/16; none: the engine chooses")
    options: dict[str, str] = Field(default={})
    labels: dict[str, str] = Field(default={})

    def command_line(self) -> str:
        words = ["docker network create"]
        words += [f"--driver {self.driver}"] if self.driver != "bridge" else []
        words += ["--internal"] if self.internal else []
        words += [f"--subnet {self.subnet}"] if self.subnet else []
        return " ".join([*words, self.network])

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        info = await look(here, "network", self.network) if self.resource() not in call.gone else None
        if info is None:
            if self.resource() in call.promised and self.resource() not in call.gone:
                return Effect.nothing("an earlier step creates it")
            diff = f"+ network {self.network} ({self.driver}{', internal' if self.internal else ''})"
            change = ResourceChange(action=Action.CREATE, resource=self.resource(), diff=diff)
            return Effect(changes=(change,), notes=(INFERRED,))
        identity = {self.resource(): str(info["Id"])}
        if info["Driver"] != self.driver or bool(info.get("Internal")) != self.internal:
            kind = f"{info['Driver']}{', internal' if info.get('Internal') else ''}"
            text = f"a network {self.network} is there already, of another kind ({kind})"
            used = {row["Name"] for row in await here.call(lambda client: client.networks())}
            free = next(f"{self.network}-{n}" for n in range(2, 10_000) if f"{self.network}-{n}" not in used)
            choice = Choice(key="rename", label=f"call the new one {free}", fields={"network": free})
            return Effect(problems=(Problem(text=text, choices=(choice,)),), identity=identity)
        return Effect(notes=(f"network {self.network} is there already and is used as it is",), identity=identity)

    async def execute(self, call: Call) -> NetworkHere:
        here = self.engine(call)
        existing = await look(here, "network", self.network)
        if existing is not None:
            mine = (existing.get("Labels") or {}).get(STEP_LABEL) == call.key
            return NetworkHere(id=existing["Id"], network=self.network, changed=mine)
        labels = {**self.labels, **self.labels_of(call)}

        def create(client: Any) -> Json:
            from docker.types import IPAMConfig, IPAMPool

            ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=self.subnet)]) if self.subnet else None
            made: Json = client.create_network(
                self.network,
                driver=self.driver,
                internal=self.internal,
                attachable=self.attachable or None,
                options=self.options or None,
                ipam=ipam,
                labels=labels,
                check_duplicate=True,
            )
            return made

        made = await here.call(create, late=lambda client, result: client.remove_network(result["Id"]))
        return NetworkHere(id=made["Id"], network=self.network)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, NetworkHere)
        there = await look(self.engine(call), "network", outputs.id) is not None
        return Verification(ok=there, detail=f"network {self.network} is {'there' if there else 'not there'}")

    async def probe(self, call: Call) -> Probe:
        info = await look(self.engine(call), "network", self.network)
        if info is None:
            return Probe(state="not_done", detail=f"there is no network {self.network}")
        mine = (info.get("Labels") or {}).get(STEP_LABEL) == call.key
        outputs = NetworkHere(id=info["Id"], network=self.network, changed=mine).model_dump(mode="json")
        return Probe(state="done", detail=f"network {self.network} is there", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        return {"network": _facts(await look(self.engine(call), "network", self.network))}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("network") is not None or not outputs.get("changed", True):
            return None
        return RemoveNetwork(context=self.context, network=self.network, expect=str(outputs["id"]))


class NetworkRemoved(Outputs):
    """``id`` is empty when it is not known; ``changed`` False: it was gone already."""

    id: str = ""
    changed: bool = True


class RemoveNetwork(_OnNetwork):
    """Remove a network nobody is in."""

    name: ClassVar[str] = "docker.remove_network"
    summary: ClassVar[str] = "Remove a network"
    returns: ClassVar[type[Outputs]] = NetworkRemoved
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE

    expect: Expected = None

    def command_line(self) -> str:
        return f"docker network rm {self.network}"

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        if self.resource() in call.gone:
            return Effect.nothing("an earlier step removes it")
        if self.network in BUILT_IN:
            return Effect(problems=(Problem(text=f"{self.network} is docker's own network and can't be removed"),))
        info = await look(here, "network", self.expect or self.network)
        if info is None:
            self.saw(self.resource(), None)
            if self.resource() in call.promised:
                made = ResourceChange(action=Action.DELETE, resource=self.resource(), note="made by an earlier step")
                return Effect(changes=(made,), undo=UndoPromise.RECREATE)
            if self.expect:
                return Effect.nothing(f"network {self.network} ({short(self.expect)}) is gone already")
            return Effect(problems=(await missing(here, "network", self.network, "network"),))
        self.saw(self.resource(), info["Id"])
        problems: tuple[Problem, ...] = ()
        inside = [name for name in members(info) if f"container/{name}" not in call.gone]
        if inside:
            problems = (Problem(text=f"network {self.network} is used by container {', '.join(inside)}"),)
        return Effect(
            changes=(ResourceChange(action=Action.DELETE, resource=self.resource(), diff=f"- network {self.network}"),),
            notes=(INFERRED,),
            problems=problems,
            identity={self.resource(): str(info["Id"])},
            undo=UndoPromise.RECREATE,
            undo_why="a new network like it is made; stopped containers that were in it must join again",
        )

    async def execute(self, call: Call) -> NetworkRemoved:
        here = self.engine(call)
        info = await look(here, "network", self.expect or self.network)
        if info is None and self.expect:
            return NetworkRemoved(changed=False)
        info = info or await need(here, "network", self.network)
        self.insist(self.resource(), info["Id"], self.expect)
        try:
            await here.call(lambda client: client.remove_network(info["Id"]))
        except NotFound:
            call.say(f"network {self.network} was removed meanwhile")
        return NetworkRemoved(id=info["Id"])

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, NetworkRemoved)
        gone = not outputs.id or await look(self.engine(call), "network", outputs.id) is None
        return Verification(ok=gone, detail=f"network {self.network} is {'gone' if gone else 'still there'}")

    async def probe(self, call: Call) -> Probe:
        if await look(self.engine(call), "network", self.expect or self.network) is None:
            outputs = NetworkRemoved(id=self.expect or "").model_dump(mode="json")
            return Probe(state="done", detail=f"there is no network {self.network}", outputs=outputs)
        return Probe(state="not_done", detail=f"network {self.network} is still there")

    async def capture(self, call: Call) -> JsonObject:
        info = await look(self.engine(call), "network", self.expect or self.network)
        self.saw(self.resource(), info["Id"] if info else None)
        return {"network": _facts(info)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        facts: Any = before.get("network")
        if not facts or not outputs.get("changed", True):
            return None
        return CreateNetwork(
            context=self.context,
            network=self.network,
            driver=facts["driver"],
            internal=facts["internal"],
            attachable=facts["attachable"],
            subnet=next(iter(facts["subnets"]), None),
            options=facts["options"],
            labels=facts["labels"],
        )


class Joined(Outputs):
    """``id`` of the container; ``changed`` False: it was so already."""

    id: str
    changed: bool = True


class _Membership(_OnNetwork):
    returns: ClassVar[type[Outputs]] = Joined
    joins: ClassVar[bool]

    container: ContainerName
    aliases: list[str] = Field(default=[], description="more names it answers to in that network")
    ip: str | None = Field(None, description="a fixed address in that network")
    expect: Expected = None

    def resource(self) -> str:
        return f"container/{self.container}"

    def touched(self) -> Iterable[str]:
        return (self.resource(), f"network/{self.network}")

    async def _container(self, here: Engine) -> Json | None:
        return await look(here, "container", self.expect or self.container)

    def _membership(self, info: Json) -> Json | None:
        found: Json | None = (info["NetworkSettings"].get("Networks") or {}).get(self.network)
        return found

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        identity: dict[str, str] = {}
        network = await look(here, "network", self.network)
        if network is not None:
            identity[f"network/{self.network}"] = str(network["Id"])
        elif f"network/{self.network}" not in call.promised:
            return Effect(problems=(await missing(here, "network", self.network, "network"),))
        sign, action = ("+", Action.UPDATE) if self.joins else ("-", Action.UPDATE)
        change = ResourceChange(action=action, resource=self.resource(), diff=f"{sign} network {self.network}")
        info = await self._container(here) if self.resource() not in call.gone else None
        if info is None:
            if self.resource() in call.promised and self.resource() not in call.gone:
                return Effect(changes=(change,), notes=("the container is made by an earlier step",), identity=identity)
            return Effect(problems=(await missing(here, "container", self.container, "container"),))
        identity[self.resource()] = str(info["Id"])
        self.saw(self.resource(), info["Id"])
        if (self._membership(info) is not None) == self.joins:
            state = "in" if self.joins else "not in"
            return Effect(notes=(f"{self.container} is {state} network {self.network} already",), identity=identity)
        return Effect(changes=(change,), notes=(INFERRED,), identity=identity)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Joined)
        info = await look(self.engine(call), "container", outputs.id)
        if info is None:
            return Verification(ok=False, detail=f"container {self.container} is gone")
        inside = self._membership(info) is not None
        word = "in" if inside else "not in"
        return Verification(ok=inside == self.joins, detail=f"{self.container} is {word} network {self.network}")

    async def probe(self, call: Call) -> Probe:
        info = await self._container(self.engine(call))
        if info is None:
            return Probe(state="in_doubt", detail=f"there is no container {self.container} any more")
        inside = self._membership(info) is not None
        detail = f"{self.container} is {'in' if inside else 'not in'} network {self.network}"
        if inside == self.joins:
            return Probe(state="done", detail=detail, outputs=Joined(id=info["Id"]).model_dump(mode="json"))
        return Probe(state="not_done", detail=detail)

    async def capture(self, call: Call) -> JsonObject:
        info = await self._container(self.engine(call))
        self.saw(self.resource(), info["Id"] if info else None)
        joined = None if info is None else self._membership(info)
        if info is None or joined is None:
            return {"joined": None}
        aliases = sorted(alias for alias in joined.get("Aliases") or () if alias != short(info["Id"]))
        return {"joined": {"aliases": [*aliases], "ip": (joined.get("IPAMConfig") or {}).get("IPv4Address")}}

    async def _pinned(self, here: Engine) -> Json:
        info = await need(here, "container", self.expect or self.container)
        self.insist(self.resource(), info["Id"], self.expect)
        return info


class ConnectNetwork(_Membership):
    """Let a container join a network."""

    name: ClassVar[str] = "docker.connect_network"
    summary: ClassVar[str] = "Let a container join a network"
    joins: ClassVar[bool] = True

    def command_line(self) -> str:
        return f"docker network connect {self.network} {self.container}"

    async def execute(self, call: Call) -> Joined:
        here = self.engine(call)
        info = await self._pinned(here)
        if self._membership(info) is not None:
            return Joined(id=info["Id"], changed=False)
        try:
            await here.call(
                lambda client: client.connect_container_to_network(
                    info["Id"], self.network, aliases=self.aliases or None, ipv4_address=self.ip
                )
            )
        except Conflict as error:
            raise Conflict(f"{self.container} can't join {self.network}: {error.cause}", detail=error.detail) from error
        return Joined(id=info["Id"])

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("joined") is not None:
            return None
        return DisconnectNetwork(
            context=self.context, network=self.network, container=self.container, expect=str(outputs["id"])
        )


class DisconnectNetwork(_Membership):
    """Take a container out of a network."""

    name: ClassVar[str] = "docker.disconnect_network"
    summary: ClassVar[str] = "Take a container out of a network"
    joins: ClassVar[bool] = False

    def command_line(self) -> str:
        return f"docker network disconnect {self.network} {self.container}"

    async def execute(self, call: Call) -> Joined:
        here = self.engine(call)
        info = await self._pinned(here)
        if self._membership(info) is None:
            return Joined(id=info["Id"], changed=False)
        await here.call(lambda client: client.disconnect_container_from_network(info["Id"], self.network))
        return Joined(id=info["Id"])

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        joined: Any = before.get("joined")
        if not joined:
            return None
        return ConnectNetwork(
            context=self.context,
            network=self.network,
            container=self.container,
            aliases=joined["aliases"],
            ip=joined["ip"],
            expect=str(outputs["id"]),
        )
