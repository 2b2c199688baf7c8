"""What the steps write, live: one timer reads the steps' log files from disk and rests when nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from reign_tui.log_tail import LogTail, shown
from reign_tui.widgets.line_view import Line, LineView
from reign_tui.widgets.pane import Pane

MAX_LINES = 5000
BEAT = 0.05
_AGAIN = 256 * 1024  # bytes read again when the view changes to another step


class LogView(LineView, inherit_bindings=False):
    """Lines kept as bytes and made readable only when they come into sight."""

    BINDINGS: ClassVar[list[BindingType]] = LineView.BINDINGS

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(max_lines=MAX_LINES, id=id)
        self.lines: list[tuple[Line, bytes]] = []  # type: ignore[assignment]
        self._at_end = True

    def add(self, prefix: Line, lines: list[bytes]) -> None:
        """Add lines that one step wrote."""
        room = sum(len(text) for text, _ in prefix)
        self.lines.extend((prefix, line) for line in lines)
        self._added(room + min(max(map(len, lines), default=0), 4096))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._at_end = self.following

    def on_resize(self) -> None:
        if self._at_end:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)

    def get_line(self, index: int) -> Line:
        prefix, raw = self.lines[index]
        return (*prefix, (shown(raw), ""))


class LogPane(Pane, inherit_bindings=False):
    """The log of a run's steps, or of one step. ``timed`` puts the time of arrival before each line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow", show=False, id="log.follow"),
        Binding("s", "one_step", "Only this step", show=False, id="log.one_step"),
    ]

    def __init__(self, now: Callable[[], datetime], *, timed: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._timed = timed
        self._tails: dict[str, LogTail] = {}
        self._labels: dict[str, str] = {}
        self._waiting: dict[str, None] = {}  # in the order they wrote
        self._ended: set[str] = set()
        self._timer: Timer | None = None
        self.only: str | None = None
        self.selected: str | None = None

    class Counted(Message):
        """More lines were read: ``count`` in all."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def compose(self) -> ComposeResult:
        yield LogView(id="log-lines")

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    def on_mount(self) -> None:
        self._timer = self.set_interval(BEAT, self._drain, pause=not self._waiting, name="log")
        self.watch(self.view, "scroll_y", self._say, init=False)
        self._say()

    # -- what is read

    def begin(self) -> None:
        """Another run: forget what was shown."""
        self._tails.clear()
        self._waiting.clear()
        self._ended.clear()
        self.only = None
        if self.is_mounted:
            self.view.clear()
            self._say()

    def written(self, step: str, number: int, operation: str, path: Path) -> None:
        """More was written to the log file of a step."""
        if step not in self._tails:
            self._tails[step] = LogTail(path)
            self._labels[step] = f"s{number} {operation.partition('.')[0]:<9} "
        self._waiting[step] = None
        self._wake()

    def ended(self, step: str) -> None:
        """The step is over: its last line is shown even if it has no end."""
        if step in self._tails:
            self._ended.add(step)
            self._waiting[step] = None
            self._wake()

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.resume()

    def _drain(self) -> None:
        for step in tuple(self._waiting):
            tail = self._tails[step]
            lines, skipped, more = tail.read(MAX_LINES, ended=step in self._ended)
            if not more:
                self._waiting.pop(step, None)
            if lines and self.only in (None, step):
                self._show(step, lines, skipped)
        if not self._waiting and self._timer is not None:
            self._timer.pause()
        self._say()
        self.post_message(self.Counted(self.count))

    def _show(self, step: str, lines: list[bytes], skipped: int) -> None:
        stamp = self._now().astimezone().strftime("%H:%M:%S ") if self._timed else ""
        prefix = ((f" {stamp}", "muted"), (self._labels[step], "key"))
        if skipped:
            self.view.add(prefix, [f"… {skipped:,} lines passed over, all are in the full log …".encode()])
        self.view.add(prefix, lines)

    # -- what is shown

    @property
    def count(self) -> int:
        """Lines written by all steps so far."""
        return sum(tail.count for tail in self._tails.values())

    def path_of(self, step: str | None) -> Path | None:
        """The log file of a step; of the one that wrote last when ``step`` has none."""
        if step in self._tails:
            return self._tails[step].path
        return next((tail.path for tail in reversed(self._tails.values())), None)

    def _say(self) -> None:
        if self.only is None:
            self.heading = "Logs  all steps"
        else:
            self.heading = f"Logs  {self._labels.get(self.only, 'this step').split()[0]} only"
        if not self._tails:
            self.standing = ""
            return
        how = "following" if self.view.following else "held · End follows"
        self.standing = f"{how} · {self.count:,} {'line' if self.count == 1 else 'lines'} · full: o"

    def action_follow(self) -> None:
        self.view.scroll_end(animate=False, immediate=True, force=True)
        self._say()

    def action_one_step(self) -> None:
        """Show only the selected step's lines, or all again."""
        self.show_only(None if self.only is not None else self.selected)

    def show_only(self, step: str | None) -> None:
        self.only = step
        self.view.clear()
        for name, tail in self._tails.items():
            if step in (None, name):
                count = tail.count
                tail.rewind(_AGAIN)
                lines, skipped, _ = tail.read(MAX_LINES, ended=name in self._ended)
                tail.count = max(count, tail.count - len(lines) - skipped)
                self._show(name, lines, 0)
        self._say()
