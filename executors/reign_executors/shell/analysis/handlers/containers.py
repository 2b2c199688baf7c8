"""docker, podman, compose: what a container may reach of its host, and what is deleted for good."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler, leak, report
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import UNKNOWN, plain, shown, unmarked

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "/bin/sh", "/bin/bash", "/bin/ash"})


def _mounts(inv: Invocation) -> list[tuple[str, str, bool]]:
    """``(host path, path inside, read only)`` of all bind mounts."""
    found = []
    for value in inv.all_values("-v", "--volume"):
        parts = unmarked(value).split(":")
        if len(parts) >= 2 and parts[0][:1] in ("/", ".", "~", "\ue000", "\ue001", "$"):
            found.append((parts[0], parts[1], "ro" in parts[2].split(",") if len(parts) > 2 else False))
    for value in inv.all_values("--mount"):
        pairs = dict(p.partition("=")[::2] for p in unmarked(value).split(","))
        source = pairs.get("source") or pairs.get("src")
        if source and pairs.get("type", "bind") == "bind":
            target = pairs.get("target") or pairs.get("dst") or pairs.get("destination") or ""
            found.append((source, target, "readonly" in pairs or "ro" in pairs))
    return found


@handler("docker")
def _docker(inv: Invocation, effect: str) -> str | None:
    verb = inv.path[-1] if inv.path else ""
    run = inv.run
    if inv.has("--help"):
        return UNKNOWN
    if verb == "exec":
        return _exec(inv)
    if verb in ("run", "create"):
        if (
            "service" in inv.path
            or "volume" in inv.path
            or "network" in inv.path
            or "context" in inv.path
            or "secret" in inv.path
        ):
            return None
        return _run(inv)
    if verb == "cp":
        return _cp(inv)
    if verb == "prune" or (verb == "rm" and inv.path[:1] == ["volume"]):
        return None
    if verb == "login" and inv.has("-p", "--password"):
        run.notice("credential.typed", "a password stands in the command")
    if verb in ("build", "buildx") or inv.path[-2:] == ["buildx", "build"]:
        for word in inv.operands:
            if paths.normal(word, inv.scope.cwd) == "/":
                run.notice("build.context", "the whole file system would be the build's context")
    if verb in ("inspect", "logs", "ps", "images"):
        return None
    return None


def _run(inv: Invocation) -> str | None:
    run = inv.run
    title = f"{inv.name} {inv.path[-1]}"
    command = list(inv.operands[1:])
    entry = inv.value("--entrypoint")
    if entry:
        command = [entry, *command]
    privileged = inv.has("--privileged") or any(
        plain(v).upper() in ("ALL", "SYS_ADMIN", "CAP_SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO")
        for v in inv.all_values("--cap-add")
    )
    host_pid = any(
        plain(v) == "host" for v in inv.all_values("--pid", "--ipc", "--userns", "--uts", "--cgroupns")
    ) and any(plain(v) == "host" for v in inv.all_values("--pid"))
    words = " ".join(plain(w) for w in command)
    entered = re.search(r"\b(?:nsenter|chroot)\b", words) is not None
    for source, target, read_only in _mounts(inv):
        whole = paths.whole_directory(source, inv.scope.cwd)
        if whole == "/":
            run.deny("container.host-root", f"mounts the host's root into a container ({shown(source)})")
        elif source.endswith(("docker.sock", "containerd.sock")):
            run.unclear("container.docker-socket", "gives a container the engine, and with it the host")
            if re.search(r"\bdocker\b.*(?:-v|--volume|--mount)\s*(?:=|\s)/:", words):
                run.deny("container.host-root", "mounts the host's root through the engine's socket")
        elif (
            whole
            and not read_only
            and whole
            in (
                "/etc",
                "/boot",
                "/dev",
                "/root",
                "/usr",
                "/bin",
                "/lib",
                "/sbin",
                "/proc",
                "/sys",
                "/var",
                "/home",
            )
        ):
            run.unclear("container.host-directory", f"gives a container the host's {whole}")
        if target:
            _deleting_inside(inv, command, source, target)
    if host_pid and (privileged or entered):
        run.deny("container.host-namespaces", "enters the host's namespaces from a container")
    elif privileged and re.search(r"\bmount\s+(?:-\S+\s+)*/dev/(?:sd|nvme|vd|xvd|mapper|dm-)", words):
        run.deny("container.host-root", "mounts the host's disk into a privileged container")
    elif privileged and entered:
        run.deny("container.host-namespaces", "enters the host from a privileged container")
    elif privileged:
        run.unclear("container.privileged", "runs a container that may do anything to the host")
    if any(paths.disk(plain(v).split(":")[0]) for v in inv.all_values("--device")):
        run.unclear("container.device", "gives a container a disk of the host")
    if command:
        before = dict(run.changes), dict(run.findings), run.understood, dict(run.writes)
        scope = inv.scope.copy()
        scope.cwd, scope.functions, scope.aliases, scope.poisoned = "/", {}, {}, False
        run.run_argv(command, scope, inv.stdin, under=title)
        _only_catastrophes_for_host(inv, before)
    for flag, value in inv.options:
        if flag == "--env-file" and value:
            continue
    run.change(
        Action.CREATE,
        f"container/{plain(inv.value('--name') or '') or shown(inv.operands[0]) if inv.operands else '…'}",
        f"{title} starts a container",
    )
    return UNKNOWN


_INSIDE = ("delete.", "account.", "profile.", "loader.", "system.", "rights.", "audit.", "security.", "disk.")


def _only_catastrophes_for_host(inv: Invocation, before: tuple[object, object, bool, object]) -> None:
    """What a fresh container does to its own files concerns nobody; what it does to the host was found before."""
    findings = before[1]
    assert isinstance(findings, dict)
    for key in [k for k, f in inv.run.findings.items() if k not in findings and f.level == "catastrophic"]:
        if key[0].startswith(_INSIDE) and "host" not in key[0]:
            del inv.run.findings[key]


def _deleting_inside(inv: Invocation, command: list[str], source: str, target: str) -> None:
    """The container's command deletes the mount: then it deletes the host's files."""
    text = " ".join(unmarked(w) for w in command)
    inside = re.escape(plain(target).rstrip("/") or "/")
    deleting = (
        re.search(r"\b(?:rm|find|shred|dd|chmod|chown|mkfs\S*|tee|cp|mv|truncate)\b", text) is not None or ">" in text
    )
    if not deleting:
        return
    for word in re.findall(rf"(?<![\w/])({inside}(?:/[^\s;|&'\"]*)?)", plain(text)):
        rest = word[len(plain(target).rstrip("/")) :]
        host = (unmarked(source).rstrip("/") or "") + rest.replace("*", "\ue002")
        if re.search(r"\brm\b|-delete|shred|\bmv\b", text):
            danger = paths.deletion(host or "/", inv.scope.cwd)
        else:
            danger = paths.overwriting(host or "/", inv.scope.cwd)
            if (
                danger is None
                and paths.whole_directory(host or "/", inv.scope.cwd)
                and re.search(r"\bch(?:mod|own)\b.*-R|find", text)
            ):
                danger = ("rights.system", f"would change the host's {shown(host)} through a container")
        if danger:
            inv.run.deny("container.host-root", f"{danger[1]} through a container")


def _exec(inv: Invocation) -> str | None:
    run = inv.run
    latest = [at for at, word in enumerate(inv.argv) if plain(word) in ("-l", "--latest")]
    command = list(inv.operands[1:])
    if inv.name == "podman" and latest:  # the newest container: no name follows, what follows is the command
        command = inv.argv[latest[0] + 1 :]
    if not command:
        return UNKNOWN
    if command[0] == "--":
        command = command[1:]
    if len(command) == 1 and plain(command[0]) in _SHELLS and inv.stdin is None:
        run.unclear("unclear.shell", "opens a shell in a container")
        return UNKNOWN
    scope = inv.scope.copy()
    scope.cwd, scope.functions, scope.aliases, scope.poisoned = UNKNOWN, {}, {}, False
    return run.run_argv(command, scope, inv.stdin, under=f"{inv.name} exec")


def _cp(inv: Invocation) -> str | None:
    if len(inv.operands) < 2:
        return None
    source, target = inv.operands[0], inv.operands[1]
    if plain(target) == "-":
        return UNKNOWN
    if ":" in plain(target):
        inv.run.change(Action.UPDATE, f"container/{shown(target)}", f"copies {shown(source)} into a container")
        return UNKNOWN
    inv.run.write(target, inv.scope)
    return UNKNOWN


@handler("compose")
def _compose(inv: Invocation, effect: str) -> str | None:
    verb = inv.path[-1] if inv.path else ""
    if verb in ("exec", "run") and len(inv.operands) > 1:
        scope = inv.scope.copy()
        scope.cwd, scope.functions, scope.aliases = UNKNOWN, {}, {}
        if verb == "run":
            for source, _target, _read_only in _mounts(inv):
                if paths.whole_directory(source, inv.scope.cwd) == "/":
                    inv.run.deny("container.host-root", "mounts the host's root into a container")
            inv.run.change(Action.CREATE, f"container/{shown(inv.operands[0])}", "starts a container")
        return inv.run.run_argv(inv.operands[1:], scope, inv.stdin, under=f"{inv.title}")
    return None


@handler("senders")
def _senders(inv: Invocation, effect: str) -> str | None:
    """Tools that publish: whatever of their words names a credential must not leave."""
    if effect not in ("reads", "nothing"):
        for word in inv.argv[1:]:
            leak(inv.run, inv.scope, word, inv.title)
        if inv.stdin is not None and set(inv.stdin) & {"\ue012", "\ue013", "\ue014"}:
            inv.run.deny("credential.sent", f"sends credentials away with {inv.title}")
    report(inv, effect)
    return None if effect in ("reads", "nothing") else UNKNOWN
