"""Where Reign's files live: platformdirs' folders, or everything under ``REIGN_HOME``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APP = "reign-tui"
PROJECT_FILE = ".reign.toml"
"""Settings that lie beside a project; they may only tighten."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Four folders; none is created by looking them up.

    config  what a person writes: ``config.toml``, ``themes/``
    data    what must not be lost: the database, captured pre-images
    state   what runs leave behind: logs, reports of unexpected errors
    cache   what can be made again
    """

    config: Path
    data: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def themes(self) -> Path:
        """A person's own themes, one TOML file each."""
        return self.config / "themes"

    @property
    def database(self) -> Path:
        return self.data / "reign.db"

    @property
    def reports(self) -> Path:
        """Full texts of unexpected errors."""
        return self.state / "reports"


def find_paths(environment: Mapping[str, str] = os.environ) -> Paths:
    """The folders of this user. ``REIGN_HOME`` puts all four into one place; ``~`` in it is this user's home."""
    home = environment.get("REIGN_HOME")
    if home:
        root = Path(os.path.abspath(os.path.expanduser(home)))  # noqa: PTH100, PTH111 - keeps links as they are
        return Paths(root / "config", root / "data", root / "state", root / "cache")
    import platformdirs

    dirs = platformdirs.PlatformDirs(APP, appauthor=False)
    return Paths(
        Path(dirs.user_config_dir), Path(dirs.user_data_dir), Path(dirs.user_state_dir), Path(dirs.user_cache_dir)
    )


def find_project_file(cwd: Path) -> Path | None:
    """The nearest ``.reign.toml`` from ``cwd`` upwards, as far as the repository's root (or ``cwd`` alone outside)."""
    tried: list[Path] = []
    for folder in (cwd, *cwd.parents):
        tried.append(folder)
        if (folder / ".git").exists():
            break
    else:
        tried = [cwd]
    return next((folder / PROJECT_FILE for folder in tried if (folder / PROJECT_FILE).is_file()), None)
