"""The words for results, over outputs as the operations give them."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.specialists.answers import DONE, LINES, SAY, answer, in_bytes
from reign_executors.operation import Change, Query
from reign_executors.registry import default_registry


def told(*rows: tuple[str, dict[str, Any], dict[str, Any] | None]) -> str | None:
    steps = [
        Step(f"s{n}", name, fields, "", () if n == 1 else (f"s{n - 1}",)) for n, (name, fields, _) in enumerate(rows, 1)
    ]
    results = {step.id: (step, row[2]) for step, row in zip(steps, rows, strict=True)}
    return answer(Plan("p", "x", "monitor", 1.0, tuple(steps)), results)


def test_a_container_that_runs() -> None:
    said = told(
        ("docker.pull", {"image": "nginx:1.27"}, {"image": "nginx:1.27"}),
        ("docker.create_volume", {"volume": "data"}, {"volume": "data"}),
        (
            "docker.run",
            {"image": "nginx:1.27", "container": "web", "ports": ["8080:80"], "volumes": ["data:/data"]},
            {},
        ),
        ("docker.wait_healthy", {"container": "web"}, {"detail": "web is running"}),
        ("network.check_port", {"port": 8080}, {"how": "http"}),
    )
    assert said == "web runs nginx:1.27 on http://localhost:8080, data in volume data."


def test_a_database_and_mounted_folders() -> None:
    fields = {
        "image": "postgres",
        "container": "pg",
        "ports": ["5432:5432"],
        "volumes": ["a:/a", "b:/b", "/srv:/srv:ro"],
    }
    assert told(("docker.run", fields, {})) == "pg runs postgres on port 5432, data in volumes a, b, with /srv mounted."


def test_files() -> None:
    assert (
        told(("file.write", {"path": "notes.txt", "content": "remember the milk\n"}, {}))
        == "wrote notes.txt (18 bytes)."
    )
    assert told(
        ("file.write", {"path": "x", "content": "é"}, {}), ("file.copy", {"source": "x", "destination": "y"}, {})
    ) == ("wrote x (2 bytes); copied x to y.")


def test_only_what_ended_well_is_said() -> None:
    assert told(("file.write", {"path": "x", "content": ""}, None)) is None
    assert told(("docker.stop", {"container": "web"}, {}), ("docker.remove_container", {"container": "web"}, None)) == (
        "web is stopped."
    )


def test_a_removed_container_and_its_volumes() -> None:
    fields = {"container": "web", "volumes": True, "named_volumes": ["data"]}
    assert told(("docker.remove_container", fields, {})) == "container web and its volume data removed."


def test_lists_are_short() -> None:
    rows = [
        {"name": f"c{n}", "image": "i", "status": "running", "ports": ["80"], "health": "healthy"} for n in range(50)
    ]
    said = told(("docker.list_containers", {}, {"containers": rows}))
    assert said is not None
    assert len(said.splitlines()) == LINES
    assert said.splitlines()[0] == "c0  i  running (healthy)  80"
    assert said.splitlines()[-1] == "… and 31 more"
    assert told(("docker.list_containers", {}, {"containers": []})) == "There are no containers."


def test_long_output_is_cut() -> None:
    said = told(("shell.read", {}, {"stdout": "x\n" * 100}))
    assert said is not None
    assert len(said.splitlines()) == LINES
    assert "more lines" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("operation", "fields", "outputs", "words"),
    [
        (
            "docker.health",
            {},
            {"container": "web", "status": "running", "health": "healthy"},
            "web runs and is healthy.",
        ),
        (
            "docker.health",
            {},
            {"container": "web", "status": "running", "restarts": 3},
            "web runs and has no health check, restarted 3 times.",
        ),
        (
            "docker.health",
            {"container": "w"},
            {"status": "exited", "exit": 137, "lines": "oom"},
            "w does not run: it is exited (exit 137).\noom",
        ),
        (
            "docker.stats",
            {},
            {"container": "web", "cpu": 1.25, "memory": 2048, "memory_limit": 4096, "processes": 2},
            "web uses 1.2 % of a CPU",
        ),
        ("docker.top", {}, {"titles": ["PID"], "processes": [["1"]]}, "PID\n1"),
        ("docker.info", {}, {"version": "20.10", "name": "box", "containers": 1}, "Docker 20.10 on box"),
        ("docker.disk_usage", {}, {"images": 1024, "containers": 0, "volumes": 0, "build_cache": 0}, "images: 1.0 KiB"),
        (
            "docker.inspect",
            {"container": "web"},
            {
                "kind": "container",
                "object": {
                    "State": {"Status": "running"},
                    "Config": {"Image": "x"},
                    "Mounts": [{"Name": "d", "Destination": "/d"}],
                    "NetworkSettings": {
                        "Ports": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
                        "Networks": {"bridge": {}},
                    },
                },
            },
            "container web\n  image: x\n  status: running\n  ports: *:8080 → 80/tcp\n  mounts: d at /d\n  networks: br",
        ),
        ("docker.logs", {}, {"text": ""}, "The log is empty."),
        ("docker.list_images", {}, {"images": [{"tags": ["a:1"], "size": 10}]}, "a:1  10 B"),
        (
            "file.stat",
            {"path": "x"},
            {"kind": "file", "size": 1, "mode": "0644", "owner": "a", "group": "b", "modified": "now"},
            "x is a file of 1 B, mode 0644, of a:b, changed now.",
        ),
        (
            "file.disk_usage",
            {},
            {"path": "/x", "bytes": 10, "files": 2, "largest": [{"path": "/x/a", "bytes": 9}], "free": 5, "total": 10},
            "/x takes 10 B in 2 files. 5 B of 10 B are free there.\n  9 B  /x/a",
        ),
        (
            "file.list",
            {},
            {"entries": [{"name": "d", "kind": "directory"}, {"name": "f", "kind": "file", "size": 3}]},
            "d/\nf  3 B",
        ),
        ("file.find", {}, {"matches": [{"path": "a.log"}]}, "a.log"),
        ("file.read", {}, {"binary": True}, "It is a binary file."),
        (
            "network.listening",
            {},
            {"listeners": [{"address": "0.0.0.0", "port": 80, "process": "nginx", "pid": 7}]},
            "0.0.0.0:80  nginx (pid 7)",
        ),
        (
            "network.http",
            {},
            {"url": "http://x/", "status": 200, "reason": "OK", "seconds": 0.1, "bytes": 5},
            "http://x/ answers 200 OK in 0.10 s, 5 B.",
        ),
        ("network.check_port", {"port": 80}, {"how": "http"}, "127.0.0.1:80 answers (http)."),
        ("network.free_port", {}, {"port": 8081}, "Port 8081 is free."),
        ("file.restore", {"before": {"path": "/x"}}, {}, "/x is as it was."),
        ("docker.wait_healthy", {"container": "web"}, {"detail": "web is running"}, "web is running"),
    ],
)
def test_what_is_said(operation: str, fields: dict[str, Any], outputs: dict[str, Any], words: str) -> None:
    said = told((operation, fields, outputs))
    assert said is not None
    assert said.startswith(words)


def test_every_operation_has_its_words() -> None:
    registry = default_registry()
    silent = {"docker.wait_healthy", "docker.pull_as"}
    queries = {name for name in registry.names() if issubclass(registry.find(name), Query)}
    changes = {name for name in registry.names() if issubclass(registry.find(name), Change)}
    assert queries - silent <= set(SAY)
    assert changes - silent <= set(DONE) | set(SAY)


def test_bytes() -> None:
    assert [in_bytes(None), in_bytes(0), in_bytes(1536), in_bytes(5 * 1024**4)] == ["?", "0 B", "1.5 KiB", "5.0 TiB"]
