"""Questions about the session itself: "did it work?", "what will you do?", "what is it?", "how do I undo it?"."""

from __future__ import annotations

import re

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import OPENING, changes_anything, has_changed, last_plan, last_thing
from reign_agents.planning.joining import thing_of
from reign_agents.planning.mentions import selected_thing
from reign_agents.planning.outcomes import why_it_failed
from reign_agents.store.records import RunRecord

_IT = r"(?:it|that|this|everything|all|the\s+(?:last\s+)?(?:run|plan|change|step))"
_WORKED = re.compile(
    OPENING + rf"(?:did\s+{_IT}\s+(?:work|succeed|go\s+(?:well|through|ok(?:ay)?|fine)|run|finish|happen)|"
    rf"(?:is|was)\s+{_IT}\s+(?:done|finished|over|successful|complete(?:d)?|through)(?:\s+(?:yet|now|already))?|"
    rf"has\s+{_IT}\s+(?:worked|finished|run|succeeded)(?:\s+yet)?|how\s+did\s+{_IT}\s+go|(?:all\s+)?done|finished|"
    r"(?:did\s+you\s+)?(?:do|did)\s+(?:it|that)(?:\s+(?:yet|already))?|any\s+(?:errors|problems))\W*\?\W*$|"
    rf"^\W*(?:did|has|have)\s+{_IT}\s+work(?:ed)?\W*$",
    re.IGNORECASE,
)
_DID = re.compile(
    OPENING + r"what\s+(?:(?:did|have)\s+you\s+(?:just\s+)?(?:do|done|change|changed|run|make|made)|"
    r"was\s+(?:just\s+)?(?:done|changed)|has\s+(?:changed|been\s+(?:done|changed)))(?:\s+(?:there|so\s+far|just\s+now|"
    r"now))*\W*$",
    re.IGNORECASE,
)
_WILL = re.compile(
    OPENING + r"(?:what(?:'s|\s+is|\s+will|\s+would|\s+are|\s+were|\s+exactly\s+will)\s+(?:(?:you|it|that|this)\s+)?"
    r"(?:going\s+to\s+|about\s+to\s+)?(?:do|be\s+done|happen|change|the\s+plan|run)(?:\s+(?:exactly|then|now|next))*|"
    r"show\s+(?:me\s+)?the\s+plan(?:\s+again)?)\W*$",
    re.IGNORECASE,
)
_MEANT = re.compile(
    OPENING + r"(?:what\s+(?:did|do|does)\s+(?:you|it|that|[\"“']it[\"”'])\s+mean(?:\s+(?:by|with)\s+[\"“']?(?:it|that|"
    r"this)[\"”']?)?|"
    r"what(?:'s|\s+is|\s+was)\s+[\"“']?(?:it|that)[\"”']?|which\s+one(?:\s+(?:is|was)\s+(?:it|that)|\s+(?:do|"
    r"did)\s+you\s+mean)?|"
    r"who\s+is\s+it)\W*$",
    re.IGNORECASE,
)
_BACK = re.compile(
    OPENING + r"(?:how\s+(?:do|can|could|would|should)\s+(?:i|we|you)\s+(?:undo|revert|reverse|take\s+back|roll\s+back|"
    r"go\s+back|"
    r"get\s+back)(?:\s+(?:it|that|this|the\s+last\s+(?:run|one|change)))?(?:\s+(?:again|back|later))?|"
    r"(?:can|could)\s+(?:i|we)\s+(?:undo|revert|reverse|take\s+back)\s+(?:it|that|this)|"
    r"(?:can|could)\s+(?:it|that|this)\s+be\s+(?:undone|reverted|taken\s+back|reversed)|is\s+(?:it|that|"
    r"this)\s+reversible)\W*$",
    re.IGNORECASE,
)
_MOST = 12
"""Steps that are told."""


def told(text: str, context: PlanningContext) -> Draft | None:
    """The answer to a question about what was said, planned and done here; None for any other text."""
    if _WORKED.match(text):
        return _answer(_worked(context))
    if _BACK.match(text):
        return _answer(_way_back(context))
    if last_plan(context) is None:
        return None
    if _DID.match(text):
        return _answer(_steps(context, "Nothing was done in this session yet."))
    if _WILL.match(text):
        return _answer(_steps(context, None))
    if _MEANT.match(text):
        return _answer(_meant(context))
    return None


def _answer(text: str | None) -> Draft | None:
    return None if text is None else Draft("monitor", 1.0, answer=text)


def _named(record: RunRecord) -> str:
    return f"“{record.request}” ({record.run})"


def _worked(context: PlanningContext) -> str:
    if not context.recent:
        return "Nothing ran in this session yet."
    record = context.recent[0]
    if record.outcome == "done":
        return f"Yes: {_named(record)} is done." + (f" {record.answer}" if record.answer else "")
    if record.outcome == "planned":
        return f"Not yet: {_named(record)} was only planned."
    if record.outcome == "running":
        return f"Not yet: {_named(record)} is under way or waits for an answer."
    return f"No. {why_it_failed(context, record.run).answer}"


def _steps(context: PlanningContext, nothing: str | None) -> str | None:
    """The steps of the last plan and how each ended; ``nothing`` where none of it ran."""
    found = last_plan(context)
    if found is None:
        return nothing
    record, plan = found
    outcomes = {one.id: one.outcome for one in context.steps_of(record.run)}
    whole = record.outcome if record.outcome != "running" else "waits or runs"
    lines = [f"{_named(record)}, {whole}:"]
    for step in plan.steps[:_MOST]:
        ended = outcomes.get(step.id)
        lines.append(f"{step.id} {step.why or step.operation}" + (f": {ended}" if ended else ""))
    if len(plan.steps) > _MOST:
        lines.append(f"… and {len(plan.steps) - _MOST} more (reign-tui show {record.run})")
    return "\n".join(lines)


def _meant(context: PlanningContext) -> str | None:
    thing = selected_thing(context) or last_thing(context)
    found = last_plan(context)
    if thing is None or found is None:
        return None
    record, plan = found
    place = next((step.fields for step in reversed(plan.steps) if thing_of(step) == thing), {})
    where = ", ".join(f"{key} {place[key]}" for key in ("namespace", "context", "workspace") if place.get(key))
    lines = [f"“it” is the {thing.kind} {thing.name}" + (f" ({where})" if where else "") + f", from {_named(record)}."]
    return "\n".join([*lines, *(f"Taken there: {one}" for one in plan.assumptions[:4])])


def _way_back(context: PlanningContext) -> str:
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is None or plan.undo_of is not None or not plan.steps:
            continue
        if not changes_anything(plan, context):
            continue
        if record.undone_by is not None:
            return f"{_named(record)} is undone already, by {record.undone_by}."
        if not has_changed(record, context):
            return f"{_named(record)} has changed nothing: there is nothing to undo. To give it up say “never mind”."
        if record.undo in (None, "none"):
            return f"{_named(record)} can't be undone: what it did leaves no way back."
        how = {"exact": "exactly", "revert": "by a change that reverts it", "recreate": "by making it anew"}
        return (
            f"Say “undo that” (or “undo {record.run}”): {_named(record)} goes back {how.get(record.undo, record.undo)}."
        )
    return "Nothing was changed in this session yet: there is nothing to undo."
