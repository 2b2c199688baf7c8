"""Containers, images, volumes and networks of a Docker Engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from reign_agents.planning.recipe import Build, Recipe
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker import containers, pushing, run, stores
from reign_agents.specialists.docker.values import IMAGE
from reign_agents.understanding.lexicon import lexicon

_CREATE = re.compile(r"(?:not|n't|without)\s+start", re.IGNORECASE)
_RUNNING = re.compile(
    r"\bwhat(?:'s|s| is)?\s+(?:currently\s+|all\s+)?runn?(?:ing|s)\b(?!\s+(?:on|in|inside)\b)", re.IGNORECASE
)
_STORES = frozenset({"volume", "network", "image"})
_FILES = frozenset({"file", "directory", "symlink", "script", "mode"})


def names_image(wish: Wish) -> bool:
    """Whether an image stands in the words: one with a tag, or a well-known name."""
    text = wish.scan().text
    known = lexicon().images
    return bool(IMAGE.search(text)) or any(
        word in known for word in re.findall(r"(?<![\w./-])[a-z][\w-]*(?![\w/=])", text.lower())
    )


def _no_store(wish: Wish) -> bool:
    """Whether the wish is about containers: no store and no file is its first object."""
    return wish.object not in _STORES | _FILES


def _recipe(
    name: str,
    verbs: str,
    objects: Collection[str],
    build: Build,
    example: str,
    fits: Callable[[Wish], bool] = lambda _wish: True,
    rank: int = 0,
    *,
    certain: bool = False,
) -> Recipe:
    return Recipe(f"docker.{name}", frozenset(verbs.split()), frozenset(objects), build, example, fits, rank, certain)


def _making(wish: Wish) -> bool:
    if names_image(wish) or (wish.it is not None and wish.it.kind == "image"):
        return True
    said = "container" in wish.kinds or wish.has("from image", "--name", "-p", "port", "published")
    return wish.object not in _FILES | {"command"} and said


_CLUSTER = re.compile(
    r"(?<![\w.-])(?:kubernetes|k8s|kube|cluster|namespace|deployments?|deploy|pods?|replicas?|statefulset|daemonset|"
    r"(?:cron)?jobs?|-n|nodes?(?!:))(?![\w-])",
    re.IGNORECASE,
)


def _of_node(wish: Wish) -> bool:
    """Whether the image is node's, which is no node of a cluster."""
    text = wish.scan().text
    return re.search(r"(?<![\w./-])node:[\w.-]+", text) is not None and _CLUSTER.search(text) is None


def _creating(wish: Wish) -> bool:
    return (
        _making(wish)
        and wish.object not in _STORES
        and (wish.object != "port" or names_image(wish))
        and not (wish.has("containing") and not names_image(wish))
    )


def _named_only(wish: Wish) -> bool:
    """Whether containers may be meant: no path, no file's name, and no pattern that isn't one of containers."""
    said = wish.object == "container" or wish.has("containers", "everything")
    if not (said or _no_store(wish)) or wish.has("rollout") or wish.object in _FILES:
        return False
    text = wish.scan().text
    odd = r"/" if said else r"/|\.\w" if re.search(r"\b(?:all|every)\b", text, re.IGNORECASE) else r"[/*]|\.\w"
    return re.search(odd, re.sub(IMAGE, " ", text)) is None


def _docker_said(wish: Wish) -> bool:
    return wish.has("docker")


_LOOK = "show list check find inspect"
RECIPES = (
    Recipe(
        "docker.empty_volume",
        frozenset({None, "remove"}),
        frozenset(),
        stores.emptied,
        "remove volume cache and create volume cache",
        lambda w: bool(
            re.match(
                r"\W*(?:please\s+)?(?:empty|clear|flush|purge|truncate|wipe)\s+(?:(?:the|my|our|docker)\s+){0,2}(?:[\w.-]+\s+)?volume\b",
                w.lower,
            )
        ),
        rank=9,
    ),
    _recipe(
        "run",
        "run publish",
        (),
        run.run,
        "run a container from image nginx:1.27 named web, publish 8080 to 80, with a volume data at /data",
        lambda w: _making(w) and not _CREATE.search(w.text),
        rank=2,
    ),
    _recipe(
        "run_node",
        "run start publish",
        (),
        run.run,
        "run node:20 on port 3000",
        lambda w: _of_node(w) and not _CREATE.search(w.text),
        rank=9,
    ),
    _recipe("start_new", "start", (), run.run, "start nginx on port 8080", names_image, rank=3),
    _recipe(
        "create",
        "create append",
        (),
        run.run,
        "create a container web from nginx with 512 megs",
        lambda w: _creating(w) and not _CREATE.search(w.text),
        rank=2,
    ),
    _recipe(
        "create_only",
        "create run",
        (),
        run.create,
        "create but don't start a container web from nginx",
        lambda w: _creating(w) and bool(_CREATE.search(w.text)),
        rank=4,
    ),
    _recipe(
        "list",
        "list show check find",
        {"container"},
        containers.listing,
        "list containers",
        lambda w: w.has("containers") and w.object not in ("logs", "stats") and not names_image(w),
        rank=4,
    ),
    _recipe(
        "list_running",
        "show list check",
        (),
        containers.listing,
        "what is running?",
        lambda w: bool(_RUNNING.search(w.text)),
        rank=7,
    ),
    _recipe("remove", "remove prune", {"container"}, containers.remove, "remove container web", _no_store, rank=2),
    _recipe(
        "stop",
        "stop kill",
        (),
        containers.on_each("docker.stop", "stop", "stop {}"),
        "stop container web",
        _named_only,
        rank=1,
    ),
    _recipe(
        "start",
        "start run",
        (),
        containers.on_each("docker.start", "start", "start {}"),
        "start container web",
        lambda w: w.verb == "start" and not names_image(w) and _named_only(w),
        rank=1,
    ),
    _recipe(
        "restart",
        "restart",
        (),
        containers.on_each("docker.restart", "restart", "restart {}"),
        "restart container web",
        _named_only,
        rank=1,
    ),
    _recipe(
        "pause",
        "pause",
        (),
        containers.on_each("docker.pause", "pause", "pause {}"),
        "pause container web",
        _named_only,
    ),
    _recipe(
        "unpause",
        "unpause",
        (),
        containers.on_each("docker.unpause", "resume", "resume {}"),
        "unpause container web",
        _named_only,
    ),
    _recipe("rename", "rename", {"container"}, containers.rename, "rename container web to web-old", rank=2),
    _recipe(
        "update",
        "set",
        (),
        containers.update,
        "limit container web to 256m of memory and 0.5 cpus",
        lambda w: (
            _no_store(w)
            and (bool({"stats", "container"} & set(w.kinds)) or w.has("restart", "policy", "limit", "cores"))
            and not w.has("a restart", "a quick restart")
        ),
        rank=2,
    ),
    _recipe(
        "logs",
        "show follow list check",
        {"logs"},
        containers.logs,
        "show logs of container web",
        lambda w: not re.search(r"/|\*|\.\w", w.scan().text),
        rank=5,
    ),
    _recipe(
        "follow",
        "follow",
        (),
        containers.logs,
        "follow the logs of web",
        lambda w: not re.search(r"/|\.\w", w.scan().text),
    ),
    _recipe(
        "stats",
        _LOOK,
        {"stats"},
        containers.on_each("docker.stats", "show stats of", "what {} uses"),
        "show stats of container web",
        lambda w: not _docker_said(w) and "disk" not in w.kinds and not re.search(r"/|\s\.", w.scan().text),
        rank=3,
    ),
    _recipe(
        "top",
        _LOOK,
        {"processes"},
        containers.on_each("docker.top", "show the processes of", "what runs inside {}"),
        "show the processes of container web",
        lambda w: "container" in w.kinds or w.has("in", "inside", "of"),
        rank=3,
    ),
    _recipe(
        "health",
        "check show",
        (),
        containers.on_each("docker.health", "check", "whether {} is healthy"),
        "is container web healthy?",
        lambda w: (
            ("health" in w.kinds or w.has("running", "up", "alive"))
            and not re.search(r"https?:|\bport\b|:\d", w.lower)
            and not w.has("containers")
            and not w.has("wait")
        ),
        rank=2,
    ),
    _recipe(
        "wait",
        "check",
        (),
        containers.wait,
        "wait until web is healthy",
        lambda w: w.has("wait") and w.has("healthy", "up", "running", "ready", "health"),
        rank=5,
    ),
    _recipe(
        "inspect",
        "inspect show",
        {"container"},
        containers.on_each("docker.inspect", "inspect", "what {} is made of"),
        "inspect container web",
        lambda w: w.object in (None, "container") and not w.has("containers"),
    ),
    _recipe(
        "inspect_named",
        "inspect",
        (),
        containers.on_each("docker.inspect", "inspect", "what {} is made of"),
        "inspect web",
        _named_only,
    ),
    _recipe(
        "ports",
        "show check list",
        {"port"},
        containers.on_each("docker.inspect", "inspect", "what {} publishes"),
        "which ports does web publish",
        lambda w: w.has("publish", "publishes", "expose", "exposes", "published by"),
        rank=5,
    ),
    _recipe(
        "exec",
        "exec run",
        (),
        containers.execute,
        "run `ls /` in container web",
        lambda w: (
            bool(
                re.search(
                    (
                        r"\b(?:in|inside|within|on)\s+(?:of\s+)?(?:the\s+|"
                        r"my\s+)?(?:container\s+)?[\w.-]+(?:\s+container)?\s*$"
                    ),
                    w.scan().text,
                )
            )
            and (w.verb == "exec" or bool(w.scan().quoted()) or "container" in w.kinds or w.has("inside"))
            and not names_image(w)
            and not re.search(r"\bin\s+(?:the\s+)?(?:background|network\b.*)\s*$", w.lower)
        ),
        rank=6,
    ),
    _recipe(
        "exec_colon",
        "exec",
        (),
        containers.execute,
        "exec web: nginx -t",
        lambda w: bool(re.match(r"\s*(?:in\s+)?[\w.-]+\s*:\s", w.rest)),
        rank=4,
    ),
    _recipe(
        "copy_into",
        "copy",
        {"container"},
        containers.copy_into,
        "copy ./app.conf into container web at /etc/app",
        lambda w: w.has("into", "in", "to"),
        rank=6,
    ),
    _recipe(
        "create_volume",
        "create append mkdir",
        {"volume"},
        stores.create_volume,
        "create volume data",
        lambda w: w.object == "volume",
        rank=3,
    ),
    _recipe(
        "remove_volume",
        "remove prune",
        {"volume"},
        stores.gone("volume"),
        "remove volume data",
        lambda w: w.object == "volume",
        rank=3,
    ),
    _recipe(
        "list_volumes",
        "list show",
        {"volume"},
        stores.listing("docker.list_volumes", "the volumes here"),
        "list volumes",
        lambda w: w.object == "volume",
        rank=1,
    ),
    _recipe(
        "create_network",
        "create append",
        {"network"},
        stores.create_network,
        "create network backend",
        lambda w: w.object == "network",
        rank=3,
    ),
    _recipe(
        "remove_network",
        "remove prune",
        {"network"},
        stores.gone("network"),
        "remove network backend",
        lambda w: w.object == "network",
        rank=3,
    ),
    _recipe(
        "list_networks",
        "list show",
        {"network"},
        stores.listing("docker.list_networks", "the networks here"),
        "list networks",
        lambda w: w.object == "network",
        rank=1,
    ),
    _recipe(
        "connect",
        "connect write",
        (),
        stores.linked("docker.connect_network", "connect"),
        "connect container web to network backend",
        lambda w: w.verb == "connect" or (w.it is not None and w.it.kind == "network" and w.has("on", "in", "into")),
        rank=5,
    ),
    _recipe(
        "disconnect",
        "disconnect remove",
        {"network"},
        stores.linked("docker.disconnect_network", "disconnect"),
        "disconnect container web from network backend",
        lambda w: w.verb == "disconnect" or w.has("from network", "from the network"),
        rank=5,
    ),
    _recipe(
        "leave_network",
        "disconnect",
        (),
        stores.linked("docker.disconnect_network", "disconnect"),
        "disconnect web from backend",
        lambda w: w.has("from") and not w.has("pod", "service", "vpn", "cluster"),
        rank=1,
    ),
    _recipe(
        "users",
        "list show check find",
        {"volume"},
        containers.listing,
        "who uses volume data",
        lambda w: bool(
            re.search(r"\b(?:who|what|which|whose|any\w*)\b.*\b(?:us(?:es?|ing)|mounts?|has|have)\b", w.lower)
        ),
        rank=6,
    ),
    _recipe(
        "pull",
        "pull",
        (),
        stores.pull,
        "pull image nginx:1.27",
        lambda w: "://" not in w.text and not w.has("pull request"),
    ),
    _recipe(
        "pull_tagged",
        "pull",
        (),
        stores.pull,
        "pull image nginx:1.27",
        lambda w: (
            "://" not in w.text and bool(IMAGE.search(w.rest) or re.match(r"\W*[\w.-]+:\d+/[\w./-]+\W*$", w.rest))
        ),
        rank=4,
    ),
    _recipe(
        "push",
        "push publish",
        (),
        pushing.push,
        "push image registry.example/shop:1.0",
        lambda w: w.verb == "push" and pushing.pushes_image(w),
        rank=8,
        certain=True,
    ),
    _recipe(
        "build",
        "build create",
        (),
        stores.build,
        "build image shop:1.0 from ./shop",
        lambda w: (
            (w.verb == "build" and bool({"image", "dockerfile"} & set(w.kinds) or re.search(r"[./:]", w.rest)))
            or (w.verb == "build" and bool(re.match(r"\W*(?:it|this|that|here)?\W*$", w.rest, re.IGNORECASE)))
            or (w.object == "image")
        ),
        rank=3,
        certain=True,
    ),
    _recipe(
        "tag",
        "tag",
        (),
        stores.tag,
        "tag image shop:1.0 as shop:stable",
        lambda w: "image" in w.kinds or bool(IMAGE.search(w.rest)) or w.it is not None,
    ),
    _recipe(
        "remove_image",
        "remove prune",
        {"image"},
        stores.gone("image"),
        "remove image shop:0.9",
        lambda w: w.object == "image",
        rank=3,
    ),
    _recipe(
        "list_images",
        "list show find",
        {"image"},
        stores.listing("docker.list_images", "the images here"),
        "list images",
        lambda w: w.has("images"),
        rank=1,
    ),
    _recipe(
        "disk",
        "show check list",
        {"disk", "stats"},
        stores.listing("docker.disk_usage", "what docker keeps on disk"),
        "show docker disk usage",
        lambda w: _docker_said(w) and "disk" in w.kinds,
        rank=6,
    ),
    _recipe(
        "info",
        "show check",
        (),
        stores.listing("docker.info", "what this engine is"),
        "show docker info",
        lambda w: _docker_said(w) and w.has("info", "version", "engine", "daemon") and not w.has("containers"),
        rank=4,
    ),
)
"""What the Docker specialist can do, most usual first."""
