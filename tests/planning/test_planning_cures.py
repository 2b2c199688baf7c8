"""Findings carry plans that mend them, and "do that" takes them up: by rules, through a session, after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.events import EventType
from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.proposals import taken_up
from reign_agents.session import Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.specialists.cures import doubled
from reign_agents.specialists.findings import findings, in_words
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_executors.effect import Risk
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.planning.acted import acted
from tests.planning.world import World

CRASH = "pod checkout-1 crashes again and again: container app ended with exit 137, OOMKilled"
SPEC: JsonObject = {
    "template": {
        "spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "64Mi"}}}, {"name": "side"}]}
    }
}
CHECKOUT: JsonObject = {"kind": "Deployment", "metadata": {"name": "checkout"}, "spec": SPEC}
REVISIONS: Any = [{"revision": 3, "images": ["shop:1"]}, {"revision": 4, "images": ["shop:2"]}]
ABOUT: JsonObject = {"object": "checkout", "namespace": "prod", "context": "eu"}


def found(*reads: tuple[str, Any, Any]) -> tuple[JsonObject, ...]:
    """The findings of reads: operation, fields, outputs."""
    steps = tuple(Step(f"s{n}", name, fields, "") for n, (name, fields, _) in enumerate(reads, 1))
    results: Any = {step.id: (step, out) for step, (_, _, out) in zip(steps, reads, strict=True)}
    told = findings(Plan("p", "why?", "debug", 1.0, steps), results)
    for one in told:
        plan: Any = one.get("plan")
        for step in plan["steps"] if plan else ():
            default_registry().build(step["operation"], step["fields"])
    return told


def cure(*reads: tuple[str, Any, Any]) -> list[tuple[str, JsonObject]]:
    plan: Any = found(*reads)[0].get("plan") or {"steps": []}
    return [(step["operation"], step["fields"]) for step in plan["steps"]]


def test_more_memory_for_the_container_that_was_killed() -> None:
    reads = (
        ("kubernetes.describe", ABOUT, {"trouble": CRASH, "text": "x"}),
        ("kubernetes.get", ABOUT, {"object": CHECKOUT}),
    )
    wanted = {**ABOUT, "kind": "deployment", "memory": "128Mi", "container": "app"}
    assert cure(*reads) == [("kubernetes.set_resources", wanted)]
    first, told = found(*reads)
    assert first["cure"] == told["cure"] == found(*reads)[0]["cure"]
    assert "To mend it: checkout gets 128Mi of memory rather than 64Mi (say “do that”)." in in_words([first, told])


def test_a_pod_is_mended_by_what_rolls_it_out() -> None:
    about: JsonObject = {"kind": "pod", "object": "checkout-abc-1", "namespace": "prod"}
    owner: Any = {"kind": "ReplicaSet", "name": "checkout-abc"}
    labels: Any = {"pod-template-hash": "abc"}
    containers: Any = [{"name": "app", "resources": {"limits": {"memory": "1Gi"}}}]
    live: JsonObject = {"kind": "Pod", "metadata": {"ownerReferences": [owner], "labels": labels}}
    live["spec"] = {"containers": containers}
    wanted = {"namespace": "prod", "kind": "deployment", "object": "checkout", "memory": "2Gi"}
    reads = (("kubernetes.describe", about, {"trouble": CRASH}), ("kubernetes.get", about, {"object": live}))
    assert cure(*reads) == [("kubernetes.set_resources", wanted)]


@pytest.mark.parametrize(
    "trouble", ["ImagePullBackOff: pull access denied", "CrashLoopBackOff: exit 3", "exec format error"]
)
def test_back_to_the_revision_before(trouble: str) -> None:
    reads = (
        ("kubernetes.describe", ABOUT, {"trouble": trouble, "text": ""}),
        ("kubernetes.rollout_history", ABOUT, {"revisions": REVISIONS}),
    )
    assert cure(*reads) == [("kubernetes.rollout_undo", {**ABOUT, "kind": "deployment", "to_revision": 3})]
    assert cure(reads[0], ("kubernetes.rollout_history", ABOUT, {"revisions": REVISIONS[1:]})) == []


def test_what_is_scaled_to_nothing_runs_again() -> None:
    live: JsonObject = {"kind": "StatefulSet", "spec": {"replicas": 0}}
    about: JsonObject = {"kind": "statefulset", "object": "db"}
    assert cure(("kubernetes.get", about, {"object": live})) == [("kubernetes.scale", {**about, "replicas": 1})]


@pytest.mark.parametrize(
    ("state", "limit", "operations"),
    [
        ({"Status": "exited", "ExitCode": 137, "OOMKilled": True}, 64 << 20, ["docker.update", "docker.start"]),
        ({"Status": "exited", "ExitCode": 137}, 0, ["docker.start"]),
        ({"Status": "exited", "ExitCode": 0}, 0, ["docker.start"]),
        ({"Status": "paused", "Running": True}, 0, ["docker.unpause"]),
        (
            {
                "Status": "running",
                "Running": True,
                "Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no"}]},
            },
            0,
            ["docker.restart"],
        ),
        ({"Status": "running", "Running": True}, 0, []),
    ],
)
def test_containers(state: JsonObject, limit: int, operations: list[str]) -> None:
    live: JsonObject = {"State": state, "HostConfig": {"Memory": limit}}
    told = found(("docker.inspect", {"container": "web"}, {"object": live}))
    plan: Any = told[0]["plan"] if told else {"steps": []}
    assert [step["operation"] for step in plan["steps"]] == operations
    assert not operations or [step["needs"] for step in plan["steps"]][1:] == [["s1"]] * (len(operations) - 1)


def test_a_release_goes_back_to_its_last_good_revision() -> None:
    about: JsonObject = {"release": "web", "namespace": "shop"}
    rows: Any = [
        {"revision": 3, "status": "failed"},
        {"revision": 2, "status": "failed"},
        {"revision": 1, "status": "superseded"},
    ]
    reads = (
        ("helm.status", about, {"status": "failed", "description": "timed out"}),
        ("helm.history", about, {"revisions": rows}),
    )
    assert cure(*reads) == [("helm.rollback", {**about, "revision": 1})]


def test_amounts_are_doubled_in_their_own_unit() -> None:
    assert [doubled(text) for text in ("64Mi", "1.5Gi", "500M", "1Mi", "134217728", "many")] == [
        "128Mi", "3Gi", "1000M", "32Mi", "268435456", None,
    ]  # fmt: skip


def test_words_that_take_up_what_was_proposed() -> None:
    told = found(
        ("kubernetes.describe", ABOUT, {"trouble": CRASH, "text": "Readiness probe failed"}),
        ("kubernetes.get", ABOUT, {"object": CHECKOUT}),
        ("kubernetes.rollout_history", ABOUT, {"revisions": REVISIONS}),
    )
    context = PlanningContext(EngineSettings(), default_registry(), World().look, found=told)
    asked = taken_up("fix it", context)
    assert asked is not None
    assert asked.suggestions == ("do 1", "do 2")
    second = taken_up("ok, do the second one please", context)
    assert second is not None
    assert [step.operation for step in second.steps] == ["kubernetes.rollout_undo"]
    one = PlanningContext(EngineSettings(), default_registry(), World().look, found=told[:1])
    for words in ("do that", "fix it", "yes, go ahead", "please apply the fix", "go", "can you do it?", "do 1"):
        draft = taken_up(words, one)
        assert draft is not None, words
        assert draft.plan == told[0]["cure"], words
    assert taken_up("do that thing with the pods", one) is None
    without = PlanningContext(
        EngineSettings(), default_registry(), World().look, found=({"text": "odd", "cure": None},)
    )
    nothing = taken_up("fix it", without)
    assert nothing is not None
    assert "odd" in str(nothing.question)
    assert taken_up("go ahead", PlanningContext(EngineSettings(), default_registry(), World().look)) is None


class Sick(World):
    """checkout in prod is killed for its memory."""

    async def look(self, operation: str, fields: Mapping[str, Any]) -> JsonObject:
        if operation == "kubernetes.describe":
            return {"trouble": CRASH, "text": "checkout", "resource": "prod/deployment/checkout"}
        if operation == "kubernetes.get":
            return {"object": CHECKOUT, "resource": "prod/deployment/checkout"}
        return await super().look(operation, fields)


async def test_a_session_proposes_and_the_next_process_takes_it_up(tmp_path: Path) -> None:
    paths = StorePaths(data=tmp_path / "data", state=tmp_path / "state")
    with Store.open(paths) as store:
        session = Session(store, EngineSettings(cwd=tmp_path), registry=acted(Sick()), name="s_one")
        asked = await session.ask("why is checkout crash-looping in prod?")
        end = await session.wait(asked)
        assert "To mend it: checkout gets 128Mi" in str(end.answer)
        proposed = next(event.data for event in store.events(asked) if event.type is EventType.FINDING)
        await session.close()
    with Store.open(paths) as store:
        session = Session(store, EngineSettings(cwd=tmp_path), registry=acted(Sick()), name="s_one")
        plan = await session.plan("do that", preview=False)
        assert plan.id == proposed["cure"]
        assert plan.steps[0].operation == "kubernetes.set_resources"
        saved = store.proposed(str(proposed["cure"]))
        assert saved is not None
        assert saved.steps[0].fields == plan.steps[0].fields
        assert store.proposed("p_00000000") is None
        run = await session.ask("fix it", RunOptions(approve=Risk.CHANGE))
        end = await session.wait(run)
        assert (end.outcome.value, end.exit) == ("done", 0), end.answer
        record = store.run(run)
        assert record is not None
        assert record.plan == proposed["cure"]
        await session.close()


async def test_a_plan_that_was_only_shown_is_run_when_asked_for(tmp_path: Path) -> None:
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as store:
        session = Session(store, EngineSettings(cwd=tmp_path), registry=acted(World()))
        options = RunOptions(approve=Risk.DESTROY)
        shown = await session.wait(await session.ask("how do I scale checkout to 4 in prod?", options))
        assert shown.exit == 3
        done = await session.wait(await session.ask("ok, do it", options))
        assert (done.exit, done.answer) == (0, "checkout runs 4 times.")
        await session.close()


async def test_a_fault_without_a_verb_is_looked_into(tmp_path: Path) -> None:
    context = PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), World().look)
    for text in (
        "checkout in prod keeps crashing",
        "what's wrong with checkout in prod?",
        "checkout in prod is down, fix it",
    ):
        draft = await OfflinePlanner().draft(text, context)
        assert draft.intent == "debug", text
        assert draft.steps[0].fields == {"kind": "deployment", "object": "checkout", "namespace": "prod"}, text
    wrong = await OfflinePlanner().draft("why is chekout crash-looping in prod?", context)
    assert "checkout" in str(wrong.question)
    around = await OfflinePlanner().draft("what is wrong with the pods in shop?", context)
    assert [step.operation for step in around.steps] == ["kubernetes.list", "kubernetes.events"]
    container = await OfflinePlanner().draft("why did container db stop?", context)
    assert [step.operation for step in container.steps] == ["docker.inspect", "docker.health", "docker.logs"]
