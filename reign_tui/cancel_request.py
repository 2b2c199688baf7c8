"""How one process asks another to cancel a run: a file in the run's folder, looked for by whoever drives it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.store.store import Store

FILE = "cancel"
BEAT = 0.5  # seconds between two looks


def request_file(store: Store, run: str) -> Path:
    """The file that asks for ``run`` to be cancelled."""
    return store.run_folder(run) / FILE


def ask_to_cancel(store: Store, run: str) -> None:
    """Leave the request; it is taken within about a second when the run is driven."""
    request_file(store, run).touch(mode=0o600)


async def watch(session: Session, run: str) -> None:
    """Cancel ``run`` when another process asks for it. Ends then, or when its task is cancelled."""
    file = request_file(session.store, run)
    file.unlink(missing_ok=True)
    while not file.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(BEAT)
    file.unlink(missing_ok=True)
    await session.cancel(run)
