"""Records as a run leaves them, for the tests of the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reign_agents.events import Event, EventType, Outcome, now
from reign_agents.plan.model import Plan, Step, Verdict
from reign_agents.store.records import Intent, RunRecord, StepOutcome
from reign_agents.store.store import Store
from reign_executors.effect import Action, Effect, ResourceChange, UndoPromise
from reign_executors.target import Target

BEFORE: dict[str, Any] = {"exists": False}


def step(name: str, operation: str = "docker.run", undo: UndoPromise = UndoPromise.EXACT, **fields: Any) -> Step:
    effect = Effect(changes=(ResourceChange(action=Action.CREATE, resource=f"container/{name}"),), undo=undo)
    target = Target(tool="docker", context="default", resource=f"container/{name}")
    return Step(
        id=name,
        operation=operation,
        fields=fields or {"image": "nginx", "name": name},
        why="because",
        effect=effect,
        target=target,
        verdict=Verdict.ASK,
    )


def plan(*steps: Step, request: str = "run nginx as web") -> Plan:
    return Plan(
        id="p_1", request=request, intent="create_infra", confidence=0.9, steps=steps or (step("s1"), step("s2"))
    )


def record(run: str, **values: Any) -> RunRecord:
    filled = RunRecord(
        run=run,
        plan="p_1",
        request="run nginx as web",
        intent="create_infra",
        risk=None,
        user="ana",
        session="s_1",
        started=now(),
    )
    return replace(filled, **values)


def event(run: str, kind: EventType = EventType.FINDING, name: str | None = None, **data: Any) -> Event:
    return Event(run, kind, data, name)


def intent(run: str, name: str = "s1", attempt: int = 1, **values: Any) -> Intent:
    filled = Intent(
        run=run,
        step=name,
        attempt=attempt,
        operation="docker.run",
        fields={"image": "nginx", "name": name},
        hash="sha256:approved",
        undo="exact",
        before=BEFORE,
        time=now(),
    )
    return replace(filled, **values)


def outcome(run: str, name: str = "s1", attempt: int = 1, **values: Any) -> StepOutcome:
    filled = StepOutcome(
        run=run,
        step=name,
        attempt=attempt,
        outcome=Outcome.DONE,
        seconds=0.25,
        outputs={"id": "4c1e"},
        verified=True,
        error=None,
        log_bytes=0,
        time=now(),
    )
    return replace(filled, **values)


async def begun(store: Store, of: Plan | None = None, **values: Any) -> str:
    """A run with a plan, nothing of it done; returns its id."""
    run = store.next_run_id()
    await store.start_run(record(run, **values), event(run, EventType.RUN_STARTED, request="run nginx as web"))
    await store.save_plan(run, of or plan(), event(run, EventType.PLAN_READY))
    return run
