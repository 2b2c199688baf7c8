"""From a model's name (``anthropic/claude-…``, ``openai/…``, ``ollama/…``) to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed, NoKey

VENDORS = ("anthropic", "openai", "ollama")

Keys = Callable[[str], str | None]
"""The key kept for a vendor, None where there is none."""

ADDRESS_VARIABLES = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL", "ollama": "OLLAMA_HOST"}
"""Vendor → the variable that its kit reads a server's address from."""


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


def language_model(name: str, keys: Keys, addresses: Mapping[str, str] | None = None) -> LanguageModel:
    """The model of that name, at its vendor's address in ``addresses`` (else: what its kit takes). Raises
    :class:`NoKey`, or :class:`ModelFailed` for a name that can't be one.
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
