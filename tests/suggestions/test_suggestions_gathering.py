"""Names from real systems: read in the background, silent where something is missing, never where one must sign in."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from reign_agents.settings import EngineSettings
from reign_agents.suggestions import gathering
from reign_agents.suggestions.gathering import Gatherer, Listing
from reign_agents.suggestions.names import Names
from reign_executors.docker.client import close_engines
from reign_executors.errors import ToolMissing
from reign_executors.kubernetes.client import close_clusters
from reign_executors.operation import JsonObject
from tests.conftest import DockerScope

Make = Callable[..., tuple[Names, Gatherer]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Names and who gathers them, for settings."""

    def build(**settings: object) -> tuple[Names, Gatherer]:
        names = Names()
        chosen = EngineSettings(**{"cwd": tmp_path, **settings})  # type: ignore[arg-type]
        return names, Gatherer(names, chosen, tmp_path / "state")

    yield build
    close_engines()
    close_clusters()


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing on it."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.docker
async def test_what_an_engine_has(make: Make, docker_scope: DockerScope, busybox_image: str) -> None:
    container = docker_scope.client.containers.create(busybox_image, name=docker_scope.name("box"))
    docker_scope.client.volumes.create(docker_scope.name("disk"))
    docker_scope.client.networks.create(docker_scope.name("lan"))
    names, gatherer = make()
    await gatherer.gather(["docker"])
    assert docker_scope.name("box") in names.of("container")
    assert docker_scope.name("disk") in names.of("volume")
    assert docker_scope.name("lan") in names.of("network")
    assert busybox_image in names.of("image")
    container.remove()
    await gatherer.gather(["docker"])
    assert docker_scope.name("box") not in names.of("container")


async def test_what_a_cluster_has_by_names_alone(make: Make, kube_context: str, kube_namespace: str) -> None:
    from reign_executors.kubernetes.client import cluster
    from reign_executors.kubernetes.kinds import known_kind

    here = cluster(kube_context)
    for word, body in (
        ("configmap", {"data": {"a": "b"}}),
        ("secret", {"stringData": {"password": "never-to-be-read"}}),
    ):
        kind = known_kind(word)
        assert kind is not None
        item = {"apiVersion": "v1", "kind": kind.kind, "metadata": {"name": "kept-here"}, **body}
        await here.call("POST", kind.path(kube_namespace), body=item)
    names, gatherer = make(kube_context=kube_context, namespace=kube_namespace)
    await gatherer.gather(["kubernetes"])
    assert kube_namespace in names.of("namespace")
    assert "kept-here" in names.of("configmap")
    assert "kept-here" in names.of("secret")
    assert names.of("node")
    assert list(names.of("deployment")) == []


async def test_names_of_a_cluster_hold_no_contents(kube_context: str, kube_namespace: str, tmp_path: Path) -> None:
    from reign_executors.kubernetes.client import Cluster, cluster
    from reign_executors.kubernetes.naming import Names as ClusterNames

    asked: list[str] = []
    here = cluster(kube_context)
    call = Cluster.call

    async def heard(self: Cluster, method: str, path: str, **rest: object) -> object:
        answer = await call(self, method, path, **rest)
        asked.append(json.dumps(answer))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cluster, "call", heard)
        query = ClusterNames(context=kube_context, namespace=kube_namespace, kinds=("configmap", "nonsense"), most=1)
        from reign_agents.engine.calls import planning_call

        found = await query.execute(planning_call(EngineSettings(cwd=tmp_path), tmp_path))
    assert found.names == {"configmap": ["kube-root-ca.crt"]}
    assert any("PartialObjectMetadata" in answer for answer in asked)
    assert not any('"data"' in answer for answer in asked)
    assert here.where.context in query.command_line()


async def test_branches_of_a_repository(make: Make, tmp_path: Path, git_program: str) -> None:
    subprocess.run([git_program, "init", "-q", "-b", "trunk", str(tmp_path)], check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([git_program, "-C", str(tmp_path), *author, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    names, gatherer = make()
    assert "git" in gatherer.near()
    await gatherer.gather(["git"])
    assert list(names.of("branch")) == ["trunk"]


@pytest.mark.usefixtures("lonely")
async def test_nothing_is_there_and_nothing_is_said(make: Make) -> None:
    names, gatherer = make()
    assert gatherer.near() == []
    await gatherer.gather([*gathering.LISTINGS, "shell", "file"])
    assert len(names) == 0


@pytest.mark.parametrize("user", [{"exec": {"command": "login"}}, {"auth-provider": {"name": "oidc"}}])
async def test_where_a_program_signs_in_nobody_is_asked_before_it_was_used(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: JsonObject
) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    entry = {
        "current-context": "far",
        "contexts": [{"name": "far", "context": {"cluster": "far", "user": "me"}}],
        "clusters": [{"name": "far", "cluster": {"server": f"https://127.0.0.1:{server.getsockname()[1]}"}}],
        "users": [{"name": "me", "user": user}],
    }
    config = tmp_path / "kubeconfig"
    config.write_text(yaml.safe_dump(entry), "utf-8")
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.setenv("DOCKER_HOST", "ssh://bastion")
    _, gatherer = make()
    assert not {"kubernetes", "helm", "docker"} & set(gatherer.near())
    entry["users"] = [{"name": "me", "user": {"token": "t"}}]
    config.write_text(yaml.safe_dump(entry) + "\n", "utf-8")
    assert "kubernetes" in gatherer.near()
    server.close()
    assert "kubernetes" not in gatherer.near()


def test_an_engine_that_hangs_is_left_alone(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "QUICK", 0.05)
    path = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(path))
        engine.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        _, gatherer = make()
        assert "docker" not in gatherer.near()


class FakeSystem(Gatherer):
    """Answers when it is let; counts how often it was asked."""

    def __init__(self, names: Names, folder: Path) -> None:
        super().__init__(names, EngineSettings(cwd=folder), folder)
        self.asked = 0
        self.gate = asyncio.Event()
        self.fails = False

    async def _look(self, listing: Listing) -> JsonObject:
        self.asked += 1
        await self.gate.wait()
        if self.fails:
            raise ToolMissing("gone", "")
        return {"branches": [{"name": f"branch-{self.asked}"}]}


async def test_who_asks_meanwhile_gets_a_later_answer(tmp_path: Path) -> None:
    names = Names()
    system = FakeSystem(names, tmp_path)
    asks = [asyncio.create_task(system.gather(["git"])) for _ in range(4)]
    while not system.asked:
        await asyncio.sleep(0)
    system.gate.set()
    await asyncio.gather(*asks)
    assert system.asked == 2
    assert list(names.of("branch")) == ["branch-2"]


async def test_what_was_known_stays_when_a_system_is_gone(tmp_path: Path) -> None:
    names = Names()
    system = FakeSystem(names, tmp_path)
    system.gate.set()
    await system.gather(["git"])
    system.fails = True
    await system.gather(["shell"])
    assert system.asked == 2
    assert list(names.of("branch")) == ["branch-1"]


async def test_a_system_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LIMIT", 0.01)
    names = Names()
    await FakeSystem(names, tmp_path).gather(["git"])
    assert len(names) == 0
