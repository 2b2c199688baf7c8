"""The trained part: a linear model over hashed features, one byte a weight.

``weights.bin`` holds, little-endian: ``RGN3``, bits of the hash, number of outputs, a float scale for each output, the
float temperature, the number of rows that say something, for each possible row its place among those (16 bits, from 1;
0: none), then for each of them one weight an output: a signed byte raised by ``RAISED``, in 16 bits. So a row is one
integer, and the rows of a request are added up as integers, all outputs at once: ``MOST`` of them never overflow.
"""

from __future__ import annotations

import math
import sys
from functools import cache

from .features import BITS
from .shape import DOMAINS, INTENTS

OUTPUTS = len(INTENTS) + len(DOMAINS) + 1
"""Intents, then domains, then the mood "ask"."""
RAISED = 128
MOST = 65535 // (2 * RAISED - 1)
"""Rows of one request that count."""
_WIDTH = 2 * OUTPUTS
_HEAD = 6 + 4 * (OUTPUTS + 1) + 4


def _native(raw: bytes | memoryview, width: int) -> memoryview:
    """Little-endian numbers of 2 or 4 bytes in this machine's order."""
    view = memoryview(raw)
    if sys.byteorder == "big":
        from array import array

        swapped = array("H" if width == 2 else "I", view.tobytes())
        swapped.byteswap()
        view = memoryview(swapped).cast("B")
    return view


class Judgement:
    """Probabilities: one an intent (they add up to 1), one a domain, one that the mood is "ask"."""

    __slots__ = ("ask", "domains", "intents")

    def __init__(self, intents: tuple[float, ...], domains: tuple[float, ...], ask: float) -> None:
        self.intents, self.domains, self.ask = intents, domains, ask


class Model:
    """Weights by hashed row."""

    def __init__(self, raw: bytes) -> None:
        view = memoryview(raw)
        if len(view) < _HEAD or bytes(view[:4]) != b"RGN3" or (view[4], view[5]) != (BITS, OUTPUTS):
            raise ValueError("weights.bin does not fit this version: run tools/understanding/train.py")
        *self.scales, self.temperature = _native(view[6 : _HEAD - 4], 4).cast("f")
        rows = int.from_bytes(view[_HEAD - 4 : _HEAD], "little")
        begin = _HEAD + (2 << BITS)
        if len(view) != begin + rows * _WIDTH:
            raise ValueError("weights.bin is cut off: run tools/understanding/train.py")
        self._place = _native(view[_HEAD:begin], 2).cast("H")
        self._weights = view[begin:]

    def judge(self, rows: list[int]) -> Judgement:
        """What the model makes of the features in ``rows``."""
        at, weights = self._place, self._weights
        used = [weights[(place - 1) * _WIDTH : place * _WIDTH] for row in rows if (place := at[row])][:MOST]
        norm = 1.0 / math.sqrt(len(rows) or 1)
        lanes = sum([int.from_bytes(row, "little") for row in used]).to_bytes(_WIDTH, "little")
        level = RAISED * len(used)
        scores = [
            (total - level) * scale * norm
            for total, scale in zip(_native(lanes, 2).cast("H"), self.scales, strict=True)
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
