"""Code for what data alone can't tell, registered by name for the ``handler`` key of a program's table."""

from __future__ import annotations

from functools import cache


@cache
def load() -> None:
    """Register all handlers (once; kept out of the import of the analyser)."""
    from reign_executors.shell.analysis.handlers import (  # noqa: F401
        automation,
        awk_sed,
        cluster,
        code,
        containers,
        databases,
        disks,
        editors,
        files,
        filters,
        git,
        launchers,
        network,
        packages,
        tools,
        volumes,
        wrappers,
    )
