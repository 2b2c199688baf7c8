"""Dialogues of several turns over every tool: dialogues.txt has what each turn is planned as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Plan
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_agents.store.records import RunRecord, StepCounts
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

TABLE = Path(__file__).parent / "dialogues.txt"
THERE = {
    ("deployment", "shop"): ["api", "worker"],
    ("deployment", "default"): ["api"],
    ("pod", "shop"): ["api-7f9c-abc"],
    ("namespace", None): ["default", "shop", "kube-system"],
}
CONTAINERS: Any = [
    {"name": name, "id": name, "status": "running", "image": "nginx", "volumes": []} for name in ("web", "db", "front")
]
LISTINGS: dict[str, JsonObject] = {
    "docker.list_containers": {"containers": CONTAINERS},
    "docker.list_volumes": {"volumes": []},
    "docker.list_networks": {"networks": []},
    "docker.list_images": {"images": []},
    "helm.list": {"releases": [{"release": "web", "namespace": "shop", "chart": "web-1", "revision": 3}]},
    "kubernetes.contexts": {"contexts": [{"name": "reign-prod"}, {"name": "reign-dev"}]},
    "terraform.workspaces": {"workspaces": ["default", "staging", "prod"]},
}


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    """What the made-up systems answer."""
    if operation != "kubernetes.list":
        return LISTINGS[operation]
    kind = fields["kind"]
    space = None if kind == "namespace" else fields.get("namespace", "default")
    rows: Any = [
        {"name": name, "namespace": where}
        for (one, where), names in THERE.items()
        if one == kind and (fields.get("all_namespaces") or where == space)
        for name in names
    ]
    return {"objects": rows}


Dialogue = list[tuple[str, list[str]]]


def dialogues() -> list[Dialogue]:
    found: list[Dialogue] = []
    for block in TABLE.read_text("utf-8").strip().split("\n\n"):
        turns: Dialogue = []
        for line in block.splitlines():
            if line.startswith("> "):
                turns.append((line[2:], []))
            else:
                turns[-1][1].append(line.strip())
        found.append(turns)
    return found


def lines_of(draft: Draft, cwd: Path) -> list[str]:
    lines = [f"? {draft.question}"] if draft.question else []
    lines += [f"= {draft.answer}"] if draft.answer else []
    lines += ["undo"] if draft.undo else []
    for step in draft.steps:
        fields = json.dumps(step.fields, sort_keys=True, ensure_ascii=False).replace(f"{cwd}/", "")
        lines.append(f"{step.id} {step.operation} {fields}" + (f" < {', '.join(step.needs)}" if step.needs else ""))
    return lines + [f"~ {assumed}" for assumed in draft.assumptions]


async def turns_of(texts: list[str], cwd: Path) -> list[list[str]]:
    """Every turn's draft as lines; each one with steps is taken as done before the next, by a planner that forgets."""
    (cwd / "web").mkdir()
    (cwd / "web" / "Chart.yaml").write_text("name: web\nversion: 1.0.0\n", "utf-8")
    (cwd / "infra").mkdir()
    (cwd / "infra" / "main.tf").write_text("", "utf-8")
    registry = default_registry()
    records: list[RunRecord] = []
    plans: dict[str, Plan] = {}
    found = []
    for number, text in enumerate(texts, 1):
        recent = tuple(reversed(records))
        context = PlanningContext(EngineSettings(cwd=cwd), registry, looked, recent=recent, plan_of=plans.get)
        draft = await OfflinePlanner().draft(text, context)
        found.append(lines_of(draft, cwd))
        for step in draft.steps:
            registry.build(step.operation, step.fields)
        if draft.steps:
            run = f"r_{number}"
            plans[run] = Plan(f"p_{run}", text, draft.intent, 1.0, draft.steps)
            records.append(
                RunRecord(
                    run, f"p_{run}", text, draft.intent, "create", "ana", "s_1", "2026-01-01T00:00:00Z",
                    outcome="done", exit=0, steps=StepCounts(done=1, failed=0, skipped=0), undo="exact",
                )
            )  # fmt: skip
    return found


def test_there_are_enough_dialogues() -> None:
    assert len(dialogues()) >= 60


@pytest.mark.parametrize("dialogue", dialogues(), ids=lambda turns: " / ".join(text for text, _ in turns))
async def test_dialogue(dialogue: Dialogue, tmp_path: Path) -> None:
    assert await turns_of([text for text, _ in dialogue], tmp_path) == [lines for _, lines in dialogue]
