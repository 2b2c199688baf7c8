"""What ``reign-tui doctor`` says of docker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reign_executors.docker.client import engine
from reign_executors.docker.contexts import current_context, endpoint
from reign_executors.errors import OperationError, ToolMissing


@dataclass(frozen=True, slots=True)
class DockerStatus:
    """``problem`` None: it answers. ``endpoint`` is a URL; ``api`` the version spoken; ``rights`` whether this user
    may use it (None: not known, nothing answered)."""

    context: str
    endpoint: str
    source: str
    version: str | None = None
    api: str | None = None
    engine: str | None = None
    rights: bool | None = None
    problem: OperationError | None = None

    @property
    def ok(self) -> bool:
        return self.problem is None


async def status(context: str | None = None, environment: Mapping[str, str] | None = None) -> DockerStatus:
    """Ask the engine of a context (None: the current one) what it is. Never raises for what is wrong with it."""
    name = context or current_context(environment)
    try:
        where = endpoint(context, environment)
    except ToolMissing as error:
        return DockerStatus(name, "", "", problem=error)
    here = engine(context, environment)
    try:
        info = await here.info()
        client = await here.call(lambda client: client)
    except OperationError as error:
        refused = isinstance(error, ToolMissing) and "usermod" in error.way_out
        return DockerStatus(name, where.url, where.source, rights=False if refused else None, problem=error)
    return DockerStatus(
        name,
        where.url,
        where.source,
        version=str(info.get("ServerVersion") or ""),
        api=client.api_version,
        engine=str(info.get("ID") or ""),
        rights=True,
    )
