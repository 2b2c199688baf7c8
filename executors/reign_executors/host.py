"""The machine this process runs on: its name for people, and an identity that tells it from every other machine."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def host_name() -> str:
    """What people call this machine."""
    return platform.node() or "localhost"


@cache
def machine_identity() -> str:
    """32 hexadecimal digits that stay the same over restarts; the host's name where the system keeps no machine id.

    A digest: the machine id itself is confidential (``man machine-id``) and plans are handed around.
    """
    for place in MACHINE_IDS:
        try:
            found = place.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return hashlib.sha256(b"reign:" + found.encode()).hexdigest()[:32]
    return host_name()
