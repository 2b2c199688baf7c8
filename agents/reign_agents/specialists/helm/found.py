"""Which release and which chart the words mean: looked up on the cluster and in the folder, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.said import Said
from reign_executors.errors import OperationError
from reign_executors.home import expanded

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Found:
    """One release that is there."""

    name: str
    namespace: str
    chart: str
    revision: int

    def __str__(self) -> str:
        return f"{self.name} in {self.namespace}"


async def _releases(context: PlanningContext, namespace: str | None) -> list[Found]:
    """The releases of all namespaces; only of the one meant, where this user may not look further."""
    try:
        out = await context.look("helm.list", {"all_namespaces": True})
    except OperationError as error:
        if error.kind != "permission":
            raise
        out = await context.look("helm.list", {"namespace": namespace} if namespace else {})
    rows: Any = out.get("releases") or ()
    return [
        Found(str(row["release"]), str(row["namespace"]), str(row.get("chart") or ""), int(row.get("revision") or 0))
        for row in rows
    ]


async def meant(words: Said, wish: Wish, context: PlanningContext, outline: Outline, ask: str) -> Found | Question:
    """The release that the words mean; a question when they mean none or several. ``ask``: a request over ``{}``."""
    name = words.release or (wish.it.name if wish.it is not None and wish.it.kind == "release" else None)
    namespace = words.namespace or context.settings.namespace
    if name is not None and any(thing.kind == "release" and thing.name == name for thing in outline.made):
        before = next(step for step in reversed(outline.before) if step.fields.get("release") == name)
        kept = before.fields.get("namespace")
        return Found(name, namespace or (kept if isinstance(kept, str) else ""), "", 1)
    rows = await _releases(context, namespace)
    here = [row for row in rows if namespace is None or row.namespace == namespace]
    if name is None:
        shown = here or rows
        rest = "" if shown else f" There is no release{f' in {namespace}' if namespace else ''}."
        return Question(f"Which release do you mean?{rest}", tuple(_offer(ask, row) for row in shown[:SHOWN]))
    fitting = [row for row in here if row.name == name]
    if len(fitting) == 1:
        if words.namespace is None:
            outline.assume(f"release {name} is the one in namespace {fitting[0].namespace}")
        return fitting[0]
    if len(fitting) > 1:
        listed = ", ".join(row.namespace for row in fitting[:SHOWN])
        return Question(
            f"There is a release {name} in {len(fitting)} namespaces: {listed}. Which one?",
            tuple(_offer(ask, row) for row in fitting[:SHOWN]),
        )
    return _nowhere(name, namespace, rows, ask)


def _offer(ask: str, row: Found) -> str:
    return f"{ask.format(row.name)} in namespace {row.namespace}"


def _nowhere(name: str, namespace: str | None, rows: list[Found], ask: str) -> Question:
    where = f" in namespace {namespace}" if namespace else ""
    text = f"There is no release “{name}”{where}."
    others = [row for row in rows if row.name == name]
    if others:
        listed = ", ".join(row.namespace for row in others[:SHOWN])
        return Question(f"{text} It is in {listed}.", tuple(_offer(ask, row) for row in others[:SHOWN]), absent=name)
    close = get_close_matches(name, [row.name for row in rows], n=3, cutoff=0.5)
    near = [row for row in rows if row.name in close] or rows
    there = f" There are: {', '.join(str(row) for row in near[:SHOWN])}." if near else " There are no releases."
    return Question(text + there, tuple(_offer(ask, row) for row in near[:SHOWN]), missing="release", absent=name)


def charts_here(context: PlanningContext) -> dict[str, dict[str, Any]]:
    """Charts in this folder and the usual places below it: path as typed → ``Chart.yaml``."""
    import yaml

    found: dict[str, dict[str, Any]] = {}
    for pattern in ("Chart.yaml", "*/Chart.yaml", "charts/*/Chart.yaml", "deploy/*/Chart.yaml", "helm/*/Chart.yaml"):
        for file in sorted(context.settings.cwd.glob(pattern))[:50]:
            try:
                about = yaml.safe_load(file.read_text("utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError):
                continue
            if isinstance(about, dict):
                folder = file.parent.relative_to(context.settings.cwd)
                found["." if str(folder) == "." else f"./{folder}"] = about
    return found


def there(chart: str, context: PlanningContext, outline: Outline) -> Question | None:
    """The question when a chart that can only be a path is not there; None when it is, or will be, or is fetched."""
    if "://" in chart or any(step.fields.get("path") in (chart, chart.removeprefix("./")) for step in outline.before):
        return None
    path = context.settings.cwd / expanded(chart)
    if path.exists() or re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", chart):
        return None
    here = charts_here(context)
    listed = f" There is {', '.join(list(here)[:SHOWN])}." if here else ""
    return Question(f"There is no chart {chart} here.{listed}", tuple(f"install chart {one}" for one in list(here)[:3]))


def adapted(
    values: dict[str, JsonValue], chart: str, context: PlanningContext, outline: Outline
) -> dict[str, JsonValue]:
    """``replicas`` as this chart calls it, when it says ``replicaCount``."""
    import yaml

    if "replicas" not in values:
        return values
    file = (context.settings.cwd / expanded(chart)) / "values.yaml"
    try:
        known = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return values
    if not isinstance(known, dict) or "replicas" in known or "replicaCount" not in known:
        return values
    outline.assume("replicas is called replicaCount in this chart")
    return {"replicaCount" if key == "replicas" else key: value for key, value in values.items()}


def by_name(chart: str, here: dict[str, dict[str, Any]]) -> str:
    """The chart as it is typed for a path, when the words give it by its name or without ``./``."""
    if f"./{chart}" in here:
        return f"./{chart}"
    fitting = [path for path, about in here.items() if chart in (about.get("name"), Path(path).name)]
    return fitting[0] if len(fitting) == 1 and chart not in here else chart
