"""Requests that take up what was proposed: "do that", "fix it", "yes, go ahead", "do the second"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import changes_anything, has_changed, in_full, last_plan, last_thing
from reign_agents.planning.outcomes import cures_of
from reign_agents.store.records import RunRecord
from reign_executors.operation import JsonObject
from reign_executors.redaction.placeholders import PLACEHOLDER

_OPENING = r"(?:(?:ok(?:ay)?|please|now|and|then|so|alright|all\s+right|well|yes|yep|yeah|sure|good|great|right)\W+)*"
_POLITE = r"(?:(?:can|could|would)\s+you\s+(?:please\s+)?|let'?s\s+|you\s+(?:can|may)\s+)?"
_PLACE = r"(?:first|second|third|fourth|[1-4]|(?:number\s+)?(?:one|two|three|four)|last|1st|2nd|3rd|4th)"
_TAKES = re.compile(
    rf"\W*{_OPENING}{_POLITE}(?:(?P<do>do|apply|run|use|take|make|approve|execute|try|start|carry\s+out|go\s+(?:ahead|"
    rf"for|with))\s*(?:(?:with|and\s+do)\s+)?(?:it|that|this|so|the\s+(?:fix|cure|proposal|plan|same|suggestion)|"
    rf"(?:the\s+)?(?P<at>{_PLACE})(?:\s+(?:one|fix|cure|plan))?|what\s+you\s+(?:propose|proposed|suggest(?:ed)?))"
    rf"|(?P<mend>fix|mend|repair|cure|heal|solve|correct|remedy)\s+(?:it|that|this|them|the\s+(?:problem|fault|issue)|"
    rf"(?:the\s+)?(?P<mend_at>{_PLACE})(?:\s+one)?)"
    rf"|(?P<go>go(?:\s+(?:ahead|on|for\s+it))?|proceed|do\s+so|make\s+it\s+so|yes|yep|yeah|sure|agreed|approved?))"
    rf"(?:\s+(?:please|now|then|for\s+me|thanks|thank\s+you))*\W*",
    re.IGNORECASE,
)
_NUMBERS = {
    "first": 0, "1": 0, "one": 0, "1st": 0, "second": 1, "2": 1, "two": 1, "2nd": 1, "third": 2, "3": 2, "three": 2,
    "3rd": 2, "fourth": 3, "4": 3, "four": 3, "4th": 3, "last": -1,
}  # fmt: skip


_UNRUN = ("stopped", "planned")
"""How a plan ends that nobody ran."""


def taken_up(text: str, context: PlanningContext) -> Draft | None:
    """The plan that the words take up: the cure of what was found last, a plan that was only shown, one that nobody
    approved. None when the words are no such thing, or nothing was proposed that they could mean.
    """
    match = _TAKES.fullmatch(text)
    if match is None:
        return None
    cures = _cures(context)
    word = (match["at"] or match["mend_at"] or "").lower().removeprefix("number ").strip()
    if cures:
        return _cure(cures, _NUMBERS.get(word), context)
    waiting = _shown(context)
    if waiting is not None and match["mend"] is None:
        record, plan = waiting
        looks = not changes_anything(plan, context)
        return None if looks and re.search(r"(?i)\bapply\b", text) else _again(record, plan)
    if match["mend"] is not None and (found := _findings(context)):
        return Draft(
            "debug",
            1.0,
            question=f"Nothing that was found has a cure that I can plan: {found[0].get('text')}. What should be done?",
            suggestions=("help",),
        )
    return _nothing_waits(match, context)


def _nothing_waits(match: re.Match[str], context: PlanningContext) -> Draft | None:
    """Consent or a wish to mend where nothing was proposed: said, not guessed."""
    if not context.recent:
        return None
    record = context.recent[0]
    named = f"“{record.request}” ({record.run})"
    if match["mend"] is not None:
        thing = last_thing(context)
        found = last_plan(context)
        why = f"why is {in_full(thing, found[1])} not well" if thing is not None and found else "why did it fail?"
        if thing is not None and thing.kind == "stack":
            why = f"why does terraform fail in {thing.name}?"
        return Draft(
            "debug", 1.0, question="Nothing was found that could be mended. Look into it first?", suggestions=(why,)
        )
    if match["go"] is None:
        return None
    if record.outcome == "running":
        return Draft("monitor", 1.0, answer=f"{named} is under way, or waits for its approval on the screen.")
    if record.outcome == "done":
        return Draft("monitor", 1.0, answer=f"Nothing waits to be done: {named} is done.")
    return None


def _findings(context: PlanningContext) -> Sequence[JsonObject]:
    """What the session's newest investigation found, unless something else was run after it."""
    if context.found:
        return context.found
    ran = next((record for record in context.recent if record.outcome != "planned"), None)
    return () if ran is None else context.found_by(ran.run)


def _cures(context: PlanningContext) -> list[Plan]:
    found: dict[str, Plan] = {}
    for finding in _findings(context):
        plan: Any = finding.get("plan")
        if finding.get("cure") and isinstance(plan, dict):
            found.setdefault(str(finding["cure"]), Plan.from_json(plan))
    if not found and not context.found:
        ran = next((record for record in context.recent if record.outcome != "planned"), None)
        return [] if ran is None else list(cures_of(ran, context))
    return list(found.values())


def _cure(cures: Sequence[Plan], at: int | None, context: PlanningContext) -> Draft:
    if len(cures) > 1 and (at is None or not -len(cures) <= at < len(cures)):
        ways = "; ".join(f"{number}. {_whys(plan)}" for number, plan in enumerate(cures, 1))
        return Draft(
            "update",
            1.0,
            question=f"Which one? {ways}",
            suggestions=tuple(f"do {number}" for number in range(1, len(cures) + 1)),
        )
    plan = cures[at or 0] if len(cures) > 1 else cures[0]
    run = context.recent[0].run if context.recent and not context.found else None
    said = f"this mends what {run} found" if run else "this mends what was found"
    return Draft(plan.intent, 1.0, steps=tuple(map(_bare, plan.steps)), assumptions=(said,), plan=plan.id)


def _whys(plan: Plan) -> str:
    return ", then ".join(step.why for step in plan.steps)


def _shown(context: PlanningContext) -> tuple[RunRecord, Plan] | None:
    """The session's last run when it only showed its plan, or nobody approved any of it."""
    if not context.recent:
        return None
    record = context.recent[0]
    plan = context.plan_of(record.run)
    if plan is None or not plan.steps or plan.undo_of is not None or has_changed(record, context):
        return None
    if record.outcome not in ("stopped", "planned"):
        return None
    return None if any(PLACEHOLDER.search(str(step.fields)) for step in plan.steps) else (record, plan)


def _again(record: RunRecord, plan: Plan) -> Draft:
    return Draft(
        plan.intent,
        plan.confidence,
        steps=tuple(map(_bare, plan.steps)),
        assumptions=(f"this is “{plan.request}” ({record.run}), which was only shown",),
    )


def _bare(step: Step) -> Step:
    return replace(step, effect=None, target=None, verdict=None, reasons=(), command="")
