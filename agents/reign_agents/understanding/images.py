"""Well-known programs that stand for an image."""

from __future__ import annotations

import re

from .found import NAMING, Context, put_image
from .lexicon import lexicon
from .roles import MAKES_IMAGE
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def images(tokens: list[Token], found: Found, context: Context) -> None:
    """Well-known programs beside a verb that takes an image, with the tag that stands behind them."""
    lex = lexicon()
    for i, token in enumerate(tokens):
        if token.used or token.low not in lex.images or token.kind not in {"word", "name"}:
            continue
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        second = tokens[i + 2] if i + 2 < len(tokens) else None
        before = tokens[i - 1].low if i else ""
        if (
            token.low == "registry"
            and before in {"the", "our", "my", "private", "local", "a", "to", "internal", "container", "docker"}
            and not (before == "a" and context.verb == "run")
        ):
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
        if before in NAMING or before in {"namespace", "release", "--name"} or _owned(tokens, i):
            continue
        if token.tool == "cicd" and not (
            context.domains & {"docker"} and context.verb in {"run", "create", "pull", "deploy"}
        ):
            continue
        helm = "helm" in context.domains
        if (
            (
                (context.verb in MAKES_IMAGE or (context.verb is None and i == 0 and context.intent == "create_infra"))
                and not helm
                and not context.domains & {"bash", "github"}
            )
            or (tag is not None and not helm)
            or (follow is not None and follow.noun and follow.noun.name == "image")
            or (before in {"image", "images", "from", "of"} and context.verb in MAKES_IMAGE)
        ):
            if (
                context.verb in {"show", "check", "set", "update", "copy"}
                and tag is None
                and not context.speaks_of("image", "images")
            ):
                continue
            value = token.low
            if tag is not None:
                value = f"{value}:{tag.text}"
                tag.used = True
                found.setdefault("name", token.text) if context.verb in {"update", "rollback", "install"} else None
            if context.verb == "install" and "bash" in context.domains:
                continue
            put_image(found, value)
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
    ) or follow in {"namespace", "ns", "release", "branch", "network", "workspace", "chart"}
