"""From the command line's context to a running app, and what is said when it could not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reign_tui.app import ReignApp
from reign_tui.planners import budget_alone, meter_for, planner_for

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.store.store import Store
    from reign_tui.cli.context import Context


def run_on_terminal(context: Context, *, continue_: bool) -> int:
    """The app with a store and a session of its own. An engine that can't start ends it with the reason on stderr."""
    opened: list[Store] = []

    def session() -> Session:
        from reign_agents.session import Session
        from reign_agents.store.store import Store, StorePaths
        from reign_executors.credentials import Credentials

        places = StorePaths(data=context.paths.data, state=context.paths.state)
        store = Store.open(
            places, capture_limit=context.engine.capture_limit, audit_forward=context.loaded.config.audit_forward
        )
        opened.append(store)
        past = store.sessions() if continue_ else []
        kept = Credentials(context.paths.data)

        def say(line: str) -> None:
            app.notify(line, markup=False)

        def spent(name: str | None) -> None:
            from reign_tui.spending import header_words

            app.main.header.spent = header_words(store.spending.total(session=name))

        config = context.loaded.config
        alone = budget_alone(config, store)
        if alone is not None:
            app.warnings.append(alone[:1].upper() + alone[1:])
        meter = meter_for(config, store, say, app.ask_budget, spent)
        opened_session = Session(
            store,
            context.engine,
            name=past[0].session if past else None,
            planner=planner_for(config, kept, meter),
            credentials=kept,
        )
        if meter is not None or past:
            spent(opened_session.id)
        return opened_session

    app = ReignApp(session, context.loaded.config, warnings=context.loaded.warnings, themes=context.paths.themes)
    try:
        code = app.run()
    finally:
        for store in opened:
            store.close_now()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else app.return_code or 0
