"""Ambiguity, follow-ups and exit codes through whole sessions on a real engine and real files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from reign_agents.session import RunEnd, Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.store import Store, StorePaths
from reign_executors.effect import Risk
from tests.conftest import DockerScope

DOES_ALL = RunOptions(interactive=False, approve=Risk.DESTROY)
ONLY_READS = RunOptions(interactive=False)


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    one = Session(store, EngineSettings(cwd=tmp_path, user="ana"))
    yield one
    await one.close()
    await store.close()


async def run(session: Session, text: str, options: RunOptions = DOES_ALL) -> RunEnd:
    return await session.wait(await session.ask(text, options))


async def test_files_from_words_to_undo(session: Session, tmp_path: Path) -> None:
    end = await run(session, 'create directory out, write "hi" to out/a.txt and copy it to out/b.txt')
    assert (end.exit, (tmp_path / "out" / "b.txt").read_text()) == (0, "hi\n")
    assert (await run(session, "rename it to out/c.txt")).exit == 0
    assert (tmp_path / "out" / "c.txt").exists()
    assert (await run(session, "undo that")).exit == 0
    assert (tmp_path / "out" / "b.txt").exists()


async def test_a_correction_of_what_nobody_approved(session: Session, tmp_path: Path) -> None:
    assert (await run(session, 'create file n.txt with "a"', ONLY_READS)).exit == 3
    assert not (tmp_path / "n.txt").exists()
    assert (await run(session, "no, call it m.txt")).exit == 0
    assert [path.name for path in tmp_path.glob("*.txt")] == ["m.txt"]


@pytest.mark.parametrize(
    "text", ["open a pull request for branch x", "make me a sandwich", "create a file", "???", "do it again"]
)
async def test_what_is_not_understood_ends_with_4_and_is_not_kept(session: Session, text: str) -> None:
    end = await run(session, text)
    assert end.exit == 4
    assert end.answer
    assert session.store.history() == []


async def test_a_how_question_shows_and_never_runs(session: Session, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    assert (await run(session, "how do I delete the file x.txt?")).exit == 3
    assert (tmp_path / "x.txt").exists()


@pytest.mark.docker
async def test_a_container_from_words_to_removal(
    session: Session, docker_scope: DockerScope, busybox_image: str, free_port: Callable[[], int]
) -> None:
    name, volume, port = docker_scope.name("web"), docker_scope.name("data"), free_port()
    what = f"run {busybox_image} named {name}, publish {port} to 80, with volume {volume} at /data"
    text = f"{what}, running `httpd -f -p 80 -h /`"
    end = await run(session, text)
    assert (end.exit, end.answer) == (
        0,
        f"{name} runs {busybox_image} on http://localhost:{port}, data in volume {volume}.",
    )
    assert (await run(session, "is it healthy?")).answer == f"{name} runs and has no health check."
    assert (await run(session, "show its logs")).exit == 0
    assert (await run(session, "stop it")).answer == f"{name} is stopped."
    end = await run(session, "now remove it and its volumes")
    assert (end.exit, end.answer) == (0, f"container {name} and its volume {volume} removed.")
    names = [row["Names"][0].lstrip("/") for row in docker_scope.client.api.containers(all=True)]
    assert name not in names


@pytest.mark.docker
async def test_the_volume_stays_unless_it_is_asked_for(
    session: Session, docker_scope: DockerScope, busybox_image: str
) -> None:
    name, volume = docker_scope.name("keep"), docker_scope.name("kept")
    assert (await run(session, f"run {busybox_image} named {name} with volume {volume} at /data")).exit == 0
    assert (await run(session, f"remove container {name}")).exit == 0
    assert docker_scope.client.volumes.get(volume)


@pytest.mark.docker
async def test_two_that_match_are_asked_about(session: Session, docker_scope: DockerScope, busybox_image: str) -> None:
    first, second = docker_scope.name("api-blue"), docker_scope.name("api-green")
    for name in (first, second):
        docker_scope.client.containers.create(busybox_image, name=name, labels=docker_scope.labels)
    end = await run(session, f"start container {docker_scope.name('api')}")
    assert end.exit == 4
    assert end.answer is not None
    assert first in end.answer
    assert second in end.answer
    end = await run(session, second)
    assert (end.exit, end.answer) == (0, f"{second} runs.")
    missing = await run(session, f"stop container {docker_scope.name('nope')}")
    assert missing.exit == 4
    assert missing.answer is not None
    assert missing.answer.startswith(f"There is no container “{docker_scope.name('nope')}”. There are:")


@pytest.mark.docker
async def test_the_same_under_another_name(session: Session, docker_scope: DockerScope, busybox_image: str) -> None:
    name, other = docker_scope.name("one"), docker_scope.name("two")
    assert (await run(session, f"run {busybox_image} named {name}")).exit == 0
    end = await run(session, f"same but named {other}")
    assert (end.exit, end.answer) == (0, f"{other} runs {busybox_image}.")
    assert (await run(session, "undo that")).exit == 0
    names = [row["Names"][0].lstrip("/") for row in docker_scope.client.api.containers(all=True)]
    assert (name in names, other in names) == (True, False)
