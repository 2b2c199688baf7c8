"""The doctor: what is there, what is missing, how it is mended."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from reign_tui.__main__ import main
from reign_tui.doctor import CHECKS, REQUIRED, Check, Patient, examine, healthy
from reign_tui.paths import find_paths


def program(folder: Path, name: str, script: str) -> None:
    """A program of that name on a PATH of its own."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def examined(tmp_path: Path, environment: dict[str, str] | None = None, context: str | None = None) -> dict[str, Check]:
    patient = Patient(tmp_path, find_paths(), context, {**os.environ, **(environment or {})})
    return {check.id: check for check in asyncio.run(examine(patient))}


def test_json_has_the_contracts_shape(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["reign-tui", "doctor", "--json"])
    assert main() == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["v"] == 1
    assert answer["ok"] is True
    assert [check["id"] for check in answer["checks"]] == list(CHECKS)
    for check in answer["checks"]:
        assert check.keys() == {"id", "status", "required", "version", "detail", "fix", "target"}
        assert check["status"] in {"ok", "warn", "missing", "error", "off"}
        assert check["required"] is (check["id"] in REQUIRED)


def test_words_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path, path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["reign-tui", "doctor"])
    assert main() == 6
    out = capsys.readouterr().out
    assert "missing  bash: shell commands need it\n           apt-get install bash\n" in out
    assert out.endswith("something required is missing: see above\n")


def test_only_what_is_required_makes_it_fail() -> None:
    assert healthy([Check("docker", "missing", ""), Check("bash", "ok", "", required=True)])
    assert not healthy([Check("bash", "missing", "", required=True)])
    assert healthy([Check("home", "warn", "", required=True)])


def test_tools_that_come_later_are_named_with_their_target(tmp_path: Path, reign_home: Path, path: Path) -> None:
    program(path, "kubectl", 'case "$1" in version) echo "Client Version: v1.30.2";; *) echo prod-eu;; esac')
    program(path, "helm", "echo v3.15.1+g123")
    program(path, "tofu", "echo OpenTofu v1.8.0")
    program(path, "git", 'case "$1" in --version) echo git version 2.39.5;; *) echo main;; esac')
    (tmp_path / "main.tf").touch()
    found = examined(tmp_path)
    assert (found["kubectl"].version, found["kubectl"].status) == ("v1.30.2", "ok")
    assert found["helm"].version == "3.15.1"
    assert (found["terraform"].version, found["terraform"].target) == (
        "v1.8.0",
        f"{tmp_path}, workspace default, backend local",
    )
    assert (found["git"].version, found["git"].target) == ("2.39.5", f"{tmp_path} on main")


def test_tools_that_come_later_and_are_not_there(tmp_path: Path, reign_home: Path, path: Path) -> None:
    found = examined(tmp_path)
    assert (found["kubectl"].status, found["helm"].status) == ("off", "missing")
    assert found["terraform"].status == "missing"
    assert found["git"].fix == "apt-get install git"


def test_a_tool_that_hangs_or_can_not_start_is_left(
    tmp_path: Path, reign_home: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reign_tui.doctor.ANSWER_LIMIT", 0.05)
    program(path, "bash", "exec /bin/sleep 60")
    (path / "helm").write_text("no program")
    (path / "helm").chmod(0o755)
    found = examined(tmp_path)
    assert found["bash"].status == "error"
    assert found["helm"].status == "error"


def test_a_check_that_hangs_or_breaks_is_one_line(
    tmp_path: Path, reign_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: Patient) -> Check:
        await asyncio.sleep(60)
        raise AssertionError

    async def breaks(_: Patient) -> Check:
        raise ValueError("the moon\nis full")

    monkeypatch.setattr("reign_tui.doctor.LIMIT", 0.05)
    monkeypatch.setitem(CHECKS, "bash", hangs)
    monkeypatch.setitem(CHECKS, "git", breaks)
    found = examined(tmp_path)
    assert (found["bash"].status, found["bash"].required) == ("error", True)
    assert (found["git"].detail, found["git"].required) == ("ValueError: the moon is full", False)


def test_keys_are_named_and_never_shown(tmp_path: Path, reign_home: Path) -> None:
    found = examined(tmp_path, {"ANTHROPIC_API_KEY": "sk-ant-secret", "GH_TOKEN": "ghp_secret"})
    assert found["anthropic"].detail.startswith("ANTHROPIC_API_KEY set; asked only where a model is chosen")
    assert found["github"].detail.startswith("GH_TOKEN set; not used yet")
    assert "not set" in found["openai"].detail
    assert "secret" not in json.dumps([check.to_json() for check in found.values()])


def test_a_docker_daemon_that_is_not_there(tmp_path: Path, reign_home: Path) -> None:
    found = examined(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})["docker"]
    assert found.status == "missing"
    assert not found.required
    assert "work without it" in found.detail
    assert found.fix
    assert str(tmp_path) in (found.target or "")


def test_a_docker_context_that_is_not_there(tmp_path: Path, reign_home: Path) -> None:
    found = examined(tmp_path, {"DOCKER_HOST": ""}, context="nowhere")["docker"]
    assert found.status == "missing"
    assert "nowhere" in found.detail


def test_no_cluster_is_configured(tmp_path: Path, reign_home: Path) -> None:
    found = examined(tmp_path, {"HOME": str(tmp_path), "KUBECONFIG": ""})["kubernetes"]
    assert (found.status, found.required, found.target) == ("off", False, None)
    assert "there is no kubeconfig" in found.detail
    found = examined(tmp_path, {"KUBECONFIG": str(tmp_path / "none")})["kubernetes"]
    assert found.status == "missing"
    assert found.fix


def test_a_cluster(tmp_path: Path, reign_home: Path, kube_context: str) -> None:
    found = examined(tmp_path)["kubernetes"]
    assert (found.status, (found.version or "")[:1]) == ("ok", "v")
    assert found.target
    assert found.target.startswith(f"{kube_context}: https://")
    assert found.target.endswith(", namespace default")


@pytest.mark.docker
def test_a_docker_daemon(tmp_path: Path, reign_home: Path, docker_host: str) -> None:
    found = examined(tmp_path)["docker"]
    assert found.status == "ok"
    assert found.version
    assert docker_host in (found.target or "")


def test_a_home_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REIGN_HOME", str(tmp_path / "file" / "reign"))
    found = examined(tmp_path)["home"]
    assert (found.status, found.required) == ("error", True)
    assert "REIGN_HOME" in (found.fix or "")


def test_a_home_with_a_history(tmp_path: Path, reign_home: Path) -> None:
    from reign_agents.store.places import StorePaths
    from reign_agents.store.store import Store

    assert examined(tmp_path)["home"].detail.startswith("nothing remembered yet")
    paths = find_paths()
    store = Store.open(StorePaths(data=paths.data, state=paths.state))
    asyncio.run(store.close())
    found = examined(tmp_path)["home"]
    assert (found.status, found.target) == ("ok", str(paths.data))


def test_a_database_that_is_no_database(tmp_path: Path, reign_home: Path) -> None:
    paths = find_paths()
    paths.data.mkdir(parents=True)
    paths.database.write_bytes(b"this is no database at all" * 1000)
    found = examined(tmp_path)["home"]
    assert found.status in ("warn", "error")


@pytest.mark.parametrize(
    ("environment", "status", "said"),
    [
        ({"TERM": "xterm-256color"}, "ok", "xterm-256color, 100x30, 256 colours"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/t", "COLORTERM": "truecolor"}, "ok", "inside tmux"),
        ({"TERM": "screen"}, "ok", "screen inside screen, 100x30, 16 colours"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "ok", "no colours (NO_COLOR)"),
        ({"TERM": "dumb"}, "warn", "needs a real one"),
    ],
)
def test_terminals(
    environment: dict[str, str], status: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((100, 30)))
    given = {"COLORTERM": "", "TMUX": "", **environment}
    found = asyncio.run(CHECKS["terminal"](Patient(tmp_path, find_paths(), None, given)))
    assert (found.status, said in found.detail) == (status, True)


def test_a_small_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((60, 20)))
    found = asyncio.run(CHECKS["terminal"](Patient(tmp_path, find_paths(), None, {"TERM": "xterm"})))
    assert (found.status, found.fix) == ("warn", "make the window larger")
