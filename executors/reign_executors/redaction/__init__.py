"""The one redactor: it stands before language models, journal, logs, exports and screen copies.

Known values and whatever looks like a secret become stable placeholders, ``{{secret:db_password}}``; known values are
put back by :func:`restore`, only at execution. Importing this package costs little more than ``re``: the supervisor of
a program does it for every run.
"""

from __future__ import annotations

from reign_executors.redaction.names import is_secret_name
from reign_executors.redaction.placeholders import placeholder, restore, restore_value
from reign_executors.redaction.plain import plain
from reign_executors.redaction.redactor import Redactor
from reign_executors.redaction.stream import StreamRedactor

__all__ = ["Redactor", "StreamRedactor", "is_secret_name", "placeholder", "plain", "restore", "restore_value"]
