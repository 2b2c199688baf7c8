"""``kubernetes.set_resources``: how much memory and processor a workload's container may use."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from reign_executors.kubernetes.client import Json
from reign_executors.kubernetes.workloads import WorkloadChange, the_container

_AMOUNT = r"^\d+(?:\.\d+)?(?:m|k|[MGTPE]|[KMGTPE]i)?$"


class SetResources(WorkloadChange):
    """Set how much memory and processor a workload's container may use, and how much is kept for it."""

    name: ClassVar[str] = "kubernetes.set_resources"
    summary: ClassVar[str] = "Set the memory and cpu limits (and requests) of a workload's container"

    memory: str | None = Field(None, pattern=_AMOUNT, description="limit, such as 256Mi")
    cpu: str | None = Field(None, pattern=_AMOUNT, description="limit, such as 500m or 2")
    request_memory: str | None = Field(None, pattern=_AMOUNT, description="kept for it, such as 128Mi")
    request_cpu: str | None = Field(None, pattern=_AMOUNT, description="kept for it, such as 100m")
    container: str | None = Field(None, description="which container; none = the only one")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any(self._given().values()):
            raise ValueError("give memory, cpu, request_memory or request_cpu")
        return self

    def _given(self) -> dict[str, dict[str, str]]:
        limits = {"memory": self.memory, "cpu": self.cpu}
        requests = {"memory": self.request_memory, "cpu": self.request_cpu}
        return {
            part: {name: amount for name, amount in amounts.items() if amount is not None}
            for part, amounts in (("limits", limits), ("requests", requests))
        }

    def command_line(self) -> str:
        words = [
            f"--{part}={','.join(f'{name}={amount}' for name, amount in amounts.items())}"
            for part, amounts in self._given().items()
            if amounts
        ]
        container = f" -c {self.container}" if self.container else ""
        return f"kubectl set resources {self.kind}/{self.object}{container} {' '.join(words)}{self.flags()}"

    def doing(self) -> str:
        return "\n".join(
            f"~ {part}.{name}: {amount}" for part, amounts in self._given().items() for name, amount in amounts.items()
        )

    def wanted(self, live: Json) -> None:
        resources = the_container(live, self.container).setdefault("resources", {})
        for part, amounts in self._given().items():
            if amounts:
                resources[part] = {**(resources.get(part) or {}), **amounts}

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        return ("its pods are replaced one after another",)
