"""Conditions on files, releases and commits: nothing is done at once that was to be done only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.conditions import asked_first, condition
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.stated import ruled_out
from reign_agents.planning.unheld import spared_names, unheld
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import LISTINGS

FILES = (
    "a.txt",
    "b.txt",
    "use/a.txt",
    "notes.txt",
    "notes.bak",
    "app.log",
    "test.log",
    "report.csv",
    "data.csv",
    "build/x",
    "dist/x",
    "archive/notes.txt",
)


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    return LISTINGS.get(operation) or {"objects": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("conditions")
    for name in FILES:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x\n", "utf-8")
    return root


async def planned(text: str, folder: Path) -> Draft:
    return await OfflinePlanner().draft(text, PlanningContext(EngineSettings(cwd=folder), default_registry(), looked))


@pytest.mark.parametrize(
    "text",
    [
        "delete a.txt if b.txt exists",
        "delete folder build if dist exists",
        "delete build if folder dist is there",
        "rm a.txt if b.txt is gone",
        "delete a.txt if it exists in archive",
        "delete a.txt if it exists and is empty",
        "delete notes.txt if we have a backup",
        "delete notes.txt if i have a copy",
        "delete notes.txt if you find a copy",
        "delete a.txt if not in use",
        "delete a.txt if not used",
        "delete a.txt if it is not needed",
        "delete a.txt unless it is needed",
        "delete notes.txt if there is a copy in archive",
        "delete notes.txt if there are copies",
        "delete report.csv only if it is empty",
        "rm test.log only if it is empty",
        "delete data.csv only if it is empty",
        "show me notes.txt and delete a.txt if it is empty",
        "check app.log and delete notes.txt if it is empty",
        "check if a.txt is empty and delete it",
        "delete a.txt if so",
        "uninstall release web when nobody uses it",
        "uninstall web when traffic drains",
        "uninstall web once we migrated",
        "uninstall web once it fails",
        "uninstall web as soon as traffic moves",
        "uninstall web after the migration",
        "uninstall web until we move",
        "uninstall web while nobody looks",
        "uninstall web given that nobody uses it",
        "uninstall web once done with the migration",
        "uninstall web, if nobody uses it",
        "uninstall web, once traffic drains",
        "delete a.txt if there is any backup",
        "uninstall web if we have a backup",
        "uninstall web if it is not needed",
        "uninstall web if it fails",
        "rollback web if the upgrade fails",
        "wait until traffic drains, then uninstall web",
    ],
)
async def test_what_hangs_on_a_condition_is_asked(text: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert draft.steps == ()
    assert draft.question


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("delete notes.txt if it exists", ["file.remove notes.txt"]),
        ("delete notes.txt if notes.txt exists", ["file.remove notes.txt"]),
        ("delete notes.txt if you can", ["file.remove notes.txt"]),
        ("create folder logs3 if not there", ["file.make_directory logs3"]),
        ("create folder logs3 if not already there", ["file.make_directory logs3"]),
        ("create folder logs3 if needed", ["file.make_directory logs3"]),
        ("create folder logs3 if there is none", ["file.make_directory logs3"]),
        ("create directory logs2 unless it exists", ["file.make_directory logs2"]),
        ("create directory logs2 if it doesn't exist yet", ["file.make_directory logs2"]),
        ("create directory logs2 if it doesn’t exist", ["file.make_directory logs2"]),
        ("commit all changes with message fix if condition in parser", ["git.commit fix if condition in parser"]),
        ('commit all with message "only if it works"', ["git.commit only if it works"]),
        ("stash my changes if any", ["shell.command git stash push"]),
        ("stash changes if there are any", ["shell.command git stash push"]),
        ("delete notes.txt but keep notes.bak", ["file.remove notes.txt"]),
        ("delete a.txt, keep notes.txt", ["file.remove a.txt"]),
        ("delete a.txt but leave b.txt alone", ["file.remove a.txt"]),
        ("delete a.txt and keep b.txt and notes.txt", ["file.remove a.txt"]),
        ("uninstall web if it exists", ["helm.uninstall web"]),
        ("uninstall web when you are done", ["helm.uninstall web"]),
        ("uninstall web when you're ready", ["helm.uninstall web"]),
        ("uninstall web when possible", ["helm.uninstall web"]),
        ("uninstall release web after that", ["helm.uninstall web"]),
        ("uninstall web once more", ["helm.uninstall web"]),
        ("uninstall web at once", ["helm.uninstall web"]),
        ("uninstall web, when you are done", ["helm.uninstall web"]),
        ("uninstall web while you're at it", ["helm.uninstall web"]),
        ("uninstall web and wait until it is gone", ["helm.uninstall web"]),
    ],
)
async def test_what_is_no_condition_is_planned(text: str, steps: list[str], folder: Path) -> None:
    keys = ("path", "message", "command", "release")
    found = (await planned(text, folder)).steps
    assert [
        " ".join([one.operation, *(str(one.fields[key]) for key in keys if one.fields.get(key))]) for one in found
    ] == (steps)


@pytest.mark.parametrize(
    "text",
    [
        "restart web and db, no front",
        "restart web and db, but no front",
        "stop web and db, no front please",
        "restart web and db no front",
        "restart all containers, no front",
        "restart everything, no db or front",
    ],
)
async def test_what_is_said_with_no_is_left_alone(text: str) -> None:
    assert "front" in ruled_out(text)


@pytest.mark.parametrize("text", ["there is no front, stop web", "run nginx with no front", "nothing in front"])
def test_what_is_not_there_is_not_ruled_out(text: str) -> None:
    assert "front" not in ruled_out(text)


def test_what_is_kept_elsewhere_is_a_wish() -> None:
    assert spared_names("delete a.txt but keep a copy in archive/a.txt") == frozenset()
    assert spared_names("delete a.txt but keep ./b.txt, c/d and e.bak") == {"./b.txt", "c/d", "e.bak"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("upgrade web and if it fails roll back", None),
        ("if it fails roll back", None),
        ("tell me when web is up", None),
        ("upgrade web, once it is up tell me", None),
        ("upgrade web once db is up and tell me", "once db is up and tell me"),
        ("restart web unless-stopped", None),
        ("commit my changes if there are changes", None),
        ("install the release web if it isn't installed", None),
        ("install cache if postgres is installed", "if postgres is installed"),
        ("apply infra when the “blue one” is up", "when the blue one is up"),
        ("delete a.txt when", None),
        ("commit all when tests pass", "when tests pass"),
        ("delete a.txt " + "if it exists " * 30, "if it exists if it exists"),
    ],
)
def test_a_condition_is_read_once_for_all(text: str, said: str | None) -> None:
    found = condition(text)
    assert found is None if said is None else (found or "").startswith(said)


def test_the_question_offers_the_change_without_it() -> None:
    question = asked_first("uninstall web once we’ve migrated", ("list helm releases",))
    assert question is not None
    assert question.suggestions == ("list helm releases", "uninstall web")


@pytest.mark.parametrize(
    "word",
    [" ", "if ", "delete ", "a ", "not ", "no ", "keep ", "tell ", ", and ", "when it ", "x", ".", "but keep a.b "],
)
@pytest.mark.parametrize("end", ["", "\0"])
def test_long_requests_are_read_at_once(word: str, end: str) -> None:
    text = f"delete a.txt if {word * (20_000 // len(word))}{end}"
    condition(text)
    ruled_out(text)
    spared_names(text)
    unheld(text, ())
