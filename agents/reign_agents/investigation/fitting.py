"""A conversation kept under a limit: old looks are left out first, then long words of the model's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from reign_agents.investigation.limits import characters, estimate
from reign_agents.models.conversation import Message, Tool, ToolCall

KEEP = 400
"""Characters that remain of what is left out."""


def size_of(system: str, tools: Sequence[Tool], messages: Sequence[Message]) -> int:
    """Tokens of a request, estimated."""
    fixed = len(system) + sum(len(one.name) + len(one.description) + len(json.dumps(one.parameters)) for one in tools)
    return estimate(fixed + sum(map(_length, messages)))


def fitted(messages: Sequence[Message], excess: int, begun: int) -> list[Message]:
    """``messages`` with at least ``excess`` tokens less, where that much can go; the first ``begun`` (what went on
    before, and the request) and the newest turn are never touched.

    Half as much again is left out, so that the next turns leave the beginning as it is: a vendor's cache then has it.
    What a vendor wants back unchanged belongs to an unchanged past, and goes, too.
    """
    wanted = characters(excess) * 3 // 2
    kept = [replace(one, carried=()) if one.carried else one for one in messages]
    wanted -= sum(map(_length, messages)) - sum(map(_length, kept))
    newest = max((number for number, one in enumerate(kept) if one.role == "assistant"), default=len(kept))
    for shorter in (_without_result, _without_words):
        for number in range(begun, newest):
            if wanted <= 0:
                return kept
            fresh = shorter(kept[number])
            wanted -= _length(kept[number]) - _length(fresh)
            kept[number] = fresh
    return kept


def _length(message: Message) -> int:
    if message.carried:
        return len(json.dumps(message.carried))
    return len(message.text) + sum(len(json.dumps(call.arguments)) + len(call.name) for call in message.calls)


def _without_result(message: Message) -> Message:
    if message.role != "tool" or len(message.text) <= KEEP * 2:
        return message
    first = message.text[:KEEP]
    return replace(message, text=f"{first}…\n(left out to save room; read_more, or the same look again, has it)")


def _without_words(message: Message) -> Message:
    if message.role != "assistant":
        return message
    text = message.text if len(message.text) <= KEEP * 2 else f"{message.text[:KEEP]}…"
    return replace(message, text=text, calls=tuple(map(_shorter_call, message.calls)))


def _shorter_call(call: ToolCall) -> ToolCall:
    if len(json.dumps(call.arguments)) <= KEEP * 2:
        return call
    return replace(call, arguments={"left_out": "to save room"})
