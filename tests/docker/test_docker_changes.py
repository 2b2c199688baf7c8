"""Lifecycle, removal, images, volumes, networks, exec, copy, build on a real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import MemoryBlobs
from reign_executors.effect import Action, Risk, UndoPromise
from reign_executors.errors import InvalidFields, NotFound, OperationError, TargetMoved

pytestmark = pytest.mark.docker


def state(scope: Any, container: str) -> str:
    return str(scope.client.api.inspect_container(container)["State"]["Status"])


@pytest.mark.parametrize(
    ("there", "back", "before", "after", "promise"),
    [
        ("docker.stop", "docker.start", "running", "exited", UndoPromise.REVERT),
        ("docker.start", "docker.stop", "exited", "running", UndoPromise.REVERT),
        ("docker.pause", "docker.unpause", "running", "paused", UndoPromise.EXACT),
        ("docker.unpause", "docker.pause", "paused", "running", UndoPromise.EXACT),
    ],
)
async def test_pairs_lead_back(
    bench: Any, started: Any, docker_scope: Any, there: str, back: str, before: str, after: str, promise: UndoPromise
) -> None:
    identity = started()
    if before == "exited":
        docker_scope.client.api.stop(identity, timeout=1)
    if before == "paused":
        docker_scope.client.api.pause(identity)
    change = bench.make(there, container=docker_scope.name("web"))
    assert (await change.probe(bench.call)).state == "not_done"
    life = await bench.life(change)
    assert life.verified.ok
    assert life.effect.undo is promise
    assert state(docker_scope, identity) == after
    assert (await change.probe(bench.call)).state == "done"
    same = await bench.life(change)
    assert not same.effect.changes
    assert same.way_back() is None
    undone = await life.undone()
    assert undone.change.name == back
    assert undone.change.expect == identity
    assert state(docker_scope, identity) == before
    assert await change.capture(bench.call) == life.before


async def test_a_paused_container_is_stopped_too(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started()
    docker_scope.client.api.pause(identity)
    start = bench.make("docker.start", container=docker_scope.name("web"))
    assert "is paused, not stopped" in (await start.preview(bench.call)).problems[0].text
    life = await bench.life(bench.make("docker.stop", container=docker_scope.name("web"), seconds=1))
    assert life.verified.ok
    assert "paused → exited" in (life.effect.changes[0].diff or "")
    pause = bench.make("docker.pause", container=docker_scope.name("web"))
    assert "nothing to pause" in (await pause.preview(bench.call)).problems[0].text


async def test_stopping_what_removes_itself_is_a_removal(bench: Any, started: Any, docker_scope: Any) -> None:
    started(auto_remove=True)
    life = await bench.life(bench.make("docker.stop", container=docker_scope.name("web"), seconds=1))
    assert [c.action for c in life.effect.changes] == [Action.DELETE]
    assert life.effect.undo is UndoPromise.NONE


async def test_restart(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started()
    restart = bench.make("docker.restart", container=docker_scope.name("web"), seconds=1)
    life = await bench.life(restart)
    assert life.verified.ok
    assert life.effect.undo is UndoPromise.NONE
    assert life.way_back() is None
    assert (await restart.probe(bench.call)).state == "in_doubt"
    docker_scope.client.api.stop(identity, timeout=0)
    await (await bench.life(restart)).undone()
    assert state(docker_scope, identity) == "exited"


async def test_rename(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started()
    rename = bench.make("docker.rename", container=docker_scope.name("web"), to=docker_scope.name("shop"))
    assert (await rename.probe(bench.call)).state == "not_done"
    life = await bench.life(rename)
    assert life.verified.ok
    assert (await rename.probe(bench.call)).state == "done"
    await life.undone()
    assert docker_scope.client.api.inspect_container(identity)["Name"] == f"/{docker_scope.name('web')}"
    started("shop")
    assert "is taken by" in (await rename.preview(bench.call)).problems[0].text
    with pytest.raises(InvalidFields):
        bench.make("docker.rename", container="a", to="no/slash")


async def test_update_limits_and_back(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started(mem_limit="64m", nano_cpus=500_000_000)
    update = bench.make("docker.update", container=docker_scope.name("web"), memory="96m", cpus=0.75, restart="always")
    life = await bench.life(update)
    assert life.verified.ok, life.verified
    assert life.effect.undo is UndoPromise.EXACT
    assert "~ Memory: 64.0 MiB → 96.0 MiB" in (life.effect.changes[0].diff or "")
    host = docker_scope.client.api.inspect_container(identity)["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["RestartPolicy"]["Name"]) == (96 * 1024**2, 750_000_000, "always")
    await life.undone()
    assert await update.capture(bench.call) == life.before

    docker_scope.client.api.remove_container(identity, force=True)
    started()
    life = await bench.life(update)
    assert life.effect.undo is UndoPromise.REVERT
    assert any("can't take a limit away" in note for note in life.effect.notes)
    await life.undone()
    with pytest.raises(InvalidFields, match="say what to change"):
        bench.make("docker.update", container="x")


async def test_what_is_not_there_names_the_nearest(bench: Any, started: Any, docker_scope: Any) -> None:
    started("checkout")
    for name in ("docker.stop", "docker.remove_container", "docker.exec"):
        fields = {"container": docker_scope.name("chekout"), **({"command": "ls"} if name == "docker.exec" else {})}
        change = bench.make(name, **fields)
        (problem,) = (await change.preview(bench.call)).problems
        assert problem.text == f"there is no container {docker_scope.name('chekout')}"
        assert {"container": docker_scope.name("checkout")} in [c.fields for c in problem.choices]
        with pytest.raises(NotFound, match="there is no container") as caught:
            await change.execute(bench.call)
        assert docker_scope.name("checkout") in caught.value.way_out


async def test_steps_on_what_earlier_steps_make_or_remove(bench: Any) -> None:
    promised = bench.step("r_1/s2", promised=frozenset({"container/c", "volume/v", "network/n", "image/i:latest"}))
    for name, fields, action in (
        ("docker.stop", {"container": "c"}, Action.STOP),
        ("docker.restart", {"container": "c"}, Action.RESTART),
        ("docker.remove_container", {"container": "c"}, Action.DELETE),
        ("docker.remove_volume", {"volume": "v"}, Action.DELETE),
        ("docker.remove_network", {"network": "n"}, Action.DELETE),
        ("docker.remove_image", {"image": "i"}, Action.DELETE),
        ("docker.connect_network", {"network": "n", "container": "c"}, Action.UPDATE),
        ("docker.tag", {"image": "i", "tag": "j"}, Action.CREATE),
    ):
        effect = await bench.make(name, **fields).preview(promised)
        assert [c.action for c in effect.changes] == [action], name
        assert not effect.problems, name
    for name, fields in (
        ("docker.create_volume", {"volume": "v"}),
        ("docker.create_network", {"network": "n"}),
        ("docker.pull", {"image": "i"}),
    ):
        assert not (await bench.make(name, **fields).preview(promised)).changes
    assert not (await bench.make("docker.exec", container="c", command="ls").preview(promised)).known
    gone = bench.step("r_1/s2", gone=promised.promised)
    for name, fields in (
        ("docker.remove_container", {"container": "c"}),
        ("docker.remove_volume", {"volume": "v"}),
        ("docker.remove_network", {"network": "n"}),
        ("docker.remove_image", {"image": "i"}),
    ):
        assert not (await bench.make(name, **fields).preview(gone)).changes
    assert (await bench.make("docker.stop", container="c").preview(gone)).problems


# removal


async def test_removal_says_what_is_lost_and_makes_it_again(bench: Any, started: Any, docker_scope: Any) -> None:
    volume, network = docker_scope.name("data"), docker_scope.name("net")
    docker_scope.client.networks.create(network, labels=docker_scope.labels)
    identity = started(
        command=["sh", "-c", "head -c 300000 /dev/zero > /lost; head -c 5000 /dev/zero > /data/kept; exec sleep 600"],
        volumes=[f"{volume}:/data", "/anonymous"],
        environment={"A": "1"},
        hostname="special",
    )
    docker_scope.client.networks.get(network).connect(identity, aliases=["db"])
    await asyncio.sleep(0.3)
    remove = bench.make(
        "docker.remove_container", container=docker_scope.name("web"), volumes=True, named_volumes=[volume]
    )
    life = await bench.life(remove)
    assert life.effect.risk is Risk.DESTROY
    assert life.effect.changes[0].data_bytes >= 300_000
    sizes = {c.resource: c.data_bytes for c in life.effect.changes}
    assert sizes[f"volume/{volume}"] >= 5000
    assert len(life.effect.changes) == 3
    assert any("it is running" in note for note in life.effect.notes)
    assert life.verified.ok
    assert volume in life.outputs.volumes
    assert (await remove.probe(bench.call)).state == "done"
    back = await life.undone()
    info = docker_scope.client.api.inspect_container(back.outputs.id)
    assert info["Config"]["Hostname"] == "special"
    assert "A=1" in info["Config"]["Env"]
    assert info["State"]["Running"]
    assert "db" in info["NetworkSettings"]["Networks"][network]["Aliases"]
    assert {m["Destination"] for m in info["Mounts"]} == {"/data", "/anonymous"}
    anonymous = next(m["Name"] for m in info["Mounts"] if m["Destination"] == "/anonymous")
    kept = await bench.life(bench.make("docker.remove_container", container=docker_scope.name("web"), force=True))
    again = await kept.undone("r_9/u2")
    mounts = docker_scope.client.api.inspect_container(again.outputs.id)["Mounts"]
    assert anonymous in [m["Name"] for m in mounts], "a volume that stayed is mounted again"
    await again.undone("r_9/u3")
    docker_scope.client.volumes.get(anonymous).remove()


async def test_removal_keeps_what_others_use(bench: Any, started: Any, docker_scope: Any) -> None:
    volume = docker_scope.name("data")
    started("one", volumes=[f"{volume}:/data"])
    started("two", volumes=[f"{volume}:/data"])
    remove = bench.make("docker.remove_container", container=docker_scope.name("one"), named_volumes=[volume])
    effect = await remove.preview(bench.call)
    assert docker_scope.name("two") in effect.problems[0].text
    assert effect.problems[0].choices[0].fields == {"named_volumes": []}
    plain = bench.make("docker.remove_container", container=docker_scope.name("one"), force=True)
    effect = await plain.preview(bench.call)
    assert f"its volumes stay: {volume}" in effect.notes


async def test_another_of_that_name_is_never_removed(bench: Any, started: Any, docker_scope: Any) -> None:
    old = started()
    remove = bench.make("docker.remove_container", container=docker_scope.name("web"), force=True)
    await remove.preview(bench.call)
    docker_scope.client.api.remove_container(old, force=True)
    new = started()
    with pytest.raises(TargetMoved):
        await remove.execute(bench.call)
    inverse = bench.make("docker.remove_container", container=docker_scope.name("web"), expect=old, force=True)
    assert not (await inverse.preview(bench.call)).changes
    assert (await inverse.execute(bench.call)).id == ""
    assert state(docker_scope, new) == "running"


async def test_recreating_refuses_what_is_in_the_way(bench: Any, started: Any, docker_scope: Any) -> None:
    started()
    life = await bench.life(bench.make("docker.remove_container", container=docker_scope.name("web"), force=True))
    back = life.way_back()
    assert (await back.probe(bench.call)).state == "not_done"
    started()
    assert "is taken by container" in (await back.preview(bench.call)).problems[0].text
    with pytest.raises(NotFound, match="no longer kept"):
        await back.preview(bench.step("r_1/s1", blobs=MemoryBlobs()))


# images


async def test_tags(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    name = docker_scope.name("img")
    tag = bench.make("docker.tag", image=busybox_image, tag=f"{name}:1")
    assert (await tag.probe(bench.call)).state == "not_done"
    life = await bench.life(tag)
    assert life.verified.ok
    assert [c.action for c in life.effect.changes] == [Action.CREATE]
    assert (await tag.probe(bench.call)).state == "done"
    assert not (await tag.preview(bench.call)).changes
    (Path(bench.call.cwd) / "Dockerfile").write_text(f"FROM {busybox_image}\nENV other=1\n")
    built = await bench.done("docker.build", folder=".", image=f"{name}:2")
    moved = await bench.life(bench.make("docker.tag", image=f"{name}:2", tag=f"{name}:1"))
    assert [c.action for c in moved.effect.changes] == [Action.UPDATE]
    assert docker_scope.client.api.inspect_image(f"{name}:1")["Id"] == built.id
    await moved.undone()
    assert await tag.capture(bench.call) == moved.before
    undone = await life.undone()
    assert undone.effect.undo is UndoPromise.EXACT
    await undone.undone("r_9/u2")
    assert (
        "there is no image"
        in (await bench.make("docker.tag", image="no-such", tag="x").preview(bench.call)).problems[0].text
    )


async def test_images_in_use_stay(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    name = f"{docker_scope.name('img')}:1"
    (Path(bench.call.cwd) / "Dockerfile").write_text(f"FROM {busybox_image}\nLABEL t={name}\n")
    await bench.done("docker.build", folder=".", image=name)
    container = docker_scope.client.containers.create(name, "sleep 60", name=docker_scope.name("user"))
    remove = bench.make("docker.remove_image", image=name)
    effect = await remove.preview(bench.call)
    assert f"the stopped container {docker_scope.name('user')}" in effect.problems[0].text
    assert effect.problems[0].choices[0].fields == {"force": True}
    assert effect.undo is UndoPromise.NONE
    container.start()
    assert "which runs" in (await remove.preview(bench.call)).problems[0].text
    with pytest.raises(OperationError, match="container"):
        await remove.execute(bench.call)
    container.remove(force=True)
    identity = (await remove.capture(bench.call))["image"]
    other = bench.make("docker.remove_image", image=name, expect="sha256:" + "0" * 64)
    assert "another image now" in (await other.preview(bench.call)).problems[0].text
    life = await bench.life(remove)
    assert life.verified.ok
    assert life.outputs.id == identity
    assert life.way_back() is None
    assert (await remove.probe(bench.call)).state == "done"
    assert "there is no image" in (await remove.preview(bench.call)).problems[0].text
    inverse = bench.make("docker.remove_image", image=name, expect=str(identity))
    assert not (await bench.life(inverse)).effect.changes


async def test_pulling_what_is_here_does_nothing(bench: Any, busybox_image: str) -> None:
    life = await bench.life(bench.make("docker.pull", image=busybox_image))
    assert not life.effect.changes
    assert life.effect.risk is Risk.READ
    assert life.verified.ok
    assert life.way_back() is None
    assert (await life.change.probe(bench.call)).state == "done"


async def test_builds(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    folder = Path(bench.call.cwd) / "shop"
    folder.mkdir()
    image = f"{docker_scope.name('shop')}:1"
    build = bench.make("docker.build", folder="shop", image=image, args={"WHO": "world"}, secret_args={"PIN": "0000"})
    assert "there is no Dockerfile" in (await build.preview(bench.call)).problems[0].text
    with pytest.raises(NotFound, match="no Dockerfile"):
        await build.execute(bench.call)
    (folder / "Dockerfile").write_text(
        f"FROM {busybox_image} AS base\nARG WHO\nRUN echo hello $WHO > /hello\nFROM base AS last\nRUN cat /hello\n"
    )
    assert (await build.probe(bench.call)).state == "not_done"
    life = await bench.life(build)
    assert life.verified.ok
    assert "hello world" in bench.text
    assert "0000" not in build.command_line()
    assert (await build.probe(bench.call)).state == "done"
    assert (await build.probe(bench.step("r_0/s1"))).state == "not_done"
    again = await build.preview(bench.call)
    assert [c.action for c in again.changes] == [Action.UPDATE]
    await life.undone()
    assert await build.capture(bench.call) == life.before
    stage = bench.make("docker.build", folder="shop", image=image, stage="nope")
    assert "has no stage nope" in (await stage.preview(bench.call)).problems[0].text
    assert (
        "there is no folder"
        in (await bench.make("docker.build", folder="x", image="y").preview(bench.call)).problems[0].text
    )
    (folder / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN exit 7\n")
    with pytest.raises(OperationError, match=r"the build failed.*7"):
        await build.execute(bench.call)
    (folder / "Dockerfile").write_text("FROM 127.0.0.1:1/none:1\n")
    effect = await build.preview(bench.call)
    assert any("base image 127.0.0.1:1/none:1 is not here" in note for note in effect.notes)
    with pytest.raises(NotFound, match=r"127\.0\.0\.1:1/none:1 is not here and its registry"):
        await build.execute(bench.call)


async def test_cancelling_a_build_ends_it(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    (Path(bench.call.cwd) / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo begun; sleep 600\n")
    build = bench.make("docker.build", folder=".", image=f"{docker_scope.name('slow')}:1")
    task = asyncio.create_task(build.execute(bench.call))
    while "begun" not in bench.text.replace("echo begun", ""):
        await asyncio.sleep(0.05)
        assert not task.done(), task.result()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _attempt in range(100):
        busy = [
            row
            for row in docker_scope.client.api.containers()
            if "sleep 600" in row["Command"] and "begun" in row["Command"]
        ]
        if not busy:
            break
        await asyncio.sleep(0.1)
    assert not busy, "the engine ends the build when the connection is closed"


# volumes


async def test_volumes_come_and_go(bench: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    create = bench.make("docker.create_volume", volume=name, labels={"tier": "db"})
    life = await bench.life(create)
    assert life.verified.ok
    assert [c.action for c in life.effect.changes] == [Action.CREATE]
    assert (await create.probe(bench.call)).state == "done"
    assert (await create.execute(bench.call)).changed, "the same step finds its own volume"
    other = await create.execute(bench.step("r_0/s9"))
    assert not other.changed
    assert not (await create.preview(bench.call)).changes
    wrong = bench.make("docker.create_volume", volume=name, driver="nfs-like")
    (problem,) = (await wrong.preview(bench.call)).problems
    assert problem.choices[0].fields == {"volume": f"{name}-2"}
    await life.undone()
    assert await create.capture(bench.call) == life.before
    assert (await create.probe(bench.call)).state == "not_done"
    with pytest.raises(InvalidFields):
        bench.make("docker.create_volume", volume="a b")


async def test_a_small_volume_is_kept_and_comes_back(bench: Any, started: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    docker_scope.client.volumes.create(name, labels={**docker_scope.labels, "tier": "db"})
    writer = started(
        command=["sh", "-c", "echo precious > /data/a; mkdir /data/d; chmod 700 /data/d; sleep 600"],
        volumes=[f"{name}:/data"],
    )
    await asyncio.sleep(0.4)
    remove = bench.make("docker.remove_volume", volume=name)
    (problem,) = (await remove.preview(bench.call)).problems
    assert "remove that first" in problem.text
    freed = bench.step("r_1/s2", gone=frozenset({f"container/{docker_scope.name('web')}"}))
    assert not (await remove.preview(freed)).problems
    with pytest.raises(OperationError, match="in use"):
        await remove.execute(bench.call)
    docker_scope.client.api.remove_container(writer, force=True)
    life = await bench.life(remove)
    assert life.effect.data_bytes >= 9
    assert life.effect.undo is UndoPromise.RECREATE
    assert life.verified.ok
    assert (await remove.probe(bench.call)).state == "done"
    assert "there is no volume" in (await remove.preview(bench.call)).problems[0].text
    back = await life.undone()
    assert "put back" in " ".join(back.effect.notes)
    reader = started("reader", ["sh", "-c", "cat /data/a; stat -c %a /data/d"], volumes=[f"{name}:/data"])
    docker_scope.client.api.wait(reader)
    assert docker_scope.client.api.logs(reader) == b"precious\n700\n"
    assert docker_scope.client.api.inspect_volume(name)["Labels"]["tier"] == "db"
    assert (await remove.probe(bench.call)).state == "not_done"
    vessels = docker_scope.client.api.containers(all=True, filters={"label": f"dev.reign.vessel={name}"})
    assert vessels == []


async def test_a_large_volume_is_not_promised_back(bench: Any, started: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    writer = started(command=["sh", "-c", "head -c 9000 /dev/zero > /data/a"], volumes=[f"{name}:/data"])
    docker_scope.client.api.wait(writer)
    docker_scope.client.api.remove_container(writer, force=True)
    small = bench.step("r_1/s1", blobs=MemoryBlobs(limit=5000))
    remove = bench.make("docker.remove_volume", volume=name)
    effect = await remove.preview(small)
    assert effect.undo is UndoPromise.NONE
    assert "more than is kept" in (effect.undo_why or "")
    life = await bench.life(remove, small)
    assert life.way_back() is None


async def test_another_volume_of_that_name_is_never_removed(bench: Any, docker_scope: Any) -> None:
    name = docker_scope.name("data")
    docker_scope.client.volumes.create(name)
    inverse = bench.make("docker.remove_volume", volume=name, expect="2001-01-01T00:00:00Z")
    assert "is another one now" in (await inverse.preview(bench.call)).problems[0].text
    with pytest.raises(TargetMoved):
        await inverse.execute(bench.call)
    docker_scope.client.volumes.get(name).remove()
    assert not (await bench.life(inverse)).outputs.changed


# networks


async def test_networks_come_and_go(bench: Any, started: Any, docker_scope: Any) -> None:
    name = docker_scope.name("net")
    create = bench.make(
        "docker.create_network", network=name, internal=True, subnet="10.213.77.0/28", labels={"a": "b"}
    )
    assert (await create.probe(bench.call)).state == "not_done"
    life = await bench.life(create)
    assert life.verified.ok
    assert (await create.probe(bench.call)).state == "done"
    assert not (await create.preview(bench.call)).changes
    assert (await create.execute(bench.call)).id == life.outputs.id
    other = bench.make("docker.create_network", network=name)
    assert (await other.preview(bench.call)).problems[0].choices[0].fields == {"network": f"{name}-2"}

    identity = started()
    connect = bench.make("docker.connect_network", network=name, container=docker_scope.name("web"), aliases=["db"])
    assert (await connect.probe(bench.call)).state == "not_done"
    joined = await bench.life(connect)
    assert joined.verified.ok
    assert (await connect.probe(bench.call)).state == "done"
    assert not (await connect.execute(bench.call)).changed
    remove = bench.make("docker.remove_network", network=name)
    assert docker_scope.name("web") in (await remove.preview(bench.call)).problems[0].text
    with pytest.raises(OperationError, match="active endpoints"):
        await remove.execute(bench.call)
    disconnect = bench.make("docker.disconnect_network", network=name, container=docker_scope.name("web"))
    left = await bench.life(disconnect)
    assert left.verified.ok
    assert not (await disconnect.preview(bench.call)).changes
    assert not (await disconnect.execute(bench.call)).changed
    await left.undone()
    assert await disconnect.capture(bench.call) == left.before
    await joined.undone("r_9/u2")
    assert name not in docker_scope.client.api.inspect_container(identity)["NetworkSettings"]["Networks"]

    removed = await bench.life(remove)
    assert removed.verified.ok
    assert (await remove.probe(bench.call)).state == "done"
    again = await removed.undone("r_9/u3")
    info = docker_scope.client.api.inspect_network(name)
    assert (info["Internal"], info["IPAM"]["Config"][0]["Subnet"]) == (True, "10.213.77.0/28")
    stale = bench.make("docker.remove_network", network=name, expect=life.outputs.id)
    assert not (await bench.life(stale)).effect.changes, "the network of that name is another one"
    await again.undone("r_9/u4")
    assert "there is no network" in (await remove.preview(bench.call)).problems[0].text
    assert (await connect.preview(bench.call)).problems
    assert (
        "can't be removed"
        in (await bench.make("docker.remove_network", network="bridge").preview(bench.call)).problems[0].text
    )


# exec and copy


async def test_commands_in_containers(bench: Any, started: Any, docker_scope: Any) -> None:
    identity = started()
    run = bench.make(
        "docker.exec",
        container=docker_scope.name("web"),
        command=["sh", "-c", "echo out; echo err >&2; echo $PW; pwd; exit 4"],
        secret_environment={"PW": "hunter22"},
        environment={"X": "1"},
        workdir="/tmp",
    )
    life = await bench.life(run)
    assert not life.effect.known
    assert life.effect.risk is Risk.DESTROY
    assert life.effect.identity == {f"container/{docker_scope.name('web')}": identity}
    assert life.outputs.exit == 4
    assert set(life.outputs.text.split()) == {"out", "err", "hunter22", "/tmp"}
    assert not life.verified.ok
    assert life.way_back() is None
    assert "hunter22" not in run.command_line()
    assert (await run.probe(bench.call)).state == "in_doubt"
    good = await bench.life(bench.make("docker.exec", container=docker_scope.name("web"), command="echo ok"))
    assert good.verified.ok
    absent = bench.make("docker.exec", container=docker_scope.name("web"), command="no-such-program")
    outputs = await absent.execute(bench.call)
    assert outputs.exit in (126, 127)
    assert "not found" in (await absent.verify(bench.call, outputs)).detail
    docker_scope.client.api.stop(identity, timeout=0)
    assert "does not run" in (await run.preview(bench.call)).problems[0].text
    with pytest.raises(InvalidFields):
        bench.make("docker.exec", container="x", command="")


async def test_cancelling_a_command_says_that_it_may_go_on(bench: Any, started: Any, docker_scope: Any) -> None:
    started()
    task = asyncio.create_task(
        bench.done("docker.exec", container=docker_scope.name("web"), command="sh -c 'echo begun; sleep 60'")
    )
    while "begun" not in bench.text:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "may go on" in bench.text


async def test_copying_into_a_container(bench: Any, started: Any, docker_scope: Any) -> None:
    started()
    (Path(bench.call.cwd) / "site.conf").write_text("listen 80\n")
    copy = bench.make("docker.copy_into", container=docker_scope.name("web"), source="site.conf", folder="/etc")
    life = await bench.life(copy)
    assert life.verified.ok
    assert life.effect.changes[0].diff == "+ /etc/site.conf"
    assert life.way_back() is None
    again = await copy.preview(bench.call)
    assert again.changes[0].data_bytes == 10
    assert (
        await bench.done("docker.exec", container=docker_scope.name("web"), command="cat /etc/site.conf")
    ).text == "listen 80\n"
    nowhere = bench.make("docker.copy_into", container=docker_scope.name("web"), source="site.conf", folder="/none")
    assert "no folder /none" in (await nowhere.preview(bench.call)).problems[0].text
    absent = bench.make("docker.copy_into", container=docker_scope.name("web"), source="nothing", folder="/etc")
    assert "on this machine" in (await absent.preview(bench.call)).problems[0].text
    with pytest.raises(NotFound):
        await absent.execute(bench.call)
    assert (await copy.probe(bench.call)).state == "done"
