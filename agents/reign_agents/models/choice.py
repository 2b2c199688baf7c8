"""From a model's name (``anthropic/claude-…``, ``openai/…``, ``ollama/…``) to the model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from reign_agents.models.address import ADDRESS_VARIABLES, effective, host_of, key_may_go
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed, NoKey

__all__ = ["ADDRESS_VARIABLES", "NO_ADDRESS", "VENDORS", "Keys", "fit_address", "fit_model", "language_model"]

VENDORS = ("anthropic", "openai", "ollama")

Keys = Callable[[str], str | None]
"""The key kept for a vendor, None where there is none."""

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


def language_model(
    name: str, keys: Keys, addresses: Mapping[str, str] | None = None, plain_http: Collection[str] = ()
) -> LanguageModel:
    """The model of that name, at its vendor's address in ``addresses`` (else: what its kit takes). Raises
    :class:`NoKey`, or :class:`ModelFailed` for a name that can't be one, and where the key would travel unencrypted to
    a host that is not in ``plain_http``.
    """
    try:
        vendor, _, model = fit_model(name).partition("/")
    except ValueError as error:
        raise ModelFailed(f"a model's name {error}, not {name!r}", "reign-tui run --model anthropic/…") from error
    key = keys(vendor)
    address = (addresses or {}).get(vendor)
    if address == NO_ADDRESS:
        raise ModelFailed(
            f"the address that is set for {vendor} can't be used", "reign-tui config tells what is wrong with it"
        )
    there = effective(vendor, address)
    if key and not key_may_go(there, plain_http):
        raise ModelFailed(
            f"{name} is not asked: its key would travel unencrypted to {there}",
            f'take an https:// address (base_urls), or allow it for this host: plain_http = ["{host_of(there)}"]',
        )
    if vendor == "ollama":
        from reign_agents.models.ollama_model import OllamaModel

        return OllamaModel(model, key, address)
    if not key:
        raise NoKey(f"there is no key for {vendor}", f"reign-tui credentials set {vendor} keeps one")
    if vendor == "anthropic":
        from reign_agents.models.anthropic_model import AnthropicModel

        return AnthropicModel(model, key, address)
    from reign_agents.models.openai_model import OpenAIModel

    return OpenAIModel(model, key, address)
