"""A server on loopback that answers as a test says, byte by byte: what no well-behaved fake would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Events = Sequence[dict[str, Any] | str | bytes]


@dataclass
class Rude:
    """``answers`` are sent one a request, the last one for ever; ``asked`` are the requests: first line, headers, body.

    An answer is bytes that are sent as they are, then the connection is closed.
    """

    answers: list[bytes] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""
    hold: asyncio.Event | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            begin = await reader.readexactly(1)
            if begin == b"\x16":  # somebody speaks TLS
                writer.write(self.answers[0])
                return
            head = (begin + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.asked.append((first, headers, json.loads(body) if body else None))
            answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
            for start in range(0, len(answer), 65536):
                writer.write(answer[start : start + 65536])
                await writer.drain()
            if self.hold is not None:
                waiting = asyncio.ensure_future(self.hold.wait())
                gone = asyncio.ensure_future(reader.read(1))
                await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    self.left.set()
                waiting.cancel()
                gone.cancel()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            writer.close()

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.asked]


@asynccontextmanager
async def rude(*answers: bytes) -> AsyncIterator[Rude]:
    server = Rude(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 22)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def answer(status: int, body: object = "", **headers: str) -> bytes:
    """A whole answer; ``body`` other than bytes or a text becomes JSON. Underscores in headers are hyphens."""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    kind = "" if "content_type" in headers else "content-type: application/json\r\n"
    return (
        f"HTTP/1.1 {status} X\r\n{kind}{more}content-length: {len(data)}\r\nconnection: close\r\n\r\n".encode() + data
    )


def events(vendor: str, *pieces: dict[str, Any] | str) -> bytes:
    """A stream of the vendor's events, ended by closing the connection. A text is written as it is."""
    head = "application/x-ndjson" if vendor == "ollama" else "text/event-stream"
    out = [f"HTTP/1.1 200 OK\r\ncontent-type: {head}\r\nconnection: close\r\n\r\n"]
    for piece in pieces:
        text = piece if isinstance(piece, str) else json.dumps(piece)
        if vendor == "ollama":
            out.append(f"{text}\n")
        elif vendor == "anthropic" and isinstance(piece, dict):
            out.append(f"event: {piece['type']}\ndata: {text}\n\n")
        else:
            out.append(f"data: {text}\n\n")
    return "".join(out).encode()


BEGIN = {
    "type": "message_start",
    "message": {
        "id": "m", "type": "message", "role": "assistant", "model": "x", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 1},
    },
}  # fmt: skip


def anthropic(*blocks: dict[str, Any], stop: str | None = "end_turn", end: bool = True) -> bytes:
    """Whole blocks as one answer: ``{"type": "text", "text": …}``, tool_use with ``input`` (or ``json``), thinking."""
    out: list[dict[str, Any] | str] = [BEGIN]
    for index, block in enumerate(blocks):
        kind = block["type"]
        empty: dict[str, dict[str, Any]] = {
            "text": {"text": ""},
            "thinking": {"thinking": "", "signature": ""},
            "tool_use": {"input": {}},
        }
        shape = {**block, **empty.get(kind, {})}
        shape.pop("json", None)
        out.append({"type": "content_block_start", "index": index, "content_block": shape})
        deltas: list[dict[str, Any]] = []
        if kind == "text":
            deltas.append({"type": "text_delta", "text": block["text"]})
        elif kind == "thinking":
            deltas += [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        elif kind == "tool_use":
            deltas.append({"type": "input_json_delta", "partial_json": block.get("json", json.dumps(block["input"]))})
        out += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        out.append({"type": "content_block_stop", "index": index})
    if stop is not None:
        out.append(
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {"output_tokens": 20},
            }
        )
    if end:
        out.append({"type": "message_stop"})
    return events("anthropic", *out)


def openai(*deltas: dict[str, Any], stop: str | None = "stop", usage: bool = True) -> bytes:
    """Deltas of Chat Completions as one answer."""

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [choice]}

    out: list[dict[str, Any] | str] = [chunk(delta) for delta in deltas]
    if stop is not None:
        out.append(chunk({}, stop))
    if usage:
        counted = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
        out.append({**chunk({}), "choices": [], "usage": counted})
    return events("openai", *out, "[DONE]")


def responses(*items: dict[str, Any], end: str = "completed", why: str | None = None) -> bytes:
    """Whole output items of the Responses API as one answer: message (``text``), function_call, reasoning."""
    out: list[dict[str, Any] | str] = []
    turn = {"type": "message", "role": "assistant", "status": "completed"}
    for number, item in enumerate(items):
        place = {"output_index": number, "item_id": f"i{number}", "sequence_number": number}
        kind = item["type"]
        if kind == "message":
            part = {"type": "output_text", "text": item["text"], "annotations": []}
            whole = {**turn, "id": f"i{number}", "content": [part]}
            delta = {"type": "response.output_text.delta", "delta": item["text"], "content_index": 0, "logprobs": []}
            out += [{**delta, **place}]
        elif kind == "refusal":
            part = {"type": "refusal", "refusal": item["text"]}
            whole = {**turn, "id": f"i{number}", "content": [part]}
            out += [{"type": "response.refusal.delta", "delta": item["text"], "content_index": 0, **place}]
        else:
            whole = {"id": f"i{number}", **item}
            begun = {**whole, "arguments": ""} if kind == "function_call" else whole
            out.append({"type": "response.output_item.added", "item": begun, **place})
            if kind == "function_call":
                out.append({"type": "response.function_call_arguments.delta", "delta": item["arguments"], **place})
        out.append({"type": "response.output_item.done", "item": whole, **place})
    counted = {
        "input_tokens": 10, "output_tokens": 20, "total_tokens": 30,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
        "output_tokens_details": {"reasoning_tokens": 5},
    }  # fmt: skip
    details = None if why is None else {"reason": why}
    shape = {
        "id": "r", "object": "response", "created_at": 1, "model": "x", "output": [], "usage": counted,
        "incomplete_details": details, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "error": {"code": "server_error", "message": "it broke"} if end == "failed" else None,
    }  # fmt: skip
    out.append({"type": f"response.{end}", "response": shape, "sequence_number": 99})
    return events("openai", *out)


def ollama(*messages: dict[str, Any], done: str | None = "stop") -> bytes:
    """Messages of Ollama's chat as one answer."""
    out: list[dict[str, Any] | str] = [
        {"model": "x", "message": {"role": "assistant", "content": "", **one}, "done": False} for one in messages
    ]
    if done is not None:
        counted = {"prompt_eval_count": 10, "eval_count": 20}
        last = {"role": "assistant", "content": ""}
        out.append({"model": "x", "message": last, "done": True, "done_reason": done, **counted})
    return events("ollama", *out)


def text(vendor: str, words: str) -> bytes:
    """A plain answer."""
    if vendor == "anthropic":
        return anthropic({"type": "text", "text": words})
    return openai({"content": words}) if vendor == "openai" else ollama({"content": words})


def tool(vendor: str, *calls: tuple[str, str, dict[str, Any]]) -> bytes:
    """An answer with calls of tools: id, name, arguments."""
    if vendor == "anthropic":
        blocks = ({"type": "tool_use", "id": one, "name": name, "input": given} for one, name, given in calls)
        return anthropic(*blocks, stop="tool_use")
    if vendor == "openai":
        parts = [
            {"index": n, "id": one, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for n, (one, name, given) in enumerate(calls)
        ]
        return openai({"tool_calls": parts}, stop="tool_calls")
    return ollama({"tool_calls": [{"function": {"name": name, "arguments": given}} for _, name, given in calls]})
