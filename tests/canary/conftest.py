"""Canaries: values that are nowhere else, put where secrets are, and looked for in everything the product wrote."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from reign_tui.__main__ import main

PROGRAM = [sys.executable, "-m", "reign_tui"]


def spellings(value: str) -> set[bytes]:
    """A canary as it could hide in bytes: itself and encoded; base64 wherever it may begin in what was encoded."""
    data = value.encode()
    found = {data, data.hex().encode(), data.hex().upper().encode(), quote(value, safe="").encode()}
    found |= {quote(value, safe="").lower().encode(), json.dumps(value)[1:-1].encode(), html.escape(value).encode()}
    for before in range(3):
        code = base64.b64encode(b"\0" * before + data)
        core = code[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


class Canaries:
    """One for each place, by its name. ``said`` collects what was printed or drawn."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.values: dict[str, str] = {}
        self.said: list[tuple[str, bytes]] = []

    def __getitem__(self, place: str) -> str:
        """The canary of a place: letters and digits with signs that encodings change."""
        return self.values.setdefault(place, f"Cny{secrets.token_hex(5)}+{secrets.token_hex(3)}/Zq")

    def reign(self, *words: str, stdin: str = "", codes: tuple[int, ...] = (0,)) -> str:
        """One command line, in this process; returns its stdout."""
        out, err = io.BytesIO(), io.BytesIO()
        given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["reign-tui", *words])
            patch.setattr(sys, "stdin", given)
            streams = [io.TextIOWrapper(out, write_through=True), io.TextIOWrapper(err, write_through=True)]
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            code = main()
            for stream in streams:
                stream.detach()
        name = " ".join(words[:2])
        self.said += [(f"stdout of {name}", out.getvalue()), (f"stderr of {name}", err.getvalue())]
        assert code in codes, (words, code, err.getvalue().decode(), out.getvalue().decode())
        return out.getvalue().decode()

    def plan(self, place: Path, *steps: tuple[str, dict[str, object]]) -> str:
        """A file with a plan of these steps, one after the other; the person's own file, outside of the home."""
        made = [
            {"id": f"s{n}", "operation": operation, "fields": fields, "needs": [f"s{n - 1}"] if n > 1 else []}
            for n, (operation, fields) in enumerate(steps, 1)
        ]
        path = place / f"plan-{secrets.token_hex(3)}.json"
        path.write_text(json.dumps({"v": 1, "kind": "plan", "request": "canaries", "intent": "update", "steps": made}))
        return str(path)

    def drawn(self, name: str, svg: str) -> None:
        """What a picture of the screen shows, as text without breaks."""
        text = html.unescape(re.sub(r"<[^>]*>", "", svg)).replace("\xa0", " ")
        self.said.append((name, svg.encode() + b"\n" + re.sub(r"[\s│┃]+", "", text).encode()))

    def found(self) -> list[str]:
        """Where which canary was found, in whatever spelling; nothing is what it should be."""
        places = [*self.said]
        for path in sorted(self.home.rglob("*")):
            places.append((f"the name of {path}", os.fsencode(path.name)))
            if path.is_file() and not path.is_symlink():
                places.append((str(path.relative_to(self.home)), path.read_bytes()))
        hits = []
        for place, value in self.values.items():
            for spelling in spellings(value):
                hits += [f"{place} in {where} as {spelling!r}" for where, data in places if spelling in data]
        return hits


@pytest.fixture
def canaries(reign_home: Path) -> Canaries:
    return Canaries(reign_home)
