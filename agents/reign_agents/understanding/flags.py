"""Values of options, as in a command line."""

from __future__ import annotations

import re

from .found import Context, put
from .roles import FLAGS
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def flags(tokens: list[Token], found: Found, context: Context) -> None:
    for i, token in enumerate(tokens):
        if token.kind != "flag":
            continue
        if token.text == "-H" and context.domains & {"github"}:
            tokens[min(i + 1, len(tokens) - 1)].used = True
            put(found, "branch", tokens[min(i + 1, len(tokens) - 1)].value)
            token.used = True
            continue
        key = FLAGS.get(token.text) or FLAGS.get(token.text.lower() if token.text.startswith("--") else "")
        token.used = True
        if key is None:
            continue
        j = i + 1
        if j < len(tokens) and tokens[j].text == "=":
            j += 1
        if j >= len(tokens) or tokens[j].kind in {"flag", "punct"}:
            continue
        value = tokens[j]
        if key == "namespace" and (value.kind == "number" or context.speaks_of("tail", "head")):
            continue
        if token.text == "-m" and value.kind == "quoted":
            key = "title"
        if token.text == "-v" and not re.search(r"[:/]", value.text):
            continue
        if token.text == "-f" and context.speaks_of("logs", "log", "tail", "rm"):
            continue
        if token.text == "-t" and value.kind in {"number", "word"}:
            continue
        if token.text == "-l" and value.kind not in {"pair", "quoted"}:
            continue
        if key == "memory" and value.kind not in {"amount", "milli", "number"}:
            continue
        if token.text == "-u" and context.domains & {"docker"} and value.kind == "number":
            continue
        if (
            token.text in {"-p", "--port"}
            and value.kind not in {"ports", "number", "tagged", "ip"}
            and not value.text[:1].isdigit()
        ):
            continue
        if key == "env" and value.kind not in {"pair", "quoted"}:
            continue
        if token.text == "--target-port" and len(found.get("ports", ())) == 1:
            found["ports"] = [f"{found['ports'][0]}:{value.value}"]
            value.used = True
            continue
        if key == "volume" and value.kind == "quoted":
            put(found, "volume", value.value)
        elif key == "image" and "image" in found:
            continue
        elif key == "values" and value.kind == "pair":
            for part in value.value.split(","):
                put(found, "values", part)
        else:
            put(found, key, value.value)
        if key == "volume" and re.match(r"^\w[\w.-]*:", value.value):
            found["volume"] = value.value.split(":")[0] if not value.value.startswith("/") else value.value
            found.setdefault("path", value.value.split(":")[1])
        value.used = True
