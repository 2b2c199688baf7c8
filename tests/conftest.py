"""What every test may use: a Docker Engine, a small image, a home of its own, free ports.

Nothing here touches the real home: ``HOME`` and the XDG folders point to a temporary folder before any product code
is imported, and :func:`pytest_sessionfinish` tells (in CI: fails the run) when Reign's real folders changed all the
same.

``REIGN_REQUIRE`` names what may not be skipped (``docker``, ``tmux``, ``kubernetes``, ``helm``, ``terraform``, ``git``,
``sandbox``, ``models``; separated by commas): CI sets it, so that a missing engine is a failure there and a skipped
test with its reason on a developer's machine. ``REIGN_LIVE`` names models of vendors that tests may really ask.

Tests touch a cluster only when it was made for them (``tests.testbed``) or named for them (``REIGN_TEST_CONTEXT``).
While they run, ``KUBECONFIG`` names a file that holds nothing else, or no file at all.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.testbed.choice import Choice, NoCluster, choose, personal_kubeconfig
from tests.testbed.images import NODE_IMAGE, busybox_root
from tests.testbed.places import Places

if TYPE_CHECKING:
    from docker import DockerClient
    from kubernetes.client import ApiClient

REPOSITORY = Path(__file__).resolve().parent.parent
BUSYBOX_IMAGE = NODE_IMAGE
TEST_LABEL = "dev.reign.test"

REAL_HOME = Path(os.environ.get("HOME", "/"))
_REAL_FOLDERS = tuple(
    Path(os.environ.get(variable) or REAL_HOME / default) / "reign-tui"
    for variable, default in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
    )
)
_ENGINE = os.environ.get("REIGN_TEST_DOCKER_HOST") or os.environ.get("DOCKER_HOST") or ""
_TESTBED = Places.named()
_ASKED_FOR = dict(os.environ)
"""The environment as it was given. The workers of pytest-xdist are given what :func:`_leave_home` makes of it."""


def _for_tests(name: str) -> bool:
    return name in ("REIGN_REQUIRE", "REIGN_LIVE") or name.startswith("REIGN_TEST")


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Every file under ``folder`` with its size and time in nanoseconds; empty when it is not there."""
    if not folder.is_dir():
        return ()
    found = ((str(path), path.lstat()) for path in sorted(folder.rglob("*")))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a script's background: what tests start would not hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)

_BEFORE = {folder: _stamp(folder) for folder in _REAL_FOLDERS}
_HOME = Path(tempfile.mkdtemp(prefix="reign-test-home-"))


def _leave_home() -> None:
    """Point everything that says where a person's files live to a temporary folder, and drop ``REIGN_*``."""
    for name in list(os.environ):
        if (name.startswith("REIGN_") and not _for_tests(name)) or re.fullmatch(r"XDG_\w+_HOME", name):
            del os.environ[name]
    os.environ["REIGN_TESTBED"] = str(_TESTBED.folder)
    if "REIGN_TEST_CONTEXT" in os.environ:
        os.environ.setdefault("REIGN_TEST_KUBECONFIG", str(personal_kubeconfig(_ASKED_FOR)))
    for name in ("NO_COLOR", "FORCE_COLOR", "DOCKER_CONTEXT", "COLUMNS", "LINES", "TF_CLI_CONFIG_FILE"):
        os.environ.pop(name, None)
    os.environ["HOME"] = str(_HOME)
    os.environ["KUBECONFIG"] = str(_HOME / ".kube" / "config")
    os.environ["DOCKER_CONFIG"] = str(_HOME / ".docker")
    os.environ["REIGN_HOME"] = str(_HOME / "reign")
    if _ENGINE:
        os.environ["DOCKER_HOST"] = _ENGINE


_leave_home()


def _keep_bytecode() -> None:
    """Workers and the programs that tests start compile each module once for all of them, also where images of
    containers say otherwise: without, every start of ``reign-tui`` takes a second longer.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_keep_bytecode()


def _count_lines_after_errors() -> None:
    """Python 3.11 loses a tracer's sight of every waiting coroutine once an error is thrown into the innermost one:
    ``gen_throw`` resumes the others without a call event (mended in 3.12). Coverage then misses all their lines up to
    the next ``await``. So while lines are counted, tasks are woken by a plain step: the future raises its own error
    inside the coroutine then, which means the same and is seen.
    """
    import asyncio

    plain: type = asyncio.tasks._PyTask  # type: ignore[attr-defined]

    class SeenTask(plain):  # type: ignore[misc]
        def _Task__wakeup(self, _future: object) -> None:  # noqa: N802 - overrides a private method
            self._Task__step()

    asyncio.Task = asyncio.tasks.Task = SeenTask  # type: ignore[misc]


if sys.version_info < (3, 12) and sys.gettrace() is not None:
    _count_lines_after_errors()


def pytest_sessionfinish(session: pytest.Session) -> None:
    shutil.rmtree(_HOME, ignore_errors=True)
    touched = [str(folder) for folder, before in _BEFORE.items() if _stamp(folder) != before]
    if touched:
        print(f"\nThe real home changed: {', '.join(touched)}. A test wrote there, unless you used Reign meanwhile.")
        if os.environ.get("CI"):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def required(what: str) -> bool:
    """Whether ``REIGN_REQUIRE`` says that ``what`` must be there."""
    return what in re.split(r"[,\s]+", os.environ.get("REIGN_REQUIRE", ""))


def skip_or_fail(what: str, reason: str) -> NoReturn:
    """Skip with ``reason``; fail instead when ``REIGN_REQUIRE`` names ``what``."""
    if required(what):
        pytest.fail(f"{reason} (REIGN_REQUIRE names {what})", pytrace=False)
    pytest.skip(reason)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process of this machine at a time: pytest-xdist's workers share engines and built wheels."""
    with (Path(tempfile.gettempdir()) / f"reign-test-{os.getuid()}-{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever is marked ``docker`` needs the engine, whether or not it names the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("docker") and "docker_host" not in names:
            names.insert(0, "docker_host")


@pytest.fixture(scope="session")
def tmux_program() -> str:
    """The path of tmux."""
    program = shutil.which("tmux")
    if program is None:
        skip_or_fail("tmux", "no tmux: apt-get install tmux")
    return program


@pytest.fixture(scope="session")
def docker_host() -> str:
    """The URL of a real Docker Engine (``unix:///…``), also in ``DOCKER_HOST`` for what a test starts."""
    if not _ENGINE:
        skip_or_fail("docker", "no Docker Engine: set DOCKER_HOST (or run .ci/run, which starts one)")
    import docker
    from docker.errors import DockerException

    try:
        client = docker.DockerClient(base_url=_ENGINE, timeout=10)
        client.ping()
        client.close()
    except DockerException as error:
        skip_or_fail("docker", f"the Docker Engine at {_ENGINE} does not answer: {error}")
    return _ENGINE


@pytest.fixture(scope="session")
def docker_client(docker_host: str) -> Iterator[DockerClient]:
    """A docker-py client of that engine, for arranging and for looking at what really happened."""
    import docker

    client = docker.DockerClient(base_url=docker_host, timeout=60)
    yield client
    client.close()


@pytest.fixture(scope="session")
def busybox_image(docker_client: DockerClient) -> str:
    """``reign-test/busybox:1``: a static busybox (sh, httpd, sleep …), imported once, no registry needed."""
    from docker.errors import ImageNotFound

    with locked("busybox"):
        try:
            docker_client.images.get(BUSYBOX_IMAGE)
        except ImageNotFound:
            repository, _, tag = BUSYBOX_IMAGE.partition(":")
            program = shutil.which("busybox")
            if program is None:
                skip_or_fail("docker", "no busybox: apt-get install busybox-static")
            docker_client.api.import_image_from_data(
                busybox_root(program),
                repository=repository,
                tag=tag,
                changes=["ENV PATH=/bin", 'CMD ["sleep", "3600"]'],
            )
    return BUSYBOX_IMAGE


@dataclass(frozen=True)
class Cluster:
    """A cluster that tests may change. ``kubeconfig`` holds its contexts and no others; ``second`` is the context of
    another API server (with no node), ``image`` one that its node has, ``containerd`` the socket of that node's.
    """

    kubeconfig: Path
    context: str
    second: str | None
    image: str
    containerd: str | None

    def client(self, context: str | None = None) -> ApiClient:
        """The official client, for arranging and for looking at what really happened."""
        from kubernetes.config import new_client_from_config

        made: ApiClient = new_client_from_config(str(self.kubeconfig), context or self.context)  # type: ignore[no-untyped-call]
        return made


def _without_the_rest(choice: Choice, folder: Path) -> Path:
    """A kubeconfig of the chosen contexts alone. Whoever follows its current context meets only those."""
    from yaml import safe_dump, safe_load

    content = safe_load(choice.file.read_text())
    kept = {choice.context, choice.second}
    if choice.file == _TESTBED.kubeconfig:
        kept = {entry["name"] for entry in content["contexts"]}
    content["contexts"] = [entry for entry in content["contexts"] if entry["name"] in kept]
    names = {entry["name"] for entry in content["contexts"]}
    if choice.context not in names:
        skip_or_fail("kubernetes", f"{choice.file} has no context {choice.context}")
    content["current-context"] = choice.context
    for kind in ("cluster", "user"):
        used = {entry["context"].get(kind) for entry in content["contexts"]}
        content[f"{kind}s"] = [entry for entry in content.get(f"{kind}s") or [] if entry["name"] in used]
        for entry in content[f"{kind}s"]:
            for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                if key in entry[kind]:
                    entry[kind][key] = str(choice.file.parent / entry[kind][key])
    path = folder / "kubeconfig"
    path.touch(0o600)
    path.write_text(safe_dump(content))
    return path


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """See :class:`Cluster`; skips where there is none, and where it does not answer."""
    try:
        choice = choose(_ASKED_FOR, _TESTBED)
    except NoCluster as error:
        skip_or_fail("kubernetes", str(error))
    own = _without_the_rest(choice, tmp_path_factory.mktemp("kubernetes"))
    found = Cluster(own, choice.context, choice.second, choice.image, choice.containerd)
    from kubernetes.client import VersionApi
    from urllib3.exceptions import HTTPError

    try:
        with found.client() as client:
            VersionApi(client).get_code(_request_timeout=10)
    except (OSError, HTTPError) as error:
        skip_or_fail("kubernetes", f"the cluster {choice.context} of {choice.file} does not answer: {error}")
    return found


@pytest.fixture
def kubeconfig(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig of that cluster, also in ``KUBECONFIG`` for what a test starts. Its contexts ``reign-test-viewer``
    (may only look) and ``reign-test-expired`` (nobody knows that token) are there with the proving ground's cluster.
    """
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    return cluster.kubeconfig


@pytest.fixture
def kube_context(cluster: Cluster, kubeconfig: Path) -> str:
    """The name of the context with a node."""
    return cluster.context


@pytest.fixture
def kube_context_2(cluster: Cluster, kubeconfig: Path) -> str:
    """The name of another context, whose pods stay Pending."""
    if cluster.second is None:
        skip_or_fail("kubernetes", "one cluster only: name another in REIGN_TEST_CONTEXT_2")
    return cluster.second


@pytest.fixture
def kube_image(cluster: Cluster, kubeconfig: Path) -> str:
    """An image with a busybox that the node has: sh, httpd, sleep …"""
    return cluster.image


@pytest.fixture(scope="session")
def _kube_client(cluster: Cluster) -> Iterator[ApiClient]:
    with cluster.client() as client:
        yield client


@pytest.fixture
def kube_namespace(_kube_client: ApiClient, kubeconfig: Path) -> Iterator[str]:
    """A fresh namespace in which pods can be made. It is being removed after the test; nobody waits for that."""
    from kubernetes.client import CoreV1Api

    api: Any = CoreV1Api(_kube_client)
    name = f"rt{uuid.uuid4().hex[:8]}"
    labels = {TEST_LABEL: name}
    api.create_namespace({"metadata": {"name": name, "labels": labels}})
    try:
        _wait_for_account(api, name)
        yield name
    finally:
        api.delete_namespace(name)
        api.delete_collection_namespaced_pod(name, grace_period_seconds=0)


def _wait_for_account(api: Any, namespace: str) -> None:
    """The controllers make a namespace's default account a moment later; pods are refused until then."""
    from kubernetes.watch import Watch

    watch: Any = Watch()  # type: ignore[no-untyped-call]
    for event in watch.stream(api.list_namespaced_service_account, namespace, timeout_seconds=30):
        if event["object"].metadata.name == "default":
            watch.stop()
            return
    pytest.fail(f"the namespace {namespace} got no default account within 30 s: is its controller manager well?")


@pytest.fixture(scope="session")
def containerd_socket(cluster: Cluster) -> str:
    """The path of the socket of the node's containerd."""
    if cluster.containerd is None or not Path(cluster.containerd).is_socket():
        skip_or_fail("kubernetes", "no socket of the node's containerd: `make testbed`, or set REIGN_TEST_CONTAINERD")
    if shutil.which("ctr") is None:
        skip_or_fail("kubernetes", "no ctr: apt-get install containerd")
    return cluster.containerd


@pytest.fixture
def containerd_address(containerd_socket: str) -> str:
    """The address of the node's containerd, as operations take it."""
    return containerd_socket


def _tool(what: str, name: str, wanted: str) -> Path:
    """The proving ground's program of that name, else the one on ``PATH``."""
    folder = _ASKED_FOR.get("REIGN_TEST_BIN") or str(_TESTBED.bin)
    found = shutil.which(name, path=folder) or shutil.which(name)
    if found is None:
        skip_or_fail(what, f"no {name}: {wanted}")
    return Path(found)


@pytest.fixture
def helm_program(monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of Helm 3; its folder comes first in ``PATH``, and it keeps its things in the test's home."""
    program = _tool("helm", "helm", "`make testbed` builds it")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return str(program)


@pytest.fixture
def terraform_program(monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of Terraform: the machine's own, or one that the proving ground built; then it is in ``PATH`` too."""
    program = _tool("terraform", "terraform", "`make testbed` builds one")
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{program.parent}")
    return str(program)


@pytest.fixture
def terraform_config(terraform_program: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file of Terraform that finds the provider ``hashicorp/local`` in a folder, with no network; also
    in ``TF_CLI_CONFIG_FILE`` for what a test starts.
    """
    named = _ASKED_FOR.get("REIGN_TEST_TF_CLI_CONFIG") or _TESTBED.read_env().get("REIGN_TEST_TF_CLI_CONFIG") or ""
    if not Path(named).is_file():
        skip_or_fail("terraform", "no providers for Terraform here: `make testbed` builds one")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", named)
    return Path(named)


@pytest.fixture(scope="session")
def git_program() -> str:
    """The path of git."""
    program = shutil.which("git")
    if program is None:
        skip_or_fail("git", "no git: apt-get install git")
    return program


@dataclass(frozen=True)
class DockerScope:
    """Names and a label for one test's things on the engine; what carries either is removed after the test.

    ``name("web")`` gives a name no other test uses; ``labels`` go on what a test creates itself.
    """

    prefix: str
    client: DockerClient

    def name(self, word: str) -> str:
        return f"{self.prefix}-{word}"

    @property
    def labels(self) -> dict[str, str]:
        return {TEST_LABEL: self.prefix}

    def clean(self) -> None:
        """Remove containers, volumes, networks and image tags that are named with the prefix or labelled."""
        from docker.errors import APIError, DockerException, NotFound

        def mine(name: str, labels: dict[str, str] | None) -> bool:
            return name.lstrip("/").startswith(self.prefix) or (labels or {}).get(TEST_LABEL) == self.prefix

        for row in self.client.api.containers(all=True):
            if any(mine(name, row.get("Labels")) for name in row.get("Names") or [""]):
                try:
                    self.client.api.remove_container(row["Id"], force=True, v=True)
                except NotFound:
                    continue
                except APIError as error:
                    if "already in progress" not in str(error.explanation):
                        raise
        for row in self.client.api.networks():
            if mine(row["Name"], row.get("Labels")):
                self.client.api.remove_network(row["Id"])
        for row in self.client.api.volumes().get("Volumes") or []:
            if mine(row["Name"], row.get("Labels")):
                self.client.api.remove_volume(row["Name"], force=True)
        for row in self.client.api.images():
            for tag in row.get("RepoTags") or []:
                if mine(tag, None):
                    try:
                        self.client.api.remove_image(tag, force=True)
                    except DockerException:
                        continue


@pytest.fixture
def docker_scope(docker_client: DockerClient) -> Iterator[DockerScope]:
    """See :class:`DockerScope`."""
    scope = DockerScope(f"rt{uuid.uuid4().hex[:8]}", docker_client)
    yield scope
    scope.clean()


@pytest.fixture
def reign_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh ``REIGN_HOME`` (not yet created), with no other ``REIGN_*`` variable set."""
    for name in [name for name in os.environ if name.startswith("REIGN_") and name != "REIGN_REQUIRE"]:
        monkeypatch.delenv(name)
    home = tmp_path / "reign-home"
    monkeypatch.setenv("REIGN_HOME", str(home))
    return home


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that gives a TCP port nobody listens on at the moment; no port twice."""
    given: set[int] = set()

    def port() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("", 0))
                number = int(probe.getsockname()[1])
            if number not in given:
                given.add(number)
                return number

    return port


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree as a release would be; no network needed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``…/bin/reign-tui`` of that wheel in an environment of its own. What it depends on is taken from the
    environment of the tests; Reign's own code is the wheel's.
    """
    folder = tmp_path_factory.mktemp("installed")
    local = (REPOSITORY / ".uv/bin/uv", REPOSITORY / ".uv/lib/bin/uv")
    uv = shutil.which("uv") or next((str(program) for program in local if program.exists()), None)
    python = folder / "bin" / "python"
    if uv is not None:
        steps = [
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(python), str(wheel)],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)],
        ]
    for step in steps:
        subprocess.run(step, check=True, capture_output=True)
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    (site / "zz_dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "reign-tui"
