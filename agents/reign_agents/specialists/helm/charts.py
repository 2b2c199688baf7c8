"""Recipes for charts: lint, render, show, create."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.found import SHOWN, by_name, chart_keys, charts_here, there
from reign_agents.specialists.helm.said import NOISE, put_value, said, spoken_values


def of_chart(operation: str, verb: str, why: str) -> Build:
    """A recipe that looks at one chart."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        words = said(wish)
        here = charts_here(context)
        output = re.search(r"(?:\b(?:to|into)|>)\s*(?P<file>[\w./-]+\.ya?ml)\b", wish.text)
        if operation == "helm.template" and output is not None:
            shown = words.chart or next(iter(here), "./charts/web")
            line = f"!helm template {shown} > {output['file']}"
            return Question(
                "What a chart renders to is shown; keeping it in a file comes later.", (line, f"render chart {shown}")
            )
        if (
            operation == "helm.lint"
            and here
            and re.search(r"\b(?:all|every|each)\b.*\bcharts?\b|\bcharts\b(?!/)", wish.lower)
        ):
            for path in here:
                outline.add(
                    operation,
                    {"chart": path, "strict": True if wish.has("strict", "strictly") else None},
                    why.format(path),
                )
            return None
        meant = wish.it.name if wish.it is not None and wish.it.kind == "chart" else None
        chart = meant if words.chart is None else by_name(words.chart, here)
        if chart is None:
            named = [path for path, about in here.items() if words.release in (about.get("name"), Path(path).name)]
            fitting = named or list(here)
            if len(fitting) != 1:
                return Question(
                    f"Which chart should I {verb}?",
                    tuple(f"{verb} chart {path}" for path in fitting[:SHOWN]) or (f"{verb} chart ./charts/web",),
                )
            chart = fitting[0]
            outline.assume(f"the chart is {chart}")
        problem = there(chart, context, outline)
        if problem is not None:
            return Question(problem.text, tuple(f"{verb} chart {path}" for path in list(here)[:3]))
        fields: dict[str, JsonValue] = {"chart": chart}
        if operation != "helm.show_chart":
            values = dict(words.values)
            for key, value in spoken_values(wish, chart_keys(chart, context)):
                put_value(values, key, value)
            fields |= {"values": values, "values_files": list(words.files)}
        if operation == "helm.lint" and wish.has("strict", "strictly", "--strict"):
            fields["strict"] = True
        if operation == "helm.template":
            fields |= {"namespace": words.namespace, "release": words.release if wish.has("as", "release") else None}
        outline.add(operation, fields, why.format(chart))
        return None

    return build


async def create(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    scan.take(r"\b(?:helm\s+)?charts?\b|\b(?:named|called|new|for|at|in)\b")
    path = said(wish).chart or next(iter(scan.words(NOISE)), None)
    if path is None:
        return Question("What should the chart be called?", ("create chart shop",), completes="{request} {reply}")
    fields: dict[str, JsonValue] = {"path": path, "parents": True if "/" in path.strip("./") else None}
    outline.add("helm.create_chart", fields, f"a new chart in {path}")
    return None
