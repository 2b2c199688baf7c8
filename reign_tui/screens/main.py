"""The main screen: chat, plan, step, logs; panes side by side, or tabs where there is little room."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from reign_tui.screens.base import ReignScreen
from reign_tui.text import one_line
from reign_tui.widgets.chat import Chat
from reign_tui.widgets.composer import Composer, Editor
from reign_tui.widgets.find_bar import FindBar
from reign_tui.widgets.header import Header
from reign_tui.widgets.line_view import LineView
from reign_tui.widgets.log_pane import LogPane
from reign_tui.widgets.offering import Offering
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.plan_pane import PlanPane
from reign_tui.widgets.row_list import RowList
from reign_tui.widgets.status_bar import Hint, StatusBar
from reign_tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from reign_tui.widgets.plan_tree import PlanTree

_FIRST: tuple[Hint, ...] = (("Enter", "send"), ("^J", "new line"), ("F1", "help"))
_PANES = {2: "#plan", 3: "#logs", 4: "#state", 5: "#history"}


class MainScreen(ReignScreen, inherit_bindings=False):
    """What stays on screen all the time. What it shows comes from the app's conductor; keys lead there, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        *(
            Binding(f"{n},alt+{n}", f"tab({n})", f"Go to {name}", show=False, id=f"main.tab_{n}")
            for n, name in enumerate(("the chat", "the plan", "the logs", "the state", "the history"), 1)
        ),
        Binding("a,alt+a", "act('approve')", "Answer what needs you", show=False, id="main.approve"),
        Binding("x", "act('cancel_step')", "Cancel the selected step", show=False, id="main.cancel_step"),
        Binding("u", "act('undo_run')", "Undo this run", show=False, id="main.undo_run"),
        Binding("U", "act('undo_step')", "Undo the selected step alone", show=False, id="main.undo_step"),
        Binding("e", "act('edit_step')", "Edit the selected step", show=False, id="main.edit_step"),
        Binding("p", "act('pause')", "Pause the run, or let it go on", show=False, id="main.pause"),
        Binding("o", "act('full_log')", "The full log of the step", show=False, id="main.full_log"),
        Binding("y", "act('copy')", "Copy the pane, or what is selected", show=False, id="main.copy"),
        Binding("v,alt+v", "act('looks')", "What a model looked at: the evidence", show=False, id="main.looks"),
        Binding("escape", "act('interrupt')", "Stop a model while it answers", show=False, id="main.interrupt"),
        Binding("left_square_bracket", "act('turn_back')", "The run before", show=False, id="main.run_before"),
        Binding("right_square_bracket", "act('turn_on')", "The run after", show=False, id="main.run_after"),
        Binding("slash", "find", "Find in this pane", show=False, id="main.find"),
        Binding("n", "find_next(False)", "Find the next", show=False, id="main.find_next"),
        Binding("N", "find_next(True)", "Find the one before", show=False, id="main.find_before"),
        Binding("i", "tab(1)", "Write", show=False, id="main.write"),
        Binding("question_mark", "app.help", "Help", show=False, id="main.help"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._tab = 1
        self._find_in: LineView | None = None
        self._needle = ""
        self._ahead: list[str] = []

    def compose(self) -> ComposeResult:
        now = self.app.now
        yield Header(id="header")
        yield Tabs(id="tabs")
        with Horizontal(id="body"):
            with Vertical(id="left"), Pane(id="talk"):
                yield Chat(id="chat")
                yield Static("", id="ahead", markup=False)
                yield Composer(id="composer")
            with Vertical(id="right"):
                yield PlanPane(now, id="plan")
                yield LogPane(now, id="logs")
        yield FindBar(id="find")
        yield StatusBar(id="status")

    def on_mount(self) -> None:
        self.app.begin()
        self.fit(self.app.size)
        self.add_class("-tab-1")
        self.query_one("#talk", Pane).heading = "Chat"
        self.query_one(Editor).focus()

    def fit(self, size: Size) -> None:
        super().fit(size)
        self.show_hints()

    # -- parts

    @property
    def plan(self) -> PlanPane:
        return self.query_one(PlanPane)

    @property
    def logs(self) -> LogPane:
        return self.query_one(LogPane)

    @property
    def chat(self) -> Chat:
        return self.query_one(Chat)

    @property
    def header(self) -> Header:
        return self.query_one(Header)

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    @property
    def writing(self) -> bool:
        """Whether the person is in the middle of writing something."""
        return isinstance(self.focused, Editor) and bool(self.composer.text.strip())

    def show_ahead(self, requests: list[str]) -> None:
        """Requests that were typed ahead and wait."""
        if requests == self._ahead:
            return
        self._ahead = list(requests)
        ahead = self.query_one("#ahead", Static)
        ahead.set_class(bool(requests), "-some")
        ahead.update("\n".join(f"next: {one_line(request, 100)}" for request in requests))

    # -- tabs and panes

    async def action_tab(self, number: int) -> None:
        await self.open_tab(number)

    async def open_tab(self, number: int, *, focus: bool = True) -> None:
        """Bring a pane to the front: 1 chat, 2 plan, 3 logs, 4 state, 5 history."""
        if number > 3:
            await self._load(number)
        self._tab = number
        classes = {f"-tab-{n}": n == number for n in range(1, 6)}
        if number in (2, 4, 5):
            classes |= {"-show-state": number == 4, "-show-history": number == 5}
        self.update_classes(classes)  # at once: each change is looked up for every widget there is
        self.query_one(Tabs).active = number
        if focus:
            self.call_after_refresh(self._focus_tab, number)

    def _focus_tab(self, number: int) -> None:
        if number == 1:
            self.query_one(Editor).focus()
            return
        pane = self.query_one(_PANES[number])
        for child in pane.walk_children(Widget):
            if child.focusable:
                child.focus()
                return
        self.set_focus(None)

    async def _load(self, number: int) -> None:
        from reign_tui.widgets.history_pane import HistoryPane
        from reign_tui.widgets.state_pane import StatePane

        right = self.query_one("#right")
        if number == 4:
            if not self.query(StatePane):
                await right.mount(StatePane(self.app.now, id="state"), before=self.logs)
            if self.app.session is not None:
                self.query_one(StatePane).load(self.app.session.store)
        else:
            if not self.query(HistoryPane):
                await right.mount(HistoryPane(self.app.now, id="history"), before=self.logs)
            if self.app.session is not None:
                self.query_one(HistoryPane).load(self.app.session.store)

    async def engine_up(self) -> None:
        """What was opened before there was a store shows what is in it."""
        if self._tab > 3:
            await self._load(self._tab)

    async def on_tabs_chosen(self, event: Tabs.Chosen) -> None:
        await self.open_tab(event.number)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        self.app.open_run(event.key)

    def on_descendant_focus(self) -> None:
        self.show_hints()

    def on_plan_tree_selected(self, event: PlanTree.Selected) -> None:
        self.logs.selected = event.step
        if self.logs.only is not None and event.step is not None:
            self.logs.show_only(event.step)

    def on_plan_tree_opened(self, event: PlanTree.Opened) -> None:
        self.app.conductor.open_step(event.step)

    def on_log_pane_counted(self, event: LogPane.Counted) -> None:
        tabs = self.query_one(Tabs)
        tabs.notes = {**tabs.notes, 3: f"{event.count:,}"}

    # -- writing

    def on_editor_typed(self) -> None:
        """The input keeps the keys that write to itself; they end a notice as other keys do."""
        self.quiet()

    def on_editor_sent(self, event: Editor.Sent) -> None:
        if not event.text.startswith("@"):
            self.app.send(event.text)
            return
        from reign_tui.file_request import mentioned

        path = mentioned(event.text)
        if path is None:
            self.app.send(event.text)
        else:
            self.app.run_worker(self._send_file(event.text, path), group="commands")

    async def _send_file(self, text: str, path: str) -> None:
        """Send what a file says; where that can't be, the text comes back to be mended."""
        from reign_executors.errors import OperationError
        from reign_tui.file_request import read_request

        session = self.app.session
        try:
            request = await asyncio.to_thread(read_request, path, session.settings.cwd if session else Path.cwd())
        except OperationError as error:
            self.say(str(error))
            if not self.composer.text:
                self.composer.editor.text = text
                self.composer.editor.move_cursor(self.composer.editor.document.end)
            return
        if self.app.suggesting is not None:
            self.app.suggesting.asked(text)
        self.app.send(request)

    async def on_offering_offered(self, event: Offering.Offered) -> None:
        """What can follow is listed under the input; the list is made when it is first needed."""
        from reign_tui.screens.help import key_name
        from reign_tui.widgets.offer_list import OfferList

        lists = self.query(OfferList)
        if not lists:
            await self.query_one("#talk").mount(OfferList(id="offers"), after=self.composer)
        take = self.app.keys.get("composer.take", "tab").partition(",")[0]
        self.query_one(OfferList).show(event.offers, event.chosen, key_name(take), self.composer.size.width)
        self.show_hints()

    def on_editor_left(self) -> None:
        """Escape while writing: stops a model that answers, else it leaves the input."""
        if self.app.ready and self.app.conductor.thinks is not None:
            self.action_act("interrupt")
        elif self.plan.shown is not None:
            self.call_later(self.open_tab, 2)

    # -- finding

    def action_find(self) -> None:
        focused = self.focused
        self._find_in = focused if isinstance(focused, LineView) else self.logs.view
        self.query_one(FindBar).open()

    def on_find_bar_wanted(self, event: FindBar.Wanted) -> None:
        self._needle = event.needle
        view = self._find_in or self.logs.view
        view.focus()
        self._say_found(view.find(self._needle))

    def on_find_bar_closed(self) -> None:
        view = self._find_in or self.logs.view
        view.find("")
        view.focus()

    def action_find_next(self, backwards: bool) -> None:
        view = self._find_in
        if view is None or not self._needle:
            self.say("n goes to the next place found: press / first")
            return
        at = view.found if view.found is not None else view.scroll_offset.y
        self._say_found(view.find(self._needle, start=at + (-1 if backwards else 1), backwards=backwards))

    def _say_found(self, at: int | None) -> None:
        if at is None and self._needle:
            self.say(f"{self._needle} is not in this pane")

    # -- the rest is the conductor's

    def action_act(self, what: str) -> None:
        if self.app.ready:
            self.app.conductor.act(what)
        else:
            self.say("The engine is still starting")

    def hints(self) -> tuple[Hint, ...]:
        return self.app.conductor.hints(self.focused) if self.app.ready else _FIRST
