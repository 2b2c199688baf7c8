"""Past runs, one a line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from reign_tui.text import moment, one_line
from reign_tui.widgets.line_view import Line

if TYPE_CHECKING:
    from reign_executors.operation import JsonObject

_INK = {
    "done": "done",
    "failed": "failed",
    "in_doubt": "failed",
    "running": "run",
    "cancelled": "change",
    "stopped": "change",
}


def history_head() -> Line:
    return ((f"{'RUN':<8}{'WHEN':<13}{'OUTCOME':<11}{'RISK':<9}{'STEPS':<8}{'UNDO':<10}REQUEST", "muted"),)


def history_line(row: JsonObject, now: datetime, width: int) -> Line:
    """One row of the history (the contract's JSON) in about ``width`` columns."""
    steps: Any = row.get("steps") or {}
    total = sum(int(count or 0) for count in steps.values())
    outcome = str(row.get("outcome") or "running")
    risk = str(row.get("risk") or "-")
    undo = str(row.get("undo") or "-")
    return (
        (f"{row['run']!s:<8}", "title"),
        (f"{ago(str(row.get('started')), now):<13}", "muted"),
        (f"{outcome.replace('_', ' '):<11}", _INK.get(outcome, "")),
        (f"{risk.upper() if risk == 'destroy' else risk:<9}", risk if risk != "-" else "muted"),
        (f"{steps.get('done', 0)}/{total}".ljust(8), ""),
        (f"{'NONE' if undo == 'none' else undo:<10}", "destroy" if undo == "none" else ""),
        (one_line(str(row.get("request") or ""), max(width - 59, 12)), ""),
    )


def ago(stamp: str, now: datetime) -> str:
    """When it was, the way people say it: ``14:02``, ``Tue 14:02``, ``2026-01-02``."""
    then = moment(stamp).astimezone(now.tzinfo)
    days = (now.date() - then.date()).days
    if days <= 0:
        return then.strftime("%H:%M:%S")
    return then.strftime("%a %H:%M") if days < 7 else then.strftime("%Y-%m-%d")
