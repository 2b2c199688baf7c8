"""Between the engine and the main screen: events become what is shown, keys become commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.css.query import NoMatches
from textual.widget import Widget

from reign_agents.events import Event, EventType
from reign_executors.errors import OperationError
from reign_tui import narration
from reign_tui.desk import Desk
from reign_tui.run_view import Asked, RunView, State, StepView
from reign_tui.text import cut, literal, one_line
from reign_tui.widgets.composer import Editor
from reign_tui.widgets.line_view import LineView
from reign_tui.widgets.log_pane import LogView
from reign_tui.widgets.plan_tree import PlanTree
from reign_tui.widgets.row_list import RowList
from reign_tui.widgets.status_bar import Hint
from reign_tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from reign_agents.session import Approval, Session
    from reign_tui.app import ReignApp
    from reign_tui.screens.main import MainScreen

_CHAT = frozenset(
    {
        EventType.PLAN_READY,
        EventType.APPROVAL_REQUESTED,
        EventType.APPROVAL_ANSWERED,
        EventType.STEP_FINISHED,
        EventType.FINDING,
        EventType.QUESTION,
        EventType.RUN_FINISHED,
    }
)
_PLANNING = frozenset({EventType.PLANNER_NOTED, EventType.PLANNER_SAID, EventType.QUESTION, EventType.RUN_FINISHED})
_SYSTEMS = dict.fromkeys(("file", "shell", "network"), "host")


class Conductor:
    """One for the app's life. ``session`` is there from the moment the engine is up."""

    def __init__(self, app: ReignApp, screen: MainScreen) -> None:
        self._app = app
        self._screen = screen
        self.desk = Desk()
        self.session: Session | None = None
        self._logged: RunView | None = None
        self._introduced: set[str] = set()
        self._pulse = screen.set_interval(1.0, self._tick, pause=True, name="pulse")

    # -- from the engine

    def begin(self, session: Session) -> None:
        """The engine is up: what was written meanwhile is sent."""
        self.session = session
        self._screen.header.mode = session.mode
        self._next()
        self._show()

    def deliver(self, events: list[Event]) -> None:
        """Fold events in and draw once; not any more when the screen is being taken down."""
        if not self._standing:
            return
        for event in events:
            run = self.desk.runs.get(event.run)
            before = dict(run.asked) if run is not None else {}
            run = self.desk.apply(event)
            self._log(run, event)
            if event.type in _PLANNING:
                self._think(run)
            if event.type in _CHAT:
                self._tell(run, event, before)
            if event.type is EventType.RUN_FINISHED and self._app.suggesting is not None:
                outcome = str(event.data.get("outcome"))
                self._app.suggesting.ended(run.request, outcome, [view.step.operation for view in run])
        if all(event.type is EventType.PLANNER_SAID for event in events):
            return
        self._void_dialogs()
        self._show()
        if any(event.type in (EventType.RUN_FINISHED, EventType.APPROVAL_REQUESTED) for event in events):
            self._next()
        self._lead(events)

    @property
    def _standing(self) -> bool:
        """Whether the screen has all its parts."""
        try:
            return all(self._screen.query_one(part).is_attached for part in ("Header", "LogPane"))
        except NoMatches:
            return False

    def _log(self, run: RunView, event: Event) -> None:
        logs = self._screen.logs
        if run is self.desk.current and self._logged is not run:
            self._logged = run
            logs.begin()
            for view in run:
                if view.log is not None:
                    logs.written(view.step.id, view.number, view.step.operation, view.log)
        if run is not self._logged or event.step not in run.steps:
            return
        view = run.steps[event.step]
        if event.type is EventType.OUTPUT_APPENDED and view.log is not None:
            logs.written(view.step.id, view.number, view.step.operation, view.log)
        elif event.type is EventType.STEP_FINISHED:
            logs.ended(view.step.id)

    def _think(self, run: RunView) -> None:
        """Show how a model plans, where one does."""
        if run.thinking.entries:
            self._screen.chat.think(run.id, self._clock(), run.thinking, self._app.now)

    @property
    def thinks(self) -> RunView | None:
        """The run that a model is asked about now."""
        return next((run for run in self.desk.working if run.thinking.asked is not None), None)

    @property
    def looked(self) -> RunView | None:
        """The run whose evidence is meant: of the newest request, where that gave no plan; else of the plan shown."""
        runs = [run for run in self.desk.runs.values() if run.thinking.looks]
        newest = runs[-1] if runs else None
        current = self.desk.current
        return newest if newest is None or not newest.steps or current not in runs else current

    def _tell(self, run: RunView, event: Event, before: dict[str, Asked]) -> None:
        text = ""
        match event.type:
            case EventType.PLAN_READY:
                text = narration.planned(run)
            case EventType.APPROVAL_REQUESTED:
                approval = run.asked.get(str(event.data.get("id")))
                text = narration.asked(run, approval) if approval else ""
            case EventType.APPROVAL_ANSWERED:
                asked = before.get(str(event.data.get("id")))
                steps = asked.steps if asked is not None else ()
                words = event.data.get("words")
                said = narration.answered(
                    run, str(event.data.get("decision")), steps, None if words is None else str(words)
                )
                self._screen.chat.say("you", self._clock(), said)
            case EventType.STEP_FINISHED if event.step in run.steps and run.steps[event.step].state in (
                State.FAILED,
                State.IN_DOUBT,
            ):
                text = narration.failed(run.steps[event.step])
            case EventType.FINDING:
                text = narration.finding(event.data)
            case EventType.QUESTION:
                if self._app.suggesting is not None:
                    self._app.suggesting.question(run.suggestions)
                text = narration.question(run)
            case EventType.RUN_FINISHED:
                text = narration.ended(run)
            case _:
                pass
        if text:
            about = "" if run.id in self._introduced else narration.about(run)
            if about:
                self._introduced.add(run.id)
            self._screen.chat.tell(run.id, self._clock(), about, text)

    def _lead(self, events: list[Event]) -> None:
        """Where a person is needed, lead there, unless they are writing."""
        current = self.desk.current
        if current is None or self._screen.writing:
            return
        if any(event.type is EventType.PLANNER_NOTED and event.data.get("kind") == "asking" for event in events):
            self._screen.call_later(self._screen.open_tab, 1, focus=False)
        for event in events:
            if event.run != current.id:
                continue
            wanted = event.type is EventType.APPROVAL_REQUESTED or (
                event.type is EventType.PLAN_READY and bool(current.blocked)
            )
            if event.type is EventType.PLAN_DRAFTED or wanted:
                at = next((v for v in current if v.state in (State.ASK, State.PICK)), None)
                if at is not None:
                    self._screen.plan.plan_tree.select(at.step.id)
                self._screen.call_later(self._screen.open_tab, 2, focus=wanted)

    def _void_dialogs(self) -> None:
        from reign_tui.screens.approval import ApprovalScreen

        top = self._app.screen
        if isinstance(top, ApprovalScreen) and self.session is not None:
            pending = {approval.id: approval.hash for approval in self.session.pending()}
            if pending.get(top.approval.id) != top.approval.hash:
                top.withdraw()

    # -- drawing

    def _show(self) -> None:
        run, screen = self.desk.current, self._screen
        screen.plan.show(run)
        screen.header.pending = self.desk.needs_person
        if run is not None and run.plan is not None:
            systems = dict.fromkeys(
                f"{_SYSTEMS.get(step.target.tool, step.target.tool)} {step.target.context}"
                for step in run.plan.steps
                if step.target is not None
            )
            if systems:
                screen.header.targets = tuple(systems)
                screen.header.prod = any(self.is_prod(view.step.target) for view in run)
        tabs = screen.query_one(Tabs)
        tabs.notes = {**tabs.notes, 2: screen.plan.summary()}
        needs = self.desk.needs_person
        tabs.alarm = f"! {needs} needs you" if needs == 1 else f"! {needs} need you" if needs else ""
        self._show_ahead()
        screen.show_hints()
        if any(r.running or not r.checked for r in self.desk.working):
            self._pulse.resume()

    def _tick(self) -> None:
        self._screen.plan.tick()
        thinks = self.thinks
        if thinks is not None:
            self._think(thinks)
        if not any(run.running or not run.checked for run in self.desk.working):
            self._pulse.pause()

    def is_prod(self, target: object) -> bool:
        """Whether a target's name looks like production."""
        if target is None or self.session is None:
            return False
        return re.search(self.session.settings.prod_pattern, str(target)) is not None

    def _clock(self) -> str:
        return self._app.now().strftime("%H:%M")

    # -- requests

    def send(self, text: str) -> None:
        """A request from the composer: at once, or when what runs has ended."""
        from reign_agents.engine.secrets import pasted

        found = pasted(text)
        self._screen.chat.say("you", self._clock(), found.shown)
        if found.word:
            self._screen.say(found.word[:1].upper() + found.word[1:])
            self._screen.chat.tell("", self._clock(), "", literal(found.word))
        if self._app.suggesting is not None:
            self._app.suggesting.asked(text)
        self.desk.ahead.append(text)
        self._next()
        self._show_ahead()

    def _show_ahead(self) -> None:
        from reign_agents.engine.secrets import pasted

        self._screen.show_ahead([pasted(text).shown for text in self.desk.ahead])

    def _next(self) -> None:
        if self.session is None or not self.desk.ahead or self.desk.busy:
            return
        self.call(self._ask(self.desk.ahead.popleft()))

    async def _ask(self, text: str) -> None:
        assert self.session is not None
        from reign_agents.engine.secrets import pasted

        shown = self._screen.plan.shown
        self.session.select(shown.id if shown is not None else None, self._screen.plan.plan_tree.pointed)
        run = await self.session.ask(text)
        self.desk.runs.setdefault(run, RunView(run, request=pasted(text).shown))

    def call(self, work: object) -> None:
        """Let a command to the engine run; what it can't do is said in the bottom line."""
        self._app.run_worker(self._guarded(work), group="commands")

    async def _guarded(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except OperationError as error:
            self._screen.say(str(error))
            self._screen.chat.tell("", self._clock(), "", narration.problem(error))

    # -- keys

    @property
    def step(self) -> StepView | None:
        run, selected = self.desk.current, self._screen.plan.selected
        return run.steps.get(selected) if run is not None and selected is not None else None

    def act(self, what: str) -> None:
        """Do what a key or the palette says, or say why it does nothing here."""
        if self.session is None:
            self._screen.say("The engine is still starting")
            return
        getattr(self, f"do_{what}")(self.session)

    def do_approve(self, session: Session) -> None:
        """Open what waits for the person; where several questions wait, all of them, oldest first."""
        pending = session.pending()
        if len(pending) > 1:
            self._app.open_pending()
            return
        if pending:
            self.look_at(pending[0])
            return
        blocked = next((run for run in self.desk.working if run.checked and run.blocked), None)
        if blocked is not None:
            self.turn_to(blocked)
            self._app.open_choice(blocked, blocked.blocked[0])
            return
        self._screen.say("a answers what needs you: nothing waits for an answer now")

    def look_at(self, approval: Approval) -> None:
        """Open one question, with its run behind it."""
        run = self.desk.runs.get(approval.run)
        if run is not None:
            self.turn_to(run)
            self._app.call_later(self._app.open_approval, approval, run)

    def do_interrupt(self, session: Session) -> None:
        """End a model's request at once."""
        run = self.thinks
        if run is None:
            self._screen.say("Esc stops a model while it answers: none does now. ^C stops a run")
            return
        self._screen.say(f"Stopping {run.thinking.asked}…")
        self.call(session.cancel(run.id))

    def do_looks(self, session: Session) -> None:
        """The evidence of the request that is shown, or of the newest that has any."""
        run = self.looked
        if run is None:
            self._screen.say("v shows what a model looked at: none has looked at anything here")
        else:
            self._app.open_looks(run)

    def do_grants(self, session: Session) -> None:
        self._app.open_grants()

    def do_cancel_step(self, session: Session) -> None:
        run, view = self.desk.current, self.step
        if run is None or view is None:
            self._screen.say("x cancels the selected step: there is no plan yet")
        elif not run.live or view.outcome is not None:
            self._screen.say(f"x does nothing here: step {view.number} has ended ({view.state.value})")
        else:
            self.call(session.cancel(run.id, view.step.id))
            self._screen.say(f"Cancelling step {view.number}…")

    def do_undo_run(self, session: Session) -> None:
        run = self.desk.current
        if run is None:
            self._screen.say("u leads a run back: nothing has run yet")
        elif run.live:
            self._screen.say("u does nothing while the run is under way: ^C stops it first")
        else:
            self.undo(run.id)

    def do_undo_step(self, session: Session) -> None:
        run, view = self.desk.current, self.step
        if run is None or view is None or run.live or view.state is not State.DONE:
            self._screen.say("U leads one finished step back: select one of a run that has ended")
        else:
            self.undo(run.id, view.step.id)

    def undo(self, run: str, step: str | None = None) -> None:
        """A new run that leads back; it is previewed and asked like any other."""
        assert self.session is not None
        number = self.desk.runs[run].steps[step].number if step is not None and run in self.desk.runs else None
        what = f"undo {run}" if number is None else f"undo step {number} of {run}"
        self._screen.chat.say("you", self._clock(), what)
        self.call(self.session.undo(run, step))

    def resume(self, run: str) -> None:
        assert self.session is not None
        self._screen.chat.say("you", self._clock(), f"resume {run}")
        self.call(self._resume(run))

    async def _resume(self, run: str) -> None:
        assert self.session is not None
        plan = self.session.store.plan(run)
        view = self.desk.runs.setdefault(run, RunView(run))
        for event in self.session.store.events(run):
            view.apply(event)
        if plan is not None and not view.steps:
            view.take_plan(plan)
        view.outcome = view.ended = None
        await self.session.resume(run)

    def do_begin_anew(self, session: Session) -> None:
        """A new conversation on an empty screen."""
        try:
            session.begin_anew()
        except OperationError as error:
            self._screen.say(str(error))
            return
        self.desk, self._logged = Desk(), None
        self._introduced.clear()
        screen = self._screen
        screen.logs.begin()
        screen.header.targets, screen.header.prod, screen.header.spent = (), False, ""
        screen.query_one(Tabs).notes = {}
        screen.chat.clear()
        screen.chat.tell("", self._clock(), "", narration.ANEW)
        if self._app.suggesting is not None:
            self._app.suggesting.question(())
        self._show()
        screen.call_later(screen.open_tab, 1)

    def do_edit_step(self, session: Session) -> None:
        run, view = self.desk.current, self.step
        if run is None or view is None:
            self._screen.say("e edits the selected step: there is no plan yet")
        elif not run.live:
            self._screen.say("e does nothing here: this run has ended; ask again instead")
        else:
            self._app.open_edit(run, view.step.id)

    def do_pause(self, session: Session) -> None:
        run = self.desk.current
        if run is None or not run.live:
            self._screen.say("p pauses a run: none is under way")
            return
        try:
            (session.proceed if run.paused else session.pause)(run.id)
        except OperationError as error:
            self._screen.say(str(error))
            return
        run.paused = not run.paused
        self._screen.say("Paused: what runs goes on, nothing new starts. p goes on" if run.paused else "Going on")
        self._screen.plan.tick()

    def do_full_log(self, session: Session) -> None:
        path = self._screen.logs.path_of(self._screen.plan.selected)
        if path is None:
            self._screen.say("o opens the full log: no step has written anything yet")
        else:
            self._app.open_log(path, self.desk.current)

    def do_copy(self, session: Session) -> None:
        text = self._app.screen.get_selected_text() or ""
        focused = self._screen.focused
        if not text and isinstance(focused, LogView):
            text = "\n".join(focused.text_of(index) for index in range(len(focused.lines)))
        self._app.copy(text or self._screen.plan.report())

    def do_turn_back(self, session: Session) -> None:
        self._turned(self.desk.turn(-1))

    def do_turn_on(self, session: Session) -> None:
        self._turned(self.desk.turn(1))

    def _turned(self, run: RunView | None) -> None:
        if run is None:
            self._screen.say("[ and ] turn to another run of this session: there is none yet")
        else:
            self.turn_to(run)
            self._screen.say(f"Run {run.id}: {cut(one_line(run.request), 60)}")

    def turn_to(self, run: RunView) -> None:
        """Show another run of this session."""
        self.desk.current = run
        if self._logged is not run:
            self._logged = run
            self._screen.logs.begin()
            for view in run:
                if view.log is not None:
                    self._screen.logs.written(view.step.id, view.number, view.step.operation, view.log)
                    if view.outcome is not None:
                        self._screen.logs.ended(view.step.id)
        self._show()

    def open_step(self, step: str) -> None:
        if self.desk.current is not None:
            self._app.open_step(self.desk.current, step)

    def stop(self) -> list[str]:
        """Cancel all that runs; the ids of what is being cancelled."""
        runs = [run.id for run in self.desk.working]
        if self.session is not None:
            for run in runs:
                self.call(self.session.cancel(run))
        self.desk.ahead.clear()
        self._screen.show_ahead([])
        return runs

    def hints(self, focused: Widget | None) -> tuple[Hint, ...]:
        """The handful of keys that matter now, most important first."""
        needs, run = self.desk.needs_person, self.desk.current
        hints: list[Hint] = []
        writing = isinstance(focused, Editor)
        if self.thinks is not None and not (isinstance(focused, Editor) and focused.offers):
            hints.append(("Esc", "stop the model"))
        if needs:
            asks = [view.number for view in run if view.state in (State.ASK, State.PICK)] if run is not None else []
            what = "choose" if run is not None and run.blocked else "approve"
            hints.append(("alt+a" if writing else "a", f"{what} {asks[0]}" if len(asks) == 1 else what))
        if isinstance(focused, Editor) and focused.offers:
            hints += [("Tab →", "take"), ("↓", "choose"), ("Esc", "close"), ("Enter", "send")]
        elif writing:
            hints += [("Enter", "send"), ("^J", "new line"), ("↑", "earlier")]
        elif isinstance(focused, PlanTree):
            hints.append(("Enter", "open"))
            if run is not None and run.live:
                hints += [("x", "cancel step"), ("e", "edit")]
            elif run is not None:
                hints.append(("u", "undo"))
            hints += [("/", "find"), ("o", "full log")]
        elif isinstance(focused, RowList):
            hints += [("Enter", "open and replay"), ("/", "find")]
        elif isinstance(focused, LogView):
            hints += [("/", "find"), ("s", "this step only"), ("o", "full log"), ("End", "follow")]
        elif isinstance(focused, LineView):
            hints += [("/", "find"), ("y", "copy")]
        if self.looked is not None:
            hints.append(("alt+v" if writing else "v", "evidence"))
        if not (isinstance(focused, Editor) and focused.offers):
            hints.append(("Tab", "pane"))
        if self._screen.has_class("-narrow"):
            hints.append(("Alt+1-5" if writing else "1-5", "tabs"))
        hints.append(("^P", "commands"))
        hints.append(("^C", "stop run" if self.desk.working else "leave"))
        hints.append(("F1" if writing else "?/F1", "help"))
        return tuple(hints)
