"""The doctor's look at Reign itself: settings that were left out, the audit rows' way out, suggestions that failed."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reign_tui.text import one_line

if TYPE_CHECKING:
    from reign_tui.doctor import Check, Patient

LATELY = timedelta(days=7)
"""How long a failure of suggestions is told of."""


async def settings(patient: Patient) -> Check:
    """Which settings hold, and which were left out because they do not fit."""
    from reign_tui.doctor import Check

    file = patient.paths.config_file
    if not patient.warnings:
        there = str(file) if file.exists() else "defaults (there is no file yet)"
        return Check("settings", "ok", f"all of them hold: {there}")
    told = "; ".join(one_line(warning, 300) for warning in patient.warnings[:5])
    more = f"; and {len(patient.warnings) - 5} more" if len(patient.warnings) > 5 else ""
    named = re.match(r"(\S+)(?:, line \d+)?:", patient.warnings[0])
    where = named[1] if named is not None and "/" in named[1] else str(file)
    return Check("settings", "warn", f"{told}{more}", fix=f"mend {where}; reign-tui config shows what holds")


async def audit(patient: Patient) -> Check:
    """Where rows of the audit chain go, and whether somebody takes them there."""
    from reign_agents.audit.forward import JOURNALD, SYSLOG
    from reign_tui.doctor import Check

    kind = patient.audit_forward
    if kind is None:
        detail = "rows stay in the database alone, where its owner could change them"
        return Check("audit", "off", detail, fix='audit_forward = "journald" (or "syslog") sends them there, too')
    place = JOURNALD if kind == "journald" else SYSLOG
    problem = await asyncio.to_thread(_refused, place)
    if problem is None:
        return Check("audit", "ok", f"rows also go to {kind}", target=str(place))
    fix = f"start {kind}, or choose the other: audit_forward in the settings"
    return Check("audit", "error", f"rows should go to {kind}, which takes none: {problem}", fix=fix, target=str(place))


def _refused(place: Path) -> str | None:
    """Why nobody takes datagrams at ``place``; None where somebody does. Nothing is sent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(place))
        except OSError as error:
            return f"{place}: {error.strerror or error}"
    return None


async def suggestions(patient: Patient) -> Check:
    """Whether what is offered while typing worked lately."""
    from reign_tui.doctor import Check

    reports = sorted(patient.paths.reports.glob("suggestions-*.txt")) if patient.paths.reports.is_dir() else []
    newest = reports[-1] if reports else None
    if newest is None or _age(newest) > LATELY:
        return Check("suggestions", "ok", "offered while a request is written")
    text = newest.read_text("utf-8", "replace").strip().splitlines()
    why = one_line(text[-1] if text else "", 120)
    detail = f"they failed at {_moment(newest):%Y-%m-%d %H:%M} UTC ({why}); the rest works"
    fix = f"look into {newest} (removed, it is told of no more), or leave them out: suggestions = false"
    return Check("suggestions", "warn", detail, fix=fix)


def _moment(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _age(path: Path) -> timedelta:
    return datetime.now(UTC) - _moment(path)
