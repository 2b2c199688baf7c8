"""What stands in the way of a new container, found before it is approved: names, ports, images, networks, volumes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from pydantic import JsonValue

from reign_executors.call import Call
from reign_executors.docker.base import INFERRED, described, look, since
from reign_executors.docker.client import Engine, Json, together
from reign_executors.docker.names import (
    in_words,
)
from reign_executors.docker.ports import container_holder, next_free, process_holder, published
from reign_executors.docker.remove import writable_bytes
from reign_executors.docker.settings import ContainerSettings
from reign_executors.effect import (
    Action,
    Choice,
    Effect,
    Problem,
    ResourceChange,
    UndoPromise,
)


class ForeseenContainer(ContainerSettings):
    """The preview of a new container."""

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
            notes.append(since(existing))
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
        note = f"{described(existing)} is used as it is{f', not {self.image}' if differs else ''}; {since(existing)}"
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
        if not self._program(found["Config"] or {}):
            return [Problem(text=f"the image {self.image} names no program; give a command")]
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
