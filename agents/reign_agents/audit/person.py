"""Who sits at this process, as far as the system tells."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from reign_executors.operation import JsonObject
from reign_executors.redaction import plain

LONGEST = 200


def person(environment: Mapping[str, str] = os.environ) -> JsonObject:
    """``user`` and ``uid`` of the process, ``sudo_user`` who became it, ``ssh`` where the connection came from
    (address and port), ``terminal``, ``host`` and ``pid``; None where there is none.

    What comes from the environment (``sudo_user``, ``ssh``) is what the person's shell says: a hint, no proof.
    """
    return {
        "user": _user(),
        "uid": os.getuid(),
        "sudo_user": _word(environment.get("SUDO_USER")),
        "ssh": _origin(environment),
        "terminal": _terminal(),
        "host": _word(socket.gethostname()),
        "pid": os.getpid(),
    }


@cache
def this_person() -> JsonObject:
    """:func:`person` of this process, asked once."""
    return person()


def _user() -> str:
    try:
        return getpass.getuser() if os.getuid() == os.geteuid() else f"uid {os.geteuid()}"
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _origin(environment: Mapping[str, str]) -> str | None:
    """``ADDRESS PORT`` of the other end of ssh."""
    words = (environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or "").split()
    return _word(" ".join(words[:2])) if words else None


def _terminal() -> str | None:
    for number in (0, 1, 2):
        with suppress(OSError):
            return os.ttyname(number)
    return None


def _word(text: str | None) -> str | None:
    return plain(text)[:LONGEST] if text else None
