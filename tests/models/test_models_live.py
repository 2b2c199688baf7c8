"""The vendors themselves, only where somebody names their models and has the keys:

    REIGN_LIVE=anthropic/NAME,openai/NAME,ollama/NAME pytest -m live tests/models

Keys come from ANTHROPIC_API_KEY and OPENAI_API_KEY, addresses from the vendors' own variables. Each test asks for a
few hundred tokens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import stamina

from reign_agents.investigation.loop import Investigation
from reign_agents.models.choice import language_model
from reign_agents.models.conversation import (
    Conversation,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed
from reign_agents.models.fitting import VENDORS
from reign_agents.planning.draft import PlanningContext
from reign_agents.settings import EngineSettings
from reign_executors.credentials import VARIABLES
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

pytestmark = pytest.mark.live
LOOK = Tool(
    "list_containers",
    "Lists the containers that run here",
    {"type": "object", "properties": {"all": {"type": "boolean", "description": "stopped ones, too"}}},
)


def chosen(vendor: str) -> str:
    """The model that ``REIGN_LIVE`` names for a vendor; the test is skipped where there is none, or no key."""
    named = [name.strip() for name in os.environ.get("REIGN_LIVE", "").split(",")]
    name = next((name for name in named if name.startswith(f"{vendor}/")), None)
    if name is None:
        pytest.skip(f"REIGN_LIVE names no model of {vendor}")
    if vendor != "ollama" and not key(vendor):
        pytest.skip(f"{VARIABLES[vendor][0]} is not set")
    return name


def key(vendor: str) -> str | None:
    return next((os.environ[name] for name in VARIABLES[vendor] if os.environ.get(name)), None)


@pytest.fixture(params=VENDORS)
def live(request: pytest.FixtureRequest) -> LanguageModel:
    stamina.set_testing(False)
    return language_model(chosen(request.param), key)


@pytest.fixture
def context(tmp_path: Path) -> PlanningContext:
    async def look(operation: str, fields: object) -> JsonObject:
        return {"containers": [{"name": "checkout", "state": "exited", "exit_code": 137, "oom_killed": True}]}

    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


async def test_it_answers_in_words(live: LanguageModel) -> None:
    asked = Conversation("Answer with one word.", (Message("user", "Which colour has a clear sky?"),), max_tokens=1024)
    pieces = [piece async for piece in live.stream(asked)]
    text = "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))
    assert "blue" in text.lower()
    assert pieces[-1] == Stop("end")
    usage = sum((piece for piece in pieces if isinstance(piece, Usage)), Usage())
    assert usage.input + usage.cached + usage.stored > 5
    assert usage.output > 0


async def test_it_calls_a_tool_and_hears_its_answer(live: LanguageModel) -> None:
    system = "Use the tool before you answer. Then name the container in one word."
    turns = [Message("user", "Which container runs here?")]
    pieces = [piece async for piece in live.stream(Conversation(system, tuple(turns), max_tokens=1024), [LOOK])]
    calls = tuple(piece for piece in pieces if isinstance(piece, ToolCall))
    assert calls
    assert calls[0].name == LOOK.name
    turns.append(Message("assistant", "", calls))
    turns += [Message("tool", json.dumps(["zebra-7"]), answers=call.id) for call in calls]
    pieces = [piece async for piece in live.stream(Conversation(system, tuple(turns), max_tokens=1024), [LOOK])]
    assert "zebra-7" in "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


async def test_it_takes_all_tools_and_looks_before_it_speaks(live: LanguageModel, context: PlanningContext) -> None:
    looked: list[str] = []
    found = await Investigation(live, context, said=looked.append).run("why did the container checkout stop?")
    assert any("docker." in line for line in looked)
    told = f"{found.answer} {found.findings} {found.steps} {found.question}".lower()
    assert "memory" in told or "137" in told or "oom" in told


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_wrong_name_is_told_in_words(vendor: str) -> None:
    chosen(vendor)
    nobody = language_model(f"{vendor}/reign-no-such-model", key)
    with pytest.raises(ModelFailed, match=r"no such model|refused"):
        await anext(aiter(nobody.stream(Conversation("s", (Message("user", "hello"),)))))


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
async def test_a_wrong_key_is_told_in_words(vendor: str) -> None:
    name = chosen(vendor)
    wrong: Callable[[str], str] = lambda _vendor: "sk-wrong"  # noqa: E731 - a key in one line
    with pytest.raises(ModelFailed, match="the key was refused"):
        await anext(aiter(language_model(name, wrong).stream(Conversation("s", (Message("user", "hello"),)))))
