"""Images in a Kubernetes node's containerd: brought there from Docker, listed, named, removed."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question, Recipe
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.values import IMAGE
from reign_agents.understanding.lexicon import lexicon

_NODE = re.compile(
    r"\b(?:containerd|ctr|node\s+images?|(?:on|onto|into|in|to|from)\s+(?:the\s+|my\s+|our\s+)?(?:cluster(?:'s)?\s+|"
    r"kubernetes\s+|k8s\s+|kind\s+|k3s\s+|minikube\s+)?nodes?|(?:into|onto)\s+(?:the\s+|my\s+|our\s+)?(?:cluster|"
    r"kind|k3s|minikube|kubernetes|k8s))\b",
    re.IGNORECASE,
)
_PLACE = re.compile(rf"{_NODE.pattern}(?:\s+(?:cluster|node|nodes))?", re.IGNORECASE)


def _image(wish: Wish) -> str | None:
    scan = wish.scan()
    scan.take(_PLACE.pattern)
    found = scan.first(rf"(?P<value>{IMAGE.pattern})") or scan.first(rf"\bimages?\s+(?P<value>{VALUE})")
    if found is not None:
        return found
    return next((word for word in scan.words() if word.lower() in lexicon().images or "/" in word), None)


def _of_image(operation: str, ask: str, why: str) -> Build:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        image = _image(wish)
        if image is None and wish.it is not None and wish.it.kind == "image":
            image = wish.it.name
        if image is None:
            return Question(f"Which image should I {ask}?", (f"{ask} shop:1.0",), completes="{request} image {quoted}")
        outline.add(operation, {"image": image}, why.format(image))
        return None

    return build


async def _tag(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    scan.take(_PLACE.pattern)
    new = scan.first(rf"\b(?:as|to)\s+(?P<value>{VALUE})")
    image = scan.first(rf"(?P<value>{IMAGE.pattern})")
    if new is None or image is None:
        return Question("Which image of the node, and which new name?", ("tag the node image shop:1.0 as shop:2.0",))
    outline.add("containerd.tag_image", {"image": image, "tag": new}, f"{image} is also {new} on the node")
    return None


async def _listing(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    fields: dict[str, JsonValue] = {}
    outline.add("containerd.list_images", fields, "the images that the node has")
    return None


def _node(wish: Wish) -> bool:
    return bool(_NODE.search(wish.text)) and not wish.has("pod", "pods", "deployment", "file", "folder")


_RANK = 16
RECIPES = (
    Recipe(
        "containerd.import",
        frozenset({"import", "copy", "push", "move", "write"}),
        frozenset(),
        _of_image("containerd.import_image", "bring to the node", "{} must be on the node, with no registry"),
        "load image shop:1.0 into the cluster's node",
        fits=lambda w: _node(w) or (w.verb == "import" and "image" in w.kinds),
        rank=_RANK,
        certain=True,
    ),
    Recipe(
        "containerd.list",
        frozenset({"list", "show", "find", "check"}),
        frozenset({"image"}),
        _listing,
        "list the images on the node",
        fits=_node,
        rank=_RANK,
    ),
    Recipe(
        "containerd.remove",
        frozenset({"remove"}),
        frozenset(),
        _of_image("containerd.remove_image", "remove from the node", "{} goes from the node"),
        "remove image shop:0.9 from the node",
        fits=lambda w: _node(w) and (_image(w) is not None or "image" in w.kinds),
        rank=_RANK,
    ),
    Recipe(
        "containerd.tag",
        frozenset({"tag"}),
        frozenset(),
        _tag,
        "tag the node image shop:1.0 as shop:2.0",
        fits=lambda w: bool(_NODE.search(w.text)),
        rank=_RANK,
    ),
)
"""What can be done to the images of a node."""
