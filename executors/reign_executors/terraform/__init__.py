"""Terraform (or OpenTofu) configurations on this machine (``terraform.*``)."""

from __future__ import annotations

from reign_executors.operation import Operation
from reign_executors.terraform.apply import Apply, Destroy
from reign_executors.terraform.formatting import Format
from reign_executors.terraform.init import Init
from reign_executors.terraform.queries import (
    FormatCheck,
    Output,
    Plan,
    Show,
    StateList,
    Validate,
    Version,
    Workspaces,
)
from reign_executors.terraform.restore import Restore
from reign_executors.terraform.workspaces import WorkspaceDelete, WorkspaceNew

OPERATIONS: tuple[type[Operation], ...] = (
    Validate,
    Plan,
    Output,
    StateList,
    Show,
    Workspaces,
    FormatCheck,
    Version,
    Init,
    Format,
    Apply,
    Destroy,
    WorkspaceNew,
    WorkspaceDelete,
    Restore,
)

__all__ = ["OPERATIONS"]
