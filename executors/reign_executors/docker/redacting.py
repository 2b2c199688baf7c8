"""Values of secret-looking variables never leave an inspection."""

from __future__ import annotations

import re
from typing import Any

from reign_executors.redaction.names import unlike_a_word

HIDDEN = "(hidden)"
SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|secret|token|credential|api_?key|private|_key$|^key$|auth|dsn$|connection_string",
    re.IGNORECASE,
)
_SECRET_IN_URL = re.compile(r"(\b\w{1,30}://[^/\s:@]{0,200}:)\S{1,400}@")


def shown(name: str, value: str) -> str:
    """The value of a variable as it may be shown."""
    return HIDDEN if SECRET_NAME.search(name) else _SECRET_IN_URL.sub(rf"\1{HIDDEN}@", value)


def without_secrets(info: dict[str, Any]) -> dict[str, Any]:
    """An inspection whose ``Env`` lists and secret-looking labels are hidden."""
    return {key: _clean(key, value) for key, value in info.items()}


def secret_values(info: dict[str, Any]) -> dict[str, str]:
    """Secret-looking variables and labels of a container or image, by name. Words that any text may hold
    (``POSTGRES_PASSWORD=postgres``) are left out: hiding them everywhere would hide half of what matters.
    """
    settings = info.get("Config") or {}
    pairs = [str(item).partition("=")[::2] for item in settings.get("Env") or ()]
    pairs += [(str(name), str(value)) for name, value in (settings.get("Labels") or {}).items()]
    found = {name: value for name, value in pairs if SECRET_NAME.search(name) and unlike_a_word(value)}
    for name, value in pairs:
        if (match := _SECRET_IN_URL.search(value)) is not None:
            inside = match[0][len(match[1]) : -1]
            if unlike_a_word(inside):
                found.setdefault(f"{name}_password", inside)
    return found


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
