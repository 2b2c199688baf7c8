"""What models cost: the vendors' prices with the day they were looked at, and the person's own before them.

Amounts are US dollars as :class:`~decimal.Decimal`; the store counts in trillionths of a dollar (:data:`TRILLIONTHS`),
so that sums are exact. What has no price costs an *unknown* amount (None), never nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Any

from reign_agents.models.conversation import Usage
from reign_executors.operation import JsonObject

MILLION = Decimal(1_000_000)
TRILLIONTHS = 10**12
_KINDS = ("input", "output", "cache_read", "cache_write")
_DATED = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2})\Z")
_HIGHEST = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars for a million tokens of each kind."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def cost(self, usage: Usage) -> Decimal:
        """What these tokens cost."""
        parts = (
            (usage.input, self.input),
            (usage.output, self.output),
            (usage.cached, self.cache_read),
            (usage.stored, self.cache_write),
        )
        return sum((tokens * price for tokens, price in parts), Decimal(0)) / MILLION

    def to_json(self) -> JsonObject:
        return {kind: float(getattr(self, kind)) for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class Price:
    """One model's rate. ``long`` holds for a whole request with more than ``over`` tokens of prompt, cache included.

    ``checked`` is the day the source said so (None: the person's own price).
    """

    rate: Rate
    over: int | None = None
    long: Rate | None = None
    checked: date | None = None
    source: str = ""

    def cost(self, usage: Usage) -> Decimal:
        """What one request costs."""
        return self.rate_for(usage.input + usage.cached + usage.stored).cost(usage)

    def rate_for(self, prompt: int) -> Rate:
        """The rate of a request with that many tokens of prompt."""
        return self.long if self.long is not None and self.over is not None and prompt > self.over else self.rate

    def to_json(self) -> JsonObject:
        """Dollars for a million tokens."""
        long = None if self.long is None else {"over": self.over, **self.long.to_json()}
        checked = None if self.checked is None else self.checked.isoformat()
        return {**self.rate.to_json(), "long": long, "checked": checked, "source": self.source}

    def most(self, prompt: int, answer: int) -> Decimal:
        """The most that a request costs whose prompt and answer have at most so many tokens."""
        rate = self.rate_for(prompt)
        return (prompt * max(rate.input, rate.cache_write) + answer * rate.output) / MILLION


FREE = Price(Rate(Decimal(0), Decimal(0), Decimal(0), Decimal(0)), source="ollama asks nothing for tokens")


@dataclass(frozen=True, slots=True)
class Prices:
    """``own`` are the person's, by ``vendor/model``; they come before the vendors'."""

    own: Mapping[str, Price]

    def of(self, name: str) -> Price | None:
        """The price of ``vendor/model``, dated versions included; None where it is unknown."""
        for known in (self.own, vendor_prices()):
            for candidate in (name, _DATED.sub("", name)):
                if candidate in known:
                    return known[candidate]
        return FREE if name.startswith("ollama/") else None


@cache
def vendor_prices() -> Mapping[str, Price]:
    """The prices that come with this version, by ``vendor/model``."""
    import tomllib
    from importlib import resources

    text = resources.files("reign_agents.models").joinpath("prices.toml").read_text("utf-8")
    data = tomllib.loads(text, parse_float=Decimal)
    sources: dict[str, str] = data.pop("sources")
    return {
        f"{vendor}/{model}": price_of(entry, source=sources[vendor])
        for vendor, models in data.items()
        for model, entry in models.items()
    }


def price_of(entry: Mapping[str, Any], source: str = "your settings") -> Price:
    """A price as settings and the table write it; ``ValueError`` says what does not fit.

    ``input`` and ``output`` are needed; what is written to or read from a cache costs as much as ``input`` where
    nothing else is said.
    """
    unknown = set(entry) - {*_KINDS, "long", "checked"}
    if unknown:
        raise ValueError(f"has no {min(unknown)!r} (there are {', '.join(_KINDS)}, long)")
    checked = entry.get("checked")
    if checked is not None and not isinstance(checked, date):
        raise ValueError("needs a day for checked (checked = 2026-01-31)")
    long = entry.get("long")
    if long is None:
        return Price(_rate(entry), checked=checked, source=source)
    over = long.get("over") if isinstance(long, Mapping) else None
    if isinstance(over, bool) or not isinstance(over, int) or over < 1:
        raise ValueError("needs long = { over = TOKENS, input = …, output = … }")
    return Price(_rate(entry), over, _rate(long), checked=checked, source=source)


def _rate(entry: Mapping[str, Any]) -> Rate:
    given = {kind: _amount(kind, entry[kind]) for kind in _KINDS if kind in entry}
    missing = next((kind for kind in ("input", "output") if kind not in given), None)
    if missing is not None:
        raise ValueError(f"needs {missing}, in dollars for a million tokens")
    return Rate(
        given["input"],
        given["output"],
        given.get("cache_read", given["input"]),
        given.get("cache_write", given["input"]),
    )


def _amount(kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"needs a number for {kind}, in dollars for a million tokens")
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= _HIGHEST:
        raise ValueError(f"needs a price from 0 to {_HIGHEST} for {kind}")
    return amount


def amount_of(value: Any) -> Decimal:
    """An amount of dollars as people write it (``5``, ``"0.50"``, ``"$2"``); ``ValueError`` says what fits."""
    found = re.fullmatch(r"\$?\s*(\d{1,9}(?:\.\d{1,12})?)\s*(?:USD|\$)?", str(value).strip(), re.IGNORECASE)
    if isinstance(value, bool) or found is None:
        raise ValueError("must be an amount in dollars from 0 (5, 0.50)")
    return Decimal(found[1])


def trillionths(amount: Decimal) -> int:
    """An amount as the store keeps it, rounded up."""
    return int((amount * TRILLIONTHS).to_integral_value(ROUND_CEILING))


def dollars(amount: int) -> Decimal:
    """An amount of the store."""
    return Decimal(amount) / TRILLIONTHS


def money(amount: Decimal | None, *, fine: bool = False) -> str:
    """An amount for people: ``$0.04``, with ``fine`` ``$0.0412``; ``?`` where it is unknown, ``<$0.01`` for little."""
    if amount is None:
        return "?"
    step = Decimal("0.0001") if fine else Decimal("0.01")
    if 0 < amount < step:
        return f"<${step}"
    return f"${amount.quantize(step):,}"
