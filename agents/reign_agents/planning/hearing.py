"""What is heard while a model plans becomes events: notes all of them, words latest-wins, bounded and harmless."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

from reign_agents.events import EventType
from reign_agents.models.listening import Ending, Listener, NoteKind
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor
from reign_executors.redaction.plain import plain

BEAT = 0.05
"""Seconds between two events of the same words."""
LONGEST_WORDS = 8000
"""Characters of one answer that are shown; the rest is counted."""
LONGEST_NOTE = 500
_UNSETTLED = 512
"""Characters at the end that may still become a secret."""
_BREAK = r"[\s\u2e80-\U0003ffff]"
_UP_TO_BREAK = re.compile(rf".*{_BREAK}", re.DOTALL)
_HAS_BREAK = re.compile(_BREAK)

Publish = Callable[[EventType, JsonObject], None]


class Hearing(Listener):
    """Publishes ``planner.noted`` and ``planner.said`` (see :class:`reign_agents.events.EventType`) for one request.

    ``secrets`` are known values, by name: a word, or a value of several words, is shown when it is whole and the
    ``redactor`` has seen it. :meth:`close` ends the timer.
    """

    def __init__(self, publish: Publish, redactor: Redactor, secrets: Mapping[str, str] | None = None) -> None:
        self._publish = publish
        self._redactor = redactor
        self._secrets = {} if secrets is None else secrets
        self._planner = "offline"
        self._answers = 0
        self._parts: list[str] = []
        self._kept = 0
        self._size = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def noted(self, kind: NoteKind, text: str, data: JsonObject) -> None:
        shown = shown_words(text, self._redactor, LONGEST_NOTE)
        more = self._redactor.value(data)
        assert isinstance(more, dict)
        self._publish(EventType.PLANNER_NOTED, {"kind": kind, "text": shown, **more})

    def begun(self, planner: str) -> None:
        self._planner = planner
        self._answers += 1
        self._parts, self._kept, self._size = [], 0, 0

    def piece(self, text: str) -> None:
        self._size += len(text)
        room = LONGEST_WORDS + _UNSETTLED - self._kept
        if room > 0 and text:
            self._parts.append(text[:room])
            self._kept += min(len(text), room)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._last + BEAT), self._tell)

    def ended(self, ending: Ending) -> None:
        self.close()
        if self._size:
            self._said(ending)

    def close(self) -> None:
        """Nothing more is published by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        self._last = asyncio.get_running_loop().time()
        self._said("writing")

    def _said(self, state: str) -> None:
        self._parts = ["".join(self._parts)]
        text = plain(self._parts[0])
        if state != "whole" or self._kept < self._size:
            text = settled(text, self._secrets)
        self._publish(
            EventType.PLANNER_SAID,
            {
                "planner": self._planner,
                "answer": self._answers,
                "state": state,
                "text": shown_words(text, self._redactor, LONGEST_WORDS),
                "characters": self._size,
            },
        )


def shown_words(text: str, redactor: Redactor, longest: int) -> str:
    """A model's words as they may be shown: nothing acts on a terminal, nothing is secret, nothing is endless.

    Escapes go before the redactor looks, so that none can split what it looks for.
    """
    shown = redactor.text(plain(text)).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def settled(text: str, secrets: Mapping[str, str]) -> str:
    """The beginning of ``text`` that no further piece can turn into a secret: whole words, and not the beginning of a
    known value of several words.
    """
    match = _UP_TO_BREAK.match(text)
    text = match[0] if match is not None else ""
    for value in secrets.values():
        if _HAS_BREAK.search(value):
            begun = next((n for n in range(min(len(value) - 1, len(text), 4096), 0, -1) if text.endswith(value[:n])), 0)
            text = text[: len(text) - begun]
    return text
