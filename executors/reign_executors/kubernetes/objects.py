"""Objects as plain JSON: without what servers and controllers write, compared field by field, secrets hidden."""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reign_executors.docker.redacting import HIDDEN, SECRET_NAME
from reign_executors.docker.redacting import shown as shown_variable

Json = dict[str, Any]
Path = tuple[str | tuple[str, Any], ...]
"""Keys from the top; an item of a list that has an identifying key is ``("name", "web")``."""

STEP = "reign.dev/step"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SERVER_WRITES: tuple[str, ...] = (
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
)
_SERVER_WRITES += ("deletionTimestamp", "deletionGracePeriodSeconds")
_CONTROLLERS_WRITE = (
    *("deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/"),
    *("autoscaling.alpha.kubernetes.io/", "batch.kubernetes.io/job-tracking", "control-plane.alpha.kubernetes.io/"),
    *("endpoints.kubernetes.io/",),
)
_ITEM_KEYS = ("name", "mountPath", "containerPort", "port", "topologyKey", "ip", "host", "uid")
_OPEN_MAPS = frozenset({"labels", "annotations", "data", "matchLabels", "nodeSelector", "limits", "requests"})
"""Maps that many write to, of which none and an empty one are the same: told apart key by key even as they appear."""
_ORDERED = frozenset({"initContainers", "command", "args", "rules", "subjects", "tls"})


class _Absent:
    """No value at all, other than null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def meta(item: Json) -> Json:
    found: Json = item.get("metadata") or {}
    return found


def uid_of(item: Json) -> str:
    return str(meta(item).get("uid") or "")


def step_of(item: Json) -> str | None:
    """The step that Reign wrote on the object, or None."""
    found = (meta(item).get("annotations") or {}).get(STEP)
    return None if found is None else str(found)


def cleaned(item: Json) -> Json:
    """A copy that can be applied again: no status, nothing that only the server writes, no mark of a step."""
    result = copy.deepcopy(item)
    result.pop("status", None)
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        for name in _SERVER_WRITES:
            metadata.pop(name, None)
        annotations = {
            name: value
            for name, value in (metadata.pop("annotations", None) or {}).items()
            if name != STEP and not name.startswith(_CONTROLLERS_WRITE)
        }
        if annotations:
            metadata["annotations"] = annotations
        if metadata.get("labels") == {}:
            del metadata["labels"]
    return result


def comparable(item: Json) -> Json:
    """Like :func:`cleaned`, without what controllers fill in after a creation and without kubectl's own copy."""
    result = cleaned(item)
    kind, spec = result.get("kind"), result.get("spec")
    annotations = meta(result).get("annotations")
    if annotations is not None:
        annotations.pop(LAST_APPLIED, None)
        if not annotations:
            del result["metadata"]["annotations"]
    if isinstance(spec, dict):
        if kind == "PersistentVolumeClaim":
            spec.pop("volumeName", None)
        elif kind == "Pod":
            spec.pop("nodeName", None)
        elif kind == "Node":
            _without_controllers_taints(spec)
        if "replicas" in spec and scaled_by_controller(item):
            del spec["replicas"]
    if kind == "Namespace":
        result.pop("spec", None)
    return result


def _without_controllers_taints(spec: Json) -> None:
    """A node's controller marks by taints what the node says of itself."""
    taints = spec.pop("taints", None) or ()
    own = [taint for taint in taints if not str(taint.get("key")).startswith("node.kubernetes.io/")]
    if own:
        spec["taints"] = own


def scaled_by_controller(item: Json) -> bool:
    """Whether an autoscaler (through the scale subresource) holds ``spec.replicas``."""
    for entry in meta(item).get("managedFields") or ():
        spec = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        if entry.get("subresource") == "scale" and "f:replicas" in spec:
            return str(entry.get("manager")) == "kube-controller-manager"
    return False


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def stamp(item: Json) -> str:
    """What binds an approval to this very object and its content: its uid and a digest of its content. Status writes
    do not move it. A Secret has its version instead, so that nothing can be guessed from a digest."""
    if item.get("kind") == "Secret":
        return f"{uid_of(item)} v{meta(item).get('resourceVersion')}"
    settled = comparable(item)
    meta(settled).pop("finalizers", None)  # controllers add theirs some time after a creation
    content = hashlib.sha256(canonical(settled).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{uid_of(item)} {content[:16]}"


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """``(path, before, after)`` of every field that differs; ``ABSENT`` where there is none. Maps are looked into, and
    lists whose items have a name (or another key of their own); other lists are one field."""
    if isinstance(before, dict) or isinstance(after, dict):
        left = before if isinstance(before, dict) else {}
        right = after if isinstance(after, dict) else {}
        open_map = bool(path) and path[-1] in _OPEN_MAPS
        if all(isinstance(side, dict) or (side is ABSENT and open_map) for side in (before, after)):
            for key in sorted(left.keys() | right.keys()):
                yield from differences(left.get(key, ABSENT), right.get(key, ABSENT), (*path, str(key)))
            return
    elif isinstance(before, list) and isinstance(after, list) and before != after:
        key = _key_of(before, after) if not path or path[-1] not in _ORDERED else None
        if key is not None:
            left_items = {item[key]: item for item in before}
            right_items = {item[key]: item for item in after}
            for name in [*left_items, *(n for n in right_items if n not in left_items)]:
                one, other = left_items.get(name, ABSENT), right_items.get(name, ABSENT)
                here: Path = (*path, (key, name))
                if one is ABSENT or other is ABSENT:
                    yield here, one, other
                else:
                    yield from differences(one, other, here)
            return
    if before is ABSENT and after is ABSENT:
        return
    if before is ABSENT or after is ABSENT or before != after:
        yield path, before, after


def _key_of(*lists: Sequence[Any]) -> str | None:
    items = [item for one in lists for item in one]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in _ITEM_KEYS:
        named = all(isinstance(item.get(key), str | int) for item in items)
        if named and all(len({item[key] for item in one}) == len(one) for one in lists):
            return key
    return None


def value_at(item: Any, path: Iterable[Any]) -> Any:
    """The value there, or ``ABSENT``."""
    current = item
    for part in path:
        if isinstance(part, str):
            if not isinstance(current, dict) or part not in current:
                return ABSENT
            current = current[part]
        else:
            key, name = part
            if not isinstance(current, list):
                return ABSENT
            found = [one for one in current if isinstance(one, dict) and one.get(key) == name]
            if not found:
                return ABSENT
            current = found[0]
    return current


def put_at(item: Any, path: Sequence[Any], value: Any) -> None:
    """Set (or with ``ABSENT`` remove) the value there; maps on the way are made. Items go to the end of their list."""
    current = item
    for place, part in enumerate(path[:-1]):
        following = path[place + 1]
        if isinstance(part, str):
            if current.get(part) is None:
                if value is ABSENT:
                    return
                current[part] = {} if isinstance(following, str) else []
            current = current[part]
        else:
            found = [one for one in current if isinstance(one, dict) and one.get(part[0]) == part[1]]
            if not found:
                return
            current = found[0]
    last = path[-1]
    if isinstance(last, str):
        if value is ABSENT:
            current.pop(last, None)
        else:
            current[last] = copy.deepcopy(value)
        return
    places = [at for at, one in enumerate(current) if isinstance(one, dict) and one.get(last[0]) == last[1]]
    if value is ABSENT:
        for at in reversed(places):
            del current[at]
    elif places:
        current[places[0]] = copy.deepcopy(value)
    else:
        current.append(copy.deepcopy(value))


def merge_patch(before: Any, after: Any) -> Json:
    """The RFC 7386 patch from one map to another; lists are replaced as a whole."""
    patch: Json = {}
    for key in before.keys() | after.keys():
        if key not in after:
            patch[key] = None
        elif key not in before:
            patch[key] = after[key]
        elif before[key] != after[key]:
            both = isinstance(before[key], dict) and isinstance(after[key], dict)
            patch[key] = merge_patch(before[key], after[key]) if both else after[key]
    return patch


def path_text(path: Path) -> str:
    """``spec.template.spec.containers[web].image``."""
    text = ""
    for part in path:
        if isinstance(part, str):
            text += f"[{part}]" if "." in part or "/" in part else f".{part}"
        else:
            text += f"[{part[1]}]"
    return text.lstrip(".")


def path_json(path: Path) -> list[Any]:
    return [part if isinstance(part, str) else list(part) for part in path]


def path_of(parts: Sequence[Any]) -> Path:
    return tuple(part if isinstance(part, str) else (str(part[0]), part[1]) for part in parts)


def hidden_at(item_kind: str, path: Path) -> bool:
    """Whether the value there is a secret."""
    if item_kind == "Secret" and path and path[0] in ("data", "stringData"):
        return True
    if item_kind == "ConfigMap" and len(path) == 2 and path[0] in ("data", "binaryData"):
        return bool(SECRET_NAME.search(str(path[1])))
    named = [part[1] for part in path if isinstance(part, tuple) and part[0] == "name"]
    return bool(named) and path[-1] == "value" and bool(SECRET_NAME.search(str(named[-1])))


def without_secrets(value: Any, item_kind: str = "", path: Path = ()) -> Any:
    """The same with secret values replaced; whole objects or parts of them."""
    if hidden_at(item_kind, path):
        if isinstance(value, dict):
            return dict.fromkeys(value, HIDDEN)
        return HIDDEN
    if isinstance(value, dict):
        if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):
            value = {**value, "value": shown_variable(value["name"], value["value"])}
        return {
            key: HIDDEN if key == LAST_APPLIED else without_secrets(inner, item_kind, (*path, str(key)))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(inner, item_kind, (*path, ("", ""))) for inner in value]
    if isinstance(value, str):
        return shown_variable("", value)
    return value


def difference(before: Json, after: Json) -> str:
    """The fields that differ, one a line: ``~ spec.replicas: 2 → 5``, ``+ …``, ``- …``. Secret values are hidden, that
    they change is not. Empty when nothing differs."""
    kind = str(after.get("kind") or before.get("kind") or "")
    lines = []
    for path, old, new in differences(comparable(before), comparable(after)):
        where = path_text(path)
        one, other = (_brief(side, kind, path) for side in (old, new))
        if old is ABSENT:
            lines.append(f"+ {where}: {other}")
        elif new is ABSENT:
            lines.append(f"- {where}: {one}")
        elif one == other:
            lines.append(f"~ {where}: {one} → another value {other}")
        else:
            lines.append(f"~ {where}: {one} → {other}")
    return "\n".join(lines)


def _brief(value: Any, kind: str, path: Path) -> str:
    if value is ABSENT:
        return ""
    shown = without_secrets(value, kind, path)
    if isinstance(shown, str):
        return shown if "\n" not in shown else json.dumps(shown, ensure_ascii=False)
    return json.dumps(shown, ensure_ascii=False)


def listing(item: Json, sign: str = "+") -> str:
    """A whole object in YAML, every line with ``sign`` before it; secret values hidden."""
    return "\n".join(f"{sign} {line}" for line in as_yaml(shown_object(item)).splitlines())


def shown_object(item: Json) -> Json:
    """An object as it may be shown: cleaned, secret values hidden."""
    result: Json = without_secrets(comparable(item), str(item.get("kind") or ""))
    return result


def as_yaml(value: Any) -> str:
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    )


def has_secrets(item: Json) -> bool:
    """Whether something of it is hidden when it is shown."""
    return canonical(shown_object(item)) != canonical(comparable(item))


def secret_values(item: Json) -> Iterator[tuple[str, str]]:
    """Names and values of a Secret's data, encoded and decoded, and of secret-looking variables of a pod template, so
    that they can be hidden wherever they show up. Words that any text may hold are left out."""
    if item.get("kind") != "Secret":
        yield from _secret_variables(item.get("spec"))
        return
    for name, value in (item.get("data") or {}).items():
        if isinstance(value, str) and value:
            try:
                plain = base64.b64decode(value, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                plain = ""
            if hidable(name, plain or value):
                yield f"{name}_base64", value
                if plain:
                    yield str(name), plain
    for name, value in (item.get("stringData") or {}).items():
        if isinstance(value, str) and hidable(name, value):
            yield str(name), value
            yield f"{name}_base64", base64.b64encode(value.encode()).decode()


def _secret_variables(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        name, held = value.get("name"), value.get("value")
        if isinstance(name, str) and isinstance(held, str) and SECRET_NAME.search(name) and hidable(name, held):
            yield name, held
        for inner in value.values():
            yield from _secret_variables(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_variables(inner)


def hidable(name: str, value: str) -> bool:
    """Whether a value can be hidden everywhere without hiding plain words: ``postgres`` as a password is one."""
    text = value.strip()
    if len(text) < 6:
        return False
    mixed = any(sign.isdigit() for sign in text) and any(sign.isalpha() for sign in text)
    named = bool(SECRET_NAME.search(name))
    return (mixed and (named or len(text) >= 8)) or (named and (len(text) >= 12 or not text.isalnum()))
