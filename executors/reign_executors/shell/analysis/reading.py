"""Reading shell text: a recursive reader for bash and POSIX shell that loses no character.

tree-sitter's reading (``grammar.py``) is asked for a second opinion before anything is called harmless. This reader
gives the parts with exact quoting, which a tree of tokens does not: escaped blanks, here-documents that follow each
other, backquotes in here-documents, ``<>``, ``;;&``, extended globs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reign_executors.shell.analysis.command_reading import (
    CommandReader,
)
from reign_executors.shell.analysis.syntax import (
    AndOr,
    Assignment,
    Case,
    For,
    Function,
    Group,
    If,
    Node,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Test,
    While,
    Word,
)
from reign_executors.shell.analysis.word_reading import (
    NO_ARITHMETIC,
    Pieces,
    Read,
    TooLong,
    Unreadable,
    ansi,
)

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+^\-\u0080-\ud7ff\uf900-\U0010ffff\x01-\x08\x0b-\x1f\x7f]+(?=[ \t\n;&|<>()]|\Z)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}", "in"})


MOST_MENDED = 12


@dataclass(slots=True)
class Reader(CommandReader):
    """Commands, pipelines, lists and compound commands."""

    # --- whole texts -------------------------------------------------------------------------------------------

    def read(self) -> Read:
        """The whole text; after something unreadable it goes on with the next line."""
        everything = Sequence()
        problem: str | None = None
        where = mended = 0
        while self.at < len(self.text):
            before = self.at
            self.met.clear()
            try:
                part = self._list(())
                self._extend(everything, part)
                if self.at < len(self.text):
                    raise Unreadable(f"a stray {self.text[self.at]!r}", self.at)
            except Unreadable as e:
                if problem is None:
                    problem, where = e.reason, e.position
                mended += 1
                if isinstance(e, TooLong) or mended > MOST_MENDED:
                    everything.items.extend(self.met)
                    return Read(everything, problem, where)
                self.heres.clear()
                everything.items.extend(self.met)
                cut = re.compile(r"[\n;&|)}]").search(self.text, max(self.at, before + 1))
                self.at = cut.end() if cut else len(self.text)
        if self.heres and problem is None:
            problem = None  # a here-document that ends with the text is read to its end by the shell, too
            self._bodies()
        return Read(everything, problem, where)

    @staticmethod
    def _extend(whole: Sequence, part: Sequence) -> None:
        offset = len(whole.items)
        whole.items.extend(part.items)
        whole.background.update(i + offset for i in part.background)

    # --- blanks, newlines, here-documents ----------------------------------------------------------------------

    # --- lists and pipelines -----------------------------------------------------------------------------------

    def _list(self, closers: tuple[str, ...]) -> Sequence:
        """Commands until a closing word or character (which is left)."""
        self.depth += 1
        self._check_depth()
        sequence = Sequence()
        while True:
            self._newlines()
            if self.at >= len(self.text) or self._at_closer(closers):
                break
            if self.text[self.at] == ")" or self.text.startswith(";;", self.at) or self.text.startswith(";&", self.at):
                break
            if self.text[self.at] == ";":
                raise Unreadable("a ';' with nothing before it", self.at)
            sequence.items.append(self._and_or())
            self._blank()
            c = self._peek()
            if c == "&" and not self.text.startswith("&&", self.at):
                sequence.background.add(len(sequence.items) - 1)
                self.at += 1
            elif c == ";" and not self.text.startswith((";;", ";&"), self.at):
                self.at += 1
            elif c not in ("\n", ""):
                break
        self.depth -= 1
        return sequence

    def _at_closer(self, closers: tuple[str, ...]) -> bool:
        for word in closers:
            if self.text.startswith(word, self.at):
                after = self.at + len(word)
                if word == ")" or after >= len(self.text) or self.text[after] in " \t\n;&|<>()":
                    return True
        return False

    def _and_or(self) -> Node:
        first = self._pipeline()
        rest: list[tuple[str, Node]] = []
        while True:
            self._blank()
            operator = self.text[self.at : self.at + 2]
            if operator not in ("&&", "||"):
                return AndOr(first, rest) if rest else first
            self.at += 2
            self._newlines()
            rest.append((operator, self._pipeline()))

    def _pipeline(self) -> Node:
        stages = [self._command()]
        while True:
            self._blank()
            if self._peek() != "|" or self.text.startswith("||", self.at):
                return Pipeline(stages) if len(stages) > 1 else stages[0]
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self._newlines()
            stages.append(self._command())

    # --- commands ----------------------------------------------------------------------------------------------

    def _word_here(self) -> str:
        """The plain word at this place (no quoting at all), else empty."""
        found = _PLAIN.match(self.text, self.at)
        if found:
            return found[0]
        c = self._peek()
        if c and c in "{}!" and (self.at + 1 >= len(self.text) or self.text[self.at + 1] in " \t\n;&|<>()"):
            return c
        return "[[" if self.text.startswith("[[", self.at) and self.text[self.at + 2 : self.at + 3] in " \t\n" else ""

    def _expect(self, word: str) -> None:
        self._newlines()
        if not self.text.startswith(word, self.at):
            raise Unreadable(f"no '{word}' where one was expected", self.at)
        self.at += len(word)

    def _command(self) -> Node:
        self.depth += 1
        self._check_depth()
        self._blank()
        try:
            c = self._peek()
            if c == "(":
                if self.text.startswith("((", self.at):
                    arithmetic = self._try_arithmetic()
                    if arithmetic is not None:
                        return self._redirected(arithmetic)
                self.at += 1
                body = self._list((")",))
                self._expect(")")
                return self._redirected(body, subshell=True)
            if c in ("", ")", ";", "&", "|", "\n"):
                raise Unreadable("a command is missing", self.at)
            word = self._word_here()
            compound = self._compound(word) if word in _COMPOUND else None
            if compound is not None:
                return compound
            if word in ("!", "time", "coproc") or (word in _CLOSERS and word != "in"):
                if word not in ("!", "time", "coproc"):
                    raise Unreadable(f"'{word}' where a command should be", self.at)
                self.at += len(word)
                self._blank()
                while word == "time" and self._word_here() in ("-p", "--"):
                    self.at += 2
                    self._blank()
                if self._peek() in ("", "\n", ";", "&", "|", ")"):
                    return Simple(start=self.at, end=self.at)
                if word == "coproc":
                    name = _NAME.match(self.text, self.at)
                    after = re.compile(r"[ \t]+[{(]").match(self.text, name.end()) if name else None
                    if name and after:
                        self.at = name.end()
                        started = Assignment(name[0], "0 0")  # an array of two descriptors
                        return Sequence([Simple(assignments=[started]), self._pipeline()])
                return self._pipeline()
            function = re.compile(r"([^\s;&|<>()$`\"'\\=]+)[ \t]*\([ \t]*\)").match(self.text, self.at)
            if function:
                start = self.at
                self.at = function.end()
                return self._function(function[1], start)
            return self._simple()
        finally:
            self.depth -= 1

    def _function(self, name: str, start: int) -> Function:
        self._newlines()
        body = self._command()
        return Function(name, body, self.base + start, self.base + self.at)

    def _redirected(self, body: Node, *, subshell: bool = False) -> Node:
        redirects: list[Redirect] = []
        while True:
            self._blank()
            redirect = self._redirect()
            if redirect is None:
                break
            redirects.append(redirect)
        return Group(body, redirects, subshell=subshell) if redirects or subshell else body

    def _try_arithmetic(self) -> Node | None:
        start = self.at
        if NO_ARITHMETIC.match(self.text, self.at):
            return None  # a POSIX shell without (( )) starts two subshells here
        try:
            self.at += 2
            inside = self._until("))")
        except Unreadable:
            self.at = start
            return None
        return Test([inside])

    def _compound(self, word: str) -> Node | None:
        start = self.at
        self.at += len(word)
        if word == "{":
            body: Node = self._list(("}",))
            self._expect("}")
        elif word == "if":
            branches: list[tuple[Node, Node]] = []
            condition = self._list(("then",))
            self._expect("then")
            branches.append((condition, self._list(("elif", "else", "fi"))))
            otherwise: Node | None = None
            while True:
                self._newlines()
                if self._at_closer(("elif",)):
                    self.at += 4
                    condition = self._list(("then",))
                    self._expect("then")
                    branches.append((condition, self._list(("elif", "else", "fi"))))
                elif self._at_closer(("else",)):
                    self.at += 4
                    otherwise = self._list(("fi",))
                else:
                    break
            self._expect("fi")
            body = If(branches, otherwise)
        elif word in ("while", "until"):
            condition = self._list(("do",))
            body = While(condition, self._do())
        elif word in ("for", "select"):
            body = self._for()
        elif word == "case":
            body = self._case()
        elif word == "[[":
            body = self._test()
        elif word == "function":
            self._blank()
            name = re.compile(r"[^\s;&|<>()$`\"'\\]+").match(self.text, self.at)
            if name is None:
                raise Unreadable("a function without a name", self.at)
            self.at = name.end()
            self._blank()
            parens = re.compile(r"\([ \t]*\)").match(self.text, self.at)
            if parens:
                self.at = parens.end()
            return self._function(name[0], start)
        else:
            self.at = start
            return None
        return self._redirected(body)

    def _do(self) -> Node:
        self._newlines()
        if self._peek() == "{":
            self.at += 1
            body = self._list(("}",))
            self._expect("}")
            return body
        self._expect("do")
        body = self._list(("done",))
        self._expect("done")
        return body

    def _for(self) -> Node:
        self._blank()
        if self.text.startswith("((", self.at):
            self.at += 2
            head = self._until("))")
            self._blank()
            if self._peek() == ";":
                self.at += 1
            return While(Test([head]), self._do())
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise Unreadable("a loop without a variable", self.at)
        self.at = name.end()
        self._newlines()
        words: list[Word] | None = None
        if self._at_closer(("in",)):
            self.at += 2
            words = []
            while True:
                self._blank()
                c = self._peek()
                if c in ("", ";", "\n", "&", "|", ")"):
                    break
                words.append(self._word())
        self._blank()
        if self._peek() == ";":
            self.at += 1
        return For(name[0], words, self._do())

    def _case(self) -> Node:
        self._blank()
        subject = self._word()
        self._expect("in")
        items: list[tuple[list[Word], Node]] = []
        while True:
            self._newlines()
            if self._at_closer(("esac",)):
                self.at += 4
                return Case(subject, items)
            if self._peek() == "(":
                self.at += 1
            patterns: list[Word] = []
            while True:
                self._blank()
                patterns.append(self._word())
                self._blank()
                if self._peek() == "|":
                    self.at += 1
                    continue
                break
            self._expect(")")
            body = self._list(("esac",))
            items.append((patterns, body))
            self._newlines()
            for terminator in (";;&", ";;", ";&"):
                if self.text.startswith(terminator, self.at):
                    self.at += len(terminator)
                    break
            else:
                if not self._at_closer(("esac",)):
                    raise Unreadable("a case without ';;'", self.at)

    def _test(self) -> Node:
        words: list[Word] = []
        regex = False
        while True:
            self._newlines()
            c = self._peek()
            if not c:
                raise Unreadable("'[[' without ']]'", self.at)
            if self.text.startswith("]]", self.at):
                self.at += 2
                return Test(words)
            if regex:
                words.append(self._regex())
                regex = False
            elif c in "()<>&|;":
                words.append(c)
                self.at += 1
            else:
                word = self._word()
                words.append(word)
                regex = word == "=\ue009"

    def _regex(self) -> Word:
        """The right side of ``=~``: blanks end it, parentheses and bars belong to it."""
        pieces: Pieces = []
        depth = 0
        while self.at < len(self.text):
            c = self.text[self.at]
            if c in " \t\n" and depth <= 0:
                break
            if c == "$" and self.text[self.at + 1 : self.at + 2] not in ("", ")", " ", "|", "\n", "/"):
                self._dollar(pieces, quoted=True)
                continue
            if c == "`":
                self._backquote(pieces, quoted=True)
                continue
            if c in "\"'\\":
                inner = self._word_piece(pieces)
                if inner:
                    continue
            depth += (c == "(") - (c == ")")
            pieces.append(c)
            self.at += 1
        return pieces or ""

    def _inner(self, text: str, base: int) -> Read:
        inner = Reader(text, depth=self.depth + 1, base=base, steps=self.steps)
        inner._check_depth()
        return inner.read()


_COMPOUND = frozenset({"{", "if", "while", "until", "for", "select", "case", "[[", "function"})


def read(text: str, *, depth: int = 0, base: int = 0) -> Read:
    """Read a whole shell text. Never raises: see :attr:`Read.problem`."""
    reader = Reader(text, depth=depth, base=base)
    try:
        return reader.read()
    except RecursionError:
        return Read(Sequence(), "nested too deeply", 0)


__all__ = ["Read", "Reader", "Unreadable", "ansi", "read"]
