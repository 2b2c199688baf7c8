"""Ports said in words."""

from __future__ import annotations

from .found import Context, put
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def ports(tokens: list[Token], found: Found, context: Context) -> None:
    """Ports in words: "port 8080", "publish 8080 to 80", "ports 80 and 443", "8080 on the host"."""
    if not any(
        t.low
        in {
            "port",
            "ports",
            "publish",
            "publishing",
            "expose",
            "exposing",
            "exposed",
            "published",
            "listening",
            "listens",
            "map",
            "mapped",
            "mapping",
            "listen",
            "forward",
            "forwarding",
            "port-forward",
            "-p",
            "bind",
            "binding",
            "targetport",
        }
        for t in tokens
    ):
        return
    for i, token in enumerate(tokens):
        if token.low not in {
            "port",
            "ports",
            "publish",
            "publishing",
            "expose",
            "exposing",
            "exposed",
            "published",
            "on",
            "map",
            "mapped",
            "mapping",
            "forward",
            "forwarding",
            "port-forward",
            "as",
            "bind",
            "listening",
            "host port",
            "container port",
        }:
            continue
        j = i + 1
        while (
            j < len(tokens)
            and tokens[j].low
            in {
                "the",
                "host",
                "port",
                "ports",
                "on",
                "container",
                "local",
                "it",
                "its",
                "from",
                "at",
                "them",
                "target",
                "through",
                "external",
                "internal",
                "tcp",
                ":",
                "=",
            }
            and j - i < 5
        ):
            j += 1
        while j < len(tokens) and tokens[j].kind == "number" and not tokens[j].used and 2 <= len(tokens[j].text) <= 5:
            outer = tokens[j]
            k = j + 1
            while (
                k < len(tokens)
                and tokens[k].low
                in {
                    "to",
                    "onto",
                    "→",
                    "->",
                    "-",
                    "on",
                    "the",
                    "container",
                    "container's",
                    "port",
                    "inside",
                    "into",
                    "mapped",
                    "forwarded",
                    "published",
                    "goes",
                    "target",
                    ">",
                    "=",
                    "targetport",
                    "in",
                    "service",
                    "of",
                    "host",
                    "internal",
                }
                and k - j < 6
            ):
                k += 1
            if (
                k < len(tokens)
                and k > j + 1
                and tokens[k].kind == "number"
                and not tokens[k].used
                and any(
                    t.low in {"to", "->", ">", "→", "into", "onto", "target", "targetport"} for t in tokens[j + 1 : k]
                )
            ):
                put(found, "ports", f"{outer.text}:{tokens[k].text}")
                outer.used = tokens[k].used = True
                j = k + 1
            else:
                put(found, "ports", outer.text)
                outer.used = True
                j += 1
            while j < len(tokens) and (tokens[j].text in {",", "/"} or tokens[j].low in {"and", "&"}):
                j += 1
