"""The conversation: what the person wrote, and replies as Markdown, each through one stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from reign_tui.text import plain
from reign_tui.widgets.asking import Asking

if TYPE_CHECKING:
    from datetime import datetime

    from textual.widgets import Markdown
    from textual.widgets._markdown import MarkdownStream

    from reign_tui.thinking import Thinking

PATIENCE = 0.04  # seconds: a new message lays the whole screen out again, and the plan it leads to goes first
DRAWN_EVERY = 0.15  # seconds: what grows lays the screen out again and moves all of it
KEPT = 60  # messages that stay; older ones are in the history


class Reply:
    """A reply that grows. ``write`` takes Markdown, ``end`` closes it."""

    def __init__(self, key: str, markdown: Markdown) -> None:
        self.key = key
        self._markdown = markdown
        self._stream: MarkdownStream | None = None
        self._begun = False

    async def write(self, fragment: str) -> None:
        """Add Markdown; a fragment is a paragraph of its own."""
        if self._stream is None:
            self._stream = type(self._markdown).get_stream(self._markdown)
        await self._stream.write(("\n\n" if self._begun else "") + fragment)
        self._begun = True

    async def end(self) -> None:
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None


class Chat(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Messages, oldest on top; the end stays in sight unless a person scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="chat.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="chat.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="chat.page_up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="chat.page_down"),
        Binding("home", "scroll_home", "Start", show=False, id="chat.start"),
        Binding("end", "scroll_end", "End", show=False, id="chat.end"),
    ]
    DEFAULT_CSS = """
    Chat {
        height: 1fr;
        background: transparent;
        scrollbar-size-vertical: 1;
        & > .reply-head { height: 1; padding: 0 1; }
        & > .said { height: auto; padding: 0 1 0 3; margin: 0 0 1 0; }
        & > #teach { height: auto; padding: 0 1; }
        & > Markdown {
            background: transparent;
            padding: 0 1 0 3;
            margin: 0 0 1 0;
            & MarkdownParagraph { margin: 0; }
            & MarkdownBulletList { margin: 0; }
            & MarkdownFence { margin: 0; max-height: 20; }
            & MarkdownH1, & MarkdownH2, & MarkdownH3 { margin: 0; padding: 0; content-align: left middle; }
        }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._reply: Reply | None = None
        self._asking: dict[str, Asking] = {}
        self._stale: set[str] = set()
        self._later: list[Callable[[], None]] = []
        self._drawn = 0.0
        self._teaching = True
        self.anchor()

    def on_mount(self) -> None:
        self.run_worker(self._serve(), name="chat")

    async def _serve(self) -> None:
        """What is said is put up one after the other, in the order it was said."""
        while True:
            rested = self._waiting.empty()
            put_up = await self._waiting.get()
            if rested:
                await asyncio.sleep(PATIENCE)
            await put_up()
            self._waiting.task_done()

    async def settled(self) -> None:
        """Until all that was said is on the screen."""
        self._draw_later()
        await self._waiting.join()
        await self._end_reply()

    def clear(self) -> None:
        """Take away all that was said."""
        self._stale.clear()
        self._later.clear()
        self._waiting.put_nowait(self._put_away)

    async def _put_away(self) -> None:
        await self._end_reply()
        self._asking.clear()
        await self.remove_children()

    def say(self, who: str, when: str, text: str, *, ink: str = "$accent") -> None:
        """Something a person said, letter by letter. It ends the reply under way."""
        head = Content.assemble((who, f"bold {ink}"), (f" {when}", "$muted"))
        self._waiting.put_nowait(lambda: self._put_said(head, plain(text)))

    def tell(self, key: str, when: str, about: str, markdown: str) -> None:
        """Reign says something (Markdown). What has the same ``key`` goes on in the same reply."""
        self._waiting.put_nowait(lambda: self._put_told(key, when, about, markdown))

    def think(self, key: str, when: str, thinking: Thinking, now: Callable[[], datetime]) -> None:
        """Show how planning goes, as it is by the time it is drawn: however often this is called, it is drawn once."""
        if key in self._stale:
            return
        self._stale.add(key)
        due = self._drawn + DRAWN_EVERY - time.monotonic()
        if key not in self._asking or due <= 0:
            self._draw_thinking(key, when, thinking, now)
        else:
            self._later.append(partial(self._draw_thinking, key, when, thinking, now))
            self.set_timer(due, self._draw_later)

    def _draw_later(self) -> None:
        later, self._later = self._later, []
        for draw in later:
            draw()

    def _draw_thinking(self, key: str, when: str, thinking: Thinking, now: Callable[[], datetime]) -> None:
        self._drawn = time.monotonic()
        self._waiting.put_nowait(lambda: self._put_thinking(key, when, thinking, now))

    async def _put_thinking(self, key: str, when: str, thinking: Thinking, now: Callable[[], datetime]) -> None:
        self._stale.discard(key)
        asking = self._asking.get(key)
        if asking is None or not asking.is_attached:
            await self._end_reply()
            head = Content.assemble(("reign", "bold $primary"), (f" {when}", "dim"))
            asking = self._asking[key] = Asking()
            await self._add(Static(head, classes="reply-head", markup=False), asking)
        if asking.is_mounted:  # else the screen is being taken down
            await asking.show(thinking, now())

    async def _end_reply(self) -> None:
        if self._reply is not None:
            await self._reply.end()
            self._reply = None

    async def _put_said(self, head: Content, text: str) -> None:
        await self._end_reply()
        await self._add(Static(head, classes="reply-head", markup=False), Static(text, classes="said", markup=False))

    async def _put_told(self, key: str, when: str, about: str, text: str) -> None:
        from textual.widgets import Markdown

        if self._reply is None or self._reply.key != key:
            if self._reply is not None:
                await self._reply.end()
            head = Content.assemble(
                ("reign", "bold $primary"), (f" {when}", "dim"), (f"  {about}" if about else "", "dim")
            )
            markdown = Markdown(open_links=False)
            await self._add(Static(head, classes="reply-head", markup=False), markdown)
            self._reply = Reply(key, markdown)
        await self._reply.write(text)

    def teach(self, text: Content) -> None:
        """What stands here while nothing was said."""
        for static in self.query("#teach").results(Static):
            static.update(text)

    def compose(self) -> ComposeResult:
        yield Static("", id="teach", markup=False)

    async def _add(self, *widgets: Widget) -> None:
        if self._teaching:
            self._teaching = False
            await self.query("#teach").remove()
        await self.mount(*widgets)
        children = list(self.children)
        if len(children) > KEPT:
            await self.remove_children(children[: len(children) - KEPT])
            self._asking = {key: asking for key, asking in self._asking.items() if asking.is_attached}
