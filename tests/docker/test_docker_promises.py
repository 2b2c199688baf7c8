"""What an approval is bound to, what an undo never takes, and what is found before anything is made."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import pytest

from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError

pytestmark = pytest.mark.docker


async def test_a_crash_loop_does_not_change_what_is_approved(bench: Any, started: Any, docker_scope: Any) -> None:
    """Who holds the name restarts all the time: previews stay equal, its last start is in the notes alone."""
    web, api = docker_scope.name("web"), docker_scope.client.api
    identity = started(command="false", restart_policy={"Name": "always"})

    def restarts() -> int:
        return int(api.inspect_container(identity)["RestartCount"])

    changes = [
        bench.make("docker.run", image="reign-test/busybox:1", container=web),
        bench.make("docker.run", image="reign-test/busybox:1", container=web, if_exists="replace"),
        bench.make("docker.remove_container", container=web),
        bench.make("docker.stop", container=web),
        bench.make("docker.rename", container=web, to=docker_scope.name("new")),
    ]
    for change in changes:
        seen = set()
        effect = await change.preview(bench.call)
        for _attempt in range(4):
            seen.add(json.dumps((await change.preview(bench.call)).normalised(), sort_keys=True))
            count = restarts()
            while restarts() == count and count < 4:
                await asyncio.sleep(0.02)
        assert len(seen) == 1, change.name
        assert effect.normalised()["identity"]
    notes = (await changes[2].preview(bench.call)).notes
    assert any(" since 20" in note for note in notes)
    assert any("restarted" in note for note in notes)


async def test_stopping_it_changes_what_is_approved(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started()
    removal = bench.make("docker.remove_container", container=docker_scope.name("web"))
    running = await removal.preview(bench.call)
    docker_scope.client.api.restart(identity, timeout=1)
    assert (await removal.preview(bench.call)).normalised() == running.normalised()
    docker_scope.client.api.stop(identity, timeout=1)
    assert (await removal.preview(bench.call)).normalised() != running.normalised()


async def test_an_image_without_a_program_is_found_before(bench: Any, docker_scope: Any) -> None:
    image, api = f"{docker_scope.prefix}/bare:1", docker_scope.client.api
    api.import_image_from_data(b"\0" * 10240, repository=image.partition(":")[0], tag="1")
    for name in ("docker.run", "docker.create"):
        effect = await bench.make(name, image=image, container=docker_scope.name("bare")).preview(bench.call)
        assert [problem.text for problem in effect.problems] == [f"the image {image} names no program; give a command"]
        for fields in ({"command": "true"}, {"entrypoint": ["true"]}):
            assert not (await bench.make(name, image=image, **fields).preview(bench.call)).problems
    promised = bench.step("r_1/s2", promised=frozenset({f"image/{image}"}))
    assert not (await bench.make("docker.run", image=image).preview(promised)).problems
    emptied = bench.make("docker.run", image="reign-test/busybox:1", entrypoint=[])
    assert not (await emptied.preview(bench.call)).problems


async def test_content_that_is_no_longer_kept_makes_no_volume(bench: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    creation = bench.make("docker.create_volume", volume=name, content="sha256:gone")
    assert "no longer kept" in (await creation.preview(bench.call)).problems[0].text
    with pytest.raises(NotFound):
        await creation.execute(bench.call)
    assert name not in [row["Name"] for row in docker_scope.client.api.volumes()["Volumes"] or ()]


async def test_content_that_can_not_be_put_in_leaves_no_volume(bench: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    reference = bench.call.blobs.put(b"this is no tar" * 100)
    with pytest.raises(OperationError):
        await bench.make("docker.create_volume", volume=name, content=reference).execute(bench.call)
    assert name not in [row["Name"] for row in docker_scope.client.api.volumes()["Volumes"] or ()]


async def test_a_name_is_only_taken_back_from_what_took_it(bench: Any, docker_scope: Any) -> None:
    api, tag = docker_scope.client.api, f"{docker_scope.prefix}/shop:1"

    def other(repository: str) -> str:
        api.import_image_from_data(b"\0" * 10240, repository=repository, tag="1")
        return str(api.inspect_image(f"{repository}:1")["Id"])

    one, two = other(f"{docker_scope.prefix}/one"), other(f"{docker_scope.prefix}/two")
    free = bench.make("docker.tag", image=one, tag=tag, replaces="")
    assert (await bench.life(free)).verified.ok
    assert not (await free.preview(bench.call)).problems
    taken = bench.make("docker.tag", image=two, tag=tag, replaces="")
    assert "was no image's" in (await taken.preview(bench.call)).problems[0].text
    with pytest.raises(Conflict):
        await taken.execute(bench.call)
    over = await bench.life(bench.make("docker.tag", image=two, tag=tag))
    await over.undone()
    assert api.inspect_image(tag)["Id"] == one
    again = await bench.life(bench.make("docker.tag", image=two, tag=tag))
    third = other(f"{docker_scope.prefix}/three")
    api.tag(third, f"{docker_scope.prefix}/shop", "1")
    back = again.way_back()
    assert "another image now" in (await back.preview(bench.call)).problems[0].text
    with pytest.raises(Conflict):
        await back.execute(bench.call)
    assert api.inspect_image(tag)["Id"] == third


async def test_a_copy_is_compared_with_its_source(bench: Any, started: Any, docker_scope: Any) -> None:
    identity, folder = started(), bench.call.cwd / "site"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_bytes(bytes(range(256)) * 1024)
    (folder / "link").symlink_to("deep/a.txt")
    copy = bench.make("docker.copy_into", container=docker_scope.name("web"), source="site", folder="/tmp")
    assert (await copy.probe(bench.call)).state == "not_done"
    life = await bench.life(copy)
    assert life.verified.ok
    probe = await copy.probe(bench.call)
    assert probe.state == "done"
    assert probe.outputs == life.outputs.model_dump(mode="json")
    (folder / "deep" / "a.txt").write_bytes(bytes(range(256)) * 1023 + b"x" * 256)
    (folder / "more.txt").write_text("more")
    wrong = await copy.verify(bench.call, life.outputs)
    assert not wrong.ok
    assert "/tmp/site/deep/a.txt and 1 more" in wrong.detail
    docker_scope.client.api.remove_container(identity, force=True)
    assert (await copy.probe(bench.call)).state == "not_done"
    shutil.rmtree(folder)
    assert "on this machine any more" in (await copy.verify(bench.call, life.outputs)).detail


async def test_subnets_in_the_way(bench: Any, docker_scope: Any) -> None:
    subnet = "10.211.77.0/28"
    await bench.done("docker.create_network", network=docker_scope.name("one"), subnet=subnet)
    with pytest.raises(Conflict, match="subnet"):
        await bench.done("docker.create_network", network=docker_scope.name("two"), subnet=subnet)
    with pytest.raises(InvalidFields, match=r"300\.1"):
        await bench.done("docker.create_network", network=docker_scope.name("two"), subnet="300.1.2.0/24")
