"""A time limit that stands still while a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_LIMIT: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)


@asynccontextmanager
async def limited(seconds: float) -> AsyncIterator[None]:
    """Like ``asyncio.timeout``; the time under :func:`stopped` does not count."""
    async with asyncio.timeout(seconds) as limit:
        token = _LIMIT.set(limit)
        try:
            yield
        finally:
            _LIMIT.reset(token)


@contextmanager
def stopped() -> Iterator[None]:
    """Whoever holds this waits for a person: the limit that is running goes on afterwards with the time it had left."""
    limit = _LIMIT.get()
    due = None if limit is None else limit.when()
    if limit is None or due is None:
        yield
        return
    left = due - asyncio.get_running_loop().time()
    limit.reschedule(None)
    try:
        yield
    finally:
        if not limit.expired():
            limit.reschedule(asyncio.get_running_loop().time() + left)
