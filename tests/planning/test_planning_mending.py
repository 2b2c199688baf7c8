"""What mends a failed terraform run: from the errors as they are journalled, told and taken up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_agents.specialists.mending import mends
from reign_agents.store.records import RunRecord, StepCounts, StepRecord
from reign_executors.registry import default_registry
from reign_executors.terraform.failures import StateLocked
from tests.planning.world import World

APPLY = Step("s1", "terraform.apply", {"folder": "infra", "workspace": "stg"}, "apply infra", (), "terraform")
PLAN = Plan("p_1", "apply infra", "create_infra", 1.0, (APPLY,))
LOCKED = StateLocked("5f6c3f0a-1111-2222-3333-444455556666", "bob (apply)").to_json()
EXISTS = "creating S3 Bucket (acme-logs): BucketAlreadyOwnedByYou\n\n  with aws_s3_bucket.logs,\n  on main.tf line 3"


def told(*lines: str) -> dict[str, Any]:
    return {"kind": "terraform_failed", "cause": lines[0], "detail": "\n".join(lines[1:])}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"kind": "not_initialised", "cause": "infra is not initialised"}, [["terraform.init", "terraform.apply"]]),
        (told("infra is not initialised", "Backend configuration changed"), [["terraform.init", "terraform.apply"]]),
        (told("x/y is not available in the version that is asked for"), [["terraform.init", "terraform.apply"]]),
        (told('The workspace "stg" doesn\'t exist'), [["terraform.workspace_new", "terraform.apply"]]),
        (LOCKED, [["terraform.apply"], ["shell.command", "terraform.apply"]]),
        (told("terraform could not apply infra", EXISTS), [["shell.command", "terraform.apply"]]),
        (told("terraform could not apply infra", "it already exists"), []),
        (told("the state moved since this was shown"), [["terraform.apply"]]),
        (told("the provider refuses: 403"), []),
    ],
)
def test_a_fault_and_what_mends_it(error: dict[str, Any], expected: list[list[str]]) -> None:
    found = mends(PLAN, {"s1": error})
    assert [[step.operation for step in plan.steps] for plan in found] == expected
    for plan in found:
        assert plan.steps[-1].fields == APPLY.fields
        for step in plan.steps:
            default_registry().build(step.operation, step.fields)
    assert [plan.id for plan in found] == [plan.id for plan in mends(PLAN, {"s1": error})]


def test_command_lines_name_folder_workspace_and_what_is_meant() -> None:
    lock = mends(PLAN, {"s1": LOCKED})[1].steps[0].fields["command"]
    assert lock == ("TF_WORKSPACE=stg terraform -chdir=infra force-unlock -force 5f6c3f0a-1111-2222-3333-444455556666")
    taken = mends(PLAN, {"s1": told("could not", EXISTS)})[0].steps[0].fields["command"]
    assert taken == "TF_WORKSPACE=stg terraform -chdir=infra import aws_s3_bucket.logs acme-logs"


def test_what_no_terraform_step_said_mends_nothing() -> None:
    other = Plan("p_2", "stop web", "update", 1.0, (Step("s1", "docker.stop", {"container": "web"}, "stop web"),))
    assert mends(other, {"s1": told("is not initialised")}) == ()
    assert mends(PLAN, {"s1": {"kind": "skipped", "cause": "needs s0"}}) == ()


async def test_why_tells_the_ways_and_do_that_takes_one(tmp_path: Path) -> None:
    def step(error: Any) -> StepRecord:
        return StepRecord(
            "s1", "terraform.apply", "failed", 1, None, None, None, None, None, None, tmp_path, 0, None, error
        )

    record = RunRecord(
        "r_1", "p_1", "apply infra", "create_infra", "create", "ana", "s_1", "2026-01-01T00:00:00Z",
        outcome="failed", exit=1, steps=StepCounts(failed=1),
    )  # fmt: skip

    def context(error: Any) -> PlanningContext:
        return PlanningContext(
            EngineSettings(cwd=tmp_path), default_registry(), World().look,
            recent=(record,), plan_of={"r_1": PLAN}.get, steps_of=lambda _run: [step(error)],
        )  # fmt: skip

    planner = OfflinePlanner()
    locked = await planner.draft("why did it fail?", context(LOCKED))
    assert "(say “do 1”, “do 2” …)" in str(locked.answer)
    which = await planner.draft("fix it", context(LOCKED))
    assert which.suggestions == ("do 1", "do 2")
    second = await planner.draft("do 2", context(LOCKED))
    assert [one.operation for one in second.steps] == ["shell.command", "terraform.apply"]
    fresh = {"kind": "not_initialised", "cause": "infra is not initialised"}
    first = await planner.draft("do that", context(fresh))
    assert [one.operation for one in first.steps] == ["terraform.init", "terraform.apply"]
    assert first.steps[1].needs == ("s1",)
    unknown = await planner.draft("fix it", context(told("odd")))
    assert unknown.suggestions == ("why does terraform fail in infra?",)
