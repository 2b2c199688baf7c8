"""Which operations exist: name → class. Families are imported when one of their names is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from pydantic import ValidationError

from reign_executors.errors import InvalidFields, UnknownOperation
from reign_executors.operation import Change, JsonObject, Operation, Query

FAMILIES: dict[str, str] = {
    "containerd": "reign_executors.containerd",
    "docker": "reign_executors.docker",
    "file": "reign_executors.files",
    "git": "reign_executors.git",
    "helm": "reign_executors.helm",
    "kubernetes": "reign_executors.kubernetes.operations",
    "network": "reign_executors.network",
    "shell": "reign_executors.shell",
    "terraform": "reign_executors.terraform",
}
"""First part of an operation's name → module with a tuple ``OPERATIONS``."""


class Registry:
    """Operations by name. ``families`` maps the first part of a name to the module that holds ``OPERATIONS``."""

    def __init__(self, families: Mapping[str, str] = FAMILIES) -> None:
        self._families = dict(families)
        self._classes: dict[str, type[Operation]] = {}
        self._loaded: set[str] = set()

    def add(self, *classes: type[Operation]) -> None:
        """Register classes; a name may be registered once."""
        for cls in classes:
            if not issubclass(cls, Query | Change):
                raise TypeError(f"{cls.__name__} is neither a Query nor a Change")
            if self._classes.setdefault(cls.name, cls) is not cls:
                raise ValueError(f"operation {cls.name} is registered twice")

    def _load(self, family: str) -> None:
        if family in self._loaded or family not in self._families:
            return
        module = importlib.import_module(self._families[family])
        self.add(*cast("Iterable[type[Operation]]", module.OPERATIONS))
        self._loaded.add(family)

    def find(self, name: str) -> type[Operation]:
        """The class of that name, or ``UnknownOperation`` naming the nearest ones."""
        self._load(name.partition(".")[0])
        found = self._classes.get(name)
        if found is None:
            near = get_close_matches(name, self.names(), n=3)
            raise UnknownOperation(
                f"there is no operation {name!r}", f"did you mean {', '.join(near)}?" if near else ""
            )
        return found

    def names(self) -> list[str]:
        for family in self._families:
            self._load(family)
        return sorted(self._classes)

    def build(self, name: str, fields: Mapping[str, Any]) -> Operation:
        """An operation of that name with these fields, or ``InvalidFields`` saying which is wrong."""
        cls = self.find(name)
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "fields"
            raise InvalidFields(f"{name}: {where}: {first['msg']}") from error

    def schema(self, name: str) -> JsonObject:
        """The JSON schema of the operation's fields, as a language model's tool takes it."""
        cls = self.find(name)
        return {"name": cls.name, "description": cls.summary, "parameters": cls.model_json_schema()}


@cache
def default_registry() -> Registry:
    """The operations that ship with Reign."""
    return Registry()
