"""Lines of inked text, drawn one by one: the ground of logs, diffs, details and the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

Line = tuple[tuple[str, str], ...]
"""Spans of (text, ink); inks are the names after ``line--`` in the component classes, ``""`` is plain."""

INKS = (
    "muted", "key", "title", "add", "remove", "modify", "read", "create", "change", "destroy", "unknown",
    "ask", "run", "done", "failed", "lane", "found", "cursor",
)  # fmt: skip


def text_line(text: str, ink: str = "") -> Line:
    return ((text, ink),)


def width_of(line: Line) -> int:
    return sum(len(text) for text, _ in line)


def diff_line(text: str) -> Line:
    """A line of a diff or of a ``+ - ~`` listing with its ink."""
    bare = text.lstrip()
    if bare.startswith("@@"):
        return ((text, "muted"),)
    ink = {"+": "add", "-": "remove", "~": "modify"}.get(bare[:1], "")
    return ((text, ink),)


class LineView(ScrollView, inherit_bindings=False):
    """A scrolling view of lines, of which only those in sight are rendered.

    With ``max_lines`` the oldest are dropped (the place one reads at stays). ``following`` keeps the end in sight
    while lines are added, until a person scrolls up.
    """

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line--{ink}" for ink in INKS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="view.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="view.down"),
        Binding("left", "scroll_left", "Left", show=False, id="view.left"),
        Binding("right", "scroll_right", "Right", show=False, id="view.right"),
        Binding("pageup", "page_up", "Page up", show=False, id="view.page_up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="view.page_down"),
        Binding("home", "scroll_home", "Start", show=False, id="view.start"),
        Binding("end", "scroll_end", "End", show=False, id="view.end"),
    ]
    DEFAULT_CSS = """
    LineView {
        background: transparent;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .line--muted { color: $muted; }
        .line--key { color: $accent; }
        .line--title { text-style: bold; }
        .line--add, .line--create, .line--done { color: $text-success; }
        .line--remove { color: $text-error; }
        .line--modify, .line--change { color: $text-warning; }
        .line--read { color: $muted; }
        .line--destroy { color: $text-error; text-style: bold; }
        .line--unknown { color: $text-accent; text-style: bold; }
        .line--ask { color: $text-warning; text-style: bold reverse; }
        .line--run { color: $text-primary; text-style: bold; }
        .line--failed { color: $text-error; text-style: bold; }
        .line--lane { color: $primary; }
        .line--found { text-style: reverse; }
        .line--cursor { background: $boost; text-style: bold; }
        &:ansi {
            .line--muted, .line--read { color: ansi_default; text-style: dim; }
            .line--add, .line--create, .line--done { color: ansi_green; }
            .line--remove, .line--destroy, .line--failed { color: ansi_red; }
            .line--modify, .line--change, .line--ask { color: ansi_yellow; }
            .line--unknown { color: ansi_magenta; }
            .line--key, .line--run, .line--lane { color: ansi_blue; }
            .line--cursor { background: ansi_default; text-style: bold; }
        }
    }
    """

    def __init__(self, *, max_lines: int | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []
        self.max_lines = max_lines
        self.needle = ""
        self.found: int | None = None
        self._widest = 0

    # -- content

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines instead; the place one reads at stays where it can."""
        self.lines = list(lines)
        self._widest = max((width_of(line) for line in self.lines), default=0)
        self._measure()
        self.refresh()

    def add_lines(self, lines: Iterable[Line]) -> None:
        """Add lines at the end; what is too old is dropped."""
        fresh = list(lines)
        self.lines.extend(fresh)
        self._added(max((width_of(line) for line in fresh), default=0))

    def _added(self, widest: int) -> None:
        """Take account of lines put at the end of ``lines``, the longest ``widest`` columns wide."""
        follow, dropped = self.following, 0
        self._widest = max(self._widest, widest)
        if self.max_lines is not None and len(self.lines) > self.max_lines:
            dropped = len(self.lines) - self.max_lines
            del self.lines[:dropped]
        self._measure()
        if follow:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        elif dropped:
            self.scroll_to(y=max(self.scroll_offset.y - dropped, 0), animate=False, immediate=True, force=True)
        self.refresh()

    def clear(self) -> None:
        self.lines = []
        self._widest = 0
        self._measure()
        self.scroll_home(animate=False, immediate=True, force=True)
        self.refresh()

    @property
    def following(self) -> bool:
        """Whether the end is in sight, so that new lines are shown as they come."""
        return self.scroll_offset.y >= self.max_scroll_y

    def _measure(self) -> None:
        self.virtual_size = Size(self._widest, len(self.lines))

    # -- finding

    def find(self, needle: str, *, start: int | None = None, backwards: bool = False) -> int | None:
        """Mark ``needle`` (any case) everywhere and bring the next line with it into sight; its number, or None."""
        self.needle = needle.lower()
        self.found = None
        self.refresh()
        if not self.needle or not self.lines:
            return None
        count = len(self.lines)
        begin = self.scroll_offset.y if start is None else start
        order = range(begin, begin - count, -1) if backwards else range(begin, begin + count)
        for index in order:
            if self.needle in self.text_of(index % count).lower():
                self.found = index % count
                self.show_line(self.found)
                return self.found
        return None

    def show_line(self, index: int) -> None:
        """Bring line ``index`` into sight."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= index < top + height:
            self.scroll_to(y=max(index - height // 2, 0), animate=False, immediate=True, force=True)

    def text_of(self, index: int) -> str:
        return "".join(text for text, _ in self.get_line(index))

    # -- drawing

    def ink(self, name: str, base: Style) -> Style:
        return base + self.get_component_rich_style(f"line--{name}", partial=True) if name else base

    def base_style(self, index: int) -> Style:
        """The style under a whole line."""
        return self.rich_style

    def get_line(self, index: int) -> Line:
        """What is drawn at ``index``."""
        return self.lines[index]

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        index, width = top + y, self.size.width
        if index >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        base = self.base_style(index)
        spans = self.get_line(index)
        if self.needle:
            spans = _marked(spans, self.needle)
        segments = [Segment(text, self.ink(ink, base)) for text, ink in spans]
        strip = Strip(segments)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(index)) is not None:
            strip = _selected(strip, span, self.screen.get_component_rich_style("screen--selection"))
        return strip.crop_extend(left, left + width, base).apply_offsets(left, index)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(self.text_of(i) for i in range(len(self.lines)))), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def _marked(line: Line, needle: str) -> Line:
    """``line`` with every ``needle`` in the ink of what was found."""
    marked: list[tuple[str, str]] = []
    for text, ink in line:
        low, begin = text.lower(), 0
        while (place := low.find(needle, begin)) >= 0:
            marked += [(text[begin:place], ink), (text[place : place + len(needle)], "found")]
            begin = place + len(needle)
        marked.append((text[begin:], ink))
    return tuple(marked)


def _selected(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    start, end = span
    end = strip.cell_length if end == -1 else end
    if end <= start:
        return strip
    before, middle, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
    return Strip.join([before, middle.apply_style(style), after])
