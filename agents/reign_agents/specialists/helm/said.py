"""What a wish says of charts and releases: names, versions, values. Words only; nothing is looked up here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.understanding import Understanding, understand

_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
HELM = re.compile(r"(?<![\w./-])(?:helm|charts?|releases?)(?![\w/-])|\boci://", re.IGNORECASE)
NOT_HELM = re.compile(
    r"(?<![\w./-])(?:pods?|deployments?|statefulsets?|daemonsets?|docker|containers?|terraform|tofu|github|repo|"
    r"repository|branch|pr|issue)(?![\w/-])",
    re.IGNORECASE,
)
_NAMESPACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\S)(?:-n|--namespace)[ =](?P<name>{_NAME})",
        rf"\bnamespace\s+(?P<name>{_NAME})",
        rf"\b(?P<name>{_NAME})\s+namespace\b",
    )
)
_BARE_NAMESPACE = re.compile(rf"\b(?:from|in|into|to|on)\s+(?:the\s+)?(?P<name>{_NAME})\s*[.!?]*$", re.IGNORECASE)
_EVERYWHERE = re.compile(
    r"\b(?:all|every|any|each)\s+(?:the\s+)?namespaces?\b|(?<!\S)-A\b|\beverywhere\b", re.IGNORECASE
)
_VALUES_FILE = re.compile(r"(?<!\S)(?P<value>[^\s,;=]+\.ya?ml)(?![^\s,;.!?])", re.IGNORECASE)
_VERSION = re.compile(r"v?\d[\d.]*")
CHART = re.compile(r"(?<!\S)(?P<value>(?:oci://|\.{0,2}/|~/)\S+|\S+\.tgz|[\w.-]+(?:/[\w.-]+)+)", re.IGNORECASE)
SET = re.compile(r"(?<![\w./-])(?P<key>[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*)=(?P<value>[^\s,;]*)")
_NOISE_WORDS = """
helm chart charts release releases the a an my our its it this that of on in to with for from as named called namespace
version revision values value all please history status set upgrade install rollback uninstall and current previous
last one before would change changed between difference against what if i we show get list new or wait create
"""
NOISE = frozenset(_NOISE_WORDS.split())
_NO_NAMESPACES = frozenset({"and", "with", "to", "of", "as", "for", "is", "the", "in", "this", "that", "my", "a"})


@lru_cache(maxsize=64)
def _understood(text: str) -> Understanding:
    return understand(text)


def about_helm(wish: Wish) -> bool:
    """Whether the words are about charts or releases: they say so, or understanding has it so."""
    if (wish.it is not None and wish.it.kind in ("release", "chart")) or HELM.search(wish.lower):
        return True
    return "helm" in _understood(wish.text).domains[:1]


@dataclass(frozen=True, slots=True)
class Said:
    """What the words say: ``values`` nested and typed as helm's --set does; None where they say nothing."""

    release: str | None
    chart: str | None
    namespace: str | None
    version: str | None
    revision: int | None
    values: dict[str, JsonValue]
    files: tuple[str, ...]
    everywhere: bool


def said(wish: Wish) -> Said:
    """What a wish says of charts and releases."""
    entities: dict[str, Any] = dict(_understood(wish.text).entities)
    low = wish.scan().text
    revision = entities.get("revision")
    if not isinstance(revision, int):
        found = re.search(r"\brevision\s+#?(\d+)\b|\bto\s+#?(\d+)\s*$", low)
        revision = int(found[1] or found[2]) if found is not None and wish.verb == "rollback" else None
    files = tuple(
        found["value"]
        for found in _VALUES_FILE.finditer(low)
        if not re.search(r"(?:\b(?:to|into|as)|>)\s*$", low[: found.start()])
    )
    chart = entities.get("chart") or entities.get("path")
    if not isinstance(chart, str) or chart in files or chart.endswith((".yaml", ".yml")):
        chart = next((name for name in map(_value, CHART.finditer(_without(low, files))) if "=" not in name), None)
    release = entities.get("release")
    release = (
        release
        if isinstance(release, str) and release != chart and not (wish.verb == "set" and "." in release)
        else None
    )
    version = entities.get("version")
    return Said(
        release or _named(wish, low, chart),
        chart,
        _namespace(entities, low, wish),
        version if isinstance(version, str) else None,
        revision,
        _values(wish),
        files,
        bool(_EVERYWHERE.search(wish.lower)),
    )


def _value(match: re.Match[str]) -> str:
    return match["value"].rstrip(".,;:!?") if not match["value"].endswith("..") else match["value"]


def _without(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace(part, " ")
    return text


def _namespace(entities: Mapping[str, Any], low: str, wish: Wish) -> str | None:
    named = entities.get("namespace")
    if isinstance(named, str):
        return named
    for pattern in _NAMESPACES:
        for found in pattern.finditer(low):
            if found["name"].lower() not in _NO_NAMESPACES:
                return found["name"]
    bare = _BARE_NAMESPACE.search(low)
    verbs = ("uninstall", "remove", "show", "list", "install", "upgrade", "rollback")
    if bare is not None and wish.verb in verbs and not (wish.verb in ("upgrade", "rollback") and _to(bare)):
        return bare["name"] if bare["name"].lower() not in NOISE and not _VERSION.fullmatch(bare["name"]) else None
    return None


def _to(found: re.Match[str]) -> bool:
    return found.group().lower().startswith(("to", "on"))


def _named(wish: Wish, low: str, chart: str | None) -> str | None:
    """The name of a release where understanding saw none: the first word left over."""
    text = SET.sub(" ", low)
    for pattern in _NAMESPACES[:2]:
        text = pattern.sub(" ", text)
    text = text if wish.verb == "upgrade" else _BARE_NAMESPACE.sub(" ", text)
    of = re.search(
        rf"\b(?:of|on|in|for)\s+(?:the\s+)?(?:release\s+)?(?P<name>{_NAME})(?:\s+release)?\s+(?:to|=)\s", text
    )
    if wish.verb == "set" and of is not None and of["name"] not in NOISE:
        return of["name"]
    named = re.search(rf"\b(?:release|as|named|called)\s+(?P<name>{_NAME})(?![\w/.:])", text, re.IGNORECASE)
    if named is not None and named["name"].lower() not in NOISE:
        return named["name"]
    scan = Scan(text)
    words = [word for word in scan.words(NOISE) if word != chart and re.fullmatch(_NAME, word)]
    return next((word for word in words if not _VERSION.fullmatch(word)), None)


def _values(wish: Wish) -> dict[str, JsonValue]:
    """The values of the words, quoted texts put in again, nested by their dots."""
    entities = _understood(wish.text).entities
    given = entities.get("values")
    flat: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    scan = wish.scan()
    for found in SET.finditer(scan.text):
        if found["key"] not in ("-n", "namespace", "version"):
            flat[found["key"]] = scan.restored(found["value"])
    nested: dict[str, JsonValue] = {}
    for key, value in flat.items():
        _put(nested, re.split(r"\.", key), _typed(str(value)))
    return nested


def put_value(into: dict[str, JsonValue], key: str, value: JsonValue) -> None:
    """Put a value in at its dotted key, typed as helm's --set does."""
    _put(into, key.split("."), _typed(str(value)))


def _put(into: dict[str, JsonValue], path: list[str], value: JsonValue) -> None:
    for part in path[:-1]:
        inner = into.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = into[part] = {}
        into = inner
    into[path[-1]] = value


def _typed(text: str) -> JsonValue:
    """As helm's --set reads it: whole numbers, true, false and null are no texts."""
    known: dict[str, JsonValue] = {"true": True, "false": False, "null": None}
    if text in known:
        return known[text]
    return int(text) if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})", text) else text


_NO_VALUE = r"(?!(?:and|or|in|of|with|for|to|on|from|is|the|a|an|as|at|by|but|not|chart|release|version|file|files)\b)"
_SET_TO = r"(?:\s+(?:set\s+)?(?:to|is|of|as|at)\b|\s*[=:])?\s+"
_DOTTED = re.compile(
    rf"(?:\b(?:with|and|set|setting|change|bump|make|put|value|where)\s+(?:the\s+)?(?:value\s+)?|,\s*)"
    rf"(?P<key>[a-z]\w*(?:\.[A-Za-z]\w*)+)(?:\s+(?:of|on|in)\s+(?:the\s+)?(?:release\s+)?[\w-]+)?{_SET_TO}{_NO_VALUE}(?P<value>[^\s,;]+)",
    re.IGNORECASE,
)
_ENABLES = re.compile(
    r"\b(?P<verb>enabl\w+|disabl\w+|(?:turn|switch)\s+(?:on|off))\s+(?:the\s+)?(?P<key>[a-z]\w*)\b", re.IGNORECASE
)


def spoken_values(wish: Wish, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Values said in prose, as key and text: "replicaCount 5", "image tag 1.4", "3 replicas", "disable ingress".

    ``keys`` are those that there are, nested ones with dots; a key with dots that is not among them counts, too.
    """
    scan = Scan(wish.text)
    text = SET.sub(" ", scan.text)
    found: dict[str, str] = {}
    for key in sorted(keys, key=len, reverse=True):
        words = re.split(r"\.|(?<=[a-z])(?=[A-Z])", key)
        spelled = (
            "|".join((re.escape(key), r"[\s.]+".join(map(re.escape, words)))) if len(words) > 1 else re.escape(key)
        )
        of = r"(?:\s+(?:of|on|in)\s+(?:the\s+)?(?:release\s+)?[\w-]+(?:\s+release)?(?=\s+(?:to|=)))?"
        match = re.search(
            rf"(?<![\w./-])(?:{spelled})(?![\w.]){of}{_SET_TO}{_NO_VALUE}(?P<value>[^\s,;]+)", text, re.IGNORECASE
        )
        if match is not None and not _FILE.search(match["value"]):
            found[key] = scan.restored(match["value"])
            text = text.replace(match.group(), " ", 1)
    for match in _DOTTED.finditer(text):
        if not _FILE.search(match["key"]) and not _FILE.search(match["value"]):
            found.setdefault(match["key"], scan.restored(match["value"]))
    number = re.search(r"(?<![\w.-])(\d+)\s+(?:replicas?|copies|pods)\b", text)
    count = next((one for one in ("replicaCount", "replicas") if one in keys), None)
    if number is not None and count is not None:
        found.setdefault(count, number[1])
    for match in _ENABLES.finditer(wish.text):
        key = f"{match['key']}.enabled"
        if key in keys:
            found.setdefault(key, "false" if re.search(r"disabl|off", match["verb"], re.IGNORECASE) else "true")
    return list(found.items())


_FILE = re.compile(r"\.(?:ya?ml|tgz|json|txt)$", re.IGNORECASE)
