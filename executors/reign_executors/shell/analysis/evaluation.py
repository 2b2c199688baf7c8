"""Values that bash reads again: an arithmetic expression evaluates the text of the variables it names, and a subscript
in such a text (``a[$(command)]``) runs its substitutions. So does whatever takes a variable's name (``unset``,
``printf -v``, ``test -v``, a reference) and a prompt (``${x@P}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import plain

if TYPE_CHECKING:
    from reign_executors.shell.analysis.interpreter import Interpreter

_SETS_PATH = re.compile(r"\bPATH\s*(?:(?:[-+*/%&|^]|<<|>>)?=\s*[\w(+~!-]|\+\+|--)|(?:\+\+|--)\s*PATH\b")


def kept(run: Interpreter, values: Iterable[str], scope: Scope) -> None:
    """Values that a variable has, or that are taken for a variable's name: a substitution in a subscript may run, and a
    number may be given to ``PATH``."""
    for value in values:
        if "PATH" in value and _SETS_PATH.search(plain(value)):
            scope.poisoned = True
        if "[" in value and ("$(" in value or "`" in value):
            _substitutions(run, plain(value).partition("[")[2], scope)


def prompt(run: Interpreter, values: Iterable[str], scope: Scope) -> None:
    """Values that are expanded as a prompt is (``${x@P}``)."""
    for value in values:
        if "$(" in value or "`" in value:
            _substitutions(run, plain(value), scope)


def _substitutions(run: Interpreter, text: str, scope: Scope) -> None:
    """Run the command substitutions in a text, the outer ones."""
    at = 0
    while found := re.search(r"\$\(|`", text[at:]):
        begin = at + found.end()
        end = text.find("`", begin) if found[0] == "`" else _closed(text, begin)
        end = len(text) if end < 0 else end
        run.run_text(text[begin:end], scope.copy(), None, where="a value that is evaluated again")
        at = end + 1


def _closed(text: str, begin: int) -> int:
    depth = 1
    for i in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if not depth:
            return i
    return -1
