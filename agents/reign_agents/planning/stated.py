"""What a person named in a request, and whether the steps of a plan hold it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from reign_agents.plan.model import Step
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


def left_out(understanding: Understanding, steps: Sequence[Step]) -> list[str]:
    """What the person named and the steps do not hold, as ``key value``."""
    held = json.dumps([[step.operation, dict(step.fields)] for step in steps], ensure_ascii=False).lower()
    values = understanding.entities
    return [
        f"{key} {value}"
        for key in _STATED
        for value in each(values.get(key))
        for part in (value.split(":") if key == "ports" else [value])
        if part.lower().strip("/.") not in held and not _by_another_name(key, part.lower(), held)
    ]


def _by_another_name(key: str, value: str, held: str) -> bool:
    """Whether the steps have a value in another guise: a container's id, what it is for ("the database"), a file of the
    usual name, "its volumes".
    """
    return (
        (key == "name" and (re.fullmatch(r"[0-9a-f]{6,64}", value) is not None or value in _PARTS_PLAYED))
        or (value == "dockerfile" and "docker.run" not in held)
        or (key == "path" and "docker.copy_into" in held and f'"{value.rpartition("/")[0]}"' in held)
        or (key == "name" and value == "origin" and '["git.' in held)
        or (key == "volume" and '"volumes": true' in held)
        or (key == "version" and _FOLDER.search(held) is not None)
        or (key == "image" and value.isalpha() and _STORES.search(held) is not None)
    )


def each(value: Any) -> list[str]:
    """A value, or those of a list, as text; none where there is none."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
