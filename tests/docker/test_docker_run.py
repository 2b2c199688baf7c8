"""docker.run and docker.create on a real engine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reign_executors.effect import Action, Risk, UndoPromise
from reign_executors.errors import Conflict, InvalidFields, NotFound, TargetMoved

pytestmark = pytest.mark.docker


async def test_a_container_lives_and_is_undone(
    bench: Any, busybox_image: str, docker_scope: Any, free_port: Callable[[], int]
) -> None:
    name, data, port = docker_scope.name("web"), docker_scope.name("data"), free_port()
    run = bench.make(
        "docker.run",
        image=busybox_image,
        container=name,
        command=["sh", "-c", "echo I am here; exec httpd -f -p 80 -h /data"],
        ports=[f"{port}:80", "127.0.0.1::81/udp", "82"],
        volumes=[f"{data}:/data", "/anonymous", f"{bench.call.cwd}:/host:ro"],
        environment={"COLOUR": "red"},
        secret_environment={"DB_PASSWORD": "hunter22"},
        labels={"tier": "front"},
        restart="on-failure:3",
        memory="64m",
        cpus=0.5,
        user="root",
        workdir="/data",
        hostname="front",
        healthcheck={"command": "true", "interval": 0.2, "retries": 2},
        read_only=True,
        init=False,
    )
    life = await bench.life(run)
    assert [(c.action, c.resource) for c in life.effect.changes] == [
        (Action.CREATE, f"container/{name}"),
        (Action.CREATE, f"volume/{data}"),
    ]
    assert life.effect.risk is Risk.CREATE
    assert life.effect.undo is UndoPromise.EXACT
    assert "hunter22" not in life.effect.model_dump_json()
    assert life.verified.ok, life.verified.detail
    assert "healthy" in life.verified.detail
    assert "I am here" in bench.text

    info = docker_scope.client.api.inspect_container(life.outputs.id)
    assert info["Config"]["Labels"]["dev.reign.step"] == bench.call.key
    assert info["Config"]["Labels"]["dev.reign.run"] == docker_scope.prefix
    assert {"COLOUR=red", "DB_PASSWORD=hunter22"} <= set(info["Config"]["Env"])
    host = info["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["ReadonlyRootfs"]) == (64 * 1024**2, 500_000_000, True)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert {m["Destination"] for m in info["Mounts"]} == {"/data", "/anonymous", "/host"}
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass

    found = await run.probe(bench.call)
    assert found.state == "done"
    assert found.outputs is not None
    assert found.outputs["id"] == life.outputs.id
    assert (await run.probe(bench.step("other/s1"))).state == "not_done"

    undone = await life.undone()
    assert undone.effect.risk is Risk.DESTROY
    assert await run.capture(bench.call) == life.before
    again = await life.way_back().preview(bench.call)
    assert not again.changes


async def test_the_same_step_twice_is_one_container(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    fields = {"image": busybox_image, "container": docker_scope.name("web"), "command": "sleep 600"}
    first = await bench.done("docker.run", **fields)
    second = await bench.done("docker.run", **fields)
    assert first.id == second.id
    with pytest.raises(Conflict, match="taken meanwhile"):
        await bench.make("docker.run", **fields).execute(bench.step("r_0/s9"))


async def test_a_name_that_is_taken_is_found_before(
    bench: Any, busybox_image: str, started: Any, docker_scope: Any
) -> None:
    started("web")
    run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("web"))
    effect = await run.preview(bench.call)
    (problem,) = effect.problems
    assert "taken by container" in problem.text
    assert busybox_image in problem.text
    assert {c.key: c.fields for c in problem.choices} == {
        "reuse": {"if_exists": "reuse"},
        "replace": {"if_exists": "replace"},
        "rename": {"container": f"{docker_scope.name('web')}-2"},
    }
    gone = bench.step("r_1/s2", gone=frozenset({f"container/{docker_scope.name('web')}"}))
    assert not (await run.preview(gone)).problems


async def test_reusing_runs_what_is_there(bench: Any, busybox_image: str, started: Any, docker_scope: Any) -> None:
    identity = started("web")
    run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("web"), if_exists="reuse")
    life = await bench.life(run)
    assert not life.effect.changes
    assert life.outputs.id == identity
    assert life.way_back() is None
    assert (await run.probe(bench.call)).state == "done"
    docker_scope.client.api.stop(identity, timeout=0)
    life = await bench.life(run)
    assert [c.action for c in life.effect.changes] == [Action.START]
    assert life.outputs.how == "started"
    await life.undone()
    assert docker_scope.client.api.inspect_container(identity)["State"]["Status"] == "exited"


async def test_replacing_says_what_is_lost_and_comes_back(
    bench: Any, busybox_image: str, started: Any, docker_scope: Any, free_port: Callable[[], int]
) -> None:
    port = free_port()
    volume = docker_scope.name("data")
    old = started(
        "web",
        ["sh", "-c", "head -c 100000 /dev/zero > /lost; exec sleep 600"],
        ports={"80/tcp": port},
        volumes=[f"{volume}:/data"],
        environment={"TOKEN": "s3cret"},
    )
    await asyncio.sleep(0.3)
    run = bench.make(
        "docker.run",
        image=busybox_image,
        container=docker_scope.name("web"),
        command="sleep 500",
        ports=[f"{port}:80"],
        if_exists="replace",
    )
    life = await bench.life(run)
    assert [c.action for c in life.effect.changes] == [Action.REPLACE]
    assert life.effect.data_bytes >= 100_000
    assert life.effect.undo is UndoPromise.RECREATE
    assert life.verified.ok
    assert life.outputs.how == "replaced"
    assert "s3cret" not in str(life.before)
    names = [n for row in docker_scope.client.api.containers(all=True) for n in row["Names"]]
    assert [n for n in names if docker_scope.prefix in n] == [f"/{docker_scope.name('web')}"]
    back = await life.undone()
    info = docker_scope.client.api.inspect_container(back.outputs.id)
    assert info["Id"] != old
    assert "TOKEN=s3cret" in info["Config"]["Env"]
    assert info["HostConfig"]["Binds"] == [f"{volume}:/data"]
    assert info["State"]["Running"]
    assert (await back.change.probe(bench.step("r_9/u1"))).state == "done"


async def test_replacing_puts_the_old_one_back_when_it_fails(
    bench: Any, busybox_image: str, started: Any, docker_scope: Any
) -> None:
    old = started("web")
    run = bench.make(
        "docker.run", image=busybox_image, container=docker_scope.name("web"), command="/no/such", if_exists="replace"
    )
    with pytest.raises(InvalidFields, match="no such file"):
        await run.execute(bench.call)
    info = docker_scope.client.api.inspect_container(docker_scope.name("web"))
    assert (info["Id"], info["State"]["Running"]) == (old, True)
    assert "is back as it was" in bench.text


async def test_replacing_goes_on_after_a_crash(bench: Any, busybox_image: str, started: Any, docker_scope: Any) -> None:
    old = started("web")
    name = docker_scope.name("web")
    run = bench.make("docker.run", image=busybox_image, container=name, command="sleep 500", if_exists="replace")
    docker_scope.client.api.rename(old, run._aside(bench.call))
    resumed = replace(bench.call, resumed=True)
    assert (await run.probe(resumed)).state == "not_done"
    made = await run.execute(resumed)
    assert made.how == "replaced"
    assert docker_scope.client.api.inspect_container(name)["Id"] == made.id
    aside = docker_scope.client.containers.create(busybox_image, name=run._aside(bench.call))
    assert (await run.probe(resumed)).state == "not_done"
    again = await run.execute(resumed)
    assert again.id == made.id
    assert aside.id not in [c.id for c in docker_scope.client.containers.list(all=True)]
    assert (await run.probe(resumed)).state == "done"


async def test_a_container_replaced_since_the_preview_is_not_touched(
    bench: Any, busybox_image: str, started: Any, docker_scope: Any
) -> None:
    old = started("web")
    run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("web"), if_exists="replace")
    await run.preview(bench.call)
    docker_scope.client.api.remove_container(old, force=True)
    started("web")
    with pytest.raises(TargetMoved, match="another one now"):
        await run.execute(bench.call)


async def test_ports_that_are_taken_are_found_before(
    bench: Any, busybox_image: str, started: Any, docker_scope: Any, free_port: Callable[[], int]
) -> None:
    port, other = free_port(), free_port()
    identity = started("holder", ports={"80/tcp": port})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", other))
        listener.listen()
        run = bench.make(
            "docker.run",
            image=busybox_image,
            container=docker_scope.name("web"),
            ports=[f"{port}:80", f"{other}:81", "9999"],
        )
        effect = await run.preview(bench.call)
    first, second = effect.problems
    assert f"port {port} is taken by container {docker_scope.name('holder')} ({identity[:12]}" in first.text
    assert f"port {other} is taken by process" in second.text
    assert "(pid " in second.text
    moved = first.choices[0].fields["ports"]
    assert first.choices[0].key == "port"
    assert isinstance(moved, list)
    assert moved[1:] == [f"{other}:81", "9999"]
    assert moved[0] != f"{port}:80"
    gone = bench.step("r_1/s2", gone=frozenset({f"container/{docker_scope.name('holder')}"}))
    assert not (await run.preview(gone)).problems

    with pytest.raises(Conflict, match=f"the port {port} is already taken|is already taken"):
        await run.execute(bench.call)
    names = [n for row in docker_scope.client.api.containers(all=True) for n in row["Names"]]
    assert f"/{docker_scope.name('web')}" not in names, "what could not be started is removed"


async def test_images_networks_and_volumes_of_earlier_steps(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    network, volume = docker_scope.name("net"), docker_scope.name("vol")
    run = bench.make(
        "docker.run", image="nowhere/none", container="x", network=network, volumes=[f"{volume}:/data"], aliases=["db"]
    )
    effect = await run.preview(bench.call)
    assert {p.text for p in effect.problems} == {
        "image nowhere/none:latest is not here; pull it first",
        f"there is no network {network}; create it first",
    }
    promised = frozenset({"image/nowhere/none:latest", f"network/{network}", f"volume/{volume}"})
    effect = await run.preview(bench.step("r_1/s2", promised=promised))
    assert not effect.problems
    assert [c.resource for c in effect.changes] == ["container/x"]
    doubled = await run.preview(bench.step("r_1/s2", promised=promised | {"container/x"}))
    assert "an earlier step of this plan" in doubled.problems[0].text
    removed = await run.preview(bench.step("r_1/s2", promised=promised, gone=frozenset({"image/nowhere/none:latest"})))
    assert "an earlier step removes it" in removed.problems[0].text
    with pytest.raises(NotFound, match="nowhere/none:latest is not here") as caught:
        await run.execute(bench.call)
    assert "docker pull" in caught.value.way_out
    shares = bench.make("docker.run", image=busybox_image, network="container:nobody-here")
    assert "no container nobody-here" in (await shares.preview(bench.call)).problems[0].text
    await bench.done("docker.create_network", network=network)
    joined = bench.make(
        "docker.run",
        image=busybox_image,
        container=docker_scope.name("n"),
        network=network,
        aliases=["db"],
        command="sleep 9",
    )
    life = await bench.life(joined)
    ends = docker_scope.client.api.inspect_container(life.outputs.id)["NetworkSettings"]["Networks"]
    assert "db" in ends[network]["Aliases"]


@pytest.mark.parametrize(
    ("fields", "rule", "level"),
    [
        ({"volumes": ["/:/host"]}, "container.host-root", "catastrophic"),
        ({"volumes": ["/..//:/host:rw"]}, "container.host-root", "catastrophic"),
        ({"volumes": ["/etc:/e"]}, "container.host-root", "catastrophic"),
        ({"volumes": ["/root:/r"]}, "container.host-root", "catastrophic"),
        ({"volumes": ["/:/host:ro"]}, "container.host-root", "notice"),
        ({"volumes": ["/etc/nginx:/e"]}, "container.host-root", "notice"),
        ({"volumes": ["/var/run/docker.sock:/s"]}, "container.docker-socket", "notice"),
        ({"privileged": True}, "container.privileged", "notice"),
        ({"pid": "host"}, "container.host-namespace", "notice"),
        ({"network": "host", "ports": ["80:80"]}, "container.host-namespace", "notice"),
    ],
)
async def test_dangers_are_findings(
    bench: Any, busybox_image: str, fields: dict[str, Any], rule: str, level: str
) -> None:
    effect = await bench.make("docker.run", image=busybox_image, **fields).preview(bench.call)
    assert [(f.rule, f.level) for f in effect.findings] == [(rule, level)]


async def test_harmless_mounts_are_no_findings(bench: Any, busybox_image: str) -> None:
    run = bench.make("docker.run", image=busybox_image, volumes=["./here:/a", "data:/b", "/srv/app:/c", "/anon"])
    effect = await run.preview(bench.call)
    assert effect.findings == ()
    assert any("makes an empty folder" in note for note in effect.notes)


async def test_a_container_that_ends_at_once_is_not_verified(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    bad = bench.make(
        "docker.run",
        image=busybox_image,
        container=docker_scope.name("bad"),
        command=["sh", "-c", "echo out of cheese >&2; exit 3"],
    )
    life = await bench.life(bad)
    assert not life.verified.ok
    assert "ended with exit 3" in life.verified.detail
    assert "out of cheese" in life.verified.detail
    once = bench.make("docker.run", image=busybox_image, container=docker_scope.name("once"), command="true")
    assert (await bench.life(once)).verified.ok
    loop = bench.make(
        "docker.run", image=busybox_image, container=docker_scope.name("loop"), command="false", restart="always"
    )
    life = await bench.life(loop)
    assert not life.verified.ok
    assert "restarts again and again" in life.verified.detail or "exit 1" in life.verified.detail
    sick = bench.make(
        "docker.run",
        image=busybox_image,
        container=docker_scope.name("sick"),
        command="sleep 600",
        healthcheck={"command": "echo no pulse; false", "interval": 0.1, "retries": 1},
    )
    life = await bench.life(sick)
    assert not life.verified.ok
    assert "no pulse" in life.verified.detail
    gone = bench.make(
        "docker.run", image=busybox_image, container=docker_scope.name("gone"), command="true", remove_after=True
    )
    assert (await bench.life(gone)).verified.ok


async def test_created_is_not_started(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    create = bench.make(
        "docker.create", image=busybox_image, container=docker_scope.name("later"), entrypoint="sleep 9"
    )
    life = await bench.life(create)
    assert life.verified.ok
    assert docker_scope.client.api.inspect_container(life.outputs.id)["State"]["Status"] == "created"
    assert (await create.probe(bench.call)).state == "done"
    run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("later"))
    assert (await run.probe(bench.call)).state == "not_done", "created by this step, never started"
    await life.undone()
    verified = await create.verify(bench.call, life.outputs)
    assert not verified.ok


async def test_nameless_containers(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    run = bench.make("docker.run", image=busybox_image, command="sleep 60", labels=docker_scope.labels)
    life = await bench.life(run)
    assert life.verified.ok
    assert run.locks() == frozenset()
    await life.undone()


async def test_cancelling_leaves_no_half_made_container(bench: Any, busybox_image: str, docker_scope: Any) -> None:
    for delay in (0.0, 0.005, 0.03, 0.08, 0.15):
        run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("half"), command="sleep 60")
        task = asyncio.create_task(run.execute(bench.call))
        await asyncio.sleep(delay)
        if task.done():
            docker_scope.client.api.remove_container(task.result().id, force=True)
            continue
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        names = [n for row in docker_scope.client.api.containers(all=True) for n in row["Names"]]
        assert f"/{docker_scope.name('half')}" not in names


@pytest.mark.parametrize(
    "fields",
    [
        {"container": "no/slash"},
        {"ports": ["http:80"]},
        {"ports": ["1-3:1-2"]},
        {"ports": ["99999:80"]},
        {"volumes": ["data"]},
        {"volumes": ["a:b:c:d"]},
        {"volumes": ["a b:/c"]},
        {"memory": "much"},
        {"restart": "sometimes"},
        {"image": " "},
        {"unknown": 1},
    ],
)
def test_wrong_fields_are_named(fields: dict[str, Any], bench: Any) -> None:
    with pytest.raises(InvalidFields):
        bench.make("docker.run", **{"image": "x", **fields})


def test_the_command_line_hides_secrets(bench: Any) -> None:
    run = bench.make(
        "docker.run",
        image="nginx",
        container="web",
        ports=["8080:80"],
        volumes=["d:/d"],
        environment={"A": "b", "API_TOKEN": "t0p"},
        secret_environment={"PW": "x1"},
        restart="always",
        privileged=True,
        command="echo 'a b'",
    )
    assert run.command_line() == (
        "docker run -d --name web -p 8080:80 -v d:/d -e A=b -e 'API_TOKEN=(hidden)' -e PW --restart always "
        "--privileged nginx:latest echo 'a b'"
    )
    assert run.locks() == frozenset({"docker:default/container/web", "docker:default/port/8080/tcp"})
