"""Wordings that no recipe has are planned all the same, in the recipes' words, and nothing that was named is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.restating import restated
from reign_agents.planning.stated import left_out
from reign_agents.settings import EngineSettings
from reign_agents.understanding import understand
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import looked


async def planned(text: str, cwd: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


@pytest.mark.parametrize(
    ("text", "sentence", "operation", "fields"),
    [
        (
            "Step 4: scale deployment/api to 0 in namespace shop.",
            "scale deployment api to 0 in namespace shop",
            "kubernetes.scale",
            {"object": "api", "replicas": 0, "namespace": "shop"},
        ),
        (
            "hpa for api in shop: min 2 max 20 cpu 65%",
            "autoscale deployment api between 2 and 20 at 65% cpu in namespace shop",
            "kubernetes.apply",
            {"namespace": "shop"},
        ),
        (
            "carve out a namespace called radiology-qa",
            "create namespace radiology-qa",
            "kubernetes.create_namespace",
            {"object": "radiology-qa"},
        ),
        (
            "spin up the container db-two off redis:7.2 please, 16380:6379, nothing else",
            None,
            "docker.run",
            {"container": "db-two", "image": "redis:7.2"},
        ),
    ],
)
async def test_an_understood_wording_is_planned_in_plain_words(
    text: str, sentence: str | None, operation: str, fields: dict[str, object], tmp_path: Path
) -> None:
    draft = await planned(text, tmp_path)
    step = next(step for step in draft.steps if step.operation == operation)
    assert {key: step.fields.get(key) for key in fields} == fields
    if sentence is not None:
        assert f"taken as: {sentence}" in draft.assumptions


async def test_a_how_question_stays_a_question(tmp_path: Path) -> None:
    draft = await planned("how would one park api at zero replicas in shop?", tmp_path)
    assert draft.mood == "ask"


@pytest.mark.parametrize(
    "text",
    [
        "nginx and redis as containers on network lab please",
        "we need 5 worker nodes in pool gpu-a for the finals",
        "drain node worker-3 and remove it from the cluster",
        "restart nginx on web-04",
        "best soup for a cold day",
    ],
)
def test_what_would_lose_a_word_or_mean_something_else_is_not_said_again(text: str) -> None:
    assert restated(understand(text)) is None


async def test_a_plan_holds_what_was_named(tmp_path: Path) -> None:
    for text in ("deploy nginx:1.27 as front with 2 replicas in namespace shop", "run redis:7 named cache"):
        draft = await planned(text, tmp_path)
        assert left_out(understand(text), draft.steps) == []
    read = understand("scale deployment api to 4 in namespace shop")
    wrong = (await planned("scale deployment worker to 3 in namespace shop", tmp_path)).steps
    assert left_out(read, wrong) == ["name api", "replicas 4"]


async def test_what_is_understood_but_has_no_operation_is_said_so(tmp_path: Path) -> None:
    draft = await planned("the pvc kafka-data in streaming is full, grow it to 500Gi", tmp_path)
    assert draft.question is not None
    assert "I take this for" in draft.question
    assert not draft.understood
    assert "!" in draft.question


async def test_no_wording_makes_a_destroying_plan_of_another_wish(tmp_path: Path) -> None:
    for text in ("show me what the deployment api looks like", "is the pod api-7f9c-abc in shop fine?"):
        draft = await planned(text, tmp_path)
        assert not any("delete" in json.dumps(step.operation) for step in draft.steps)


@pytest.mark.parametrize(
    "text",
    [
        "would terraform destroy anything if I applied live/dns?",
        "drop a motd file at /etc/motd.d/10-warning that says this is production",
        'put "budget review" in my calendar, Tuesday 9am',
        'append the line "10.9.9.9 licence.lan" to /etc/hosts on cad-12',
    ],
)
async def test_where_two_readings_differ_nothing_is_planned(text: str, tmp_path: Path) -> None:
    """A question whose words hold "destroy", a file that is dropped somewhere, a line for another host."""
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None


async def test_a_bare_answer_after_a_plan_answers_no_question_that_nobody_saw(tmp_path: Path) -> None:
    """The recipes were at a loss first; what they would have offered is forgotten when the request was said again."""
    context = PlanningContext(
        EngineSettings(cwd=tmp_path), default_registry(), looked, recent=(), plan_of=lambda _run: None
    )
    planner = OfflinePlanner()
    first = await planner.draft("could you carve out a namespace called radiology-qa", context)
    assert [step.operation for step in first.steps] == ["kubernetes.create_namespace"]
    assert (await planner.draft("the first", context)).steps == ()
