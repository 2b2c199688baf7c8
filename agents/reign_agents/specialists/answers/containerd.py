"""What is said of a node's images."""

from __future__ import annotations

from typing import Any

from reign_agents.specialists.answers.words import Say, in_bytes, rows, words


def _row(row: dict[str, Any]) -> str:
    size = row.get("size") if isinstance(row.get("size"), int | float) else None
    name = row.get("image") or row.get("name")
    return f"{name}" + (f"  {in_bytes(size)}" if size is not None else "")


SAY: dict[str, Say] = {"containerd.list_images": rows("images", _row, "The node has no images.")}

DONE: dict[str, Say] = {
    "containerd.import_image": words("image {image} is on the node"),
    "containerd.tag_image": words("{image} is also called {tag} on the node"),
    "containerd.remove_image": words("image {image} is gone from the node"),
}
