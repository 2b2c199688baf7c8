"""Containers, images, volumes and networks of a Docker Engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import SMALL_WORDS, Wish
from reign_executors.redaction import is_secret_name

_CONTAINER = frozenset({"container", "service", "app", "database", "website", "sidecar", "instance"})
_MOUNT = re.compile(
    r"(?:volume|mount|folder|directory|bind)\s+(?:named\s+|called\s+)?[`\"']?(?P<source>[\w./~-]+)[`\"']?"
    r"(?:\s+(?:mounted|attached|bound))?\s+(?:at|to|on|into|as|under|in)\s+[`\"']?(?P<inside>/[\w./-]*)[`\"']?",
    re.IGNORECASE,
)
_MOUNT_SHORT = re.compile(
    r"(?<![\w:/])(?P<source>[\w.~-][\w./~-]*|/[\w./-]+):(?P<inside>/[\w./-]+)(?P<mode>:ro|:rw)?(?![\w])"
)
_PUBLISH = re.compile(
    r"(?:publish(?:ing|ed)?|expos(?:e|ing)|map(?:ping)?|forward(?:ing)?|bind(?:ing)?)\s+(?:it\s+)?(?:host\s+)?(?:ports?\s+)?"
    r"(?P<host>\d{1,5})\s+(?:to|->|→|on|onto|into|as)\s+(?:container\s+)?(?:ports?\s+)?(?P<inside>\d{1,5})",
    re.IGNORECASE,
)
_RESTART = re.compile(r"(?<!\w)restart(?:\s+policy)?\s+(always|unless-stopped|on-failure(?::\d+)?)", re.IGNORECASE)
_TAIL = re.compile(r"(?:last|tail)\s+(\d+)", re.IGNORECASE)
_ALL = ("all", "every", "stopped", "exited", "any")


def _container_name(wish: Wish) -> str | None:
    return wish.after("named", "called", r"name", "--name") or wish.word("name")


def _subject(wish: Wish, kind: str) -> str | None:
    """What the wish is about: ``container web`` and ``the web container`` both name ``web``."""
    if kind == "image" and wish.word("image"):
        return wish.word("image")
    behind = re.search(rf"(?<!\w){kind}s?\s+(?:named\s+|called\s+)?[`\"']?([\w][\w./:@-]*)", wish.text, re.IGNORECASE)
    before = re.search(rf"(?:the|my)\s+[`\"']?([\w][\w.-]*)[`\"']?\s+{kind}(?!\w)", wish.text, re.IGNORECASE)
    named = wish.word(kind) or wish.word("name")
    if named:
        return named
    if behind is not None and behind.group(1).lower() not in SMALL_WORDS:
        return behind.group(1).rstrip(".:")
    if before is not None and before.group(1).lower() not in SMALL_WORDS:
        return before.group(1)
    return wish.it.name if wish.it is not None and wish.it.kind == kind else None


def mounts(wish: Wish) -> list[str]:
    """``source:inside`` for every mount the words name, as ``docker run -v`` takes them."""
    found = []
    for match in (*_MOUNT.finditer(wish.text), *_MOUNT_SHORT.finditer(wish.text)):
        text = f"{match['source']}:{match['inside']}"
        suffix = match.groupdict().get("mode") or (":ro" if wish.has("read-only", "read only", "readonly") else "")
        if text + (suffix or "") not in found:
            found.append(text + (suffix or ""))
    named, inside = wish.word("volume"), wish.word("path")
    if not found and named and ":" in named:
        found.append(named)
    elif not found and named and inside and inside.startswith("/"):
        found.append(f"{named}:{inside}")
    return found


def published(wish: Wish) -> list[str]:
    """``host:container`` for every port the words publish."""
    found = [f"{match['host']}:{match['inside']}" for match in _PUBLISH.finditer(wish.text)]
    for port in wish.words("ports"):
        pair = port if ":" in port else f"{port}:{port}"
        if pair.split(":")[0] not in {text.split(":")[0] for text in found}:
            found.append(pair)
    return found


def _named_volumes(mounted: Sequence[str]) -> list[str]:
    sources = [text.split(":")[0] for text in mounted]
    return [source for source in dict.fromkeys(sources) if not source.startswith(("/", ".", "~"))]


async def _run(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    image = wish.word("image") or wish.after("from image", "image", "from")
    if image is None:
        return Question("Which image should the container run?", ("run a container from image nginx:1.27 named web",))
    mounted = mounts(wish)
    ports = published(wish)
    first = outline.add("docker.pull", {"image": image}, f"the image {image} must be here; it is pulled if it is not")
    before = [first]
    existing = await _volume_names(context) if _named_volumes(mounted) else set()
    for volume in _named_volumes(mounted):
        if volume in existing:
            outline.assume(f"volume {volume} exists and is used as it is")
        else:
            before.append(outline.add("docker.create_volume", {"volume": volume}, f"the volume {volume} for its data"))
    name = _container_name(wish)
    if name is None:
        name = re.sub(r"[^\w.-]", "-", image.rsplit("/", 1)[-1].split("@")[0].split(":")[0])
        outline.assume(f"the container is named {name} (say: named …)")
    restart = _RESTART.search(wish.text)
    exists = "replace" if wish.has("replace", "replacing") else "reuse" if wish.has("reuse", "reusing") else None
    command = next(iter(wish.quoted()), None)
    cpu = wish.word("cpu")
    fields: dict[str, JsonValue] = {
        "image": image,
        "container": name,
        "command": command,
        "ports": list(ports),
        "volumes": [_absolute(text, context) for text in mounted],
        "environment": {key: value for key, value in wish.mapping("env").items() if not is_secret_name(key)},
        "secret_environment": {key: value for key, value in wish.mapping("env").items() if is_secret_name(key)},
        "network": wish.word("network"),
        "memory": _amount(wish.word("memory")),
        "cpus": _cores(cpu),
        "restart": restart.group(1).lower() if restart else None,
        "if_exists": exists,
    }
    run = outline.add("docker.run", fields, f"run {image} as {name}", after=before)
    healthy = outline.add(
        "docker.wait_healthy", {"container": name}, f"{name} must be running and healthy", after=[run]
    )
    for port in ports:
        outline.add(
            "network.check_port",
            {"host": "127.0.0.1", "port": int(port.split(":")[0]), "wait": 15},
            f"port {port.split(':')[0]} must answer",
            after=[healthy],
        )
    return None


def _absolute(mounted: str, context: PlanningContext) -> str:
    source, _, rest = mounted.partition(":")
    if source.startswith((".", "~")):
        return f"{(context.settings.cwd / source).expanduser().resolve()}:{rest}"
    return mounted


def _cores(text: str | None) -> float | None:
    match = re.match(r"(\d+(?:\.\d+)?)(m)?\b", text or "")
    if match is not None:
        return float(match.group(1)) / (1000 if match.group(2) else 1)
    return 0.5 if text is not None and text.lower().startswith("half") else None


def _amount(text: str | None) -> str | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt])?i?b?(?:igs?|egs?|ytes)?", (text or "").lower())
    return None if match is None else f"{match.group(1)}{match.group(2) or ''}"


async def _volume_names(context: PlanningContext) -> set[str]:
    listed = await context.look("docker.list_volumes", {})
    rows: Any = listed.get("volumes") or []
    return {str(row["name"]) for row in rows}


async def _containers(context: PlanningContext) -> list[dict[str, Any]]:
    listed = await context.look("docker.list_containers", {"all": True})
    rows: Any = listed.get("containers") or []
    return list(rows)


async def _one_container(wish: Wish, context: PlanningContext, verb: str) -> str | Question:
    """The container the wish means: its exact name, else the only one the name could mean; never a guess."""
    rows = await _containers(context)
    names = [str(row["name"]) for row in rows]
    wanted = _subject(wish, "container")
    shown = tuple(f"{verb} container {name}" for name in names[:5])
    if wanted is None:
        return Question(f"Which container should I {verb}?" + ("" if names else " There is none."), shown)
    if wanted in names:
        return wanted
    near = [name for name in names if wanted.lower() in name.lower()]
    near = near or [str(row["name"]) for row in rows if str(row.get("id", "")).startswith(wanted) and len(wanted) >= 4]
    if len(near) == 1:
        return near[0]
    if near:
        listed = ", ".join(near)
        return Question(
            f"{len(near)} containers match “{wanted}”: {listed}. Which one?",
            tuple(f"{verb} container {name}" for name in near),
        )
    there = f"There are: {', '.join(names[:8])}." if names else "There are no containers."
    return Question(f"There is no container “{wanted}”. {there}", shown)


def _on_container(operation: str, verb: str, why: str, **fixed: JsonValue) -> Any:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        found = await _one_container(wish, context, verb)
        if isinstance(found, Question):
            return found
        wanted = _subject(wish, "container")
        if wanted != found:
            outline.assume(f"“{wanted}” is the container {found}")
        outline.add(operation, {"container": found, **fixed}, why.format(found))
        return None

    return build


async def _remove_container(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    if wish.has("stopped", "exited") and wish.has("containers"):
        stopped = [
            str(row["name"]) for row in await _containers(context) if row.get("status") in ("exited", "created", "dead")
        ]
        if not stopped:
            return Question("There are no stopped containers.")
        for name in stopped:
            outline.add("docker.remove_container", {"container": name}, f"{name} is stopped")
        return None
    names = wish.words("names") or []
    if len(names) > 1:
        for name in names:
            one = Wish(f"remove container {name}", wish.verb, wish.object, {"name": name})
            question = await _remove_container(one, context, outline)
            if question is not None:
                return question
        return None
    found = await _one_container(wish, context, "remove")
    if isinstance(found, Question):
        return found
    row = next(row for row in await _containers(context) if row["name"] == found)
    running = row.get("status") in ("running", "paused", "restarting")
    fields: dict[str, JsonValue] = {"container": found, "force": running or None}
    if wish.has("volumes", "its volume", "and volume", "with its data"):
        fields["volumes"] = True
    wanted = _subject(wish, "container")
    if wanted != found:
        outline.assume(f"“{wanted}” is the container {found}")
    if running:
        outline.assume(f"{found} is running: it is stopped first")
    outline.add("docker.remove_container", fields, f"remove the container {found}")
    return None


async def _rename(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    new = wish.after("to", "into", "as")
    found = await _one_container(wish, context, "rename")
    if isinstance(found, Question):
        return found
    if new is None:
        return Question(f"What should {found} be called?", (f"rename container {found} to {found}-old",))
    outline.add("docker.rename", {"container": found, "to": new}, f"rename {found} to {new}")
    return None


async def _logs(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await _one_container(wish, context, "show logs of")
    if isinstance(found, Question):
        return found
    tail = _TAIL.search(wish.text)
    fields: dict[str, JsonValue] = {"container": found, "tail": int(tail.group(1)) if tail else 100}
    if wish.has("follow", "stream", "tail -f", "watch"):
        fields["follow"] = 30
    outline.add("docker.logs", fields, f"the log of {found}")
    return None


async def _exec(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    command = next(iter(wish.quoted()), None)
    if command is None:
        return Question("Which command should I run in the container?", ("run `ls /` in container web",))
    found = await _one_container(wish, context, "run a command in")
    if isinstance(found, Question):
        return found
    outline.add("docker.exec", {"container": found, "command": ["sh", "-c", command]}, f"run it inside {found}")
    return None


def _listing(operation: str, why: str, **fixed: JsonValue) -> Any:
    async def build(_wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
        outline.add(operation, dict(fixed), why)
        return None

    return build


async def _list_containers(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    outline.add("docker.list_containers", {"all": not wish.has("running")}, "what runs here")
    return None


def _made(operation: str, kind: str, example: str) -> Any:
    async def build(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
        name = wish.after("named", "called") or _subject(wish, kind)
        if name is None:
            return Question(f"What should the {kind} be called?", (example,))
        outline.add(operation, {kind: name}, f"create the {kind} {name}")
        return None

    return build


def _gone(operation: str, kind: str, example: str) -> Any:
    async def build(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
        names = wish.words("names") or [name for name in (_subject(wish, kind),) if name]
        if not names:
            return Question(f"Which {kind} should I remove?", (example,))
        for name in names:
            outline.add(operation, {kind: name}, f"remove the {kind} {name}")
        return None

    return build


async def _pull(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    image = wish.word("image") or wish.after("image", "pull")
    if image is None:
        return Question("Which image should I pull?", ("pull image nginx:1.27",))
    outline.add("docker.pull", {"image": image}, f"bring {image} here")
    return None


async def _build(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    image = wish.word("image") or wish.after("tagged", "tag", "named", "called", "as", "image")
    if image is None:
        return Question("What should the image be tagged?", ("build image shop:1.0 from ./shop",))
    path = next((path for path in wish.paths() if path != image), None) or wish.word("path") or "."
    outline.add("docker.build", {"folder": path, "image": image}, f"build {image} from {path}")
    return None


async def _tag(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    images = wish.words("images")
    new = wish.after("as", "to", "with") or (images[1] if len(images) > 1 else None)
    image = wish.word("image") or (images[0] if images else None) or _subject(wish, "image")
    if image is None or new is None:
        return Question("Which image, and which new tag?", ("tag image shop:1.0 as shop:stable",))
    outline.add("docker.tag", {"image": image, "tag": new}, f"{image} is also {new}")
    return None


def _is_docker(wish: Wish) -> bool:
    return not wish.has(
        "pod", "pods", "deployment", "kubernetes", "k8s", "kubectl", "cluster", "namespace", "terraform"
    )


def _recipe(
    name: str,
    verbs: str,
    objects: frozenset[str] | set[str],
    build: Any,
    example: str,
    fits: Any = _is_docker,
    rank: int = 0,
) -> Recipe:
    return Recipe(f"docker.{name}", frozenset(verbs.split()), frozenset(objects), build, example, fits, rank)


def _runs_image(wish: Wish) -> bool:
    return _is_docker(wish) and bool(wish.word("image") or wish.has("from image", "image"))


RECIPES = (
    _recipe(
        "run",
        "run create deploy add publish",
        _CONTAINER,
        _run,
        "run a container from image nginx:1.27 named web, publish 8080 to 80, with a volume data at /data",
        rank=1,
    ),
    _recipe(
        "run_image",
        "run create deploy",
        frozenset(),
        _run,
        "run postgres:16 with a volume pgdata at /var/lib/postgresql/data",
        _runs_image,
        rank=1,
    ),
    _recipe(
        "list",
        "list show count check tell find watch run",
        {"container"},
        _list_containers,
        "list containers",
        lambda wish: _is_docker(wish) and wish.has("containers") and not wish.has("logs", "log", "from"),
        rank=2,
    ),
    _recipe("remove", "delete destroy prune", _CONTAINER, _remove_container, "remove container web"),
    _recipe("stop", "stop kill", _CONTAINER, _on_container("docker.stop", "stop", "stop {}"), "stop container web"),
    _recipe(
        "start",
        "run resume",
        {"container"},
        _on_container("docker.start", "start", "start {}"),
        "start container web",
        lambda wish: _is_docker(wish) and wish.has("start", "resume", "boot") and not wish.word("image"),
        rank=3,
    ),
    _recipe(
        "restart",
        "restart",
        _CONTAINER,
        _on_container("docker.restart", "restart", "restart {}"),
        "restart container web",
    ),
    _recipe("rename", "rename", {"container"}, _rename, "rename container web to web-old", rank=1),
    _recipe(
        "logs",
        "show watch list check tell find",
        {"logs", "container"},
        _logs,
        "show logs of container web",
        lambda wish: _is_docker(wish) and wish.has("logs", "log"),
        rank=3,
    ),
    _recipe(
        "stats",
        "show watch list check tell measure count",
        frozenset(),
        _on_container("docker.stats", "show stats of", "what {} uses"),
        "show stats of container web",
        lambda wish: _is_docker(wish) and wish.has("stats", "usage", "memory", "cpu") and wish.has("container"),
        rank=5,
    ),
    _recipe(
        "inspect",
        "show check tell",
        {"container"},
        _on_container("docker.inspect", "inspect", "what {} is made of"),
        "inspect container web",
    ),
    _recipe(
        "health",
        "check show tell wait",
        {"container", "status"},
        _on_container("docker.health", "check", "whether {} is healthy"),
        "is container web healthy?",
        lambda wish: _is_docker(wish) and wish.has("healthy", "health"),
        rank=3,
    ),
    _recipe(
        "exec",
        "run exec",
        {"container"},
        _exec,
        "run `ls /` in container web",
        lambda wish: bool(wish.quoted()) and wish.has("in", "inside") and not wish.word("image"),
        rank=4,
    ),
    _recipe(
        "create_volume",
        "create add mkdir",
        {"volume"},
        _made("docker.create_volume", "volume", "create volume data"),
        "create volume data",
    ),
    _recipe(
        "remove_volume",
        "delete destroy",
        {"volume"},
        _gone("docker.remove_volume", "volume", "remove volume data"),
        "remove volume data",
    ),
    _recipe(
        "list_volumes",
        "list show count",
        {"volume"},
        _listing("docker.list_volumes", "the volumes here"),
        "list volumes",
    ),
    _recipe(
        "create_network",
        "create add",
        {"network"},
        _made("docker.create_network", "network", "create network backend"),
        "create network backend",
    ),
    _recipe(
        "remove_network",
        "delete destroy",
        {"network"},
        _gone("docker.remove_network", "network", "remove network backend"),
        "remove network backend",
    ),
    _recipe(
        "list_networks",
        "list show count",
        {"network"},
        _listing("docker.list_networks", "the networks here"),
        "list networks",
    ),
    _recipe("pull", "pull", frozenset(), _pull, "pull image nginx:1.27"),
    _recipe(
        "build",
        "build create",
        {"image"},
        _build,
        "build image shop:1.0 from ./shop",
        lambda wish: _is_docker(wish) and wish.has("build", "bake"),
        rank=1,
    ),
    _recipe("tag", "tag label", {"image"}, _tag, "tag image shop:1.0 as shop:stable"),
    _recipe(
        "remove_image",
        "delete destroy",
        {"image"},
        _gone("docker.remove_image", "image", "remove image shop:0.9"),
        "remove image shop:0.9",
        rank=1,
    ),
    _recipe(
        "list_images",
        "list show count find",
        {"image"},
        _listing("docker.list_images", "the images here"),
        "list images",
    ),
    _recipe(
        "disk",
        "show check tell measure",
        {"disk"},
        _listing("docker.disk_usage", "what docker keeps on disk"),
        "show docker disk usage",
        lambda wish: wish.has("docker"),
        rank=4,
    ),
    _recipe(
        "info",
        "show check tell",
        frozenset(),
        _listing("docker.info", "what this engine is"),
        "show docker info",
        lambda wish: wish.has("docker") and wish.has("info", "version", "engine"),
        rank=4,
    ),
)
