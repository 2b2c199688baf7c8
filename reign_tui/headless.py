"""A run without a screen: events become JSON lines, or plain lines that a person reads while it works."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reign_agents.events import Event, EventType, Outcome
from reign_executors.errors import OperationError, ToolMissing
from reign_tui.cancel_request import watch
from reign_tui.dumps import DUMPED, mattering
from reign_tui.model_lines import ModelLines
from reign_tui.plain_plan import plan_lines, step_lines
from reign_tui.text import duration, json_text, one_line, plain

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_executors.operation import JsonObject

CONTRACT = frozenset(EventType) - {EventType.PLAN_DRAFTED, EventType.STEP_PREVIEWED, EventType.STEP_PROGRESS}
"""Types of events that ``--json`` prints."""

WORDS_EVERY = 1.0
"""Seconds between two JSON lines of the same words while a model writes them."""
OUTPUT_LINES = 200
"""Lines of one step's output that plain lines show; the log file has all."""


class Presenter(Protocol):
    """Shows a run to whoever reads it."""

    def show(self, event: Event) -> None:
        """One event, in order."""
        ...

    def tick(self) -> None:
        """Called about twice a second while the run goes on."""
        ...


Ask = Callable[["Session", Event], Awaitable[None]]
"""Answers what an event asks a person; called only where somebody can be asked."""


class Lines:
    """Writes to a stream whose reader may go away: then nothing more is written, and the run goes on."""

    def __init__(self, stream: object) -> None:
        self._stream = stream
        self._gone = False

    def write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(text)  # type: ignore[attr-defined]
            self._stream.flush()  # type: ignore[attr-defined]
        except (BrokenPipeError, ValueError, OSError):
            self._gone = True
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())  # type: ignore[attr-defined]


class JsonLines:
    """The contract's events on stdout, one JSON object a line."""

    def __init__(self) -> None:
        self._out = Lines(sys.stdout)
        self._words = 0.0

    def show(self, event: Event) -> None:
        if event.type is EventType.PLANNER_SAID and event.data.get("state") == "writing":
            if time.monotonic() < self._words:
                return
            self._words = time.monotonic() + WORDS_EVERY
        if event.type in CONTRACT:
            self._out.write(json_text(event.to_json()) + "\n")

    def tick(self) -> None:
        """JSON has no clock."""


class PlainLines:
    """Words for people on stderr; the answer to what was asked goes to stdout.

    ``live``: a status line that is written over again tells what runs at the moment (on a terminal only).
    ``asks``: somebody is asked here; without that, questions are shown as what would have been asked.
    """

    def __init__(self, *, live: bool, asks: bool = False) -> None:
        self.asks = asks
        self._err = Lines(sys.stderr)
        self._out = Lines(sys.stdout)
        self._live = live
        self._status = ""
        self._running: dict[str, tuple[str, float]] = {}
        self._progress: dict[str, str] = {}
        self._tails: dict[str, _Tail] = {}
        self._operations: dict[str, str] = {}
        self._question: str | None = None
        self._told: set[str] = set()
        self._has_plan = False
        self._investigates = False
        self._changes = False
        self._asking = False
        self._model = ModelLines()

    def say(self, *lines: str) -> None:
        """Lines on stderr, above the status line."""
        if self._status or self._asking:
            self._err.write("\r\x1b[K" if self._status else "\n" if lines else "")
            self._status = ""
        for line in lines:
            self._err.write(line + "\n")

    def ask(self, prompt: str) -> None:
        """A question at the end of which the cursor stays; the status line rests until :meth:`answered`."""
        self.say()
        self._asking = True
        self._err.write(plain(prompt))

    def answered(self) -> None:
        """The question was answered; the status line may come back."""
        self._asking = False

    def show(self, event: Event) -> None:
        data = event.data
        step = event.step or ""
        if told := self._model.lines(event):
            self.say(*told)
        match event.type:
            case EventType.RUN_STARTED:
                mode = f", {data['mode']} mode" if data.get("mode") not in (None, "ask") else ""
                self.say(f"run {event.run}{', resumed' if data.get('resumed') else ''}{mode}")
            case EventType.PLAN_READY:
                self._planned(data)
            case EventType.APPROVAL_REQUESTED if not self.asks:
                self._would_ask(data)
            case EventType.STEP_STARTED:
                self._operations[step] = str(data.get("operation") or "")
                self._running[step] = (self._operations[step], asyncio.get_running_loop().time())
                again = f", attempt {data['attempt']}" if data.get("attempt") not in (None, 1) else ""
                self.say(f"{step}  started  {self._operations[step]}{again}")
            case EventType.STEP_PROGRESS:
                self._progress[step] = one_line(str(data.get("text") or ""), 60)
            case EventType.OUTPUT_APPENDED:
                self._tail(step, data.get("path"))
            case EventType.STEP_FINISHED:
                self._finished(step, data)
            case EventType.FINDING:
                who = f"{one_line(str(data['planner']))} concludes" if data.get("planner") else "found"
                self.say(f"{who}: {one_line(str(data.get('text')))}", *_measured(data))
            case EventType.QUESTION:
                self._question = str(data.get("text"))
                who = "" if data.get("planner") in (None, "offline") else f"{one_line(str(data['planner']))} asks: "
                self.say(
                    who + plain(self._question),
                    *(f"  - {one_line(str(s))}" for s in _list(data.get("suggestions"))),
                    *(f"assumed: {one_line(str(one))}" for one in _list(data.get("assumptions"))),
                )
            case EventType.RUN_FINISHED:
                self._ended(event)
            case _:
                return

    def tick(self) -> None:
        thinks = self._model.status()
        if not self._live or not (self._running or thinks) or self._asking:
            return
        now = asyncio.get_running_loop().time()
        parts = [thinks] if thinks else []
        for step, (operation, since) in self._running.items():
            progress = self._progress.get(step, "")
            parts.append(f"{step} {operation} {duration(now - since)}{' ' + progress if progress else ''}")
        status = one_line(" · ".join(parts), max(os.get_terminal_size(2).columns - 1, 20))
        self._err.write(f"\r\x1b[K{status}")
        self._status = status

    def _planned(self, data: Mapping[str, object]) -> None:
        plan = data.get("plan")
        if isinstance(plan, dict):
            self._has_plan = True
            self._investigates = plan.get("intent") == "debug"
            self._changes = any((step.get("effect") or {}).get("changes") for step in plan.get("steps") or [])
            self.say(*plan_lines(plan))

    def _would_ask(self, data: Mapping[str, object]) -> None:
        """What a person would have been asked; nobody is here to answer."""
        steps = [one for one in _list(data.get("steps")) if isinstance(one, dict)]
        for one in steps:
            self.say(f"would have asked, {str(data.get('risk')).upper()}: {one_line(str(data.get('why')))}")
            self.say(*step_lines(one))
        if data.get("moved"):
            self.say(f"      it moved since it was approved: {one_line(str(data['moved']))}")
        self.say(f"      approval {data.get('hash')}")

    def _tail(self, step: str, path: object) -> None:
        if step not in self._tails and isinstance(path, str):
            self._tails[step] = _Tail(Path(path))
        if step in self._tails and not self._dumps(step):
            self.say(*(f"{step}  | {line}" for line in self._tails[step].lines()))

    def _dumps(self, step: str) -> bool:
        """Whether a step writes a whole object of which only a part is wanted."""
        return self._investigates and self._operations.get(step) in DUMPED

    def _finished(self, step: str, data: Mapping[str, object]) -> None:
        self._running.pop(step, None)
        self._progress.pop(step, None)
        outcome = str(data.get("outcome"))
        matters = mattering(data.get("outputs")) if outcome == Outcome.DONE.value and self._dumps(step) else []
        if step in self._tails:
            tail = self._tails.pop(step)
            lines = [*matters, f"… all of it: {tail.path}"] if matters else tail.lines(last=True)
            self.say(*(f"{step}  | {line}" for line in lines))
        seconds = data.get("seconds")
        taken = f"  {duration(seconds)}" if isinstance(seconds, int | float) else ""
        verified = {True: ", verified", False: ", NOT verified"}.get(data.get("verified"), "")  # type: ignore[call-overload]
        self.say(f"{step}  {outcome}{verified}  {self._operations.get(step, '')}{taken}".rstrip())
        error = data.get("error")
        if isinstance(error, dict):
            cause, way_out = (one_line(str(error.get(key) or "")) for key in ("cause", "way_out"))
            self.say(*(f"    {line}" for line in (cause, way_out) if line))
            self._told.add(f"{cause} ({way_out})" if way_out else cause)

    def _ended(self, event: Event) -> None:
        outcome, code, answer = event.data.get("outcome"), event.data.get("exit"), event.data.get("answer")
        told = {self._question, *self._told}
        if isinstance(answer, str) and answer.strip() and answer not in told and one_line(answer) not in told:
            if code == 0:
                self._out.write(plain(answer).rstrip("\n") + "\n")
            else:
                self.say(plain(answer))
        next_command = {
            Outcome.DONE.value: f"; reign-tui undo {event.run} leads back"
            if self._changes and self._operations
            else "",
            Outcome.FAILED.value: f"; reign-tui show {event.run} tells more" if self._operations else "",
            Outcome.CANCELLED.value: f"; reign-tui resume {event.run} goes on, undo {event.run} leads back"
            if self._has_plan or self._operations
            else "",
        }.get(str(outcome), "")
        self.say(f"run {event.run} {outcome} (exit {code}){next_command}" if event.run else f"{outcome} (exit {code})")


class Planning(PlainLines):
    """What is told while a plan is made that nobody runs: on stderr. ``findings`` are what came up, as in the event."""

    def __init__(self, *, live: bool) -> None:
        super().__init__(live=live)
        self.findings: list[JsonObject] = []

    def show(self, event: Event) -> None:
        if event.type is EventType.FINDING:
            self.findings.append(event.data)
        super().show(event)

    def settle(self, answer: object) -> None:
        """Planning has ended with this answer (None: with none), which is shown by itself."""
        self.say(*self._model.settle(answer))


def _measured(data: Mapping[str, object]) -> list[str]:
    """What a model's finding rests on."""
    if not data.get("planner"):
        return []
    cited = [one for one in _list(data.get("evidence")) if isinstance(one, dict)]
    return [
        f"  measured by {one_line(str(one.get('query')))}: {one_line(str(one.get('excerpt')), 300)}" for one in cited
    ]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


class _Tail:
    """Reads what was added to a step's log; whole lines, harmless, at most :data:`OUTPUT_LINES`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._shown = 0
        self._rest = b""

    def lines(self, *, last: bool = False) -> list[str]:
        if self._shown >= OUTPUT_LINES:
            return []
        try:
            with self.path.open("rb") as log:
                log.seek(self._offset)
                fresh = log.read(262_144)
        except OSError:
            return []
        self._offset += len(fresh)
        *whole, self._rest = (self._rest + fresh).replace(b"\r\n", b"\n").split(b"\n")
        if last and self._rest:
            whole, self._rest = [*whole, self._rest], b""
        room = OUTPUT_LINES - self._shown
        self._shown += len(whole)
        shown = [plain(line.decode("utf-8", "replace").rsplit("\r", 1)[-1]) for line in whole[:room]]
        return [*shown, f"… more in {self.path}"] if len(whole) > room else shown


@asynccontextmanager
async def shown(session: Session, presenter: Presenter) -> AsyncIterator[None]:
    """All events that come meanwhile are shown by ``presenter``."""
    subscription = session.subscribe()

    async def show() -> None:
        async for event in subscription:
            presenter.show(event)

    showing, ticking = asyncio.create_task(show()), asyncio.create_task(_tick(presenter))
    try:
        yield
    finally:
        subscription.close()
        ticking.cancel()
        await showing


async def drive(
    session: Session,
    begin: Callable[[], Awaitable[str]],
    presenter: Presenter,
    ask: Ask | None = None,
) -> int:
    """Start a run by ``begin``, show its events until ``run.finished``, and return its exit code.

    SIGINT and SIGTERM cancel the run by each operation's ladder, and the run ends with 130 or 143; a second signal
    leaves at once (what is under way is then found by ``resume``). With ``ask`` a person answers what is asked.
    """
    subscription = session.subscribe()
    loop = asyncio.get_running_loop()
    asking: set[asyncio.Future[None]] = set()
    run = ""
    stopping: list[int] = []
    cancelling: list[asyncio.Task[None]] = []

    def stop(code: int) -> None:
        if stopping:
            os._exit(code)
        stopping.append(code)
        for task in asking:
            task.cancel()
        cancelling.append(loop.create_task(until_cancelled(code)))

    async def until_cancelled(code: int) -> None:
        """A run that is still being planned can't be cancelled yet: again until it can."""
        while True:
            if run:
                await session.cancel(run, exit_code=code)
            await asyncio.sleep(0.05)

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        loop.add_signal_handler(number, stop, code)
    ticking = asyncio.create_task(_tick(presenter))
    watching: asyncio.Task[None] | None = None
    try:
        try:
            run = await begin()
        except OperationError as error:
            return _failed_to_begin(presenter, error)
        watching = asyncio.create_task(watch(session, run))
        driven = asyncio.create_task(session.wait(run))
        driven.add_done_callback(lambda done: _close_when_failed(done, subscription))
        others: list[Event] = []
        while True:
            early, others = [event for event in others if event.run == run], []
            async for event in _after(early, subscription):
                if event.run != run:
                    others.append(event)
                    continue
                presenter.show(event)
                if event.type is EventType.RUN_FINISHED:
                    break
                if ask is not None and not stopping:
                    task = asyncio.ensure_future(ask(session, event))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
            following = None if ask is None or stopping else await session.follower(run)
            if following is None:
                break
            run = following
            watching.cancel()
            watching = asyncio.create_task(watch(session, run))
            driven = asyncio.create_task(session.wait(run))
            driven.add_done_callback(lambda done: _close_when_failed(done, subscription))
        try:
            return (await driven).exit
        except OperationError as error:
            return _failed_to_begin(presenter, error, run)
        except Exception:
            presenter.show(never_began("something unexpected went wrong", 1, run))
            raise
    finally:
        for waiting in (ticking, watching, *asking, *cancelling):
            if waiting is not None:
                waiting.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        subscription.close()


async def _after(early: list[Event], later: AsyncIterable[Event]) -> AsyncIterator[Event]:
    """Events that came already, then those that come."""
    for event in early:
        yield event
    async for event in later:
        yield event


def _close_when_failed(done: asyncio.Task[object], subscription: object) -> None:
    """A run that ended without its last event must not be waited for."""
    if done.cancelled() or done.exception() is not None:
        subscription.close()  # type: ignore[attr-defined]


async def _tick(presenter: Presenter) -> None:
    while True:
        await asyncio.sleep(0.5)
        presenter.tick()


_EXITS = {
    "nothing_to_undo": 0,
    "not_found": 2,
    "invalid_plan": 2,
    "invalid_fields": 2,
    "unknown_operation": 2,
    ToolMissing.kind: 6,
    "budget": 3,
}


def _failed_to_begin(presenter: Presenter, error: OperationError, run: str = "") -> int:
    code = _EXITS.get(error.kind, 1)
    presenter.show(never_began(str(error), code, run))
    return code


def never_began(sentence: str, code: int, run: str = "") -> Event:
    """The last line of a run that could not even begin: it has one all the same."""
    outcome = Outcome.DONE if code == 0 else Outcome.FAILED
    return Event(run, EventType.RUN_FINISHED, {"outcome": outcome.value, "exit": code, "answer": sentence}, seq=1)
