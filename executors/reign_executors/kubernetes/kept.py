"""What a change keeps for its undo: the fields it changes with their values before and after, or whole objects.

Values live in the step's (encrypted) blobs, because they may be secret; the capture itself only names them.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from reign_executors.call import Blobs
from reign_executors.errors import NotFound, OperationError
from reign_executors.kubernetes.base import Ref
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.objects import (
    ABSENT,
    STEP,
    Path,
    canonical,
    comparable,
    differences,
    path_json,
    path_of,
    step_of,
    uid_of,
)
from reign_executors.operation import Outputs


class Kept(BaseModel):
    """One object as a change found it. ``uid`` None: it was not there. ``kept`` names the blob: changed fields (see
    :class:`Fields`), or the whole object where it was deleted. ``stamp``: what a creation left (see ``objects``)."""

    model_config = ConfigDict(frozen=True)

    api_version: str
    kind: str
    namespace: str | None
    object: str
    uid: str | None = None
    kept: str | None = None
    stamp: str | None = None

    async def ref(self, here: Cluster) -> Ref:
        return Ref(await here.type(self.api_version, self.kind), self.namespace, self.object)

    @property
    def short(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{place}{self.kind.lower()}/{self.object}"


def kept_of(ref: Ref, **rest: Any) -> Kept:
    return Kept(api_version=ref.kind.api_version, kind=ref.kind.kind, namespace=ref.namespace, object=ref.name, **rest)


class Fields:
    """Fields with their values before and after a change, and the mark of the step that was there before."""

    def __init__(self, changed: list[tuple[Path, Any, Any]], step: str | None) -> None:
        self.changed = changed
        self.step = step

    @classmethod
    def between(cls, before: Json, after: Json) -> Fields:
        return cls(list(differences(comparable(before), comparable(after))), step_of(before))

    def keep(self, blobs: Blobs) -> str:
        rows = []
        for path, before, after in self.changed:
            row: dict[str, Any] = {"path": path_json(path)}
            if before is not ABSENT:
                row["before"] = before
            if after is not ABSENT:
                row["after"] = after
            rows.append(row)
        return blobs.put(canonical({"fields": rows, STEP: self.step}).encode("utf-8", "surrogatepass"))

    @classmethod
    def kept(cls, blobs: Blobs, reference: str) -> Fields:
        content = read(blobs, reference)
        rows = [
            (path_of(row["path"]), row.get("before", ABSENT), row.get("after", ABSENT)) for row in content["fields"]
        ]
        return cls(rows, content.get(STEP))


def keep_object(blobs: Blobs, item: Json) -> str:
    return blobs.put(canonical(item).encode("utf-8", "surrogatepass"))


def read(blobs: Blobs, reference: str) -> Json:
    try:
        content: Json = json.loads(blobs.get(reference))
    except KeyError as error:
        raise NotFound("what was kept for this undo is gone", "bring it back from a backup or its manifest") from error
    except ValueError as error:
        raise OperationError("what was kept for this undo can't be read", "bring it back from a backup") from error
    return content


class Touched(Outputs):
    """One object: ``resource`` (``shop/deployment/web``), its ``uid``, ``changed`` False when it was so already.
    ``action``: create, update, delete or none. ``stamp`` is set for what was created."""

    resource: str
    uid: str
    changed: bool = True
    action: str = "update"
    stamp: str | None = None


class Changed(Touched):
    """What a change of one object returns. ``object``/``kind``/``namespace`` for the steps that follow."""

    kind: str
    namespace: str | None
    object: str
    generation: int | None = None


def changed(ref: Ref, item: Json, *, changed: bool = True, action: str = "update", stamp: str | None = None) -> Changed:
    return Changed(
        resource=ref.resource,
        uid=uid_of(item),
        changed=changed,
        action=action if changed else "none",
        stamp=stamp,
        kind=ref.kind.singular,
        namespace=ref.namespace,
        object=ref.name,
        generation=(item.get("metadata") or {}).get("generation"),
    )
