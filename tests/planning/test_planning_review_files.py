"""Files, folders and commits with something left out, in folders named or not: what is planned is exact, or asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import LISTINGS

CHANGED: JsonObject = {
    "staged": [],
    "changed": ["notes.txt", "secrets/key.pem", "conf dir/a.yaml"],
    "untracked": [".env", "x.csv"],
    "branch": "main",
}
THERE = (
    "a.txt notes.txt a.csv b.csv archive/a.csv archive/x.log build/x build/cache/c src/a.py src/b.py "
    "src/.env src/sub/z logs/a.log logs/b.log old/a.txt infra/main.tf infra/terraform.tfstate "
    "stacks/one/prod/terraform.tfstate"
)


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    return CHANGED if operation == "git.status" else LISTINGS.get(operation) or {"objects": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in THERE.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n", "utf-8")
    return tmp_path


async def planned(text: str, folder: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=folder), default_registry(), looked)
    return await OfflinePlanner().draft(text, context)


def said(draft: Draft) -> list[str]:
    keys = ("path", "source", "destination", "into")
    return [" ".join([one.operation, *(str(one.fields[k]) for k in keys if k in one.fields)]) for one in draft.steps]


@pytest.mark.parametrize(
    "text",
    [
        "remove the folder build except cache",
        "remove the folder build except for the cache folder",
        "delete build but keep cache",
        "remove build, leave cache alone",
        "remove the build folder but not build/cache",
        "copy build to old except cache",
        "chmod -R 700 build except cache",
        "delete all csv files not in archive",
        "delete all csv files that are not in archive",
        "delete all csv files that aren't in archive",
        "delete all csv files outside of archive",
        "delete all csv files but those in archive",
        "delete all csv files minus archive",
        "delete all log files except those in archive",
        "delete all log files but not the ones in logs",
        "copy all csv files not in archive to old/",
        "move all csv files not in archive to old/",
        "chmod 600 all csv files not in archive",
        "delete all files in src except zebra",
        "delete all .log files in logs and archive",
        "delete all log files in logs, archive and src",
        "delete all log files in logs and in archive",
        "delete all .log files and .tmp files in logs",
        "copy all log files in logs and archive to old/",
        "delete everything in /home",
        "delete everything in /",
        "delete everything in ..",
        "trash everything in ~/",
        "rm -rf /usr/*",
        "delete /usr/**",
        "delete src/**/*.py",
        "create a folder out if b.txt exists",
    ],
)
async def test_what_would_take_what_is_spared_is_asked(text: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert said(draft) == []
    assert draft.question


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("delete folder old without asking", ["file.remove old"]),
        ("delete the folder old and don't touch anything else", ["file.remove old"]),
        ("delete all files in src", ["file.remove src/a.py", "file.remove src/b.py"]),
        ("delete all the files in src", ["file.remove src/a.py", "file.remove src/b.py"]),
        ("delete all files in src but not b.py", ["file.remove src/a.py"]),
        (
            "copy all files in src to build/",
            ["file.copy src/a.py build/a.py", "file.copy src/b.py build/b.py"],
        ),
        (
            "delete everything in the folder src",
            ["file.remove src/.env", "file.remove src/a.py", "file.remove src/b.py", "file.remove src/sub"],
        ),
        ("move all txt files except notes.txt to old/", ["file.move a.txt old/a.txt"]),
        ("copy all csv files but not b.csv into archive", ["file.copy a.csv archive/a.csv"]),
        (
            "delete everything in the folder src except b.py and .env",
            ["file.remove src/a.py", "file.remove src/sub"],
        ),
        ("move all csv files to archive", ["file.move a.csv archive/a.csv", "file.move b.csv archive/b.csv"]),
        ("please delete all csv files now", ["file.remove a.csv", "file.remove b.csv"]),
        ("create folder logs2 if there isn't one", ["file.make_directory logs2"]),
        ("create folder logs2 if there's none", ["file.make_directory logs2"]),
        ("create folder out unless it exists", ["file.make_directory out"]),
        ("create folder out in case it is missing", ["file.make_directory out"]),
        ("create folder out, but only if it isn't there already", ["file.make_directory out"]),
        ("touch q.txt unless it exists", ["file.write q.txt"]),
        ("clone https://h.io/a/site.git if it isn't there", ["git.clone"]),
        ("clone https://h.io/a/site.git into b unless it exists", ["git.clone b"]),
    ],
)
async def test_no_more_than_was_said(text: str, steps: list[str], folder: Path) -> None:
    assert said(await planned(text, folder)) == steps


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("create the folder out, if it exists leave it", "file.make_directory out"),
        ("git clone https://h.io/a/site.git in case I need it", "git.clone"),
    ],
)
async def test_no_word_of_a_condition_is_a_name(text: str, step: str, folder: Path) -> None:
    assert said(await planned(text, folder)) in ([], [step])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("remove infra", "infra"),
        ("delete the folder infra", "infra"),
        ("rm -rf infra", "infra"),
        ("delete the folders old and infra", "infra"),
        ("delete stacks", "./stacks/one/prod"),
        ("delete the folder stacks", "./stacks/one/prod"),
        ("delete everything in the folder stacks", "./stacks/one/prod"),
        ("delete all files in infra", "infra/terraform.tfstate"),
    ],
)
async def test_a_terraform_state_never_goes_unsaid(text: str, place: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert said(draft) == []
    assert f"{place} " in str(draft.question)
    assert "what terraform knows" in str(draft.question)


@pytest.mark.parametrize("name", ["infra", "stacks"])
async def test_the_answer_offered_lets_the_state_go(name: str, folder: Path) -> None:
    draft = await planned(f"remove folder {name}", folder)
    assert f"remove folder {name} with its state files" in draft.suggestions
    assert said(await planned(draft.suggestions[-1], folder)) == [f"file.remove {name}"]


@pytest.mark.parametrize(
    ("text", "offered", "without"),
    [
        ("commit notes.txt but not a.txt", ('commit notes.txt with message "…"',), "without a.txt?"),
        ("commit notes.txt and x.csv but not x.csv", ('commit notes.txt with message "…"',), "without x.csv?"),
        (
            "commit everything except the secrets folder",
            ('commit notes.txt "conf dir/a.yaml" .env x.csv with message "…"',),
            "without secrets?",
        ),
        (
            "commit everything except secrets and .env",
            ('commit notes.txt "conf dir/a.yaml" x.csv with message "…"',),
            "without secrets, .env?",
        ),
        ("commit everything except nothere.txt", (), "without nothere.txt?"),
        ("commit everything not in archive", (), "without archive/?"),
        ("stage everything not in archive", (), "without archive/?"),
    ],
)
async def test_a_commit_is_offered_with_what_is_left_of_what_was_named(
    text: str, offered: tuple[str, ...], without: str, folder: Path
) -> None:
    draft = await planned(text, folder)
    assert said(draft) == []
    assert draft.suggestions == offered
    assert without in str(draft.question)


async def test_a_path_that_no_system_takes_is_asked_about_or_planned(folder: Path) -> None:
    draft = await planned("delete " + "a/" * 2900, folder)
    assert all(step.operation == "file.remove" for step in draft.steps)
