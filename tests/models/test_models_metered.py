"""What every request costs is written down, and held against a budget before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stamina

from reign_agents.models import clock
from reign_agents.models.billing import Bill, billed
from reign_agents.models.budget import Budget, BudgetQuestion, BudgetStop, OverBudget
from reign_agents.models.clock import limited, stopped
from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed, StreamBroken, by_status, unreachable
from reign_agents.models.fake import FakeModel, Turn
from reign_agents.models.metered import Meter, MeteredModel, size_of
from reign_agents.models.prices import Prices, dollars, price_of, trillionths
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.settings import EngineSettings
from reign_agents.store.errors import StoreError
from reign_agents.store.spending import Asking, Limit, Passed, Spent
from reign_agents.store.store import Store, StorePaths
from reign_executors.registry import default_registry

SOL = "openai/gpt-6.2-sol"
HELLO = Conversation("You are a test.", (Message("user", "hello"),), max_tokens=1000)
ANSWER: Turn = [TextDelta("hello yourself"), Usage(1200, 300, 4000, 800), Stop("end")]
COST = Decimal("0.0024") + Decimal("0.003") + Decimal("0.0004") + Decimal("0.002")
"""Of :data:`ANSWER` by that model."""
MOST = Decimal("0.012545")
"""Of asking :data:`HELLO`."""
MINE = Bill("s_1", "p_1", "r_1")


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as opened:
        yield opened


class Person:
    """Gives the answers in turn; then no."""

    def __init__(self, *answers: bool) -> None:
        self.asked: list[BudgetQuestion] = []
        self._answers = list(answers)

    async def __call__(self, question: BudgetQuestion) -> bool:
        self.asked.append(question)
        return self._answers.pop(0) if self._answers else False


def metered(store: Store, *turns: Turn, name: str = SOL, **more: Any) -> MeteredModel:
    budget, own = more.pop("budget", Budget()), more.pop("own", {})
    return MeteredModel(FakeModel(*turns, name=name), Meter(store, Prices(own), budget, **more))


async def heard(model: MeteredModel, bill: Bill = MINE, conversation: Conversation = HELLO) -> list[Delta]:
    with billed(bill):
        return [piece async for piece in model.stream(conversation)]


def total(store: Store) -> Spent:
    found = store.spending.total()
    assert found is not None
    return found


async def test_an_answer_is_written_down_with_its_tokens_and_cost(store: Store) -> None:
    changed: list[str | None] = []
    bill = Bill("s_1", "p_1", "r_1")
    model = metered(store, ANSWER, changed=changed.append)
    assert await heard(model, bill) == list(ANSWER)
    (answer,) = store.spending.by("answer")
    assert (answer.key, answer.session, answer.run, answer.models) == ("p_1", "s_1", "r_1", (SOL,))
    assert (answer.input, answer.output, answer.cached, answer.stored) == (1200, 300, 4000, 800)
    assert (dollars(answer.cost), answer.requests, answer.broke_off, answer.estimated) == (COST, 1, 0, 0)
    assert changed == ["s_1"]
    assert bill.charges[SOL].cost == COST
    assert bill.charges[SOL].words == "$0.0078"


async def test_several_requests_are_one_answer(store: Store) -> None:
    model = metered(store, ANSWER)
    await heard(model)
    await heard(model)
    await heard(model, Bill("s_1", "p_2"))
    assert [(one.key, one.requests) for one in store.spending.by("answer")] == [("p_2", 1), ("p_1", 2)]
    (session,) = store.spending.by("session")
    (day,) = store.spending.by("day")
    assert session.answers == day.answers == 2
    assert dollars(day.cost) == 3 * COST
    assert store.spending.of_run("r_1") is not None
    assert store.spending.of_run("r_7") is None


async def test_an_answer_that_breaks_off_is_paid_for_too(store: Store) -> None:
    half: Turn = [Usage(1200, 0, 4000, 800), TextDelta("x" * 1000), ConnectionError("gone")]
    with pytest.raises(StreamBroken):
        await heard(metered(store, half))
    found = total(store)
    assert (found.input, found.cached, found.stored, found.broke_off, found.estimated) == (1200, 4000, 800, 1, 1)
    assert found.output == 280  # from its length
    assert dollars(found.cost) == COST - Decimal("0.0002")


async def test_what_the_vendor_does_not_tell_is_estimated(store: Store) -> None:
    await heard(metered(store, [TextDelta("x" * 100), ToolCall("c", "look", {"all": True}), Stop("tools")]))
    found = total(store)
    assert (found.broke_off, found.estimated) == (0, 1)
    assert 0 < found.input < 100
    assert found.output > 28


async def test_leaving_an_answer_is_written_down(store: Store) -> None:
    with billed(MINE):
        async with aclosing(metered(store, ANSWER).stream(HELLO)) as pieces:  # type: ignore[type-var]
            async for _piece in pieces:
                break
    found = total(store)
    assert (found.broke_off, found.estimated, found.open) == (1, 1, 0)


async def test_a_cancelled_answer_is_written_down(store: Store) -> None:
    begun = asyncio.Event()

    class Slow(FakeModel):
        async def pieces(self, conversation: Conversation, tools: Any) -> Any:
            yield Usage(500)
            begun.set()
            await asyncio.Event().wait()

    model = MeteredModel(Slow(name=SOL), Meter(store, Prices({}), Budget()))
    task = asyncio.create_task(heard(model))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = total(store)
    assert (found.input, found.output, found.broke_off, found.open) == (500, 0, 1, 0)


@pytest.mark.parametrize(
    "failure", [by_status(SOL, 401, "", None), by_status(SOL, 500, "", None), unreachable(SOL, "")]
)
async def test_a_request_that_is_refused_costs_nothing(store: Store, failure: Exception) -> None:
    with pytest.raises(ModelFailed):
        await heard(metered(store, [failure]))
    assert store.spending.total() is None


async def test_cancelled_before_it_was_sent_leaves_nothing_put_aside(store: Store) -> None:
    model = metered(store, ANSWER)
    task = asyncio.create_task(heard(model))
    await asyncio.sleep(0)  # the amount is being put aside
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.spending.total() is None


async def test_silence_is_paid_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(FakeModel):
        async def pieces(self, conversation: Conversation, tools: Any) -> Any:
            await asyncio.Event().wait()
            yield Stop("end")

    monkeypatch.setattr(LanguageModel, "silence", 0.01)
    model = MeteredModel(Silent(name=SOL), Meter(store, Prices({}), Budget()))
    with pytest.raises(ModelFailed, match="said nothing"):
        await heard(model)
    assert (total(store).requests, total(store).broke_off) == (1, 1)


async def test_tokens_that_come_before_the_answer_begin_nothing(store: Store) -> None:
    """An attempt that fails after it told its tokens is asked for again, and its tokens are paid for."""
    again: Turn = [Usage(1200), by_status(SOL, 503, "", None)]
    pieces = await heard(metered(store, again, ANSWER))
    assert pieces[-1] == Stop("end")
    assert total(store).input == 2400
    assert sum((one for one in pieces if isinstance(one, Usage)), Usage()).input == 2400


async def test_an_unknown_price_is_unknown(store: Store) -> None:
    bill = Bill("s_1", "p_1")
    await heard(metered(store, ANSWER, name="openai/mystery"), bill)
    found = total(store)
    assert (found.cost, found.unpriced, found.unpriced_tokens) == (0, 1, 6300)
    assert bill.charges["openai/mystery"].words == "cost unknown"


async def test_the_persons_price_counts(store: Store) -> None:
    own = {"openai/mystery": price_of({"input": 1, "output": 2})}
    await heard(metered(store, ANSWER, name="openai/mystery", own=own))
    assert dollars(total(store).cost) == Decimal("0.0066")


# budgets ------------------------------------------------------------------------------------------------------------


def test_the_most_a_request_may_cost_is_reckoned_from_all_that_is_sent() -> None:
    tool = Tool("look", "Looks.", {"type": "object"})
    bare = size_of(HELLO, ())
    assert bare == len("You are a test.hello") + 16
    assert size_of(HELLO, (tool,)) == bare + len("look") + len("Looks.") + len('{"type": "object"}')
    assert size_of(Conversation("", (Message("user", "ü€"),)), ()) == 5 + 16


@pytest.mark.parametrize("kind", ["answer", "session", "day", "command"])
async def test_where_nobody_can_be_asked_the_budget_holds(store: Store, kind: str) -> None:
    model = metered(store, ANSWER, budget=Budget(**{kind: COST + MOST}))
    await heard(model)  # exactly up to the limit
    await heard(model)
    with pytest.raises(BudgetStop) as stop:
        await heard(model)
    question = stop.value.question
    assert (question.kind, question.model, question.spent) == (kind, SOL, 2 * COST)
    assert question.most == MOST
    assert "Nobody is here" in str(stop.value)
    assert question.to_json()["limit"] == float(COST + MOST)
    assert total(store).requests == 2


@pytest.mark.parametrize("kind", ["answer", "session", "day", "command"])
async def test_a_yes_raises_the_limit_and_says_how_far(store: Store, kind: str) -> None:
    person = Person(True)
    model = metered(store, ANSWER, budget=Budget(**{kind: Decimal("0.01")}), ask=person)
    await heard(model)
    (question,) = person.asked
    assert question.raised == Decimal("0.01") + MOST
    assert "$0.02" in question.means
    await heard(model)
    with pytest.raises(OverBudget):
        await heard(model, Bill("s_1", "p_1"))  # now the raised limit would be passed
    assert len(person.asked) == 2


async def test_another_answer_has_its_own_budget(store: Store) -> None:
    model = metered(store, ANSWER, budget=Budget(answer=MOST))
    await heard(model, Bill("s_1", "p_1"))
    await heard(model, Bill("s_1", "p_2"))
    with pytest.raises(BudgetStop):
        await heard(model, Bill("s_1", "p_2"))


async def test_after_a_no_the_rest_of_the_answer_asks_nobody(store: Store) -> None:
    person, bill = Person(False), Bill("s_1", "p_1")
    model = metered(store, ANSWER, budget=Budget(day=Decimal(0)), ask=person)
    for _ in range(2):
        with pytest.raises(OverBudget, match="no budget was to be passed"):
            await heard(model, bill)
    assert len(person.asked) == 1
    free = metered(store, ANSWER, name="ollama/llama3", budget=Budget(day=Decimal(0)), ask=person)
    await heard(free, bill)
    assert len(person.asked) == 1
    assert store.spending.total() is not None


async def test_no_budget_holds_a_model_without_a_price(store: Store) -> None:
    with pytest.raises(BudgetStop, match="not known"):
        await heard(metered(store, ANSWER, name="openai/mystery", budget=Budget(day=Decimal(5))))
    person = Person(True)
    model = metered(store, ANSWER, name="openai/mystery", budget=Budget(day=Decimal(5)), ask=person)
    await heard(model)
    await heard(model)
    (question,) = person.asked
    assert (question.kind, question.limit, question.most) == ("unpriced", None, None)
    assert "[prices." in question.way_out
    assert "counted" in question.means


async def test_two_processes_share_the_day(store: Store, tmp_path: Path) -> None:
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as other:
        budget = Budget(day=COST + MOST)
        await heard(metered(store, ANSWER, budget=budget), Bill("s_1", "p_1"))
        await heard(metered(other, ANSWER, budget=budget), Bill("s_2", "p_2"))
        with pytest.raises(BudgetStop, match="today's budget"):
            await heard(metered(store, ANSWER, budget=budget), Bill("s_3", "p_3"))


async def test_what_is_under_way_counts(store: Store) -> None:
    """Requests at the same time, each within the budget, together not."""
    held, going = asyncio.Event(), asyncio.Event()

    class Waits(FakeModel):
        async def pieces(self, conversation: Conversation, tools: Any) -> Any:
            going.set()
            await held.wait()
            for piece in ANSWER:
                yield piece

    for budget in (Budget(day=MOST * 3 / 2), Budget(command=MOST * 3 / 2)):
        meter = Meter(store, Prices({}), budget)
        before = trillionths(MOST) + store.spending.spent("day", "")
        first = asyncio.create_task(heard(MeteredModel(Waits(name=SOL), meter)))
        await going.wait()
        assert store.spending.spent("day", "") == before
        with pytest.raises(BudgetStop):
            await heard(MeteredModel(FakeModel(ANSWER, name=SOL), meter))
        held.set()
        await first
        held.clear()
        going.clear()
        await store.spending.drop(1)


async def test_one_question_at_a_time_and_one_yes_for_all_who_wait(store: Store) -> None:
    asked: list[BudgetQuestion] = []
    release = asyncio.Event()

    async def person(question: BudgetQuestion) -> bool:
        asked.append(question)
        await release.wait()
        return True

    meter = Meter(store, Prices({}), Budget(session=MOST / 2), ask=person)
    models = [MeteredModel(FakeModel(ANSWER, name="openai/mystery"), meter) for _ in range(3)]
    tasks = [asyncio.create_task(heard(model)) for model in models]
    while not asked:
        await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*tasks)
    assert len(asked) == 1


async def test_a_person_may_think_as_long_as_they_like(store: Store) -> None:
    due: list[float | None] = []

    async def person(_question: BudgetQuestion) -> bool:
        limit = clock._LIMIT.get()
        assert limit is not None
        due.append(limit.when())
        return True

    model = metered(store, ANSWER, budget=Budget(day=Decimal(0)), ask=person)
    async with limited(60):
        await heard(model)
    assert due == [None]
    with stopped():
        pass  # no limit is running


async def test_after_the_question_the_limit_goes_on() -> None:
    async def work() -> None:
        async with limited(0.01):
            with stopped():
                await asyncio.sleep(0.02)
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await work()


async def test_without_a_budget_a_store_that_fails_stops_nobody(tmp_path: Path) -> None:
    said: list[str] = []
    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    model = metered(store, ANSWER, say=said.append)
    held = metered(store, ANSWER, budget=Budget(day=Decimal(5)))
    await store.close()
    assert (await heard(model))[-1] == Stop("end")
    assert len(said) == 1
    assert "written down" in said[0]
    with pytest.raises(StoreError):
        await heard(held)


async def test_reservations_of_many_at_once_never_pass_the_limit(store: Store) -> None:
    limit = (Limit("day", 1000),)
    found = await asyncio.gather(*(store.spending.reserve(Asking(SOL, most=300), limit) for _ in range(20)))
    assert sum(isinstance(one, int) for one in found) == 3
    assert {one.spent for one in found if isinstance(one, Passed)} == {900}


def test_names_of_the_way_out() -> None:
    question = BudgetQuestion("command", SOL, Decimal(1), Decimal("0.5"), Decimal(2), Decimal(3))
    assert question.words == (
        "Of --max-cost $1.00, $0.50 is spent; asking openai/gpt-6.2-sol may cost up to $2.00 more."
    )
    assert "--max-cost" in question.way_out
    assert "budget.day" in BudgetQuestion("day", SOL).way_out


# with the planner ---------------------------------------------------------------------------------------------------


async def planned(
    store: Store, tmp_path: Path, ask: Person | None, *names: str, told: Usage | None = None
) -> tuple[Draft, list[str]]:
    """A draft by a chain of these models within a budget of nothing, and what was said."""
    meter = Meter(store, Prices({}), Budget(day=Decimal(0)), ask=ask)
    said: list[str] = []

    async def look(_operation: str, _fields: Any) -> dict[str, Any]:
        return {}

    def make(name: str) -> MeteredModel:
        return MeteredModel(FakeModel([TextDelta("it hums"), told or Usage(10, 5), Stop("end")], name=name), meter)

    planner = ModelPlanner(names, make, say=said.append, prefer="model")
    context = PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)
    with billed(Bill("s_1", "p_1")):
        return await planner.draft("let the flux compensator hum", context), said


async def test_after_a_no_a_free_model_plans_or_nobody(store: Store, tmp_path: Path) -> None:
    draft, said = await planned(store, tmp_path, Person(False), SOL, "ollama/llama3")
    assert draft.planner == "ollama/llama3"
    assert any("no budget was to be passed" in line for line in said)
    person = Person(False)
    draft, said = await planned(store, tmp_path, person, SOL, "openai/gpt-6.2-astra")
    assert (draft.planner, said[-1], len(person.asked)) == ("offline", "planned offline", 1)


async def test_after_a_yes_its_cost_is_said(store: Store, tmp_path: Path) -> None:
    draft, said = await planned(store, tmp_path, Person(True), SOL)
    assert (draft.planner, draft.answer) == (SOL, "it hums")
    assert said[-1] == f"{SOL}: 10 tokens read, 5 written (<$0.0001)"


async def test_tokens_that_no_vendor_told_are_those_that_are_paid_for(store: Store, tmp_path: Path) -> None:
    """The line and the amount in it speak of the same tokens."""
    _, said = await planned(store, tmp_path, Person(True), SOL, told=Usage())
    spent = store.spending.total()
    assert spent is not None
    assert spent.input > 1000
    assert f"{SOL}: about {spent.input} tokens read, {spent.output} written (about $" in said[-1]


async def test_where_nobody_is_nothing_is_planned(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BudgetStop):
        await planned(store, tmp_path, None, SOL, "ollama/llama3")


def test_small_budgets_are_told_in_parts_of_cents() -> None:
    question = BudgetQuestion("day", SOL, Decimal("0.05"), Decimal("0.0497"), Decimal("0.0496"), Decimal("0.1"))
    assert "budget of $0.0500, $0.0497 is spent" in question.words
    assert "up to $0.0496 more" in question.words
    assert "to $0.1000" in question.means
