"""Which file a program's name stands for: found once, by absolute path."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from reign_executors.errors import ToolMissing

_PACKAGES = {
    "bash": "bash",
    "git": "git",
    "docker": "docker.io (or docker-ce)",
    "ssh": "openssh-client",
    "ctr": "containerd",
    "curl": "curl",
    "make": "make",
    "jq": "jq",
    "rsync": "rsync",
}
_PAGES = {
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "helm": "https://helm.sh/docs/intro/install/",
    "terraform": "https://developer.hashicorp.com/terraform/install",
    "gh": "https://cli.github.com/",
}
_FALLBACK = os.pathsep.join(("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))

_found: dict[tuple[str, str], tuple[Path, str]] = {}


def fingerprint(path: Path) -> str:
    """What tells this file from another one put in its place: ``device:inode:size:mtime in ns``.

    ``OSError`` when it is gone.
    """
    found = path.stat()
    return f"{found.st_dev:x}:{found.st_ino:x}:{found.st_size:x}:{found.st_mtime_ns:x}"


def program(name: str, environment: Mapping[str, str] | None = None) -> Path:
    """The absolute path of ``name`` by the ``PATH`` of ``environment`` (None: this process's own).

    Relative entries of ``PATH`` (``.`` or an empty one) are never used. Looked up once a name and ``PATH``; again only
    when that very file was replaced. ``ToolMissing`` when there is none.
    """
    if os.sep in name:
        path = Path(name)
        if path.is_absolute() and _runs(path):
            return path
        reason = "is not a program this user may run" if path.is_absolute() else "is not an absolute path"
        raise ToolMissing(f"{name} {reason}", "give the absolute path of a program")
    search = (os.environ if environment is None else environment).get("PATH", _FALLBACK)
    known = _found.get((name, search))
    if known is not None and _same(*known):
        return known[0]
    for entry in search.split(os.pathsep):
        path = Path(entry) / name
        if path.is_absolute() and _runs(path):
            _found[name, search] = (path, fingerprint(path))
            return path
    raise ToolMissing(f"the program {name} is not on PATH", way_to_get(name), detail=f"PATH={search}")


def way_to_get(name: str) -> str:
    """One sentence on how to install a program."""
    if name in _PAGES:
        return f"install it: {_PAGES[name]}"
    return f"install it (Debian: apt-get install {_PACKAGES.get(name, name)}) or put its folder on PATH"


def _runs(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode) and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def _same(path: Path, recorded: str) -> bool:
    try:
        return fingerprint(path) == recorded
    except OSError:
        return False
