"""How fast the redactor is: lines of 100 bytes a second, and the ratio against plain writing to a file.

``python benchmarks/redaction.py [lines]``. Kinds: clean log lines, lines where one in a hundred holds a secret, lines
that all hold a trigger word; each with patterns alone and with 50 known values.
"""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable

from reign_executors.redaction import Redactor

CHUNK = 64 * 1024
TEXT = "starting container web listening on port 8080 GET /api/v1/users 200 12ms cache miss worker finished"
WORDS = TEXT.split()


def line(number: int, extra: str = "") -> str:
    text = f"2026-01-01T10:{number % 60:02d}:00Z INFO {extra} " + " ".join(random.choices(WORDS, k=20))
    return text[:99]


def chunks(lines: int, extra: Callable[[int], str]) -> list[bytes]:
    data = "".join(line(number, extra(number)) + "\n" for number in range(lines)).encode()
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def seconds(work: Callable[[], None]) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    known = {f"secret_{number}": secrets.token_urlsafe(18) for number in range(50)}
    kinds = {
        "clean": lambda number: "",
        "1 % with a secret": lambda number: "password=hunter2" if number % 100 == 0 else "",
        "all with a trigger": lambda number: "auth_token=abcdefgh",
    }
    print(f"{'lines of 100 bytes':24} {'redactor':22} {'lines/s':>12} {'x plain write':>14}")
    for name, extra in kinds.items():
        amount = lines if "all" not in name else lines // 10
        data = chunks(amount, extra)
        with tempfile.TemporaryFile(buffering=0) as file:

            def plain(data: list[bytes] = data) -> None:
                file.seek(0)
                for chunk in data:
                    file.write(chunk)

            base = seconds(plain)
            for label, redactor in (("patterns", Redactor()), ("patterns + 50 known", Redactor(known))):

                def redacted(data: list[bytes] = data, redactor: Redactor = redactor) -> None:
                    file.seek(0)
                    stream = redactor.stream()
                    for chunk in data:
                        file.write(stream.feed(chunk))
                    file.write(stream.flush())

                took = seconds(redacted)
                print(f"{name:24} {label:22} {amount / took:12,.0f} {took / base:14.1f}")


if __name__ == "__main__":
    main()
