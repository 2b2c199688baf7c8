"""Reading one simple command: assignments, words, redirections."""

from __future__ import annotations

import re

from reign_executors.shell.analysis.syntax import (
    Assignment,
    Node,
    Redirect,
    Simple,
    Word,
)
from reign_executors.shell.analysis.word_reading import (
    HERE_TEXT,
    Here,
    Unreadable,
    WordReader,
)

_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_COMMENT = re.compile(r"#[^\n]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[([^\]\n]*)\])?(\+?)=")
_REDIRECT = re.compile(r"(\d+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|&>>|&>|>>|>\||>&|<&|<>|>|<)")
_DELIMITER = re.compile(r"(?:[\w.,:+@%/=!#^-]+|'(?!\t)[^'\"\\\n$`]*'|\"(?!\t)[^'\"\\\n$`]*\"|\\[\w.,:+@%/=!-])+")
_DECLARING = frozenset({"export", "declare", "typeset", "local", "readonly"})


class CommandReader(WordReader):
    """Reads what stands between two operators."""

    def _blank(self) -> None:
        text = self.text
        while self.at < len(text):
            c = text[self.at]
            if c in " \t" or (c == "\\" and text.startswith("\\\n", self.at)):
                found = _BLANK.match(text, self.at)
                self.at = found.end() if found else self.at + 1
            elif c == "#":
                found = _COMMENT.match(text, self.at)
                self.at = found.end() if found else self.at + 1
            else:
                return

    def _newlines(self) -> None:
        while True:
            self._blank()
            if self.at < len(self.text) and self.text[self.at] == "\n":
                self.at += 1
                if self.heres:
                    self._bodies()
            else:
                return

    def _bodies(self) -> None:
        for here in self.heres:
            lines: list[str] = []
            joined = ""  # the lines before this one that end in a backslash, as one
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                stop = len(self.text) if end < 0 else end
                line = self.text[self.at : stop]
                start = self.at
                self.at = min(stop + 1, len(self.text))
                if here.strip:
                    line = line.lstrip("\t")
                if joined and here.delimiter in (line, joined + line):
                    raise Unreadable("a here-document whose end is a continued line", start)
                if line == here.delimiter:
                    break
                lines.append(line + "\n")
                continued = not here.quoted and (len(line) - len(line.rstrip("\\"))) % 2
                joined = joined + line[:-1] if continued else ""
                if continued and joined == here.delimiter:
                    raise Unreadable("a here-document whose end is a continued line", start)
            body = "".join(lines)
            if here.quoted:
                here.redirect.target = body
            else:
                inner = type(self)(body, depth=self.depth + 1, base=self.base + self.at - len(body), steps=self.steps)
                inner._check_depth()
                here.redirect.target = inner._quoted("", HERE_TEXT)
                if inner.heres:
                    raise Unreadable("a here-document that begins within another", self.at)
        self.heres = []

    def _simple(self) -> Node:
        text = self.text
        simple = Simple(start=self.base + self.at)
        words = simple.words
        end = self.at
        declaring = False
        while True:
            self._blank()
            if self.at >= len(text):
                break
            c = text[self.at]
            if c in ";&|()\n" and not text.startswith(("&>",), self.at):
                if c == "(" and words:
                    raise Unreadable("a '(' after a word", self.at)
                break
            if c in "<>&0123456789{":
                redirect = self._redirect()
                if redirect is not None:
                    simple.redirects.append(redirect)
                    end = self.at
                    continue
            if not words or declaring:
                assignment = self._assignment()
                if assignment is not None:
                    if declaring:
                        words.append(assignment)  # type: ignore[arg-type]
                    else:
                        simple.assignments.append(assignment)
                    end = self.at
                    continue
            if not words:
                simple.name_at = self.base + self.at
            before = self.at
            word = self._word()
            if self.at == before:
                raise Unreadable(f"a stray {c!r}", self.at)
            words.append(word)
            end = self.at
            if (len(words) == 1 and isinstance(word, str)) or (len(words) == 2 and words[0] in ("builtin", "command")):
                declaring = word in _DECLARING
        simple.end = self.base + end
        self.met.append(simple)
        if not words and not simple.assignments and not simple.redirects:
            raise Unreadable("a command is missing", self.at)
        return simple

    def _assignment(self) -> Assignment | None:
        found = _ASSIGNMENT.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        name, index, append = found[1], found[2], bool(found[3])
        index_word: Word = ""
        if index and ("$" in index or "`" in index):
            inner = type(self)(index, depth=self.depth + 1, base=self.base + found.start(2), steps=self.steps)
            inner._check_depth()
            index_word = inner._quoted("", HERE_TEXT)
        c = self._peek()
        if c == "(":
            self.at += 1
            items: list[Word] = []
            subscripts: list[str] = []
            while True:
                self._newlines()
                c = self._peek()
                if c == ")":
                    self.at += 1
                    return Assignment(name, "", append, index, items, index_word, subscripts)
                if c in ("", ";", "&", "|", "<", ">", "("):
                    raise Unreadable("an array without end", self.at)
                element = re.compile(r"\[[^\]\n]*\]=").match(self.text, self.at)
                if element:
                    subscripts.append(element[0])
                    self.at = element.end()
                items.append(self._word())
        if c in ("", " ", "\t", "\n", ";", "&", "|", ")", "<", ">"):
            return Assignment(name, "", append, index, None, index_word)
        return Assignment(name, self._word(), append, index, None, index_word)

    def _redirect(self) -> Redirect | None:
        found = _REDIRECT.match(self.text, self.at)
        if found is None:
            return None
        operator = found[2]
        if operator in ("<", ">") and self.text.startswith("(", found.end()):
            if found[1]:
                return None
            return None
        self.at = found.end()
        self._blank()
        if operator in ("<<", "<<-"):
            start = self.at
            word = self._word()
            raw = self.text[start : self.at]
            if not raw:
                raise Unreadable("a here-document without a delimiter", self.at)
            quoted = any(c in raw for c in "'\"\\")
            if not _DELIMITER.fullmatch(raw):
                raise Unreadable("a here-document's end that is not read alike everywhere", start)
            delimiter = _unquote(raw)
            redirect = Redirect(operator, word, found[1] or "", here=True)
            redirect.target = ""
            self.heres.append(Here(redirect, delimiter, quoted, operator == "<<-"))
            return redirect
        if self._peek() in ("", "\n", ";", "|", ")") or (self._peek() == "&"):
            raise Unreadable("a redirection without a target", self.at)
        target = self._word()
        return Redirect(operator, target, found[1] or "")


def _unquote(raw: str) -> str:
    """A here-document's delimiter without its quotes."""
    return re.sub(r"\\(.)|['\"]", lambda m: m[1] or "", raw, flags=re.DOTALL)
