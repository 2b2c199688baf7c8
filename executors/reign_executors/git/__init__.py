"""Git repositories of the machine Reign runs on, and their remotes (``git.*``)."""

from __future__ import annotations

from reign_executors.git.commit import Add, Commit
from reign_executors.git.history import Merge, Revert, Switch
from reign_executors.git.push import Push
from reign_executors.git.queries import Branches, Diff, Log, Remotes, Show, Status, Tags
from reign_executors.git.refs import Branch, DeleteBranch, DeleteTag, Tag
from reign_executors.git.remotes import AddRemote, Fetch, Pull
from reign_executors.git.removal import RemoveRepository
from reign_executors.git.restore import Restore
from reign_executors.git.retract import Retract
from reign_executors.git.setup import Clone, Init
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    Status,
    Log,
    Diff,
    Branches,
    Tags,
    Remotes,
    Show,
    Init,
    Clone,
    Add,
    Commit,
    Branch,
    Switch,
    Tag,
    DeleteBranch,
    DeleteTag,
    Merge,
    Revert,
    AddRemote,
    Fetch,
    Pull,
    Push,
    Restore,
    Retract,
    RemoveRepository,
)

__all__ = ["OPERATIONS"]
