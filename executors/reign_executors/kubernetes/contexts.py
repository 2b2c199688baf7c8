"""Which cluster a context means: kubectl's own rules, read from the kubeconfig files (no kubernetes package needed)."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reign_executors.errors import InvalidFields, ToolMissing
from reign_executors.home import expanded

IN_CLUSTER = "in-cluster"
DEFAULT_NAMESPACE = "default"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Where:
    """A context: the API server's URL, the namespace it chooses, the user's name, the files it was read from."""

    context: str
    server: str
    namespace: str
    user: str
    files: tuple[Path, ...]
    stamp: tuple[tuple[str, int], ...] = ()


def kubeconfig_files(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The files that ``KUBECONFIG`` names, else ``~/.kube/config``; those that exist."""
    environment = os.environ if environment is None else environment
    named = [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    if named:
        return tuple(path for path in (expanded(part) for part in named) if path.is_file())
    home = environment.get("HOME")
    path = (Path(home) if home else Path.home()) / ".kube" / "config"
    return (path,) if path.is_file() else ()


def _in_cluster(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("KUBERNETES_SERVICE_HOST")) and (SERVICE_ACCOUNT / "token").is_file()


_read_files: dict[tuple[tuple[str, int], ...], dict[str, Any]] = {}


def _stamp(files: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


def merged(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """``{"contexts": {name: …}, "clusters": {name: …}, "current": name or "", "programs": {user, …}}`` of all files
    together; the first file that says something wins, as with kubectl. ``programs`` are users for whom a program
    signs in. ``InvalidFields`` for a file that can't be read."""
    files = kubeconfig_files(environment)
    try:
        stamp = _stamp(files)
    except OSError:
        stamp = ()
    known = _read_files.get(stamp)
    if known is not None:
        return known
    result: dict[str, Any] = {"contexts": {}, "clusters": {}, "current": "", "programs": set()}
    users: dict[str, Any] = {}
    for path in files:
        content = _read(path)
        for entry in content.get("users") or ():
            if isinstance(entry, dict) and entry.get("name"):
                users.setdefault(str(entry["name"]), entry.get("user") or {})
        for part, inner in (("contexts", "context"), ("clusters", "cluster")):
            for entry in content.get(part) or ():
                if isinstance(entry, dict) and entry.get("name"):
                    result[part].setdefault(str(entry["name"]), entry.get(inner) or {})
        result["current"] = result["current"] or str(content.get("current-context") or "")
    result["programs"] = {name for name, user in users.items() if {"exec", "auth-provider"} & set(user)}
    if stamp:
        _read_files.clear()
        _read_files[stamp] = result
    return result


def _read(path: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - one of the two safe loaders
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no valid YAML"
        raise ToolMissing(
            f"the kubeconfig {path} can't be read: {reason}",
            "mend it or name another one in KUBECONFIG",
            detail=str(error),
        ) from error
    return content if isinstance(content, dict) else {}


def contexts(environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of all contexts, in the order of the files."""
    return list(merged(environment)["contexts"])


def current_context(environment: Mapping[str, str] | None = None) -> str:
    """The context that kubectl would use now; ``in-cluster`` inside a pod; empty when none is chosen."""
    environment = os.environ if environment is None else environment
    chosen = str(merged(environment)["current"])
    return chosen or (IN_CLUSTER if _in_cluster(environment) else "")


def where(context: str | None = None, environment: Mapping[str, str] | None = None) -> Where:
    """What ``context`` (None: the current one) leads to. ``ToolMissing`` when nothing says so."""
    environment = os.environ if environment is None else environment
    files = kubeconfig_files(environment)
    name = context or current_context(environment)
    if name == IN_CLUSTER and _in_cluster(environment):
        host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
        host = f"[{host}]" if ":" in host else host
        namespace = (SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip() or DEFAULT_NAMESPACE
        return Where(name, f"https://{host}:{port}", namespace, "the pod's service account", ())
    if not files:
        named = environment.get("KUBECONFIG")
        raise ToolMissing(
            f"there is no kubeconfig: KUBECONFIG={named} names no file" if named else "there is no kubeconfig",
            "put one at ~/.kube/config or name it in KUBECONFIG (your cluster's provider says how to get it)",
        )
    read = merged(environment)
    known = read["contexts"]
    if not name:
        raise ToolMissing(
            "no Kubernetes context is chosen",
            f"choose one with --context: {', '.join(known)}" if known else f"{files[0]} has none: mend it",
        )
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known)
        raise ToolMissing(
            f"there is no Kubernetes context {name!r}",
            f"choose one of: {', '.join(near)} (kubectl config get-contexts)" if near else f"{files[0]} has none",
        )
    entry = known[name]
    cluster = read["clusters"].get(str(entry.get("cluster") or ""))
    if not cluster or not cluster.get("server"):
        raise ToolMissing(
            f"the Kubernetes context {name!r} names the cluster {entry.get('cluster')!r}, which has no server",
            f"mend {files[0]}: kubectl config set-cluster",
        )
    return Where(
        name,
        str(cluster["server"]).rstrip("/"),
        str(entry.get("namespace") or DEFAULT_NAMESPACE),
        str(entry.get("user") or ""),
        files,
        _stamp(files),
    )


def program_signs_in(context: str | None = None, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a program signs in for the context's user: it may ask for a password, or open a browser."""
    return where(context, environment).user in merged(environment)["programs"]


def namespace_of(context: str | None, environment: Mapping[str, str] | None = None) -> str:
    """The namespace a context chooses; ``default`` when there is no such context (its use says what is wrong)."""
    try:
        return where(context, environment).namespace
    except (ToolMissing, InvalidFields):
        return DEFAULT_NAMESPACE
