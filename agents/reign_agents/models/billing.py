"""Whose bill a request to a model goes on: the session, the run and the answer it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal

from reign_agents.models.conversation import Usage
from reign_agents.models.prices import money


@dataclass(slots=True)
class Charge:
    """What one model used for an answer. ``cost`` None: its price is unknown."""

    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = Decimal(0)
    estimated: bool = False

    @property
    def words(self) -> str:
        """``$0.0123``, ``about $0.0123`` or ``cost unknown``."""
        if self.cost is None:
            return "cost unknown"
        return f"{'about ' if self.estimated and self.cost else ''}{money(self.cost, fine=True)}"

    def add(self, usage: Usage, cost: Decimal | None, *, estimated: bool) -> None:
        self.usage += usage
        self.cost = None if cost is None or self.cost is None else self.cost + cost
        self.estimated = self.estimated or estimated


@dataclass(slots=True)
class Bill:
    """One answer: all requests to models that one request of a person leads to. ``plan`` is its name.

    ``refused``: the person did not want a budget to be passed for it.
    """

    session: str | None = None
    plan: str | None = None
    run: str | None = None
    charges: dict[str, Charge] = field(default_factory=dict)
    refused: bool = False

    def charge(self, model: str, usage: Usage, cost: Decimal | None, *, estimated: bool) -> None:
        self.charges.setdefault(model, Charge()).add(usage, cost, estimated=estimated)


_BILL: ContextVar[Bill | None] = ContextVar("bill", default=None)


@contextmanager
def billed(bill: Bill) -> Iterator[Bill]:
    """What models are asked in here goes on ``bill``."""
    token = _BILL.set(bill)
    try:
        yield bill
    finally:
        _BILL.reset(token)


def current_bill() -> Bill:
    """The bill of what is going on; one of its own where nobody opened any."""
    return _BILL.get() or Bill()
