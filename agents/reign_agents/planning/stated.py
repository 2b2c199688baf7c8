"""What a person named in a request, and whether the steps of a plan hold it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from reign_agents.plan.model import Step
from reign_agents.planning.unheld import spared_names
from reign_agents.planning.words import ROLES
from reign_agents.understanding import Understanding

_STATED = [
    "image",
    "images",
    "name",
    "names",
    "namespace",
    "host",
    "release",
    "chart",
    "replicas",
    "min",
    "max",
    "ports",
    "version",
    "volume",
    "network",
    "workspace",
    "branch",
    "file",
    "path",
    "revision",
]
"""Entities that a plan has to hold as they were said; sizes are written in other units there."""

_PARTS_PLAYED = frozenset(ROLES) | {"server", "broker"}
"""What a thing is for: people call it so whatever its name is."""
_FOLDER = re.compile(r'"chart": "[./~]')
"""A chart's own folder has the version in it."""
_STORES = re.compile(r"^\[\[\"docker\.create_(?:volume|network)\"")
"""Steps that make what is for something else: "a volume pgdata for postgres"."""

_SPARED_BY_TERRAFORM = re.compile(r"\"terraform\.destroy\", [^]]*\"targets\": \[")
"""A destruction of what is named alone: what is spared is not in it."""

ENDING = re.compile(r"\.(?:remove\w*|delete\w*|uninstall|destroy|prune|stop|kill)$")
"""How operations are called that end or remove what is there."""
TAKEN_AWAY = re.compile(
    r"\b(?:remove|take|drop|add|delete|kill|cut|put)\s+(?:away\s+|another\s+)?(?:\d+|an?|one|two|three|four|five|ten)\s+"
    r"(?:more\s+)?(?:replicas?|pods?|copies|copy|instances?)\s+(?:away\s+)?(?:from|off|to)\b",
    re.IGNORECASE,
)
"""A number of replicas that is no end but a change."""
_SKIPPED = (
    r"(?:not|leave|keep|to|in|into|on|onto|for|from|the|my|our|ones?|touch|restart|remove|delete|stop|kill|scale|change|update|"
    r"upgrade|deploy|start|uninstall|destroy|deployments?|containers?|pods?|releases?|namespaces?|volumes?|networks?|"
    r"services?|statefulsets?)"
)
_RULED_OUT = re.compile(
    r"(?:\b(?:not|never|don[’']?t|except(?:ing)?|excluding|besides|apart\s+from|other\s+than|"
    r"(?:leave|keep)(?=\s+[\w.-]+(?:\s+[\w.-]+){0,2}\s+(?:alone|untouched|as\s+is)\b)|"
    r"(?:all|every\w*)\b[^.;,]{0,40}?\b(?:but|keep|leave|spare))|"
    r"(?:,\s?|\b(?:and|but)\s|(?<!\bis)(?<!\bare)(?<!\bwith)(?<!\bhas)(?<!\bhave)(?<!\bwas)\s)no)\s+"
    rf"(?:{_SKIPPED}\s+){{0,4}}(?P<names>[a-z][\w.-]*\w"
    rf"(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|nor)\s+)(?:{_SKIPPED}\s+){{0,3}}[a-z][\w.-]*\w)*)",
    re.IGNORECASE,
)


def ruled_out(text: str) -> frozenset[str]:
    """The names that the person said to leave alone, in lower case: "not to production", "all except web and api"."""
    lists = (found["names"].lower() for found in _RULED_OUT.finditer(text))
    return frozenset(name for names in lists for name in re.findall(r"[a-z][\w.-]*\w", names))


def left_out(understanding: Understanding, steps: Sequence[Step]) -> list[str]:
    """What the person named and the steps do not hold, as ``key value``; not what was ruled out, where nothing ends."""
    ends = any(ENDING.search(step.operation) for step in steps if not step.operation.startswith("file."))
    spared = frozenset() if ends else ruled_out(understanding.text) | spared_names(understanding.text)
    held = json.dumps([[step.operation, dict(step.fields)] for step in steps], ensure_ascii=False).lower()
    values = dict(understanding.entities)
    if TAKEN_AWAY.search(understanding.text):
        values.pop("replicas", None)
    return [
        f"{key} {value}"
        for key in _STATED
        for value in each(values.get(key))
        if value.lower() not in spared
        for part in (value.split(":") if key == "ports" else [value])
        if part.lower().strip("/.") not in held
        and not _by_another_name(key, part.lower(), held)
        and not _only_chooses(key, part, understanding.text, steps)
    ]


def _by_another_name(key: str, value: str, held: str) -> bool:
    """Whether the steps have a value in another guise: a container's id, what it is for ("the database"), a file of the
    usual name, "its volumes".
    """
    return (
        (key == "name" and (re.fullmatch(r"[0-9a-f]{6,64}", value) is not None or value in _PARTS_PLAYED))
        or (value == "dockerfile" and "docker.run" not in held)
        or (key == "path" and "docker.copy_into" in held and f'"{value.rpartition("/")[0]}"' in held)
        or (key in ("path", "file") and "docker.copy_into" in held and f'{value.strip("/").partition(":")[2]}"' in held)
        or (key == "name" and value == "origin" and '["git.' in held)
        or (key == "volume" and '"volumes": true' in held)
        or (key in ("path", "file") and "*" in value and f'"{value.partition("*")[0].lstrip("./")}' in held)
        or (key == "name" and value in ("timeout", "grace") and '"seconds"' in held)
        or (key == "host" and value.replace("localhost", "127.0.0.1") in held)
        or (key == "name" and value == "auth" and '"secret_environment"' in held)
        or (key == "version" and _FOLDER.search(held) is not None)
        or (key in ("name", "file") and _SPARED_BY_TERRAFORM.search(held) is not None)
        or (key == "file" and value.endswith(".tfvars") and f'"{value.rpartition("/")[2]}"' in held)
        or ("." in value and '["helm.' in held and all(f'"{part}"' in held for part in value.split(".")))
        or (key == "image" and value.isalpha() and _STORES.search(held) is not None)
    )


_SPARES = (
    r"\b(?:except\w*|excluding|besides|apart\s+from|other\s+than|save\s+for|but|not|leave|leaving|keep|keeping|spare|"
    r"don[’']?t|never|without)\b[^.;]*?(?<![\w.-])"
)
_CHOSEN = frozenset({"helm.uninstall"}) | frozenset(
    f"docker.{verb}" for verb in ("stop", "start", "restart", "pause", "unpause", "remove_container", "stats", "health")
)
"""Operations on containers that words may choose by what they are of: "every container of image api:2"."""
_CHOICE = re.compile(
    r"\b(?:containers|(?:the|every|each|any|all)\s+(?:\S+\s+){0,2}container|what(?:ever)?|anything|everything)\b",
    re.IGNORECASE,
)


def _only_chooses(key: str, value: str, text: str, steps: Sequence[Step]) -> bool:
    """Whether a value only says which ones are meant: what is spared ("all but db"), or the image, network, port or
    volume of the containers that the steps are about.
    """
    if (
        steps
        and key in ("version", "image", "images", "name")
        and {one.operation for one in steps} == {"docker.remove_image"}
    ):
        return re.search(rf"{_SPARES}{re.escape(value)}(?![\w-])", text, re.IGNORECASE) is not None
    if not steps or not all(step.operation in _CHOSEN for step in steps):
        return False
    if key in ("name", "names", "release"):
        word = re.escape(value)
        chosen = rf"(?<![\w.-]){word}\s+containers\b|\b(?:volume|network|image|with|like|named)\s+{word}(?![\w-])"
        spared = re.search(rf"{_SPARES}{word}(?![\w-])", text, re.IGNORECASE)
        return spared is not None or (bool(_CHOICE.search(text)) and bool(re.search(chosen, text, re.IGNORECASE)))
    return key in ("image", "images", "network", "volume", "ports", "version") and _CHOICE.search(text) is not None


def each(value: Any) -> list[str]:
    """A value, or those of a list, as text; none where there is none."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
