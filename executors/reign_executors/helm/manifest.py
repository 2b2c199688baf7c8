"""Rendered manifests as objects: what they are called, what differs, with nothing secret in what is shown."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reign_executors.effect import Action, ResourceChange
from reign_executors.errors import InvalidFields
from reign_executors.files.difference import difference
from reign_executors.kubernetes.kinds import KNOWN, POD_TEMPLATES, known_type
from reign_executors.redaction import is_secret_name

Json = dict[str, Any]

HIDDEN = "<hidden>"
HIDDEN_NEW = "<hidden, changed>"
"""Spelled so that a redactor later on leaves them as they are."""
KEEP = "helm.sh/resource-policy"
_CLUSTER_KINDS = frozenset(kind.kind for kind in KNOWN if not kind.namespaced) | {"ClusterIssuer", "ClusterSecretStore"}
_DIGEST_ANNOTATIONS = ("checksum/", "rollme")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object of a manifest; ``resource`` is its name in effects (``shop/deployment/web``, ``namespace/shop``)."""

    resource: str
    content: Json

    @property
    def kind(self) -> str:
        return str(self.content.get("kind"))

    @property
    def name(self) -> str:
        return str((self.content.get("metadata") or {}).get("name"))

    @property
    def namespace(self) -> str | None:
        """The namespace it says; None where it takes the release's (or has none)."""
        found = (self.content.get("metadata") or {}).get("namespace")
        return None if found is None else str(found)

    @property
    def kept(self) -> bool:
        """Whether helm leaves it when the release goes."""
        notes = (self.content.get("metadata") or {}).get("annotations") or {}
        return str(notes.get(KEEP, "")).strip().lower() == "keep"


def documents(text: str) -> list[Json]:
    """The objects in YAML text, lists of them taken apart. ``InvalidFields`` when it is no YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Json] = []
    try:
        for document in yaml.load_all(text, Loader=loader):
            if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
                found += [item for item in document["items"] or () if isinstance(item, dict)]
            elif isinstance(document, dict) and document.get("kind"):
                found.append(document)
    except yaml.YAMLError as error:
        raise InvalidFields("the chart renders to no YAML", "correct its templates", detail=str(error)) from error
    return found


def resource_of(content: Mapping[str, Any], namespace: str) -> str:
    """The name in effects of an object in a release of ``namespace``."""
    api, kind = str(content.get("apiVersion") or ""), str(content.get("kind"))
    about = content.get("metadata") or {}
    name, own = str(about.get("name")), str(about.get("namespace") or namespace)
    known = known_type(api, kind)
    if known is not None:
        return known.resource(own, name)
    group = api.rpartition("/")[0]
    word = f"{kind.lower()}.{group}" if group else kind.lower()
    return f"{word}/{name}" if kind in _CLUSTER_KINDS else f"{own}/{word}/{name}"


def objects(text: str, namespace: str) -> dict[str, Rendered]:
    """The objects of a manifest by their names in effects, in the manifest's order."""
    found = (Rendered(resource_of(content, namespace), content) for content in documents(text))
    return {one.resource: one for one in found}


def release_resource(namespace: str, name: str) -> str:
    return f"{namespace}/release/{name}"


def yaml_text(content: Any) -> str:
    """As YAML, keys in their order; empty for None."""
    import yaml

    if content is None:
        return ""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text


class Veil:
    """Hides what is secret in rendered objects and values before anything of them is shown.

    ``known`` are secret values that may stand anywhere (in a connection string, base64 in an annotation).
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        plain = {value for value in known if len(value) >= 4}
        coded = {base64.b64encode(value.encode()).decode() for value in plain}
        self._known = sorted(plain | coded, key=len, reverse=True)

    def text(self, text: str) -> str:
        """``text`` without the known values."""
        for value in self._known:
            text = text.replace(value, HIDDEN)
        return text

    def pair(self, old: Any, new: Any) -> tuple[Any, Any]:
        """Both sides as they may be shown: a hidden value that changed says so, on the new side."""
        return self._object(old, None), self._object(new, old)

    def one(self, value: Any) -> Any:
        """A value as it may be shown."""
        return self._object(value, None)

    def _object(self, value: Any, before: Any) -> Any:
        if isinstance(value, dict) and value.get("kind") == "Secret" and "apiVersion" in value:
            other = before if isinstance(before, dict) else None
            return {
                key: self._secret_data(inner, None if other is None else other.get(key) or {})
                if key in ("data", "stringData")
                else self._walk(key, inner, (other or {}).get(key), hide=False)
                for key, inner in value.items()
            }
        return self._walk("", value, before, hide=False)

    def _secret_data(self, data: Any, before: Any) -> Any:
        if not isinstance(data, dict):
            return HIDDEN
        return {
            key: HIDDEN if before is None or not isinstance(before, dict) or before.get(key) == value else HIDDEN_NEW
            for key, value in data.items()
        }

    def _walk(self, key: str, value: Any, before: Any, *, hide: bool) -> Any:
        if isinstance(value, dict):
            other = before if isinstance(before, dict) else {}
            named = value.get("name")
            secret_pair = isinstance(named, str) and "value" in value and is_secret_name(named)
            return {
                inner: self._walk(
                    str(inner),
                    content,
                    other.get(inner),
                    hide=hide or _secret(str(inner), content) or (secret_pair and inner == "value"),
                )
                for inner, content in value.items()
            }
        if isinstance(value, list):
            others = before if isinstance(before, list) else []
            return [
                self._walk(key, item, others[number] if number < len(others) else None, hide=hide)
                for number, item in enumerate(value)
            ]
        if hide and value not in (None, "", True, False):
            return HIDDEN if before is None or before == value else HIDDEN_NEW
        if key.startswith(_DIGEST_ANNOTATIONS) and isinstance(value, str):
            return "(digest)" if before is None or before == value else "(digest, changed)"
        return self.text(value) if isinstance(value, str) else value


def _secret(name: str, value: Any) -> bool:
    """Whether what stands under this key is a secret: a value with a secret's name, not a reference to one."""
    return isinstance(value, str | int | float | list) and not isinstance(value, bool) and is_secret_name(name)


def secret_items(values: Any, name: str = "") -> list[tuple[str, str]]:
    """The secret texts in values, each with the name it stands under."""
    if isinstance(values, dict):
        return [
            item
            for key, inner in values.items()
            for item in secret_items(inner, name if name and is_secret_name(name) else str(key))
        ]
    if isinstance(values, list):
        return [item for inner in values for item in secret_items(inner, name)]
    return [(name, values)] if isinstance(values, str) and values and is_secret_name(name) else []


def secret_values(values: Any) -> list[str]:
    """The secret texts in values, by the names they stand under."""
    return [text for _, text in secret_items(values)]


def diff(old: Json | None, new: Json | None, name: str, veil: Veil) -> str:
    """A unified diff of two objects as YAML; empty when nothing differs."""
    before, after = veil.pair(old, new)
    return difference(yaml_text(before).encode(), yaml_text(after).encode(), name)


def changed_objects(
    old: Mapping[str, Rendered], new: Mapping[str, Rendered], veil: Veil
) -> tuple[list[ResourceChange], list[str]]:
    """What going from one manifest to another does to each object, and what a person should know of it."""
    changes: list[ResourceChange] = []
    notes: list[str] = []
    for resource, one in new.items():
        before = old.get(resource)
        if before is None:
            changes.append(
                ResourceChange(
                    action=Action.CREATE, resource=resource, diff=diff(None, one.content, resource, veil) or None
                )
            )
        elif before.content != one.content:
            text = diff(before.content, one.content, resource, veil)
            changes.append(
                ResourceChange(
                    action=Action.UPDATE, resource=resource, diff=text or None, note=_what_follows(before, one)
                )
            )
    for resource, one in old.items():
        if resource in new:
            continue
        if one.kept:
            notes.append(f"{resource} is no longer in the chart and stays (its resource policy is keep)")
            continue
        changes.append(
            ResourceChange(
                action=Action.DELETE,
                resource=resource,
                diff=diff(one.content, None, resource, veil) or None,
                data_bytes=storage(one),
                note="the data on it goes as its storage class says" if one.kind == "PersistentVolumeClaim" else None,
            )
        )
    return changes, notes


def _what_follows(old: Rendered, new: Rendered) -> str | None:
    """What an update of this object entails beyond its text."""
    before, after = old.content.get("spec") or {}, new.content.get("spec") or {}
    if old.kind not in POD_TEMPLATES or not isinstance(before, dict) or not isinstance(after, dict):
        return None
    if old.kind != "Job" and before.get("selector") != after.get("selector"):
        return "a selector can't be changed: the cluster will refuse this"
    if before.get("template") != after.get("template"):
        return "a job can't be changed: the cluster will refuse this" if old.kind == "Job" else "its pods are replaced"
    if before.get("replicas") != after.get("replicas"):
        return f"replicas {before.get('replicas', 1)} → {after.get('replicas', 1)}"
    return None


def storage(one: Rendered) -> int | None:
    """Bytes that a volume claim asks for; None for other objects, and where it does not say."""
    if one.kind != "PersistentVolumeClaim":
        return None
    asked = (((one.content.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    return quantity(str(asked)) if asked is not None else None


_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}


def quantity(text: str) -> int | None:
    """Bytes of a Kubernetes quantity (``8Gi``, ``500M``); None when it is none."""
    digits = text.rstrip("KMGTPEkim")
    unit = text[len(digits) :]
    try:
        return int(float(digits) * _UNITS[unit])
    except (ValueError, KeyError):
        return None
