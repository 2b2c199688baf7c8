"""Keys pressed while the first screen is still being put together: they are kept and written into the input."""

from __future__ import annotations

from textual import events

MOST = 2000
"""Characters that are kept."""
_ENDS = frozenset({"enter", "ctrl+j", "ctrl+m"})
_BACK = frozenset({"backspace", "ctrl+h"})


class TypedEarly:
    """``over``: nothing is kept any more. An Enter is not kept: nothing is sent that nobody saw written."""

    def __init__(self) -> None:
        self.over = False
        self._text = ""

    def takes(self, event: events.Event) -> bool:
        """Keep a key or a paste; False for what is none of this one's."""
        if self.over or not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            return False
        if isinstance(event, events.Paste):
            self._text += "".join(letter for letter in event.text if letter.isprintable() or letter == "\n")
        elif event.key in _BACK:
            self._text = self._text[:-1]
        elif event.key not in _ENDS:
            if not event.is_printable or event.character is None:
                return False
            self._text += event.character
        self._text = self._text[:MOST]
        return True

    @property
    def text(self) -> str:
        """What was typed so far."""
        return self._text

    def end(self) -> str:
        """What was typed; from now on keys go their usual way."""
        self.over = True
        return self._text
