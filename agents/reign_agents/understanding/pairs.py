"""Numbers that belong together: two ports in prose, and a count that gives way to another."""

from __future__ import annotations

from itertools import pairwise

from .found import Context
from .patterns import Lazy
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_GLUE = frozenset(
    """
    on the outside host goes go must should to into and inside in it its target targetport container port ports reach
    reaches - > -> → => maps mapped forwarded published leads , of onto = internally inner outer local http
    """.split()  # noqa: SIM905 - a long list of words
)
_TOWARDS = frozenset({"to", "->", "→", "=>", ">", "reach", "reaches", "inside", "into", "onto", "target", "targetport"})
_PROTOCOLS = ("tcp/", "udp/")
_PROTOCOL = Lazy(r"(?:tcp|udp)/(\d{1,5})")


def port_pairs(tokens: list[Token], found: Found, context: Context) -> None:
    """``ports`` of two numbers in prose: "80 to 8080", "443 outside and 8443 inside", "8080 must reach 80"."""
    if not context.domains & {"docker", "kubernetes", "bash", "validation"}:
        return
    numbers = [i for i, t in enumerate(tokens) if t.kind == "number" and not t.used and _port(t)]
    for first, second in pairwise(numbers):
        between = tokens[first + 1 : second]
        behind = tokens[second + 1 : second + 2]
        words = {t.low for t in [*between, *behind]} | {t.text for t in between}
        if not between or len(between) > 7 or not all(t.low in _GLUE or t.text in _GLUE for t in between):
            continue
        if not words & _TOWARDS or context.domains & {"bash"}:
            continue
        if first and tokens[first - 1].low in {"from", "by"}:
            continue
        found.setdefault("ports", []).append(f"{tokens[first].text}:{tokens[second].text}")
        tokens[first].used = tokens[second].used = True
        return
    for i, token in enumerate(tokens):
        if not token.used and token.low.startswith(_PROTOCOLS) and (said := _PROTOCOL.fullmatch(token.low)):
            found.setdefault("ports", []).append(said[1])
            token.used = True
            continue
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        if token.low == "nodeport" and follow is not None and follow.kind == "number" and not follow.used:
            found.setdefault("ports", []).append(follow.text)
            follow.used = True


def _port(token: Token) -> bool:
    return 2 <= len(token.text) <= 5 and 22 <= int(token.text) < 65536 and (len(token.text) > 2 or token.text in _SHORT)


_SHORT = frozenset({"22", "25", "53", "80"})


def changed_counts(tokens: list[Token], found: Found, context: Context) -> None:
    """``replicas`` behind an arrow or in "five of", "ten times"; a service's own count ("consumer=3")."""
    if context.intent != "scale" or "replicas" in found:
        return
    for i in range(1, len(tokens) - 1):
        left, right = tokens[i - 1], tokens[i + 1]
        token = tokens[i]
        if token.text == "-" and right.text == ">" and i + 2 < len(tokens):
            right = tokens[i + 2]
        arrow = token.text in {"→", "->", "=>", "⇒"} or (token.text == "-" and tokens[i + 1].text == ">")
        if arrow and left.kind == right.kind == "number" and not left.used and not right.used and len(right.text) < 4:
            found["replicas"] = int(right.text)
            left.used = right.used = True
            return
    if "docker" not in context.domains:
        return
    for token in tokens:
        name, _, count = token.value.partition("=")
        if token.kind == "pair" and count.isdigit() and len(count) < 4 and "_" not in name and not token.used:
            found["replicas"] = int(count)
            found.setdefault("name", name)
            token.used = True
            return
