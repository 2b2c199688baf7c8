"""A model whose every request is held against the budget before it is sent, and written down with what it cost."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reign_agents.events import now
from reign_agents.models.billing import Bill, current_bill
from reign_agents.models.budget import AskBudget, Budget, BudgetQuestion, BudgetStop, Kind, OverBudget
from reign_agents.models.clock import stopped
from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed, StreamBroken
from reign_agents.models.listening import note
from reign_agents.models.prices import Price, Prices, dollars, trillionths
from reign_agents.store.errors import StoreError
from reign_agents.store.spending import Asking, Limit, Passed, Settled
from reign_agents.store.store import Store

MOST_TOKENS_A_BYTE = 0.5
"""No vendor makes more tokens of ordinary text, JSON or logs."""
LIKELY_TOKENS_A_BYTE = 0.28
AROUND_TOOLS = 1000
"""Tokens that a vendor puts around tools and turns, at most."""

Outcome = Literal["whole", "broke_off", "cancelled"]


class Meter:
    """What this process spends, against the budget that all processes of this home share through ``store``.

    ``ask`` is asked before a budget is passed; where there is none, :class:`BudgetStop` ends the planning.
    ``changed`` is called with a session's name whenever its amount changed; ``say`` hears what could not be written.
    """

    def __init__(
        self,
        store: Store,
        prices: Prices,
        budget: Budget,
        *,
        ask: AskBudget | None = None,
        changed: Callable[[str | None], None] = lambda _session: None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._store = store
        self._prices = prices
        self._budget = budget
        self._ask = ask
        self._changed = changed
        self._say = say
        self._spent = Decimal(0)
        self._under_way: dict[object, Decimal] = {}
        self._raised: dict[tuple[str, str | None], Decimal] = {}
        self._unpriced: set[str] = set()
        self._asking = asyncio.Lock()

    def price(self, model: str) -> Price | None:
        return self._prices.of(model)

    async def admit(self, entry: Entry) -> None:
        """Put the most that a request may cost aside. Raises :class:`OverBudget` and :class:`BudgetStop`."""
        if entry.bill.refused and self._budget and (entry.price is None or entry.most):
            raise OverBudget("no budget was to be passed for this", "reign-tui cost tells what was spent")
        if entry.price is None and self._budget and entry.model not in self._unpriced:
            await self._person(entry, BudgetQuestion("unpriced", entry.model))
        while (passed := await self._reserved(entry)) is not None:
            kind, spent = passed
            await self._person(entry, self._question(kind, spent, entry))
        self._under_way[entry] = entry.most or Decimal(0)

    async def _reserved(self, entry: Entry) -> tuple[Kind, Decimal] | None:
        """Which limit stands in the way, with what counts against it; None when the amount is put aside."""
        command = self._limit("command", entry)
        mine = self._spent + sum(self._under_way.values(), Decimal(0))
        if command is not None and entry.most and mine + entry.most > command:
            return "command", mine
        scopes: tuple[Literal["answer", "session", "day"], ...] = ("answer", "session", "day")
        amounts = [(scope, self._limit(scope, entry)) for scope in scopes]
        limits = [Limit(scope, trillionths(amount)) for scope, amount in amounts if amount is not None]
        bill, most = entry.bill, None if entry.most is None else trillionths(entry.most)
        try:
            found = await self._put_aside(Asking(entry.model, bill.session, bill.plan, bill.run, most), limits)
        except StoreError as error:
            if limits:
                raise
            self._say(str(error))
            return None
        if isinstance(found, Passed):
            return found.limit.scope, dollars(found.spent)
        entry.number = found
        return None

    async def _put_aside(self, asking: Asking, limits: Sequence[Limit]) -> int | Passed:
        """Reserve; whoever is cancelled meanwhile leaves nothing put aside."""
        reserving = asyncio.ensure_future(self._store.spending.reserve(asking, limits))
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            found = await reserving
            if isinstance(found, int):
                await self._store.spending.drop(found)
            raise

    def _limit(self, kind: Kind, entry: Entry) -> Decimal | None:
        limit: Decimal | None = getattr(self._budget, kind)
        return None if limit is None else self._raised.get((kind, _key(kind, entry.bill)), limit)

    def _question(self, kind: Kind, spent: Decimal, entry: Entry) -> BudgetQuestion:
        limit = self._limit(kind, entry)
        assert limit is not None
        assert entry.most is not None
        return BudgetQuestion(kind, entry.model, limit, spent, entry.most, max(spent, limit) + max(limit, entry.most))

    async def _person(self, entry: Entry, question: BudgetQuestion) -> None:
        """Ask, one question at a time; a yes raises the limit. Raises where the answer is no, or nobody is there."""
        if self._ask is None:
            raise BudgetStop(question)
        note("budget", question.words, planner=entry.model, budget=question.to_json())
        with stopped():
            async with self._asking:
                if self._settled_meanwhile(question, entry):
                    note("allowed", question.allowed, planner=entry.model, budget=question.to_json())
                    return
                if not await self._ask(question):
                    entry.bill.refused = True
                    raise OverBudget("no budget was to be passed for this", "reign-tui cost tells what was spent")
                if question.raised is None:
                    self._unpriced.add(entry.model)
                else:
                    self._raised[question.kind, _key(question.kind, entry.bill)] = question.raised
                note("allowed", question.allowed, planner=entry.model, budget=question.to_json())

    def _settled_meanwhile(self, question: BudgetQuestion, entry: Entry) -> bool:
        """Whether the same was asked for another request, and allowed."""
        if question.limit is None:
            return entry.model in self._unpriced
        return self._limit(question.kind, entry) != question.limit

    async def settle(self, entry: Entry, outcome: Outcome, usage: Usage, *, estimated: bool) -> None:
        """Write down what a request cost. Nothing takes this back, not even that the caller is cancelled."""
        cost = None if entry.price is None else entry.price.cost(usage)
        self._under_way.pop(entry, None)
        self._spent += cost or Decimal(0)
        entry.bill.charge(entry.model, usage, cost, estimated=estimated)
        tokens = (usage.input, usage.output, usage.cached, usage.stored)
        settled = Settled(outcome, *tokens, estimated=estimated, cost=None if cost is None else trillionths(cost))
        try:
            if entry.number is not None:
                await self._store.spending.settle(entry.number, settled)
        except StoreError as error:
            self._say(str(error))
        self._changed(entry.bill.session)

    async def drop(self, entry: Entry) -> None:
        """A request that was not answered costs nothing."""
        self._under_way.pop(entry, None)
        try:
            if entry.number is not None:
                await self._store.spending.drop(entry.number)
        except StoreError as error:
            self._say(str(error))


@dataclass(eq=False, slots=True)
class Entry:
    """One request: ``prompt`` its tokens at most, ``most`` what it may cost (None: unknown), ``number`` its row."""

    model: str
    bill: Bill
    price: Price | None
    prompt: int
    most: Decimal | None
    number: int | None = None


def _key(kind: Kind, bill: Bill) -> str | None:
    return {"answer": bill.plan, "session": bill.session, "day": now()[:10]}.get(kind)


@dataclass(slots=True)
class _Tally:
    """What came of a request by now: tokens that the vendor told, bytes of words and arguments."""

    usage: Usage = field(default_factory=Usage)
    size: int = 0
    whole: bool = False
    told: bool = False


class MeteredModel(LanguageModel):
    """``inner`` with every request on the bill that is open (:func:`reign_agents.models.billing.billed`)."""

    def __init__(self, inner: LanguageModel, meter: Meter) -> None:
        self.name = inner.name
        self._inner = inner
        self._meter = meter

    def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """Unmetered: :meth:`stream` is the way in."""
        return self._inner.pieces(conversation, tools)

    def failure(self, error: Exception) -> Exception:
        return self._inner.failure(error)

    def stream(self, conversation: Conversation, tools: Sequence[Tool] = ()) -> AsyncIterator[Delta]:
        """As the base says; also raises :class:`OverBudget` and :class:`BudgetStop` before anything is sent."""
        return self._metered(conversation, tools)

    async def _metered(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        sent = size_of(conversation, tools)
        prompt = math.ceil(sent * MOST_TOKENS_A_BYTE) + AROUND_TOOLS
        price = self._meter.price(self.name)
        most = None if price is None else price.most(prompt, conversation.max_tokens)
        entry = Entry(self.name, current_bill(), price, prompt, most)
        await self._meter.admit(entry)
        tally, outcome, failure = _Tally(), "cancelled", None
        try:
            async with aclosing(_Counted(self._inner, tally).stream(conversation, tools)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    yield piece
        except Exception as error:
            outcome, failure = "broke_off", error
            raise
        finally:
            if failure is not None and _unanswered(failure, tally):
                await self._meter.drop(entry)
            else:
                usage, estimated = _likely(tally, sent)
                ended: Outcome = "whole" if tally.whole else "broke_off" if outcome == "broke_off" else "cancelled"
                await self._meter.settle(entry, ended, usage, estimated=estimated)


class _Counted(LanguageModel):
    """``inner`` for one request, counting what comes in every attempt at it."""

    def __init__(self, inner: LanguageModel, tally: _Tally) -> None:
        self.name = inner.name
        self.silence = inner.silence
        self._inner = inner
        self._tally = tally

    async def prepare(self) -> None:
        await self._inner.prepare()

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        async with aclosing(self._inner.pieces(conversation, tools)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self._tally.usage += piece
                    self._tally.told = self._tally.told or piece.output > 0
                elif isinstance(piece, Stop):
                    self._tally.whole = True
                else:
                    self._tally.size += _size(piece)
                yield piece

    def failure(self, error: Exception) -> Exception:
        return self._inner.failure(error)


def _unanswered(failure: Exception, tally: _Tally) -> bool:
    """Whether the vendor refused or was not reached, before anything came: then it asks for nothing."""
    nothing = tally.usage == Usage() and not tally.size
    refused = isinstance(failure, ModelFailed) and not isinstance(failure, StreamBroken)
    return nothing and refused and not isinstance(failure.__cause__, TimeoutError)


def _likely(tally: _Tally, sent: int) -> tuple[Usage, bool]:
    """The tokens of a request, and whether some of them had to be estimated."""
    told, estimated = tally.usage, False
    if not told.input + told.cached + told.stored and not (tally.whole and tally.told):
        told += Usage(input=math.ceil(sent * LIKELY_TOKENS_A_BYTE))
        estimated = True
    if not tally.told and tally.size:
        told += Usage(output=math.ceil(tally.size * LIKELY_TOKENS_A_BYTE))
        estimated = True
    return told, estimated


def size_of(conversation: Conversation, tools: Sequence[Tool]) -> int:
    """Bytes of all that is sent for an answer, about as vendors count it."""
    turns = (
        len(message.text.encode())
        + sum(_size(call) for call in message.calls)
        + (len(json.dumps(message.carried)) if message.carried else 0)
        + 16
        for message in conversation.messages
    )
    offered = (len(tool.name) + len(tool.description.encode()) + len(json.dumps(tool.parameters)) for tool in tools)
    return len(conversation.system.encode()) + sum(turns) + sum(offered)


def _size(piece: Delta) -> int:
    if isinstance(piece, TextDelta):
        return len(piece.text.encode("utf-8", "replace"))
    if isinstance(piece, ToolCall):
        return len(piece.name) + len(json.dumps(piece.arguments))
    return 0
