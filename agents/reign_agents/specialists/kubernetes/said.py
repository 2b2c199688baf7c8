"""What a wish says about cluster objects: kind, names, namespace, numbers. Words only; nothing is looked up here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from reign_agents.planning.wish import Wish
from reign_agents.understanding import Understanding, understand
from reign_executors.kubernetes.kinds import KNOWN, known_kind

WORKLOADS = ("deployment", "statefulset", "daemonset")
CLUSTER_WIDE = frozenset(kind.singular for kind in KNOWN if not kind.namespaced)
_LOOKS = frozenset({"show", "list", "inspect", "check", "find", "remove", "restart", "scale", "label"})
_NO_KINDS = frozenset({"no", "limits", "quota", "ev", "as", "ing", "pc", "rc", "lease", "leases", "role", "roles"})
KIND_OF = {
    word: kind.singular for kind in KNOWN for word in (kind.singular, kind.plural, *kind.short) if word not in _NO_KINDS
}
KIND_WORDS = "|".join(sorted(map(re.escape, KIND_OF), key=len, reverse=True))
"""A regular expression for every word for a kind."""
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_SLASHED = re.compile(rf"(?<![\w./-])(?P<kind>{KIND_WORDS})/(?P<name>{_NAME})(?![\w/])", re.IGNORECASE)
_TWO_WORDS = re.compile(
    r"\b(config|stateful|daemon|replica|network|service|persistent\s+volume|resource)\s+"
    r"(maps?|sets?|polic(?:y|ies)|accounts?|claims?|quotas?)\b",
    re.IGNORECASE,
)
_BEFORE_KIND = re.compile(
    rf"(?<![\w./-])(?:the|my|our)\s+(?P<name>{_NAME})\s+(?:{KIND_WORDS})(?![\w/:=-])", re.IGNORECASE
)
_AFTER_KIND = re.compile(
    rf"(?<![\w./-])(?:{KIND_WORDS})\s+(?:named\s+|called\s+)?(?P<name>{_NAME})(?![\w/:=])", re.IGNORECASE
)
_CALLED = re.compile(
    rf"\b(?:as(?!\s+(?:an?\s+|the\s+)?(?:load|node|cluster)[ -]?(?:balancer|port|ip)\b)|named|called|"
    rf"name it|call it)\s+(?P<name>{_NAME})(?![\w/:=])",
    re.IGNORECASE,
)
EVERYWHERE = re.compile(
    r"\b(?:all|every|each|across)\s+(?:the\s+)?namespaces?\b|(?<!\S)-A\b|--all-namespaces\b|"
    r"\bcluster[- ]?wide\b|\b(?:whole|entire)\s+cluster\b",
    re.IGNORECASE,
)
_NAMESPACE = re.compile(
    rf"(?<!\S)(?:-n|--namespace)[ =](?P<flag>{_NAME})|\bnamespace\s+(?P<named>{_NAME})|"
    rf"\b(?P<before>{_NAME})\s+namespace\b",
    re.IGNORECASE,
)
_CLUSTER_WORDS = (
    r"kubernetes|k8s|kubectl|kube|replicas?|rollouts?|namespaces?|manifests?|crash-?loop\w*|imagepullbackoff|"
    r"crashloopbackoff|oomkilled|errimagepull|pods?|deployments?|statefulsets?|daemonsets?|replicasets?|configmaps?|"
    r"cronjobs?|ingress(?:es)?|networkpolic(?:y|ies)|serviceaccounts?|pvcs?|persistentvolumeclaims?|resourcequotas?|hpas?|autoscalers?|nodes?|cluster"
)
_STRONG = re.compile(
    rf"(?<![\w./-])secrets?\s+(?:named\s+|called\s+)?{_NAME}\s+(?:in|with|from)\b|"
    rf"(?<![\w./-])(?:{_CLUSTER_WORDS})(?![\w/-]|\.\w)|(?<!\S)(?:-n|--namespace)[ =]\S|{_SLASHED.pattern}",
    re.IGNORECASE,
)
_PLAIN_KINDS = re.compile(r"(?<![\w./-])(?:jobs?|svc|sts|pvs?|services?|secrets?|serviceaccounts?)(?![\w/-]|\.\w)")
"""Kinds of a cluster that are also ordinary words: of a cluster where nothing else is meant."""
OTHER_TOOL = re.compile(
    r"(?<![\w./-])(?:docker|containers?|helm|charts?|releases?|terraform|tofu|compose|git|branch|repo)(?![\w/-])",
    re.IGNORECASE,
)
_SMALL = """
the a an all any in of on to with for from and is are up down running status logs log events image images
named called now please yaml json it its this that one namespace namespaces revision replicas
roll rolling labelled labeled label labels selector having where whose which except excepting excluding besides
"""
ALL = frozenset({"all", "every", "everything", "each", "any", "anything", "everyone", "others"})
"""Words that choose among many; none of them is a name."""
_NOT_NAMES = frozenset(_SMALL.split()) | ALL
_ONE = (
    rf"(?:(?:in|to|into|on|from|of|for)\s+)?(?:(?:the|any|my|our|your)\s+)?"
    rf"(?:(?:ones?|those|things?|anything|everything)\s+(?:in|of|from)\s+)?(?:(?:{KIND_WORDS})\s+)?[\"'`]?(?:[a-z][a-z0-9.-]*[a-z0-9]|[a-z])[\"'`]?(?:\s+(?:{KIND_WORDS})\b)?"
)
_BUT = (
    r"(?:\s{0,6},)?\s{0,6}(?<![\w-])(?:(?:and|but)\s+)?(?:except(?:ing)?(?:\s+for)?|excluding|besides|(?:apart|aside)\s+from|"
    r"other\s+than|save\s+for|(?:do\s+not|don['’]?t|never|not|without)\s+(?:touch|scal|restart|delet|remov|chang|stop|"
    r"kill|updat)(?:e|ing|ping)?|not|leav(?:e|ing)|keep(?:ing)?|spar(?:e|ing)|skip(?:ping)?|ignor(?:e|ing)|without|"
    r"(?:that|which)\s+(?:(?:is|are)\s+not|(?:isn|aren)['’]?t)|but(?:\s+(?:not|never|for))?)\s+"
    r"(?!(?:(?:in|to)\s+)?(?:ready|running|healthy|completed?|finished|failed|pending|succeeded)\b)"
    rf"(?P<list>{_ONE}(?:(?:\s{{0,6}},\s*(?:(?:and|or|nor)\s+)?|\s+(?:and|or|nor)\s+){_ONE}){{0,60}})"
    r"(?:\s+(?:alone|out|running|untouched|as\s+(?:it|they)\s+(?:is|are))){0,3}"
)
_MEMBER = re.compile(
    rf"(?:(?P<kind>{KIND_WORDS})\s+)?(?<![\w.-])(?P<name>[a-z](?:[a-z0-9.-]*[a-z0-9])?)(?![\w-])"
    rf"(?:\s+(?P<after>{KIND_WORDS})\b)?",
    re.IGNORECASE,
)
_SCALING_WORDS = """
the a an up down out in to by from of my our app service back please now replica replicas pod pods copies instances x
it them deployment deployments statefulset zero one two three four five six seven eight nine ten twice more less some
"""
_SCALING = frozenset(_SCALING_WORDS.split()) | ALL


_STATE_WORDS = """
failed evicted completed finished pending crashing running ready unhealthy failing broken stuck old new oldest newest
idle unused terminating last first latest same whole current other entire live second next previous now older newer
manually every today
"""
_STATES = frozenset(_STATE_WORDS.split())
"""Words before or after a kind that are no name."""


@dataclass(frozen=True, slots=True)
class Said:
    """``kind`` as the API calls it in small letters (None: not said); ``names`` of the objects; ``entities`` as
    understanding has them. ``everywhere``: all namespaces are meant. ``namespace`` None: not said. ``excluded``: what
    is to be left alone, as (kind or None, name or namespace).
    """

    kind: str | None
    names: tuple[str, ...]
    namespace: str | None
    everywhere: bool
    entities: dict[str, Any] = field(default_factory=dict)
    excluded: tuple[tuple[str | None, str], ...] = ()

    def rules_out(self, kind: str | None, name: str, namespace: str | None = None) -> bool:
        """Whether the words say to leave that object (or its namespace) alone."""
        own = any(one in (None, kind) and out == name for one, out in self.excluded)
        return own or any(one in (None, "namespace") and out == namespace for one, out in self.excluded)

    @property
    def name(self) -> str | None:
        return self.names[0] if self.names else None

    def number(self, key: str) -> int | None:
        value = self.entities.get(key)
        return value if isinstance(value, int) else None

    def text(self, key: str) -> str | None:
        value = self.entities.get(key)
        return value if isinstance(value, str) else None

    def map(self, key: str) -> dict[str, str]:
        value = self.entities.get(key)
        return {str(name): str(one) for name, one in value.items()} if isinstance(value, dict) else {}


@lru_cache(maxsize=64)
def understood(text: str) -> Understanding:
    """:func:`understand`, remembered: a recipe's ``fits`` and its build read the same words."""
    return understand(text)


def about_cluster(wish: Wish) -> bool:
    """Whether the words are about a cluster: they say so, or understanding does and names a namespace or replicas."""
    text = in_one_word(wish.lower)
    if wish.it is not None and wish.it.kind in KIND_OF:
        return True
    if OTHER_TOOL.search(text) and not re.search(rf"\b(?:{_CLUSTER_WORDS})\b", text):
        return False
    if re.search(r"\b(?:docker|helm|terraform|tofu)\b", text) and not re.search(r"\bk8s|kubernetes|cluster\b", text):
        return False
    if _STRONG.search(text):
        return True
    read = understood(wish.text)
    if not read.domains or read.domains[0] != "kubernetes":
        return False
    spoken = len(read.domains) == 1 and _PLAIN_KINDS.search(text) is not None
    return spoken or bool({"namespace", "replicas"} & set(read.entities))


def said(wish: Wish) -> Said:
    """What the wish says of cluster objects."""
    read = understood(wish.text)
    entities: dict[str, Any] = dict(read.entities)
    chosen_by = SELECTOR.search(wish.lower)
    low = in_one_word(bare_of(SELECTOR.sub(" ", wish.lower)))
    out = _excluded(wish.text.lower())
    slashed = [(KIND_OF[found["kind"].lower()], found["name"]) for found in _SLASHED.finditer(low)]
    kinds = [
        KIND_OF[word]
        for word in re.findall(r"(?<![\w./:-])[a-z]+(?![\w/:=@-]|\.\w)", low)
        if word in KIND_OF and (word != "deploy" or wish.verb in _LOOKS)
    ]
    kind = slashed[0][0] if slashed else _meant_kind(kinds, low)
    namespace = entities.get("namespace") if isinstance(entities.get("namespace"), str) else None
    space = _NAMESPACE.search(low)
    if space is not None and namespace is None:
        namespace = next((found for found in space.groups() if found and found not in _NOT_NAMES), None)
    apart = kind is not None and kind not in (*WORKLOADS, "pod", "namespace", "node")
    if (apart or (kind not in (None, "namespace", "node") and wish.verb == "list")) and namespace is None:
        within = re.search(rf"\bin\s+(?:the\s+)?(?P<name>{_NAME})(?=\s+(?:with|from)\b|\W*$)", low)
        nowhere = _NOT_NAMES | {"kubernetes", "k8s", "cluster", "here", "there", "total"}
        namespace = within["name"] if within is not None and within["name"] not in nowhere else None
    names = [name for _, name in slashed] or _names(entities, low, kind)
    if chosen_by is not None:
        names = [name for name in names if re.search(rf"(?<![\w.-]){re.escape(name.lower())}(?![\w-])", low)]
        namespace = namespace if namespace is not None and namespace.lower() in low else None
    if namespace is not None and any(one in (None, "namespace") and gone == namespace for one, gone in out):
        namespace = None
    if out and not slashed:
        names = [name for name in names if not any(one in (None, kind) and gone == name.lower() for one, gone in out)]
    called = _CALLED.search(low)
    if called is not None and called["name"] not in _NOT_NAMES and not slashed:
        names = [called["name"]]
    if kind == "namespace":
        names = names or ([namespace] if namespace else [])
        namespace = None
    elif namespace is not None and low.count(namespace) < 2:
        others = [name for name in names if name != namespace]
        if names and not others:
            others = [name for name in _names({}, low, kind) if name != namespace]
        names = others
    if not names and wish.verb in ("scale", "autoscale") and not ALL & set(re.findall(r"[a-z]+", low)):
        names = [
            word
            for word in re.findall(r"(?<![\w./:=-])[a-z][\w-]*(?![\w./:=])", bare_of(wish.rest.lower()))
            if word not in _SCALING and word != namespace
        ][:1]
    if not names and wish.it is not None and wish.it.kind in KIND_OF:
        direct = re.match(r"\W*(?:it|that|this|them|its)\b", wish.rest, re.IGNORECASE)
        kind, names = wish.it.kind if direct else kind or wish.it.kind, [wish.it.name]
    everywhere = bool(EVERYWHERE.search(wish.text))
    return Said(kind, tuple(dict.fromkeys(names)), namespace, everywhere, entities, out)


def in_one_word(text: str) -> str:
    """Kinds as the API writes them: "config map" is "configmap"."""
    return _TWO_WORDS.sub(lambda found: re.sub(r"\s+", "", found.group()), text)


def bare_of(text: str) -> str:
    """The words without those that say what to leave alone."""
    return re.sub(_BUT, " ", text, flags=re.IGNORECASE)


def without_names(text: str) -> list[str]:
    """The parts that leave something alone and name nothing: "without service"."""
    return [
        part.group().strip(" ,")
        for part in re.finditer(_BUT, text, re.IGNORECASE)
        if not _excluded(part.group().lower())
    ]


def _excluded(low: str) -> tuple[tuple[str | None, str], ...]:
    found: list[tuple[str | None, str]] = []
    for part in re.finditer(_BUT, low, re.IGNORECASE):
        for one in _MEMBER.finditer(part["list"]):
            kind = one["kind"] or one["after"]
            if one["name"] not in _NOT_NAMES and one["name"] not in KIND_OF:
                found.append((KIND_OF[kind.lower()] if kind else None, one["name"]))
    return tuple(found)


_NAMED = re.compile(
    rf"(?<![\w./-])(?P<kind>{KIND_WORDS})\s+(?P<names>{_NAME}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?:the\s+)?(?!(?:{KIND_WORDS})\b){_NAME})*)",
    re.IGNORECASE,
)


def kinds_named(low: str) -> list[tuple[str, str]]:
    """Objects of several kinds, each named after its kind: "deployment web and service web". No namespaces."""
    found: list[tuple[str, str]] = []
    for match in _NAMED.finditer(in_one_word(bare_of(low))):
        kind = KIND_OF[match["kind"].lower()]
        names = re.findall(_NAME, re.sub(r"\b(?:and|the)\b|,", " ", match["names"]))
        own = [name for name in names if name not in _NOT_NAMES and name not in KIND_OF]
        found += [(kind, name) for name in own if kind != "namespace"]
    return found


def known_word(word: str) -> bool:
    """Whether a word is one for a kind of objects."""
    return word in KIND_OF


def known_kind_of(word: str) -> str | None:
    """The kind that a word for one means."""
    return KIND_OF.get(word.lower())


_KEY = r"[\w./-]{1,253}"
_REQUIREMENT = rf"(?:{_KEY}(?:!=|==?)[\w.-]{{1,63}}|{_KEY}\s+(?:not\s?)?in\s?\([\w.,\s-]{{1,200}}\))"
SELECTOR = re.compile(
    r"(?:(?:(?<!\S)(?:(?:with|by|having|where|whose)\s+)(?:the\s+)?(?:labels?\s+selector|label|selector)s?|\bselector|"
    r"\blabell?ed(?:\s+(?:with|as|by))?|(?<!\S)-l|(?<!\S)--selector)(?:\s+is)?[ =]{1,3}|(?<!\S)(?:having|where)\s)"
    rf"[\"'`]?(?P<value>{_REQUIREMENT}(?:(?:\s?,\s?(?:and\s)?|\s+and\s+)(?:the\s+)?(?:label\s+)?{_REQUIREMENT}){{0,8}})[\"'`]?"
    r"(?P<more>\s?,\s?[\w./-]{1,253}(?:=|!=|\s(?:not)?in\s?\()|[^\s.,;:!?)]|\s?!=|\s+in\s?\(|"
    r"\s+(?:and|or|nor|but)\s+(?:not\s+)?(?:the\s+)?(?:labels?\s+)?[\w./-]{1,253}\s?(?:=|!=|\s(?:not)?in\s?\())?",
    re.IGNORECASE,
)
"""Labels that choose objects; ``more`` is there where the words go on and what they mean isn't sure."""


def selector_of(wish: Wish) -> str | None:
    """The label selector that the words give, whole: "with label app=web and env!=dev" is ``app=web,env!=dev``."""
    found = SELECTOR.search(wish.text)
    if found is None:
        return None
    return re.sub(r"\s?,\s?(?:and\s)?(?![^(]*\))|\s+and\s+(?:the\s+)?(?:label\s+)?", ",", found["value"])


def unclear_selector(wish: Wish) -> str | None:
    """The labels in the words where more follows them than can be read: "app=web or app=db"."""
    found = SELECTOR.search(wish.text)
    if found is None or found["more"] is None:
        return None
    return wish.text[found.start("value") :].strip()


def _meant_kind(kinds: list[str], low: str) -> str | None:
    """The kind that is meant: a namespace only says where, when something else is named too."""
    others = [kind for kind in kinds if kind != "namespace"]
    if others:
        return others[0]
    where = re.search(r"\b(?:in|to|into|from|on|of)\s+(?:the\s+)?(?:[\w-]+\s+)?(?:namespace|ns)\b", low)
    return "namespace" if "namespace" in kinds and where is None else None


def _names(entities: dict[str, Any], low: str, kind: str | None) -> list[str]:
    several, one = entities.get("names"), entities.get("name")
    found = [name for name in several if isinstance(name, str)] if isinstance(several, list) else []
    if not found and isinstance(one, str):
        found = [one]
    if not found and kind is not None:
        after = [match["name"] for match in _AFTER_KIND.finditer(low)]
        after = [name for name in after if name not in _NOT_NAMES and name not in KIND_OF and name not in _STATES]
        found = after or [match["name"] for match in _BEFORE_KIND.finditer(low) if match["name"] not in _STATES]
    return [name for name in found if name.lower() not in _NOT_NAMES and known_kind(name) is None]
