"""Arguments of a tool call that arrive as text in pieces."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from reign_agents.models.conversation import ToolCall
from reign_agents.models.failure import StreamBroken

LONGEST = 256 * 1024
"""Characters."""


@dataclass(slots=True)
class Arriving:
    """A call whose arguments are still coming."""

    id: str
    name: str
    parts: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, part: str) -> None:
        self.size += max(1, len(part))
        if self.size > LONGEST:
            raise StreamBroken(f"the arguments for {self.name} went on beyond {LONGEST // 1024} KiB", "ask again")
        self.parts.append(part)

    def whole(self) -> ToolCall:
        text = "".join(self.parts).strip() or "{}"
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            return ToolCall(self.id, self.name, fault=f"the arguments are no JSON: {error}")
        if not isinstance(value, dict):
            return ToolCall(self.id, self.name, fault="the arguments are no JSON object")
        return ToolCall(self.id, self.name, value)
