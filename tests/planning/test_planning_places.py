"""Follow-ups where a plan still waits, or where the system cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.store.records import RunRecord, StepCounts
from reign_executors.errors import ConnectionLost
from reign_executors.operation import JsonObject

SCALED = Step(
    "s1", "kubernetes.scale", {"kind": "deployment", "object": "api", "namespace": "shop", "replicas": 3}, "scale api"
)


def waiting(plan: Plan) -> dict[str, Any]:
    record = RunRecord(
        "r_1", "p_1", plan.request, plan.intent, "change", "ana", "s_1", "2026-01-01T00:00:00Z",
        outcome="stopped", exit=3, steps=StepCounts(done=0, failed=0, skipped=0), undo=None,
    )  # fmt: skip
    return {"recent": (record,), "plan_of": {"r_1": plan}.get}


async def unreachable(_operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    raise ConnectionLost("the cluster does not answer", "start it")


async def test_a_plan_that_waits_is_edited_in_place(make_context: Any) -> None:
    context = make_context(**waiting(Plan("p_1", "scale api to 3", "scale", 1.0, (SCALED,))))
    draft = await OfflinePlanner().draft("no, 4 replicas", context)
    assert draft.corrects == "r_1"
    assert draft.steps[0].fields == {**SCALED.fields, "replicas": 4}
    draft = await OfflinePlanner().draft("no, in namespace default", context)
    assert draft.corrects == "r_1"
    assert draft.steps[0].fields["namespace"] == "default"


async def test_where_the_cluster_does_not_answer_the_person_is_asked(make_context: Any) -> None:
    more = waiting(Plan("p_1", "scale api to 3", "scale", 1.0, (SCALED,)))
    draft = await OfflinePlanner().draft("same for staging", make_context(look=unreachable, **more))
    assert draft.suggestions == ("same for namespace staging", "same for context staging")
    draft = await OfflinePlanner().draft("the other one", make_context(look=unreachable, **more))
    assert draft.question == "Which other deployment? I know of no other."


async def test_the_other_of_two_where_one_was_just_made_is_asked_about(make_context: Any) -> None:
    made = Step("s1", "docker.run", {"image": "nginx", "container": "front"}, "run nginx as front")

    async def two(_operation: str, _fields: Mapping[str, Any]) -> JsonObject:
        return {"containers": [{"name": "front"}, {"name": "web"}]}

    more = waiting(Plan("p_1", "run nginx named front", "create_infra", 1.0, (made,)))
    draft = await OfflinePlanner().draft("the other one", make_context(look=two, **more))
    assert draft.question == "“run nginx named front” made the container front. What should happen to web?"
