"""Helm charts and releases."""

from __future__ import annotations

import re
from collections.abc import Callable

from reign_agents.planning.recipe import Build, Recipe
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm import charts, releases
from reign_agents.specialists.helm.said import CHART, HELM, NOT_HELM


def _about(wish: Wish) -> bool:
    """Whether the words are about charts or releases."""
    return (wish.it is not None and wish.it.kind in ("release", "chart")) or bool(HELM.search(wish.lower))


def _release_said(wish: Wish) -> bool:
    return _about(wish) and (wish.has("release", "releases", "helm") or wish.it is not None)


def _free(wish: Wish) -> bool:
    """Whether the words speak of no other tool's things."""
    return _about(wish) or not NOT_HELM.search(wish.lower)


def _chart_said(wish: Wish) -> bool:
    return wish.has("chart", "charts") or (wish.it is not None and wish.it.kind == "chart")


def _installs(wish: Wish) -> bool:
    if _about(wish):
        if wish.verb == "install":
            return True
        if wish.has("helm") and wish.verb != "create" and CHART.search(wish.scan().text):
            return True
        return wish.has("chart") and not wish.has("create", "new", "make")
    return wish.verb == "install" and (bool(CHART.search(wish.scan().text)) or wish.has("-n", "namespace"))


_RANK = 9
"""Words that speak of charts and releases count for more than any that another tool's recipe may fit."""


def _recipe(
    name: str, verbs: str, build: Build, example: str, fits: Callable[[Wish], bool] = _about, rank: int = 0
) -> Recipe:
    return Recipe(f"helm.{name}", frozenset(verbs.split()), frozenset(), build, example, fits, _RANK + rank)


_LOOK = "show list check find inspect"
RECIPES = (
    _recipe(
        "install",
        "install run create rollout apply",
        releases.install,
        "install chart ./charts/web as web in namespace shop with replicas=3",
        _installs,
        8,
    ),
    _recipe("upgrade", "upgrade", releases.upgrade, "upgrade release web with ./charts/web", _free),
    _recipe(
        "set",
        "set",
        releases.set_values,
        "set image.tag=2 on release web",
        _release_said,
        3,
    ),
    _recipe(
        "rollback",
        "rollback revert",
        releases.rollback,
        "rollback release web to revision 2",
        lambda w: _release_said(w),
        2,
    ),
    _recipe("rollback_bare", "rollback", releases.rollback, "rollback web", _free, -8),
    _recipe("uninstall", "uninstall", releases.uninstall, "uninstall web from shop", _free, 1),
    _recipe(
        "remove", "remove", releases.uninstall, "remove release web", lambda w: _release_said(w) and not _chart_said(w)
    ),
    _recipe(
        "list",
        _LOOK,
        releases.listing,
        "list helm releases",
        lambda w: w.has("releases") and not w.has("github", "repo", "repository", "of"),
        3,
    ),
    _recipe(
        "history",
        f"{_LOOK} follow",
        releases.looking("helm.history", "history of release {}", "the revisions of {}"),
        "history of release web",
        lambda w: _release_said(w) and w.has("history", "revisions"),
        4,
    ),
    _recipe(
        "values",
        f"{_LOOK} get",
        releases.looking("helm.get_values", "show the values of release {}", "the values of {}"),
        "show the values of release web",
        lambda w: _release_said(w) and w.has("values"),
        4,
    ),
    _recipe(
        "status",
        _LOOK,
        releases.looking("helm.status", "status of release {}", "how {} is"),
        "status of release web",
        lambda w: _release_said(w) and not w.has("releases", "chart"),
        1,
    ),
    _recipe(
        "diff",
        f"{_LOOK} upgrade plan rollback",
        releases.diff,
        "what would change if I upgrade web with ./charts/web",
        lambda w: (
            bool(re.search(r"\b(?:what|which|anything)\b.*\bwould\b.*\bchange\b|\bdiff\w*\b", w.lower))
            and (_about(w) or bool(re.search(r"\b(?:upgrade|roll(?:ed)?\s*back)\b", w.lower)))
            and _free(w)
        ),
        6,
    ),
    _recipe(
        "lint",
        "lint check",
        charts.of_chart("helm.lint", "lint", "whether {} is in order"),
        "lint chart ./charts/web",
        _chart_said,
        2,
    ),
    _recipe(
        "template",
        "template show",
        charts.of_chart("helm.template", "render", "what {} renders to"),
        "render chart ./charts/web",
        lambda w: w.verb == "template" or (_chart_said(w) and w.has("render", "rendered", "template", "templates")),
        2,
    ),
    _recipe(
        "show_chart",
        "show inspect",
        charts.of_chart("helm.show_chart", "show", "what {} is"),
        "show chart ./charts/web",
        lambda w: _chart_said(w) and not w.has("release", "releases"),
    ),
    _recipe(
        "create_chart",
        "create write mkdir",
        charts.create,
        "create chart shop",
        lambda w: _chart_said(w) and not w.has("release", "install", "deploy"),
        2,
    ),
)
"""What the Helm specialist can do, most usual first."""
