"""Images that go to a registry."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.found import resolved
from reign_agents.specialists.docker.values import IMAGE
from reign_agents.specialists.git.remotes import is_push
from reign_executors.docker.names import HUB, registry_of

_HUB = re.compile(r"\b(?:docker\s?hub|the\s+hub|hub\.docker\.com|docker\.io)\b", re.IGNORECASE)
_REGISTRY = r"(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w-]+(?=:\d))(?::\d+)?(?:/[\w./-]+)?"
_GENERIC = re.compile(
    r"\b(?:to|into|in)\s+(?:the\s+|our\s+|my\s+)?(?:docker\s+|image\s+|container\s+)?registry\b", re.IGNORECASE
)


def pushes_image(wish: Wish) -> bool:
    """Whether an image is to be pushed: not a branch, not a commit."""
    if wish.it is not None and wish.it.kind == "image":
        return True
    said = "image" in wish.kinds or bool(IMAGE.search(wish.rest)) or wish.has("registry", "docker", "docker hub")
    return said and not (is_push(wish) and "image" not in wish.kinds and not wish.has("docker", "registry"))


async def push(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """The push of an image, named for its registry first where its name has none."""
    scan = wish.scan()
    hub = scan.has(rf"(?:\b(?:to|on|into)\s+)?(?:the\s+)?{_HUB.pattern}")
    registry = scan.first(
        rf"\b(?:to|into|at)\s+(?:the\s+)?(?:docker\s+)?(?:registry\s+)?(?:at\s+)?(?P<value>{_REGISTRY})(?=\s|$|[,;.!?])"
    ) or scan.first(rf"\bregistry\s+(?P<value>{_REGISTRY})")
    scan.take(_GENERIC.pattern)
    image = scan.first(rf"(?P<value>{IMAGE.pattern})") or scan.first(
        rf"\bimage\s+(?!to\b|it\b|that\b)(?P<value>{VALUE})"
    )
    found = await resolved([image] if image else [], "image", wish, context, outline, "push")
    if isinstance(found, Question):
        return found
    name = image if image in found[0].names else found[0].name
    if registry is None and registry_of(name) == HUB and "/" not in name:
        if hub:
            return Question(
                f"Which account of Docker Hub should {name} go to?",
                (f"push image {name} to docker.io/ACCOUNT",),
                completes="{request} as image {reply}/" + name,
            )
        return Question(
            f"Which registry should {name} go to?",
            (f"push image {name} to localhost:5000", f"push image {name} to docker.io/ACCOUNT"),
            completes="{request} to {reply}",
        )
    after = []
    if registry is not None and not name.startswith(f"{registry}/"):
        there = f"{registry.rstrip('/')}/{name if registry_of(name) == HUB else name.partition('/')[2]}"
        after = [
            outline.add("docker.tag", {"image": name, "tag": there}, f"{name} is called {there}, for its registry")
        ]
        name = there
    elif registry_of(name) == HUB:
        outline.assume(f"{name} goes to Docker Hub (say: to REGISTRY)")
    outline.add("docker.push", {"image": name}, f"send {name} to {registry_of(name)}", after=after)
    return None
