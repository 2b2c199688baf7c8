"""What runs on a cluster: deploy, scale, new image, restart, roll back, variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.known_images import base
from reign_agents.specialists.kubernetes import scaling
from reign_agents.specialists.kubernetes.found import listed, meant
from reign_agents.specialists.kubernetes.quantities import cpu, memory
from reign_agents.specialists.kubernetes.said import WORKLOADS, Said, said
from reign_agents.understanding.lexicon import lexicon


async def deploy(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A new deployment; one that is there gets the image (and the number of replicas) instead."""
    words = said(wish)
    image = _image(words, wish.lower)
    if image is None and wish.it is not None and wish.it.kind == "image":
        image = wish.it.name
    if image is None:
        return Question(
            "Which image should it run?",
            ("deploy nginx:1.27 as web with 3 replicas",),
            completes="{request} from image {quoted}",
        )
    name = next((one for one in words.names if one not in (image, base(image)) or len(words.names) == 1), None)
    name = name or re.sub(r"[^a-z0-9-]+", "-", base(image).lower()).strip("-")
    if words.name is None or words.name == image:
        outline.assume(f"it is called {name}")
    if words.namespace is None:
        outline.assume(f"namespace {context.settings.namespace or 'of the context'}")
    after: list[str] = []
    spaces = {row.name for row in await listed("namespace", None, context)}
    if words.namespace is not None and words.namespace not in spaces:
        made = any(thing.kind == "namespace" and thing.name == words.namespace for thing in outline.made)
        if not made:
            outline.assume(f"namespace {words.namespace} is not there: it is created")
            after = [outline.add("kubernetes.create_namespace", {"object": words.namespace}, "where it lives")]
    elif any(row.name == name for row in await listed("deployment", words.namespace, context)):
        outline.assume(f"deployment {name} is there: it gets the image {image}")
        _renewed(name, image, words, outline)
        return None
    fields: dict[str, JsonValue] = {
        "object": name,
        "image": image,
        "namespace": words.namespace,
        "replicas": words.number("replicas"),
        "port": _port(words),
        "env": dict(words.map("env")) or None,
        "memory": memory(said_memory) if (said_memory := words.text("memory")) else None,
        "cpu": cpu(said_cpu) if (said_cpu := words.text("cpu")) else None,
    }
    outline.add("kubernetes.create_deployment", fields, f"{name} runs {image}", after=after)
    return None


def _renewed(name: str, image: str, words: Said, outline: Outline) -> None:
    where: dict[str, JsonValue] = {"object": name, "namespace": words.namespace}
    first = outline.add("kubernetes.set_image", {**where, "image": image}, f"{name} runs {image}")
    replicas = words.number("replicas")
    if replicas is not None:
        outline.add("kubernetes.scale", {**where, "replicas": replicas}, f"{name} runs {replicas} times", after=[first])


def _image(words: Said, text: str) -> str | None:
    image = words.text("image")
    if image is not None:
        version = words.text("version")
        return f"{image}:{version}" if version and ":" not in image.rsplit("/", 1)[-1] else image
    known = lexicon().images
    named = next((name for name in words.names if name in known), None)
    return named or next(
        (word for word in re.findall(r"(?<![\w./:=-])[a-z]+(?![\w./:=-])", text) if word in known), None
    )


def _port(words: Said) -> str | None:
    """The service's and the container's port, as said: ``80:8080``."""
    ports = words.entities.get("ports")
    return str(ports[0]) if isinstance(ports, list) and ports else None


async def scale(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """Another number of replicas; a new deployment where an image is said to run so many times."""
    words = said(wish)
    question = await scaling.scale(wish, context, outline)
    if question is None or words.number("replicas") is None or wish.has("scale") or not words.names:
        return question
    if question.missing is None and question.absent is None:
        return question
    return await deploy(wish, context, outline) if _image(words, wish.lower) is not None else question


async def set_image(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    image, version = words.text("image"), words.text("version")
    found = await meant(words, wish, context, outline, "update")
    if isinstance(found, Question):
        return found
    if image is None and version is not None:
        looked = await context.look("kubernetes.get", dict(found[0].fields()))
        image = _same_image(looked, version)
        if image is not None:
            outline.assume(f"the image is {image}")
    if image is None:
        return Question(
            f"Which image should {found[0].name} run?",
            (f"set image of {found[0].kind} {found[0].name} to nginx:1.28",),
            completes="{request} to image {quoted}",
        )
    for one in found:
        outline.add("kubernetes.set_image", {**one.fields(), "image": image}, f"{one.name} runs {image}")
    return None


def _same_image(looked: Mapping[str, Any], version: str) -> str | None:
    """The image that the only container has, in another version."""
    spec = (looked.get("object") or {}).get("spec") or {}
    containers: Any = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    if len(containers) != 1:
        return None
    repository = str(containers[0]["image"]).split("@")[0]
    if ":" in repository.rsplit("/", 1)[-1]:
        repository = repository.rsplit(":", 1)[0]
    return f"{repository}:{version}"


async def restart(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    if words.kind == "pod":
        return Question(
            "A pod is not restarted, it is replaced: by its deployment's restart, or by removing it.",
            tuple(f"restart deployment {name.rsplit('-', 2)[0]}" for name in words.names[:1])
            + tuple(f"delete pod {name}" for name in words.names[:1]),
        )
    found = await meant(words, wish, context, outline, "restart")
    if isinstance(found, Question):
        return found
    for one in found:
        outline.add("kubernetes.rollout_restart", one.fields(), f"replace the pods of {one.name} one after another")
    return None


async def roll_back(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "roll back")
    if isinstance(found, Question):
        return found
    revision = words.number("revision")
    for one in found:
        why = f"{one.name} goes back to " + (f"revision {revision}" if revision else "the revision before")
        outline.add("kubernetes.rollout_undo", {**one.fields(), "to_revision": revision}, why)
    return None


async def set_env(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    env: dict[str, JsonValue] = {**words.map("env")}
    found = await meant(words, wish, context, outline, "set a variable of")
    if isinstance(found, Question):
        return found
    if not env:
        return Question("Which variable?", (f"set LOG_LEVEL=debug on {found[0].kind} {found[0].name}",))
    for one in found:
        outline.add("kubernetes.set_env", {**one.fields(), "env": env}, f"variables of {one.name}")
    return None


def sets_limits(wish: Wish) -> bool:
    """Whether the words give an object of a cluster other limits of memory or cpu."""
    words = said(wish)
    given = words.text("memory") or words.text("cpu")
    if not given or _image(words, wish.lower) or wish.has("container", "containers", "docker", "usage"):
        return False
    if wish.verb == "show" and not re.match(r"\W*(?:please\s+)?give\b", wish.lower):
        return False
    return words.kind in WORKLOADS or words.namespace is not None or (wish.it is not None and wish.it.kind in WORKLOADS)


async def limits(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "set limits of")
    if isinstance(found, Question):
        return found
    said_memory, said_cpu = words.text("memory"), words.text("cpu")
    amounts: dict[str, JsonValue] = {
        "memory": memory(said_memory) if said_memory else None,
        "cpu": cpu(said_cpu) if said_cpu else None,
    }
    what = " and ".join(str(amount) for amount in amounts.values() if amount)
    for one in found:
        outline.add("kubernetes.set_resources", {**one.fields(), **amounts}, f"{one.name} may use {what}")
    return None


async def status(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "show the rollout of")
    if isinstance(found, Question):
        return found
    operation = "kubernetes.rollout_history" if wish.has("history", "revisions") else "kubernetes.rollout_status"
    for one in found:
        outline.add(operation, one.fields(), f"how the rollout of {one.name} stands")
    return None


async def expose(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "expose")
    if isinstance(found, Question):
        return found
    ports = words.entities.get("ports")
    if not isinstance(ports, list) or not ports:
        example = f"expose deployment {found[0].name} on port 80"
        return Question("On which port?", (example,), completes="{request} on port {reply}")
    outer, _, inner = str(ports[0]).partition(":")
    fields: dict[str, JsonValue] = {
        **found[0].fields(),
        "port": int(outer) if outer.isdigit() else None,
        "target_port": int(inner) if inner.isdigit() else None,
    }
    outline.add("kubernetes.expose", fields, f"a service for {found[0].name}")
    return None
