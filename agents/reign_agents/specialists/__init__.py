"""The specialists: each is a list of recipes. They return steps and findings; they never execute."""

from __future__ import annotations

from reign_agents.specialists import (
    containerd,
    docker,
    files,
    git,
    helm,
    host,
    inside,
    kubernetes,
    made,
    named,
    services,
    shell,
    terraform,
    why,
)

RECIPES = (
    *files.RECIPES,
    *docker.RECIPES,
    *containerd.RECIPES,
    *git.RECIPES,
    *kubernetes.RECIPES,
    *helm.RECIPES,
    *terraform.RECIPES,
    *shell.RECIPES,
    *host.RECIPES,
    *inside.RECIPES,
    *made.RECIPES,
    *services.RECIPES,
    *named.RECIPES,
    *why.RECIPES,
)
"""All recipes, in the order they are shown to people."""
