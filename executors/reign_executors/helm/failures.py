"""What helm says on a failure, as typed errors with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from reign_executors.errors import (
    Conflict,
    InvalidFields,
    NotFound,
    OperationError,
    PermissionMissing,
    TimedOut,
    ToolMissing,
)

if TYPE_CHECKING:
    from reign_executors.process import Finished


class HelmFailed(OperationError):
    """Helm ended with an error that fits none of the known ones; ``detail`` has its words."""

    kind = "helm_failed"


class ChartInvalid(InvalidFields):
    """The chart can't be rendered or is no chart; the cause names file and line where helm does."""

    kind = "chart_invalid"


class ValuesInvalid(InvalidFields):
    """The values don't fit the chart's schema, or are no YAML."""

    kind = "values_invalid"


class NotReady(TimedOut):
    """What was installed did not become ready in time."""

    kind = "not_ready"


class OperationPending(Conflict):
    """Another helm works on this release, or died in the middle of it."""

    kind = "pending"


Make = Callable[["re.Match[str]", str], OperationError]

_RULES: tuple[tuple[str, Make], ...] = (
    (
        r"another operation \(install/upgrade/rollback\) is in progress",
        lambda _m, text: OperationPending(
            "another helm works on this release, or died in the middle of it",
            "wait for it; when nobody works on it, roll the release back",
            detail=text,
        ),
    ),
    (
        r"cannot re-use a name that is still in use|cannot reuse a name that is still in use",
        lambda _m, text: Conflict(
            "a release of this name is there already", "upgrade it, or take another name", detail=text
        ),
    ),
    (
        r'"(?P<name>[^"]+)" has no deployed releases',
        lambda m, text: NotFound(
            f"release {m['name']} was never deployed here",
            "install it (or upgrade with install), or name another namespace",
            detail=text,
        ),
    ),
    (
        r"release has no (?P<revision>\d+) version",
        lambda m, text: NotFound(
            f"the release has no revision {m['revision']}", "helm.history shows which it has", detail=text
        ),
    ),
    (
        r"release: not found|uninstall: Release not loaded: (?P<name>\S+)",
        lambda _m, text: NotFound(
            "there is no such release in this namespace", "helm.list with all namespaces shows where", detail=text
        ),
    ),
    (
        r'(?P<kind>\w+) "(?P<name>[^"]+)" in namespace "(?P<namespace>[^"]*)" exists and cannot be imported',
        lambda m, text: Conflict(
            f"{m['kind'].lower()} {m['name']} is there already and does not belong to this release",
            "remove it, rename it in the values, or let helm adopt it (its meta.helm.sh annotations)",
            detail=text,
        ),
    ),
    (
        r'namespaces "(?P<name>[^"]+)" not found',
        lambda m, text: NotFound(
            f"there is no namespace {m['name']}", "say create_namespace, or create it first", detail=text
        ),
    ),
    (
        (
            r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"(?:[^"]*"[^"]*")?'
            r'(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)?'
        ),
        lambda m, text: PermissionMissing(
            f"{m['user']} may not {m['verb']} {m['resource']}"
            + (f" in namespace {m['namespace']}" if m["namespace"] else " in the whole cluster"),
            f"ask for the right to {m['verb']} {m['resource']}"
            + (f" in {m['namespace']}" if m["namespace"] else "")
            + f" (kubectl auth can-i {m['verb']} {m['resource']}), or name another context",
            detail=text,
        ),
    ),
    (
        r"\bUnauthorized\b|must be logged in to the server",
        lambda _m, text: ToolMissing(
            "the cluster refuses these credentials", "log in again (they may have expired)", detail=text
        ),
    ),
    (
        r'context "(?P<name>[^"]*)" does not exist',
        lambda m, text: ToolMissing(
            f"there is no context {m['name']} in the kubeconfig", "kubectl config get-contexts names them", detail=text
        ),
    ),
    (
        r"Kubernetes cluster unreachable: (?P<why>.*)|(?P<why2>(?:dial tcp|connection refused|no such host).*)",
        lambda m, text: (
            _fetching(text)
            or ToolMissing(
                f"the cluster does not answer: {(m['why'] or m['why2'])[:200]}",
                "start it, or name another context",
                detail=text,
            )
        ),
    ),
    (
        r"values don't meet the specifications of the schema\(s\)[^:]*:\s*(?P<why>(?:.|\n)*)",
        lambda m, text: ValuesInvalid(
            f"the values don't fit the chart's schema: {' '.join(m['why'].split())[:400]}",
            "correct these values",
            detail=text,
        ),
    ),
    (
        r"failed to parse (?P<file>\S+?): (?P<why>.*)",
        lambda m, text: ValuesInvalid(
            f"the values in {'the fields' if m['file'] == '-' else m['file']} are no YAML: {m['why'][:300]}",
            "correct that line",
            detail=text,
        ),
    ),
    (
        r"found in Chart\.yaml, but missing in charts/ directory: (?P<names>.*)",
        lambda m, text: ChartInvalid(
            f"the charts it depends on are not in its folder: {m['names'].strip()[:200]}",
            "run helm dependency build on the chart's folder",
            detail=text,
        ),
    ),
    (
        r"template: (?P<file>[^\s:]+):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<why>.*)",
        lambda m, text: ChartInvalid(
            f"{m['file']} line {m['line']}: {_inner(m['why'])[:400]}", "correct the template or its values", detail=text
        ),
    ),
    (
        r"(?:parse|execution) error at \((?P<file>[^\s:]+):(?P<line>\d+)(?::\d+)?\): (?P<why>.*)",
        lambda m, text: ChartInvalid(
            f"{m['file']} line {m['line']}: {m['why'][:400]}", "correct the template", detail=text
        ),
    ),
    (
        r"YAML parse error on (?P<file>[^\s:]+): (?P<why>.*)",
        lambda m, text: ChartInvalid(
            f"{m['file']} renders to no YAML: {m['why'][:300]}", "correct the template or its values", detail=text
        ),
    ),
    (
        r'path "(?P<path>[^"]+)" not found',
        lambda m, text: NotFound(f"there is no chart {m['path']}", "name a chart that exists", detail=text),
    ),
    (
        r"repo (?P<repo>\S+) not found",
        lambda m, text: NotFound(
            f"there is no chart repository {m['repo']} here",
            f"add it (helm repo add {m['repo']} URL), or name a chart's folder",
            detail=text,
        ),
    ),
    (
        (
            r'chart "(?P<chart>[^"]+)"(?: matching (?P<version>\S+))?(?: version "(?P<other>[^"]+)")? not found'
            r"|chart \"(?P<chart2>[^\"]+)\" matching (?P<version2>\S+) not found"
        ),
        lambda m, text: NotFound(
            f"there is no chart {m['chart'] or m['chart2']}"
            + (f" of version {m['version'] or m['other'] or m['version2']}" if text else ""),
            "helm repo update brings the newest list; helm search repo shows versions",
            detail=text,
        ),
    ),
    (
        (
            r"Chart\.yaml file is missing|chart metadata is missing|file '.*' does not appear to be a gzipped archive"
            r"|validation: chart\.metadata\S* .*"
        ),
        lambda m, text: ChartInvalid(
            f"this is no chart: {m.group()[:200]}", "name a chart's folder or its .tgz", detail=text
        ),
    ),
    (
        r"resource mapping not found for name: \"(?P<name>[^\"]*)\".*no matches for kind \"(?P<kind>\w+)\"",
        lambda m, text: NotFound(
            f"the cluster knows no kind {m['kind']} (of {m['name']})",
            "install its definition (CRD) first, or correct the apiVersion",
            detail=text,
        ),
    ),
    (
        r"timed out waiting for the condition|context deadline exceeded|resource \S+ not ready.*",
        lambda _m, text: NotReady(
            "it did not become ready in time",
            "look at its pods; raise the timeout if it only needs longer",
            detail=text,
        ),
    ),
    (
        r"(?:release \S+ failed, and has been (?P<how>rolled back|uninstalled) due to atomic[^:]*): (?P<why>.*)",
        lambda m, text: HelmFailed(
            f"it failed and helm {m['how']} it: {m['why'][:300]}", "correct the cause and try again", detail=text
        ),
    ),
    (
        r'(?:The )?(?P<kind>\w+(?:\.\w+)*) "(?P<name>[^"]+)" is invalid: (?P<why>.*)',
        lambda m, text: ChartInvalid(
            f"the cluster refuses {m['kind'].lower()} {m['name']}: {m['why'][:400]}",
            "correct the chart or its values",
            detail=text,
        ),
    ),
    (
        r"unknown (?:flag|command|shorthand).*",
        lambda m, text: ToolMissing(
            f"this helm does not know what Reign asks of it: {m.group()[:200]}",
            "install helm 3.13 or newer: https://helm.sh/docs/intro/install/",
            detail=text,
        ),
    ),
)


def _fetching(text: str) -> OperationError | None:
    """The error for a chart that could not be fetched; None when it was the cluster that did not answer."""
    found = re.search(r'(?:looks like "(?P<url>[^"]+)"|Get "(?P<get>https?://[^"]+)"|failed to do request)', text)
    if found is None or "Kubernetes cluster unreachable" in text:
        return None
    where = found["url"] or found["get"] or "its registry"
    if re.search(r"/api(?:s|/v\d|\?)", where):
        return None
    return NotFound(
        f"the chart can't be fetched from {where}", "is the address right, and is there a network?", detail=text
    )


def _inner(why: str) -> str:
    """The last cause of a template's error: what stands after the chain of templates that included each other."""
    found = re.findall(r"error calling \w+: (.*)$", why)
    last = found[-1] if found else why
    return re.sub(r"^executing \"[^\"]+\" at (<.*?>): ", r"at \1: ", last)


def failure(finished: Finished, doing: str) -> OperationError:
    """The typed error for a helm that ended with an exit code other than 0."""
    return failure_of(finished.last_words(40), doing, finished.signal)


def failure_of(text: str, doing: str, signal: int | None = None) -> OperationError:
    """The typed error for helm's words."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("WARNING: Kubernetes configuration"))
    for pattern, make in _RULES:
        found = re.search(pattern, text)
        if found is not None:
            return make(found, text)
    if signal is not None:
        return HelmFailed(
            f"{doing} was ended by signal {signal}", "look at the release before repeating it", detail=text
        )
    first = next((line for line in text.splitlines() if line.startswith("Error")), text.partition("\n")[0])
    return HelmFailed(
        f"{doing} failed: {first.removeprefix('Error: ')[:400] or 'it says nothing'}",
        "read its last words",
        detail=text,
    )
