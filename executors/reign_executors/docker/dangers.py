"""What in a container's settings reaches out of it: findings, one vocabulary with commands and manifests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Literal

from reign_executors.docker.names import Mount
from reign_executors.effect import Finding

SOCKETS = frozenset({"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"})
WHOLE = frozenset({"/", "/proc/1/root", "/etc", "/root", "/boot", "/dev", "/usr", "/var", "/home"})
"""Mounted read-write as a whole they give away the host; a part of them is worth a word."""
ACCOUNTS = frozenset({"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/sudoers", "/etc/sudoers.d", "/root/.ssh"})
SYSTEM = ("/etc", "/root", "/boot", "/usr", "/bin", "/sbin", "/lib", "/dev", "/proc", "/sys", "/var/lib/docker", "/run")


def mounted(mounts: Iterable[Mount]) -> tuple[Finding, ...]:
    """Findings of host paths mounted into a container."""
    return tuple(finding for mount in mounts if mount.kind == "bind" for finding in _of_path(mount))


def _of_path(mount: Mount) -> tuple[Finding, ...]:
    path = posixpath.normpath("/" + mount.source.lstrip("/"))
    if path in SOCKETS:
        text = f"{path} is mounted: whoever is in the container commands the engine and so is root on its host"
        return (Finding(rule="container.docker-socket", level="notice", text=text),)
    if path not in WHOLE and not any(path == folder or path.startswith(folder + "/") for folder in SYSTEM):
        return ()
    level: Literal["notice", "catastrophic"] = "notice"
    if mount.read_only:
        text = f"{path} of the host is mounted read only: the container can read everything there"
    else:
        text = f"{path} of the host is mounted read-write: the container can change or delete everything there"
        if path in WHOLE - {"/var", "/home"} or path in ACCOUNTS:
            level = "catastrophic"
    return (Finding(rule="container.host-root", level=level, text=text),)


def privileged() -> Finding:
    return Finding(
        rule="container.privileged",
        level="notice",
        text="privileged: the container has all rights of the host's kernel and its devices",
    )


def host_namespace(which: str) -> Finding:
    return Finding(
        rule="container.host-namespace",
        level="notice",
        text=f"the container shares the host's {which} namespace",
    )
