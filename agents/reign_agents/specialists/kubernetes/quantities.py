"""Amounts as people say them, in the spelling of a cluster: "512 megs" is ``512Mi``, "half a core" ``500m``."""

from __future__ import annotations

import re

from reign_agents.specialists.docker.values import cores, size

_OWN = re.compile(r"\d+(?:\.\d+)?(?:[KMGT]i)")
_MILLI = re.compile(r"\d+m")
_UNITS = {"b": "", "k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}


def memory(said: str) -> str:
    """``512 megs``, ``512m``, ``1.5 gigs``, ``256Mi`` → a quantity of memory."""
    text = said.strip()
    if _OWN.fullmatch(text):
        return text
    found = re.match(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[bkmgt]?)", str(size(text)).lower())
    return text if found is None else f"{found['number']}{_UNITS.get(found['unit'], '')}"


def cpu(said: str) -> str:
    """``half a core``, ``2 cores``, ``250m``, ``0.5`` → a quantity of processors."""
    text = said.strip()
    if _MILLI.fullmatch(text):
        return text
    if re.match(r"half\b", text, re.IGNORECASE):
        return "500m"
    number = float(str(cores(re.split(r"\s", text)[0])))
    return f"{number:g}" if number == int(number) else f"{round(number * 1000)}m"
