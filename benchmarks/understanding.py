# ruff: noqa: E501
"""How well requests are understood that nothing was tuned on: ``python benchmarks/understanding.py [SOURCE …] [--wrong]``.

Prints figures per intent, domain and entity key, precision and recall of *unknown*, the calibration error and the speed.
Without names it takes the sources whose names begin with ``held_`` and ``fresh_`` (tools/understanding/data).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "agents")]

from reign_agents.understanding import DOMAINS, INTENTS, Understanding, understand  # noqa: E402
from tools.understanding.corpus import DATA, Labelled, read  # noqa: E402

# Where LABELS.md calls a second intent right, too ("docker run" is create_infra or deploy), it is not counted as right here.


def same(key: str, said: Any, right: Any) -> bool:
    if isinstance(right, list):
        return isinstance(said, list) and set(right) == set(said)
    if isinstance(right, dict):
        return isinstance(said, dict) and all(said.get(k) == v for k, v in right.items())
    return bool(said == right)


def ratio(part: float, whole: float) -> str:
    return f"{part / whole:7.1%}" if whole else "      –"


def calibration_error(answers: list[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error: |confidence − share right| over equal bins, weighted by their size."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in answers:
        held[min(bins - 1, int(confidence * bins))].append((confidence, right))
    return sum(abs(sum(c for c, _ in part) - sum(r for _, r in part)) for part in held) / max(1, len(answers))


def report(items: list[Labelled], wrong: bool) -> None:
    answers: list[Understanding] = [understand(item.text) for item in items]
    pairs = list(zip(items, answers, strict=True))
    right = sum(i.intent == a.intent for i, a in pairs)
    acts = [(i, a) for i, a in pairs if i.intent != "unknown"]
    print(
        f"{len(items)} requests   intent {ratio(right, len(items))}   mood {ratio(sum(i.mood == a.mood for i, a in acts), len(acts))}"
    )
    print(f"\n{'intent':14}{'asked':>6}{'precision':>11}{'recall':>9}")
    for intent in INTENTS:
        hit = sum(i.intent == a.intent == intent for i, a in pairs)
        asked = sum(i.intent == intent for i in items)
        said = sum(a.intent == intent for a in answers)
        print(f"{intent:14}{asked:6}{ratio(hit, said):>11}{ratio(hit, asked):>9}")
    hits: Counter[str] = Counter()
    asked_: Counter[str] = Counter()
    said_: Counter[str] = Counter()
    for i, a in pairs:
        asked_.update(i.domains)
        said_.update(a.domains)
        hits.update(i.domains & set(a.domains))
    total = sum(hits.values())
    precision, recall = total / max(1, sum(said_.values())), total / max(1, sum(asked_.values()))
    print(
        f"\n{'domain':14}{'asked':>6}{'precision':>11}{'recall':>9}   F1 in all {2 * precision * recall / max(1e-9, precision + recall):.1%}"
    )
    for domain in DOMAINS:
        print(
            f"{domain:14}{asked_[domain]:6}{ratio(hits[domain], said_[domain]):>11}{ratio(hits[domain], asked_[domain]):>9}"
        )
    found: Counter[str] = Counter()
    stated: Counter[str] = Counter()
    for i, a in acts:
        for key, value in (i.entities or {}).items():
            stated[key] += 1
            found[key] += same(key, a.entities.get(key), value)
    print(
        f"\n{'entity':14}{'stated':>6}{'recall':>9}   recall in all {ratio(sum(found.values()), sum(stated.values())).strip()}"
    )
    for key, n in stated.most_common():
        print(f"{key:14}{n:6}{ratio(found[key], n):>9}")
    print(f"\ncalibration error {calibration_error([(a.confidence, i.intent == a.intent) for i, a in pairs]):.3f}")
    if wrong:
        for i, a in pairs:
            faults = []
            if i.intent != a.intent:
                faults.append(f"intent {a.intent} not {i.intent} ({a.confidence:.2f})")
            if i.intent != "unknown":
                if i.mood != a.mood:
                    faults.append(f"mood {a.mood}")
                if i.domains != set(a.domains):
                    faults.append(f"domains {','.join(a.domains)} not {','.join(sorted(i.domains))}")
                faults += [
                    f"{k}={a.entities.get(k)!r} not {v!r}"
                    for k, v in (i.entities or {}).items()
                    if not same(k, a.entities.get(k), v)
                ]
            if faults:
                print(f"  {i.text}\n      {'; '.join(faults)}")


def speed(items: list[Labelled]) -> None:
    texts = [item.text for item in items] * 2
    for text in texts[:50]:
        understand(text)
    begun = time.process_time()
    for text in texts:
        understand(text)
    print(f"speed {(time.process_time() - begun) / len(texts) * 1000:.2f} ms of processor time a request")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--wrong", action="store_true", help="print each request that was not wholly understood")
    options = parser.parse_args()
    names = options.sources or sorted(p.stem for p in DATA.glob("*.txt") if p.stem.startswith(("held_", "fresh_")))
    items = [item for name in names for item in read(name, entities=True)]
    print("sources:", ", ".join(names))
    report(items, options.wrong)
    speed(items)


if __name__ == "__main__":
    main()
