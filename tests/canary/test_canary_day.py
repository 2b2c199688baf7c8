"""A day's work with a canary in every place a secret can be, then a look at every byte that was written or shown."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from docker import DockerClient

from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_executors.credentials import Credentials
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from tests.canary.conftest import PROGRAM, Canaries
from tests.conftest import DockerScope
from tests.screen.conftest import Stage


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def environment(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-" + canaries["model key"])
    monkeypatch.setenv("SHOP_DB_PASSWORD", canaries["environment"])
    monkeypatch.setenv("DATABASE_URL", f"postgres://shop:{canaries['url in the environment']}@db/shop")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def looks_back(canaries: Canaries) -> None:
    """Everything that shows the past."""
    for words in (
        ("history",),
        ("history", "--json"),
        ("show", "last"),
        ("show", "last", "--json"),
        ("logs", "last"),
        ("replay", "last"),
        ("replay", "last", "--json"),
        ("config",),
        ("config", "--json"),
        ("doctor", "--json"),
        ("credentials", "list"),
        ("audit", "export"),
        ("audit", "verify"),
    ):
        codes = (0, 6) if words[0] == "doctor" else (0,)
        canaries.reign(*words, codes=codes)


@pytest.mark.usefixtures("environment")
def test_a_day_with_files_and_commands(canaries: Canaries, place: Path) -> None:
    canaries.reign("credentials", "set", "vault", "-", stdin=canaries["credentials"] + "\n")
    (place / ".env").write_text(f"API_TOKEN={canaries['.env file']}\nPLAIN=1\n")
    echoes = "; ".join(
        (
            "echo $SHOP_DB_PASSWORD",
            'printf %s "$SHOP_DB_PASSWORD" | base64',
            "printf 'ana:%s' \"$SHOP_DB_PASSWORD\" | base64 -w0",
            "printf %s \"$SHOP_DB_PASSWORD\" | od -An -tx1 | tr -d ' \\n'",
            "echo $DATABASE_URL >&2",
            "echo $ANTHROPIC_API_KEY",
            "cat .env",
            f"echo password={canaries['command']}",
        )
    )
    plan = canaries.plan(
        place,
        ("file.write", {"path": "app.env", "content": f"DB_PASSWORD={canaries['written file']}\n"}),
        ("file.read", {"path": "app.env"}),
        ("file.read", {"path": ".env"}),
        ("shell.command", {"command": echoes}),
        (
            "shell.command",
            {"command": "echo $TOKEN; echo $TOKEN | base64", "environment": {"TOKEN": canaries["field"]}},
        ),
        ("shell.command", {"command": "cat", "stdin": f"secret: {canaries['stdin']}"}),
        ("file.write", {"path": "vault.txt", "content": "v={{secret:vault}}"}),
        ("shell.command", {"command": f"echo oops {canaries['field']} token={canaries['failure']} >&2; exit 3"}),
    )
    canaries.reign("run", "--plan", plan, "--approve", "destroy", codes=(1,))
    assert canaries["written file"] in (place / "app.env").read_text()
    assert (place / "vault.txt").read_text() == f"v={canaries['credentials']}"
    looks_back(canaries)
    canaries.reign("run", "--plan", plan, "--approve", "destroy", "--json", codes=(1, 4))
    said = canaries.reign("undo", "r_1", "--approve", "destroy", codes=(0, 1))
    assert isinstance(said, str)
    # A request that holds a secret: planned, run, refused, not understood.
    request = f"create file secret.env with content password={canaries['request']}"
    for words in (
        ("plan", request),
        ("plan", request, "--json"),
        ("run", request),
        ("run", request, "--approve", "create"),
        ("run", f"please do something odd with password {canaries['odd request']}", "--json"),
        ("classify",),
    ):
        canaries.reign(*words, stdin="" if words[0] != "classify" else "hello\n", codes=(0, 1, 3, 4))
    assert canaries["request"] in (place / "secret.env").read_text()
    # Wrong use, with a secret in it.
    canaries.reign("credentials", "set", "x", canaries["argument"], codes=(2,))
    canaries.reign("credentials", "set", "x", "--from-env", "SHOP_DB_PASSWORD")
    broken = place / "broken.json"
    broken.write_text(
        '{"v": 1, "steps": [{"id": "s1", "operation": "file.write", "fields": {"path": ["x"], '
        f'"content": "password={canaries["broken plan"]}"}}}}]}}'
    )
    canaries.reign("run", "--plan", str(broken), codes=(1, 2, 4))
    looks_back(canaries)
    assert not canaries.found(), "\n".join(canaries.found())


@pytest.mark.usefixtures("environment")
def test_a_process_killed_in_the_middle(canaries: Canaries, place: Path) -> None:
    command = "echo $SHOP_DB_PASSWORD; echo $SHOP_DB_PASSWORD | base64; sleep 2; echo $UNLOCK_TOKEN; touch done"
    fields: dict[str, object] = {
        "command": command,
        "environment": {"UNLOCK_TOKEN": canaries["held by the supervisor"]},
    }
    plan = canaries.plan(place, ("shell.command", fields))
    with subprocess.Popen(
        [*PROGRAM, "run", "--plan", plan, "--approve", "destroy", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        seen = b""
        while b"output.appended" not in seen:
            line = process.stdout.readline()
            assert line, seen
            seen += line
        os.kill(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    canaries.said += [("stdout before the kill", seen + out), ("stderr before the kill", err)]
    assert not canaries.found(), "\n".join(canaries.found())
    canaries.reign("resume", "last", "--approve", "destroy", codes=(0, 1, 3))
    looks_back(canaries)
    assert not canaries.found(), "\n".join(canaries.found())


@pytest.mark.docker
@pytest.mark.usefixtures("environment")
def test_a_day_with_containers(
    canaries: Canaries,
    place: Path,
    busybox_image: str,
    docker_client: DockerClient,
    docker_scope: DockerScope,
    docker_host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    mine, others, image = (docker_scope.name(word) for word in ("mine", "others", "image"))
    prints = (
        'echo "up with $DB_PASSWORD"; printf %s "$DB_PASSWORD" | base64; echo "$DATABASE_URL"; '
        f'echo "token={canaries["log line"]}"; sleep 3600'
    )
    secret = {"DB_PASSWORD": canaries["container"], "DATABASE_URL": f"postgres://u:{canaries['url']}@db/x"}
    docker_client.containers.run(busybox_image, ["sh", "-c", prints], name=others, detach=True, environment=secret)
    (place / "Dockerfile").write_text(
        f"FROM {busybox_image}\nARG NPM_TOKEN\nARG OPEN\nRUN echo building with $NPM_TOKEN and $OPEN\n"
    )
    environment = {"POSTGRES_PASSWORD": canaries["new container"], "OPEN": "1"}
    plan = canaries.plan(
        place,
        ("docker.inspect", {"container": others}),
        ("docker.logs", {"container": others}),
        ("docker.exec", {"container": others, "command": ["env"]}),
        (
            "docker.exec",
            {"container": others, "command": ["env"], "environment": {"SESSION_KEY": canaries["exec environment"]}},
        ),
        (
            "docker.build",
            {"folder": str(place), "image": f"{image}:1", "secret_args": {"NPM_TOKEN": canaries["build argument"]}},
        ),
        ("docker.run", {"image": busybox_image, "container": mine, "environment": environment, "command": prints}),
        ("docker.inspect", {"container": mine}),
        ("docker.logs", {"container": mine}),
        ("docker.remove_container", {"container": others, "force": True}),
    )
    said = canaries.reign("run", "--plan", plan, "--approve", "destroy", "--json", codes=(0, 1, 4))
    assert '"type": "run.finished"' in said
    assert said.count('"outcome": "done"') >= 3, said
    looks_back(canaries)
    canaries.reign("undo", "last", "--approve", "destroy", codes=(0, 1, 3))
    request = f"run a container from image {busybox_image} named {mine}-2 with env DB_PASSWORD={canaries['asked for']}"
    for words in (("plan", request), ("plan", request, "--json"), ("run", request, "--approve", "create")):
        canaries.reign(*words, codes=(0, 1, 3, 4))
    looks_back(canaries)
    assert not canaries.found(), "\n".join(canaries.found())


async def test_a_day_on_the_screen(canaries: Canaries, place: Path, reign_home: Path) -> None:
    paths = StorePaths(data=reign_home / "data", state=reign_home / "state")
    kept = Credentials(reign_home / "data", {})
    kept.set("vault", canaries["credentials"], where="file")
    (place / "show.txt").write_text(f"from the vault: {canaries['credentials']}\n")
    with Store.open(paths) as store:
        app = ReignApp(lambda: Session(store, EngineSettings(cwd=place), credentials=kept), AppConfig(), grace=0.0)
        stage = Stage(app, None)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 40)) as stage.pilot:
            await stage.until(lambda: app.ready)
            await stage.send(f"create file a.env with content password={canaries['pasted']}")
            await stage.until(lambda: "ASK" in stage.states())
            canaries.drawn("the plan on the screen", app.export_screenshot())
            await stage.press("a")
            await stage.until(lambda: stage.dialog == "ApprovalScreen")
            canaries.drawn("the dialog", app.export_screenshot())
            await stage.press("p")
            await stage.until(lambda: set(stage.states()) == {"done"})
            assert canaries["pasted"] in (place / "a.env").read_text()
            await stage.until(lambda: not app.conductor.desk.working)
            for request in ("show file show.txt", f"frobnicate my password {canaries['not understood']}"):
                await stage.send(request)
                await stage.until(lambda: not app.conductor.desk.busy and not app.conductor.desk.ahead)
                await stage.pilot.pause(0.2)
                canaries.drawn(f"after {request[:12]}", app.export_screenshot())
    assert not canaries.found(), "\n".join(canaries.found())
