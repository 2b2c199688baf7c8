"""Tools whose first words decide, and whose data is not quite enough: package tools, CI, tables of verbs."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.network import _copy_remote
from reign_executors.shell.analysis.invocation import Invocation, flag_effect, handler, leak
from reign_executors.shell.analysis.values import NETWORK, SECRET, UNKNOWN, listed, plain, shown


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


_DISK_READS = {
    "wipefs": r"(?!.*(?:-a|--all|-o|--offset)).*",
    "smartctl": r"(?!.*(?:-t|--test|-s|--set|-X|--abort)).*",
    "fsck": r".*(?:^| )-[a-zA-Z]*[nN][a-zA-Z]*(?: |$).*",
    "fsck.ext4": r".*(?:^| )-[a-zA-Z]*n[a-zA-Z]*(?: |$).*",
    "e2fsck": r".*(?:^| )-[a-zA-Z]*n[a-zA-Z]*(?: |$).*",
    "xfs_repair": r".*(?:^| )-n(?: |$).*",
    "badblocks": r"(?!.*-[a-zA-Z]*[wn]).*",
    "hdparm": r"(?:-[IigGrRtTvCHF]+ |--direct )+/dev/\S+",
    "nvme": r"(?:list|list-ns|list-subsys|list-ctrl|id-ctrl|id-ns|smart-log|error-log|fw-log|get-\S+|show-\S+|"
    r"version|help|ns-descs)\b.*",
    "cryptsetup": r"(?:status|luksDump|isLuks|luksUUID|benchmark|tcryptDump)\b.*|--version",
    "mdadm": r"(?!.*(?:--create|--zero|--stop|--remove|--fail|--add|--manage|--grow|--assemble|-[CSArfaG]\b)).*"
    r"(?:--detail|--examine|--query|--detail-platform|-[DEQ]\b).*",
    "zpool": r"(?:status|list|get|history|iostat|events|version)\b.*|.* -n .*",
    "zfs": r"(?:list|get|diff|holds|version|userspace|groupspace)\b.*|destroy (?:-\w* )*-\w*n.*|send (?:-\w* )*-\w*n.*",
    "btrfs": r"(?:filesystem|fi|subvolume|sub|device|dev|scrub|balance|qgroup|property|quota|inspect-internal)"
    r" (?:show|list|usage|df|du|stats|status|get|get-default|dump-\S+|tree-stats|min-dev-size).*|version",
    "lvm": r"(?:lvs|pvs|vgs|lvdisplay|pvdisplay|vgdisplay|version|dumpconfig|config|fullreport|help)\b.*",
    "multipath": r"-(?:ll?|t|T|d).*",
    "iscsiadm": r"-m (?:session|node|iface|host)(?: -P \d)?",
    "tune2fs": r"-l .*",
    "losetup": r"(?:|-[alj]+.*|--all|--list.*)",
    "dmsetup": r"(?:ls|info|status|table|deps|targets|version|report|splitname)\b.*",
    "debugfs": r"-R ['\"]?(?:stat|ls|cat|show_super_stats|stats|lsdel|htree|icheck|"
    r"ncheck|testi|testb|imap|bmap|blocks|ex|extents)\b.*",
    "blockdev": r"(?:--(?:get\w+|report)(?: |$).*)",
    "sdparm": r"(?!.*(?:-s|--set|-c|--clear|-C|--command|-D)).*",
    "xfs_growfs": r"-n .*",
    "resize2fs": r"-P .*",
}


@handler("blockdev_words")
def _blockdev_words(inv: Invocation, effect: str) -> str | None:
    """Tools that read or erase disks: what they read is told by name, all else changes."""
    text = " ".join(plain(a) for a in inv.argv[1:])
    words = text.split()
    disks = [o for o in inv.operands if paths.disk(paths.normal(o, inv.scope.cwd))]
    reading = _DISK_READS.get(inv.name)
    if text == "--version" or (reading is not None and re.fullmatch(reading, text)):
        return UNKNOWN
    if disks and (inv.name in ("blkdiscard", "wipefs", "sg_format", "badblocks") or _ERASING.search(text)):
        inv.run.deny("disk.format", f"would erase {shown(disks[0])}")
    elif inv.name == "nvme" and re.match(r"(?:format|sanitize|write|delete-ns|fw-commit)\b", text):
        inv.run.deny("disk.format", "would erase an NVMe device")
    elif disks and inv.name == "mdadm" and inv.has("--create", "-C"):
        inv.run.deny("disk.format", f"would overwrite {shown(disks[0])}")
    elif (inv.name == "zpool" and words[:1] == ["destroy"]) or (
        inv.name == "zfs" and words[:1] == ["destroy"] and inv.has("-r", "-R") and not re.search(r"[/@]", words[-1])
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


_BOOT_READS = {
    "modprobe": ("-D", "--show-depends", "-n", "--dry-run", "-c", "--showconfig"),
    "ldconfig": ("-p", "--print-cache"),
    "efibootmgr": ("-v", "--verbose"),
    "grub-mkconfig": (),
    "lsinitrd": (),
    "insmod": (),
}


@handler("boot")
def _boot(inv: Invocation, effect: str) -> str | None:
    if inv.name == "efibootmgr" and all(f in ("-v", "--verbose") for f, _ in inv.options) and not inv.operands:
        return UNKNOWN
    if inv.name in ("modprobe", "ldconfig") and inv.has(*_BOOT_READS[inv.name]):
        return UNKNOWN
    return None


@handler("apt")
def _apt(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-o"):
        name, _, code = value.partition("=")
        if "::" in plain(name) and re.search(r"invoke|install-pkgs", plain(name), re.IGNORECASE):
            inv.run.run_text(code, inv.scope.copy(), None, where="apt")
    return _essential(inv, effect)


_ESSENTIAL = listed(
    "libc6 glibc systemd coreutils bash dpkg apt linux-image* base-files util-linux init sudo login passwd kernel"
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
    running = {"run", "run-script", "exec", "dlx", "x", "test", "t", "tst", "start", "stop", "restart"}
    if inv.path and inv.path[0] in running and effect == "reads" and inv.operands:
        inv.run.change(Action.UPDATE, f"{inv.name}/{plain(inv.operands[0])}", f"{inv.title} runs code")
        return UNKNOWN
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
_EXECUTING = listed("run exec x test bench install generate publish deploy task script start eval repl get fetch")
_CHECKERS = frozenset(["mypy", "pyright", "pylint", "flake8", "golangci-lint"])


@handler("toolchain")
def _toolchain(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    first = words[0] if words else ""
    executes = bool(words) and (
        first in _EXECUTING or inv.name in ("rake", "just", "task", "invoke", "fab", "gulp", "grunt")
    )
    if not executes and effect == "reads":
        return UNKNOWN
    if not words and inv.options and all(f in ("-v", "-V", "-h", "--version", "--help") for f, _ in inv.options):
        return UNKNOWN
    if executes and not inv.has("-n", "--dry-run", "-m"):
        inv.run.change(Action.UPDATE, f"{inv.name}/{' '.join(words[:2])}", f"{inv.name} {first} runs code")
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
    if inv.name in ("ansible", "ansible-playbook") and inv.has("-C"):
        return UNKNOWN
    if inv.has("--check", "--syntax-check", "--list-hosts", "--list-tasks", "--list-tags", "--version"):
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
    for value in inv.all_values("-o", "--output"):  # a format's name, or a file
        if "/" in value or "." in value:
            inv.run.write(value.rpartition("=")[2], inv.scope)
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


@handler("compiler")
def _compiler(inv: Invocation, effect: str) -> str | None:
    """Compilers and interpreters that are not looked into: only a question for the version is harmless."""
    for value in inv.all_values("-e", "--eval", "-E"):
        for first, second, third in re.findall(
            r"\b(?:system|exec|run|shell|spawn|popen|cmd|sh|os\.system)\w*\s*\(?\s*(?:\"([^\"]+)\"|'([^']+)'|`([^`]+)`)",
            plain(value),
        ):
            inv.run.run_text(first or second or third, inv.scope.copy(), None, where=inv.name)
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
