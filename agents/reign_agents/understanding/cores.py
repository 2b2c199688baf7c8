"""Amounts of processor time: which of several amounts a "cpu" further to the left governs."""

from __future__ import annotations

import re

from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_CPU = frozenset({"cpu", "cpus", "core", "cores", "vcpu", "vcpus"})
_OTHER = frozenset({"memory", "ram", "mem", "heap", "disk", "storage", "replicas", "version", "port", "image"})
_LEADS = frozenset({"to", "=", ":", "at", "of", "is"})


def cores(tokens: list[Token], found: Found) -> None:
    """``cpu`` where the amount stands apart from its word: "the cpu limit of deployment mail to 300m", "… to 0.5"."""
    for i, token in enumerate(tokens):
        if token.used or not token.text[:1].isdigit():
            continue
        plain = token.kind in {"number", "version"} and re.fullmatch(r"\d+(?:\.\d+)?", token.text)
        if not (plain or re.fullmatch(r"\d+m", token.text)):
            continue
        behind = [t.low for t in tokens[i + 1 : i + 3]]
        if behind and (behind[0] in _OTHER or (behind[0] == "of" and behind[-1] in _OTHER)):
            continue
        if plain and (tokens[i - 1].low not in _LEADS or (behind and (behind[0] in _CPU | {"%", "percent", "pods"}))):
            continue
        owner = next((t.low for t in reversed(tokens[max(0, i - 9) : i]) if t.low in _CPU | _OTHER), None)
        if owner in _CPU and "cpu" not in found and not (plain and _amount_between(tokens, i)):
            found["cpu"] = token.text
            token.used = True


def _amount_between(tokens: list[Token], i: int) -> bool:
    """Whether the word "cpu" to the left already has an amount of its own."""
    for token in reversed(tokens[:i]):
        if token.low in _CPU:
            return False
        if token.kind in {"number", "amount", "milli", "percent", "version"}:
            return True
    return False
