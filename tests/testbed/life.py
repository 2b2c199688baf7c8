"""Starting, asking after and stopping the proving ground."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.testbed import tools
from tests.testbed.configuration import CLUSTERS, Configuration, kubeconfig
from tests.testbed.images import NODE_IMAGE, PAUSE_IMAGE, archive, busybox_root
from tests.testbed.places import Places
from tests.testbed.tools import Missing, Say

_START_SECONDS = 180
_SOCKET_PATH = 107
_NODE = Path(__file__).with_name("node.py")


class Broken(Exception):
    """Something did not start, or does not stop; the text says which, why and where its log lies."""


@contextmanager
def _alone(folder: Path, what: str) -> Iterator[None]:
    """One process at a time builds (or starts, or stops) in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{what}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(places: Places, say: Say) -> dict[str, str]:
    """Bring and build whatever is missing, and start nothing: gives what each program is called. Needs a network, and
    root for the packages. Raises :class:`Missing`, after everything that could be had was.
    """
    with _alone(places.kept, "build"):
        _tools(places, say)
        return _cluster_programs(places, say)


def up(places: Places, say: Say) -> None:
    """Everything built and running, and ``env`` written. Raises :class:`Missing` or :class:`Broken`; what stands by
    then is in ``env`` all the same, so that tests which need only that can run.
    """
    with _alone(places.folder, "life"):
        with _alone(places.kept, "build"):
            values = _tools(places, say)
        if not running(places) or unhealthy(places) is not None:
            _stop(places)
            _write_env(places, values)
            _start(places, build(places, say), say)
        values.update(
            REIGN_TEST_KUBECONFIG=str(places.kubeconfig),
            REIGN_TEST_CONTEXT="reign-test",
            REIGN_TEST_CONTEXT_2="reign-test-2",
            REIGN_TEST_CONTAINERD=str(places.containerd),
            REIGN_TEST_IMAGE=NODE_IMAGE,
        )
        _write_env(places, values)


def _write_env(places: Places, values: dict[str, str]) -> None:
    draft = places.env.with_suffix(".new")
    draft.write_text("".join(f"{key}={value}\n" for key, value in sorted(values.items())))
    draft.replace(places.env)


def _tools(places: Places, say: Say) -> dict[str, str]:
    """Helm, actionlint and Terraform's provider: they need neither root nor a cluster."""
    for built in tools.TOOLS:
        tools.build(built, places.bin, say)
    values = {"REIGN_TEST_BIN": str(places.bin), "REIGN_TEST_TF_CLI_CONFIG": str(tools.lay_terraform(places, say))}
    if tools.terraform_program() is None:
        try:
            tools.build(tools.TERRAFORM, places.bin, say)
        except Missing as error:
            say(f"NO TERRAFORM on this machine, its tests can't run: {error}\n  {tools.TERRAFORM_PAGE}")
    return values


def _cluster_programs(places: Places, say: Say) -> dict[str, str]:
    """Every program a cluster needs, brought or built; raises :class:`Missing`."""
    if sys.platform != "linux":
        raise Missing("no cluster: it needs Linux namespaces. Name a cluster of your own in REIGN_TEST_CONTEXT")
    if os.geteuid() != 0:
        raise Missing(
            "no cluster: it needs root (namespaces, mounts). "
            "Run it as root, or name a cluster of your own in REIGN_TEST_CONTEXT"
        )
    found = tools.install_packages(say)
    for built in tools.CLUSTER_PROGRAMS:
        tools.build(built, places.bin, say)
        found[built.name] = str(places.bin / built.name)
    return found


def _start(places: Places, found: dict[str, str], say: Say) -> None:
    if len(str(places.containerd)) > _SOCKET_PATH:
        raise Missing(f"{places.containerd} is too long for a socket's path: set REIGN_TESTBED to a shorter folder")
    for folder in (places.run, places.log):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    configuration = Configuration(places)
    configuration.write(found)
    for group in _control_group_roots():
        (group / places.control_group).mkdir(exist_ok=True)
    say("starting")
    listening = {name: socket.create_server(("127.0.0.1", 0), backlog=128) for name in CLUSTERS}
    try:
        _start_node(places, found, listening)
        servers = {name: f"https://127.0.0.1:{taken.getsockname()[1]}" for name, taken in listening.items()}
    finally:
        for taken in listening.values():
            taken.close()
    try:
        _settle(places, configuration, found, servers)
    except Broken:
        _stop(places)
        raise


def _start_node(places: Places, found: dict[str, str], listening: dict[str, socket.socket]) -> None:
    """The first process of the namespaces, in a session of its own, so that it outlives whoever started it."""
    argv = [found["unshare"], "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--mount"]
    argv += ["--propagation", "slave", sys.executable, "-I", str(_NODE), str(places.run)]
    argv += [f"{taken.fileno()}:{CLUSTERS[name]}" for name, taken in listening.items()]
    with (places.log / "node.log").open("ab") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            pass_fds=[taken.fileno() for taken in listening.values()],
        )
    places.process.write_text(json.dumps({"pid": process.pid, "started": _start_time(process.pid)}))


def _settle(places: Places, configuration: Configuration, found: dict[str, str], servers: dict[str, str]) -> None:
    """Wait until pods can run, with the images there; write the kubeconfig."""
    deadline = time.monotonic() + _START_SECONDS

    def wait(what: str, answered: Callable[[], bool]) -> None:
        while not answered():
            broken = unhealthy(places, starting=True)
            if broken is None and time.monotonic() > deadline:
                broken = f"{what} took longer than {_START_SECONDS} s; see {places.log}"
            if broken is not None:
                raise Broken(broken)
            time.sleep(0.1)

    wait("containerd", lambda: _said(places).get("stage", 0) > 0)
    with ThreadPoolExecutor(2) as pool:
        root = busybox_root(found["busybox"])
        commands = {NODE_IMAGE: ["sleep", "3600"], PAUSE_IMAGE: ["/bin/busybox", "sleep", "1000000000"]}
        importing = [pool.submit(import_image, places, archive(name, root, argv)) for name, argv in commands.items()]
        wait("the cluster's components", lambda: bool(_said(places).get("ready")))
        for done in importing:
            done.result()
    described = {name: (server, _encoded(configuration.authority)) for name, server in servers.items()}
    tokens = {"reign-admin": configuration.tokens["admin"], "reign-viewer": configuration.tokens["viewer"]}
    tokens["reign-expired"] = secrets.token_urlsafe(24)
    contexts = {name: (name, "reign-admin") for name in CLUSTERS}
    contexts["reign-test-viewer"] = ("reign-test", "reign-viewer")
    contexts["reign-test-expired"] = ("reign-test", "reign-expired")
    places.kubeconfig.unlink(missing_ok=True)
    places.kubeconfig.touch(0o600)
    places.kubeconfig.write_text(json.dumps(kubeconfig(described, tokens, contexts), indent=1) + "\n")
    asking = {name: Api(server, configuration.authority, tokens["reign-admin"]) for name, server in servers.items()}
    for name, api in asking.items():
        wait(
            f"the account of pods in {name}",
            lambda api=api: api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None,  # type: ignore[misc]
        )
    first = asking["reign-test"]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "reign-viewer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reign-viewer"}],
    }
    first.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    wait("the node", lambda: _takes_pods(first.get("/api/v1/nodes")))


def _takes_pods(nodes: dict[str, Any] | None) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True" and not node["spec"].get("taints")
        for node in (nodes or {}).get("items", [])
        for condition in node["status"].get("conditions", [])
    )


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def import_image(places: Places, packed: bytes) -> None:
    """Bring an archive as ``docker save`` writes it to where the kubelet looks for images."""
    ran = subprocess.run(
        ["ctr", "--address", str(places.containerd), "--namespace", "k8s.io", "images", "import", "-"],
        input=packed,
        capture_output=True,
        check=False,
    )
    if ran.returncode != 0:
        raise Broken(f"the node did not take an image: {ran.stderr.decode(errors='replace').strip()}")


class Api:
    """The few calls that starting needs, with nothing installed."""

    def __init__(self, server: str, authority: Path, token: str) -> None:
        self.server = server
        self.token = token
        context = ssl.create_default_context(cafile=str(authority))
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def _ask(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.server + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with self.opener.open(request, timeout=10) as answer:
            return dict(json.load(answer))

    def get(self, path: str) -> dict[str, Any] | None:
        """None while it is not there, or nobody answers."""
        try:
            return self._ask(path, None)
        except OSError:
            return None

    def post(self, path: str, body: dict[str, Any]) -> None:
        try:
            self._ask(path, body)
        except urllib.error.HTTPError as error:
            raise Broken(f"POST {path}: {error} {error.read().decode(errors='replace')}") from error


def _start_time(pid: int) -> str | None:
    """In the kernel's ticks since boot: with the id it names one process for ever. None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _process(places: Places) -> int | None:
    """The process that was started here, while it runs."""
    try:
        noted = json.loads(places.process.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return int(noted["pid"]) if noted["started"] and _start_time(noted["pid"]) == noted["started"] else None


def running(places: Places) -> bool:
    return _process(places) is not None


def _said(places: Places) -> dict[str, Any]:
    try:
        return dict(json.loads(places.status.read_text()))
    except FileNotFoundError:
        return {}


def unhealthy(places: Places, starting: bool = False) -> str | None:
    """Why it is not what tests need, in words with the end of the log; None when all is well."""
    if not running(places):
        return f"its first process ended{_tail(places.log / 'node.log')}"
    said = _said(places)
    for name, component in said.get("components", {}).items():
        if component["exit"] is not None:
            return f"{name} ended with status {component['exit']}{_tail(Path(component['log']))}"
    return None if starting or said.get("ready") else "it has not finished starting"


def _tail(log: Path, lines: int = 25) -> str:
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return f" ({log} is not there)"
    return f"; {log} ends:\n" + "\n".join(f"  {line}" for line in text)


def down(places: Places) -> bool:
    """Stop what was started; gives whether anything ran."""
    with _alone(places.folder, "life"):
        ran = running(places)
        _stop(places)
        return ran


def _stop(places: Places) -> None:
    """End the first process: the kernel then ends every process, mount and interface of its namespaces."""
    pid = _process(places)
    ending: dict[int, str | None] = {}
    if pid is not None:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ending = {number: _start_time(number) for number in (pid, *map(int, children))}
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while left := [number for number, began in ending.items() if began and _start_time(number) == began] + _left(
        places
    ):
        if time.monotonic() > deadline:
            raise Broken(f"processes did not end within 30 s of being killed: {left}")
        time.sleep(0.05)
    for root in _control_group_roots():
        _remove_groups(root / places.control_group)
    for name in ("env", "kubeconfig"):
        (places.folder / name).unlink(missing_ok=True)
    shutil.rmtree(places.run, ignore_errors=True)


def _control_group_roots() -> list[Path]:
    top = Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        return [top]
    return [path for path in sorted(top.iterdir()) if (path / "cgroup.procs").exists() and not path.is_symlink()]


def _left(places: Places) -> list[int]:
    """Processes in the control groups of our pods."""
    found: set[int] = set()
    for root in _control_group_roots():
        for procs in (root / places.control_group).rglob("cgroup.procs"):
            try:
                found.update(int(word) for word in procs.read_text().split())
            except OSError:
                continue
    return sorted(found)


def _remove_groups(group: Path) -> None:
    if not group.is_dir():
        return
    for inner, _, _ in os.walk(group, topdown=False):
        try:
            Path(inner).rmdir()
        except FileNotFoundError:
            continue


def status(places: Places) -> tuple[bool, list[str]]:
    """Whether all is well, and lines that say what there is."""
    lines = [f"folder    {places.folder}"]
    wanted = [(built, places.bin) for built in (*tools.CLUSTER_PROGRAMS, *tools.TOOLS)]
    for built, where in (*wanted, (tools.PROVIDER, places.terraform)):
        lines.append(f"{'built' if tools.is_built(built, where) else 'missing':9} {built.name}")
    broken = unhealthy(places) if places.process.exists() else "not running"
    if broken is None:
        lines.append(f"running   {', '.join(_said(places)['components'])}")
        lines.append(f"env       {places.env}")
    else:
        lines.append(f"cluster   {broken}")
    return broken is None, lines
