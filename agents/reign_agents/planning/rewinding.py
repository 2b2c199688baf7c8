"""Back to how things were: "back to the start" over several runs, and what a command put aside."""

from __future__ import annotations

import re
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext, UndoWish
from reign_agents.planning.earlier import OPENING, changes_anything, has_changed, last_plan, last_thing, plans, unjudged
from reign_agents.planning.joining import thing_of
from reign_agents.planning.wish import Thing
from reign_agents.store.records import RunRecord

_START = re.compile(
    OPENING + r"(?:(?:go|all\s+the\s+way)\s+)*(?:(?:set|put|bring|take)\s+(?:it|that|them|everything)\s+)?(?:all\s+)?"
    r"(?:back\s+)?(?:to\s+)?(?:the\s+(?:start|beginning|original(?:\s+(?:number|value|state|size))?)|"
    r"(?:how|where|what|as)\s+(?:it|we|they|things)\s+(?:was|were|had)(?:\s+(?:in\s+the\s+beginning|at\s+first|before|"
    r"originally|started))?|square\s+one)\W*$",
    re.IGNORECASE,
)
_BACK_WORDS = re.compile(r"\b(?:back|original|start|beginning|square|was|were|had)\b", re.IGNORECASE)
_BEFORE = re.compile(r"replicas\D{0,4}(\d+)\s*→|(\d+)\s*→\s*\d+\s+replicas")
_STASHED = re.compile(r"^git(?P<at> -C \S+)? stash push\b")
_UNSTASH = re.compile(
    OPENING + r"(?:undo(?:\s+(?:it|that|this|the\s+stash|stash))?|git\s+stash\s+undo|unstash(?:\s+(?:it|them))?|"
    r"pop\s+(?:it|them|"
    r"the\s+stash)|(?:take|get|bring|put)\s+(?:it|that|them|my\s+changes)\s+back)(?:\s+(?:again|please|now))*\W*$",
    re.IGNORECASE,
)


_SEVERAL = re.compile(
    OPENING
    + r"(?:undo|revert|take\s+back)\s+(?:both|them(?:\s+all)?|all\s+of\s+(?:it|them)|the\s+last\s+two|these|those)"
    r"(?:\s+(?:again|please|now))*\W*$",
    re.IGNORECASE,
)


def rewound(text: str, context: PlanningContext) -> Draft | None:
    """The way back over more than one run, or over a command that has its own; None for other words."""
    found = last_plan(context)
    if found is None:
        return None
    record, plan = found
    stashed = _STASHED.match(str(plan.steps[-1].fields.get("command") or ""))
    if stashed is not None and len(plan.steps) == 1 and has_changed(record, context) and _UNSTASH.match(text):
        line = f"git{stashed['at'] or ''} stash pop"
        step = Step("s1", "shell.command", {"command": line}, "what was put aside is taken up again", (), "git")
        return Draft("update", 1.0, steps=(step,), assumptions=(f"this takes back “{plan.request}” ({record.run})",))
    if _SEVERAL.match(text):
        return _one_by_one(context)
    if _START.match(text) is None or _BACK_WORDS.search(text) is None:
        return None
    return _to_start(context)


def _one_by_one(context: PlanningContext) -> Draft | None:
    """The question which run to undo first where several are meant: each way back is looked at by itself."""
    changed = [
        record
        for record, plan in plans(context)
        if has_changed(record, context) and record.undone_by is None and changes_anything(plan, context)
    ]
    if len(changed) < 2:
        return Draft("update", 1.0, undo=UndoWish(changed[0].run)) if changed else None
    named = " and ".join(f"“{record.request}” ({record.run})" for record in changed[:2])
    question = f"They are undone one at a time, the newest first: {named}."
    return Draft("update", 1.0, question=question, suggestions=tuple(f"undo {record.run}" for record in changed[:2]))


def _to_start(context: PlanningContext) -> Draft | None:
    thing = last_thing(context)
    last = next((one for _, plan in plans(context) for one in reversed(plan.steps) if thing_of(one) == thing), None)
    here = _where(last) if last is not None else ()
    done = [
        (record, plan)
        for record, plan in plans(context)
        if has_changed(record, context) and record.undone_by is None and changes_anything(plan, context)
        if any(thing_of(step) == thing and _where(step) == here for step in plan.steps)
    ]
    if thing is None or not done:
        return None
    if len(done) == 1:
        return Draft("update", 1.0, undo=UndoWish(done[0][0].run))
    first = _first_count(done[-1], thing)
    if first is not None:
        return first
    runs = [record.run for record, _ in done]
    told = f"{len(runs)} runs changed the {thing.kind} {thing.name}: {', '.join(runs)}."
    question = f"{told} They are undone one at a time, the newest first."
    return Draft("update", 1.0, question=question, suggestions=tuple(f"undo {run}" for run in runs[:1]))


def _where(step: Step) -> tuple[str, ...]:
    return tuple(str(step.fields.get(key) or "") for key in ("context", "namespace", "folder", "workspace"))


def _first_count(found: tuple[RunRecord, Plan], thing: Thing) -> Draft | None:
    """The number of replicas that was there before the session's first change."""
    record, plan = found
    step = next((one for one in plan.steps if one.operation == "kubernetes.scale" and thing_of(one) == thing), None)
    if step is None:
        return None
    told = [str(one.diff) for one in step.effect.changes] if step.effect is not None else []
    match = next((one for words in (*told, *plan.assumptions) if (one := _BEFORE.search(words))), None)
    if match is None:
        return None
    count = int(next(filter(None, match.groups())))
    fields = {**step.fields, "replicas": count}
    why = f"{thing.name} runs {count} times"
    scaled = replace(unjudged(step), id="s1", fields=fields, needs=(), why=why)
    said = f"{count} is what there was before “{plan.request}” ({record.run})"
    return Draft("scale", 1.0, steps=(scaled,), assumptions=(said,))
