"""Whatever is typed: a draft comes back or a typed error; steps are always valid and acyclic."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reign_agents.general import plan_of
from reign_agents.plan.graph import validated
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.literal import literal
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import wishes
from reign_executors.errors import OperationError

LISTED = Path(__file__).with_name("requests.txt")
WORDS = sorted(
    {word for line in LISTED.read_text("utf-8").splitlines() if line.startswith("> ") for word in line[2:].split()}
)

mixed = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
anything = st.one_of(st.text(max_size=80), mixed, st.tuples(mixed, st.text(max_size=12), mixed).map("".join))
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=250, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(text=anything)
async def test_any_text_gives_a_draft(context: PlanningContext, text: str) -> None:
    try:
        draft = await OfflinePlanner().draft(text, context)
        if draft.steps:
            validated(plan_of(draft, text), context.registry)
    except OperationError:
        return
    assert draft.steps or draft.question or draft.answer or draft.undo


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=anything)
def test_reading_takes_any_text(text: str) -> None:
    literal(text)
    for wish in wishes(text):
        wish.scan().words()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(alphabet=st.characters(blacklist_categories=["Cs", "Co"]), max_size=40))
def test_what_is_quoted_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    assert Scan(f'write "{escaped}" to x.txt').quoted() == [text]


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "run " * 5_000, '"' * 10_000, "(" * 9_999, "- " * 20_000, "`a` " * 6_000]
)
async def test_long_texts_are_read_in_time(context: PlanningContext, text: str) -> None:
    draft = await OfflinePlanner().draft(text, context)
    assert draft.question is not None or draft.steps
