"""Which values are secret: in a plan's fields by their name, by how they look, and in the person's environment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import JsonValue

from reign_agents.plan.model import Plan
from reign_executors.errors import InvalidFields, OperationError
from reign_executors.redaction import Redactor, is_secret_name, restore_value
from reign_executors.redaction.names import unlike_a_word
from reign_executors.redaction.placeholders import PLACEHOLDER
from reign_executors.registry import Registry

SHORTEST = 4
"""Characters; a shorter value would hide half of every log."""
SHORTEST_GUESS = 8
"""Characters of a value that is only taken for a secret because of where it stands."""
LONGEST_TEXT = 1024 * 1024
"""Characters of a field that is searched; file contents may be far longer."""
PLACES = frozenset({"pwd", "oldpwd"})
"""Variables that sound secret and are folders."""
MOST = 5000
"""Values that are known at the same time; the oldest go on being hidden, later ones are left to the patterns."""
SECRETS_GONE = "the values of this plan's secrets were not kept"


class Kept(Protocol):
    """Where credentials are: ``get`` also looks at the environment, ``values`` are those that are stored."""

    def get(self, name: str) -> str | None: ...

    def values(self) -> dict[str, str]: ...


class Secrets:
    """What one session knows to be secret: hidden by ``redactor`` wherever it comes back, put back by :meth:`restored`.

    ``values`` (by placeholder name) is the same object all the time and only ever held in memory, until the session
    ends: hiding a value needs knowing it. Any thread may call :meth:`learn`.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self.redactor = Redactor()
        self.values: dict[str, str] = {}
        self._kept = kept
        self._loaded = kept is None
        self._known: set[str] = set()
        self._lock = threading.Lock()

    async def load(self) -> None:
        """Know what the credentials store keeps; a store that can't be opened gives nothing that could come back."""
        if self._loaded:
            return
        self._loaded = True
        assert self._kept is not None
        with contextlib.suppress(OperationError):
            self.learn(await asyncio.to_thread(self._kept.values))

    def learn(self, found: Mapping[str, str]) -> None:
        """Hide these values from now on. A name that stands for another value already gets a number."""
        with self._lock:
            fresh: dict[str, str] = {}
            for name, value in found.items():
                if len(value.strip()) < SHORTEST or value in self._known or len(self._known) >= MOST:
                    continue
                own, number = name.lower(), 2
                while own in self.values:
                    own, number = f"{name.lower()}_{number}", number + 1
                self._known.add(value)
                self.values[own] = fresh[own] = value
            self.redactor.learn(fresh)

    def restored(self, plan: Plan, own: Mapping[str, str] | None = None) -> Plan:
        """The plan with the values of its placeholders: those of ``own``, of the environment, of the credentials.

        ``InvalidFields`` names those that nobody has: a placeholder is never written into a system.
        """
        names = _named([step.fields for step in plan.steps])
        if not names:
            return plan
        values = {name: value for name in names if (value := self._value(name, own or {})) is not None}
        missing = [name for name in names if name not in values]
        if missing:
            raise InvalidFields(
                f"{SECRETS_GONE}: {', '.join(missing)}",
                f"reign-tui credentials set {missing[0]} keeps it, or put the values back into the plan",
            )
        self.learn(values)
        steps = []
        for step in plan.steps:
            fields = restore_value(step.fields, values)
            assert isinstance(fields, dict)
            steps.append(replace(step, fields=fields))
        return plan.with_steps(steps)

    def _value(self, name: str, own: Mapping[str, str]) -> str | None:
        if name in own:
            return own[name]
        return None if self._kept is None else self._kept.get(name)


def _named(value: JsonValue | list[dict[str, JsonValue]]) -> list[str]:
    """Names of the placeholders in a JSON value, each once, in order."""
    text = json.dumps(value, ensure_ascii=False)
    return list(dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text))) if "{{secret:" in text else []


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a person wrote: ``shown`` without what looks like a secret, ``values`` of that by name."""

    shown: str
    values: Mapping[str, str]

    @property
    def word(self) -> str:
        """What the person is told; empty when there is nothing to tell."""
        if not self.values:
            return ""
        names = ", ".join(sorted(self.values))
        return (
            f"what you wrote holds a secret ({names}): it is hidden everywhere and forgotten when this session ends. "
            "Your shell's history and who saw the screen may still know it; next time keep it with "
            f"'reign-tui credentials set NAME' and write {{{{secret:NAME}}}} instead"
        )


_SAID = re.compile(
    r"(?i)\b(?:(?P<pass>pass(?:word|phrase|code)s?)(?:\s+(?:is|to|as)\b|\s*[:=])?"
    r"|(?P<name>secret|token|(?:api|access|secret|private)[ _-]?key|credential)(?:\s+(?:is|to|as)\b|\s*[:=])"
    r"|rotate(?:\s+(?:it|that|this|the\s+\w+))?\s+to\b)"
    r"\s+[\"'`]?(?P<value>[^\s\"'`,;]{6,})"
)
"""How people say a secret in a sentence; in logs this would hide half of what matters."""


def pasted(text: str) -> Pasted:
    """What a person wrote or pasted, looked through before anything is done with it."""
    found = {name: value for name, value in inside(text) if len(value) >= SHORTEST}
    for match in _SAID.finditer(text):
        value = match["value"].rstrip(".!?)")
        if _random(value) and not PLACEHOLDER.search(value) and value not in found.values():
            found.setdefault(re.sub(r"[ -]", "_", (match["pass"] or match["name"] or "secret").lower()), value)
    return Pasted(Redactor(found).text(text), found)


def secrets_of(plan: Plan, registry: Registry, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Secret values by a name that is theirs alone, to be hidden wherever they show up again.

    Those of the plan's fields by their operation's word or by their name; those that stand inside a field's text
    (``DB_PASSWORD=… psql``); those of ``environment`` (None: this process's own), which programs inherit.
    """
    found: dict[str, str] = {}

    def keep(name: str, value: str) -> None:
        if value in found.values():
            return
        own, number = name.lower(), 2
        while own in found:
            own, number = f"{name.lower()}_{number}", number + 1
        found[own] = value

    def collect(name: str, value: JsonValue, *, secret: bool) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                collect(key, inner, secret=secret or is_secret_name(key))
        elif isinstance(value, list):
            for inner in value:
                collect(name, inner, secret=secret)
        elif isinstance(value, str):
            if secret and len(value) >= SHORTEST:
                keep(name, value)
            elif not secret:
                for inner_name, inner_value in inside(value):
                    if _random(inner_value):
                        keep(inner_name, inner_value)

    for step in plan.steps:
        declared = registry.find(step.operation).secret_fields
        for field, value in step.fields.items():
            collect(field, value, secret=field in declared or is_secret_name(field))
    for name, value in (os.environ if environment is None else environment).items():
        if is_secret_name(name) and name.lower() not in PLACES and len(value) >= SHORTEST_GUESS and value[0] != "/":
            keep(name, value)
        elif (match := _URL_PASSWORD.fullmatch(value)) is not None and len(match[1]) >= SHORTEST:
            keep(f"{name}_password", match[1])
    return found


def inside(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of what looks like a secret inside ``text``."""
    if len(text) > LONGEST_TEXT or PLACEHOLDER.search(text):
        return
    shown = _LOOKS.text(text)
    if shown == text:
        return
    pieces = PLACEHOLDER.split(shown)
    at = len(pieces[0])
    for name, after in zip(pieces[1::2], pieces[2::2], strict=True):
        end = text.find(after, at + 1) if after else len(text)
        if end < 0:
            return
        yield name, text[at:end]
        at = end + len(after)


_LOOKS = Redactor()
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^:@/\s]*:(\S+)@[^@\s]+")
"""The password in a variable that holds a URL, whatever signs it has."""


def _random(value: str) -> bool:
    """Whether a value is unlike a word or a path that output may hold for other reasons."""
    if not unlike_a_word(value):
        return False
    return "/" not in value or (value.lower() != value and value[0].isalnum())
