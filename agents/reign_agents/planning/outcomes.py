"""Why a run did not go well, told from what was written down of it."""

from __future__ import annotations

from collections.abc import Mapping

from reign_agents.plan.model import Plan
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.store.records import RunRecord

_FAILED = ("failed", "stopped", "in_doubt", "cancelled")


def why_it_failed(context: PlanningContext, run: str | None) -> Draft:
    """The story of ``run``, or of the newest run that did not go well."""
    records = [record for record in context.recent if run is None or record.run == run]
    failed = next((record for record in records if record.outcome in _FAILED), None)
    if failed is None:
        if run is not None and records:
            return Draft("debug", 1.0, answer=f"Run {run} did not fail: it ended as {records[0].outcome}.")
        if run is not None:
            return Draft(
                "debug", 1.0, question=f"There is no run {run} in this session.", suggestions=("why did it fail?",)
            )
        return Draft(
            "debug",
            1.0,
            answer="Nothing failed in this session." if context.recent else "Nothing ran in this session yet.",
        )
    return Draft("debug", 1.0, answer=_story(failed, context))


def cures_of(record: RunRecord, context: PlanningContext) -> tuple[Plan, ...]:
    """Plans that mend a run that failed, where its errors are known ones."""
    from reign_agents.specialists.mending import mends

    plan = context.plan_of(record.run)
    if plan is None or record.outcome not in ("failed", "stopped", "in_doubt"):
        return ()
    errors = {one.id: one.error for one in context.steps_of(record.run) if isinstance(one.error, dict)}
    return mends(plan, errors, None if record.steps.done else record.answer)


def _story(record: RunRecord, context: PlanningContext) -> str:
    lines = [f"“{record.request}” ({record.run}) {_ended(record.outcome)}."]
    plan = context.plan_of(record.run)
    for step in context.steps_of(record.run):
        error = step.error
        if not isinstance(error, Mapping) or len(lines) > 14:
            continue
        what = step.operation
        if plan is not None:
            what = next((one.why for one in plan.steps if one.id == step.id), what)
        lines.append(f"{step.id} {what}: {error.get('cause') or error.get('kind')}")
        if error.get("way_out"):
            lines.append(f"Way out: {error['way_out']}")
    if len(lines) == 1:
        lines.append(
            record.answer or f"Nobody approved it or it was stopped; “reign-tui show {record.run}” has all of it."
        )
    cures = cures_of(record, context)
    whys = [", then ".join(step.why for step in cure.steps) for cure in cures]
    if len(whys) == 1:
        lines.append(f"To mend it: {whys[0]} (say “do that”).")
    elif whys:
        ways = "; ".join(f"{number}. {why}" for number, why in enumerate(whys, 1))
        lines.append(f"To mend it: {ways} (say “do 1”, “do 2” …).")
    skipped = record.steps.skipped
    if skipped:
        lines.append(
            f"{skipped} step{'s' if skipped > 1 else ''} that needed it {'were' if skipped > 1 else 'was'} skipped."
        )
    return "\n".join(lines)


def _ended(outcome: str) -> str:
    return {
        "failed": "failed",
        "stopped": "was stopped",
        "in_doubt": "ended in doubt",
        "cancelled": "was cancelled",
    }.get(outcome, f"ended as {outcome}")
