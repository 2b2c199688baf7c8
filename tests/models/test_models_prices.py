"""The table of prices, the person's own before it, amounts as people write and read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reign_agents.models.conversation import Usage
from reign_agents.models.fitting import VENDORS
from reign_agents.models.prices import (
    FREE,
    Prices,
    amount_of,
    dollars,
    money,
    price_of,
    trillionths,
    vendor_prices,
)

TABLE = Prices({})


def test_every_price_has_its_day_and_page_and_is_sane() -> None:
    assert len(vendor_prices()) > 30
    for name, price in vendor_prices().items():
        assert name.partition("/")[0] in VENDORS
        assert price.checked is not None
        assert date(2026, 1, 1) < price.checked <= date(2026, 11, 21), name
        assert price.source.startswith("https://")
        for rate in (price.rate, price.long):
            if rate is not None:
                assert 0 < rate.cache_read <= rate.input <= rate.cache_write < rate.output, name
        if price.long is not None:
            assert price.long.input > price.rate.input
            assert price.over is not None


def test_each_kind_of_token_has_its_price() -> None:
    price = TABLE.of("anthropic/claude-sonnet-5-5")
    assert price is not None
    assert price.cost(Usage(1_000_000)) == 2
    assert price.cost(Usage(output=1_000_000)) == 10
    assert price.cost(Usage(cached=1_000_000)) == Decimal("0.1")
    assert price.cost(Usage(stored=1_000_000)) == Decimal("2.5")
    assert price.cost(Usage(1200, 300, 4000, 800)) == Decimal("0.0078")


def test_a_long_prompt_costs_more_as_a_whole() -> None:
    price = TABLE.of("openai/gpt-6.2-sol")
    assert price is not None
    short, long = price.cost(Usage(272_000, 1000)), price.cost(Usage(200_000, 1000, cached=72_001))
    assert short == Decimal("0.554")
    assert long == Decimal("0.8") + Decimal("0.015") + Decimal("0.0144002")
    assert price.most(300_000, 0) == Decimal("1.5")  # written to the cache at the long rate


def test_dated_versions_are_meant_too_unless_they_have_their_own() -> None:
    assert TABLE.of("anthropic/claude-opus-4-5-20251101") == TABLE.of("anthropic/claude-opus-4-5")
    assert TABLE.of("openai/gpt-4o-2024-11-20") == TABLE.of("openai/gpt-4o")
    assert TABLE.of("openai/gpt-4o-2024-05-13") != TABLE.of("openai/gpt-4o")


@pytest.mark.parametrize("name", ["openai/llama-local", "anthropic/claude-opus-9", "openai/gpt-6.2-sol-mini", "x"])
def test_what_is_not_there_is_unknown_and_never_free(name: str) -> None:
    assert TABLE.of(name) is None


def test_ollama_is_free_unless_the_person_says_otherwise() -> None:
    assert TABLE.of("ollama/llama3:8b") is FREE
    assert FREE.cost(Usage(10**9, 10**9)) == 0
    assert Prices({"ollama/llama3:8b": price_of({"input": 1, "output": 2})}).of("ollama/llama3:8b") is not FREE


def test_the_persons_own_come_first() -> None:
    own = Prices({"openai/gpt-6.2-sol": price_of({"input": 1, "output": 4.5})})
    price = own.of("openai/gpt-6.2-sol")
    assert price is not None
    assert price.cost(Usage(10**6, 10**6, 10**6, 10**6)) == Decimal("7.5")  # the cache costs as much as input
    assert price.to_json() == {
        "input": 1.0,
        "output": 4.5,
        "cache_read": 1.0,
        "cache_write": 1.0,
        "long": None,
        "checked": None,
        "source": "your settings",
    }
    assert own.of("openai/gpt-6.2-astra") == TABLE.of("openai/gpt-6.2-astra")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"input": 1}, "needs output"),
        ({"output": 1}, "needs input"),
        ({"input": "1", "output": 2}, "needs a number for input"),
        ({"input": True, "output": 2}, "needs a number for input"),
        ({"input": -1, "output": 2}, "from 0"),
        ({"input": float("nan"), "output": 2}, "from 0"),
        ({"input": 1, "output": 2, "cached": 3}, "has no 'cached'"),
        ({"input": 1, "output": 2, "long": {"input": 3, "output": 4}}, "over = TOKENS"),
        ({"input": 1, "output": 2, "long": {"over": 5, "input": 3}}, "needs output"),
        ({"input": 1, "output": 2, "checked": "today"}, "a day"),
    ],
)
def test_prices_that_do_not_fit(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        price_of(entry)


def test_amounts_as_people_write_them() -> None:
    assert [amount_of(value) for value in (5, 0.5, "5", "$2", " 0.05 ", "2 USD", "0")] == [
        Decimal(text) for text in ("5", "0.5", "5", "2", "0.05", "2", "0")
    ]
    wrong: Any
    for wrong in ("-1", "a lot", "1e9", "", "inf", "1,5", True, None, [], "9" * 20):
        with pytest.raises(ValueError, match="an amount in dollars"):
            amount_of(wrong)


def test_amounts_as_people_read_them() -> None:
    assert money(None) == "?"
    assert money(Decimal(0)) == "$0.00"
    assert money(Decimal("0.004")) == "<$0.01"
    assert money(Decimal("0.041234")) == "$0.04"
    assert money(Decimal("0.041234"), fine=True) == "$0.0412"
    assert money(Decimal("0.00001"), fine=True) == "<$0.0001"
    assert money(Decimal("12345.6")) == "$12,345.60"


def test_the_stores_amounts_lose_nothing() -> None:
    assert trillionths(Decimal("0.0078")) == 7_800_000_000
    assert dollars(trillionths(Decimal("0.000000123456"))) == Decimal("0.000000123456")
    assert trillionths(Decimal("0.0000000000001")) == 1  # never down to nothing
