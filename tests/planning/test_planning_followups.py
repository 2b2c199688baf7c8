"""Requests that live on the session's earlier ones, over made-up records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.store.records import RunRecord, StepCounts, StepRecord

RUN_WEB = "run nginx:1.27 named front on port 8080 with volume pages at /data"


def record(run: str, request: str, outcome: str = "done", *, done: int = 1, undo: str | None = "exact") -> RunRecord:
    counts = StepCounts(done=done, failed=int(outcome == "failed"), skipped=int(outcome == "failed"))
    return RunRecord(
        run, f"p_{run}", request, "create_infra", "create", "ana", "s_1", "2026-01-01T00:00:00Z",
        outcome=outcome, exit=0, steps=counts, undo=undo,
    )  # fmt: skip


async def said(make_context: Any, *requests: str, **last: Any) -> Draft:
    """The draft of the last request after the others ran."""
    records: list[RunRecord] = []
    plans: dict[str, Plan] = {}
    planner = OfflinePlanner()
    for number, text in enumerate(requests):
        context: PlanningContext = make_context(
            recent=tuple(reversed(records)), plan_of=plans.get, **last.get("more", {})
        )
        draft = await planner.draft(text, context)
        if number < len(requests) - 1 and draft.steps:
            run = f"r_{number + 1}"
            records.append(record(run, text, **last.get("ended", {})))
            plans[run] = Plan(f"p_{run}", text, draft.intent, 1.0, draft.steps)
    return draft


def operations(draft: Draft) -> list[tuple[str, dict[str, Any]]]:
    return [(step.operation, dict(step.fields)) for step in draft.steps]


def only(draft: Draft, operation: str) -> dict[str, Any]:
    found = [fields for name, fields in operations(draft) if name == operation]
    assert len(found) == 1, (draft.question, operations(draft))
    return found[0]


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("stop it", "docker.stop", {"container": "front"}),
        ("please restart that", "docker.restart", {"container": "front"}),
        ("show its logs", "docker.logs", {"container": "front", "tail": 100}),
        ("is it healthy?", "docker.health", {"container": "front"}),
        ("rename it to edge", "docker.rename", {"container": "front", "to": "edge"}),
    ],
)
async def test_it_is_what_the_last_run_was_about(
    make_context: Any, text: str, operation: str, fields: dict[str, Any]
) -> None:
    async def look(name: str, _fields: Any) -> Any:
        rows = [{"name": "front", "id": "1", "status": "running", "volumes": ["pages"]}]
        return (
            {"containers": rows} if name == "docker.list_containers" else {"volumes": [], "networks": [], "images": []}
        )

    draft = await said(make_context, RUN_WEB, text, more={"look": look})
    assert only(draft, operation) == fields
    assert any("is the container front" in words for words in draft.assumptions)


async def test_now_remove_it_and_its_volumes(make_context: Any) -> None:
    async def look(name: str, _fields: Any) -> Any:
        rows = [{"name": "front", "id": "1", "status": "running", "volumes": ["pages"]}]
        return (
            {"containers": rows} if name == "docker.list_containers" else {"volumes": [], "networks": [], "images": []}
        )

    draft = await said(make_context, RUN_WEB, "now remove it and its volumes", more={"look": look})
    expected = {"container": "front", "force": True, "volumes": True, "named_volumes": ["pages"]}
    assert only(draft, "docker.remove_container") == expected
    draft = await said(make_context, RUN_WEB, "now remove it", more={"look": look})
    assert only(draft, "docker.remove_container") == {"container": "front", "force": True}


async def test_again_repeats_the_last_plan(make_context: Any) -> None:
    for words in ("do it again", "again", "once more please", "repeat that", "run it again", "same again"):
        draft = await said(make_context, "mkdir out", words)
        assert operations(draft) == [("file.make_directory", {"path": "out", "parents": True})], words
        assert "mkdir out" in draft.assumptions[0]


async def test_again_with_another_port_changes_every_place_of_it(make_context: Any) -> None:
    draft = await said(make_context, RUN_WEB, "again with port 9090")
    assert only(draft, "docker.run")["ports"] == ["9090:80"]
    assert only(draft, "network.check_port")["port"] == 9090
    assert draft.corrects is None


async def test_same_but_named(make_context: Any) -> None:
    draft = await said(make_context, RUN_WEB, "same but named front2")
    assert only(draft, "docker.run")["container"] == "front2"
    assert only(draft, "docker.wait_healthy")["container"] == "front2"


async def test_a_correction_of_what_changed_nothing_takes_its_place(make_context: Any) -> None:
    ended = {"outcome": "stopped", "done": 0, "undo": None}
    draft = await said(make_context, RUN_WEB, "no, port 9090", ended=ended)
    assert only(draft, "docker.run")["ports"] == ["9090:80"]
    assert "if_exists" not in only(draft, "docker.run")
    assert draft.corrects == "r_1"


async def test_a_correction_of_what_was_done_replaces_it(make_context: Any) -> None:
    draft = await said(make_context, RUN_WEB, "no, port 9090")
    assert only(draft, "docker.run")["if_exists"] == "replace"
    assert draft.corrects is None
    assert "what it made before is replaced" in draft.assumptions


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("no, use image nginx:1.28", "image", "nginx:1.28"),
        ("actually with 256 megs", "memory", "256m"),
        ("make it 2 cpus", "cpus", 2.0),
        ("no, 9191", "ports", ["9191:80"]),
        ("I meant 9191:8080", "ports", None),
        ("better in network backend", "network", "backend"),
    ],
)
async def test_other_corrections(make_context: Any, text: str, field: str, value: Any) -> None:
    ended = {"outcome": "stopped", "done": 0, "undo": None}
    draft = await said(make_context, RUN_WEB, text, ended=ended)
    if value is not None:
        assert only(draft, "docker.run")[field] == value


async def test_no_call_it_renames_what_is_there(make_context: Any) -> None:
    draft = await said(make_context, RUN_WEB, "no, call it edge")
    assert operations(draft) == [("docker.rename", {"container": "front", "to": "edge"})]
    draft = await said(make_context, 'create file n.txt with "a"', "no, call it m.txt")
    assert operations(draft) == [("file.move", {"source": "n.txt", "destination": "m.txt"})]


async def test_a_change_the_last_plan_has_no_place_for_is_asked_about(make_context: Any) -> None:
    draft = await said(make_context, "mkdir out", "no, port 9090")
    assert draft.question is not None
    assert "no port to change" in draft.question


@pytest.mark.parametrize("text", ["do it again", "no, port 9090", "again"])
async def test_without_an_earlier_request_there_is_nothing_to_repeat(context: PlanningContext, text: str) -> None:
    draft = await OfflinePlanner().draft(text, context)
    assert draft.question is not None
    assert "no earlier request" in draft.question


async def test_secrets_of_earlier_requests_were_not_kept(make_context: Any) -> None:
    step = Step("s1", "docker.run", {"image": "x", "secret_environment": {"P": "{{secret:p}}"}}, "run x")
    plan = Plan("p_1", "run x", "create_infra", 1.0, (step,))
    context = make_context(recent=(record("r_1", "run x"),), plan_of={"r_1": plan}.get)
    draft = await OfflinePlanner().draft("do it again", context)
    assert draft.question == "The secret values of that request were not kept. Please type it again."


def failed_step() -> StepRecord:
    error = {"kind": "conflict", "cause": "port 8080 is taken by nginx", "way_out": "take another port", "detail": ""}
    return StepRecord("s1", "docker.run", "failed", 1, None, None, 0.1, None, None, None, Path("x"), 0, None, error)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["why did it fail?", "why?", "what went wrong?", "what happened?", "why did r_1 fail"])
async def test_why_tells_cause_and_way_out(make_context: Any, text: str) -> None:
    plan = Plan("p_1", "run x", "create_infra", 1.0, (Step("s1", "docker.run", {}, "run x as x"),))

    def steps_of(_run: str) -> Sequence[StepRecord]:
        return [failed_step()]

    recent = (record("r_1", "run x", "failed"),)
    context = make_context(recent=recent, plan_of={"r_1": plan}.get, steps_of=steps_of)
    draft = await OfflinePlanner().draft(text, context)
    assert draft.answer is not None
    assert draft.answer.splitlines() == [
        "“run x” (r_1) failed.",
        "s1 run x as x: port 8080 is taken by nginx",
        "Way out: take another port",
        "1 step that needed it was skipped.",
    ]


async def test_why_without_a_failure(make_context: Any) -> None:
    draft = await OfflinePlanner().draft("why did it fail?", make_context(recent=(record("r_1", "x"),)))
    assert draft.answer == "Nothing failed in this session."
    draft = await OfflinePlanner().draft("why did r_9 fail?", make_context(recent=(record("r_1", "x"),)))
    assert draft.question == "There is no run r_9 in this session."
    draft = await OfflinePlanner().draft("why did r_1 fail?", make_context(recent=(record("r_1", "x"),)))
    assert draft.answer == "Run r_1 did not fail: it ended as done."
    draft = await OfflinePlanner().draft("why did it fail?", make_context())
    assert draft.answer == "Nothing ran in this session yet."


@pytest.mark.parametrize(
    ("text", "run", "step"),
    [
        ("undo that", None, None),
        ("please undo the last change", None, None),
        ("undo run r_5", "r_5", None),
        ("undo r_5 step s2", "r_5", "s2"),
        ("roll it back", None, None),
        ("revert", None, None),
        ("oops, undo!", None, None),
    ],
)
async def test_undo(context: PlanningContext, text: str, run: str | None, step: str | None) -> None:
    draft = await OfflinePlanner().draft(text, context)
    assert draft.undo is not None
    assert (draft.undo.run, draft.undo.step) == (run, step)


@pytest.mark.parametrize(
    ("request_text", "reply", "operation"),
    [
        ("stop container d", "web-old", "docker.stop"),
        ("stop container we", "the second one", "docker.stop"),
        ("run a container named front", "nginx:1.27", "docker.run"),
        ("run postgres:16 named pg", "hunter2", "docker.run"),
        ("create a directory", "out", "file.make_directory"),
        ("create volume", "cache", "docker.create_volume"),
    ],
)
async def test_a_bare_reply_answers_the_last_question(
    context: PlanningContext, request_text: str, reply: str, operation: str
) -> None:
    planner = OfflinePlanner()
    asked = await planner.draft(request_text, context)
    assert asked.question is not None
    draft = await planner.draft(reply, context)
    assert operation in [step.operation for step in draft.steps], draft.question


async def test_after_a_question_another_request_is_another_request(context: PlanningContext) -> None:
    planner = OfflinePlanner()
    await planner.draft("create a directory", context)
    draft = await planner.draft("list containers", context)
    assert [step.operation for step in draft.steps] == ["docker.list_containers"]
