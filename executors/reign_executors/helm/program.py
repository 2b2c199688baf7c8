"""Running the helm program: which version it is, its variables, and its words on a failure as typed errors."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reign_executors.call import Call, discard
from reign_executors.errors import ToolMissing
from reign_executors.helm.failures import failure
from reign_executors.operation import INTERRUPT, TERMINATE
from reign_executors.process import Finished, fingerprint, program, run, run_supervised

PROGRAM = "helm"
READ_LIMIT = 120.0
"""Seconds for a helm that only reads: it may fetch a chart."""
KEEP = 64 * 1024 * 1024
"""Bytes of stdout: a rendered release with its chart comes as one JSON document."""
OLDEST = (3, 8)
"""The first version that speaks OCI without being asked to."""

_REDIRECTS = re.compile(r"HELM_(?:KUBE\w+|NAMESPACE|DEBUG|PLUGINS|BIN|MAX_HISTORY)")
_versions: dict[str, Version] = {}


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """``major.minor.patch`` of the helm program."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def dry_run(self) -> str:
        """The option that renders with the cluster's help and changes nothing."""
        return "--dry-run=server" if (self.major, self.minor) >= (3, 13) else "--dry-run"

    @property
    def atomic(self) -> str:
        """The option that takes a failed change back."""
        return "--rollback-on-failure" if self.major >= 4 else "--atomic"

    @property
    def keep_values(self) -> str:
        """The option that begins with the values of the release, over the chart's newest defaults where it can."""
        return "--reset-then-reuse-values" if (self.major, self.minor) >= (3, 14) else "--reuse-values"


def variables(call: Call) -> dict[str, str]:
    """The child's variables. What would lead it to another cluster or namespace than the pinned one stays behind:
    both are named on its command line. ``KUBECONFIG``, ``HELM_DRIVER`` and helm's own folders stay."""
    inherited = os.environ if call.environment is None else call.environment
    return {name: value for name, value in inherited.items() if not _REDIRECTS.fullmatch(name)}


def history_limit(call: Call) -> int:
    """Revisions that helm keeps of a release: the person's own limit, but always one to go back to; 0 is no limit."""
    inherited = os.environ if call.environment is None else call.environment
    said = inherited.get("HELM_MAX_HISTORY", "")
    return 10 if not said.isdigit() else max(int(said), 2) if int(said) else 0


async def version(call: Call) -> Version:
    """The version of helm on ``PATH``, asked once for each file. ``ToolMissing`` when there is none, or it is too
    old."""
    path = program(PROGRAM, variables(call))
    mark = f"{path} {fingerprint(path)}"
    if mark not in _versions:
        finished = await run(
            [path, "version", "--short"],
            call=replace(call, write=discard),
            cwd="/",
            environment=variables(call),
            timeout=30.0,
            cancel=TERMINATE,
        )
        found = read_version(finished.stdout.decode("utf-8", "replace"))
        if found is None:
            raise ToolMissing(
                f"{path} does not say which version of helm it is",
                "is it helm? https://helm.sh/docs/intro/install/",
                detail=finished.last_words(5),
            )
        _versions[mark] = found
    known = _versions[mark]
    wrong = too_old(known)
    if wrong is not None:
        raise ToolMissing(f"{path} is {wrong}", "install a newer one: https://helm.sh/docs/intro/install/")
    return known


async def reads(
    call: Call, words: Sequence[str], *, stdin: bytes | None = None, timeout: float = READ_LIMIT, doing: str = ""
) -> Finished:
    """Run a helm that only reads, without showing what it writes. Raises its failure as a typed error."""
    await version(call)
    finished = await run(
        [PROGRAM, *words],
        call=replace(call, write=discard),
        environment=variables(call),
        stdin=stdin,
        timeout=timeout,
        cancel=TERMINATE,
        keep=KEEP,
    )
    if not finished.ok:
        raise failure(finished, doing or f"helm {words[0]}")
    return finished


async def changes(
    call: Call, words: Sequence[str], *, stdin: bytes | None = None, timeout: float, doing: str = ""
) -> Finished:
    """Run a helm that changes something, under the supervisor; interrupted first when cancelled, so that it can mark
    its release. Raises its failure as a typed error."""
    await version(call)
    finished = await run_supervised(
        [PROGRAM, *words],
        call=call,
        environment=variables(call),
        stdin=stdin,
        timeout=timeout,
        cancel=INTERRUPT,
        secrets=call.secrets,
    )
    if not finished.ok:
        raise failure(finished, doing or f"helm {words[0]}")
    return finished


def read_version(text: str) -> Version | None:
    """The version in what ``helm version`` writes; None when it is none."""
    found = re.search(r"v(\d+)\.(\d+)(?:\.(\d+))?", text)
    return None if found is None else Version(*(int(part or 0) for part in found.groups()))


def too_old(found: Version) -> str | None:
    """Why Reign can't use this helm; None when it can."""
    if (found.major, found.minor) >= OLDEST:
        return None
    return f"helm {found}: helm {OLDEST[0]}.{OLDEST[1]} or newer is needed"
