"""What is asked about cluster objects, and what is done to any of them: list, describe, logs, apply, delete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes import parts
from reign_agents.specialists.kubernetes.choosing import unread
from reign_agents.specialists.kubernetes.found import listed, meant
from reign_agents.specialists.kubernetes.said import CLUSTER_WIDE, kinds_named, said, selector_of, unclear_selector
from reign_executors.home import expanded
from reign_executors.redaction.names import is_secret_name, unlike_a_word

_RUNNERS = ("deployment", "statefulset", "daemonset", "pod", "job")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


async def listing(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    kind = words.kind or "pod"
    if words.names and words.kind is not None and not wish.has("list", "how many", "count"):
        return await describe(wish, context, outline)
    fields: dict[str, JsonValue] = {"kind": kind, "selector": selector_of(wish)}
    if kind not in CLUSTER_WIDE:
        fields |= {"namespace": words.namespace, "all_namespaces": words.everywhere or None}
        if words.namespace is None and not words.everywhere:
            outline.assume(f"namespace {context.settings.namespace or 'of the context'}")
    where = f" in {words.namespace}" if words.namespace else " in all namespaces" if words.everywhere else ""
    outline.add("kubernetes.list", fields, f"the {kind}s{where}")
    return None


async def describe(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "describe", _RUNNERS)
    if isinstance(found, Question):
        return found
    for one in found:
        outline.add("kubernetes.describe", one.fields(), f"all about {one.name}")
    return None


async def where(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """On which node something runs: its pods say it."""
    words = replace(said(wish), kind=None)
    found = await meant(words, wish, context, outline, "describe", ("pod", "deployment", "statefulset", "daemonset"))
    if isinstance(found, Question):
        return found
    for one in found:
        if one.kind == "pod":
            outline.add("kubernetes.describe", one.fields(), f"where {one.name} runs")
        else:
            outline.add(
                "kubernetes.list", {"kind": "pod", "namespace": one.namespace}, f"where the pods of {one.name} run"
            )
    return None


async def whole(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    names = tuple(name for name in words.names if name.lower() not in ("yaml", "json", "manifest", "definition"))
    found = await meant(replace(words, names=names), wish, context, outline, "show the yaml of", _RUNNERS)
    if isinstance(found, Question):
        return found
    for one in found:
        outline.add("kubernetes.get", one.fields(), f"{one.name} as the cluster has it")
    return None


async def logs(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "show the logs of", _RUNNERS)
    if isinstance(found, Question):
        return found
    tail = re.search(r"(?:last|tail|--tail[= ]|-n)\s*(\d+)(?!\s*(?:m|h|s|d)\b)|(\d+)\s+(?:log\s+)?lines", wish.lower)
    since = re.search(
        r"(?:since|last|past)\s+(?:the\s+)?(?:last\s+)?(\d+)?\s*(s|m|h|d|seconds?|secs?|minutes?|mins?|hours?|days?)\b",
        wish.lower,
    )
    fields: dict[str, JsonValue] = {
        "previous": wish.has("previous", "before the crash", "last crash", "--previous") or None,
        "tail": int(next(filter(None, tail.groups()))) if tail else None if since else 100,
        "since": float(since.group(1) or 1) * _SECONDS[since.group(2)[0]] if since else None,
    }
    container = re.search(r"\bcontainer\s+(?P<name>[\w.-]+)|(?<!\S)-c\s+(?P<flag>[\w.-]+)", wish.lower)
    if container is not None:
        fields["container"] = container["name"] or container["flag"]
    if wish.verb == "follow" or wish.has("follow", "stream", "live"):
        fields["follow"] = 30
        outline.assume("the log is followed for 30 seconds")
    for one in found:
        outline.add("kubernetes.logs", {**one.fields(), **fields}, f"the log of {one.name}")
    return None


_ABOUT = re.compile(
    r"\bevents?\b.*\b(?:of|for|about|from)\s+(?:the\s+)?(?:deployment\s+|pod\s+)?(?P<name>[a-z0-9][\w.-]*)\W*$",
    re.IGNORECASE,
)
_TIMES = frozenset({"hour", "hours", "day", "days", "minutes", "today", "yesterday", "cluster", "kubernetes", "now"})


def events_about(wish: Wish) -> str | None:
    """What the events asked for are about: "events of web"."""
    found = _ABOUT.search(wish.lower)
    return None if found is None or found["name"] in _TIMES or said(wish).namespace == found["name"] else found["name"]


async def events(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    fields: dict[str, JsonValue] = {"namespace": words.namespace, "all_namespaces": words.everywhere or None}
    names = [name for name in words.names if name not in ("events", "warnings")]
    about = events_about(wish)
    if not names and about is not None and words.kind in (None, "event"):
        names = [about]
    if names and words.kind in (None, "event"):
        found = await meant(
            replace(words, kind=None, names=tuple(names)), wish, context, outline, "show the events of", _RUNNERS
        )
        if isinstance(found, Question):
            return found
        fields |= found[0].fields()
    elif names and words.kind != "namespace":
        fields |= {"kind": words.kind, "object": names[0]}
    if wish.has("warning", "warnings", "problems", "errors"):
        fields["warnings"] = True
    outline.add("kubernetes.events", fields, "what happened on the cluster")
    return None


async def running(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """What runs in a namespace: its pods."""
    place = _IN.search(wish.lower)
    name = place["name"] if place is not None else None
    spaces = [row.name for row in await listed("namespace", None, context)]
    if name not in spaces:
        return Question(
            f"There is no namespace “{name}”.", tuple(f"list pods in namespace {one}" for one in spaces[:4])
        )
    outline.add("kubernetes.list", {"kind": "pod", "namespace": name}, f"what runs in {name}")
    return None


_IN = re.compile(r"\bin\s+(?:the\s+)?(?P<name>[a-z0-9][\w-]*)(?:\s+namespace)?\W*(?:\bin\s+kubernetes\W*)?$")


def asks_what_runs(wish: Wish) -> bool:
    """Whether the words ask what runs somewhere: "what's running in staging?"."""
    place = _IN.search(wish.lower)
    return (
        place is not None
        and place["name"] not in ("kubernetes", "docker", "total")
        and re.search(r"\bwhat(?:'s|s|\s+is|\s+are)?\b.*\b(?:running|runs|deployed)\b", wish.lower) is not None
    )


async def cluster(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    operation = "kubernetes.contexts" if wish.has("context", "contexts") else "kubernetes.cluster_info"
    outline.add(operation, {}, "which cluster this is")
    return None


async def delete(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    selector = selector_of(wish)
    unsure = unclear_selector(wish)
    if unsure is not None:
        return Question(
            f"I can't tell which labels are meant by “{unsure}”: I choose by labels that all hold, as app=web,env=dev.",
            (f"list {words.kind or 'pod'}s" + (f" in namespace {words.namespace}" if words.namespace else ""),),
        )
    exact = selector is not None and not unread(wish, words, "delete")
    if exact and words.kind is not None and not words.names and not words.excluded:
        fields: dict[str, JsonValue] = {"kind": words.kind, "selector": selector, "namespace": words.namespace}
        outline.add("kubernetes.delete", fields, f"remove the {words.kind}s labelled {selector}")
        return None
    pairs = kinds_named(wish.lower)
    loose = _unnamed_kinds(wish, words.names, [name for _, name in pairs])
    if len({kind for kind, _ in pairs}) > 1 and loose:
        return Question(
            f"I can't tell which kind “{' and '.join(loose)}” is: say the kind before each name.",
            (" and ".join([f"delete {pairs[0][0]} {pairs[0][1]}", *(f"{kind} {name}" for kind, name in pairs[1:])]),),
        )
    if len({kind for kind, _ in pairs}) > 1:
        for kind, name in pairs:
            named = await meant(replace(words, kind=kind, names=(name,)), wish, context, outline, "delete")
            if isinstance(named, Question):
                return named
            for each in named:
                outline.add("kubernetes.delete", each.fields(), f"remove the {each.kind} {each.name}")
        return None
    kept = await parts.stays(wish, words, context)
    if kept is not None:
        return kept
    found = await meant(words, wish, context, outline, "delete")
    if isinstance(found, Question):
        return found
    other = parts.its_own(wish, found)
    if other is not None:
        own = [row for row in await listed(other, words.namespace, context) if row.name in words.names]
        if not own:
            first = found[0]
            return Question(
                f"There is no {other} “{first.name}” to remove with the {first.kind}. The {first.kind} alone?",
                (
                    f"delete {first.kind} {first.name}"
                    + (f" in namespace {first.namespace}" if first.namespace else ""),
                ),
            )
        found += own
    for one in found:
        outline.add("kubernetes.delete", one.fields(), f"remove the {one.kind} {one.name}")
    return None


def _unnamed_kinds(wish: Wish, names: Sequence[str], named: Sequence[str]) -> list[str]:
    """Names in the words that stand after no kind although others do."""
    low = wish.lower
    return [name for name in names if name not in named and re.search(rf"(?:,|\band)\s+{re.escape(name)}\b", low)]


async def apply(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    path = words.text("path") or words.text("file")
    if path is None:
        there = sorted(
            str(one.parent.relative_to(context.settings.cwd))
            for one in context.settings.cwd.glob("*/*.y*ml")
            if "apiVersion" in _head(one)
        )
        return Question(
            "Which manifest should I apply?",
            tuple(f"apply ./{one}" for one in dict.fromkeys(there[:3])) or ("apply ./k8s/web.yaml",),
            completes="{request} {reply}",
        )
    full = context.settings.cwd / expanded(path)
    made = any(step.operation == "file.write" and str(step.fields.get("path")) == path for step in outline.before)
    if not full.exists() and not made:
        return Question(f"There is no file or folder {path} here.", ("apply ./k8s",))
    outline.add("kubernetes.apply", {"path": str(full), "namespace": words.namespace}, f"apply {path}")
    return None


def _head(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[:2000]
    except OSError:
        return ""


async def create_namespace(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    if not words.names:
        return Question(
            "What should the namespace be called?", ("create namespace shop",), completes="{request} {reply}"
        )
    for name in words.names:
        outline.add("kubernetes.create_namespace", {"object": name}, f"the namespace {name}")
    return None


_SPOKEN = re.compile(
    r"\b(?:with|and)\s+(?:an?\s+|the\s+)?(?P<key>password|username|user|token|apikey)\s+(?:of\s+|=\s*)?(?P<value>[^\s,;]+)",
    re.IGNORECASE,
)


async def create_config(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A config map or a secret of the data in the words."""
    words = said(wish)
    kind = "Secret" if words.kind == "secret" else "ConfigMap"
    given = dict(re.findall(r"(?<![\w./-])([A-Za-z_][\w.-]*)=([^\s,;]+)", wish.scan().text))
    data = words.map("data") or words.map("env") or {key: wish.scan().restored(value) for key, value in given.items()}
    spoken: dict[str, str] = {}
    if not data and kind == "Secret":
        found = _SPOKEN.finditer(wish.scan().text)
        data = spoken = {one["key"].lower(): wish.scan().restored(one["value"]) for one in found}
    if words.name is None or not data:
        example = "create configmap app with LOG=debug in namespace shop"
        return Question(f"What should the {kind.lower()} be called, and what should be in it?", (example,))
    plain = [key for key, value in spoken.items() if is_secret_name(key) and not unlike_a_word(value)]
    if plain:
        where = f" -n {words.namespace}" if words.namespace else ""
        return Question(
            f"The {' and '.join(plain)} looks like an ordinary word and would not be hidden everywhere. Say it as "
            "KEY=VALUE, or take a file:",
            (f"!kubectl create secret generic {words.name}{where} --from-env-file=secret.env",),
        )
    lines = [f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {words.name}"]
    lines.append("stringData:" if kind == "Secret" else "data:")
    lines += [f"  {quoted(key)}: {quoted(value)}" for key, value in data.items()]
    fields: dict[str, JsonValue] = {"manifest": "\n".join(lines) + "\n", "namespace": words.namespace}
    outline.add("kubernetes.apply", fields, f"the {kind.lower()} {words.name}")
    return None


def quoted(text: str) -> str:
    """A YAML scalar in double quotes: JSON's spelling is one."""
    import json

    return json.dumps(text)


async def label(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    pairs = dict(re.findall(r"(?<![\w./-])([A-Za-z][\w./-]*)=([\w.-]+)", wish.text))
    found = await meant(said(wish), wish, context, outline, "label", _RUNNERS)
    if isinstance(found, Question):
        return found
    if not pairs:
        return Question("Which label?", (f"label {found[0].kind} {found[0].name} tier=front",))
    annotating = wish.has("annotate", "annotation")
    operation = "kubernetes.annotate" if annotating else "kubernetes.label"
    key = "annotations" if annotating else "labels"
    for one in found:
        outline.add(operation, {**one.fields(), key: {**pairs}}, f"mark {one.name}")
    return None


_BEFORE_PLACE = re.compile(
    r"(?P<command>(?!(?:the|a|command)\s)\S.{0,2000}?)\s{1,6}(?:in|inside|within|on)\s{1,6}"
    r"(?:(?:the|pod|deployment|statefulset)\s{1,6}){0,3}[a-z0-9][\w.-]{0,252}(?:\s{1,6}pod)?"
    r"(?:\s{1,6}in\s{1,6}[\w\s.-]{1,200})?\W{0,6}$"
)
"""A command line before where it runs, with quoted parts of its own."""


async def execute(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    whole = _BEFORE_PLACE.match(wish.rest)
    said_so = next(iter(wish.scan().quoted()), None)
    if whole is not None and said_so is not None and re.match(r"[a-z./][\w./-]*\s+[^\"]*\"", whole["command"]):
        said_so = whole["command"]
    command = said_so or words.text("command")
    if not command:
        return Question("Which command should I run in the pod?", ("run `ls /` in pod web-1",))
    words = replace(words, kind=None) if words.kind == "pod" else words
    found = await meant(words, wish, context, outline, "run a command in", ("pod", "deployment", "statefulset"))
    if isinstance(found, Question):
        return found
    fields: dict[str, JsonValue] = {**found[0].fields(), "command": ["sh", "-c", command]}
    outline.add("kubernetes.exec", fields, f"run it inside {found[0].name}")
    return None


def node(operation: str, why: str) -> Build:
    """A recipe over nodes."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        words = said(wish)
        found = await meant(words, wish, context, outline, operation.rpartition(".")[2], ("node",))
        if isinstance(found, Question):
            return found
        for one in found:
            outline.add(operation, {"object": one.name}, why.format(one.name))
        return None

    return build
