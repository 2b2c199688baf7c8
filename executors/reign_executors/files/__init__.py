"""Files and folders of the machine Reign runs on (``file.*``)."""

from __future__ import annotations

from reign_executors.files.folder import Link, MakeDirectory, SetMode
from reign_executors.files.queries import Find, List, MeasureUsage, Read, Stat
from reign_executors.files.remove import Remove
from reign_executors.files.restore import Restore
from reign_executors.files.tree import Copy, Move
from reign_executors.files.write import Append, Write
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    Read,
    List,
    Stat,
    MeasureUsage,
    Find,
    Write,
    Append,
    Copy,
    Move,
    Remove,
    MakeDirectory,
    SetMode,
    Link,
    Restore,
)

__all__ = ["OPERATIONS"]
