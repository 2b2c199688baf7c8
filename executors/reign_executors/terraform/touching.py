"""Changes of terraform that only touch files: their pre-image and their undo are those of files."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reign_executors.call import Call
from reign_executors.files.image import Preimage, Root, keep, state
from reign_executors.operation import Change, JsonObject
from reign_executors.terraform.base import InFolder
from reign_executors.terraform.place import Place


class TouchesFiles(InFolder, Change):
    """A change whose whole effect is in files of the folder."""

    @abstractmethod
    async def roots(self, place: Place, call: Call) -> tuple[Root, ...]:
        """What it touches, as it is now."""

    async def capture(self, call: Call) -> JsonObject:
        place = self.checked(call)
        roots = await self.roots(place, call)
        return await asyncio.to_thread(lambda: keep(roots, call.blobs).to_json(call.blobs))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.files.restore import Restore

        image = Preimage.model_validate(before)
        if outputs.get("changed") is False or not image.kept or not image.roots:
            return None
        return Restore(before=before, left=dict(outputs.get("left") or {}))


async def left_behind(roots: tuple[Root, ...]) -> dict[str, str]:
    """Digest of each root as it was left: to tell whether others changed it since. Large trees go by size and time."""

    def digest() -> dict[str, str]:
        found = {}
        for root in roots:
            folder = Path(root.path).is_dir()
            found[root.path] = state(Root(path=root.path, how="stat") if folder else root)
        return found

    return await asyncio.to_thread(digest)
