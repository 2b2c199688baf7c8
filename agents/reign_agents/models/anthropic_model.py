"""Anthropic's models, through its SDK."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from reign_agents.models.address import client_settings, effective
from reign_agents.models.arguments import LONGEST, Arriving
from reign_agents.models.conversation import (
    QUIET,
    Carried,
    Conversation,
    Delta,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Thinks,
    Tool,
    Usage,
)
from reign_agents.models.failure import ModelFailed, StreamBroken, by_kit

_KEPT = {"type": "ephemeral"}
_STOPS: dict[str, Literal["end", "tools", "length", "refused"]] = {
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "refused",
}


_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_KNOWN = _THOUGHTS | {"text", "tool_use"}


class AnthropicModel(LanguageModel):
    """``base_url`` None: the vendor's own, or what ANTHROPIC_BASE_URL says. Marked for the vendor's cache (which takes
    four marks): the tools, the instructions, the newest of the stable turns, and the newest turn.
    """

    package = "anthropic"
    silence = QUIET

    def __init__(self, model: str, key: str, base_url: str | None = None) -> None:
        self.name = f"anthropic/{model}"
        self._model = model
        self._key = key
        self._base_url = base_url

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        sdk = await asyncio.to_thread(importlib.import_module, "anthropic")
        more: dict[str, Any] = {}
        if conversation.temperature is not None:
            more["extra_body"] = {"temperature": conversation.temperature}  # newer kits have no name for it
        if tools:
            more["tools"] = _tools(tools)
        http = sdk.DefaultAsyncHttpxClient(**client_settings(effective("anthropic", self._base_url)))
        async with sdk.AsyncAnthropic(
            api_key=self._key, base_url=self._base_url, max_retries=0, http_client=http
        ) as client:
            stream = await client.messages.create(
                model=self._model,
                max_tokens=conversation.max_tokens,
                system=[{"type": "text", "text": conversation.system, "cache_control": _KEPT}],
                messages=_messages(conversation.messages, conversation.stable),
                stream=True,
                **more,
            )
            async with stream, aclosing(_deltas(stream)) as deltas:
                async for delta in deltas:
                    yield delta

    def failure(self, error: Exception) -> ModelFailed:
        return by_kit(self.name, error, effective("anthropic", self._base_url), self._key)


async def _deltas(stream: Any) -> AsyncGenerator[Delta, None]:
    arriving: dict[int, Arriving] = {}
    blocks: dict[int, dict[str, Any]] = {}
    written = size = 0
    reason: str | None = None
    async for event in stream:
        if event.type == "message_start":
            told = getattr(event.message, "usage", None)
            written = getattr(told, "output_tokens", 0) or 0
            read, stored = (getattr(told, f"cache_{way}_input_tokens", 0) or 0 for way in ("read", "creation"))
            fresh = getattr(told, "input_tokens", 0) or 0
            yield Usage(fresh, 0, read, stored)  # at once: an answer that breaks off is paid for, too
        elif event.type == "content_block_start":
            blocks[event.index] = event.content_block.model_dump(mode="json", exclude_none=True)
            if event.content_block.type == "tool_use":
                arriving[event.index] = Arriving(event.content_block.id, event.content_block.name)
        elif event.type == "content_block_delta":
            size += _grown(blocks.get(event.index, {}), event.delta)
            if size > LONGEST:
                raise StreamBroken(f"its thoughts went on beyond {LONGEST // 1024} KiB", "ask for less at once")
            if event.delta.type == "text_delta":
                yield TextDelta(event.delta.text)
            elif event.delta.type == "input_json_delta" and event.index in arriving:
                arriving[event.index].add(event.delta.partial_json)
            else:
                yield Thinks()
        elif event.type == "content_block_stop" and event.index in arriving:
            call = arriving.pop(event.index).whole()
            blocks[event.index]["input"] = call.arguments
            if call.fault is not None:
                blocks[event.index]["type"] = "broken"
            yield call
        elif event.type == "message_delta":
            reason = event.delta.stop_reason or reason
            written = getattr(event.usage, "output_tokens", 0) or written
        elif event.type == "message_stop":
            whole = tuple(blocks[index] for index in sorted(blocks))
            if any(block["type"] in _THOUGHTS for block in whole) and all(block["type"] in _KNOWN for block in whole):
                yield Carried(tuple(block for block in whole if block.get("text", "x").strip()))
            yield Usage(output=written)
            yield Stop(_STOPS.get(reason or "", "end"))
            return
        else:
            yield Thinks()


def _grown(block: dict[str, Any], delta: Any) -> int:
    """Put a piece to the block that is handed back; returns the characters of thoughts in it."""
    if delta.type == "text_delta":
        block["text"] = block.get("text", "") + delta.text
    elif delta.type == "thinking_delta":
        block["thinking"] = block.get("thinking", "") + delta.thinking
        return len(delta.thinking)
    elif delta.type == "signature_delta":
        block["signature"] = delta.signature
        return len(delta.signature)
    return 0


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    shapes: list[dict[str, Any]] = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in tools
    ]
    shapes[-1]["cache_control"] = _KEPT
    return shapes


def _messages(messages: Sequence[Message], stable: int = 0) -> list[dict[str, Any]]:
    """Answers of tools are blocks of one message of the user's; empty turns are left out."""
    shapes: list[dict[str, Any]] = []
    for number, message in enumerate(messages, 1):
        blocks = _blocks(message)
        if number == stable and blocks:
            blocks[-1]["cache_control"] = _KEPT
        role = "assistant" if message.role == "assistant" else "user"
        if shapes and shapes[-1]["role"] == role:
            shapes[-1]["content"] += blocks
        elif blocks:
            shapes.append({"role": role, "content": blocks})
    if shapes:
        shapes[-1]["content"][-1]["cache_control"] = _KEPT
    return shapes


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.answers, "content": message.text}]
    called = [block.get("id") for block in message.carried if block.get("type") == "tool_use"]
    if message.carried and called == [call.id for call in message.calls]:
        return [dict(block) for block in message.carried]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text.strip() else []
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in message.calls
    ]
    return blocks
