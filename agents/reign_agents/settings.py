"""What a person may set about the engine, and how one run is driven."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from reign_agents.safety.rules import Rule
from reign_executors.risk import Risk

CONCURRENCY: Mapping[str, int] = {"docker": 16, "shell": 4, "file": 16, "network": 16}
"""Steps at the same time, by the first part of the operation's name; others get 8."""

PROD_PATTERN = r"(?i)(^|[-_./:@ ])(prod|production|live)($|[-_./:@ 0-9])"
"""Names of targets where a destroy needs the name typed."""


GRANT_SECONDS = 3600.0
"""How long a grant lasts where nothing else is said."""


class Mode(StrEnum):
    """How much happens unasked, tightest first.

    ``read-only``: nothing but reads can be planned. ``ask``: whatever creates, changes or destroys is asked.
    ``trusted-change``: creates and changes within a stated blast radius run unasked, never on targets that look like
    production; a destroy is always asked.
    """

    READ_ONLY = "read-only"
    ASK = "ask"
    TRUSTED_CHANGE = "trusted-change"

    def tighter(self, other: Mode) -> Mode:
        """The one of both that lets less happen."""
        order = list(Mode)
        return min(self, other, key=order.index)


def current_user() -> str:
    """The operating system's user; ``unknown`` where there is none (a container without a passwd entry)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``docker_context``, ``kube_context`` and ``namespace`` say where a plan acts that does not; None: what the tools'
    own configuration says. ``capture_limit`` is in bytes; ``concurrency`` maps an executor's family to steps at the
    same time.

    ``trust_limit``: how many resources a run may create or change unasked in the mode ``trusted-change``.
    ``grant_limit``: the most seconds that a grant may last. ``rules`` are the person's, then the project's.
    ``local_contexts`` are patterns of contexts and workspaces that no vendor's model hears of.
    """

    cwd: Path = field(default_factory=Path.cwd)
    docker_context: str | None = None
    kube_context: str | None = None
    namespace: str | None = None
    read_only: bool = False
    offline: bool = False
    concurrency: Mapping[str, int] = field(default_factory=lambda: dict(CONCURRENCY))
    prod_pattern: str = PROD_PATTERN
    capture_limit: int = 64 * 1024 * 1024
    user: str = field(default_factory=current_user)
    verify: bool = True
    mode: Mode = Mode.ASK
    trust_limit: int = 5
    grant_limit: float = 8 * GRANT_SECONDS
    rules: tuple[Rule, ...] = ()
    local_contexts: tuple[str, ...] = ()

    def defaults(self, operation: str) -> dict[str, str]:
        """The fields that say where an operation of that name acts, for plans that leave them out."""
        family = operation.partition(".")[0]
        if family == "docker":
            chosen = {"context": self.docker_context}
        elif family in ("kubernetes", "helm"):
            chosen = {"context": self.kube_context, "namespace": self.namespace}
        else:
            chosen = {}
        return {name: value for name, value in chosen.items() if value}

    @property
    def mode_in_force(self) -> Mode:
        return Mode.READ_ONLY if self.read_only else self.mode


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one run is driven.

    interactive     False: never wait for a person; what needs one ends the run with exit 3
    approve         steps whose effect at execution is at most this run unasked
    confirm_target  name of a prod-like target, needed for destroy there
    approve_hash    hash of a whole plan that was reviewed: exactly its steps are approved
    timeout         seconds for the whole run, then exit 124
    """

    interactive: bool = True
    approve: Risk = Risk.READ
    confirm_target: str | None = None
    approve_hash: str | None = None
    timeout: float | None = None


class Decision(StrEnum):
    """A person's answer to an approval; the last two change nothing.

    ``once`` this question alone; ``plan`` whatever else of this plan creates or changes, too; ``envelope`` the plan
    with its steps that are only known later, as far as was shown; ``grant`` this and its like for a time.
    """

    ONCE = "once"
    PLAN = "plan"
    ENVELOPE = "envelope"
    GRANT = "grant"
    REJECT = "reject"
    NOT_NOW = "not_now"
