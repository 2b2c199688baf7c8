"""Understanding shell text without running it: what it could run, what that would write, change or destroy.

:func:`analyse` reads the text (``reading.py``), runs it in the mind (``interpreter.py``) with what is known of programs
(``programs/*.toml``, ``handlers/``), and asks tree-sitter for a second reading before it calls anything harmless.
"""

from __future__ import annotations

from reign_executors.effect import Finding
from reign_executors.shell.analysis.builtins import call
from reign_executors.shell.analysis.grammar import disagreement
from reign_executors.shell.analysis.interpreter import Interpreter, TooMuch
from reign_executors.shell.analysis.model import Analysis, Command, Redirection
from reign_executors.shell.analysis.paths import normal
from reign_executors.shell.analysis.reading import read
from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import ENVIRONMENT, RESERVED, SECRET, SECRET_VARIABLE

LONGEST = 65_536


def analyse(text: str, *, cwd: str | None = None) -> Analysis:
    """Everything ``text`` could run as bash or POSIX shell, and what that would change.

    ``cwd``: the absolute folder it would start in, where known. Runs nothing, raises nothing; what can't be understood
    (or is longer than is read) comes as a finding of level ``unclear``.
    """
    run = Interpreter(call)
    run.text = text
    run.end = len(text)
    source = text
    if RESERVED.search(source) or "\0" in source:
        source = RESERVED.sub("\ufffd", source).replace("\0", "")
        run.unclear("unclear.syntax", "the text holds characters that no command needs")
    if len(source) > LONGEST:
        run.unclear("unclear.long", f"the text is longer than {LONGEST} characters: only its beginning was looked into")
        cut = source.rfind("\n", 0, LONGEST)
        source = source[: cut if cut > 0 else LONGEST]
    scope = Scope()
    if cwd is not None and cwd.startswith("/"):
        scope.cwd = normal(cwd)
    shebang = source.partition("\n")[0] if source.startswith("#!") else ""
    if shebang and (" -u" in shebang or " -eu" in shebang):
        scope.nounset = True
    reading = read(source)
    try:
        output = run.run_read(reading, scope, None)
        for code, at in run.traps[:8]:  # once more, with what is known at the end
            run.run_text(code, at.copy(), None, where="a trap")
        shown = set(output) & {SECRET, ENVIRONMENT, SECRET_VARIABLE}
        if shown:
            run.start, run.end = 0, len(text)
            what = "the environment, which holds credentials" if shown == {ENVIRONMENT} else "a credential"
            run.unclear("credential.shown", f"shows {what} on the screen")
    except TooMuch:
        run.unclear("unclear.long", "the text runs more commands than are looked into")
    except RecursionError:
        run.unclear("unclear.deep", "commands are nested too deeply to follow")
    except Exception as e:  # whatever goes wrong here, a person is asked
        run.unclear("unclear.internal", f"the command could not be judged ({type(e).__name__})")
    if not run.findings and not run.changes:
        why = disagreement(source, run.names_at)
        if why:
            run.start, run.end = 0, len(text)
            run.unclear("unclear.syntax", why)
    return Analysis(
        text=text,
        commands=tuple(run.commands),
        writes=tuple(run.writes),
        changes=tuple(run.changes.values()),
        findings=tuple(run.findings.values()),
        understood=run.understood,
    )


__all__ = ["Analysis", "Command", "Finding", "Redirection", "analyse"]
