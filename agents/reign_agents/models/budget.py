"""What may be spent on models, and what a person is asked before more is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reign_agents.models.failure import ModelFailed
from reign_agents.models.prices import money
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject

Kind = Literal["answer", "session", "day", "command", "unpriced"]

_WHOSE = {
    "answer": "this answer's budget of",
    "session": "this session's budget of",
    "day": "today's budget of",
    "command": "--max-cost",
}
_FOR = {
    "answer": "for this answer",
    "session": "for this session, until Reign ends",
    "day": "for today, until Reign ends",
    "command": "until the end of this command",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """US dollars; None: no limit. ``answer`` is all that one request of a person may cost, ``day`` a day in UTC for all
    sessions of this home together, ``command`` what this process may spend.
    """

    answer: Decimal | None = None
    session: Decimal | None = None
    day: Decimal | None = None
    command: Decimal | None = None

    def __bool__(self) -> bool:
        return any(amount is not None for amount in (self.answer, self.session, self.day, self.command))


@dataclass(frozen=True, slots=True)
class BudgetQuestion:
    """Whether a budget may be passed. ``most`` is the highest that the next request may cost, ``raised`` where the
    limit lies after a yes; all three are None for ``unpriced``, where nobody knows what ``model`` costs.
    """

    kind: Kind
    model: str
    limit: Decimal | None = None
    spent: Decimal | None = None
    most: Decimal | None = None
    raised: Decimal | None = None

    @property
    def words(self) -> str:
        """The state of things, for a person."""
        if self.kind == "unpriced":
            return f"What {self.model} costs is not known, so no budget holds it."
        limit, spent, most = (money(amount, fine=self._fine) for amount in (self.limit, self.spent, self.most))
        return f"Of {_WHOSE[self.kind]} {limit}, {spent} is spent; asking {self.model} may cost up to {most} more."

    @property
    def _fine(self) -> bool:
        """Whether whole cents would tell of a small limit that it is nothing, or that it is spent when it is not."""
        return self.limit is not None and 0 < self.limit < Decimal("0.1")

    @property
    def means(self) -> str:
        """What a yes allows."""
        if self.kind == "unpriced":
            return f"Yes asks {self.model} all the same, until Reign ends; its tokens are counted."
        return f"Yes raises it to {money(self.raised, fine=self._fine)} {_FOR[self.kind]}."

    @property
    def allowed(self) -> str:
        """That a person said yes, and to what."""
        if self.kind == "unpriced":
            return f"you allowed asking {self.model} without a price"
        return f"you raised it to {money(self.raised, fine=self._fine)} {_FOR[self.kind]}"

    @property
    def way_out(self) -> str:
        """How not to be asked."""
        if self.kind == "unpriced":
            return f'a price in the settings holds it: [prices."{self.model}"], or --offline asks no model'
        where = "a higher --max-cost" if self.kind == "command" else f"a higher budget.{self.kind} in the settings"
        return f"{where} allows it, --offline asks no model"

    def to_json(self) -> JsonObject:
        amounts = {"limit": self.limit, "spent": self.spent, "most": self.most, "raised": self.raised}
        told = {name: None if amount is None else float(amount) for name, amount in amounts.items()}
        return {"kind": self.kind, "model": self.model, **told, "currency": "USD"}


AskBudget = Callable[[BudgetQuestion], Awaitable[bool]]
"""Asks a person; the default answer is no."""


class OverBudget(ModelFailed):
    """The person did not want a budget to be passed: this model is not asked."""

    kind = "model_budget"


class BudgetStop(OperationError):
    """A budget would be passed, and nobody is here to be asked."""

    kind = "budget"

    def __init__(self, question: BudgetQuestion) -> None:
        super().__init__(f"{question.words} Nobody is here to say whether it may be passed.", question.way_out)
        self.question = question
