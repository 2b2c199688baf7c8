"""Sandboxes, sessions and other machines: programs that start a command somewhere else."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.wrappers import _other_readings
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.knowledge import program
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    NETWORK,
    PRIVATE,
    SECRET,
    UNKNOWN,
    listed,
    plain,
    shown,
    unmarked,
)


@handler("su")
def _su(inv: Invocation, effect: str) -> str | None:
    code = inv.value("-c", "--command", "--session-command")
    words = inv.argv[1:]
    for i, w in enumerate(words):
        if plain(w) in ("-c", "--command") and i + 1 < len(words):
            code = words[i + 1]
    scope = inv.scope.copy()
    if inv.name == "runuser" and inv.has("-u", "--user") and inv.operands:
        return inv.run.run_argv(inv.operands, scope, inv.stdin, under="runuser")
    if code is not None:
        return inv.run.run_text(code, scope, inv.stdin, where=inv.name)
    if inv.stdin is not None:
        return inv.run.run_text(inv.stdin, scope, None, where=inv.name)
    inv.run.unclear("unclear.shell", "opens another user's shell")
    return UNKNOWN


_SSH_SETTINGS = listed(
    "stricthostkeychecking connecttimeout connectionattempts batchmode loglevel serveraliveinterval "
    "serveralivecountmax "
    "port user hostname identityfile identitiesonly passwordauthentication pubkeyauthentication "
    "preferredauthentications "
    "compression addressfamily bindaddress bindinterface ciphers macs kexalgorithms hostkeyalgorithms hostkeyalias "
    "checkhostip requesttty forwardagent forwardx11 proxyjump tcpkeepalive visualhostkey numberofpasswordprompts "
    "kbdinteractiveauthentication challengeresponseauthentication gssapiauthentication gssapidelegatecredentials "
    "exitonforwardfailure pubkeyacceptedalgorithms pubkeyacceptedkeytypes hostbasedauthentication updatehostkeys "
    "controlmaster controlpath controlpersist casignaturealgorithms fingerprinthash ipqos rekeylimit verifyhostkeydns "
    "canonicalizehostname clearallforwardings escapechar enableescapecommandline"
)


@handler("ssh")
def _ssh(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    while len(inv.operands) > 2 and re.fullmatch(r"-[A-Za-z-]", plain(inv.operands[1])):  # options after the host
        flag = plain(inv.operands[1])
        if flag == "--":
            del inv.operands[1]
            break
        takes = flag in inv.spec.values
        inv.options.append((flag, inv.operands[2] if takes else None))
        del inv.operands[1 : 3 if takes else 2]
    for value in inv.all_values("-o"):
        name, code = (*re.split(r"\s*[=\s]\s*", unmarked(value).strip(), maxsplit=1), "")[:2]
        setting = plain(name).strip('"').lower()
        if setting in ("proxycommand", "localcommand", "knownhostscommand"):
            run.run_text(code, inv.scope.copy(), None, where=plain(name).strip())
        elif setting == "userknownhostsfile" and plain(code) == "/dev/null":
            continue
        elif setting not in _SSH_SETTINGS:
            run.unclear("unclear.option", f"what ssh does with the setting {shown(name)} is not known to be a read")
    for flag, given in inv.options:
        if flag == "-I":
            run.unclear("unclear.option", f"ssh would load the library {shown(given or '')}")
        elif flag == "-F" and not re.fullmatch(
            r"(?:~|/root|/\./root|/home/[\w.-]+)/\.ssh/[^/]+|/etc/ssh/[^/]+|/dev/null|none", plain(given or "")
        ):
            run.unclear("unclear.config", "ssh takes its settings from a file: they may run programs")
        elif flag == "-M" and inv.name != "autossh":
            run.change(Action.CREATE, "session/ssh", "opens a connection for others to use")
    if any(v for v in inv.all_values("-R")):
        run.unclear("network.tunnel", "opens a way back into this network")
    elif inv.all_values("-L", "-D", "-w"):
        run.change(Action.CREATE, "tunnel/ssh", "opens a tunnel")
    if inv.value("-O") and plain(inv.value("-O") or "") != "check":
        run.change(Action.UPDATE, "session/ssh", "steers a connection that others use")
    if inv.has("-O", "-Q", "-G", "-V"):
        return UNKNOWN
    if len(inv.operands) <= 1:
        if inv.stdin is not None:
            if set(inv.stdin) & {SECRET, ENVIRONMENT, PRIVATE}:
                run.deny("credential.sent", "sends credentials to another host")
            scope = inv.scope.copy()
            scope.cwd = UNKNOWN
            if unmarked(inv.stdin) == UNKNOWN and not set(inv.stdin) & {NETWORK, DECODED}:
                run.unclear("unclear.code", "what the other host's shell would run is not known")
                return UNKNOWN
            return run.run_text(inv.stdin, scope, None, where="a shell on another host")
        if inv.has("-N", "-f"):
            return ""
        if inv.has("-T") and plain(inv.operands[0] if inv.operands else "").startswith("git@"):
            return UNKNOWN  # a host of repositories says who it takes us for
        run.unclear("unclear.shell", "opens a shell on another host")
        return UNKNOWN
    scope = inv.scope.copy()
    scope.cwd = UNKNOWN
    scope.functions, scope.aliases, scope.poisoned = {}, {}, False
    stdin = inv.stdin
    if stdin is not None and set(stdin) & {SECRET, PRIVATE, ENVIRONMENT}:
        run.deny("credential.sent", "sends credentials to another host")
    code = " ".join(inv.operands[1:])
    if set(code) & {SECRET, ENVIRONMENT}:
        run.deny("credential.sent", "sends credentials to another host")
    run.wrappers.append("ssh")
    try:
        return run.run_text(code, scope, stdin, where="a shell on another host")
    finally:
        run.wrappers.pop()


_BWRAP_VALUES = {
    **dict.fromkeys(
        [
            "--bind",
            "--bind-try",
            "--dev-bind",
            "--dev-bind-try",
            "--ro-bind",
            "--ro-bind-try",
            "--symlink",
            "--setenv",
            "--file",
            "--bind-data",
            "--ro-bind-data",
            "--bind-fd",
            "--ro-bind-fd",
            "--overlay",
            "--chmod",
        ],
        2,
    ),
    **dict.fromkeys(
        [
            "--dev",
            "--proc",
            "--tmpfs",
            "--mqueue",
            "--chdir",
            "--dir",
            "--uid",
            "--gid",
            "--hostname",
            "--unsetenv",
            "--lock-file",
            "--remount-ro",
            "--perms",
            "--size",
            "--seccomp",
            "--add-seccomp-fd",
            "--block-fd",
            "--userns-block-fd",
            "--info-fd",
            "--json-status-fd",
            "--sync-fd",
            "--exec-label",
            "--file-label",
            "--cap-add",
            "--cap-drop",
            "--userns",
            "--userns2",
            "--pidns",
            "--overlay-src",
            "--tmp-overlay",
            "--ro-overlay",
            "--argv0",
            "--args",
        ],
        1,
    ),
}


_BWRAP_ALONE = re.compile(
    r"--(?:unshare-\S+|share-net|die-with-parent|new-session|as-pid-1|clearenv|level-prefix|disable-userns|assert-userns\S*)"
)


@handler("bwrap")
def _bwrap(inv: Invocation, effect: str) -> str | None:
    words = inv.argv[1:]
    at = 0
    while at < len(words) and plain(words[at]).startswith("--"):
        word = plain(words[at])
        if word == "--":
            at += 1
            break
        if word not in _BWRAP_VALUES and not _BWRAP_ALONE.fullmatch(word):
            inv.run.unclear("unclear.option", f"what bwrap does with {shown(word)} is not known")
        at += 1 + _BWRAP_VALUES.get(word, 0)
    if at >= len(words):
        inv.run.unclear("unclear.shell", "bwrap runs something that is not named")
        return UNKNOWN
    return inv.run.run_argv(words[at:], inv.scope.copy(), inv.stdin, under="bwrap")


@handler("remote_code")
def _remote_code(inv: Invocation, effect: str) -> str | None:
    """Pdsh and the like: the operands together are code for other hosts' shells."""
    words = list(inv.operands)
    if inv.name == "dsh" and words[:1] == ["--"]:
        words = words[1:]
    if not words:
        inv.run.unclear("unclear.shell", "opens a shell on other hosts")
        return UNKNOWN
    scope = inv.scope.copy()
    scope.cwd, scope.functions, scope.aliases, scope.poisoned = UNKNOWN, {}, {}, False
    return inv.run.run_text(" ".join(words), scope, None, where="shells on other hosts")


@handler("launcher")
def _launcher(inv: Invocation, effect: str) -> str | None:
    """A command stands somewhere among the operands: any of the first words could be its beginning."""
    _other_readings(inv, [])
    words = list(inv.operands)
    for skip in range(min(3, len(words))):
        if program(plain(words[skip])) is not None:
            inv.run.run_argv(words[skip:], inv.scope.copy(), inv.stdin, under=inv.name)
            break
    return None


@handler("busybox")
def _busybox(inv: Invocation, effect: str) -> str | None:
    words = inv.argv[1:]
    if not words or plain(words[0]) in ("--list", "--list-full", "--help", "--install"):
        if words and plain(words[0]) == "--install":
            inv.run.change(Action.UPDATE, "file/bin", "installs links to busybox")
        return UNKNOWN
    return inv.run.run_argv(words, inv.scope.copy(), inv.stdin, under=inv.name)


@handler("nsenter")
def _nsenter(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    target = plain(inv.value("-t", "--target") or "")
    words = list(inv.operands)
    if target == "1" and (inv.has("-m", "--mount", "-a", "--all") or not words):
        run.deny("container.host-namespaces", "enters the host's namespaces")
    if words:
        return run.run_argv(words, inv.scope.copy(), inv.stdin, under="nsenter")
    run.unclear("unclear.shell", "opens a shell in other namespaces")
    return UNKNOWN


@handler("chroot")
def _chroot(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    words = list(inv.operands)
    if inv.name in ("chroot", "arch-chroot") and words:
        root = words.pop(0)
        if paths.normal(root, inv.scope.cwd) in (
            "/host",
            "/rootfs",
            "/host/root",
            "/hostfs",
            "/mnt/host",
            "/proc/1/root",
            "/node",
        ) and any(w in run.wrappers for w in ("docker run", "kubectl run", "podman run", "kubectl debug")):
            run.deny("container.host-root", "changes into the host's root from a container")
    if words:
        scope = inv.scope.copy()
        scope.cwd = "/"
        return run.run_argv(words, scope, inv.stdin, under=inv.name)
    run.unclear("unclear.shell", "opens a shell in another root")
    return UNKNOWN


@handler("screen")
def _screen(inv: Invocation, effect: str) -> str | None:
    """tmux, screen, script, expect-like sessions."""
    words = [plain(a) for a in inv.argv[1:]]
    run = inv.run
    if inv.name == "script":
        code = inv.value("-c", "--command")
        for operand in inv.operands[:1]:
            run.write(operand, inv.scope)
        for flag, value in inv.options:
            if re.match(r"-[OIBT]$|--log-", flag):
                run.write(value or "typescript", inv.scope)
            elif flag == "-t" or flag.startswith("--t"):
                run.change(Action.UPDATE, "file/timing", "script may write how long everything took into a file")
        if code:
            run.run_text(code, inv.scope.copy(), None, where="script")
        else:
            run.unclear("unclear.shell", "opens a recorded shell")
        return UNKNOWN
    if inv.name == "tmux":
        if words[:1] in (
            ["ls"],
            ["list-sessions"],
            ["info"],
            ["list-windows"],
            ["list-panes"],
            ["capture-pane"],
            ["-V"],
        ):
            return UNKNOWN
        if words[:1] and words[0].startswith("kill"):
            run.change(Action.STOP, "session/tmux", "ends terminal sessions")
        for word in inv.argv[2:]:
            if " " in word or words[:1] == ["send-keys"]:
                run.run_text(word, inv.scope.copy(), None, where="tmux")
    elif inv.name == "screen":
        if words[:1] in (["-ls"], ["-list"], ["-v"]):
            return UNKNOWN
        if inv.operands and not inv.has("-X"):
            _other_readings(inv, list(inv.operands))
            run.run_argv(inv.operands, inv.scope.copy(), None, under="screen")
        elif inv.has("-X") and "stuff" in words:
            run.run_text(inv.argv[-1], inv.scope.copy(), None, where="screen")
    run.change(Action.CREATE, f"session/{inv.name}", f"{inv.title} starts or steers a terminal session")
    return UNKNOWN


@handler("systemd_run")
def _systemd_run(inv: Invocation, effect: str) -> str | None:
    if inv.operands:
        inv.run.run_argv(inv.operands, inv.scope.copy(), None, under="systemd-run")
    inv.run.change(Action.CREATE, "unit/transient", "starts a unit")
    return UNKNOWN


@handler("wrapper_user")
def _wrapper_user(inv: Invocation, effect: str) -> str | None:
    """gosu, su-exec and the like: a user first, then the command (``sg`` takes code after ``-c``)."""
    words = list(inv.operands)
    if inv.name == "pkexec":
        return inv.run.run_argv(words, inv.scope.copy(), inv.stdin, under="pkexec") if words else UNKNOWN
    words = words[1:]
    if inv.name == "sg" and words[:1] == ["-c"]:
        return inv.run.run_text(" ".join(words[1:]), inv.scope.copy(), inv.stdin, where="sg")
    return inv.run.run_argv(words, inv.scope.copy(), inv.stdin, under=inv.name) if words else UNKNOWN
