"""How docker writes things, taken apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from reign_executors.docker.build import bases
from reign_executors.docker.names import (
    Mount,
    Publication,
    amount,
    image_name,
    in_words,
    mount,
    publications,
    registry_of,
    repository_and_tag,
    short,
)
from reign_executors.docker.ports import container_holder, meets, next_free, published
from reign_executors.docker.queries import usage_of
from reign_executors.docker.redacting import without_secrets


@pytest.mark.parametrize(
    ("written", "name", "registry"),
    [
        ("nginx", "nginx:latest", "docker.io"),
        ("nginx:1.27", "nginx:1.27", "docker.io"),
        ("docker.io/library/nginx", "nginx:latest", "docker.io"),
        ("docker.io/org/app:2", "org/app:2", "docker.io"),
        ("localhost/app", "localhost/app:latest", "localhost"),
        ("host:5000/app", "host:5000/app:latest", "host:5000"),
        ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00", "ghcr.io"),
        ("sha256:0011", "sha256:0011", "docker.io"),
    ],
)
def test_images(written: str, name: str, registry: str) -> None:
    assert image_name(written) == name
    assert registry_of(name) == registry


def test_repository_and_tag() -> None:
    assert repository_and_tag("host:5000/app") == ("host:5000/app", "latest")
    assert repository_and_tag("a@sha256:00") == ("a", "sha256:00")


def test_publications() -> None:
    assert publications("8080:80") == (Publication(80, "tcp", 8080),)
    assert publications("[::1]:53:53/udp") == (Publication(53, "udp", 53, "::1"),)
    assert publications("localhost:1:2") == (Publication(2, "tcp", 1, "127.0.0.1"),)
    assert publications("81/udp") == (Publication(81, "udp"),)
    assert [p.host_port for p in publications("8000-8002:80-82")] == [8000, 8001, 8002]
    for text in ("8080:80", "[::1]:53:53/udp", "127.0.0.1:1:2", "80", "80/udp"):
        assert str(publications(text)[0]) == text


def test_mounts() -> None:
    assert mount("data:/d") == Mount("volume", "data", "/d")
    assert mount("/a:/b:ro").read_only
    assert mount("./x:/b", Path("/w")) == Mount("bind", "/w/x", "/b")
    assert mount("~/x:/b").source == str(Path.home() / "x")
    assert mount("/only") == Mount("anonymous", "", "/only")
    assert mount("data:/d:ro").bind() == "data:/d:ro"
    for wrong in ("data:relative", "::", "a:/b:c:d"):
        with pytest.raises(ValueError, match=r"mount|begin with"):
            mount(wrong)


def test_amounts() -> None:
    assert [amount(t) for t in ("1", "2k", "16Mi", "1.5g", "1GB")] == [1, 2048, 16 * 2**20, 3 * 2**29, 2**30]
    assert [in_words(n) for n in (5, 2048, 3 * 2**29, 5 * 2**40)] == ["5 B", "2.0 KiB", "1.5 GiB", "5.0 TiB"]
    assert short("sha256:0123456789abcdef") == "0123456789ab"


def test_who_holds_a_port() -> None:
    row = {
        "Id": "abc",
        "Names": ["/web"],
        "Image": "i",
        "Ports": [{"IP": "127.0.0.1", "PublicPort": 80, "Type": "tcp"}],
    }
    taken = published([row, {"Id": "def", "Ports": [{"PrivatePort": 1, "Type": "tcp"}]}])
    assert container_holder(Publication(1, "tcp", 80), taken) is not None
    assert container_holder(Publication(1, "tcp", 80, "10.0.0.1"), taken) is None
    assert container_holder(Publication(1, "udp", 80), taken) is None
    assert container_holder(Publication(1), taken) is None
    assert published([row], frozenset({"abc"})) == {}
    assert meets("::", "1.2.3.4")
    free = next_free(Publication(1, "tcp", 65535), taken)
    assert free is None


def test_stages_and_scratch_are_no_base_images() -> None:
    text = "ARG V\nFROM --platform=linux/amd64 alpine AS a\nFROM a\nFROM scratch\nFROM x:$V\nfrom busybox:1 as b\n"
    assert bases(text) == ["alpine:latest", "busybox:1"]


def test_usage_of_both_cgroup_versions() -> None:
    two = {
        "cpu_stats": {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 2000, "online_cpus": 2},
        "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
        "memory_stats": {"usage": 100, "limit": 1000, "stats": {"inactive_file": 40}},
        "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}},
        "blkio_stats": {"io_service_bytes_recursive": [{"op": "read", "value": 5}, {"op": "Write", "value": 6}]},
    }
    usage = usage_of("web", two)
    assert (usage.cpu, usage.memory, usage.memory_percent) == (40.0, 60, 6.0)
    assert (usage.network_received, usage.network_sent, usage.block_read, usage.block_written) == (1, 2, 5, 6)
    assert usage_of("gone", {}).cpu == 0.0


def test_secrets_are_hidden_wherever_they_are() -> None:
    shown = without_secrets(
        {
            "Config": {"Env": ["API_KEY=abc", "FLAG"], "Labels": {"token": "abc", "tier": "x"}},
            "L": [{"Env": ["PW_SECRET=abc"]}],
        }
    )
    assert "abc" not in str(shown)
    assert shown["Config"]["Env"][1] == "FLAG"
    assert shown["Config"]["Labels"]["tier"] == "x"
