"""What matters of an object that was looked at whole: a container as Docker has it, an object of a cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from reign_tui.text import one_line

DUMPED = frozenset({"docker.inspect", "kubernetes.get"})
"""Operations that write all of an object."""
MOST = 14
"""Lines that are shown of one."""
_MATTERS = re.compile(
    r"(?:^|\.)(?:status\.(?!conditions|addresses)|State\.|RestartCount$|Config\.(?:Image|Cmd|Entrypoint|User)$"
    r"|HostConfig\.(?:Memory|NanoCpus|NetworkMode|RestartPolicy\.Name)$|Health\.Status$"
    r"|spec\.(?:replicas|nodeName|type|schedule|suspend|volumeName|storageClassName)$"
    r"|containers\.\d+\.(?:image|command|args)$|resources\.(?:limits|requests)\.|kind$|metadata\.(?:name|namespace)$)"
)
_CONDITION = re.compile(r"conditions\.\d+$")
_QUIET = re.compile(r"(?:Pid|startTime|StartedAt|containerID|imageID|observedGeneration|podIPs?|hostIPs?|qosClass)\b")
_TROUBLE = re.compile(r"(?:exitCode|ExitCode|OOMKilled|Error|reason|message|restartCount|RestartCount)$")
_NOTHING: tuple[object, ...] = (None, "", False, 0, [], {}, "0001-01-01T00:00:00Z")


def mattering(outputs: object) -> list[str]:
    """``path: value`` lines of an object, what tells of trouble first, at most :data:`MOST`; none where it has none."""
    flat = [(path, value) for path, value in _flat("", _object(outputs)) if not _QUIET.search(path)]
    kept = [(path, value) for path, value in flat if _MATTERS.search(path) or _CONDITION.search(path)]
    kept = [(path, value) for path, value in kept if value not in _NOTHING]
    kept.sort(key=lambda one: not (_TROUBLE.search(one[0]) or _CONDITION.search(one[0])))
    return [f"{path}: {one_line(_words(value), 160)}" for path, value in kept[:MOST]]


def _object(outputs: object) -> object:
    """The object itself, whatever an operation calls it in its outputs."""
    if not isinstance(outputs, dict):
        return outputs
    inner = [value for value in outputs.values() if isinstance(value, dict)]
    return max(inner, key=len) if inner else outputs


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Leaves with their paths; lists of plain values are leaves, conditions that hold are left out."""
    if isinstance(value, dict):
        if _CONDITION.search(path):
            if value.get("status") != "True" or value.get("type") in _BAD_WHEN_TRUE:
                told = [value.get(key) for key in ("type", "status", "reason", "message")]
                yield path, " ".join(str(one) for one in told if one)
            return
        for key, one in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), one)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, one in enumerate(value):
            yield from _flat(f"{path}.{number}", one)
    else:
        yield path, value


_BAD_WHEN_TRUE = frozenset({"ReplicaFailure", "Failed", "MemoryPressure", "DiskPressure", "PIDPressure"})


def _words(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
