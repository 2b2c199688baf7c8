"""What is found is put in the shape its key has; lists, names and targets are read here."""

from __future__ import annotations

import re

from .lexicon import lexicon
from .patterns import Lazy
from .roles import MAPS, NUMBERS
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

FILLERS = frozenset(
    {
        "the",
        "a",
        "an",
        "my",
        "our",
        "your",
        "named",
        "called",
        "=",
        ":",
        "is",
        "new",
        "of",
        "existing",
        "old",
        "this",
        "number",
        "no",
        "on",
        "#",
        "for",
        "it",
        "own",
        "branch",
        "some",
        "another",
    }
)
NAMING = frozenset({"named", "called", "dubbed", "call", "name", "names", "name it", "calling", "naming", "aliased"})
_LIST_GLUE = frozenset({"and", "&", "or", "plus", "as", "well"})
_REGISTRY = Lazy(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost:\d+")
NEVER = frozenset(
    [
        "in",
        "on",
        "to",
        "from",
        "at",
        "into",
        "for",
        "of",
        "with",
        "by",
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "and",
        "or",
        "but",
        "not",
        "that",
        "this",
        "it",
        "its",
        "the",
        "a",
        "an",
        "which",
        "who",
        "as",
        "so",
        "if",
        "then",
        "too",
        "also",
        "please",
        "now",
        "again",
        "here",
        "there",
        "where",
        "when",
        "back",
        "down",
        "up",
        "out",
        "off",
        "over",
        "all",
        "any",
        "some",
        "each",
        "every",
        "only",
        "itself",
        "called",
        "named",
        "using",
        "via",
        "without",
        "except",
        "older",
        "newer",
        "bigger",
        "than",
        "keeps",
        "keep",
        "can",
        "could",
        "will",
        "would",
        "should",
        "does",
        "do",
        "did",
        "needs",
        "want",
        "stuck",
        "failing",
        "running",
        "level",
        "levels",
        "per",
        "between",
        "across",
        "before",
        "after",
    ]
)
KINDLESS = frozenset(
    {
        "in",
        "on",
        "to",
        "from",
        "at",
        "into",
        "onto",
        "inside",
        "within",
        "for",
        "of",
        "with",
        "about",
        "against",
        "off",
        "behind",
    }
)


class Context:
    """What the whole request says about whose tools do the work."""

    __slots__ = ("domains", "intent", "low", "verb")

    def __init__(self, domains: frozenset[str], low: frozenset[str], verb: str | None, intent: str) -> None:
        self.domains, self.low, self.verb, self.intent = domains, low, verb, intent

    def speaks_of(self, *words: str) -> bool:
        return any(word in self.low for word in words)


def put(found: Found, key: str, value: str) -> None:
    """Store ``value`` in the shape that its key has."""
    value = value.strip()
    if not value:
        return
    if key in NUMBERS:
        digits = value.lstrip("#v")
        if digits.isdigit() and len(digits) <= 15:
            found.setdefault(key, int(digits))
        return
    if key == "ports":
        held = found.setdefault("ports", [])
        if value not in held:
            held.append(value)
        return
    if key in MAPS:
        name, equals, content = value.partition("=")
        if equals:
            found.setdefault(key, {})[name] = content.strip("\"'")
        return
    found.setdefault(key, value)


def word_before(tokens: list[Token], i: int) -> str:
    """The nearest word before ``i`` that says something."""
    for j in range(i - 1, max(-1, i - 4), -1):
        if tokens[j].low not in FILLERS:
            return tokens[j].low
    return ""


def list_from(tokens: list[Token], i: int) -> list[Token]:
    """The values of equal rank that begin at ``i``: "a, b and c"."""
    values = [tokens[i]]
    i += 1
    while i < len(tokens):
        j = i
        while (
            j < len(tokens)
            and (tokens[j].text in {",", "&", "+"} or tokens[j].low in {"and", "&", "plus", "or"})
            and j - i < 2
        ):
            j += 1
        row = j == i and _in_row(tokens[i - 1], tokens[j])
        if (
            (j == i and not row)
            or j >= len(tokens)
            or not tokens[j].nameable
            or tokens[j].used
            or tokens[j].low in lexicon().environments
        ):
            break
        if (
            j + 1 < len(tokens)
            and (follow := tokens[j + 1].noun) is not None
            and follow.name in {"namespace", "volume", "network", "branch"}
            and len(values) == 1
        ):
            break
        values.append(tokens[j])
        i = j + 1
    return values


_COUNTED = Lazy(r"([a-z][\w-]*?)[-_]?\d+")


def _in_row(left: Token, right: Token) -> bool:
    """Whether two names follow each other without a comma: "zk1 zk2 zk3"."""
    first, second = _COUNTED.fullmatch(left.low), _COUNTED.fullmatch(right.low)
    return first is not None and second is not None and first[1] == second[1] and left.text != right.text


def list_until(tokens: list[Token], i: int) -> list[Token]:
    """The values of equal rank that end before ``i``."""
    j = i - 1
    values = [tokens[j]]
    while j >= 2:
        glue = tokens[j - 1]
        at = j - 2
        if glue.low == "and" and tokens[at].text == ",":
            at -= 1
        if (
            not (glue.low in {"and", "or"} or glue.text in {",", "&", "+"})
            or at < 0
            or not tokens[at].nameable
            or tokens[at].used
        ):
            break
        values.insert(0, tokens[at])
        j = at
    return values


_PREDICATES = frozenset({"(", "is", "gets", "keeps", "isn't", "won't", "crashes", "fails", "are", "was"})


def could_name(tokens: list[Token], i: int) -> bool:
    token = tokens[i]
    if token.verb is not None and i == 0 and not (len(tokens) > 1 and tokens[1].low in _PREDICATES):
        return False
    participle = (
        token.kind == "name" and token.low.isalpha() and token.low.endswith(("ed", "ing")) and len(token.low) > 5
    )
    owned = i > 0 and (tokens[i - 1].low in {"called", "named"} or tokens[i - 1].noun is not None)
    if participle and token.low not in lexicon().weak_names and not owned:
        return False
    if names_driver(tokens, i) or (token.kind == "quoted" and token.value.count(" ") > 1):
        return False
    if i == 0 and len(tokens) > 1 and tokens[1].text == ":" and token.text[:1].isupper():
        return False
    if token.noun is not None and i + 1 < len(tokens) and tokens[i + 1].nameable and not tokens[i + 1].used:
        return False
    return (
        token.nameable
        and not token.used
        and token.kind != "tagged"
        and not token.low.startswith("crashloop")
        and not re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", token.text)
    )


def _orders(tokens: list[Token], i: int) -> bool:
    """Whether the first word is a verb nobody has listed: "demolish network lab", not "grafana container is down"."""
    return (
        i == 0
        and len(tokens) > 2
        and tokens[0].low.isalpha()
        and tokens[1].noun is not None
        and tokens[2].kind in {"name", "quoted", "tagged"}
        and not tokens[2].stop
    )


def names_driver(tokens: list[Token], i: int) -> bool:
    """Whether the word says what kind of network it is: "a bridge network"."""
    return (
        tokens[i].low in {"bridge", "overlay", "macvlan", "ipvlan"}
        and i + 1 < len(tokens)
        and (noun := tokens[i + 1].noun) is not None
        and noun.name == "network"
    )


def looks_named(token: Token) -> bool:
    """Whether a token has the looks of a thing's name: a hyphen, a digit, or a word that services are called by."""
    return bool(re.search(r"[-_\d]", token.text)) or token.low in lexicon().images or token.low in lexicon().weak_names


def put_image(found: Found, value: str) -> None:
    if "image" in found and found["image"] != value:
        held = found.setdefault("images", [found["image"]])
        if value not in held:
            held.append(value)
        return
    found["image"] = value


def is_target(tokens: list[Token], i: int) -> bool:
    """Whether the words at ``i`` are what the verb acts on, not the place where."""
    for j in range(i - 1, max(-1, i - 5), -1):
        if tokens[j].low in KINDLESS or tokens[j].text in {",", "("}:
            return False
        if tokens[j].verb is not None:
            return True
    return i <= 2


def put_name(found: Found, key: str, values: list[Token]) -> None:
    for value in values:
        value.used = True
    if len(values) > 1 and "names" not in found:
        found["names"] = [value.value for value in values]
    if key not in found:
        found[key] = values[0].value
    elif found[key] != values[0].value and "names" not in found and key == "name":
        found["names"] = [found[key], *(value.value for value in values)]
