"""What can't be done as it was said is asked about in one short question: names that nothing takes, several unnamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reign_agents.plan.model import Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.impossible import impossible
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import looked


def context(cwd: Path) -> PlanningContext:
    return PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)


async def planned(text: str, cwd: Path) -> Draft:
    return await OfflinePlanner().draft(text, context(cwd))


@pytest.mark.parametrize(
    ("text", "said", "offered"),
    [
        ("create namespace Ledger", "'Ledger' can't be a name here", "create namespace ledger"),
        ("create a namespace called data.lab", "'data.lab' can't be a name", "create a namespace called data-lab"),
        ("deploy nginx:1.27 in namespace QA", "'QA' can't be a name here", "deploy nginx:1.27 in namespace qa"),
        (
            "install chart bitnami/redis as cache in namespace My_Space",
            "“My_Space” is not possible for namespace",
            "install chart bitnami/redis as cache in namespace my-space",
        ),
    ],
)
async def test_a_name_that_nothing_takes_is_asked_about(text: str, said: str, offered: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert said in draft.question
    assert draft.suggestions == (offered,)


async def test_the_answer_takes_the_place_of_the_name(tmp_path: Path) -> None:
    planner = OfflinePlanner()
    await planner.draft("create namespace Ledger", context(tmp_path))
    draft = await planner.draft("books", context(tmp_path))
    assert [dict(step.fields) for step in draft.steps] == [{"object": "books"}]


def test_what_has_no_name_to_mend_is_said_plainly() -> None:
    registry = default_registry()
    missing = impossible("run it", [Step("s1", "docker.run", {"container": "web"}, "")], registry)
    assert missing is not None
    assert missing.suggestions == ()
    later = Step("s2", "docker.run", {"image": {"$from": "s1.outputs.image"}, "container": "a b"}, "")
    assert impossible("run it", [Step("s1", "docker.pull", {"image": "nginx"}, "")], registry) is None
    assert impossible("run it", [later], registry) is None


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (
            "spin up three alpine containers",
            "run alpine as alpine-1 and run alpine as alpine-2 and run alpine as alpine-3",
        ),
        ("launch 2 instances of redis:7 in docker", "run redis:7 as redis-1 and run redis:7 as redis-2"),
        ("create three volumes", "create volumes data and cache"),
        ("create two docker networks", "create networks front and back"),
    ],
)
async def test_several_things_need_a_name_each(text: str, offered: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert offered in draft.suggestions
