"""Where requests are written: several lines, a history, and typing goes on while work is under way."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from reign_tui.widgets.offering import Offering

_MOST = 200  # requests kept in the history


EDITING: list[BindingType] = [
    Binding("enter", "send", "Send", show=False, id="composer.send"),
    Binding("ctrl+j,shift+enter,alt+enter", "newline", "New line", show=False, id="composer.newline"),
    Binding("tab", "take", "Take the suggestion", show=False, id="composer.take"),
    Binding("up", "older", "Older request", show=False, id="composer.older"),
    Binding("down", "newer", "Newer request", show=False, id="composer.newer"),
    Binding("escape", "leave", "Leave the input", show=False, id="composer.leave"),
    Binding("left", "cursor_left", "Left", show=False, id="composer.left"),
    Binding("right", "cursor_right", "Right", show=False, id="composer.right"),
    Binding("ctrl+left,alt+b", "cursor_word_left", "Word left", show=False, id="composer.word_left"),
    Binding("ctrl+right,alt+f", "cursor_word_right", "Word right", show=False, id="composer.word_right"),
    Binding("home", "cursor_line_start", "Line start", show=False, id="composer.start"),
    Binding("end,ctrl+e", "cursor_line_end", "Line end", show=False, id="composer.end"),
    Binding("shift+left", "cursor_left(True)", "Select left", show=False, id="composer.select_left"),
    Binding("shift+right", "cursor_right(True)", "Select right", show=False, id="composer.select_right"),
    Binding("shift+home", "cursor_line_start(True)", "Select to start", show=False, id="composer.select_start"),
    Binding("shift+end", "cursor_line_end(True)", "Select to end", show=False, id="composer.select_end"),
    Binding("backspace", "delete_left", "Delete left", show=False, id="composer.backspace"),
    Binding("delete,ctrl+d", "delete_right", "Delete right", show=False, id="composer.delete"),
    Binding("ctrl+w", "delete_word_left", "Delete word", show=False, id="composer.delete_word"),
    Binding("ctrl+u", "delete_to_start_of_line", "Delete to start", show=False, id="composer.delete_start"),
    Binding("ctrl+k", "delete_to_end_of_line_or_delete_line", "Delete to end", show=False, id="composer.delete_end"),
    Binding("ctrl+z", "undo", "Take back", show=False, id="composer.undo"),
    Binding("ctrl+y", "redo", "Do again", show=False, id="composer.redo"),
    Binding("ctrl+v", "paste", "Paste", show=False, id="composer.paste"),
]


class Editor(Offering, inherit_bindings=False):
    """A text area without Ctrl-A and Ctrl-B (they belong to screen and tmux), each binding with an id."""

    BINDINGS: ClassVar[list[BindingType]] = EDITING

    class Sent(Message):
        """A request is to be sent."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape in the input."""

    class Typed(Message):
        """A key wrote something."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True)
        self.cursor_blink = False  # a blinking cursor costs 1 % of a core, and bytes on every line over SSH
        self.sent: list[str] = []
        self._place: int | None = None
        self._draft = ""

    def action_send(self) -> None:
        text = self.text.strip()
        if not text:
            return
        if not self.sent or self.sent[-1] != text:
            self.sent.append(text)
            del self.sent[:-_MOST]
        self._place = None
        self.text = ""
        self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_leave(self) -> None:
        """Close the suggestions; where there are none, leave the input."""
        if self.offers:
            self.give_back()
        else:
            self.post_message(self.Left())

    def action_take(self) -> None:
        self.take()

    def action_delete_left(self) -> None:
        super().action_delete_left()
        self.offer()

    def action_delete_word_left(self) -> None:
        super().action_delete_word_left()
        self.offer()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a suggestion the key that takes one is free for the screen."""
        return bool(self.offers) if action == "take" else super().check_action(action, parameters)

    def action_older(self) -> None:
        """Back in the suggestions; the line above; from the first line the request before."""
        if self.chosen is not None:
            self.walk(-1)
            return
        if self.cursor_location[0] > 0 and self._place is None:
            self.action_cursor_up()
            return
        if not self.sent or self._place == 0:
            return
        if self._place is None:
            self._draft = self.text
            self._place = len(self.sent)
        self._place -= 1
        self._put(self.sent[self._place])

    def action_newer(self) -> None:
        """Into the suggestions; the line below; from the last line the request after."""
        if self._place is None and self.offers:
            self.walk(1)
            return
        if self._place is None:
            if self.cursor_location[0] < self.document.line_count - 1:
                self.action_cursor_down()
            return
        self._place += 1
        if self._place >= len(self.sent):
            self._place = None
            self._put(self._draft)
        else:
            self._put(self.sent[self._place])

    def _put(self, text: str) -> None:
        self.text = text
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        """Sending and new lines happen here, in the order of typing: a binding would overtake letters still queued."""
        if event.key in self._keys_of("composer.send"):
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in self._keys_of("composer.newline"):
            event.stop()
            event.prevent_default()
            self.action_newline()
        elif self.offers and self._takes(event.key):
            event.stop()
            event.prevent_default()
            self.take()
        else:
            if event.is_printable or event.key in ("backspace", "delete"):
                self._place = None
            await super()._on_key(event)
            if event.is_printable:
                self.post_message(self.Typed())
                self.offer()

    def _takes(self, key: str) -> bool:
        """Whether a key takes the suggestion: its own, or the one for "right" where a ghost stands."""
        return key in self._keys_of("composer.take") or (
            bool(self.suggestion) and key in self._keys_of("composer.right")
        )

    def _keys_of(self, binding_id: str) -> frozenset[str]:
        """The keys of a binding, as the keymap has them."""
        default = next((b.key for b in EDITING if isinstance(b, Binding) and b.id == binding_id), "")
        keymap: dict[str, str] = getattr(self.app, "keys", {})
        return frozenset(key.strip() for key in keymap.get(binding_id, default).split(","))


class Composer(Horizontal):
    """``>`` and the input. ``text`` is what is written."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 8;
        padding: 0 1;
        & > #prompt { width: 2; color: $accent; text-style: bold; }
        & > Editor { height: auto; max-height: 8; background: transparent; border: none; padding: 0; }
        & > Editor:focus { background: transparent; border: none; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static("> ", id="prompt", markup=False)
        yield Editor(id="editor")

    @property
    def editor(self) -> Editor:
        return self.query_one(Editor)

    @property
    def text(self) -> str:
        return self.editor.text
