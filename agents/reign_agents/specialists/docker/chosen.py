"""Which containers a wish is about: those it names, or all of a state, image, network or age, but those it spares."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reign_agents.planning.elsewhere import WHEN
from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.words import ROLES
from reign_agents.specialists.docker.found import There, match
from reign_agents.specialists.docker.values import IMAGE, NAME

STATES = {
    "stopped": ("exited", "created", "dead"),
    "exited": ("exited", "created", "dead"),
    "dead": ("exited", "created", "dead"),
    "unused": ("exited", "created", "dead"),
    "inactive": ("exited", "created", "dead"),
    "down": ("exited", "created", "dead"),
    "running": ("running", "paused", "restarting"),
    "up": ("running", "paused", "restarting"),
    "paused": ("paused",),
}
_HEALTH = ("unhealthy", "healthy")
_NOT_RUNNING = r"\b(?:(?:that|which)\s+)?(?:(?:are|is)\s+not|aren[’']?t|isn[’']?t|not)\s+(?:running|up|in\s+use|used)\b"
_SPARED = re.compile(
    r"[,\s]*\b(?:(?:but|and|just)\s+)?"
    r"(?:except(?:ing)?(?:\s+(?:for|of))?|excluding|besides|apart\s+from|other\s+than|save\s+for|but(?=\s)|not|"
    r"leav(?:e|ing)|keep(?:ing)?|spar(?:e|ing)|without|(?:do\s+not|don[’']?t|never|without)\s+"
    r"(?:touch|stopp?|remov|restart|delet|kill|start|paus)(?:e|ing)?)\s+"
    r"(?:(?:not|touch|leave|keep|stop|remove|delete|kill|restart|for)\s+)*(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s+(?:alone|running|untouched|as\s+(?:it\s+is|they\s+are)|alive|up|in\s+peace|please)\b.*$|;.*$")
_CONDITION = re.compile(
    r"[,\s]*\b(?:but\s+)?(?:only\s+|and\s+)?(?:if|when|in\s+case|unless)\s+(?:(?:it|they|that|this)(?:['’]s|['’]re|\s+is|\s+are)"
    r")\s+(?:still\s+|really\s+|currently\s+)?(?P<no>not\s+)?"
    rf"(?P<state>{'|'.join(_HEALTH)}|{'|'.join(STATES)})\b(?:\s+(?:now|already|still))?",
    re.IGNORECASE,
)
_LEFT_CONDITION = re.compile(r"(?<![\w.-])(?:if|unless|when|whenever|as\s+soon\s+as|once)\s+\S.*$", re.IGNORECASE)
_AGES = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_OLDER = (
    r"\b(?:that\s+are\s+|which\s+are\s+)?(?:older\s+than|from\s+more\s+than|created\s+(?:more\s+than|over))\s+"
    r"(?P<n>\d+|an?|one|two|three)\s*(?P<unit>minutes?|mins?|hours?|h|days?|d|weeks?|w)\b(?:\s+ago)?"
)
_ENDS = re.compile(r"\b(?P<end>newest|youngest|latest|most\s+recent|last|oldest)\s+(?:created\s+)?container\b(?!s)")
_ON_PORT = (
    r"\b(?:what(?:ever)?|anything|everything|who(?:ever)?|the\s+(?:thing|process|program|one|app))\s+(?:that\s+)?"
    r"(?:(?:is|['’]s|runs?|listens?|sits|uses?|occupies|holds|takes|blocks)\s+)?(?:(?:running|listening|using)\s+)?"
    r"(?:(?:on|at|behind)\s+)?(?:the\s+)?port\s+(?P<port>\d+)"
)
_WIDE = re.compile(r"\bcontainers\b|\beverything\b|\bones\b|\bevery\s+(?:\S+\s+)?container\b|[\w-]\*", re.IGNORECASE)
_EVERY = re.compile(r"\b(?:all|every|each|any|everything|both)\b|[\w-]\*", re.IGNORECASE)


@dataclass(slots=True)
class Choice:
    """What the words choose by. ``spared`` are words of what stays as it is; ``wide``: several are meant, not names.
    ``sifts`` tell whether a container is one of those; ``said`` puts them in words; ``end`` newest or oldest alone.
    """

    spared: tuple[str, ...]
    wide: bool = False
    sifts: list[Callable[[There], bool]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    state: str | None = None
    end: str | None = None
    condition: tuple[str, bool] | None = None
    unknown_condition: str | None = None


def read(scan: Scan) -> Choice:
    """Take what chooses among containers out of the words; names are left in them."""
    scan.text = re.sub(_NOT_RUNNING, " stopped ", WHEN.sub(" ", scan.text), flags=re.IGNORECASE)
    condition = None
    if (found := _CONDITION.search(scan.text)) is not None:
        opposite = bool(found["no"]) != bool(re.search(r"\bunless\b", found.group(), re.IGNORECASE))
        condition = (found["state"].lower(), not opposite)
        scan.text = f"{scan.text[: found.start()]} {scan.text[found.end() :]}"
    scan.text = re.sub(r"\bnot\s+healthy\b", "unhealthy", scan.text, flags=re.IGNORECASE)
    scan.text = re.sub(_ON_PORT, r"on port \g<port>", scan.text, flags=re.IGNORECASE)
    choice = Choice((), condition=condition)
    choice.spared = _spared(scan, choice)
    if (left := _LEFT_CONDITION.search(scan.text)) is not None:
        choice.unknown_condition = scan.restored(left.group())
        scan.text = scan.text[: left.start()]
    _sifted(scan, choice)
    every = _EVERY.search(scan.text) or choice.state or choice.sifts or choice.spared
    choice.wide = choice.wide or bool(_WIDE.search(scan.text) and every)
    return choice


def _spared(scan: Scan, choice: Choice) -> tuple[str, ...]:
    """The words of what stays as it is, taken out; where it is chosen in its turn ("… not of image api:2", "but the
    ones in network lab") that becomes a sift.
    """
    found = _SPARED.search(scan.text)
    if found is None:
        return ()
    rest = _AFTER.sub("", found["rest"])
    scan.text = scan.text[: found.start()]
    if re.search(r"\b(?:volumes?|data)\b(?!\s+[\w.-]+\s*$)|\b(?:its|their)\s+(?:volumes?|data)\b", rest, re.IGNORECASE):
        return ()  # what belongs to a container, not a container
    inner = Scan(" ".join(scan.restored(word) for word in rest.split()))
    out = Choice(())
    _sifted(inner, out)
    if out.state is not None and not re.search(rf"(?<![\w.-]){out.state}\s+[\w.-]+$", inner.text):
        states = STATES[out.state]
        out.sifts.append(lambda one: one.row.get("status") in states)
        out.said.append(out.state)
        inner.has(rf"(?<![\w.-]){out.state}(?![\w.-])")
    if out.sifts:
        choice.sifts.append(lambda one: not all(test(one) for test in out.sifts))
        choice.said.append(f"not {' '.join(out.said)}")
    small = r"\b(?:and|or|nor|the|any|all|my|our|containers?|ones?|of|that|which|those|are|is|in|with)\b"
    return tuple(word for word in inner.words() if not re.fullmatch(small, word, re.IGNORECASE))


def _sifted(scan: Scan, choice: Choice) -> None:
    def sift(test: Callable[[There], bool], words: str) -> None:
        choice.sifts.append(test)
        choice.said.append(words)

    for health in _HEALTH:
        if scan.has(
            rf"(?<![\w-]){health}(?=\s+(?:containers?|ones)\b)|"
            rf"\b(?:that|which|those|what(?:ever)?|(?P<all>everything|all))\s+(?:(?:that|which)\s+)?(?:is|are)\s+(?:marked\s+)?{health}\b|"
            rf"^\W*{health}\W*$"
        ):
            choice.wide = True
            sift(lambda one, health=health: one.row.get("health") == health, health)  # type: ignore[misc]
    choice.state = next(
        (word for word in STATES if re.search(rf"(?<![\w.-]){word}(?![\w.-])", scan.text, re.IGNORECASE)), None
    )
    if choice.state in ("up", "down"):
        choice.state = None
    network = scan.first(
        rf"\b(?:that\s+are\s+|connected\s+|attached\s+)?(?:in|on|of|to|inside|within)\s+(?:the\s+)?network\s+(?P<value>{NAME})"
    ) or scan.first(rf"\b(?:in|on|of|inside)\s+(?:the\s+)?(?P<value>{NAME})\s+network\b")
    if network is not None:
        sift(lambda one: network in (one.row.get("networks") or ()), f"in network {network}")
    volume = scan.first(rf"\b(?:using|with|on|that\s+use)\s+(?:the\s+)?volume\s+(?P<value>{NAME})")
    if volume is not None:
        sift(lambda one: volume in (one.row.get("volumes") or ()), f"with volume {volume}")
    using = r"\b(?:using|from|of|running|with|based\s+on|made\s+from|that\s+(?:use|run))\s+(?:the\s+)?"
    image = scan.first(rf"{using}image\s+(?P<value>[^\s,;]+)") or scan.first(rf"{using}(?P<value>{IMAGE.pattern})")
    if image is not None:
        sift(lambda one: _of_image(one, image), f"of image {image}")
    port = scan.first(r"\b(?:on|using|with|publishing|listening\s+on|behind)\s+(?:the\s+)?port\s+(?P<value>\d{2,5})\b")
    if port is not None:
        sift(lambda one: any(f":{port}->" in text for text in one.row.get("ports") or ()), f"on port {port}")
    glob = scan.first(
        r"(?:\b(?:that|which|whose\s+names?)\s+)?\b(?:starts?|begins?|starting|beginning)\s+with\s+"
        rf"(?P<value>{MASK}|[\w.*-]+)"
    ) or scan.first(r"\b(?:named|called|matching)\s+(?:like\s+)?(?P<value>[\w.*?-]*[*?][\w.*?-]*)")
    glob = glob or scan.first(r"(?<![\w./-])(?P<value>[\w.-]*\w[\w.-]*\*|\*[\w.-]*\w[\w.-]*\*?)(?!\S)")
    if glob is not None:
        pattern = glob if "*" in glob or "?" in glob else f"{glob}*"
        sift(lambda one: fnmatchcase(one.name, pattern), f"named {pattern}")
        choice.wide = True
    age = scan.take(_OLDER)
    if age:
        number = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}.get(age[0]["n"].lower()) or int(age[0]["n"])
        before = time.time() - number * _AGES[age[0]["unit"][0].lower()]
        sift(lambda one: float(one.row.get("created") or before + 1) < before, f"older than {number} {age[0]['unit']}")
    if (end := _ENDS.search(scan.text)) is not None:
        choice.end = "oldest" if end["end"].lower() == "oldest" else "newest"
        scan.text = f"{scan.text[: end.start()]} {scan.text[end.end() :]}"


def _of_image(one: There, image: str) -> bool:
    of = str(one.row.get("image"))
    return of in (image, f"{image}:latest") or (":" not in image and of.rpartition(":")[0] == image)


def named_like(word: str, rows: Iterable[There]) -> list[There]:
    """The containers that a word means where several may be: of exactly that name, else of that role or image, else
    those whose name has it.
    """
    there, plain = list(rows), word.lower()
    exact = [one for one in there if word in one.names]
    role = ROLES.get(plain) or ROLES.get(plain.removesuffix("s")) or ()
    images = {*role, plain, plain.removesuffix("s")}
    by_image = [one for one in there if str(one.row.get("image")).rsplit("/", 1)[-1].partition(":")[0] in images]
    if exact or role:
        return exact or by_image
    return [one for one in there if one in by_image or one in match(word, there) or fnmatchcase(one.name, word)]


def spared_of(choice: Choice, rows: list[There]) -> set[str] | Question:
    """The names of the containers that stay as they are; a question where nothing is called so."""
    kept: set[str] = set()
    for word in choice.spared:
        near = named_like(word, rows)
        if not near:
            there = ", ".join(one.name for one in rows[:8])
            return Question(f"There is no container “{word}” to leave as it is. There are: {there}.")
        kept |= {one.name for one in near}
    return kept


def holds(one: There, condition: tuple[str, bool]) -> bool:
    """Whether a container is as the condition says."""
    word, wanted = condition
    is_so = one.row.get("health") == word if word in _HEALTH else one.row.get("status") in STATES[word]
    return is_so == wanted


def as_it_is(one: There) -> str:
    """Its state in words: ``running (healthy)``."""
    health = one.row.get("health")
    return f"{one.row.get('status')}{f' ({health})' if health else ''}"
