"""The plan as a tree: a gutter of lanes, then risk, operation, target, time and undo of each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from reign_agents.plan.model import Step
from reign_executors.effect import UndoPromise
from reign_tui.lanes import Row, lanes
from reign_tui.run_view import RunView, State, StepView
from reign_tui.text import clock, cut, duration, one_line, resource_name, size
from reign_tui.widgets.line_view import Line, LineView

_STATE_INK = {
    State.ASK: "ask",
    State.PICK: "ask",
    State.RUN: "run",
    State.DONE: "done",
    State.FAILED: "failed",
    State.IN_DOUBT: "failed",
    State.DENIED: "failed",
}
_FILLED = {State.DONE, State.RUN, State.ASK, State.PICK, State.FAILED, State.IN_DOUBT}


def risk_word(step: Step) -> tuple[str, str]:
    """The risk as a word and its ink; an effect that isn't known says so."""
    if step.effect is None:
        return "…", "muted"
    if not step.effect.known:
        return "unknown", "unknown"
    word = step.effect.risk.word
    return (word.upper() if word == "destroy" else word), word


def undo_word(step: Step) -> tuple[str, str]:
    """How it could be undone: ``-`` for a read, ``NONE`` where there is no way back."""
    if step.effect is None:
        return "…", "muted"
    if not step.effect.known:
        return ("NONE", "destroy") if step.effect.undo is UndoPromise.NONE else ("?", "unknown")
    if not step.effect.changes:
        return "-", "muted"
    if step.effect.undo is UndoPromise.NONE:
        return "NONE", "destroy"
    return step.effect.undo.value, ""


def target_text(view: StepView) -> str:
    """What the step acts on, in the few words a row has room for."""
    step = view.step
    shown = resource_name(step.target.resource) if step.target else str(next(iter(step.fields.values()), ""))
    if step.effect is not None:
        if step.effect.problems:
            return f"{shown}  {step.effect.problems[0].text}"
        if step.effect.data_bytes:
            return f"{shown}  {size(step.effect.data_bytes)}"
        if not step.effect.known and step.effect.why_unknown and not step.operation.startswith("shell."):
            return f"{shown}  {step.effect.why_unknown}"
    if view.progress and view.state is State.RUN:
        return f"{shown}  {view.progress}"
    return shown


def time_text(view: StepView, now: datetime) -> str:
    if view.state is State.RUN and view.started is not None:
        return clock((now - view.started).total_seconds())
    return "-" if view.seconds is None else duration(view.seconds)


def column(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells, cut with an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…" if width > 0 else ""


_HEADS = ("", "#", "RISK", "OPERATION", "TARGET", "TIME", "UNDO")
_STATE, _NUMBER, _OPERATION, _TARGET, _TIME = 0, 1, 3, 4, 5
_TELLING = ((State.ASK, State.PICK, State.DENIED), (State.FAILED, State.IN_DOUBT), (State.RUN,))
_RESTING = {State.WAIT, State.SKIPPED}


def _cells(view: StepView, now: datetime) -> tuple[str, ...]:
    """What a row says, in the order of the heads."""
    return (
        view.state.value,
        str(view.number),
        f"{risk_word(view.step)[0]:7}",
        view.step.operation,
        one_line(target_text(view)),
        f"{time_text(view, now):>5}",
        undo_word(view.step)[0],
    )


def _aligned(index: int, text: str, width: int) -> str:
    if index in (_NUMBER, _TIME):
        return f"{text:>{width}}"
    if index == _TARGET and text.startswith("/") and cell_len(text) > width:
        return column("…" + text[-(width - 1) :], width)  # of a long path the end says more
    return column(text, width)


class PlanTree(LineView, inherit_bindings=False):
    """The steps of one run; up and down select one. Rows of forks and joins are passed over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Step above", show=False, id="plan.up"),
        Binding("down,j", "move(1)", "Step below", show=False, id="plan.down"),
        Binding("pageup", "move(-10)", "Ten up", show=False, id="plan.page_up"),
        Binding("pagedown", "move(10)", "Ten down", show=False, id="plan.page_down"),
        Binding("home", "move(-100000)", "First step", show=False, id="plan.start"),
        Binding("end", "move(100000)", "Last step", show=False, id="plan.end"),
        Binding("enter", "open", "Open step", show=False, id="plan.open"),
    ]

    class Selected(Message):
        """Another step is selected (or none: ``step`` is None)."""

        def __init__(self, step: str | None) -> None:
            super().__init__()
            self.step = step

    class Opened(Message):
        """A person wants to see all of a step."""

        def __init__(self, step: str) -> None:
            super().__init__()
            self.step = step

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._run: RunView | None = None
        self._rows: list[Row] = []
        self._shape: tuple[tuple[str, Sequence[str]], ...] = ()
        self.selected: str | None = None
        self._chosen = False

    # -- content

    def show_run(self, run: RunView | None) -> None:
        """Draw this run's plan as it stands now."""
        if run is not self._run:
            self.selected = None
        self._run = run
        shape = tuple((view.step.id, view.step.needs) for view in run) if run else ()
        if shape != self._shape:
            self._shape = shape
            self._rows = lanes(shape)
            self._chosen = False
        if run is not None and (self.selected not in run.steps or not self._chosen):
            self.select(self._telling(run))
        self.draw()

    def _telling(self, run: RunView) -> str | None:
        """The step that says most now, while a person has not chosen one: asks, failed, runs, else where it was."""
        for states in _TELLING:
            for view in run:
                if view.state in states:
                    return view.step.id
        return self.selected if self.selected in run.steps else next(iter(run.steps), None)

    def draw(self) -> None:
        """Draw again (states, running clocks)."""
        if self._run is None:
            self.set_lines(())
            return
        now, width = self._now(), self.size.width
        cells = {view.step.id: _cells(view, now) for view in self._run}
        widths = [max(map(len, column_)) for column_ in zip(_HEADS, *cells.values(), strict=True)]
        widths[_OPERATION] = min(widths[_OPERATION], 22 if width >= 90 else 19)
        gutter = max((len(row.lanes) for row in self._rows), default=1)
        fixed = 1 + gutter + sum(widths) - widths[_TARGET] + len(widths)
        widths[_TARGET] = max(min(widths[_TARGET], width - fixed), width - fixed, 8)
        head = f" {'':{widths[_STATE]}} {'':{gutter}} " + " ".join(
            _aligned(index, _HEADS[index], widths[index]) for index in range(1, len(widths))
        )
        lines: list[Line] = [((head, "muted"),)]
        for row in self._rows:
            if row.step is None:
                lines.append(((" " * (widths[_STATE] + 2), ""), (row.lanes, "lane")))
            else:
                lines.append(self._line(self._run.steps[row.step], row, cells[row.step], widths, gutter))
        self.set_lines(lines)

    def _line(self, view: StepView, row: Row, cells: Sequence[str], widths: Sequence[int], gutter: int) -> Line:
        state, chosen = view.state, view.step.id == self.selected
        dot = row.lane * 2
        lane = f"{row.lanes:{gutter}}"
        ink = _STATE_INK.get(state, "muted")
        number_ink = "muted" if state in _RESTING else ""
        inks = ("", number_ink, risk_word(view.step)[1], "", "", "muted", undo_word(view.step)[1])
        text = [_aligned(index, cells[index], widths[index]) for index in range(len(widths))]
        return (
            ("▌" if chosen else " ", "key"),
            (cells[_STATE], ink),
            (" " * (widths[_STATE] - len(cells[_STATE]) + 1), ""),
            (lane[:dot], "lane"),
            ("●" if state in _FILLED else "○", {"ask": "change", "muted": "lane"}.get(ink, ink)),
            (lane[dot + 1 :], "lane"),
            *((" " + text[index], inks[index]) for index in range(1, len(widths))),
        )

    def on_resize(self) -> None:
        self.draw()

    # -- choosing a step

    @property
    def pointed(self) -> str | None:
        """The selected step where a person chose it; None where it only happens to be selected."""
        return self.selected if self._chosen else None

    def select(self, step: str | None) -> None:
        """Select a step and bring it into sight."""
        if step != self.selected:
            self.selected = step
            self.post_message(self.Selected(step))
            self.draw()
        for index, row in enumerate(self._rows, 1):
            if row.step is not None and row.step == step:
                self.show_line(index)
                if index == 1:
                    self.scroll_home(animate=False, immediate=True)

    def action_move(self, by: int) -> None:
        ids = [row.step for row in self._rows if row.step is not None]
        if ids:
            self._chosen = True
            at = ids.index(self.selected) if self.selected in ids else 0
            self.select(ids[min(max(at + by, 0), len(ids) - 1)])

    def action_open(self) -> None:
        if self.selected is not None:
            self.post_message(self.Opened(self.selected))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y - 1
        if 0 <= index < len(self._rows) and (step := self._rows[index].step) is not None:
            self._chosen = True
            self.select(step)

    def find(self, needle: str, *, start: int | None = None, backwards: bool = False) -> int | None:
        found = super().find(needle, start=start, backwards=backwards)
        if found and (step := self._rows[found - 1].step) is not None:
            self.select(step)
        return found

    def base_style(self, index: int) -> Style:
        row = self._rows[index - 1] if 0 < index <= len(self._rows) else None
        if row is not None and row.step is not None and row.step == self.selected and self.has_focus:
            return self.rich_style + self.get_component_rich_style("line--cursor", partial=True)
        return self.rich_style

    def rows(self) -> list[str]:
        """What is drawn, as text (for reading in tests and copying)."""
        return [cut(self.text_of(index).rstrip(), 0) for index in range(len(self.lines))]
