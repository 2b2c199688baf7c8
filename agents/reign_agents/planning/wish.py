"""A request as wishes: one verb each, what it is about, and the words that say more."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.words import CLUSTER_NOUNS, KINDS, MAKERS, NAMEABLE, POLITE, QUALIFIERS, SMALL, VERB, VERBS

_PRONOUN = re.compile(
    (
        r"(?<![\w./-])(?:it|its|this one|that one|them|they|their|the same|these|those|that(?=\s*(?:$|"
        r"[,.!?]|\b(?:and|to|into|with|again|now|too|please|then|container|file|one|volume|network|"
        r"image|folder|directory)\b)))(?![\w./-])"
    ),
    re.IGNORECASE,
)
_JOINT = re.compile(
    (
        r"(?:\s*[,;]\s*|\s+)(?:and\s+then|then|and\s+after\s+that|after\s+that|afterwards|"
        r"and\s+finally|finally|and\s+also|and|&&|&|but)\s+|\s*[,;]\s*|(?<=[\w\ue000-\uf8ff])[.!]\s+|"
        r"\n+"
    ),
    re.IGNORECASE,
)
_LISTING = frozenset({"remove", "create", "pull", "list", "show"})
_MEMBER = re.compile(
    (
        r"\s*(?:,\s*(?:and\s+)?|\band\s+|&\s+)(?=(?:an?\s+|the\s+)?(?:container|volume|network|image|"
        r"file|folder|directory)\s+(?!and\b|in\b|it\b)[\w./\ue000-\uf8ff-])"
    ),
    re.IGNORECASE,
)
_THEN = re.compile(r"then|after|finally|once|&&", re.IGNORECASE)
_HOW = re.compile(
    (
        r"^\W*(?:please\s+)?(?:(?:can|could)\s+you\s+)?(?:(?:tell|show)\s+me\s+)?how\s+(?:do|can|"
        r"could|would|should|to|might)\s+(?:(?:i|we|you|one)\s+)?(?:best\s+)?"
    ),
    re.IGNORECASE,
)


_OF_RELEASES = frozenset({"install", "upgrade", "uninstall", "rollback"})
_RELEASE_QUALIFIERS = re.compile(
    r"(?:and\s+|also\s+|please\s+)*(?:(?:create|make)\s+(?:the|that|its)\s+namespace(?:\s+(?:and\s+wait|too))?\s*$|"
    r"(?:(?:do\s+not|don[’']?t)\s+)?wait(?:\s+(?:for\s+it|until\s+(?:it|its|everything|all)(?:\s+is|'s)?\s+(?:ready|up|running|healthy)|"
    r"(?:max(?:imum)?|at\s+most|up\s+to|for)\s+\d+\s*\w+))?\s*$|(?:don[’']?t|do\s+not)\s+(?:create|make)\s+(?:the|a)\s+namespace\s*$|"
    r"(?:keep|reuse|reset)\s+(?:the\s+|its\s+|all\s+)*(?:(?:other|old)\s+)?values\s*$|keep\s+(?:everything|the\s+rest)(?:\s+else)?\s*$|"
    r"set(?:ting)?\s+(?:the\s+)?[a-z]\w*(?:\.\w+)+(?:=|\s+(?:to|=)\s)|install\s+it\s+if\b|roll\s+(?:it\s+)?back\s+if\b)"
)
"""What says more about an installation before it: "and create the namespace"."""

_OWNED = re.compile(
    r"\b(?:its|their|all\s+its|all\s+their|attached)\s+(?:\w+\s+)?(?:volumes?|data|networks?|contents?)\b"
)
"""What belongs to a thing and is not what the wish is about: "remove it and its volumes"."""

_ONLY_NAMES = (
    (
        r"(?<![\w./-])(?:containers?|volumes?|networks?|images?|director(?:y|ies)|folders?|files?|dirs?)\s+"
        r"(?P<name>[a-z][a-z]?)(?=\s*(?:[,!?]|\.?$)|\s+(?:and|to|into|as)\b)"
    ),
    (
        r"(?<![\w./-])(?:volume|network|directory|folder|"
        rf"dir)\s+(?P<name>{'|'.join(KINDS)})(?![\w./:=-])(?!\s+(?:of|named|called|usage)\b)"
    ),
    rf"(?<![\w./-])(?P<name>{'|'.join(KINDS)})(?=\s+(?:folder|directory|dir)\b)",
    r"(?<![\w./-])(?P<name>[abi])(?=\s*(?:[,!?]|\.?$)|\s+(?:and|to|into|as|[a-z])(?![\w./-]))",
)
"""Where a small word is a name: after the kind of thing ("container we"), in a list ("volumes a and b")."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What "it" stands for: ``kind`` (container, file, volume …) and its name or path."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Wish:
    """``verb`` and ``kinds`` in planning's spelling (``words.py``); ``text`` as typed, ``rest`` after the verb.

    ``kinds`` are the kinds of things named, in order. ``then``: the words say that it comes after the wish before.
    ``it`` is what a pronoun in the text stands for.
    """

    text: str
    verb: str | None
    rest: str
    kinds: tuple[str, ...] = ()
    then: bool = False
    it: Thing | None = None

    @classmethod
    def of(cls, text: str, *, then: bool = False) -> Wish:
        """The wish that a piece of text is."""
        bare = _HOW.sub("", text.strip())
        scan = Scan(bare)
        verb, rest = _verb(scan.text)
        if verb is None:
            verb, rest = _nounled(scan)
        words = re.findall(
            r"(?<![\w./:=@-])[a-z]+(?![\w/=@-]|:\S|\.\w)",
            _OWNED.sub(" ", re.sub(MASK, " ", rest if verb else scan.text).lower()),
        )
        kinds = tuple(dict.fromkeys(KINDS[word] for word in words if word in KINDS))
        if verb is not None and re.match(r"(?:logs?|output)\b", scan.text.strip(), re.IGNORECASE):
            kinds = tuple(dict.fromkeys(("logs", *kinds)))
        if verb is not None and re.match(r"top\s+(?:of|in)\b", scan.text.strip(), re.IGNORECASE):
            kinds = tuple(dict.fromkeys(("processes", *kinds)))
        return cls(text.strip(), verb, _unmasked(scan, rest).strip() if verb else bare, kinds, then)

    @property
    def object(self) -> str | None:
        """The first kind named."""
        return self.kinds[0] if self.kinds else None

    @property
    def lower(self) -> str:
        return Scan(self.text).text.lower()

    def scan(self) -> Scan:
        """What follows the verb, to be taken apart. Small words that can only be names count as quoted."""
        scan = Scan(self.rest)
        for pattern in _ONLY_NAMES:
            scan.protect(pattern)
        return scan

    def has(self, *words: str) -> bool:
        """Whether one of the words (or phrases) stands in the text outside quotes."""
        return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self.lower) for word in words)

    def with_pronoun(self) -> bool:
        return bool(_PRONOUN.search(self.lower))

    def about(self, thing: Thing | None) -> Wish:
        """This wish with "it" meaning ``thing``; unchanged when it has no pronoun."""
        return self if thing is None or not self.with_pronoun() else replace(self, it=thing)


def _nounled(scan: Scan) -> tuple[str | None, str]:
    """A request without a verb: "stats of web", "docker disk usage", "nginx on 8080 named front"."""
    from reign_agents.understanding.lexicon import lexicon

    words = [word.lower() for word in re.findall(r"[\w.:/-]+", scan.text)[:3] if word.lower() not in POLITE]
    if not words:
        return None, scan.text
    first = words[0]
    of_release = re.search(r"\b(?:helm|releases?)\b", scan.text.lower())
    if of_release and first in ("history", "status", "values", "revisions"):
        return "show", scan.text
    if first in CLUSTER_NOUNS and len(words) > 1:
        return "show", scan.text
    if first in KINDS or (first == "docker" and any(word in KINDS or word in ("info", "version") for word in words)):
        return "show", scan.text
    image = first.split(":")[0].rsplit("/", 1)[-1] in lexicon().images
    if image and re.search(
        r"\bx\s?\d+\b|\b\d+\s?x\b|\breplicas?\b|"
        r"\b(?:on|port|named|called|as|with|volume|publish\w*)\b|:\d|\s-[a-z]\b",
        scan.text,
        re.IGNORECASE,
    ):
        return "run", scan.text
    return None, scan.text


def _unmasked(scan: Scan, text: str) -> str:
    return re.sub(MASK, lambda mask: _requoted(scan.restored(mask.group())), text)


def _requoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _verb(text: str) -> tuple[str | None, str]:
    """The governing verb and what follows it; (None, text) when the text does not begin with one."""
    at = 0
    while True:
        match = VERB.match(text, at)
        word = re.compile(r"\W*([\w'\ue000-\uf8ff-]+)\W*").match(text, at)
        if match is not None and not (
            match.group().lower() in POLITE and word is not None and VERB.match(text, word.end())
        ):
            return VERBS[match.group().lower()], text[match.end() :]
        if word is None or word.group(1).lower() not in POLITE:
            return _mended(text, at)
        at = word.end()


def _mended(text: str, at: int) -> tuple[str | None, str]:
    word = re.compile(r"[a-z]{5,16}(?![\w./:=-])", re.IGNORECASE).match(text, at)
    if word is None:
        return None, text
    from reign_agents.understanding.lexicon import lexicon

    verb = VERBS.get(lexicon().mend(word.group().lower()))
    return verb, text[word.end() :] if verb else text


def wishes(text: str) -> list[Wish]:
    """The wishes of a request in the order written; what only says more about one belongs to it."""
    scan = Scan(text)
    cuts = [
        (joint.start(), joint.end(), bool(_THEN.search(joint.group())))
        for joint in _JOINT.finditer(scan.text)
        if _begins(scan.text, joint.end())
    ]
    parts: list[tuple[str, bool]] = []
    begin, then = 0, False
    for start, end, later in [*cuts, (len(scan.text), len(scan.text), False)]:
        part = scan.text[begin:start].strip(" \t\r\n,;")
        if part:
            leading = re.match(r"(?:then|afterwards|finally|after that)\b", part, re.IGNORECASE)
            parts.append((part, then or leading is not None))
        begin, then = end, later
    found = [Wish.of(_unmasked(scan, part), then=later) for part, later in parts]
    return [each for wish in _merged(_shared(found)) for each in _by_kind(wish)]


def _shared(found: Sequence[Wish]) -> list[Wish]:
    """A verb without anything of its own has what the next one has: "stop and remove web and api"."""
    whole = list(found)
    for at, (wish, after) in enumerate(itertools.pairwise(found)):
        alone = wish.verb in _ON_THINGS and not Scan(wish.rest).text.strip(" ,.;")
        if alone and after.verb in _ON_THINGS and after.verb != wish.verb and not _PRONOUN.match(after.rest.strip()):
            whole[at] = replace(Wish.of(f"{wish.text} {after.rest}"), then=wish.then)
            whole[at + 1] = replace(after, then=True)
    return whole


_ON_THINGS = frozenset({"stop", "start", "restart", "remove", "pause", "unpause", "kill"})
"""Verbs that are said of one thing after another; "pull and restart web" is none, web is no image."""


def _by_kind(wish: Wish) -> list[Wish]:
    """Split a list whose members are of different kinds ("remove container a and volume b") into wishes."""
    images = _by_image(wish)
    if images:
        return images
    if wish.verb not in _LISTING or wish.object is None:
        return [wish]
    scan = Scan(wish.text)
    parts = _MEMBER.split(scan.text)
    if len(parts) == 1 or (wish.object in ("container", "image") and wish.verb == "create"):
        return [wish]
    head = scan.text[: len(scan.text) - len(_verb(scan.text)[1])]
    first, *others = parts
    texts = [first, *(f"{head} {part}" for part in others)]
    return [
        replace(Wish.of(_unmasked(scan, text)), then=wish.then if number == 0 else False)
        for number, text in enumerate(texts)
    ]


_IMAGES = re.compile(
    r"^\W*(?:(?:containers?|instances?)\s+(?:of|from|for)\s+)?(?:an?\s+|the\s+)?(?P<list>[a-z][\w.:-]*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
    r"(?:an?\s+)?[a-z][\w.:-]*)+)(?P<tail>(?:\s+.*)?)$",
    re.IGNORECASE | re.DOTALL,
)
_AS_CONTAINERS = re.compile(r"\bas\s+(?:docker\s+)?containers?\b|\bcontainers?\b", re.IGNORECASE)


def _by_image(wish: Wish) -> list[Wish]:
    """Several images to run as one wish each: "run nginx, redis and postgres on network lab"."""
    from reign_agents.understanding.lexicon import lexicon

    found = _IMAGES.match(wish.rest) if wish.verb in ("run", "create", "start") else None
    if found is None:
        return []
    images = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", found["list"])
    images = [re.sub(r"^an?\s+", "", image) for image in images]
    if any(image.partition(":")[0].lower() not in lexicon().images for image in images):
        return []
    tail = _AS_CONTAINERS.sub(" ", found["tail"])
    return [
        replace(Wish.of(f"run {image}{_tail_of(image, images, tail)}"), then=wish.then and number == 0)
        for number, image in enumerate(images)
    ]


_VARIABLE = re.compile(r"(?:\s+(?:with|and|,))*\s*(?<![\w./-])(?P<key>[A-Z][A-Z0-9]*)_\w*=(?:\"[^\"]*\"|'[^']*'|\S+)")


def _tail_of(image: str, images: Sequence[str], tail: str) -> str:
    """What is said of all images, without the variables of another one: a password is for its own image alone."""
    own = [one.partition(":")[0].rsplit("/", 1)[-1].upper() for one in images]
    here = image.partition(":")[0].rsplit("/", 1)[-1].upper()

    def kept(match: re.Match[str]) -> str:
        others = [name for name in own if name.startswith(match["key"]) or match["key"].startswith(name)]
        return match.group() if not others or here in others else ""

    return _VARIABLE.sub(kept, tail)


def _begins(text: str, at: int) -> bool:
    """Whether a wish of its own begins there: a verb that governs something, not a name in a list."""
    lead = re.compile(
        r"(?:(?:then|also|please|finally|afterwards|next|now|and|after that|you should|can you|could you)\s+)*",
        re.IGNORECASE,
    ).match(text, at)
    at = lead.end() if lead else at
    match = VERB.match(text, at)
    if match is None or match.group().lower() in (
        "new",
        "log",
        "logs",
        "output",
        "end",
        "need",
        "want",
        "what",
        "which",
        "who",
        "where",
        "has",
        "have",
        "do",
    ):
        return False
    follow = text[match.end() :]
    if match.group().lower() == "pull" and not follow.strip(" .!"):
        return True
    if match.group().lower() in ("is", "are", "does"):
        return True
    return not re.match(r"\s*(?:$|[,;!?]|\.(?![\w./])|and\b|then\b|or\b)", follow) or bool(
        _PRONOUN.match(follow.strip())
    )


def _merged(found: Sequence[Wish]) -> list[Wish]:
    whole: list[Wish] = []
    for wish in found:
        before = whole[-1] if whole else None
        if before is not None and (
            (before.verb in MAKERS and not wish.then and QUALIFIERS.match(Scan(wish.text).text.lower()))
            or (before.verb in _OF_RELEASES and _RELEASE_QUALIFIERS.match(Scan(wish.text).text.lower()))
        ):
            whole[-1] = replace(Wish.of(f"{before.text}, {wish.text}"), then=before.then)
        else:
            whole.append(wish)
    return whole


def names(scan: Scan, drop: frozenset[str] = frozenset()) -> list[str]:
    """The names left in a scan: words that are neither small nor kinds of things."""
    found = scan.words(SMALL | KINDS.keys() | drop)
    return found or [word for word in scan.words(drop) if word.lower() in NAMEABLE][:1]
