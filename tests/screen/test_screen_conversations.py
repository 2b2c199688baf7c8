"""The conversations of tests/planning/conversations.txt, typed into the app: each turn gives the same plan there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.session import Session
from reign_agents.settings import Decision, EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_executors.registry import default_registry
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from tests.planning.acted import acted
from tests.planning.test_planning_conversations import Conversation, conversations
from tests.planning.world import World
from tests.screen.conftest import Stage


def _for_the_app(turns: Conversation) -> bool:
    """Without what needs a failing system, a real way back or a secret that is hidden."""
    told = "\n".join(line for text, lines in turns for line in (text, *lines))
    return not any(word in told for word in ("undo ", "! ", "- ", "(ask)", "secret", "Secret", "= ", "» "))


CHOSEN = [turns for turns in conversations() if _for_the_app(turns)][:21]


def test_there_are_enough_conversations() -> None:
    assert len(CHOSEN) >= 21


async def _settled(stage: Stage, session: Session, before: int) -> None:
    """Approve whatever the turn asks for until nothing is under way."""
    desk = stage.app.conductor.desk

    def over() -> bool:
        return len(desk.runs) > before and not desk.working

    while not over():
        await stage.until(lambda: over() or session.pending())
        for approval in session.pending():
            await session.answer(approval.id, Decision.ONCE, approval.hash, confirm=approval.confirm)
        await stage.pilot.pause()


def _told(name: str, operation: str, fields: Mapping[str, Any], work: Path) -> str:
    """A step in one spelling, whatever defaults were written out: with its fields as the operation reads them."""
    read = default_registry().build(operation, fields).to_fields()
    return f"{name} {operation} {json.dumps(read, sort_keys=True, ensure_ascii=False)}".replace(f"{work}/", "")


def _expected(lines: list[str], work: Path) -> list[str]:
    steps = [line.partition(" < ")[0].split(" ", 2) for line in lines if line[:1] == "s" and line[1:2].isdigit()]
    return [_told(name, operation, json.loads(fields), work) for name, operation, fields in steps]


@pytest.mark.parametrize("turns", CHOSEN, ids=lambda turns: " / ".join(text for text, _ in turns))
async def test_a_conversation_in_the_app(turns: Conversation, tmp_path: Path) -> None:
    work = tmp_path / "work"
    for folder in ("ocr", "net", "live/eu", "envs/demo"):
        (work / folder).mkdir(parents=True)
        (work / folder / "main.tf").write_text("", "utf-8")
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as store:
        session = Session(store, EngineSettings(cwd=work), registry=acted(World()))
        app = ReignApp(lambda: session, AppConfig(), grace=0.0)
        stage = Stage(app, None)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 40)) as stage.pilot:
            await stage.until(lambda: app.ready)
            for text, expected in turns:
                before = len(app.conductor.desk.runs)
                await stage.send(text[2:])
                await _settled(stage, session, before)
                run = list(app.conductor.desk.runs.values())[-1]
                steps = [] if run.plan is None else run.plan.steps
                found = [_told(step.id, step.operation, step.fields, work) for step in steps]
                assert found == _expected(expected, work), text
                questions = [line[2:] for line in expected if line.startswith("? ")]
                for question in questions:
                    assert run.question is not None
                    assert question in run.question
