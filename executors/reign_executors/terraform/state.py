"""The state terraform keeps: lineage, serial, and what is in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import OperationError
from reign_executors.terraform.place import Place


@dataclass(frozen=True, slots=True)
class State:
    """One state as it was read: ``data`` its bytes (empty when there is none), ``lineage`` (empty then), ``serial``,
    ``addresses`` of the managed resource instances in it, each with a digest of its attributes."""

    data: bytes = b""
    lineage: str = ""
    serial: int = 0
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Lineage and serial in one text."""
        return f"{self.lineage or 'none'} serial {self.serial}"


def parsed(data: bytes) -> State:
    """A state file's bytes. ``OperationError`` when they are none."""
    if not data.strip():
        return State()
    try:
        said = json.loads(data)
        return State(data, str(said.get("lineage", "")), int(said.get("serial", 0)), _addresses(said))
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise OperationError(
            "the state can't be read", "look at it: terraform state pull", detail=str(error)
        ) from error


def _addresses(said: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for resource in said.get("resources") or ():
        if resource.get("mode") != "managed":
            continue
        head = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances") or ():
            if instance.get("deposed"):
                continue
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            content = json.dumps(instance.get("attributes"), sort_keys=True).encode()
            found[f"{head}{resource['type']}.{resource['name']}{index}"] = hashlib.sha256(content).hexdigest()[:16]
    return dict(sorted(found.items()))


async def read_state(place: Place, call: Call) -> State:
    """The live state, from whichever backend keeps it; an empty :class:`State` when there is none yet."""
    finished = await place.asked(call, "state pull")
    return parsed(finished.stdout)


async def values_of(place: Place, call: Call, state: State, scratch: Path) -> dict[str, dict[str, Any]]:
    """Attributes by address, as the providers understand that state (it is put into ``scratch`` for a moment)."""
    if not state.data:
        return {}
    file = scratch / f"state-{state.serial}-{hashlib.sha256(state.data).hexdigest()[:8]}.json"
    file.touch(0o600)
    try:
        file.write_bytes(state.data)
        shown = json.loads((await place.asked(call, "show", str(file), json=True)).stdout)
    finally:
        file.unlink(missing_ok=True)
    found: dict[str, dict[str, Any]] = {}
    waiting = [(shown.get("values") or {}).get("root_module") or {}]
    while waiting:
        module = waiting.pop()
        waiting.extend(module.get("child_modules") or ())
        for resource in module.get("resources") or ():
            if resource.get("mode") == "managed" and not resource.get("deposed_key"):
                found[resource["address"]] = resource
    return found
