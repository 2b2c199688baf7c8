"""Paths as people write them, with a ``~`` in front."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """``~`` and ``~name`` in front become that user's home; where nobody has that name it stays, as in a shell."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser() raises where nobody has the name
