"""Releases on a real cluster: what is shown before, what is said when something is in the way, what comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reign_executors.effect import Action, Effect, Risk, UndoPromise
from reign_executors.errors import Conflict, NotFound, PermissionMissing, ToolMissing
from reign_executors.helm.change import NOTE
from reign_executors.helm.failures import HelmFailed, NotReady
from reign_executors.helm.storage import revisions
from reign_executors.kubernetes.client import cluster
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.process import status
from tests.helm.charts_made import LOGIN, SETTINGS, SLEEPER, write_chart
from tests.helm.conftest import Bench

SECRET = "hunter2-hunter2"
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-data
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none-here
  resources: {requests: {storage: 3Gi}}
"""
KEPT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-kept
  annotations: {helm.sh/resource-policy: keep}
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations: {helm.sh/hook: "pre-upgrade,post-delete"}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: x}]}}
"""


def actions(effect: Effect) -> dict[str, str]:
    return {change.resource.partition("/")[2]: change.action.value for change in effect.changes}


async def delete(bench: Bench, word: str, name: str) -> None:
    kind = known_kind(word)
    assert kind is not None
    await cluster(bench.about["context"]).call("DELETE", kind.path(bench.about["namespace"], name))


async def set_status(bench: Bench, release: str, revision: int, state: str) -> None:
    """Leave a release as a helm that died in the middle leaves it."""
    import base64
    import gzip

    kind = known_kind("secret")
    assert kind is not None
    here, name = cluster(bench.about["context"]), f"sh.helm.release.v1.{release}.v{revision}"
    record = await here.get(kind, bench.about["namespace"], name)
    assert record is not None
    held = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(record["data"]["release"]))))
    held["info"]["status"] = state
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(held).encode()))).decode()
    body = {"metadata": {"labels": {"status": state}}, "data": {"release": packed}}
    path = kind.path(bench.about["namespace"], name)
    await here.call("PATCH", path, body=body, content="application/merge-patch+json")


async def test_a_release_from_its_beginning_to_its_end(bench: Bench) -> None:
    """Install, upgrade, look at it from all sides, roll back; nothing secret is ever shown."""
    write_chart(bench.folder / "web", {"a.yaml": SETTINGS, "b.yaml": LOGIN})
    values = {"colour": f"postgres://u:{SECRET}@db", "password": SECRET}
    effect = await bench.preview("install", release="web", chart="web", values=values)
    assert actions(effect) == {
        "secret/web-login": "create",
        "configmap/web-settings": "create",
        "release/web": "create",
    }
    assert effect.undo is UndoPromise.EXACT
    assert effect.risk is Risk.CREATE
    assert SECRET not in json.dumps(effect.to_json())
    made = await bench.run("install", release="web", chart="web", values=values)
    assert (made.revision, made.status, made.chart, made.app_version) == (1, "deployed", "web-0.1.0", "1.0")

    write_chart(bench.folder / "web", {"a.yaml": SETTINGS, "b.yaml": LOGIN, "c.yaml": KEPT}, version="0.2.0")
    other = {"colour": "red", "password": SECRET + "-new"}
    effect = await bench.preview("upgrade", release="web", chart="web", values=other)
    assert actions(effect)["release/web"] == "update"
    assert actions(effect)["configmap/web-kept"] == "create"
    secret = next(change for change in effect.changes if change.resource.endswith("web-login"))
    assert "+  password: <hidden, changed>" in str(secret.diff)
    assert "web-0.1.0 → web-0.2.0" in str(effect.changes[-1].note)
    assert SECRET not in json.dumps(effect.to_json())
    await bench.run("upgrade", release="web", chart="web", values=other)

    listed = await bench.run("list")
    assert [(row.release, row.revision, row.chart) for row in listed.releases] == [("web", 2, "web-0.2.0")]
    shown = await bench.run("status", release="web")
    assert (shown.revision, shown.waiting) == (2, ())
    assert f"{bench.about['namespace']}/secret/web-login" in shown.resources
    history = await bench.run("history", release="web")
    assert [(row.revision, row.status) for row in history.revisions] == [(2, "deployed"), (1, "superseded")]
    assert history.revisions[0].description.startswith("reign r_")
    given = await bench.run("get_values", release="web")
    assert given.values == {"colour": "red", "password": "<hidden>"}
    first = await bench.run("get_values", release="web", revision=1)
    assert first.values["password"] == "<hidden>"
    everything = await bench.run("get_values", release="web", everything=True)
    assert everything.values["replicas"] == 1
    difference = await bench.run("diff", release="web", values={"colour": "pink"}, reuse_values=True)
    assert (difference.updated, difference.created, difference.same) == (1, 0, False)
    assert "+  colour: pink" in difference.text
    back = await bench.run("diff", release="web", revision=1)
    assert "<hidden>@db" in back.text or "<hidden>" in back.text
    same = await bench.run("diff", release="web", reuse_values=True)
    assert same.same

    effect = await bench.preview("rollback", release="web")
    assert "as 1 was" in str(effect.changes[-1].note)
    assert f"{bench.about['namespace']}/configmap/web-kept" in " ".join(effect.notes)  # it stays
    await bench.run("rollback", release="web", revision=1)
    assert (await bench.run("list")).releases[0].revision == 3
    record = json.dumps([listed.model_dump(), shown.model_dump(), history.model_dump(), difference.model_dump()])
    assert SECRET not in record + bench.text + back.text


async def test_a_namespace_that_is_not_there_is_asked_about(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    missing = f"{bench.about['namespace']}-new"
    effect = await bench.preview("install", release="web", chart="web", namespace=missing)
    assert effect.problems[0].text == f"there is no namespace {missing}"
    assert effect.problems[0].choices[0].fields == {"create_namespace": True}
    operation = bench.make("install", release="web", chart="web", namespace=missing)
    promised = await operation.preview(bench.call(promised=frozenset({f"namespace/{missing}"})))
    assert promised.known
    assert not promised.problems
    making = await bench.preview("install", release="web", chart="web", namespace=missing, create_namespace=True)
    assert making.changes[0].resource == f"namespace/{missing}"
    assert making.undo is UndoPromise.REVERT
    assert f"namespace/{missing}" in str(making.undo_why)
    with pytest.raises(NotFound, match="no namespace"):
        await operation.execute(bench.call())


async def test_a_name_in_use_offers_an_upgrade_or_another_name(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    bench.helm("install", "web", "web")
    effect = await bench.preview("install", release="web", chart="web")
    assert {choice.key: choice.fields for choice in effect.problems[0].choices} == {
        "upgrade": {"if_exists": "upgrade"},
        "rename": {"release": "web-2"},
    }
    fields: dict[str, Any] = {"release": "web", "chart": "web", "values": {"colour": "red"}, "if_exists": "upgrade"}
    assert (await bench.preview("install", **fields)).risk is Risk.CHANGE
    assert (await bench.run("install", **fields)).revision == 2
    nobody = await bench.preview("upgrade", release="nobody", chart="web")
    assert nobody.problems[0].choices[0].fields == {"install": True}
    with pytest.raises(NotFound) as missing:
        await bench.run("status", release="wbe")
    assert "web" in missing.value.way_out
    with pytest.raises(NotFound, match="no release nobody"):
        await bench.run("uninstall", release="nobody")
    assert "no release" in (await bench.preview("uninstall", release="nobody")).problems[0].text
    assert "no release" in (await bench.preview("rollback", release="nobody")).problems[0].text


async def test_a_release_left_in_the_middle_is_cleared_up_when_chosen(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    bench.helm("install", "web", "web")
    bench.helm("upgrade", "web", "web", "--set", "colour=red")
    await set_status(bench, "web", 2, "pending-upgrade")
    fields: dict[str, Any] = {"release": "web", "chart": "web", "values": {"colour": "green"}}
    effect = await bench.preview("upgrade", **fields)
    assert "pending-upgrade" in effect.problems[0].text
    assert effect.problems[0].choices[0].fields == {"if_pending": "clear"}
    with pytest.raises(Conflict, match="pending-upgrade"):
        await bench.run("upgrade", **fields)
    chosen = await bench.preview("upgrade", **fields, if_pending="clear")
    assert not chosen.problems
    made = await bench.run("upgrade", **fields, if_pending="clear")
    assert (made.status, made.revision) == ("deployed", 4)
    await set_status(bench, "web", 4, "pending-rollback")
    rolling = await bench.preview("rollback", release="web")
    assert any("pending-rollback" in note for note in rolling.notes)
    bench.helm("install", "half", "web")
    await set_status(bench, "half", 1, "pending-install")
    assert (await bench.preview("install", release="half", chart="web")).problems[0].choices[0].key == "clear"
    made = await bench.run("install", release="half", chart="web", if_pending="clear")
    assert (made.status, made.revision) == ("deployed", 1)


async def test_what_somebody_deleted_is_made_again(bench: Bench) -> None:
    write_chart(bench.folder / "web", {"a.yaml": SETTINGS, "b.yaml": LOGIN})
    bench.helm("install", "web", "web")
    await delete(bench, "configmap", "web-settings")
    waiting = (await bench.run("status", release="web")).waiting
    assert waiting == (f"{bench.about['namespace']}/configmap/web-settings is gone",)
    effect = await bench.preview("upgrade", release="web", chart="web")
    gone = next(change for change in effect.changes if change.resource.endswith("web-settings"))
    assert (gone.action, gone.note) == (Action.CREATE, "it belongs to the release but is gone")


async def test_uninstalling_says_what_goes_and_what_stays(bench: Bench) -> None:
    templates = {"a.yaml": SETTINGS, "claim.yaml": CLAIM, "kept.yaml": KEPT, "hook.yaml": HOOK}
    write_chart(bench.folder / "web", templates)
    effect = await bench.preview("install", release="web", chart="web")
    assert effect.undo is UndoPromise.REVERT
    assert "web-kept" in str(effect.undo_why)
    bench.helm("install", "web", "web")
    effect = await bench.preview("uninstall", release="web")
    claim = next(change for change in effect.changes if "persistentvolumeclaim" in change.resource)
    assert claim.data_bytes == 3 * 2**30
    assert effect.risk is Risk.DESTROY
    assert any("configmap/web-kept stays" in note for note in effect.notes)
    assert any("web-migrate" in note and "runs a program" in note for note in effect.notes)
    assert effect.undo is UndoPromise.RECREATE
    upgrading = await bench.preview("upgrade", release="web", chart="web", values={"colour": "x"})
    assert actions(upgrading)["job/web-migrate"] == "create"
    write_chart(bench.folder / "less", {"a.yaml": SETTINGS})
    fewer = await bench.preview("upgrade", release="web", chart="less")
    assert actions(fewer)["persistentvolumeclaim/web-data"] == "delete"
    assert fewer.risk is Risk.DESTROY
    held = bench.make("uninstall", release="web")
    small = replace(bench.call(), blobs=type(bench.blobs)(limit=10))
    assert (await held.preview(small)).undo is UndoPromise.NONE
    assert "records" not in await held.capture(small)
    assert held.undo(await held.capture(small), {}) is None


async def test_waiting_in_vain_tells_the_reason_of_the_pods(bench: Bench) -> None:
    write_chart(bench.folder / "web", {"a.yaml": SLEEPER})
    fields: dict[str, Any] = {"release": "web", "chart": "web", "values": {"image": "reign-test/none:1"}}
    operation, call = bench.make("install", **fields, wait=True, timeout_seconds=4), bench.call()
    with pytest.raises(NotReady, match="ErrImageNeverPull"):
        await operation.execute(call)
    probe = await operation.probe(call)
    assert probe.state == "in_doubt"
    assert "failed" in probe.detail
    waiting = (await bench.run("status", release="web")).waiting
    assert "deployment/web" in waiting[0]
    operation, call = bench.make("upgrade", **fields, atomic=True, timeout_seconds=2), bench.call()
    with pytest.raises((HelmFailed, NotReady)):
        await operation.execute(call)


async def test_a_rollout_is_waited_for(bench: Bench, kube_image: str) -> None:
    write_chart(bench.folder / "web", {"a.yaml": SLEEPER})
    values = {"image": kube_image}
    made = await bench.run("install", release="web", chart="web", values=values, wait=True, timeout_seconds=60)
    assert made.status == "deployed"
    assert (await bench.run("status", release="web")).waiting == ()
    effect = await bench.preview("upgrade", release="web", values={"replicas": 0}, reuse_values=True)
    change = next(one for one in effect.changes if "deployment" in one.resource)
    assert change.note == "replicas 1 → 0"


async def test_cancelled_in_the_middle_helm_marks_its_release(bench: Bench) -> None:
    write_chart(bench.folder / "web", {"a.yaml": SLEEPER})
    fields: dict[str, Any] = {"release": "web", "chart": "web", "values": {"image": "reign-test/none:1"}}
    operation, call = bench.make("install", **fields, wait=True, timeout_seconds=60), bench.call()
    task = asyncio.create_task(operation.execute(call))
    while not await revisions(call, bench.about["context"], bench.about["namespace"], "web"):
        assert not task.done()
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    known = await revisions(call, bench.about["context"], bench.about["namespace"], "web")
    assert known[0].status in ("failed", "pending-install")
    assert (await operation.probe(call)).state == "in_doubt"


CHILD = """
import asyncio, json, sys
from pathlib import Path
from reign_executors.call import Call
from reign_executors.registry import default_registry
fields, folder, cwd = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
asyncio.run(default_registry().build("helm.install", fields).execute(Call(key="r_kill/s1", folder=folder, cwd=cwd)))
"""


async def test_after_a_kill_helm_goes_on_and_is_found_again(bench: Bench, kube_image: str) -> None:
    slow = SLEEPER.replace(
        "imagePullPolicy: Never",
        "imagePullPolicy: Never\n          "
        'readinessProbe: {exec: {command: ["true"]}, initialDelaySeconds: 2, periodSeconds: 1}',
    )
    write_chart(bench.folder / "web", {"a.yaml": slow})
    fields = {**bench.about, "release": "web", "chart": "web", "values": {"image": kube_image}, "wait": True}
    call = bench.call(key="r_kill/s1")
    child = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(fields), str(call.folder), str(call.cwd)])
    try:
        while not (call.folder / NOTE).exists() or status(call.folder).pid is None:
            assert child.poll() is None
            await asyncio.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
        operation = bench.make("install", **fields)
        probe = await operation.probe(call)
        assert probe.state == "not_done"
        assert "still runs" in probe.detail
        made = await operation.execute(replace(call, resumed=True))
        assert (made.revision, made.status) == (1, "deployed")
        assert (await operation.probe(call)).state == "done"
    finally:
        child.kill()
        child.wait()


async def test_rights_and_credentials_are_named(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    contexts = Path(os.environ["KUBECONFIG"]).read_text()
    if "reign-test-viewer" not in contexts:
        pytest.skip("only the proving ground has these users")
    with pytest.raises(PermissionMissing) as forbidden:
        await bench.preview("install", release="web", chart="web", context="reign-test-viewer")
    assert "secrets" in forbidden.value.cause
    assert bench.about["namespace"] in forbidden.value.cause
    expired = bench.make("list", context="reign-test-expired")
    with pytest.raises(ToolMissing):
        await expired.target(bench.call())
    with pytest.raises(ToolMissing):
        await expired.execute(bench.call())
    with pytest.raises(ToolMissing, match="no Kubernetes context"):
        await bench.make("list", context="nowhere").target(bench.call())


async def test_what_an_earlier_step_makes_is_not_known_yet(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    here = f"{bench.about['namespace']}/release/web"
    upgrade = bench.make("upgrade", release="web", chart="web")
    later = await upgrade.preview(bench.call(promised=frozenset({here})))
    assert not later.known
    assert later.undo is UndoPromise.REVERT
    touched = await bench.make("rollback", release="web").preview(bench.call(touched=frozenset({here})))
    assert not touched.known
    removing = await bench.make("uninstall", release="web").preview(bench.call(promised=frozenset({here})))
    assert removing.known
    assert removing.risk is Risk.DESTROY
    chart = bench.make("install", release="web", chart="shop")
    promised = frozenset({f"directory/{bench.folder}/shop"})
    assert "earlier step writes the chart" in str((await chart.preview(bench.call(promised=promised))).why_unknown)
    bench.helm("install", "web", "web")
    again = bench.make("install", release="web", chart="web")
    assert not (await again.preview(bench.call(gone=frozenset({here})))).problems


async def test_undo_of_an_upgrade_rolls_back_and_refuses_when_others_came(bench: Bench) -> None:
    write_chart(bench.folder / "web")
    bench.helm("install", "web", "web")
    operation, call = bench.make("upgrade", release="web", chart="web", values={"colour": "red"}), bench.call()
    before = await operation.capture(call)
    made = await operation.execute(call)
    inverse = operation.undo(before, made.model_dump(mode="json"))
    effect = await inverse.preview(bench.call())
    assert "+  colour: blue" in str(effect.changes[0].diff)
    assert (await inverse.execute(bench.call())).revision == 3
    first = bench.make("uninstall", release="web", only_revision=1)
    assert not (await first.preview(bench.call())).problems  # revision 3 runs what revision 1 ran
    refused = await inverse.preview(bench.call())
    assert refused.problems[0].choices[0].fields == {"only_revision": None}
    with pytest.raises(Conflict):
        await inverse.execute(bench.call())


async def test_releases_in_configmaps_are_read_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_DRIVER", "configmap")
    write_chart(bench.folder / "web")
    made = await bench.run("install", release="web", chart="web")
    assert made.revision == 1
    operation, call = bench.make("uninstall", release="web"), bench.call()
    before = await operation.capture(call)
    gone = await operation.execute(call)
    back = operation.undo(before, gone.model_dump(mode="json"))
    assert (await back.execute(bench.call())).revision == 2


async def test_a_chart_with_a_kind_nobody_knows_is_shown_with_a_warning(bench: Bench) -> None:
    odd = "apiVersion: shop.example/v1\nkind: Basket\nmetadata: {name: one}\n"
    write_chart(bench.folder / "web", {"a.yaml": SETTINGS, "odd.yaml": odd})
    effect = await bench.preview("install", release="web", chart="web", values={"colour": "red"})
    assert actions(effect)["basket.shop.example/one"] == "create"
    assert any("knows no kind Basket" in note for note in effect.notes)


async def test_a_broken_chart_is_a_problem_of_the_plan(bench: Bench) -> None:
    write_chart(bench.folder / "web", {"bad.yaml": "a: {{ .Values.x.y }}\n"})
    effect = await bench.preview("install", release="web", chart="web")
    assert "web/templates/bad.yaml line 1" in effect.problems[0].text
    missing = await bench.preview("install", release="web", chart="./none")
    assert "there is no chart ./none" in missing.problems[0].text
    privileged = SLEEPER.replace("- name: main", "- securityContext: {privileged: true}\n          name: main")
    write_chart(bench.folder / "strong", {"a.yaml": privileged})
    assert (await bench.preview("install", release="x", chart="strong")).findings
