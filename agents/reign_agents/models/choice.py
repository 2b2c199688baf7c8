"""From a model's name (``anthropic/claude-…``, ``openai/…``, ``ollama/…``) to the model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from reign_agents.models.address import effective, host_of, key_may_go
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed, NoKey
from reign_agents.models.fitting import NO_ADDRESS, fit_model

Keys = Callable[[str], str | None]
"""The key kept for a vendor, None where there is none."""


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
