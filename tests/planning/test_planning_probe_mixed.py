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
        ("discard changes in app.py but not conf.yaml", ["shell.command git restore -- app.py"]),
        ("copy everything from old to archive except b.txt", ["file.copy old/a.txt archive/a.txt"]),
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
        "discard all changes except app.py",
        "stash everything except app.py",
        "add everything except secrets.env",
        "chmod -R 700 conf but not db.yaml",
        "move report.csv to archive and notes.txt to old",
        "copy a.txt to b.txt and c.txt",
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


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("how much disk is left", "df -h"),
        ("disk full?", "df -h"),
        ("how much memory is free", "free -h"),
        ("load?", "uptime"),
        ("which process eats the cpu", "ps aux --sort=-%cpu"),
        ("who is logged in", "who"),
        ("what time is it on the server", "date"),
        ("last 20 lines of logs/app.log", "tail -n 20 logs/app.log"),
        ("undo my changes to app.py", "git restore -- app.py"),
        ("npm run build in web", "cd web && npm run build"),
        ("scp report.csv web1:/srv", "scp report.csv web1:/srv"),
    ],
)
async def test_the_machine_is_asked_by_its_own_command(text: str, command: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert [step.fields["command"] for step in draft.steps] == [command]


@pytest.mark.parametrize(
    ("text", "name", "command"),
    [
        ("rebase on main", "Rebasing", "!git rebase main"),
        ("squash the last 3 commits", "Squashing commits", "!git reset --soft HEAD~3"),
        ("undo the last commit but keep the changes", "Taking a commit back", "revert the last commit"),
        ("cherry-pick 1a2b3c4 onto main", "Picking commits", "!git switch main && git cherry-pick 1a2b3c4"),
        ("rename branch dev to develop", "Renaming branches", "!git branch -m dev develop"),
        ("remove remote backup", "Removing remotes", "!git remote remove backup"),
        ("who wrote line 10 of app.py", "Blaming lines", "!git blame -L 10,10 app.py"),
        ("stop tracking secrets.env", "Untracking files", "!git rm --cached secrets.env"),
        ("move tag v1.1 to HEAD", "Moving tags", "!git tag -f v1.1 HEAD"),
        ("create user deploy", "Users of this machine", "!useradd -m deploy"),
        ("delete user bob", "Users of this machine", "!userdel bob"),
        ("open port 443 in the firewall", "Firewall rules", "!ufw allow 443"),
        ("kill process 1234", "Ending processes", "!kill 1234"),
        ("reboot", "Rebooting", "!systemctl reboot"),
        ("shut down the server in 10 minutes", "Shutting down", "!systemctl poweroff"),
        ("compress logs into logs.tar.gz", "Packing archives", "!tar czf logs.tar.gz logs"),
        ("tar the logs folder and then delete it", "Packing archives", "!tar czf logs.tar.gz logs"),
        ("unpack site.tar.gz into www", "Unpacking archives", "!tar xf site.tar.gz -C www"),
        ("sha256 report.csv", "Checksums", "!sha256sum report.csv"),
        ("how many lines does report.csv have", "Counting lines", "!wc -l report.csv"),
        ("replace 8080 with 9090 in conf.yaml", "Changing what is in a file", "!sed -i s/8080/9090/g conf.yaml"),
        ("empty logs/app.log", "Emptying files", "!truncate -s 0 logs/app.log"),
        ("which files in logs are bigger than 1mb", "Choosing files by size", "!find logs -type f -size +1M"),
    ],
)
async def test_what_no_operation_does_is_said_with_its_command(
    text: str, name: str, command: str, folder: Path
) -> None:
    draft = await planned(text, folder)
    assert draft.steps == ()
    assert (draft.question or "").startswith(f"{name} come")
    assert command in draft.suggestions


@pytest.mark.parametrize(
    "text",
    [
        "format /dev/sdb",
        "remove package nginx",
        "renew the certificate for example.com",
        "create a dns record www pointing to 10.0.0.5",
        "start an ec2 instance",
        "upload report.csv to s3",
        "scp report.csv to web1:/srv",
        "ssh to web1 and restart nginx",
        "delete main",
        "rm -rf old --no-preserve-root",
        'find . -name "*.log" -mtime +7 -delete',
        "open port 80 on container web",
    ],
)
async def test_what_nothing_does_is_never_planned(text: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert draft.steps == ()
    assert draft.question
