"""One retry policy for all vendors; an answer that breaks off is told from one that ended; nothing is endless."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Stop,
    TextDelta,
    Thinks,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed, StreamBroken
from reign_agents.models.listening import note

ATTEMPTS = 3
LONGEST_WAIT = 20.0
"""Seconds; a vendor that asks for more is left for the next model."""
LONGEST_ANSWER = 256 * 1024
"""Characters of text and arguments in one answer."""
_HALF = re.compile("[\ud800-\udfff]")


def again(error: Exception) -> bool | float:
    """Whether to ask again before anything came: False, True (with back-off), or the seconds the vendor asked for."""
    if not isinstance(error, ModelFailed) or isinstance(error, StreamBroken) or not error.again:
        return False
    if error.wait is None:
        return True
    return error.wait if error.wait <= LONGEST_WAIT else False


async def steady(model: LanguageModel, conversation: Conversation, tools: Sequence[Tool]) -> AsyncIterator[Delta]:
    """See :meth:`LanguageModel.stream`."""
    import stamina

    logging.getLogger("stamina").addHandler(logging.NullHandler())  # else it writes on the screen
    await _prepared(model)
    source: AsyncGenerator[Delta, None] | None = None
    first: Delta | None = None
    early: list[Usage] = []
    async for attempt in stamina.retry_context(on=again, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=8):
        with attempt:
            source = model.pieces(conversation, tools)
            try:
                first = await _first(model, source, early)
            except ModelFailed as error:
                if attempt.num < ATTEMPTS and again(error) is not False:
                    seconds = attempt.next_wait if error.wait is None else error.wait
                    said = f"{error.cause}; asked again in {math.ceil(seconds)} s ({attempt.num + 1} of {ATTEMPTS})"
                    note("waiting", said, planner=model.name, seconds=seconds)
                raise
    assert source is not None
    if first is None:
        raise StreamBroken(f"{model.name} answered nothing", "ask again")
    async with aclosing(source):
        size = 0
        ids: set[str] = set()
        piece: Delta | None = first
        while piece is not None:
            size += _size(piece)
            if size > LONGEST_ANSWER:
                raise StreamBroken(
                    f"{model.name} went on beyond {LONGEST_ANSWER // 1024} KiB; the answer was cut off",
                    "ask for less at once",
                )
            if isinstance(piece, Stop):
                for usage in early:
                    yield usage
            if isinstance(piece, ToolCall):
                piece = _named_once(piece, ids)
            yield piece
            if isinstance(piece, Stop):
                return
            piece = await _next(model, source, begun=True)
    raise StreamBroken(f"the answer of {model.name} broke off in the middle", "ask again")


async def _prepared(model: LanguageModel) -> None:
    """Import the vendor's SDK; some look at proxies and addresses by then already."""
    try:
        await model.prepare()
    except ModuleNotFoundError as error:
        raise ModelFailed(
            f"{model.name} can't be asked: the package {error.name} is not installed", f"pip install {error.name}"
        ) from error
    except Exception as error:
        raise model.failure(error) from error


async def _first(model: LanguageModel, source: AsyncGenerator[Delta, None], early: list[Usage]) -> Delta | None:
    """The first piece of an answer. Tokens that are told before it go to ``early`` and begin nothing."""
    while isinstance(piece := await _next(model, source, begun=False), Usage):
        early.append(piece)
    return piece


async def _next(model: LanguageModel, source: AsyncGenerator[Delta, None], *, begun: bool) -> Delta | None:
    """The next piece, None at the end; errors of the vendor's SDK in our words."""
    try:
        while True:
            async with asyncio.timeout(model.silence):
                piece = await anext(source, None)
            if not isinstance(piece, Thinks):
                return _writable(piece)
    except ModelFailed:
        raise
    except TimeoutError as error:
        cause = f"{model.name} said nothing for {model.silence:g} seconds"
        if begun:
            raise StreamBroken(cause, "ask again") from error
        raise ModelFailed(cause, "try later, or choose another model") from error
    except Exception as error:
        failure = model.failure(error)
        if begun:
            raise StreamBroken(
                f"the answer of {model.name} broke off in the middle", "ask again", detail=str(failure)
            ) from error
        raise failure from error


def _writable(piece: Delta | None) -> Delta | None:
    """``piece`` without what no file, event or vendor takes: halves of characters, and numbers that JSON has not."""
    if isinstance(piece, TextDelta):
        return TextDelta(_HALF.sub("\ufffd", piece.text))
    if not isinstance(piece, ToolCall):
        return piece
    call = replace(piece, id=_HALF.sub("\ufffd", piece.id), name=_HALF.sub("\ufffd", piece.name))
    try:
        json.dumps(call.arguments, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        fault = "the arguments are no JSON: half a character, a number without value, or too deep"
        return replace(call, arguments={}, fault=fault)
    return call


def _named_once(call: ToolCall, ids: set[str]) -> ToolCall:
    """``call`` with an id that no other of the answer has: vendors refuse the next request otherwise."""
    name = call.id or "call"
    number = 1
    while name in ids:
        number += 1
        name = f"{call.id or 'call'}_{number}"
    ids.add(name)
    return call if name == call.id else replace(call, id=name)


def _size(piece: Delta) -> int:
    """An empty piece counts, too: without end they would fill memory."""
    if isinstance(piece, TextDelta):
        return max(1, len(piece.text))
    return len(str(piece.arguments)) if isinstance(piece, ToolCall) else 1
