"""A text area that offers what can follow: a ghost behind the cursor, keys to take it, and a list for others to show.

Only what a person types opens the offers; a paste, or text that was put in, closes them. Taking one writes it, nothing
more: what is sent is what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widgets import TextArea

from reign_tui.text import cut

if TYPE_CHECKING:
    from reign_agents.suggestions.offer import Offer

    Suggest = Callable[[str], Sequence[Offer]]

LEAST = 4
"""Columns behind the cursor from which a ghost is worth showing."""


class Offering(TextArea, inherit_bindings=False):
    """``suggest`` is asked at each key press (None: nothing is offered); ``offers`` are what is offered now.

    ``chosen`` is the row of the list that was walked to and stands written; None: what stands there was typed.
    """

    class Offered(Message):
        """What is offered, or which of it is chosen, has changed."""

        def __init__(self, offers: Sequence[Offer], chosen: int | None) -> None:
            super().__init__()
            self.offers = offers
            self.chosen = chosen

    def __init__(self, *, id: str | None = None, compact: bool = False) -> None:
        super().__init__(id=id, compact=compact, soft_wrap=True, highlight_cursor_line=False)
        self.suggest: Suggest | None = None
        self.offers: Sequence[Offer] = ()
        self.chosen: int | None = None
        self._typed = ""
        self._putting = False

    # -- opening and closing

    def offer(self) -> None:
        """Ask for what can follow the text as it is now."""
        if self.suggest is None:
            return
        offers = self.suggest(self.text) if self.at_end and self.text.strip() else ()
        self._typed = self.text
        self._show(offers, None)

    def close_offers(self) -> None:
        """Offer nothing until the next key."""
        self._show((), None)

    def _show(self, offers: Sequence[Offer], chosen: int | None) -> None:
        changed = bool(offers or self.offers)
        self.offers, self.chosen = offers, chosen
        self.suggestion = self._ghost()
        if changed:
            self.post_message(self.Offered(offers, chosen))

    def _ghost(self) -> str:
        """What taking the first offer would add, in brackets: it must not look written where there are no colours."""
        if not self.offers or self.chosen is not None:
            return ""
        rest = self.offers[0].rest(self.text)
        room = self.content_size.width - self.cursor_screen_offset.x + self.content_region.x - 3
        return f"[{cut(rest, room)}]" if rest and room >= LEAST else ""

    @property
    def at_end(self) -> bool:
        """Whether the cursor stands behind everything, with nothing selected."""
        return self.selection.is_empty and self.cursor_location == self.document.end

    def on_text_area_selection_changed(self) -> None:
        """Away from the end nothing is offered."""
        if self.offers and not self.at_end:
            self.close_offers()

    def load_text(self, text: str) -> None:
        super().load_text(text)
        if not self._putting and self.offers:
            self.close_offers()

    def on_paste(self) -> None:
        """What is pasted is written by the text area itself, after this."""
        self.close_offers()

    def on_blur(self) -> None:
        self.close_offers()

    # -- taking

    def take(self, number: int = 0) -> None:
        """Write an offer in and offer what follows it."""
        if self.chosen is None and number < len(self.offers):
            self._write(self.offers[number].taken(self.text))
        self.offer()

    def walk(self, by: int) -> None:
        """Write the next offer of the list in place of what was typed; before the first one stands what was typed."""
        at = (-1 if self.chosen is None else self.chosen) + by
        if at >= len(self.offers):
            return
        self._write(self.offers[at].taken(self._typed) if at >= 0 else self._typed)
        self._show(self.offers, at if at >= 0 else None)

    def give_back(self) -> None:
        """What was typed, instead of what was walked to; nothing is offered any more."""
        if self.chosen is not None:
            self._write(self._typed)
        self.close_offers()

    def _write(self, text: str) -> None:
        """Change the text to this by one edit, which can be taken back."""
        self._putting = True
        try:
            self.replace(text, (0, 0), self.document.end)
            self.move_cursor(self.document.end)
        finally:
            self._putting = False
