"""docker.run and docker.create: a new container, with everything in its way found before it is approved."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker import spec
from reign_executors.docker.base import STEP_LABEL, described, look, since
from reign_executors.docker.client import Engine, Json, create_container, gone_away
from reign_executors.docker.foresight import ForeseenContainer
from reign_executors.docker.lifecycle import Stop
from reign_executors.docker.names import (
    short,
)
from reign_executors.docker.remove import RecreateContainer, RemoveContainer
from reign_executors.docker.settling import follow_start, settled
from reign_executors.effect import (
    Probe,
    Verification,
)
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.operation import Change, JsonObject, Outputs, Repeat


class ContainerMade(Outputs):
    """``ports``: ``{"80/tcp": "0.0.0.0:8080"}``; ``volumes``: named volumes that did not exist before."""

    id: str
    name: str
    image: str
    ports: dict[str, str] = Field(default={})
    volumes: list[str] = Field(default=[])
    how: Literal["created", "reused", "started", "replaced"] = "created"


class _NewContainer(ForeseenContainer):
    returns: ClassVar[type[Outputs]] = ContainerMade
    repeat: ClassVar[Repeat] = Repeat.KEYED

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
        image = self._seen.get(f"image/{self.image}")
        if image and seen.info["Image"] != image and outputs.how in ("created", "replaced"):
            text = f"{outputs.name} was made from another {self.image} than was previewed: the name moved in between"
            return Verification(ok=False, detail=text)
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
            return Probe(state="not_done", detail=f"{described(found)} was made by this step and not started")
        return self._done(found, "created")

    def _done(self, found: Json, how: Literal["created", "reused"]) -> Probe:
        outputs = ContainerMade(
            id=found["Id"],
            name=str(found["Name"]).lstrip("/"),
            image=found["Config"]["Image"],
            ports=_ports_of(found),
            how=how,
        )
        return Probe(state="done", detail=since(found), outputs=outputs.model_dump(mode="json"))

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


class Run(_NewContainer):
    """Create and start a container."""

    name: ClassVar[str] = "docker.run"
    summary: ClassVar[str] = "Create and start a container from an image"


class Create(_NewContainer):
    """Create a container without starting it."""

    name: ClassVar[str] = "docker.create"
    summary: ClassVar[str] = "Create a container from an image without starting it"
    starts: ClassVar[bool] = False
