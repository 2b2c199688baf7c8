"""Models that Ollama serves, on this machine or another, through its SDK."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from reign_agents.models.address import client_settings, effective
from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Thinks,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import (
    LONGEST_REASON,
    ModelFailed,
    before_any_connection,
    by_status,
    unreachable,
    unreadable,
    waiting,
    without_key,
)
from reign_executors.redaction.plain import plain

PORT = 11434
_NO_CONNECTION = ("ConnectError", "ReadError", "Timeout", "ProtocolError")


class OllamaModel(LanguageModel):
    """``host`` None: what OLLAMA_HOST says, else port 11434 of this machine. ``key`` only where a server wants one."""

    package = "ollama"

    def __init__(self, model: str, key: str | None = None, host: str | None = None) -> None:
        self.name = f"ollama/{model}"
        self._model = model
        self._key = key
        self._host = host
        self._headers: Mapping[str, str] = {}

    @property
    def _address(self) -> str:
        """Where its SDK goes: a host alone has Ollama's port."""
        there = effective("ollama", self._host)
        if "://" in there:
            return there
        whole = urlsplit(f"//{there}")
        return f"http://{there}" if whole.port else f"http://{there.rstrip(':')}:{PORT}"

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        sdk = await asyncio.to_thread(importlib.import_module, "ollama")

        async def noted(response: Any) -> None:
            self._headers = response.headers

        client = sdk.AsyncClient(
            host=self._host,
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            event_hooks={"response": [noted]},
            **client_settings(self._address),
        )
        options: dict[str, Any] = {"num_predict": conversation.max_tokens}
        if conversation.context:
            options["num_ctx"] = _room(conversation, tools)
        if conversation.temperature is not None:
            options["temperature"] = conversation.temperature
        try:
            stream = await client.chat(
                model=self._model,
                messages=[{"role": "system", "content": conversation.system}, *map(_message, conversation.messages)],
                tools=[_tool(tool) for tool in tools] or None,
                options=options,
                stream=True,
            )
            async with aclosing(stream), aclosing(_deltas(stream)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            await client._client.aclose()

    def failure(self, error: Exception) -> ModelFailed:
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and status >= 300:
            said = without_key(str(getattr(error, "error", None) or error), self._key)
            return by_status(self.name, status, said, waiting(self._headers), self._address)
        if isinstance(status, int):  # an error that came as a piece of the answer
            said = without_key(plain(str(getattr(error, "error", None) or error)), self._key)[:LONGEST_REASON]
            return ModelFailed(f"{self.name}: {said}", "look at the log of the server, or try again", detail=said)
        if before_any_connection(error) or type(error).__name__.endswith(_NO_CONNECTION):
            return unreachable(self.name, error, self._address)
        return unreadable(self.name, f"{type(error).__name__}: {error}")


async def _deltas(stream: Any) -> AsyncGenerator[Delta, None]:
    called = 0
    async for chunk in stream:
        yield Thinks()
        if chunk.message is not None and chunk.message.content:
            yield TextDelta(chunk.message.content)
        for call in (chunk.message.tool_calls if chunk.message is not None else None) or ():
            called += 1
            arguments = json.loads(json.dumps(dict(call.function.arguments)))
            yield ToolCall(f"call_{called}", call.function.name, arguments)
        if chunk.done:
            yield Usage(chunk.prompt_eval_count or 0, chunk.eval_count or 0)
            yield Stop("length" if chunk.done_reason == "length" else "tools" if called else "end")
            return


def _room(conversation: Conversation, tools: Sequence[Tool]) -> int:
    """Tokens that the server must keep room for. Its own default (4,096) would silently drop the instructions and most
    of the tools. In steps of powers of two: with each other number the server loads the model anew.
    """
    size = len(conversation.system) + sum(len(one.text) + 200 * len(one.calls) for one in conversation.messages)
    size += sum(len(tool.description) + len(json.dumps(_plain_schema(tool.parameters))) + 100 for tool in tools)
    needed = size // 3 + conversation.max_tokens
    room = 8192
    while room < needed:
        room *= 2
    return min(room, max(conversation.context, 8192))


def _tool(tool: Tool) -> dict[str, Any]:
    shape = {"name": tool.name, "description": tool.description, "parameters": _plain_schema(tool.parameters)}
    return {"type": "function", "function": shape}


def _plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a schema that the SDK's own model takes: one type and a description for each property."""
    properties = {
        name: {"type": _type(one), "description": str(one.get("description") or one.get("title") or name)}
        for name, one in (schema.get("properties") or {}).items()
    }
    return {"type": "object", "properties": properties, "required": list(schema.get("required") or ())}


def _type(schema: Mapping[str, Any]) -> str:
    for one in (schema, *(schema.get("anyOf") or ())):
        if isinstance(one.get("type"), str) and one["type"] != "null":
            return str(one["type"])
    return "object" if "$ref" in schema else "string"


def _message(message: Message) -> dict[str, Any]:
    shape: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        shape["tool_calls"] = [{"function": {"name": call.name, "arguments": call.arguments}} for call in message.calls]
    return shape
