"""Every dialogue and conversation of the planning tables, typed into the app: each turn is the same there.

A few share an app, each as a conversation of its own (the palette's "New conversation").
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from textual import screen

from reign_agents.suggestions import gathering
from reign_executors.operation import JsonObject
from tests.planning.test_planning_conversations import conversations
from tests.planning.test_planning_dialogues import dialogues, looked
from tests.planning.world import World
from tests.screen.fake_session import FakeGatherer
from tests.screen.talking import Turns, talking

TOGETHER = 13
"""Dialogues that share an app."""


class Looked(World):
    """The systems of dialogues.txt, which plans don't change."""

    async def look(self, operation: str, fields: Mapping[str, Any]) -> JsonObject:
        try:
            return await looked(operation, fields)
        except KeyError as error:
            raise AssertionError(f"nobody asked for {operation} before") from error

    def apply(self, steps: object) -> None:
        return None


NOT_TYPED = {
    "orders in prod returns 500, why?": "its runs only looked: the app says that nothing is to be undone, the table "
    "has the wish alone",
    "deploy acme/shop:3 to staging with 2 replicas": "the runs of the table are never marked as undone, those of the "
    "app are: its “never mind” says so",
}
"""Dialogues, by their first words, that go another way over a store that knows how runs ended."""


def _why_not(turns: Turns) -> str | None:
    """Why these turns can't be typed here; None: they can."""
    told = "\n".join(line for text, lines in turns for line in (text, *lines))
    if "secret" in told.lower():
        return "the screen hides what is secret in its plan"
    return NOT_TYPED.get(turns[0][0][2:])


def shares(turns: list[Turns]) -> list[Any]:
    able = [one for one in turns if _why_not(one) is None]
    return [pytest.param(able[at : at + TOGETHER], id=f"from {at + 1}") for at in range(0, len(able), TOGETHER)]


SHORT = [[(f"> {text}", lines) for text, lines in turns] for turns in dialogues()]
LONG = conversations()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at real systems for the sake of suggestions, and fewer pictures a second than a person would like."""
    monkeypatch.setattr(gathering, "Gatherer", FakeGatherer)
    monkeypatch.setattr(screen, "UPDATE_PERIOD", 0.1)


def test_there_are_enough_of_them() -> None:
    assert sum(_why_not(turns) is None for turns in (*SHORT, *LONG)) >= 100


@pytest.mark.parametrize("share", shares(SHORT))
async def test_dialogues(share: list[Turns], tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        for folder, name in (("web", "Chart.yaml"), ("infra", "main.tf")):
            (talk.work / folder).mkdir()
            (talk.work / folder / name).write_text("name: web\nversion: 1.0.0\n" if folder == "web" else "", "utf-8")
        for turns in share:
            await talk.dialogue(turns, Looked())
    assert not talk.differing, "\n\n".join(["", *talk.differing])


@pytest.mark.parametrize("share", shares(LONG))
async def test_conversations(share: list[Turns], tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        for name in ("ocr", "net", "live/eu", "envs/demo"):
            (talk.work / name).mkdir(parents=True)
            (talk.work / name / "main.tf").write_text("", "utf-8")
        for turns in share:
            await talk.dialogue(turns, World())
    assert not talk.differing, "\n\n".join(["", *talk.differing])


async def test_a_new_conversation_means_nothing_of_the_one_before(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        talk.scene.world, talk.scene.fails, talk.scene.led_back = World(), False, False
        conductor, before = talk.app.conductor, talk.session.id
        await talk.stage.send("scale checkout in prod to 5")
        await talk.stage.until(talk.session.pending)
        conductor.act("begin_anew")
        assert "still under way" in talk.stage.notice
        assert talk.session.id == before
        await talk.ended()
        conductor.act("begin_anew")
        assert talk.session.id != before
        said = await talk.stage.said()
        assert "A new conversation" in said
        assert "scale checkout" not in said
        assert talk.app.main.plan.shown is None
        await talk.stage.send("do it again")
        await talk.stage.until(lambda: any(not run.live for run in conductor.desk.runs.values()))
        assert [run.question for run in conductor.desk.runs.values()] == [
            "There is no earlier request in this session to repeat."
        ]
        assert [record.request for record in talk.session.store.history()] == ["scale checkout in prod to 5"]
