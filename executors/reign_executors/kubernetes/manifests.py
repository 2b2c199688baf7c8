"""Manifests: YAML or JSON text, files and folders, taken apart into objects with a place in the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reign_executors.errors import InvalidFields, NotFound, OperationError, PermissionMissing
from reign_executors.kubernetes.client import Json

ENDINGS = frozenset({".yaml", ".yml", ".json"})
LARGEST = 16 * 1024 * 1024
MOST_OBJECTS = 1000

_FIRST: tuple[str, ...] = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ServiceAccount",
    "Secret",
)
_FIRST += ("ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "ClusterRole", "Role")
_FIRST += ("ClusterRoleBinding", "RoleBinding", "Service")
_RANK = {kind: place for place, kind in enumerate(_FIRST)}


def parse(text: str, source: str = "the manifest") -> list[Json]:
    """The objects of a text of one or many documents (``List`` objects are taken apart), in the order in which they
    can be made: namespaces and definitions first. ``InvalidFields`` says which document is wrong and where."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it is no valid YAML"
        raise InvalidFields(f"{source}{place}: {problem}", "correct it there", detail=str(error)) from error
    found = [item for number, document in enumerate(documents, 1) for item in _objects(document, source, number)]
    if not found:
        raise InvalidFields(f"{source} holds no object", "it needs apiVersion, kind and metadata.name")
    if len(found) > MOST_OBJECTS:
        raise InvalidFields(f"{source} holds {len(found)} objects, more than {MOST_OBJECTS}", "split it")
    return sorted(found, key=lambda item: _RANK.get(str(item["kind"]), len(_RANK)))


def _objects(document: Any, source: str, number: int) -> Iterator[Json]:
    if document is None:
        return
    where = f"{source}, document {number}"
    if not isinstance(document, dict):
        raise InvalidFields(f"{where}: is no object", "it needs apiVersion, kind and metadata.name")
    if str(document.get("kind") or "").endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item, source, number)
        return
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            raise InvalidFields(f"{where}: {field} is missing", "add it (kubectl api-versions, kubectl api-resources)")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        generated = isinstance(metadata, dict) and metadata.get("generateName")
        why = "generateName can't be applied: the name must be known" if generated else "metadata.name is missing"
        raise InvalidFields(f"{where} ({document['kind']}): {why}", "give it a name")
    document.pop("status", None)
    for name in ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"):
        metadata.pop(name, None)
    yield document


def files(path: Path) -> list[Path]:
    """The manifest's files: itself, or those of a folder (its own level only, by name)."""
    try:
        if path.is_dir():
            found = sorted(one for one in path.iterdir() if one.suffix in ENDINGS and one.is_file())
            if (path / "kustomization.yaml").exists() or (path / "kustomization.yml").exists():
                raise InvalidFields(
                    f"{path} is for kustomize", "render it first: kubectl kustomize … > all.yaml, and apply that"
                )
            if not found:
                raise NotFound(f"{path} has no manifest (*.yaml, *.yml, *.json)", "name the folder or file that has")
            return found
        if not path.exists():
            raise NotFound(f"there is no file {path}", "name a manifest that is there")
    except PermissionError as error:
        raise PermissionMissing(f"{path} may not be read", "look at its rights", detail=str(error)) from error
    return [path]


def read(path: Path) -> list[Json]:
    """The objects of a file or folder, in the order in which they can be made."""
    items: list[Json] = []
    for file in files(path):
        try:
            if file.stat().st_size > LARGEST:
                raise InvalidFields(f"{file} is larger than {LARGEST >> 20} MiB", "split it")
            text = file.read_text("utf-8")
        except PermissionError as error:
            raise PermissionMissing(f"{file} may not be read", "look at its rights", detail=str(error)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise OperationError(f"{file} can't be read", "look at it", detail=str(error)) from error
        items += parse(text, str(file))
    return sorted(items, key=lambda item: _RANK.get(str(item["kind"]), len(_RANK)))


def doubled(items: Iterable[tuple[str, Json]]) -> list[str]:
    """Resources that are there more than once."""
    seen: set[str] = set()
    twice: list[str] = []
    for resource, _ in items:
        if resource in seen:
            twice.append(resource)
        seen.add(resource)
    return twice
