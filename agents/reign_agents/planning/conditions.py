"""Conditions that a person puts on a change: "only if it failed", "once the vpc is up". They are asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reign_agents.plan.model import Step
from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.words import VERB, VERBS

_OPENS = re.compile(
    r"(?<![\w./-])(?:(?:but|and)\s)?(?P<only>(?:only|just|except)\s)?(?:(?P<if>if)|(?P<unless>unless)(?![- ]stopped)|"
    r"(?P<given>(?:provided|given)(?=\s(?:that|it|the|all|no|there|we|nobody|nothing|they)\b)|(?:as|so)\slong\sas|in\scase|"
    r"assuming)|(?P<time>when(?:ever)?|once|as\ssoon\sas|after|until|till|while))(?![\w-]|[./]\w)",
    re.IGNORECASE,
)
"""What a condition begins with, in a text whose blanks are single."""
_HOLDS = re.compile(
    r"\s(?:[^\s,;]+\s){1,5}?(?:is|are|has|have|was|were|gets|comes|runs|pass|succeeds?|succeeded|exists?|appears?|stands|finish(?:es|ed)|ends|works|passes|passed|says|"
    r"answers)\b",
    re.IGNORECASE,
)
"""What makes a condition of "when" and "once" where nothing ends."""
_MOST = 20
"""Openings of conditions looked at in one request; with more of them it is asked about as it stands."""
_NEAR = 400
"""Characters before a condition that it may belong to."""
_ENDING_WORDS = re.compile(
    r"(?<![\w./-])(?:un-?install|deinstall|remov|delet|destr[ou]|tear|get\srid|purg|wip(?:e|ing)|dropp?|trash|nuk|eras|"
    r"discard|rm|rmi|del|throw\saway|clean|clear|take\sdown|kill|zap|ditch)\w*(?![./-]\w)",
    re.IGNORECASE,
)
_PUTTING = re.compile(
    r"(?<![\w./-])(?:install|upgrad|deploy|updat|appl[yi]|bump|roll\sout|set|creat)\w*(?![./-]\w)", re.IGNORECASE
)
_LOOKS = (
    r"tell|know|check|see|ask|warn|show|verify|test|find\sout|look|wonder|notify|ping|say|shout|report|sure|wait|whether|"
    r"ensure|confirm"
)
_ASKS = re.compile(rf"(?<![\w./-])(?:{_LOOKS})(?![\w./-])", re.IGNORECASE)
"""What a condition is asked after, not set: "tell me if it fails", "check if web runs"."""
_LOOKING = frozenset({"show", "list", "check", "find", "inspect", "logs", "why", "plan", "lint", "follow", "exec"})
"""Verbs of planning that change nothing."""
_MESSAGE = re.compile(
    r"(?<![\w./-])(?:message|saying|comment|-m|titled|with\sthe\stext|containing)\s(?!\W*(?:if|unless|only)\b)\S",
    re.IGNORECASE,
)
"""What is followed by words that somebody is to read."""
_KIND = r"(?:(?:the|my|that|this)\s)?(?:(?:file|folder|directory|dir|release|branch|tag|workspace)\s)?"
_ONE = r"(?:it|they|that(?:\sone)?|this(?:\sone)?|one|the\s(?:release|workspace))"
_BE = r"(?:\s?'s|\s(?:is|are|does|do|was|isn't|aren't|doesn't|don't|wasn't|still|already|not|really))*"
_THERE = (
    r"(?:exists?|existing|there|present|missing|absent|gone|around)(?:\s(?:already|yet|at\sall|anymore|any\smore))?"
)
_AS_THEY_DO = re.compile(
    r"there(?:\s?'s|\sis|\sare|\sisn't|\saren't)\s(?:any|none|one|some|something|anything)(?:\sto\s\w+|\salready|\syet|\sthere|"
    rf"\sleft)?|(?:(?P<own>{_ONE}|{_KIND}(?P<name>(?!(?:not|already|there)\b)[\w.@:/~-]+)){_BE}\s)?"
    rf"(?:already\s|not\s(?:already\s)?)?{_THERE}|"
    r"(?:(?:it|that|this)(?:\s?'s|\sis)\s)?(?:possible|needed|necessary|required)|wanted|"
    r"any(?:\s(?:exists?|are\sthere|left))?|"
    r"(?:you|we|i)\s(?:can|could|may|please|like|want(?:\sto)?|wish|would|don't\smind)",
    re.IGNORECASE,
)
"""What operations see to by themselves, and politeness: "if it exists", "if needed", "if you can"."""
_SOME_CHANGES = re.compile(
    r"there(?:\s?'s|\sis|\sare)\s(?:any\s|some\s)?(?:changes?|modifications?)|any\schanges?", re.IGNORECASE
)
_ITS_FAULT = re.compile(
    r"(?:it|that|this|anything|something|the\s\w+)\s(?:fails?|breaks?|goes\swrong|does\s?n(?:'t|ot)\s(?:work|come\sup))\b",
    re.IGNORECASE,
)
_INSTALLED = re.compile(rf"(?:{_ONE}|{_KIND}(?P<name>[\w.-]+)){_BE}\sinstalled(?:\salready|\syet)?", re.IGNORECASE)
_ORDER = re.compile(
    r"(?:more|again|at\sall)\b|(?P<after>that|this|it|all|them|which)\b(?!')|"
    r"(?:(?:you|we|i)(?:\s?'re|\sare|\s?'m|\sam|\shave|\sget|\sgot)?\s)?(?:a\s)?"
    r"(?:done|ready|finished|can|could|like|want|possible|convenient|chance|time|moment|minute|second)|"
    r"(?:you|we)\s(?:have|get)\s(?:a\s|the\s|some\s)?(?:chance|time|moment|minute|second)|"
    r"(?:(?:you|we)(?:\s?'re|\sare)|i\s?'m)\sat\s(?:it|that)|"
    r"(?:it|that)(?:\s?'s|\sis)\s(?:gone|deleted|removed|uninstalled|destroyed)",
    re.IGNORECASE,
)
"""What follows "when", "once" and "after" where they only order wishes or are polite."""
_WENT_WELL = re.compile(
    r"(?:(?:it|that|this|they|all|both|everything|(?:the\s|all\s)?(?:tests?|builds?|checks?|lint\w*|commit|push|pull|copy|"
    r"move|merge|suite|command|script|make|(?P<name>[\w.-]+)))(?:\s?'s|\sis|\sare|\swas|\shas|\shave|\swent|\sgoes|\sall)*\s)?"
    r"(?:works?|worked|succe(?:eds?|eded|ssful)|pass(?:es|ed)?|green|done|ok|okay|fine|well|good|healthy|ready|up|built|"
    r"finished|applied|pushed|pulled)",
    re.IGNORECASE,
)
"""The step before went well: every plan waits for that."""
_MORE = re.compile(r"\s*(?:$|[.!?,;)]|-|(?:please|now|too|then|with|without|using|to|from|at|so)\b)", re.IGNORECASE)
_ORDERED = re.compile(r"\s*(?:$|[.!?,;)]|(?:please|now|too|then|thanks?|though|ok)\b)", re.IGNORECASE)
_THEN_TELLS = re.compile(
    r"(?:it|that|they|all|this)(?:\s(?!and\b|then\b)[\w']+){1,3}\s(?:tell|notify|ping|warn|let)\sme\b|"
    r"(?:it|that)'s\s\w+\s(?:tell|notify|ping|warn|let)\sme\b",
    re.IGNORECASE,
)
"""What follows "once" where somebody only wants to be told: "it is up tell me"."""
_NO_WISH = re.compile(r"(?:am|is|are|was|were|do|does|did|has|have|had|may|may?be|not|no)\b", re.IGNORECASE)
"""What says more of the same thing: "and is empty"."""
_PLACE = re.compile(r"\s(?:in|of|on)\s(?:the\s)?(?:namespace|workspace|context|cluster)\b", re.IGNORECASE)
_AND = re.compile(r"\s(?:and|but|or)\s(?:then\s|also\s|please\s)?", re.IGNORECASE)
_WRITTEN = ("message", "content", "text", "comment")
"""Fields of steps that hold words for somebody to read."""


def condition(text: str, steps: Sequence[Step] = ()) -> str | None:
    """The condition on what is asked for; None where there is none, where operations see to it by themselves, or where
    it only says when to be told. ``steps`` are those planned: a plan waits for a step before to go well.
    """
    scan = Scan(text)
    plain = re.sub(r"\s+", " ", scan.text.replace("’", "'")).strip()
    ends = _ENDING_WORDS.search(plain) is not None
    written = _MESSAGE.search(plain)
    for number, opening in enumerate(_OPENS.finditer(plain)):
        before, after = plain[: opening.start()], plain[opening.end() :]
        clause = re.split(r"[,;]|\.\s", after, maxsplit=1)[0]
        said = f"{opening.group()}{clause}".strip()
        if number >= _MOST:
            return scan.restored(said)
        if (
            written is not None
            and written.end() <= opening.start() + 1
            and not re.search("[,;]", before[written.end() :])
        ):
            continue
        if _is_written(said, steps) or not _sets(opening, clause, before, ends=ends):
            continue
        near = re.split("[,;]", before[-_NEAR:])[-1]
        if _asked_after(near, clause) or _harmless(opening, clause.strip(), before[-_NEAR:], after):
            continue
        if len(steps) > 1 and steps[-1].needs and before.strip() and _went_well(clause.strip(), before):
            continue
        return scan.restored(said)
    return None


def _sets(opening: re.Match[str], clause: str, before: str, *, ends: bool) -> bool:
    """Whether the word opens a condition here: "when" and "once" only with a clause, or where things end."""
    if not clause.strip(" .!?"):
        return False
    if opening["time"] is None or opening["only"]:
        return True
    if not ends:
        return bool(before.strip(" ,;")) and _HOLDS.match(clause) is not None
    return re.search(r"(?<![\w./-])at$", before.rstrip(), re.IGNORECASE) is None


def _is_written(said: str, steps: Sequence[Step]) -> bool:
    """Whether it stands in what a step writes: a commit's message."""
    values = (step.fields.get(key) for step in steps for key in _WRITTEN)
    return any(isinstance(value, str) and said in " ".join(value.replace("’", "'").split()) for value in values)


def _changing_verb(text: str) -> bool:
    """Whether a verb that changes something stands in ``text``; "the copy" is none."""
    for word in re.finditer(r"(?<![\w./-])(?<!\bthe\s)(?<!\ba\s)(?<!\bmy\s)(?=\w)", text):
        verb = VERB.match(text, word.start())
        if verb is not None and VERBS.get(" ".join(verb.group().lower().split()), "") not in _LOOKING:
            return True
    return False


def _asked_after(near: str, clause: str) -> bool:
    """Whether the person wants to know whether it holds; not "check if it is empty and delete it"."""
    asks = list(_ASKS.finditer(near))
    if not asks or _changing_verb(near[asks[-1].end() :]):
        return False
    told = re.search(r"tell|know|warn|notify|ping|say|shout|report|show", asks[-1].group(), re.IGNORECASE)
    further = _AND.search(clause)
    return told is not None or further is None or _ENDING_WORDS.match(clause, further.end()) is None


def _goes_on(rest: str, *, alone: bool = True, order: bool = False) -> bool:
    """Whether what follows what was said adds to it: "it exists and is empty", "there is one in archive".

    ``alone``: no wish may follow without "and"; ``order``: nor what it is done with, "once done with the move".
    """
    rest = _PLACE.sub(" ", rest[:_NEAR], count=1) if _PLACE.match(rest) else rest
    further = _AND.match(rest)
    if further is not None:
        return not _begins_a_wish(rest[further.end() :])
    if (_ORDERED if order else _MORE).match(rest) is not None:
        return False
    return alone or not _begins_a_wish(rest.lstrip())


def _begins_a_wish(text: str) -> bool:
    return VERB.match(text) is not None and _NO_WISH.match(text) is None


def _names(text: str, name: str | None) -> bool:
    """Whether ``text`` holds the name, after its last wish's verb."""
    return name is None or re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-]|\.\w)", text) is not None


def _last_wish(before: str) -> str:
    return re.split(
        r"[,;]\s|\s(?:and|then)\s(?=(?:then\s)?(?:\w+\s)?(?:delete|remove|rm|copy|move|uninstall)\b)", before
    )[-1]


def _harmless(opening: re.Match[str], clause: str, before: str, after: str) -> bool:
    """Whether operations see to it by themselves, or it is politeness or mere order."""
    ends = _ENDING_WORDS.search(before) is not None
    if opening["only"] and not opening["if"]:
        return False
    if opening["time"]:
        if _THEN_TELLS.match(clause) is not None:
            return True
        order = _ORDER.match(clause)
        if order is None or (order["after"] and opening["time"].lower() != "after"):
            return False
        return not _goes_on(clause[order.end() :], alone=False, order=True)
    if _ITS_FAULT.match(clause) and not opening["unless"]:
        putting = list(_PUTTING.finditer(before))
        back = not before.strip() and re.search(r"\broll(?:ing)?\s?back|\bundo\b|\brevert\b", after, re.IGNORECASE)
        return bool(back) or (bool(putting) and not _ENDING_WORDS.search(before, putting[-1].end()))
    if re.search(r"\b(?:commit|stash|push)\b", before, re.IGNORECASE) and not ends:
        changes = _SOME_CHANGES.match(clause)
        if changes is not None and not _goes_on(clause[changes.end() :]):
            return True
    installed = _INSTALLED.match(clause)
    if installed is not None and re.search(r"\binstall|\bupgrad|\buninstall", before, re.IGNORECASE):
        return _names(_last_wish(before), installed["name"]) and not _goes_on(clause[installed.end() :])
    as_they_do = _AS_THEY_DO.match(clause)
    if as_they_do is None or _goes_on(clause[as_they_do.end() :], alone=bool(before.strip())):
        return False
    if opening["unless"]:
        return as_they_do["own"] is not None and not ends and _names(_last_wish(before), as_they_do["name"])
    return _names(_last_wish(before), as_they_do["name"])


def _went_well(clause: str, before: str) -> bool:
    found = _WENT_WELL.match(clause)
    return found is not None and _names(before, found["name"]) and not _goes_on(clause[found.end() :])


def asked_first(text: str, looks: tuple[str, ...] = ()) -> Question | None:
    """The question where a change hangs on a condition: nothing is done that was to be done only then.

    ``looks`` are requests that show whether it holds.
    """
    said = condition(text)
    if said is None:
        return None
    plain = " ".join(text.replace("’", "'").split())
    plain = " ".join(plain.replace(said, " ").split()).strip(" ,;.")
    offered = (*looks, *((plain,) if condition(plain) is None else ()))
    return Question(f"I can't wait for “{said}” or decide it: “{plain}” would be done at once. Look first:", offered)
