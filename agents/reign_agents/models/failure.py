"""How asking a model can fail, in words for a person."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reign_executors.errors import OperationError

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
    """Seconds that an answer's Retry-After asks to wait; None where it says nothing readable."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def by_status(name: str, status: int, detail: str, wait: float | None) -> ModelFailed:
    """The failure that an HTTP status stands for."""
    if status in (401, 403):
        vendor = name.partition("/")[0]
        return NoKey(
            f"{name}: the key was refused ({status})",
            f"reign-tui credentials set {vendor} keeps another",
            detail=detail,
        )
    if status == 404:
        return ModelFailed(f"{name}: there is no such model", "choose another: --model", detail=detail)
    if status == 429:
        return ModelFailed(
            f"{name}: too many requests", "wait a while, or choose another model", detail=detail, again=True, wait=wait
        )
    if status in (408, 409) or status >= 500:
        return ModelFailed(
            f"{name}: the vendor's server failed ({status})",
            "try later, or choose another model",
            detail=detail,
            again=True,
            wait=wait,
        )
    said = " ".join(detail.split())
    said = said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 1] + "…"
    return ModelFailed(
        f"{name}: the request was refused ({status}): {said}",
        "look at what is set for models: reign-tui config",
        detail=detail,
    )


def unreachable(name: str, detail: str) -> ModelFailed:
    """No connection, or it ended."""
    return ModelFailed(
        f"{name} can't be reached", "look at the network, or work with --offline", detail=detail, again=True
    )


def unreadable(name: str, detail: str) -> ModelFailed:
    """An answer that is no answer."""
    return ModelFailed(f"{name} gave an answer that can't be read", "try again", detail=detail, again=True)


def by_kit(name: str, error: Exception) -> ModelFailed:
    """What an error of Anthropic's or OpenAI's SDK means: both are made by one generator, with the same errors."""
    status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    if isinstance(status, int) and status >= 400:
        return by_status(name, status, str(error), waiting(getattr(response, "headers", {})))
    if type(error).__name__ in ("APIConnectionError", "APITimeoutError") or isinstance(error, OSError):
        return unreachable(name, str(error))
    return unreadable(name, f"{type(error).__name__}: {error}")
