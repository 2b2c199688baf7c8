"""The doctor on Reign itself: its settings, where audit rows go, suggestions that failed."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from reign_agents.audit import forward
from reign_tui import own_checks
from reign_tui.cli.report import KEPT, write_report
from reign_tui.doctor import Patient
from reign_tui.paths import find_paths


@pytest.fixture
def patient(tmp_path: Path, reign_home: Path) -> Patient:
    return Patient(tmp_path, find_paths(), None, {})


def test_settings_that_hold_and_those_that_were_left_out(patient: Patient) -> None:
    assert asyncio.run(own_checks.settings(patient)).status == "ok"
    bad = ("/etc/reign/config.toml, line 4: theme must be a text: it is left out", *("x" for _ in range(6)))
    found = asyncio.run(own_checks.settings(replace(patient, warnings=bad)))
    assert found.status == "warn"
    assert "line 4: theme must be a text" in found.detail
    assert "and 2 more" in found.detail
    assert str(found.fix).startswith("mend /etc/reign/config.toml;")


@pytest.mark.parametrize("kind", ["syslog", "journald"])
def test_where_audit_rows_go(patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    off = asyncio.run(own_checks.audit(patient))
    assert off.status == "off"
    assert "audit_forward" in str(off.fix)
    place = tmp_path / "log"
    monkeypatch.setattr(forward, kind.upper(), place)
    chosen = replace(patient, audit_forward=kind)
    gone = asyncio.run(own_checks.audit(chosen))
    assert gone.status == "error"
    assert f"{kind}, which takes none" in gone.detail
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(place))
        assert asyncio.run(own_checks.audit(chosen)).status == "ok"
        log.setblocking(False)
        with pytest.raises(BlockingIOError):
            log.recv(1)


def test_suggestions_that_failed_lately_are_told_of(patient: Patient) -> None:
    assert asyncio.run(own_checks.suggestions(patient)).status == "ok"
    for number in range(KEPT + 3):
        write_report(KeyError(f"fault {number}"), "suggestions")
    reports = sorted(patient.paths.reports.glob("suggestions-*.txt"))
    assert len(reports) == KEPT
    found = asyncio.run(own_checks.suggestions(patient))
    assert found.status == "warn"
    assert f"fault {KEPT + 2}" in found.detail
    assert str(reports[-1]) in str(found.fix)
    os.utime(reports[-1], (0, 0))
    assert asyncio.run(own_checks.suggestions(patient)).status == "ok"
