"""What is said at the start: warnings, runs that did not end, and what can be typed here."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from reign_tui.text import literal, moment

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_tui.app import ReignApp
    from reign_tui.screens.unfinished import Wish

_SOCKET = "unix:///var/run/docker.sock"
_RESTORED = 20


async def greet(app: ReignApp, session: Session) -> None:
    """Fill the empty screen and offer what an earlier session left."""
    chat, when = app.main.chat, app.now().strftime("%H:%M")
    for warning in (*app.warnings, *session.store.warnings):
        chat.tell("warnings", when, "", f"**Note**: {literal(warning)}")
    restore(app, session)
    host = docker_host(session.settings.docker_context)
    teach(app, examples(host, "asking…"))
    unfinished = [record.to_json() for record in session.store.unfinished()]
    if unfinished:
        from reign_tui.screens.unfinished import UnfinishedScreen

        def chosen(wish: Wish | None) -> None:
            if wish is None:
                return
            if wish.what == "resume":
                app.conductor.resume(wish.run)
            else:
                app.conductor.undo(wish.run)

        app.push_screen(UnfinishedScreen(unfinished), chosen)
    others = await asyncio.to_thread(other_tools, session.settings.kube_context)
    teach(app, examples(host, await engine_answer(host), others))


def teach(app: ReignApp, text: Content) -> None:
    """What can be typed, where nothing else is shown yet."""
    app.main.plan.teach(text)
    app.main.chat.teach(text)


def restore(app: ReignApp, session: Session) -> None:
    """The last things said in a session that goes on."""
    for message in session.store.messages(session.id, limit=_RESTORED):
        when = moment(str(message.time)).astimezone().strftime("%H:%M")
        if message.who in ("you", "person", "user"):
            app.main.chat.say("you", when, message.text)
        else:
            app.main.chat.tell(f"past {message.run}", when, "", literal(message.text))


def docker_host(context: str | None) -> str:
    """The address of the engine that a request without a context would act on."""
    if context is None:
        return os.environ.get("DOCKER_HOST") or _SOCKET
    return f"context {context}"


async def engine_answer(host: str) -> str:
    """Whether a Docker Engine answers at ``host``, in words. Only local sockets are asked."""
    if not host.startswith("unix://"):
        return f"asked when it is needed ({host})"
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_unix_connection(host.removeprefix("unix://"))
            writer.write(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            await writer.drain()
            answer = await reader.read(200)
            writer.close()
    except FileNotFoundError:
        return f"no engine at {host.removeprefix('unix://')}: start it, or set DOCKER_HOST"
    except PermissionError:
        return "the engine is there, but this user may not use it: join the group docker"
    except (OSError, TimeoutError):
        return f"the engine at {host.removeprefix('unix://')} does not answer: sudo systemctl start docker"
    return "the engine answers" if b" 200 " in answer.split(b"\r\n", 1)[0] else "the engine answers with an error"


def other_tools(kube_context: str | None) -> list[tuple[str, str]]:
    """What else is there to work with, with a request for it. Looks at files and programs only, asks no server."""
    from reign_executors.errors import OperationError
    from reign_executors.kubernetes.contexts import current_context

    found: list[tuple[str, str]] = []
    try:
        context = kube_context or current_context()
    except OperationError:
        context = ""
    if context:
        found.append((f"Kubernetes {context}", "deploy nginx:1.27 as web with 2 replicas"))
    wanted = (("helm", "helm", "list releases"), ("terraform", "Terraform", "terraform plan in ./infra"))
    found += [(name, request) for program, name, request in wanted if shutil.which(program)]
    if shutil.which("git"):
        found.append(("git", 'commit everything with message "…"'))
    return found


def examples(host: str, docker: str, others: Sequence[tuple[str, str]] = ()) -> Content:
    """What can be typed with what is there."""
    answers = docker == "the engine answers"
    parts: list[tuple[str, str] | str] = [
        ("Say what you want; nothing changes before you approve it.\n\n", "bold"),
        ("Files and commands need nothing else\n", "$muted"),
        ('  write "hello" to notes.txt\n', ""),
        ("  what listens on port 8080?\n\n", ""),
        (f"Docker: {docker}\n", "$muted" if not answers else "$text-success"),
        ("  run a container from image nginx:1.27 named web, publish 8080 to 80,\n", "" if answers else "dim"),
        ("      with a volume data at /data\n\n", "" if answers else "dim"),
    ]
    for name, request in others:
        parts += [(f"{name}: ", "$muted"), (f"{request}\n", "")]
    parts += [
        ("\n" if others else "", ""),
        ("Then\n", "$muted"),
        ("  undo that        leads the last run back, asked first\n", ""),
        ("  how do I …?      shows the plan and runs nothing", ""),
    ]
    return Content.assemble(*parts)
