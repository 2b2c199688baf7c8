"""What a model's name and the addresses of its server may be; light, for settings are read before anything is shown."""

from __future__ import annotations

from urllib.parse import urlsplit

from reign_agents.models.address import host_of

VENDORS = ("anthropic", "openai", "ollama")

NO_ADDRESS = "?"
"""Stands for an address that was set and can't be used: that vendor is not asked."""


def fit_model(name: str) -> str:
    """``name`` if it is ``vendor/model`` with a vendor that is known; ``ValueError`` says what would be."""
    vendor, slash, model = name.partition("/")
    if vendor not in VENDORS or not slash or not model.strip() or len(name) > 200 or not name.isprintable():
        raise ValueError("must be anthropic/MODEL, openai/MODEL or ollama/MODEL")
    return name


def fit_address(vendor: str, address: str) -> str:
    """``address`` of a server that speaks a vendor's protocol, if it can be one; ``ValueError`` says what would be.

    Ollama's may be a host with a port alone.
    """
    whole = address if "://" in address or vendor != "ollama" else f"http://{address}"
    try:
        parts = urlsplit(whole)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or len(address) > 500 or any(one.isspace() or not one.isprintable() for one in address):
        example = "http://127.0.0.1:11434" if vendor == "ollama" else "https://models.example.org/v1"
        raise ValueError(f'must be an address like "{example}"')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"must hold no name, password or query (reign-tui credentials set {vendor} keeps a key)")
    return address


def fit_host(name: str) -> str:
    """``name`` if it can be a host's; ``ValueError`` says what would be."""
    if not name or "/" in name or host_of(name) != name.lower():
        raise ValueError('must be the name of a host, without scheme and port ("models.lan")')
    return name.lower()
