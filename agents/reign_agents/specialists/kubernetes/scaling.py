"""How many of a workload run: a number, several numbers, more or fewer than now, none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import NUMBERS
from reign_agents.specialists.kubernetes.choosing import chooses
from reign_agents.specialists.kubernetes.found import Object, meant
from reign_agents.specialists.kubernetes.said import WORKLOADS, Said, bare_of, said

SCALED = ("deployment", "statefulset")
_SCALABLE = frozenset({*SCALED, "replicaset", "replicationcontroller"})
_HOW_MANY = "How many replicas should {} have?"
_NUMBER = rf"(?:\d+|an?|another|{'|'.join(NUMBERS)}|twice|double)"
_COPIES = r"(?:replicas?|pods?|copies|copy|instances?)"
_TO = re.compile(
    rf"\b(?:to|at|=)\s*(?P<n>\d+|{'|'.join(NUMBERS)})\b(?!\s*(?:%|percent|more|less|fewer|m\b|[KMG]i))", re.IGNORECASE
)
_TIMES = (
    (re.compile(r"\b(?:double|twice)\b", re.IGNORECASE), 2.0),
    (re.compile(r"\b(?:triple|three\s+times)\b", re.IGNORECASE), 3.0),
    (re.compile(r"\b(?:halve|half)\b(?!\s+an?\b)", re.IGNORECASE), 0.5),
)
_SHARE = re.compile(r"\b(?P<n>\d+)\s*(?:%|percent)\s*(?P<way>more|less|fewer)?", re.IGNORECASE)
_MORE = re.compile(
    rf"\b(?P<n>{_NUMBER})\s+(?:(?P<way>more|additional|extra|fewer|less)\b)|"
    rf"\b(?P<another>another)\s+(?P<of>(?:\d+|{'|'.join(NUMBERS)})\s+)?(?={_COPIES})|\bby\s+(?P<by>{_NUMBER})\b(?!\s*%)",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    rf"\b(?P<verb>take|remove|drop|cut|delete|add|put)\s+(?:away\s+|off\s+)?(?P<n>{_NUMBER})\s+(?:of\s+the\s+)?{_COPIES}\s+"
    r"(?:away\s+)?(?P<way>from|off|to)\b",
    re.IGNORECASE,
)
_DOWN = re.compile(r"\b(?:fewer|less|down|decrease|reduce|lower|remove|drop|shrink|cut)\b", re.IGNORECASE)
_THEN = re.compile(
    r"\b(?:to|at)\s+(?P<first>\d+)\s*(?:,|and|or|then)\s*(?:(?:then|to|at)\s+)*(?P<second>\d+)(?=\W*$|\s+in\b)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*,\s*(?:and\s+|then\s+)?|\s+and\s+(?:then\s+)?|\s+then\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """How the number changes: times ``factor``, then ``more`` (below zero: fewer)."""

    factor: float = 1.0
    more: int = 0

    def of(self, now: int) -> int:
        return math.ceil(now * self.factor) + self.more


def change_of(wish: Wish) -> Change | None:
    """The change of number that the words ask for: "double", "two more", "by 50%"; None where they give a number."""
    text = bare_of(wish.lower)
    if _TO.search(text):
        return None
    for pattern, factor in _TIMES:
        if pattern.search(text):
            return Change(factor)
    down = _DOWN.search(text) is not None
    share = _SHARE.search(text)
    if share is not None and (share["way"] or re.search(r"\bby\b", text)):
        part = int(share["n"]) / 100
        return Change(max(0.0, 1 - part) if down else 1 + part)
    more = _MORE.search(text)
    if more is not None:
        count = _count(more["n"] or more["of"] or more["by"] or "1")
        return Change(more=-count if down else count)
    taken = _TAKEN.search(text)
    if taken is None or (taken["way"] == "to") != (taken["verb"] in ("add", "put")):
        return None
    return Change(more=_count(taken["n"]) * (1 if taken["way"] == "to" else -1))


def _count(word: str) -> int:
    word = word.strip().lower()
    return int(NUMBERS.get(word, word)) if word in NUMBERS or word.isdigit() else 1


def changes_number(wish: Wish) -> bool:
    """Whether the words ask for more or fewer of something that runs on a cluster."""
    text = wish.lower
    if (
        wish.with_pronoun()
        or change_of(wish) is None
        or re.search(r"\b(?:memory|ram|cpus?|cores?|nodes?|disk|storage|[kmgt]i?b)\b", text)
    ):
        return False
    short = re.match(r"\W*(?:please\s+)?(?:double|triple|halve)\s+[a-z][\w.-]*(?:\s+in\s+[\w.-]+)?\W*$", text)
    return wish.verb == "scale" or bool(short) or re.search(rf"\b{_COPIES}\b", text) is not None


def stops(wish: Wish) -> bool:
    """Whether a workload is to stop running: it keeps its settings and has no pods."""
    return said(wish).kind in (*WORKLOADS, None) and re.search(r"\bnodes?\b|\brollouts?\b", wish.lower) is None


async def scale(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """Workloads get a number of replicas: one for all named, or each its own."""
    parts = _parts(wish)
    if isinstance(parts, Question):
        return parts
    for part in parts:
        question = await _scaled(part, context, outline)
        if question is not None:
            return question
    return None


def _parts(wish: Wish) -> list[Wish] | Question:
    """One wish for each number said: "web to 3 and api to 5"."""
    again = _THEN.search(wish.rest)
    if wish.verb == "scale" and again is not None:
        same = " and ".join(said(wish).names)
        return Question(
            f"Two numbers for the same workload: “{wish.rest.strip()}”. Which one should it be?",
            tuple(f"scale {same} to {again[key]}" for key in ("first", "second")),
        )
    numbers = list(_TO.finditer(wish.rest))
    if wish.verb != "scale" or len(numbers) < 2:
        return [wish]
    pieces: list[str] = []
    waiting = ""
    for piece in _SPLIT.split(wish.rest):
        whole = f"{waiting} and {piece}" if waiting else piece
        if re.search(r"(?<![\w.-])\d+(?![\w.-])", piece) or _TO.search(piece):
            pieces.append(whole)
            waiting = ""
        else:
            waiting = whole
    if waiting and pieces:
        pieces[-1] += f" {waiting}"
    found: list[Wish] = []
    kind: str | None = None
    names: tuple[str, ...] = ()
    spaces = [said(Wish.of(f"scale {piece}")).namespace for piece in pieces]
    for piece, space in zip(pieces, spaces, strict=True):
        bare = re.sub(r"^\W*(?:to|at)\b", "", piece).strip()
        own = said(Wish.of(f"scale {piece}"))
        starts_with_number = re.match(r"\W*(?:to|at)?\s*\d+\b", piece) is not None
        kind = own.kind or kind
        if starts_with_number:
            text = f"scale {kind or ''} {' and '.join(names)} to {bare}"
        else:
            names, text = own.names, f"scale {piece}"
        if space is None and spaces[-1] is not None and all(one is None for one in spaces[:-1]):
            text += f" in namespace {spaces[-1]}"
        found.append(Wish.of(" ".join(text.split())))
    return found


async def _scaled(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    change = change_of(wish)
    replicas = words.number("replicas") if change is None else None
    if change is None and (wish.verb == "stop" or re.search(r"\b(?:to|down to)\s+(?:zero|0)\b", wish.lower)):
        replicas = 0
    if words.kind is not None and words.kind not in (*_SCALABLE, "pod", "namespace", "daemonset"):
        return _no_number(words.kind, words.name, context)
    kinds = SCALED if chooses(wish, words) else (*SCALED, "daemonset")
    found = await meant(_of_workload(words), wish, context, outline, "scale", kinds)
    if isinstance(found, Question):
        return found
    fixed = next((one for one in found if one.kind not in _SCALABLE), None)
    if fixed is not None:
        return _no_number(fixed.kind, fixed.name, context)
    if replicas is None and change is None:
        name, space = found[0].name, found[0].namespace
        where = f" in namespace {space}" if space else ""
        return Question(
            _HOW_MANY.format(name),
            tuple(f"scale {found[0].kind} {name}{where} to {count}" for count in (2, 3)),
            completes="{request} to {reply} replicas",
        )
    for one in found:
        count = replicas
        if change is not None:
            now = await _now(one, context)
            count = change.of(now)
            if count < 0:
                return Question(f"{one.name} has {now} replicas: there are no {-change.more} to take away.")
            outline.assume(f"{one.name} has {now} now")
        elif wish.verb == "stop":
            outline.assume("stopped is scaled to 0: the settings stay, another number of replicas starts it again")
        why = f"{one.name} runs {count} times"
        outline.add("kubernetes.scale", {**one.fields(), "replicas": count}, why)
    return None


def _of_workload(words: Said) -> Said:
    """The words about what makes the pods, where they speak of pods: "one more web pod"."""
    return replace(words, kind=None) if words.kind in ("pod", "namespace") else words


async def _now(one: Object, context: PlanningContext) -> int:
    live: Any = (await context.look("kubernetes.get", one.fields())).get("object") or {}
    count = (live.get("spec") or {}).get("replicas")
    return count if isinstance(count, int) else 1


def _no_number(kind: str, name: str | None, context: PlanningContext) -> Question:
    """Why there is nothing to scale, and what comes nearest."""
    named = f" {name}" if name else ""
    if kind == "daemonset":
        return Question(
            f"A daemonset runs once on every node it fits: {name or 'it'} has no number of replicas.",
            (f"restart daemonset{named}", f"describe daemonset{named}"),
        )
    if kind == "horizontalpodautoscaler":
        return Question(
            "An autoscaler has a least and a most number, not one of its own.",
            (f"autoscale{named or ' web'} between 2 and 8",),
        )
    return Question(
        f"A {kind} has no number of replicas; deployments and statefulsets have.", (f"describe {kind}{named}",)
    )
