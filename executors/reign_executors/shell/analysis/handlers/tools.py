"""Tools whose first words decide, and whose data is not quite enough: package tools, CI, tables of verbs."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.handlers.code import judge_unread
from reign_executors.shell.analysis.handlers.network import _copy_remote
from reign_executors.shell.analysis.invocation import flag_effect, handler, leak
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import NETWORK, SECRET, UNKNOWN, listed, plain


@handler("words")
def _words(inv: Invocation, effect: str) -> str | None:
    """``flags`` in the data hold plain verbs, too: the first operand that is one decides."""
    if inv.name == "pg_restore" and inv.has("-l"):
        return UNKNOWN
    if effect in ("reads", "nothing") or (inv.name == "tc" and len(inv.operands) <= 1):
        return UNKNOWN
    if inv.name == "nmcli" and (
        len(inv.operands) <= 1 or [plain(o) for o in inv.operands[1:]] in (["wifi"], ["device", "wifi"])
    ):
        return UNKNOWN
    words = [plain(o) for o in inv.operands]
    reading = [flag_effect(inv.spec, w, None) == "reads" for w in words]
    if inv.name in _ALL_RUN:  # every operand is a command of its own
        return UNKNOWN if words and all(reading) else None
    if reading[:1] == [True] or (reading[1:2] == [True] and words[0] in _GROUPS):
        return UNKNOWN
    return None


_ALL_RUN = listed("mysqladmin mariadb-admin flyway")
_GROUPS = listed(
    "migrate migration migrations database db dev device devices con connection connections c d general g radio "
    "networking qdisc class filter chain link fdb vlan mdb addr stream streams consumer kv server account context "
    "cluster "
    "job jobs pipeline pipelines project projects build builds run runs plugin plugins dns lock policy config workflow "
    "workflows module modules bridge interface monitor schema env environment runner runners"
)
"""First words that only say what the verb after them is about."""


@handler("supervised")
def _supervised(inv: Invocation, effect: str) -> str | None:
    reading = {
        "status",
        "list",
        "ls",
        "logs",
        "tail",
        "show",
        "describe",
        "info",
        "monit",
        "version",
        "print",
        "l",
        "avail",
        "prettylist",
        "jlist",
    }
    if effect == "reads" or any(plain(o) in reading for o in inv.operands[:2]):
        return UNKNOWN
    return None


_ESSENTIAL = listed(
    "libc6 glibc systemd coreutils bash dpkg apt linux-image* base-files util-linux init sudo login passwd kernel"
)


@handler("copy_words")
def _copy_words(inv: Invocation, effect: str) -> str | None:
    if inv.name == "rclone":
        verb = plain(inv.operands[0]) if inv.operands else "help"
        if verb in (
            "ls",
            "lsd",
            "lsl",
            "lsf",
            "lsjson",
            "size",
            "check",
            "about",
            "listremotes",
            "version",
            "config_show",
            "tree",
            "cat",
            "md5sum",
            "help",
            "hashsum",
            "ncdu",
        ):
            return UNKNOWN
        if verb == "config":
            return SECRET + UNKNOWN if inv.operands[1:2] in (["show"], ["dump"]) else None
        inv.operands = inv.operands[1:]
        if verb in ("copy", "sync", "move", "copyto", "moveto", "copyurl", "rcat") and len(inv.operands) > 1:
            return _copy_remote(inv, effect)
        if inv.has("--dry-run", "-n"):
            return UNKNOWN
        inv.run.change(Action.UPDATE, "remote/rclone", f"rclone {verb}")
        return UNKNOWN
    if inv.name in ("croc", "magic-wormhole", "unison", "sftp"):
        for word in inv.argv[1:]:
            leak(inv.run, inv.scope, word, inv.name)
        inv.run.change(Action.UPDATE, f"remote/{inv.name}", f"{inv.name} exchanges files")
        return UNKNOWN
    return _copy_remote(inv, effect)


@handler("httpie")
def _httpie(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    if inv.name in ("lynx", "links", "w3m", "elinks"):
        return NETWORK + UNKNOWN
    method = words[0].upper() if words and re.fullmatch(r"[A-Za-z]{3,7}", words[0]) else ""
    items = [w for w in words[1:] if re.search(r"[^=]=|:=|@", w) and "==" not in w and "://" not in w]
    for word in inv.operands:
        leak(inv.run, inv.scope, word, inv.name)
    if inv.stdin is not None and set(inv.stdin) & {SECRET, "\ue013", "\ue014"}:
        inv.run.deny("credential.sent", f"sends credentials away with {inv.name}")
    if method in ("GET", "HEAD", "OPTIONS") or (not method and not items and inv.stdin is None):
        if inv.has("-d", "--download"):
            inv.run.change(Action.CREATE, "file/download", "downloads a file")
        return NETWORK + UNKNOWN
    inv.run.change(Action.UPDATE, f"url/{words[-1] if words else ''}", f"sends a changing request ({method or 'POST'})")
    return NETWORK + UNKNOWN


@handler("ssh_keys")
def _ssh_keys(inv: Invocation, effect: str) -> str | None:
    if inv.name == "ssh-keyscan":
        return NETWORK + UNKNOWN
    return None


@handler("dump")
def _dump(inv: Invocation, effect: str) -> str | None:
    """Database dumps go to standard output unless told otherwise: reading, then, is all they do."""
    if effect == "reads":
        return UNKNOWN
    if inv.name in ("mysqldump", "mariadb-dump") and inv.has(
        "-T", "--tab", "-F", "--flush-logs", "--delete-master-logs", "--delete-source-logs", "--log-error"
    ):
        return None
    if inv.name in ("pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump") and not inv.value(
        "-f", "--file", "-r", "--result-file"
    ):
        return UNKNOWN
    return None


@handler("fd")
def _fd(inv: Invocation, effect: str) -> str | None:
    words = inv.argv[1:]
    for i, word in enumerate(words):
        if plain(word) in ("-x", "--exec", "-X", "--exec-batch"):
            command = words[i + 1 :]
            folder = next((o for o in inv.operands[1:] if o.startswith(("/", "~", "."))), ".")
            target = f"{folder.rstrip('/')}/{UNKNOWN}"
            if any("{}" in w for w in command):
                command = [w.replace("{}", target) for w in command]
            else:
                command = [*command, target]
            inv.run.run_argv(command, inv.scope.copy(), None, under="fd")
            break
    return UNKNOWN


@handler("scanner")
def _scanner(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-o", "--output"):  # a format's name, or a file
        if "/" in value or "." in value:
            inv.run.write(value.rpartition("=")[2], inv.scope)
    if any(flag_effect(inv.spec, plain(o), None) == "changes" for o in inv.operands[:1]):
        inv.run.change(Action.UPDATE, f"{inv.name}/{plain(inv.operands[0])}", f"{inv.name} {plain(inv.operands[0])}")
    return None


@handler("report")
def _report(inv: Invocation, effect: str) -> str | None:
    """Scanners that take what to scan as an operand, and a few verbs in its place: ``grype x -o json=FILE``."""
    words = [plain(o) for o in inv.operands[:2]]
    if words[:1] and words[0] in (
        "attest",
        "build",
        "convert",
        "login",
        "logout",
        "cataloger",
        "explain",
        "completion",
    ):
        inv.run.change(Action.UPDATE, f"{inv.name}/{words[0]}", f"{inv.name} {words[0]} makes something")
    if words[:1] == ["db"] and words[1:] not in (["status"], ["check"], ["list"], ["providers"], ["search"]):
        inv.run.change(Action.UPDATE, f"{inv.name}/database", f"{inv.name} changes its database")
    for value in inv.all_values("-o", "--output"):
        name, equals, path = value.partition("=")
        if inv.name in ("dockle", "dive"):
            continue  # judged as a file that is written
        if equals and plain(name) != "template":
            inv.run.write(path, inv.scope)
    return None


@handler("git_branch")
def _git_branch(inv: Invocation, effect: str) -> str | None:
    """Listing options win over names, deleting and moving ones over listing."""
    effects = [flag_effect(inv.spec, f, v) for f, v in inv.options]
    for worse in ("destroys", "changes"):
        if worse in effects:
            inv.run.change(
                Action.DELETE if worse == "destroys" else Action.UPDATE,
                f"git/{' '.join(map(plain, inv.operands[:2]))}",
                f"{inv.title} {worse} something",
            )
            return UNKNOWN
    return None


_CODE_FOLLOWS = listed(
    "-e -E -c -C -r -p --eval -eval --execute --expression --run --command --commands -Command -command -x --print"
)
_COMMAND_SHELLS = listed(
    "pwsh powershell powershell.exe cmd.exe nu xonsh elvish osh ysh ion murex"
)  # they run programs


@handler("compiler")
def _compiler(inv: Invocation, effect: str) -> str | None:
    """Compilers and interpreters that are not looked into: only a question for the version is harmless."""
    words = inv.argv[1:]
    for i, word in enumerate(words):
        flag, equals, attached = word.partition("=")
        if plain(flag) not in _CODE_FOLLOWS:
            continue
        code = attached if equals else words[i + 1] if i + 1 < len(words) else ""
        if inv.name in _COMMAND_SHELLS:
            inv.run.run_text(code, inv.scope.copy(), None, where=inv.name)
        judge_unread(inv, code)
    if inv.stdin is not None:
        judge_unread(inv, inv.stdin)
    asked = {"-version", "--version", "-v", "-V", "-XshowSettings:all", "-XshowSettings"}
    if inv.argv[1:] and all(plain(a) in asked or plain(a).startswith("-XshowSettings") for a in inv.argv[1:]):
        return UNKNOWN
    return None


_FORMATTERS_READ = {
    "prettier": ("--check", "-c", "-l", "--list-different"),
    "black": ("--check", "--diff"),
    "isort": ("--check", "--diff", "--check-only", "-c"),
    "gofmt": ("-l", "-d"),
    "rustfmt": ("--check",),
    "shfmt": ("-l", "-d"),
    "autopep8": ("-d", "--diff"),
    "perltidy": ("-st",),
}


@handler("formatter")
def _formatter(inv: Invocation, effect: str) -> str | None:
    writing = inv.has("-w", "--write", "-i", "--in-place")
    if inv.has(*_FORMATTERS_READ.get(inv.name, ())) and not writing:
        return UNKNOWN
    if inv.name in ("prettier", "gofmt", "shfmt", "autopep8") and not writing:
        return UNKNOWN  # to standard output
    return None


@handler("keys")
def _keys(inv: Invocation, effect: str) -> str | None:
    """gpg, ssh-keygen, age, cosign."""
    words = [plain(o) for o in inv.operands]
    if inv.name == "ssh-keygen":
        return UNKNOWN if inv.has("-l", "-F", "-y", "-B", "-L") and not inv.has("-R", "-s", "-D") else None
    if inv.name in ("gpg", "gpg2"):
        if inv.has("--export-secret-keys", "--export-secret-subkeys"):
            inv.run.unclear("credential.shown", "shows secret keys")
            return SECRET + UNKNOWN
        reading = (
            "--list-keys",
            "--list-secret-keys",
            "-k",
            "-K",
            "--verify",
            "--fingerprint",
            "--list-packets",
            "--list-sigs",
            "--show-keys",
            "--print-md",
        )
        return UNKNOWN if inv.has(*reading) and not inv.has("--delete-key", "--import", "--sign", "-s") else None
    if inv.name == "cosign" and words[:1] in (
        ["verify"],
        ["tree"],
        ["triangulate"],
        ["version"],
        ["verify-attestation"],
    ):
        return UNKNOWN
    return None


@handler("unpack")
def _unpack(inv: Invocation, effect: str) -> str | None:
    words = [plain(a) for a in inv.argv[1:]]
    first = words[0].lstrip("-") if words else ""
    if inv.name == "unzip" and inv.has("-l", "-t", "-v", "-Z", "-p", "-z", "-c"):
        return UNKNOWN
    if inv.name == "cpio" and inv.has("-t", "--list") and not inv.has("-p", "-o"):
        return UNKNOWN
    if (
        inv.name in ("ar", "unrar", "unar", "dump", "restore")
        and re.fullmatch(r"[tlpv]\w?", first)
        and inv.name != "dump"
    ):
        return UNKNOWN
    if inv.name == "unsquashfs" and inv.has("-l", "-s", "-ll"):
        return UNKNOWN
    return None


@handler("daemon")
def _daemon(inv: Invocation, effect: str) -> str | None:
    """Servers asked to check their configuration, and their monitors' questions."""
    words = [plain(o) for o in inv.operands]
    first = words[0] if words else ""
    checks = {
        "nginx": ("-t", "-T", "-v", "-V"),
        "apachectl": ("-t", "-S", "-M", "-v", "-V"),
        "apache2ctl": ("-t", "-S", "-M", "-v", "-V"),
        "httpd": ("-t", "-S", "-M", "-v", "-V", "-l"),
        "haproxy": ("-c", "-v", "-vv"),
        "sshd": ("-t", "-T"),
        "php-fpm": ("-t", "-v", "-i"),
        "squid": ("-v",),
        "postqueue": ("-p",),
        "postconf": ("-n", "-d"),
        "grafana-cli": ("--version",),
        "varnishstat": ("-1",),
    }.get(inv.name, ("--version",))
    if inv.has(*checks, "--version") and not inv.has("-s", "-k"):
        return UNKNOWN
    if inv.name in ("mailq", "named-checkconf", "named-checkzone") or (
        inv.name == "postconf" and not inv.has("-e", "-X", "-#", "-M")
    ):
        return UNKNOWN
    asked = {
        "check",
        "configtest",
        "query",
        "validate",
        "version",
        "test",
        "list",
        "status",
        "labels",
        "series",
        "stats",
        "config",
        "alert",
        "tsdb",
        "list-modules",
        "environ",
        "components",
        "graph",
    }
    if first in asked and not {"add", "delete", "expire", "import", "create-blocks-from", "set", "reload"} & set(words):
        return UNKNOWN
    return None
