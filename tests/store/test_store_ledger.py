"""The ledger: what was changed, what leads back, what an attempt that died leaves."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.events import EventType, Outcome, now
from reign_agents.store.errors import StoreError
from reign_agents.store.records import AnswerRecord, ApprovalRecord
from reign_agents.store.store import Store
from reign_executors.effect import UndoPromise
from tests.store.store_samples import begun, event, intent, outcome, plan, step


async def do(store: Store, run: str, name: str, undo: str = "exact", **values: Any) -> None:
    await store.intent(intent(run, name, undo=undo))
    await store.outcome(outcome(run, name, **values))


async def test_changes_are_listed_newest_first_with_what_leads_back(store: Store) -> None:
    run = await begun(store, plan(step("s1"), step("s2"), step("s3")))
    with store.lease(run):
        await do(store, run, "s1")
        await do(store, run, "s2", outputs={"id": "beef"})
        await store.intent(intent(run, "s3"))
        first, second = store.ledger(run)  # s3 is under way: not a change yet
        assert [first.step, second.step] == ["s2", "s1"]
        assert first.outputs == {"id": "beef"}
        assert first.before == {"exists": False}
        assert first.certain
        assert first.undone_by is None


async def test_undo_of_a_run_is_its_weakest_open_promise(store: Store) -> None:
    run = await begun(store, plan(step("s1"), step("s2"), step("s3")))

    def promise() -> tuple[str | None, str | None]:
        found = store.run(run)
        assert found is not None
        return found.undo, found.undone_by

    assert promise() == (None, None)
    await do(store, run, "s1", "exact")
    assert promise() == ("exact", None)
    await do(store, run, "s2", "recreate")
    await do(store, run, "s3", "revert")
    assert promise() == ("recreate", None)
    await store.undone(run, "s2", "r_8", event(run, EventType.FINDING))
    assert promise() == ("revert", None)
    await store.undone(run, "s3", "r_9")
    await store.undone(run, "s1", "r_9")
    assert promise() == (None, "r_9")
    assert [entry.undone_by for entry in store.ledger(run)] == ["r_9", "r_8", "r_9"]
    assert [one.undone_by for one in store.steps(run)] == ["r_9", "r_8", "r_9"]


async def test_a_change_without_a_pre_image_is_listed_as_irreversible(store: Store) -> None:
    run = await begun(store, plan(step("s1", "shell.command", UndoPromise.NONE)))
    await store.intent(intent(run, before=None, undo="none"))
    await store.outcome(outcome(run, changed=True))
    (entry,) = store.ledger(run)
    assert (entry.undo, entry.before) == ("none", None)
    found = store.run(run)
    assert found is not None
    assert found.undo == "none"


async def test_reads_and_what_changed_nothing_are_not_in_the_ledger(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run, before=None, undo="none"))
    await store.outcome(outcome(run))
    await store.intent(intent(run, "s2"))
    await store.outcome(outcome(run, "s2", outcome=Outcome.FAILED, changed=False))
    assert store.ledger(run) == []
    assert [one.changed for one in store.steps(run)] == [False, False]


async def test_a_retry_leads_back_to_what_was_there_before_the_first_attempt(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run, before={"content": "first"}))
    await store.outcome(outcome(run, outcome=Outcome.FAILED, outputs=None, error={"cause": "not healthy"}))
    assert store.steps(run)[0].error == {"cause": "not healthy"}
    await store.intent(intent(run, attempt=2, before={"content": "second"}))
    running = store.steps(run)[0]
    assert (running.error, running.attempts) == (None, 2)
    await store.outcome(outcome(run, attempt=2, changed=False, outputs=None))
    (entry,) = store.ledger(run)
    assert entry.before == {"content": "first"}
    assert entry.outputs is None
    await store.intent(intent(run, attempt=3, before={"content": "third"}))
    await store.outcome(outcome(run, attempt=3))
    (entry,) = store.ledger(run)
    assert (entry.before, entry.outputs) == ({"content": "first"}, {"id": "4c1e"})


async def test_an_attempt_that_changed_nothing_makes_room_for_the_next_pre_image(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run, before={"content": "first"}))
    await store.outcome(outcome(run, outcome=Outcome.FAILED, changed=False))
    await store.intent(intent(run, attempt=2, before={"content": "second"}))
    await store.outcome(outcome(run, attempt=2))
    assert [entry.before for entry in store.ledger(run)] == [{"content": "second"}]


async def test_what_died_between_intent_and_outcome_is_kept_as_uncertain(store: Store) -> None:
    run = await begun(store)
    with store.lease(run):
        await store.intent(intent(run, before={"content": "old"}))
        assert store.steps(run)[0].outcome == "running"
    (entry,) = store.ledger(run)  # nobody drives it any more
    assert (entry.certain, entry.outputs, entry.before) == (False, None, {"content": "old"})
    assert store.steps(run)[0].outcome == "in_doubt"
    (left,) = store.unfinished()
    assert (left.outcome, left.ended, left.steps.in_doubt, left.steps.waiting) == ("in_doubt", None, 1, 1)
    with store.lease(run):  # resumed: looked, it had not happened, so it is tried again
        await store.intent(intent(run, attempt=2, before={"content": "newer"}))
        await store.outcome(outcome(run, attempt=2))
        assert [e.before for e in store.ledger(run)] == [{"content": "newer"}]
        assert [e.certain for e in store.ledger(run)] == [True]


async def test_in_doubt_stays_uncertain(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run, before={"content": "old"}))
    await store.outcome(outcome(run, outcome=Outcome.IN_DOUBT, outputs=None))
    (entry,) = store.ledger(run)
    assert not entry.certain
    await store.intent(intent(run, attempt=2, before={"content": "maybe new"}))
    await store.outcome(outcome(run, attempt=2))
    (entry,) = store.ledger(run)
    assert entry.certain
    assert entry.before == {"content": "old"}


async def test_a_resumed_run_goes_on_where_it_was(store: Store) -> None:
    run = await begun(store)
    await do(store, run, "s1")
    await store.outcome(outcome(run, "s2", 0, outcome=Outcome.CANCELLED, outputs=None, error={"cause": "cancelled"}))
    await store.finish_run(run, Outcome.CANCELLED, 130, None)
    ended = store.run(run)
    assert ended is not None
    assert (ended.outcome, ended.exit, ended.steps.cancelled, ended.steps.done) == ("cancelled", 130, 1, 1)
    with store.lease(run):
        (told,) = await store.append(event(run, EventType.RUN_STARTED, resumed=True))
        assert told.seq == 3
        again = store.run(run)
        assert again is not None
        assert (again.outcome, again.ended, again.exit) == ("running", None, None)
        assert (again.steps.done, again.steps.waiting, again.steps.cancelled) == (1, 1, 0)
        assert store.steps(run)[1].error is None


async def test_an_edited_plan_drops_steps_that_never_ran(store: Store) -> None:
    run = await begun(store, plan(step("s1"), step("s2"), step("s3")))
    await do(store, run, "s1")
    await store.save_plan(run, plan(step("s3"), step("s4", "file.write", path="/etc/hosts"), request="edited"))
    assert [one.id for one in store.steps(run)] == ["s1", "s3", "s4"]
    assert store.steps(run)[2].fields == {"path": "/etc/hosts"}
    latest = store.plan(run)
    assert latest is not None
    assert [one.id for one in latest.steps] == ["s3", "s4"]


async def test_approvals_say_who_let_a_step_run(store: Store) -> None:
    run = await begun(store, plan(step("s1"), step("s2"), step("s3"), step("s4")))

    async def asked(name: str, decision: str, *steps: str) -> None:
        await store.approval(ApprovalRecord(name, run, "step", steps, f"sha256:{name}", "destroy", now()))
        await store.answered(AnswerRecord(name, run, decision, "ana", decision, None, now()))

    await asked("a_1", "reject", "s1")
    await asked("a_1", "once", "s1", "s2")  # a resumed run may count its questions anew
    await asked("a_2", "not_now", "s3")
    await store.intent(intent(run, "s1", hash="sha256:s1", by="ana", how="once"))
    await store.intent(intent(run, "s3", hash="sha256:s3", by="ci", how="level"))
    await store.intent(intent(run, "s4", hash="sha256:s4", by="ci", how="read", before=None))
    given = [one.approval for one in store.steps(run)]
    assert given[0] is not None
    assert (given[0]["by"], given[0]["how"], given[0]["hash"]) == ("ana", "once", "sha256:s1")
    assert given[1] is not None
    assert given[1]["hash"] == "sha256:a_1"
    assert given[2] is not None
    assert (given[2]["by"], given[2]["how"], given[2]["hash"]) == ("ci", "level", "sha256:s3")
    assert given[3] is None
    with pytest.raises(StoreError, match="never asked"):
        await store.answered(AnswerRecord("a_9", run, "once", "ana", "once", None, now()))


async def test_steps_without_a_plan_are_kept_all_the_same(store: Store) -> None:
    run = store.next_run_id()
    await store.intent(intent(run))
    await store.outcome(outcome(run))
    await store.outcome(outcome(run, "s2", 0, outcome=Outcome.SKIPPED))
    assert [(one.id, one.outcome) for one in store.steps(run)] == [("s1", "done"), ("s2", "skipped")]
    assert store.plan(run) is None
    assert store.run(run) is None


async def test_a_write_that_fails_takes_nothing_with_it(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run))
    with pytest.raises(StoreError, match=f"the intent of {run}/s1 is not written down, so it must not run"):
        await store.intent(intent(run), event(run, text="never"))
    assert [one.seq for one in store.events(run)] == [1, 2]
    with pytest.raises(StoreError, match="attempt 7 of"):
        await store.outcome(outcome(run, attempt=7), event(run, text="never"))
    assert len(list(store.events(run))) == 2
    with pytest.raises(StoreError, match="is not written down"):
        await store.append(event(run, bad=object()))


async def test_conversations(store: Store) -> None:
    run = await begun(store, session="s_a")
    first = await store.add_message("s_a", "person", "run nginx", run)
    second = await store.add_message("s_a", "reign", "three steps")
    assert second > first
    await store.add_message("s_b", "reign", "hello")
    await store.add_message("s_b", "person", "what runs here?")
    assert [(m.who, m.text, m.run) for m in store.messages("s_a")] == [
        ("person", "run nginx", run),
        ("reign", "three steps", None),
    ]
    assert [m.text for m in store.messages("s_a", limit=1)] == ["three steps"]
    newest, oldest = store.sessions()
    assert (newest.session, newest.title, newest.runs, newest.messages) == ("s_b", "what runs here?", 0, 2)
    assert (oldest.session, oldest.title, oldest.runs, oldest.messages) == ("s_a", "run nginx as web", 1, 2)
