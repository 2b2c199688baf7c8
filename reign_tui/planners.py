"""Which planner the settings ask for, and what it may spend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reign_agents.models.budget import AskBudget
    from reign_agents.models.metered import Meter
    from reign_agents.planning.draft import Planner
    from reign_agents.store.store import Store
    from reign_executors.credentials import Credentials
    from reign_tui.config import AppConfig


def asks_models(config: AppConfig) -> bool:
    """Whether these settings let any language model be asked."""
    return config.model not in (None, "offline") and not config.offline and config.prefer != "offline-only"


def planner_for(config: AppConfig, credentials: Credentials, meter: Meter | None = None) -> Planner | None:
    """A planner that asks the chosen models; None where none is to be asked. ``meter`` counts what is spent and holds
    the budget. What happens while it plans leaves the session as events.
    """
    if not asks_models(config):
        return None
    from reign_agents.models.cached import AnswerCache
    from reign_agents.planning.with_model import model_planner
    from reign_tui.model_settings import limits_of
    from reign_tui.paths import find_paths

    folder = find_paths().cache / "answers"
    cache = AnswerCache(folder, seconds=config.answer_cache) if config.answer_cache else None
    names = dict.fromkeys((config.model, *config.fallback))
    return model_planner(
        [name for name in names if name not in (None, "offline")],
        credentials.get,
        prefer=config.prefer,
        temperature=config.temperature,
        meter=meter,
        limits=limits_of(config.model_limits, config.max_tokens),
        cache=cache,
        addresses=config.base_urls,
        plain_http=config.plain_http,
    )


def meter_for(
    config: AppConfig,
    store: Store,
    say: Callable[[str], None],
    ask: AskBudget | None = None,
    changed: Callable[[str | None], None] = lambda _session: None,
) -> Meter | None:
    """What counts the cost of the chosen models and holds the budget; None where no model is to be asked.

    ``ask`` is asked before a budget is passed (None: nobody can be), ``changed`` hears which session's amount changed.
    """
    if not asks_models(config):
        return None
    from reign_agents.models.budget import Budget
    from reign_agents.models.metered import Meter
    from reign_agents.models.prices import Prices

    return Meter(
        store,
        Prices(config.prices),
        Budget(**config.budget, command=config.max_cost),
        ask=ask,
        changed=changed,
        say=say,
    )


def budget_alone(config: AppConfig, store: Store) -> str | None:
    """What must be said where other processes can't be counted: a budget holds this one alone; None where all count."""
    shared = [name for name in ("session", "day") if name in config.budget]
    if store.durable or not shared or not asks_models(config):
        return None
    whose = " and ".join({"session": "a session", "day": "a day"}[name] for name in shared)
    return (
        f"the budget of {whose} holds this process alone: what others spend, or spent before, can't be counted "
        "without a home that can be written (REIGN_HOME names another folder)"
    )
