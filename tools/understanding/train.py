# ruff: noqa: T201, S311, E402, E501
"""Train the understanding model with plain Python 3.11: no library is needed.

    python tools/understanding/train.py             # writes agents/reign_agents/understanding/weights.bin
    python tools/understanding/train.py --folds     # trains without one source at a time

Trained on: the hand-written sources in ``data/`` except those whose name begins with ``held_`` or ``fresh_``, and on
requests filled into ``data/patterns.tpl``. The temperature is fitted on answers of the folds, which saw nothing of the
source that they were asked about (the sources ``dev_*`` together, whose voices are farthest from the others').
"""

from __future__ import annotations

import argparse
import math
import random
import struct
import sys
import time
from array import array
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[1] / "agents")]

from reign_agents.understanding.clauses import split
from reign_agents.understanding.features import BITS, hashed, of_grammar, of_words
from reign_agents.understanding.model import OUTPUTS, RAISED
from reign_agents.understanding.shape import DOMAINS, INTENTS
from reign_agents.understanding.tokens import tokenize
from tools.understanding.corpus import DATA, Labelled, labelled, read
from tools.understanding.corpus import sources as names
from tools.understanding.templates import examples, slip

SEED = 20
EPOCHS = 10
RATE = 0.6
DECAY = 2e-5
AVERAGED = 4
"""Epochs at the end whose weights are averaged."""
DROPPED = (0.35, 0.1)
"""Share of features of words and of the grammar hidden at each step, so that no single word decides."""
SEEN = 2
"""A feature counts that so many requests have: what only one has would be learnt by heart."""
UNKNOWN = INTENTS.index("unknown")
"""Says nothing of the mood: LABELS.md has none for it."""
ROWS = 45_000
"""Rows that are kept at most: those that say most."""
TARGET = HERE.parents[1] / "agents/reign_agents/understanding/weights.bin"
Rows = list[int]
Example = tuple[tuple[Rows, Rows], int, list[int], float, Labelled]
"""Rows of words and of the grammar, intent, domains and mood, weight, the request."""
Weights = dict[int, list[float]]


def sources() -> dict[str, list[Labelled]]:
    found = {name: read(name) for name in names(untouched=False)}
    made = examples(DATA / "patterns.tpl", 14, SEED)
    found["patterns"] = [labelled(i[0], d, t, a or i.endswith("?"), None, "patterns") for i, d, t, a in made]
    return found


def rows_of(text: str) -> tuple[Rows, Rows]:
    tokens = tokenize(text)
    return hashed(of_words(tokens)), hashed(of_grammar(tokens, split(tokens), text))


def example(item: Labelled, weight: float = 1.0, text: str | None = None) -> Example:
    targets = [1 if d in item.domains else 0 for d in DOMAINS] + [int(item.mood == "ask")]
    return (rows_of(text or item.text), INTENTS.index(item.intent), targets, weight, item)


def augmented(items: list[Labelled], rng: random.Random) -> list[Example]:
    """Hand-written requests count double and come once more with a slip of the fingers or other case."""
    made: list[Example] = []
    for item in items:
        if item.source == "patterns":
            made.append(example(item, 0.5))
            continue
        made.append(example(item, 1.5))
        made.append(example(item, 0.7, slip(item.text, rng) if rng.random() < 0.6 else item.text.lower().rstrip(".?!")))
    return made


def shared(data: list[Example]) -> set[int]:
    """Rows that at least ``SEEN`` different requests have."""
    seen: dict[int, str] = {}
    common: set[int] = set()
    for both, _intent, _targets, _weight, item in data:
        for part in both:
            for row in part:
                if seen.setdefault(row, item.text) != item.text:
                    common.add(row)
    return common if SEEN > 1 else set(seen)


def train(data: list[Example], epochs: int = EPOCHS) -> Weights:
    """Logistic regression by AdaGrad; a row is made when a feature is first seen."""
    weights: Weights = {}
    gathered: dict[int, float] = {}
    common = shared(data)
    kept = [tuple([row for row in part if row in common] for part in both) for both, *_ in data]
    rare = [
        sum((len(part) - len(own)) * (1.0 - share) for part, own, share in zip(e[0], k, DROPPED, strict=True))
        for e, k in zip(data, kept, strict=True)
    ]
    rng = random.Random(SEED)
    order = list(range(len(data)))
    n = len(INTENTS)
    chance = rng.random
    summed: Weights = {}
    for epoch in range(epochs):
        rng.shuffle(order)
        for k in order:
            _both, intent, targets, weight, _item = data[k]
            rows = list({row for part, share in zip(kept[k], DROPPED, strict=True) for row in part if chance() > share})
            norm = 1.0 / math.sqrt(len(rows) + rare[k] or 1)
            used = [weights.setdefault(row, [0.0] * OUTPUTS) for row in rows]
            scores = [sum(column) * norm for column in zip(*used, strict=True)]
            top = max(scores[:n])
            powers = [math.exp(s - top) for s in scores[:n]]
            whole = sum(powers)
            slope = [p / whole for p in powers]
            slope[intent] -= 1.0
            for score, target in zip(scores[n:], targets, strict=True):
                slope.append(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score)))) - target)
            if intent == UNKNOWN:
                slope[-1] = 0.0
            step = sum(g * g for g in slope) * norm * norm * weight
            if step < 1e-7:
                continue
            pull = [g * norm * weight for g in slope]
            for row, held in zip(rows, used, strict=True):
                total = gathered[row] = gathered.get(row, 0.1) + step
                rate = RATE / math.sqrt(total)
                held[:] = [w * (1.0 - DECAY) - rate * g for w, g in zip(held, pull, strict=True)]
        if epoch >= epochs - AVERAGED:
            for row, now in weights.items():
                summed[row] = [a + b for a, b in zip(summed[row], now, strict=True)] if row in summed else now[:]
    for row, sums in summed.items():
        weights[row] = [w / AVERAGED for w in sums]
    return weights


def answer(weights: Weights, both: tuple[Rows, Rows]) -> list[float]:
    rows = list({*both[0], *both[1]})
    used = [weights[row] for row in rows if row in weights]
    norm = 1.0 / math.sqrt(len(rows) or 1)
    return [sum(column) * norm for column in zip(*used, strict=True)] or [0.0] * OUTPUTS


def fitted(scored: list[tuple[list[float], int]]) -> float:
    """The temperature under which the folds' answers are likeliest."""

    def loss(t: float) -> float:
        total = 0.0
        for scores, intent in scored:
            raised = [s / t for s in scores]
            top = max(raised)
            total += math.log(sum(math.exp(s - top) for s in raised)) + top - raised[intent]
        return total

    return min((0.3 + 0.05 * i for i in range(60)), key=loss)


def save(weights: Weights, temperature: float, path: Path) -> None:
    """Quantise to one byte a weight, kept in two (see model.py); rows that say nothing are dropped."""
    scales = [max((abs(row[o]) for row in weights.values()), default=1.0) / 127 or 1.0 for o in range(OUTPUTS)]
    kept: dict[int, list[int]] = {}
    for row in sorted(weights):
        bytes_ = [max(-127, min(127, round(w / s))) for w, s in zip(weights[row], scales, strict=True)]
        if any(abs(b) > 1 for b in bytes_):
            kept[row] = bytes_
    loudest = sorted(kept, key=lambda row: (-max(map(abs, kept[row])), row))[:ROWS]
    kept = {row: kept[row] for row in sorted(loudest)}
    raw = struct.pack("<4sBB", b"RGN3", BITS, OUTPUTS) + struct.pack(f"<{OUTPUTS}f", *scales)
    places = array("H", bytes(2 << BITS))
    for place, row in enumerate(kept, 1):
        places[row] = place
    raw += struct.pack("<fI", temperature, len(kept))
    lanes = array("H", [b + RAISED for row in kept.values() for b in row])
    if sys.byteorder == "big":
        lanes.byteswap()
        places.byteswap()
    raw += places.tobytes() + lanes.tobytes()
    path.write_bytes(raw)


def folds(found: dict[str, list[Labelled]], verbose: bool) -> list[tuple[list[float], int]]:
    """Each hand-written source is answered by a model that never saw it."""
    scored: list[tuple[list[float], int]] = []
    rng = random.Random(SEED)
    parts: dict[str, list[Labelled]] = {
        name: items for name, items in found.items() if name not in {"patterns", "unknown"}
    }
    strange = list(found["unknown"])
    rng.shuffle(strange)
    share = max(1, len(strange) // len(parts))
    groups = {name: items for name, items in parts.items() if verbose or not name.startswith("dev_")}
    if not verbose:
        groups = {"dev_*": [item for name, items in parts.items() if name.startswith("dev_") for item in items]}
    for i, name in enumerate(groups):
        asked = groups[name] + (strange[i * share : (i + 1) * share] if verbose else [])
        texts = {item.text for item in asked}
        seen = [item for items in found.values() for item in items if item.text not in texts]
        weights = train(augmented(seen, random.Random(SEED)), 8)
        wrong = []
        missed = 0
        for item in asked:
            rows, intent, targets, _w, _i = example(item)
            scores = answer(weights, rows)
            scored.append((scores[: len(INTENTS)], intent))
            best = max(range(len(INTENTS)), key=scores.__getitem__)
            said = [int(s > 0) for s in scores[len(INTENTS) :]]
            if best != intent:
                wrong.append((item, INTENTS[best]))
            if said[:-1] != targets[:-1]:
                missed += 1
                if verbose:
                    print(
                        f"    domains {[d for d, s in zip(DOMAINS, said, strict=False) if s]} not {sorted(item.domains)}: {item.text}"
                    )
            if said[-1] != targets[-1] and verbose and item.intent != "unknown":
                print(f"    mood {said[-1]}: {item.text}")
        print(
            f"{name:10} {len(asked):4} asked, intent {1 - len(wrong) / len(asked):.3f}, domains exact {1 - missed / len(asked):.3f}"
        )
        if verbose:
            for item, guess in wrong[:40]:
                print(f"    {guess} not {item.intent}: {item.text}")
    return scored


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", action="store_true", help="only report on each source, trained without it")
    parser.add_argument("--temperature", type=float, help="use this temperature instead of fitting one")
    options = parser.parse_args()
    begun = time.perf_counter()
    found = sources()
    print({name: len(items) for name, items in found.items()})
    temperature = options.temperature
    if options.folds or temperature is None:
        temperature = fitted(folds(found, options.folds))
        print(f"temperature {temperature:.2f}")
        if options.folds:
            return
    data = augmented([item for items in found.values() for item in items], random.Random(SEED))
    weights = train(data)
    save(weights, temperature, TARGET)
    right = sum(max(range(len(INTENTS)), key=answer(weights, e[0]).__getitem__) == e[1] for e in data)
    print(
        f"{len(data)} examples, {right / len(data):.4f} learnt, {TARGET.stat().st_size} bytes, {time.perf_counter() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
