"""Reading words: quoting, expansions, substitutions, globs and braces, to the last backslash."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass, field

from reign_executors.shell.analysis.syntax import (
    Arithmetic,
    Parameter,
    Redirect,
    Sequence,
    Simple,
    Substitution,
    Word,
)
from reign_executors.shell.analysis.values import BRACE, BRACE_END, COMMA, SPECIALS, STAR

DEEPEST = 40
MOST_STEPS = 1800


class Unreadable(Exception):
    """The text is no shell text as far as this reader knows; ``position`` is where it gave up."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+^\-\u0080-\ud7ff\uf900-\U0010ffff\x01-\x08\x0b-\x1f\x7f]+(?=[ \t\n;&|<>()]|\Z)")
# words side by side are no sum: a shell without (( )) starts two subshells there
NO_ARITHMETIC = re.compile(r"\(\(\s*[\"'\\$A-Za-z_./][^\s()=+*<>]*\s+(?:-[A-Za-z]|/\S|[\"'\\A-Za-z~$.])")
HERE_TEXT = re.compile(r"[^$`\\]+")
_LITERAL = re.compile(r"[^ \t\n;&|<>()$`\"'\\]+")
_DOUBLE = re.compile(r"[^$`\"\\]+")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]|[@*#?$!\-]")
_BRACED = re.compile(r"(!?)(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!\-])")
_OPERATOR = re.compile(r":[-=?+]|[-=?+]|##?|%%?|//?|\^\^?|,,?|@|:")
_ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|x([0-9A-Fa-f]{1,2}|\{[0-9A-Fa-f]*\}?)|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|(0?[0-7]{1,3})|c(.))",
    re.DOTALL,
)
_SINGLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}


def ansi(text: str) -> str:
    r"""What ``$'…'`` (and ``printf``) make of backslash escapes."""

    def one(m: re.Match[str]) -> str:
        if m[1]:
            return _SINGLE_ESCAPES[m[1]]
        if m[6]:
            return chr(ord(m[6].upper()) & 0x1F)
        code = (
            int((m[2] or m[3] or m[4] or "0").strip("{}") or "0", 16) & (0xFF if m[2] else -1)
            if not m[5]
            else int(m[5], 8) & 0xFF
        )
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code <= 0xF8FF else ""

    return _ESCAPE.sub(one, text) if "\\" in text else text


# what ends a $'…' string: a character of no width
_ENDS = re.compile(r"(?<!\\)(?:(?:\\\\)*)\\(?:x0{1,2}(?![0-9A-Fa-f])|0{1,3}(?![0-7])|u0{1,4}(?![0-9A-Fa-f])|c@)")
Pieces = list[str | Parameter | Substitution | Arithmetic]


class TooLong(Unreadable):
    """Reading on would take more work than is given to one text."""


@dataclass(slots=True)
class Read:
    """What was read. ``problem`` says why the rest could not be (None: everything was)."""

    body: Sequence
    problem: str | None = None
    position: int = 0


@dataclass(slots=True)
class Here:
    redirect: Redirect
    delimiter: str
    quoted: bool
    strip: bool


@dataclass(slots=True)
class WordReader:
    """A place in a text, and the way words are read from there. Lists of commands are read by the subclass."""

    text: str
    at: int = 0
    depth: int = 0
    base: int = 0  # added to positions: where this text lies in the outer one
    heres: list[Here] = field(default_factory=list)
    steps: list[int] = field(default_factory=lambda: [0])  # work done, shared with inner texts
    met: list[Simple] = field(default_factory=list)  # every simple command, kept where its surroundings are unreadable

    @abstractmethod
    def _list(self, closers: tuple[str, ...]) -> Sequence:
        """Commands until a closing word or character (which is left)."""

    @abstractmethod
    def _expect(self, word: str) -> None: ...

    @abstractmethod
    def _inner(self, text: str, base: int) -> Read:
        """A text within this one, read to its end."""

    def _check_depth(self) -> None:
        if self.depth > DEEPEST:
            raise Unreadable("nested too deeply", self.at)
        self._step()

    def _step(self) -> None:
        """Count work; a text that takes too much is not read on."""
        self.steps[0] += 1
        if self.steps[0] > MOST_STEPS:
            raise TooLong("more text than is read", self.at)

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _word(self) -> Word:
        self._step()
        found = _PLAIN.match(self.text, self.at)
        if found:
            self.at = found.end()
            return found[0]
        pieces: Pieces = []
        start, waiting = self.at, len(self.heres)
        while self._word_piece(pieces):
            self._step()
        if len(self.heres) != waiting or (waiting and "\n" in self.text[start : self.at].replace("\\\n", "")):
            raise Unreadable("a here-document that begins or waits within a word", start)
        if not pieces:
            return ""
        if len(pieces) == 1 and isinstance(pieces[0], str):
            return pieces[0]
        if all(isinstance(p, str) for p in pieces):
            return "".join(pieces)  # type: ignore[arg-type]
        return pieces

    def _word_piece(self, pieces: Pieces) -> bool:
        text = self.text
        if self.at >= len(text):
            return False
        c = text[self.at]
        if c in " \t\n;&|":
            return False
        if c == "'":
            end = text.find("'", self.at + 1)
            if end < 0:
                raise Unreadable("a quote that is never closed", self.at)
            pieces.append(text[self.at + 1 : end])
            self.at = end + 1
        elif c == '"':
            self.at += 1
            self._append(pieces, self._quoted('"', _DOUBLE))
        elif c == "\\":
            if self.at + 1 >= len(text):
                pieces.append("\\")
            elif text[self.at + 1] != "\n":
                pieces.append(text[self.at + 1])
            self.at += 2
        elif c == "$":
            self._dollar(pieces, quoted=False)
        elif c == "`":
            self._backquote(pieces, quoted=False)
        elif c in "<>":
            if not text.startswith("(", self.at + 1):
                return False
            self.at += 2
            body = self._list((")",))
            self._expect(")")
            pieces.append(Substitution(body, c, quoted=True))
        elif c == "(":
            last = pieces[-1][-1:] if pieces and isinstance(pieces[-1], str) else ""
            if not last or last not in "!@+\ue002\ue003":
                return False
            self._extended_glob(pieces, last)
        elif c == ")":
            return False
        else:
            found = _LITERAL.match(text, self.at)
            if found is None:
                return False
            self.at = found.end()
            pieces.append(found[0].translate(SPECIALS))
        return True

    @staticmethod
    def _append(pieces: Pieces, word: Word) -> None:
        if isinstance(word, str):
            pieces.append(word)
        else:
            pieces.extend(word)

    def _extended_glob(self, pieces: Pieces, kind: str) -> None:
        start = self.at
        depth = 0
        while self.at < len(self.text):
            c = self.text[self.at]
            depth += (c == "(") - (c == ")")
            self.at += 1
            if depth == 0:
                break
            if c in "\n$`\"'\\":
                raise Unreadable("an extended glob that can't be read", start)
        else:
            raise Unreadable("an extended glob without end", start)
        inside = self.text[start + 1 : self.at - 1]
        last = pieces[-1]
        assert isinstance(last, str)
        pieces[-1] = last[:-1]
        if kind == "!":
            pieces.append(STAR)
        else:
            options = inside.translate(SPECIALS).replace("|", COMMA)
            pieces.append(
                BRACE + options + (COMMA if COMMA not in options or kind in "\ue002\ue003" else "") + BRACE_END
            )

    def _quoted(self, closer: str, run: re.Pattern[str]) -> Word:
        """The inside of double quotes (or of a here-document: no closer)."""
        text = self.text
        pieces: Pieces = []
        while True:
            found = run.match(text, self.at)
            if found:
                self.at = found.end()
                pieces.append(found[0])
            if self.at >= len(text):
                if closer:
                    raise Unreadable("a quote that is never closed", self.at)
                break
            c = text[self.at]
            if c == closer:
                self.at += 1
                break
            if c == "\\":
                following = text[self.at + 1 : self.at + 2]
                if following == "\n":
                    pass
                elif following and following in '$`"\\' and (closer or following != '"'):
                    pieces.append(following)
                else:
                    pieces.append("\\" + following)
                self.at += 2
            elif c == "$":
                self._dollar(pieces, quoted=True)
            elif c == "`":
                self._backquote(pieces, quoted=True)
        if all(isinstance(p, str) for p in pieces):
            return "".join(pieces)  # type: ignore[arg-type]
        return pieces

    def _backquote(self, pieces: Pieces, *, quoted: bool) -> None:
        text = self.text
        start = self.at + 1
        end = start
        while end < len(text) and text[end] != "`":
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise Unreadable("a backquote that is never closed", self.at)
        special = r'\\([$`\\"])' if quoted else r"\\([$`\\])"
        inside = re.sub(special, r"\1", text[start:end])
        read = self._inner(inside, self.base + start)
        if read.problem:
            raise Unreadable(read.problem, start)
        pieces.append(Substitution(read.body, "$", quoted))
        self.at = end + 1

    def _dollar(self, pieces: Pieces, *, quoted: bool) -> None:
        text = self.text
        following = text[self.at + 1 : self.at + 2]
        if following == "(":
            if text.startswith("((", self.at + 1) and not NO_ARITHMETIC.match(text, self.at + 1):
                start = self.at
                try:
                    self.at += 3
                    inside = self._until("))")
                    pieces.append(Arithmetic(inside, quoted))
                    return
                except Unreadable:
                    self.at = start
            self.at += 2
            body = self._list((")",))
            self._expect(")")
            pieces.append(Substitution(body, "$", quoted))
        elif following == "{":
            self._braced(pieces, quoted=quoted)
        elif following == "[":
            self.at += 2
            pieces.append(Arithmetic(self._until("]"), quoted))
        elif following == "'" and not quoted:
            end = self.at + 2
            while end < len(text) and text[end] != "'":
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise Unreadable("a quote that is never closed", self.at)
            pieces.append(ansi(_ENDS.split(text[self.at + 2 : end], maxsplit=1)[0]))
            self.at = end + 1
        elif following == '"' and not quoted:
            self.at += 1
        else:
            found = _PARAMETER.match(text, self.at + 1)
            if found is None:
                pieces.append("$")
                self.at += 1
            else:
                pieces.append(Parameter(found[0], quoted=quoted))
                self.at = found.end()

    def _braced(self, pieces: Pieces, *, quoted: bool) -> None:
        self.depth += 1
        self._check_depth()
        text = self.text
        start = self.at
        self.at += 2
        found = _BRACED.match(text, self.at)
        if found is None:
            raise Unreadable("an expansion that can't be read", start)
        length = bool(found[2])
        name = found[3]
        prefix = found[1] + ("length" if length else "")
        self.at = found.end()
        if text[start + 2 : start + 4] in ("#}", "!}", "#:", "#-"):  # ${#}, ${!}: the parameters themselves
            name, prefix, length = text[start + 2], "", False
            self.at = start + 3
        index = None
        if self._peek() == "[":
            close = text.find("]", self.at)
            if close < 0:
                raise Unreadable("a subscript without end", start)
            index = text[self.at + 1 : close]
            self.at = close + 1
            if "$(" in index or "`" in index:
                raise Unreadable("a subscript that runs something", start)
        operator = ""
        argument: Word | None = None
        if self._peek() != "}":
            op = _OPERATOR.match(text, self.at)
            if op is None or length:
                if prefix == "!" and self._peek() in ("*", "@"):
                    self.at += 1
                    operator = "*"
                else:
                    raise Unreadable("an expansion that can't be read", start)
            else:
                operator = op[0]
                self.at = op.end()
                argument = self._argument(quoted=quoted)
        if self._peek() != "}":
            raise Unreadable("an expansion without end", start)
        self.at += 1
        self.depth -= 1
        pieces.append(Parameter(name, prefix + operator, argument, quoted, index))

    def _argument(self, *, quoted: bool) -> Word:
        """What stands after the operator, up to the closing brace."""
        pieces: Pieces = []
        text = self.text
        depth = 0
        while self.at < len(text):
            c = text[self.at]
            self._step()
            if c == "}" and depth == 0:
                break
            if c == "{":
                depth += 1
            elif c == "}":
                depth -= 1
            if c == '"' and quoted:
                self.at += 1
                self._append(pieces, self._quoted('"', _DOUBLE))
            elif c == "'" and quoted:
                pieces.append(c)
                self.at += 1
            elif c in "\"'\\$`":
                self._word_piece(pieces)
            else:
                pieces.append(c.translate(SPECIALS) if not quoted or c in "*?[]" else c)
                self.at += 1
        if all(isinstance(p, str) for p in pieces):
            return "".join(pieces)  # type: ignore[arg-type]
        return pieces

    def _until(self, closer: str) -> Word:
        """The text of an arithmetic expression up to its closer, with its expansions."""
        pieces: Pieces = []
        depth = 0
        while True:
            if self.at >= len(self.text):
                raise Unreadable("an arithmetic expression without end", self.at)
            c = self.text[self.at]
            self._step()
            if depth == 0 and self.text.startswith(closer, self.at):
                self.at += len(closer)
                return pieces or ""
            if c in "$`":
                self._dollar(pieces, quoted=True) if c == "$" else self._backquote(pieces, quoted=True)
                continue
            if c == "(" or (closer == "]" and c == "["):
                depth += 1
            elif c == ")" or (closer == "]" and c == "]"):
                depth -= 1
                if depth < 0:
                    raise Unreadable("no arithmetic expression", self.at)
            elif c == "\\" and self.at + 1 < len(self.text):
                pieces.append(c)
                self.at += 1
                c = self.text[self.at]
            pieces.append(c)
            self.at += 1
