"""Why a container is not well: how it stands, what its health check says, its last words."""

from __future__ import annotations

from reign_agents.planning.recipe import Outline


def look_into(container: str, outline: Outline) -> None:
    """Three reads of a container; what they mean is said by ``specialists.findings``."""
    outline.add("docker.inspect", {"container": container, "kind": "container"}, f"how {container} stands")
    outline.add("docker.health", {"container": container}, f"whether {container} is healthy")
    outline.add("docker.logs", {"container": container, "tail": 40}, f"the last words of {container}")
