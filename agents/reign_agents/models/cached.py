"""Answers that were given before: the same model, asked the same with the same tools and settings, is not asked again.

Only whole answers are kept, only for a time, and only what a redactor has nothing to hide in. What is kept on disk is
read by its owner alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reign_agents.models.conversation import (
    Carried,
    Conversation,
    Delta,
    FromCache,
    LanguageModel,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
)
from reign_agents.plan.model import canonical
from reign_agents.store.places import make_folder, open_private
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor

SHAPE = 2
"""Of the files; others are not read."""
LARGEST = 512 * 1024
"""Bytes of one answer that is kept."""
IN_MEMORY = 64
"""Answers."""
_NAME = re.compile(r"[0-9a-f]{64}\.json")
_FITS = frozenset({"end", "tools"})
Piece = TextDelta | ToolCall | Carried
"""What of an answer is kept."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer's words and calls in order, and how it stopped; ``time`` is seconds since 1970."""

    time: float
    pieces: tuple[Piece, ...]
    stop: Stop

    def to_json(self) -> JsonObject:
        pieces: list[Any] = [piece.text if isinstance(piece, TextDelta) else asdict(piece) for piece in self.pieces]
        return {"v": SHAPE, "time": self.time, "pieces": pieces, "stop": self.stop.reason}

    @classmethod
    def from_json(cls, data: Any) -> KeptAnswer:
        """Raises ``ValueError`` for anything else than :meth:`to_json` wrote."""
        try:
            if data["v"] != SHAPE or data["stop"] not in _FITS:
                raise ValueError("another shape")
            pieces = tuple(_piece(piece) for piece in data["pieces"])
            return cls(float(data["time"]), pieces, Stop(data["stop"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"no kept answer: {error}") from error


def _piece(piece: Any) -> Piece:
    if isinstance(piece, str):
        return TextDelta(piece)
    if "blocks" in piece:
        if not all(isinstance(block, dict) for block in piece["blocks"]):
            raise TypeError("blocks")
        return Carried(tuple(piece["blocks"]))
    if not isinstance(piece["arguments"], dict):
        raise TypeError("arguments")
    return ToolCall(str(piece["id"]), str(piece["name"]), piece["arguments"])


class AnswerCache:
    """``folder`` (None: memory only) holds one file (0600) for each answer, together at most ``most`` bytes; an answer
    is given for ``seconds``. Whatever is wrong with a file, it is as if it were not there.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        seconds: float = 86_400.0,
        most: int = 16 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._memory: OrderedDict[str, KeptAnswer] = OrderedDict()

    def get(self, key: str) -> tuple[KeptAnswer, float] | None:
        """The answer and its age in seconds. Blocks on the disk."""
        found = self._memory.get(key)
        if found is None:
            found = self._read(key)
        if found is None:
            return None
        age = self._clock() - found.time
        if not 0 <= age <= self._seconds:
            self.forget(key)
            return None
        self._remember(key, found)
        return found, age

    def put(self, key: str, pieces: Sequence[Piece], stop: Stop) -> None:
        """Keep an answer. Blocks on the disk; a disk that is full or can't be written keeps it in memory only."""
        answer = KeptAnswer(self._clock(), tuple(pieces), stop)
        text = json.dumps(answer.to_json(), ensure_ascii=True).encode()
        if len(text) > LARGEST:
            return
        self._remember(key, answer)
        if self._folder is None or self._most <= 0:
            return
        with suppress(OSError):
            make_folder(self._folder)
            fresh = self._folder / f".{secrets.token_hex(8)}.new"
            try:
                with os.fdopen(open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                    file.write(text)
                fresh.replace(self._path(key))
            finally:
                fresh.unlink(missing_ok=True)
            self._trim()

    def forget(self, key: str) -> None:
        self._memory.pop(key, None)
        if self._folder is not None:
            with suppress(OSError):
                self._path(key).unlink(missing_ok=True)

    def _remember(self, key: str, answer: KeptAnswer) -> None:
        self._memory[key] = answer
        self._memory.move_to_end(key)
        while len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.json"

    def _read(self, key: str) -> KeptAnswer | None:
        if self._folder is None:
            return None
        try:
            with os.fdopen(os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid != os.geteuid() or status.st_mode & 0o077 or status.st_size > LARGEST:
                    return None
                return KeptAnswer.from_json(json.loads(file.read(LARGEST + 1)))
        except (OSError, ValueError, RecursionError):
            return None

    def _trim(self) -> None:
        """Remove what is too old, then the oldest until the rest fits."""
        assert self._folder is not None
        there: list[tuple[float, int, Path]] = []
        for entry in os.scandir(self._folder):
            if _NAME.fullmatch(entry.name):
                status = entry.stat(follow_symlinks=False)
                there.append((status.st_mtime, status.st_size, Path(entry.path)))
        room = self._most
        for written, size, path in sorted(there, reverse=True):
            room -= size
            if room < 0 or written < self._clock() - self._seconds:
                path.unlink(missing_ok=True)


class CachedModel(LanguageModel):
    """``inner``, asked only what the ``cache`` has no answer to. ``redactor`` decides what may be kept; ``where`` tells
    servers apart that serve models of the same name.

    :meth:`forget` drops what was kept or given in this object's time: whoever asked could make nothing of it.
    """

    def __init__(self, inner: LanguageModel, cache: AnswerCache, redactor: Redactor, where: str = "") -> None:
        self.name = inner.name
        self._inner = inner
        self._cache = cache
        self._redactor = redactor
        self._where = where
        self._keys: list[str] = []

    def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """Past the cache: :meth:`stream` is the way in."""
        return self._inner.pieces(conversation, tools)

    def failure(self, error: Exception) -> Exception:
        return self._inner.failure(error)

    def stream(self, conversation: Conversation, tools: Sequence[Tool] = ()) -> AsyncIterator[Delta]:
        """As the base says; an answer from the cache begins with :class:`FromCache` and has no tokens."""
        return self._answer(conversation, tools)

    async def forget(self) -> None:
        """Ask anew next time."""
        keys, self._keys = self._keys, []
        for key in keys:
            await asyncio.to_thread(self._cache.forget, key)

    async def _answer(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        key = key_of(f"{self.name} {self._where}", conversation, tools)
        found = await asyncio.to_thread(self._cache.get, key)
        if found is not None:
            answer, age = found
            self._keys.append(key)
            yield FromCache(age)
            for piece in answer.pieces:
                yield piece
            yield answer.stop
            return
        pieces: list[Piece] = []
        stop: Stop | None = None
        async with aclosing(self._inner.stream(conversation, tools)) as coming:  # type: ignore[type-var]
            async for delta in coming:
                if isinstance(delta, Piece):
                    pieces.append(delta)
                elif isinstance(delta, Stop):
                    stop = delta
                    break  # who asked may leave at the stop: what is kept must be kept by then
                yield delta
        if stop is None:
            return
        whole = _joined(pieces)
        if stop.reason in _FITS and self._may_be_kept(whole):
            await asyncio.to_thread(self._cache.put, key, whole, stop)
            self._keys.append(key)
        yield stop

    def _may_be_kept(self, pieces: Sequence[Piece]) -> bool:
        """Whether every call can be read and nothing in it looks like a secret; thoughts are sealed."""
        for piece in pieces:
            if isinstance(piece, Carried):
                continue
            if isinstance(piece, TextDelta):
                if self._redactor.text(piece.text) != piece.text:
                    return False
            elif piece.fault is not None or self._redactor.value(piece.arguments) != piece.arguments:
                return False
        return bool(pieces)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Words that follow each other in one piece."""
    whole: list[Piece] = []
    parts: list[str] = []
    for piece in (*pieces, None):
        if isinstance(piece, TextDelta):
            parts.append(piece.text)
            continue
        if parts:
            whole.append(TextDelta("".join(parts)))
            parts = []
        if piece is not None:
            whole.append(piece)
    return whole


def key_of(name: str, conversation: Conversation, tools: Sequence[Tool]) -> str:
    """64 hexadecimal digits that stand for all that makes an answer: model, instructions, tools, turns, settings."""
    asked: Any = {
        "shape": SHAPE,
        "model": name,
        "system": conversation.system,
        "messages": [asdict(message) for message in conversation.messages],
        "max_tokens": conversation.max_tokens,
        "temperature": conversation.temperature,
        "tools": [asdict(tool) for tool in tools],
    }
    return hashlib.sha256(canonical(asked)).hexdigest()
