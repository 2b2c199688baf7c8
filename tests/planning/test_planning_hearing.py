"""What is heard while a model plans: bounded, redacted, harmless, and never in the way of others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reign_agents.engine.hub import Hub
from reign_agents.events import JOURNALLED, Event, EventType
from reign_agents.models.conversation import Conversation, Message, Stop, TextDelta
from reign_agents.models.fake import FakeModel
from reign_agents.models.listening import Breath, Listener, listened, listener, note
from reign_agents.planning.hearing import LONGEST_NOTE, LONGEST_WORDS, Hearing, settled
from reign_executors.redaction import Redactor

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def heard() -> list[tuple[EventType, dict[str, Any]]]:
    return []


@pytest.fixture
def hearing(heard: list[tuple[EventType, dict[str, Any]]]) -> Hearing:
    known = {"vault_phrase": PASSPHRASE, "db_password": "hunter2hunter2"}
    return Hearing(lambda kind, data: heard.append((kind, data)), Redactor(known), known)


def test_planner_events_are_not_journalled() -> None:
    assert not {EventType.PLANNER_NOTED, EventType.PLANNER_SAID} & JOURNALLED


async def test_who_listens_hears_what_is_noted_below(hearing: Hearing, heard: list[Any]) -> None:
    async def below() -> None:
        note("waiting", "asked again in 3 s", planner="a/b", seconds=3.0)

    note("asking", "nobody listens")
    with listened(hearing):
        assert listener() is hearing
        task = asyncio.create_task(below())
    await task
    assert listener() is not hearing
    data = {"kind": "waiting", "text": "asked again in 3 s", "planner": "a/b", "seconds": 3.0}
    assert heard == [(EventType.PLANNER_NOTED, data)]


def test_nobody_listening_hears_nothing() -> None:
    silent = Listener()
    silent.begun("a/b")
    silent.piece("x")
    silent.ended("whole")
    silent.noted("asking", "x", {})


def test_notes_are_harmless_short_and_without_secrets(hearing: Hearing, heard: list[Any]) -> None:
    hearing.noted("gave_up", "\x1b[2Jhunter2\x1b[0mhunter2 " + "x" * 9000, {"result": {"password": "hunter2hunter2"}})
    data = heard[0][1]
    assert "\x1b" not in data["text"]
    assert "hunter2" not in str(data)
    assert len(data["text"]) == LONGEST_NOTE


async def test_words_come_as_they_are_said_and_end(hearing: Hearing, heard: list[Any]) -> None:
    hearing.begun("a/b")
    hearing.piece("one tw")
    await asyncio.sleep(0.01)
    hearing.piece("o three")
    hearing.ended("whole")
    said = [(data["state"], data["text"], data["characters"]) for _, data in heard]
    assert said[0] == ("writing", "one", 6)
    assert said[-1] == ("whole", "one two three", 13)
    hearing.begun("c/d")
    hearing.piece("four")
    hearing.ended("whole")
    assert (heard[-1][1]["planner"], heard[-1][1]["answer"]) == ("c/d", 2)


async def test_an_answer_without_words_is_no_event(hearing: Hearing, heard: list[Any]) -> None:
    hearing.begun("a/b")
    hearing.ended("whole")
    assert heard == []


async def test_what_broke_off_keeps_its_words_and_never_is_whole(hearing: Hearing, heard: list[Any]) -> None:
    hearing.begun("a/b")
    hearing.piece("all that came unti")
    hearing.ended("broken")
    assert [(data["state"], data["text"]) for _, data in heard] == [("broken", "all that came")]


@pytest.mark.parametrize("secret", [PASSPHRASE, "hunter2hunter2"])
@pytest.mark.parametrize("size", [1, 3, 7])
async def test_a_secret_in_pieces_is_never_shown(hearing: Hearing, heard: list[Any], secret: str, size: int) -> None:
    text = f"the secret is {secret} and\x1b[31m nothing else, {secret[:4]}\x1b[0m{secret[4:]} again"
    hearing.begun("a/b")
    for at in range(0, len(text), size):
        hearing.piece(text[at : at + size])
        hearing._tell()
    hearing.ended("whole")
    assert len(heard) > 5
    beginning = secret[:8]
    assert all(beginning not in data["text"] and "\x1b" not in data["text"] for _, data in heard)
    assert heard[-1][1]["text"].count("{{secret:") == 2


async def test_a_flood_becomes_few_events_of_bounded_size(hearing: Hearing, heard: list[Any]) -> None:
    hearing.begun("a/b")
    for number in range(200_000):
        hearing.piece("word ")
        if number % 1000 == 0:
            await asyncio.sleep(0)
    assert sum(map(len, hearing._parts)) < LONGEST_WORDS + 1000
    hearing.ended("whole")
    assert hearing._timer is None
    assert len(heard) < 400
    assert max(len(data["text"]) for _, data in heard) <= LONGEST_WORDS
    assert heard[-1][1]["characters"] == 1_000_000


async def test_a_slow_reader_finds_only_the_last_words_of_each_answer() -> None:
    hub = Hub()
    slow = hub.subscribe()
    known = Hearing(lambda kind, data: hub.publish(Event("r_1", kind, data)), Redactor())
    for _answer in range(2):
        known.begun("a/b")
        for _ in range(50):
            known.piece("more words ")
            known._tell()
        known.ended("whole")
        known.noted("looked", "looked at x", {})
        known.noted("looked", "looked at y", {})
    waiting = slow.drain()
    assert [event.type.value for event in waiting].count("planner.said") == 2
    assert [event.type.value for event in waiting].count("planner.noted") == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two", "one "),
        ("one two ", "one two "),
        ("nospace", ""),
        ("\u4f60\u597d", "\u4f60\u597d"),
        ("say correct horse bat", "say "),
        ("say correct horse batter", "say "),
        ("say correction ", "say correction "),
        ("", ""),
    ],
)
def test_only_what_can_be_no_secret_any_more_is_settled(text: str, shown: str) -> None:
    assert settled(text, {"p": PASSPHRASE, "q": "onlyoneword"}) == shown


async def test_a_model_that_never_waits_lets_others_have_their_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    breath = Breath()
    model = FakeModel([*[TextDelta("x")] * 100_000, Stop("end")])
    async for _piece in model.stream(Conversation("s", (Message("user", "u"),))):
        await breath.taken()
    assert turns > 5
    task.cancel()
