"""Themes from TOML files: those that come with Reign and those in the user's folder. A broken one is only reported."""

from __future__ import annotations

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import Theme

DEFAULT = "reign-dark"
_COLORS = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
_FLAGS = ("dark", "ansi")


class BrokenTheme(ValueError):
    """A theme file that can't be used; the text says where and why."""


def read_theme(file: Traversable) -> Theme:
    """The theme in a TOML file: ``name``, colours, ``dark``, ``ansi`` and a table ``variables``."""
    try:
        text = file.read_text("utf-8")
        data: dict[str, Any] = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenTheme(f"theme {file}: it can't be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        where = f"{error}".replace("(at end of document)", f"(at line {text.count(chr(10)) + 1}, the end)")
        raise BrokenTheme(f"theme {file}: {where}") from error
    lines = text.splitlines()

    def wrong(key: str, why: str) -> BrokenTheme:
        line = next((n for n, line in enumerate(lines, 1) if line.split("=")[0].strip() == key), 1)
        return BrokenTheme(f"theme {file}, line {line}: {why}")

    for key in ("name", "primary"):
        if not isinstance(data.get(key), str):
            raise wrong(key, f"{key} is missing")
    variables = data.get("variables", {})
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise wrong("variables", "variables must be a table of texts")
    for key, value in data.items():
        if key in _FLAGS:
            if not isinstance(value, bool):
                raise wrong(key, f"{key} must be true or false")
        elif key in _COLORS:
            try:
                Color.parse(value)
            except (ColorParseError, TypeError, AttributeError) as error:
                raise wrong(key, f"{key}: {value!r} is no colour (write #rrggbb or a name)") from error
        elif key not in ("name", "variables"):
            raise wrong(key, f"there is no setting {key!r} in a theme")
    return Theme(**{key: data[key] for key in ("name", *_COLORS, *_FLAGS) if key in data}, variables=variables)


def register_themes(app: App[Any], folder: Path | None) -> list[str]:
    """Make all themes known to the app; returns what is wrong with any. A user's theme may replace one of ours."""
    problems: list[str] = []
    files: list[Traversable] = [
        file for file in resources.files("reign_themes").iterdir() if file.name.endswith(".toml")
    ]
    if folder is not None and folder.is_dir():
        files += sorted(folder.glob("*.toml"))
    for file in files:
        try:
            app.register_theme(read_theme(file))
        except BrokenTheme as error:
            problems.append(f"{error}: it is left out")
    return problems
