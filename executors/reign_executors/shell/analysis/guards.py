"""What the shape of a text says: which variables a test guards, what leaves, what calls itself."""

from __future__ import annotations

from reign_executors.shell.analysis.syntax import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Node,
    Parameter,
    Pipeline,
    Sequence,
    Simple,
    Substitution,
    Test,
    While,
    Word,
)


def _words_guard(words: list[Word]) -> tuple[list[str], list[str]]:
    """Variables that are not empty when a test holds, and when it does not."""
    name = ""
    operator = ""
    for w in words:
        if isinstance(w, str):
            if w in ("-n", "-z", "-d", "-f", "-e", "-r", "-w", "-x", "-s", "-L", "-h"):
                operator = w
            elif w in ("||", "-o", "|"):
                return [], []
        elif len(w) == 1 and isinstance(w[0], Parameter) and w[0].operator in ("", ":-", "-"):
            name = name or w[0].name
    if not name:
        return [], []
    if operator == "-z":
        return [], [name]
    if operator == "!":
        return [], []
    return [name], []


def guards(node: Node) -> tuple[list[str], list[str]]:
    if isinstance(node, Sequence) and len(node.items) == 1:
        return guards(node.items[0])
    if isinstance(node, Simple) and node.words:
        first = node.words[0]
        if first in ("test", "[", "\ue004"):
            if len(node.words) > 1 and node.words[1] == "!":
                holds, fails = _words_guard(node.words[2:])
                return fails, holds
            if any(w in ("=", "==", "!=") for w in node.words[1:] if isinstance(w, str)):
                return _comparison(node.words[1:])
            return _words_guard(node.words[1:])
    if isinstance(node, Test):
        if node.words and node.words[0] == "!":
            holds, fails = _words_guard(node.words[1:])
            return fails, holds
        if any(w in ("=", "==", "!=", "=\ue009") for w in node.words if isinstance(w, str)):
            return _comparison(node.words)
        return _words_guard(node.words)
    return [], []


def _comparison(words: list[Word]) -> tuple[list[str], list[str]]:
    """``[ "$X" = "" ]`` and ``[ "x$X" != x ]``."""
    if len(words) >= 3 and isinstance(words[0], list) and len(words[0]) == 1 and isinstance(words[0][0], Parameter):
        name, operator, other = words[0][0].name, words[1], words[2]
        if isinstance(other, str):
            empty = other == ""
            equal = operator in ("=", "==")
            if empty:
                return ([], [name]) if equal else ([name], [])
            return ([name], []) if equal else ([], [])
    return [], []


def leaves(node: Node) -> bool:
    """Whether the last thing a node does is to leave (exit, return, continue, break)."""
    if isinstance(node, Sequence):
        return bool(node.items) and leaves(node.items[-1])
    if isinstance(node, Group):
        return not node.subshell and leaves(node.body)
    if isinstance(node, Simple):
        return bool(node.words) and node.words[0] in ("exit", "return", "continue", "break", "die", "fail", "usage")
    if isinstance(node, AndOr):
        return leaves(node.rest[-1][1])
    return False


def self_calls(body: Node, name: str) -> tuple[int, bool]:
    """How often a function's body calls the function itself, and whether side by side (pipe, background)."""
    count = 0
    together = False
    stack: list[tuple[Node, bool]] = [(body, False)]
    while stack:
        node, parallel = stack.pop()
        if isinstance(node, Simple):
            if any(w == name for w in node.words[:2] if isinstance(w, str)):
                count += 1
                together = together or parallel
            for w in node.words:
                if isinstance(w, list):
                    stack.extend((p.body, parallel) for p in w if isinstance(p, Substitution))
        elif isinstance(node, Sequence):
            stack.extend((item, parallel or i in node.background) for i, item in enumerate(node.items))
        elif isinstance(node, Pipeline):
            stack.extend((s, True) for s in node.stages)
        elif isinstance(node, AndOr):
            stack.extend([(node.first, parallel), *((n, parallel) for _, n in node.rest)])
        elif isinstance(node, (Group, Function)):
            stack.append((node.body, parallel))
        elif isinstance(node, If):
            stack.extend((n, parallel) for pair in node.branches for n in pair)
            if node.otherwise is not None:
                stack.append((node.otherwise, parallel))
        elif isinstance(node, While):
            stack.extend([(node.condition, parallel), (node.body, parallel)])
        elif isinstance(node, For):
            stack.append((node.body, parallel))
        elif isinstance(node, Case):
            stack.extend((n, parallel) for _, n in node.items)
    return count, together


def succeeds(node: Node) -> bool:
    """Whether a command can be counted on to succeed, so that what follows ``&&`` surely happens."""
    return isinstance(node, Simple) and (
        not node.words or node.words[0] in ("true", ":", "echo", "printf", "export", "set", "shift", "local")
    )


def fails(node: Node) -> bool:
    """Whether a command surely fails, so that what follows ``||`` surely happens."""
    return isinstance(node, Simple) and node.words[:1] == ["false"]
