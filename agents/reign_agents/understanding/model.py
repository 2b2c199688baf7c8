"""The trained part: a linear model over hashed features, one byte a weight.

``weights.bin`` holds, little-endian: ``RGN3``, bits of the hash, number of outputs, a float scale for each output, the
float temperature, the number of rows that say something, for each possible row its place among those (16 bits, from 1;
0: none), then for each of them one weight an output: a signed byte raised by ``RAISED``, in 16 bits. So a row is one
integer, and the rows of a request are added up as integers, all outputs at once: ``MOST`` of them never overflow.
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
RAISED = 128
MOST = 65535 // (2 * RAISED - 1)
"""Rows of one request that count."""
_WIDTH = 2 * OUTPUTS


class Judgement:
    """Probabilities: one an intent (they add up to 1), one a domain, one that the mood is "ask"."""

    __slots__ = ("ask", "domains", "intents")

    def __init__(self, intents: tuple[float, ...], domains: tuple[float, ...], ask: float) -> None:
        self.intents, self.domains, self.ask = intents, domains, ask


class Model:
    """Weights by hashed row."""

    def __init__(self, raw: bytes) -> None:
        magic, bits, outputs = unpack_from("<4sBB", raw)
        if magic != b"RGN3" or bits != BITS or outputs != OUTPUTS:
            raise ValueError("weights.bin does not fit this version: run tools/understanding/train.py")
        offset = calcsize("<4sBB")
        self.scales: tuple[float, ...] = unpack_from(f"<{outputs}f", raw, offset)
        offset += 4 * outputs
        (self.temperature,) = unpack_from("<f", raw, offset)
        (rows,) = unpack_from("<I", raw, offset + 4)
        offset += 8
        self._place = array("H")
        self._place.frombytes(raw[offset : offset + (2 << bits)])
        self._weights = memoryview(raw)[offset + (2 << bits) :]
        if len(self._weights) != rows * _WIDTH:
            raise ValueError("weights.bin is cut off: run tools/understanding/train.py")

    def judge(self, rows: list[int]) -> Judgement:
        """What the model makes of the features in ``rows``."""
        at, weights = self._place, self._weights
        used = [weights[(place - 1) * _WIDTH : place * _WIDTH] for row in rows if (place := at[row])][:MOST]
        norm = 1.0 / math.sqrt(len(rows) or 1)
        lanes = sum([int.from_bytes(row, "little") for row in used]).to_bytes(_WIDTH, "little")
        level = RAISED * len(used)
        scores = [
            (total - level) * scale * norm
            for total, scale in zip(unpack_from(f"<{OUTPUTS}H", lanes), self.scales, strict=True)
        ]
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
