"""OpenAI's models and those of servers that speak its protocol, through its SDK."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from reign_agents.models.address import client_settings, effective
from reign_agents.models.arguments import Arriving
from reign_agents.models.conversation import (
    QUIET,
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
from reign_agents.models.failure import ModelFailed, by_kit
from reign_agents.models.openai_responses import deltas, request, wanted_by

VENDOR = "api.openai.com"
_STOPS: dict[str, Literal["end", "tools", "length", "refused"]] = {
    "tool_calls": "tools",
    "length": "length",
    "content_filter": "refused",
}


class OpenAIModel(LanguageModel):
    """``base_url`` None: the vendor's own, or what OPENAI_BASE_URL says; a compatible server's ends in ``/v1``.

    ``vendor_cache``: requests with the same instructions and tools are named alike, so that the vendor's cache meets
    them again; None: only where the vendor itself is asked, since compatible servers may refuse what they don't know.
    ``responses``: it is asked by the Responses API, whose newer models take tools there alone; else by Chat
    Completions, which compatible servers speak. None: the vendor itself by the first, others by the second, unless
    they answer that they want the first.
    """

    package = "openai"
    silence = QUIET

    def __init__(
        self,
        model: str,
        key: str,
        base_url: str | None = None,
        *,
        vendor_cache: bool | None = None,
        responses: bool | None = None,
    ) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._key = key
        self._base_url = base_url
        self._vendor_cache = vendor_cache
        self._responses = responses
        self._sealed = True

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        sdk = await asyncio.to_thread(importlib.import_module, "openai")
        http = sdk.DefaultAsyncHttpxClient(**client_settings(effective("openai", self._base_url)))
        async with sdk.AsyncOpenAI(
            api_key=self._key, base_url=self._base_url, max_retries=0, http_client=http
        ) as client:
            vendors = client.base_url.host == VENDOR
            if self._responses is None:
                self._responses = vendors
            more: dict[str, Any] = {}
            if self._vendor_cache if self._vendor_cache is not None else vendors:
                more["prompt_cache_key"] = _name_of_prefix(conversation, tools)
            stream = await self._asked(client, sdk, conversation, tools, more)
            coming = deltas(stream, self.name) if self._responses else _deltas(stream)
            async with stream, aclosing(coming):
                async for delta in coming:
                    yield delta

    async def _asked(
        self, client: Any, sdk: Any, conversation: Conversation, tools: Sequence[Tool], more: dict[str, Any]
    ) -> Any:
        """The answer's stream. Where the server says that it wants to be asked otherwise, it is, from then on."""
        for _attempt in range(3):
            try:
                if self._responses:
                    asked = request(conversation, tools, sealed=self._sealed)
                    return await client.responses.create(model=self._model, stream=True, **asked, **more)
                asked = _request(conversation, tools)
                return await client.chat.completions.create(model=self._model, stream=True, **asked, **more)
            except sdk.APIStatusError as error:
                wanted = wanted_by(error) if error.status_code in (400, 404, 422) else {}
                if wanted.get("responses") and not self._responses:
                    self._responses = True
                elif wanted.get("sealed") is False and self._responses and self._sealed:
                    self._sealed = False
                else:
                    raise
        raise ModelFailed(f"{self.name}: the server takes no form of the request", "choose another: --model")

    def failure(self, error: Exception) -> ModelFailed:
        return by_kit(self.name, error, effective("openai", self._base_url), self._key)


def _request(conversation: Conversation, tools: Sequence[Tool]) -> dict[str, Any]:
    """What Chat Completions are sent, without the model's name."""
    asked: dict[str, Any] = {
        "max_completion_tokens": conversation.max_tokens,
        "messages": [{"role": "system", "content": conversation.system}, *map(_message, conversation.messages)],
        "stream_options": {"include_usage": True},
    }
    if conversation.temperature is not None:
        asked["temperature"] = conversation.temperature
    if tools:
        asked["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in tools
        ]
    return asked


def _name_of_prefix(conversation: Conversation, tools: Sequence[Tool]) -> str:
    parts = [conversation.system, *(f"{tool.name} {tool.description} {json.dumps(tool.parameters)}" for tool in tools)]
    return "reign-" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


async def _deltas(stream: Any) -> AsyncGenerator[Delta, None]:
    """The number of tokens comes after the reason to stop, in a piece of its own. Compatible servers leave out what
    they do not know, and some give every call of an answer the same place.
    """
    arriving: list[Arriving] = []
    places: dict[int | None, Arriving] = {}
    reason: str | None = None
    refused = False
    async for chunk in stream:
        yield Thinks()
        for choice in (chunk.choices or ())[:1]:
            reason = choice.finish_reason or reason
            delta = choice.delta
            if delta is None:
                continue
            if delta.content:
                yield TextDelta(delta.content)
            if getattr(delta, "refusal", None):
                refused = True
                yield TextDelta(delta.refusal)
            for part in delta.tool_calls or ():
                call = places.get(part.index)
                if call is None or (part.id and call.id and part.id != call.id):
                    call = places[part.index] = Arriving(part.id or f"call_{len(arriving)}", "")
                    arriving.append(call)
                if part.function is not None:
                    call.name = call.name or part.function.name or ""
                    call.add(part.function.arguments or "")
        if chunk.usage is not None:
            yield _usage(chunk.usage)
    if reason is None:
        return
    for call in arriving:
        yield call.whole()
    yield Stop("refused" if refused else _STOPS.get(reason, "end"))


def _usage(told: Any) -> Usage:
    details = getattr(told, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", 0) or 0
    stored = getattr(details, "cache_write_tokens", 0) or 0
    return Usage(max(0, (told.prompt_tokens or 0) - cached - stored), told.completion_tokens or 0, cached, stored)


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.answers, "content": message.text}
    shape: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        shape["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in message.calls
        ]
    return shape
