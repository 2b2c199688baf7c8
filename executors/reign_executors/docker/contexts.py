"""Which engine a docker context means: the docker CLI's own rules, read from its files (no docker-py needed)."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reign_executors.errors import ToolMissing

DEFAULT = "default"
DEFAULT_URL = "npipe:////./pipe/docker_engine" if sys.platform == "win32" else "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine listens. ``certificates`` is the folder with ca.pem, cert.pem and key.pem, or None: no TLS."""

    context: str
    url: str
    source: str
    certificates: str | None = None
    verify: bool = True

    @property
    def local(self) -> bool:
        """Whether the engine shares this machine's ports and files."""
        return self.url.startswith(("unix://", "npipe://"))


def configuration_folder(environment: Mapping[str, str]) -> Path:
    """The docker CLI's folder: ``DOCKER_CONFIG`` or ``~/.docker``."""
    chosen = environment.get("DOCKER_CONFIG")
    if chosen:
        return Path(chosen)
    home = environment.get("HOME")
    return (Path(home) if home else Path.home()) / ".docker"


def current_context(environment: Mapping[str, str] | None = None) -> str:
    """The context a docker command would use now: DOCKER_HOST (as ``default``), DOCKER_CONTEXT, the CLI's config."""
    environment = os.environ if environment is None else environment
    if environment.get("DOCKER_HOST"):
        return DEFAULT
    if environment.get("DOCKER_CONTEXT"):
        return environment["DOCKER_CONTEXT"]
    try:
        config = json.loads((configuration_folder(environment) / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return DEFAULT
    chosen = config.get("currentContext") if isinstance(config, dict) else None
    return str(chosen) if chosen else DEFAULT


def contexts(environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of all contexts, ``default`` first."""
    environment = os.environ if environment is None else environment
    names = []
    for file in sorted((configuration_folder(environment) / "contexts" / "meta").glob("*/meta.json")):
        try:
            names.append(str(json.loads(file.read_text("utf-8"))["Name"]))
        except (OSError, ValueError, KeyError):
            continue
    return [DEFAULT, *sorted(names)]


def endpoint(context: str | None, environment: Mapping[str, str] | None = None) -> Endpoint:
    """The endpoint of ``context`` (None: the current one); ``ToolMissing`` when there is no such context."""
    environment = os.environ if environment is None else environment
    name = context or current_context(environment)
    if name == DEFAULT:
        url = environment.get("DOCKER_HOST")
        certificates = environment.get("DOCKER_CERT_PATH") if url else None
        verify = bool(environment.get("DOCKER_TLS_VERIFY"))
        if verify and not certificates:
            certificates = str(configuration_folder(environment))
        return Endpoint(
            DEFAULT,
            url or DEFAULT_URL,
            "DOCKER_HOST" if url else "the default socket",
            certificates if url and (verify or certificates) else None,
            verify,
        )
    identity = hashlib.sha256(name.encode()).hexdigest()
    folder = configuration_folder(environment) / "contexts"
    file = folder / "meta" / identity / "meta.json"
    try:
        described = json.loads(file.read_text("utf-8"))["Endpoints"]["docker"]
        url = str(described["Host"])
    except FileNotFoundError:
        known = ", ".join(contexts(environment))
        raise ToolMissing(
            f"there is no docker context {name!r}", f"choose one of: {known} (docker context ls)"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolMissing(
            f"the docker context {name!r} can't be read", f"look at {file} or recreate it", detail=str(error)
        ) from error
    certificates_folder = folder / "tls" / identity / "docker"
    return Endpoint(
        name,
        url,
        f"docker context {name!r}",
        str(certificates_folder) if certificates_folder.is_dir() else None,
        not described.get("SkipTLSVerify", False),
    )
