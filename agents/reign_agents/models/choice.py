"""From a model's name (``anthropic/claude-…``, ``openai/…``, ``ollama/…``) to the model."""

from __future__ import annotations

from collections.abc import Callable

from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed, NoKey

VENDORS = ("anthropic", "openai", "ollama")

Keys = Callable[[str], str | None]
"""The key kept for a vendor, None where there is none."""


def fit_model(name: str) -> str:
    """``name`` if it is ``vendor/model`` with a vendor that is known; ``ValueError`` says what would be."""
    vendor, slash, model = name.partition("/")
    if vendor not in VENDORS or not slash or not model.strip() or len(name) > 200 or not name.isprintable():
        raise ValueError("must be anthropic/MODEL, openai/MODEL or ollama/MODEL")
    return name


def language_model(name: str, keys: Keys) -> LanguageModel:
    """The model of that name. Raises :class:`NoKey`, or :class:`ModelFailed` for a name that can't be one."""
    try:
        vendor, _, model = fit_model(name).partition("/")
    except ValueError as error:
        raise ModelFailed(f"a model's name {error}, not {name!r}", "reign-tui run --model anthropic/…") from error
    key = keys(vendor)
    if vendor == "ollama":
        from reign_agents.models.ollama_model import OllamaModel

        return OllamaModel(model, key)
    if not key:
        raise NoKey(f"there is no key for {vendor}", f"reign-tui credentials set {vendor} keeps one")
    if vendor == "anthropic":
        from reign_agents.models.anthropic_model import AnthropicModel

        return AnthropicModel(model, key)
    from reign_agents.models.openai_model import OpenAIModel

    return OpenAIModel(model, key)
