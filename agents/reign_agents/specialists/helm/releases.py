"""Recipes for releases: install, upgrade, roll back, uninstall, and what only looks at them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.conditions import asked_first
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.found import (
    SHOWN,
    Found,
    adapted,
    by_name,
    chart_keys,
    charts_here,
    flat_keys,
    meant,
    several,
    there,
)
from reign_agents.specialists.helm.said import Said, put_value, said, spoken_values
from reign_executors.errors import OperationError
from reign_executors.home import expanded
from reign_executors.redaction.names import is_secret_name

_NEGATED = re.compile(
    r"(?:\b(?:don[’']?t|do\s+not|without|no|not|never)\s+(?:an?\s+|any\s+|the\s+)?)"
    r"(?:(?:wait|atomic)\w*(?:\s+(?:for|until)\b[^,;]*)?|(?:create|creating|make|making)\s+(?:the\s+|that\s+|an?\s+)?"
    r"(?:new\s+)?namespaces?|new\s+namespace|roll\w*\s*back\b[^,;]*)"
)
_GOES_BACK = re.compile(
    r"(?<!\S)--atomic\b|\batomic(?:ally)?\b|--rollback-on-failure\b|\broll(?:ed|ing|s)?\s*(?:it\s+)?back\s+(?:if|when|on)\b|"
    r"\b(?:if|when)\s+(?:it|that|this|anything|something)\s+(?:fails?|breaks?|goes\s+wrong)\b[^.;]*\b(?:roll|go)\w*\s*(?:it\s+)?back|"
    r"\bback\s+out\s+(?:if|when|on)\b"
)
_LIMIT = re.compile(
    r"(?:--)?timeout[ =](?:of\s+)?(?P<a>\d+)\s*(?P<b>m|s|h)?|"
    r"\b(?:max(?:imum)?|at\s+most|up\s+to|no\s+(?:longer|more)\s+than|within|for)\s+(?P<c>\d+)\s*(?P<d>m|s|h)(?:in|ec|our|r)?\w*\b"
)


def _waiting(wish: Wish, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """What the words say of waiting and of going back."""
    text = _NEGATED.sub(" ", wish.lower)
    if _GOES_BACK.search(text):
        fields["atomic"] = True
    if re.search(
        r"--wait\b|\bwait\b|\buntil\s+(?:it(?:'s|s|\s+is)?\s+|all\s+is\s+)?(?:ready|up|running|healthy)\b", text
    ):
        fields["wait"] = True
    if re.search(
        r"--create-namespace\b|\b(?:create|make|creating)\s+(?:the\s+|that\s+|its\s+|an?\s+)?(?:new\s+)?namespace\b|"
        r"\bnew namespace\b",
        text,
    ):
        fields["create_namespace"] = True
    limit = _LIMIT.search(text)
    if limit is not None:
        unit = {"m": 60, "h": 3600}.get(limit["b"] or limit["d"] or "s", 1)
        fields["timeout_seconds"] = int(limit["a"] or limit["c"]) * unit
    return fields


def _valued(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields of values: those whose name says that they are secret apart from the others."""
    plain, secret = _parted(values)
    return {"values": plain, "secret_values": secret}


def _parted(values: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    plain: dict[str, JsonValue] = {}
    secret: dict[str, JsonValue] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            inner, hidden = _parted(value)
            plain |= {key: inner} if inner or not hidden else {}
            secret |= {key: hidden} if hidden else {}
        elif is_secret_name(key):
            secret[key] = value
        else:
            plain[key] = value
    return plain, secret


_TIMES = re.compile(r"\b(?:\d+|two|three|four|five|several)\s+(?:times|instances|copies)\b|\btwice\b", re.IGNORECASE)


async def install(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    hung = asked_first(wish.text, ("list helm releases",))
    if hung is not None:
        return hung
    words = said(wish)
    if _TIMES.search(wish.lower):
        several = words.chart or "./charts/web"
        text = f"Each release of {several} needs a name of its own. Which ones?"
        return Question(text, (f"install chart {several} as web-1 and install chart {several} as web-2",))
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
    spoken = _spoken(wish, words, chart_keys(chart, context))
    fields: dict[str, JsonValue] = {
        "release": release,
        "chart": chart,
        "namespace": words.namespace,
        "version": _chart_version(wish, words, spoken),
        **_valued(adapted(spoken, chart, context, outline)),
        "values_files": list(words.files),
    }
    if wish.has("or upgrade", "upgrade --install", "if it exists upgrade"):
        fields["if_exists"] = "upgrade"
    outline.add("helm.install", _waiting(wish, fields), f"install {chart} as {release}")
    return None


def _chart_version(wish: Wish, words: Said, values: dict[str, JsonValue]) -> str | None:
    """The version of the chart; none where the number is that of a value ("image tag 1.4")."""
    if words.version is None or re.search(rf"\bversion\s+v?{re.escape(words.version)}", wish.lower):
        return words.version
    return None if words.version in re.findall(r"[\w.+-]+", str(values)) else words.version


_NEWEST = re.compile(
    r"\b(?:latest|newest|newer|most\s+recent)\s+(?:chart|version)|\bto\s+(?:the\s+)?(?:latest|newest)\b"
)


def _spoken(wish: Wish, words: Said, keys: Sequence[str]) -> dict[str, JsonValue]:
    """The values of the words: as pairs, and said in prose with the names that the chart has."""
    values = dict(words.values)
    for key, value in spoken_values(wish, keys):
        put_value(values, key, value)
    return values


_SPEAKS_OF_VALUES = re.compile(
    r"\b\d+\s+(?:replicas?|copies|pods)\b|\b(?:enabl|disabl)|\b(?:turn|switch)\s+o(?:n|ff)\b|\bvalues?\b|"
    r"\b(?:with|and|set|setting|change|bump|update)\s+(?!it\b)(?:the\s+)?[a-z][\w.]*(?:\s+[a-z]\w*){0,3}\s+(?:to\s+|=\s*)?\S",
    re.IGNORECASE,
)


async def _keys_of(wish: Wish, found: Found, chart: str | None, context: PlanningContext) -> list[str]:
    """The names of values that a chart here or the release itself has, nested ones with dots."""
    if chart is not None and (known := chart_keys(chart, context)):
        return known
    if not found.namespace or not _SPEAKS_OF_VALUES.search(wish.text):
        return []
    where: dict[str, JsonValue] = {"release": found.name, "namespace": found.namespace, "everything": True}
    try:
        values = (await context.look("helm.get_values", where)).get("values")
    except (OperationError, KeyError):
        return []
    return flat_keys(values)


async def upgrade(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    installs = wish.has("--install", "-i", "or install", "install it if")
    found = await meant(words, wish, context, outline, "upgrade release {}")
    if isinstance(found, Question):
        if not installs or words.release is None or words.chart is None:
            return found
        found = Found(words.release, words.namespace or "", "", 0)
    hung = asked_first(wish.text, (f"status of release {found.name} in namespace {found.namespace}",))
    if hung is not None:
        return hung
    spoken = _spoken(wish, words, await _keys_of(wish, found, words.chart, context))
    words = replace(words, version=_chart_version(wish, words, spoken))
    chart, question = await _chart_for(words, found, context, outline, newest=bool(_NEWEST.search(wish.lower)))
    if question is not None:
        return question
    values = _spoken(wish, words, await _keys_of(wish, found, chart, context))
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "chart": chart,
        "version": words.version if chart is not None and not _local(chart, context) else None,
        **_valued(values if chart is None else adapted(values, chart, context, outline)),
        "values_files": list(words.files),
        "install": True if installs else None,
    }
    if (values or words.files) and not wish.has("--reset-values", "reset the values", "only these values"):
        fields["reuse_values"] = True
        outline.assume("the values given before stay (say: reset the values)")
    outline.add("helm.upgrade", _waiting(wish, fields), f"upgrade release {found.name}")
    return None


def _local(chart: str, context: PlanningContext) -> bool:
    return "://" not in chart and (context.settings.cwd / expanded(chart)).exists()


async def _chart_for(
    words: Said, found: Found, context: PlanningContext, outline: Outline, *, newest: bool = False
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
    if words.version is None and not newest:
        return None, None
    name = re.sub(r"-v?\d[\w.+-]*$", "", found.chart) or found.name
    fitting = {path: str(about.get("version")) for path, about in here.items() if about.get("name") == name}
    if words.version is None:
        shown = "".join(f" Here is {path}, version {version}." for path, version in list(fitting.items())[:3])
        return None, Question(
            f"Where is the newest chart {name}?{shown}",
            (
                *(f"upgrade release {found.name} with {path}" for path in list(fitting)[:2]),
                f"upgrade release {found.name} with repository/{name}",
            ),
        )
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
    if not words.values and not spoken_values(wish, ()):
        name = words.release
        if name is not None:
            found = await meant(words, wish, context, outline, "show the values of release {}")
            if isinstance(found, Question):
                return found
            if spoken_values(wish, await _keys_of(wish, found, None, context)):
                return await upgrade(wish, context, outline)
        return Question(
            "Which value should I set, and to what?", (f"set image.tag=2 on release {words.release or 'web'}",)
        )
    return await upgrade(wish, context, outline)


_STEPS_BACK = re.compile(r"\b(?P<n>\d+|two|three|four|five)\s+(?:revisions?|versions?|steps?)\b")
_COUNTED = {"two": 2, "three": 3, "four": 4, "five": 5}


async def rollback(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    found = await meant(words, wish, context, outline, "rollback release {}")
    if isinstance(found, Question):
        if words.release is not None and not wish.has("release", "helm"):
            offered = (*found.suggestions[:4], f"rollback deployment {words.release}")
            return Question(found.text, offered, missing=found.missing)
        return found
    hung = asked_first(wish.text, (f"status of release {found.name} in namespace {found.namespace}",))
    if hung is not None:
        return hung
    revision, back = words.revision, _STEPS_BACK.search(wish.lower)
    if revision is None and back is not None:
        revision = found.revision - (_COUNTED.get(back["n"]) or int(back["n"]))
        if revision < 1:
            return Question(
                f"Release {found.name} is at revision {found.revision}: there is nothing that far back.",
                (f"history of release {found.name} in namespace {found.namespace}",),
            )
        outline.assume(f"release {found.name} is at revision {found.revision} now")
    if re.search(r"(?<![\w-])(?:--)?dry[- ]?run\b", wish.lower):
        return await diff(wish, context, outline)
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "revision": revision,
    }
    goal = f"revision {revision}" if revision else "the good revision before"
    outline.add("helm.rollback", _waiting(wish, fields), f"roll release {found.name} back to {goal}")
    return None


async def uninstall(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    chosen = await several(wish, context, outline)
    if isinstance(chosen, Question):
        return chosen
    if chosen is None:
        found = await meant(said(wish), wish, context, outline, "uninstall release {}")
        if isinstance(found, Question):
            return found
        chosen = [found]
    looks = tuple(f"status of release {one.name} in namespace {one.namespace}" for one in chosen[:2])
    hung = asked_first(wish.text, looks)
    if hung is not None:
        return hung
    for one in chosen:
        fields: dict[str, JsonValue] = {"release": one.name, "namespace": one.namespace or None}
        outline.add("helm.uninstall", _waiting(wish, fields), f"remove release {one.name}")
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
    numbers = [int(one) for one in re.findall(r"\brev(?:ision)?s?\s+#?(\d+)", wish.lower)]
    pair = re.search(
        r"\brev(?:ision)?s?\s+#?(\d+)\s*(?:and|to|with|against|vs\.?|\.\.)\s*(?:rev(?:ision)?\s+)?#?(\d+)", wish.lower
    )
    numbers = [int(pair[1]), int(pair[2])] if pair is not None else numbers
    ask = "what would change if I upgrade release {}" + (f" with {words.chart}" if words.chart else "")
    found = await meant(words, wish, context, outline, ask)
    if isinstance(found, Question):
        return found
    chart, question = await _chart_for(words, found, context, outline)
    if question is not None:
        return question
    values = _spoken(wish, words, await _keys_of(wish, found, chart, context))
    others = [one for one in numbers if one != found.revision]
    if len(others) > 1:
        return Question(
            f"I compare a revision of {found.name} with what runs now, revision {found.revision}; not two of them.",
            tuple(f"diff release {found.name} revision {one} in namespace {found.namespace}" for one in others[:2]),
        )
    earlier = words.revision if re.search(r"\brev(?:ision)?\b|\broll", wish.lower) else None
    earlier = others[0] if others else earlier
    fields: dict[str, JsonValue] = {
        "release": found.name,
        "namespace": found.namespace or None,
        "chart": chart,
        **_valued(values),
        "values_files": list(words.files),
        "reuse_values": True if values or words.files else None,
        "revision": earlier,
    }
    outline.add("helm.diff", fields, f"what would change in release {found.name}")
    return None
