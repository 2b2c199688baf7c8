"""Requests about a cluster → steps, over a cluster's listings as its queries give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

TABLE = Path(__file__).parent / "requests.txt"
THERE = {
    ("deployment", "shop"): ["api", "worker"],
    ("deployment", "default"): ["web"],
    ("statefulset", "shop"): ["db"],
    ("pod", "shop"): ["api-7f9c-abc", "worker-1-x"],
    ("namespace", None): ["default", "shop", "kube-system"],
    ("node", None): ["n1"],
}


async def listed(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    if operation == "kubernetes.get":
        containers: Any = [{"name": "api", "image": "shop/api:2.0"}]
        return {"object": {"spec": {"template": {"spec": {"containers": containers}}}}}
    if operation in ("docker.list_containers", "helm.list"):
        return {"containers": [], "releases": []}
    assert operation == "kubernetes.list", operation
    kind = fields["kind"]
    space = None if kind in ("namespace", "node") else fields.get("namespace", "default")
    everywhere = fields.get("all_namespaces")
    rows: Any = [
        {"name": name, "namespace": where}
        for (one, where), names in THERE.items()
        if one == kind and (everywhere or where == space)
        for name in names
    ]
    return {"objects": rows}


def cases() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line.strip())
    return found


def line_of(step: Step, cwd: Path) -> str:
    fields = json.dumps(step.fields, sort_keys=True, ensure_ascii=False).replace(f"{cwd}/", "")
    return f"{step.id} {step.operation} {fields}" + (f" < {', '.join(step.needs)}" if step.needs else "")


def lines_of(draft: Draft, cwd: Path) -> list[str]:
    return [f"? {draft.question}"] if draft.question else [line_of(step, cwd) for step in draft.steps]


@pytest.mark.parametrize(
    ("request_text", "expected"), cases(), ids=lambda value: value if isinstance(value, str) else ""
)
async def test_request(request_text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    registry = default_registry()
    context = PlanningContext(EngineSettings(cwd=tmp_path), registry, listed)
    draft = await OfflinePlanner().draft(request_text, context)
    assert lines_of(draft, tmp_path) == expected
    for step in draft.steps:
        registry.build(step.operation, step.fields)
