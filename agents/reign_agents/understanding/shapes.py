"""Values that their own shape speaks for: URLs, numbers with #, pairs, paths, slashed and tagged words."""

from __future__ import annotations

import re

from .found import Context, put, put_image, word_before
from .lexicon import lexicon
from .patterns import Lazy
from .roles import AFTER, MAKES_IMAGE
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

REGION = Lazy(
    r"(?:us|eu|ap|sa|ca|me|af|il|asia|europe|northamerica|southamerica|australia)-(?:[a-z]+-?\d?|[a-z]+)-?\d[a-z]?|(?:west|north|south|east|central)(?:us|europe|uk)\d?",
    re.IGNORECASE,
)
_SHA = Lazy(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}")
_BRANCH = Lazy(
    r"(?:feature|feat|fix|bugfix|hotfix|release|chore|docs|refactor|origin|renovate|dependabot|topic|wip)/[\w./-]+"
)
_KINDS = Lazy(
    r"(?:po|pods?|deploy(?:ments?)?|svc|services?|sts|statefulsets?|ds|daemonsets?|cm|configmaps?|secrets?|jobs?|cronjobs?|ingress(?:es)?|pvc|hpa|nodes?|rs|ns|namespaces?)/([\w.-]+)",
    re.IGNORECASE,
)
_USER_HOST = Lazy(r"([a-z_][\w-]*)@([\w.-]+)(?::(.+))?", re.IGNORECASE)
_UNIT = Lazy(r"\w\.(?:service|timer|socket)$")
FOLDERS = frozenset(
    [
        "charts",
        "infra",
        "terraform",
        "modules",
        "deploy",
        "k8s",
        "manifests",
        "src",
        "envs",
        "environments",
        "scripts",
        "config",
        "stacks",
        "live",
        "ansible",
        "helm",
        "home",
        "etc",
        "var",
        "opt",
        "tmp",
        "usr",
        "docs",
        "build",
        "docker",
        "ops",
        "services",
        "apps",
        "kubernetes",
        "overlays",
        "base",
        ".github",
        "tf",
        "iac",
        "deployments",
        "terragrunt",
    ]
)
"""What folders of a repository are usually called."""
_FILES = frozenset(
    """
    dockerfile jenkinsfile makefile containerfile codeowners hosts fstab passwd shadow group sudoers crontab
    hostname motd issue exports authorized_keys known_hosts sshd_config ssh_config id_rsa id_ed25519 syslog
    messages environment profile bashrc services aliases shells timezone localtime machine-id hosts.allow
    hosts.deny dmesg wtmp btmp kubeconfig gemfile procfile vagrantfile caddyfile brewfile
    """.split()  # noqa: SIM905 - a long list of words
)
_SINGLE = Lazy(r"^/etc/(?:[\w.-]+\.d|default|cron\.\w+)/[\w.-]+$")
_BUILT = Lazy(r"(?:^|/)(?:docker|jenkins|make|container)file[\w.-]*$", re.IGNORECASE)
_SPACED = Lazy(r"(?:(?:~|\.{1,2})?/|[A-Za-z]:\\)[^\n]* [^\n]*[/\\][^\n]*$")
_EPOCH = Lazy(r"\d:\d[\w.+~-]*")
_AT_REF = Lazy(r"([\w.-]+/[\w.-]+)@([\w./-]+)")
_TOPIC = Lazy(r"(?:spike|exp|experiments?|perf|tmp|poc|bug|ci)/[\w./-]+")
_NUMBERED = Lazy(r"([\w.-]+/[\w.-]+)#(\d{1,9})")
_EXTENSION = Lazy(r"\.[A-Za-z0-9]{1,8}$")


def typed(tokens: list[Token], found: Found, context: Context) -> None:
    for i, token in enumerate(tokens):
        if token.used:
            continue
        kind, value = token.kind, token.value
        before = word_before(tokens, i)
        if kind == "quoted" and _SPACED.match(value):
            put(found, "file" if _EXTENSION.search(value) else "path", value)
            token.used = True
        elif kind == "url":
            _url(token, found, context)
        elif kind == "hash":
            put(found, _hash_key(tokens, i, context), value)
            token.used = True
        elif kind == "pair":
            _pair(tokens, i, found, context)
        elif kind == "ports":
            put(found, "ports", value)
            token.used = True
        elif kind == "ip" and value.startswith(("0.0.0.0:", "127.0.0.1:")):
            put(found, "ports", value.rpartition(":")[2])
            token.used = True
        elif kind == "ip":
            put(found, "subnet" if "/" in value else "host", value)
            token.used = True
        elif kind == "path":
            _path(token, found, context, before)
        elif kind == "file" and _UNIT.search(value) and context.domains == {"bash"}:
            put(found, "name", value)
            put(found, "file", value)
            token.used = True
        elif kind == "file" and str(found.get("file", "")).endswith("/" + value):
            token.used = True
        elif kind == "file":
            if "file" in found and found["file"] != value:
                found.setdefault("path", value)
            put(found, "file", value)
            if (
                value.endswith((".yml", ".yaml"))
                and context.domains & {"github", "cicd"}
                and (
                    "cicd" in context.domains
                    or context.verb in {"trigger", "rerun", "disable", "enable", "run", "validate"}
                    or context.speaks_of("workflow", "workflows", "github actions", "run", "dispatch", "ci", "actions")
                )
            ):
                put(found, "workflow", value)
            token.used = True
        elif kind == "image":
            if _USER_HOST.fullmatch(value) and "/" in value and "@sha256" not in value:
                _user_host(token, found)
            elif context.domains == {"helm"} and "oci" in value:
                put(found, "chart", value)
            else:
                put_image(found, value)
            token.used = True
        elif kind == "slashed" and _USER_HOST.fullmatch(value):
            _user_host(token, found)
        elif kind == "slashed":
            _slashed(tokens, i, found, context)
        elif kind == "tagged":
            _tagged(tokens, i, found, context)
        elif kind == "name" and "@" in value[1:] and (_USER_HOST.fullmatch(value)):
            _user_host(token, found)
        elif kind == "name" and _SHA.fullmatch(value.lower()):
            put(found, "commit" if not context.domains & {"docker"} or before in {"commit", "sha"} else "id", value)
            if before not in {"commit", "sha", "revision", "id"} and context.domains & {"docker"}:
                found.setdefault("name", value)
            token.used = True
        elif kind == "name" and REGION.fullmatch(value):
            put(found, "region", value)
            token.used = True
        elif token.low in lexicon().providers and kind in {"word", "name"}:
            found.setdefault("provider", lexicon().providers[token.low])
            token.used = True


def _url(token: Token, found: Found, context: Context) -> None:
    value = token.value.rstrip("/.,") if token.value.endswith((",", ".")) else token.value
    token.used = True
    if value.startswith("oci://"):
        put(found, "chart", value)
        return
    if hosted := re.match(
        r"(?:https?://|git@|ssh://git@)(?:www\.)?(?:github|gitlab)\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/(pull|issues|actions/runs)/(\d+))?(?:/.*)?$",
        value,
    ):
        put(found, "repo", f"{hosted[1]}/{hosted[2]}")
        if hosted[3]:
            put(found, {"pull": "pr", "issues": "issue"}.get(hosted[3], "run"), hosted[4])
    put(found, "url", value)
    if value.startswith(("s3://", "gs://")):
        found.setdefault("path", value)


def _hash_key(tokens: list[Token], i: int, context: Context) -> str:
    for j in range(i - 1, max(-1, i - 6), -1):
        key = AFTER.get(tokens[j].low)
        if key in {"pr", "issue", "run", "build", "revision"}:
            return key
        if (noun := tokens[j].noun) is not None and noun.name in {"pipeline", "jenkins_job", "job"}:
            return "build"
    for j in range(i + 1, min(len(tokens), i + 4)):
        key = AFTER.get(tokens[j].low)
        if key in {"pr", "issue", "run", "build"}:
            return key
    if context.speaks_of("issue", "issues", "bug", "ticket"):
        return "issue"
    if context.speaks_of("jenkins", "build", "pipeline"):
        return "build"
    return "pr"


_LABELLED = frozenset({"label", "labels", "labl", "labelled", "labeled"})


def _labelled(tokens: list[Token], i: int) -> bool:
    """Whether the pair at ``i`` is said to be a label behind it: "disk=ssd on node a as a label"."""
    for token in tokens[i + 1 : i + 9]:
        if token.kind == "pair" or token.text in {",", ";"}:
            return False
        if token.low in _LABELLED:
            return True
    return False


def _pair(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    name, _, value = token.value.partition("=")
    token.used = True
    before = {t.low for t in tokens[max(0, i - 8) : i]}
    if context.domains & {"kubernetes", "docker"} and _labelled(tokens, i):
        put(found, "label", token.value)
        return
    if name in {"min", "max"} and value.isdigit():
        found.setdefault(name, int(value))
    elif name in {"replicas", "replicaCount"} and value.isdigit() and "helm" not in context.domains:
        found.setdefault("replicas", int(value))
    elif name.lower() in {
        "image",
        "name",
        "namespace",
        "memory",
        "cpu",
        "version",
        "branch",
        "region",
        "port",
        "host",
        "user",
    } and not before & {"env", "variable", "variables", "values", "params", "parameters", "label", "secret"}:
        put(found, "ports" if name.lower() == "port" else name.lower(), value)
    if before & {
        "label",
        "labels",
        "selector",
        "labelled",
        "labeled",
        "annotate",
        "annotation",
        "taint",
        "relabel",
        "tag",
        "--label",
        "-l",
    } and not before & {"env"}:
        put(found, "label", token.value)
    elif before & {"params", "param", "parameter", "parameters", "input", "inputs"} or (
        "cicd" in context.domains and not before & {"env", "variable", "variables", "secret"}
    ):
        put(found, "params", token.value)
    elif before & {
        "env",
        "envs",
        "environment variable",
        "env var",
        "environment variables",
        "env vars",
        "variable",
        "variables",
    }:
        put(found, "params" if "cicd" in context.domains else "env", token.value)
        if context.speaks_of("secret", "configmap", "config map"):
            put(found, "data", token.value)
    elif "helm" not in context.domains and context.speaks_of(
        "secret", "secrets", "configmap", "configmaps", "config map", "cm"
    ):
        put(found, "data", token.value)
    elif "helm" in context.domains or (
        before & {"values", "value", "set", "--set", "override", "overrides"}
        and not context.domains & {"docker", "bash"}
    ):
        for part in token.value.split(","):
            put(found, "values", part)
        if "helm" not in context.domains:
            put(found, "env", token.value)
    elif name.lower() in {"app", "tier", "component", "k8s-app", "role"} or name.startswith("app.kubernetes.io"):
        put(found, "label", token.value)
    else:
        put(found, "env", token.value)


def _path(token: Token, found: Found, context: Context, before: str) -> None:
    value = token.value
    token.used = True
    if value in {".", ".."} and before not in {
        "in",
        "from",
        "of",
        "directory",
        "folder",
        "dir",
        "build",
        "install",
        "chart",
    }:
        token.used = False
        return
    base = value.rstrip("/").rsplit("/", 1)[-1]
    if _EXTENSION.search(base) and not value.endswith("/") and not base.startswith("..") and base != ".":
        put(found, "file", value)
        found.setdefault("path", value)
        return
    if "helm" in context.domains and context.verb in {"install", "deploy", "update", "show", "preview", "check"} | {
        None
    }:
        put(found, "chart", value)
    put(found, "path", value)
    if base.lower() in _FILES or base.startswith(".") or before == "file" or _SINGLE.search(value):
        put(found, "file", value)


def _user_host(token: Token, found: Found) -> None:
    match = _USER_HOST.fullmatch(token.value)
    if match and match[2].lower() in lexicon().environments:
        put(found, "name", match[1])
        put(found, "namespace", match[2])
        token.used = True
    elif match:
        put(found, "user", match[1])
        put(found, "host", match[2])
        if match[3]:
            put(found, "path", match[3])
        token.used = True


def _slashed(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    value = token.value.rstrip(".")
    if context.domains & {"github", "cicd"} and (pinned := _AT_REF.fullmatch(value)):
        put(found, "repo", pinned[1])
        put(found, "branch", pinned[2])
        token.used = True
        return
    if context.domains & {"github", "cicd"} and (numbered := _NUMBERED.fullmatch(value)):
        put(found, "repo", numbered[1])
        put(found, _hash_key(tokens, i, context), numbered[2])
        token.used = True
        return
    if context.domains & {"github", "cicd"}:
        value = value.removesuffix("'s").removesuffix("’s")
    before = word_before(tokens, i)
    follow = tokens[i + 1].low if i + 1 < len(tokens) else ""
    token.used = True
    if _BUILT.search(value):
        if value.endswith(str(found.get("file", ""))):
            found["file"] = value
        put(found, "file", value)
        return
    if (kind := _KINDS.fullmatch(value)) and not re.search(r"\.(?:ya?ml|json|tf|sh|py)$", value):
        if "name" in found:
            found.setdefault("names", [found["name"]]).append(kind[1])
        else:
            found["name"] = kind[1]
        if value.lower().startswith(("ns/", "namespace")):
            put(found, "namespace", kind[1])
        return
    topic = "github" in context.domains and _TOPIC.fullmatch(value) and not _EXTENSION.search(value)
    if _BRANCH.fullmatch(value) or topic or before in {"branch", "checkout"} or follow == "branch":
        key = "base" if before in {"from", "off", "into", "against", "base"} and "branch" in found else "branch"
        put(found, key, value)
        return
    if value.startswith("refs/") or before == "ref":
        put(found, "branch", value.removeprefix("refs/heads/"))
        return
    if re.search(r"\.\w{1,5}/", value) or re.match(r"(?:[\w-]+\.[\w.-]+(?::\d+)?|localhost(?::\d+)?)/", value):
        if "github.com/" in value:
            put(found, "repo", "/".join(value.split("github.com/")[1].split("/")[:2]))
        elif (context.domains & {"bash"} and not context.domains & {"docker", "kubernetes"}) or value.startswith("www"):
            put(found, "url", value)
        else:
            put_image(found, value)
        return
    parts = value.split("/")
    if (
        value.endswith("/")
        or before in {"folder", "directory", "dir", "path"}
        or follow in {"folder", "directory", "dir"}
        or len(parts) > 2
        or _EXTENSION.search(value)
        or parts[0] in FOLDERS
    ):
        if _EXTENSION.search(value) and not value.endswith("/"):
            put(found, "file", value)
            if ".github/workflows" in value:
                put(found, "workflow", value.rsplit("/", 1)[-1])
        elif (
            "helm" in context.domains
            and parts[0] in {"charts", "helm"}
            and context.verb not in {"create", "build", "validate"}
        ):
            put(found, "chart", value)
            put(found, "path", value)
        else:
            put(found, "path", value)
            if "helm" in context.domains:
                put(found, "chart", value)
        return
    if before in {"repo", "repository"} or follow in {"repo", "repository", "repo's"}:
        put(found, "repo", value)
    elif "helm" in context.domains and "chart" not in found and len(parts) == 2:
        put(found, "chart", value)
    elif context.domains & {"github", "cicd"} and before != "image":
        put(found, "repo", value)
        if before in {"base", "from", "into"}:
            put(found, "base", value)
    elif context.verb == "clone" or context.verb == "fork":
        put(found, "repo", value)
    elif context.domains & {"docker", "kubernetes"} or context.verb in MAKES_IMAGE:
        if "terraform" in context.domains:
            put(found, "path", value)
        else:
            tag = tokens[i + 1] if i + 1 < len(tokens) else None
            if tag is not None and tag.kind == "version":
                value = f"{value}:{tag.text}"
                tag.used = True
            put_image(found, value)
    elif context.domains & {"terraform", "bash", "validation"}:
        put(found, "path", value)
    else:
        put(found, "repo", value)


def _tagged(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    left, _, right = token.value.rpartition(":")
    before = word_before(tokens, i)
    token.used = True
    if _EPOCH.fullmatch(token.value) and before in {"version", "to", "at"}:
        put(found, "version", token.value)
        return
    if re.fullmatch(r"https?|localhost", left) or (re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", left) and right.isdigit()):
        put(found, "host", token.value if left == "localhost" else left)
        put(found, "ports", right)
        found.setdefault("url", token.value)
        return
    if context.verb == "chmod" or before in {"owner", "ownership", "chown"}:
        put(found, "user", left)
        return
    if (
        right.isdigit()
        and int(right) >= 80
        and left not in lexicon().images
        and (
            before in {"port", "ports", "forward", "expose", "route", "to", "port-forward", "publish"}
            or context.speaks_of("port", "ports", "ingress", "port-forward", "forward")
        )
    ):
        put(found, "ports", token.value)
        found.setdefault("service", left)
        return
    if context.speaks_of("volume", "mount", "bind") and right.startswith("/"):
        put(found, "volume", left)
        put(found, "path", right)
        return
    put_image(found, token.value)
