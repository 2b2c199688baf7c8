"""What Reign says in the chat about a run, as Markdown; everything taken from plans and tools is literal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reign_executors.effect import UndoPromise
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject
from reign_tui.lanes import lanes
from reign_tui.run_view import Asked, RunView, State, StepView
from reign_tui.text import counted, duration, literal, plain, resource_name, short_id, size

ANEW = "A new conversation: nothing said before is meant any more. What ran stays in the history, with its way back."


def about(run: RunView) -> str:
    """Who planned and how sure: ``create_infra 0.97 · offline planner``."""
    plan = run.plan
    if plan is None or not plan.steps:
        return ""
    if plan.undo_of is not None:
        return "from the undo ledger"
    sure = f"{plan.intent} {plan.confidence:.2f}"
    if plan.planner == "offline":
        return f"{sure} · offline planner"
    return plan.planner if plan.intent == "unknown" else f"{plan.planner} · {sure}"


def numbers(steps: Iterable[StepView]) -> str:
    """``step 3``, ``steps 2-4, 6``."""
    known = sorted(step.number for step in steps)
    parts: list[str] = []
    while known:
        first = last = known.pop(0)
        while known and known[0] == last + 1:
            last = known.pop(0)
        parts.append(str(first) if first == last else f"{first}-{last}")
    many = len(parts) > 1 or any("-" in part for part in parts)
    return ("steps " if many else "step ") + ", ".join(parts)


def planned(run: RunView) -> str:
    """The plan in a few lines."""
    plan = run.plan
    if plan is None or not plan.steps:
        return ""
    width = max((len(row.lanes) + 1) // 2 for row in lanes([(s.id, s.needs) for s in plan.steps]))
    beside = f", {width} lanes" if width > 1 else ""
    words: Counter[str] = Counter()
    for step in plan.steps:
        if step.effect is not None:
            words[step.effect.risk.word if step.effect.known else "unknown"] += 1
    order = ("read", "create", "change", "destroy", "unknown")
    risks = " · ".join(f"{words[word]} {word.upper() if word == 'destroy' else word}" for word in order if words[word])
    lines = [f"Plan **{literal(short_id(plan.id))}**: {counted(len(plan.steps), 'step')}{beside}", risks]
    who = "" if plan.planner == "offline" else f"{literal(plan.planner)} "
    lines += [f"{who}assumed: {literal(assumption)}" for assumption in plan.assumptions]
    lost = sum(step.effect.data_bytes for step in plan.steps if step.effect is not None)
    if lost:
        lines.append(f"**{size(lost)} of data would be lost**")
    none = [run.steps[s.id] for s in plan.steps if s.effect and s.effect.changes and s.effect.undo is UndoPromise.NONE]
    if none:
        lines.append(f"no way back: {numbers(none)}")
    for view in run:
        if view.state is State.PICK and view.step.effect is not None:
            problem = view.step.effect.problems[0]
            lines.append(f"**In the way** ({numbers([view])}): {literal(problem.text)}")
            if problem.choices:
                lines.append(
                    "ways: " + ", ".join(literal(c.label) for c in problem.choices) + ". Press **a** to choose."
                )
    return _lines(lines)


def asked(run: RunView, approval: Asked) -> str:
    """What waits for the person, and the key."""
    steps = [run.steps[name] for name in approval.steps if name in run.steps]
    if not steps:
        return "Something waits for you: press **a**."
    if approval.kind == "plan":
        verb = "create or change something and wait" if len(steps) > 1 else "changes something and waits"
        text = f"{numbers(steps).capitalize()} {verb} for you: press **a**."
    else:
        view = steps[0]
        lost = view.step.effect.data_bytes if view.step.effect else 0
        data = f" and {size(lost)} of data" if lost else ""
        what = "removes or replaces" if view.step.effect and view.step.effect.known else "has an unknown effect on"
        resource = literal(resource_name(view.step.target.resource) if view.step.target else view.step.operation)
        text = f"Step {view.number} {what} {resource}{data} and waits for you: press **a**."
    if approval.moved:
        text += f"\n\nIt moved since it was approved: {literal(approval.moved)}"
    return text


def failed(view: StepView) -> str:
    """A step that did not do it."""
    error = view.error or {}
    text = f"**Step {view.number} failed**: {literal(str(error.get('cause') or 'no reason was given'))}"
    return text + (f"\n\n{literal(str(error['way_out']))}" if error.get("way_out") else "")


def ended(run: RunView) -> str:
    """The last word about a run."""
    parts: list[str] = []
    told = {str(view.error.get("cause")) for view in run if view.error is not None}
    said = run.thinking.told(run.answer or "")
    if run.answer and run.answer != run.question and not said and not any(map(run.answer.startswith, told)):
        parts.append(_lines([literal(line) for line in plain(run.answer).splitlines()]))
    outcome = "" if run.outcome is None else run.outcome.value
    if run.steps:
        taken = duration(run.elapsed(run.ended)) if run.ended is not None else ""
        states = Counter(view.state for view in run)
        words = ", ".join(f"{count} {state.value.lower()}" for state, count in states.items())
        changed = any(v.state is State.DONE and v.step.effect is not None and v.step.effect.changes for v in run)
        verb = {"done": "Done", "failed": "Failed", "cancelled": "Cancelled", "stopped": "Stopped"}.get(
            outcome, outcome
        )
        way = " **u** leads back." if changed and not run.undo_of else ""
        parts.append(f"{verb}: {words} in {taken}.{way}")
    elif not parts and run.question is None and not (said and outcome == "done"):
        parts.append(literal(outcome))
    return "\n\n".join(part for part in parts if part)


def finding(data: JsonObject) -> str:
    """Something an investigation found, with what it rests on."""
    sure = f" ({float(data['confidence']):.2f})" if isinstance(data.get("confidence"), float | int) else ""  # type: ignore[arg-type]
    planner = data.get("planner")
    model = planner not in (None, "offline")
    who = f"**{literal(str(planner))} concludes**" if model else "**Found**"
    lines = [f"{who}{sure}: {literal(str(data.get('text') or ''))}"]
    evidence = data.get("evidence")
    how = "measured by " if model else ""
    lines += [
        f"- {how}{literal(str(item.get('query') or ''))}: {literal(str(item.get('excerpt') or ''))}"
        for item in (evidence if isinstance(evidence, list) else [])
        if isinstance(item, dict)
    ]
    plan = data.get("plan")
    if data.get("cure") and isinstance(plan, dict):
        steps = plan.get("steps")
        whys = [str(step.get("why")) for step in (steps if isinstance(steps, list) else []) if isinstance(step, dict)]
        lines += ["", f"To mend it: {literal(', then '.join(whys))} (say **do that**)"]
    return "\n".join(lines)


def problem(error: OperationError) -> str:
    """A command that could not be done, with the way out."""
    return literal(error.cause) + (f"\n\n{literal(error.way_out)}" if error.way_out else "")


def question(run: RunView) -> str:
    """What Reign asks back; what a model asks stands among its own words."""
    if run.thinking.asks:
        return ""
    lines = [literal(line) for line in plain(run.question or "").splitlines()]
    lines += [f"- {literal(suggestion)}" for suggestion in run.suggestions]
    head, tail = [*lines[:1], *(f"assumed: {literal(assumption)}" for assumption in run.assumed)], lines[1:]
    return _lines(head) + ("\n\n" + "\n".join(tail) if tail else "")


def answered(run: RunView, decision: str, steps: tuple[str, ...], words: str | None) -> str:
    """What the person decided, as said by them."""
    views = [run.steps[name] for name in steps if name in run.steps]
    which = numbers(views) if views else "it"
    match decision:
        case "once":
            text = f"approved {which}, once"
        case "plan":
            text = f"approved {which}, this plan"
        case "envelope":
            text = f"approved {which}, this plan and what is known later"
        case "grant":
            text = f"approved {which} and its like for a time (Grants in the palette takes it back)"
        case "reject":
            text = f"refused {which}"
        case _:
            text = f"not now: {which}"
    return text + (f': "{words}"' if words else "")


def _lines(lines: Iterable[str]) -> str:
    """Lines that stay lines in Markdown."""
    return "  \n".join(line for line in lines if line)
