"""Values of secret-looking variables never leave an inspection."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "(hidden)"
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|api_?key|private|_key$|^key$|auth|dsn$|connection_string",
    re.IGNORECASE,
)
_SECRET_IN_URL = re.compile(r"(\w+://[^/\s:@]*:)[^@/\s]+@")


def shown(name: str, value: str) -> str:
    """The value of a variable as it may be shown."""
    return HIDDEN if SECRET_NAME.search(name) else _SECRET_IN_URL.sub(rf"\1{HIDDEN}@", value)


def without_secrets(info: dict[str, Any]) -> dict[str, Any]:
    """An inspection whose ``Env`` lists and secret-looking labels are hidden."""
    return {key: _clean(key, value) for key, value in info.items()}


def _clean(key: str, value: Any) -> Any:
    if key == "Env" and isinstance(value, list):
        pairs = (str(item).partition("=") for item in value)
        return [f"{name}={shown(name, content)}" if equals else name for name, equals, content in pairs]
    if key == "Labels" and isinstance(value, dict):
        return {name: shown(name, content) for name, content in value.items()}
    if isinstance(value, dict):
        return {name: _clean(name, content) for name, content in value.items()}
    if isinstance(value, list):
        return [_clean("", item) for item in value]
    return value
