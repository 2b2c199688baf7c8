"""What a command works with: the folder, the settings, the store, a session."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reign_agents.safety.rule_reading import RuleFault
from reign_agents.settings import Mode
from reign_executors.errors import OperationError
from reign_tui.cli.dispatch import print_error
from reign_tui.cli.failure import Exit, Stopped
from reign_tui.config import LoadedConfig, engine_settings, load_config
from reign_tui.paths import Paths, find_paths
from reign_tui.planners import budget_alone, meter_for, planner_for

if TYPE_CHECKING:
    from decimal import Decimal

    from reign_agents.models.budget import AskBudget
    from reign_agents.session import Session
    from reign_agents.settings import EngineSettings
    from reign_agents.store.store import Store


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command works (``cwd`` is absolute and exists) and with what settings."""

    cwd: Path
    paths: Paths
    loaded: LoadedConfig
    engine: EngineSettings


def settings_of(arguments: argparse.Namespace) -> Context:
    """The context that the common flags ask for; warnings about settings are printed once, on stderr."""
    model = _model_named(arguments.model)
    cwd = Path.cwd()
    if arguments.cwd is not None:
        cwd = Path(arguments.cwd)
        with suppress(RuntimeError):  # no user has that name
            cwd = cwd.expanduser()
        cwd = cwd.absolute()
        if not cwd.is_dir():
            raise Stopped(Exit.USAGE, f"--cwd {arguments.cwd}: there is no such folder")
        os.chdir(cwd)
    paths = find_paths()
    flags = {
        "read_only": True if arguments.read_only else None,
        "offline": True if arguments.offline else None,
        **(contexts_named(arguments.context) if arguments.context is not None else {}),
        "model": model,
        "max_cost": _most(arguments.max_cost),
        "namespace": arguments.namespace,
        "mode": Mode(arguments.mode) if arguments.mode is not None else None,
    }
    try:
        loaded = load_config(flags, cwd=cwd, paths=paths)
    except RuleFault as fault:
        raise Stopped(
            Exit.USAGE, str(fault), "mend the rule, or take it out: nothing runs with half of the rules"
        ) from None
    for warning in loaded.warnings:
        print_error(f"warning: {warning}")
    return Context(cwd, paths, loaded, engine_settings(loaded.config, cwd))


def _most(text: str | None) -> Decimal | None:
    """What ``--max-cost`` says, in dollars."""
    if text is None:
        return None
    from reign_agents.models.prices import amount_of

    try:
        return amount_of(text)
    except ValueError as error:
        raise Stopped(Exit.USAGE, f"--max-cost {error}, not {text!r}", "--max-cost 0.50") from error


def _model_named(name: str | None) -> str | None:
    """What ``--model`` says, if it can be a model's name."""
    if name in (None, "offline"):
        return name
    from reign_agents.models.fitting import fit_model

    try:
        return fit_model(str(name))
    except ValueError as error:
        raise Stopped(Exit.USAGE, f"--model {error}", "or offline") from error


def contexts_named(name: str) -> dict[str, str]:
    """Which setting ``--context NAME`` is: of docker, of Kubernetes, of both when both know that name."""
    from reign_executors.docker import contexts as docker
    from reign_executors.kubernetes import contexts as kubernetes

    known: dict[str, list[str]] = {"docker_context": docker.contexts()}
    try:
        known["kube_context"] = kubernetes.contexts()
    except OperationError as error:
        print_error(f"warning: {error}")
    found = {setting: name for setting, names in known.items() if name in names}
    if found:
        return found
    words = {"docker_context": "docker", "kube_context": "Kubernetes"}
    listed = "; ".join(f"{words[setting]}: {', '.join(names)}" for setting, names in known.items() if names)
    raise Stopped(Exit.USAGE, f"neither docker nor Kubernetes has a context {name!r}", f"choose one of {listed}")


@contextmanager
def reading_store(context: Context) -> Iterator[Store]:
    """The store, for commands that only look at past runs; its warnings are printed."""
    import asyncio

    store = _open(context)
    try:
        yield store
    finally:
        asyncio.run(store.close())


@asynccontextmanager
async def session(
    context: Context, arguments: argparse.Namespace, ask: AskBudget | None = None
) -> AsyncIterator[Session]:
    """A session on an open store: a new one, or the last one with ``--continue``. Both are closed at the end.

    ``ask`` is asked before a budget for models is passed; None: nobody can be.
    """
    from reign_agents.session import Session
    from reign_executors.credentials import Credentials

    store = _open(context)
    try:
        name = None
        if arguments.continue_:
            past = store.sessions()
            if not past:
                raise Stopped(Exit.USAGE, "there is no session to continue yet", "leave --continue out")
            name = past[0].session
        kept = Credentials(context.paths.data)
        alone = budget_alone(context.loaded.config, store)
        if alone is not None:
            print_error(f"warning: {alone}")
        meter = meter_for(context.loaded.config, store, print_error, ask)
        planner = planner_for(context.loaded.config, kept, meter)
        opened = Session(store, context.engine, name=name, planner=planner, credentials=kept)
        try:
            yield opened
        finally:
            await opened.close()
    finally:
        await store.close()


def warn_of_secrets(session: Session, text: str) -> None:
    """Tell the person when a request holds a secret; it is hidden from then on."""
    word = session.noticed(text).word
    if word:
        print_error(f"warning: {word}")


def _open(context: Context) -> Store:
    from reign_agents.store.places import StorePaths
    from reign_agents.store.store import Store

    places = StorePaths(data=context.paths.data, state=context.paths.state)
    store = Store.open(
        places, capture_limit=context.engine.capture_limit, audit_forward=context.loaded.config.audit_forward
    )
    for warning in store.warnings:
        print_error(f"warning: {warning}")
    return store


def known_run(store: Store, name: str) -> str:
    """The id of the run that was named: ``r_52``, ``52`` or ``last``; :class:`Stopped` when there is none."""
    if name == "last":
        newest = store.history(limit=1)
        if newest:
            return newest[0].run
        raise Stopped(Exit.USAGE, "there are no runs yet", 'reign-tui run "…" makes the first one')
    run = f"r_{name}" if name.isdigit() else name
    if store.run(run) is None:
        raise Stopped(Exit.USAGE, f"there is no run {name!r}", "reign-tui history lists them")
    return run


def known_step(steps: list[str], name: str) -> str:
    """The id of the step that was named: ``s2`` or ``2``; :class:`Stopped` when the run has none of that name."""
    for candidate in (name, f"s{name}"):
        if candidate in steps:
            return candidate
    raise Stopped(Exit.USAGE, f"there is no step {name!r} in this run", f"its steps: {', '.join(steps) or 'none'}")
