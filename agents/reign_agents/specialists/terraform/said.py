"""What a wish says of terraform: folder, workspace, variables, addresses. Words only; nothing is looked up here."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.wish import Wish
from reign_agents.understanding import Understanding, understand
from reign_executors.operation import JsonObject
from reign_executors.redaction.names import is_secret_name

NAMED = re.compile(r"(?<![\w./-])(?:terraform|tofu|opentofu|tf|tfstate|tfvars)(?![\w/-])", re.IGNORECASE)
STACK = re.compile(r"\b(?:stacks?|infra(?:structure)?|workspaces?|outputs?)\b", re.IGNORECASE)
_PATH = r"(?:(?:~[\w.-]*)?/|\.{1,2}/)[^\s,;]*|\.{1,2}(?=\s|$)|[\w@+-]+(?:/[\w@+.-]+)+/?|[\w@+.-]+/"
_ADDRESS = r"(?:module\.[\w-]+(?:\[[^\]\s]+\])?\.?)*(?:[a-z][a-z0-9]*_[a-z0-9_]+\.[\w-]+(?:\[[^\]\s]+\])?)?"
_OTHERS = re.compile(
    r"\.(?:ya?ml|json|txt|sh|py|md)\b|\b(?:manifests?|charts?|helm|kubernetes|k8s|containers?)\b", re.IGNORECASE
)
_NO_PLACE = (
    "all|everything|every|this|that|the|my|our|it|here|there|terraform|tofu|state|code|config|configuration|changes?|"
    "plans?|files?|resources?|outputs?|stacks?|infrastructure|again|now|please|detail|full|json|parallel|advance|order|"
    "version|providers?|graph|workspaces?|drift|format|formatting|variables?|values"
)
"""Words after "in" and "terraform apply" that name no folder."""


@lru_cache(maxsize=64)
@lru_cache(maxsize=64)
def _understood(text: str) -> Understanding:
    return understand(text)


def is_terraform(wish: Wish) -> bool:
    """Whether the words speak of terraform: its name, or what understanding makes of them."""
    if wish.it is not None and wish.it.kind == "stack":
        return True
    text = wish.scan().text + " " + Scan(wish.text).text
    if NAMED.search(text):
        return True
    if _OTHERS.search(text):
        return False
    return "terraform" in _understood(wish.text).domains[:1] and bool(re.search(_PATH, text) or STACK.search(text))


def folder_said(wish: Wish) -> bool:
    """Whether a folder is named and nothing else is meant."""
    text = Scan(wish.text).text
    return bool(re.search(rf"(?<![\w.:/@-])(?:{_PATH})", text)) and not _OTHERS.search(text)


class Said:
    """What the words of a wish name: folder, workspace, variables, files of values, addresses."""

    def __init__(self, wish: Wish) -> None:
        scan = wish.scan()
        self.variables: dict[str, JsonValue] = {}
        for found in scan.take(
            rf"(?:\b(?:with|and|where|using|set(?:ting)?|variables?|vars?)\s+)*(?<![\w./-])(?P<name>[A-Za-z_]\w*)="
            rf"(?P<value>{VALUE})"
        ):
            self.variables[found["name"]] = _typed(found["value"])
        self.files = [
            found["value"]
            for found in scan.take(
                r"(?:\b(?:with|using|and|from|the|values?|of|var(?:iable)?s?|files?)\s+)*"
                r"(?P<value>[^\s,;]+\.tfvars(?:\.json)?)(?!\w)"
            )
        ]
        self.workspace = scan.first(
            r"(?:\b(?:in|on|of|for|to|from)\s+)?(?:the\s+)?(?:new\s+|terraform\s+)?(?:workspace|ws)\s+(?:named\s+|called\s+)?"
            r"(?P<value>(?!of\b|in\b|for\b|from\b)[\w.-]+)"
        ) or scan.first(r"\b(?:in|on|for)\s+(?:the\s+)?(?P<value>[\w.-]+)\s+workspace\b")
        self.replace = _addresses(scan, r"replac(?:e|ing)|recreat(?:e|ing)")
        self.targets = _addresses(scan, r"only|just|target(?:s|ing|ed)?(?:\s+at)?")
        self.folder = scan.first(
            rf"(?:\b(?:in|of|for|from|at|inside|under)\s+)?(?:the\s+)?(?:folder\s+|directory\s+)?(?<![\w.:/@-])"
            rf"(?P<value>{_PATH})"
        )
        self._scan = scan

    def bare(self, folder: Path) -> str | None:
        """A word that is a folder there: "apply infra"."""
        for word in self._scan.words(("terraform", "the", "in", "of")):
            if re.fullmatch(r"[\w.-]+", word) and (folder / word).is_dir():
                return word
        return None

    def elsewhere(self) -> str | None:
        """The word of a place that was named and is none of the above: "apply in prod", "destroy the prod stack"."""
        noun = r"(?:folder|directory|stack|environment|env)"
        name = rf"(?P<value>(?!(?:{_NO_PLACE})\b)[A-Za-z][\w.-]*)"
        end = r"(?=\s*(?:[,;.?!]|$|\b(?:with|and|then|using|via|by|please)\b))"
        for pattern in (
            rf"\b(?:in|inside|under|at|from)\s+(?:the\s+)?(?:{noun}\s+)?{name}(?:\s+{noun})?{end}",
            rf"^\s*(?:the\s+)?(?:terraform|tofu)\s+(?:the\s+)?{name}\s*$",
        ):
            found = re.search(pattern, self._scan.text, re.IGNORECASE)
            if found is not None:
                return found["value"]
        return None

    def address(self) -> str | None:
        found = re.finditer(rf"(?<![\w./])(?=\w+[._])(?P<value>{_ADDRESS})(?![\w/])", self._scan.text)
        return next((one["value"] for one in found if one["value"]), None)

    def given(self) -> JsonObject:
        """Fields of plan, apply and destroy."""
        plain = {name: value for name, value in self.variables.items() if not is_secret_name(name)}
        secret = {name: value for name, value in self.variables.items() if is_secret_name(name)}
        return {
            "variables": plain,
            "secret_variables": secret,
            "var_files": list(self.files),
            "targets": list(self.targets),
            "replace": list(self.replace),
        }


def _addresses(scan: Scan, words: str) -> list[str]:
    found = scan.take(
        rf"\b(?:{words})\s+(?:the\s+)?(?:resources?\s+|module\s+(?=module))?(?P<value>(?=\w+[._]){_ADDRESS})"
    )
    return [one["value"] for one in found if one["value"]]


def _typed(text: str) -> JsonValue:
    """Lists, maps, numbers and true/false as such; anything else as the text it is."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value if not isinstance(value, str) else text
