"""Where the proving ground keeps its things."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


def default_folder() -> Path:
    """``REIGN_TESTBED``, or ``reign-testbed`` in the cache folder of whoever asks."""
    named = os.environ.get("REIGN_TESTBED")
    if named:
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "reign-testbed"


def find_program(name: str) -> str | None:
    """Its path; the folders of root's programs are looked into too, whatever PATH says."""
    return shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")


@dataclass(frozen=True)
class Places:
    """``bin`` and ``terraform`` are kept; ``run`` is made anew by every start; ``log`` is of the last one.

    ``built`` is where the kept ones lie, when several proving grounds share them.
    """

    folder: Path
    built: Path | None = None

    @classmethod
    def named(cls) -> Places:
        """By ``REIGN_TESTBED``, and ``REIGN_TESTBED_BUILT`` for what is kept."""
        built = os.environ.get("REIGN_TESTBED_BUILT")
        return cls(default_folder(), Path(built).expanduser().absolute() if built else None)

    @property
    def kept(self) -> Path:
        return self.built or self.folder

    @property
    def bin(self) -> Path:
        return self.kept / "bin"

    @property
    def terraform(self) -> Path:
        return self.kept / "terraform"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def containerd(self) -> Path:
        """The socket of the node's containerd."""
        return self.run / "containerd.sock"

    @property
    def process(self) -> Path:
        """Which process was started: its id and its start time."""
        return self.run / "process.json"

    @property
    def status(self) -> Path:
        """Written by the node's first process: which components run."""
        return self.run / "status.json"

    @property
    def control_group(self) -> str:
        """The name of the control groups of this folder's pods."""
        return "reign-testbed-" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]

    def read_env(self) -> dict[str, str]:
        """What ``env`` says; empty when it is not there."""
        try:
            lines = self.env.read_text().splitlines()
        except FileNotFoundError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
