"""What a run leaves behind and how it reads back."""

from __future__ import annotations

from reign_agents.events import EventType, Outcome, now
from reign_agents.store.records import AnswerRecord, ApprovalRecord
from reign_agents.store.store import Store, StorePaths
from tests.store.store_samples import begun, event, intent, outcome, plan, record, step


async def test_a_whole_run_is_shown_as_the_contract_says(store: Store) -> None:
    run = await begun(store)
    with store.lease(run):
        question = ApprovalRecord("a_1", run, "plan", ("s1", "s2"), "sha256:both", "create", now())
        await store.approval(question, event(run, EventType.APPROVAL_REQUESTED, id="a_1"))
        await store.answered(AnswerRecord("a_1", run, "once", "ana", "once", "go", now()))
        await store.intent(intent(run), event(run, EventType.STEP_STARTED, "s1"))
        running = store.run(run)
        assert running is not None
        assert (running.outcome, running.ended) == ("running", None)
        assert running.to_json()["steps"] == {
            "done": 0,
            "failed": 0,
            "skipped": 0,
            "waiting": 2,
            "cancelled": 0,
            "stopped": 0,
            "in_doubt": 0,
        }
        await store.outcome(outcome(run), event(run, EventType.STEP_FINISHED, "s1"))
        await store.outcome(outcome(run, "s2", 0, outcome=Outcome.SKIPPED, outputs=None, error={"cause": "needs s1"}))
        ended = await store.finish_run(run, Outcome.DONE, 0, "three lines", event(run, EventType.RUN_FINISHED))
    assert ended[0].seq == 6
    log = store.log_path(run, "s1")
    store.step_folder(run, "s1")
    log.write_bytes(b"12345")
    shown = store.show(run)
    assert shown is not None
    row = shown["run"]
    assert isinstance(row, dict)
    assert row["outcome"] == "done"
    assert row["risk"] == "create"
    assert row["undo"] == "exact"
    assert row["exit"] == 0
    assert row["ended"] is not None
    assert shown["plan"] == plan().to_json()
    steps = shown["steps"]
    assert isinstance(steps, list)
    first, second = steps
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["outcome"] == "done"
    assert first["attempts"] == 1
    assert first["outputs"] == {"id": "4c1e"}
    assert first["verified"] is True
    assert first["log"] == {"path": str(log), "bytes": 5}
    approval = first["approval"]
    assert isinstance(approval, dict)
    assert (approval["by"], approval["how"], approval["hash"]) == ("ana", "once", "sha256:approved")
    assert (second["outcome"], second["attempts"], second["error"]) == ("skipped", 0, {"cause": "needs s1"})
    assert store.show("r_99") is None


async def test_history_is_newest_first_and_searchable(store: Store) -> None:
    first = await begun(store)
    second = await begun(store, plan(step("s1", "file.write")), request="write 100% of_it", session="s_2")
    assert [run.run for run in store.history()] == [second, first]
    assert [run.run for run in store.history(session="s_1")] == [first]
    assert [run.run for run in store.history(search="100% OF_it")] == [second]
    assert [run.run for run in store.history(search="100%it")] == []
    assert [run.run for run in store.history(search=first)] == [first]
    assert [run.run for run in store.history(operation="file")] == [second]
    assert [run.run for run in store.history(operation="docker.run")] == [first]
    assert [run.run for run in store.history(limit=1)] == [second]


async def test_events_are_numbered_without_gaps_and_progress_passes(store: Store, paths: StorePaths) -> None:
    run = await begun(store)
    passed = await store.append(event(run, EventType.STEP_PROGRESS), event(run), event(run, text="z\u00e9 \udcff"))
    assert [one.seq for one in passed] == [0, 3, 4]
    assert [one.seq for one in store.events(run)] == [1, 2, 3, 4]
    assert [one.data for one in store.events(run, after=3)] == [{"text": "z\u00e9 \udcff"}]
    for _ in range(3):
        await store.append(*(event(run, number=number) for number in range(400)))
    assert [one.seq for one in store.events(run)] == list(range(1, 1205))
    assert await store.append() == ()
    await store.close()
    with Store.open(paths) as again:
        assert len(list(again.events(run))) == 1204
        assert again.next_run_id() == "r_2"


async def test_what_is_no_utf8_is_kept_readable(store: Store) -> None:
    run = store.next_run_id()
    await store.start_run(record(run, request="name \udce9", user="an\udce9", cwd="/t/\udce9"))
    found = store.run(run)
    assert found is not None
    assert found.request == "name \ufffd"


async def test_requests_are_read_back_with_their_outcomes_but_not_what_led_back(store: Store) -> None:
    for text, ended in (("list pods", Outcome.DONE), ("stop web", Outcome.FAILED), ("list nodes", None)):
        run = store.next_run_id()
        await store.start_run(record(run, request=text))
        if ended is not None:
            await store.finish_run(run, ended, 0, None)
    await store.start_run(record(store.next_run_id(), request="undo", undo_of=run))
    assert [text for text, _ in store.requests()] == ["list pods", "stop web", "list nodes"]
    assert dict(store.requests())["stop web"] == "failed"
    assert [text for text, _ in store.requests(1)] == ["list nodes"]
