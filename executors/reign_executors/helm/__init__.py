"""Helm charts and releases (``helm.*``): the helm program on a pinned context and namespace.

What a change would do is rendered with the cluster's help and compared, object by object, with what helm stored of the
release; every change carries the step's key into the release's own history.
"""

from __future__ import annotations

from reign_executors.helm.create import CreateChart
from reign_executors.helm.deploy import Install, Upgrade
from reign_executors.helm.queries import Diff, GetValues, History, Lint, ListReleases, ShowChart, Status, Template
from reign_executors.helm.rollback import Rollback
from reign_executors.helm.uninstall import RestoreRelease, Uninstall
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    ListReleases,
    Status,
    History,
    GetValues,
    Template,
    Lint,
    ShowChart,
    Diff,
    Install,
    Upgrade,
    Rollback,
    Uninstall,
    RestoreRelease,
    CreateChart,
)

__all__ = ["OPERATIONS"]
