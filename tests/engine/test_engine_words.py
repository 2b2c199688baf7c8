"""What a person says against a plan goes back to planning, on real files."""

from __future__ import annotations

from pathlib import Path

from reign_agents.session import Session
from reign_agents.settings import Decision, EngineSettings
from reign_agents.store.store import Store
from tests.engine.conftest import until


async def test_a_rejection_with_words_plans_what_is_wanted_instead(store: Store, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    session = Session(store, EngineSettings(cwd=work, user="ana"))
    events = session.subscribe()
    run = await session.ask("create file notes.txt with content hello")
    await until(events, "approval.requested")
    first = session.pending()[0]
    await session.answer(first.id, Decision.REJECT, first.hash, words="call it other.txt")
    new = await session.follower(run)
    assert new is not None
    await until(events, "approval.requested")
    second = session.pending()[0]
    assert second.run == new
    await session.answer(second.id, Decision.ONCE, second.hash)
    assert (await session.wait(new)).exit == 0
    assert [path.name for path in work.iterdir()] == ["other.txt"]
    answered = next(event for event in store.events(run) if event.type.value == "approval.answered")
    assert (answered.data["decision"], answered.data["words"]) == ("reject", "call it other.txt")
    await session.close()
