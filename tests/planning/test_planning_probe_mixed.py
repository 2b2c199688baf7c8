"""Files, git, commands and several wishes at once, as operators type them: nothing more or else than was asked."""

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

GIT: dict[str, JsonObject] = {
    "git.status": {"staged": [], "changed": ["app.py", "conf.yaml"], "untracked": ["secrets.env"], "branch": "main"},
    "git.branches": {
        "current": "main",
        "branches": [{"name": "main", "current": True}, {"name": "dev"}, {"name": "old"}],
    },
    "git.tags": {"tags": [{"name": "v1.1"}]},
    "git.remotes": {"remotes": [{"name": "origin"}, {"name": "backup"}]},
}


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    return GIT.get(operation) or LISTINGS.get(operation) or {"objects": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "notes.txt", "todo.txt", "app.py", "conf.yaml", "report.csv", "main", "deploy.sh"):
        (tmp_path / name).write_text("x\n", "utf-8")
    for name in (
        "old/a.txt",
        "old/b.txt",
        "logs/app.log",
        "logs/web.log",
        "logs/keep.txt",
        "conf/db.yaml",
        "archive/x",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n", "utf-8")
    return tmp_path


async def planned(text: str, folder: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=folder), default_registry(), looked)
    return await OfflinePlanner().draft(text, context)


def said(draft: Draft) -> list[str]:
    keys = ("path", "source", "destination", "branch", "tag", "tags", "remote", "url", "command", "if_exists")
    return [
        " ".join([step.operation, *(str(step.fields[key]) for key in keys if key in step.fields)])
        for step in draft.steps
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("delete notes.txt but not todo.txt", ["file.remove notes.txt"]),
        ("delete a.txt and old/b.txt", ["file.remove a.txt", "file.remove old/b.txt"]),
        ("delete a.txt from old", ["file.remove old/a.txt"]),
        ("rm logs/*.log", ["file.remove logs/app.log", "file.remove logs/web.log"]),
        ("delete all .log files in logs", ["file.remove logs/app.log", "file.remove logs/web.log"]),
        ("delete all .log files in logs except app.log", ["file.remove logs/web.log"]),
        ("delete all but app.log in logs", ["file.remove logs/keep.txt", "file.remove logs/web.log"]),
        ("remove all txt files but notes.txt", ["file.remove a.txt", "file.remove todo.txt"]),
        (
            "trash everything in logs but keep the folder",
            ["file.remove logs/app.log", "file.remove logs/keep.txt", "file.remove logs/web.log"],
        ),
        ("delete directory old and everything in it", ["file.remove old"]),
        ("mv old/* archive", ["file.move old/a.txt archive/a.txt", "file.move old/b.txt archive/b.txt"]),
        ("copy report.csv to archive, don't overwrite", ["file.copy report.csv archive"]),
        ('write "x" to notes.txt but don\'t replace it', ["file.write notes.txt"]),
        ("make three folders: in, out and tmp", [f"file.make_directory {one}" for one in ("in", "out", "tmp")]),
        ("how big is the logs folder", ["file.disk_usage logs"]),
        ("delete notes.txt if it exists", ["file.remove notes.txt"]),
        ("commit everything with message fix but don't push", ["git.commit"]),
        ('commit as "wip" and push to dev', ["git.commit", "git.push dev"]),
        ("push to backup", ["git.push backup"]),
        ("pull latest main", ["git.pull main"]),
        ("clone the last commit only of https://h.io/a/site.git", ["git.clone https://h.io/a/site.git"]),
    ],
)
async def test_what_is_meant_and_no_more(text: str, steps: list[str], folder: Path) -> None:
    assert said(await planned(text, folder)) == steps


@pytest.mark.parametrize(
    "text",
    [
        "delete all logs except app.log",
        "clear out logs/app.log but don't delete it",
        "dont delete notes.txt",
        "first delete notes.txt. actually no, keep it",
        "delete a.txt, sorry, i meant notes.txt",
        "delete notes.txt if it is empty",
        "move old to archive unless it is in use",
        'remove "TODO" from notes.txt',
        "remove the last line of notes.txt",
        "delete the first 10 lines of logs/app.log",
        "delete line 3 of notes.txt",
        "delete the biggest file in logs",
        "delete files in logs older than 7 days",
        "back up conf.yaml before you change port to 9090",
        "back up the config before you change it",
        "copy conf to /tmp/b then delete it",
        "rename all .txt files to .md",
        "make all scripts executable",
        "who wrote line 10 of app.py",
        "what changed between conf.yaml and conf.orig.yaml",
        "move tag v1.1 to HEAD",
        "copy conf to /srv/conf as root",
        "delete all merged branches except main and dev",
        "delete all tags",
        "commit my changes but not secrets.env with message x",
        "pull --rebase",
        "is run 3301 in acme/site still going?",
    ],
)
async def test_what_no_step_does_is_asked(text: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert draft.steps == ()
    assert draft.question


async def test_that_which_was_made_is_committed_alone(folder: Path) -> None:
    draft = await planned('create folder release, copy app.py into it and commit that as "release"', folder)
    assert [dict(step.fields) for step in draft.steps[1:]] == [
        {"source": "app.py", "destination": "release"},
        {"message": "release", "paths": ["release"]},
    ]


async def test_a_commit_without_some_files_names_the_others(folder: Path) -> None:
    draft = await planned("commit my changes but not secrets.env", folder)
    assert draft.suggestions == ('commit app.py conf.yaml with message "…"',)


async def test_branches_meant_together_are_named(folder: Path) -> None:
    draft = await planned("delete all merged branches", folder)
    assert draft.suggestions == ("delete branch dev", "delete branch old")


async def test_a_folder_of_many_is_not_taken_apart(folder: Path) -> None:
    for number in range(21):
        (folder / "logs" / f"{number}.log").write_text("", "utf-8")
    draft = await planned("rm logs/*.log", folder)
    assert draft.steps == ()
    assert "23 files match" in (draft.question or "")
