"""Settings about language models: how they are read, and what they come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from reign_tui.unfit import Unfit, each

if TYPE_CHECKING:
    from reign_agents.investigation.limits import Limits

LIMITS: Mapping[str, tuple[float, float]] = {
    "turns": (1, 100),
    "queries": (0, 200),
    "seconds": (5, 3600),
    "tokens": (10_000, 100_000_000),
    "context": (24_000, 10_000_000),
}
"""Limits of an investigation that may be set, with the least and the most of each."""
HOTTEST = 2.0
MOST_TOKENS = 200_000
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def temperature(value: Any) -> float | None:
    """A number from 0 to 2; "" leaves it to the vendor."""
    if value == "":
        return None
    number = _number(value)
    if number is None or not 0 <= number <= HOTTEST:
        raise Unfit("must be a number from 0 to 2")
    return number


def max_tokens(value: Any) -> int:
    """Tokens of one answer."""
    number = _number(value)
    if number is None or not number.is_integer() or not 256 <= number <= MOST_TOKENS:
        raise Unfit(f"must be a whole number from 256 to {MOST_TOKENS}")
    return int(number)


def model_limits(value: Any) -> dict[str, float]:
    """Limit → number, those that are set alone."""
    return each(_pairs(value, 'turns = 8; in the environment "turns=8,queries=4"'), _limit)


def _limit(name: str, given: Any) -> float:
    if name not in LIMITS:
        raise ValueError(f"is no limit; there are {', '.join(LIMITS)}")
    least, most = LIMITS[name]
    number = _number(given)
    if number is None or not least <= number <= most or (name != "seconds" and not number.is_integer()):
        kind = "number" if name == "seconds" else "whole number"
        raise ValueError(f"must be a {kind} from {least:.0f} to {most:.0f}")
    return number


def tighter_limits(now: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    """The lower of each; what is not set has its default."""
    whole = _defaults()
    return {**now, **{name: min(limit, now.get(name, whole[name])) for name, limit in wanted.items()}}


def base_urls(value: Any) -> dict[str, str]:
    """Vendor → address of a server that speaks its protocol. In the place of one that can't be one stands
    :data:`reign_agents.models.fitting.NO_ADDRESS`: what was meant for a server of one's own must not go to the vendor.
    """
    from reign_agents.models.fitting import NO_ADDRESS, VENDORS, fit_address

    def read(vendor: str, address: Any) -> str:
        if vendor not in VENDORS:
            raise ValueError(f"is no vendor; there are {', '.join(VENDORS)}")
        try:
            return "" if address == "" else fit_address(vendor, address if isinstance(address, str) else " ")
        except ValueError as error:
            raise ValueError(f"{error}; until it is mended, {vendor} is not asked") from error

    found = each(
        _pairs(value, 'openai = "http://127.0.0.1:8000/v1"'),
        read,
        lambda vendor: {vendor: NO_ADDRESS} if vendor in VENDORS else {},
    )
    return {vendor: address for vendor, address in found.items() if address}


def answer_cache(value: Any) -> float:
    """Seconds that an answer is kept for; 0: none is kept."""
    if value is False or value == "off":
        return 0.0
    found = _TIME.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if found is None:
        raise Unfit('must be a time ("24h", "30m"), seconds, or "off"')
    return float(found[1]) * _SECONDS[found[2]]


def limits_of(limits: Mapping[str, float], answer: int) -> Limits:
    """The limits of an investigation."""
    from reign_agents.investigation.limits import Limits

    whole: dict[str, Any] = {name: number if name == "seconds" else int(number) for name, number in limits.items()}
    return replace(Limits(), answer=answer, **whole)


def _defaults() -> dict[str, float]:
    from reign_agents.investigation.limits import Limits

    whole = Limits()
    return {field.name: getattr(whole, field.name) for field in fields(Limits) if field.name in LIMITS}


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number == number and abs(number) != float("inf") else None


def _pairs(value: Any, example: str) -> dict[str, Any]:
    if isinstance(value, str):
        value = dict(part.strip().split("=", 1) for part in value.split(",") if "=" in part) or None
    if not isinstance(value, dict):
        raise Unfit(f"must name values ({example})")
    return {str(name).strip(): one.strip() if isinstance(one, str) else one for name, one in value.items()}
