"""Finding what was done before by words."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.events import Outcome
from reign_agents.store.recall import words_of
from reign_agents.store.store import Store
from tests.store.store_samples import begun, intent, outcome, plan, step


async def done(store: Store, request: str, operation: str, end: Outcome = Outcome.DONE, **fields: Any) -> str:
    run = await begun(store, plan(step("s1", operation, **fields), request=request), request=request)
    await store.intent(intent(run, operation=operation, fields={}))
    error = None if end is Outcome.DONE else {"cause": "port 8080 is taken by nginx"}
    await store.outcome(outcome(run, outcome=end, error=error))
    return run


async def test_words_lead_to_steps_best_first(store: Store) -> None:
    nginx = await done(store, "run nginx as web", "docker.run", image="nginx:1.27", ports=[8080])
    failed = await done(store, "run nginx as web", "docker.run", Outcome.FAILED, image="nginx:1.27")
    café = await done(store, "write the menu of the Café", "file.write", path="/srv/menu.txt", mode=0o644, new=True)
    assert [found.run for found in store.recall("nginx web")] == [nginx, failed]
    assert [found.run for found in store.recall("port taken")] == [failed]
    assert [found.run for found in store.recall("cafe menu")] == [café]
    assert [found.run for found in store.recall("what did I write to /srv/menu.txt?")] == [café]
    assert [found.run for found in store.recall("file.write")] == [café]
    assert {found.run for found in store.recall("8080")} == {nginx, failed}
    assert [found.run for found in store.recall("ngi")] == [nginx, failed]
    best = store.recall("menu nginx kubernetes")
    assert {found.run for found in best} == {nginx, failed, café}
    (only,) = store.recall("failed nginx", limit=1)
    assert (only.run, only.step, only.operation, only.outcome) == (failed, "s1", "docker.run", "failed")
    assert only.matched == 2


async def test_the_same_again_comes_once_and_a_retry_replaces(store: Store) -> None:
    await done(store, "run nginx", "docker.run")
    last = await done(store, "run nginx", "docker.run")
    assert [found.run for found in store.recall("nginx")] == [last]
    await store.intent(intent(last, attempt=2))
    await store.outcome(outcome(last, attempt=2, outcome=Outcome.FAILED))
    assert {(found.run, found.outcome) for found in store.recall("nginx")} == {(last, "failed"), ("r_1", "done")}


@pytest.mark.parametrize(
    "words", ["", "   ", "\"'*^:()-", "NEAR(", 'a" OR "b', "x AND", "nginx*", "\x00", "🦀", "é" * 500]
)
async def test_any_words_are_only_words(store: Store, words: str) -> None:
    await done(store, "run nginx", "docker.run")
    assert len(store.recall(words)) <= 1
    assert store.recall("nginx", limit=0) == []


def test_small_words_do_not_count_unless_they_are_all() -> None:
    assert words_of("What did I do to the Database database?") == ["database"]
    assert words_of("who is it") == ["who", "is", "it"]
    assert len(words_of(" ".join(f"w{n}" for n in range(50)))) == 12
