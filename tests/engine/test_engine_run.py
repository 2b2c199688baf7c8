from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from reign_agents.engine.approvals import ApprovalVoid, ConfirmMismatch
from reign_agents.engine.undo import Irreversible, NothingToUndo
from reign_agents.events import Event, Outcome
from reign_agents.plan.edit import Choose, SetFields
from reign_agents.plan.model import Plan, Step, Verdict
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.session import Session
from reign_agents.settings import Decision, EngineSettings, RunOptions
from reign_agents.store.store import Store
from reign_executors.effect import Risk
from reign_executors.errors import ToolMissing
from tests.engine.conftest import make_plan, put, until
from tests.engine.fake_world import FakeWorld, world_registry

ALL = RunOptions(interactive=False, approve=Risk.DESTROY)
CHANGES = RunOptions(interactive=False, approve=Risk.CHANGE)


def outcomes(store: Store, run: str) -> dict[str, str | None]:
    return {step.id: step.outcome for step in store.steps(run)}


async def until_running(count: int) -> None:
    async with asyncio.timeout(20):
        while FakeWorld.running < count:
            await asyncio.sleep(0.01)


async def test_independent_steps_run_at_the_same_time_and_dependants_after(session: Session, store: Store) -> None:
    FakeWorld.gate = asyncio.Event()
    plan = make_plan(put("a", "x", waits=True), put("b", "y", waits=True), put("c", "z", "1", "a", "b"))
    run = await session.start(plan, ALL)
    await until_running(2)
    FakeWorld.gate.set()
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.DONE, 0)
    assert FakeWorld.done[-1] == "put z"
    assert outcomes(store, run) == {"a": "done", "b": "done", "c": "done"}


async def test_the_limit_of_an_executor_holds(make_session: Callable[..., Session]) -> None:
    FakeWorld.gate = asyncio.Event()
    session = make_session(concurrency={"world": 2})
    run = await session.start(make_plan(*(put(f"s{n}", f"k{n}", waits=True) for n in range(8))), ALL)
    await until_running(2)
    FakeWorld.gate.set()
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.most == 2


async def test_a_failure_skips_its_dependants_and_others_go_on(session: Session, store: Store) -> None:
    plan = make_plan(put("a", "x", fail=True), put("b", "y", "1", "a"), put("c", "z", "1", "b"), put("d", "w"))
    run = await session.start(plan, ALL)
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.FAILED, 1)
    assert outcomes(store, run) == {"a": "failed", "b": "skipped", "c": "skipped", "d": "done"}
    assert end.answer == "x can't be written (try another)"


async def test_values_pass_from_step_to_step(session: Session) -> None:
    FakeWorld.values["x"] = "7"
    read = Step("a", "world.get", {"key": "x"}, "")
    write = Step("b", "world.put", {"key": "y", "value": {"$from": "a.outputs.value"}}, "")
    run = await session.start(make_plan(read, write), ALL)
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.values["y"] == "7"


async def test_a_lie_is_found_by_verify_and_can_still_be_undone(session: Session, store: Store) -> None:
    run = await session.start(make_plan(put("a", "x", lie=True)), ALL)
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.FAILED, 1)
    assert store.steps(run)[0].verified is False
    assert [entry.step for entry in store.ledger(run)] == ["a"]


async def test_without_approval_nothing_changes_and_reads_run(session: Session, store: Store) -> None:
    FakeWorld.values["x"] = "7"
    plan = make_plan(Step("r", "world.get", {"key": "x"}, ""), put("a", "y"))
    run = await session.start(plan, RunOptions(interactive=False))
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.STOPPED, 3)
    assert FakeWorld.done == ["get x"]
    assert "--approve create" in (end.answer or "")
    asked = [event for event in store.events(run) if event.type == "approval.requested"]
    assert len(asked) == 1
    assert asked[0].data["risk"] == "create"


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Risk.READ, {}), (Risk.CREATE, {"new": "1", "old": "0"}), (Risk.CHANGE, {"new": "1", "old": "1"})],
)
async def test_a_level_covers_what_the_effect_at_execution_is(
    session: Session, level: Risk, expected: dict[str, str]
) -> None:
    FakeWorld.values.update({"old": "0", "gone": "0"})
    plan = make_plan(put("a", "new"), put("b", "old"), Step("c", "world.remove", {"key": "gone"}, ""))
    run = await session.start(plan, RunOptions(interactive=False, approve=level))
    assert (await session.wait(run)).exit == 3
    assert FakeWorld.values == {"old": "0", "gone": "0", **expected}


async def test_creates_and_changes_are_asked_once_and_each_destroy_by_itself(session: Session) -> None:
    FakeWorld.values.update({"p": "1", "q": "2"})
    events = session.subscribe()
    plan = make_plan(
        put("a", "x"),
        put("b", "y"),
        Step("c", "world.remove", {"key": "p"}, ""),
        Step("d", "world.remove", {"key": "q"}, "", needs=("c",)),
    )
    run = await session.start(plan)
    kinds = []
    for _ in range(3):
        await until(events, "approval.requested")
        await asyncio.sleep(0.05)
        approval = session.pending()[0]
        kinds.append((approval.kind, [step.id for step in approval.steps]))
        await session.answer(approval.id, Decision.ONCE, approval.hash)
    assert (await session.wait(run)).exit == 0
    assert sorted(kinds) == [("plan", ["a", "b"]), ("step", ["c"]), ("step", ["d"])]


async def test_a_wrong_hash_approves_nothing(session: Session) -> None:
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x")))
    await until(events, "approval.requested")
    approval = session.pending()[0]
    with pytest.raises(ApprovalVoid):
        await session.answer(approval.id, Decision.ONCE, "sha256:0")
    with pytest.raises(ApprovalVoid):
        await session.answer("a_nope", Decision.ONCE, approval.hash)
    await session.answer(approval.id, Decision.NOT_NOW, approval.hash)
    assert [one.id for one in session.pending()] == [approval.id]
    await session.answer(approval.id, Decision.REJECT, approval.hash, words="not today")
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.STOPPED, 3)
    assert FakeWorld.values == {}


async def test_what_moved_since_the_approval_is_asked_again(session: Session) -> None:
    FakeWorld.values["x"] = "0"
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x", "9")))
    await until(events, "approval.requested")
    approval = session.pending()[0]
    FakeWorld.values["x"] = "5"
    await session.answer(approval.id, Decision.ONCE, approval.hash)
    again = await until(events, "approval.requested")
    assert "x" in str(again.data["moved"])
    assert FakeWorld.values["x"] == "5"
    await session.answer(session.pending()[0].id, Decision.ONCE, session.pending()[0].hash)
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.values["x"] == "9"


async def test_a_destroy_on_production_needs_its_name(session: Session) -> None:
    FakeWorld.context = "prod-eu"
    FakeWorld.values["p"] = "1"
    gone = make_plan(Step("a", "world.remove", {"key": "p"}, ""))
    events = session.subscribe()
    run = await session.start(gone)
    await until(events, "approval.requested")
    approval = session.pending()[0]
    assert approval.confirm == "prod-eu"
    with pytest.raises(ConfirmMismatch):
        await session.answer(approval.id, Decision.ONCE, approval.hash, confirm="prod")
    await session.answer(approval.id, Decision.ONCE, approval.hash, confirm="prod-eu")
    assert (await session.wait(run)).exit == 0

    FakeWorld.values["p"] = "1"
    assert (await session.wait(await session.start(gone, ALL))).exit == 3
    named = RunOptions(interactive=False, approve=Risk.DESTROY, confirm_target="prod-eu")
    assert (await session.wait(await session.start(gone, named))).exit == 0


async def test_another_system_under_the_same_name_stops_the_run(session: Session) -> None:
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x")))
    await until(events, "approval.requested")
    FakeWorld.engine = "E2"
    await session.answer(session.pending()[0].id, Decision.ONCE, session.pending()[0].hash)
    end = await session.wait(run)
    assert end.exit == 3
    assert "another system" in (end.answer or "")
    assert FakeWorld.values == {}


async def test_catastrophic_is_denied_whatever_the_level(session: Session) -> None:
    plan = await session.check_plan(make_plan(put("a", "x", danger=True)))
    assert plan.verdict is Verdict.DENY
    end = await session.wait(await session.start(plan, ALL))
    assert (end.exit, FakeWorld.values) == (5, {})


async def test_read_only_denies_changes_and_lets_reads_run(make_session: Callable[..., Session]) -> None:
    session = make_session(read_only=True)
    FakeWorld.values["x"] = "7"
    assert (await session.wait(await session.start(make_plan(put("a", "y")), ALL))).exit == 5
    assert (await session.wait(await session.start(make_plan(Step("a", "world.get", {"key": "x"}, "")), ALL))).exit == 0


async def test_a_missing_tool_is_exit_6_before_anything_runs(session: Session) -> None:
    FakeWorld.missing = True
    with pytest.raises(ToolMissing):
        await session.check_plan(make_plan(put("a", "x")))
    end = await session.wait(await session.start(make_plan(put("a", "x")), ALL))
    assert end.exit == 6
    assert "start the world" in (end.answer or "")


async def test_a_problem_is_a_question_headless_and_a_choice_in_the_app(session: Session) -> None:
    FakeWorld.values["x"] = "0"
    plan = make_plan(put("a", "x", "1", if_exists="ask"))
    end = await session.wait(await session.start(plan, ALL))
    assert (end.exit, end.answer) == (4, "x is taken")

    events = session.subscribe()
    run = await session.start(plan)
    ready = await until(events, "plan.ready")
    assert Plan.from_json(cast("dict[str, Any]", ready.data["plan"])).question == "x is taken"
    await session.edit(run, [Choose("a", "replace")])
    await until(events, "approval.requested")
    await session.answer(session.pending()[0].id, Decision.ONCE, session.pending()[0].hash)
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.values["x"] == "1"


async def test_editing_a_pending_plan_voids_its_approval(session: Session) -> None:
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x", "1")))
    await until(events, "approval.requested")
    old = session.pending()[0]
    await session.edit(run, [SetFields("a", {"value": "2"})])
    await until(events, "approval.requested")
    new = session.pending()[0]
    assert new.hash != old.hash
    with pytest.raises(ApprovalVoid):
        await session.answer(old.id, Decision.ONCE, old.hash)
    await session.answer(new.id, Decision.ONCE, new.hash)
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.values["x"] == "2"


async def test_how_do_i_is_shown_and_never_run(session: Session) -> None:
    end = await session.wait(await session.start(make_plan(put("a", "x"), mood="ask"), ALL))
    assert (end.exit, FakeWorld.values) == (3, {})


async def test_the_hash_of_a_reviewed_plan_runs_exactly_that_plan(session: Session) -> None:
    FakeWorld.values["p"] = "1"
    plan = await session.check_plan(make_plan(put("a", "x"), Step("b", "world.remove", {"key": "p"}, "")))
    reviewed = RunOptions(interactive=False, approve_hash=plan.hash)
    FakeWorld.values["p"] = "2"
    assert (await session.wait(await session.start(plan, reviewed))).exit == 3
    assert FakeWorld.values == {"p": "2"}
    FakeWorld.values["p"] = "1"
    assert (await session.wait(await session.start(plan, reviewed))).exit == 0
    assert FakeWorld.values == {"x": "1"}


async def test_cancelling_a_run_tells_the_truth_about_every_step(session: Session, store: Store) -> None:
    FakeWorld.gate = asyncio.Event()
    plan = make_plan(
        put("a", "x"), put("b", "y", waits=True), put("c", "z", "1", "b"), put("d", "w", doubt=True, waits=True)
    )
    events = session.subscribe()
    run = await session.start(plan, ALL)
    started: set[str | None] = set()
    while not {"b", "d"} <= started:
        started.add((await until(events, "step.started")).step)
    await asyncio.sleep(0.1)
    await session.cancel(run)
    end = await session.wait(run)
    assert (end.outcome, end.exit) == (Outcome.CANCELLED, 130)
    assert outcomes(store, run) == {"a": "done", "b": "cancelled", "c": "cancelled", "d": "in_doubt"}


async def test_cancelling_one_step_leaves_the_others(session: Session, store: Store) -> None:
    FakeWorld.gate = asyncio.Event()
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x", waits=True), put("b", "y"), put("c", "z", "1", "a")), ALL)
    while (await until(events, "step.started")).step != "a":
        pass
    await session.cancel(run, "a")
    await session.wait(run)
    assert outcomes(store, run) == {"a": "cancelled", "b": "done", "c": "skipped"}


async def test_cancelling_while_it_asks_ends_the_run(session: Session) -> None:
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x")))
    await until(events, "approval.requested")
    await session.cancel(run)
    assert (await session.wait(run)).exit == 130
    assert session.pending() == []


async def test_the_time_limit_of_a_step_and_of_a_run(session: Session, store: Store) -> None:
    FakeWorld.gate = asyncio.Event()
    run = await session.start(make_plan(put("a", "x", waits=True, seconds=0.1)), ALL)
    end = await session.wait(run)
    assert end.exit == 1
    assert "longer than 0.1 s" in (end.answer or "")
    limited = RunOptions(interactive=False, approve=Risk.DESTROY, timeout=0.3)
    end = await session.wait(await session.start(make_plan(put("a", "x", waits=True)), limited))
    assert (end.exit, end.outcome) == (124, Outcome.CANCELLED)


async def test_a_paused_run_starts_nothing_until_it_proceeds(session: Session) -> None:
    FakeWorld.gate = asyncio.Event()
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x", waits=True), put("b", "y", "1", "a")), ALL)
    await until(events, "step.started")
    session.pause(run)
    FakeWorld.gate.set()
    await until(events, "step.finished")
    await asyncio.sleep(0.1)
    assert FakeWorld.values == {"x": "1"}
    session.proceed(run)
    assert (await session.wait(run)).exit == 0


async def test_undo_leads_back_in_reverse_order_and_is_verified(session: Session, store: Store) -> None:
    FakeWorld.values["y"] = "before"
    run = await session.start(make_plan(put("a", "x"), put("b", "y", "after", "a")), ALL)
    await session.wait(run)
    FakeWorld.done.clear()
    undo = await session.undo(run, options=ALL)
    end = await session.wait(undo)
    assert end.exit == 0
    assert FakeWorld.values == {"y": "before"}
    assert FakeWorld.done == ["put y", "remove x"]
    assert all(entry.undone_by == undo for entry in store.ledger(run))
    with pytest.raises(NothingToUndo):
        await session.undo(run, options=ALL)


async def test_undo_of_one_step_only(session: Session) -> None:
    run = await session.start(make_plan(put("a", "x"), put("b", "y")), ALL)
    await session.wait(run)
    await session.wait(await session.undo(run, "a", ALL))
    assert FakeWorld.values == {"y": "1"}


async def test_undo_never_overwrites_what_others_changed_since(session: Session) -> None:
    run = await session.start(make_plan(put("a", "x")), ALL)
    await session.wait(run)
    FakeWorld.values["x"] = "by others"
    end = await session.wait(await session.undo(run, options=ALL))
    assert end.exit == 4
    assert "changed by others" in (end.answer or "")
    assert FakeWorld.values == {"x": "by others"}


async def test_what_cannot_be_undone_is_said(session: Session) -> None:
    FakeWorld.values["p"] = "1"
    run = await session.start(make_plan(Step("a", "world.remove", {"key": "p", "forever": True}, "")), ALL)
    await session.wait(run)
    with pytest.raises(Irreversible, match=r"a world\.remove"):
        await session.undo(run, options=ALL)


async def test_events_come_in_order_numbered_and_journalled(session: Session, store: Store) -> None:
    events = session.subscribe()
    seen: list[Event] = []
    run = await session.start(make_plan(put("a", "x")), ALL)
    await until(events, "run.finished", seen)
    kinds = [event.type.value for event in seen]
    assert kinds[0] == "run.started"
    assert kinds.index("plan.drafted") < kinds.index("step.previewed") < kinds.index("plan.ready")
    assert kinds.index("step.started") < kinds.index("step.finished")
    numbered = [event.seq for event in seen if event.seq]
    assert numbered == list(range(1, len(numbered) + 1))
    assert [event.to_json() for event in store.events(run)] == [event.to_json() for event in seen if event.seq]


async def test_output_reaches_the_log_file(session: Session, store: Store) -> None:
    run = await session.start(make_plan(put("a", "x")), ALL)
    await session.wait(run)
    assert store.log_path(run, "a").read_text() == "writing x\n"


async def test_unknown_operations_and_bad_fields_are_refused(session: Session) -> None:
    from reign_executors.errors import InvalidFields, UnknownOperation

    with pytest.raises(UnknownOperation, match=r"world\.put"):
        await session.start(make_plan(Step("a", "world.pit", {"key": "x"}, "")), ALL)
    with pytest.raises(InvalidFields, match="value"):
        await session.start(make_plan(Step("a", "world.put", {"key": "x"}, "")), ALL)


async def test_resume_never_repeats_what_is_done_and_probes_what_was_under_way(
    make_session: Callable[..., Session], store: Store
) -> None:
    FakeWorld.gate = asyncio.Event()
    first = make_session()
    plan = make_plan(put("a", "x"), put("b", "y", "1", "a", waits=True), put("c", "z", "1", "b"))
    events = first.subscribe()
    run = await first.start(plan, ALL)
    while (await until(events, "step.started")).step != "b":
        pass
    await first.cancel(run)
    await first.wait(run)
    FakeWorld.done.clear()
    FakeWorld.gate.set()
    second = make_session()
    assert await second.resume(run, ALL) == run
    end = await second.wait(run)
    assert end.exit == 0
    assert FakeWorld.done == ["put y", "put z"]
    assert {step.id: step.attempts for step in store.steps(run)} == {"a": 1, "b": 2, "c": 1}
    await second.close()


async def test_closing_cancels_and_journals(make_session: Callable[..., Session], store: Store) -> None:
    FakeWorld.gate = asyncio.Event()
    session = make_session()
    events = session.subscribe()
    run = await session.start(make_plan(put("a", "x", waits=True)), ALL)
    await until(events, "step.started")
    await session.close()
    record = store.run(run)
    assert record is not None
    assert record.outcome == Outcome.CANCELLED
    assert store.unfinished() == []


async def test_a_thousand_steps(session: Session, store: Store) -> None:
    plan: Any = make_plan(*(put(f"s{n}", f"k{n}", "1", *([f"s{n - 10}"] if n >= 10 else [])) for n in range(300)))
    run = await session.start(plan, ALL)
    assert (await session.wait(run)).exit == 0
    assert len(FakeWorld.values) == 300


async def test_resuming_a_failed_run_tries_the_failed_step_again(
    make_session: Callable[..., Session], store: Store, tmp_path: Path
) -> None:
    first = make_session()
    command = "echo tried >> log; test -e allowed"
    plan = make_plan(Step("a", "shell.command", {"command": command}, ""), put("b", "y", "1", "a"))
    run = await first.start(plan, ALL)
    assert (await first.wait(run)).exit == 1
    (tmp_path / "allowed").touch()
    second = make_session()
    await second.resume(run, ALL)
    assert (await second.wait(run)).exit == 0
    assert (tmp_path / "log").read_text() == "tried\ntried\n"
    assert outcomes(store, run) == {"a": "done", "b": "done"}


class FakePlanner:
    """Plans to write what the words say, correcting the run named after ``corrects``."""

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        word, _, corrected = text.partition(" corrects ")
        return Draft("create_infra", 1.0, steps=(put("a", word),), corrects=corrected or None)


async def test_a_correction_gives_up_the_plan_that_still_waits(store: Store, tmp_path: Path) -> None:
    settings = EngineSettings(cwd=tmp_path)
    session = Session(store, settings, registry=world_registry(), planner=FakePlanner())
    events = session.subscribe()
    first = await session.ask("x")
    await until(events, "approval.requested")
    second = await session.ask(f"y corrects {first}")
    assert (await session.wait(first)).exit == 130
    await until(events, "approval.requested")
    assert [approval.run for approval in session.pending()] == [second]
    await session.close()
    assert FakeWorld.values == {}


async def test_a_step_in_the_way_at_the_last_look_is_told_and_kept(store: Store, tmp_path: Path) -> None:
    """Nothing is begun when the last look finds something in the way: its end is an event and a row all the same."""
    steps = (
        Step("s1", "shell.command", {"command": "echo a > x.txt"}, ""),
        Step("s2", "file.write", {"path": "x.txt", "content": "b"}, "", ("s1",)),
    )
    session = Session(store, EngineSettings(cwd=tmp_path))
    events = session.subscribe()
    run = await session.start(Plan("p_1", "x", "update", 1.0, steps), ALL)
    end = await session.wait(run)
    assert end.exit == 1
    assert outcomes(store, run) == {"s1": "done", "s2": "failed"}
    await session.close()
    told = [event.step async for event in events if event.type == "step.finished"]
    assert told == ["s1", "s2"]
