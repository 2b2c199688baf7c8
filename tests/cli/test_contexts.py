"""``--context`` and ``-n``: whichever tool knows the name, and nothing where none does."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from reign_tui.cli.arguments import command_parser
from reign_tui.cli.context import contexts_named, settings_of
from reign_tui.cli.failure import Exit, Stopped

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://c.invalid"}}]
contexts:
- {name: prod-eu, context: {cluster: c, user: u}}
- {name: default, context: {cluster: c, user: u}}
users: [{name: u, user: {}}]
"""


@pytest.fixture
def _kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))


def parsed(*words: str) -> argparse.Namespace:
    return command_parser("plan", "x", "").parse_args(words)


@pytest.mark.usefixtures("_kubeconfig")
def test_whoever_knows_the_name_gets_it() -> None:
    assert contexts_named("prod-eu") == {"kube_context": "prod-eu"}
    assert contexts_named("default") == {"docker_context": "default", "kube_context": "default"}
    with pytest.raises(Stopped, match="neither docker nor Kubernetes has a context 'prod'") as raised:
        contexts_named("prod")
    assert raised.value.code == Exit.USAGE
    assert "Kubernetes: prod-eu, default" in str(raised.value.way_out)


def test_a_broken_kubeconfig_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").write_text("a: [")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert contexts_named("default") == {"docker_context": "default"}
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.usefixtures("_kubeconfig")
def test_the_engine_gets_context_and_namespace(reign_home: Path) -> None:
    settings = settings_of(parsed("--context", "prod-eu", "-n", "shop")).engine
    assert (settings.docker_context, settings.kube_context, settings.namespace) == (None, "prod-eu", "shop")
    assert settings.defaults("kubernetes.scale") == {"context": "prod-eu", "namespace": "shop"}
    assert settings.defaults("helm.install") == {"context": "prod-eu", "namespace": "shop"}
    assert settings.defaults("docker.run") == {}
    assert settings.defaults("file.write") == {}
