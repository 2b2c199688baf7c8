"""What a word beside a value says about it: flags of the tools, and nouns that own a key (``roles.json``)."""

from __future__ import annotations

import json


def _tables() -> dict[str, dict[str, str] | str]:
    with open(__file__[: -len("roles.py")] + "roles.json", encoding="utf-8") as file:  # noqa: PTH123 - see lexicon
        tables: dict[str, dict[str, str] | str] = json.load(file)
    return tables


def _by_word(table: dict[str, str] | str) -> dict[str, str]:
    assert isinstance(table, dict)
    return {word.replace("_", " "): key for key, words in table.items() for word in words.split()}


_TABLES = _tables()
FLAGS = _by_word(_TABLES["flags"])
"""Option → entity key."""
AFTER = _by_word(_TABLES["after"])
"""Noun → key of the value that follows it ("namespace shop")."""
BEFORE = _by_word(_TABLES["before"])
"""Noun → key of the value that stands before it ("the shop namespace")."""
NAMED_KINDS = frozenset(str(_TABLES["named_kinds"]).split())
"""Nouns beside which a name is the target's."""
NUMBERS = frozenset({"replicas", "min", "max", "run", "pr", "issue", "build", "revision"})
LISTS = frozenset({"ports", "names", "images"})
MAPS = frozenset({"env", "data", "values", "params"})
OWN_KEY = frozenset(
    [
        "namespace",
        "branch",
        "workspace",
        "network",
        "volume",
        "repo",
        "workflow",
        "user",
        "subnet",
        "release",
        "registry",
        "host",
        "org",
        "label",
        "context",
    ]
)
"""Keys whose thing can itself be the target of a wish, then named under ``name`` too."""
MAKES_IMAGE = frozenset(
    [
        "run",
        "pull",
        "push",
        "build",
        "create",
        "deploy",
        "tag",
        "scan",
        "validate",
        "test",
        "expose",
        "set",
        "update",
        "save",
        "load",
        "publish",
        "copy",
        "show",
        "check",
    ]
)
"""Verbs beside which a well-known program's name is an image."""
