"""Which cluster tests may touch: one made for them, or one that a person named for them. Never the current context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.testbed.places import Places

PREFIX = "reign-test"


class NoCluster(Exception):
    """There is none that tests may touch; the text says how to get one."""


@dataclass(frozen=True)
class Choice:
    """``file``: the kubeconfig it is described in. ``second`` is None where a person named only one."""

    file: Path
    context: str
    second: str | None
    image: str
    containerd: str | None


def choose(environment: Mapping[str, str], places: Places) -> Choice:
    """What ``REIGN_TEST_CONTEXT`` names (in ``REIGN_TEST_KUBECONFIG``, else the person's own kubeconfig), or else the
    proving ground's own cluster, if it is up. Nothing else: whatever a kubeconfig calls current is never looked at.
    """
    named = environment.get("REIGN_TEST_CONTEXT")
    if named:
        file = personal_kubeconfig(environment)
        if not file.is_file():
            raise NoCluster(f"REIGN_TEST_CONTEXT names a context, but there is no {file}: set REIGN_TEST_KUBECONFIG")
        return Choice(
            file=file,
            context=named,
            second=environment.get("REIGN_TEST_CONTEXT_2") or None,
            image=environment.get("REIGN_TEST_IMAGE") or "busybox:1",
            containerd=environment.get("REIGN_TEST_CONTAINERD") or None,
        )
    made = places.read_env()
    if "REIGN_TEST_KUBECONFIG" not in made:
        raise NoCluster(
            "no cluster for tests: `make testbed` starts one here (as root, on Linux); "
            "or name one that tests may change: REIGN_TEST_CONTEXT=<context>"
        )
    path, context, second = (made.get(f"REIGN_TEST_{key}", "") for key in ("KUBECONFIG", "CONTEXT", "CONTEXT_2"))
    if Path(path) != places.kubeconfig or not (context.startswith(PREFIX) and second.startswith(PREFIX)):
        raise NoCluster(
            f"{places.env} names {context} of {path}, which is no cluster of the proving ground: "
            "`make testbed-down testbed` writes it anew"
        )
    return Choice(places.kubeconfig, context, second, made["REIGN_TEST_IMAGE"], made.get("REIGN_TEST_CONTAINERD"))


def personal_kubeconfig(environment: Mapping[str, str]) -> Path:
    """``REIGN_TEST_KUBECONFIG``, else the first file of ``KUBECONFIG``, else the one in the home folder."""
    given = environment.get("REIGN_TEST_KUBECONFIG") or environment.get("KUBECONFIG", "").partition(":")[0]
    return Path(given) if given else Path(environment.get("HOME", "/")) / ".kube" / "config"
