"""Which tools, daemons and keys are there, which target each would act on, and how to mend what is not.

A check never changes anything, and one that hangs is cut off. Keys are named, never shown.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reign_executors.operation import JsonObject
from reign_tui import model_checks, own_checks
from reign_tui.model_checks import Models
from reign_tui.text import one_line

if TYPE_CHECKING:
    from reign_tui.paths import Paths

Status = Literal["ok", "warn", "missing", "error", "off"]
LIMIT = 10.0  # seconds for one check
ANSWER_LIMIT = 5.0  # seconds for one program to name its version
OLDEST_GIT = (2, 38)  # merges and reverts are looked at beforehand by git merge-tree --write-tree


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor. ``target`` says what it would act on; ``fix`` is the next command (None: nothing to do).

    ``off`` means: there or not, this version does not use it.
    """

    id: str
    status: Status
    detail: str
    required: bool = False
    version: str | None = None
    fix: str | None = None
    target: str | None = None

    def to_json(self) -> JsonObject:
        return {
            "id": self.id,
            "status": self.status,
            "required": self.required,
            "version": self.version,
            "detail": self.detail,
            "fix": self.fix,
            "target": self.target,
        }


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the folder a person works in, the contexts chosen, Reign's own folders; ``warnings`` are what
    was said of its settings.
    """

    cwd: Path
    paths: Paths
    docker_context: str | None
    environment: Mapping[str, str]
    kube_context: str | None = None
    namespace: str | None = None
    models: Models = field(default_factory=Models)
    warnings: tuple[str, ...] = ()
    audit_forward: str | None = None


Examination = Callable[[Patient], Coroutine[None, None, Check]]


def healthy(checks: list[Check]) -> bool:
    """False only when something required is missing or broken."""
    return not any(check.required and check.status in ("missing", "error") for check in checks)


async def examine(patient: Patient) -> list[Check]:
    """All checks, at the same time; in the order they are shown."""
    return list(await asyncio.gather(*(_bounded(name, check, patient) for name, check in CHECKS.items())))


async def _bounded(name: str, check: Examination, patient: Patient) -> Check:
    limit = LIMIT if patient.models.ask is None else max(LIMIT, 3 * model_checks.WAIT)
    try:
        async with asyncio.timeout(limit):
            return await check(patient)
    except TimeoutError:
        return Check(name, "error", f"no answer within {limit:g} s", name in REQUIRED)
    except Exception as error:  # a doctor who falls over helps nobody
        return Check(name, "error", one_line(f"{type(error).__name__}: {error}", 200), name in REQUIRED)


async def _output(patient: Patient, *argv: str) -> tuple[int, str]:
    """Exit code and what the program wrote; 127 when it can't be started, 124 when it does not end."""

    def answer() -> tuple[int, str]:
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=patient.cwd,
                timeout=ANSWER_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 124, f"no answer within {ANSWER_LIMIT:g} s"
        except OSError as error:
            return 127, str(error)
        return done.returncode, done.stdout.decode("utf-8", "replace").strip()

    return await asyncio.to_thread(answer)


def _version(text: str) -> str | None:
    """The first version number in what a program wrote."""
    found = re.search(r"\bv?\d+\.\d+[\w.-]*", text)
    return found[0] if found else None


def _first_line(text: str) -> str:
    return one_line(text.partition("\n")[0], 100)


async def _python(_patient: Patient) -> Check:
    return Check(
        "python", "ok", f"{sys.executable} on {platform.system()} {platform.machine()}", True, platform.python_version()
    )


async def _bash(patient: Patient) -> Check:
    program = shutil.which("bash")
    if program is None:
        return Check("bash", "missing", "shell commands need it", True, fix="apt-get install bash")
    code, text = await _output(patient, program, "--norc", "-c", "echo $BASH_VERSION")
    status: Status = "ok" if code == 0 else "error"
    return Check(
        "bash", status, f"{program}: shell commands and scripts", True, _first_line(text), target="this machine"
    )


async def _sandbox(_patient: Patient) -> Check:
    from reign_executors.process.sandbox import protection

    found = await asyncio.to_thread(protection)
    if found.path is None:
        detail = f"{found.why}; what only reads is refused more often"
        return Check("sandbox", "missing", detail, fix=found.way_out)
    return Check("sandbox", "ok" if found.network else "warn", one_line(found.said(), 200), target=str(found.path))


async def _home(patient: Patient) -> Check:
    from reign_agents.store.places import StorePaths
    from reign_agents.store.store import Store

    folder = patient.paths.data
    if not patient.paths.database.exists():
        near = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
            fix = f"make {near} writable, or set REIGN_HOME to a folder that is"
            return Check("home", "error", f"{near} can't be written: runs would not be remembered", True, fix=fix)
        return Check(
            "home", "ok", f"nothing remembered yet; {folder} is made at the first run", True, target=str(folder)
        )
    try:
        store = Store.open(StorePaths(data=folder, state=patient.paths.state))
    except Exception as error:  # whatever is wrong with it, the doctor says so
        return Check("home", "error", one_line(str(error)), True, fix=str(getattr(error, "way_out", "")) or None)
    warnings = "; ".join(store.warnings)
    durable = store.durable
    await store.close()
    if not durable:
        return Check(
            "home", "warn", warnings or "runs are not remembered", True, fix="set REIGN_HOME to a local folder"
        )
    return Check("home", "warn" if warnings else "ok", warnings or "history is kept", True, target=str(folder))


async def _docker(patient: Patient) -> Check:
    from reign_executors.docker.status import status

    found = await status(patient.docker_context, patient.environment)
    where = f"{found.endpoint or found.context} ({found.source})" if found.source else found.context
    if found.problem is not None:
        wrong: Status = "error" if found.rights is False else "missing"
        detail = f"{one_line(found.problem.cause)}; files and commands work without it"
        return Check("docker", wrong, detail, fix=one_line(found.problem.way_out) or None, target=where)
    detail = "containers, images, volumes, networks"
    return Check("docker", "ok", detail, version=found.version, target=f"{found.context}: {where}")


async def _git(patient: Patient) -> Check:
    program = shutil.which("git")
    if program is None:
        return Check("git", "missing", "repositories need it; the rest works without", fix="apt-get install git")
    _, text = await _output(patient, program, "--version")
    version = _version(text)
    code, branch = await _output(patient, program, "-C", str(patient.cwd), "symbolic-ref", "--short", "-q", "HEAD")
    target = f"{patient.cwd} on {_first_line(branch)}" if code == 0 else None
    if version is not None and tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_GIT:
        detail = "too old to show what a merge would give before it is done"
        return Check("git", "warn", detail, version=version, fix="install git 2.38 or newer", target=target)
    known, _ = await _output(patient, program, "-C", str(patient.cwd), "var", "GIT_COMMITTER_IDENT")
    if known != 0:
        fix = 'git config --global user.name "Your Name"; git config --global user.email you@example.org'
        return Check("git", "warn", "it does not know who commits", version=version, fix=fix, target=target)
    return Check("git", "ok", "repositories and their remotes", version=version, target=target)


async def _kubernetes(patient: Patient) -> Check:
    from reign_executors.kubernetes.status import status

    found = await status(patient.kube_context, patient.namespace, patient.environment)
    where = f"{found.context}: {found.server}, namespace {found.namespace}" if found.server else None
    if found.problem is not None:
        wrong: Status = "missing" if found.configured or patient.environment.get("KUBECONFIG") else "off"
        detail = f"{one_line(found.problem.cause)}; all else works without it"
        return Check("kubernetes", wrong, detail, fix=one_line(found.problem.way_out) or None, target=where)
    if not found.lists_pods:
        detail = f"it answers, but this user may not list pods in the namespace {found.namespace}"
        fix = f"have a role bound to it, or choose another namespace: kubectl auth can-i --list -n {found.namespace}"
        return Check("kubernetes", "warn", detail, version=found.version, fix=fix, target=where)
    return Check("kubernetes", "ok", "it answers; pods may be listed", version=found.version, target=where)


async def _kubectl(patient: Patient) -> Check:
    program = shutil.which("kubectl")
    if program is None:
        return Check("kubectl", "off", "not there, and not needed: Reign talks to the API server itself")
    _, text = await _output(patient, program, "version", "--client")
    return Check("kubectl", "ok", f"{program}, for shell commands; Reign itself needs none", version=_version(text))


async def _helm(patient: Patient) -> Check:
    from reign_executors.errors import OperationError
    from reign_executors.helm.program import read_version, too_old
    from reign_executors.kubernetes.contexts import where

    program = shutil.which("helm", path=patient.environment.get("PATH"))
    page = "https://helm.sh/docs/intro/install/"
    if program is None:
        return Check("helm", "missing", "charts and releases need it; all else works without it", fix=f"install {page}")
    _, text = await _output(patient, program, "version", "--short")
    version = read_version(text)
    wrong = f"{program} does not say its version" if version is None else too_old(version)
    if wrong is not None:
        return Check("helm", "error", wrong, version=_version(text), fix=f"install a newer one: {page}")
    try:
        at = where(patient.kube_context, patient.environment)
    except OperationError as error:
        detail = f"{program}: charts can be looked at; releases need a cluster ({one_line(error.cause)})"
        return Check("helm", "warn", detail, version=str(version), fix=one_line(error.way_out) or None)
    target = f"{at.context}: {at.server}, namespace {patient.namespace or at.namespace}"
    return Check("helm", "ok", f"{program}: charts and releases", version=str(version), target=target)


async def _terraform(patient: Patient) -> Check:
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    program = shutil.which("terraform") or shutil.which("tofu")
    if program is None:
        detail = "neither terraform nor tofu is there; all else works without"
        fix = "https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install/"
        return Check("terraform", "missing", detail, fix=fix)
    _, text = await _output(patient, program, "version")
    version = _version(text)
    config = patient.environment.get("TF_CLI_CONFIG_FILE")
    if config is not None and not Path(config).is_file():
        detail = f"{program}; TF_CLI_CONFIG_FILE names {config}, which is not there, and is left out"
        return Check("terraform", "warn", detail, version=version, fix="unset TF_CLI_CONFIG_FILE")
    if not has_configuration(patient.cwd):
        return Check("terraform", "ok", f"{program}; no *.tf files in {patient.cwd}", version=version)
    found = read_configuration(patient.cwd)
    data = patient.cwd / (patient.environment.get("TF_DATA_DIR") or ".terraform")
    chosen = data / "environment"
    kept = chosen.read_text("utf-8", "replace").strip() if chosen.is_file() else ""
    workspace = patient.environment.get("TF_WORKSPACE") or kept or "default"
    target = f"{patient.cwd}, workspace {workspace}, backend {found.backend}"
    if (found.to_install or found.modules or found.backend_said) and not data.is_dir():
        fix = "reign-tui run 'terraform init' --approve create"
        return Check("terraform", "warn", f"{program}; this folder is not initialised", False, version, fix, target)
    return Check("terraform", "ok", program, version=version, target=target)


async def _terminal(patient: Patient) -> Check:
    environment = patient.environment
    if not sys.stderr.isatty() and not sys.stdout.isatty():
        return Check("terminal", "off", "none here: the headless commands need none")
    size = os.get_terminal_size(2 if sys.stderr.isatty() else 1)
    name = environment.get("TERM") or "dumb"
    if environment.get("NO_COLOR"):
        colours = "no colours (NO_COLOR)"
    elif environment.get("COLORTERM") in ("truecolor", "24bit"):
        colours = "16 million colours"
    else:
        colours = "256 colours" if "256" in name else "16 colours"
    inside = " inside tmux" if environment.get("TMUX") else " inside screen" if name.startswith("screen") else ""
    detail = f"{name}{inside}, {size.columns}x{size.lines}, {colours}"
    if name == "dumb":
        return Check("terminal", "warn", f"{detail}: the screen needs a real one", fix="export TERM=xterm-256color")
    if size.columns < 80 or size.lines < 24:
        return Check("terminal", "warn", f"{detail}: 80x24 or more is better", fix="make the window larger")
    return Check("terminal", "ok", detail)


def _key(name: str, what: str, *variables: str) -> Examination:
    """A check that only says whether a key's variable is set."""

    async def check(patient: Patient) -> Check:
        present = [variable for variable in variables if patient.environment.get(variable)]
        there = f"{' and '.join(present)} set" if present else f"{' or '.join(variables)} not set"
        return Check(name, "off", f"{there}; {what}")

    return check


async def _models(patient: Patient) -> Check:
    return await model_checks.planning(patient.models)


def _vendor(name: str) -> Examination:
    async def check(patient: Patient) -> Check:
        return await model_checks.vendor_check(name, patient.models, patient.environment, patient.paths.data)

    return check


REQUIRED = frozenset({"python", "bash", "home"})
CHECKS: dict[str, Examination] = {
    "python": _python,
    "bash": _bash,
    "sandbox": _sandbox,
    "home": _home,
    "settings": own_checks.settings,
    "audit": own_checks.audit,
    "suggestions": own_checks.suggestions,
    "terminal": _terminal,
    "docker": _docker,
    "git": _git,
    "kubernetes": _kubernetes,
    "kubectl": _kubectl,
    "helm": _helm,
    "terraform": _terraform,
    "models": _models,
    "anthropic": _vendor("anthropic"),
    "openai": _vendor("openai"),
    "ollama": _vendor("ollama"),
    "github": _key("github", "not used yet: GitHub comes later", "GITHUB_TOKEN", "GH_TOKEN"),
}
"""Checks in the order they are shown."""
