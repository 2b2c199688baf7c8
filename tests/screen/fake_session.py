"""A session without an engine: plans are given, steps end when the test says so; events come as from the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from reign_agents.engine.approvals import GRANTING, Approval, ApprovalVoid, ConfirmMismatch
from reign_agents.engine.hub import Hub, Subscription
from reign_agents.events import JOURNALLED, Event, EventType, Outcome
from reign_agents.plan.edit import Edit, edited
from reign_agents.plan.model import Plan, Step, Verdict, digest
from reign_agents.safety.grants import Scope, why_not
from reign_agents.settings import Decision, EngineSettings, RunOptions
from reign_agents.store.records import GrantRecord
from reign_agents.suggestions.names import Names
from reign_executors.effect import (
    Action,
    Choice,
    Effect,
    Problem,
    ResourceChange,
    Risk,
    UndoPromise,
)
from reign_executors.operation import JsonObject
from reign_executors.target import Target

STAMP = "2026-03-01T03:{:02}:{:02}.000Z"


def step(
    name: str,
    operation: str,
    resource: str,
    *changes: ResourceChange,
    needs: Sequence[str] = (),
    undo: UndoPromise = UndoPromise.EXACT,
    context: str = "default",
    problems: tuple[Problem, ...] = (),
    known: bool = True,
    command: str = "",
    why: str = "",
    undo_why: str | None = None,
) -> Step:
    """A checked step of a plan."""
    effect = Effect(
        known=known,
        why_unknown=None if known else "it runs a script that can't be looked into",
        changes=changes,
        undo=undo,
        undo_why=undo_why,
        problems=problems,
        identity={"id": name},
    )
    return Step(
        id=name,
        operation=operation,
        fields={"image": "nginx:1.27", "container": resource.partition("/")[2]},
        why=why or f"{operation} is part of what was asked",
        needs=tuple(needs),
        agent=operation.partition(".")[0],
        effect=effect,
        target=Target(
            tool=operation.partition(".")[0],
            context=context,
            resource=resource,
            identity={"endpoint": "unix:///run/docker.sock"},
        ),
        verdict=Verdict.ALLOW if effect.risk is Risk.READ else Verdict.ASK,
        command=command,
    )


def create(resource: str, diff: str | None = None) -> ResourceChange:
    return ResourceChange(action=Action.CREATE, resource=resource, diff=diff)


def delete(resource: str, data_bytes: int | None = None, diff: str | None = None) -> ResourceChange:
    return ResourceChange(action=Action.DELETE, resource=resource, data_bytes=data_bytes, diff=diff)


def plan_of(request: str, *steps: Step, undo_of: str | None = None, name: str = "p_7f3a") -> Plan:
    return Plan(id=name, request=request, intent="create_infra", confidence=0.97, steps=tuple(steps), undo_of=undo_of)


@dataclass(slots=True)
class FakeRecord:
    """A run as the store remembers it."""

    run: str
    plan: Plan
    outcome: str = "running"
    started: str = STAMP.format(10, 0)
    undo_of: str | None = None
    done: int = 0

    def to_json(self) -> JsonObject:
        return {
            "v": 1,
            "run": self.run,
            "plan": self.plan.id,
            "request": self.plan.request,
            "intent": self.plan.intent,
            "risk": None if self.plan.risk is None else self.plan.risk.word,
            "user": "ana",
            "started": self.started,
            "ended": None,
            "outcome": self.outcome,
            "steps": {"done": self.done, "failed": 0, "skipped": 0, "waiting": len(self.plan.steps) - self.done},
            "undo": "exact",
        }


class FakeStore:
    """What the screen reads of the store, in memory; logs are files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: tuple[str, ...] = ()
        self.records: dict[str, FakeRecord] = {}
        self.journal: dict[str, list[Event]] = {}
        self.left: list[str] = []
        self.entries: dict[str, list[Any]] = {}
        self.said: list[Any] = []
        self.asked: list[str] = []
        self.paths = SimpleNamespace(state=folder)
        self.spending = SimpleNamespace(of_run=lambda _run: None)

    def log_path(self, run: str, step: str) -> Path:
        path = self.folder / run / step / "log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def history(self, *, limit: int = 50, search: str | None = None, session: str | None = None) -> list[FakeRecord]:
        found = [r for r in self.records.values() if search is None or search in r.plan.request]
        return list(reversed(found))[:limit]

    def requests(self, limit: int = 10_000) -> list[tuple[str, str]]:
        return [(text, "done") for text in self.asked]

    def run(self, run: str) -> FakeRecord | None:
        return self.records.get(run)

    def plan(self, run: str) -> Plan | None:
        return self.records[run].plan if run in self.records else None

    def events(self, run: str, after: int = 0) -> Iterator[Event]:
        return iter([event for event in self.journal.get(run, []) if event.seq > after])

    def ledger(self, run: str) -> list[Any]:
        return self.entries.get(run, [])

    def unfinished(self) -> list[FakeRecord]:
        return [self.records[name] for name in self.left]

    def messages(self, session: str, limit: int = 200) -> list[Any]:
        return self.said[-limit:]


@dataclass(slots=True)
class Script:
    """How a request goes: its plan, which steps wait for ``release``, what they write, and which fail."""

    plan: Plan
    hold: set[str] = field(default_factory=set)
    writes: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, JsonObject] = field(default_factory=dict)
    confirm: dict[str, str] = field(default_factory=dict)
    question: str | None = None
    suggestions: tuple[str, ...] = ()
    answer: str | None = None


class FakeGatherer:
    """Names that are always the same, without asking any system."""

    gathered: ClassVar[list[frozenset[str]]] = []

    def __init__(self, names: Names, *_: object) -> None:
        self._names = names

    def near(self) -> list[str]:
        return ["docker"]

    async def gather(self, families: Iterable[str]) -> None:
        self.gathered.append(frozenset(families))
        self._names.put({"container": ["web", "web-old", "db"], "image": ["nginx:1.27"], "namespace": ["shop"]})


class FakeSession:
    """Stands where :class:`reign_agents.session.Session` stands, as far as the screen uses it."""

    mode = "ask"

    def __init__(self, folder: Path, *, settings: EngineSettings | None = None) -> None:
        self.id = "s_9"
        self.store = FakeStore(folder)
        self.settings = settings or EngineSettings(user="ana", cwd=folder)
        self.scripts: dict[str, Script] = {}
        self.undos: dict[str, Script] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.pointed: tuple[str | None, str | None] | None = None
        self.granted: list[GrantRecord] = []
        self.hub = Hub()
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._numbers = 51
        self._seconds = 0
        self._pending: dict[str, tuple[Approval, asyncio.Future[tuple[Decision, str | None]]]] = {}
        self._gates: dict[tuple[str, str], asyncio.Event] = {}
        self._cancelled: set[tuple[str, str | None]] = set()
        self._edits: dict[str, asyncio.Queue[Sequence[Edit]]] = {}
        self._plans: dict[str, Plan] = {}
        self._seq: dict[str, int] = {}

    def hidden(self, value: JsonObject) -> JsonObject:
        return value

    def subscribe(self) -> Subscription:
        return self.hub.subscribe()

    # -- events

    def tell(self, run: str, kind: EventType, data: JsonObject | None = None, step: str | None = None) -> None:
        seq = 0
        if kind in JOURNALLED:
            seq = self._seq[run] = self._seq.get(run, 0) + 1
        self._seconds += 1
        stamp = STAMP.format(10 + self._seconds // 60, self._seconds % 60)
        event = Event(run, kind, data or {}, step, seq, stamp)
        if seq:
            self.store.journal.setdefault(run, []).append(event)
        self.hub.publish(event)

    def write(self, run: str, step: str, data: bytes) -> None:
        """Output of a step, as the engine writes it."""
        path = self.store.log_path(run, step)
        offset = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(data)
        self.tell(run, EventType.OUTPUT_APPENDED, {"offset": offset, "bytes": len(data), "path": str(path)}, step)

    # -- commands

    def select(self, run: str | None, step: str | None = None) -> None:
        self.pointed = (run, step)

    async def ask(self, text: str, options: RunOptions | None = None) -> str:
        self.calls.append(("ask", text))
        script = self.scripts.get(text)
        if script is None:
            script = Script(plan_of(text), question="I did not understand that", suggestions=("list containers",))
        return self._begin(script)

    async def undo(self, run: str, step: str | None = None, options: RunOptions | None = None) -> str:
        self.calls.append(("undo", run, step))
        return self._begin(self.undos[run])

    async def resume(self, run: str, options: RunOptions | None = None) -> str:
        self.calls.append(("resume", run))
        record = self.store.records[run]
        self.tasks[run] = asyncio.create_task(self._drive(run, Script(record.plan)))
        return run

    def _begin(self, script: Script) -> str:
        self._numbers += 1
        run = f"r_{self._numbers}"
        self.tasks[run] = asyncio.create_task(self._drive(run, script))
        return run

    def pending(self) -> list[Approval]:
        return [approval for approval, _ in self._pending.values()]

    async def answer(
        self,
        approval: str,
        decision: Decision,
        hash: str,  # noqa: A002 - the contract's word
        *,
        words: str | None = None,
        confirm: str | None = None,
        seconds: float | None = None,
    ) -> None:
        self.calls.append(("answer", approval, decision, words, confirm))
        if approval not in self._pending:
            raise ApprovalVoid("it is not pending")
        asked, future = self._pending[approval]
        if hash != asked.hash:
            raise ApprovalVoid("the answer is for something else")
        if asked.confirm is not None and decision is Decision.ONCE and confirm != asked.confirm:
            raise ConfirmMismatch(f"this target needs its name: {asked.confirm}")
        if decision is not Decision.NOT_NOW:
            future.set_result((decision, words))

    def grants(self, *, active: bool = False) -> list[GrantRecord]:
        return [grant for grant in self.granted if grant.revoked is None or not active]

    async def revoke(self, grant: str | None = None) -> list[str]:
        self.calls.append(("revoke", grant))
        ended = [one.grant for one in self.grants(active=True) if grant in (None, one.grant)]
        self.granted = [replace(one, revoked="now") if one.grant in ended else one for one in self.granted]
        return ended

    async def edit(self, run: str, edits: Sequence[Edit]) -> None:
        self.calls.append(("edit", run, *edits))
        await self._edits[run].put(edits)

    def pause(self, run: str) -> None:
        self.calls.append(("pause", run))

    def proceed(self, run: str) -> None:
        self.calls.append(("proceed", run))

    async def cancel(self, run: str, step: str | None = None, *, exit_code: int = 130) -> None:
        self.calls.append(("cancel", run, step))
        self._cancelled.add((run, step))
        for (name, gate), event in self._gates.items():
            if name == run and step in (None, gate):
                event.set()
        for approval, future in list(self._pending.values()):
            if approval.run == run and not future.done() and step in (None, approval.steps[0].id):
                future.cancel()

    def plan_of(self, run: str) -> Plan | None:
        return self._plans.get(run)

    async def close(self) -> None:
        self.calls.append(("close",))
        for run in list(self.tasks):
            await self.cancel(run)
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.hub.close()

    def release(self, run: str, step: str) -> None:
        """Let a step that is held end."""
        self._gates.setdefault((run, step), asyncio.Event()).set()

    def void(self, run: str) -> None:
        """The object changed: what is asked now is another thing."""
        for key, (approval, future) in list(self._pending.items()):
            if approval.run == run:
                self._pending[key] = (replace(approval, hash=digest("moved"), moved="the container is another"), future)

    # -- a run

    async def _drive(self, run: str, script: Script) -> None:
        plan = script.plan
        self._edits[run] = asyncio.Queue()
        record = FakeRecord(run, plan)
        self.store.records[run] = record
        started: JsonObject = {"request": plan.request, "user": "ana", "resumed": False, "undo_of": plan.undo_of}
        self.tell(run, EventType.RUN_STARTED, started)
        if script.question is not None:
            self.store.records.pop(run)
            self.tell(run, EventType.QUESTION, {"text": script.question, "suggestions": list(script.suggestions)})
            self.tell(run, EventType.RUN_FINISHED, {"outcome": "stopped", "exit": 4, "answer": script.question})
            return
        while True:
            bare = plan.with_steps(replace(s, effect=None, target=None, verdict=None) for s in plan.steps)
            self.tell(run, EventType.PLAN_DRAFTED, {"plan": bare.to_json()})
            await asyncio.sleep(0)
            for each in plan.steps:
                self.tell(run, EventType.STEP_PREVIEWED, {"step": each.to_json()}, each.id)
            self._plans[run] = plan
            self.tell(run, EventType.PLAN_READY, {"plan": plan.to_json()})
            if not any(each.effect and each.effect.problems for each in plan.steps):
                break
            edits = await self._edits[run].get()
            plan = edited(plan, edits)
            plan = plan.with_steps(
                replace(
                    s, effect=Effect(changes=(create(f"container/{s.fields.get('container')}"),)), verdict=Verdict.ASK
                )
                if s.effect is None
                else s
                for s in plan.steps
            )
        outcomes = await self._steps(run, plan, script)
        record.done = sum(1 for outcome in outcomes.values() if outcome is Outcome.DONE)
        worst = (
            Outcome.FAILED
            if Outcome.FAILED in outcomes.values()
            else Outcome.CANCELLED
            if (run, None) in self._cancelled
            else Outcome.STOPPED
            if Outcome.STOPPED in outcomes.values()
            else Outcome.DONE
        )
        record.outcome = worst.value
        code = {Outcome.DONE: 0, Outcome.FAILED: 1, Outcome.CANCELLED: 130}.get(worst, 3)
        self.tell(run, EventType.RUN_FINISHED, {"outcome": worst.value, "exit": code, "answer": script.answer})
        self.tasks.pop(run, None)

    async def _steps(self, run: str, plan: Plan, script: Script) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        together = [s for s in plan.steps if s.risk in (Risk.CREATE, Risk.CHANGE)]
        group: asyncio.Task[bool] | None = None
        if together:
            group = asyncio.create_task(self._approve(run, "plan", together, None))
        ends = {each.id: asyncio.get_running_loop().create_future() for each in plan.steps}

        async def one(each: Step) -> None:
            for need in each.needs:
                await asyncio.wait([ends[need]])
            outcome = await self._one(run, each, script, outcomes, group)
            outcomes[each.id] = outcome
            ends[each.id].set_result(outcome)

        async with asyncio.TaskGroup() as tasks:
            for each in plan.steps:
                tasks.create_task(one(each))
        return outcomes

    async def _one(
        self, run: str, each: Step, script: Script, outcomes: dict[str, Outcome], group: asyncio.Task[bool] | None
    ) -> Outcome:
        def end(outcome: Outcome, **more: Any) -> Outcome:
            data: JsonObject = {
                "outcome": outcome.value,
                "attempt": 1,
                "seconds": 0.4,
                "outputs": more.get("outputs", {}),
                "verified": True if outcome is Outcome.DONE else None,
                "error": more.get("error"),
            }
            self.tell(run, EventType.STEP_FINISHED, data, each.id)
            return outcome

        if (run, None) in self._cancelled:
            return end(Outcome.CANCELLED)
        if any(outcomes[need] is not Outcome.DONE for need in each.needs):
            return end(Outcome.SKIPPED)
        if each.risk is Risk.DESTROY:
            allowed = await self._approve(run, "step", [each], script.confirm.get(each.id))
        elif each.risk is Risk.READ or group is None:
            allowed = True
        else:
            await asyncio.wait([group])
            allowed = not group.cancelled() and group.result()
        if (run, None) in self._cancelled or (run, each.id) in self._cancelled:
            return end(Outcome.CANCELLED)
        if not allowed:
            return end(Outcome.STOPPED)
        self.tell(run, EventType.STEP_STARTED, {"attempt": 1, "operation": each.operation, "resumed": False}, each.id)
        if each.id in script.writes:
            self.write(run, each.id, script.writes[each.id])
        if each.id in script.hold:
            await self._gates.setdefault((run, each.id), asyncio.Event()).wait()
        if (run, None) in self._cancelled or (run, each.id) in self._cancelled:
            return end(Outcome.CANCELLED)
        if each.id in script.errors:
            return end(Outcome.FAILED, error=script.errors[each.id])
        return end(Outcome.DONE, outputs={"id": "4c1e77d0"})

    async def _approve(self, run: str, kind: Any, steps: list[Step], confirm: str | None) -> bool:
        approval = Approval(
            id=f"a_{len(self.calls)}_{run}_{steps[0].id}",
            run=run,
            kind=kind,
            steps=tuple(steps),
            hash=digest([each.hash for each in steps]),
            why="it changes something",
            confirm=confirm,
            requested=STAMP.format(10, 0),
            no_grant=(no_grant := next(filter(None, map(why_not, steps)), None)),
            scopes=() if no_grant else tuple(Scope.of(each) for each in steps),
        )
        future: asyncio.Future[tuple[Decision, str | None]] = asyncio.get_running_loop().create_future()
        self._pending[approval.id] = (approval, future)
        self.tell(run, EventType.APPROVAL_REQUESTED, approval.to_json(), steps[0].id if kind == "step" else None)
        try:
            decision, words = await future
        except asyncio.CancelledError:
            return False
        finally:
            self._pending.pop(approval.id, None)
        data: JsonObject = {
            "id": approval.id,
            "decision": decision.value,
            "by": "ana",
            "how": decision.value,
            "hash": approval.hash,
            "words": words,
        }
        self.tell(run, EventType.APPROVAL_ANSWERED, data)
        return decision in GRANTING


WEB = "run a container from image nginx:1.27 named web, publish 8080 to 80, with a volume data at /data"
REMOVE = "remove container web"


def web_plan() -> Plan:
    return plan_of(
        WEB,
        step("s1", "docker.pull", "image/nginx:1.27", create("image/nginx:1.27"), command="docker pull nginx:1.27"),
        step("s2", "docker.create_volume", "volume/data", create("volume/data"), command="docker volume create data"),
        step(
            "s3",
            "docker.run",
            "container/web",
            create("container/web", "+ image nginx:1.27\n+ port 8080 -> 80\n+ volume data at /data"),
            needs=("s1", "s2"),
            command="docker run -d --name web -p 8080:80 -v data:/data nginx:1.27",
        ),
        step("s4", "network.wait_port", "port/8080", needs=("s3",)),
    )


def remove_plan(context: str = "default") -> Plan:
    return plan_of(
        REMOVE,
        step(
            "s1",
            "docker.remove",
            "container/web",
            delete("container/web", 41_943_040, "\n".join(f"- file {n}" for n in range(14))),
            undo=UndoPromise.NONE,
            undo_why="docker keeps no copy of a container's writable layer",
            context=context,
            command="docker rm web",
        ),
        name="p_81aa",
    )


def taken_plan() -> Plan:
    problem = Problem(
        text="the name web is taken by container 4c1e77d0 (running since Monday)",
        choices=(
            Choice(key="reuse", label="use the one that is there", fields={"reuse": True}),
            Choice(key="replace", label="replace it", fields={"replace": True}),
            Choice(key="rename", label="call it web-2", fields={"container": "web-2"}),
        ),
    )
    return plan_of(
        "run a container named web",
        step("s1", "docker.run", "container/web", create("container/web"), problems=(problem,)),
    )


def undo_web_plan() -> Plan:
    return plan_of(
        "undo r_52",
        step("s1", "docker.remove", "container/web", delete("container/web", 0), undo=UndoPromise.RECREATE),
        step(
            "s2",
            "docker.remove_volume",
            "volume/data",
            delete("volume/data", 0),
            needs=("s1",),
            undo=UndoPromise.RECREATE,
        ),
        undo_of="r_52",
        name="p_90cd",
    )


def fake_session(folder: Path, **scripts: Script) -> FakeSession:
    """A session that knows the newcomer's requests."""
    session = FakeSession(folder)
    log = b"".join(f"5f70bf18a086: Pulling fs layer {n} of 3\n".encode() for n in range(1, 4))
    session.scripts = {
        WEB: Script(web_plan(), hold={"s3"}, writes={"s1": log, "s3": b"nginx/1.27.0\nready for start up\n"}),
        REMOVE: Script(remove_plan()),
        "run a container named web": Script(taken_plan()),
    }
    session.undos = {"r_52": Script(undo_web_plan())}
    return session


def namespace(**values: Any) -> Any:
    return SimpleNamespace(**values)


Now = Callable[[], Any]
