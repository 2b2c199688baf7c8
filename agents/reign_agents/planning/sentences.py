"""Plain sentences, in the recipes' own words, for what a request was understood as: one reader a tool and intent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reign_agents.planning.stated import TAKEN_AWAY, each
from reign_agents.understanding import Understanding

_WORKLOADS = frozenset({"deployment", "statefulset", "daemonset", "replicaset"})
_OBJECTS = _WORKLOADS | {
    "pod",
    "service",
    "secret",
    "configmap",
    "ingress",
    "job",
    "cronjob",
    "pvc",
    "networkpolicy",
    "serviceaccount",
    "rolebinding",
}
_SPELLED = {"pvc": "persistentvolumeclaim", "autoscaler": "horizontalpodautoscaler"}
_COUNTED = re.compile(
    r"\b(?P<number>two|three|four|five|six|seven|eight|nine|ten|[2-9]|1\d)\s+(?:[\w.:/-]+\s+)?"
    r"(?:containers|copies|instances|volumes|networks)\b",
    re.IGNORECASE,
)
"""Several things of a kind: each of them needs a name."""

Values = Mapping[str, Any]


class Said:
    """The understood request: its values, its verb and the thing it is about."""

    __slots__ = ("counted", "intent", "noun", "text", "values", "verb", "words")

    def __init__(self, understanding: Understanding) -> None:
        wishes = [clause for clause in understanding.clauses if clause.verb is not None] or list(understanding.clauses)
        main = next((wish for wish in wishes if wish.intent == understanding.intent), wishes[0])
        self.intent = understanding.intent
        self.text = understanding.text
        self.values: Values = understanding.entities
        self.verb = main.verb or ""
        self.noun = main.object or ""
        counted = _COUNTED.search(understanding.text)
        self.counted = counted["number"].lower() if counted is not None else ""
        self.words = frozenset(re.findall(r"[a-z][a-z-]+", understanding.text.lower()))

    def has(self, *keys: str) -> bool:
        return all(key in self.values for key in keys)

    def speaks_of(self, *words: str) -> bool:
        return bool(self.words & set(words))

    @property
    def things(self) -> list[str]:
        """The names it is about."""
        several = self.values.get("names")
        if several:
            return [str(name) for name in several]
        return [str(self.values["name"])] if "name" in self.values else []

    def where(self) -> str:
        space = self.values.get("namespace")
        context = self.values.get("context")
        return (f" in namespace {space}" if space else "") + (f" in context {context}" if context else "")


def _pairs(values: Values, *keys: str) -> str:
    return " ".join(f"{name}={text}" for key in keys for name, text in dict(values.get(key) or {}).items())


def _all(names: Iterable[str], sentence: Callable[[str], str]) -> str | None:
    return " and ".join(sentence(name) for name in names) or None


def _workload(said: Said) -> str:
    return said.noun if said.noun in _WORKLOADS else "deployment"


def _kubernetes_scale(said: Said) -> str | None:
    values, kind, where = said.values, _workload(said), said.where()
    if TAKEN_AWAY.search(said.text):
        return None
    if said.has("max"):
        share = str(values.get("cpu", "")).rstrip("%")
        at = f" at {share}% cpu" if share.isdigit() else ""
        low = values.get("min", 1)
        return _all(said.things, lambda name: f"autoscale {kind} {name} between {low} and {values['max']}{at}{where}")
    if said.has("replicas") and not said.speaks_of("node", "nodes", "pool", "runners", "executors", "agents"):
        return _all(said.things, lambda name: f"scale {kind} {name} to {values['replicas']}{where}")
    return _limits(said)


def _limits(said: Said) -> str | None:
    values = said.values
    sizes = [f"{values['memory']} of memory"] if "memory" in values else []
    sizes += [f"{values['cpu']} cpus"] if "cpu" in values else []
    if not sizes or said.noun in {"pvc", "quota", "pv", "node"}:
        return None
    return _all(said.things, lambda name: f"limit {_workload(said)} {name} to {' and '.join(sizes)}{said.where()}")


def _kubernetes_update(said: Said) -> str | None:
    values, kind, where = said.values, _workload(said), said.where()
    if said.has("image") and said.noun not in {"cronjob", "job", "pod"}:
        return _all(said.things, lambda name: f"set image of {kind} {name} to {values['image']}{where}")
    if said.verb == "rollback" and said.speaks_of("label", "annotation", "limit", "limits", "taint", "cordon", "env"):
        return None
    if said.verb == "rollback":
        to = f" to revision {values['revision']}" if "revision" in values else ""
        return _all(said.things, lambda name: f"roll back {kind} {name}{to}{where}")
    if said.verb == "restart" and said.noun not in {"pod", "node"}:
        return _all(said.things, lambda name: f"restart {kind} {name}{where}")
    pairs = _pairs(values, "data", "env")
    if pairs and said.speaks_of("configmap", "configmaps", "cm", "secret", "config"):
        holder = "secret" if said.speaks_of("secret") else "configmap"
        return _all(said.things, lambda name: f"set {pairs} in {holder} {name}{where}")
    if pairs:
        return _all(said.things, lambda name: f"set {pairs} on {kind} {name}{where}")
    if said.has("label") and "=" in str(values["label"]) and said.noun in _OBJECTS | {"node"}:
        return _all(said.things, lambda name: f"label {said.noun} {name} {values['label']}{where}")
    if said.verb in {"cordon", "uncordon"}:
        return _all(said.things, lambda name: f"{said.verb} node {name}")
    return _limits(said)


def _kubernetes_create(said: Said) -> str | None:
    values = said.values
    if said.noun in {"configmap", "secret"} and (pairs := _pairs(values, "data", "env")):
        return _all(said.things, lambda name: f"create {said.noun} {name} with {pairs}{said.where()}")
    if said.noun == "namespace":
        return _all(each(values.get("namespace")) or said.things, lambda name: f"create namespace {name}")
    return None


def _kubernetes_deploy(said: Said) -> str | None:
    values, where = said.values, said.where()
    folder = values.get("file") or values.get("path")
    if folder:
        return f"apply {_quoted(str(folder))}{where}"
    if said.has("images") and len(said.things) <= 1 and not said.values.keys() & {"replicas", "ports", "env", "data"}:
        return _all(each(values["images"]), lambda image: f"deploy {image}{where}")
    if not said.has("image") or len(said.things) > 1:
        return None
    called = f" as {said.things[0]}" if said.things else ""
    several = f" with {values['replicas']} replicas" if "replicas" in values else ""
    ports = f" on port {values['ports'][0]}" if len(values.get("ports", [])) == 1 else ""
    return f"deploy {values['image']}{called}{several}{ports}{where}"


def _kubernetes_destroy(said: Said) -> str | None:
    if said.verb in {"drain", "cancel", "prune"}:
        return None
    if said.noun in _OBJECTS:
        kind = _SPELLED.get(said.noun, said.noun)
        return _all(said.things, lambda name: f"delete {kind} {name}{said.where()}")
    if said.noun == "namespace":
        return _all(each(said.values.get("namespace")) or said.things, lambda name: f"delete namespace {name}")
    return None


_SPAN = re.compile(
    r"\b(?:in|over|for|since|from|within)\s+(?:the\s+)?(?:last|past)\s+(?P<span>(?:\d+\s*)?(?:s|m|h|d|sec\w*|min\w*|hours?|days?))\b",
    re.IGNORECASE,
)


def _kubernetes_monitor(said: Said) -> str | None:
    kind, where = _SPELLED.get(said.noun, said.noun), said.where()
    if said.speaks_of("log", "logs", "output") and len(said.things) == 1:
        span = _SPAN.search(said.text)
        since = f" since {span['span']}" if span is not None else ""
        return f"show logs of {said.noun if said.noun in _OBJECTS else 'deployment'} {said.things[0]}{where}{since}"
    if said.noun == "context" and not said.things:
        return "show the kubernetes contexts"
    if said.noun == "event" or said.speaks_of("events"):
        return f"show events{where}"
    if said.noun in _OBJECTS | {"node", "namespace", "pv", "autoscaler"} and not said.things:
        return f"list {kind}s{where}".replace("ys in", "ies in") if kind != "ingress" else f"list ingresses{where}"
    if not said.things and said.values.keys() == {"namespace"} and said.verb in {"", "check", "show", "watch"}:
        return f"list pods{where}"
    if said.things and said.speaks_of("cpu", "ram", "memory", "usage") and not said.speaks_of("limit", "limits"):
        return f"show the cpu and memory usage of the pods{where} in kubernetes"
    if len(said.things) != 1:
        return None
    if said.noun in _OBJECTS - _WORKLOADS | {"node"}:
        return f"describe {kind} {said.things[0]}{where}"
    return f"is the rollout of {said.things[0]} done{where}?"


def _fault(kind: str) -> Callable[[Said], str | None]:
    def sentence(said: Said) -> str | None:
        name = str(said.values.get("release") or "") if kind == "release" else ""
        name = name or (said.things[0] if len(said.things) == 1 else "")
        thing = kind if kind != "deployment" else said.noun if said.noun in _OBJECTS else ""
        return f"why is {thing} {name} failing{said.where()}?".replace("  ", " ") if name else None

    return sentence


def _docker_create(said: Said) -> str | None:
    values = said.values
    if said.noun in {"dockerfile", "compose", "swarm"}:
        return None
    if said.verb == "build" or (said.noun == "image" and said.has("path")):
        return (
            f"build image {values['image']} from {_quoted(str(values['path']))}" if said.has("image", "path") else None
        )
    if said.noun == "network" and not said.has("image"):
        return _all(each(values.get("network")) or said.things, lambda name: f"create network {name}")
    if said.noun == "volume" and not said.has("image"):
        return _all(each(values.get("volume")) or said.things, lambda name: f"create volume {name}")
    if not said.has("image") or len(said.things) > 1 or said.values.keys() & {"volume", "images", "command"}:
        return None
    if said.counted:
        return f"run {said.counted} containers of {values['image']}"
    parts = [f"run a container from image {values['image']}"]
    parts += [f"named {said.things[0]}"] if said.things else []
    parts += [f"publish {port.replace(':', ' to ')}" for port in each(values.get("ports"))]
    parts += [f"with {pairs}"] if (pairs := _pairs(values, "env")) else []
    parts += [f"in network {values['network']}"] if "network" in values else []
    parts += [f"with {values['memory']} of memory"] if "memory" in values else []
    parts += [f"with {values['cpu']} cpus"] if "cpu" in values else []
    return ", ".join(parts)


def _docker_destroy(said: Said) -> str | None:
    if said.speaks_of("compose", "swarm", "stack", "prune", "dangling", "unused"):
        return None
    for key, kind in (("images", "image"), ("image", "image"), ("volume", "volume"), ("network", "network")):
        if key in said.values and (said.noun == kind or not said.things):
            return _all(each(said.values[key]), lambda name, kind=kind: f"remove {kind} {name}")  # type: ignore[misc]
    verb = "stop" if said.verb in {"stop", "kill"} else "remove"
    kind = said.noun if said.noun in {"volume", "network"} else "container"
    return _all(said.things, lambda name: f"{verb} {kind} {name}")


def _docker_update(said: Said) -> str | None:
    values = said.values
    if said.speaks_of("compose", "swarm", "stack"):
        return None
    if said.verb in {"connect", "attach", "disconnect", "detach"} and said.has("network"):
        joined = said.verb in {"connect", "attach"}
        word, to = ("connect", "to") if joined else ("disconnect", "from")
        return _all(said.things, lambda name: f"{word} container {name} {to} network {values['network']}")
    verb = {"restart": "restart", "pause": "pause", "resume": "unpause", "run": "start"}.get(said.verb)
    if verb is not None and not said.values.keys() - {"name", "names"}:
        return _all(said.things, lambda name: f"{verb} container {name}")
    return _docker_scale(said)


def _docker_scale(said: Said) -> str | None:
    values = said.values
    sizes = [f"{values['memory']} of memory"] if "memory" in values else []
    sizes += [f"{values['cpu']} cpus"] if "cpu" in values else []
    if not sizes or said.speaks_of("compose", "swarm", "stack"):
        return None
    return _all(said.things, lambda name: f"limit container {name} to {' and '.join(sizes)}")


def _docker_monitor(said: Said) -> str | None:
    if said.speaks_of("compose", "swarm", "stack", "scan", "lint"):
        return None
    if said.speaks_of("log", "logs"):
        return _all(said.things, lambda name: f"show logs of container {name}")
    if said.noun in {"image", "volume", "network"} and not said.has("namespace"):
        return f"list {said.noun}s" if said.verb in {"", "list", "show", "check"} else None
    if said.things:
        looks = "show stats of" if said.speaks_of("memory", "cpu", "stats", "usage", "ram") else "inspect"
        return _all(said.things, lambda name: f"{looks} container {name}")
    return f"list {said.noun}s" if said.noun == "container" and not said.values else None


def _helm_deploy(said: Said) -> str | None:
    values = said.values
    if not said.has("chart"):
        return None
    called = f" as {values['release']}" if "release" in values else ""
    version = f" version {values['version']}" if "version" in values else ""
    pairs = f" with {pairs}" if (pairs := _pairs(values, "values")) else ""
    return f"install chart {values['chart']}{version}{called}{said.where()}{pairs}"


def _helm_update(said: Said) -> str | None:
    values = said.values
    if not said.has("release"):
        return None
    where = said.where()
    if said.speaks_of("values", "manifest", "notes", "history", "diff", "difference"):
        looks = said.speaks_of("values") and said.has("revision") and said.verb in {"", "show", "list"}
        at = f" revision {values['revision']}" if looks else ""
        return f"show the values of release {values['release']}{at}{where}" if looks else None
    if said.has("revision") or said.verb == "rollback":
        to = f" to revision {values['revision']}" if "revision" in values else ""
        return f"rollback release {values['release']}{to}{where}"
    pairs = _pairs(values, "values")
    if said.has("chart"):
        version = f" version {values['version']}" if "version" in values else ""
        return f"upgrade release {values['release']} with {values['chart']}{version}{where}" + (
            f" with {pairs}" if pairs else ""
        )
    if said.has("version"):
        return None if pairs else f"upgrade release {values['release']} to chart version {values['version']}{where}"
    return f"set {pairs} on release {values['release']}{where}" if pairs else None


def _helm_destroy(said: Said) -> str | None:
    return _all(each(said.values.get("release")) or said.things, lambda name: f"remove release {name}{said.where()}")


def _helm_monitor(said: Said) -> str | None:
    where = said.where()
    if not said.has("release"):
        return f"list helm releases{where}" if not said.values.keys() - {"namespace"} else None
    for word, look in (("values", "show the values of"), ("history", "history of"), ("revisions", "history of")):
        if said.speaks_of(word):
            return f"{look} release {said.values['release']}{where}"
    return f"status of release {said.values['release']}{where}" if not said.has("revision") else None


def _in_folder(said: Said) -> str:
    folder = said.values.get("path")
    space = said.values.get("workspace")
    return (f" in {_quoted(str(folder))}" if folder else "") + (f" in workspace {space}" if space else "")


def _terraform_create(said: Said) -> str | None:
    if said.verb != "apply" and not said.speaks_of("apply", "applied"):
        return None
    folder = said.values.get("path")
    if folder is None:
        return None
    space = said.values.get("workspace")
    return f"apply {_quoted(str(folder))}" + (f" in workspace {space}" if space else "")


def _terraform_destroy(said: Said) -> str | None:
    if said.speaks_of("workspace", "ws") and not said.has("workspace"):
        return None
    if said.speaks_of("workspace") and said.has("workspace") and said.verb == "delete":
        folder = said.values.get("path")
        return f"remove workspace {said.values['workspace']}" + (f" of {_quoted(str(folder))}" if folder else "")
    return f"destroy the stack{_in_folder(said)}" if said.has("path") and not said.has("name") else None


def _terraform_monitor(said: Said) -> str | None:
    for words, look in (
        (("output", "outputs"), "show outputs of"),
        (("validate", "valid", "validates"), "validate the terraform in"),
        (("plan", "drift", "change", "changes"), "terraform plan in"),
        (("state",), "list the terraform state of"),
    ):
        if said.speaks_of(*words):
            folder = said.values.get("path")
            space = said.values.get("workspace")
            return f"{look} {_quoted(str(folder or '.'))}" + (f" in workspace {space}" if space else "")
    return None


def _quoted(path: str) -> str:
    return f'"{path}"' if re.search(r"\s", path) else path


READERS: Mapping[tuple[str, str], Callable[[Said], str | None]] = {
    ("kubernetes", "scale"): _kubernetes_scale,
    ("kubernetes", "update"): _kubernetes_update,
    ("kubernetes", "create_infra"): _kubernetes_create,
    ("kubernetes", "deploy"): _kubernetes_deploy,
    ("kubernetes", "destroy"): _kubernetes_destroy,
    ("kubernetes", "monitor"): _kubernetes_monitor,
    ("kubernetes", "debug"): _fault("deployment"),
    ("docker", "create_infra"): _docker_create,
    ("docker", "deploy"): _docker_create,
    ("docker", "destroy"): _docker_destroy,
    ("docker", "update"): _docker_update,
    ("docker", "scale"): _docker_scale,
    ("docker", "monitor"): _docker_monitor,
    ("docker", "debug"): _fault("container"),
    ("helm", "deploy"): _helm_deploy,
    ("helm", "update"): _helm_update,
    ("helm", "scale"): _helm_update,
    ("helm", "destroy"): _helm_destroy,
    ("helm", "monitor"): _helm_monitor,
    ("helm", "debug"): _fault("release"),
    ("terraform", "create_infra"): _terraform_create,
    ("terraform", "destroy"): _terraform_destroy,
    ("terraform", "monitor"): _terraform_monitor,
}
"""(domain, intent) → who says it; None where no recipe does that."""
