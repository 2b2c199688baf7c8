"""Disks and what holds the host together: formatting, partitions, mounts, kernel, power, logs, accounts, firewall."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import UNKNOWN, is_known, plain, shown


@handler("mkfs")
def _mkfs(inv: Invocation, effect: str) -> str | None:
    if inv.name in ("mke2fs", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4") and inv.has("-n"):
        return ""
    for operand in inv.operands:
        path = paths.normal(operand, inv.scope.cwd)
        if paths.disk(path) or not is_known(operand) or path.startswith("/dev/"):
            inv.run.deny("disk.format", f"would format {shown(operand)}")
        else:
            inv.run.write(operand, inv.scope)
    inv.run.change(Action.REPLACE, "disk/…", "makes a file system")
    return ""


_PARTITION_READS = {
    "fdisk": ("-l", "--list", "-x", "--list-details", "-s", "--getsz"),
    "sfdisk": ("-l", "--list", "-d", "--dump", "-J", "--json", "-s", "--show-size", "-n", "--no-act", "-V", "--verify"),
    "gdisk": ("-l",),
    "sgdisk": ("-p", "--print", "-i", "--info", "-v", "--verify", "-P", "--pretend", "-F", "-E", "-D"),
    "parted": ("-l", "--list"),
    "partprobe": ("-d", "--dry-run", "-s"),
    "partx": ("-s", "--show", "-l", "--list"),
    "kpartx": ("-l",),
    "growpart": ("-N", "--dry-run"),
    "swapon": ("-s", "--summary", "--show"),
    "lvcreate": ("-t", "--test"),
    "lvextend": ("-t", "--test"),
    "lvresize": ("-t", "--test"),
    "lvreduce": ("-t", "--test"),
    "vgcreate": ("-t", "--test"),
    "vgextend": ("-t", "--test"),
    "pvcreate": ("-t", "--test"),
}


@handler("partition")
def _partition(inv: Invocation, effect: str) -> str | None:
    if inv.has(*_PARTITION_READS.get(inv.name, ("--version",))):
        return ""
    words = [plain(o) for o in inv.operands]
    if (
        inv.name == "parted"
        and (len(words) <= 1 or words[-1] == "print" or words[1:2] in (["print"], ["unit"]))
        and "print" in words
    ):
        return ""
    disks = [o for o in inv.operands if paths.disk(paths.normal(o, inv.scope.cwd))]
    if inv.name.startswith(("lv", "vg", "pvresize", "pvmove", "pvchange", "swap")) and inv.name not in (
        "lvremove",
        "vgremove",
    ):
        disks = []  # these work inside a volume group
    if disks:
        inv.run.deny("disk.write", f"would write the partition table or data of {shown(disks[0])}")
    inv.run.change(Action.UPDATE, "disk/…", f"{inv.title} changes disks")
    return ""


@handler("blockdev")
def _blockdev(inv: Invocation, effect: str) -> str | None:
    if effect not in ("reads", "nothing"):
        disks = [o for o in inv.operands if paths.disk(paths.normal(o, inv.scope.cwd))]
        if disks and inv.name in ("blkdiscard", "wipefs", "hdparm", "nvme", "sg_format", "badblocks", "cryptsetup"):
            inv.run.deny("disk.write", f"would erase {shown(disks[0])}")
    return None


@handler("mount")
def _mount(inv: Invocation, effect: str) -> str | None:
    if not inv.operands and not inv.has("-a", "--all"):
        return ""
    options = plain(inv.value("-o", "--options") or "")
    target = inv.operands[-1] if inv.operands else "…"
    if paths.normal(target, inv.scope.cwd) == "/" and "remount" not in options:
        inv.run.deny("system.mount", "would mount over the root file system")
    inv.run.change(Action.UPDATE, f"mount/{shown(target)}", f"{inv.title} changes what is mounted")
    return ""


_LOOSE = re.compile(r"NOPASSWD", re.IGNORECASE)


@handler("account")
def _account(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    words = [plain(o) for o in inv.operands]
    uid = plain(inv.value("-u", "--uid") or "")
    groups = set()
    for v in inv.all_values("-g", "-G", "--gid", "--groups", "--ingroup", "-a", "--add"):
        groups.update(plain(v).split(","))
    if uid == "0" or (inv.has("-o", "--non-unique") and uid in ("0", "00")):
        run.deny("account.uid0", "would give an account root's number (uid 0)")
    if inv.name in ("useradd", "adduser") and groups & {"0", "root"} and inv.has("-o", "--non-unique"):
        run.deny("account.uid0", "would give an account root's rights")
    if inv.name in ("userdel", "deluser") and ("root" in words or any(v == "root" for _, v in inv.options)):
        run.deny("account.root", "would delete the root account")
    if inv.name == "passwd" and (inv.has("-d", "--delete") and (not words or "root" in words)):
        run.deny("account.root", "would take away root's password")
    if inv.name == "usermod" and words[-1:] == ["root"] and inv.has("-p", "--password", "-L", "-l"):
        run.deny("account.root", "would tamper with the root account")
    if inv.name in ("chpasswd", "newusers") and inv.stdin and "root:" in plain(inv.stdin):
        run.deny("account.root", "would set root's password")
    if inv.name == "passwd" and inv.has("-S", "--status"):
        return ""
    if inv.name in ("chsh", "usermod") and words[-1:] == ["root"] and inv.has("-s", "--shell"):
        run.change(Action.UPDATE, "user/root", "changes root's login shell")
    return None


@handler("visudo")
def _visudo(inv: Invocation, effect: str) -> str | None:
    if inv.has("-c", "--check"):
        return ""
    if inv.stdin is not None:
        inv.run.deny("account.sudo", "would change who may become root")
    inv.run.unclear("account.sudo", "edits who may become root")
    return ""


@handler("firewall")
def _firewall(inv: Invocation, effect: str) -> str | None:
    """iptables, ip6tables, nft, ufw, firewall-cmd, pfctl: off, flushed, or open to all is a catastrophe."""
    run = inv.run
    words = [plain(a) for a in inv.argv[1:]]
    text = " ".join(words)
    off = False
    if inv.name in ("iptables", "ip6tables", "iptables-legacy", "iptables-nft"):
        if any(w in ("-L", "-S", "--list", "--list-rules", "-C", "--check", "-V") for w in words) and not any(
            w in ("-F", "-X", "-Z", "-P", "-A", "-D", "-I") for w in words
        ):
            return ""
        if any(re.fullmatch(r"-[vnL46]*L[vnx]*", w) for w in words):
            return ""
        off = bool({"-F", "--flush"} & set(words)) and not [
            w for w in words if re.fullmatch(r"[A-Z]+[-_][A-Z0-9-_]+", w)
        ]
        off = off or re.search(r"(?:-P|--policy) (?:INPUT|FORWARD|OUTPUT) ACCEPT", text) is not None
    elif inv.name == "nft":
        bare = [w for w in words if w[:1] != "-"]
        if (
            bare[:1] == ["list"]
            and not re.search(r"[;\n]", text)
            and not inv.has("-f", "--file", "-i", "--interactive")
        ):
            return ""
        off = text.startswith("flush ruleset") or "flush ruleset" in text or "delete table" in text
    elif inv.name == "ufw":
        if words[:1] in (["status"], ["version"], ["show"]) or "--dry-run" in words:
            return ""
        off = bool({"disable", "reset"} & set(words)) or re.search(r"default allow(?: incoming)?$", text) is not None
    elif inv.name == "firewall-cmd":
        if all(re.match(r"--(?:list|get|query|info|state|zone|permanent|version|help)", w) for w in words):
            return ""
        off = any(w == "--panic-off" for w in words) or "--set-default-zone=trusted" in words
    elif inv.name == "pfctl":
        if any(w.startswith("-s") for w in words):
            return ""
        off = "-d" in words or "-F" in words
    if off:
        run.deny("security.firewall", "would switch the firewall off or empty it")
    run.change(Action.UPDATE, "firewall/rules", f"{inv.title} changes the firewall")
    return ""


@handler("security")
def _security(inv: Invocation, effect: str) -> str | None:
    """setenforce, auditctl, aa-teardown, sysctl and the like."""
    words = [plain(a) for a in inv.argv[1:]]
    run = inv.run
    if inv.name == "setenforce" and words and words[0].lower() in ("0", "permissive"):
        run.deny("security.selinux", "would switch SELinux off")
    elif inv.name == "auditctl":
        if "-l" in words or "-s" in words:
            return ""
        if any(w == "-D" for w in words) or re.search(r"-e ?0", " ".join(words)):
            run.deny("security.audit", "would switch auditing off")
    elif inv.name in ("aa-teardown", "aa-disable", "apparmor_parser"):
        if inv.name == "aa-teardown" or (inv.name == "apparmor_parser" and inv.has("-R", "--remove")):
            run.deny("security.apparmor", "would switch AppArmor off")
    elif inv.name == "sysctl":
        writing = inv.has("-w", "--write", "-p", "--load", "--system") or any("=" in w for w in words if w[:1] != "-")
        if not writing:
            return ""
        text = " ".join(words)
        if re.search(r"kernel\.(?:randomize_va_space|core_pattern|modprobe|sysrq)=", text):
            run.deny("security.kernel", "would weaken the kernel's protection")
    run.change(Action.UPDATE, f"host/{inv.name}", f"{inv.title} changes how the host is protected")
    return ""


_ASKED = {
    "chronyc": r"(?:-[nNcv46] )*(?:tracking|sources|sourcestats|activity|ntpdata|serverstats|clients)(?: -[va])*",
    "ntpq": r"-(?:p|n|pn|np|crv|c ?(?:peers|rv|as|associations|sysinfo))(?: \w[\w.-]*)?",
    "udevadm": r"info(?: .*)?",
    "pcs": r"(?:[a-z]+ )?(?:status|config)(?: [a-z]+)?",
    "drbdadm": r"(?:status|cstate|dstate|role|dump|sh-resources)(?: \S+)?",
    "gluster": r"(?:volume|peer|pool) (?:status|info|list)(?: [\w-]+)*",
    "cpupower": r"(?:-c \S+ )?(?:frequency|idle)-info(?: -\w+)*|monitor",
    "ipmitool": r"(?:sensor|sdr|sel|fru|mc|lan|user) (?:list|elist|info|print|get|type)(?: [\w-]+)*|chassis status",
}
_CHANGES = re.compile(r"\b(?:set|clear|delete|add|reset|write|cleanup-db|upgrade|restore)\b| -\w?c\b$")


@handler("asked")
def _asked(inv: Invocation, effect: str) -> str | None:
    """Tools of many verbs, few of which only read: those are told by name."""
    text = " ".join(plain(a) for a in inv.argv[1:])
    reading = re.fullmatch(_ASKED.get(inv.name, "(?!)"), text) is not None
    return UNKNOWN if reading and not _CHANGES.search(text) else None


_PROTECTING = re.compile(
    r"^(?:auditd|apparmor|firewalld|ufw|iptables|ip6tables|nftables|fail2ban|selinux-\w+|rsyslog|syslog|syslog-ng|"
    r"systemd-journald|falco(?:-\w+)?|crowdsec|wazuh-agent|osqueryd|clamav-daemon|falcon-sensor)(?:\.service|\.socket)?$"
)


@handler("service")
def _service(inv: Invocation, effect: str) -> str | None:
    words = [plain(a) for a in inv.operands]
    verb = inv.path[-1] if inv.path else ""
    if inv.name == "service":
        verb = words[1] if len(words) > 1 else ""
        words = words[:1]
        if "--status-all" in inv.argv or verb == "status":
            return ""
        if verb in ("stop", "restart", "start", "reload", "force-reload", "condrestart", "try-restart"):
            inv.run.change(
                Action.STOP if verb == "stop" else Action.RESTART,
                f"service/{words[0] if words else '…'}",
                f"service {verb}",
            )
        else:
            inv.run.unclear("unclear.subcommand", f"'service … {verb}' is not known")
    if verb in ("stop", "disable", "mask", "kill", "off", "del"):
        for word in words:
            if _PROTECTING.match(word):
                inv.run.deny(
                    "security.audit" if "audit" in word or "log" in word else "security.firewall",
                    f"would switch {word} off",
                )
    if inv.name == "service":
        return ""
    return None


@handler("journalctl")
def _journalctl(inv: Invocation, effect: str) -> str | None:
    for flag, value in inv.options:
        if flag in ("--vacuum-time", "--vacuum-size", "--vacuum-files"):
            text = plain(value or "")
            if re.fullmatch(r"\d{1,2}(?:s|sec|seconds?|ms|us|)|0\w*|1[mM]?(?:in)?|1[kKbB]?|[1-9][0-9]?[kK]", text):
                inv.run.deny("audit.logs", "would wipe the journal")
            inv.run.change(Action.DELETE, "log/journal", "deletes old journal entries")
        elif flag in ("--rotate", "--flush", "--sync", "--relinquish-var", "--setup-keys", "--update-catalog"):
            inv.run.change(Action.UPDATE, "log/journal", f"journalctl {flag}")
    return None


@handler("kill")
def _kill(inv: Invocation, effect: str) -> str | None:
    words = [plain(a) for a in inv.argv[1:]]
    if words[:1] in (["-l"], ["-L"], ["-0"]) or words[:2] == ["-s", "0"]:
        return ""
    targets = [w for w in words if not re.fullmatch(r"-(?:[A-Z]+\d*|s|n|\d{1,2})", w)]
    contained = any("exec" in w for w in inv.run.wrappers)
    if contained:
        pass
    elif "-1" in words[1:] or (words == ["-9", "-1"]) or (words[-1:] == ["1"] and targets == ["1"]):
        inv.run.deny("host.kill-all", "would end every process of the host")
    inv.run.change(Action.STOP, f"process/{' '.join(words[-1:])}", f"{inv.name} ends processes")
    return ""


@handler("killall")
def _killall(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    if inv.name == "fuser" and not inv.has("-k", "--kill"):
        return UNKNOWN
    if inv.name == "killall5":
        inv.run.deny("host.kill-all", "would end every process of the host")
    if inv.name == "pkill" and (
        inv.has("-u", "-U") and "root" in [*words, plain(inv.value("-u", "-U") or "")] and not words[1:]
    ):
        inv.run.deny("host.kill-all", "would end every process of root")
    if any(_PROTECTING.match(w) for w in words):
        inv.run.deny("security.audit", f"would end {words[0]}, which protects the host")
    return None


@handler("crontab")
def _crontab(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    if inv.has("-l"):
        return ""
    if inv.has("-r"):
        run.change(Action.DELETE, "crontab/root", "deletes all cron entries")
        return ""
    text = inv.stdin if inv.stdin is not None and (not inv.operands or plain(inv.operands[0]) == "-") else None
    if text and is_known(text):
        for line in plain(text).split("\n"):
            found = re.match(r"\s*(?:@\w+|(?:\S+\s+){5})(?:root\s+)?(.+)", line)
            if found and not line.lstrip().startswith("#"):
                run.run_text(found[1], inv.scope.copy(), None, where="cron")
    elif inv.operands and plain(inv.operands[0]) != "-":
        content = inv.scope.files.get(paths.normal(inv.operands[0], inv.scope.cwd))
        if content and is_known(content):
            for line in plain(content).split("\n"):
                found = re.match(r"\s*(?:@\w+|(?:\S+\s+){5})(.+)", line)
                if found:
                    run.run_text(found[1], inv.scope.copy(), None, where="cron")
    elif text:
        for piece in re.findall(r"(?:@\w+|(?:[\d*/,\ue002-]+\s+){5})(.+)", plain(text)):
            run.run_text(piece, inv.scope.copy(), None, where="cron")
    run.change(Action.UPDATE, "crontab/root", "changes cron entries")
    return ""


@handler("at")
def _at(inv: Invocation, effect: str) -> str | None:
    if inv.has("-l") or inv.name == "atq":
        return ""
    if inv.stdin:
        inv.run.run_text(inv.stdin, inv.scope.copy(), None, where="at")
    inv.run.change(Action.CREATE, "job/at", "plans a command for later")
    return ""


@handler("power")
def _power(inv: Invocation, effect: str) -> str | None:
    if inv.has("-c") or inv.has("--show", "-w", "--wtmp-only"):
        return ""
    inv.run.change(Action.STOP, "host/power", f"{inv.title} stops or restarts the host")
    return ""
