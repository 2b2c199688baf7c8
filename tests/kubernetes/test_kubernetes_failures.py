"""Everything that goes wrong on the way to a cluster and in it, with its cause and the way out."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from reign_executors.errors import Conflict, ConnectionLost, NotFound, OperationError, TimedOut, ToolMissing
from reign_executors.kubernetes.client import close_clusters, cluster
from reign_executors.kubernetes.contexts import Where
from reign_executors.kubernetes.execute import exit_code
from reign_executors.kubernetes.failures import (
    CredentialsRefused,
    Forbidden,
    Gone,
    Invalid,
    Moved,
    OwnedByOthers,
    Refused,
    refusal,
    unreachable,
)
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.kubernetes.status import status
from reign_executors.target import Target
from tests.kubernetes.conftest import Bench

AT = Where("prod", "https://api.invalid", "shop", "ana", ())


def answer(status_: int, message: str, **rest: Any) -> OperationError:
    body = json.dumps({"kind": "Status", "message": message, **rest}).encode()
    return refusal(status_, body, AT, "patch shop/deployment/web")


@pytest.mark.parametrize(
    ("status_", "message", "kind", "said"),
    [
        (401, "Unauthorized", CredentialsRefused, "wrong or expired"),
        (403, "no", Forbidden, "forbids it: no"),
        (404, 'pods "x" not found', NotFound, 'pods "x" not found'),
        (409, "the object has been modified", Moved, "changed by somebody else"),
        (409, "x is being terminated", Conflict, "terminated"),
        (410, "too old resource version", Gone, "too old"),
        (415, "the body was not right", Invalid, "not right"),
        (429, "slow down", OperationError, "overloaded"),
        (429, "Cannot evict pod as it would violate the pod's disruption budget.", Refused, "disruption budget"),
        (500, "boom", ConnectionLost, "in trouble"),
        (504, "timeout", TimedOut, "in time"),
        (418, "teapot", OperationError, "418"),
        (
            500,
            'Internal error: failed calling webhook "p.example.com": no route',
            Refused,
            "p.example.com does not answer",
        ),
        (400, 'admission webhook "p.example.com" denied the request: no latest', Refused, "p.example.com refuses it"),
        (403, "pods x is forbidden: exceeded quota: q, requested: pods=1", Refused, "the quota q is exceeded"),
    ],
)
def test_refusals(status_: int, message: str, kind: type[OperationError], said: str) -> None:
    error = answer(status_, message)
    assert type(error) is kind
    assert said in error.cause
    assert error.way_out or type(error) is OperationError


def test_rights_name_verb_resource_and_namespace() -> None:
    message = (
        'x is forbidden: User "ana" cannot patch resource "deployments" in API group "apps" in the namespace "shop"'
    )
    error = answer(403, message)
    assert isinstance(error, Forbidden)
    assert (error.verb, error.resource, error.namespace) == ("patch", "deployments.apps", "shop")
    assert "kubectl auth can-i patch deployments.apps -n shop" in error.way_out
    everywhere = answer(403, 'x is forbidden: User "ana" cannot list resource "nodes" at the cluster scope')
    assert "in the cluster" in everywhere.cause


def test_causes_are_taken_apart() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "helm" using v1', "field": ".data.a"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "helm" using v1', "field": ".data.b"},
    ]
    error = answer(409, "conflicts", details={"causes": causes})
    assert isinstance(error, OwnedByOthers)
    assert error.owners == {"helm": ("data.a", "data.b")}
    wrong = answer(422, "bad", details={"causes": [{"field": "spec.x", "message": "must be y"}]})
    assert isinstance(wrong, Invalid)
    assert wrong.fields == (("spec.x", "must be y"),)
    assert isinstance(answer(409, "it is there", reason="AlreadyExists"), Conflict)
    assert isinstance(refusal(502, b"<html>", AT), ConnectionLost)


def test_the_way_to_a_server() -> None:
    assert isinstance(unreachable(ConnectionRefusedError(), AT, sent=True), ToolMissing)
    assert isinstance(unreachable(ConnectionResetError(), AT, sent=True), ConnectionLost)
    assert isinstance(unreachable(TimeoutError(), AT, sent=True), TimedOut)
    assert isinstance(unreachable(OSError(), AT, sent=False), ToolMissing)


def test_exit_codes_of_commands() -> None:
    assert exit_code(b'{"status": "Success"}') == 0
    causes = {"details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}
    assert exit_code(json.dumps(causes).encode()) == 3
    assert exit_code(b'{"status": "Failure", "message": "exec: x: executable file not found in $PATH"}') == 127
    with pytest.raises(OperationError, match="could not be run"):
        exit_code(b'{"status": "Failure", "message": "container not found"}')


async def test_a_viewer_may_not_change(bench: Bench, kube_context: str) -> None:
    if kube_context != "reign-test":
        pytest.skip("only the proving ground has a viewer")
    await bench.deployment()
    viewer = bench.make("scale", object="web", replicas=1, context="reign-test-viewer")
    with pytest.raises(Forbidden) as raised:
        await viewer.preview(bench.step())
    assert (raised.value.verb, raised.value.resource) == ("patch", "deployments.apps")
    assert bench.namespace in raised.value.cause
    with pytest.raises(Forbidden, match="may not delete deployments"):
        await bench.effect("delete", kind="deployment", object="web", context="reign-test-viewer")
    answer_ = await bench.done("can_i", verb="delete", kind="node", context="reign-test-viewer")
    assert not answer_.allowed
    assert (await bench.done("can_i", verb="delete", kind="node")).allowed


async def test_expired_credentials(bench: Bench, kube_context: str) -> None:
    if kube_context != "reign-test":
        pytest.skip("only the proving ground has such a context")
    with pytest.raises(CredentialsRefused, match="expired") as raised:
        await bench.done("list", kind="pod", context="reign-test-expired")
    assert raised.value.kind == "credentials"
    assert isinstance(raised.value, ToolMissing)
    found = await status("reign-test-expired")
    assert found.problem is not None


async def test_what_is_not_there_names_what_is_near(bench: Bench) -> None:
    await bench.config("settings")
    with pytest.raises(NotFound, match="there is no configmap setting") as raised:
        await bench.done("get", kind="configmap", object="setting")
    assert raised.value.way_out == "did you mean settings?"
    with pytest.raises(NotFound) as raised:
        await bench.done("get", kind="configmap", object="settings", namespace="default")
    assert f"-n {bench.namespace}" in raised.value.way_out
    effect = await bench.effect("label", kind="configmap", object="settings", labels={"a": "b"}, namespace="default")
    assert effect.problems[0].choices[0].fields == {"namespace": bench.namespace}
    with pytest.raises(NotFound) as raised:
        await bench.done("get", kind="node", object="nothing-like-it")
    assert "kubectl get nodes" in raised.value.way_out


async def test_quota(bench: Bench) -> None:
    spec = {"hard": {"count/configmaps": "1"}}
    await bench.post({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": spec})

    async def counted() -> Any:
        return (await bench.there("resourcequota", "small")).get("status", {}).get("used")

    await bench.until(counted, "the quota is counted")
    effect = await bench.effect("apply", manifest="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}")
    assert "the quota small is exceeded" in effect.problems[0].text


async def test_targets_are_pinned(bench: Bench, kube_context_2: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change = bench.make("scale", object="web", replicas=1, context=None, namespace=None)
    target = await change.target(bench.step())
    assert (target.tool, target.context, target.resource) == ("kubernetes", bench.context, "default/deployment/web")
    assert set(target.identity) == {"server", "cluster"}
    assert target.identity["cluster"]
    pinned = change.pinned(target)
    assert (pinned.context, pinned.namespace) == (bench.context, "default")
    assert pinned.locks() == {f"kubernetes:{bench.context}/default/deployment/web"}
    other: Target = await bench.make("scale", object="web", replicas=1, context=kube_context_2).target(bench.step())
    assert not other.same_system(target)
    # what others choose as the current context meanwhile moves nothing
    text = Path(os.environ["KUBECONFIG"]).read_text()
    moved = Path(bench.call.cwd) / "moved"
    moved.write_text(yaml.safe_dump({**yaml.safe_load(text), "current-context": kube_context_2}))
    monkeypatch.setenv("KUBECONFIG", str(moved))
    assert (await change.target(bench.step())).context == kube_context_2
    assert await pinned.target(bench.step()) == target


def plain_config(folder: Path, server: str, user: dict[str, Any] | None = None) -> dict[str, str]:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (folder / "config").write_text(yaml.safe_dump(config))
    return {**os.environ, "KUBECONFIG": str(folder / "config")}


@pytest.fixture
def _no_connections() -> Iterator[None]:
    yield
    close_clusters()


@pytest.mark.usefixtures("_no_connections")
async def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        environment = plain_config(tmp_path, f"http://127.0.0.1:{probe.getsockname()[1]}")
    with pytest.raises(ToolMissing, match="no Kubernetes API server answers") as raised:
        await cluster(None, environment).identity()
    assert "--context" in raised.value.way_out
    found = await status(None, None, environment)
    assert (found.context, found.problem is not None, found.configured) == ("c", True, True)
    nowhere = await status(None, None, {"HOME": str(tmp_path)})
    assert (nowhere.configured, nowhere.server) == (False, "")


class Server(BaseHTTPRequestHandler):
    """Answers what ``script`` says to each path; remembers the token it was shown."""

    script: ClassVar[dict[str, tuple[int, Any]]] = {}
    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.tokens.append(self.headers.get("authorization"))
        code, body = self.script.get(self.path.partition("?")[0], (404, {"message": "no"}))
        raw = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture
def server(_no_connections: None) -> Iterator[str]:
    Server.script, Server.tokens = {}, []
    listening = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


async def test_old_servers_are_asked_group_by_group(server: str, tmp_path: Path) -> None:
    rows = [
        {"name": "shops", "kind": "Shop", "namespaced": True},
        {"name": "shops/scale", "kind": "Scale", "namespaced": True},
    ]
    Server.script = {
        "/api": (200, {"versions": ["v1"]}),
        "/api/v1": (200, {"resources": []}),
        "/apis": (200, {"groups": [{"preferredVersion": {"groupVersion": g}} for g in ("x.io/v1", "down.io/v1")]}),
        "/apis/x.io/v1": (200, {"resources": rows}),
        "/apis/down.io/v1": (503, {"message": "down"}),
    }
    found = await cluster(None, plain_config(tmp_path, server)).kind("shops")
    assert (found.kind, found.group, found.scalable, found.word) == ("Shop", "x.io", True, "shop.x.io")


async def test_a_cluster_that_hides_kube_system(server: str, tmp_path: Path) -> None:
    Server.script = {"/api/v1/namespaces/kube-system": (403, {"message": "no"})}
    here = cluster(None, plain_config(tmp_path, server))
    assert await here.identity() == {"server": server, "cluster": ""}


def plugin(folder: Path, script: str) -> dict[str, Any]:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    version = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": version, "command": "./plugin", "env": [{"name": "WHO", "value": "ana"}]}}


async def test_credentials_plugins_get_a_scrubbed_environment(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECTL_EXTERNAL_DIFF", "evil")
    monkeypatch.setenv("LD_SOMETHING", "evil")
    token = '"token": "\'"$WHO${KUBECTL_EXTERNAL_DIFF-}${LD_SOMETHING-}"\'"'
    user = plugin(tmp_path, f"echo '{{\"status\": {{{token}}}}}'")
    Server.script = {"/api/v1/namespaces/kube-system": (200, {"metadata": {"uid": "u"}})}
    identity = await cluster(None, plain_config(tmp_path, server, user)).identity()
    assert identity["cluster"] == "u"
    assert Server.tokens == ["Bearer ana"]


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ("echo log in first >&2; exit 1", CredentialsRefused, "exit 1"),
        ("echo nothing", CredentialsRefused, "no credential"),
        ("echo '{\"status\": {}}'", CredentialsRefused, "no credential"),
        (None, ToolMissing, "needs the program"),
    ],
)
async def test_credentials_plugins_that_fail(
    server: str, tmp_path: Path, script: str | None, kind: type[OperationError], said: str
) -> None:
    user = plugin(tmp_path, script or "")
    if script is None:
        user["exec"] |= {"command": "no-such-plugin", "installHint": "get it from example.com\nmore"}
    with pytest.raises(kind, match=said) as raised:
        await cluster(None, plain_config(tmp_path, server, user)).identity()
    assert raised.value.way_out
    assert Server.tokens == []
    if script is None:
        assert raised.value.way_out == "get it from example.com"


async def test_unusable_certificates(server: str, tmp_path: Path) -> None:
    user = {"client-certificate": str(tmp_path / "none.pem"), "client-key": str(tmp_path / "none.key")}
    environment = plain_config(tmp_path, "https://127.0.0.1:1", user)
    with pytest.raises(ToolMissing):
        await cluster(None, environment).identity()


async def test_what_others_change_all_the_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write meets a newer version, whose content is the same: it gives up after a while."""
    from reign_executors.errors import TargetMoved

    await bench.deployment()
    here, call = bench.here, type(bench.here).call

    async def call_late(self: Any, method: str, path: str, **rest: Any) -> Any:
        if method == "PATCH" and rest["body"]["spec"] == {"replicas": 2}:
            live = await self.get(known_kind("deployment"), bench.namespace, "web")
            live["status"]["observedGeneration"] = 0
            live["status"]["conditions"] = [{"type": "Odd", "status": "True", "message": os.urandom(4).hex()}]
            path_ = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web/status"
            with contextlib.suppress(Moved):
                await call(self, "PUT", path_, body=live)
        return await call(self, method, path, **rest)

    monkeypatch.setattr(type(here), "call", call_late)
    with pytest.raises(TargetMoved, match="all the time"):
        await bench.done("scale", object="web", replicas=2, wait=0)


async def test_a_server_that_takes_too_long(bench: Bench) -> None:
    done = threading.Event()
    with pytest.raises(TimedOut):
        await bench.here.thread(lambda: done.wait(5), limit=0.01)
    done.set()


async def test_a_call_knows_its_own_environment(bench: Bench, tmp_path: Path) -> None:
    elsewhere = {**os.environ, "KUBECONFIG": str(tmp_path / "none")}
    with pytest.raises(ToolMissing, match="there is no kubeconfig"):
        await bench.make("list", kind="pod", context=None).execute(replace(bench.step(), environment=elsewhere))


def test_what_is_too_large_says_how_much_may_be() -> None:
    error = refusal(413, b"Request entity too large: limit is 3145728", AT, "patch shop/configmaps/big")
    assert isinstance(error, Invalid)
    assert "too large" in error.cause
    assert "1 MiB" in error.way_out


def test_a_million_characters_without_a_space_are_looked_through_once() -> None:
    """A pattern that tries every start anew would take minutes here."""
    from reign_executors.kubernetes.objects import without_secrets

    value = "abc123XY" * 150_000
    assert without_secrets({"data": {"blob": value}}, "ConfigMap") == {"data": {"blob": value}}
    address = "postgres://ana:hunter2hunter2@db/shop"
    assert "hunter2" not in str(without_secrets({"data": {"url": address}}, "ConfigMap"))
