"""An investigation without a screen shows what matters of the objects it looked at, and where all of it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reign_agents.events import Event, EventType
from reign_tui.dumps import MOST, mattering
from reign_tui.headless import PlainLines

CONTAINER: dict[str, Any] = {
    "Id": "aaff",
    "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "Error": "", "Pid": 0, "Paused": False},
    "RestartCount": 7,
    "Config": {"Image": "bb:1", "Cmd": ["sleep", "1"], "Env": ["A=b"], "Labels": {"x": "y"}},
    "HostConfig": {"Memory": 16777216, "Binds": None, "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
    "GraphDriver": {"Data": {"LowerDir": "/var/" + "x" * 400}},
}
POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"name": "api", "namespace": "shop", "annotations": {"long": "y" * 900}},
    "spec": {"containers": [{"name": "c", "image": "api:9", "resources": {"limits": {"memory": "16Mi"}}}]},
    "status": {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "not ready: c"},
        ],
        "containerStatuses": [{"restartCount": 3, "state": {"waiting": {"reason": "ImagePullBackOff"}}}],
    },
}


def test_of_a_container() -> None:
    lines = mattering({"inspect": CONTAINER, "name": "x"})
    assert lines[:3] == ["State.ExitCode: 137", "State.OOMKilled: true", "RestartCount: 7"]
    assert "HostConfig.Memory: 16777216" in lines
    assert 'Config.Cmd: ["sleep", "1"]' in lines
    assert not any("LowerDir" in line or "Env" in line or "Error" in line for line in lines)


def test_of_an_object_in_a_cluster() -> None:
    lines = mattering({"resource": "pod/api", "uid": "1", "object": POD})
    assert "status.conditions.1: Ready False ContainersNotReady not ready: c" in lines
    assert "status.containerStatuses.0.state.waiting.reason: ImagePullBackOff" in lines
    assert "spec.containers.0.resources.limits.memory: 16Mi" in lines
    assert not any("PodScheduled" in line or "annotations" in line for line in lines)
    many = {"object": {"status": {f"reason{n}": {"reason": "x"} for n in range(50)}}}
    assert len(mattering(many)) == MOST
    assert mattering(None) == []


@pytest.mark.parametrize(("intent", "short"), [("debug", True), ("monitor", False)])
async def test_only_an_investigation_is_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], intent: str, *, short: bool
) -> None:
    log = tmp_path / "output.log"
    log.write_text("{\n" + '  "a": 1,\n' * 50 + "}\n")
    lines = PlainLines(live=False)
    step: dict[str, Any] = {
        "id": "s1",
        "operation": "docker.inspect",
        "fields": {},
        "needs": [],
        "target": None,
        "why": "look",
    }
    plan = {"v": 1, "kind": "plan", "plan": "p_1", "hash": "x", "request": "why", "intent": intent, "steps": [step]}
    done = {"outcome": "done", "seconds": 0.1, "outputs": {"inspect": CONTAINER}, "error": None}
    # the presenter is handed what a run tells, in order
    told: list[tuple[EventType, str | None, dict[str, Any]]] = [
        (EventType.PLAN_READY, None, {"plan": {**plan, "confidence": 1.0, "planner": "offline"}}),
        (EventType.STEP_STARTED, "s1", {"operation": "docker.inspect", "attempt": 1}),
        (EventType.OUTPUT_APPENDED, "s1", {"path": str(log)}),
        (EventType.STEP_FINISHED, "s1", done),
    ]
    for kind, name, data in told:
        lines.show(Event("r_1", kind, data, step=name))
    err = capsys.readouterr().err
    assert ('"a": 1' in err) is not short
    assert ("State.ExitCode: 137" in err) is short
    assert (f"all of it: {log}" in err) is short


async def test_one_that_failed_shows_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "output.log"
    log.write_text("half of it\n")
    lines = PlainLines(live=False)
    lines._investigates = True
    lines.show(Event("r_1", EventType.STEP_STARTED, {"operation": "kubernetes.get"}, step="s1"))
    lines.show(Event("r_1", EventType.OUTPUT_APPENDED, {"path": str(log)}, step="s1"))
    lines.show(Event("r_1", EventType.STEP_FINISHED, {"outcome": "failed", "outputs": None}, step="s1"))
    assert "half of it" in capsys.readouterr().err
