"""Which planner the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reign_agents.planning.draft import Planner
    from reign_executors.credentials import Credentials
    from reign_tui.config import AppConfig


def planner_for(config: AppConfig, credentials: Credentials, say: Callable[[str], None]) -> Planner | None:
    """A planner that asks the chosen models; None where none is to be asked. ``say`` hears who plans, as plain text."""
    if config.model in (None, "offline") or config.offline or config.prefer == "offline-only":
        return None
    from reign_agents.planning.with_model import model_planner
    from reign_tui.text import plain

    names = (config.model, *config.fallback)
    return model_planner(
        [name for name in names if name != "offline"],
        credentials.get,
        prefer=config.prefer,
        say=lambda line: say(plain(line)),
    )
