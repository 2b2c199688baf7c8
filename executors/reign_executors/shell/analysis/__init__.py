"""Understanding shell text without running it."""

from __future__ import annotations

from reign_executors.effect import Finding
from reign_executors.shell.analysis.model import Analysis, Command, Redirection


def analyse(text: str, *, cwd: str | None = None) -> Analysis:
    """Everything ``text`` could run as bash or POSIX shell, and what that would change. Runs nothing, raises nothing."""
    finding = Finding(rule="unclear.program", level="unclear", text="not analysed", start=0, end=len(text))
    return Analysis(text=text, findings=(finding,), understood=False)


__all__ = ["Analysis", "Command", "Redirection", "analyse"]
