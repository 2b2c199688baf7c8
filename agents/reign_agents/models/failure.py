"""How asking a model can fail, in words for a person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reign_agents.models.address import why_unreachable
from reign_executors.errors import OperationError
from reign_executors.redaction.plain import plain

LONGEST_REASON = 240
"""Characters of a vendor's own words in a cause."""


class ModelFailed(OperationError):
    """A model gave no whole answer. ``again``: the same request may succeed; ``wait``: seconds the vendor asked for."""

    kind = "model"

    def __init__(
        self, cause: str, way_out: str = "", *, detail: str = "", again: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(cause, way_out, detail=detail)
        self.again = again
        self.wait = wait


class StreamBroken(ModelFailed):
    """The answer broke off in the middle; what came until then was handed out, but is not whole."""

    kind = "model_broke_off"


class NoKey(ModelFailed):
    """There is no key for the vendor."""

    kind = "model_key"


def waiting(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer's Retry-After (seconds, or a date) asks to wait; None where it says nothing readable."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        said = headers.get(name, "").strip()
        try:
            seconds = float(said) / scale
        except ValueError:
            seconds = _until(said)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _until(date: str) -> float:
    """Seconds until an HTTP date, at least 0; NaN where it is none."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return math.nan
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def by_status(name: str, status: int, detail: str, wait: float | None, address: str = "") -> ModelFailed:
    """The failure that an HTTP status stands for: ``detail`` is what the server said, ``address`` where that was."""
    vendor, _, model = name.partition("/")
    said = " ".join(plain(detail).split())
    said = said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 1] + "…"
    words = f": {said}" if said else ""
    low = said.lower()
    if status < 400:
        return ModelFailed(
            f"{name}: {address or 'the address'} leads elsewhere ({status}), which is not followed",
            "set the address that it leads to: base_urls in the settings",
            detail=detail,
        )
    if status == 402 or (status in (400, 403, 429) and any(word in low for word in _UNPAID)):
        return ModelFailed(
            f"{name}: the account has nothing left to spend ({status}){words}",
            f"fill it up at {vendor}, or choose another model: --model",
            detail=detail,
        )
    if status in (401, 403):
        return NoKey(
            f"{name}: the key was refused ({status}){words}",
            f"reign-tui credentials set {vendor} keeps another; a variable that is set wins (reign-tui doctor)",
            detail=detail,
        )
    if status == 404:
        have = (
            f"ollama pull {model} fetches it" if vendor == "ollama" else "choose another: --model, or the setting model"
        )
        where = f" at {address}" if address else ""
        return ModelFailed(f"{name}: there is no such model{where} ({status}){words}", have, detail=detail)
    if status == 429:
        return ModelFailed(
            f"{name}: too many requests", "wait a while, or choose another model", detail=detail, again=True, wait=wait
        )
    if status in (408, 409) or status >= 500:
        what = "the vendor has too much to do" if status == OVERLOADED else "the vendor's server failed"
        return ModelFailed(
            f"{name}: {what} ({status})", "try later, or choose another model", detail=detail, again=True, wait=wait
        )
    way_out = next((way for signs, way in _REFUSED if any(sign in low for sign in signs)), None)
    return ModelFailed(
        f"{name}: the request was refused ({status}){words}",
        way_out or "look at what is set for models: reign-tui config",
        detail=detail,
    )


OVERLOADED = 529
_UNPAID = ("insufficient_quota", "exceeded your current quota", "credit balance", "billing", "payment")
_REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("temperature",), "this model takes no such temperature: leave the setting temperature out"),
    (
        ("prompt is too long", "context_length", "context length", "context window", "too large", "maximum context"),
        "allow less: the setting model_limits, context; or ask for less at once",
    ),
    (
        ("max_tokens", "max_completion_tokens", "max_output_tokens"),
        "this model writes no answer that long: the setting max_tokens",
    ),
    (("tool", "function"), "this model, or its server, takes no tools: choose another, --model"),
)
"""Words of a refusal → what helps."""


def unreachable(name: str, error: Exception | str, address: str = "") -> ModelFailed:
    """No connection to ``address``, or it ended."""
    why, helps = why_unreachable(error, address) if isinstance(error, Exception) and address else ("", "")
    cause = f"{name} can't be reached: {why}" if why else f"{name} can't be reached"
    return ModelFailed(
        cause, f"{helps or 'look at the network'}, or work with --offline", detail=str(error), again=True
    )


def unreadable(name: str, detail: str) -> ModelFailed:
    """An answer that is no answer."""
    return ModelFailed(f"{name} gave an answer that can't be read", "try again", detail=detail, again=True)


def without_key(text: str, key: str | None) -> str:
    """A server's words without the key that it was sent."""
    return text.replace(key, "{{secret:key}}") if key else text


def by_kit(name: str, error: Exception, address: str, key: str | None = None) -> ModelFailed:
    """What an error of Anthropic's or OpenAI's SDK means: both are made by one generator, with the same errors."""
    status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    if isinstance(status, int) and status >= 300:
        said = without_key(_said(error), key)
        return by_status(name, status, said, waiting(getattr(response, "headers", {})), address)
    if type(error).__name__ in ("APIConnectionError", "APITimeoutError") or before_any_connection(error):
        return unreachable(name, error, address)
    told = without_key(plain(_said(error)), key)
    if getattr(error, "body", None) is not None:  # an error that came as an event of the stream
        overloaded = any(word in told.lower() for word in ("overloaded", "rate limit", "rate_limit"))
        return ModelFailed(f"{name}: {told[:LONGEST_REASON]}", "try again", detail=told, again=overloaded)
    return unreadable(name, without_key(f"{type(error).__name__}: {error}", key))


def before_any_connection(error: Exception) -> bool:
    """Whether it is the system's word, or a proxy that can't be used."""
    proxy = isinstance(error, ImportError | ValueError) and "proxy" in str(error).lower()
    return isinstance(error, OSError) or proxy


def _said(error: Exception) -> str:
    """The server's own words of an error, with its code."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("message"), str):
        code = inner.get("code") or inner.get("type")
        return f"{inner['message']} ({code})" if isinstance(code, str) else inner["message"]
    return inner if isinstance(inner, str) else str(error)
