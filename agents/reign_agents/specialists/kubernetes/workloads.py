"""What runs on a cluster: deploy, scale, new image, restart, roll back, variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.known_images import base
from reign_agents.specialists.kubernetes import scaling
from reign_agents.specialists.kubernetes.found import Object, listed, meant
from reign_agents.specialists.kubernetes.quantities import cpu, memory
from reign_agents.specialists.kubernetes.said import (
    OTHER_TOOL,
    WORKLOADS,
    Said,
    about_cluster,
    bare_of,
    said,
    understood,
)
from reign_agents.understanding.lexicon import lexicon


async def deploy(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A new deployment; one that is there gets the image (and the number of replicas) instead."""
    words = said(wish)
    image = _image(words, wish.lower)
    if image is None and wish.it is not None and wish.it.kind == "image":
        image = wish.it.name
    if image is None and words.names:
        there = [row for row in await listed("deployment", words.namespace, context) if row.name == words.names[0]]
        if there and words.number("replicas") is not None:
            return await scaling.scale(wish, context, outline)
        if there:
            where = f" in namespace {words.namespace}" if words.namespace else ""
            return Question(
                f"Deployment {there[0].name} is there. Another image, another number, or its pods anew?",
                (
                    f"restart deployment {there[0].name}{where}",
                    f"scale deployment {there[0].name} to 1{where}",
                    f"show the yaml of deployment {there[0].name}{where}",
                ),
            )
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
    words, container = _of_image(wish)
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
        fields: dict[str, JsonValue] = {**one.fields(), "image": image, "container": container}
        outline.add("kubernetes.set_image", fields, f"{one.name} runs {image}")
    return None


_CONTAINER = re.compile(
    r"\b(?:the\s+)?(?P<before>[a-z][\w-]*)(?:'s)?\s+container(?:'s)?(?:\s+image)?\s+(?:in|of|on)\s+(?:the\s+)?"
    r"(?:(?:deployment|deploy|statefulset|daemonset)\s+)?(?P<of>[a-z0-9][\w.-]*)|\bcontainer\s+(?P<after>[a-z][\w-]*)\s+(?:in|of|on)\s+"
    r"(?:the\s+)?(?:(?:deployment|deploy|statefulset|daemonset)\s+)?(?P<of2>[a-z0-9][\w.-]*)",
    re.IGNORECASE,
)
_IMAGE_OF = re.compile(
    r"\bimages?\s+(?:of|for|in|on)\s+(?:the\s+)?(?:(?:deployments?|deploy|statefulsets?|daemonsets?)\s+)?"
    r"(?P<names>[a-z0-9][\w.-]*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)[a-z0-9][\w.-]*)*)\s+(?:to|with|=)",
    re.IGNORECASE,
)


def _of_image(wish: Wish) -> tuple[Said, str | None]:
    """What the words say, names taken from "image of web and api to …"; and the container where one is named."""
    words, text = said(wish), bare_of(wish.lower)
    inner = _CONTAINER.search(text)
    if inner is not None:
        of = inner["of"] or inner["of2"]
        space = None if words.namespace == of else words.namespace
        kind = words.kind if words.kind in WORKLOADS else None
        return replace(words, names=(of,), kind=kind, namespace=space), inner["before"] or inner["after"]
    named = _IMAGE_OF.search(text)
    if named is None:
        return words, None
    names = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", named["names"])
    kind = words.kind if words.kind in WORKLOADS else None
    return replace(words, names=tuple(names), kind=kind), None


def sets_image(wish: Wish) -> bool:
    """Whether something named is to run another image: containers can't, so a workload is meant."""
    if re.search(r"\b(?:dockerfile|compose|helm|charts?|release|values?|tag)\b|\w\.\w+=", wish.lower):
        return False
    if not _IMAGE_OF.search(wish.lower) and not _CONTAINER.search(wish.lower):
        read = understood(wish.text)
        version = "version" in read.entities and "image" not in read.entities
        return version and read.domains == ("kubernetes",) and bool(said(wish).names)
    return said(wish).text("image") is not None


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


_SIZES = ("memory", "ram", "cpu", "cpus", "core", "cores", "limit", "limits", "request", "requests")


def sets_limits(wish: Wish) -> bool:
    """Whether the words give an object of a cluster other limits of memory or cpu."""
    words = said(wish)
    share = (words.text("cpu") or "").endswith("%")
    given = words.text("memory") or words.text("cpu")
    if not given or share or _image(words, wish.lower) or wish.has("container", "containers", "docker", "usage"):
        return False
    if wish.verb == "show" and not re.match(r"\W*(?:please\s+)?give\b", wish.lower):
        return False
    if wish.has("replicas", "replica", "pods", "copies", "instances") and not wish.has(*_SIZES):
        return False
    if words.names and about_cluster(wish):
        return True
    return words.kind in WORKLOADS or words.namespace is not None or (wish.it is not None and wish.it.kind in WORKLOADS)


_SIZE = re.compile(
    r"(?<![\w.:/-])(?P<memory>\d+(?:\.\d+)?\s*(?:[KGT]i?B?|Mi?B|Mi|M(?=\s+(?:of\s+)?(?:memory|ram))|megs?|gigs?|megabytes?|"
    r"gigabytes?))\b(?!\s*cpus?)|"
    r"(?<![\w.:/-])(?P<cpu>\d+m\b(?!i?b?\s*(?:of\s+)?(?:memory|ram))|\d+(?:\.\d+)?\s*(?:v?cpus?|cores?)|half\s+an?\s+(?:core|cpu)|"
    r"(?<=cpu to )\d+(?:\.\d+)?|(?<=cpus to )\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?P<request>requests?|requested|reserv\w+)\b|\b(?P<limit>limits?|limited|at\s+most)\b", re.IGNORECASE
)


def _requests(text: str, amounts: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The amounts, those that the words call requests as such: "limit 1Gi and request 512Mi"."""
    spoken = [(found.start(), "request" if found["request"] else "limit") for found in _PART.finditer(text)]
    if all(part == "limit" for _, part in spoken):
        return amounts
    found: dict[str, JsonValue] = {}
    for size in _SIZE.finditer(text):
        before = [part for at, part in spoken if at < size.start()]
        part = before[-1] if before else spoken[0][1]
        what = "memory" if size["memory"] else "cpu"
        value = memory(size["memory"]) if size["memory"] else cpu(size["cpu"])
        found[f"request_{what}" if part == "request" else what] = value
    if found:
        return found
    return {f"request_{what}": value for what, value in amounts.items()}


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
    amounts = _requests(wish.text, amounts)
    what = " and ".join(str(amount) for amount in amounts.values() if amount)
    kept = all(key.startswith("request") for key, value in amounts.items() if value)
    for one in found:
        why = f"{what} is kept for {one.name}" if kept else f"{one.name} may use {what}"
        outline.add("kubernetes.set_resources", {**one.fields(), **amounts}, why)
    return None


async def status(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    if wish.it is not None and re.search(r"\b(?:they|them|all|both|these|those)\b", wish.lower):
        before = [step.fields for step in outline.before if step.fields.get("kind") in WORKLOADS]
        rows = list({str(one.get("object")): Object.of(one) for one in before}.values())
        for one in rows:
            outline.add("kubernetes.rollout_status", one.fields(), f"how the rollout of {one.name} stands")
        if rows:
            return None
    found = await meant(words, wish, context, outline, "show the rollout of")
    if isinstance(found, Question):
        return found
    operation = "kubernetes.rollout_history" if wish.has("history", "revisions") else "kubernetes.rollout_status"
    for one in found:
        outline.add(operation, one.fields(), f"how the rollout of {one.name} stands")
    return None


_SERVICE_TYPE = re.compile(r"\b(?:node[ -]?port|load[ -]?balancer|cluster[ -]?ip)\b", re.IGNORECASE)
_TYPES = {"nodeport": "NodePort", "loadbalancer": "LoadBalancer", "clusterip": "ClusterIP"}
_FIRST_NODE_PORT = 30000


_INNER = re.compile(r"\bcontainer(?:'s)?\s+port\b")


def exposes(wish: Wish) -> bool:
    """Whether a workload is to get a service: it is named, and is no image that a container could be made of."""
    names = said(wish).names
    if (
        not names
        or OTHER_TOOL.search(_INNER.sub(" ", wish.lower))
        or wish.has("image", "publicly", "internet", "tunnel")
    ):
        return False
    return all(name not in lexicon().images for name in names) and not re.search(r"[/*]|\w:\w", wish.scan().text)


async def expose(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    if words.kind == "service":
        words = replace(words, kind=None)
    found = await meant(words, wish, context, outline, "expose")
    if isinstance(found, Question):
        return found
    ports = words.entities.get("ports")
    if not isinstance(ports, list) or not ports:
        ports = re.findall(r"\b(?:on|at|port)\s+(\d{1,5})\b", wish.lower)
    inner_port = re.search(r"\b(?:container|target|pod)(?:'s)?\s+port\s+(\d{1,5})\b", wish.lower)
    if ports and ":" not in str(ports[0]) and inner_port is not None and inner_port[1] != str(ports[0]):
        ports = [f"{ports[0]}:{inner_port[1]}"]
    if not isinstance(ports, list) or not ports:
        example = f"expose deployment {found[0].name} on port 80"
        return Question("On which port?", (example,), completes="{request} on port {reply}")
    outer, _, inner = str(ports[0]).partition(":")
    fields: dict[str, JsonValue] = {
        **found[0].fields(),
        "port": int(outer) if outer.isdigit() else None,
        "target_port": int(inner) if inner.isdigit() else None,
    }
    kind = _SERVICE_TYPE.search(wish.text)
    if kind is not None:
        fields["service_type"] = _TYPES[kind.group().lower().replace(" ", "").replace("-", "")]
    if kind is not None and fields["service_type"] == "NodePort" and int(outer or 0) >= _FIRST_NODE_PORT:
        return Question(
            f"The nodes' own port ({outer}) is chosen by the cluster here; the service's port has to be said.",
            (f"expose {found[0].kind} {found[0].name} on port 80 as a NodePort",),
        )
    outline.add("kubernetes.expose", fields, f"a service for {found[0].name}")
    return None
