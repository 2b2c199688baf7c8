"""How fast commands are judged, and how well: the score of the corpus by class, speed, and the worst of long texts.

Times are processor time: what other programs take on a busy machine does not count.

Run: ``python benchmarks/check.py``. Prints a table; the figures to hold are 2,000 commands a second, 50 ms for 64 KiB.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

from reign_agents.safety.check import judge_command

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "analysis" / "corpus"
LONG = [
    *("(", "$(", '"', "a ", "`", "{", "<<a\n", "if ", "a;", "$((", "[[ ", "a|", "rm -rf /\n", "case x in ", "\\"),
    *(
        "${x:-",
        "<(",
        "x=(",
        "((",
        "a=((",
        "{a,b}",
        "*",
        "$x",
        "é",
        "a && ",
        "f(){ f;};",
        "echo $(a) ",
        "cat <<E\nx\nE\n",
    ),
    *("ls | cat\n", "x=$x$x;", "'\n", "rm -rf $x$y$z ", "a=b ", "[", "/*", "../", "$(a|b);", "x=$(x=$(", "\n", "#"),
    *("for i in a b;do ", "echo 'a' | base64 -d | sh; ", "a=(b c);", "ls\t", "eval ls;", "[a-z]*", "\\\n", "{1..9}"),
]


def main() -> None:
    rows = [
        (path.stem, row["command"], row["verdict"])
        for path in sorted(CORPUS.glob("*.jsonl"))
        for row in map(json.loads, path.read_text("utf-8").splitlines())
    ]
    started = time.process_time()
    judge_command("ls")
    first = time.process_time() - started
    started = time.process_time()
    verdicts = [judge_command(command).verdict for _, command, _ in rows]
    cold = time.process_time() - started
    warm = min(_round(rows) for _ in range(3))
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    harm = []
    for (kind, command, wanted), verdict in zip(rows, verdicts, strict=True):
        total[kind] += 1
        right[kind] += verdict == wanted
        if verdict == "allow" and wanted != "allow":
            harm.append(command)
    wanted_all = Counter(wanted for _, _, wanted in rows)
    got = Counter((wanted, verdict) for (_, _, wanted), verdict in zip(rows, verdicts, strict=True))
    for verdict, count in sorted(wanted_all.items()):
        spread = "  ".join(f"{answer} {got[verdict, answer]}" for answer in ("allow", "ask", "deny"))
        print(f"{verdict:18} {count:5} judged    {spread}")
    for kind in sorted(total):
        print(f"{kind:18} {right[kind]:5} of {total[kind]:5}   {100 * right[kind] / total[kind]:6.2f} %")
    print(f"harm allowed       {len(harm)}")
    print(f"first command      {first * 1000:.1f} ms")
    print(f"all, cold          {len(rows) / cold:,.0f} commands/s")
    print(f"all, warm          {len(rows) / warm:,.0f} commands/s")
    slowest = max((_time((piece * 65_536)[:65_536]), piece) for piece in LONG)
    print(f"64 KiB at worst    {slowest[0] * 1000:.1f} ms ({slowest[1]!r} repeated)")


def _round(rows: list[tuple[str, str, str]]) -> float:
    started = time.process_time()
    for _, command, _ in rows:
        judge_command(command)
    return time.process_time() - started


def _time(text: str) -> float:
    best = 1.0
    for _ in range(3):
        started = time.process_time()
        judge_command(text)
        best = min(best, time.process_time() - started)
    return best


if __name__ == "__main__":
    main()
