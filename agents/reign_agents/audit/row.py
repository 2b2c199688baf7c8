r"""One row of the chain, and how its hash is made: small enough to be recomputed by anybody, in any language.

``digest = sha256(salt + "\n" + payload)`` with the payload as JSON of sorted keys, no spaces, ASCII only;
``hash = sha256(JSON array [1, seq, time, kind, run, step, digest, previous])`` in the same form. The hash covers the
payload only through its digest, and the digest is salted: a payload can be purged, with its salt, and neither breaks
the chain nor can be guessed afterwards.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, cast

from reign_executors.operation import JsonObject

VERSION = 1
START = "sha256:" + "0" * 64
"""What the first row follows."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """``payload`` and ``salt`` None: purged. ``kind`` is one of ``chain.began``, ``decision``, ``operation.began``,
    ``operation.ended``, ``run.ended``, ``payload.purged``, or a later version's word.
    """

    seq: int
    time: str
    kind: str
    run: str | None
    step: str | None
    digest: str
    previous: str
    hash: str
    salt: str | None
    payload: str | None

    def hashed(self, seq: int | None = None) -> str:
        """The hash this row should have (as number ``seq``)."""
        place = self.seq if seq is None else seq
        return row_hash(place, self.time, self.kind, self.run, self.step, self.digest, self.previous)

    def to_json(self) -> JsonObject:
        """A line of the export."""
        return {
            "v": VERSION,
            "kind": "audit",
            "seq": self.seq,
            "time": self.time,
            "what": self.kind,
            "run": self.run,
            "step": self.step,
            "payload": None if self.payload is None else cast("JsonObject", json.loads(self.payload)),
            "salt": self.salt,
            "digest": self.digest,
            "previous": self.previous,
            "hash": self.hash,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AuditRow:
        """A row out of an exported line; ``KeyError``, ``TypeError`` or ``ValueError`` when it is none."""
        payload = data["payload"]
        return cls(
            seq=int(data["seq"]),
            time=str(data["time"]),
            kind=str(data["what"]),
            run=data["run"],
            step=data["step"],
            digest=str(data["digest"]),
            previous=str(data["previous"]),
            hash=str(data["hash"]),
            salt=data["salt"],
            payload=None if payload is None else canonical(payload),
        )


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(value: object) -> str:
    """JSON of sorted keys, no spaces, ASCII only."""
    return _CANONICAL.encode(value)


def digest_of(salt: str, payload: str) -> str:
    """``sha256:…`` of a payload with its salt."""
    return _sha256(f"{salt}\n{payload}")


def row_hash(seq: int, time: str, kind: str, run: str | None, step: str | None, digest: str, previous: str) -> str:
    """``sha256:…`` of a row."""
    return _sha256(canonical([VERSION, seq, time, kind, run, step, digest, previous]))


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
