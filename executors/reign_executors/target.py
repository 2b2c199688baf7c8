"""Where an operation acts, pinned at planning and compared before every step."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Target(BaseModel):
    """``tool`` (docker, host …), ``context`` (a docker context, a host name), ``resource`` (``container/pg``).

    ``identity`` says which system that context really is: ``{"endpoint": "unix:///…", "engine": "ABCD:…"}``. Two
    targets are the same system when tool, context and identity are equal.
    """

    model_config = ConfigDict(frozen=True)

    tool: str
    context: str
    resource: str
    identity: dict[str, str] = Field(default_factory=dict)

    def same_system(self, other: Target) -> bool:
        return (self.tool, self.context, self.identity) == (other.tool, other.context, other.identity)

    def __str__(self) -> str:
        return f"{self.tool}:{self.context}/{self.resource}"

    def to_json(self) -> dict[str, JsonValue]:
        return self.model_dump(mode="json")
