"""What a shell remembers while a text runs: variables, functions, aliases, where it stands, what it wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reign_executors.shell.analysis.syntax import Node
from reign_executors.shell.analysis.values import HOME, MAYBE, SECRET_VARIABLE, SELF, UNKNOWN, limited

Values = tuple[str, ...]

_KNOWN: dict[str, Values] = {
    "HOME": (HOME,),
    "USER": ("root",),
    "LOGNAME": ("root",),
    "UID": ("0",),
    "EUID": ("0",),
    "SHELL": ("/bin/bash",),
    "IFS": (" \t\n",),
    "0": (SELF,),
    "?": ("0",),
    "$": (UNKNOWN,),
    "#": (UNKNOWN,),
    "-": ("hB",),
    "!": (UNKNOWN,),
    "_": (UNKNOWN,),
    "PATH": ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",),
    "PWD": (UNKNOWN,),
    "OLDPWD": (UNKNOWN,),
    "RANDOM": (UNKNOWN,),
    "SECONDS": (UNKNOWN,),
    "EPOCHSECONDS": (UNKNOWN,),
    "HOSTNAME": (UNKNOWN,),
    "HOSTTYPE": ("x86_64",),
    "OSTYPE": ("linux-gnu",),
    "MACHTYPE": ("x86_64-pc-linux-gnu",),
    "BASH": ("/bin/bash",),
    "BASH_VERSION": (UNKNOWN,),
    "BASHPID": (UNKNOWN,),
    "PPID": (UNKNOWN,),
    "LINENO": (UNKNOWN,),
    "TERM": (UNKNOWN,),
    "LANG": (UNKNOWN,),
    "EDITOR": (UNKNOWN,),
    "COLUMNS": (UNKNOWN,),
    "BASH_SOURCE": (SELF,),
    "GITHUB_WORKSPACE": (UNKNOWN,),
    "SUDO_USER": (UNKNOWN,),
    "SSH_AUTH_SOCK": (UNKNOWN,),
}
_SECRET_NAME = re.compile(
    r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|_TOKEN|^TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIAL|_PASS$|^PASS$|_PWD$|PGPASS)",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"(?:_FILE|_PATH|_NAME|_DIR|_URL|_ARN|_ID)$", re.IGNORECASE)


def secret_name(name: str) -> bool:
    """Whether a variable's name says that its value is a credential."""
    return _SECRET_NAME.search(name) is not None and _NOT_SECRET.search(name) is None


@dataclass(slots=True)
class Scope:
    """One shell's state. ``files`` (path → content) is shared with its subshells: what was written stays written."""

    variables: dict[str, Values] = field(default_factory=dict)
    arrays: dict[str, list[str]] = field(default_factory=dict)
    functions: dict[str, Node] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    cwd: str = UNKNOWN
    references: dict[str, str] = field(default_factory=dict)  # declare -n: name → the variable it stands for
    cases: dict[str, str] = field(default_factory=dict)  # declare -l, -u: name → "l" or "u"
    positional: list[str] | None = None
    nounset: bool = False
    poisoned: bool = False  # what a bare name runs is no longer known
    doubtful: set[str] = field(default_factory=set)  # functions that may not be there when they are called
    exported: set[str] = field(default_factory=set)
    all_exported: bool = False  # set -a
    input_moved: bool = False  # exec < file: what comes in is no longer what was piped in

    def copy(self) -> Scope:
        return Scope(
            dict(self.variables),
            dict(self.arrays),
            dict(self.functions),
            dict(self.aliases),
            self.files,
            self.cwd,
            dict(self.references),
            dict(self.cases),
            self.positional,
            self.nounset,
            self.poisoned,
            set(self.doubtful),
            set(self.exported),
            self.all_exported,
            self.input_moved,
        )

    def take(self, other: Scope) -> None:
        """Become ``other`` (what was tried on a copy happened for sure)."""
        self.variables, self.arrays = other.variables, other.arrays
        self.functions, self.aliases = other.functions, other.aliases
        self.references, self.cases = other.references, other.cases
        self.doubtful, self.exported = other.doubtful, other.exported
        self.all_exported, self.input_moved = other.all_exported, other.input_moved
        self.cwd, self.positional, self.nounset, self.poisoned = (
            other.cwd,
            other.positional,
            other.nounset,
            other.poisoned,
        )

    def merge(self, other: Scope) -> None:
        """What may have happened on the way of ``other``: its values are possible, too."""
        for name, values in other.variables.items():
            mine = self.variables.get(name)
            if mine is None:
                self.variables[name] = tuple(dict.fromkeys((*values, *self._default(name))))
            elif mine != values:
                self.variables[name] = limited((*mine, *values), 12)
        for name, items in other.arrays.items():
            if self.arrays.get(name) != items:
                self.arrays[name] = list(limited((*self.arrays.get(name, ()), *items), 64))
        self.doubtful |= other.doubtful
        self.doubtful.update(n for n, body in other.functions.items() if self.functions.get(n) is not body)
        self.doubtful.update(n for n in self.functions if n not in other.functions)
        self.functions.update(other.functions)
        self.exported |= other.exported
        self.all_exported = self.all_exported or other.all_exported
        self.input_moved = self.input_moved or other.input_moved
        self.aliases.update(other.aliases)
        self.references.update(other.references)
        self.cases.update(other.cases)
        self.poisoned = self.poisoned or other.poisoned
        self.cwd = other.cwd

    def _default(self, name: str) -> Values:
        if name in _KNOWN:
            return _KNOWN[name]
        mark = SECRET_VARIABLE if secret_name(name) else ""
        return (mark + (UNKNOWN if self.nounset else MAYBE),)

    def child(self) -> Scope:
        """What a child finds: no functions, no aliases; variables that were not exported may be unset."""
        inner = self.copy()
        inner.functions, inner.aliases, inner.doubtful = {}, {}, set()
        if not self.all_exported:
            for name, values in self.variables.items():
                if name not in self.exported and name not in _KNOWN and MAYBE not in values:
                    inner.variables[name] = (*values, MAYBE)
        return inner

    def named(self, name: str) -> str:
        """The variable that a name stands for, references (``declare -n``) followed."""
        for _ in range(8):
            if name not in self.references:
                break
            name = self.references[name]
        return name

    def cased(self, name: str, values: Values) -> Values:
        """Values as a variable declared lower or upper case keeps them."""
        case = self.cases.get(name)
        return values if case is None else tuple(v.lower() if case == "l" else v.upper() for v in values)

    def get(self, name: str) -> Values:
        """The possible values; one that may be empty where the text never set it."""
        if self.references:
            name = self.named(name)
        values = self.variables.get(name)
        if values is not None:
            return values
        if name == "PWD":
            return (self.cwd,)
        if name.isdigit() and name != "0":
            if self.positional is None:
                return (UNKNOWN if self.nounset else MAYBE,)
            index = int(name) - 1
            return (self.positional[index],) if index < len(self.positional) else ("",)
        if name in self.arrays:
            return (self.arrays[name][0],) if self.arrays[name] else ("",)
        return self._default(name)

    def known_set(self, name: str) -> None:
        """A guard showed that the variable is not empty."""
        self.variables[name] = tuple(
            dict.fromkeys(v.replace(MAYBE, UNKNOWN) for v in self.get(name) if v) or {UNKNOWN: None}
        )
