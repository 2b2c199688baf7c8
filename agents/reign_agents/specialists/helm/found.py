"""Which release and which chart the words mean: looked up on the cluster and in the folder, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.said import Said, said
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
    status: str = ""

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
        Found(
            str(row["release"]),
            str(row["namespace"]),
            str(row.get("chart") or ""),
            int(row.get("revision") or 0),
            str(row.get("status") or ""),
        )
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


def chart_keys(chart: str, context: PlanningContext) -> list[str]:
    """The names of the values of a chart that is a folder here, nested ones with dots."""
    import yaml

    file = (context.settings.cwd / expanded(chart)) / "values.yaml"
    try:
        return flat_keys(yaml.safe_load(file.read_text("utf-8")) if file.is_file() else None)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []


def flat_keys(values: object, before: str = "") -> list[str]:
    """The names of values, nested ones with dots; at most some hundreds."""
    if not isinstance(values, dict):
        return []
    found: list[str] = []
    for key, value in list(values.items())[:200]:
        name = f"{before}{key}"
        found += flat_keys(value, f"{name}.") if isinstance(value, dict) and value else [name]
    return found[:500]


_ALL = re.compile(r"\b(?:all|every|everything|each)\b", re.IGNORECASE)
_IN_STATE = re.compile(
    r"\b(?P<state>failed|failing|broken|pending|stuck|deployed|superseded)\b(?=.*\breleases\b)", re.IGNORECASE
)
_STATES = {"failing": "failed", "broken": "failed", "stuck": "pending"}
_BUT = re.compile(
    r"(?:,\s*)?\b(?:except(?:ing)?(?:\s+for)?|excluding|besides|apart\s+from|other\s+than|save\s+for|but(?:\s+(?:not|keep|leave|spare))?|"
    r"not|keep|leave|spare)\s+(?:the\s+)?(?:releases?\s+)?(?P<names>[^;]+)$",
    re.IGNORECASE,
)


async def several(wish: Wish, context: PlanningContext, outline: Outline) -> list[Found] | Question | None:
    """The releases that the words mean where they choose among many: "shop and api", "all failed ones", "all but pg".

    None where one is named or meant. A name that is not there is asked about.
    """
    words = said(wish)
    text = Scan(wish.rest).text
    spared = _BUT.search(text)
    head = text[: spared.start()] if spared is not None else text
    rows = await _releases(context, words.namespace or context.settings.namespace)
    namespace = words.namespace or context.settings.namespace
    here = [row for row in rows if namespace is None or row.namespace == namespace]
    kept = set(re.findall(r"[\w.-]*\w", spared["names"])) if spared is not None else set()
    state = _IN_STATE.search(head)
    if not _ALL.search(head) and state is None:
        listed = re.search(r"(?P<names>[\w-]+(?:(?:\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+)(?:release\s+)?[\w-]+)+)", head)
        names = re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+", listed["names"]) if listed else []
        names = [re.sub(r"^release\s+", "", one) for one in names]
        if len(names) < 2 or not any(row.name in names for row in rows):
            return None
        chosen: list[Found] = []
        for name in names:
            one = await meant(replace(words, release=name), wish, context, outline, "uninstall release {}")
            if isinstance(one, Question):
                return one
            chosen.append(one)
        return chosen
    wanted = _STATES.get(state["state"].lower(), state["state"].lower()) if state is not None else None
    if any(row.name in kept for row in here) or spared is None:
        fitting = [row for row in here if row.name not in kept and (wanted is None or row.status.startswith(wanted))]
        where = f" in {namespace}" if namespace else ""
        kind = f"{wanted} release" if wanted else "release"
        if not fitting:
            return Question(f"There is no {kind}{where} to be uninstalled.", ("list helm releases",))
        if namespace is None and wanted is None:
            return Question(
                "All releases of all namespaces? Name the namespace.",
                tuple(
                    f"uninstall all releases in namespace {one}"
                    for one in sorted({row.namespace for row in here})[:SHOWN]
                ),
            )
        outline.assume(f"the {kind}s{where}: {', '.join(map(str, fitting))}")
        return fitting
    listed_here = ", ".join(row.name for row in here[:SHOWN])
    return Question(
        f"None of the releases to be kept is there{f' in {namespace}' if namespace else ''}. There are: {listed_here}.",
        tuple(f"uninstall release {row.name} in namespace {row.namespace}" for row in here[:SHOWN]),
    )
