# ruff: noqa: E501
"""How well requests are understood that nothing was tuned on: ``python benchmarks/understanding.py [SOURCE …] [--wrong]``.

Prints the sources and phrasing families of all labelled data, then figures per source, family, intent, domain and entity
key, the calibration error, and what start and requests cost as ratios to their budgets. Without names it asks the sources
whose names begin with ``held_`` and ``fresh_`` (tools/understanding/data); a name may also be a file of JSON lines.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "agents")]

from reign_agents.understanding import DOMAINS, INTENTS, Understanding, understand  # noqa: E402
from tools.understanding.corpus import Labelled, read, read_json, sources  # noqa: E402

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


def data() -> None:
    """How much labelled data there is, of how many sources and families."""
    for said, untouched in (("learnt from", False), ("untouched", True)):
        held = {name: read(name) for name in sources(untouched)}
        families = {(name, item.family) for name, items in held.items() for item in items}
        print(
            f"{said}: {sum(map(len, held.values()))} requests of {len(held)} sources and {len(families)} phrasing families"
        )
        print("    " + ", ".join(f"{name} {len(items)}" for name, items in held.items()))


def by_part(items: list[Labelled]) -> None:
    """Intent, domains and entities for each source and each of its phrasing families."""
    parts: dict[str, list[Labelled]] = {}
    for source in dict.fromkeys(item.source for item in items):
        own = [item for item in items if item.source == source]
        parts[source] = own
        families = dict.fromkeys(item.family for item in own)
        for family in families if len(families) > 1 else ():
            parts[f"  {family}"] = [item for item in own if item.family == family]
    print(f"{'source, family':34}{'asked':>6}{'intent':>9}{'domains':>9}{'entities':>9}")
    for name in parts:
        pairs = [(item, understand(item.text)) for item in parts[name]]
        stated = [
            same(key, answer.entities.get(key), value)
            for item, answer in pairs
            if item.intent != "unknown"
            for key, value in (item.entities or {}).items()
        ]
        right = sum(item.intent == answer.intent for item, answer in pairs)
        exact = sum(item.domains == set(answer.domains) for item, answer in pairs)
        print(
            f"{name[:33]:34}{len(pairs):6}{ratio(right, len(pairs)):>9}{ratio(exact, len(pairs)):>9}{ratio(sum(stated), len(stated)):>9}"
        )
    print()


START, REQUEST, THOUSAND = 30.0, 1.0, 1500.0
"""Budgets in milliseconds: the start beyond ``--version``, one request, a thousand with the start."""


def processor(argv: list[str], given: bytes = b"") -> float:
    """Milliseconds of processor time of one run of a program whose modules are compiled, as an installed one's are."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(argv, input=given, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def speed(items: list[Labelled]) -> None:
    """What it costs, in processor time: others on the machine do not count."""
    texts = [item.text for item in items]
    for text in texts[:50]:
        understand(text)
    begun = time.process_time()
    for text in texts * 3:
        understand(text)
    each = (time.process_time() - begun) / len(texts) / 3 * 1000
    program = [sys.executable, "-m", "reign_tui"]
    lines = [" ".join(text.split()) for text in texts]
    thousand = "\n".join((lines * (1000 // len(lines) + 1))[:1000]).encode()
    bare: list[float] = []
    version: list[float] = []
    start: list[float] = []
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        for turn in range(16):  # by turns, so that all meet the same noise; the first only compiles
            costs = (
                processor([sys.executable, "-c", "pass"]),
                processor([*program, "--version"]),
                processor([*program, "classify"], b"list containers\n"),
            )
            if turn:
                for held, cost in zip((bare, version, start), costs, strict=True):
                    held.append(cost)
        whole = [processor([*program, "classify"], thousand) for _ in range(3)]
    beyond = median(start) - median(version)
    print(
        f"python -c pass costs {median(bare):.0f} ms of processor time on this machine now; budgets are for one at rest"
    )
    for said, cost, budget in (
        ("start beyond --version", beyond, START),
        ("one request", each, REQUEST),
        ("1,000 requests with the start", median(whole), THOUSAND),
    ):
        print(
            f"{said:30}{cost:8.2f} ms of processor time, {cost / budget:.2f} of its budget, {cost / median(bare):.2f} × python -c pass"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--wrong", action="store_true", help="print each request that was not wholly understood")
    parser.add_argument("--brief", action="store_true", help="the figures only: neither data nor costs")
    options = parser.parse_args()
    names = options.sources or sources(untouched=True)
    items = [
        item
        for name in names
        for item in (read_json(Path(name), Path(name).stem) if "/" in name else read(name, entities=True))
    ]
    if not options.brief:
        data()
        print()
    print("asked:", ", ".join(names))
    by_part(items)
    report(items, options.wrong)
    if not options.brief:
        speed(items)


if __name__ == "__main__":
    main()
