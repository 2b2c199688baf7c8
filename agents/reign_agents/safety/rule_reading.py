"""Rules as a config file holds them: checked whole, their examples tried, faults named with file and line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from reign_agents.safety.rules import VERDICTS, Act, Globs, Rule, act_of_command
from reign_executors.risk import Risk

_GLOBS = ("operation", "target", "tool", "context", "resource", "path", "program", "subcommand", "writes")
_KEYS = frozenset({*_GLOBS, "verdict", "why", "risk_at_least", "risk_at_most", "match", "not_match"})
_EXAMPLE_KEYS = frozenset({"operation", "tool", "context", "resource", "path", "risk", "command"})


class RuleFault(ValueError):
    """A rule that can't be used: Reign does not start, because a rule left out could loosen what it was to tighten."""

    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(f"{file}, line {line}: {text}")
        self.file = file
        self.line = line
        self.text = text


_HEADER = re.compile(r"\s*\[\[\s*rules\s*\]\]")


def read_rules(raw: Any, text: str, file: str) -> tuple[Rule, ...]:
    """The rules of one file, every example tried; :class:`RuleFault` names the line of the first that is wrong.

    ``raw`` is what TOML made of ``rules``; ``text`` the file itself, for line numbers.
    """
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines, 1) if _HEADER.match(line)]
    if not isinstance(raw, list):
        at = next((n for n, line in enumerate(lines, 1) if re.match(r"\s*(\[\s*)?rules\b", line)), 1)
        raise RuleFault(file, at, "rules must be tables, each under a line [[rules]]")
    rules = []
    for index, table in enumerate(raw):
        start = headers[index] if index < len(headers) else next(iter(headers), 1)
        end = headers[index + 1] - 1 if index + 1 < len(headers) else len(lines)
        rules.append(_read(table, _Block(file, start, lines[start - 1 : end])))
    return tuple(rules)


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one rule; ``start`` is the first one's number."""

    file: str
    start: int
    lines: list[str]

    def fault(self, text: str, *hints: str) -> RuleFault:
        """The fault at the first line that holds one of the hints, else at the rule's own."""
        for hint in hints:
            for number, line in enumerate(self.lines, self.start):
                if hint and hint in line:
                    return RuleFault(self.file, number, text)
        return RuleFault(self.file, self.start, text)


def _read(table: Any, block: _Block) -> Rule:
    if not isinstance(table, dict):
        raise block.fault("a rule must be a table")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise block.fault(f"a rule has no {unknown[0]!r} (it may have {', '.join(sorted(_KEYS))})", unknown[0])
    verdict = table.get("verdict")
    if verdict not in VERDICTS:
        raise block.fault('a rule needs verdict = "allow", "ask" or "deny"', "verdict")
    globs = {key: _globs(table[key], key, block) for key in _GLOBS if key in table}
    risks = {key: _risk(table[key], key, block) for key in ("risk_at_least", "risk_at_most") if key in table}
    if not globs and not risks:
        raise block.fault(
            f"a rule that names nothing would {verdict} everything: name an operation, a target, a risk …"
        )
    why = table.get("why", "")
    if not isinstance(why, str):
        raise block.fault("why must be a text", "why")
    rule = Rule(verdict, block.file, block.start, why, **cast("dict[str, Any]", {**globs, **risks}))
    for key, wanted in (("match", True), ("not_match", False)):
        for example in _listed(table.get(key, []), key, block):
            _try(rule, example, wanted, key, block)
    return rule


def _listed(value: Any, key: str, block: _Block) -> list[Any]:
    if not isinstance(value, list):
        raise block.fault(f"{key} must be a list of examples", key)
    return value


def _globs(value: Any, key: str, block: _Block) -> Globs:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) and one.strip() for one in listed):
        raise block.fault(f'{key} must be a pattern ("docker.*") or a list of them', key)
    return tuple(listed)


def _risk(value: Any, key: str, block: _Block) -> Risk:
    try:
        return Risk.parse(value)
    except (KeyError, AttributeError):
        raise block.fault(f"{key} must be read, create, change or destroy", key) from None


def _try(rule: Rule, example: Any, wanted: bool, key: str, block: _Block) -> None:
    act = _example(example, key, block)
    if rule.fits(act) is not wanted:
        shown = example if isinstance(example, str) else ", ".join(f"{k} = {v!r}" for k, v in example.items())
        hints = (example, shlex.quote(example)) if isinstance(example, str) else tuple(map(str, example.values()))
        verb = (
            "does not fit this rule, but is listed under match"
            if wanted
            else ("fits this rule, but is listed under not_match")
        )
        raise block.fault(f"the example {shown!r} {verb}", *hints, key)


def _example(example: Any, key: str, block: _Block) -> Act:
    if isinstance(example, str):
        return act_of_command(example, tool=None)
    if not isinstance(example, Mapping) or not example or set(example) - _EXAMPLE_KEYS:
        keys = ", ".join(sorted(_EXAMPLE_KEYS))
        raise block.fault(f"an example under {key} must be a command or a table with some of {keys}", key)
    command = example.get("command")
    act = act_of_command(str(command), tool=None) if command is not None else Act()
    values = {one.name: getattr(act, one.name) for one in fields(Act)}
    for name in ("operation", "tool", "context"):
        if name in example:
            values[name] = str(example[name])
    if "resource" in example:
        values["resources"] = values["changed"] = (str(example["resource"]),)
    if "path" in example:
        values["paths"] = (str(example["path"]),)
    if "risk" in example:
        values["risk"] = _risk(example["risk"], "risk", block)
    return Act(**values)
