"""Which cluster tests may touch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.testbed.choice import NoCluster, choose
from tests.testbed.places import Places

PERSONAL = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "production",
    "clusters": [{"name": name, "cluster": {"server": "https://127.0.0.1:9"}} for name in ("production", "sandbox")],
    "users": [{"name": "ana", "user": {"token": "ana's own"}}, {"name": "root", "user": {"token": "root's own"}}],
    "contexts": [
        {"name": "production", "context": {"cluster": "production", "user": "root"}},
        {"name": "sandbox", "context": {"cluster": "sandbox", "user": "ana"}},
    ],
}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "testbed")
    made.folder.mkdir()
    return made


@pytest.fixture
def personal(tmp_path: Path) -> Path:
    path = tmp_path / "personal"
    path.write_text(json.dumps(PERSONAL))
    return path


def lay(places: Places, **changed: str) -> None:
    values = {
        "REIGN_TEST_KUBECONFIG": str(places.kubeconfig),
        "REIGN_TEST_CONTEXT": "reign-test",
        "REIGN_TEST_CONTEXT_2": "reign-test-2",
        "REIGN_TEST_IMAGE": "reign-test/busybox:1",
        **changed,
    }
    places.env.write_text("".join(f"{key}={value}\n" for key, value in values.items()))


def test_a_current_context_is_never_enough(places: Places, personal: Path) -> None:
    with pytest.raises(NoCluster, match="make testbed"):
        choose({"KUBECONFIG": str(personal), "HOME": str(personal.parent)}, places)


def test_the_proving_ground_comes_before_a_current_context(places: Places, personal: Path) -> None:
    lay(places)
    choice = choose({"KUBECONFIG": str(personal)}, places)
    assert (choice.file, choice.context, choice.second) == (places.kubeconfig, "reign-test", "reign-test-2")


@pytest.mark.parametrize(
    "changed",
    [
        {"REIGN_TEST_CONTEXT": "production"},
        {"REIGN_TEST_CONTEXT_2": ""},
        {"REIGN_TEST_KUBECONFIG": "/root/.kube/config"},
    ],
)
def test_an_env_file_that_names_anything_else_is_refused(places: Places, changed: dict[str, str]) -> None:
    lay(places, **changed)
    with pytest.raises(NoCluster, match="no cluster of the proving ground"):
        choose({}, places)


def test_a_person_names_one_in_their_own_file(places: Places, personal: Path) -> None:
    choice = choose({"KUBECONFIG": f"{personal}:/elsewhere", "REIGN_TEST_CONTEXT": "sandbox"}, places)
    assert (choice.file, choice.context, choice.second) == (personal, "sandbox", None)
    with pytest.raises(NoCluster, match="REIGN_TEST_KUBECONFIG"):
        choose({"KUBECONFIG": f"{personal}.gone", "REIGN_TEST_CONTEXT": "sandbox"}, places)


def test_a_session_meets_only_the_named_context(places: Places, personal: Path, tmp_path: Path) -> None:
    """As a person would start it, with a kubeconfig whose current context is precious."""
    script = f"""
from tests import conftest
from tests.testbed.choice import choose
made = conftest._without_the_rest(choose(conftest._ASKED_FOR, conftest._TESTBED), conftest.Path({str(tmp_path)!r}))
print(conftest.os.environ["KUBECONFIG"])
print(made.read_text())
"""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("REIGN_", "COV_"))},
        "KUBECONFIG": str(personal),
        "REIGN_TEST_CONTEXT": "sandbox",
        "REIGN_TESTBED": str(places.folder),
    }
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert ran.returncode == 0, ran.stderr
    exported, _, made = ran.stdout.partition("\n")
    assert exported != str(personal)
    assert "current-context: sandbox" in made
    assert "ana's own" in made
    assert "production" not in made
    assert "root" not in made
