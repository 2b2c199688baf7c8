"""A past run: as it ended, and its events again in the same widgets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from reign_agents.events import Event, EventType
from reign_tui.player import Player
from reign_tui.run_view import RunView
from reign_tui.screens.base import ReignScreen
from reign_tui.spending import amount
from reign_tui.text import cut, moment, one_line
from reign_tui.widgets.log_pane import LogPane
from reign_tui.widgets.plan_pane import PlanPane
from reign_tui.widgets.plan_tree import PlanTree
from reign_tui.widgets.status_bar import Hint, StatusBar

if TYPE_CHECKING:
    from reign_agents.store.store import Store

_BEAT = 0.05


class ReplayScreen(ReignScreen, inherit_bindings=False):
    """Opens with the end; Space plays from the start. Nothing is run again."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q", "app.pop_screen", "Back", show=False, id="replay.back"),
        Binding("space,r", "play", "Play, or hold", show=False, id="replay.play", priority=True),
        Binding("full_stop", "one", "One event on", show=False, id="replay.one"),
        Binding("plus,v", "faster", "Speed: 1×, 10×, max", show=False, id="replay.speed"),
        Binding("o", "full_log", "Full log of the step", show=False, id="replay.full_log"),
        Binding("u", "undo", "Undo this run", show=False, id="replay.undo"),
        Binding("y", "copy", "Copy the plan", show=False, id="replay.copy"),
    ]

    def __init__(self, store: Store, run: str) -> None:
        super().__init__()
        self._store = store
        self._run_id = run
        self.player = Player([])
        self._seen: datetime | None = None
        self._cost = ""
        self._timer: Timer | None = None
        self.run = RunView(run)

    def compose(self) -> ComposeResult:
        yield Static("", id="bar", markup=False)
        yield PlanPane(self._now, id="plan")
        yield LogPane(self._now, timed=False, id="logs")
        yield StatusBar()

    def _now(self) -> datetime:
        """The time of the last event shown: a replay's clocks stand still with it."""
        return self._seen or self.app.now()

    async def on_mount(self) -> None:
        self.fit(self.app.size)
        pane = self.query_one(PlanPane)
        await pane.furnish()
        if not pane.query("#tree"):
            return  # the app is closing meanwhile
        spent = self._store.spending.of_run(self._run_id)
        self._cost = "" if spent is None else f"planning cost {amount(spent, fine=True)} · "
        self.player = Player(list(self._store.events(self._run_id)))
        self._timer = self.set_interval(_BEAT, self._beat, pause=True)
        self._take(self.player.events)
        self.player.place = len(self.player.events)
        if not self.run.steps and (plan := self._store.plan(self._run_id)) is not None:
            self.run.take_plan(plan)
        self._draw()
        self.query_one(PlanTree).focus()
        self.show_hints()

    def _take(self, events: list[Event]) -> None:
        logs = self.query_one(LogPane)
        for event in events:
            self._seen = moment(event.time)
            self.run.apply(event)
            view = self.run.steps.get(event.step or "")
            if view is not None and event.type is EventType.STEP_FINISHED:
                path = self._store.log_path(self._run_id, view.step.id)
                if path.exists():
                    view.log = path
                    logs.written(view.step.id, view.number, view.step.operation, path)
                    logs.ended(view.step.id)

    def _beat(self) -> None:
        events = self.player.advance(_BEAT)
        if events:
            self._take(events)
        self._draw()
        if self.player.ended:
            self._hold()

    def _hold(self) -> None:
        self.player.playing = False
        if self._timer is not None:
            self._timer.pause()
        self._draw()

    def _restart(self) -> None:
        self.player.restart()
        self.run = RunView(self._run_id)
        self.query_one(LogPane).begin()

    def _draw(self) -> None:
        plan = self.query_one(PlanPane)
        plan.show(self.run)
        if self.focused is None and plan.has_class("-planned"):
            self.call_after_refresh(plan.plan_tree.focus)  # it was hidden while there was no plan
        player = self.player
        doing = f"playing {player.speed_word}" if player.playing else "as it ended" if player.ended else "held"
        seen = self._seen.astimezone().strftime("%Y-%m-%d %H:%M:%S") if self._seen else ""
        width = max(self.size.width - 2, 20)
        right = f"{self._cost}{doing} · event {player.place}/{len(player.events)} · {seen}"
        left = cut(f"Run {self._run_id}  {one_line(self.run.request)}", max(width - len(right) - 2, 10))
        gap = " " * max(width - len(left) - len(right), 1)
        self.query_one("#bar", Static).update(Content.assemble((left, "bold"), gap, right))

    # -- keys

    def action_play(self) -> None:
        if self.player.playing:
            self._hold()
            return
        if self.player.ended:
            self._restart()
        self.player.playing = True
        if self._timer is not None:
            self._timer.resume()
        self._draw()

    def action_one(self) -> None:
        if self.player.ended:
            self._restart()
        self._hold()
        self._take(self.player.step())
        self._draw()

    def action_faster(self) -> None:
        self.player.faster()
        self._draw()
        self.say(f"Speed {self.player.speed_word}")

    def action_full_log(self) -> None:
        path = self.query_one(LogPane).path_of(self.query_one(PlanPane).selected)
        if path is None:
            self.say("o opens the full log: this step wrote none")
        else:
            self.app.open_log(path, self.run)

    def action_undo(self) -> None:
        run = self._run_id
        while self.app.screen is not self.app.main:
            self.app.pop_screen()
        self.app.conductor.undo(run)

    def action_copy(self) -> None:
        self.app.copy(self.query_one(PlanPane).report())

    def on_plan_tree_opened(self, event: PlanTree.Opened) -> None:
        self.app.open_step(self.run, event.step)

    def on_plan_tree_selected(self, event: PlanTree.Selected) -> None:
        self.query_one(LogPane).selected = event.step

    def hints(self) -> tuple[Hint, ...]:
        return (
            ("Space", "play"), (".", "one event"), ("v", "speed"), ("Enter", "step"), ("o", "full log"), ("u", "undo"),
            ("Esc", "back"), ("F1", "help"),
        )  # fmt: skip
