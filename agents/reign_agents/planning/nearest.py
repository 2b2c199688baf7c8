"""What to offer when a request is not understood: the examples most like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from reign_agents.planning.recipe import Recipe
from reign_agents.planning.words import SMALL
from reign_agents.understanding import Understanding

_FAMILIES = {
    "docker": ("docker", "containerd"),
    "kubernetes": ("kubernetes",),
    "helm": ("helm",),
    "terraform": ("terraform",),
    "github": ("git",),
    "bash": ("files", "shell", "network", "services"),
}
_ENDS = re.compile(r"\b(?:remove|stop|destroy|delete|uninstall|discard)\b")


def fitting(text: str, recipes: Sequence[Recipe], understanding: Understanding) -> tuple[str, ...]:
    """The nearest examples of the tools that the request is about; none that ends something unless that is wanted."""
    families = {family for domain in understanding.domains for family in _FAMILIES.get(domain, ())}
    ending = understanding.intent == "destroy"
    own = [
        recipe
        for recipe in recipes
        if recipe.name.partition(".")[0] in families and (ending or not _ENDS.search(recipe.example))
    ]
    return nearest(text, own or recipes)


def nearest(text: str, recipes: Sequence[Recipe], count: int = 3) -> tuple[str, ...]:
    """The examples of the recipes nearest to ``text``, best first."""
    short = text.lower()[:80]
    words = set(re.findall(r"[a-z]{2,}", short)) - SMALL

    def likeness(recipe: Recipe) -> float:
        example = recipe.example.lower()
        shared = words & (set(re.findall(r"[a-z]{2,}", example)) - SMALL)
        return 2 * len(shared) + SequenceMatcher(None, short, example[:80]).ratio()

    ordered = sorted(recipes, key=likeness, reverse=True)
    return tuple(dict.fromkeys(recipe.example for recipe in ordered))[:count]
