"""What is taken off an object while the object stays: labels, annotations, variables; and what can't be."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.found import Object, listed, meant
from reign_agents.specialists.kubernetes.said import KIND_WORDS, WORKLOADS, Said, known_kind_of, said

_KEY = r"[A-Za-z_][\w./-]*"
_KEYS = rf"{_KEY}(?:(?:\s{{0,6}},\s{{0,6}}(?:and\s+)?|\s{{1,6}}and\s{{1,6}}){_KEY}){{0,30}}"
_FROM = r"(?:from|off(?:\s+of)?|out\s+of|of|on|in)"
_OF = (
    rf"\s+{_FROM}\s+(?:the\s+)?(?:(?:env(?:ironment)?|labels|annotations|variables)\s+(?:of|in|on)\s+(?:the\s+)?)?"
    rf"(?:(?P<kind>{KIND_WORDS})\s+)?(?P<of>[a-z0-9][\w.-]*)(?:\s+(?P<after>{KIND_WORDS})\b)?"
)
_LABEL = re.compile(
    rf"^\W*(?:the\s+)?(?:(?P<what>label|annotation)s?\s+(?P<keys>{_KEYS})|(?P<key>{_KEY})\s+(?P<what2>label|annotation)){_OF}",
    re.IGNORECASE,
)
_ENV = re.compile(
    rf"^\W*(?:the\s+)?(?:(?:env(?:ironment)?(?:\s+var(?:iable)?s?)?|var(?:iable)?s?)\s+(?P<keys>{_KEYS})|"
    rf"(?P<key>{_KEY})\s+(?:env(?:ironment)?(?:\s+var(?:iable)?)?|variable)|(?P<bare>(?-i:[A-Z][A-Z0-9_]{{2,}})"
    rf"(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?-i:[A-Z][A-Z0-9_]{{2,}}))*)){_OF}",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"^\W*(?:the\s+|an?\s+|its\s+|all\s+)?(?P<part>\S.{{0,2000}}?)\s{{1,6}}(?:from|off(?:\s+of)?|out\s+of)\s+(?:the\s+)?"
    rf"(?:(?P<kind>{KIND_WORDS})\s+)?(?P<of>[a-z0-9][\w.-]*)(?:\s+(?P<after>{KIND_WORDS})\b)?",
    re.IGNORECASE,
)
_PLACES = frozenset({"cluster", "kubernetes", "k8s", "here", "there", "namespace", "context", "node", "it", "them"})


def _unset(wish: Wish) -> str:
    return re.sub(r"^\W*(?:please\s+)?unset\s+", "", wish.rest, flags=re.IGNORECASE)


def takes_off(wish: Wish) -> bool:
    """Whether labels, annotations or variables of an object are to go, and the object stays."""
    if said(wish).kind in ("configmap", "secret"):
        return False
    if wish.verb is None and _unset(wish) == wish.rest:
        return False
    return bool(_LABEL.match(_unset(wish)) or _ENV.match(_unset(wish)))


async def take_off(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """Keys without a value: each operation removes those."""
    rest = _unset(wish)
    label = _LABEL.match(rest)
    match = label or _ENV.match(rest)
    assert match is not None
    groups = match.groupdict()
    keys = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", groups["keys"] or groups["key"] or groups["bare"])
    words = _of(match, said(wish))
    found = await meant(words, wish, context, outline, "change", (*WORKLOADS, "pod"))
    if isinstance(found, Question):
        return found
    gone: dict[str, JsonValue] = dict.fromkeys(keys)
    what = (groups.get("what") or groups.get("what2") or "variable").lower()
    operation, field = {
        "label": ("kubernetes.label", "labels"),
        "annotation": ("kubernetes.annotate", "annotations"),
        "variable": ("kubernetes.set_env", "env"),
    }[what]
    for one in found:
        outline.add(operation, {**one.fields(), field: gone}, f"{', '.join(keys)} leaves {one.name}")
    return None


def _of(match: re.Match[str], words: Said) -> Said:
    kind = match["kind"] or match["after"]
    space = None if words.namespace == match["of"].lower() else words.namespace
    return replace(words, names=(match["of"].lower(),), namespace=space, kind=known_kind_of(kind) if kind else None)


async def stays(wish: Wish, words: Said, context: PlanningContext) -> Question | None:
    """A question where something of an object is to go, and not the object: "remove the cpu limit from web"."""
    match = _PART.match(wish.rest)
    if match is None:
        return None
    owner, part = match["of"].lower(), match["part"].strip()
    if owner in _PLACES or owner == context.settings.namespace or re.search(r"\bnamespace\b|--", match.group()):
        return None
    if owner == words.text("context") or owner in {row.name for row in await listed("namespace", None, context)}:
        return None
    if known_kind_of(match["kind"] or "") in ("namespace", "node"):
        return None
    if re.search(r"\b(?:autoscal\w+|hpa)\b", part, re.IGNORECASE) or re.fullmatch(KIND_WORDS, part, re.IGNORECASE):
        return None
    kind = known_kind_of(match["kind"] or match["after"] or "") or "deployment"
    return Question(
        f"“{part}” is to leave {owner}, and {owner} is to stay: no operation does that yet. Its manifest can be "
        "changed and applied.",
        (f"show the yaml of {kind} {owner}",),
    )


def its_own(wish: Wish, found: list[Object]) -> str | None:
    """What else is to go with the one object named: the service of "deployment web and its service"."""
    match = re.search(
        rf"\b(?:and|with|plus)\s+(?:also\s+)?(?:its|their|the)\s+(?P<kind>{KIND_WORDS})\b\W*(?:$|\bin\b)", wish.lower
    )
    kind = known_kind_of(match["kind"]) if match is not None else None
    return kind if found and kind is not None and kind != found[0].kind else None
