"""Recipes for releases: install, upgrade, roll back, uninstall, and what only looks at them."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.found import SHOWN, Found, adapted, by_name, charts_here, meant, there
from reign_agents.specialists.helm.said import Said, said
from reign_executors.home import expanded


def _waiting(wish: Wish, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """What the words say of waiting and of going back."""
    text = wish.lower
    if re.search(r"\batomic(?:ally)?\b|--rollback-on-failure\b|\broll(?:ed|ing)?\s*back\s+if\b", text):
        fields["atomic"] = True
    if re.search(r"--wait\b|\b(?:and|then)?\s*wait\b|\buntil\s+(?:it\s+is\s+)?ready\b", text):
        fields["wait"] = True
    if re.search(
        r"--create-namespace\b|\b(?:create|make|creating)\s+(?:the\s+|that\s+)?namespace\b|\bnew namespace\b", text
    ):
        fields["create_namespace"] = True
    limit = re.search(r"(?:--)?timeout[ =](?:of\s+)?(\d+)\s*(m|s)?", text)
    if limit is not None:
        fields["timeout_seconds"] = int(limit[1]) * (60 if limit[2] == "m" else 1)
    return fields


async def install(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    chart, release = words.chart, words.release
    if chart is None and wish.it is not None and wish.it.kind == "chart":
        chart = wish.it.name
    here = charts_here(context)
    chart = None if chart is None else by_name(chart, here)
    if chart is None or (not re.search(r"[/:]|\.tgz$|^\.", chart) and not (context.settings.cwd / chart).exists()):
        wanted = chart or release
        fitting = [path for path, about in here.items() if about.get("name") == wanted or Path(path).name == wanted]
        if len(fitting) != 1:
            offered = tuple(f"install chart {path}" for path in (fitting or list(here))[:SHOWN])
            name = f" {wanted}" if wanted else ""
            return Question(
                f"Where is the chart{name}? Say its folder, repository/name or an oci:// address.",
                offered or (f"install chart ./charts/{wanted or 'web'}", "install bitnami/nginx as web"),
            )
        chart = fitting[0]
        outline.assume(f"the chart is {chart}")
    problem = there(chart, context, outline)
    if problem is not None:
        return problem
    if release is None or release == words.namespace:
        release = str(here.get(chart, {}).get("name") or Path(chart.rstrip("/")).name.partition(":")[0])
        release = re.sub(r"-\d[\w.]*\.tgz$|\.tgz$", "", release).lower().replace("_", "-")
        outline.assume(f"the release is called {release} (say: as …)")
    fields: dict[str, JsonValue] = {
        "release": release,
        "chart": chart,
        "namespace": words.namespace,
        "version": words.version,
        "values": adapted(words.values, chart, context, outline),
        "values_files": list(words.files),
    }
    if wish.has("or upgrade", "upgrade --install", "if it exists upgrade"):
        fields["if_exists"] = "upgrade"
    outline.add("helm.install", _waiting(wish, fields), f"install {chart} as {release}")
    return None


async def upgrade(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    installs = wish.has("--install", "-i", "or install", "install it if")
    found = await meant(words, wish, context, outline, "upgrade release {}")
    if isinstance(found, Question):
        if not installs or words.release is None or words.chart is None:
            return found
        found = Found(words.release, words.namespace or "", "", 0)
    chart, question = await _chart_for(words, found, context, outline)
    if question is not None:
        return question
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "chart": chart,
        "version": words.version if chart is not None and not _local(chart, context) else None,
        "values": words.values if chart is None else adapted(words.values, chart, context, outline),
        "values_files": list(words.files),
        "install": True if installs else None,
    }
    if (words.values or words.files) and not wish.has("--reset-values", "reset the values", "only these values"):
        fields["reuse_values"] = True
        outline.assume("the values given before stay (say: reset the values)")
    outline.add("helm.upgrade", _waiting(wish, fields), f"upgrade release {found.name}")
    return None


def _local(chart: str, context: PlanningContext) -> bool:
    return "://" not in chart and (context.settings.cwd / expanded(chart)).exists()


async def _chart_for(
    words: Said, found: Found, context: PlanningContext, outline: Outline
) -> tuple[str | None, Question | None]:
    """The chart of an upgrade: the one named, else one here of the release's chart's name and the version wanted, else
    the release's own (None)."""
    here = charts_here(context)
    if words.chart is not None:
        chart = by_name(words.chart, here)
        problem = there(chart, context, outline)
        version = str(here.get(chart, {}).get("version") or "")
        if problem is None and words.version and version and not version.startswith(words.version.lstrip("v")):
            problem = Question(
                f"The chart {chart} is version {version}, not {words.version}. What should I do?",
                (
                    f"upgrade release {found.name} with {chart}",
                    f"set image.tag={words.version} on release {found.name}",
                ),
            )
        return chart, problem
    if words.version is None:
        return None, None
    name = re.sub(r"-v?\d[\w.+-]*$", "", found.chart) or found.name
    fitting = {path: str(about.get("version")) for path, about in here.items() if about.get("name") == name}
    wanted = words.version.lstrip("v")
    exact = [path for path, version in fitting.items() if version == wanted or version.startswith(f"{wanted}.")]
    if len(exact) == 1:
        outline.assume(f"the chart is {exact[0]}, version {fitting[exact[0]]}")
        return exact[0], None
    listed = "".join(f" Here is {path}, version {version}." for path, version in list(fitting.items())[:3])
    return None, Question(
        f"Where is version {words.version} of the chart {name}?{listed}",
        (
            *(f"upgrade release {found.name} with {path}" for path in list(fitting)[:2]),
            f"set image.tag={words.version} on release {found.name}",
            f"upgrade release {found.name} with repository/{name} version {words.version}",
        ),
    )


async def set_values(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    if not words.values:
        return Question(
            "Which value should I set, and to what?", (f"set image.tag=2 on release {words.release or 'web'}",)
        )
    return await upgrade(wish, context, outline)


async def rollback(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "rollback release {}")
    if isinstance(found, Question):
        if words.release is not None and not wish.has("release", "helm"):
            offered = (*found.suggestions[:4], f"rollback deployment {words.release}")
            return Question(found.text, offered, missing=found.missing)
        return found
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "revision": words.revision,
    }
    goal = f"revision {words.revision}" if words.revision else "the good revision before"
    outline.add("helm.rollback", _waiting(wish, fields), f"roll release {found.name} back to {goal}")
    return None


async def uninstall(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await meant(said(wish), wish, context, outline, "uninstall release {}")
    if isinstance(found, Question):
        return found
    fields: dict[str, JsonValue] = {"release": found.name, "namespace": found.namespace or None}
    outline.add("helm.uninstall", _waiting(wish, fields), f"remove release {found.name}")
    return None


async def listing(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    namespace = words.namespace
    everywhere = namespace is None and context.settings.namespace is None
    fields: dict[str, JsonValue] = {"namespace": namespace, "all_namespaces": True if everywhere else None}
    outline.add("helm.list", fields, "which releases there are")
    return None


def looking(operation: str, ask: str, why: str, **more: JsonValue) -> Build:
    """A recipe that looks at one release."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        words = said(wish)
        found = await meant(words, wish, context, outline, ask)
        if isinstance(found, Question):
            return found
        fields: dict[str, JsonValue] = {"release": found.name, "namespace": found.namespace or None, **more}
        if operation == "helm.get_values":
            fields["everything"] = True if wish.has("all", "defaults", "computed") else None
            fields["revision"] = words.revision
        outline.add(operation, fields, why.format(found.name))
        return None

    return build


async def diff(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    ask = "what would change if I upgrade release {}" + (f" with {words.chart}" if words.chart else "")
    found = await meant(words, wish, context, outline, ask)
    if isinstance(found, Question):
        return found
    chart, question = await _chart_for(words, found, context, outline)
    if question is not None:
        return question
    earlier = words.revision if re.search(r"\brevision\b|\broll", wish.lower) else None
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "chart": chart,
        "values": words.values,
        "values_files": list(words.files),
        "reuse_values": True if words.values or words.files else None,
        "revision": earlier,
    }
    outline.add("helm.diff", fields, f"what would change in release {found.name}")
    return None
