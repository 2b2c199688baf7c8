"""Images made by hand from the static busybox of this machine: no registry, no Docker Engine needed."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

NODE_IMAGE = "reign-test/busybox:1"
PAUSE_IMAGE = "reign-test/pause:1"


def busybox_root(program: str) -> bytes:
    """A tar of a root with the busybox at ``program`` and a link for each of its commands."""
    names = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout.split()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("root", 0o700), ("var", 0o755)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        _add(tar, "bin/busybox", Path(program).read_bytes(), 0o755)
        for name in names:
            if name != "busybox":
                entry = tarfile.TarInfo(f"bin/{name}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", 0o644)
    return packed.getvalue()


def archive(name: str, root: bytes, command: Sequence[str]) -> bytes:
    """An image of one layer, as ``docker save`` would write it."""
    layer = hashlib.sha256(root).hexdigest()
    described = {
        "architecture": _architecture(),
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin"], "Cmd": list(command)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "tests.testbed"}],
    }
    config = json.dumps(described).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{layer}/layer.tar"]}]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, config_name, config, 0o644)
        _add(tar, f"{layer}/layer.tar", root, 0o644)
        _add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)
    return packed.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _architecture() -> str:
    """As Go names it."""
    import platform

    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
