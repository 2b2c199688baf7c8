"""The parts a shell text is read into."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Parameter:
    """``$name``, ``${name}``, ``${name op argument}``. ``index`` is the subscript's text."""

    name: str
    operator: str = ""
    argument: Word | None = None
    quoted: bool = False
    index: str | None = None


@dataclass(slots=True)
class Substitution:
    """``$(…)``, backquotes (kind ``$``), ``<(…)`` and ``>(…)`` (kind ``<``, ``>``)."""

    body: Node
    kind: str = "$"
    quoted: bool = False


@dataclass(slots=True)
class Arithmetic:
    """``$((…))``; ``text`` holds the expansions that run inside."""

    text: Word
    quoted: bool = False


Word = str | list["str | Parameter | Substitution | Arithmetic"]
"""A word: a string when all of it is literal, else its pieces in order."""


@dataclass(slots=True)
class Redirect:
    operator: str
    target: Word
    descriptor: str = ""
    here: bool = False  # a here-document: target is its text


@dataclass(slots=True)
class Assignment:
    name: str
    value: Word
    append: bool = False
    index: str | None = None
    items: list[Word] | None = None  # an array
    index_word: Word = ""  # the subscript, where something runs in it
    subscripts: list[str] = field(default_factory=list)  # of the items, as written


@dataclass(slots=True)
class Simple:
    words: list[Word] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    start: int = 0
    end: int = 0
    name_at: int = -1


@dataclass(slots=True)
class Pipeline:
    stages: list[Node]


@dataclass(slots=True)
class AndOr:
    first: Node
    rest: list[tuple[str, Node]]


@dataclass(slots=True)
class Sequence:
    """Commands one after the other; ``background`` holds the indices of those ended by ``&``."""

    items: list[Node] = field(default_factory=list)
    background: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Group:
    """``{ …; }``, ``( … )`` and every other compound command that carries redirections."""

    body: Node
    redirects: list[Redirect] = field(default_factory=list)
    subshell: bool = False


@dataclass(slots=True)
class If:
    branches: list[tuple[Node, Node]]
    otherwise: Node | None


@dataclass(slots=True)
class While:
    condition: Node
    body: Node


@dataclass(slots=True)
class For:
    name: str
    words: list[Word] | None
    body: Node


@dataclass(slots=True)
class Case:
    subject: Word
    items: list[tuple[list[Word], Node]]


@dataclass(slots=True)
class Function:
    name: str
    body: Node
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Test:
    """``[[ … ]]`` and ``(( … ))``: words whose expansions run."""

    words: list[Word]


Node = Simple | Pipeline | AndOr | Sequence | Group | If | While | For | Case | Function | Test
