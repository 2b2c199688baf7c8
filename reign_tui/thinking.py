"""How planning with models goes, folded from events: what is noted, what a model says, what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reign_agents.events import Event, EventType
from reign_agents.models.listening import CUT_OFF
from reign_tui.text import moment, plain

MOST = 200  # entries that are kept
ENDINGS = {
    "cut": "cut off here at the most tokens it may write: this is not the whole answer",
    "refused": "the model refused to go on",
    "broken": "broke off here: this is not the whole answer",
    "stopped": "stopped here: this is not the whole answer",
}
"""How a model's words may have ended, other than whole."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of Reign's own. ``look`` names the look it tells of."""

    text: str
    kind: str = ""
    look: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a model said, as far as it came. ``state``: writing, whole, asks, or one of :data:`ENDINGS`.

    ``characters`` is how much it said in all; ``text`` may be less.
    """

    planner: str
    text: str
    state: str = "whole"
    answer: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """A query that a model ran: how it was named (``q1``), what was asked, what came back (its beginning)."""

    planner: str
    number: str
    asked: str
    result: str | None = None
    characters: int = 0
    path: str | None = None


@dataclass(slots=True)
class Thinking:
    """Of one request. ``asked`` is the model that is asked now, ``since`` when that began; ``waits``: nobody asks it
    anything yet, a person is asked first whether a budget may be passed.
    """

    entries: list[Noted | Words] = field(default_factory=list)
    looks: dict[tuple[str, str], Look] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    asked: str | None = None
    since: datetime | None = None
    waits: bool = False

    def apply(self, event: Event) -> None:
        """Fold one event in; those that tell nothing of planning are left out."""
        data = event.data
        match event.type:
            case EventType.PLANNER_NOTED:
                self._noted(data, moment(event.time))
            case EventType.PLANNER_SAID:
                self._said(data)
            case EventType.FINDING if _model(data):
                self.findings.append(dict(data))
            case EventType.QUESTION if _model(data):
                suggestions = data.get("suggestions")
                lines = [str(data.get("text") or ""), *(suggestions if isinstance(suggestions, list) else ())]
                text = plain("\n- ".join(str(line) for line in lines))
                self._add(Words(_model(data), text, "asks", characters=len(text)))
            case EventType.PLAN_DRAFTED | EventType.PLAN_READY:
                self.asked = None
            case EventType.RUN_FINISHED:
                self._answered(data)
            case _:
                pass

    def _noted(self, data: dict[str, Any], at: datetime) -> None:
        kind, text, planner = str(data.get("kind")), plain(str(data.get("text") or "")), str(data.get("planner") or "")
        if kind == "asking":
            self.asked, self.since = planner, at
        elif kind in ("gave_up", "offline"):
            self.asked = None
        if kind == "allowed":
            self.since = at
        self.waits = kind == "budget"
        if kind not in ("looking", "looked"):
            self._add(Noted(text, kind))
            return
        key = (planner, str(data.get("look")))
        result = None if data.get("result") is None else str(data["result"])
        asked = text.removeprefix("looks at ").removeprefix("looked at ")
        path = None if data.get("file") is None else str(data["file"])
        self.looks[key] = Look(planner, key[1], asked, result, int(data.get("characters") or 0), path)
        noted = Noted(f"{key[1]} {text}", kind, key)
        at_place = next((n for n, one in enumerate(self.entries) if isinstance(one, Noted) and one.look == key), None)
        if at_place is None:
            self._add(noted)
        else:
            self.entries[at_place] = noted

    def _said(self, data: dict[str, Any]) -> None:
        words = Words(
            planner=str(data.get("planner") or ""),
            text=plain(str(data.get("text") or "")),
            state=str(data.get("state") or "whole"),
            answer=int(data.get("answer") or 0),
            characters=int(data.get("characters") or 0),
        )
        for place in range(len(self.entries) - 1, -1, -1):
            one = self.entries[place]
            if isinstance(one, Words) and one.answer == words.answer:
                self.entries[place] = words
                return
        self._add(words)

    def told(self, answer: str) -> bool:
        """Whether a run's answer is among a model's words, or its findings, already."""
        answer = plain(answer).strip().removesuffix(CUT_OFF).rstrip()
        found = bool(self.findings) and answer == "\n".join(f"- {one.get('text')}" for one in self.findings)
        said = (one.text for one in self.entries if isinstance(one, Words) and one.state in ("whole", "cut", "asks"))
        return bool(answer) and (found or any(text.startswith(answer) for text in said))

    @property
    def asks(self) -> bool:
        """Whether a model asks the person something."""
        return any(isinstance(one, Words) and one.state == "asks" for one in self.entries)

    def _answered(self, data: dict[str, Any]) -> None:
        """The run's end: what a model answered is among its words, not among Reign's; nothing is being written."""
        self.asked, self.waits = None, False
        answer = plain(str(data.get("answer") or "")).strip()
        if _model(data) and answer and not self.told(answer):
            self._add(Words(_model(data), answer, characters=len(answer)))
        for place, one in enumerate(self.entries):
            if isinstance(one, Words) and one.state == "writing":
                self.entries[place] = replace(one, state="stopped")

    def _add(self, entry: Noted | Words) -> None:
        self.entries.append(entry)
        del self.entries[:-MOST]


def _model(data: dict[str, Any]) -> str:
    """The model that the event's words come from; empty where they are Reign's own."""
    planner = data.get("planner")
    return "" if planner in (None, "offline") else str(planner)
