"""All Kubernetes operations, for the registry; apart from the package, whose light parts others import."""

from __future__ import annotations

from reign_executors.kubernetes.apply import Apply
from reign_executors.kubernetes.creating import CreateDeployment, CreateNamespace, Expose
from reign_executors.kubernetes.data import SetData
from reign_executors.kubernetes.delete import Delete, Recreate
from reign_executors.kubernetes.execute import Exec
from reign_executors.kubernetes.labels import Annotate, Cordon, Label, Uncordon
from reign_executors.kubernetes.logs import Events, Logs
from reign_executors.kubernetes.queries import (
    CanI,
    ClusterInfo,
    Contexts,
    Describe,
    Get,
    List,
    RolloutHistory,
    RolloutStatus,
    Top,
)
from reign_executors.kubernetes.resources import SetResources
from reign_executors.kubernetes.restore import RestoreFields
from reign_executors.kubernetes.workloads import RolloutRestart, RolloutUndo, Scale, SetEnv, SetImage
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    Annotate,
    Apply,
    CanI,
    ClusterInfo,
    Contexts,
    Cordon,
    CreateDeployment,
    CreateNamespace,
    Delete,
    Describe,
    Events,
    Exec,
    Expose,
    Get,
    Label,
    List,
    Logs,
    Recreate,
    RestoreFields,
    RolloutHistory,
    RolloutRestart,
    RolloutStatus,
    RolloutUndo,
    Scale,
    SetData,
    SetEnv,
    SetImage,
    SetResources,
    Top,
    Uncordon,
)
