"""The last plan elsewhere or on another thing: "same for staging", "the other one too", "and the worker"."""

from __future__ import annotations

import re
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.corrections import COUNT
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import (
    OPENING,
    changes_anything,
    drafted,
    last_plan,
    last_thing,
    nothing,
    plans,
    unjudged,
)
from reign_agents.planning.joining import things_made
from reign_agents.planning.places import meanings, place_words, siblings
from reign_agents.planning.repeating import CORRECTION, repeated
from reign_agents.planning.wish import Thing
from reign_agents.planning.words import NUMBERS
from reign_agents.store.records import RunRecord

_PLACE = re.compile(
    OPENING + r"(?:(?:(?:do\s+)?the\s+|do\s+)?same(?:\s+thing)?|(?:do|run|try|repeat)\s+(?:it|that|this)(?:\s+again)?|"
    r"(?:and|what|how)\s+about|again|(?:ship|deploy|roll|release|put|apply|run|push|bring|promote|send)\s+(?:it|that|this)"
    r"(?:\s+out)?(?=\s+(?:to|in|on|into)\s)|(?:no\W+)*i\s+mean[t]?|no|rather|instead|(?:and|also)(?=\s+(?:the|for|in|on)\s)|"
    r"(?=(?:in|on|for)\s))\W*(?:(?:for|in|on|to|with|at)\s+)?(?:the\s+)?"
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
        if thing is not None and len(others) == 1:
            return on_other(record, plan, thing, others[0])
        known = f"There are {len(others)} others: {', '.join(others[:6])}." if others else "I know of no other."
        offered = tuple(f"same for {name}" for name in others[:4]) or (plan.request,)
        return Draft(plan.intent, 1.0, question=f"Which other {kind}? {known}", suggestions=offered)
    place = _PLACE.match(text)
    if place is None or place["word"].lower() in _NO_PLACES or re.fullmatch(rf"(?i){COUNT}", place["word"]):
        return None
    word = place["word"]
    if thing is not None and word in await siblings(thing, plan, context):
        return on_other(record, plan, thing, word)
    meant = await meanings(word, plan, context)
    if not meant and not re.match(
        OPENING + r"(?:(?:do\s+)?(?:the\s+)?same|(?:what|how)\s+about|i\s+mean)", text, re.IGNORECASE
    ):
        return None
    if len(meant) == 1:
        field, name = meant[0]
        draft = repeated(context, f"{field} {name}", corrects=CORRECTION.match(text) is not None, of=(record, plan))
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


def on_other(record: RunRecord, plan: Plan, thing: Thing, name: str) -> Draft:
    """The last plan's steps on another thing of the same kind; asked about where they made the thing."""
    if thing in things_made(plan.steps):
        return Draft(
            plan.intent,
            1.0,
            question=f"“{plan.request}” made the {thing.kind} {thing.name}. What should happen to {name}?",
            suggestions=(f"restart {thing.kind} {name}", f"show logs of {thing.kind} {name}"),
        )

    def put(step: Step) -> Step:
        fields = {key: name if key in _NAMED and value == thing.name else value for key, value in step.fields.items()}
        why = re.sub(rf"(?<![\w-]){re.escape(thing.name)}(?![\w-])", lambda _: name, step.why)
        return replace(unjudged(step), fields=fields, why=why)

    said = (f"this is “{plan.request}” ({record.run}) for the {thing.kind} {name}",)
    return drafted(plan, tuple(map(put, plan.steps)), said, None)
