"""What all docker operations share: the context, the pinned target, labels, lookups by name or id."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr

from reign_executors.call import Call, forget
from reign_executors.docker.client import Engine, Json, engine
from reign_executors.docker.contexts import current_context
from reign_executors.docker.names import image_name, short
from reign_executors.docker.redacting import secret_values
from reign_executors.effect import Choice, Problem
from reign_executors.errors import NotFound, TargetMoved
from reign_executors.operation import Change, Operation, Query
from reign_executors.target import Target

STEP_LABEL = "dev.reign.step"
RUN_LABEL = "dev.reign.run"

_learn: ContextVar[Callable[[Mapping[str, str]], None]] = ContextVar("learn", default=forget)
"""Takes what the container that is being looked at keeps secret: it may print it any time."""

Kind = Literal["container", "image", "volume", "network"]

INFERRED = "docker has no dry run: this was inferred from what the engine shows now"


def _not_blank(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    return value


Name = Annotated[str, AfterValidator(_not_blank)]
ImageName = Annotated[str, AfterValidator(_not_blank), AfterValidator(image_name)]
Context = Annotated[
    str | None,
    Field(description="docker context; none = the current one (DOCKER_HOST, DOCKER_CONTEXT, the CLI's choice)"),
]
ContainerName = Annotated[Name, Field(description="name or id of a container")]
Expected = Annotated[
    str | None, Field(description="id (a volume: creation time) it must have: another of that name is never touched")
]


class DockerOperation(Operation):
    """An operation on one resource of one engine."""

    context: Context = None

    def resource(self) -> str:
        """``container/web``; ``engine`` for what concerns all of it."""
        return "engine"

    def engine(self, call: Call) -> Engine:
        _learn.set(call.learn)
        return engine(self.context, call.environment)

    async def target(self, call: Call) -> Target:
        here = self.engine(call)
        return Target(
            tool="docker",
            context=self.context or current_context(call.environment),
            resource=self.resource(),
            identity=await here.identity(),
        )

    def pinned(self, target: Target) -> Self:
        return self.model_copy(update={"context": target.context})

    def locks(self) -> frozenset[str]:
        name = self.context or current_context()
        return frozenset(f"docker:{name}/{resource}" for resource in self.touched())

    def touched(self) -> Iterable[str]:
        """Resources that nobody else may touch meanwhile."""
        return ()


class DockerQuery(DockerOperation, Query):
    """A read of an engine."""


class DockerChange(DockerOperation, Change):
    """A change of an engine. ``_seen`` keeps ids found by ``preview`` or ``capture``, for ``execute`` to insist on."""

    _seen: dict[str, str] = PrivateAttr(default_factory=dict)
    timeout: ClassVar[float] = 120.0

    def touched(self) -> Iterable[str]:
        return (self.resource(),)

    def saw(self, resource: str, identity: str | None) -> None:
        """Remember (or forget, with None) which object ``resource`` was when it was looked at."""
        if identity is None:
            self._seen.pop(resource, None)
        else:
            self._seen[resource] = identity

    def insist(self, resource: str, identity: str, expect: str | None = None) -> None:
        """``TargetMoved`` when ``resource`` is no longer the object that was expected or previewed."""
        wanted = expect or self._seen.get(resource)
        if wanted and wanted != identity:
            raise TargetMoved(
                f"{resource} is another one now ({short(identity)}, was {short(wanted)})",
                "look at it and plan again",
            )

    def labels_of(self, call: Call) -> dict[str, str]:
        """The labels that tell what this step created from everything else."""
        return {STEP_LABEL: call.key, RUN_LABEL: call.key.rpartition("/")[0] or call.key}


async def look(here: Engine, kind: Kind, name: str) -> Json | None:
    """The inspection of a container, image, volume or network; None when there is none of that name."""
    try:
        found: Json = await here.call(lambda client: getattr(client, f"inspect_{kind}")(name))
    except NotFound:
        return None
    _learn.get()(secret_values(found))
    return found


async def need(here: Engine, kind: Kind, name: str) -> Json:
    """Like :func:`look`; ``NotFound`` naming the nearest ones when it is not there."""
    found = await look(here, kind, name)
    if found is None:
        near = difflib.get_close_matches(name, await names(here, kind), n=3, cutoff=0.5)
        raise NotFound(
            f"there is no {kind} {name}", f"did you mean {', '.join(near)}?" if near else f"docker {kind} ls shows them"
        )
    return found


async def names(here: Engine, kind: Kind) -> list[str]:
    """The names of everything of that kind."""
    if kind == "container":
        rows: list[Any] = await here.call(lambda client: client.containers(all=True))
        return [row["Names"][0].lstrip("/") for row in rows if row.get("Names")]
    if kind == "image":
        rows = await here.call(lambda client: client.images())
        return [tag for row in rows for tag in row.get("RepoTags") or () if tag != "<none>:<none>"]
    if kind == "volume":
        listed: Any = await here.call(lambda client: client.volumes())
        return [row["Name"] for row in listed.get("Volumes") or ()]
    rows = await here.call(lambda client: client.networks())
    return [row["Name"] for row in rows]


async def missing(here: Engine, kind: Kind, name: str, field: str) -> Problem:
    """The problem of a name that is not there, with the nearest ones to choose."""
    near = difflib.get_close_matches(name, await names(here, kind), n=3, cutoff=0.5)
    return Problem(
        text=f"there is no {kind} {name}",
        choices=tuple(Choice(key=f"use-{other}", label=f"take {other}", fields={field: other}) for other in near),
    )


def container_name(info: Json) -> str:
    return str(info["Name"]).lstrip("/")


def state_of(info: Json) -> str:
    """``running``, ``paused``, ``created``, ``exited`` …; one that crashes and is restarted all the time is running."""
    state = info["State"]
    return "running" if state["Running"] and not state["Paused"] else str(state["Status"])


def described(info: Json) -> str:
    """A container in words: ``web (4c1e0a…, image nginx:1.27, running)``. No time is in it, because an approval is
    bound to such words: it is for this very container, not for its last start."""
    return f"{container_name(info)} ({short(info['Id'])}, image {info['Config']['Image']}, {state_of(info)})"


def since(info: Json) -> str:
    """For notes and details: ``web is running since 2025-01-01 10:00:00 UTC``."""
    state = info["State"]
    time = state["StartedAt"] if state["Running"] else state["FinishedAt"]
    if time.startswith("0001"):
        time = info["Created"]
    restarts = int(info.get("RestartCount", 0))
    often = f", restarted {restarts} times" if restarts > 1 else ""
    return f"{container_name(info)} is {state['Status']} since {time[:19].replace('T', ' ')} UTC{often}"


async def last_lines(here: Engine, container: str, count: int = 20) -> str:
    """The container's last log lines, for the detail of a failure; empty when it has none or can't be asked."""
    try:
        raw = await here.call(lambda client: client.logs(container, stream=False, tail=count), limit=10)
    except (NotFound, TimeoutError):
        return ""
    return raw.decode("utf-8", "replace").rstrip()
