"""The full text of an unexpected error, in a file instead of on the screen."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from reign_tui.paths import find_paths
from reign_tui.version import __version__

KEPT = 20
"""Reports of one kind; older ones are removed."""


def write_report(error: BaseException, kind: str = "reign") -> str:
    """Write where it happened into the state folder (or the temporary one), as ``KIND-TIME.txt``; returns a sentence
    naming the file.

    The report holds no request, no fields and no environment: only versions and the traceback.
    """
    now = datetime.now(UTC)
    text = "\n".join(
        (
            f"reign-tui {__version__}, Python {sys.version.split()[0]}, {sys.platform}, {now.isoformat()}",
            "",
            "".join(traceback.format_exception(error)),
        )
    )
    for folder in (find_paths().reports, Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{kind}-{now:%Y%m%dT%H%M%S%f}.txt"
            path.touch(mode=0o600)
            path.write_text(text, "utf-8", "backslashreplace")
            for old in sorted(folder.glob(f"{kind}-[0-9]*.txt"))[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError:
            continue
        return f"the full report is in {path}"
    return "the full report could not be written anywhere:\n" + text
