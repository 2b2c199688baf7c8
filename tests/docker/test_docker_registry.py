"""Pulling from a registry: one that speaks the real protocol, with one image in it, on the loopback."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reign_executors.docker.progress import Progress
from reign_executors.effect import Action, Risk, UndoPromise
from reign_executors.errors import Conflict, PermissionMissing
from tests.contract.taking_registry import TakingRegistry

pytestmark = pytest.mark.docker

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Shelf:
    """The registry's content: blobs by digest and one manifest, replaceable."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifest = b""
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[str] = []

    def keep(self, data: bytes) -> dict[str, Any]:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"size": len(data), "digest": digest}

    def fill(self, text: bytes) -> None:
        """One image whose only layer holds the file ``/text``."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("text")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
        layer = self.keep(packed.getvalue())
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/text"]},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        described = {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            **self.keep(json.dumps(config).encode()),
        }
        layers = [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", **layer}]
        whole = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers}
        self.manifest = json.dumps(whole).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        self.shelf.asked.append(self.path)
        kind, data = "application/octet-stream", b"{}"
        if "/manifests/" in self.path:
            kind, data = MANIFEST, self.shelf.manifest
        elif "/blobs/" in self.path:
            self.shelf.gate.wait(60)
            data = self.shelf.blobs[self.path.rpartition("/")[2]]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", "sha256:" + hashlib.sha256(data).hexdigest())
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def shelf(docker_scope: Any) -> Iterator[tuple[Shelf, str]]:
    kept = Shelf()
    kept.fill(docker_scope.prefix.encode() * 1000)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), {"shelf": kept}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    name = f"127.0.0.1:{server.server_port}/{docker_scope.prefix}/shop:1"
    yield kept, name
    kept.gate.set()
    server.shutdown()
    server.server_close()
    for row in docker_scope.client.api.images():
        if any(docker_scope.prefix in ref for ref in [*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ())]):
            docker_scope.client.api.remove_image(row["Id"], force=True)


async def test_a_pull_shows_its_layers_and_is_undone(bench: Any, shelf: tuple[Shelf, str], docker_scope: Any) -> None:
    kept, name = shelf
    pull = bench.make("docker.pull", image=name)
    life = await bench.life(pull)
    assert [c.action for c in life.effect.changes] == [Action.CREATE]
    assert life.effect.risk is Risk.CREATE
    assert life.verified.ok
    assert life.outputs.changed
    assert "Pull complete" in bench.text
    assert "Digest: sha256:" in bench.text

    kept.fill(b"another")
    fresh = await bench.life(bench.make("docker.pull", image=name, always=True))
    assert [c.action for c in fresh.effect.changes] == [Action.UPDATE]
    assert fresh.outputs.id != life.outputs.id
    assert (await fresh.change.probe(bench.call)).state == "not_done"
    await fresh.undone()
    assert docker_scope.client.api.inspect_image(name)["Id"] == life.outputs.id

    container = docker_scope.client.containers.create(name, name=docker_scope.name("user"))
    effect = await life.way_back().preview(bench.call)
    assert "is used by the stopped container" in effect.problems[0].text
    container.remove()
    await life.undone("r_9/u2")
    assert await pull.capture(bench.call) == life.before


async def test_a_removed_image_is_pulled_again_by_its_digest(
    bench: Any, shelf: tuple[Shelf, str], docker_scope: Any
) -> None:
    _kept, name = shelf
    pulled = await bench.done("docker.pull", image=name)
    life = await bench.life(bench.make("docker.remove_image", image=name))
    assert life.effect.undo is UndoPromise.REVERT
    back = await life.undone()
    assert back.change.name == "docker.pull_as"
    assert docker_scope.client.api.inspect_image(name)["Id"] == pulled.id
    assert (await back.change.probe(bench.call)).state == "done"
    assert (await back.change.preview(bench.call)).risk is Risk.READ
    repository, _, tag = name.rpartition(":")
    docker_scope.client.api.tag("reign-test/busybox:1", repository, tag)
    assert "another image now" in (await back.change.preview(bench.call)).problems[0].text
    with pytest.raises(Conflict):
        await back.change.execute(bench.call)
    docker_scope.client.api.tag(pulled.id, repository, tag)
    assert back.change.command_line().startswith("docker pull 127.0.0.1:")
    await back.undone("r_9/u2")


async def test_cancelling_a_pull_ends_it(bench: Any, shelf: tuple[Shelf, str], docker_scope: Any) -> None:
    kept, name = shelf
    kept.gate.clear()
    task = asyncio.create_task(bench.done("docker.pull", image=name))
    while not any("/blobs/" in path for path in kept.asked):
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept.gate.set()
    assert (await bench.make("docker.pull", image=name).probe(bench.call)).state == "not_done"


async def test_a_build_pulls_its_base(bench: Any, shelf: tuple[Shelf, str], docker_scope: Any) -> None:
    _kept, name = shelf
    (Path(bench.call.cwd) / "Dockerfile").write_text(f"FROM {name}\nLABEL a=b\n")
    life = await bench.life(bench.make("docker.build", folder=".", image=f"{docker_scope.name('b')}:1", pull=True))
    assert any("is not here" in note for note in life.effect.notes)
    assert life.verified.ok
    await life.undone()


def test_progress_lines_are_few(bench: Any) -> None:
    progress = Progress(bench.call, "x")
    for current in range(1000):
        progress.take({"id": "l1", "status": "Downloading", "progressDetail": {"current": current, "total": 1000}})
    progress.take({"id": "l1", "status": "Download complete"})
    progress.take({"aux": {"ID": "sha256:1"}})
    progress.take({"error": "short", "errorDetail": {"message": "long"}})
    assert bench.text.splitlines() == ["l1: Downloading", "l1: Download complete", "long"]
    assert (progress.result, progress.error) == ("sha256:1", "long")


async def test_a_push_is_seen_before_and_after(bench: Any, docker_scope: Any, busybox_image: str) -> None:
    registry = TakingRegistry()
    name = f"{registry.address}/{docker_scope.prefix}/pushed:1"
    docker_scope.client.api.tag(busybox_image, name.rpartition(":")[0], "1")
    try:
        push = bench.make("docker.push", image=name)
        life = await bench.life(push)
        assert [c.action for c in life.effect.changes] == [Action.CREATE]
        assert life.effect.undo is UndoPromise.NONE
        assert life.verified.ok
        assert life.outputs.digest == registry.manifests[f"{docker_scope.prefix}/pushed:1"]
        again = await bench.life(bench.make("docker.push", image=name))
        assert again.effect.risk is Risk.READ
        assert not again.outputs.changed
    finally:
        registry.close()
        docker_scope.client.api.remove_image(name, force=True)


async def test_a_push_that_is_refused(bench: Any, docker_scope: Any, busybox_image: str) -> None:
    registry = TakingRegistry(refuses=True)
    name = f"{registry.address}/{docker_scope.prefix}/pushed:1"
    docker_scope.client.api.tag(busybox_image, name.rpartition(":")[0], "1")
    try:
        with pytest.raises(PermissionMissing, match="does not take"):
            await bench.life(bench.make("docker.push", image=name))
    finally:
        registry.close()
        docker_scope.client.api.remove_image(name, force=True)
    nowhere = await bench.make("docker.push", image="shop:1").preview(bench.call)
    assert "names no registry" in nowhere.problems[0].text
