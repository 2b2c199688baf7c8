"""Clone, fetch, pull, push and taking a push back, over HTTP with a token and over files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reign_executors.effect import Action, Effect, Risk, UndoPromise
from reign_executors.errors import ConnectionLost, InvalidFields, NotFound
from reign_executors.git.failures import AuthenticationFailed, HookRefused, NotFastForward, Unreachable
from reign_executors.git.push import Push, Pushed
from reign_executors.git.queries import Remotes
from reign_executors.git.remotes import AddRemote, Fetch, Pull
from reign_executors.git.repository import shown_url, url_secrets
from reign_executors.git.retract import Retract
from reign_executors.git.setup import Clone
from tests.git.conftest import TOKEN, Hub, Workshop


def everything(workshop: Workshop, *more: object) -> str:
    """All that was written or returned: output, files of the steps' folders, and ``more`` as JSON."""
    texts = [workshop.output.decode("utf-8", "replace")]
    files = [path for path in (workshop.place / "runs").rglob("*") if path.is_file()]
    texts += [f"{path.name}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in files]
    texts += [json.dumps(one.to_json()) if isinstance(one, Effect) else str(one) for one in more]
    return "\n".join(texts)


async def test_a_clone_over_http_needs_the_token(workshop: Workshop, hub: Hub) -> None:
    call = workshop.call(cwd=workshop.place)
    with pytest.raises(AuthenticationFailed) as raised:
        await Clone(url=hub.url, into="copy").execute(call)
    assert "token" in raised.value.way_out
    assert not (workshop.place / "copy").exists()


async def test_a_clone_with_a_token_leaves_it_nowhere(workshop: Workshop, hub: Hub) -> None:
    operation = Clone(url=hub.url, into="copy", token=TOKEN)
    call = workshop.call(cwd=workshop.place)
    effect = await operation.preview(call)
    assert [change.action for change in effect.changes] == [Action.CREATE, Action.CREATE]
    assert "1 branches" in effect.notes[0]
    outputs = await operation.execute(call)
    assert (await operation.verify(call, outputs)).ok
    assert (workshop.place / "copy/app.py").read_text() == "print('one')\n"
    assert TOKEN not in everything(workshop, effect, outputs)
    assert TOKEN not in (workshop.place / "copy/.git/config").read_text()
    assert not list(call.folder.glob("access-*"))


async def test_a_credential_in_the_address_is_used_and_not_kept(workshop: Workshop, hub: Hub) -> None:
    operation = Clone(url=hub.with_token(), into="copy")
    call = workshop.call(cwd=workshop.place)
    effect = await operation.preview(call)
    assert any("not kept" in note for note in effect.notes)
    outputs = await operation.execute(call)
    assert workshop.git("config", "remote.origin.url", folder=workshop.place / "copy") == hub.url
    assert TOKEN not in everything(workshop, effect, outputs, operation.command_line())


async def test_push_over_http_and_back(workshop: Workshop, hub: Hub) -> None:
    workshop.git("remote", "set-url", "origin", hub.url)
    workshop.git("switch", "-q", "-c", "feature")
    sha = workshop.commit("Feature", feature__txt="feature\n")
    with pytest.raises(AuthenticationFailed):
        await Push().execute(workshop.call())
    operation, call = Push(token=TOKEN, set_upstream=True), workshop.call()
    config = (workshop.app / ".git/config").read_text()
    effect = await operation.preview(call)
    assert effect.risk is Risk.CREATE
    assert effect.undo is UndoPromise.EXACT
    assert effect.changes[0].diff is not None
    assert "Feature" in effect.changes[0].diff
    captured = await operation.capture(call)
    outputs = await operation.execute(call)
    assert workshop.head("feature", workshop.bare) == sha
    assert (await operation.verify(call, outputs)).ok
    assert (await operation.preview(workshop.call())).risk is Risk.READ
    inverse = operation.undo(captured, json.loads(outputs.model_dump_json()))
    assert isinstance(inverse, Retract)
    undoing = workshop.call()
    assert (await inverse.preview(undoing)).risk is Risk.DESTROY
    await inverse.execute(undoing)
    assert "feature" not in workshop.git("branch", folder=workshop.bare)
    assert (workshop.app / ".git/config").read_text() == config
    assert TOKEN not in everything(workshop, effect, outputs)


async def test_a_credential_in_the_remotes_address_is_shown_nowhere(workshop: Workshop, hub: Hub) -> None:
    add = AddRemote(remote="hub", url=hub.with_token())
    effect = await add.preview(workshop.call())
    assert any("in clear" in note for note in effect.notes)
    done = await add.execute(workshop.call())
    shown = await Remotes().execute(workshop.call())
    push = Push(remote="hub")
    planned = await push.preview(workshop.call())
    pushed = await push.execute(workshop.call())
    assert isinstance(pushed, Pushed)
    assert pushed.url == shown_url(hub.with_token())
    workshop.git("remote", "set-url", "hub", hub.with_token(token="wrong-secret-word"))
    with pytest.raises(AuthenticationFailed) as raised:
        await Fetch(remote="hub").execute(workshop.call())
    text = everything(workshop, effect, done, shown, planned, pushed, raised.value.to_json(), add.command_line())
    assert TOKEN not in text
    assert "wrong-secret-word" not in text


async def test_push_says_what_goes_out_and_refuses_to_rewrite(workshop: Workshop) -> None:
    effect = await Push().preview(workshop.call())
    assert effect.changes[0].action is Action.UPDATE
    assert effect.changes[0].diff is not None
    assert "Second" in effect.changes[0].diff
    assert "First" not in effect.changes[0].diff
    assert effect.undo is UndoPromise.REVERT
    workshop.git("push", "-q", "origin", "main")
    workshop.git("commit", "-q", "--amend", "-m", "Rewritten")
    effect = await Push().preview(workshop.call())
    assert "pull first" in effect.problems[0].text
    with pytest.raises(NotFastForward):
        await Push().execute(workshop.call())
    assert workshop.git("log", "-1", "--format=%s", "main", folder=workshop.bare) == "Second"


async def test_a_push_is_taken_back_by_one_commit(workshop: Workshop) -> None:
    workshop.commit("Third", new__txt="new\n")
    old, operation, call = workshop.head("main", workshop.bare), Push(), workshop.call()
    captured = await operation.capture(call)
    outputs = await operation.execute(call)
    inverse = operation.undo(captured, json.loads(outputs.model_dump_json()))
    assert inverse is not None
    undoing = workshop.call()
    effect = await inverse.preview(undoing)
    assert not effect.problems
    undone = await inverse.execute(undoing)
    assert (await inverse.verify(undoing, undone)).ok
    assert (await inverse.probe(undoing)).state == "done"
    assert workshop.head("main^{tree}", workshop.bare) == workshop.head(f"{old}^{{tree}}", workshop.bare)
    assert workshop.git("rev-list", "--count", "main", folder=workshop.bare) == "4"
    assert workshop.git("log", "-1", "--format=%s", "main", folder=workshop.bare).startswith("Revert 2 commits")
    again = await inverse.preview(workshop.call())
    assert again.risk is Risk.READ


async def test_secrets_that_would_go_out_are_found(workshop: Workshop) -> None:
    workshop.commit("Key", settings__env="A=1\nAPI_TOKEN=ghp_" + "a1B2" * 9 + "\n")
    effect = await Push().preview(workshop.call())
    assert [finding.text.split(" ")[0] for finding in effect.findings] == ["settings.env:2"]


async def test_a_rule_of_the_remote_is_told(workshop: Workshop) -> None:
    hook = workshop.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(HookRefused) as raised:
        await Push().execute(workshop.call())
    assert "protected" in raised.value.detail


@pytest.mark.parametrize("operation", [Push(), Fetch(), Pull()], ids=lambda one: one.name)
async def test_a_host_that_is_not_there(workshop: Workshop, operation: Push, free_port: object) -> None:
    port = free_port()  # type: ignore[operator]
    workshop.git("remote", "set-url", "origin", f"http://127.0.0.1:{port}/x.git")
    with pytest.raises(Unreachable) as raised:
        await operation.execute(workshop.call())
    assert not isinstance(raised.value, ConnectionLost)
    with pytest.raises(Unreachable):
        await operation.preview(workshop.call())


async def test_a_repository_that_is_not_there(workshop: Workshop, hub: Hub) -> None:
    workshop.git("remote", "set-url", "origin", hub.url.replace("bare", "nothing"))
    with pytest.raises(NotFound):
        await Fetch(token=TOKEN).execute(workshop.call())


async def test_a_remote_nobody_named(workshop: Workshop) -> None:
    effect = await Push(remote="orgin").preview(workshop.call())
    assert "origin" in effect.problems[0].text


async def test_a_token_is_for_http_only(workshop: Workshop) -> None:
    with pytest.raises(InvalidFields):
        await Fetch(token=TOKEN).execute(workshop.call())


async def test_pull_brings_what_is_new_and_no_more(workshop: Workshop) -> None:
    workshop.git("clone", "-q", str(workshop.bare), "other", folder=workshop.place)
    other = workshop.place / "other"
    workshop.git("config", "user.name", "Ben", folder=other)
    workshop.git("config", "user.email", "ben@example.org", folder=other)
    workshop.git("push", "-q", "origin", "main")
    workshop.git("pull", "-q", folder=other)
    (other / "theirs.txt").write_text("theirs\n")
    workshop.git("add", ".", folder=other)
    workshop.git("commit", "-q", "-m", "Theirs", folder=other)
    workshop.git("push", "-q", folder=other)
    effect = await Pull().preview(workshop.call())
    assert {change.action for change in effect.changes} == {Action.UPDATE}
    await Pull().execute(workshop.call())
    assert (workshop.app / "theirs.txt").read_text() == "theirs\n"
    assert (await Pull().preview(workshop.call())).risk is Risk.READ
    workshop.git("fetch", "-q")
    workshop.commit("Mine", mine__txt="mine\n")
    (other / "more.txt").write_text("more\n")
    workshop.git("add", ".", folder=other)
    workshop.git("commit", "-q", "-m", "More", folder=other)
    workshop.git("push", "-q", folder=other)
    workshop.git("fetch", "-q")
    assert "both have commits" in (await Pull().preview(workshop.call())).problems[0].text


async def test_a_clone_stays_out_of_the_way(workshop: Workshop) -> None:
    (workshop.place / "full").mkdir()
    (workshop.place / "full/mine.txt").write_text("mine")
    call = workshop.call(cwd=workshop.place)
    url = str(workshop.bare)
    assert "not empty" in (await Clone(url=url, into="full").preview(call)).problems[0].text
    assert "another repository" in (await Clone(url=url, into="app").preview(call)).problems[0].text
    assert "main" in (await Clone(url=url, into="new", branch="mian").preview(call)).problems[0].text
    assert Clone(url="git@host:team/thing.git").place(call) == workshop.place / "thing"
    assert Clone(url="https://host/team/thing/").place(call) == workshop.place / "thing"


def test_addresses_that_name_programs_or_options_are_refused() -> None:
    for url in ("ext::sh -c id", "--upload-pack=id", "fd::17", ""):
        with pytest.raises(ValueError):
            Clone(url=url)


def test_what_of_an_address_is_shown() -> None:
    assert shown_url("https://ana:word@host/x.git") == "https://***@host/x.git"
    assert shown_url("https://ghp_word@host/x.git") == "https://***@host/x.git"
    assert shown_url("ssh://git@host/x.git") == "ssh://git@host/x.git"
    assert shown_url("git@host:x.git") == "git@host:x.git"
    assert shown_url(str(Path("/srv/x.git"))) == "/srv/x.git"
    assert url_secrets("https://ana:word@host/") == {"url_password": "word"}
    assert url_secrets("https://word@host/") == {"url_token": "word"}
    assert url_secrets("/srv/x") == {}
