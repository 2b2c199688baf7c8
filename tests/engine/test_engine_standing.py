"""What is permitted beforehand: rules, trusted-change, grants, envelopes; and what none of them ever covers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reign_agents.engine.approvals import Approval
from reign_agents.plan.model import Plan, Step
from reign_agents.safety.rules import Rule
from reign_agents.session import NotOffered, Session
from reign_agents.settings import Decision, Mode, RunOptions
from reign_agents.store.store import Store
from reign_executors.risk import Risk
from tests.engine.conftest import make_plan, put, until
from tests.engine.fake_world import FakeWorld

Make = Callable[..., Session]
HEADLESS = RunOptions(interactive=False)


def remove(name: str, key: str, *needs: str) -> Step:
    return Step(name, "world.remove", {"key": key}, "asked", needs=needs)


async def asked(session: Session, plan: Plan) -> tuple[str, Approval]:
    """Start a plan; the run and what it asks first."""
    events = session.subscribe()
    run = await session.start(plan)
    await until(events, "approval.requested")
    events.close()
    return run, session.pending()[0]


async def ended(session: Session, plan: Plan, options: RunOptions | None = None) -> int:
    """The exit code of a plan that needs nobody."""
    run = await session.start(plan, options or RunOptions())
    return (await session.wait(run)).exit


def how(store: Store, run: str, step: str = "a") -> tuple[str, str]:
    """How a step was permitted, and on what ground."""
    approval = next(one for one in store.steps(run) if one.id == step).approval
    assert approval is not None
    return str(approval["how"]), str(approval["basis"])


def last_run(store: Store) -> str:
    return store.history(limit=1)[0].run


# rules


def world_rule(verdict: str, **parts: Any) -> Rule:
    return Rule(verdict, "/c.toml", 4, operation=("world.*",), **parts)  # type: ignore[arg-type]


async def test_an_allow_rule_spares_the_question_and_is_named(make_session: Make, store: Store) -> None:
    session = make_session(rules=(world_rule("allow"),))
    plan = await session.check_plan(make_plan(put("a", "x")))
    assert plan.verdict is not None
    assert plan.verdict.value == "allow"
    assert plan.steps[0].reasons[0] == "allowed by the rule in /c.toml, line 4"
    assert await ended(session, make_plan(put("a", "x"))) == 0
    assert how(store, last_run(store)) == ("rule", "/c.toml, line 4")


async def test_without_a_screen_the_level_is_all_that_counts(make_session: Make) -> None:
    session = make_session(rules=(world_rule("allow"),), mode=Mode.TRUSTED_CHANGE)
    assert await ended(session, make_plan(put("a", "x")), HEADLESS) == 3
    assert FakeWorld.values == {}
    level = RunOptions(interactive=False, approve=Risk.CREATE)
    assert await ended(session, make_plan(put("a", "x")), level) == 0


async def test_a_deny_rule_ends_the_run_before_anything(make_session: Make) -> None:
    session = make_session(rules=(world_rule("deny", why="frozen"), world_rule("allow")))
    end = await session.wait(await session.start(make_plan(put("a", "x")), RunOptions(approve=Risk.DESTROY)))
    assert end.exit == 5
    assert end.answer == "denied: denied by the rule in /c.toml, line 4: frozen; would create value/x"


async def test_an_ask_rule_asks_for_reads_and_against_the_mode(make_session: Make) -> None:
    session = make_session(rules=(world_rule("ask"),), mode=Mode.TRUSTED_CHANGE)
    run, approval = await asked(session, make_plan(put("a", "x")))
    assert "asked for by the rule" in approval.steps[0].reasons[0]
    await session.cancel(run)
    assert await ended(session, make_plan(Step("a", "world.get", {"key": "x"}, "")), HEADLESS) == 3


# modes


async def test_trusted_change_runs_what_is_small(make_session: Make, store: Store) -> None:
    session = make_session(mode=Mode.TRUSTED_CHANGE, trust_limit=2)
    assert session.mode == "trusted-change"
    assert await ended(session, make_plan(put("a", "x"), put("b", "y"))) == 0
    assert how(store, last_run(store)) == ("mode", "trusted-change, at most 2 resources")


async def test_trusted_change_asks_for_all_beyond_its_radius(make_session: Make) -> None:
    session = make_session(mode=Mode.TRUSTED_CHANGE, trust_limit=2)
    run, approval = await asked(session, make_plan(put("a", "x"), put("b", "y"), put("c", "z")))
    assert len(approval.steps) == 3
    await session.cancel(run)
    assert FakeWorld.values == {}


async def test_trusted_change_never_covers_a_destroy_or_production(make_session: Make) -> None:
    FakeWorld.values["x"] = "1"
    session = make_session(mode=Mode.TRUSTED_CHANGE)
    run, approval = await asked(session, make_plan(remove("a", "x")))
    assert approval.risk is Risk.DESTROY
    await session.cancel(run)
    FakeWorld.context = "prod-eu"
    run, approval = await asked(session, make_plan(put("a", "y")))
    assert approval.risk is Risk.CREATE
    await session.cancel(run)
    assert FakeWorld.values == {"x": "1"}


async def test_what_grew_since_the_plan_is_asked_in_trusted_change(make_session: Make) -> None:
    """The radius holds at execution, too: a later step that is known by then counts."""
    FakeWorld.values["seed"] = "s"
    session = make_session(mode=Mode.TRUSTED_CHANGE, trust_limit=1)
    late = Step("b", "world.put", {"key": "y", "value": {"$from": "a.outputs.value"}}, "", needs=("a",))
    run, approval = await asked(session, make_plan(put("a", "x"), late))
    assert [step.id for step in approval.steps] == ["b"]
    assert FakeWorld.values["x"] == "1"
    await session.cancel(run)


async def test_in_read_only_a_later_step_can_not_even_be_planned(make_session: Make) -> None:
    session = make_session(mode=Mode.READ_ONLY)
    late = Step("b", "world.put", {"key": "y", "value": {"$from": "a.outputs.value"}}, "", needs=("a",))
    plan = await session.check_plan(make_plan(Step("a", "world.get", {"key": "x"}, ""), late))
    assert [step.verdict.value for step in plan.steps if step.verdict] == ["allow", "deny"]
    assert await ended(session, plan) == 5


# grants


async def test_a_grant_covers_its_like_until_it_is_revoked(session: Session, store: Store) -> None:
    FakeWorld.values["x"] = "0"
    run, approval = await asked(session, make_plan(put("a", "x")))
    assert approval.no_grant is None
    await session.answer(approval.id, Decision.GRANT, approval.hash, seconds=600)
    assert (await session.wait(run)).exit == 0
    assert how(store, run)[0] == "plan"
    (grant,) = session.grants(active=True)
    assert (grant.operation, grant.uses, grant.by) == ("world.put", 0, "ana")
    assert await ended(session, make_plan(put("a", "x", "other"))) == 0
    assert how(store, last_run(store)) == ("grant", grant.grant)
    assert session.grants()[0].uses == 1
    assert await ended(session, make_plan(put("a", "x", "third")), HEADLESS) == 3
    assert await session.revoke(grant.grant) == [grant.grant]
    assert await session.revoke() == []
    run, approval = await asked(session, make_plan(put("a", "x", "fourth")))
    await session.cancel(run)
    assert FakeWorld.values["x"] == "other"


@pytest.mark.parametrize("how_broader", ["resource", "action", "operation", "system", "expired"])
async def test_a_grant_is_never_broader_than_what_was_shown(
    session: Session, store: Store, how_broader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeWorld.values["x"] = "0"
    run, approval = await asked(session, make_plan(put("a", "x")))
    await session.answer(approval.id, Decision.GRANT, approval.hash)
    await session.wait(run)
    plan = make_plan(put("a", "x", "again"))
    if how_broader == "resource":
        plan = make_plan(put("a", "y"))
    elif how_broader == "action":
        del FakeWorld.values["x"]  # it would be created now, not updated
    elif how_broader == "operation":
        plan = make_plan(remove("a", "x"))
    elif how_broader == "system":
        FakeWorld.engine = "E2"
    else:
        monkeypatch.setattr("reign_agents.store.store.now", lambda: "2999-01-01T00:00:00.000Z")
    run, _ = await asked(session, plan)
    await session.cancel(run)


async def test_a_grant_that_ends_before_its_use_is_written_down_lets_nothing_run(
    session: Session, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeWorld.values["x"] = "0"
    run, approval = await asked(session, make_plan(put("a", "x")))
    await session.answer(approval.id, Decision.GRANT, approval.hash)
    await session.wait(run)
    kept = session.grants(active=True)
    await session.revoke()
    monkeypatch.setattr(store, "grants", lambda **_: kept)
    end = await session.wait(await session.start(make_plan(put("a", "x", "late"))))
    assert "no longer holds" in str(end.answer)
    assert FakeWorld.values["x"] == "1"


async def test_no_grant_for_a_destroy_on_production(session: Session) -> None:
    FakeWorld.values["x"] = "1"
    FakeWorld.context = "prod-eu"
    run, approval = await asked(session, make_plan(remove("a", "x")))
    assert approval.no_grant is not None
    with pytest.raises(NotOffered):
        await session.answer(approval.id, Decision.GRANT, approval.hash, confirm="prod-eu")
    assert session.pending()
    await session.cancel(run)
    assert session.grants() == []


async def test_a_grant_lasts_no_longer_than_the_settings_say(make_session: Make) -> None:
    session = make_session(grant_limit=60.0)
    run, approval = await asked(session, make_plan(put("a", "x")))
    assert approval.grant_seconds == 60.0
    await session.answer(approval.id, Decision.GRANT, approval.hash, seconds=1e9)
    await session.wait(run)
    (grant,) = session.grants(active=True)
    assert grant.created[:14] in grant.expires or grant.expires > grant.created
    from datetime import datetime

    lasts = datetime.fromisoformat(grant.expires) - datetime.fromisoformat(grant.created)
    assert lasts.total_seconds() <= 61


# envelopes


def with_later(key: str = "y", operation: str = "world.put", **more: Any) -> Plan:
    fields: dict[str, Any] = {"key": key, "value": {"$from": "a.outputs.value"}, **more}
    if operation == "world.remove":
        fields = {"key": {"$from": "a.outputs.value"}}
    return make_plan(put("a", "x", "v"), Step("b", operation, fields, "", needs=("a",)))


async def test_a_step_known_later_runs_inside_its_envelope(session: Session, store: Store) -> None:
    run, approval = await asked(session, with_later())
    (envelope,) = approval.envelopes
    assert envelope.words() == "world.put on world test with a.outputs.value: at most change, at most 3 resources"
    await session.answer(approval.id, Decision.ENVELOPE, approval.hash)
    assert (await session.wait(run)).exit == 0
    assert FakeWorld.values == {"x": "v", "y": "v"}
    assert how(store, run, "b") == ("envelope", approval.id)


async def test_approved_for_the_plan_alone_it_is_asked_when_known(session: Session) -> None:
    events = session.subscribe()
    run, approval = await asked(session, with_later())
    await until(events, "approval.requested")
    await session.answer(approval.id, Decision.PLAN, approval.hash)
    await until(events, "approval.requested")
    assert [step.id for step in session.pending()[0].steps] == ["b"]
    await session.cancel(run)


async def test_outside_its_envelope_it_asks(session: Session) -> None:
    """The value that came makes it a destroy."""
    FakeWorld.values["v"] = "doomed"
    events = session.subscribe()
    run, approval = await asked(session, with_later(operation="world.remove"))
    await until(events, "approval.requested")
    await session.answer(approval.id, Decision.ENVELOPE, approval.hash)
    await until(events, "approval.requested")
    assert session.pending()[0].risk is Risk.DESTROY
    await session.cancel(run)
    assert FakeWorld.values["v"] == "doomed"


async def test_no_envelope_on_production_or_for_a_shell(session: Session) -> None:
    shell = Step("b", "shell.command", {"command": {"$from": "a.outputs.value"}}, "", needs=("a",))
    run, approval = await asked(session, make_plan(put("a", "x"), shell))
    assert approval.envelopes == ()
    with pytest.raises(NotOffered):
        await session.answer(approval.id, Decision.ENVELOPE, approval.hash)
    await session.cancel(run)
    FakeWorld.context = "prod-eu"
    run, approval = await asked(session, with_later())
    assert approval.envelopes == ()
    await session.cancel(run)


async def test_the_level_is_the_envelope_without_a_screen(session: Session) -> None:
    assert await ended(session, with_later(), RunOptions(interactive=False, approve=Risk.CREATE)) == 0
    FakeWorld.values["v"] = "doomed"
    plan = with_later(operation="world.remove")
    assert await ended(session, plan, RunOptions(interactive=False, approve=Risk.CHANGE)) == 3
    assert FakeWorld.values["v"] == "doomed"


# reviewed elsewhere


async def test_a_reviewed_plan_that_moved_is_not_run_and_says_what_moved(session: Session) -> None:
    FakeWorld.values["x"] = "0"
    plan = await session.check_plan(make_plan(put("a", "x")))
    FakeWorld.values["x"] = "changed meanwhile"
    options = RunOptions(interactive=False, approve=Risk.DESTROY, approve_hash=plan.hash)
    end = await session.wait(await session.start(plan, options))
    assert end.exit == 3
    assert "a: the change of value/x is not the one shown" in str(end.answer)
    assert "value/x is no longer the object that was shown" in str(end.answer)
    other = RunOptions(interactive=False, approve_hash="sha256:0")
    end = await session.wait(await session.start(plan, other))
    assert "the hash given is not this plan's" in str(end.answer)
    assert FakeWorld.values["x"] == "changed meanwhile"


async def test_what_moves_between_review_and_its_turn_stops_the_step_whatever_the_level(session: Session) -> None:
    import asyncio

    FakeWorld.values["y"] = "0"
    FakeWorld.gate = asyncio.Event()
    plan = await session.check_plan(make_plan(put("a", "x", waits=True), put("b", "y", "1", "a")))
    options = RunOptions(interactive=False, approve=Risk.DESTROY, approve_hash=plan.hash)
    events = session.subscribe()
    run = await session.start(plan, options)
    await until(events, "step.started")
    FakeWorld.values["y"] = "changed meanwhile"
    FakeWorld.gate.set()
    end = await session.wait(run)
    assert end.exit == 3
    assert "is no longer what was approved" in str(end.answer)
    assert FakeWorld.values == {"x": "1", "y": "changed meanwhile"}


@pytest.mark.parametrize(("level", "code"), [(Risk.READ, 3), (Risk.CREATE, 0)])
async def test_what_could_not_be_known_at_the_review_is_covered_by_no_hash(
    session: Session, level: Risk, code: int
) -> None:
    """It stops where its turn comes; only a level beside the hash lets it run."""
    later = Step("b", "world.put", {"key": "y", "value": {"$from": "a.outputs.value"}}, "asked", needs=("a",))
    plan = await session.check_plan(make_plan(put("a", "x"), later))
    options = RunOptions(interactive=False, approve=level, approve_hash=plan.hash)
    end = await session.wait(await session.start(plan, options))
    assert end.exit == code, end
    assert FakeWorld.values == ({"x": "1"} if code else {"x": "1", "y": "1"})
    if code:
        assert "run it with --approve create" in str(end.answer)


# words


async def test_the_words_of_a_rejection_are_kept_and_change_nothing_they_do_not_name(session: Session) -> None:
    events = session.subscribe()
    run, approval = await asked(session, make_plan(put("a", "x")))
    await until(events, "approval.requested")
    await session.answer(approval.id, Decision.REJECT, approval.hash, words="Berta is on holiday")
    assert await session.follower(run) is None
    assert (await session.wait(run)).exit == 3
    answered = await until(events, "approval.answered")
    assert answered.data["words"] == "Berta is on holiday"
    assert await session.follower("r_9") is None


async def test_several_questions_wait_oldest_first_and_say_who_asks(session: Session) -> None:
    first, _ = await asked(session, make_plan(put("a", "x")))
    second, _ = await asked(session, make_plan(put("a", "y")))
    assert [approval.run for approval in session.pending()] == [first, second]
    assert session.pending()[0].agents == ("general",)
    assert session.pending()[0].to_json()["agents"] == ["general"]
    await session.cancel(first)
    await session.cancel(second)
