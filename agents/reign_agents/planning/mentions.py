"""What words point at in the session: the selected step, "both", "the first one", "double it", "the scaling only"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext, UndoWish
from reign_agents.planning.joining import thing_of
from reign_agents.planning.wish import Thing
from reign_executors.errors import OperationError

_LEAD = re.compile(
    r"^\W*(?:(?:looks?\s+(?:good|fine|right)|great|nice|perfect|cool|excellent|awesome|good|oh\s+no|oh|hmm|ah|oops|"
    r"thanks|thank\s+you|thx|alright|all\s+right|ok(?:ay)?|right|sorry)\s*[,.!;:-]+\s*)+(?=\w)",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\W*(?:(?:ok(?:ay)?|great|nice|perfect|cool|awesome|many)\W+)*(?:thanks?(?:\s+(?:you|a\s+lot|so\s+much|"
    r"very\s+much|"
    r"a\s+bunch))*|thank\s+you(?:\s+(?:so|very)\s+much)?|cheers|thx|ta|well\s+done|good\s+job|nice\s+work|great|"
    r"perfect|"
    r"awesome|cool|nice)\W*(?:(?:that(?:'s|\s+is)?\s+all|bye|for\s+now)\W*)?",
    re.IGNORECASE,
)
_KINDS = (
    r"containers?|deployments?|statefulsets?|releases?|charts?|volumes?|networks?|branch(?:es)?|tags?|images?|pods?"
)
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_NTH = re.compile(
    rf"\bthe\s+(?P<at>{'|'.join(ORDINALS)})(?:\s+(?:one|{_KINDS}))?(?=\s*(?:[,.!?]|$|\btoo\b|\bagain\b|\bnow\b|"
    rf"\bplease\b))",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?:both(?:\s+of\s+them)?|the\s+two(?:\s+of\s+them)?)\b", re.IGNORECASE)
_THEM = re.compile(r"\b(?:them(?:\s+all)?|all\s+of\s+them|these|those)\b", re.IGNORECASE)
_RELATIVE = re.compile(
    r"\W*(?:(?:and|now|please|then|ok|make\s+(?:it|that)|scale\s+(?:it|that)(?:\s+(?:up|down))?(?:\s+by)?|add|"
    r"give\s+it)\W+)*"
    r"(?:(?P<word>double|triple|halve)(?:\s+(?:it|that|them))?|(?:by\s+)?(?P<count>\d+|one|two|three|four|five|another|"
    r"an\s*other)\s+(?P<way>more|less|fewer|down|up)(?:\s+(?:replicas?|pods?|copies|of\s+(?:it|them)))?)"
    r"(?:\s+(?:please|then|now|too))*\W*",
    re.IGNORECASE,
)
_SMALL_NUMBERS = {"one": 1, "another": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_UNDO_PART = re.compile(
    r"\W*(?:please\s+)?(?:undo|revert|take\s+back)\s+(?:only\s+|just\s+)?(?:the\s+)?(?P<part>scaling|scale|image|"
    r"deployment|"
    r"restart|labell?(?:ing)?|rename|renaming|variables?|env|limits?|network|volume|container|namespace|commit|tag|"
    r"branch)"
    r"(?:\s+(?:only|alone|again|please|change|step))*\W*",
    re.IGNORECASE,
)
_PARTS = {
    "scaling": "scale", "image": "set_image", "labelling": "label", "labeling": "label", "renaming": "rename",
    "variables": "set_env", "variable": "set_env", "env": "set_env", "limits": "set_resources",
    "limit": "set_resources", "container": "run", "deployment": "create_deployment",
}  # fmt: skip
_SCALED = ("deployment", "statefulset", "replicaset")


def bare(text: str) -> str:
    """The text without the words that only comment on what was before: "looks good, apply it" → "apply it"."""
    return _LEAD.sub("", text, count=1)


def thanked(text: str) -> bool:
    """Whether the words only thank or praise."""
    return _THANKS.fullmatch(text) is not None


def selected_thing(context: PlanningContext) -> Thing | None:
    """What the step is about that the person points at on the screen."""
    if context.selected is None:
        return None
    plan = context.plan_of(context.selected[0])
    step = next((one for one in plan.steps if one.id == context.selected[1]), None) if plan is not None else None
    return None if step is None else thing_of(step)


def _spoken_of(context: PlanningContext) -> list[tuple[Thing, Step]]:
    """The things of the session's plans with the step that named each last, the oldest first; undo plans left out."""
    found: dict[Thing, Step] = {}
    for record in reversed(context.recent):
        plan = context.plan_of(record.run)
        if plan is None or plan.undo_of is not None:
            continue
        for step in plan.steps:
            thing = thing_of(step)
            if thing is not None and (thing.kind != "image" or len(plan.steps) == 1):
                found.setdefault(thing, step)
                found[thing] = step
    return list(found.items())


def _alike(context: PlanningContext) -> list[tuple[Thing, Step]]:
    """The things spoken of that are of the last one's kind."""
    found = _spoken_of(context)
    last = _last(context)
    return [] if last is None else [pair for pair in found if pair[0].kind == last.kind]


def alike(context: PlanningContext) -> list[Thing]:
    """The things spoken of that are of the last one's kind, the oldest first."""
    return [thing for thing, _ in _alike(context)]


def _last(context: PlanningContext) -> Thing | None:
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is not None and plan.undo_of is None:
            things = [thing for thing in map(thing_of, reversed(plan.steps)) if thing is not None]
            if things:
                return things[0]
    return None


def _plan_things(plan: Plan) -> list[tuple[Thing, Step]]:
    pairs = {thing: step for step in plan.steps if (thing := thing_of(step)) is not None}
    return list(pairs.items())


def _named(pairs: Sequence[tuple[Thing, Step]]) -> str:
    """The things as words of a request: "containers web and db", with the namespace they are in."""
    kind = pairs[0][0].kind
    quote = '"' if kind == "container" else ""  # its name may be an image's, too
    listed = " and ".join(f"{kind} {quote}{thing.name}{quote}" for thing, _ in pairs)
    places = {str(step.fields["namespace"]) for _, step in pairs if step.fields.get("namespace")}
    return listed + (f" in namespace {places.pop()}" if len(places) == 1 else "")


_THE = re.compile(
    r"\bthe\s+(?P<kind>container|network|volume|deployment|statefulset|release|chart|image|branch|tag|namespace|secret|"
    r"configmap)(?=\s*(?:[,.!?]|$|\b(?:again|now|please|too)\b))",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\W*(?:(?:and|now|then|ok|please)\W+)*(?P<verb>push|lint|validate|apply|restart|stop|start|inspect|describe|"
    r"delete|"
    r"remove|destroy|plan|format|render|uninstall|pause|unpause|logs|deploy)"
    r"(?P<rest>(?:\s+(?:to|in|into|on)\s+[\w./:-]+)?)(?:\s+(?:please|now|too|again))*\W*",
    re.IGNORECASE,
)
_OF_REPOSITORIES = frozenset({"branch", "tag", "commit", "directory"})


def _definite(text: str, context: PlanningContext) -> tuple[str, str] | None:
    """What was spoken of last, where no name is given: "delete the network", "push to ghcr.io"."""
    the = _THE.search(text)
    if the is not None and text[: the.start()].strip():
        pairs = [pair for pair in _spoken_of(context) if pair[0].kind == the["kind"].lower()]
        if pairs:
            said = _named(pairs[-1:])
            return f"{text[: the.start()]}{said}{text[the.end() :]}", f"“{the.group()}” is the {_shown(said)}"
    alone, last = _BARE.fullmatch(text), _last(context)
    if alone is None or last is None or last.kind in _OF_REPOSITORIES:
        return None
    verb = alone["verb"].lower()
    if verb == "push" and last.kind != "image":
        return None
    request = f"show its logs{alone['rest']}" if verb == "logs" else f"{verb} it{alone['rest']}"
    return request, f"taken as: {request}"


def _shown(said: str) -> str:
    return said.replace('"', "")


def pointed(text: str, context: PlanningContext) -> tuple[str, str] | None:
    """A request that points at things by their order or number, with their names instead, and that in words."""
    if not context.recent or re.match(r"(?i)\W*(?:(?:no|oops|sorry)\W+)*i\s+meant?\b", text):
        return None
    nth = _NTH.search(text)
    if nth is not None:
        pairs = _alike(context)
        at = ORDINALS[nth["at"].lower()]
        if len(pairs) < 2 or not -len(pairs) <= at < len(pairs) or not text[: nth.start()].strip():
            return None
        said = _named([pairs[at]])
        return f"{text[: nth.start()]}{said}{text[nth.end() :]}", f"“{nth.group()}” is the {_shown(said)}"
    if re.match(r"(?i)\W*both\W*(?:then|too|please|of\s+them)?\W*$", text):
        return _both_of_last(context)
    both = _BOTH.search(text)
    pairs = _alike(context)[-2:] if both is not None else []
    several = both or _THEM.search(text)
    if both is None and several is not None:
        plan = next((p for record in context.recent if (p := context.plan_of(record.run)) is not None), None)
        pairs = [] if plan is None else _plan_things(plan)
    if several is None:
        return _definite(text, context)
    if len(pairs) < 2 or len({thing.kind for thing, _ in pairs}) != 1:
        return None
    if not text[: several.start()].strip():
        return None
    if pairs[0][0].kind == "unit" or pairs[0][1].operation.startswith("kubernetes."):
        verb = re.sub(r"(?i)^\W*(?:(?:and|then|now|please|ok)\W+)*", "", text[: several.start()]).strip()
        named = [thing.name if thing.kind == "unit" else _named([(thing, step)]) for thing, step in pairs]
        request = " and ".join(f"{verb} {one}{text[several.end() :].rstrip(' ?.!')}" for one in named)
        return request, f"“{several.group()}”: {_shown(_named(pairs))}"
    said = _named(pairs)
    return f"{text[: several.start()]}{said}{text[several.end() :]}", f"“{several.group()}”: {_shown(said)}"


def _both_of_last(context: PlanningContext) -> tuple[str, str] | None:
    """What the last plan did to one of two that were asked about, for both: a bare "both then"."""
    said = [one.text for one in context.said() if one.who == "reign"]
    asked = next((words for words in reversed(said) if _WHICH.search(words)), None)
    plan = next((p for record in context.recent if (p := context.plan_of(record.run)) is not None), None)
    last = _last(context)
    if asked is None or plan is None or last is None or len(plan.steps) != 1:
        return None
    match = _WHICH.search(asked)
    assert match is not None
    names = re.split(r",\s*", match["names"])
    verb = VERB_OF.get(plan.steps[0].operation.partition(".")[2])
    if last.name not in names or len(names) != 2 or verb is None:
        return None
    request = f"{verb} {' and '.join(f'{last.kind} {name}' for name in names)}"
    return request, f"taken as: {request}"


_WHICH = re.compile(r"\bmatch “[^”]*”: (?P<names>[\w., -]+)\. Which one\?")
VERB_OF = {
    "stop": "stop", "start": "start", "restart": "restart", "pause": "pause", "unpause": "unpause",
    "remove_container": "remove", "remove_volume": "remove", "remove_network": "remove", "delete": "delete",
    "rollout_restart": "restart", "uninstall": "uninstall", "logs": "show logs of", "inspect": "inspect",
}  # fmt: skip
"""Operation without its tool → the verb that asks for it."""


async def relative(text: str, context: PlanningContext) -> Draft | None:
    """The number of replicas that "double it" or "two more" mean, from what runs now; None for other words."""
    match = _RELATIVE.fullmatch(text)
    thing = selected_thing(context) or _last(context)
    if match is None or thing is None or thing.kind not in _SCALED:
        return None
    step = next(step for one, step in reversed(_spoken_of(context)) if one == thing)
    where = {key: step.fields[key] for key in ("context", "namespace") if step.fields.get(key) is not None}
    about = {**where, "kind": thing.kind, "object": thing.name}
    try:
        live = (await context.look("kubernetes.get", about)).get("object")
    except OperationError as error:
        return Draft("scale", 1.0, question=str(error), suggestions=(f"scale {thing.kind} {thing.name} to 3",))
    spec = live.get("spec") if isinstance(live, dict) else None
    now = spec.get("replicas") if isinstance(spec, dict) else None
    if not isinstance(now, int):
        return None
    wanted = max(0, _result(match, now))
    scaled = Step("s1", "kubernetes.scale", {**about, "replicas": wanted}, f"{thing.name} runs {wanted} times")
    said = (f"“{text.strip()}” is {now} → {wanted} replicas of the {thing.kind} {thing.name}",)
    return Draft("scale", 1.0, steps=(replace(scaled, agent="kubernetes"),), assumptions=said)


def _result(match: re.Match[str], now: int) -> int:
    word = (match["word"] or "").lower()
    if word:
        return {"double": now * 2, "triple": now * 3, "halve": (now + 1) // 2}[word]
    count = re.sub(r"\s+", "", match["count"].lower())
    number = int(count) if count.isdigit() else _SMALL_NUMBERS[count]
    return now + number if match["way"].lower() in ("more", "up") else now - number


def undone_part(text: str, context: PlanningContext) -> UndoWish | None:
    """The step of the session's last plan that "undo the scaling only" means."""
    match = _UNDO_PART.fullmatch(text)
    if match is None:
        return None
    part = match["part"].lower()
    wanted = _PARTS.get(part, part)
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is None or plan.undo_of is not None:
            continue
        for step in reversed(plan.steps):
            if step.operation.partition(".")[2].startswith(wanted) or part in step.operation:
                return UndoWish(record.run, step.id)
        return None
    return None
