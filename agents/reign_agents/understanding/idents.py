"""Identifiers that a machine gave: of containers and images, of things in a cloud, of processes."""

from __future__ import annotations

from .found import Context
from .patterns import Lazy
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_CLOUD = Lazy(
    r"\b(?:ami|sg|i|vpc|subnet|vol|eni|rtb|igw|nat|snap|lt|acl|eipalloc|tgw|pcx|vpce|dopt|fs|lb|eks|rds)-[0-9a-f]{6,17}"
)
_ADDRESS = Lazy(
    r"(?:module\.[\w-]+\.)*(?:data\.)?(?:aws|google|azurerm|azuread|hcloud|digitalocean|null|random|tls|helm|kubernetes|docker|github|local)_\w+\.[\w\[\]\"-]+"
)
_NET = Lazy(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}(?!\d)")
_HEX = Lazy(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,64}")
_DIGEST = Lazy(r"sha256:[0-9a-f]{6,64}")
_KINDS = frozenset({"name", "word", "tagged", "quoted", "number"})


def idents(tokens: list[Token], found: Found, context: Context) -> None:
    """``id``; the token stays free, for a container's identifier is also its name."""
    for i, token in enumerate(tokens):
        if token.kind == "quoted" and (net := _NET.search(token.value)):
            found.setdefault("subnet", net.group())
        if token.kind == "quoted" and " " in token.value and (inside := _CLOUD.search(token.low)) and "id" not in found:
            found["id"] = inside.group()
        if token.text.isalpha() or token.kind not in _KINDS or "id" in found:
            continue
        low = token.value.lower()
        cloud = _CLOUD.fullmatch(low) is not None
        digest = _DIGEST.fullmatch(low) is not None
        plain = "docker" in context.domains and _HEX.fullmatch(low) and tokens[i - 1].low not in {"commit", "sha"}
        address = "terraform" in context.domains and _ADDRESS.fullmatch(token.value)
        process = (
            token.kind == "number"
            and i > 0
            and "bash" in context.domains
            and tokens[i - 1].low in {"pid", "process", "processes"}
        )
        if cloud or digest or plain or process or address:
            found["id"] = token.value
            token.used = token.used or cloud or digest
