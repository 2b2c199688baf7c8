"""The list under the input: what can follow, and the keys that take it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from reign_tui.text import cut

if TYPE_CHECKING:
    from reign_agents.suggestions.offer import Offer

ROWS = 5
ROWS_LOW = 3
_KEYS = 5


class OfferList(Static):
    """Shows offers; it can't have the focus. While it is open it grows but never shrinks: the input stays in place."""

    DEFAULT_CSS = """
    OfferList { height: auto; padding: 0 1; display: none; }
    OfferList.-open { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._height = 0
        self._width = 20

    def show(self, offers: Sequence[Offer], chosen: int | None, take: str, width: int) -> None:
        """``chosen`` is the row that was walked to, ``take`` the key that takes the first one, ``width`` in columns."""
        opened = bool(offers)
        if opened != self.has_class("-open"):
            self.set_class(opened, "-open")
        if not opened:
            self._height = 0
            return
        most = ROWS_LOW if self.screen.has_class("-low") else ROWS
        first = 0 if chosen is None else max(0, chosen - most + 1)
        shown = offers[first : first + most]
        height = max(self._height, len(shown))
        self._width = max(width - 2, 20)
        rows = [self._row(offer, first + n, chosen, take) for n, offer in enumerate(shown)]
        rows += [Content("")] * (height - len(rows))
        content = Content("\n").join(rows)
        if content != self.content or height != self._height:
            self.update(content, layout=height != self._height)
        self._height = height

    def _row(self, offer: Offer, number: int, chosen: int | None, take: str) -> Content:
        mark = "▌" if number == chosen else " "
        key = take if chosen is None and number == 0 else "↓" if number == (0 if chosen is None else chosen) + 1 else ""
        room = self._width - _KEYS - 2
        text = cut(offer.text, room)
        left = room - len(text) - 2
        note = cut(offer.note, left) if left >= 6 else ""
        ink = "bold" if number == (chosen or 0) else ""
        return Content.assemble(
            (mark, "$accent"),
            (f"{key:>{_KEYS}} ", "bold $accent"),
            (text, ink),
            (f"  {note}" if note else "", "$muted"),
        )
