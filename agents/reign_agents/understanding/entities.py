"""Entities of a wish: every value the text states, under the key that its place in the sentence gives it."""

from __future__ import annotations

import re
from typing import Any

from .amounts import autoscaled, bounds, number, range_to, replicas, schedule, sizes
from .lexicon import lexicon
from .roles import AFTER, BEFORE, FLAGS, MAKES_IMAGE, MAPS, NAMED_KINDS, NUMBERS, OWN_KEY
from .tokens import Token

Found = dict[str, Any]

_FILLERS = frozenset(
    {
        "the",
        "a",
        "an",
        "my",
        "our",
        "your",
        "named",
        "called",
        "=",
        ":",
        "is",
        "new",
        "of",
        "existing",
        "old",
        "this",
        "number",
        "no",
        "on",
        "#",
        "for",
        "it",
        "own",
        "branch",
        "some",
        "another",
    }
)
_NAMING = frozenset({"named", "called", "dubbed", "call", "name", "names", "name it", "calling", "naming", "aliased"})
_LIST_GLUE = frozenset({"and", "&", "or", "plus", "as", "well"})
_REGION = re.compile(
    r"(?:us|eu|ap|sa|ca|me|af|il|asia|europe|northamerica|southamerica|australia)-(?:[a-z]+-?\d?|[a-z]+)-?\d[a-z]?|(?:west|north|south|east|central)(?:us|europe|uk)\d?",
    re.IGNORECASE,
)
_SHA = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}")
_REGISTRY = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost:\d+")
_BRANCH = re.compile(
    r"(?:feature|feat|fix|bugfix|hotfix|release|chore|docs|refactor|origin|renovate|dependabot|topic|wip)/[\w./-]+"
)
_KINDS = re.compile(
    r"(?:po|pods?|deploy(?:ments?)?|svc|services?|sts|statefulsets?|ds|daemonsets?|cm|configmaps?|secrets?|jobs?|cronjobs?|ingress(?:es)?|pvc|hpa|nodes?|rs|ns|namespaces?)/([\w.-]+)",
    re.IGNORECASE,
)
_USER_HOST = re.compile(r"([a-z_][\w-]*)@([\w.-]+)(?::(.+))?", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_NEVER = frozenset("in on to from at into for of with by is are was were has have had and or but not that this it its the a an which who as so if then too also please now again here there where when back down up out off over all any some each every only itself called named using via without except older newer bigger than keeps keep can could will would should does do did needs want stuck failing running level levels per between across before after".split())
_KINDLESS = frozenset(
    {
        "in",
        "on",
        "to",
        "from",
        "at",
        "into",
        "onto",
        "inside",
        "within",
        "for",
        "of",
        "with",
        "about",
        "against",
        "off",
        "behind",
    }
)


class Context:
    """What the whole request says about whose tools do the work."""

    __slots__ = ("domains", "intent", "low", "verb")

    def __init__(self, domains: frozenset[str], low: frozenset[str], verb: str | None, intent: str) -> None:
        self.domains, self.low, self.verb, self.intent = domains, low, verb, intent

    def speaks_of(self, *words: str) -> bool:
        return any(word in self.low for word in words)


def extract(tokens: list[Token], text: str, context: Context) -> Found:
    """All entities of one clause (``text`` is the clause's own)."""
    found: Found = {}
    _flags(tokens, found, context)
    _schedule(tokens, text, found)
    _typed(tokens, found, context)
    scaled = autoscaled(tokens)
    if scaled or context.speaks_of("autoscale", "autoscaler", "autoscaling", "hpa", "horizontalpodautoscaler"):
        bounds(tokens, found)
        range_to(tokens, found)
    elif context.intent in {"scale"}:
        bounds(tokens, found)
    sizes(tokens, context.verb, found)
    if not (scaled and "min" in found):
        replicas(tokens, context.verb, context.intent, found)
    _images(tokens, found, context)
    _cued(tokens, found, context)
    _places(tokens, found, context)
    _names(tokens, found, context)
    _ports(tokens, found, context)
    _left_over(tokens, found, context)
    return found


def _left_over(tokens: list[Token], found: Found, context: Context) -> None:
    """What only its shape speaks for: a version, a host, an environment, a port."""
    lex = lexicon()
    target = found.pop("_target", None)
    if target is not None and "name" not in found:
        found["name"] = target
    for i, token in enumerate(tokens):
        if token.used:
            continue
        before = tokens[i - 1].low if i else ""
        if token.kind == "version" and "version" not in found:
            found["version"] = token.text
        elif token.low in lex.environments and token.kind in {"name", "word"} and "namespace" not in found and (i + 1 == len(tokens) or tokens[i + 1].kind == "punct" or tokens[i + 1].low in {"please", "pls", "now", "and", "asap", "plz"} or before in {"in", "on", "to", "for", "from", "into", "of"}):
            if token.low in {"int", "test", "demo", "integration", "perf", "development", "canary"} and before not in {"in", "on", "to", "into", "from"}:
                continue
            found["namespace"] = token.value
        elif token.kind == "number" and "ports" not in found and context.domains & {"docker", "bash"} and 2 <= len(token.text) <= 5 and before in {"on", "tcp", "udp", "at", ","} and int(token.text) < 65536 and (before in {"tcp", "udp"} or context.verb in {"create", "run", "add", "open", "allow", "deploy", None, "start"}):
            found["ports"] = [token.text]
    if context.intent == "scale" and not found.keys() & {"replicas", "min", "max", "memory", "storage", "cpu"}:
        left = [n for i, t in enumerate(tokens) if not t.used and t.kind == "number" and (n := number(t)) is not None and not (i and tokens[i - 1].low == "by") and not (i + 1 < len(tokens) and tokens[i + 1].low == "more")]
        if len(left) == 1:
            found["replicas"] = left[0]
    if "host" not in found and context.domains == {"bash"} | (context.domains & {"validation"}):
        for token in tokens:
            if token.kind == "name" and re.fullmatch(r"[a-z][a-z-]*-?\d{1,3}[a-z]?(?:\.[\w.-]+)?", token.low) and not token.low.startswith(("python", "ubuntu", "node1", "node2", "ipv")):
                found["host"] = token.value
                break


def _put(found: Found, key: str, value: str) -> None:
    """Store ``value`` in the shape that its key has."""
    value = value.strip()
    if not value:
        return
    if key in NUMBERS:
        digits = value.lstrip("#v")
        if digits.isdigit() and len(digits) <= 15:
            found.setdefault(key, int(digits))
        return
    if key == "ports":
        held = found.setdefault("ports", [])
        if value not in held:
            held.append(value)
        return
    if key in MAPS:
        name, equals, content = value.partition("=")
        if equals:
            found.setdefault(key, {})[name] = content.strip("\"'")
        return
    found.setdefault(key, value)


def _flags(tokens: list[Token], found: Found, context: Context) -> None:
    for i, token in enumerate(tokens):
        if token.kind != "flag":
            continue
        if token.text == "-H" and context.domains & {"github"}:
            tokens[min(i + 1, len(tokens) - 1)].used = True
            _put(found, "branch", tokens[min(i + 1, len(tokens) - 1)].value)
            token.used = True
            continue
        key = FLAGS.get(token.text) or FLAGS.get(token.text.lower() if token.text.startswith("--") else "")
        token.used = True
        if key is None:
            continue
        j = i + 1
        if j < len(tokens) and tokens[j].text == "=":
            j += 1
        if j >= len(tokens) or tokens[j].kind in {"flag", "punct"}:
            continue
        value = tokens[j]
        if key == "namespace" and (value.kind == "number" or context.speaks_of("tail", "head")):
            continue
        if token.text == "-m" and value.kind == "quoted":
            key = "title"
        if token.text == "-v" and not re.search(r"[:/]", value.text):
            continue
        if token.text == "-f" and context.speaks_of("logs", "log", "tail", "rm"):
            continue
        if token.text == "-t" and value.kind in {"number", "word"}:
            continue
        if token.text == "-l" and value.kind not in {"pair", "quoted"}:
            continue
        if key == "memory" and value.kind not in {"amount", "milli", "number"}:
            continue
        if token.text == "-u" and context.domains & {"docker"} and value.kind == "number":
            continue
        if (
            token.text in {"-p", "--port"}
            and value.kind not in {"ports", "number", "tagged", "ip"}
            and not value.text[:1].isdigit()
        ):
            continue
        if key == "env" and value.kind not in {"pair", "quoted"}:
            continue
        if key == "volume" and value.kind == "quoted":
            _put(found, "volume", value.value)
        elif key == "image" and "image" in found:
            continue
        elif key == "values" and value.kind == "pair":
            for part in value.value.split(","):
                _put(found, "values", part)
        else:
            _put(found, key, value.value)
        if key == "volume" and re.match(r"^\w[\w.-]*:", value.value):
            found["volume"] = value.value.split(":")[0] if not value.value.startswith("/") else value.value
            found.setdefault("path", value.value.split(":")[1])
        value.used = True


def _schedule(tokens: list[Token], text: str, found: Found) -> None:
    said = schedule(text)
    if said is None:
        return
    found.setdefault("schedule", said)
    offset = tokens[0].start if tokens else 0
    first = text.find(said) + offset
    for token in tokens:
        if first <= token.start < first + len(said):
            token.used = True


def _typed(tokens: list[Token], found: Found, context: Context) -> None:
    for i, token in enumerate(tokens):
        if token.used:
            continue
        kind, value = token.kind, token.value
        before = _previous(tokens, i)
        if kind == "url":
            _url(token, found, context)
        elif kind == "hash":
            _put(found, _hash_key(tokens, i, context), value)
            token.used = True
        elif kind == "pair":
            _pair(tokens, i, found, context)
        elif kind == "ports":
            _put(found, "ports", value)
            token.used = True
        elif kind == "ip":
            _put(found, "subnet" if "/" in value else "host", value)
            token.used = True
        elif kind == "path":
            _path(token, found, context, before)
        elif kind == "file":
            if "file" in found and found["file"] != value:
                found.setdefault("path", value)
            _put(found, "file", value)
            if value.endswith((".yml", ".yaml")) and context.domains & {"github", "cicd"} and (context.verb in {"trigger", "rerun", "disable", "enable", "run", "validate"} or context.speaks_of("workflow", "workflows", "github actions", "run", "dispatch", "ci", "actions")):
                _put(found, "workflow", value)
            token.used = True
        elif kind == "image":
            if _USER_HOST.fullmatch(value) and "/" in value and "@sha256" not in value:
                _user_host(token, found)
            elif context.domains == {"helm"} and "oci" in value:
                _put(found, "chart", value)
            else:
                _image(found, value)
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
            _put(found, "commit" if not context.domains & {"docker"} or before in {"commit", "sha"} else "id", value)
            if before not in {"commit", "sha", "revision", "id"} and context.domains & {"docker"}:
                found.setdefault("name", value)
            token.used = True
        elif kind == "name" and _REGION.fullmatch(value):
            _put(found, "region", value)
            token.used = True
        elif token.low in lexicon().providers and kind in {"word", "name"}:
            found.setdefault("provider", lexicon().providers[token.low])
            token.used = True


def _previous(tokens: list[Token], i: int) -> str:
    """The nearest word before ``i`` that says something."""
    for j in range(i - 1, max(-1, i - 4), -1):
        if tokens[j].low not in _FILLERS:
            return tokens[j].low
    return ""


def _url(token: Token, found: Found, context: Context) -> None:
    value = token.value.rstrip("/.,") if token.value.endswith((",", ".")) else token.value
    token.used = True
    if value.startswith("oci://"):
        _put(found, "chart", value)
        return
    if hosted := re.match(
        r"(?:https?://|git@|ssh://git@)(?:www\.)?(?:github|gitlab)\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/(pull|issues|actions/runs)/(\d+))?(?:/.*)?$",
        value,
    ):
        _put(found, "repo", f"{hosted[1]}/{hosted[2]}")
        if hosted[3]:
            _put(found, {"pull": "pr", "issues": "issue"}.get(hosted[3], "run"), hosted[4])
    _put(found, "url", value)
    if value.startswith(("s3://", "gs://")):
        found.setdefault("path", value)


def _hash_key(tokens: list[Token], i: int, context: Context) -> str:
    for j in range(i - 1, max(-1, i - 6), -1):
        key = AFTER.get(tokens[j].low)
        if key in {"pr", "issue", "run", "build", "revision"}:
            return key
        if tokens[j].noun and tokens[j].noun.name in {"pipeline", "jenkins_job", "job"}:
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


def _pair(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    name, _, value = token.value.partition("=")
    token.used = True
    before = {t.low for t in tokens[max(0, i - 8) : i]}
    if name in {"replicas", "replicaCount"} and value.isdigit() and "helm" not in context.domains:
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
        _put(found, "ports" if name.lower() == "port" else name.lower(), value)
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
        _put(found, "label", token.value)
    elif before & {"params", "param", "parameter", "parameters", "input", "inputs"} or (
        "cicd" in context.domains and not before & {"env", "variable", "variables", "secret"}
    ):
        _put(found, "params", token.value)
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
        _put(found, "env", token.value)
        if context.speaks_of("secret", "configmap", "config map"):
            _put(found, "data", token.value)
    elif context.speaks_of("secret", "secrets", "configmap", "configmaps", "config map", "cm"):
        _put(found, "data", token.value)
    elif (
        "helm" in context.domains
        or before & {"values", "value", "set", "--set", "override", "overrides"}
        and not context.domains & {"docker", "bash"}
    ):
        for part in token.value.split(","):
            _put(found, "values", part)
        if "helm" not in context.domains:
            _put(found, "env", token.value)
    elif name.lower() in {"app", "tier", "component", "k8s-app", "role"} or name.startswith("app.kubernetes.io"):
        _put(found, "label", token.value)
    else:
        _put(found, "env", token.value)


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
        _put(found, "file", value)
        found.setdefault("path", value)
        return
    if "helm" in context.domains and context.verb in {"install", "deploy", "update", "show", "preview", "check"} | {
        None
    }:
        _put(found, "chart", value)
    _put(found, "path", value)
    if base.lower() in {"dockerfile", "jenkinsfile", "makefile"} or base.startswith(".") or before == "file":
        _put(found, "file", value)


def _user_host(token: Token, found: Found) -> None:
    match = _USER_HOST.fullmatch(token.value)
    if match:
        _put(found, "user", match[1])
        _put(found, "host", match[2])
        if match[3]:
            _put(found, "path", match[3])
        token.used = True


def _image(found: Found, value: str) -> None:
    if "image" in found and found["image"] != value:
        held = found.setdefault("images", [found["image"]])
        if value not in held:
            held.append(value)
        return
    found["image"] = value


def _slashed(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    value = token.value.rstrip(".")
    before = _previous(tokens, i)
    follow = tokens[i + 1].low if i + 1 < len(tokens) else ""
    token.used = True
    if (kind := _KINDS.fullmatch(value)) and not re.search(r"\.(?:ya?ml|json|tf|sh|py)$", value):
        if "name" in found:
            found.setdefault("names", [found["name"]]).append(kind[1])
        else:
            found["name"] = kind[1]
        if value.lower().startswith(("ns/", "namespace")):
            _put(found, "namespace", kind[1])
        return
    if _BRANCH.fullmatch(value) or before in {"branch", "checkout"} or follow in {"branch"}:
        key = "base" if before in {"from", "off", "into", "against", "base"} and "branch" in found else "branch"
        _put(found, key, value)
        return
    if value.startswith("refs/") or before in {"ref"}:
        _put(found, "branch", value)
        return
    if re.search(r"\.\w{1,5}/", value) or re.match(r"[\w-]+\.[\w.-]+(?::\d+)?/", value):
        if "github.com/" in value:
            _put(found, "repo", "/".join(value.split("github.com/")[1].split("/")[:2]))
        elif context.domains & {"bash"} and not context.domains & {"docker", "kubernetes"} or value.startswith("www"):
            _put(found, "url", value)
        else:
            _image(found, value)
        return
    parts = value.split("/")
    if (
        value.endswith("/")
        or before in {"folder", "directory", "dir", "path"}
        or follow in {"folder", "directory", "dir"}
        or len(parts) > 2
        or _EXTENSION.search(value)
        or parts[0]
        in {
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
        }
    ):
        if _EXTENSION.search(value) and not value.endswith("/"):
            _put(found, "file", value)
            if ".github/workflows" in value:
                _put(found, "workflow", value.rsplit("/", 1)[-1])
        elif (
            "helm" in context.domains
            and parts[0] in {"charts", "helm"}
            and context.verb not in {"create", "build", "validate"}
        ):
            _put(found, "chart", value)
            _put(found, "path", value)
        else:
            _put(found, "path", value)
            if "helm" in context.domains:
                _put(found, "chart", value)
        return
    if before in {"repo", "repository"} or follow in {"repo", "repository", "repo's"}:
        _put(found, "repo", value)
    elif "helm" in context.domains and "chart" not in found and len(parts) == 2:
        _put(found, "chart", value)
    elif context.domains & {"github", "cicd"} and not before == "image":
        _put(found, "repo", value)
        if before in {"base", "from", "into"}:
            _put(found, "base", value)
    elif context.verb == "clone" or context.verb == "fork":
        _put(found, "repo", value)
    elif context.domains & {"docker", "kubernetes"} or context.verb in MAKES_IMAGE:
        if "terraform" in context.domains:
            _put(found, "path", value)
        else:
            tag = tokens[i + 1] if i + 1 < len(tokens) else None
            if tag is not None and tag.kind == "version":
                value = f"{value}:{tag.text}"
                tag.used = True
            _image(found, value)
    elif context.domains & {"terraform", "bash", "validation"}:
        _put(found, "path", value)
    else:
        _put(found, "repo", value)


def _tagged(tokens: list[Token], i: int, found: Found, context: Context) -> None:
    token = tokens[i]
    left, _, right = token.value.rpartition(":")
    before = _previous(tokens, i)
    token.used = True
    if re.fullmatch(r"https?|localhost", left) or (re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", left) and right.isdigit()):
        _put(found, "host", token.value if left == "localhost" else left)
        _put(found, "ports", right)
        found.setdefault("url", token.value)
        return
    if context.verb in {"chmod"} or before in {"owner", "ownership", "chown"}:
        _put(found, "user", left)
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
        _put(found, "ports", token.value)
        found.setdefault("service", left)
        return
    if context.speaks_of("volume", "mount", "bind") and right.startswith("/"):
        _put(found, "volume", left)
        _put(found, "path", right)
        return
    _image(found, token.value)


def _schedule_word(token: Token) -> bool:
    return token.kind == "quoted"


def _images(tokens: list[Token], found: Found, context: Context) -> None:
    """Well-known programs beside a verb that takes an image, with the tag that stands behind them."""
    lex = lexicon()
    for i, token in enumerate(tokens):
        if token.used or token.low not in lex.images or token.kind not in {"word", "name"}:
            continue
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        second = tokens[i + 2] if i + 2 < len(tokens) else None
        before = tokens[i - 1].low if i else ""
        if token.low == "registry" and before in {"the", "our", "my", "private", "local", "a", "to", "internal", "container", "docker"} and not (before == "a" and context.verb == "run"):
            continue
        tag = None
        if follow is not None and not follow.used:
            if follow.kind in {"version", "number"} and not (
                second
                and (second.noun or singular_counted(second))
                and follow.kind == "number"
                and second.low
                not in {
                    "container",
                    "image",
                    "pod",
                    "database",
                    "db",
                    "server",
                    "instance",
                    "deployment",
                    "in",
                    "on",
                    "app",
                }
            ):
                tag = follow
            elif (
                follow.low in {"version", "tag", "tagged", "v", "image", ":"}
                and second is not None
                and second.kind in {"version", "number", "name"}
            ):
                tag = second
            elif re.fullmatch(
                r"(?:\d[\w.]*-)?(?:alpine|latest|slim|bookworm|bullseye|lts)[\w.-]*|\d+[\w.]*-[\w.-]+", follow.low
            ):
                tag = follow
        if before in _NAMING or before in {"namespace", "release", "--name"} or _owned(tokens, i):
            continue
        helm = "helm" in context.domains
        if (
            context.verb in MAKES_IMAGE
            and not helm
            and not context.domains & {"bash", "github"}
            or tag is not None
            and not helm
            or (follow is not None and follow.noun and follow.noun.name == "image")
            or before in {"image", "images", "from", "of"}
            and context.verb in MAKES_IMAGE
        ):
            if (
                context.verb in {"show", "check", "set", "update", "copy"}
                and tag is None
                and not context.speaks_of("image", "images")
            ):
                continue
            value = token.low if token.text.lower() != token.low else token.text
            if tag is not None:
                value = f"{value}:{tag.text}"
                if context.verb not in {"update", "rollback"} or True:
                    tag.used = True
                found.setdefault("name", token.text) if context.verb in {"update", "rollback", "install"} else None
            if context.verb == "install" and "bash" in context.domains:
                continue
            _image(found, value)
            token.used = tag is not None


def singular_counted(token: Token) -> bool:
    return token.low in {
        "replicas",
        "copies",
        "instances",
        "pods",
        "nodes",
        "workers",
        "containers",
        "tasks",
        "more",
        "extra",
        "gb",
        "gib",
        "gi",
        "mb",
        "mib",
        "mi",
        "cpus",
        "cores",
        "times",
    }


def _owned(tokens: list[Token], i: int) -> bool:
    """Whether a noun with a key of its own owns the token ("namespace redis")."""
    follow = tokens[i + 1].low if i + 1 < len(tokens) else ""
    return (
        i > 0
        and tokens[i - 1].low in {"namespace", "ns", "release", "branch", "network", "volume", "workspace", "chart"}
        or follow in {"namespace", "ns", "release", "branch", "network", "workspace", "chart"}
    )


def _cued(tokens: list[Token], found: Found, context: Context) -> None:
    """Values beside a noun that owns a key: "namespace shop", "the shop namespace"."""
    for i, token in enumerate(tokens):
        if token.used or token.kind not in {"word", "name"}:
            continue
        key = AFTER.get(token.low)
        if key is not None:
            _after(tokens, i, key, found, context)
    for i, token in enumerate(tokens):
        key = BEFORE.get(token.low)
        if key is None or i == 0:
            continue
        value = tokens[i - 1]
        if key in found and key not in {"host"} or value.used:
            continue
        if value.kind == "quoted" or value.nameable or (value.kind in {"file", "slashed", "path"}):
            if key in {"namespace"} and token.low in {"environment", "env"} and value.low not in lexicon().environments:
                continue
            if (
                key == "host"
                and (
                    value.low in lexicon().images
                    or value.low in lexicon().weak_names
                    or not re.search(r"[\d.-]", value.text)
                )
                and value.low not in {"bastion", "jumpbox"}
            ):
                continue
            if key == "image" and value.low in lexicon().environments:
                continue
            if key == "user" and value.low in lexicon().weak_names:
                continue
            if (
                key == "release"
                and "helm" not in context.domains
                and (value.low in lexicon().environments or context.domains & {"github"})
            ):
                continue
            values = _list_before(tokens, i)
            _put(found, key, values[0].value)
            if key == "image" and len(values) > 1:
                found["images"] = [v.value for v in values]
            if len(values) > 1 and key in OWN_KEY:
                found.setdefault("names", [v.value for v in values])
            for v in values:
                v.used = True
            if key in OWN_KEY and _is_target(tokens, tokens.index(values[0])):
                found.setdefault("_target", values[0].value)


def _after(tokens: list[Token], i: int, key: str, found: Found, context: Context) -> None:
    j = i + 1
    while (
        j < len(tokens)
        and (tokens[j].low in _FILLERS or tokens[j].text in {":", "="} or (tokens[j].kind == "flag" and False))
        and j - i < 4
    ):
        j += 1
    if j >= len(tokens):
        return
    value = tokens[j]
    word = tokens[i]
    if key in NUMBERS and value.verb is not None and j + 1 < len(tokens) and tokens[j + 1].kind == "number":
        value = tokens[j := j + 1]
    if value.used:
        return
    if key in NUMBERS:
        n = number(value) if value.kind in {"number"} else None
        if n is not None and not (
            key in {"run", "build"} and word.verb is not None and i == 0 and j + 1 < len(tokens) and tokens[j + 1].noun
        ):
            found.setdefault(key, n)
            value.used = True
        return
    if key == "version":
        if (
            value.kind in {"version", "number"}
            or (value.kind == "name" and re.search(r"\d", value.text))
            or value.low in {"latest", "stable"}
        ):
            if (
                "image" in found
                and ":" not in found["image"].rsplit("/", 1)[-1]
                and context.verb not in {"create", "publish", "rollback"}
                and "helm" not in context.domains
            ):
                found["image"] = f"{found['image']}:{value.text}"
            elif not (context.domains == {"docker"} and word.low == "tag" and False):
                found.setdefault("version", value.value)
            value.used = True
        return
    if key in {"title", "command"}:
        if value.kind == "quoted":
            found.setdefault(key, value.value)
            value.used = True
        return
    if key == "id" and value.kind in {"name", "number"}:
        found.setdefault(key, value.value)
        value.used = True
        return
    if key in {"file", "path"}:
        if (
            value.nameable
            and (j > i + 1 or key == "path" or tokens[i + 1] is value)
            and value.kind != "tagged"
            and not value.low in lexicon().environments
        ):
            found.setdefault(key, value.value)
            value.used = True
        return
    if key == "label" and value.kind in {"name", "quoted", "word"} and word.verb is not None and i == 0:
        return
    if key == "schedule" and value.kind != "quoted":
        return
    if key == "registry" and (value.kind in {"tagged", "slashed"}):
        found["registry"] = value.value
        return
    if not (
        value.nameable
        or value.kind in {"slashed"}
        or (
            value.kind == "word"
            and key in {"branch", "base"}
            and value.low in {"main", "master", "develop", "dev", "trunk"}
        )
        or (key in {"namespace"} and value.low == "default")
    ):
        if key == "user" and value.low in {"deploy", "admin", "backup", "jenkins", "build"}:
            pass
        elif not (key in {"branch", "base"} and value.kind in {"version"}):
            return
    if key == "host" and value.low in lexicon().environments and not re.search(r"\d", value.low):
        return
    if word.low in {"release"} and "github" in context.domains and "helm" not in context.domains:
        found.setdefault("version", value.value)
        found.setdefault("name", value.value)
        value.used = True
        return
    values = _list(tokens, j)
    _put(found, key, value.value)
    if key == "image" and len(values) > 1:
        found["images"] = [v.value for v in values]
    if len(values) > 1 and key in OWN_KEY:
        found.setdefault("names", [v.value for v in values])
    if key in OWN_KEY and _is_target(tokens, i):
        found.setdefault("_target", value.value)
    for v in values:
        v.used = True


def _is_target(tokens: list[Token], i: int) -> bool:
    """Whether the words at ``i`` are what the verb acts on, not the place where."""
    for j in range(i - 1, max(-1, i - 5), -1):
        if tokens[j].low in _KINDLESS or tokens[j].text == ",":
            return False
        if tokens[j].verb is not None:
            return True
    return i <= 2


def _list(tokens: list[Token], i: int) -> list[Token]:
    """The values of equal rank that begin at ``i``: "a, b and c"."""
    values = [tokens[i]]
    i += 1
    while i < len(tokens):
        j = i
        while (
            j < len(tokens)
            and (tokens[j].text in {",", "&"} or tokens[j].low in {"and", "&", "plus", "or"})
            and j - i < 2
        ):
            j += 1
        if (
            j == i
            or j >= len(tokens)
            or not tokens[j].nameable
            or tokens[j].used
            or tokens[j].low in lexicon().environments
        ):
            break
        if (
            j + 1 < len(tokens)
            and tokens[j + 1].noun is not None
            and tokens[j + 1].noun.name in {"namespace", "volume", "network", "branch"}
            and len(values) == 1
        ):
            break
        values.append(tokens[j])
        i = j + 1
    return values


def _list_before(tokens: list[Token], i: int) -> list[Token]:
    """The values of equal rank that end before ``i``."""
    j = i - 1
    values = [tokens[j]]
    while j >= 2:
        glue = tokens[j - 1]
        at = j - 2
        if glue.low == "and" and tokens[at].text == ",":
            at -= 1
        if (
            not (glue.low in {"and", "or"} or glue.text in {",", "&"})
            or at < 0
            or not tokens[at].nameable
            or tokens[at].used
        ):
            break
        values.insert(0, tokens[at])
        j = at
    return values


def _places(tokens: list[Token], found: Found, context: Context) -> None:
    """Where it happens: namespace, branch, base, host, repo behind a preposition."""
    lex = lexicon()
    for i in range(len(tokens) - 1):
        word = tokens[i]
        if word.low not in _KINDLESS or word.kind not in {"word", "name"}:
            if (
                word.low in lex.environments
                and i > 0
                and tokens[i].kind in {"word", "name"}
                and not word.used
                and i == len(tokens) - 2
                and tokens[i + 1].kind == "punct"
            ):
                pass
            continue
        j = i + 1
        while j < len(tokens) - 1 and tokens[j].low in {"the", "our", "my", "a", "your"}:
            j += 1
        value = tokens[j]
        if value.used:
            continue
        follow = tokens[j + 1] if j + 1 < len(tokens) else None
        if value.low in {"main", "master", "develop", "trunk", "mainline"} and (
            follow is None or follow.noun is None or follow.low == "branch"
        ):
            key = (
                "base"
                if (
                    word.low in {"into", "from", "off", "against", "onto"}
                    and (
                        "branch" in found
                        or "pr" in context.low
                        or context.verb in {"merge", "rebase", "create", "open"}
                    )
                )
                or context.verb == "open"
                else "branch"
            )
            found.setdefault(key, value.value)
            if key == "base":
                found.setdefault("branch", value.value) if context.verb not in {
                    "merge",
                    "open",
                    "create",
                    "rebase",
                } else None
            value.used = True
            continue
        if value.low in lex.environments and (
            follow is None
            or follow.noun is None
            or follow.noun.name in {"namespace", "environment", "cluster", "env", "version"}
            or follow.low in {"cluster"}
        ):
            if follow is not None and follow.noun is not None and follow.noun.name in {"workspace", "branch"}:
                continue
            if "terraform" in context.domains and "helm" not in context.domains and context.speaks_of("workspace"):
                found.setdefault("workspace", value.value)
            found.setdefault("namespace", value.value)
            value.used = True
            continue
        if not value.nameable or (
            follow is not None and follow.noun is not None and follow.noun.name not in {"namespace"}
        ):
            continue
        if word.low in {"in", "into", "to", "from", "within", "inside"} and value.low.startswith("kube-"):
            found.setdefault("namespace", value.value)
            value.used = True
        elif (
            word.low in {"in", "into", "within", "inside", "across"}
            and context.domains & {"kubernetes", "helm"}
            and value.low not in lex.images
        ):
            found.setdefault("namespace", value.value)
            value.used = True
        elif (
            word.low in {"on", "to", "into", "from", "at", "onto"}
            and (
                context.domains & {"bash"}
                or re.fullmatch(r"[a-z]+[\w-]*\d+(?:\.[\w.-]+)?|[\w-]+(?:\.[\w-]+){2,}", value.low)
            )
            and not context.domains & {"helm"}
            and (
                re.search(r"\d|\.", value.low)
                or (
                    word.low in {"on", "onto"}
                    and value.kind == "name"
                    and value.low not in lex.images
                    and "kubernetes" not in context.domains
                )
            )
        ):
            found.setdefault("host", value.value)
            value.used = True
        elif (
            word.low in {"into", "onto", "from", "against"}
            and context.domains & {"github"}
            and context.verb in {"merge", "open", "create", "rebase"}
        ):
            found.setdefault("base", value.value)
            value.used = True
        elif word.low in {"on"} and context.domains & {"github", "cicd"} and value.low in {"develop", "next"}:
            found.setdefault("branch", value.value)
            value.used = True
        elif (
            word.low in {"in", "for", "of", "on"}
            and context.domains & {"github"}
            and not context.domains & {"kubernetes"}
        ):
            found.setdefault("repo", value.value)
            value.used = True


def _names(tokens: list[Token], found: Found, context: Context) -> None:
    lex = lexicon()
    key = "release" if "helm" in context.domains else "name"
    for i, token in enumerate(tokens):
        if token.low in _NAMING and token.kind == "word" and i + 1 < len(tokens):
            j = i + 1
            while j < len(tokens) - 1 and (
                tokens[j].low in {"it", "them", "the", "is", "as", "this", "that"} or tokens[j].text in {":", "="}
            ):
                j += 1
            value = tokens[j]
            if value.kind in {"punct", "flag"}:
                continue
            if value.kind in {"name", "quoted", "word", "slashed", "tagged", "version", "file", "milli"} and not (
                value.kind == "word"
                and value.low in {"in", "on", "after", "for", "by", "the", "a", "and", "to", "with", "from"}
            ):
                _name(found, key, [value, *_list(tokens, j)[1:]])
                _own(tokens, i, value, found)
    if context.domains & {"bash"} and not context.domains & {"docker", "kubernetes"} and key == "name" and context.verb in {"install", "uninstall"}:
        _packages(tokens, found, key)
    if context.verb == "useradd" or (context.domains == {"bash"} and context.speaks_of("userdel", "useradd", "adduser")):
        for token, follow in zip(tokens, tokens[1:], strict=False):
            if token.verb is not None and token.verb.name == "useradd" or token.low in {"userdel", "useradd", "adduser"}:
                candidates = [t for t in tokens[tokens.index(follow) :] if t.nameable and not t.used]
                if candidates:
                    _put(found, "user", candidates[0].value)
                    break
    if key in found and key == "name" or "names" in found:
        pass
    else:
        _names_beside_nouns(tokens, found, key, context.intent == "create_infra")
    if key not in found and "names" not in found and "name" not in found:
        _names_beside_verb(tokens, found, context, key)
    if (
        context.intent != "unknown"
        and key not in found
        and "names" not in found
        and not any(k in found for k in ("name", "image", "release", "pr", "issue", "repo"))
    ):
        _any_name(tokens, found, context, key)


def _own(tokens: list[Token], i: int, value: Token, found: Found) -> None:
    """ "a volume named data" names a volume: its own key has it, too."""
    for j in range(i - 1, max(-1, i - 4), -1):
        own = BEFORE.get(tokens[j].low)
        if own in OWN_KEY:
            found.setdefault(own, value.value)
            return


def _name(found: Found, key: str, values: list[Token]) -> None:
    for value in values:
        value.used = True
    if len(values) > 1 and "names" not in found:
        found["names"] = [value.value for value in values]
    if key not in found:
        found[key] = values[0].value
    elif found[key] != values[0].value and "names" not in found and key == "name":
        found["names"] = [found[key], *(value.value for value in values)]


def _names_beside_nouns(tokens: list[Token], found: Found, key: str, created: bool) -> None:
    for i, token in enumerate(tokens):
        if token.noun is None or token.noun.name not in NAMED_KINDS or token.kind != "word":
            continue
        if token.verb is not None and i == 0:
            continue
        if token.noun.name in {"replica", "node", "pod", "worker"} and i and number(tokens[i - 1]) is not None:
            continue
        values: list[Token] = []
        j = i + 1
        if j < len(tokens) and tokens[j].text == ":":
            j += 1
        if j < len(tokens) and _namely(tokens, j) and tokens[j].low not in lexicon().environments:
            values = _list(tokens, j)
        elif (
            i
            and _namely(tokens, i - 1)
            and not (tokens[i - 1].low in lexicon().environments and tokens[i - 1].kind != "quoted")
            and (tokens[i - 1].low not in lexicon().images or i < 2 or tokens[i - 2].low not in {"a", "an"})
        ):
            values = _list_before(tokens, i)
        if values:
            _name(found, key if token.noun.name not in {"volume", "network", "secret"} else "name", values)
            own = BEFORE.get(token.low)
            if own in OWN_KEY:
                found.setdefault(own, values[0].value)


def _namely(tokens: list[Token], i: int) -> bool:
    token = tokens[i]
    return (
        token.nameable
        and not token.used
        and token.kind != "tagged"
        and not token.low.startswith("crashloop")
        and not re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", token.text)
    )


def _packages(tokens: list[Token], found: Found, key: str) -> None:
    """Packages behind "install": tools' own names count, and shell lists them without commas."""
    for i, token in enumerate(tokens):
        if token.verb is None or token.verb.name not in {"install", "uninstall", "delete", "update", "add"} or token.kind != "word":
            continue
        values: list[Token] = []
        for follow in tokens[i + 1 :]:
            if follow.kind in {"name", "quoted", "file"} or (follow.kind == "word" and (follow.tool or follow.low in lexicon().images) and follow.low not in {"linux", "apt", "shell", "ubuntu-box", "snap", "brew", "yum", "dnf", "packages", "kernel", "daemon", "cron job", "crontab", "folder", "directory"}):
                values.append(follow)
            elif follow.kind == "flag" or follow.low in {"and", "&", "the", "latest", "package", "packages", "a", "newest", "both", "plus"} or follow.text == ",":
                continue
            else:
                break
        if values:
            _name(found, key, values)
        return


def _names_beside_verb(tokens: list[Token], found: Found, context: Context, key: str) -> None:
    for i, token in enumerate(tokens):
        if token.verb is None or token.kind != "word":
            continue
        j = i + 1
        while (
            j < len(tokens)
            and tokens[j].low
            in {
                "the",
                "a",
                "my",
                "our",
                "all",
                "just",
                "only",
                "down",
                "up",
                "on",
                "off",
                "out",
                "of",
                "for",
                "to",
                "back",
                "from",
            }
            and j - i < 4
        ):
            if tokens[j].low in {"on", "of", "for", "to", "from"} and context.intent not in {
                "monitor",
                "debug",
                "update",
                "scale",
            }:
                break
            j += 1
        if j < len(tokens) and _namely(tokens, j) and tokens[j].low not in lexicon().environments:
            if not _looks(tokens[j]) and tokens[j].kind != "quoted":
                better = [n for n in range(len(tokens)) if n != j and _namely(tokens, n) and _looks(tokens[n]) and tokens[n].low not in lexicon().environments]
                if better and context.intent not in {"create_infra"}:
                    j = better[0]
            values = _list(tokens, j)
            if "image" in found and found["image"].split(":")[0] == values[0].low and len(values) == 1:
                if token.verb.intent in {"create_infra", "deploy"}:
                    continue
            _name(found, key, values)
            return


def _looks(token: Token) -> bool:
    """Whether a token has the looks of a thing's name: a hyphen, a digit, or a word that services are called by."""
    return bool(re.search(r"[-_\d]", token.text)) or token.low in lexicon().images or token.low in lexicon().weak_names


def _any_name(tokens: list[Token], found: Found, context: Context, key: str) -> None:
    lex = lexicon()
    best: Token | None = None
    for i, token in enumerate(tokens):
        if not _namely(tokens, i) or token.kind == "quoted" or token.low in lex.environments:
            continue
        looks = _looks(token)
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        before = tokens[i - 1].low if i else ""
        subject = follow is not None and follow.low in {
            "is",
            "isn't",
            "isnt",
            "keeps",
            "won't",
            "wont",
            "can't",
            "cant",
            "doesn't",
            "has",
            "from",
            "crashes",
            "fails",
            "to",
            "are",
            "went",
            "returns",
            "throws",
            "keep",
            "not",
            "logs",
            "pods",
            "pod",
            "status",
            "down",
        }
        if looks or subject or before in {"for", "of", "with", "is", "on", "from", "about", "are"}:
            if best is None:
                best = token
            elif looks and subject:
                best = token
                break
    if best is not None:
        _name(found, key, _list(tokens, tokens.index(best)))


def _ports(tokens: list[Token], found: Found, context: Context) -> None:
    """Ports in words: "port 8080", "publish 8080 to 80", "ports 80 and 443", "8080 on the host"."""
    if not any(
        t.low
        in {
            "port",
            "ports",
            "publish",
            "publishing",
            "expose",
            "exposing",
            "exposed",
            "published",
            "listening",
            "listens",
            "map",
            "mapped",
            "mapping",
            "listen",
            "forward",
            "forwarding",
            "port-forward",
            "-p",
            "bind",
            "binding",
            "targetport",
        }
        for t in tokens
    ):
        return
    for i, token in enumerate(tokens):
        if token.low not in {
            "port",
            "ports",
            "publish",
            "publishing",
            "expose",
            "exposing",
            "exposed",
            "published",
            "on",
            "map",
            "mapped",
            "mapping",
            "forward",
            "forwarding",
            "port-forward",
            "as",
            "bind",
            "listening",
            "host port",
            "container port",
        }:
            continue
        j = i + 1
        while (
            j < len(tokens)
            and tokens[j].low
            in {
                "the",
                "host",
                "port",
                "ports",
                "on",
                "container",
                "local",
                "it",
                "its",
                "from",
                "at",
                "them",
                "target",
                "through",
                "external",
                "internal",
                "tcp",
                ":",
                "=",
            }
            and j - i < 5
        ):
            j += 1
        while j < len(tokens) and tokens[j].kind == "number" and not tokens[j].used and 2 <= len(tokens[j].text) <= 5:
            outer = tokens[j]
            k = j + 1
            while (
                k < len(tokens)
                and tokens[k].low
                in {
                    "to",
                    "->",
                    "-",
                    "on",
                    "the",
                    "container",
                    "container's",
                    "port",
                    "inside",
                    "into",
                    "target",
                    ">",
                    "=",
                    "targetport",
                    "in",
                    "service",
                    "of",
                    "host",
                    "internal",
                }
                and k - j < 6
            ):
                k += 1
            if (
                k < len(tokens)
                and k > j + 1
                and tokens[k].kind == "number"
                and not tokens[k].used
                and any(t.low in {"to", "->", ">", "into", "target", "targetport"} for t in tokens[j + 1 : k])
            ):
                _put(found, "ports", f"{outer.text}:{tokens[k].text}")
                outer.used = tokens[k].used = True
                j = k + 1
            else:
                _put(found, "ports", outer.text)
                outer.used = True
                j += 1
            while j < len(tokens) and (tokens[j].text in {",", "/"} or tokens[j].low in {"and", "&"}):
                j += 1
