"""docker.logs: what a container printed, and what it prints."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.docker.base import ContainerName, DockerQuery, look, need
from reign_executors.docker.client import gone_away
from reign_executors.errors import ToolMissing
from reign_executors.operation import Outputs

KEPT = 64 * 1024


class Log(Outputs):
    """``text`` is the end of it, at most 64 KiB; all of it went to the step's output. ``ended``: it will print no
    more."""

    id: str
    text: str
    bytes: int
    ended: bool


class Logs(DockerQuery):
    """What a container printed."""

    name: ClassVar[str] = "docker.logs"
    summary: ClassVar[str] = "Show what a container printed, and follow it for a while"
    returns: ClassVar[type[Outputs]] = Log

    container: ContainerName
    tail: int | None = Field(None, ge=0, description="only the last so many lines")
    since: float | None = Field(None, description="only since so many seconds ago")
    follow: float = Field(0, ge=0, description="stay for so many seconds and show what comes")
    timestamps: bool = False

    def resource(self) -> str:
        return f"container/{self.container}"

    def time_limit(self) -> float:
        return self.timeout + self.follow

    def command_line(self) -> str:
        words = ["docker logs"]
        words += [f"--tail {self.tail}"] if self.tail is not None else []
        words += [f"--since {self.since:g}s"] if self.since is not None else []
        words += ["--follow"] if self.follow else []
        return " ".join([*words, self.container])

    async def execute(self, call: Call) -> Log:
        import time

        here = self.engine(call)
        info = await need(here, "container", self.container)
        settings: dict[str, Any] = {
            "tail": "all" if self.tail is None else self.tail,
            "since": None if self.since is None else time.time() - self.since,
            "timestamps": self.timestamps,
        }
        end = bytearray()
        count = 0

        def take(piece: bytes) -> None:
            nonlocal count
            call.write(piece)
            count += len(piece)
            end.extend(piece)
            del end[:-KEPT]

        follow = self.follow > 0
        whole = await here.stream(
            lambda client: client.logs(info["Id"], stream=True, follow=follow, **settings),
            take,
            limit=self.follow if follow else self.timeout,
        )
        ended = False
        if whole and follow:
            try:
                now = await look(here, "container", info["Id"])
            except ToolMissing as error:
                raise gone_away(here.endpoint, error) from error
            ended = now is None or not now["State"]["Running"]
        return Log(id=info["Id"], text=end.decode("utf-8", "replace"), bytes=count, ended=ended)
