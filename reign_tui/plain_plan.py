"""A plan in plain lines, from the contract's JSON: risks are words, never colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reign_tui.text import counted, one_line, plain, size

Json = Mapping[str, Any]
DIFF_LINES = 12
"""Lines of one change's diff that are shown."""

_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "restart": "~", "stop": "-", "start": "+"}


def plan_lines(plan: Json) -> list[str]:
    """The plan, a step a line, with what each would change."""
    steps = plan.get("steps") or []
    if not steps:
        return [f"plan {plan.get('plan')}: no steps"]
    sure = f"{plan.get('intent')} {float(plan.get('confidence') or 0):.2f}"
    planner = "offline planner" if plan.get("planner") == "offline" else str(plan.get("planner"))
    head = f"plan {plan.get('plan')}  {sure}, {planner}, {counted(len(steps), 'step')}"
    mode = f", {plan['mode']} mode" if plan.get("mode") not in (None, "ask") else ""
    lines = [f"{head}, risk {plan.get('risk') or 'unknown'}, verdict {plan.get('verdict') or 'unknown'}{mode}"]
    who = "" if plan.get("planner") == "offline" else f"{planner} "
    lines += [f"  {who}assumed: {one_line(str(text))}" for text in plan.get("assumptions") or []]
    for step in steps:
        lines += step_lines(step)
    lines += problem_lines(plan)
    return lines


def step_lines(step: Json) -> list[str]:
    """One step: ``s1  create   docker.run  container/web  undo exact``, and its effect below."""
    effect = step.get("effect") or {}
    risk = str(effect.get("risk") or "unknown") if effect.get("known", True) else "unknown"
    target = (step.get("target") or {}).get("resource") or ""
    needs = f"  after {', '.join(step['needs'])}" if step.get("needs") else ""
    undo = f"  undo {'NONE' if step['undo'] == 'none' else step['undo']}" if effect.get("changes") else ""
    word = risk.upper() if risk == "destroy" else risk
    head = f"  {step['id']:<3} {word:<8} {step['operation']}  {one_line(str(target))}{needs}{undo}"
    lines = [head.rstrip()]
    if step.get("command"):
        lines.append(f"      as a command: {one_line(str(step['command']).replace(chr(10), '⏎'), 200)}")
    return lines + effect_lines(effect)


def effect_lines(effect: Json) -> list[str]:
    """What an effect says: changes with their diffs, data at risk, notes, findings."""
    lines: list[str] = []
    if effect.get("known") is False:
        lines.append(f"      unknown: {one_line(str(effect.get('why_unknown') or 'it can not be told before'))}")
    for change in effect.get("changes") or []:
        data = change.get("data_bytes")
        at_risk = f", {size(data)} of data at risk" if data else ""
        note = f" ({one_line(str(change['note']))})" if change.get("note") else ""
        sign = _SIGNS.get(str(change.get("action")), "~")
        lines.append(f"      {sign} {change.get('action')} {one_line(str(change.get('resource')))}{at_risk}{note}")
        lines += _diff(str(change["diff"])) if change.get("diff") else []
    lines += [f"      {one_line(str(note))}" for note in effect.get("notes") or []]
    lines += [f"      {f.get('level')}: {one_line(str(f.get('text')))}" for f in effect.get("findings") or []]
    if effect.get("undo_why"):
        lines.append(f"      undo: {one_line(str(effect['undo_why']))}")
    return lines


def _diff(text: str) -> list[str]:
    lines = plain(text).splitlines()
    more = [f"          … {len(lines) - DIFF_LINES} lines more"] if len(lines) > DIFF_LINES else []
    return [f"          {line}" for line in lines[:DIFF_LINES]] + more


def problem_lines(plan: Json) -> list[str]:
    """What is in the way, and the choices, numbered as :func:`choices` gives them."""
    lines: list[str] = []
    number = 0
    for step in plan.get("steps") or []:
        for problem in (step.get("effect") or {}).get("problems") or []:
            lines.append(f"in the way ({step['id']}): {one_line(str(problem.get('text')))}")
            for choice in problem.get("choices") or []:
                number += 1
                lines.append(f"  {number}. {one_line(str(choice.get('label')))}")
    return lines


def choices(plan: Json) -> list[tuple[str, str]]:
    """All choices as (step, key), in the order :func:`problem_lines` numbers them."""
    return [
        (str(step["id"]), str(choice.get("key")))
        for step in plan.get("steps") or []
        for problem in (step.get("effect") or {}).get("problems") or []
        for choice in problem.get("choices") or []
    ]


def table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines with columns under each other; the last column is not padded."""
    kept = [tuple(one_line(cell) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in kept) for column in range(len(kept[0]))] if kept else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in kept]
