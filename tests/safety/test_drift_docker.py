"""Docker contexts that move under an approval: a second context whose engine calls itself by another id."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Plan
from reign_agents.session import Session
from reign_executors.docker.client import close_engines
from tests.safety.conftest import answered_after, reviewed, steps

pytestmark = pytest.mark.docker
HEAD_END = b"\r\n\r\n"


class OtherEngine:
    """A way to the engine at ``behind`` on which it gives itself another id, as another engine would.

    One request a connection, its answer as it comes; ``asked`` holds the request lines.
    """

    def __init__(self, path: Path, behind: str, identity: str) -> None:
        self._behind, self._identity = behind, identity
        self.asked: list[str] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(16)
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._serving.join(10)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, socket.socket(socket.AF_UNIX) as engine:
                engine.connect(self._behind)
                head = b""
                while HEAD_END not in head:
                    came = connection.recv(65536)
                    if not came:
                        break
                    head += came
                if HEAD_END not in head:
                    continue
                line, rest = head.split(b"\r\n", 1)
                self.asked.append(line.decode())
                engine.sendall(line + b"\r\nConnection: close\r\n" + rest.replace(b"Connection: keep-alive\r\n", b""))
                answer = b"".join(iter(lambda: engine.recv(65536), b""))
                connection.sendall(answer.replace(self._identity.encode(), self._identity[::-1].encode()))


class Contexts:
    """The docker CLI's configuration in ``folder``, with contexts ``one`` (the engine) and ``two`` (another)."""

    def __init__(self, folder: Path, one: str, two: str) -> None:
        self._folder = folder
        self.two = two
        self.point("one", one)
        self.point("two", two)
        self.use("one")

    def point(self, name: str, host: str) -> None:
        """What ``docker context create`` and ``update`` do."""
        place = self._folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        place.mkdir(parents=True, exist_ok=True)
        (place / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))

    def use(self, name: str) -> None:
        """What ``docker context use`` does."""
        (self._folder / "config.json").write_text(json.dumps({"currentContext": name}))


@pytest.fixture
def other(docker_host: str, docker_client: Any, tmp_path: Path) -> Iterator[OtherEngine]:
    if not docker_host.startswith("unix://"):
        pytest.skip("the engine is not behind a socket of this machine")
    made = OtherEngine(tmp_path / "other.sock", docker_host.removeprefix("unix://"), docker_client.info()["ID"])
    yield made
    made.close()


@pytest.fixture
def contexts(
    docker_host: str, other: OtherEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Contexts]:
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    yield Contexts(folder, docker_host, f"unix://{tmp_path}/other.sock")
    close_engines()


@pytest.fixture
def volume(docker_scope: Any) -> str:
    """A volume that a plan would remove."""
    name: str = docker_scope.name("data")
    docker_scope.client.volumes.create(name, labels=docker_scope.labels)
    return name


def removal(volume: str) -> Plan:
    return steps(("docker.remove_volume", {"volume": volume}))


def there(docker_scope: Any, volume: str) -> bool:
    return volume in {one.name for one in docker_scope.client.volumes.list()}


@pytest.mark.parametrize("how", ["app", "hash"])
async def test_another_current_context_changes_nothing(
    session: Session, contexts: Contexts, other: OtherEngine, docker_scope: Any, volume: str, how: str
) -> None:
    plan = await session.check_plan(removal(volume))
    assert plan.steps[0].fields["context"] == "one"
    if how == "app":
        end = await answered_after(session, removal(volume), lambda: contexts.use("two"))
    else:
        contexts.use("two")
        end = await reviewed(session, plan)
    assert end.exit == 0, end
    assert not there(docker_scope, volume)
    assert other.asked == []


@pytest.mark.parametrize("how", ["app", "hash"])
async def test_a_context_that_leads_elsewhere_stops_the_run(
    session: Session, contexts: Contexts, other: OtherEngine, docker_scope: Any, volume: str, how: str
) -> None:
    plan = await session.check_plan(removal(volume))
    if how == "app":
        end = await answered_after(session, removal(volume), lambda: contexts.point("one", contexts.two))
    else:
        contexts.point("one", contexts.two)
        end = await reviewed(session, plan)
    assert end.exit == 3, end
    assert "another system than the one that was planned" in str(end.answer)
    assert there(docker_scope, volume)
    assert other.asked
    assert all(line.startswith("GET ") for line in other.asked)


async def test_another_engine_behind_the_same_address_stops_the_run(
    session: Session, contexts: Contexts, docker_host: str, docker_scope: Any, volume: str, tmp_path: Path
) -> None:
    """A socket (a tunnel, a name in DNS) that leads to another machine now: only the engine's id tells."""
    address = tmp_path / "tunnel.sock"
    address.symlink_to(docker_host.removeprefix("unix://"))
    contexts.point("one", f"unix://{address}")

    def move() -> None:
        address.unlink()
        address.symlink_to(tmp_path / "other.sock")
        close_engines()

    end = await answered_after(session, removal(volume), move)
    assert end.exit == 3, end
    assert "another system than the one that was planned" in str(end.answer)
    assert there(docker_scope, volume)
