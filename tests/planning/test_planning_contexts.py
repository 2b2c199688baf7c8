"""A cluster that is named by its context is the one that is asked and changed, never the current one instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import looked


async def planned(text: str, cwd: Path, asked: list[object] | None = None) -> Draft:
    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        if asked is not None and operation == "kubernetes.list":
            asked.append(fields.get("context"))
        return await looked(operation, fields)

    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), look, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("scale deployment api to 2 in context reign-prod", "kubernetes.scale"),
        ("restart api in the reign-prod context", "kubernetes.rollout_restart"),
        ("create namespace lab in context reign-prod", "kubernetes.create_namespace"),
        ("install chart bitnami/redis as cache in context reign-prod", "helm.install"),
        ("uninstall release web from context reign-prod", "helm.uninstall"),
        ("list pods in namespace shop, context reign-prod", "kubernetes.list"),
    ],
)
async def test_the_named_context_is_in_every_step(text: str, operation: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert operation in [step.operation for step in draft.steps]
    assert {step.fields.get("context") for step in draft.steps} == {"reign-prod"}


async def test_what_is_there_is_looked_up_in_the_named_context(tmp_path: Path) -> None:
    asked: list[object] = []
    await planned("restart deployment api in context reign-prod", tmp_path, asked)
    assert set(asked) == {"reign-prod"}


async def test_a_context_that_is_not_there_is_asked_about(tmp_path: Path) -> None:
    draft = await planned("scale deployment api to 2 in context reign-prd", tmp_path)
    assert draft.steps == ()
    assert draft.question == "There is no context “reign-prd”. There are: reign-prod, reign-dev."
    assert draft.suggestions[0] == "scale deployment api to 2 in context reign-prod"


async def test_a_complaint_of_a_program_names_no_context(tmp_path: Path) -> None:
    draft = await planned("why does release web fail with context canceled", tmp_path)
    assert draft.steps
    assert not any(step.fields.get("context") for step in draft.steps)


@pytest.mark.parametrize("text", ["list contexts", "show me the kube contexts", "which contexts do I have?"])
async def test_the_contexts_are_shown(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.operation for step in draft.steps] == ["kubernetes.contexts"]
