"""Releases as helm keeps them in the cluster: a Secret (or ConfigMap) for each revision, read through the API.

One read gives what several calls of helm would: chart, values, manifest, hooks and status of a revision. Where helm
is told to keep them elsewhere (``HELM_DRIVER=sql``) helm itself is asked, and the chart is not to be had.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import NotFound, OperationError
from reign_executors.helm.manifest import Veil, documents, secret_values
from reign_executors.helm.program import reads
from reign_executors.kubernetes.client import cluster
from reign_executors.kubernetes.kinds import Kind, known_kind

Json = dict[str, Any]

PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""Statuses of a release in the middle of something, or left there by a helm that died."""
_NAME = re.compile(r"sh\.helm\.release\.v1\.(?P<name>.+)\.v(?P<revision>\d+)")


@dataclass(frozen=True, slots=True)
class Release:
    """One revision. ``chart`` is what helm stored of the chart (``metadata``, ``templates``, ``values``, ``files`` …),
    None where it can't be had; ``config`` the values that were given; ``uid`` tells its record from a later one of
    the same number."""

    name: str
    namespace: str
    revision: int
    status: str
    description: str = ""
    updated: str | None = None
    manifest: str = ""
    config: Json = field(default_factory=dict)
    hooks: tuple[Json, ...] = ()
    chart: Json | None = None
    notes: str = ""
    uid: str = ""

    @property
    def chart_name(self) -> str:
        """``web-0.1.0``, as helm's lists call a chart with its version."""
        found = (self.chart or {}).get("metadata") or {}
        return f"{found.get('name')}-{found.get('version')}" if found else ""

    @property
    def app_version(self) -> str | None:
        found = (self.chart or {}).get("metadata") or {}
        return str(found["appVersion"]) if found.get("appVersion") else None

    @property
    def pending(self) -> bool:
        return self.status in PENDING

    def runs_as(self, other: Release) -> bool:
        """Whether both run the same: chart, values and objects; the numbers may differ."""
        mine, theirs = ((one.chart_name, one.config, one.manifest) for one in (self, other))
        return mine == theirs

    def digest(self) -> str:
        """Of what runs, chart, values and objects, but for what is secret in them: a short password could be found
        from a digest of it. The same for two revisions that differ in their numbers only."""
        veil = Veil(secret_values(self.config))
        shown = [veil.one(content) for content in documents(self.manifest)]
        whole = json.dumps([shown, veil.one(self.config), self.chart_name], sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Revision:
    """What is known of a revision without reading it whole."""

    number: int
    status: str
    record: str
    uid: str


def driver(call: Call) -> str:
    """Where helm keeps releases: ``secret``, ``configmap``, ``sql`` or ``memory``."""
    said = (os.environ if call.environment is None else call.environment).get("HELM_DRIVER", "").lower()
    return {"": "secret", "secrets": "secret", "configmaps": "configmap"}.get(said, said)


def _kept_in(call: Call) -> Kind | None:
    name = driver(call)
    return known_kind(name) if name in ("secret", "configmap") else None


async def revisions(call: Call, context: str, namespace: str, name: str) -> list[Revision]:
    """All revisions of a release, newest first; empty when there is no such release (or namespace)."""
    kind = _kept_in(call)
    if kind is None:
        return await _told_revisions(call, context, namespace, name)
    answer = await cluster(context, call.environment).call(
        "GET",
        kind.path(namespace),
        query={"labelSelector": f"owner=helm,name={name}"},
        accept="application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    )
    found = []
    for row in answer.get("items") or ():
        about = row.get("metadata") or {}
        labels, matched = about.get("labels") or {}, _NAME.fullmatch(str(about.get("name")))
        if matched is not None and matched["name"] == name:
            number = int(matched["revision"])
            found.append(Revision(number, str(labels.get("status")), str(about["name"]), str(about.get("uid"))))
    return sorted(found, key=lambda one: one.number, reverse=True)


async def read(call: Call, context: str, namespace: str, name: str, revision: Revision) -> Release:
    """One revision whole. ``NotFound`` when it went away meanwhile."""
    kind = _kept_in(call)
    if kind is None:
        return await _told(call, context, namespace, name, revision)
    record = await cluster(context, call.environment).get(kind, namespace, revision.record)
    if record is None:
        raise NotFound(f"revision {revision.number} of release {name} is gone", "plan it again")
    return decoded(record, kind.kind == "Secret")


async def newest(call: Call, context: str, namespace: str, name: str) -> Release | None:
    """The newest revision of a release whole; None when there is no such release."""
    known = await revisions(call, context, namespace, name)
    return await read(call, context, namespace, name, known[0]) if known else None


async def at(call: Call, context: str, namespace: str, name: str, number: int) -> Release | None:
    """That revision whole; None when helm no longer keeps it."""
    known = {one.number: one for one in await revisions(call, context, namespace, name)}
    return await read(call, context, namespace, name, known[number]) if number in known else None


def decoded(record: Mapping[str, Any], is_secret: bool) -> Release:
    """The release that a Secret or ConfigMap of helm holds."""
    about = record.get("metadata") or {}
    try:
        packed = str((record.get("data") or {})["release"])
        if is_secret:
            packed = base64.b64decode(packed).decode("ascii")
        raw = base64.b64decode(packed)
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        held = json.loads(raw)
    except (KeyError, ValueError, OSError, zlib.error, EOFError) as error:
        raise OperationError(
            f"the record {about.get('name')} of a release can't be read",
            "look at it with helm get all",
            detail=str(error),
        ) from error
    return of_json(held, str(about.get("uid") or ""))


def of_json(held: Mapping[str, Any], uid: str = "") -> Release:
    """A release from the JSON that helm stores and prints."""
    info = held.get("info") or {}
    return Release(
        name=str(held.get("name")),
        namespace=str(held.get("namespace")),
        revision=int(held.get("version") or 0),
        status=str(info.get("status")),
        description=str(info.get("description") or ""),
        updated=info.get("last_deployed"),
        manifest=str(held.get("manifest") or ""),
        config=dict(held.get("config") or {}),
        hooks=tuple(held.get("hooks") or ()),
        chart=held.get("chart"),
        notes=str(info.get("notes") or ""),
        uid=uid,
    )


async def _told_revisions(call: Call, context: str, namespace: str, name: str) -> list[Revision]:
    words = ["history", name, "--kube-context", context, "-n", namespace, "-o", "json", "--max", "256"]
    try:
        finished = await reads(call, words)
    except NotFound:
        return []
    rows = json.loads(finished.stdout)
    found = [Revision(int(row["revision"]), str(row["status"]), name, str(row["updated"])) for row in rows]
    return sorted(found, key=lambda one: one.number, reverse=True)


async def _told(call: Call, context: str, namespace: str, name: str, revision: Revision) -> Release:
    about = ["--kube-context", context, "-n", namespace, "--revision", str(revision.number)]
    finished = await reads(call, ["status", name, *about, "-o", "json"])
    return of_json(json.loads(finished.stdout), revision.uid)
