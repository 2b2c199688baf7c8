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
    "created": ("created",),
}
_HEALTH = ("unhealthy", "healthy")
_NOT_RUNNING = (
    r"\b(?:(?:that|which)\s+)?(?:(?:are|is)\s+not|aren[’']?t|isn[’']?t|(?<!but )not)\s+(?:running|up|in\s+use|used)\b"
)
_SPARED = re.compile(
    r"(?<![,\s])[,\s]*\b(?:(?:but|and|just)\s+)?"
    r"(?P<lead>except(?:ing)?(?:\s+(?:for|of))?|excluding|besides|apart\s+from|other\s+than|save\s+for|but(?=\s)|not|"
    r"leav(?:e|ing)|keep(?:ing)?|spar(?:e|ing)|without|(?:do\s+not|don[’']?t|never|without)\s+"
    r"(?:touch|stopp?|remov|restart|delet|kill|start|paus)(?:e|ing)?)\s+"
    r"(?P<more>(?:(?:not|touch|leave|keep|stop|remove|delete|kill|restart|for|"
    r"(?:stopp|remov|restart|delet|kill|start|paus|touch)ing)\s+){0,6})(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s+(?:alone|running|untouched|as\s+(?:it\s+is|they\s+are|well)|alive|up|in\s+peace|please|too|also)(?![\w.-])"
    r"(?!\s+(?:containers?|ones?)\b)|;.*$",
    re.IGNORECASE,
)
_BELONGING = re.compile(
    r"(?:(?:all|any|of)\s+){0,2}(?:(?:its|their|the)\s+(?:(?:named|attached|old|own|data)\s+)?(?:volumes?|data)|volumes?|(?:any|its)\s+data)"
    r"(?![\w.-])(?!\s+(?:containers?|ones?)\b)(?:\s+(?:volumes?\b|[\w.-]+\s*$))?(?P<after>.*)$",
    re.IGNORECASE,
)
"""What belongs to a container and is no container: "but keep its data"."""
_REASSURED = re.compile(
    r"(?:actually\s+)?(?P<verb>stop|remov|restart|delet|kill|start|paus|touch|los|destroy|eras)\w*\s+(?:it|them|any(?:thing)?|any\s+of\s+them)\s*[.!]*$",
    re.IGNORECASE,
)
"""What is not done to those that are meant: "… without removing them"."""
_CONDITION = re.compile(
    r"(?<![,\s])[,\s]*\b(?:but\s+)?(?:only\s+|and\s+)?(?:if|when|in\s+case|unless)\s+(?:(?:it|they|that|this)(?:['’]s|['’]re|\s+is|\s+are)"
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
    things: list[tuple[Callable[[There], bool], str]] = field(default_factory=list)
    """Those of ``sifts`` that name a network, volume, image, port or pattern: some container must have it."""
    said: list[str] = field(default_factory=list)
    state: str | None = None
    states: tuple[str, ...] = ()
    soft: str | None = None
    """A word that is what belongs to a container, or one that is called so: "but not the data"."""
    negated: list[tuple[Callable[[There], bool], str]] = field(default_factory=list)
    unread: str | None = None
    """Words that spare something nobody could tell."""
    not_done: str | None = None
    """The stem of a verb that the words rule out for all: "without removing them"."""
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
    lead = found["lead"].lower()
    excepted = re.match(r"except|exclud|beside|apart|other|save", lead) is not None
    words_after = f"{lead} {found['more']}{rest}"
    reassured = (
        None if excepted else re.search(rf"^(?:\S+\s+){{0,2}}?(?:{_REASSURED.pattern})", words_after, re.IGNORECASE)
    )
    if reassured is not None:
        choice.not_done = reassured["verb"].lower()
        return ()
    belonging = None if excepted else _BELONGING.match(rest)
    if belonging is not None and not re.search(r"\w", belonging["after"]):
        choice.soft = "data" if re.search(r"\bdata\s*$", rest, re.IGNORECASE) else None
        return ()
    inner = Scan(" ".join(scan.restored(word) for word in rest.split()))
    out = Choice(())
    _sifted(inner, out)
    if out.state is not None and not re.search(rf"(?<![\w.-]){out.state}\s+[\w.-]+$", inner.text):
        states = out.states
        out.sifts.append(lambda one: one.row.get("status") in states)
        out.said.append(out.state)
        inner.has(rf"(?<![\w.-]){out.state}(?![\w.-])")
    if out.sifts:
        several = re.search(r"\b(?:and|or|nor)\b|,", rest) is not None
        some = any if several else all
        choice.sifts.append(lambda one: not some(test(one) for test in out.sifts))
        choice.said.append(f"not {' '.join(out.said)}")
        choice.negated += out.things
    small = (
        r"and|or|nor|the|any|all|my|our|a|an|containers?|ones?|of|that|which|those|these|them|it|this|are|is|in|with|also|"
        r"too|both|as|well|for|still|out|some|named|called"
    )
    kept = tuple(word for word in inner.words() if not re.fullmatch(small, word, re.IGNORECASE))
    if not kept and not out.sifts:
        choice.unread = scan.restored(f"{found['lead']} {found['more']}{found['rest']}".strip())
    return kept


def _sifted(scan: Scan, choice: Choice) -> None:
    def sift(test: Callable[[There], bool], words: str) -> None:
        choice.sifts.append(test)
        choice.said.append(words)

    def thing(test: Callable[[There], bool], words: str) -> None:
        choice.things.append((test, words))
        sift(test, words)

    for health in _HEALTH:
        if scan.has(
            rf"(?<![\w-]){health}(?=\s+(?:containers?|ones)\b)|"
            rf"\b(?:that|which|those|what(?:ever)?|(?P<all>everything|all))\s+(?:(?:that|which)\s+)?(?:is|are)\s+(?:marked\s+)?{health}\b|"
            rf"^\W*{health}\W*$"
        ):
            choice.wide = True
            sift(lambda one, health=health: one.row.get("health") == health, health)  # type: ignore[misc]
    _states(scan, choice)
    network = scan.first(
        rf"\b(?:that\s+are\s+|connected\s+|attached\s+)?(?:in|on|of|to|inside|within)\s+(?:the\s+)?network\s+(?P<value>{NAME})"
    ) or scan.first(rf"\b(?:in|on|of|inside)\s+(?:the\s+)?(?P<value>{NAME})\s+network\b")
    if network is not None:
        thing(lambda one: network in (one.row.get("networks") or ()), f"in network {network}")
    volume = scan.first(rf"\b(?:using|with|on|that\s+use)\s+(?:the\s+)?volume\s+(?P<value>{NAME})")
    if volume is not None:
        thing(lambda one: volume in (one.row.get("volumes") or ()), f"with volume {volume}")
    using = r"\b(?:using|from|of|running|with|based\s+on|made\s+from|that\s+(?:use|run))\s+(?:the\s+)?"
    image = scan.first(rf"{using}image\s+(?P<value>[^\s,;]+)") or scan.first(rf"{using}(?P<value>{IMAGE.pattern})")
    if image is not None:
        thing(lambda one: _of_image(one, image), f"of image {image}")
    port = scan.first(r"\b(?:on|using|with|publishing|listening\s+on|behind)\s+(?:the\s+)?port\s+(?P<value>\d{2,5})\b")
    if port is not None:
        thing(lambda one: any(f":{port}->" in text for text in one.row.get("ports") or ()), f"on port {port}")
    glob = scan.first(
        r"(?:\b(?:that|which|whose\s+names?)\s+)?\b(?:starts?|begins?|starting|beginning)\s+with\s+"
        rf"(?P<value>{MASK}|[\w.*-]+)"
    ) or scan.first(r"\b(?:named|called|matching)\s+(?:like\s+)?(?P<value>[\w.*?-]*[*?][\w.*?-]*)")
    glob = glob or scan.first(r"(?<![\w./-])(?P<value>[\w.-]*\w[\w.-]*\*|\*[\w.-]*\w[\w.-]*\*?)(?!\S)")
    if glob is not None:
        pattern = glob if "*" in glob or "?" in glob else f"{glob}*"
        thing(lambda one: fnmatchcase(one.name, pattern), f"named {pattern}")
        choice.wide = True
    age = scan.take(_OLDER)
    if age:
        number = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}.get(age[0]["n"].lower()) or int(age[0]["n"])
        before = time.time() - number * _AGES[age[0]["unit"][0].lower()]
        sift(lambda one: float(one.row.get("created") or before + 1) < before, f"older than {number} {age[0]['unit']}")
    if (end := _ENDS.search(scan.text)) is not None:
        choice.end = "oldest" if end["end"].lower() == "oldest" else "newest"
        scan.text = f"{scan.text[: end.start()]} {scan.text[end.end() :]}"


_STATE = rf"(?:{'|'.join(word for word in STATES if word not in ('up', 'down'))})(?![\w.-])"
_STATES = rf"(?P<states>{_STATE}(?:\s*(?:,|&|\b(?:and|or)\b)\s*(?:(?:and|or)\s+)?{_STATE}){{0,4}})"
_SAID_STATES = (
    rf"(?<![\w.-]){_STATES}(?=\s+(?:[\w.:/-]+\s+){{0,2}}(?:containers?|ones?)\b)",
    rf"\b(?:(?:that|which)\s+)?(?:are|is)\s+(?:currently\s+|still\s+|now\s+)?{_STATES}",
    rf"(?<=\beverything ){_STATES}|(?<=\ball ){_STATES}(?=\W*$)".replace("(?P<states>", "(?P<all>", 1),
)


def _states(scan: Scan, choice: Choice) -> None:
    """The states said of containers, one or several; the words leave the text where they can be nothing else."""
    for pattern in _SAID_STATES:
        said = scan.take(pattern)
        if said:
            text = next(iter(said[0].values())).lower()
            words = [word for word in STATES if re.search(rf"(?<![\w.-]){word}(?![\w.-])", text)]
            choice.state = " and ".join(sorted(words, key=text.index))
            choice.states = tuple(dict.fromkeys(state for word in words for state in STATES[word]))
            return
    for word in STATES:
        if word != "created" and re.search(rf"(?<![\w.-]){word}(?![\w.-])", scan.text, re.IGNORECASE):
            if word not in ("up", "down"):
                choice.state, choice.states = word, STATES[word]
            return


def _of_image(one: There, image: str) -> bool:
    of = str(one.row.get("image"))
    return of in (image, f"{image}:latest") or (":" not in image and of.rpartition(":")[0] == image)


def named_like(word: str, rows: Iterable[There], *, loosely: bool = False) -> list[There]:
    """The containers that a word means where several may be: of exactly that name, else of that role or image, else
    those whose name has it as one of its parts ("shop-api-1"); ``loosely``: anywhere.
    """
    there, plain = list(rows), word.lower()
    exact = [one for one in there if word in one.names]
    role = ROLES.get(plain) or ROLES.get(plain.removesuffix("s")) or ()
    images = {*role, plain, plain.removesuffix("s")}
    by_image = [one for one in there if str(one.row.get("image")).rsplit("/", 1)[-1].partition(":")[0] in images]
    if exact or role:
        return exact or by_image
    part = re.compile(rf"(?:^|[-_.]){re.escape(plain)}\d*(?:[-_.]|$)", re.IGNORECASE)
    return [
        one
        for one in there
        if one in by_image
        or part.search(one.name)
        or fnmatchcase(one.name, word)
        or (loosely and one in match(word, there))
    ]


def spared_of(choice: Choice, rows: list[There]) -> set[str] | Question:
    """The names of the containers that stay as they are; a question where nothing is called so."""
    there = ", ".join(one.name for one in rows[:8])
    if choice.unread is not None:
        return Question(f"Which containers are meant by “{choice.unread}”? There are: {there}.")
    for test, words in choice.negated:
        if not any(test(one) for one in rows):
            return Question(f"There is no container {words} to leave as it is. There are: {there}.")
    kept = {one.name for one in rows if one.name == choice.soft}
    for word in choice.spared:
        near = named_like(word, rows, loosely=True)
        if not near:
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
