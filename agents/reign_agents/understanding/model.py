"""The trained part: a linear model over hashed features, one byte a weight.

``weights.bin`` holds, little-endian: ``RGN2``, bits of the hash, number of outputs, a float scale for each output, the
float temperature, the number of rows that say something, for each possible row its place among those (16 bits, from 1;
0: none), then one signed byte an output for each of them.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from struct import calcsize, unpack_from

from .features import BITS
from .shape import DOMAINS, INTENTS

OUTPUTS = len(INTENTS) + len(DOMAINS) + 1
"""Intents, then domains, then the mood "ask"."""


class Judgement:
    """Probabilities: one an intent (they add up to 1), one a domain, one that the mood is "ask"."""

    __slots__ = ("ask", "domains", "intents")

    def __init__(self, intents: tuple[float, ...], domains: tuple[float, ...], ask: float) -> None:
        self.intents, self.domains, self.ask = intents, domains, ask


class Model:
    """Weights by hashed row."""

    def __init__(self, raw: bytes) -> None:
        magic, bits, outputs = unpack_from("<4sBB", raw)
        if magic != b"RGN2" or bits != BITS or outputs != OUTPUTS:
            raise ValueError("weights.bin does not fit this version: run tools/understanding/train.py")
        offset = calcsize("<4sBB")
        self.scales: tuple[float, ...] = unpack_from(f"<{outputs}f", raw, offset)
        offset += 4 * outputs
        (self.temperature,) = unpack_from("<f", raw, offset)
        (rows,) = unpack_from("<I", raw, offset + 4)
        offset += 8
        self._place = array("H")
        self._place.frombytes(raw[offset : offset + (2 << bits)])
        self._weights = memoryview(raw)[offset + (2 << bits) :].cast("b")
        if len(self._weights) != rows * outputs:
            raise ValueError("weights.bin is cut off: run tools/understanding/train.py")

    def judge(self, rows: list[int]) -> Judgement:
        """What the model makes of the features in ``rows``."""
        at, weights = self._place, self._weights
        used = [weights[(place - 1) * OUTPUTS : place * OUTPUTS] for row in rows if (place := at[row])]
        norm = 1.0 / math.sqrt(len(rows) or 1)
        sums = [sum(column) for column in zip(*used, strict=True)] or [0] * OUTPUTS
        scores = [total * scale * norm for total, scale in zip(sums, self.scales, strict=True)]
        n = len(INTENTS)
        raised = [score / self.temperature for score in scores[:n]]
        top = max(raised)
        powers = [math.exp(score - top) for score in raised]
        whole = sum(powers)
        return Judgement(
            tuple(power / whole for power in powers),
            tuple(_logistic(score) for score in scores[n:-1]),
            _logistic(scores[-1]),
        )


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, x))))


@cache
def model() -> Model:
    """The model that ships with the package."""
    with open(__file__[: -len("model.py")] + "weights.bin", "rb") as file:  # noqa: PTH123 - see lexicon
        return Model(file.read())
