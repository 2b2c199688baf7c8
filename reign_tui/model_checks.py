"""The doctor's look at language models: which are chosen, whether a key is there, and, when it is wanted, who answers.

A request is sent only where the doctor is asked for one (``--online``); it is small, and it is paid for like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reign_agents.models.address import effective, host_of, key_may_go
from reign_tui.text import one_line

if TYPE_CHECKING:
    from reign_agents.models.conversation import LanguageModel
    from reign_tui.config import AppConfig
    from reign_tui.doctor import Check

WHEN = "asked only where a model is chosen (--model, or the setting model)"
WAIT = 60.0
"""Seconds for one model to answer: a server may have to load it first."""


@dataclass(frozen=True, slots=True)
class Models:
    """What is set about models: ``names`` in the order they are asked, ``planning`` in words.

    ``ask`` makes the model that a real request is sent to; None: none is sent. ``unpriced`` are the names whose price
    nobody knows, ``budget`` whether one is set; ``local`` are patterns of contexts that stay on this machine.
    """

    names: tuple[str, ...] = ()
    planning: str = "no model is chosen: the offline planner does all"
    base_urls: Mapping[str, str] = field(default_factory=dict)
    ask: Callable[[str], LanguageModel] | None = None
    plain_http: tuple[str, ...] = ()
    unpriced: frozenset[str] = frozenset()
    budget: bool = False
    local: tuple[str, ...] = ()


def models_of(config: AppConfig, ask: Callable[[str], LanguageModel] | None = None) -> Models:
    """What the settings come to."""
    names = tuple(dict.fromkeys(one for one in (config.model, *config.fallback) if one not in (None, "offline")))
    if config.model in (None, "offline"):
        return Models(base_urls=config.base_urls)
    if config.offline or config.prefer == "offline-only":
        why = "offline is set" if config.offline else "prefer is offline-only"
        return Models((), f"{why}: {', '.join(names)} not asked, the offline planner does all", config.base_urls)
    chain = ", then ".join((*names, "the offline planner"))
    when = {
        "offline": "what the offline planner does not understand, and causes, go to",
        "model": "every request goes to",
    }[config.prefer]
    return Models(
        names,
        f"{when} {chain}",
        config.base_urls,
        ask,
        config.plain_http,
        _unpriced(names, config),
        bool(config.budget or config.max_cost is not None),
        config.local_contexts,
    )


def _unpriced(names: tuple[str, ...], config: AppConfig) -> frozenset[str]:
    from reign_agents.models.prices import Prices

    prices = Prices(config.prices)
    return frozenset(name for name in names if prices.of(name) is None)


async def planning(models: Models) -> Check:
    """Who plans, in words; also which contexts no vendor hears of."""
    from reign_agents.models.address import on_this_machine
    from reign_tui.doctor import Check

    if not models.local or not models.names:
        return Check("models", "ok" if models.names else "off", models.planning)
    here = [one for one in models.names if on_this_machine(one, models.base_urls.get(one.partition("/")[0]))]
    who = f"only {', '.join(here)} and the offline planner" if here else "only the offline planner"
    kept = f"contexts like {', '.join(models.local)} stay on this machine: {who}"
    return Check("models", "ok", f"{models.planning}; {kept}")


async def vendor_check(vendor: str, models: Models, environment: Mapping[str, str], data: Path) -> Check:
    """One vendor: its chosen models, its key, its address; with ``models.ask`` what they answered."""
    from reign_agents.models.fitting import NO_ADDRESS
    from reign_tui.doctor import Check

    names = tuple(name for name in models.names if name.partition("/")[0] == vendor)
    address = models.base_urls.get(vendor)
    there, key = await asyncio.to_thread(_key, vendor, environment, data)
    at = f" at {address}" if address else ""
    if not names:
        return Check(vendor, "off", f"{key}; {WHEN}{at}")
    target = f"{', '.join(names)}{at}"
    if address == NO_ADDRESS:
        return Check(
            vendor,
            "error",
            "the address that is set for it can't be used: it is not asked",
            fix="reign-tui config tells what is wrong with it",
            target=", ".join(names),
        )
    if not there and vendor != "ollama":
        return Check(
            vendor, "warn", f"{key}: it can't be asked", fix=f"reign-tui credentials set {vendor}", target=target
        )
    goes = effective(vendor, address, environment)
    if there and not key_may_go(goes, models.plain_http):
        fix = f'take an https:// address (base_urls in the settings), or allow it: plain_http = ["{host_of(goes)}"]'
        told = f"{key}; it is not asked: the key would travel unencrypted to {goes}"
        return Check(vendor, "error", told, fix=fix, target=target)
    unpriced = sorted(set(names) & models.unpriced)
    if models.ask is None:
        told = "not asked: reign-tui doctor --online does"
        if unpriced:
            return _without_price(vendor, f"{key}; {told}", unpriced, models, target)
        return Check(vendor, "ok", f"{key}; {told}", target=target)
    answers = [await _answer(name, models.ask) for name in names]
    told = "; ".join(text for _, text in answers)
    if all(answered for answered, _ in answers):
        if unpriced:
            return _without_price(vendor, f"{key}; {told}", unpriced, models, target)
        return Check(vendor, "ok", f"{key}; {told}", target=target)
    return Check(vendor, "error", f"{key}; {told}", fix="choose another: --model, or the setting model", target=target)


def _without_price(vendor: str, told: str, unpriced: list[str], models: Models, target: str) -> Check:
    """Models are there, but nobody knows what some of them cost."""
    from reign_tui.doctor import Check

    holds = "no budget can hold it, a person is asked each time" if models.budget else "a budget could not hold it"
    detail = f"{told}; no price is known for {', '.join(unpriced)}: its cost is unknown, {holds}"
    fix = f'give its price in the settings: [prices."{unpriced[0]}"] input = …, output = …'
    return Check(vendor, "warn", detail, fix=fix, target=target)


def _key(vendor: str, environment: Mapping[str, str], data: Path) -> tuple[bool, str]:
    """Whether there is a key, and in words where it comes from; never the key."""
    from reign_executors.credentials import VARIABLES, Credentials, CredentialsError

    variable = next((name for name in VARIABLES[vendor] if environment.get(name)), None)
    if variable is not None:
        return True, f"{variable} set"
    try:
        if Credentials(data, environment).get(vendor):
            return True, "a key is kept"
    except CredentialsError as error:
        return False, one_line(str(error), 160)
    named = " or ".join(VARIABLES[vendor])
    return False, "no key (most servers want none)" if vendor == "ollama" else f"{named} not set, no key is kept"


async def _answer(name: str, ask: Callable[[str], LanguageModel]) -> tuple[bool, str]:
    """Whether the model answered a word, and in words how it went."""
    from reign_agents.models.conversation import Conversation, Message, Stop
    from reign_executors.errors import OperationError

    asked = Conversation("Answer with one word.", (Message("user", "Do you answer?"),), max_tokens=256)
    try:
        async with asyncio.timeout(WAIT):
            async for piece in ask(name).stream(asked):
                if isinstance(piece, Stop):
                    return True, f"{name} answers"
    except TimeoutError:
        return False, f"{name} did not answer within {WAIT:g} s"
    except OperationError as error:
        return False, one_line(str(error), 200)
    return False, f"{name} answered nothing"
