"""Requests that live on what was said before: "do it again", "no, port 9090", "why did it fail?"."""

from __future__ import annotations

import re
from dataclasses import replace

from reign_agents.planning.corrections import COUNT, changes_said
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import OPENING, last_plan, last_thing, nothing, only
from reign_agents.planning.joining import things_made
from reign_agents.planning.moving import moved, on_other
from reign_agents.planning.outcomes import why_it_failed
from reign_agents.planning.places import siblings
from reign_agents.planning.repeating import CORRECTION, repeated, values_of_release
from reign_agents.planning.scan import Scan
from reign_agents.planning.spelled import SHORT
from reign_agents.planning.words import NUMBERS

_AGAIN = re.compile(
    OPENING + r"(?:(?:can\s+you\s+)?(?:do|run|try|execute|make|start)\s+(?:it|that|this|the\s+(?:same|"
    r"last\s+(?:one|plan|run)))(?:\s+(?:all|once))?\s*(?:again|once\s+more|over)?"
    r"|again|once\s+more|repeat(?:\s+(?:it|that|this|the\s+last\s+(?:one|run|plan)))?|"
    r"retry(?:\s+(?:it|that))?|re-?run(?:\s+(?:it|that))?|(?:the\s+)?same(?:\s+(?:thing|again|one|"
    r"as\s+before))?|another(?:\s+(?:one|container|release|deployment|volume|network))?|redo(?:\s+(?:it|that))?|"
    r"one\s+more)(?=\W|$)"
    r"(?P<change>.*)$",
    re.IGNORECASE | re.DOTALL,
)


_NEEDS_AGAIN = re.compile(
    r"\b(?:again|once more|same|repeat|retry|re-?run|redo|another|over|one more)\b", re.IGNORECASE
)


_WHY = re.compile(
    OPENING + r"(?:(?:why|how\s+come)\b\s*(?:(?:did|does|has|is|was|had)(?:n't)?\s+)?"
    r"(?:it|that|this|the\s+last\s+(?:run|step|one)|run\s+(?P<run>r_\w+)|(?P<bare>r_\w+))?\s*(?:not\s+|just\s+)?"
    r"(?:fail(?:ed|s|ing)?|stop(?:ped)?|work(?:ing|ed)?|go\s+wrong|break|broke|happen(?:ed)?)?"
    r"|what\s+(?:went\s+wrong|happened|failed|was\s+the\s+(?:error|problem|matter))"
    r"(?:\s+(?:with|in)\s+(?:it|that|run\s+(?P<with>r_\w+)))?)\W*$",
    re.IGNORECASE,
)


async def follow_up(text: str, context: PlanningContext) -> Draft | None:
    """The draft of a request that only makes sense after others; None when it stands by itself."""
    if last_plan(context) is None and re.match(r"(?i)\W*and\s+add\b", text):
        return nothing("add to")
    why = _WHY.match(text)
    if why is not None:
        return why_it_failed(context, why["run"] or why["bare"] or why["with"])
    elsewhere = await moved(text, context)
    if elsewhere is not None:
        return elsewhere
    again = _AGAIN.match(text)
    if again is not None and _NEEDS_AGAIN.search(text) and not _starts_what_stopped(text, context):
        return repeated(context, await _freely_named(again, context), corrects=False)
    newer = _NEWER.match(text)
    if newer is not None:
        return repeated(context, f"version {newer['version']}", corrects=True)
    found = last_plan(context)
    valued = values_of_release(*found, text, context) if found is not None and len(text.split()) <= SHORT else None
    if valued is not None:
        return valued
    correction = CORRECTION.match(text)
    if correction is not None:
        corrected = repeated(context, correction["change"], corrects=True, spoken=True)
        if corrected is not None:
            return corrected
    return await _changing(text, context)


_NEWER = re.compile(
    OPENING + r"(?:upgrade|update|move|go|downgrade)\s+(?:(?:it|that|"
    r"this)\s+)?to\s+(?:version\s+)?v?(?P<version>\d[\w.-]*)\W*$",
    re.IGNORECASE,
)


async def _freely_named(again: re.Match[str], context: PlanningContext) -> str:
    """What is to be different when it is done again: another of what was made gets a name that is free."""
    words = str(again["change"])
    found, thing = last_plan(context), last_thing(context)
    if found is None or thing is None or re.search(r"(?i)\b(?:another|one\s+more)\b", again.group()) is None:
        return words
    made = things_made(found[1].steps)
    if (
        thing not in made
        or thing.kind not in ("container", "release", "deployment")
        or re.search(
            r"(?i)name|"
            "call",
            words,
        )
    ):
        return words
    taken = {thing.name, *await siblings(thing, found[1], context)}
    stem = re.sub(r"-\d+$", "", thing.name)
    free = next(name for number in range(2, 1000) if (name := f"{stem}-{number}") not in taken)
    return f"{words} named {free}"


def _starts_what_stopped(text: str, context: PlanningContext) -> bool:
    """Whether "start it again" is no repetition: what was done last did not start anything."""
    found = last_plan(context)
    if found is None or re.search(r"(?i)\bstart\s+(?:it|that|this)\b", text) is None:
        return False
    return not any(step.operation in ("docker.run", "docker.start", "docker.restart") for step in found[1].steps)


_NAMED_COUNT = re.compile(
    rf"\W*(?:(?:and|now|then|but)\s+)*(?:the\s+)?(?P<name>[a-z][\w.-]*)\s+(?:to\s+|at\s+)?(?P<count>{COUNT})"
    r"(?:\s+(?:then|instead|please|replicas|now))*\W*",
    re.IGNORECASE,
)


async def _changing(text: str, context: PlanningContext) -> Draft | None:
    """A few words that only make sense as a change of the last plan: "now 6", "and image.tag=2", "worker 5 then"."""
    found = last_plan(context)
    if found is None or len(text.split()) > SHORT:
        return None
    record, plan = found
    counted = _NAMED_COUNT.fullmatch(text)
    thing = last_thing(context)
    if counted is not None and thing is not None and any(step.operation == "kubernetes.scale" for step in plan.steps):
        name = counted["name"]
        if name in (thing.name, *await siblings(thing, plan, context)):
            draft = on_other(record, only(plan, thing), thing, name)
            count = NUMBERS.get(counted["count"].lower(), counted["count"])
            steps = tuple(replace(one, fields={**one.fields, "replicas": int(count)}) for one in draft.steps)
            steps = tuple(replace(one, why=f"{name} runs {count} times") for one in steps)
            return replace(draft, steps=steps)
    if re.match(r"(?i)\W*(?:and|also|with|plus|use|set|add|mount)\b", text) or len(Scan(text).words()) > 1:
        return repeated(context, text, corrects=True)
    return repeated(context, text, corrects=True) if changes_said(Scan(text)) else None
