"""Single keys of a config map or a secret; those that are not named stay as they are."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from reign_executors.effect import Problem
from reign_executors.kubernetes.base import Ref
from reign_executors.kubernetes.changing import InTheWay, ObjectChange
from reign_executors.kubernetes.client import Json


class SetData(ObjectChange):
    """Set or remove single keys of a config map or a secret."""

    name: ClassVar[str] = "kubernetes.set_data"
    summary: ClassVar[str] = "Set single keys of a config map or a secret, the others stay (null removes one)"
    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_data"})

    kind: Literal["configmap", "secret"] = "configmap"
    data: dict[str, str | None] = Field(default_factory=dict, description="key → value; null removes the key")
    secret_data: dict[str, str | None] = Field(
        default_factory=dict, description="key → value in plain text, for a secret; null removes the key"
    )

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, value: Any) -> Any:
        """``cm`` and ``ConfigMap`` are config maps, too."""
        if isinstance(value, dict) and isinstance(kind := value.get("kind"), str):
            words = {"cm": "configmap", "configmaps": "configmap", "secrets": "secret"}
            return {**value, "kind": words.get(kind.lower(), kind.lower())}
        return value

    @model_validator(mode="after")
    def _some(self) -> SetData:
        if not self._values():
            raise ValueError("at least one key has to be given")
        if self.kind == "configmap" and self.secret_data:
            raise ValueError("a config map keeps no secrets: use a secret, or data")
        return self

    def _values(self) -> dict[str, str | None]:
        return {**self.data, **self.secret_data}

    def check(self, ref: Ref) -> None:
        if ref.kind.kind not in ("ConfigMap", "Secret"):
            raise InTheWay(Problem(text=f"a {ref.kind.singular} has no keys to set"))

    def doing(self) -> str:
        return f"~ data: {', '.join(self._values())}"

    def command_line(self) -> str:
        return f"kubectl edit {self.kind}/{self.object}{self.flags()}"

    def wanted(self, live: Json) -> None:
        values = self._values()
        if live.get("immutable"):
            text = f"the {self.kind} {self.object} is immutable: make another one and let its users refer to that"
            raise InTheWay(Problem(text=text))
        data = dict(live.get("data") or {})
        for key, value in values.items():
            if value is None:
                data.pop(key, None)
            else:
                data[key] = base64.b64encode(value.encode()).decode() if self.kind == "secret" else value
        live.pop("stringData", None)
        live["data"] = data
        binary = {key: held for key, held in (live.get("binaryData") or {}).items() if key not in values}
        if "binaryData" in live:
            live["binaryData"] = binary

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        return (f"what runs reads a variable of it only when it starts (then: restart what uses {self.object})",)
