"""The last plan elsewhere or on another thing: "same for staging", "the other one too", "and the worker"."""

from __future__ import annotations

import re
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.corrections import COUNT, changed, changes_said
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import (
    OPENING,
    changes_anything,
    drafted,
    has_changed,
    in_full,
    last_plan,
    last_thing,
    nothing,
    only,
    plans,
    unjudged,
)
from reign_agents.planning.joining import things_made
from reign_agents.planning.mentions import ORDINALS, alike
from reign_agents.planning.places import meanings, place_words, siblings
from reign_agents.planning.repeating import CORRECTION, repeated
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Thing
from reign_agents.planning.words import NUMBERS
from reign_agents.store.records import RunRecord

_PLACE = re.compile(
    OPENING + r"(?:(?:(?:do\s+)?the\s+|do\s+)?same(?:\s+thing)?|(?:do|run|try|repeat)\s+(?:it|that|this)(?:\s+again)?|"
    r"(?:and|what|how)\s+about|again|(?:ship|deploy|roll|release|put|apply|run|push|bring|promote|send)\s+(?:it|that|"
    r"this)"
    r"(?:\s+out)?(?=\s+(?:to|in|on|into)\s)|(?:no\W+)*i\s+mean[t]?|no|rather|actually|instead|not\s+(?:(?:in|to|for|"
    r"on)\s+)?[\w.-]+\s*,\s*(?:but\b)?|"
    r"(?:and|"
    r"also)(?=\s+(?:the|for|in|on)\s)|"
    r"(?=(?:in|on|for|to|into)\s))\W*(?:(?:for|in|on|to|with|at)\s+)?(?:the\s+)?"
    r"(?P<word>[a-z0-9][\w.-]*?)(?:\s*,?\s*but\s+(?:with\s+)?(?P<but>\S+(?:\s+\S+){0,2}?))?"
    r"(?:\s+(?:too|also|please|now|instead|one|as\s+well|again))*\W*$",
    re.IGNORECASE,
)


_OTHER = re.compile(
    OPENING + r"(?:(?:no|not\s+that(?:\s+one)?|i\s+mean[t]?|and|the\s+same\s+(?:for|with|on)|same\s+(?:for|with|on)|"
    r"what\s+about|do)\W+)*the\s+other(?:\s+(?:one|container|deployment|release|volume|network|pod))?"
    r"(?:\s+(?:too|please|instead))*\W*$",
    re.IGNORECASE,
)


_SHIPPED = re.compile(
    r"\W*(?:\w+\W+)?(?:ship|deploy|roll|release|put|apply|run|push|bring|promote|send)\b", re.IGNORECASE
)


_NO_PLACES = frozenset({"it", "that", "this", "again", "same", "time", "now", "please", "thanks", "me"})


_NAMED = frozenset({"container", "volume", "network", "object", "release"})


_TOO = re.compile(
    OPENING + r"(?:and|also|plus|then)\s+(?:the\s+)?(?:(?:container|deployment|release|volume|network)\s+)?"
    r"(?P<word>[a-z0-9][\w.-]*)(?:\s+(?:too|also|please|as\s+well))*\W*$",
    re.IGNORECASE,
)
_USUAL = re.compile(
    OPENING + r"(?:(?:and|do|run)\s+)*the\s+usual(?:\s+(?:thing|stuff))?\s+(?:for|in|on|"
    r"with)\s+(?P<word>[\w.-]*\w)\W*$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"^(?P<head>.*?\bsame(?:\s+thing)?\s+(?:for|on|in|with)\s+)(?P<list>[\w.-]+(?:(?:\s*,\s*(?:and\s+)?|"
    r"\s+and\s+)[\w.-]+)+)"
    r"(?:\s+(?:too|also|please|as\s+well))*\W*$",
    re.IGNORECASE,
)


async def _several(text: str, context: PlanningContext) -> Draft | None:
    """The last plan for each of several places or things: "same for dev and qa"."""
    match = _SEVERAL.match(text)
    if match is None:
        return None
    drafts = []
    for word in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", match["list"]):
        draft = await moved(f"{match['head']}{word}", context)
        if draft is None or not draft.steps:
            return draft
        drafts.append(draft)
    steps: list[Step] = []
    for draft in drafts:
        names = {step.id: f"s{number}" for number, step in enumerate(draft.steps, len(steps) + 1)}
        steps += [replace(s, id=names[s.id], needs=tuple(names[need] for need in s.needs)) for s in draft.steps]
    said = tuple(dict.fromkeys(words for draft in drafts for words in draft.assumptions))
    return replace(drafts[0], steps=tuple(steps), assumptions=said)


_VALUED = re.compile(
    r"(?P<head>.*\bsame(?:\s+thing)?\s+(?:for|on|"
    r"in)\s+[\w., -]*?[\w.-])\s*,?\s*(?:but\s+)?with\s+(?P<rest>.+)",
    re.IGNORECASE,
)


async def _with_values(text: str, context: PlanningContext) -> Draft | None:
    """The last plan elsewhere, with other values: "same for prod with 5 replicas"."""
    match = _VALUED.fullmatch(text.strip())
    if match is None:
        return None
    scan = Scan(match["rest"])
    values = changes_said(scan)
    draft = await moved(match["head"], context) if values and not scan.words() else None
    if draft is None or not draft.steps:
        return draft
    steps = draft.steps
    for change in values:
        steps, count = changed(steps, change)
        if not count:
            return None
    said = ", ".join(f"{change.said} {change.value}" for change in values)
    return replace(draft, steps=steps, assumptions=(*draft.assumptions, f"with {said}"))


_MEANT = re.compile(
    OPENING + r"(?:(?:no|not\s+that(?:\s+one)?)\W+)*i\s+mean[t]?\s+(?:the\s+)?(?:(?P<at>first|second|third|last|other)"
    r"(?:\s+(?:one|container|deployment|release|volume|network))?|(?:container|deployment|release|volume|network)\s+"
    r"(?P<name>[\w.-]+)|(?P<bare>[\w.-]+))\W*$",
    re.IGNORECASE,
)


def meant_another(text: str, context: PlanningContext) -> Draft | None:
    """The last plan on another of the things spoken of ("I meant the first"); what was done stays and is named."""
    match, found, thing = _MEANT.match(text), last_plan(context), last_thing(context)
    if match is None or found is None or thing is None:
        return None
    record, plan = found
    names = [one.name for one in alike(context)]
    name = match["name"] or match["bare"]
    if match["at"]:
        others = [one for one in names if one != thing.name]
        at = ORDINALS.get(match["at"].lower())
        name = (
            names[at] if at is not None and -len(names) <= at < len(names) else others[0] if len(others) == 1 else None
        )
    if name not in names or name == thing.name or thing in things_made(plan.steps):
        return None
    draft = on_other(record, only(plan, thing), thing, name)
    if not has_changed(record, context):
        return replace(draft, corrects=record.run)
    kept = f"what {record.run} did to {thing.name} stays (to take it back: undo {record.run})"
    return replace(draft, assumptions=(*draft.assumptions, kept))


async def moved(text: str, context: PlanningContext) -> Draft | None:
    """The last plan elsewhere or on another thing: "the other one", "same for staging", "what about prod?"."""
    found = last_plan(context)
    thing = last_thing(context)
    if found is None:
        return nothing("repeat") if _OTHER.match(text) else None
    record, plan = found
    if _SHIPPED.match(text):
        changing = next((one for one in plans(context) if changes_anything(one[1], context)), None)
        record, plan = changing or found
    if _OTHER.match(text):
        others = await siblings(thing, plan, context) if thing is not None else []
        kind = thing.kind if thing is not None else "thing"
        if thing is not None and len(others) > 1:
            others = [name for name in dict.fromkeys(one.name for one in alike(context)) if name in others] or others
        if thing is not None and len(others) == 1:
            return on_other(record, plan, thing, others[0])
        known = f"There are {len(others)} others: {', '.join(others[:6])}." if others else "I know of no other."
        offered = tuple(f"same for {name}" for name in others[:4]) or (plan.request,)
        return Draft(plan.intent, 1.0, question=f"Which other {kind}? {known}", suggestions=offered)
    usual = _USUAL.match(text)
    if usual is not None:
        question = f"What is “the usual”? The last thing was “{plan.request}” ({record.run})."
        return Draft(plan.intent, 1.0, question=question, suggestions=(f"same for {usual['word']}",))
    valued = await _with_values(text, context)
    if valued is not None:
        return valued
    several = await _several(text, context)
    if several is not None:
        return several
    too = _TOO.match(text)
    if too is not None and thing is not None and too["word"] in await siblings(thing, plan, context):
        return on_other(record, only(plan, thing), thing, too["word"])
    place = _PLACE.match(text)
    if place is None or place["word"].lower() in _NO_PLACES or re.fullmatch(rf"(?i){COUNT}", place["word"]):
        return None
    word = place["word"]
    if thing is not None and thing.kind == "unit" and re.search(r"[\d.]", word):
        return _on_host(record, plan, thing, word)
    if thing is not None and word in await siblings(thing, plan, context):
        return on_other(record, plan, thing, word)
    meant = await meanings(word, plan, context)
    if not meant and not re.match(
        OPENING + r"(?:(?:do\s+)?(?:the\s+)?same|(?:what|how)\s+about|i\s+mean)", text, re.IGNORECASE
    ):
        return None
    if len(meant) == 1:
        field, name = meant[0]
        draft = repeated(context, f"{field} {name}", corrects=_corrects(text), of=(record, plan))
        if draft is not None and place["but"]:
            draft = with_value(draft, place["but"])
        if draft is not None and name != word:
            return replace(draft, assumptions=(*draft.assumptions, f"“{word}” is the {field} {name}"))
        return draft
    kinds = place_words(plan)
    if not kinds:
        return None
    offered = tuple(f"same for {field} {name}" for field, name in meant[:4])
    known = "It could be several." if meant else "I find none of that name."
    return Draft(
        plan.intent,
        1.0,
        question=f"Which {' or '.join(kinds)} is “{word}”? {known}",
        suggestions=offered or tuple(f"same for {kind} {word}" for kind in kinds),
    )


def with_value(draft: Draft, value: str) -> Draft:
    """The draft with another value where its steps have only one that can be meant: "but info", "but 3"."""
    steps = []
    for step in draft.steps:
        env = step.fields.get("env")
        key, equals, text = value.partition("=")
        if isinstance(env, dict) and (len(env) == 1 or equals):
            env = {**env, key: text} if equals else dict.fromkeys(env, value)
            step = replace(step, fields={**step.fields, "env": env})
        elif "replicas" in step.fields and (number := NUMBERS.get(value.lower(), value)).isdigit():
            step = replace(step, fields={**step.fields, "replicas": int(number)})
        steps.append(step)
    return replace(draft, steps=tuple(steps), assumptions=(*draft.assumptions, f"with {value}"))


def _corrects(text: str) -> bool:
    return CORRECTION.match(text) is not None or re.match(r"(?i)\W*not\s+(?:\w+\s+)?[\w.-]+\s*,", text) is not None


def _on_host(record: RunRecord, plan: Plan, thing: Thing, host: str) -> Draft:
    """The same for the service of another machine."""
    old = thing.name.partition(" on ")[2]

    def put(step: Step) -> Step:
        line = str(step.fields.get("command")).replace(f" {old} ", f" {host} ", 1)
        return replace(unjudged(step), fields={**step.fields, "command": line}, why=step.why.replace(old, host))

    said = (f"this is “{plan.request}” ({record.run}) on {host}",)
    return drafted(plan, tuple(map(put, only(plan, thing).steps)), said, None)


def on_other(record: RunRecord, plan: Plan, thing: Thing, name: str) -> Draft:
    """The last plan's steps on another thing of the same kind; asked about where they made the thing."""
    if thing in things_made(plan.steps):
        other = in_full(thing, plan).replace(f"{thing.kind} {thing.name}", f"{thing.kind} {name}", 1)
        return Draft(
            plan.intent,
            1.0,
            question=f"“{plan.request}” made the {thing.kind} {thing.name}. What should happen to {name}?",
            suggestions=(f"restart {other}", f"show logs of {other}"),
        )

    def put(step: Step) -> Step:
        fields = {key: name if key in _NAMED and value == thing.name else value for key, value in step.fields.items()}
        why = re.sub(rf"(?<![\w-]){re.escape(thing.name)}(?![\w-])", lambda _: name, step.why)
        return replace(unjudged(step), fields=fields, why=why)

    said = (f"this is “{plan.request}” ({record.run}) for the {thing.kind} {name}",)
    return drafted(plan, tuple(map(put, plan.steps)), said, None)
