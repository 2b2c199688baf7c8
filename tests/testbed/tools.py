"""What the proving ground is made of, and how to get it: Debian packages, and programs built from Go modules."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.testbed.places import Places, find_program

MODULES = Path(__file__).parent / "go"
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
KUBERNETES = "v1.34.4"
HELM = "v3.22.0"
LOCAL_PROVIDER = "2.9.0"

Say = Callable[[str], None]


class Missing(Exception):
    """Something is not here and could not be had; the text says what, why, and the way out."""


@dataclass(frozen=True)
class Built:
    """A program built from the Go module in ``go/<module>``, whose versions and hashes are pinned there."""

    name: str
    module: str
    package: str
    flags: tuple[str, ...] = ()


_KUBE_FLAGS = ("-ldflags", f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}")
CLUSTER_PROGRAMS = (
    Built("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    *(
        Built(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBE_FLAGS)
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
    ),
)
TOOLS = (
    Built(
        "helm", "helm", "helm.sh/helm/v3/cmd/helm", ("-ldflags", f"-X helm.sh/helm/v3/internal/version.version={HELM}")
    ),
    Built("actionlint", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint"),
)
TERRAFORM = Built("terraform", "terraform", "github.com/hashicorp/terraform")
"""For a machine that has none: a version whose modules are all public, older than what people use."""
TERRAFORM_PAGE = "https://developer.hashicorp.com/terraform/install"
PROVIDER = Built(
    "terraform-provider-local", "terraform-provider-local", "github.com/terraform-providers/terraform-provider-local"
)

_PACKAGES = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "busybox": "busybox-static",
    "openssl": "openssl",
    "unshare": "util-linux",
    "mount": "mount",
    "git": "git",
}


def programs() -> dict[str, str]:
    """Where each program of Debian lies, and the folder of the CNI plugins under ``cni``."""
    found = {name: path for name in _PACKAGES if (path := find_program(name))}
    for folder in CNI_FOLDERS:
        if all((folder / plugin).exists() for plugin in ("bridge", "host-local", "portmap", "loopback")):
            found["cni"] = str(folder)
            break
    if "busybox" in found and not _static(found["busybox"]):
        del found["busybox"]
    return found


def _static(program: str) -> bool:
    asked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return asked.returncode != 0 or "not a dynamic" in asked.stdout + asked.stderr


def missing_packages(found: dict[str, str]) -> list[str]:
    """The Debian packages that bring what is not in ``found``."""
    names = {package for program, package in _PACKAGES.items() if program not in found}
    if "cni" not in found:
        names.add("containernetworking-plugins")
    return sorted(names)


def install_packages(say: Say) -> dict[str, str]:
    """Bring what is missing with apt-get when we are root on a Debian; gives :func:`programs` afterwards."""
    found = programs()
    absent = missing_packages(found)
    if not absent:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        why = "not root" if os.geteuid() != 0 else "no apt-get here"
        raise Missing(f"missing: {', '.join(absent)} ({why}). As root on Debian: apt-get install {' '.join(absent)}")
    say(f"installing {' '.join(absent)}")
    with services_stay_down():
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]):
            argv = command if command[1] == "update" else [*command, *absent]
            ran = subprocess.run(
                argv,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode != 0:
                raise Missing(f"{' '.join(argv)} failed:\n{ran.stderr.strip()[-2000:]}")
    return programs()


@contextmanager
def services_stay_down() -> Iterator[None]:
    """A package that starts a service at once would start a containerd that nobody asked for."""
    policy = Path("/usr/sbin/policy-rc.d")
    made = not policy.exists()
    if made:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if made:
            policy.unlink(missing_ok=True)


def go_program() -> str | None:
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")


def _stamp(built: Built) -> str:
    """What the program depends on: the pins, the flags, the machine. The compiler is not among it on purpose: a new
    Go is no reason to build for ten minutes.
    """
    module = MODULES / built.module
    parts = [(module / "go.mod").read_bytes(), (module / "go.sum").read_bytes(), repr(built).encode()]
    parts.append(platform.machine().encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_built(built: Built, folder: Path) -> bool:
    stamp = folder / f".{built.name}.stamp"
    return (folder / built.name).exists() and stamp.exists() and stamp.read_text() == _stamp(built)


def build(built: Built, folder: Path, say: Say) -> None:
    """``folder/name``, unless it is there and of these pins already."""
    if is_built(built, folder):
        return
    go = go_program()
    if go is None:
        raise Missing(
            f"cannot build {built.name}: no Go. Install Go 1.26 or newer (https://go.dev/dl) and put it on PATH"
        )
    folder.mkdir(parents=True, exist_ok=True)
    say(f"building {built.name} …")
    begun = time.monotonic()
    draft = folder / f".{built.name}.new"
    ran = subprocess.run(
        [go, "build", "-mod=readonly", *built.flags, "-o", str(draft), built.package],
        cwd=MODULES / built.module,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise Missing(f"building {built.name} failed:\n{ran.stderr.strip()[-2000:]}")
    draft.replace(folder / built.name)
    (folder / f".{built.name}.stamp").write_text(_stamp(built))
    say(f"  {time.monotonic() - begun:.0f} s")


def terraform_program() -> str | None:
    return shutil.which("terraform")


def lay_terraform(places: Places, say: Say) -> Path:
    """A mirror with the provider ``hashicorp/local`` and a configuration file that names it; gives the latter."""
    build(PROVIDER, places.terraform, say)
    system = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"
    mirror = places.terraform / "mirror"
    where = mirror / "registry.terraform.io" / "hashicorp" / "local" / LOCAL_PROVIDER / system
    where.mkdir(parents=True, exist_ok=True)
    provider = where / f"terraform-provider-local_v{LOCAL_PROVIDER}"
    if not provider.exists():
        provider.hardlink_to(places.terraform / PROVIDER.name)
    settings = places.terraform / "terraformrc"
    settings.write_text(
        "disable_checkpoint = true\n"
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"
    )
    return settings
