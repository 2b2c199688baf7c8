"""Numbers, amounts and times: replicas, memory, cpu, storage, bounds, schedules."""

from __future__ import annotations

import re

from .lexicon import lexicon
from .patterns import Pattern
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_NUMBERS = {word: i for i, word in enumerate(_ONES)} | {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "dozen": 12,
    "none": 0,
    "nil": 0,
    "single": 1,
}
_COUNTED = frozenset(["replica", "copy", "instance", "pod", "node", "worker", "container", "task", "runner", "machine"])
_UNITS = frozenset(
    [
        "gb",
        "mb",
        "kb",
        "tb",
        "gib",
        "mib",
        "kib",
        "tib",
        "gi",
        "mi",
        "ki",
        "ti",
        "g",
        "m",
        "k",
        "gig",
        "gigs",
        "meg",
        "megs",
        "megabyte",
        "megabytes",
        "gigabyte",
        "gigabytes",
        "gibibytes",
        "mebibytes",
        "terabyte",
        "terabytes",
        "tb",
        "tbs",
        "gbs",
        "mbs",
    ]
)
_CORES = frozenset(["cpu", "cpus", "core", "cores", "vcpu", "vcpus", "millicores", "millicpu", "millicore"])
_MEMORY = frozenset(["memory", "ram", "mem", "heap"])
_STORAGE = frozenset(
    [
        "disk",
        "storage",
        "volume",
        "pvc",
        "pv",
        "space",
        "partition",
        "filesystem",
        "swap",
        "swapfile",
        "claim",
        "ebs",
        "drive",
        "ssd",
        "root",
        "lv",
    ]
)
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_CLOCK = (
    r"(?:(?:at )?(?:\d{1,2}(?::\d{2})? ?(?:am|pm)\b|\d{1,2}:\d{2}|midnight|noon|\d{1,2} o'clock)(?: utc| gmt| cet)?)"
)
_SCHEDULES = (
    Pattern(
        (
            r"(?<![\w./*-])(?:(?:\*(?:/\d+)?|\d+(?:[-,/]\d+)*(?:/\d+)?)\s+){4}(?:\*(?:/\d+)?|"
            r"\d+(?:[-,]\d+)*|(?:mon|tue|wed|thu|fri|sat|sun)(?:[-,](?:mon|tue|wed|thu|fri|sat|"
            r"sun))*)(?![\w/*])"
        ),
        "* ",
        " *",
    ),
    Pattern(r"@(?:hourly|daily|weekly|monthly|yearly|annually|midnight|reboot)\b", "@"),
    Pattern(
        (
            rf"\bevery (?:other )?(?:single )?(?:\d+ |two |three |five |six |ten |fifteen |"
            rf"thirty )?(?:minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|mornings?|evenings?|"
            rf"weekdays?|{_DAYS})\b(?: (?:morning|night|evening))?(?: {_CLOCK})?"
        ),
        "every",
    ),
    Pattern(
        rf"(?<![\w./-])(?:nightly|daily|weekly|hourly|monthly)(?![\w-]|[./]\w)(?: {_CLOCK})?",
        "nightly",
        "daily",
        "weekly",
        "hourly",
        "monthly",
    ),
)


def number(token: Token) -> int | None:
    """The whole number that a token says, or None."""
    if token.kind == "number":
        return int(token.text)
    if token.kind == "times":
        return int(token.low.strip("x"))
    if token.kind in {"word", "name"}:
        if token.low in _NUMBERS:
            return _NUMBERS[token.low]
        if "-" not in token.low:
            return None
        tens, _, ones = token.low.partition("-")
        if tens in _NUMBERS and ones in _NUMBERS:
            return _NUMBERS[tens] + _NUMBERS[ones]
    return None


def singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")


def schedule(text: str) -> str | None:
    """The cron expression or the words for a recurring time, as written."""
    low = text.lower()
    for pattern in _SCHEDULES:
        if found := pattern.search(text, low):
            return found.group().strip()
    return None


def sizes(tokens: list[Token], verb: str | None, found: Found) -> None:
    """``memory``, ``cpu`` and ``storage`` as written."""
    if any(t.text[:1].isdigit() for t in tokens):
        from .cores import cores

        cores(tokens, found)
    for i, token in enumerate(tokens):
        if token.used:
            continue
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        text = token.text
        measured = i > 1 and token.kind == "percent" and tokens[i - 1].low in _MEMORY
        if measured and tokens[i - 2].low in {"by", "target", "average", "on", "at"}:
            found.setdefault("memory", text)
            token.used = True
            continue
        if token.kind == "milli" or (
            token.kind == "percent"
            and _near(tokens, i, _CORES | {"utilisation", "utilization", "target", "average", "load"}, 6)
        ):
            if token.kind == "milli" and _near(tokens, i, _MEMORY, 3) and not _near(tokens, i, _CORES, 2):
                found.setdefault("memory", text)
            elif (
                token.kind == "percent" and _near(tokens, i, _STORAGE | _MEMORY, 3) and not _near(tokens, i, _CORES, 4)
            ):
                continue
            elif token.kind == "milli" and verb == "run" and not _near(tokens, i, _CORES, 2):
                found.setdefault("memory", text)
            else:
                found.setdefault("cpu", text)
            token.used = True
            continue
        if token.low == "half" and following is not None:
            for j in range(i + 1, min(i + 4, len(tokens))):
                if tokens[j].low in _CORES:
                    found.setdefault("cpu", " ".join(t.text for t in tokens[i : j + 1]))
                    token.used = True
                    break
                if tokens[j].low in _UNITS:
                    _size(tokens, i, j, " ".join(t.text for t in tokens[i : j + 1]), verb, found)
                    token.used = True
                    break
            continue
        if (
            token.kind == "amount"
            and re.fullmatch(r"\d+m", text)
            and ((following is not None and following.low in _CORES) or (i and tokens[i - 1].low in _CORES))
        ):
            found.setdefault("cpu", text)
            token.used = True
            continue
        if token.kind == "amount":
            _size(tokens, i, i, text, verb, found)
            token.used = True
            continue
        if (
            (token.kind in {"number", "version"} or number(token) is not None)
            and following is not None
            and token.kind != "times"
        ):
            if following.low in _UNITS and re.fullmatch(r"[\d.]+", text):
                _size(
                    tokens,
                    i,
                    i + 1,
                    f"{text} {following.text}" if following.start > token.end else text + following.text,
                    verb,
                    found,
                )
                token.used = following.used = True
            elif following.low in _UNITS and following.low not in {"m", "k", "g"}:
                _size(tokens, i, i + 1, f"{text} {following.text}", verb, found)
                token.used = following.used = True
            elif following.low in _CORES:
                found.setdefault("cpu", text if not following.low.startswith("milli") else f"{text} {following.text}")
                token.used = True
    for i, token in enumerate(tokens):
        if token.low in _CORES and "cpu" not in found and token.kind == "word":
            for j in range(i + 1, min(i + 5, len(tokens))):
                if tokens[j].kind in {"number", "version", "milli", "percent"} and not tokens[j].used:
                    found["cpu"] = tokens[j].text
                    tokens[j].used = True
                    break
                if tokens[j].low not in {
                    "limit",
                    "limits",
                    "request",
                    "requests",
                    "to",
                    "of",
                    "at",
                    "=",
                    ":",
                    "is",
                    "target",
                    "quota",
                    "usage",
                    "utilization",
                    "utilisation",
                }:
                    break


def _size(tokens: list[Token], first: int, last: int, text: str, verb: str | None, found: Found) -> None:
    words = _MEMORY | _STORAGE
    key = None
    for distance in range(1, 6):
        after = tokens[last + distance] if last + distance < len(tokens) else None
        if (
            after is not None
            and distance <= 3
            and after.low in words
            and not any(t.text == "," or t.low == "and" for t in tokens[last + 1 : last + distance])
        ):
            key = "memory" if after.low in _MEMORY else "storage"
            break
        before = tokens[first - distance] if first - distance >= 0 else None
        if before is not None and singular(before.low) in words | {"mem"}:
            key = "memory" if before.low in _MEMORY else "storage"
            break
        if before is not None and before.text in {"--memory", "-m"}:
            key = "memory"
            break
    if key is None and (re.search(r"\d ?t(?:i?b?)$", text.lower()) or verb == "resize"):
        key = "storage"
    if key is None:
        low = {t.low for t in tokens} | {singular(t.low) for t in tokens}
        kept = low & {"size", "resized", "resize"} or any(
            t.noun and t.noun.name in {"pvc", "pv", "volume", "disk"} for t in tokens
        )
        key = "storage" if (low & _STORAGE or kept) and not low & _MEMORY else "memory"
    if key in found:
        key = "storage" if key == "memory" and {t.low for t in tokens} & _STORAGE else key
    found.setdefault(key, text)


def _near(tokens: list[Token], i: int, words: frozenset[str] | set[str], reach: int) -> bool:
    return any(t.low in words for t in tokens[max(0, i - reach) : i + reach + 1])


def bounds(tokens: list[Token], found: Found) -> None:
    """``min`` and ``max`` of an autoscaler."""
    for i, token in enumerate(tokens):
        low = token.low
        than = low in {"fewer", "less", "more"} and i > 0 and tokens[i - 1].low in {"no", "not"}
        if than and i + 2 < len(tokens) and tokens[i + 1].low == "than" and (n := number(tokens[i + 2])) is not None:
            found.setdefault("max" if low == "more" else "min", n)
            tokens[i + 2].used = True
        elif low in {"min", "minimum", "least", "max", "maximum", "most", "cap", "ceiling", "floor", "--min", "--max"}:
            key = "min" if low in {"min", "minimum", "least", "floor", "--min"} else "max"
            closed = i > 1 and tokens[i - 1].text == "(" and i + 1 < len(tokens) and tokens[i + 1].text == ")"
            for j in (i - 2,) if closed else (i + 1, i + 2, i + 3, i - 1, i - 2):
                if 0 <= j < len(tokens) and not tokens[j].used and (n := number(tokens[j])) is not None:
                    if j > i and any(
                        t.low in {"max", "min", "maximum", "minimum", "and", ","} for t in tokens[i + 1 : j]
                    ):
                        continue
                    found.setdefault(key, n)
                    tokens[j].used = True
                    break
        elif low in {"between", "from"} and i + 3 < len(tokens):
            first, second = number(tokens[i + 1]), number(tokens[i + 3])
            if (
                first is not None
                and second is not None
                and tokens[i + 2].low in {"and", "to", "-"}
                and low == "between"
            ):
                found.setdefault("min", first)
                found.setdefault("max", second)
                tokens[i + 1].used = tokens[i + 3].used = True
        elif (span := re.fullmatch(r"(\d{1,4})(?:-|\.\.)(\d{1,4})", token.text)) and not token.used:
            found.setdefault("min", int(span[1]))
            found.setdefault("max", int(span[2]))
            token.used = True


def autoscaled(tokens: list[Token]) -> bool:
    return any(
        t.low.startswith("autoscal")
        or t.low in {"hpa", "auto-scale", "auto-scaling", "elastic"}
        or (t.noun and t.noun.name == "autoscaler")
        for t in tokens
    )


def range_to(tokens: list[Token], found: Found) -> None:
    """The bounds in words ("from 2 to 8") of an autoscaler."""
    for i in range(len(tokens) - 2):
        first, second = number(tokens[i]), number(tokens[i + 2])
        if first is not None and second is not None and tokens[i + 1].low in {"to", "-", "and"} and not tokens[i].used:
            found.setdefault("min", first)
            found.setdefault("max", second)
            tokens[i].used = tokens[i + 2].used = True
            return


def replicas(tokens: list[Token], verb: str | None, intent: str, found: Found) -> None:
    """The number wanted at the end."""
    for i, token in enumerate(tokens):
        if token.used or (n := number(token)) is None:
            continue
        if (
            i
            and token.kind == "number"
            and tokens[i - 1].low in lexicon().images
            and i + 1 < len(tokens)
            and tokens[i + 1].low == singular(tokens[i + 1].low)
        ):
            continue
        if token.kind == "times" and not any(
            t.low in {"faster", "slower", "bigger", "more"} for t in tokens[i + 1 : i + 2]
        ):
            found["replicas"] = n
            token.used = True
            return
        for j in range(i + 1, min(i + 4, len(tokens))):
            word = singular(tokens[j].low)
            if tokens[j].low in {"more", "extra", "additional", "fewer", "less"}:
                token.used = True
                break
            if word in _COUNTED or word in {"replicas", "copies"}:
                if intent in {"monitor", "debug"} and word not in {"replica", "copy"}:
                    break
                if i >= 2 and tokens[i - 1].low == "by":
                    break
                if any(t.low in {"last", "first", "top", "other"} for t in tokens[max(0, i - 1) : i]) or (
                    token.low == "one" and tokens[j].low != "replica" and verb != "scale"
                ):
                    break
                found["replicas"] = n
                token.used = True
                break
            if tokens[j].kind != "word" or tokens[j].low in {"and", "to", "in", "on", "from"} or tokens[j].verb:
                break
        if found.get("replicas") == n and token.used:
            follow = tokens[i + 1 : i + 3]
            if len(follow) == 2 and follow[0].low == "to" and number(follow[1]) is not None:
                continue
            if not any(
                t.low == "to" and number(u) is not None for t, u in zip(tokens[i:], tokens[i + 1 :], strict=False)
            ):
                return
    for i, token in enumerate(tokens):
        if token.low in {
            "replicas",
            "replica",
            "replica count",
            "replicacount",
            "copies",
            "instances",
            "--replicas",
        } or (token.low == "count" and i and tokens[i - 1].low in {"replica", "node", "worker"}):
            for j in range(i + 1, min(i + 6, len(tokens))):
                n = number(tokens[j])
                if n is not None and not tokens[j].used and tokens[j - 1].low != "from":
                    if "replicas" not in found or tokens[j - 1].low in {"to", "=", ":"}:
                        found["replicas"] = n
                    tokens[j].used = True
                    if tokens[j - 1].low in {"to", "=", ":"}:
                        return
                    break
    if intent == "scale" or verb in {"scale", "resize", "increase", "decrease"}:
        for i, token in enumerate(tokens):
            n = number(token)
            if (
                n is not None
                and not token.used
                and i
                and (
                    tokens[i - 1].low in {"to", "at", "=", ":", "->", "down to", "up to"}
                    or tokens[i - 1].low in {"make it", "make that", "make them"}
                    or (tokens[i - 1].low in {"it", "that", "them"} and i > 1 and tokens[i - 2].low == "make")
                    or tokens[i - 1].text in {">", "@"}
                )
            ):
                unit = tokens[i + 1].low if i + 1 < len(tokens) else ""
                if unit in _UNITS or unit in _CORES or unit == "%":
                    continue
                found["replicas"] = n
                token.used = True
                return
        if "replicas" not in found and "max" not in found and verb == "scale":
            for i, token in enumerate(tokens):
                n = number(token)
                if (
                    n is not None
                    and not token.used
                    and token.kind == "number"
                    and not (i and tokens[i - 1].low == "by")
                ):
                    found["replicas"] = n
                    token.used = True
                    return
