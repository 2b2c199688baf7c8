"""What rules must know of the objects that a chart makes: the same findings as for objects that are applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reign_executors.effect import Finding
from reign_executors.helm.manifest import documents
from reign_executors.kubernetes.dangers import deletion_findings, manifest_findings
from reign_executors.kubernetes.kinds import known_type


def findings(contents: Iterable[Mapping[str, Any]], hooks: Iterable[Mapping[str, Any]] = ()) -> tuple[Finding, ...]:
    """The findings of objects that are made or changed, and of the objects of hooks (``{"manifest": text}``)."""
    found = [finding for content in contents for finding in manifest_findings(content)]
    for hook in hooks:
        for content in documents(str(hook.get("manifest") or "")):
            found += manifest_findings(content)
    return _each_once(found)


def removal_findings(contents: Iterable[Mapping[str, Any]], namespace: str) -> tuple[Finding, ...]:
    """The findings of objects that are removed."""
    found: list[Finding] = []
    for content in contents:
        kind = known_type(str(content.get("apiVersion") or ""), str(content.get("kind") or ""))
        about = content.get("metadata") or {}
        if kind is not None:
            where = str(about.get("namespace") or namespace) if kind.namespaced else None
            found += deletion_findings(kind, where, str(about.get("name")))
    return _each_once(found)


def _each_once(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple({(finding.rule, finding.text): finding for finding in found}.values())
