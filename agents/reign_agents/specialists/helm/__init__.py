"""Helm charts and releases."""

from __future__ import annotations

import re
from collections.abc import Callable

from reign_agents.planning.recipe import Build, Recipe
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import VERBS
from reign_agents.specialists.helm import aside, charts, releases
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


_A_VALUE = re.compile(r"\b[a-z]+(?:[A-Z]\w*|\.[A-Za-z]\w*)+(?:\s+(?:of|on|in|for)\s+(?:the\s+)?[a-z][\w-]*\s+to\b)")
_A_FILE = re.compile(r"\.(?:txt|conf|cfg|ini|ya?ml|env|toml|md|sh|py|json|xml|service|tf|tfvars|properties|html?)\b")


def _sets(wish: Wish) -> bool:
    if _release_said(wish):
        return True
    text = Scan(wish.rest).text
    return (
        bool(_A_VALUE.search(text))
        and not _A_FILE.search(text)
        and not NOT_HELM.search(wish.lower)
        and "/" not in wish.rest
    )


def _switches(wish: Wish) -> bool:
    return _release_said(wish) and bool(re.search(r"\b(?:enabl|disabl|turn\s+o|switch\s+o)", wish.lower))


def _installs(wish: Wish) -> bool:
    if _about(wish):
        if wish.verb == "install":
            return True
        if wish.has("helm") and wish.verb != "create" and CHART.search(wish.scan().text):
            return True
        made = wish.has("create", "new", "make", "scaffold", "generate", "bootstrap", "draft", "write", "start")
        return wish.has("chart") and not made
    return wish.verb == "install" and (bool(CHART.search(wish.scan().text)) or wish.has("-n", "namespace"))


_RANK = 9
"""Words that speak of charts and releases count for more than any that another tool's recipe may fit."""


def _recipe(
    name: str, verbs: str, build: Build, example: str, fits: Callable[[Wish], bool] = _about, rank: int = 0
) -> Recipe:
    said: set[str | None] = (
        {*VERBS.values(), None} if verbs == "*" else {None if one == "-" else one for one in verbs.split()}
    )
    return Recipe(f"helm.{name}", frozenset(said), frozenset(), build, example, fits, _RANK + rank)


_LOOK = "show list check find inspect"
RECIPES = (
    _recipe("lacking", "*", aside.plan_lacking, "show chart ./charts/web", aside.lacks, 12),
    _recipe(
        "install",
        "install run create rollout apply",
        releases.install,
        "install chart ./charts/web as web in namespace shop with replicas=3",
        _installs,
        8,
    ),
    _recipe("upgrade", "upgrade", releases.upgrade, "upgrade release web with ./charts/web", _release_said, 3),
    _recipe("upgrade_bare", "upgrade", releases.upgrade, "upgrade web with ./charts/web", _free),
    _recipe(
        "set",
        "set",
        releases.set_values,
        "set image.tag=2 on release web",
        _sets,
        3,
    ),
    _recipe("switch", "*", releases.set_values, "enable ingress of release web", _switches, 9),
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
        f"{_LOOK} upgrade plan rollback -",
        releases.diff,
        "what would change if I upgrade web with ./charts/web",
        lambda w: (
            bool(
                re.search(
                    r"\b(?:what|which|anything)\b.*\bwould\b.*\bchange\b|\bdiff\w*\b|\bwhat\s+changed\b.*\brev", w.lower
                )
            )
            and (_about(w) or bool(re.search(r"\b(?:upgrade|roll(?:ed)?\s*back)\b|\brev(?:ision)?s?\s+\d", w.lower)))
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
