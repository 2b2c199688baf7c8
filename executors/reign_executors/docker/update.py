"""docker.update: limits and restart policy of a container while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from reign_executors.call import Call
from reign_executors.docker import spec as specs
from reign_executors.docker.base import (
    INFERRED,
)
from reign_executors.docker.client import Engine, Json, post
from reign_executors.docker.lifecycle import OnContainer, Touched
from reign_executors.docker.names import amount, in_words
from reign_executors.effect import Effect, UndoPromise
from reign_executors.operation import Change, JsonObject


class Update(OnContainer):
    """Change a container's limits or restart policy while it runs."""

    name: ClassVar[str] = "docker.update"
    summary: ClassVar[str] = "Change a container's memory, CPU limit or restart policy"

    memory: str | None = Field(None, description="limit such as 512m; 0 lifts it as far as docker can")
    cpus: float | None = Field(None, ge=0, description="limit in CPUs; 0 lifts it as far as docker can")
    restart: str | None = Field(None, pattern=r"^(no|always|unless-stopped|on-failure(:\d+)?)$")

    @field_validator("memory")
    @classmethod
    def _memory_fits(cls, value: str | None) -> str | None:
        if value is not None:
            amount(value)
        return value

    @model_validator(mode="after")
    def _something(self) -> Update:
        if self.memory is None and self.cpus is None and self.restart is None:
            raise ValueError("say what to change: memory, cpus or restart")
        return self

    def command_line(self) -> str:
        words = ["docker update"]
        words += [f"--{n} {v}" for n in ("memory", "cpus", "restart") if (v := getattr(self, n)) is not None]
        return " ".join([*words, self.container])

    def _wanted(self, machine: Json) -> Json:
        """What is sent. The engine reads 0 as "as it is", so no limit becomes all of the machine."""
        wanted: Json = {}
        if self.memory is not None:
            wanted["Memory"] = amount(self.memory) or int(machine["MemTotal"])
            wanted["MemorySwap"] = 2 * wanted["Memory"]  # as at creation; the engine drops -1
        if self.cpus is not None:
            wanted["NanoCpus"] = specs.nano_cpus(self.cpus or float(machine["NCPU"]))
        if self.restart is not None:
            wanted["RestartPolicy"] = specs.restart_policy(self.restart)
        return wanted

    async def _effect(self, here: Engine, info: Json) -> Effect:
        host = info["HostConfig"]
        lines, notes, lifted = [], [INFERRED], False
        for key, value in self._wanted(await here.info()).items():
            if key == "MemorySwap" or value == host.get(key):
                continue
            if key == "RestartPolicy":
                old, new = specs.restart_text(host.get(key)), specs.restart_text(value)
            elif key == "Memory":
                old, new = in_words(host[key]) if host.get(key) else "no limit", in_words(value)
            else:
                old, new = f"{host[key] / 1e9:g}" if host.get(key) else "no limit", f"{value / 1e9:g}"
            lifted = lifted or old == "no limit"
            if old != new:
                lines.append(f"~ {key}: {old} → {new}")
        if not lines:
            return Effect.nothing("it has these settings already")
        if lifted:
            notes.append("docker can't take a limit away again: undo sets it to all the machine has")
        undo = UndoPromise.REVERT if lifted else UndoPromise.EXACT
        return Effect(changes=(self._change("\n".join(lines)),), notes=tuple(notes), undo=undo)

    async def execute(self, call: Call) -> Touched:
        here = self.engine(call)
        info = await self._pinned(here)
        wanted = self._wanted(await here.info())

        answer = await here.call(lambda client: post(client, f"/containers/{info['Id']}/update", wanted))
        for warning in answer.get("Warnings") or ():
            call.say(f"warning: {warning}")
        return Touched(id=info["Id"])

    def _holds(self, info: Json) -> bool:
        host = info["HostConfig"]
        return not (
            (self.memory is not None and amount(self.memory) and host["Memory"] != amount(self.memory))
            or (self.cpus and host["NanoCpus"] != specs.nano_cpus(self.cpus))
            or (self.restart is not None and specs.restart_text(host["RestartPolicy"]) != self.restart)
        )

    def _facts(self, info: Json) -> JsonObject:
        host = info["HostConfig"]
        return {
            "memory": int(host["Memory"]),
            "cpus": host["NanoCpus"] / 1e9,
            "restart": specs.restart_text(host["RestartPolicy"]),
        }

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("container"):
            return None
        fields: dict[str, Any] = {}
        if self.memory is not None:
            fields["memory"] = str(before["memory"])
        if self.cpus is not None:
            fields["cpus"] = before["cpus"]
        if self.restart is not None:
            fields["restart"] = before["restart"]
        return Update(context=self.context, container=self.container, expect=str(outputs["id"]), **fields)
