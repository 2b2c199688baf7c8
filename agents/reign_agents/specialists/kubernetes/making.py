"""What is made of a few words as a manifest: jobs, claims of storage, accounts for pods."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.known_images import base
from reign_agents.specialists.kubernetes.objects import quoted
from reign_agents.specialists.kubernetes.said import OTHER_TOOL, said

_TASK = re.compile(r"\b(?:ci|cicd|pipelines?|jenkins|gitlab|github|workflows?|actions?|cron(?:tab)?)\b", re.IGNORECASE)
_MADE = ("job", "persistentvolumeclaim", "serviceaccount")


def makes(wish: Wish) -> bool:
    """Whether a job, a volume claim or a service account is to be made."""
    return said(wish).kind in _MADE and not _TASK.search(wish.lower) and not OTHER_TOOL.search(wish.lower)


async def make(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A job that runs an image once, a claim of storage, an account for pods: as a manifest."""
    words = said(wish)
    if words.kind == "job":
        return _job(wish, outline)
    if words.name is None:
        return Question(
            f"What should the {words.kind} be called?",
            (f"{wish.text} called data",),
            completes="{request} called {reply}",
        )
    if words.kind == "serviceaccount":
        manifest = f"apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {quoted(words.name)}\n"
    else:
        size = re.search(r"(?<![\w.])\d+(?:\.\d+)?\s*[KMGT]i?", wish.text)
        if size is None:
            return Question("How large should it be?", (f"{wish.text} of 5Gi",), completes="{request} of {reply}")
        amount = size.group().replace(" ", "")
        amount = amount if amount.endswith("i") else f"{amount}i"
        manifest = (
            f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {quoted(words.name)}\nspec:\n"
            f"  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: {amount}\n"
        )
        outline.assume("one node at a time mounts it (ReadWriteOnce)")
    outline.add(
        "kubernetes.apply", {"manifest": manifest, "namespace": words.namespace}, f"the {words.kind} {words.name}"
    )
    return None


_FROM_IMAGE = re.compile(
    r"\b(?:from|with|of)\s+(?:the\s+)?(?P<a>[a-z0-9][\w./:-]*)\s+image\b|\bimage\s+(?P<b>[a-z0-9][\w./:-]*)"
)


def _job(wish: Wish, outline: Outline) -> Question | None:
    words = said(wish)
    image = words.text("image")
    if image is None:
        named = _FROM_IMAGE.search(wish.text)
        image = (named["a"] or named["b"]) if named is not None else None
    if image is None:
        return Question(
            "Which image should the job run?",
            ("create job migrate with image shop:1.0",),
            completes="{request} with image {reply}",
        )
    own = next((name for name in words.names if name not in (image, base(image))), None)
    name = own or re.sub(r"[^a-z0-9-]+", "-", base(image).lower()).strip("-")
    if own is None:
        outline.assume(f"it is called {name}")
    command = next(iter(wish.scan().quoted()), None) or words.text("command")
    lines = [
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {quoted(name)}\nspec:\n  backoffLimit: 0",
        f"  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: {quoted(name)}",
        f"          image: {quoted(image)}",
    ]
    lines += [f'          command: ["sh", "-c", {quoted(command)}]'] if command else []
    outline.assume("it runs once and is not tried again")
    outline.add(
        "kubernetes.apply",
        {"manifest": "\n".join(lines) + "\n", "namespace": words.namespace},
        f"{name} runs {image} once",
    )
    return None
