"""Small changes of any object: labels, annotations, whether a node takes pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from reign_executors.effect import Problem
from reign_executors.kubernetes.base import Ref
from reign_executors.kubernetes.changing import InTheWay, ObjectChange
from reign_executors.kubernetes.client import Json
from reign_executors.kubernetes.kinds import NAMESPACE


class _Metadata(ObjectChange):
    _part: ClassVar[str] = "labels"
    _verb: ClassVar[str] = "label"

    def _values(self) -> dict[str, str | None]:
        raise AssertionError("a subclass says it")

    def doing(self) -> str:
        return f"~ metadata.{self._part}: {', '.join(self._values())}"

    def command_line(self) -> str:
        words = [f"{key}-" if value is None else f"{key}={value}" for key, value in self._values().items()]
        return f"kubectl {self._verb} {self.kind}/{self.object} {' '.join(words)} --overwrite{self.flags()}"

    def wanted(self, live: Json) -> None:
        metadata = live["metadata"]
        values = {**(metadata.get(self._part) or {}), **self._values()}
        left = {key: value for key, value in values.items() if value is not None}
        if left:
            metadata[self._part] = left
        else:
            metadata.pop(self._part, None)


class Label(_Metadata):
    """Set or remove labels of an object."""

    name: ClassVar[str] = "kubernetes.label"
    summary: ClassVar[str] = "Set labels of an object (null removes one)"

    labels: dict[str, str | None] = Field(min_length=1, description="key → value; null removes the label")

    def _values(self) -> dict[str, str | None]:
        return self.labels

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        if live.get("kind") == "Pod":
            return ("services and controllers choose pods by labels: it may leave or join them",)
        return ()


class Annotate(_Metadata):
    """Set or remove annotations of an object."""

    name: ClassVar[str] = "kubernetes.annotate"
    summary: ClassVar[str] = "Set annotations of an object (null removes one)"
    _part: ClassVar[str] = "annotations"
    _verb: ClassVar[str] = "annotate"

    annotations: dict[str, str | None] = Field(min_length=1, description="key → value; null removes the annotation")

    def _values(self) -> dict[str, str | None]:
        return self.annotations


class Cordon(ObjectChange):
    """Let no more pods be placed on a node."""

    name: ClassVar[str] = "kubernetes.cordon"
    summary: ClassVar[str] = "Let no more pods be placed on a node; those that run there stay"
    _closed: ClassVar[bool] = True

    kind: str = "node"

    def touched(self) -> Iterable[str]:
        return (f"node/{self.object}",)

    def check(self, ref: Ref) -> None:
        if ref.kind.kind != "Node":
            raise InTheWay(Problem(text=f"only nodes can be cordoned, not a {ref.kind.singular}"))

    def command_line(self) -> str:
        return f"kubectl {'cordon' if self._closed else 'uncordon'} {self.object}{self.flags()}"

    def doing(self) -> str:
        return f"~ spec.unschedulable: {str(self._closed).lower()}"

    def wanted(self, live: Json) -> None:
        spec = live.setdefault("spec", {})
        if self._closed:
            spec["unschedulable"] = True
        else:
            spec.pop("unschedulable", None)


class Uncordon(Cordon):
    """Let pods be placed on a node again."""

    name: ClassVar[str] = "kubernetes.uncordon"
    summary: ClassVar[str] = "Let pods be placed on a node again"
    _closed: ClassVar[bool] = False


__all__ = ["NAMESPACE", "Annotate", "Cordon", "Label", "Uncordon"]
