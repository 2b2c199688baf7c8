"""Every operation a person may ask for is reached by words: reach.txt has some of them for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

TABLE = Path(__file__).with_name("reach.txt")
BY_UNDO_ALONE = frozenset(
    {
        "docker.pull_as",
        "docker.recreate_container",
        "file.restore",
        "git.remove_repository",
        "git.restore",
        "git.retract",
        "helm.restore_release",
        "kubernetes.recreate",
        "kubernetes.restore_fields",
        "terraform.restore",
    }
)
"""Operations that only undo plans: nobody asks for them."""
THERE: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("configmap", "shop"): ("app",),
    ("secret", "shop"): ("db",),
    ("deployment", "shop"): ("api", "worker"),
    ("pod", "shop"): ("api-7f9c-abc",),
    ("namespace", None): ("default", "shop"),
    ("node", None): ("n1",),
}
CONTAINERS: Any = [
    {"name": name, "id": name, "status": status, "image": "nginx", "volumes": []}
    for name, status in (("web", "running"), ("db", "running"), ("old", "exited"))
]
IMAGES = ("nginx:1.27", "shop:1.0", "registry.example:5000/shop:1.0")
LISTINGS: dict[str, JsonObject] = {
    "docker.list_containers": {"containers": CONTAINERS},
    "docker.list_volumes": {"volumes": [{"name": "data"}]},
    "docker.list_networks": {"networks": [{"name": "backend"}]},
    "docker.list_images": {"images": [{"tags": [name]} for name in IMAGES]},
    "helm.list": {"releases": [{"release": "web", "namespace": "shop", "chart": "web-1", "revision": 3}]},
    "git.branches": {"current": "main", "branches": []},
    "terraform.workspaces": {"workspaces": ["default", "staging"]},
    "kubernetes.contexts": {"contexts": [{"name": "here", "namespace": "default", "current": True}]},
}


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    if operation != "kubernetes.list":
        return LISTINGS[operation]
    kind = fields["kind"]
    space = None if kind in ("namespace", "node") else fields.get("namespace", "default")
    rows: Any = [
        {"name": name, "namespace": where}
        for (one, where), names in THERE.items()
        if one == kind and (fields.get("all_namespaces") or where == space)
        for name in names
    ]
    return {"objects": rows}


def cases() -> list[tuple[str, str]]:
    found, operation = [], ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("> "):
            found.append((line[2:], operation))
        else:
            operation = line.strip()
    return found


def test_every_operation_is_in_the_table() -> None:
    assert {operation for _, operation in cases()} == set(default_registry().names()) - BY_UNDO_ALONE


@pytest.mark.parametrize(("text", "operation"), cases(), ids=lambda value: str(value)[:60])
async def test_words_reach_the_operation(text: str, operation: str, tmp_path: Path) -> None:
    for folder in ("web", "infra", "k8s", "app", "site"):
        (tmp_path / folder).mkdir()
    (tmp_path / "web" / "Chart.yaml").write_text("name: web\nversion: 1.0.0\n", "utf-8")
    (tmp_path / "infra" / "main.tf").write_text("", "utf-8")
    (tmp_path / "k8s" / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", "utf-8")
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    registry = default_registry()
    draft = await OfflinePlanner().draft(text, PlanningContext(EngineSettings(cwd=tmp_path), registry, looked))
    assert operation in [step.operation for step in draft.steps], draft.question or draft.steps
    for step in draft.steps:
        registry.build(step.operation, step.fields)
