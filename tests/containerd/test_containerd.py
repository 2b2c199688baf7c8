"""``containerd.*`` on the proving ground's node, where the shared contract does not look."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.containerd.base import full_name
from reign_executors.containerd.bring import ImportImage
from reign_executors.containerd.listing import ListImages
from reign_executors.containerd.names import RemoveImage, TagImage
from reign_executors.containerd.node import failure, records
from reign_executors.effect import Action, UndoPromise
from reign_executors.errors import (
    ConnectionLost,
    InvalidFields,
    NoSpace,
    NotFound,
    OperationError,
    PermissionMissing,
    ToolMissing,
)
from reign_executors.registry import default_registry
from tests.conftest import DockerScope
from tests.testbed.images import archive

OTHER = "reign-tests"
"""A namespace of containerd that Kubernetes does not look into."""


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path)


Put = Callable[[str, str], str]


@pytest.fixture
def put(containerd_address: str, docker_scope: DockerScope) -> Iterator[Put]:
    """``put(word, seed)`` brings an image made by hand into the other namespace; its name."""
    ctr = ["ctr", "--address", containerd_address, "--namespace", OTHER, "images"]

    def bring(word: str, seed: str) -> str:
        name = f"docker.io/library/{docker_scope.name(word)}:1"
        packed = archive(name, b"\0" * 10240, [docker_scope.prefix, seed])
        subprocess.run([*ctr, "import", "-"], input=packed, check=True, capture_output=True)
        return name

    yield bring
    names = subprocess.run([*ctr, "list", "--quiet"], check=True, capture_output=True, text=True).stdout.split()
    mine = [name for name in names if docker_scope.prefix in name]
    if mine:
        subprocess.run([*ctr, "remove", "--sync", *mine], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("said", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("team/web", "docker.io/team/web:latest"),
        ("docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("localhost/web:2", "localhost/web:2"),
        ("registry.example:5000/a/b", "registry.example:5000/a/b:latest"),
        (f"sha256:{'a' * 64}", f"sha256:{'a' * 64}"),
    ],
)
def test_names_are_as_containerd_writes_them(said: str, full: str) -> None:
    assert full_name(said) == full


def test_a_name_can_be_no_option() -> None:
    with pytest.raises(InvalidFields):
        default_registry().build("containerd.remove_image", {"image": "--help"})


def test_a_listing_of_nothing_and_of_strange_lines() -> None:
    assert records("") == []
    assert records("REF TYPE DIGEST SIZE PLATFORMS LABELS\nshort line\n") == []


async def test_the_node_lists_its_images(containerd_address: str, call: Call) -> None:
    found = await ListImages(address=containerd_address).execute(call)
    images = {row.image: row for row in found.images}
    assert images["docker.io/reign-test/busybox:1"].kubernetes
    assert not [name for name in images if name.startswith("sha256:")]


async def test_an_empty_namespace_has_no_images(containerd_address: str, tmp_path: Path) -> None:
    written: list[bytes] = []
    call = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, write=written.append)
    found = await ListImages(address=f"unix://{containerd_address}", namespace="reign-nobody").execute(call)
    assert found.images == []
    assert b"".join(written) == b"no images\n"


async def test_no_containerd_is_said_at_once(tmp_path: Path, call: Call) -> None:
    with pytest.raises(ToolMissing, match=r"no containerd at .*none.sock") as raised:
        await ListImages(address=str(tmp_path / "none.sock")).execute(call)
    assert "k3s" in raised.value.way_out


async def test_no_ctr_is_said_with_its_package(containerd_address: str, tmp_path: Path) -> None:
    call = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, environment={"PATH": str(tmp_path)})
    with pytest.raises(ToolMissing) as raised:
        await ListImages(address=containerd_address).execute(call)
    assert "apt-get install containerd" in raised.value.way_out


async def test_the_address_can_come_from_the_environment(containerd_address: str, tmp_path: Path) -> None:
    environment = {"CONTAINERD_ADDRESS": containerd_address, "PATH": "/usr/bin:/bin"}
    call = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, environment=environment)
    target = await ListImages().target(call)
    assert target.context == containerd_address
    assert len(target.identity["containerd"]) == 36
    assert ListImages().pinned(target).address == containerd_address


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ctr: failed to extract layer: no space left on device", NoSpace),
        ('ctr: failed to dial "/x": permission denied', PermissionMissing),
        ("ctr: failed to dial: context deadline exceeded", ConnectionLost),
        ('ctr: image "a": not found', NotFound),
        ("ctr: something else", OperationError),
        ("", OperationError),
    ],
)
def test_failures_are_typed(text: str, kind: type[OperationError]) -> None:
    found = failure(text, "/run/c.sock", "images import")
    assert type(found) is kind
    assert found.cause
    assert found.way_out


async def test_what_is_not_in_the_engine_is_said_before(containerd_address: str, docker_host: str, call: Call) -> None:
    effect = await ImportImage(image="nobody/has-this:1", address=containerd_address).preview(call)
    assert "not in the Docker Engine" in effect.problems[0].text
    unnamed = ImportImage(image=f"sha256:{'a' * 64}", address=containerd_address)
    assert "without a name" in (await unnamed.preview(call)).problems[0].text
    with pytest.raises(InvalidFields):
        await unnamed.execute(call)


async def test_what_an_earlier_step_builds_counts(containerd_address: str, docker_host: str, tmp_path: Path) -> None:
    promised = frozenset({"image/nobody/has-this:1", "node-image/docker.io/nobody/has-this:1"})
    call = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, promised=promised)
    brought = await ImportImage(image="nobody/has-this:1", address=containerd_address).preview(call)
    assert [change.action for change in brought.changes] == [Action.CREATE]
    tagged = await TagImage(image="nobody/has-this:1", tag="nobody/too:1", address=containerd_address).preview(call)
    assert [change.action for change in tagged.changes] == [Action.CREATE]
    removed = await RemoveImage(image="nobody/has-this:1", address=containerd_address).preview(call)
    assert [change.action for change in removed.changes] == [Action.DELETE]
    gone = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, gone=promised)
    assert not (await RemoveImage(image="nobody/has-this:1", address=containerd_address).preview(gone)).changes


async def test_an_image_that_is_there_is_not_brought_again(
    containerd_address: str, docker_scope: DockerScope, busybox_image: str, put: Put, call: Call
) -> None:
    """Outside of Kubernetes' namespace, where nothing else keeps what loses its name."""
    name = docker_scope.name("web")
    docker_scope.client.api.tag(busybox_image, name, "1")
    bring = ImportImage(image=f"{name}:1", address=containerd_address, namespace=OTHER)
    put("web", "older")
    effect = await bring.preview(call)
    assert effect.undo is UndoPromise.NONE
    assert "is lost" in str(effect.undo_why)
    before = await bring.capture(call)
    outputs = await bring.execute(call)
    assert outputs.changed
    assert not list(call.folder.glob("*.tar"))
    assert bring.undo(before, outputs.model_dump(mode="json")) is None
    assert not (await bring.execute(call)).changed
    again = await bring.preview(call)
    assert not again.changes
    assert "there already" in again.notes[0]
    assert bring.undo(await bring.capture(call), outputs.model_dump(mode="json")) is None
    moved = bring.model_copy(update={"expect": f"sha256:{'0' * 64}"})
    assert "another image" in (await moved.preview(call)).problems[0].text


async def test_a_name_is_taken_from_another_image_only_when_told(containerd_address: str, put: Put, call: Call) -> None:
    source, taken = put("web", "first"), put("taken", "second")
    tag = TagImage(image=source, tag=taken, address=containerd_address, namespace=OTHER)
    (problem,) = (await tag.preview(call)).problems
    (choice,) = problem.choices
    moving = TagImage.model_validate({**tag.to_fields(), **choice.fields})
    assert not (await moving.preview(call)).problems
    await moving.execute(call)
    assert "already" in (await moving.preview(call)).notes[0]
    assert not (await moving.execute(call)).changed
    wrong = TagImage(image=source, tag=taken, digest="sha256:0", address=containerd_address, namespace=OTHER)
    assert "another image now" in (await wrong.preview(call)).problems[0].text


async def test_a_name_that_is_not_there_brings_the_nearest(containerd_address: str, put: Put, call: Call) -> None:
    name = put("webshop", "first")
    wrong = name.replace("webshop", "webshp")
    effect = await RemoveImage(image=wrong, address=containerd_address, namespace=OTHER).preview(call)
    assert f"did you mean {name}" in effect.problems[0].text
    tag = TagImage(image=wrong, tag="x", address=containerd_address, namespace=OTHER)
    assert (await tag.preview(call)).problems
    assert (await tag.probe(call)).state == "not_done"


async def test_a_folder_that_takes_nothing_is_said(
    containerd_address: str, docker_scope: DockerScope, busybox_image: str, tmp_path: Path
) -> None:
    docker_scope.client.api.tag(busybox_image, docker_scope.name("web"), "1")
    (tmp_path / "image.tar").mkdir()
    call = Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path)
    bring = ImportImage(image=f"{docker_scope.name('web')}:1", address=containerd_address, namespace=OTHER)
    with pytest.raises(OperationError, match="can't be written"):
        await bring.execute(call)


async def test_what_a_dead_process_left_is_cleared_up_when_probed(
    containerd_address: str, docker_scope: DockerScope, busybox_image: str, call: Call
) -> None:
    docker_scope.client.api.tag(busybox_image, docker_scope.name("web"), "1")
    (call.folder / "image.tar").write_text("half of it")
    bring = ImportImage(image=f"{docker_scope.name('web')}:1", address=containerd_address, namespace=OTHER)
    assert (await bring.probe(call)).state == "not_done"
    assert not (call.folder / "image.tar").exists()
    gone = bring.model_copy(update={"image": "nobody/has-this:1"})
    assert (await gone.probe(call)).state == "in_doubt"


def test_it_can_be_listed_and_described() -> None:
    names = [name for name in default_registry().names() if name.startswith("containerd.")]
    assert len(names) == 4
    for name in names:
        json.dumps(default_registry().schema(name))
