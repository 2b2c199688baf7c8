"""Starting and stopping: what can be told without a second cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.testbed import life, tools
from tests.testbed.configuration import Configuration, kubeconfig, snapshotter
from tests.testbed.images import archive
from tests.testbed.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "testbed")
    made.run.mkdir(parents=True)
    made.log.mkdir()
    return made


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "tests.testbed", *words]
    return subprocess.run(
        argv, env={**os.environ, **environment}, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_nothing_runs_in_a_new_folder(tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    said = command("status", REIGN_TESTBED=folder, REIGN_TESTBED_BUILT="")
    assert said.returncode == 1
    assert "missing   kube-apiserver" in said.stdout
    assert "not running" in said.stdout
    assert command("down", REIGN_TESTBED=folder).stderr == "nothing was running\n"


def test_a_process_that_only_has_the_same_id_is_not_ended(places: Places) -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        places.process.write_text(json.dumps({"pid": bystander.pid, "started": "1"}))
        assert not life.running(places)
        assert not life.down(places)
        assert bystander.poll() is None
        bystander.terminate()


def test_what_ended_is_named_with_the_end_of_its_log(places: Places) -> None:
    log = places.log / "kubelet.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    components: dict[str, dict[str, object]] = {
        "kubelet": {"exit": 1, "log": str(log)},
        "etcd": {"exit": None, "log": "none"},
    }
    places.status.write_text(json.dumps({"ready": False, "stage": 2, "components": components}))
    own = {"pid": os.getpid(), "started": life._start_time(os.getpid())}
    places.process.write_text(json.dumps(own))
    said = str(life.unhealthy(places))
    assert said.startswith(f"kubelet ended with status 1; {log} ends:")
    assert "line 99" in said
    assert "line 9\n" not in said
    components["kubelet"]["exit"] = None
    places.status.write_text(json.dumps({"ready": False, "stage": 2, "components": components}))
    assert life.unhealthy(places, starting=True) is None
    assert life.unhealthy(places) == "it has not finished starting"


def test_without_root_it_says_so(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(tools, "is_built", lambda built, folder: True)
    places.terraform.mkdir()
    (places.terraform / tools.PROVIDER.name).write_text("provider")
    with pytest.raises(tools.Missing, match="needs root"):
        life.up(places, print)
    values = places.read_env()
    assert values["REIGN_TEST_BIN"] == str(places.bin)
    assert Path(values["REIGN_TEST_TF_CLI_CONFIG"]).is_file()
    assert "REIGN_TEST_KUBECONFIG" not in values


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "programs", lambda: {"ip": "/usr/sbin/ip", "cni": "/usr/lib/cni"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(tools.Missing, match="apt-get install busybox-static containerd"):
        tools.install_packages(print)


def test_no_go_is_said(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "go_program", lambda: None)
    with pytest.raises(tools.Missing, match="no Go"):
        tools.build(tools.TOOLS[0], places.bin, print)


def test_a_build_that_fails_says_why(places: Places) -> None:
    if tools.go_program() is None:
        pytest.skip("no Go")
    wrong = tools.Built("nothing", "actionlint", "example.invalid/nothing")
    with pytest.raises(tools.Missing, match="building nothing failed"):
        tools.build(wrong, places.bin, print)
    assert not (places.bin / "nothing").exists()


def test_a_socket_whose_path_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tools.Missing, match="shorter folder"):
        life._start(Places(tmp_path / ("x" * 120)), {}, print)


def test_tokens_are_new_every_time_and_nobody_else_reads_them(places: Places) -> None:
    first, second = Configuration(places), Configuration(places)
    assert not set(first.tokens.values()) & set(second.tokens.values())
    programs = {name: f"/bin/{name}" for name in ("etcd", "containerd", "cni")}
    programs |= {built.name: f"/bin/{built.name}" for built in tools.CLUSTER_PROGRAMS}
    first.write(programs | {"openssl": "openssl"})
    for name in ("tokens", "service-accounts.key", "server.key", "reign-test-kubelet.kubeconfig"):
        assert (places.run / name).stat().st_mode & 0o077 == 0, name
    assert "Node,RBAC" in (places.run / "components.json").read_text()


def test_a_kubeconfig_begins_with_its_first_context() -> None:
    made = kubeconfig({"a": ("https://x", Path("/ca"))}, {"u": "token"}, {"one": ("a", "u"), "two": ("a", "u")})
    assert made["current-context"] == "one"
    assert made["clusters"][0]["cluster"] == {"server": "https://x", "certificate-authority": "/ca"}


def test_overlays_are_not_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = "overlay / overlay rw 0 0\n/dev/sda /data ext4 rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda self: mounts)
    assert snapshotter(Path("/root/x")) == "native"
    assert snapshotter(Path("/data/x")) == "overlayfs"


def test_an_image_is_as_docker_save_writes_it() -> None:
    with tarfile.open(fileobj=BytesIO(archive("a/b:1", b"\0" * 10240, ["x"]))) as tar:
        (entry,) = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert entry["RepoTags"] == ["a/b:1"]
        config = json.load(tar.extractfile(entry["Config"]))  # type: ignore[arg-type]
        assert config["config"]["Cmd"] == ["x"]
        assert set(tar.getnames()) == {"manifest.json", entry["Config"], *entry["Layers"]}
