"""Cutting a request into tokens that keep images, paths, URLs, ports, amounts and quoted strings whole."""

from __future__ import annotations

import re
from itertools import pairwise

from .lexicon import Lexicon, Noun, Verb, lexicon
from .patterns import Lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 6000
"""Characters that are looked at: a longer text is a pasted log whose beginning says what is wanted."""

_SIGNS = str.maketrans("“”‘’→⇒\x01\x02\x03\x04\x05\x06", "\x01\x02\x03\x04\x05\x06\x00\x00\x00\x00\x00\x00")
"""What stands for signs that would make the expression below three times as long to compile; for no other letters."""
_SCAN = re.compile(
    r"""
      (?P<fence>```)
    | (?P<quoted>"[^"\n]{0,2000}"
        |\x01[^\x02\n]{0,2000}\x02|\x03[^\x04\n]{1,2000}\x04|`[^`\n]{1,2000}`|(?<![\w])'[^'\n]{1,2000}'(?!\w))
    | (?P<flag>(?<![^\s(\[])--?[A-Za-z][A-Za-z0-9-]*(?==|\s|$|[,;:.)\]!?]))
    | (?P<chunk>(?:[^\s,;()\[\]{}"\x01\x02`?!|<>\x05\x06]|\[(?=[\d.:a-f]+\])|(?<=\d)\](?=:))
        (?:=["'](?:[^"'\n]{0,500})["']|[^\s,;()"\x01\x02`?!|<>{}\[\]\x05\x06]|[?&](?=[\w%]+=)|\[\d*\]|\{[^{}\s]{0,60}\})*)
    | (?P<punct>[^\s])
    """,
    re.VERBOSE,
)
_UNIT = r"(?:[kmgtp]i?b?|[kmgt]ig|megs?|gigs?|megabytes?|gigabytes?|terabytes?|mebibytes?|gibibytes?|kilobytes?|bytes?)"
_SHAPES: tuple[tuple[str, Lazy], ...] = tuple(
    (kind, Lazy(pattern))
    for kind, pattern in (
        ("hash", r"#\d{1,9}"),
        ("ports", r"(?:\d{1,3}(?:\.\d{1,3}){3}:)?\d{2,5}:\d{2,5}(?:/(?:tcp|udp))?"),
        ("number", r"\d{1,12}"),
        ("percent", r"\d{1,4}(?:\.\d+)?%"),
        ("times", r"(?:x\d{1,4}|\d{1,4}x)"),
        ("amount", r"\d+(?:\.\d+)?-?" + _UNIT),
        ("milli", r"\d+m"),
        ("ip", r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:/\d{1,2})?"),
        ("version", r"v?\d+(?:\.\d+)+(?:[-+._]?[a-z][a-z0-9.+-]*)?|v\d+(?:[-.][a-z0-9.-]+)?"),
        ("url", r"(?:[a-z][a-z0-9+.-]*://|git@|www\.).+"),
        ("pair", r"[A-Za-z_][\w.\-\[\]\\/]*=.*"),
        ("path", r"(?:~|\.{1,2})?/.*|~[\w/.-]*|\.{1,2}|[A-Za-z]:\\.*"),
    )
)
_FILE = Lazy(
    r"[\w.@+-]*\.(?:ya?ml|json|tf|tfvars|tfstate|toml|ini|conf|cfg|env|sh|py|js|ts|go|rb|md|txt|log|csv|sql|gz|tgz|tar|zip|xml|html?"
    r"|service|timer|lock|hcl|pem|crt|key|dump|bak|jar|whl|deb|rpm|xz|bz2|tfplan|properties|tpl|img|qcow2|iso)"
)
_NAMED_FILES = frozenset(
    {"dockerfile", "jenkinsfile", "makefile", "containerfile", "codeowners", ".env", ".dockerignore"}
)
_DIGEST = Lazy(r"[^\s@]+@sha256:[0-9a-f]{6,64}")
_TAGGED = Lazy(r"[a-z0-9][\w.\-/:]*[a-z0-9]:[\w][\w.\-]*|[a-z0-9]:[\w][\w.\-]*")
_NAME = Lazy(r"[A-Za-z0-9](?:[\w.\-/:@*+]*[\w*])?$")
_APOSTROPHE = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-"})


_ROOTS = {
    "terraform": "terraform",
    ".tf": "terraform",
    "tfstate": "terraform",
    "docker-compose": "docker",
    "compose.y": "docker",
    "dockerfile": "docker",
    ".github/": "cicd",
    "jenkinsfile": "cicd",
    ".gitlab-ci": "cicd",
    "k8s": "kubernetes",
    "kubernetes": "kubernetes",
    "manifests": "kubernetes",
    "kustomiz": "kubernetes",
    "charts/": "helm",
    "deployment.y": "kubernetes",
    "/etc/": "bash",
    "/var/": "bash",
    "/srv": "bash",
    "/home": "bash",
    "/opt/": "bash",
    "/usr/": "bash",
    "/mnt": "bash",
}
"""Part of a path → the tool that such files belong to."""
_NOT_YET = frozenset({"the", "a", "an", "it", "after", "for", "by", "from", "in", "on", "with", "and", "to", "as"})


class Token:
    """A piece of the text. ``value`` has no quotes; ``low`` is lower case with slips of the fingers undone."""

    __slots__ = ("end", "kind", "low", "noun", "start", "stop", "text", "tool", "used", "value", "verb")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind, self.text, self.start, self.end = kind, text, start, end
        self.value = text
        self.low = text.lower()
        self.verb: Verb | None = None
        self.noun: Noun | None = None
        self.tool: str | None = None
        self.stop = False
        self.used = False

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text}"

    @property
    def nameable(self) -> bool:
        """Whether the token could be somebody's name for a thing."""
        return self.kind in {"name", "quoted", "tagged"} and not self.stop

    @property
    def word(self) -> bool:
        return self.kind in {"word", "name"}


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text`` in order; what lies beyond ``LONGEST`` characters is left out."""
    lex = lexicon()
    text = text[:LONGEST]
    signs = text if text.isascii() and text.isprintable() else text.translate(_SIGNS)
    tokens = [token for raw in _SCAN.finditer(signs) for token in _cut(raw, text)]
    if len(tokens) == 1 and tokens[0].kind == "quoted" and " " in tokens[0].value:
        inside = text.index(text.strip()[0]) + 1
        whole = _SCAN.finditer(signs.rstrip()[:-1], inside)
        tokens = [token for raw in whole for token in _cut(raw, text)]
    strokes = [t for t in tokens if t.text == "/"]
    for stroke in strokes if len(strokes) > 1 else ():
        stroke.kind = "punct"
    tokens = _join(tokens, lex)
    for token in tokens:
        if token.kind == "word":
            _look_up(token, lex, token is tokens[0])
        elif token.kind in {"path", "slashed", "file"}:
            token.tool = next((tool for part, tool in _ROOTS.items() if part in token.low), None)
    _separable(tokens, lex)
    for said, token in pairwise(tokens):
        if said.low in {"called", "named", "dubbed"} and token.kind == "word" and token.low not in _NOT_YET:
            token.verb = token.noun = token.tool = None
            token.kind, token.stop, token.low = "name", False, token.text.lower()
    return tokens


_PARTED = frozenset(
    [
        "roll",
        "bring",
        "take",
        "put",
        "set",
        "spin",
        "shut",
        "tear",
        "turn",
        "scale",
        "clean",
        "throw",
        "switch",
        "get",
        "pull",
        "kick",
        "fire",
        "start",
        "back",
    ]
)
_PARTICLES = frozenset(["back", "up", "down", "off", "out", "on", "away", "live", "online", "offline"])


def _separable(tokens: list[Token], lex: Lexicon) -> None:
    """Read "roll the deployment back" as the verb "roll back" with its object in between."""
    for i, token in enumerate(tokens):
        stem = next((s for s in (token.low, token.low.removesuffix("ing")) if s in _PARTED), None)
        if stem is None or not token.word:
            continue
        for j in range(i + 2, min(i + 8, len(tokens))):
            other = tokens[j]
            if other.text in {",", ";", "."} or (
                other.verb is not None and other.low not in _PARTICLES and j > i + 1 and other.noun is None
            ):
                break
            if other.low in _PARTICLES and (
                j + 1 >= len(tokens)
                or not tokens[j + 1].nameable
                or other.low in {"back", "away", "live", "off", "out", "down"}
            ):
                verb = lex.verbs.get(f"{stem} {other.low}")
                if verb is not None:
                    token.verb = verb
                    token.low = f"{stem} {other.low}"
                    token.kind, token.stop = "word", True
                break


def _cut(raw: re.Match[str], whole: str) -> Iterator[Token]:
    kind, start, end = raw.lastgroup or "punct", raw.start(), raw.end()
    text = whole[start:end]
    if kind in {"punct", "fence"}:
        yield Token("punct", text, start, end)
        return
    if kind == "quoted":
        token = Token("quoted", text, start, end)
        token.value = text[1:-1].strip()
        token.low = token.value.lower()
        if (
            token.value
            and " " not in token.value
            and (kind := _shape(token.value)) in {"url", "path", "image", "slashed", "file"}
        ):
            token.kind = kind
        yield token
        return
    if kind == "flag":
        yield Token("flag", text, start, end)
        return
    tail: list[Token] = []
    if text[0] == "=" and len(text) > 1:
        yield Token("punct", "=", start, start + 1)
        text, start = text[1:], start + 1
    while (
        len(text) > 1
        and text[-1] in ".:…'’*&"
        and not (text in {"..", "*"} or text.endswith(("/.", "/..", "-*", "/*", ".*")))
    ):
        end -= 1
        tail.append(Token("punct", text[-1], end, end + 1))
        text = text[:-1]
    while len(text) > 1 and text[0] in "'‘…*" and text[1:2] not in {".", "-", "/"}:
        text, start = text[1:], start + 1
    token = Token("word", text, start, end)
    token.kind = _shape(text)
    if token.kind == "word" and text[-2:] in {"'s", "’s"}:
        token.value = text[:-2]
    if token.kind == "pair":
        key, _, value = text.partition("=")
        token.value = f"{key}={value.strip(chr(34) + chr(39))}" if value[:1] in {'"', "'"} else text
    yield token
    yield from reversed(tail)


def _shape(text: str) -> str:
    low = text.lower()
    if text.isalpha():  # most pieces of most texts: nothing below but a file's name is made of letters alone
        return "file" if low in _NAMED_FILES else "word"
    for kind, pattern in _SHAPES:
        if pattern.fullmatch(low):
            return kind
    if low in _NAMED_FILES or low.startswith("dockerfile."):
        return "file"
    if _DIGEST.fullmatch(low):
        return "image"
    if "/" in text:
        if re.search(r":[\w][\w.-]*$", text) and not re.match(r"\w+:/", text):
            return "image"
        return "slashed"
    if _FILE.fullmatch(low):
        return "file"
    if _TAGGED.fullmatch(low):
        return "tagged"
    return "word" if text[0].isalnum() or text[0] in "._@-&*" else "punct"


def _look_up(token: Token, lex: Lexicon, first: bool = False) -> None:
    low = token.low.translate(_APOSTROPHE)
    if " " not in low and low.isalpha():
        low = lex.mend(low, 4 if first else 5)
    token.low = low
    token.verb = lex.verb(low)
    token.noun = lex.noun(low)
    token.tool = lex.tools.get(low) or (lex.tools.get(low[:-2]) if low.endswith("'s") else None)
    token.stop = low in lex.words or bool(token.verb or token.noun or token.tool)
    if token.stop and low in lex.weak_names:
        token.stop = False
    program, dash, command = low.partition("-")
    if dash and token.tool is None and command in lex.commands.get(program, ()):
        token.tool, token.stop = lex.tools.get(program), True
    if low.endswith("'s"):
        token.stop = token.stop or low[:-2] in lex.words
    if not token.stop and _NAME.match(token.value):
        token.kind = "name"


def _join(tokens: list[Token], lex: Lexicon) -> list[Token]:
    """Words that are one term ("pull request", "spin up") become one token."""
    joined: list[Token] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        longest = 0
        if token.kind == "word":
            first = token.low
            reach = max((lex.phrases.get(stem, 0) for stem in _first_words(first)), default=0)
            for extra in range(min(reach, len(tokens) - i - 1), 0, -1):
                parts = tokens[i : i + extra + 1]
                if any(part.kind != "word" for part in parts):
                    continue
                phrase = " ".join(part.low for part in parts)
                if phrase in lex.tools or phrase in lex.providers or lex.noun(phrase) or lex.verb(phrase):
                    longest = extra
                    merged = Token("word", " ".join(part.text for part in parts), token.start, parts[-1].end)
                    merged.low = phrase
                    joined.append(merged)
                    break
        if not longest:
            joined.append(token)
        i += longest + 1
    return joined


def _first_words(word: str) -> tuple[str, ...]:
    if word.endswith("ing"):
        stem = word[:-3]
        return (word, stem, stem + "e", stem[:-1])
    if word.endswith("ed"):
        return (word, word[:-2], word[:-1], word[:-3])
    return (word, word[:-1]) if word.endswith("s") else (word,)
