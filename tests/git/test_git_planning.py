"""Requests about a repository → the steps or the question they give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.git_lines import in_words
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.errors import NotFound
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

STEPS: dict[str, list[tuple[str, dict[str, object]]]] = {
    # looking
    "git status": [("git.status", {})],
    "what is the status of the repo?": [("git.status", {})],
    "what is not committed?": [("git.status", {})],
    "which branch am I on?": [("git.status", {})],
    "show the last 5 commits": [("git.log", {"limit": 5})],
    "show me the last 3 commits on main": [("git.log", {"limit": 3, "revision": "main"})],
    "git log --oneline -7": [("git.log", {"limit": 7})],
    "show the git log": [("git.log", {})],
    "what changed since v1.1": [
        ("git.log", {"revision": "v1.1..HEAD", "limit": 50}),
        ("git.diff", {"since": "v1.1", "to": "HEAD"}),
    ],
    "show the diff": [("git.diff", {})],
    "git diff --staged": [("git.diff", {"staged": True})],
    "show the difference between v1.0 and v1.1": [("git.diff", {"since": "v1.0", "to": "v1.1"})],
    "list branches": [("git.branches", {})],
    "list all branches": [("git.branches", {"remote": True})],
    "list tags": [("git.tags", {})],
    "git remote -v": [("git.remotes", {})],
    "show commit abc1234": [("git.show", {"revision": "abc1234"})],
    "show the last commit": [("git.show", {})],
    # commits
    'commit everything with message "x"': [("git.commit", {"message": "x", "all": True})],
    'commit all changes: "first version"': [("git.commit", {"message": "first version", "all": True})],
    'commit app.py and docs/a.md with message "x"': [
        ("git.commit", {"message": "x", "paths": ["app.py", "docs/a.md"]})
    ],
    'commit app.py with message "x" and push': [
        ("git.commit", {"message": "x", "paths": ["app.py"]}),
        ("git.push", {}),
    ],
    "commit everything with message fix the login": [("git.commit", {"message": "fix the login", "all": True})],
    'git commit -m "x"': [("git.commit", {"message": "x"})],
    "git add app.py": [("git.add", {"paths": ["app.py"]})],
    "stage app.py": [("git.add", {"paths": ["app.py"]})],
    "git add .": [("git.add", {"all": True})],
    "revert the last commit": [("git.revert", {"commit": "HEAD"})],
    "revert the last three commits": [("git.revert", {"commit": "HEAD~3..HEAD"})],
    "revert abc123": [("git.revert", {"commit": "abc123"})],
    "revert commit abc1234 and push": [("git.revert", {"commit": "abc1234"}), ("git.push", {})],
    # branches and tags
    "create branch feature/x": [("git.branch", {"branch": "feature/x"})],
    "create a branch hotfix from v1.2": [("git.branch", {"branch": "hotfix", "at": "v1.2"})],
    "create branch x and switch to it": [("git.branch", {"branch": "x"}), ("git.switch", {"branch": "x"})],
    "switch to main": [("git.switch", {"branch": "main"})],
    "checkout main": [("git.switch", {"branch": "main"})],
    "git checkout -b topic": [("git.switch", {"branch": "topic", "create": True})],
    "switch to a new branch topic": [("git.switch", {"branch": "topic", "create": True})],
    "tag this v1.2.0": [("git.tag", {"tag": "v1.2.0"})],
    'tag this commit as v1.2.0 with message "one"': [("git.tag", {"tag": "v1.2.0", "message": "one"})],
    "tag abc1234 as v1": [("git.tag", {"tag": "v1", "at": "abc1234"})],
    "create tag v2.0": [("git.tag", {"tag": "v2.0"})],
    "delete branch old": [("git.delete_branch", {"branch": "old"})],
    "delete the branches a and b": [("git.delete_branch", {"branch": "a"}), ("git.delete_branch", {"branch": "b"})],
    "delete tag v1": [("git.delete_tag", {"tag": "v1"})],
    "merge feature/x into main": [("git.merge", {"branch": "feature/x"})],
    "merge feature/x into develop": [("git.switch", {"branch": "develop"}), ("git.merge", {"branch": "feature/x"})],
    "git merge --no-ff topic": [("git.merge", {"branch": "topic", "ff": "never"})],
    "switch to main and merge feature/x": [("git.switch", {"branch": "main"}), ("git.merge", {"branch": "feature/x"})],
    # remotes
    "push": [("git.push", {})],
    "push main to origin": [("git.push", {"branch": "main"})],
    "push to backup": [("git.push", {"remote": "backup"})],
    "push tag v1.2.0": [("git.push", {"tags": ["v1.2.0"]})],
    "git push -u origin main": [("git.push", {"branch": "main", "set_upstream": True})],
    "pull": [("git.pull", {})],
    "pull the latest changes": [("git.pull", {})],
    "fetch from upstream": [("git.fetch", {"remote": "upstream"})],
    "clone https://host/team/app.git into ./x": [
        ("git.clone", {"url": "https://host/team/app.git", "into": "./x"}),
    ],
    "clone git@host:team/app.git": [("git.clone", {"url": "git@host:team/app.git"})],
    "init a git repository in ./app": [("git.init", {"repo": "./app"})],
    "git init": [("git.init", {})],
    "add remote backup /srv/backup.git": [("git.add_remote", {"remote": "backup", "url": "/srv/backup.git"})],
    # several
    'commit everything with message "a", tag it v1.0 and push': [
        ("git.commit", {"message": "a", "all": True}),
        ("git.tag", {"tag": "v1.0"}),
        ("git.push", {}),
        ("git.push", {"tags": ["v1.0"]}),
    ],
    'init a git repo in ./r, write "hi" to ./r/a.txt, commit everything with message "one"': [
        ("git.init", {"repo": "./r"}),
        ("file.write", {"path": "./r/a.txt", "content": "hi\n", "parents": True}),
        ("git.commit", {"repo": "./r", "message": "one", "all": True}),
    ],
    # words that are not git's
    "pull nginx:1.27": [("docker.pull", {"image": "nginx:1.27"})],
    "delete file branch.txt": [("file.remove", {"path": "branch.txt"})],
    "list images": [("docker.list_images", {})],
}

QUESTIONS: dict[str, str] = {
    "commit app.py and push": "message",
    "commit everything": "message",
    "git push --force": "never forced",
    "delete the remote branch old": "others work with it",
    "list my github repos": "GitHub comes later",
    "merge pull request 12": "GitHub comes later",
    "create a branch": "be called",
    "revert a commit": "Which commit",
    "push shop:1.0": "image",
}


async def look(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    if operation == "git.branches":
        return {"current": "main", "branches": []}
    if operation.startswith("git."):
        raise NotFound("nothing there")
    return {"containers": [], "images": [], "volumes": [], "networks": []}


async def drafted(text: str, folder: Path, planner: OfflinePlanner | None = None) -> Draft:
    context = PlanningContext(EngineSettings(cwd=folder), default_registry(), look)
    draft = await (planner or OfflinePlanner()).draft(text, context)
    for step in draft.steps:
        context.registry.build(step.operation, step.fields)
    return draft


@pytest.mark.parametrize("text", STEPS)
async def test_a_request_gives_these_steps(text: str, tmp_path: Path) -> None:
    (tmp_path / "branch.txt").touch()
    draft = await drafted(text, tmp_path)
    assert draft.question is None
    assert [(step.operation, step.fields) for step in draft.steps] == STEPS[text]


@pytest.mark.parametrize("text", QUESTIONS)
async def test_a_request_leads_to_a_question(text: str, tmp_path: Path) -> None:
    draft = await drafted(text, tmp_path)
    assert draft.question is not None
    assert QUESTIONS[text] in draft.question
    assert not draft.steps


async def test_steps_of_one_repository_go_in_order(tmp_path: Path) -> None:
    text = 'write "hi" to a.txt, commit everything with message "a" and push to origin'
    draft = await drafted(text, tmp_path)
    assert [(step.operation, step.needs) for step in draft.steps] == [
        ("file.write", ()),
        ("git.commit", ("s1",)),
        ("git.push", ("s1", "s2")),
    ]


async def test_the_message_may_come_as_a_reply(tmp_path: Path) -> None:
    planner = OfflinePlanner()
    assert (await drafted("commit app.py and push", tmp_path, planner)).question is not None
    draft = await drafted("fix", tmp_path, planner)
    assert [(step.operation, step.fields) for step in draft.steps] == [
        ("git.commit", {"message": "fix", "paths": ["app.py"]}),
        ("git.push", {}),
    ]


def test_only_lines_that_say_exactly_that_are_put_into_words() -> None:
    assert in_words("git tag v1") == 'tag this "v1"'
    for line in ("git rebase main", "git commit -am 'x'", "git push --tags", "git bisect bad", "git reset --hard"):
        assert in_words(line) is None
