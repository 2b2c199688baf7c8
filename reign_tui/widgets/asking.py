"""How planning with models goes, in the chat: notes in a line each, a model's words behind a bar of their own.

Nothing that a model says can look like Reign's: its words are plain text (no markup, no colour, no escape) and every
line of them stands behind the bar, which is drawn by the border and can't be written.
"""

from __future__ import annotations

from datetime import datetime

from textual.containers import Vertical
from textual.widgets import Static

from reign_tui.text import counted
from reign_tui.thinking import ENDINGS, Noted, Thinking, Words


class Spoken(Vertical):
    """One answer: who speaks, the words, and how they ended."""

    DEFAULT_CSS = """
    Spoken {
        height: auto;
        & > .speaker { height: auto; color: $muted; }
        & > .words { height: auto; border-left: outer $warning; padding: 0 0 0 1; }
        & > .ending { height: auto; color: $text-warning; display: none; }
        & > .ending.-some { display: block; }
    }
    """

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._said = words
        self._speaker = Static(_speaker(words), classes="speaker", markup=False)
        self._words = Static(words.text, classes="words", markup=False)
        self._ending = Static("", classes="ending", markup=False)

    def compose(self) -> list[Static]:
        return [self._speaker, self._words, self._ending]

    def on_mount(self) -> None:
        self._end()

    def show(self, words: Words) -> None:
        """Draw what changed."""
        before, self._said = self._said, words
        if words.text != before.text:
            self._words.update(words.text)
        if words != before:
            self._end()

    def _end(self) -> None:
        text = ENDINGS.get(self._said.state, "")
        unseen = self._said.characters - len(self._said.text)
        if self._said.state == "writing":
            text = ""
        elif unseen > 200:
            text = f"{counted(unseen, 'more character')} not shown{'; ' + text if text else ''}"
        self._ending.set_class(bool(text), "-some")
        self._ending.update(text)


def _speaker(words: Words) -> str:
    verb = "asks" if words.state == "asks" else "says"
    return f"{words.planner} {verb} (its own words, nothing measured)"


class Asking(Vertical):
    """One request's planning. :meth:`show` brings what is drawn up to date."""

    DEFAULT_CSS = """
    Asking {
        height: auto;
        padding: 0 1 0 3;
        margin: 0 0 1 0;
        & > .noted { height: auto; color: $muted; }
        & > #now { height: auto; color: $text-primary; display: none; }
        & > #now.-some { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Noted | Words] = []
        self._parts: list[Static | Spoken] = []
        self._now = Static("", id="now", markup=False)

    def compose(self) -> list[Static]:
        return [self._now]

    async def show(self, thinking: Thinking, now: datetime) -> None:
        """What was noted and said until now."""
        entries = list(thinking.entries)
        if len(entries) < len(self._shown) or _kinds(entries[: len(self._shown)]) != _kinds(self._shown):
            for part in self._parts:
                await part.remove()
            self._shown, self._parts = [], []
        for part, before, entry in zip(self._parts, self._shown, entries, strict=False):
            if entry == before:
                continue
            if isinstance(part, Spoken) and isinstance(entry, Words):
                part.show(entry)
            elif isinstance(part, Static) and isinstance(entry, Noted):
                part.update(entry.text)
        fresh: list[Static | Spoken] = [
            Spoken(entry) if isinstance(entry, Words) else Static(entry.text, classes="noted", markup=False)
            for entry in entries[len(self._shown) :]
        ]
        if fresh:
            await self.mount(*fresh, before=self._now)
        self._parts += fresh
        self._shown = entries
        self._tell(thinking, now)

    def _tell(self, thinking: Thinking, now: datetime) -> None:
        text = ""
        if thinking.asked is not None and thinking.waits:
            text = f"{thinking.asked} is not asked yet: the budget's question waits for you"
        elif thinking.asked is not None and thinking.since is not None:
            writes = any(isinstance(one, Words) and one.state == "writing" for one in self._shown[-1:])
            seconds = max(int((now - thinking.since).total_seconds()), 0)
            text = f"{thinking.asked} {'writes' if writes else 'thinks'}, {seconds} s; Esc stops it"
        self._now.set_class(bool(text), "-some")
        self._now.update(text)


def _kinds(entries: list[Noted | Words]) -> list[object]:
    return [entry.answer if isinstance(entry, Words) else Noted for entry in entries]
