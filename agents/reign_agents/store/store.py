"""The way in: opens what is remembered, writes to it, reads from it, keeps runs and resources apart."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self

from pydantic import JsonValue

from reign_agents.audit import entries
from reign_agents.audit.chain import Chain, purge
from reign_agents.audit.forward import Forward
from reign_agents.events import Event, EventType, Outcome, now
from reign_agents.plan.model import Plan
from reign_agents.store import history, journal
from reign_agents.store.blobs import CAPTURE_LIMIT, TOTAL_LIMIT, BlobPlace, Blobs
from reign_agents.store.database import Database
from reign_agents.store.errors import (
    BlobGone,
    BlobTooLarge,
    LeaseHeld,
    LockHeld,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreNewer,
    StoreOnNetwork,
    typed,
)
from reign_agents.store.leases import Holder, Lease, is_held
from reign_agents.store.locks import PATIENCE, Locks, ResourceLocks
from reign_agents.store.opening import Opened, open_store, suspect_mark
from reign_agents.store.places import StorePaths, file_name, make_folder, open_private
from reign_agents.store.recall import recall
from reign_agents.store.records import (
    AnswerRecord,
    ApprovalRecord,
    GrantRecord,
    Intent,
    LedgerEntry,
    Message,
    Recalled,
    RunRecord,
    SessionRecord,
    StepOutcome,
    StepRecord,
)
from reign_agents.store.spending import Spending, spent_json
from reign_executors.operation import JsonObject

__all__ = [
    "BlobGone",
    "BlobTooLarge",
    "Lease",
    "LeaseHeld",
    "LockHeld",
    "Locks",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreNewer",
    "StoreOnNetwork",
    "StorePaths",
]

EVENTS_AT_ONCE = 500


class Store:
    """What Reign remembers. Writes return when they are committed; ``events`` given with them are journalled in the
    same transaction and come back with their ``seq``. An intent and an outcome are on the disk when they return.

    ``durable`` is False when nothing can be kept beyond this process; ``warnings`` say what a person must know.
    Writes raise :class:`StoreError`, which says what is not written down.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        capture_limit: int = CAPTURE_LIMIT,
        blob_total: int = TOTAL_LIMIT,
        audit_forward: str | None = None,
    ) -> None:
        self.paths = opened.paths
        self.durable = opened.durable
        self.warnings = opened.warnings
        self._asked = opened.asked
        path = opened.path
        self._forward = None if audit_forward is None else Forward(audit_forward)
        self._chain = Chain(None if path is None else self.paths.audit_head, self._forward)
        self._database = Database(
            opened.connection,
            path,
            suspect=None if path is None else lambda: suspect_mark(path).touch(mode=0o600),
            committed=self._chain.committed,
            rolled_back=self._chain.rolled_back,
        )
        self.blobs = Blobs(
            BlobPlace(self.paths.blobs, self.paths.key),
            self._database,
            self.is_driven,
            limit=capture_limit,
            total=blob_total,
            older=None if self.durable else BlobPlace(self._asked.blobs, self._asked.key),
        )
        self.spending = Spending(self._database)
        self._locks = ResourceLocks(self.paths.locks if self.durable else _common_locks(self.paths))
        self._passing_mark = secrets.token_hex(3)
        self._passing = count(1)

    @classmethod
    def open(
        cls,
        paths: StorePaths,
        *,
        capture_limit: int = CAPTURE_LIMIT,
        blob_total: int = TOTAL_LIMIT,
        audit_forward: str | None = None,
    ) -> Store:
        """Open or make it. Raises ``StoreNewer``, ``StoreOnNetwork``, ``StoreBusy``; a folder that can't be written
        gives a store that does not last (``durable``), a damaged database is set aside; ``warnings`` say so.
        ``audit_forward``: rows of the audit chain also go to ``syslog`` or ``journald``.
        """
        opened = open_store(paths)
        return cls(opened, capture_limit=capture_limit, blob_total=blob_total, audit_forward=audit_forward)

    async def close(self) -> None:
        """Write what waits, then close. Twice is harmless."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """:meth:`close` for code outside of a loop."""
        self._database.close_now()
        if self._forward is not None:
            self._forward.close()
        if not self.durable:
            shutil.rmtree(self.paths.data.parent, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_now()

    # writes -----------------------------------------------------------------------------------------------------

    def next_run_id(self) -> str:
        """``r_52``: rises, and no process gets it a second time."""
        if not self.durable:
            return f"r_{self._passing_mark}_{next(self._passing)}"
        return self._database.write_now(journal.next_run, "no run can be begun")

    async def start_run(self, run: RunRecord, *events: Event) -> tuple[Event, ...]:
        """A run begins. ``run.run`` comes from :meth:`next_run_id`."""
        return await self._database.write(
            lambda db: journal.start_run(db, run, events), f"the start of {run.run} is not written down"
        )

    async def save_plan(self, run: str, plan: Plan, *events: Event) -> tuple[Event, ...]:
        """The run's plan as it is now, previewed or edited."""
        time = now()
        return await self._database.write(
            lambda db: journal.save_plan(db, run, plan, time, events), f"the plan of {run} is not written down"
        )

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """Journal events alone; progress (``seq`` 0) passes unchanged."""
        if not events:
            return ()
        what = f"what happened in {events[0].run} ({events[0].type}) is not written down"
        return await self._database.write(lambda db: journal.append(db, events), what)

    async def intent(self, entry: Intent, *events: Event) -> tuple[Event, ...]:
        """Before an effect. When this raises, the effect must not happen."""
        taken = self.blobs.taken(entry.run, entry.step)
        what = f"the intent of {entry.run}/{entry.step} is not written down, so it must not run"

        def work(db: sqlite3.Connection) -> tuple[Event, ...]:
            told = journal.intend(db, entry, taken, events)
            entries.began(db, self._chain, entry)
            return told

        try:
            return await self._database.write(work, what, full=True)
        except StoreError:
            self.blobs.give_back(entry.run, entry.step, taken)
            raise

    async def outcome(self, entry: StepOutcome, *events: Event) -> tuple[Event, ...]:
        """After an effect, or when a step ends without one (``attempt`` 0)."""
        what = f"how {entry.run}/{entry.step} ended ({entry.outcome}) is not written down"
        audited = entries.is_told(entry)

        def work(db: sqlite3.Connection) -> tuple[Event, ...]:
            told = journal.end(db, entry, events)
            if audited:
                entries.ended(db, self._chain, entry)
            return told

        kept = await self._database.write(work, what, full=entry.attempt > 0 or audited)
        self.blobs.forget(entry.run, entry.step)
        return kept

    async def approval(self, entry: ApprovalRecord, *events: Event) -> tuple[Event, ...]:
        """A person is asked."""
        what = f"the question {entry.approval} of {entry.run} is not written down"
        return await self._database.write(lambda db: journal.ask(db, entry, events), what)

    async def answered(self, entry: AnswerRecord, *events: Event) -> tuple[Event, ...]:
        """A person answered."""
        what = f"the answer to {entry.approval} of {entry.run} is not written down"

        def work(db: sqlite3.Connection) -> tuple[Event, ...]:
            told = journal.answer(db, entry, events)
            entries.answered(db, self._chain, entry)
            return told

        return await self._database.write(work, what, full=True)

    async def grant(self, entry: GrantRecord) -> GrantRecord:
        """A person gave a standing permission; it comes back with its id."""
        what = f"the grant for {entry.operation} is not written down, so it does not hold"

        def work(db: sqlite3.Connection) -> GrantRecord:
            named = journal.grant(db, entry)
            entries.granted(db, self._chain, named)
            return named

        return await self._database.write(work, what, full=True)

    async def revoke(self, grant: str | None, by: str) -> list[str]:
        """Take back a grant (None: all of them); returns the ids of those that held until now."""
        time = now()
        what = f"that {grant or 'every grant'} is revoked is not written down: it still holds"

        def work(db: sqlite3.Connection) -> list[str]:
            ended = journal.revoke(db, grant, by, time)
            entries.revoked(db, self._chain, ended, by)
            return ended

        return await self._database.write(work, what, full=True)

    async def undone(self, run: str, step: str, by_run: str, *events: Event) -> tuple[Event, ...]:
        """A change of the ledger was undone by ``by_run``."""
        time = now()
        what = f"that {run}/{step} was undone by {by_run} is not written down"

        def work(db: sqlite3.Connection) -> tuple[Event, ...]:
            told = journal.undo(db, run, step, by_run, time, events)
            entries.undone(db, self._chain, run, step, by_run)
            return told

        return await self._database.write(work, what, full=True)

    async def finish_run(
        self,
        run: str,
        outcome: Outcome,
        exit: int,  # noqa: A002 - the contract's word
        answer: str | None,
        *events: Event,
    ) -> tuple[Event, ...]:
        """A run ended."""
        time = now()
        what = f"the end of {run} ({outcome}) is not written down"

        def work(db: sqlite3.Connection) -> tuple[Event, ...]:
            told = journal.finish_run(db, run, outcome, exit, answer, time, events)
            entries.finished(db, self._chain, run, outcome, exit, answer)
            return told

        return await self._database.write(work, what, full=True)

    def audit(self, kind: str, payload: JsonObject) -> None:
        """Add a row to the audit chain that belongs to no run (a credential was set); ``payload`` holds no secret."""
        what = f"{kind} is not written into the audit chain"
        self._database.write_now(lambda db: self._chain.append(db, kind, payload), what, full=True)

    def purge_audit(self, row: int, why: str) -> bool:
        """Remove the payload of one row of the audit chain for good, which is a row itself; False: it has none."""
        what = f"the payload of row {row} is not purged"
        found = self._database.write_now(lambda db: purge(db, self._chain, row, why), what, full=True)
        if found:
            self._database.shred()
        return found

    async def add_message(self, session: str, who: str, text: str, run: str | None = None) -> int:
        """Something was said; returns the message's number."""
        time = now()
        what = "what was said is not written down"
        return await self._database.write(lambda db: journal.add_message(db, session, who, text, run, time), what)

    async def keep_planned(self, session: str, request: str, plan: Plan, answer: str) -> None:
        """A request that was only planned, and what was said to it, for the conversation to go on from."""
        time = now()
        what = "what was planned is not written down"

        def work(db: sqlite3.Connection) -> None:
            journal.add_message(db, session, "person", request, plan.id, time)
            journal.add_message(db, session, "reign", answer, plan.id, time)
            if plan.steps:
                journal.keep_planned(db, plan, time)

        await self._database.write(work, what)

    # reads ------------------------------------------------------------------------------------------------------

    def history(
        self,
        *,
        limit: int = 50,
        session: str | None = None,
        search: str | None = None,
        operation: str | None = None,
    ) -> list[RunRecord]:
        """Runs, newest first. ``search``: part of the request, or a run's id; ``operation``: a name or its family."""
        with self._database.read() as db:
            return history.runs(db, self.is_driven, limit=limit, session=session, search=search, operation=operation)

    def planned(self, session: str, limit: int = 20) -> list[RunRecord]:
        """What was only planned in a conversation, newest first, as if it were runs: with the plan's id and the outcome
        ``planned``. :meth:`plan` gives the plan by that id.
        """
        with self._database.read() as db:
            return history.planned(db, session, limit)

    def run(self, run: str) -> RunRecord | None:
        with self._database.read() as db:
            return next(iter(history.runs(db, self.is_driven, limit=1, run=run)), None)

    def plan(self, run: str) -> Plan | None:
        """The run's newest plan."""
        with self._database.read() as db:
            return history.plan(db, run)

    def steps(self, run: str) -> list[StepRecord]:
        """A run's steps in the plan's order."""
        with self._database.read() as db:
            return history.steps(db, run, self.is_driven(run), self.log_path)

    def events(self, run: str, after: int = 0) -> Iterator[Event]:
        """Journalled events with ``seq`` above ``after``, in order. Those journalled meanwhile come, too."""
        while True:
            with self._database.read() as db:
                some = history.events(db, run, after, EVENTS_AT_ONCE)
            yield from some
            if len(some) < EVENTS_AT_ONCE:
                return
            after = some[-1].seq

    def findings(self, run: str) -> list[JsonObject]:
        """What a run found: the ``data`` of its ``finding`` events, in order."""
        return [event.data for event in self.events(run) if event.type is EventType.FINDING]

    def proposed(self, plan: str) -> Plan | None:
        """The plan that a finding proposes as its cure, by the plan's id; None when no finding does."""
        with self._database.read() as db:
            found = history.proposed(db, plan)
        return None if found is None else Plan.from_json(found)

    def ledger(self, run: str) -> list[LedgerEntry]:
        """What the run changed, newest first, undone or not."""
        with self._database.read() as db:
            return history.ledger(db, run, self.is_driven(run))

    def grants(self, *, operation: str | None = None, active: bool = False) -> list[GrantRecord]:
        """Grants, newest first; ``active``: only those that hold now."""
        with self._database.read() as db:
            return history.grants(db, operation, now() if active else None)

    def requests(self, limit: int = 10_000) -> list[tuple[str, str]]:
        """What was asked for in the last runs, with the outcomes, oldest first, as it was journalled: no secrets."""
        with self._database.read() as db:
            return history.requests(db, limit)

    def unfinished(self) -> list[RunRecord]:
        """Runs that have not ended and that no living process drives, newest first."""
        with self._database.read() as db:
            found = history.runs(db, self.is_driven, limit=1000, unfinished=True)
        return [run for run in found if run.outcome != Outcome.RUNNING.value]

    def show(self, run: str) -> JsonObject | None:
        """The contract's whole ``show`` of one run; None when there is no such run. ``planning`` is what models cost
        for it, in the shape of a group of ``cost``; None where none was asked.
        """
        record = self.run(run)
        if record is None:
            return None
        with self._database.read() as db:
            plan = history.plan_json(db, run)
        spent = self.spending.of_run(run)
        planning = None if spent is None else spent_json(spent, "run")
        steps: list[JsonValue] = [step.to_json() for step in self.steps(run)]
        return {"v": 1, "run": record.to_json(), "plan": plan, "steps": steps, "planning": planning}

    def messages(self, session: str, limit: int = 200) -> list[Message]:
        """The last messages of a conversation, oldest first."""
        with self._database.read() as db:
            return history.messages(db, session, limit)

    def sessions(self, limit: int = 100) -> list[SessionRecord]:
        """Conversations, newest first."""
        with self._database.read() as db:
            return history.sessions(db, limit)

    def recall(self, words: str, limit: int = 10) -> list[Recalled]:
        """Past steps that hold these words, best first."""
        with self._database.read() as db:
            return recall(db, words, limit)

    # files ------------------------------------------------------------------------------------------------------

    def run_folder(self, run: str) -> Path:
        """The run's own folder (made, 0700)."""
        return self._made(self._run_path(self.paths, run))

    def step_path(self, run: str, step: str) -> Path:
        """Where the step's own folder is; nothing is made."""
        return self._step_path(self.paths, run, step)

    def step_folder(self, run: str, step: str) -> Path:
        """The step's own folder (made, 0700)."""
        return self._made(self.step_path(run, step))

    def log_path(self, run: str, step: str) -> Path:
        """Where the step's output is; nothing is made."""
        path = self._step_path(self.paths, run, step) / "output.log"
        if not self.durable:
            earlier = self._step_path(self._asked, run, step) / "output.log"
            with contextlib.suppress(OSError):
                return earlier if earlier.exists() else path
        return path

    @staticmethod
    def _run_path(paths: StorePaths, run: str) -> Path:
        return paths.runs / file_name(run)

    def _step_path(self, paths: StorePaths, run: str, step: str) -> Path:
        return paths.runs.joinpath(file_name(run), "steps", file_name(step))

    @staticmethod
    def _made(path: Path) -> Path:
        try:
            return make_folder(path)
        except OSError as error:
            raise typed(error, f"the folder {path} can't be made") from error

    # leases and locks -------------------------------------------------------------------------------------------

    def lease(self, run: str) -> Lease:
        """The right to drive a run, as a context manager; raises ``LeaseHeld``. It dies with the process."""
        if not self.durable:
            earlier = self._run_path(self._asked, run) / "lease"
            if is_held(earlier):
                raise LeaseHeld(run, str(Holder.read(earlier) or "another process"))
        return Lease(run, self._run_path(self.paths, run) / "lease")

    def is_driven(self, run: str) -> bool:
        """Whether a living process (maybe this one) drives the run."""
        if is_held(self._run_path(self.paths, run) / "lease"):
            return True
        return not self.durable and is_held(self._run_path(self._asked, run) / "lease")

    async def lock(self, resources: frozenset[str], holder: str, *, timeout: float = PATIENCE) -> Locks:
        """Resources for one step alone, as an async context manager. Waits for others; after ``timeout`` seconds
        raises ``LockHeld``, which names who holds it. ``holder`` is ``run/step``.
        """
        return await self._locks.take(resources, holder, timeout)


def _common_locks(paths: StorePaths) -> Path:
    """A folder for locks that all of this user's processes find although the home can't be written."""
    folder = Path(tempfile.gettempdir()) / f"reign-locks-{os.geteuid()}"
    with contextlib.suppress(OSError):
        make_folder(folder)
        if not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
            os.close(open_private(folder / "probe", os.O_RDWR | os.O_CREAT))
            return folder
    return paths.locks
