"""Dialogues typed into the app: each turn's plan, question, answer and what it took for granted, as the tables tell."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from reign_agents.plan.model import Step
from reign_agents.session import Session
from reign_agents.settings import Decision, EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject
from reign_executors.registry import Registry, default_registry
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from reign_tui.run_view import RunView
from tests.planning.acted import acted
from tests.planning.world import World
from tests.screen.conftest import PATIENCE, Stage

Turns = list[tuple[str, list[str]]]
"""Each turn as typed, with a mark before it (``> ``; ``! `` it fails; ``- `` nobody approves it), and its lines."""


class Scene(World):
    """The world of the dialogue that is being acted. Where ``led_back``, what runs leads back and changes nothing here,
    as in the tables; where ``fails``, whatever changes something fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.led_back = self.fails = False

    async def look(self, operation: str, fields: Mapping[str, Any]) -> JsonObject:
        assert self.world is not None
        return await self.world.look(operation, fields)

    def apply(self, steps: list[Step]) -> None:  # type: ignore[override]
        assert self.world is not None
        if self.fails:
            raise OperationError("the world refuses", "ask it again")
        if not self.led_back:
            self.world.apply(steps)


_SCENE = Scene()
_ACTED: list[Registry] = []


def scene() -> tuple[Scene, Registry]:
    """The one scene of this process and the operations that act in it: making these takes as long as a dialogue."""
    if not _ACTED:
        _ACTED.append(acted(_SCENE))
    return _SCENE, _ACTED[0]


@dataclass
class Talk:
    """An app to talk to, one dialogue after the other, each a conversation of its own."""

    app: ReignApp
    session: Session
    stage: Stage
    scene: Scene
    work: Path
    differing: list[str] = field(default_factory=list)

    async def dialogue(self, turns: Turns, world: World) -> None:
        """Type the turns; what differs from their lines is noted."""
        self.scene.world = world
        for before in range(len(turns)):
            if not await self._turn(turns, before):
                break
        await self.ended()
        self.app.conductor.act("begin_anew")
        assert not self.app.conductor.desk.runs, self.stage.notice

    async def _turn(self, turns: Turns, at: int) -> bool:
        marked, expected = turns[at]
        desk = self.app.conductor.desk
        before = len(desk.runs)
        self.scene.fails = marked[0] == "!"
        self.scene.led_back = any(line.startswith("undo ") for line in expected)
        await self.stage.send(marked[2:])
        run = await self._settled(before, approve=marked[0] != "-")
        if any("which was only shown" in line for _, lines in turns[at + 1 : at + 2] for line in lines):
            await self._refuse()
        first = int(next(iter(desk.runs)).removeprefix("r_"))
        found = [re.sub(r"\br_(\d+)\b", lambda m: f"r_{int(m[1]) - first + 1}", line) for line in self._lines(run)]
        wanted = [_spelled(line) for line in expected]
        await self.app.main.chat.settled()
        said = _flat(self._said())
        unsaid = [line for line in self._to_say(run) if _flat(line) not in said]
        if _same(found, wanted) and not unsaid:
            return True
        name = " / ".join(text[2:] for text, _ in turns[: at + 1])
        told = (("table", wanted), ("app  ", found), ("not on the screen:", unsaid))
        self.differing.append("\n".join([name, *(f"  {where} {line}" for where, lines in told for line in lines)]))
        return False

    async def _settled(self, before: int, *, approve: bool) -> RunView:
        """Approve whatever the turn asks for until nothing is under way; else until it waits."""
        desk, end = self.app.conductor.desk, monotonic() + PATIENCE
        while monotonic() < end:
            run = list(desk.runs.values())[-1] if len(desk.runs) > before else None
            if run is not None and not run.live and run.id not in self.session.running:
                return run
            if run is not None and run.waits_for_person and not approve:
                return run
            for approval in self.session.pending():
                if approve and (run is None or approval.run == run.id):
                    await self.session.answer(approval.id, Decision.ONCE, approval.hash, confirm=approval.confirm)
            await asyncio.sleep(0.01)
        raise AssertionError(f"it never ended: {list(desk.runs.values())[-1:]}")

    async def _refuse(self) -> None:
        """Nobody wants what still waits."""
        for approval in self.session.pending():
            await self.session.answer(approval.id, Decision.REJECT, approval.hash)
        await self._at_rest()

    async def ended(self) -> None:
        """Stop what still waits."""
        for run in self.session.running:
            await self.session.cancel(run)
        await self._at_rest()

    async def _at_rest(self) -> None:
        while self.session.running or self.app.conductor.desk.working:
            await asyncio.sleep(0.01)

    def _lines(self, run: RunView) -> list[str]:
        lines = [f"? {run.question}"] if run.question else []
        lines += [f"» {one}" for one in run.suggestions if "later: " in str(run.question)]
        undone = run.undo_of is not None
        if run.answer and not run.steps and run.answer != run.question:
            lines += [f"= {line}" for line in run.answer.splitlines()]
        if undone:
            return ["undo"]
        plan = run.plan
        steps = [] if plan is None else plan.steps
        lines += ["(ask)"] if plan is not None and plan.mood == "ask" else []
        for step in steps:
            needs = f" < {', '.join(step.needs)}" if step.needs else ""
            lines.append(_told(step.id, step.operation, step.fields) + needs)
        assumed = run.assumed if plan is None else plan.assumptions
        return [line.replace(f"{self.work}/", "") for line in [*lines, *(f"~ {one}" for one in assumed)]]

    @staticmethod
    def _to_say(run: RunView) -> list[str]:
        """What must be on the screen of a turn."""
        if run.undo_of is not None:
            return []
        assumed = run.assumed if run.plan is None else run.plan.assumptions
        return [*([run.question] if run.question else []), *assumed]

    def _said(self) -> str:
        parts = []
        for widget in self.app.main.chat.walk_children():
            content = getattr(widget, "_content", None) or getattr(widget, "content", None)
            if content is not None:
                parts.append(str(content))
        return " ".join(parts)


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _same(found: list[str], wanted: list[str]) -> bool:
    """Whether a turn is as its lines tell. An answer only has to begin so: the app knows how the steps ended, and says
    that too.
    """
    if any(line.startswith("= ") for line in wanted):
        return bool(found) and found[0].startswith(wanted[0].rstrip("."))
    return found == wanted


def _told(name: str, operation: str, fields: Mapping[str, Any]) -> str:
    """A step in one spelling, whatever defaults were written out: with its fields as the operation reads them."""
    read = default_registry().build(operation, fields).to_fields()
    return f"{name} {operation} {json.dumps(read, sort_keys=True, ensure_ascii=False)}"


def _spelled(line: str) -> str:
    if line.startswith("undo"):
        return "undo"
    step = re.fullmatch(r"(s\d+) (\S+) (\{.*\})( < [s\d, ]+)?", line)
    return line if step is None else _told(step[1], step[2], json.loads(step[3])) + (step[4] or "")


@asynccontextmanager
async def talking(folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Talk]:
    """An app over a fresh store, with the scene's operations instead of real ones."""
    work = folder / "work"
    work.mkdir()
    stand, registry = scene()
    with Store.open(StorePaths(data=folder / "data", state=folder / "state")) as store:
        session = Session(store, EngineSettings(cwd=work), registry=registry)
        app = ReignApp(lambda: session, AppConfig(), grace=0.0)
        stage = Stage(app, None)  # type: ignore[arg-type]
        async with app.run_test(size=size) as stage.pilot:
            await stage.until(lambda: app.ready)
            yield Talk(app, session, stage, stand, work)
