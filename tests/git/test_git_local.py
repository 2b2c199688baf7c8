"""Commits, refs, merges and reverts in a real repository: what is shown before, and what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reign_executors.effect import Action, Risk
from reign_executors.errors import OperationError
from reign_executors.git.base import Done, GitChange
from reign_executors.git.commit import Add, Commit, NothingToCommit
from reign_executors.git.failures import (
    DetachedHead,
    HookRefused,
    IndexLocked,
    LocalChanges,
    MergeConflict,
    NoIdentity,
    NotARepository,
    Unfinished,
)
from reign_executors.git.history import Merge, Revert, Switch
from reign_executors.git.queries import Branches, Diff, Log, Show, Status, Tags
from reign_executors.git.refs import Branch, DeleteBranch, DeleteTag, Tag
from reign_executors.git.restore import Restore
from reign_executors.git.setup import Init
from tests.git.conftest import Workshop

SECRET = "AKIA" + "Q7" * 8


async def done(workshop: Workshop, operation: GitChange) -> tuple[Done, GitChange]:
    """Capture and execute; the outputs and the inverse."""
    call = workshop.call()
    captured = await operation.capture(call)
    outputs = await operation.execute(call)
    assert isinstance(outputs, Done)
    assert (await operation.verify(call, outputs)).ok
    inverse = operation.undo(captured, json.loads(outputs.model_dump_json()))
    assert isinstance(inverse, GitChange)
    return outputs, inverse


# commit ---------------------------------------------------------------------------------------------------------------


async def test_a_commit_shows_its_files_and_what_stays_out(workshop: Workshop) -> None:
    workshop.write("app.py", "print('three')\n")
    workshop.write("other.txt", "other\n")
    effect = await Commit(message="Third", paths=("app.py",)).preview(workshop.call())
    (change,) = effect.changes
    assert change.action is Action.UPDATE
    assert change.resource == f"branch/{workshop.app}/main"
    assert change.diff is not None
    assert change.diff.splitlines()[0] == "~ app.py (+1 -1)"
    assert "+print('three')" in change.diff
    assert "stays uncommitted: other.txt" in effect.notes
    assert workshop.git("status", "--porcelain") == "M app.py\n?? other.txt"


async def test_a_preview_is_bound_to_the_files(workshop: Workshop) -> None:
    operation = Commit(message="Third", all=True)
    workshop.write("app.py", "print('three')\n")
    first = await operation.preview(workshop.call())
    workshop.write("app.py", "print('four')\n")
    assert (await operation.preview(workshop.call())).normalised() != first.normalised()


async def test_secrets_in_a_commit_are_found_with_file_and_line(workshop: Workshop) -> None:
    workshop.write("conf/keys.txt", f"one\ntwo\nkey {SECRET}\n")
    effect = await Commit(message=f"Keys {SECRET}", all=True).preview(workshop.call())
    assert [finding.text.partition(" ")[0] for finding in effect.findings] == ["conf/keys.txt:3", "the"]
    assert SECRET not in json.dumps(effect.to_json())


async def test_nothing_to_commit_is_no_change(workshop: Workshop) -> None:
    assert (await Commit(message="x", all=True).preview(workshop.call())).risk is Risk.READ
    with pytest.raises(NothingToCommit):
        await Commit(message="x", all=True).execute(workshop.call())
    assert (await Add(all=True).preview(workshop.call())).risk is Risk.READ


async def test_a_hook_is_named_and_its_refusal_leaves_nothing(workshop: Workshop) -> None:
    hook = workshop.app / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho tabs are not allowed >&2\nexit 1\n")
    hook.chmod(0o755)
    workshop.write("new.txt", "new\n")
    effect = await Commit(message="x", all=True).preview(workshop.call())
    assert any(str(hook) in note for note in effect.notes)
    with pytest.raises(HookRefused) as raised:
        await Commit(message="x", all=True).execute(workshop.call())
    assert "tabs" in raised.value.detail
    assert workshop.git("status", "--porcelain") == "?? new.txt"


async def test_nobody_commits_without_a_name(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.git("config", "--unset", "user.name")
    workshop.git("config", "--unset", "user.email")
    workshop.git("config", "user.useConfigOnly", "true")
    workshop.write("app.py", "print('three')\n")
    effect = await Commit(message="x", all=True).preview(workshop.call())
    assert "git config" in effect.problems[0].text
    for operation in (Commit(message="x", all=True), Tag(tag="v1", message="x"), Revert()):
        workshop.git("checkout", "-q", "--", ".") if isinstance(operation, Revert) else None
        with pytest.raises(NoIdentity) as raised:
            await operation.execute(workshop.call())
        assert "user.email" in raised.value.way_out


async def test_an_index_in_use_is_said(workshop: Workshop) -> None:
    workshop.write("app.py", "print('three')\n")
    lock = workshop.app / ".git/index.lock"
    lock.touch()
    with pytest.raises(IndexLocked) as raised:
        await Commit(message="x", all=True).execute(workshop.call())
    assert str(lock) in raised.value.way_out


async def test_a_commit_that_was_pushed_is_asked_about(workshop: Workshop) -> None:
    workshop.write("app.py", "print('three')\n")
    _, inverse = await done(workshop, Commit(message="Third", all=True))
    workshop.git("push", "-q", "origin", "main")
    effect = await inverse.preview(workshop.call())
    (problem,) = effect.problems
    assert [choice.key for choice in problem.choices] == ["revert", "move"]
    with pytest.raises(OperationError):
        await inverse.execute(workshop.call())
    reverting = inverse.model_copy(update=problem.choices[0].fields)
    call = workshop.call()
    assert not (await reverting.preview(call)).problems
    outputs = await reverting.execute(call)
    assert (await reverting.verify(call, outputs)).ok
    assert workshop.git("log", "-1", "--format=%s") == 'Revert "Third"'
    assert (workshop.app / "app.py").read_text() == "print('two')\n"


async def test_a_commit_that_was_pushed_and_taken_back_may_be_moved(workshop: Workshop) -> None:
    workshop.write("app.py", "print('three')\n")
    _, inverse = await done(workshop, Commit(message="Third", all=True))
    moved = inverse.model_copy(update={"if_pushed": "move"})
    workshop.git("push", "-q", "origin", "main")
    await moved.execute(workshop.call())
    assert workshop.git("log", "-1", "--format=%s") == "Second"
    assert workshop.git("status", "--porcelain") == "M app.py"


async def test_flags_of_the_index_come_back(workshop: Workshop) -> None:
    workshop.git("update-index", "--skip-worktree", "read.md")
    workshop.write("app.py", "print('three')\n")
    before = workshop.git("ls-files", "-v")
    _, inverse = await done(workshop, Commit(message="Third", all=True))
    await inverse.execute(workshop.call())
    assert workshop.git("ls-files", "-v") == before


# a repository nobody trusts -------------------------------------------------------------------------------------------


def trap(workshop: Workshop, *settings: tuple[str, str]) -> Path:
    """Config of the repository that would run a program; the file that program leaves."""
    mark, program = workshop.place / "ran", workshop.place / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    for key, value in settings:
        workshop.git("config", key, value.replace("TRAP", str(program)))
    return mark


async def test_looking_runs_nothing_that_a_repository_names(workshop: Workshop) -> None:
    workshop.write(".gitattributes", "*.py diff=bad filter=bad merge=bad\n")
    workshop.commit("Attributes")
    mark = trap(
        workshop,
        ("core.fsmonitor", "TRAP"),
        ("core.pager", "TRAP"),
        ("diff.external", "TRAP"),
        ("diff.bad.command", "TRAP"),
        ("diff.bad.textconv", "TRAP"),
        ("core.sshCommand", "TRAP"),
        ("gpg.program", "TRAP"),
        ("log.showSignature", "true"),
        ("credential.helper", "!TRAP"),
        ("merge.bad.driver", "TRAP"),
        ("core.askPass", "TRAP"),
        ("filter.bad.clean", "TRAP"),
    )
    workshop.write("app.py", "print('three')\n")
    workshop.write("new.txt", "new\n")
    for query in (Status(), Log(), Diff(), Branches(), Tags(), Show()):
        await query.execute(workshop.call())
    await Branch(branch="x").preview(workshop.call())
    await DeleteBranch(branch="main").preview(workshop.call())
    workshop.git("remote", "set-url", "origin", "ssh://127.0.0.1:9/x")
    from reign_executors.git.remotes import Fetch

    with pytest.raises(OperationError):
        await Fetch().preview(workshop.call())
    assert not mark.exists()
    effect = await Commit(message="x", paths=("new.txt",)).preview(workshop.call())
    assert any("filters" in note and "bad" in note for note in effect.notes)
    assert any("core.sshcommand" in note for note in effect.notes)


async def test_dangerous_variables_of_git_reach_no_git(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = workshop.place / "ran"
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS"):
        monkeypatch.setenv(name, f"touch {mark};")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    found = await Diff(since="HEAD~1").execute(workshop.call())
    assert [one.path for one in found.files] == ["app.py"]
    assert not mark.exists()


# refs -----------------------------------------------------------------------------------------------------------------


async def test_deleting_a_branch_names_the_commits_that_go(workshop: Workshop) -> None:
    workshop.git("switch", "-q", "-c", "old")
    sha = workshop.commit("Only here", old__txt="old\n" * 500)
    workshop.git("switch", "-q", "main")
    effect = await DeleteBranch(branch="old").preview(workshop.call())
    assert effect.risk is Risk.DESTROY
    assert effect.data_bytes > 0
    assert "Only here" in (effect.changes[0].diff or "")
    assert "Second" not in (effect.changes[0].diff or "")
    _, inverse = await done(workshop, DeleteBranch(branch="old"))
    await inverse.execute(workshop.call())
    assert workshop.head("old") == sha
    merged = await DeleteBranch(branch="old").preview(workshop.call())
    assert merged.data_bytes > 0
    workshop.git("merge", "-q", "old")
    assert (await DeleteBranch(branch="old").preview(workshop.call())).data_bytes == 0


async def test_wrong_names_get_near_ones(workshop: Workshop) -> None:
    workshop.git("branch", "feature/login")
    workshop.git("tag", "v1.2.0")
    assert "feature/login" in (await DeleteBranch(branch="feature/logn").preview(workshop.call())).problems[0].text
    switch = await Switch(branch="feature/logn").preview(workshop.call())
    assert [choice.key for choice in switch.problems[0].choices] == ["use-feature/login", "create"]
    assert "v1.2.0" in (await DeleteTag(tag="v1.2.o").preview(workshop.call())).problems[0].text
    assert "v1.2.0" in (await Branch(branch="x", at="v1.20").preview(workshop.call())).problems[0].text
    assert "checked out" in (await DeleteBranch(branch="main").preview(workshop.call())).problems[0].text


async def test_a_ref_that_is_there_already(workshop: Workshop) -> None:
    workshop.git("branch", "x")
    workshop.git("tag", "v1", "HEAD~1")
    assert (await Branch(branch="x").preview(workshop.call())).risk is Risk.READ
    assert (await Branch(branch="x", at="HEAD~1").preview(workshop.call())).problems
    assert (await Tag(tag="v1").preview(workshop.call())).problems
    taken = await Switch(branch="x", create=True).preview(workshop.call())
    assert taken.problems[0].choices[0].key == "use"


def test_names_git_does_not_allow() -> None:
    for name in ("a b", "-x", "a..b", "x.lock", "a~1", "/x", "x/", "@", "a//b", "HEAD"):
        with pytest.raises(ValueError):
            Branch(branch=name)
    for name in ("--all", "", "a b"):
        with pytest.raises(ValueError):
            Revert(commit=name)


# merge, revert --------------------------------------------------------------------------------------------------------


async def test_conflicts_are_named_beforehand_and_leave_nothing(workshop: Workshop) -> None:
    workshop.git("switch", "-q", "-c", "feature", "HEAD~1")
    workshop.commit("Feature", app__py="print('feature')\n")
    workshop.git("switch", "-q", "main")
    workshop.write("loose.txt", "loose\n")
    effect = await Merge(branch="feature").preview(workshop.call())
    assert "app.py" in effect.problems[0].text
    with pytest.raises(MergeConflict) as raised:
        await Merge(branch="feature").execute(workshop.call())
    assert raised.value.files == ("app.py",)
    assert workshop.git("status", "--porcelain") == "?? loose.txt"
    assert (await Merge(branch="feature", ff="only").preview(workshop.call())).problems


async def test_what_is_begun_is_finished_first(workshop: Workshop) -> None:
    workshop.git("switch", "-q", "-c", "feature", "HEAD~1")
    workshop.commit("Feature", app__py="print('feature')\n")
    workshop.git("switch", "-q", "main")
    with pytest.raises(Exception, match="merge"):
        workshop.git("merge", "feature")
    for operation in (
        Merge(branch="feature"),
        Revert(),
        Switch(branch="feature"),
        Commit(message="x", paths=("app.py",)),
    ):
        with pytest.raises(Unfinished):
            await operation.execute(workshop.call())
    found = await Status().execute(workshop.call())
    assert found.unfinished == "merge"
    assert found.conflicts == ("app.py",)


async def test_a_detached_head_is_said(workshop: Workshop) -> None:
    workshop.git("checkout", "-q", "HEAD~1")
    with pytest.raises(DetachedHead):
        await Merge(branch="main").execute(workshop.call())
    workshop.write("x.txt", "x\n")
    effect = await Commit(message="x", all=True).preview(workshop.call())
    assert any("lost from sight" in note for note in effect.notes)
    _, inverse = await done(workshop, Switch(branch="main"))
    await inverse.execute(workshop.call())
    assert (await Status().execute(workshop.call())).branch is None


async def test_a_revert_of_what_others_built_on(workshop: Workshop) -> None:
    workshop.commit("Third", app__py="print('three')\n")
    effect = await Revert(commit="HEAD~1").preview(workshop.call())
    assert "app.py" in effect.problems[0].text
    with pytest.raises(MergeConflict):
        await Revert(commit="HEAD~1").execute(workshop.call())
    assert workshop.git("status", "--porcelain") == ""
    good = await Revert().preview(workshop.call())
    assert "-print('three')" in (good.changes[0].diff or "")
    workshop.write("app.py", "mine\n")
    assert "not committed" in (await Revert().preview(workshop.call())).problems[0].text


async def test_a_merge_is_reverted_to_a_side(workshop: Workshop) -> None:
    workshop.git("switch", "-q", "-c", "feature")
    workshop.commit("Feature", feature__txt="feature\n")
    workshop.git("switch", "-q", "main")
    await done(workshop, Merge(branch="feature", ff="never", message="Bring it in"))
    assert workshop.git("log", "-1", "--format=%s") == "Bring it in"
    effect = await Revert().preview(workshop.call())
    assert [choice.fields for choice in effect.problems[0].choices] == [{"mainline": 1}, {"mainline": 2}]
    await done(workshop, Revert(mainline=1))
    assert not (workshop.app / "feature.txt").exists()


async def test_the_first_commit_can_be_reverted(workshop: Workshop) -> None:
    workshop.git("switch", "-q", "--orphan", "new")
    workshop.commit("Alone", alone__txt="alone\n")
    effect = await Revert().preview(workshop.call())
    assert "- alone.txt" in (effect.changes[0].diff or "")
    await done(workshop, Revert())
    assert not (workshop.app / "alone.txt").exists()


async def test_switching_would_lose_changes(workshop: Workshop) -> None:
    workshop.git("branch", "old", "HEAD~1")
    workshop.write("app.py", "mine\n")
    assert "not committed" in (await Switch(branch="old").preview(workshop.call())).problems[0].text
    with pytest.raises(LocalChanges):
        await Switch(branch="old").execute(workshop.call())
    workshop.git("add", ".")
    with pytest.raises(LocalChanges):
        await Merge(branch="old~0", ff="never").clean_enough(
            await Merge(branch="old").opened(workshop.call()), workshop.head(), workshop.head("old"), "merge"
        )


# places ---------------------------------------------------------------------------------------------------------------


async def test_no_repository_is_said(workshop: Workshop) -> None:
    for operation in (Status(repo=".."), Commit(repo="..", message="x", all=True)):
        with pytest.raises(NotARepository) as raised:
            await operation.target(workshop.call())
        assert "git init" in raised.value.way_out
    with pytest.raises(OperationError):
        await Status(repo="nowhere").execute(workshop.call())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
async def test_a_repository_of_somebody_else_is_said(workshop: Workshop) -> None:
    os.chown(workshop.app, 65534, 65534)
    with pytest.raises(OperationError) as raised:
        await Status().execute(workshop.call())
    assert raised.value.kind == "dubious_ownership"
    assert "safe.directory" in raised.value.way_out


async def test_paths_begin_at_the_folder_that_was_named(workshop: Workshop) -> None:
    workshop.write("docs/a.txt", "a\n")
    workshop.write("a.txt", "other\n")
    operation = Commit(repo="docs", message="Docs", paths=("a.txt",))
    target = await operation.target(workshop.call())
    assert target.context == str(workshop.app)
    pinned = operation.pinned(target)
    await pinned.execute(workshop.call())
    assert workshop.git("show", "--name-only", "--format=") == "docs/a.txt"
    outside = Commit(repo="docs", message="x", paths=("../../bare.git/config",))
    assert "is not in the repository" in (await outside.preview(workshop.call())).problems[0].text


async def test_queries_tell_what_is_there(workshop: Workshop) -> None:
    workshop.git("tag", "-a", "-m", "Version one", "v1", "HEAD~1")
    workshop.git("branch", "--set-upstream-to", "origin/main")
    workshop.git("mv", "read.md", "moved.md")
    workshop.write("app.py", "print('three')\n")
    workshop.write("new.txt", "new\n")
    status = await Status().execute(workshop.call())
    assert (status.ahead, status.behind, status.upstream) == (1, 0, "origin/main")
    assert (status.staged, status.changed, status.untracked) == (("moved.md",), ("app.py",), ("new.txt",))
    log = await Log(limit=1).execute(workshop.call())
    assert [one.subject for one in log.commits] == ["Second"]
    assert log.more
    assert [one.subject for one in (await Log(revision="v1..main").execute(workshop.call())).commits] == ["Second"]
    (tag,) = (await Tags().execute(workshop.call())).tags
    assert (tag.name, tag.message, tag.sha) == ("v1", "Version one", workshop.head("HEAD~1"))
    branches = await Branches(remote=True).execute(workshop.call())
    assert [(one.name, one.current, one.ahead) for one in branches.branches] == [
        ("main", True, 1),
        ("origin/main", False, None),
    ]
    show = await Show(revision="v1").execute(workshop.call())
    assert show.message == "First"
    assert {one.path for one in show.files} == {"app.py", "read.md"}
    staged = await Diff(staged=True).execute(workshop.call())
    assert {one.path for one in staged.files} == {"read.md", "moved.md"}
    assert b"on main at" in workshop.output


async def test_an_empty_repository(workshop: Workshop) -> None:
    call = workshop.call(cwd=workshop.place)
    await Init(repo="empty").execute(call)
    assert (await Log(repo="../empty").execute(workshop.call())).commits == ()
    status = await Status(repo="../empty").execute(workshop.call())
    assert (status.branch, status.sha, status.clean) == ("main", None, True)
    assert "no commit yet" in (await Branch(repo="../empty", branch="x").preview(workshop.call())).problems[0].text
    assert (await Init(repo="../empty").preview(workshop.call())).risk is Risk.READ
    bare = Init(repo="../full.git", bare=True)
    captured, outputs = await bare.capture(workshop.call()), await bare.execute(workshop.call())
    inverse = bare.undo(captured, json.loads(outputs.model_dump_json()))
    assert inverse is not None
    await inverse.execute(workshop.call())
    assert not (workshop.place / "full.git").exists()


async def test_what_was_kept_for_an_undo_may_be_gone(workshop: Workshop) -> None:
    workshop.write("app.py", "print('three')\n")
    _, inverse = await done(workshop, Commit(message="Third", all=True))
    assert isinstance(inverse, Restore)
    workshop.blobs._kept.clear()
    with pytest.raises(OperationError) as raised:
        await inverse.execute(workshop.call())
    assert "reflog" in raised.value.way_out
