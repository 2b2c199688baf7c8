"""Tools whose first words decide, and whose data is not quite enough: package tools, CI, tables of verbs."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.network import _copy_remote
from reign_executors.shell.analysis.invocation import Invocation, flag_effect, handler, leak
from reign_executors.shell.analysis.values import NETWORK, SECRET, UNKNOWN, plain, shown


@handler("words")
def _words(inv: Invocation, effect: str) -> str | None:
    """``flags`` in the data hold plain verbs, too: the first operand that is one decides."""
    if effect in ("reads", "nothing"):
        return None
    for operand in inv.operands[:2]:
        if flag_effect(inv.spec, plain(operand), None) == "reads":
            return UNKNOWN
    return None


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


_ERASING = re.compile(
    r"(?:^|-)(?:luksFormat|luksErase|erase|format|zero-superblock|destroy|labelclear|security-erase\S*|sanitize|create|rollback|luksKillSlot|write-zeroes|reformat)"
)


@handler("blockdev_words")
def _blockdev_words(inv: Invocation, effect: str) -> str | None:
    words = [plain(a) for a in inv.argv[1:]]
    text = " ".join(words)
    disks = [o for o in inv.operands if paths.disk(paths.normal(o, inv.scope.cwd))]
    reading = {
        "status",
        "list",
        "show",
        "get",
        "filesystem",
        "iostat",
        "history",
        "luksDump",
        "isLuks",
        "id-ctrl",
        "smart-log",
        "list-ns",
        "ls",
        "table",
        "info",
    }
    if effect == "reads" or (
        words and words[0] in reading and not re.search(r"\b(?:resize|defrag|balance|label|remove|delete)\b", text)
    ):
        return UNKNOWN
    if inv.name == "blockdev" and any(w.startswith("--get") for w in words):
        return UNKNOWN
    if inv.name == "smartctl" and not re.search(r"-t\b|--test|-s\b|--set|-X", text):
        return UNKNOWN
    if inv.name == "hdparm" and not any(
        re.fullmatch(r"-[A-Za-z]\d+|--(?:security|trim|make|write|repair|sanitize|dco|fwdownload)\S*|-[yYZ]", w)
        for w in words
    ):
        return UNKNOWN
    if (
        inv.name == "mdadm"
        and re.search(r"--detail|--examine|-[DEQ]\b|--scan|--query", text)
        and not re.search(r"--(?:create|zero|stop|remove|fail|add|manage|grow|assemble)", text)
    ):
        return UNKNOWN
    if inv.name in (
        "tune2fs",
        "resize2fs",
        "fsck",
        "e2fsck",
        "xfs_repair",
        "losetup",
        "lvm",
        "multipath",
        "nvme",
        "iscsiadm",
        "debugfs",
        "cryptsetup",
    ) and re.search(
        r"(?:^| )(?:-l|-a|-n|-ll|-N|--list|-P|list\S*|status|-m session$|show\S*|smart-log|"
        r"id-\w+|get-\S+|-R (?:stat|ls|cat)\b.*|isLuks|luksDump|lvs|pvs|vgs)(?: |$)",
        text,
    ):
        return UNKNOWN
    if inv.name == "losetup" and not words:
        return UNKNOWN
    if inv.name == "wipefs" and not inv.has("-a", "--all", "-o", "--offset"):
        return UNKNOWN
    if disks and (inv.name in ("blkdiscard", "wipefs", "sg_format", "badblocks") or _ERASING.search(text)):
        inv.run.deny("disk.format", f"would erase {shown(disks[0])}")
    elif disks and inv.name == "mdadm" and inv.has("--create", "-C"):
        inv.run.deny("disk.format", f"would overwrite {shown(disks[0])}")
    elif (inv.name == "zpool" and words[:1] == ["destroy"]) or (
        inv.name == "zfs"
        and words[:1] == ["destroy"]
        and inv.has("-r", "-R")
        and "/" not in words[-1]
        and "@" not in words[-1]
    ):
        inv.run.deny("disk.format", "would destroy a whole storage pool")
    elif inv.name == "zpool" and words[:1] in (["labelclear"], ["create"]) and disks:
        inv.run.deny("disk.format", f"would overwrite {shown(disks[0])}")
    elif inv.name == "debugfs" and inv.has("-w"):
        inv.run.deny("disk.write", "would write a file system beneath the system")
    elif inv.name == "dmsetup" and words[:1] == ["remove_all"]:
        inv.run.deny("disk.write", "would remove all device mappings")
    inv.run.change(Action.UPDATE, f"disk/{shown(disks[0]) if disks else inv.name}", f"{inv.title} changes disks")
    return UNKNOWN


@handler("apt")
def _apt(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-o"):
        name, _, code = value.partition("=")
        if "::" in plain(name) and re.search(r"invoke|install-pkgs", plain(name), re.IGNORECASE):
            inv.run.run_text(code, inv.scope.copy(), None, where="apt")
    return _essential(inv, effect)


_ESSENTIAL = frozenset(
    [
        "libc6",
        "glibc",
        "systemd",
        "coreutils",
        "bash",
        "dpkg",
        "apt",
        "linux-image*",
        "base-files",
        "util-linux",
        "init",
        "sudo",
        "login",
        "passwd",
        "kernel",
    ]
)


def _essential(inv: Invocation, effect: str) -> str | None:
    if effect == "destroys":
        words = [plain(o) for o in inv.operands]
        if any(
            w in ("libc6", "glibc", "systemd", "coreutils", "base-files", "*", ".*", "kernel", "bash") for w in words
        ):
            inv.run.deny("system.packages", "would remove packages without which the system does not run")
    return None


@handler("pacman")
def _pacman(inv: Invocation, effect: str) -> str | None:
    if inv.name in ("pacman", "yay", "paru"):
        flags = [plain(a) for a in inv.argv[1:] if a.startswith("-")]
        first = flags[0] if flags else ""
        if re.match(r"-(?:Q|T|V)|--(?:query|version|deptest)", first) or re.fullmatch(r"-(?:S[sigl]+|F\w*|Sp)", first):
            return UNKNOWN
        inv.run.change(
            Action.DELETE if "R" in first else Action.CREATE,
            f"package/{' '.join(map(shown, inv.operands[:2]))}",
            f"{inv.name} changes packages",
        )
        return UNKNOWN
    if inv.name == "nix-env":
        if inv.has("-q", "--query"):
            return UNKNOWN
        inv.run.change(Action.UPDATE, "package/nix", "changes packages")
        return UNKNOWN
    if inv.name == "brew" and inv.path[:1] == ["services"] and inv.operands[:1] in (["list"], ["info"]):
        return UNKNOWN
    return _essential(inv, effect)


@handler("npm")
def _npm(inv: Invocation, effect: str) -> str | None:
    if inv.path[:1] in (["exec"], ["dlx"], ["x"]) and inv.has("-c", "--call"):
        code = inv.value("-c", "--call")
        if code:
            inv.run.run_text(code, inv.scope.copy(), None, where="npm exec")
    if not inv.path and inv.has("-v", "--version"):
        return UNKNOWN
    return None


_READING = re.compile(
    r"(?:version|list|tree|search|metadata|locate-project|verify-project|pkgid|info|show|env|doc|vet|help|outdated|config|query|status|check|lint|"
    r"--info|--list-sdks|--list-runtimes|dependency:tree|dependencies|tasks|projects|targets|--tasks|-T|--summary|why|audit|contents|specification|licenses|"
    r"list-.*|which|default|toolchain|show-.*|about|vulncheck|nm|describe|validate|diagnose|depends|home|plugins|properties|help:.*)"
)
_CHECKERS = frozenset(["mypy", "pyright", "pylint", "flake8", "golangci-lint"])


@handler("toolchain")
def _toolchain(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    first = words[0] if words else ""
    if effect == "reads":
        return UNKNOWN
    if inv.name in _CHECKERS or (
        inv.name == "ruff"
        and first in ("check", "format")
        and not inv.has("--fix", "--fix-only", "--unsafe-fixes")
        and (first == "check" or inv.has("--check", "--diff"))
    ):
        return UNKNOWN if not inv.has("--fix", "--install-types") else None
    if inv.name == "eslint" and not inv.has("--fix", "-o", "--output-file"):
        return UNKNOWN
    if inv.name == "dotnet" and inv.has("--info", "--list-sdks", "--list-runtimes"):
        return UNKNOWN
    if inv.name == "tsc" and inv.has("--noEmit"):
        return UNKNOWN
    if (
        inv.name in ("gradle", "gradlew", "mvn", "sbt", "ant", "rake", "just", "task")
        and inv.has("-m", "-n", "--dry-run", "-T", "--summary", "-P", "-l")
        and (all(_READING.fullmatch(w) for w in words) or inv.has("-n", "--dry-run"))
    ):
        return UNKNOWN
    if first and _READING.fullmatch(first) and inv.name not in ("ruff", "eslint", "black"):
        if inv.name == "rustup" and first in ("default", "toolchain") and len(words) > 1 and words[1] != "list":
            return None
        if inv.name in ("bundle", "bundler", "gem", "composer") and first == "config" and len(words) > 2:
            return None
        if inv.name == "go" and first == "env" and inv.has("-w", "-u"):
            return None
        if first == "check" and inv.name == "cargo":
            return None
        if inv.name in ("invoke", "fab", "task", "just", "rake", "grunt", "gulp", "ninja", "scons", "make"):
            return None
        return UNKNOWN
    if (inv.name == "go" and first in ("vet", "doc", "list", "version")) or (
        inv.name == "go" and words[:2] in (["mod", "graph"], ["mod", "why"], ["mod", "verify"], ["tool", "dist"])
    ):
        return UNKNOWN
    if inv.name == "just" and inv.has("--list", "-l", "--summary", "--show", "--evaluate"):
        return UNKNOWN
    return None


@handler("gh")
def _gh(inv: Invocation, effect: str) -> str | None:
    path = inv.path
    if path[:1] == ["api"]:
        method = plain(inv.value("-X", "--method") or "").upper()
        fields = inv.all_values("-f", "-F", "--field", "--raw-field", "--input")
        if method in ("GET", "HEAD") or (not method and not fields):
            return UNKNOWN
        if (
            not method
            and inv.operands
            and plain(inv.operands[0]) == "graphql"
            and not any("mutation" in plain(v) for v in fields)
        ):
            return UNKNOWN
        for value in fields:
            leak(inv.run, inv.scope, value, "gh api")
        inv.run.change(
            Action.DELETE if method == "DELETE" else Action.UPDATE,
            f"github/{shown(inv.operands[0]) if inv.operands else '…'}",
            f"sends a changing request ({method or 'POST'})",
        )
        return UNKNOWN
    if path == ["auth", "status"] and inv.has("-t", "--show-token"):
        return SECRET + UNKNOWN
    if effect not in ("reads", "nothing"):
        for word in inv.argv[1:]:
            leak(inv.run, inv.scope, word, inv.title)
        if inv.stdin is not None and set(inv.stdin) & {SECRET, "\ue013", "\ue014"} and path[:1] != ["secret"]:
            inv.run.deny("credential.sent", f"sends credentials away with {inv.title}")
    return None


@handler("ansible")
def _ansible(inv: Invocation, effect: str) -> str | None:
    if inv.has("-C", "--check", "--syntax-check", "--list-hosts", "--list-tasks", "--list-tags", "--version"):
        return UNKNOWN
    if inv.name in ("ansible-doc", "ansible-lint", "ansible-inventory", "ansible-config"):
        if inv.name == "ansible-lint" and inv.has("--fix"):
            return None
        return UNKNOWN
    if inv.name == "ansible-galaxy" and "list" in [plain(o) for o in inv.operands]:
        return UNKNOWN
    if inv.name == "ansible-vault" and inv.operands and plain(inv.operands[0]) in ("view", "decrypt"):
        inv.run.unclear("credential.shown", "shows secrets")
        return SECRET + UNKNOWN
    if inv.name == "ansible":
        module = plain(inv.value("-m", "--module-name") or "command").rsplit(".", 1)[-1]
        code = inv.value("-a", "--args")
        if module in (
            "ping",
            "setup",
            "gather_facts",
            "debug",
            "stat",
            "service_facts",
            "package_facts",
            "find",
            "getent",
            "slurp",
            "assert",
        ):
            return UNKNOWN
        if module in ("command", "shell", "raw", "script") and code:
            scope = inv.scope.copy()
            scope.cwd = UNKNOWN
            return inv.run.run_text(code, scope, None, where="ansible")
        if module == "file" and code and "state=absent" in plain(code):
            for found in re.findall(r"(?:path|dest|name)=(\S+)", plain(code)):
                inv.run.delete(found, inv.scope)
    return None


@handler("salt")
def _salt(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    for i, word in enumerate(words):
        if word in ("cmd.run", "cmd.shell", "cmd.run_all") and i + 1 < len(words):
            return inv.run.run_text(inv.operands[i + 1], inv.scope.copy(), None, where="salt")
        if word in (
            "test.ping",
            "grains.items",
            "grains.get",
            "status.uptime",
            "disk.usage",
            "pkg.list_pkgs",
            "service.status",
            "grains.ls",
            "pillar.items",
        ):
            return UNKNOWN
    if (
        inv.name == "puppet"
        and words[:1] in (["config"], ["facts"], ["module"], ["resource"])
        and len(words) <= 3
        and "set" not in words
        and "install" not in words
    ):
        return UNKNOWN
    if inv.name == "knife" and any(w in ("list", "show", "status", "search") for w in words[:3]):
        return UNKNOWN
    return None


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
    if inv.name in ("pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump") and not inv.value(
        "-f", "--file", "-r", "--result-file"
    ):
        return UNKNOWN
    return None


@handler("vault")
def _vault(inv: Invocation, effect: str) -> str | None:
    if inv.path[:2] == ["audit", "disable"]:
        inv.run.deny("security.audit", "would switch the vault's audit off")
    if effect not in ("reads", "nothing"):
        for word in inv.operands[1:]:
            if "=@" in plain(word):
                continue
    return None


@handler("passwords")
def _passwords(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    if inv.name in ("aws-vault", "op", "doppler", "chamber", "infisical", "sops") and inv.rest_at >= 0:
        return inv.run.run_argv(inv.operands[inv.rest_at :], inv.scope.copy(), inv.stdin, under=inv.name)
    if words[:1] in (["list"], ["ls"], ["status"], ["version"], ["search"], ["find"], ["whoami"]) or inv.has(
        "--version"
    ):
        return UNKNOWN
    inv.run.unclear("credential.shown", f"{inv.title} handles credentials")
    return SECRET + UNKNOWN


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
    if any(flag_effect(inv.spec, plain(o), None) == "changes" for o in inv.operands[:1]):
        inv.run.change(Action.UPDATE, f"{inv.name}/{plain(inv.operands[0])}", f"{inv.name} {plain(inv.operands[0])}")
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
