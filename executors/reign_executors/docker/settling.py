"""Whether a container that was just started stays up, and gets healthy when it says how to tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from reign_executors.call import Call, discard
from reign_executors.docker.base import container_name, last_lines, look
from reign_executors.docker.client import Engine, Json
from reign_executors.docker.names import short
from reign_executors.errors import OperationError

SETTLE = 0.5
HEALTH_LIMIT = 60.0
POLL = 0.15
FIRST_LINES_LIMIT = 256 * 1024
RESTARTS = 2
"""As many restarts while it is watched are a loop."""


@dataclass(frozen=True, slots=True)
class Seen:
    """``info`` is the last inspection (None: the container is gone)."""

    ok: bool
    detail: str
    info: Json | None = None
    failed: bool = False  # it will not get better by waiting


def health_of(info: Json) -> str | None:
    """``starting``, ``healthy``, ``unhealthy``; None when it has no health check."""
    health = info["State"].get("Health")
    status = None if not health else health.get("Status")
    return None if status in (None, "none") else str(status)


def last_check(info: Json) -> str:
    """What the last health check printed."""
    log = (info["State"].get("Health") or {}).get("Log") or ()
    return str(log[-1].get("Output", "")).strip() if log else ""


async def settled(
    here: Engine,
    container: str,
    *,
    one_shot: bool = False,
    removed_after: bool = False,
    settle: float | None = None,
    limit: float = HEALTH_LIMIT,
) -> Seen:
    """Watch a container until it has run for ``settle`` seconds (none: ``SETTLE``) and is healthy, or clearly fails,
    at most ``limit``.

    ``one_shot``: having ended with 0 is well, too. ``removed_after``: being gone is well, too.
    """
    settle = SETTLE if settle is None else settle
    begun = steady = time.monotonic()
    first: Json | None = None
    started = ""
    while True:
        info = await look(here, "container", container)
        if info is None:
            if removed_after:
                return Seen(True, "it ran to its end and was removed, as asked")
            return Seen(False, f"container {short(container)} is gone", failed=True)
        first = first or info
        now = time.monotonic()
        waited = now - begun
        if info["State"]["StartedAt"] != started:  # it began anew: only an unbroken time counts
            started, steady = info["State"]["StartedAt"], now
        seen = await _judge(here, info, first, now - steady >= settle, one_shot)
        if seen is not None:
            return seen
        if waited > limit:
            return Seen(False, await _with_log(here, info, f"is still {_state(info)} after {waited:.0f} s"), info)
        await asyncio.sleep(POLL)


def _state(info: Json) -> str:
    health = health_of(info)
    return f"{info['State']['Status']}{f' and {health}' if health else ''}"


async def _judge(here: Engine, info: Json, first: Json, long_enough: bool, one_shot: bool) -> Seen | None:
    state = info["State"]
    restarts = int(info.get("RestartCount", 0)) - int(first.get("RestartCount", 0))
    if restarts >= RESTARTS or (state["Restarting"] and int(info.get("RestartCount", 0)) >= RESTARTS):
        text = f"restarts again and again ({info['RestartCount']} times, exit {state['ExitCode']})"
        return Seen(False, await _with_log(here, info, text), info, failed=True)
    if state["Status"] in ("exited", "dead"):
        if one_shot and state["ExitCode"] == 0 and not state["Error"]:
            return Seen(True, f"{container_name(info)} ran to its end (exit 0)", info)
        return Seen(False, await _with_log(here, info, _ended(info)), info, failed=True)
    if not long_enough or state["Status"] != "running":
        return None
    health = health_of(info)
    if health == "unhealthy":
        text = f"is unhealthy: its check says {last_check(info) or 'nothing'}"
        return Seen(False, await _with_log(here, info, text), info, failed=True)
    if health == "starting":
        return None
    return Seen(True, f"{container_name(info)} is running{' and healthy' if health else ''}", info)


def _ended(info: Json) -> str:
    state = info["State"]
    code = int(state["ExitCode"])
    why = ""
    if state.get("OOMKilled"):
        limit = (info["HostConfig"].get("Memory") or 0) // 1048576
        why = f", killed for want of memory{f' (limit {limit} MiB)' if limit else ''}"
    elif code == 137:
        why = ", killed"
    elif code == 127:
        why = ", its program was not found"
    return f"ended with exit {code}{why}{': ' + state['Error'] if state.get('Error') else ''}"


async def _with_log(here: Engine, info: Json, text: str) -> str:
    whole = f"{container_name(info)} {text}"
    with suppress(OperationError):
        lines = await last_lines(here, info["Id"])
        if lines:
            whole += f"\nits last lines:\n{lines}"
    return whole


@asynccontextmanager
async def follow_start(here: Engine, container: str, call: Call, tail: int | str = "all") -> AsyncIterator[None]:
    """Meanwhile the container's log goes to ``call.write``, at most ``FIRST_LINES_LIMIT`` bytes of it."""
    if call.write is discard:
        yield
        return
    left = FIRST_LINES_LIMIT

    def take(piece: bytes) -> None:
        nonlocal left
        if left > 0:
            call.write(piece[:left])
            left -= len(piece)

    task = asyncio.create_task(
        here.stream(lambda client: client.logs(container, stream=True, follow=True, tail=tail), take)  # type: ignore[call-overload]
    )
    try:
        yield
    finally:
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError, OperationError):  # the log is a courtesy: the state decides
            await task
