"""What to offer when a request is not understood: the examples most like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from reign_agents.planning.recipe import Recipe
from reign_agents.planning.words import SMALL


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
