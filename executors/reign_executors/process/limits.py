"""What a program may use at most, held by the kernel for it and all that it starts (resource limits)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

_BASH = "/bin/bash"
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit. ``memory``: bytes of address space of each process; ``cpu``: seconds of processor time of each
    process; ``processes``: of this user, all together (the kernel does not hold root to it); ``file``: bytes of a file.
    """

    memory: int | None = None
    cpu: int | None = None
    processes: int | None = None
    file: int | None = None

    def said(self) -> str:
        """One line for people; empty without any limit."""
        parts = [
            f"{_in_mib(self.memory)} of memory a process" if self.memory is not None else "",
            f"{self.cpu} s of processor time a process" if self.cpu is not None else "",
            f"{self.processes} processes" if self.processes is not None and os.geteuid() != 0 else "",
            f"files of {_in_mib(self.file)}" if self.file is not None else "",
        ]
        said = ", ".join(part for part in parts if part)
        root = self.processes is not None and os.geteuid() == 0
        note = "the number of processes can't be limited for root" if root else ""
        return "; ".join(part for part in (f"at most {said}" if said else "", note) if part)


def _in_mib(count: int) -> str:
    return f"{count / _KIB / _KIB:g} MiB"


def limited(limits: Limits, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
    """``argv`` under these limits: bash sets them on itself and becomes the program. Exit code 126 when it may not."""
    words = [os.fspath(word) for word in argv]
    flags: list[tuple[str, int]] = []
    if limits.memory is not None:
        flags.append(("-v", max(limits.memory // _KIB, 1)))
    if limits.cpu is not None:
        flags.append(("-t", limits.cpu))
    if limits.processes is not None:
        flags.append(("-u", limits.processes))
    if limits.file is not None:
        flags.append(("-f", max(limits.file // _KIB, 1)))
    if not flags:
        return words
    # a second between them: the kernel says that the time is used up before it kills
    setting = " && ".join(
        f"ulimit -S {flag} {value} && ulimit -H {flag} {value + (flag == '-t')}" for flag, value in flags
    )
    return [_BASH, "-c", f'{setting} || exit 126; exec "$@"', "limits", *words]
