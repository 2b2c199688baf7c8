"""``reign-tui cost``, budgets in the settings, and what headless commands do where a budget would be passed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pexpect
import pytest

from reign_agents.events import Event, EventType, now
from reign_agents.store.records import RunRecord
from reign_agents.store.spending import Asking, Settled
from reign_agents.store.store import Store, StorePaths
from reign_tui.cli.cost import since_of
from reign_tui.cli.failure import Stopped
from reign_tui.config import LoadedConfig, load_config
from reign_tui.paths import find_paths
from tests.cli.conftest import Reign

SOL = "openai/gpt-6.2-sol"
Opened = Callable[[], Store]


@pytest.fixture
def opened(reign_home: Path) -> Opened:
    return lambda: Store.open(StorePaths(data=find_paths().data, state=find_paths().state))


@pytest.fixture
def spent(opened: Opened) -> None:
    """Two answers in two sessions: one known, one with an estimate, an unknown price and one that was cut off."""

    async def write(store: Store) -> None:
        run = RunRecord("r_1", "p_1", "deploy it", "deploy", None, "ana", "s_1", now())
        await store.start_run(run, Event("r_1", EventType.RUN_STARTED, {}, seq=1))
        first = await store.spending.reserve(Asking(SOL, "s_1", "p_1", "r_1", 10**10))
        assert isinstance(first, int)
        await store.spending.settle(first, Settled("whole", 1200, 300, 4000, 800, cost=7_800_000_000))
        second = await store.spending.reserve(Asking("openai/mystery", "s_2", "p_2"))
        assert isinstance(second, int)
        await store.spending.settle(second, Settled("broke_off", 500, 20, estimated=True))
        await store.spending.reserve(Asking("anthropic/claude-opus-5-5", "s_2", "p_2", None, 10**11))

    with opened() as store:
        asyncio.run(write(store))


def test_nothing_yet(reign: Reign) -> None:
    assert reign("cost").out == "no model was asked yet\n"
    (total,) = reign("cost", "--json").rows
    assert (total["by"], total["cost"], total["requests"], total["budget"]) == ("total", 0.0, 0, {})


@pytest.mark.usefixtures("spent")
def test_by_day_is_what_comes_unasked(reign: Reign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REIGN_BUDGET", "day=20,answer=0.5")
    said = reign("cost")
    assert said.code == 0
    assert "DAY (UTC)" in said.out
    assert "$0.0078+? in all, in US dollars" in said.out
    assert "no price is known for 1 request (520 tokens)" in said.out
    assert "at most $0.1000 more" in said.out
    assert "budget of an answer: $0.50\n" in said.out
    assert "budget of a day: $20.00, $0.1078 of it spent today (UTC)" in said.out
    day, total = reign("cost", "--json").rows
    assert (day["by"], day["key"], day["answers"], day["requests"]) == ("day", now()[:10], 2, 3)
    assert day["tokens"] == {"input": 1700, "output": 320, "cached": 4000, "stored": 800}
    assert (day["cost"], day["unpriced"], day["broke_off"]) == (0.0078, {"requests": 1, "tokens": 520}, 1)
    assert day["open"] == {"requests": 1, "most": 0.1}
    assert total["budget"] == {"answer": {"limit": 0.5, "spent": None}, "day": {"limit": 20.0, "spent": 0.1078}}


@pytest.mark.usefixtures("spent")
def test_by_answer_session_and_model(reign: Reign) -> None:
    later, first, _ = reign("cost", "--by", "answer", "--json").rows
    assert (first["key"], first["run"], first["request"], first["session"]) == ("p_1", "r_1", "deploy it", "s_1")
    assert (later["key"], later["run"], later["models"]) == (
        "p_2",
        None,
        ["anthropic/claude-opus-5-5", "openai/mystery"],
    )
    assert [row["key"] for row in reign("cost", "--by", "session", "--json").rows] == ["s_2", "s_1", None]
    models = reign("cost", "--by", "model", "--json").rows
    assert models[0]["key"] == SOL  # the dearest first
    assert {row["key"]: row["cost"] for row in models}["openai/mystery"] is None
    for by, said in (("answer", "r_1 deploy it"), ("session", "s_2"), ("model", "openai/mystery")):
        assert said in reign("cost", "--by", by).out
    assert len(reign("cost", "--by", "model", "--limit", "1", "--json").rows) == 2


@pytest.mark.usefixtures("spent")
def test_since(reign: Reign) -> None:
    assert len(reign("cost", "--since", "1h", "--json").rows) == 2
    (total,) = reign("cost", "--since", "2999-01-01", "--json").rows
    assert (total["requests"], total["since"]) == (0, "2999-01-01T00:00:00.000Z")
    assert reign("cost", "--since", "2999-01-01").out.startswith("no model was asked since then")


def test_times_as_people_write_them() -> None:
    noon = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    assert since_of("today", noon) == "2026-11-21T00:00:00.000Z"
    assert since_of("7d", noon) == "2026-11-14T12:30:00.000Z"
    assert since_of("90m", noon) == "2026-11-21T11:00:00.000Z"
    assert since_of("2026-11-01T08:00:00+02:00", noon) == "2026-11-01T06:00:00.000Z"
    for wrong in ("yesterday", "7 years", "2026-13-01", "999999w", ""):
        with pytest.raises(Stopped, match="that is no time"):
            since_of(wrong, noon)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "soon"], "that is no time"),
        (["--by", "week"], "invalid choice"),
        (["--limit", "0"], "must be a number from 1"),
        (["--max-cost", "lots"], "--max-cost must be an amount in dollars"),
    ],
)
def test_wrong_words(reign: Reign, words: list[str], said: str) -> None:
    answer = reign("cost", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_prices_with_their_days(reign: Reign) -> None:
    find_paths().config_file.parent.mkdir(parents=True)
    find_paths().config_file.write_text('[prices."openai/our-model"]\ninput = 1\noutput = 2\n')
    said = reign("cost", "--prices").out
    assert "openai/our-model" in said
    assert "yours" in said
    assert "https://platform.claude.com/docs/en/about-claude/pricing" in said
    rows = {row["model"]: row for row in reign("cost", "--prices", "--json").rows}
    assert rows[SOL]["cache_read"] == 0.1
    assert rows[SOL]["long"]["over"] == 272_000
    assert rows[SOL]["checked"] == "2026-11-18"
    assert rows["openai/our-model"]["checked"] is None
    shown = {row["name"]: row["value"] for row in json.loads(reign("config", "--json").out)["settings"]}
    assert shown["prices"]["openai/our-model"]["output"] == 2.0


# settings -----------------------------------------------------------------------------------------------------------


def loaded(project: Path, text: str, **environment: str) -> LoadedConfig:
    file = find_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return load_config({}, cwd=project, environment=environment, paths=find_paths())


def test_a_project_only_lowers_a_budget_and_sets_no_price(reign_home: Path, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".reign.toml").write_text("[budget]\nday = 50\nsession = 1\n[prices.'openai/x']\ninput = 0\noutput = 0\n")
    found = loaded(folder, "[budget]\nday = 20\nanswer = 0.5\n")
    assert found.config.budget == {"day": 20, "answer": Decimal("0.5"), "session": 1}
    assert found.config.prices == {}
    assert any("may only tighten" in warning for warning in found.warnings)
    assert loaded(folder, "", REIGN_BUDGET="day=5").config.budget == {"day": 5, "session": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget]\nweek = 5\n", "budget must give dollars for answer, session or day"),
        ("x = 1\n[budget]\nday = -1\n", "line 3: budget: day must be an amount in dollars"),
        ("budget = 5\n", "budget must give dollars"),
        ("prices = 5\n", "prices must be tables named after models"),
        ("[prices.'gpt']\ninput = 1\noutput = 1\n", "line 1: prices: gpt must be anthropic/MODEL"),
        ("[prices.'openai/x']\ninput = 1\n", "prices: openai/x needs output"),
        ("[prices]\n'openai/x' = 5\n", "line 2: prices: openai/x must be a table"),
    ],
)
def test_settings_that_do_not_fit_are_named(reign_home: Path, folder: Path, text: str, said: str) -> None:
    found = loaded(folder, text)
    assert any(said in warning for warning in found.warnings), found.warnings
    assert not found.config.budget
    assert not found.config.prices


# where a budget would be passed -------------------------------------------------------------------------------------


@pytest.fixture
def poor(reign_home: Path, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> None:
    """A model is preferred, nobody answers there, and nothing may be spent."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{free_port()}/v1")
    monkeypatch.setenv("REIGN_MODEL", SOL)
    monkeypatch.setenv("REIGN_PREFER", "model")
    monkeypatch.setenv("REIGN_BUDGET", "day=0.001")


@pytest.mark.usefixtures("poor")
def test_headless_stops_with_what_would_have_been_asked(reign: Reign, folder: Path) -> None:
    said = reign("run", "--json", "--approve", "destroy", "create file notes.txt with content hello")
    assert said.code == 3
    (question,) = [row["data"] for row in said.rows if row["type"] == "question"]
    assert question["budget"]["kind"] == "day"
    assert question["budget"]["limit"] == 0.001
    assert question["budget"]["most"] > 0.001
    assert question["planner"] is None
    assert said.end["outcome"] == "stopped"
    assert "Nobody is here to say" in said.end["answer"]
    assert not (folder / "notes.txt").exists()

    planned = reign("plan", "--json", "create file notes.txt with content hello")
    (row,) = planned.rows
    assert (planned.code, row["kind"], row["budget"]["model"]) == (3, "budget", SOL)
    words = reign("plan", "create file notes.txt with content hello")
    assert (words.code, words.out) == (3, "")
    assert "a higher budget.day in the settings allows it" in words.err


@pytest.mark.usefixtures("poor")
def test_a_home_that_cannot_be_written_is_said_to_count_alone(
    reign: Reign, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("REIGN_HOME", str(folder / "file" / "home"))
    (folder / "file").write_text("no folder")
    said = reign("plan", "create file notes.txt with content hello")
    assert "warning: the budget of a day holds this process alone" in said.err
    assert "REIGN_HOME" in said.err
    assert "holds this process alone" not in reign("--offline", "plan", "create file a.txt with content hello").err


@pytest.mark.usefixtures("poor")
def test_the_command_line_says_how_much(reign: Reign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REIGN_BUDGET")
    said = reign("plan", "--max-cost", "0.01", "create file notes.txt with content hello")
    assert said.code == 3
    assert "Of --max-cost $0.01" in said.err
    assert reign("plan", "--max-cost", "0", "--offline", "create file notes.txt with content hello").code == 0


@pytest.mark.terminal
@pytest.mark.usefixtures("poor")
def test_at_a_terminal_no_plans_offline(reign: Reign, folder: Path) -> None:
    import os
    import sys

    child: Any = pexpect.spawn(
        sys.executable,
        ["-m", "reign_tui", "run", "create file notes.txt with content hello"],
        env={**os.environ, "TERM": "xterm"},
        cwd=str(folder),
        encoding="utf-8",
        dimensions=(40, 200),
        timeout=30,
    )
    try:
        child.expect_exact("Yes raises it to ")
        child.expect_exact("Go on? [y/N] ")
        child.sendline("")
        child.expect_exact("planned offline")
        child.expect_exact("Approve s1? [y/N] ")
        child.sendline("y")
        child.expect(pexpect.EOF)
    finally:
        child.close()
    assert child.exitstatus == 0
    assert (folder / "notes.txt").read_text() == "hello\n"


BAD_PRICE = """\
[prices.'openai/good']
input = 1
output = 2
[prices.'openai/bad']
input = -1
output = 2
"""


def test_one_bad_price_leaves_the_others(
    reign: Reign, reign_home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded(folder, BAD_PRICE)
    assert list(found.config.prices) == ["openai/good"]
    assert any("line 4: prices: openai/bad needs a price" in warning for warning in found.warnings), found.warnings
    assert "openai/bad" in reign("cost").err
    assert "openai/bad" in reign("cost", "--prices", "--json").err
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    checks = {check["id"]: check for check in json.loads(reign("doctor", "--json").out)["checks"]}
    assert checks["settings"]["status"] == "warn"
    assert "openai/bad" in checks["settings"]["detail"]
    assert str(find_paths().config_file) in checks["settings"]["fix"]


@pytest.mark.usefixtures("spent")
def test_a_run_shows_what_planning_it_cost(reign: Reign) -> None:
    (shown,) = reign("show", "r_1", "--json").rows
    assert (shown["planning"]["models"], shown["planning"]["cost"]) == ([SOL], 0.0078)
    assert (
        "planning cost $0.0078: openai/gpt-6.2-sol, 1 request, 6k tokens read, 300 written" in reign("show", "r_1").out
    )


def test_a_run_planned_offline_shows_no_cost(reign: Reign) -> None:
    reign("run", "list the files here")
    assert reign("show", "last", "--json").rows[0]["planning"] is None
    assert "planning cost" not in reign("show", "last").out
