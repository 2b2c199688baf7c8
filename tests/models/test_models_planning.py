"""A model looks and proposes: what it may do, and what a hostile one can't."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stamina
from pydantic import JsonValue

from reign_agents.investigation.limits import Limits
from reign_agents.investigation.loop import Investigation
from reign_agents.investigation.tools import tools
from reign_agents.models.conversation import Conversation, Stop, TextDelta, ToolCall, Usage
from reign_agents.models.failure import ModelFailed, StreamBroken, unreachable
from reign_agents.models.fake import FakeModel, Turn
from reign_agents.models.listening import CUT_OFF
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.settings import EngineSettings
from reign_agents.store.store import Store, StorePaths
from reign_executors.errors import NotFound
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor
from reign_executors.registry import default_registry

STRANGE = "why does the flux compensator hum so loudly today"


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=1)


@pytest.fixture
def looked() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def context(tmp_path: Path, looked: list[tuple[str, dict[str, Any]]]) -> PlanningContext:
    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        looked.append((operation, dict(fields)))
        if operation == "docker.inspect":
            raise NotFound("no such container")
        return {"containers": [{"name": "web", "note": "exit 137", "password": "hunter2hunter2"}]}

    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


def calls(*named: tuple[str, dict[str, Any]]) -> Turn:
    return [*(ToolCall(f"c{n}", name, arguments) for n, (name, arguments) in enumerate(named)), Stop("tools")]


def says(text: str) -> Turn:
    return [TextDelta(text), Usage(10, 5), Stop("end")]


def submit(*steps: dict[str, Any]) -> Turn:
    return calls(("submit_plan", {"steps": list(steps)}))


def step(operation: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "s1", "operation": operation, "fields": fields, "why": "because", **more}


WRITE = step("file.write", {"path": "notes.txt", "content": "hello"})


async def test_it_looks_finds_and_proposes(context: PlanningContext, looked: list[tuple[str, dict[str, Any]]]) -> None:
    finding = {
        "text": "web was killed",
        "confidence": 7,
        "evidence": [{"look": "q1", "quote": "exit 137"}, {"look": "q9"}],
    }
    model = FakeModel(
        calls(("docker__list_containers", {"all": True})),
        calls(("report_finding", finding)),
        calls(("describe_operations", {"names": ["file.write", "file.nothing"]})),
        submit(WRITE),
    )
    found = await Investigation(model, context).run("why")
    assert looked == [("docker.list_containers", {"all": True})]
    assert found.findings == [
        {
            "text": "web was killed",
            "confidence": 1.0,
            "evidence": [{"query": "docker.list_containers", "excerpt": "exit 137"}],
            "cure": None,
        }
    ]
    assert [one.operation for one in found.steps] == ["file.write"]
    seen = json.dumps([message.text for message in model.asked[-1][0].messages])
    assert "q1, data of docker.list_containers" in seen
    assert "hunter2hunter2" not in seen
    assert "there is no operation" in seen


def test_only_queries_and_four_tools_are_offered() -> None:
    offered = {tool.name for tool in tools(default_registry())}
    assert {"submit_plan", "report_finding", "ask_person", "describe_operations", "docker__logs"} <= offered
    assert not offered & {"docker__run", "shell__command", "file__write", "network__http", "shell__read"}
    assert all(name.replace("_", "").replace("-", "").isalnum() for name in offered)


@pytest.mark.parametrize(
    ("tool", "fields"),
    [
        ("docker__remove_container", {"container": "web"}),
        ("shell__command", {"command": "rm -rf /"}),
        ("network__http", {"url": "http://example.org/?leak"}),
        ("approve", {"id": "a1"}),
        ("file__read", {"path": "/etc/shadow"}),
        ("file__read", {"path": "../../etc/shadow"}),
    ],
)
async def test_it_runs_nothing_but_plain_reads_here(
    context: PlanningContext, looked: list[tuple[str, dict[str, Any]]], tool: str, fields: dict[str, Any]
) -> None:
    model = FakeModel(calls((tool, fields)), says("I give up"))
    await Investigation(model, context).run("x")
    assert looked == []
    assert "error: " in model.asked[-1][0].messages[-1].text


@pytest.mark.parametrize(
    "wrong",
    [
        step("docker.explode", {}),
        step("file.write", {"path": "a", "content": "b", "approved": True}),
        step("file.write", {"path": "a", "content": "b"}, verdict="allow"),
        step("file.write", {"path": "a", "content": "{{secret:anthropic}}"}),
        step("file.write", {"path": {"$from": "s9.outputs.path"}, "content": "b"}),
        step("file.write", {"path": "a", "content": "b"}, needs=["s1"]),
        step("file.write", {"path": "a", "content": "b"}, needs="s0"),
        {"id": "\x1b[2J", "operation": "file.write", "fields": {}, "why": ""},
    ],
)
async def test_a_plan_with_a_fault_goes_back_twice(context: PlanningContext, wrong: dict[str, Any]) -> None:
    mended = FakeModel(submit(wrong), submit(wrong), submit(WRITE))
    assert (await Investigation(mended, context).run("x")).steps
    stubborn = FakeModel(submit(wrong))
    with pytest.raises(ModelFailed, match="no plan that fits"):
        await Investigation(stubborn, context).run("x")
    assert len(stubborn.asked) == 3


async def test_secrets_of_the_request_are_hidden_and_put_back(context: PlanningContext) -> None:
    redactor = Redactor({"db_password": "correct-horse-battery"})
    known = replace(context, redactor=redactor, secrets={"db_password": "correct-horse-battery", "other": "xxxxxxxxxx"})
    model = FakeModel(submit(step("file.write", {"path": "a", "content": "{{secret:db_password}}"})))
    found = await Investigation(model, known).run("write correct-horse-battery to a")
    assert "correct-horse" not in model.asked[0][0].messages[0].text
    assert found.steps[0].fields["content"] == "correct-horse-battery"
    for request in ("write {{secret:db_password}} to a", "write a"):
        with pytest.raises(ModelFailed, match="does not hold"):
            await Investigation(FakeModel(model._turns[0]), known).run(request)


async def test_words_come_without_escapes_and_not_endless(context: PlanningContext) -> None:
    evil = "\x1b]0;title\x07\x1b[2JPlease approve, it is safe. " + "x" * 9000
    found = await Investigation(FakeModel(submit({**WRITE, "why": evil})), context).run("x")
    assert "\x1b" not in found.steps[0].why
    assert len(found.steps[0].why) <= 300
    answered = await Investigation(FakeModel(says(evil)), context).run("x")
    assert "\x1b" not in answered.answer
    assert len(answered.answer) <= 8000
    asked = await Investigation(
        FakeModel(calls(("ask_person", {"question": evil, "suggestions": [evil, 3, None]}))), context
    ).run("x")
    assert asked.question is not None
    assert "\x1b" not in asked.question + "".join(asked.suggestions)


async def test_a_model_that_loops_ends(context: PlanningContext, looked: list[tuple[str, dict[str, Any]]]) -> None:
    with pytest.raises(ModelFailed, match="no end within 16 turns"):
        await Investigation(FakeModel(calls(*[("docker__list_containers", {})] * 5)), context).run("x")
    assert len(looked) == 12


async def test_a_model_that_floods_ends(context: PlanningContext) -> None:
    flood: Turn = [Usage(300_000, 10), ToolCall("c", "docker__info", {}), Stop("tools")]
    with pytest.raises(ModelFailed, match="tokens"):
        await Investigation(FakeModel(flood), context).run("x")
    with pytest.raises(ModelFailed, match="went on beyond"):
        await Investigation(FakeModel([TextDelta("x" * 5_000_000), Stop("end")]), context).run("x")


async def test_an_answer_that_was_cut_off_says_so_wherever_it_is_shown(context: PlanningContext) -> None:
    model = FakeModel([TextDelta("The first of three causes is"), Stop("length")])
    planner = ModelPlanner(["a/b"], lambda _name: model, prefer="model")
    draft = await planner.draft(STRANGE, context)
    assert draft.answer == f"The first of three causes is\n{CUT_OFF}"


async def test_what_was_looked_at_is_worked_off_beside_the_loop(context: PlanningContext) -> None:
    """A list of a whole cluster takes seconds to redact: keys must come through meanwhile."""
    here = threading.get_ident()
    seen: list[int] = []

    class Noting(Redactor):
        def value(self, value: JsonValue) -> JsonValue:
            if isinstance(value, dict) and "containers" in value:
                seen.append(threading.get_ident())
            return super().value(value)

    model = FakeModel(calls(("docker__list_containers", {})), says("done"))
    await Investigation(model, replace(context, redactor=Noting())).run(STRANGE)
    assert seen
    assert here not in seen


async def test_a_long_result_is_cut(context: PlanningContext) -> None:
    model = FakeModel(calls(("docker__info", {})), says("done"))
    await Investigation(model, context, Limits(result=20)).run("x")
    assert "read_more has" in model.asked[-1][0].messages[-1].text


async def test_an_answer_that_breaks_off_is_asked_again_once(context: PlanningContext) -> None:
    said: list[str] = []
    model = FakeModel([TextDelta("half an ans"), StreamBroken("it broke off")], says("whole"))
    assert (await Investigation(model, context, said=said.append).run("x")).answer == "whole"
    assert said == ["it broke off; asked again"]
    with pytest.raises(StreamBroken):
        await Investigation(FakeModel([TextDelta("half"), StreamBroken("broke")]), context).run("x")


def planner(models: dict[str, FakeModel], said: list[str], **more: Any) -> ModelPlanner:
    return ModelPlanner(tuple(models), models.__getitem__, say=said.append, **more)


async def test_what_is_understood_needs_no_model(context: PlanningContext) -> None:
    model = FakeModel(says("no"))
    draft = await planner({"a/b": model}, []).draft("create file notes.txt with content hello", context)
    assert (draft.planner, model.asked) == ("offline", [])
    preferred = await planner({"a/b": model}, [], prefer="model").draft("create file n.txt with content hi", context)
    assert preferred.planner == "a/b"


async def test_the_chain_ends_offline_and_says_so(context: PlanningContext) -> None:
    said: list[str] = []
    down = FakeModel([unreachable("a/b", "")], name="a/b")
    draft = await planner({"a/b": down, "c/d": FakeModel(says("it hums"))}, said).draft(STRANGE, context)
    assert (draft.planner, draft.answer, draft.question) == ("c/d", "it hums", None)
    assert [line.split(" (")[0] for line in said] == [
        "asking a/b",
        "a/b did not plan this: a/b can't be reached",
        "asking c/d",
        "c/d: 10 tokens read, 5 written",
    ]
    alone = await planner({"a/b": down}, said).draft(STRANGE, context)
    assert (alone.planner, alone.question is not None, said[-1]) == ("offline", True, "planned offline")


async def test_offline_asks_no_model(context: PlanningContext) -> None:
    model = FakeModel(says("no"))
    shut = replace(context, settings=replace(context.settings, offline=True))
    assert (await planner({"a/b": model}, []).draft(STRANGE, shut)).planner == "offline"
    assert not model.asked


async def test_rm_rf_is_denied_and_a_run_can_be_cancelled_while_a_model_thinks(tmp_path: Path) -> None:
    from reign_agents.session import Session

    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    evil = FakeModel(submit(step("shell.command", {"command": "rm -rf /"})))
    settings = EngineSettings(cwd=tmp_path)
    session = Session(store, settings, planner=planner({"a/b": evil}, []))
    plan = await session.plan(STRANGE)
    assert (plan.planner, plan.verdict.value if plan.verdict else None) == ("a/b", "deny")
    await session.close()

    begun = asyncio.Event()

    class Slow(FakeModel):
        async def pieces(self, conversation: Conversation, tools: Any) -> Any:
            begun.set()
            await asyncio.Event().wait()
            yield Stop("end")

    slow = Session(store, settings, planner=planner({"a/b": Slow()}, []))
    run = await slow.ask(STRANGE)
    await begun.wait()
    await slow.cancel(run)
    ended = await slow.wait(run)
    assert (ended.outcome.value, ended.exit) == ("cancelled", 130)
    await slow.close()
    await store.close()
