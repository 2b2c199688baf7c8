"""The engine's streams of pulling, pushing and building, as lines for people."""

from __future__ import annotations

import time

from reign_executors.call import Call
from reign_executors.docker.client import Json
from reign_executors.docker.names import in_words


class Progress:
    """Lines of a pull, push or build stream for people: each layer when its state changes or 2 s have passed."""

    def __init__(self, call: Call, image: str) -> None:
        self._call = call
        self._image = image
        self._shown: dict[str, tuple[str, float]] = {}
        self.error = ""
        self.result = ""

    def take(self, piece: Json) -> None:
        """One decoded object of the engine's stream."""
        if "error" in piece:
            self.error = str((piece.get("errorDetail") or {}).get("message") or piece["error"])
            self._call.say(self.error)
        elif "stream" in piece:
            self._call.write(str(piece["stream"]).encode("utf-8", "replace"))
        elif "aux" in piece:
            self.result = str(piece["aux"].get("ID") or piece["aux"].get("Digest") or "")
        elif "status" in piece:
            self._layer(str(piece.get("id") or ""), str(piece["status"]), piece.get("progressDetail") or {})

    def _layer(self, layer: str, status: str, detail: Json) -> None:
        now = time.monotonic()
        before = self._shown.get(layer)
        if before is not None and before[0] == status and now - before[1] < 2:
            return
        self._shown[layer] = (status, now)
        current, total = detail.get("current"), detail.get("total")
        amount = f" {in_words(current)} of {in_words(total)}" if current and total else ""
        self._call.say(f"{f'{layer}: ' if layer else ''}{status}{amount}")
