"""Handing rows on to the system's log, where the database's owner can't change them any more."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from reign_agents.audit.row import AuditRow

SYSLOG = Path("/dev/log")
JOURNALD = Path("/run/systemd/journal/socket")
WAITING = 1000
"""Rows that wait for a log that does not answer; beyond that the oldest are given up (the chain has them)."""
LONGEST = 7000
"""Bytes of one message; a longer payload is left out, its digest stays."""
AUTHPRIV_NOTICE = 10 * 8 + 5
NAME = "reign-audit"


class Forward:
    """Datagrams to syslog (``/dev/log``) or to journald's own socket. Never blocks, never fails a run.

    ``given_up`` counts rows that no log took.
    """

    def __init__(self, kind: str, path: Path | None = None) -> None:
        """``kind`` is ``syslog`` or ``journald``."""
        if kind not in ("syslog", "journald"):
            raise ValueError("must be syslog or journald")
        self._journald = kind == "journald"
        self._path = path or (JOURNALD if self._journald else SYSLOG)
        self._waiting: deque[bytes] = deque()
        self._socket: socket.socket | None = None
        self.given_up = 0

    def send(self, rows: Iterable[AuditRow]) -> None:
        """Hand on these rows, after those that wait since the log last did not answer."""
        for row in rows:
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.given_up += 1
            self._waiting.append(self._message(row))
        while self._waiting:
            if not self._sent(self._waiting[0]):
                return
            self._waiting.popleft()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _sent(self, message: bytes) -> bool:
        for _ in range(2):
            try:
                if self._socket is None:
                    self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                    self._socket.setblocking(False)
                    self._socket.connect(str(self._path))
                self._socket.send(message)
            except BlockingIOError:
                return False
            except OSError:  # the log was restarted, or is not there: once more with a new socket
                self.close()
            else:
                return True
        return False

    def _message(self, row: AuditRow) -> bytes:
        line = json.dumps(row.to_json(), separators=(",", ":"))
        if len(line) > LONGEST:
            line = json.dumps({**row.to_json(), "payload": None, "salt": None}, separators=(",", ":"))
        if self._journald:
            fields = {
                "MESSAGE": line,
                "PRIORITY": "5",
                "SYSLOG_IDENTIFIER": NAME,
                "REIGN_AUDIT_SEQ": str(row.seq),
                "REIGN_AUDIT_HASH": row.hash,
            }
            return "".join(f"{name}={value}\n" for name, value in fields.items()).encode("ascii", "backslashreplace")
        return f"<{AUTHPRIV_NOTICE}>{NAME}: {line}".encode("ascii", "backslashreplace")
