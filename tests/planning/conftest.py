"""An engine's listings as planning sees them, made up, and a folder with a few files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

LISTINGS: dict[str, JsonObject] = {
    "kubernetes.list": {"kind": "deployment", "count": 0, "objects": []},
    "helm.list": {"releases": []},
    "kubernetes.contexts": {"contexts": [{"name": "here", "namespace": "default", "current": True}]},
    "docker.list_containers": {
        "containers": [
            {"name": "web", "id": "abc123def", "status": "running", "image": "nginx", "volumes": ["data"]},
            {"name": "web-old", "id": "ffe", "status": "exited", "image": "x", "volumes": []},
            {"name": "db", "id": "1", "status": "exited", "image": "y", "volumes": []},
        ]
    },
    "docker.list_volumes": {"volumes": [{"name": "data"}, {"name": "pgdata"}]},
    "docker.list_networks": {"networks": [{"name": "backend", "driver": "bridge"}]},
    "docker.list_images": {"images": [{"tags": ["nginx:1.27"]}, {"tags": ["shop:1.0", "shop:0.9"]}]},
}

MakeContext = Callable[..., PlanningContext]


async def listed(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    return LISTINGS[operation]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``site/``, ``build/``, and the files ``notes.txt``, ``a``, ``a.txt`` and ``b.txt``."""
    for name in ("site", "build"):
        (tmp_path / name).mkdir()
    for name in ("notes.txt", "a", "a.txt", "b.txt"):
        (tmp_path / name).write_text("x", "utf-8")
    return tmp_path


@pytest.fixture
def make_context(folder: Path) -> MakeContext:
    def make(**more: Any) -> PlanningContext:
        return PlanningContext(EngineSettings(cwd=folder), default_registry(), more.pop("look", listed), **more)

    return make


@pytest.fixture
def context(make_context: MakeContext) -> PlanningContext:
    return make_context()
