"""OpenAI's Responses API: its newer models take tools there alone. Nothing is stored at the vendor."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from reign_agents.models.arguments import Arriving
from reign_agents.models.conversation import (
    Carried,
    Conversation,
    Delta,
    Message,
    Stop,
    TextDelta,
    Thinks,
    Tool,
    Usage,
)
from reign_agents.models.failure import ModelFailed

SEALED = "reasoning.encrypted_content"


def request(conversation: Conversation, tools: Sequence[Tool], *, sealed: bool) -> dict[str, Any]:
    """What is sent, without the model's name. ``sealed``: its thoughts are wanted, to be handed back with the turn."""
    asked: dict[str, Any] = {
        "instructions": conversation.system,
        "input": [item for message in conversation.messages for item in _items(message)],
        "max_output_tokens": conversation.max_tokens,
        "store": False,
    }
    if sealed:
        asked["include"] = [SEALED]
    if conversation.temperature is not None:
        asked["temperature"] = conversation.temperature
    if tools:
        asked["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": False,
            }
            for tool in tools
        ]
    return asked


def _items(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.answers, "output": message.text}]
    if message.role == "user":
        return [{"role": "user", "content": message.text}]
    called = [item.get("call_id") for item in message.carried if item.get("type") == "function_call"]
    if message.carried and called == [call.id for call in message.calls]:
        return [dict(item) for item in message.carried]
    items: list[dict[str, Any]] = [{"role": "assistant", "content": message.text}] if message.text else []
    items += [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": json.dumps(call.arguments)}
        for call in message.calls
    ]
    return items


async def deltas(stream: Any, name: str) -> AsyncGenerator[Delta, None]:
    """What the events of an answer of the model ``name`` mean."""
    arriving: dict[int, Arriving] = {}
    carried: list[dict[str, Any]] = []
    refused = called = False
    async for event in stream:
        match event.type:
            case "response.output_text.delta":
                yield TextDelta(event.delta)
            case "response.refusal.delta":
                refused = True
                yield TextDelta(event.delta)
            case "response.output_item.added" if event.item.type == "function_call":
                item = event.item
                arriving[event.output_index] = Arriving(item.call_id or item.id or "", item.name)
            case "response.function_call_arguments.delta" if event.output_index in arriving:
                arriving[event.output_index].add(event.delta)
            case "response.output_item.done":
                if event.item.type in ("reasoning", "message", "function_call"):
                    carried.append(event.item.model_dump(mode="json", exclude_none=True))
                if event.output_index in arriving:
                    called = True
                    yield arriving.pop(event.output_index).whole()
            case "response.failed" | "error":
                raise _broken(event, name)
            case "response.completed" | "response.incomplete":
                if any(item["type"] == "reasoning" for item in carried):
                    yield Carried(tuple(carried))
                if event.response.usage is not None:
                    yield _usage(event.response.usage)
                details = event.response.incomplete_details
                why = details.reason if details is not None else None
                if refused or why == "content_filter":
                    yield Stop("refused")
                elif event.type == "response.incomplete":
                    yield Stop("length")
                else:
                    yield Stop("tools" if called else "end")
                return
            case _:
                yield Thinks()


def _broken(event: Any, name: str) -> ModelFailed:
    told = getattr(getattr(event, "response", None), "error", None) or event
    code, message = getattr(told, "code", None), getattr(told, "message", None)
    again = code in ("server_error", "rate_limit_exceeded", "overloaded_error")
    words = message or code or "the answer failed"
    return ModelFailed(f"{name}: {words}", "try again, or choose another model: --model", again=again)


def _usage(told: Any) -> Usage:
    details = getattr(told, "input_tokens_details", None)
    cached = getattr(details, "cached_tokens", 0) or 0
    stored = getattr(details, "cache_write_tokens", 0) or 0
    return Usage(max(0, (told.input_tokens or 0) - cached - stored), told.output_tokens or 0, cached, stored)


def wanted_by(error: Exception) -> Mapping[str, bool]:
    """What a refusal asks for instead: this API (``responses``), or thoughts left out (``sealed`` False)."""
    said = str(error).lower()
    if "/v1/responses" in said or "responses api" in said:
        return {"responses": True}
    if SEALED in said or "encrypted content" in said or "'include'" in said:
        return {"sealed": False}
    return {}
