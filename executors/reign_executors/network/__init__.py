"""Questions to the network: does a port answer, what does a page say, who listens (``network.*``)."""

from __future__ import annotations

from reign_executors.network.http import Http
from reign_executors.network.ports import CheckPort, FreePort, Listening
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (CheckPort, Http, Listening, FreePort)

__all__ = ["OPERATIONS"]
