"""What a path is to a host: the root, a system directory, a home as a whole, an account file, a credential, a log.

Paths are values (see ``values.py``): globs are matched against what is known of a Unix host, a part that may be empty
is tried empty, since ``rm -rf "$X"/*`` with nothing in X is ``rm -rf /*``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reign_executors.shell.analysis.places import (
    ACCOUNT_FILES,
    LOADER_FILES,
    PROFILE_FILES,
    SYSTEM_DIRECTORIES,
    SYSTEM_FILES,
    SYSTEM_LOGS,
)
from reign_executors.shell.analysis.values import (
    ANY,
    HOME,
    MAYBE,
    OPEN,
    SELF,
    STAR,
    UNKNOWN,
    has_glob,
    literal,
    matches,
    plain,
    shown,
    unmarked,
)

_HISTORY = re.compile(
    r"(?:/root|/home/[^/]+|/Users/[^/]+)/\.(?:(?:ba|z|k|a|fi)?sh_history|history|zhistory|"
    r"mysql_history|psql_history|python_history|lesshst|viminfo|local/share/fish/fish_history)"
)
_DISK = re.compile(
    r"/dev/(?:r?disk\d\w*|[shv]d[a-z]\d*|xvd[a-z]+\d*|nvme\d+(?:n\d+)?(?:p\d+)?|mmcblk\d+(?:p\d+)?|md\d+|md/.+|"
    r"dm-\d+|sr\d+|mapper/(?!control$).+|disk/.+|loop\d+|vg[^/]*/.+|[^/]*vg/.+|fd0|root|rootfs|zd\d+|drbd\d+|bcache\d+)"
)
_DISK_NAMES = (
    "/dev/sda",
    "/dev/sdb",
    "/dev/sda1",
    "/dev/vda",
    "/dev/vda1",
    "/dev/xvda",
    "/dev/hda",
    "/dev/nvme0n1",
    "/dev/nvme0n1p1",
    "/dev/mmcblk0",
    "/dev/dm-0",
    "/dev/md0",
    "/dev/mapper/root",
    "/dev/disk/by-id/x",
)
_HARMLESS_DEVICE = re.compile(
    r"/dev/(?:null|zero|full|stdout|stderr|stdin|tty\w*|fd/\d+|pts/\d+|console|random|urandom)|/proc/self/fd/\d+"
)
_ANY_HOME = re.compile(r"/(?:home|Users|export/home|var/home)/[^/]+")
_CREDENTIAL = re.compile(
    r"""(?x)
    (?:^|/)(?:\.aws/(?:credentials|sso/.*|cli/.*)|\.ssh/(?:id_[^/]*(?<!\.pub)|identity|[^/]*\.pem|[^/]*_key|
      [^/]*key)|\.ssh|\.gnupg(?:/.*)?|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.docker/config\.json|
      \.kube/config|\.kube|\.azure(?:/.*)?|\.config/gcloud(?:/.*)?|\.config/gh/hosts\.yml|\.npmrc|\.pypirc|
      \.vault-token|\.terraform\.d/credentials\.tfrc\.json|\.terraformrc|\.boto|\.s3cfg|\.htpasswd|
      \.env(?:\.[A-Za-z]+)?|\.envrc|credentials(?:\.(?:json|csv|ya?ml|ini|txt))?|secrets?(?:\.(?:json|ya?ml|env|txt|ini|toml))|
      kubeconfig(?:\.ya?ml)?|service[-_]?account[^/]*\.json|[^/]*(?:private|secret|priv)[-_]?key[^/]*|id_(?:rsa|dsa|ecdsa|ed25519)|
      [^/]*key[^/]*\.pem|[^/]*\.(?:key|p12|pfx|jks|keystore|kdbx|ppk)|\.aws|passwords?(?:\.\w+)?|token(?:\.txt)?|\.password-store(?:/.*)?|
      Login\ Data|logins\.json|key[34]\.db)$
    |^/etc/(?:shadow-?|gshadow-?|krb5\.keytab|ssh/ssh_host_[a-z0-9]+_key|kubernetes/(?:admin|super-admin|
      controller-manager|scheduler|kubelet)\.conf|kubernetes/pki(?:/.*\.key)?|ssl/private(?:/.*)?|security/opasswd|rancher/.*\.yaml|
      openvpn/.*|wireguard(?:/.*)?|letsencrypt/(?:live|archive)/.*privkey.*)$
    |^/proc/(?:\d+|self|\*|…)/environ$
    |^/(?:var/)?run/secrets(?:/.*)?$
    |^/root/\.(?:ssh|aws|kube|gnupg)
    """,
    re.IGNORECASE,
)
_NO_CREDENTIAL = re.compile(
    r"(?:\.pub|known_hosts|\.(?:example|sample|template|dist|md)|/ssh/config|\.ssh/config|\.crt)$"
)
_PRIVATE = re.compile(
    r"^/etc/(?:passwd|group|hosts\.equiv|sudoers)$|^/root$|^/home(?:/[^/]+)?$|^/etc$|^/$|^/etc/kubernetes$|_history$|^/var/lib/(?:mysql|postgresql)"
)
_COMPONENT_ALL = ("a", "bin", "x9", "Zeta")
_DOT_ALL = (".a", ".config", ".x9")


def normal(value: str, cwd: str = UNKNOWN) -> str:
    """The absolute path, ``.`` and ``..`` resolved by spelling; starts with :data:`UNKNOWN` where nobody can know."""
    value = literal(unmarked(value))
    if not value:
        return ""
    if len(value) > 4096:  # longer than any path may be
        return UNKNOWN
    if not value.startswith("/"):
        if value[0] in (UNKNOWN, MAYBE, SELF):
            base: list[str] = []
            rest = value
            absolute = False
        else:
            base = [] if cwd.startswith("/") else [UNKNOWN]
            rest = f"{cwd}/{value}" if cwd.startswith("/") else value
            absolute = cwd.startswith("/")
    else:
        base, rest, absolute = [], value, True
    ups = 0
    for part in rest.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if base and base[-1] != UNKNOWN:
                base.pop()
            elif not absolute:
                ups += 1
            continue
        base.append(part)
    if ups >= 5 and base[:1] == [UNKNOWN] and not absolute:
        base = base[1:]
        absolute = True
    path = "/".join(base)
    return "/" + path if absolute else path


def candidates(value: str) -> list[str]:
    """The value with its possibly empty parts there and not there."""
    value = unmarked(value)
    if MAYBE not in value:
        return [value]
    return [value.replace(MAYBE, ""), value.replace(MAYBE, UNKNOWN)]


def _everything(part: str) -> bool:
    """Whether a glob component takes all entries of a directory (``*``, ``.*``, ``?*``, ``[!.]*``)."""
    if STAR not in part and OPEN not in part:
        return False
    return all(matches(part, n) for n in _COMPONENT_ALL) or all(matches(part, n) for n in _DOT_ALL)


@lru_cache(maxsize=64)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(p for p in path.split("/") if p)


_BY_LENGTH: dict[int, list[str]] = {}
for _directory in SYSTEM_DIRECTORIES:
    _BY_LENGTH.setdefault(len(_parts(_directory)), []).append(_directory)


def _same(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if len(pattern) != len(path):
        return False
    for have, want in zip(pattern, path, strict=True):
        if have == want:
            continue
        if UNKNOWN in have and not has_glob(have):
            return False
        if not has_glob(have) or not matches(have, want) or (have == STAR and want.startswith(".")):
            return False
    return True


def _hits(path: str, known: tuple[str, ...] | list[str]) -> str | None:
    if not path.startswith("/"):
        return None
    parts = tuple(p for p in path.split("/") if p)
    for candidate in known:
        if _same(parts, _parts(candidate)):
            return candidate
    return None


def whole_directory(value: str, cwd: str = UNKNOWN) -> str | None:
    """The system directory or home that this value names as a whole (or all contents of), else None."""
    for candidate in candidates(value):
        found = _whole(normal(candidate, cwd))
        if found:
            return found
    return None


def _whole(path: str) -> str | None:
    if not path.startswith("/"):
        return None
    parts = tuple(p for p in path.split("/") if p)
    while parts and _everything(parts[-1]):
        parts = parts[:-1]
        if not parts:
            return "/"
        hit = _exact(parts)
        if hit:
            return hit
        if parts and not _everything(parts[-1]):
            return None
    return _exact(parts)


def _exact(parts: tuple[str, ...]) -> str | None:
    if not parts:
        return "/"
    if any(UNKNOWN in p or MAYBE in p for p in parts):
        return "/home/…" if len(parts) == 2 and parts[0] in ("home", "Users") else None
    for directory in _BY_LENGTH.get(len(parts), ()):
        if _same(parts, _parts(directory)):
            return directory
    path = "/" + "/".join(parts)
    return path if _ANY_HOME.fullmatch(path) else None


@lru_cache(maxsize=1024)
def deletion(value: str, cwd: str = UNKNOWN) -> tuple[str, str] | None:
    """Rule and words when deleting (moving away, emptying) this would be a catastrophe for the host."""
    whole = whole_directory(value, cwd)
    if whole:
        if whole == "/":
            return "delete.root", "would delete the whole file system"
        if whole in ("/home", "/root", "/Users") or _ANY_HOME.fullmatch(whole):
            return "delete.home", f"would delete a home as a whole ({shown(value)})"
        if whole.startswith("/var/log"):
            return "audit.logs", f"would wipe the system's logs ({whole})"
        return "delete.system", f"would delete the system directory {whole}"
    return overwriting(value, cwd, deleting=True)


@lru_cache(maxsize=1024)
def overwriting(value: str, cwd: str = UNKNOWN, *, deleting: bool = False) -> tuple[str, str] | None:
    """Rule and words when writing to this path would be a catastrophe: accounts, loader, profile, disks, logs."""
    for candidate in candidates(value):
        path = normal(candidate, cwd)
        if not path.startswith("/"):
            continue
        found = _overwriting(path, deleting=deleting)
        if found:
            return found
    return None


def _overwriting(path: str, *, deleting: bool) -> tuple[str, str] | None:
    if disk(path):
        return "disk.write", f"would write the disk device {shown(path)}"
    account = _hits(path, ACCOUNT_FILES)
    if account:
        return "account.file", f"would change the account file {account}"
    if path.startswith("/etc/sudoers.d/") and not deleting:
        return "account.sudo", "would give rights through sudoers"
    if path.startswith("/etc/pam.d/"):
        return "account.login", "would change how logins are checked (PAM)"
    loader = _hits(path, LOADER_FILES)
    if loader:
        return "loader.tampered", f"would tamper with the loader ({loader})"
    if path.startswith("/etc/ld.so.conf.d/") and not deleting:
        return "loader.tampered", "would tamper with the loader's search path"
    profile = _hits(path, PROFILE_FILES)
    if profile:
        return "profile.tampered", f"would tamper with a login profile ({profile})"
    if path.startswith("/etc/profile.d/") and not deleting:
        return "profile.tampered", "would tamper with every login's profile"
    if re.fullmatch(
        r"/root/\.ssh/(?:authorized_keys2?|rc)|/etc/ssh/sshd_config|/etc/ssh/authorized_keys.*", plain(path)
    ):
        if path.endswith("sshd_config") and not deleting:
            return None
        return "account.keys", "would tamper with root's keys"
    if _HISTORY.fullmatch(plain(path)) or _hits(path, ("/root/.bash_history", "/root/.zsh_history")):
        return "audit.history", "would wipe a shell's history"
    log = _hits(path, SYSTEM_LOGS)
    if log or (path.startswith("/var/log/") and _log_glob(path)):
        return "audit.logs", f"would wipe system logs ({log or shown(path)})"
    if path.startswith("/var/log/journal/") and deleting:
        return "audit.logs", "would wipe the journal"
    if re.fullmatch(r"/sys/fs/selinux/(?:enforce|disable)|/etc/selinux/config|/etc/sysconfig/selinux", plain(path)):
        return "security.selinux", "would switch SELinux's rules"
    system = _hits(path, SYSTEM_FILES)
    if system:
        return "system.file", f"would change the system file {system}"
    if deleting and re.match(r"/boot/(?:vmlinuz|initrd|initramfs|grub|efi)", plain(path), re.IGNORECASE):
        return "delete.system", "would delete what the machine boots from"
    return None


def _log_glob(path: str) -> bool:
    last = path.rsplit("/", 1)[-1]
    return path.count("/") == 3 and has_glob(last) and any(matches(last, n) for n in ("auth.log", "syslog", "messages"))


def disk(path: str) -> bool:
    """Whether this is a disk's device file."""
    if not path.startswith("/dev/"):
        return False
    if has_glob(path):
        return _hits(path, _DISK_NAMES) is not None
    text = plain(path)
    if _HARMLESS_DEVICE.fullmatch(text):
        return False
    if UNKNOWN in text or MAYBE in text:
        return (
            re.match(r"/dev/(?:[\ue000\ue001]|sd|vd|xvd|nvme|hd|mapper/|disk/|dm-|mmcblk|md|r?disk)", text) is not None
        )
    return _DISK.fullmatch(text) is not None


def harmless_device(path: str) -> bool:
    """``/dev/null`` and the like: writing there changes nothing."""
    return _HARMLESS_DEVICE.fullmatch(path) is not None


@lru_cache(maxsize=1024)
def credential(value: str, cwd: str = UNKNOWN) -> str | None:
    """``secret`` for a file that holds credentials, ``private`` for one that is not to be sent away, else None."""
    path = normal(value, cwd)
    text = shown(path)
    if _CREDENTIAL.search(text) and not _NO_CREDENTIAL.search(text):
        return "secret"
    if has_glob(path) and _glob_hits_credential(path):
        return "secret"
    if _PRIVATE.search(text) or (has_glob(path) and _hits(path, ("/etc/passwd",))):
        return "private"
    return None


_CREDENTIAL_SAMPLES = (
    "/etc/shadow",
    "/root/.ssh/id_rsa",
    "/root/.aws/credentials",
    "/etc/gshadow",
    "/root/.kube/config",
)


def _glob_hits_credential(path: str) -> bool:
    return _hits(path, _CREDENTIAL_SAMPLES) is not None


def home_shown(path: str) -> str:
    """A normalised path for people and for ``writes``: home as ``~``."""
    return shown(path.replace(HOME, "~"))


__all__ = [
    "ANY",
    "credential",
    "deletion",
    "disk",
    "harmless_device",
    "home_shown",
    "normal",
    "overwriting",
    "whole_directory",
]
