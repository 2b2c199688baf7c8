"""Understanding of requests: intent, mood, domains and entities as LABELS.md defines them, without any library."""

from __future__ import annotations

from .reading import understand
from .shape import DOMAINS, INTENTS, Clause, Understanding

__all__ = ["DOMAINS", "INTENTS", "Clause", "Understanding", "understand"]
