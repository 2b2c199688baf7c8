"""Reading a real engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from reign_executors.docker import status
from reign_executors.errors import InvalidFields, NotFound, OperationError, TimedOut

pytestmark = pytest.mark.docker


async def test_listings(bench: Any, busybox_image: str, started: Any, docker_scope: Any, free_port: Any) -> None:
    port = free_port()
    identity = started(ports={"80/tcp": port, "81/udp": None}, healthcheck={"test": ["CMD", "true"], "interval": 10**9})
    mine = {"label": [f"{key}={value}" for key, value in docker_scope.labels.items()]}
    rows = (await bench.done("docker.list_containers", filters=mine)).containers
    assert [(r.id, r.name, r.image, r.status) for r in rows] == [
        (identity, docker_scope.name("web"), busybox_image, "running")
    ]
    assert f"0.0.0.0:{port}->80/tcp" in rows[0].ports
    assert rows[0].health in ("starting", "healthy")
    assert rows[0].labels == docker_scope.labels
    docker_scope.client.api.stop(identity, timeout=0)
    assert (await bench.done("docker.list_containers", all=False, filters=mine)).containers == []
    images = (await bench.done("docker.list_images")).images
    assert any(busybox_image in image.tags for image in images)
    docker_scope.client.volumes.create(docker_scope.name("v"))
    assert docker_scope.name("v") in [v.name for v in (await bench.done("docker.list_volumes")).volumes]
    networks = (await bench.done("docker.list_networks")).networks
    assert "bridge" in [n.name for n in networks]
    assert docker_scope.name("web") in bench.text


async def test_inspecting_hides_secrets(bench: Any, busybox_image: str, started: Any, docker_scope: Any) -> None:
    started(environment={"DB_PASSWORD": "hunter22", "URL": "postgres://ana:hunter23@db/x", "COLOUR": "red"})
    seen = await bench.done("docker.inspect", container=docker_scope.name("web"))
    assert seen.kind == "container"
    assert "COLOUR=red" in seen.object["Config"]["Env"]
    assert "hunter2" not in seen.model_dump_json() + bench.text
    image = await bench.done("docker.inspect", container=busybox_image, kind="image")
    assert image.id.startswith("sha256:")
    assert (await bench.done("docker.inspect", container="bridge")).kind == "network"
    docker_scope.client.volumes.create(docker_scope.name("v"))
    assert (await bench.done("docker.inspect", container=docker_scope.name("v"))).kind == "volume"
    with pytest.raises(NotFound, match="knows nothing called"):
        await bench.done("docker.inspect", container="no-such-thing")
    with pytest.raises(NotFound, match="there is no volume"):
        await bench.done("docker.inspect", container="no-such-thing", kind="volume")


async def test_stats_top_usage_info(bench: Any, started: Any, docker_scope: Any, docker_host: str) -> None:
    started(command=["sh", "-c", "while :; do :; done"], mem_limit="64m")
    usage = await bench.done("docker.stats", container=docker_scope.name("web"))
    assert usage.cpu > 1
    assert 0 < usage.memory < usage.memory_limit == 64 * 1024**2
    top = await bench.done("docker.top", container=docker_scope.name("web"))
    assert any("while" in " ".join(row) for row in top.processes)
    disk = await bench.done("docker.disk_usage")
    assert disk.images > 0
    assert docker_scope.name("web") in disk.container_sizes
    info = await bench.done("docker.info")
    assert info.id
    assert info.running >= 1
    target = await bench.make("docker.info").target(bench.call)
    assert target.identity == {"endpoint": docker_host, "engine": info.id}
    assert (target.context, target.resource) == ("default", "engine")
    seen = await status()
    assert seen.ok
    assert (seen.engine, seen.version, seen.rights) == (info.id, info.version, True)


async def test_logs(bench: Any, started: Any, docker_scope: Any) -> None:
    started(command=["sh", "-c", "echo one; echo two; echo three; sleep 0.5; echo four >&2; sleep 600"])
    await asyncio.sleep(0.2)
    name = docker_scope.name("web")
    assert (await bench.done("docker.logs", container=name, tail=1)).text == "three\n"
    followed = await bench.done("docker.logs", container=name, follow=1.5)
    assert followed.text.splitlines() == ["one", "two", "three", "four"]
    assert not followed.ended
    assert "four" in bench.text
    assert (await bench.done("docker.logs", container=name, since=3600, timestamps=True)).text.count("Z ") == 4
    docker_scope.client.api.kill(name)
    assert (await bench.done("docker.logs", container=name, follow=30)).ended
    assert bench.make("docker.logs", container="a", tail=3, since=5, follow=2).command_line() == (
        "docker logs --tail 3 --since 5s --follow a"
    )


async def test_following_stops_at_once_when_cancelled(bench: Any, started: Any, docker_scope: Any) -> None:
    started(command=["sh", "-c", "echo here; sleep 600"])
    task = asyncio.create_task(bench.done("docker.logs", container=docker_scope.name("web"), follow=300))
    while "here" not in bench.text:
        await asyncio.sleep(0.02)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 60  # it does not wait for the container


async def test_waiting_for_health(bench: Any, started: Any, docker_scope: Any) -> None:
    name = docker_scope.name("web")
    started(
        command=["sh", "-c", "echo warming up; sleep 0.6; touch /well; sleep 600"],
        healthcheck={"test": ["CMD", "ls", "/well"], "interval": 200_000_000, "retries": 50},
    )
    healthy = await bench.done("docker.wait_healthy", container=name)
    assert "healthy" in healthy.detail
    seen = await bench.done("docker.health", container=name)
    assert (seen.status, seen.health, seen.healthy, seen.exit) == ("running", "healthy", True, None)
    plain = docker_scope.name("plain")
    started("plain")
    assert (await bench.done("docker.wait_healthy", container=plain)).running


async def test_waiting_ends_at_once_when_there_is_nothing_to_wait_for(
    bench: Any, started: Any, docker_scope: Any
) -> None:
    started(command=["sh", "-c", "echo bad config; exit 2"])
    with pytest.raises(OperationError, match="ended with exit 2") as caught:
        await bench.done("docker.wait_healthy", container=docker_scope.name("web"))
    assert "bad config" in caught.value.detail
    assert "docker logs" in caught.value.way_out
    seen = await bench.done("docker.health", container=docker_scope.name("web"))
    assert (seen.healthy, seen.exit, seen.lines) == (False, 2, "bad config")
    started("loop", "false", restart_policy={"Name": "always"})
    with pytest.raises(OperationError, match=r"restarts again and again|ended with exit 1"):
        await bench.done("docker.wait_healthy", container=docker_scope.name("loop"))
    started("hungry", ["sh", "-c", "x=a; while :; do x=$x$x; done"], mem_limit="8m")
    with pytest.raises(OperationError, match="want of memory"):
        await bench.done("docker.wait_healthy", container=docker_scope.name("hungry"))
    started("never", healthcheck={"test": ["CMD", "false"], "interval": 10**11, "retries": 9})
    with pytest.raises(TimedOut, match="still running and starting"):
        await bench.done("docker.wait_healthy", container=docker_scope.name("never"), seconds=0.8)
    with pytest.raises(InvalidFields):
        bench.make("docker.wait_healthy", container="x", seconds=0)
