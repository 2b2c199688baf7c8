"""Values that bash reads again: an arithmetic expression evaluates the text of the variables it names, and a subscript
in such a text (``a[$(command)]``) runs its substitutions. So does whatever takes a variable's name (``unset``,
``printf -v``, ``test -v``, a reference) and a prompt (``${x@P}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import UNKNOWN, plain

if TYPE_CHECKING:
    from reign_executors.shell.analysis.interpreter import Interpreter

_SETS_PATH = re.compile(r"\bPATH\s*(?:(?:[-+*/%&|^]|<<|>>)?=\s*[\w(+~!-]|\+\+|--)|(?:\+\+|--)\s*PATH\b")

_SETS_IFS = re.compile(r"\bIFS\s*(?:(?:[-+*/%&|^]|<<|>>)?=\s*[\w(+~!-]|\+\+|--)|(?:\+\+|--)\s*IFS\b")
_FUNSUB = re.compile(r"\$\{[ \t\n|(]")
_RUNS = re.compile(r"\$\(|`|\$\{[ \t\n|(]")


def kept(run: Interpreter, values: Iterable[str], scope: Scope) -> None:
    """Values that a variable has, or that are taken for a variable's name: a substitution in a subscript may run, and a
    number may be given to ``PATH``."""
    for value in values:
        if "PATH" in value and _SETS_PATH.search(plain(value)):
            scope.poisoned = True
        if "IFS" in value and _SETS_IFS.search(plain(value)):
            scope.variables["IFS"] = (UNKNOWN,)
        if "$" in value or "`" in value:
            text = plain(value)
            if "[" in text and _RUNS.search(text):
                _substitutions(run, text.partition("[")[2], scope)


def prompt(run: Interpreter, values: Iterable[str], scope: Scope) -> None:
    """Values that are expanded as a prompt is (``${x@P}``)."""
    for value in values:
        if "$" in value or "`" in value:
            _substitutions(run, plain(value), scope)


def compound(run: Interpreter, values: Iterable[str], scope: Scope) -> None:
    """Values that ``declare`` and its like may read as the elements of an array: ``declare -a 'x=($(command))'``."""
    for value in values:
        if "$" in value or "`" in value:
            text = plain(value)
            if re.match(r"(?:[A-Za-z_]\w*(?:\[.*\])?\+?=)?\(", text):
                _substitutions(run, text, scope)


def _substitutions(run: Interpreter, text: str, scope: Scope) -> None:
    """Run the command substitutions in a text, the outer ones."""
    if _FUNSUB.search(text):
        run.unclear("unclear.code", "a value that is evaluated again runs commands")
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
