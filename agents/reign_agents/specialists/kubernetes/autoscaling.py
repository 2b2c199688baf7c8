"""Autoscalers of workloads: as many pods as the load needs, between two numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.found import meant
from reign_agents.specialists.kubernetes.said import said

USUAL_CPU = 80
"""Percent of the requested cpu that an autoscaler aims at when nothing is said."""
_BETWEEN = re.compile(
    r"\b(?:between|from)\s+(?P<low>\d+)\s+(?:and|to)\s+(?P<high>\d+)\b|\b(?P<a>\d+)\s*(?:-|\.\.|to)\s*(?P<b>\d+)\b",
    re.IGNORECASE,
)
_MIN = re.compile(r"(?:--)?\b(?:min(?:imum)?|at\s+least)[= ]+(?:of\s+)?(?P<value>\d+)\b", re.IGNORECASE)
_MAX = re.compile(r"(?:--)?\b(?:max(?:imum)?|at\s+most|up\s+to)[= ]+(?:of\s+)?(?P<value>\d+)\b", re.IGNORECASE)
_CPU = re.compile(r"(?P<value>\d{1,3})\s*(?:%|percent)|--cpu(?:-percent)?[= ](?P<flag>\d{1,3})", re.IGNORECASE)


def bounds(text: str) -> tuple[int | None, int | None, int | None]:
    """The least and the most pods and the percent of cpu that the words give; None where they give none."""
    between = _BETWEEN.search(text)
    low, high, cpu = _MIN.search(text), _MAX.search(text), _CPU.search(text)
    least = int(low["value"]) if low else int(between["low"] or between["a"]) if between else None
    most = int(high["value"]) if high else int(between["high"] or between["b"]) if between else None
    return least, most, int(cpu["value"] or cpu["flag"]) if cpu else None


async def autoscale(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """An autoscaler for each workload named, as a manifest."""
    least, most, cpu = bounds(wish.text)
    found = await meant(said(wish), wish, context, outline, "autoscale", ("deployment", "statefulset"))
    if isinstance(found, Question):
        return found
    if most is None:
        name = found[0].name
        return Question(
            f"Between how many pods should {name} run?",
            (f"autoscale {name} between 2 and 8",),
            completes="{request} between 1 and {reply}",
        )
    if cpu is None:
        outline.assume(f"it aims at {USUAL_CPU} % of the requested cpu (say: at 60% cpu)")
    if least is None:
        outline.assume("at least 1 pod (say: between 2 and 8)")
    for one in found:
        fields: dict[str, JsonValue] = {
            "manifest": manifest(one.kind, one.name, least or 1, most, cpu or USUAL_CPU),
            "namespace": one.namespace,
        }
        outline.add("kubernetes.apply", fields, f"{one.name} runs between {least or 1} and {most} times, by its load")
    return None


_BOUND = re.compile(
    r"\b(?P<which>max(?:imum)?|min(?:imum)?)(?:\s+(?:number\s+of\s+)?(?:replicas?|pods?|copies))?\b[^\d]*?\b(?:to|=|at)\s*(?P<n>\d+)\b",
    re.IGNORECASE,
)


def rebounds(wish: Wish) -> bool:
    """Whether an autoscaler that is there gets other bounds."""
    spoken = said(wish).kind == "horizontalpodautoscaler" or re.search(
        r"\b(?:max|min)(?:imum)?\s+(?:number\s+of\s+)?(?:replicas|pods|copies)\b", wish.lower
    )
    return bool(spoken) and _BOUND.search(wish.lower) is not None


async def rebound(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """The autoscaler as it is, with the bounds that the words give."""
    words = replace(said(wish), kind="horizontalpodautoscaler")
    found = await meant(words, wish, context, outline, "change")
    if isinstance(found, Question):
        return found
    given = {one["which"][:3]: int(one["n"]) for one in _BOUND.finditer(wish.lower)}
    for one in found:
        live: Any = (await context.look("kubernetes.get", one.fields())).get("object") or {}
        spec: dict[str, Any] = dict(live.get("spec") or {})
        spec |= {"minReplicas": given["min"]} if "min" in given else {}
        spec |= {"maxReplicas": given["max"]} if "max" in given else {}
        whole = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": one.name},
            "spec": spec,
        }
        fields: dict[str, JsonValue] = {"manifest": json.dumps(whole), "namespace": one.namespace}
        bounds_now = f"{spec.get('minReplicas', 1)} and {spec.get('maxReplicas')}"
        outline.add("kubernetes.apply", fields, f"{one.name} runs between {bounds_now} times; the rest stays")
    return None


def manifest(kind: str, name: str, least: int, most: int, cpu: int) -> str:
    """A HorizontalPodAutoscaler; ``cpu`` in percent of what is requested."""
    known = {"deployment": "Deployment", "statefulset": "StatefulSet"}
    return (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n"
        f"  name: {name}\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: {known[kind]}\n"
        f"    name: {name}\n"
        f"  minReplicas: {least}\n  maxReplicas: {most}\n  metrics:\n    - type: Resource\n      resource:\n"
        f"        name: cpu\n        target:\n          type: Utilization\n          averageUtilization: {cpu}\n"
    )


def changed(text: str, before: str) -> str | None:
    """The request that an autoscaler of before becomes with other numbers; None where the words give none."""
    least, most, cpu = bounds(text)
    if (least, most, cpu) == (None, None, None):
        return None
    was = dict(re.findall(r"(name|kind|minReplicas|maxReplicas|averageUtilization): (\S+)", before))
    kind = re.search(r"scaleTargetRef:\s+apiVersion: \S+\s+kind: (\w+)\s+name: (\S+)", before)
    if kind is None:
        return None
    return (
        f"autoscale {kind[1].lower()} {kind[2]} between {least or was['minReplicas']} and {most or was['maxReplicas']} "
        f"at {cpu or was['averageUtilization']}% cpu"
    )
