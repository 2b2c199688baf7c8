"""Objects of a Kubernetes cluster: what runs there, how it is rolled out, what is asked about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from reign_agents.planning.recipe import Build, Recipe
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import VERBS
from reign_agents.specialists.kubernetes import (
    asking,
    autoscaling,
    keys,
    lacking,
    making,
    objects,
    parts,
    scaling,
    workloads,
)
from reign_agents.specialists.kubernetes.conditions import unconditional
from reign_agents.specialists.kubernetes.said import (
    CLUSTER_WIDE,
    OTHER_TOOL,
    WORKLOADS,
    about_cluster,
    said,
    understood,
)

_RANK = 8
"""Words that speak of a cluster count for more than any that another tool's recipe may fit."""


_CHANGES = frozenset({"set_image", "scale", "stop", "restart", "rollback", "set_env", "delete", "cordon", "uncordon"})
"""Recipes that change what runs."""


def _recipe(
    name: str, verbs: str, build: Build, example: str, fits: Callable[[Wish], bool] = lambda _wish: True, rank: int = 0
) -> Recipe:
    return Recipe(
        f"kubernetes.{name}",
        frozenset(verbs.split()),
        frozenset(),
        unconditional(build) if name in _CHANGES else build,
        example,
        lambda wish: about_cluster(wish) and fits(wish),
        _RANK + rank,
    )


def _has_image(wish: Wish) -> bool:
    return "image" in understood(wish.text).entities


def _kind(*kinds: str) -> Callable[[Wish], bool]:
    return lambda wish: said(wish).kind in kinds


def _sized(wish: Wish) -> bool:
    """Whether a number of replicas is wanted, and no image."""
    return "replicas" in understood(wish.text).entities and not _has_image(wish)


def _manifest(wish: Wish) -> bool:
    return bool({"file", "path"} & set(understood(wish.text).entities)) or wish.has("manifest", "manifests", "yaml")


def _any_manifest(wish: Wish) -> bool:
    return bool(re.search(r"\.ya?ml\b|\bmanifests?\b|\bk8s\b|\bkubernetes\b", wish.lower))


_LOOK = "show list find check inspect"
RECIPES = (
    _recipe(
        "deploy",
        "run create rollout start",
        workloads.deploy,
        "deploy nginx:1.27 as web with 3 replicas in namespace shop",
        lambda w: said(w).kind not in (*CLUSTER_WIDE, "configmap", "secret", "service", "pod") and not _manifest(w),
    ),
    _recipe(
        "set_image",
        "set rollout upgrade run replace",
        workloads.set_image,
        "set image of deployment web to nginx:1.28 in namespace shop",
        lambda w: (
            (_has_image(w) and (w.verb in ("set", "upgrade", "replace") or w.has("on", "to")) and w.verb != "run")
            or (w.verb in ("set", "upgrade") and "version" in understood(w.text).entities)
        ),
        rank=2,
    ),
    Recipe(
        "kubernetes.set_image_of",
        frozenset({"set", "upgrade", "replace"}),
        frozenset(),
        unconditional(workloads.set_image),
        "set the image of web to nginx:1.28",
        workloads.sets_image,
        _RANK + 7,
        certain=True,
    ),
    Recipe(
        "kubernetes.expose_named",
        frozenset({"publish"}),
        frozenset(),
        workloads.expose,
        "expose web on port 80",
        workloads.exposes,
        _RANK,
    ),
    Recipe(
        "kubernetes.autoscaler_bounds",
        frozenset({"set", "scale", "upgrade"}),
        frozenset(),
        autoscaling.rebound,
        "set the max replicas of hpa web to 20",
        lambda w: autoscaling.rebounds(w) and not OTHER_TOOL.search(w.lower),
        _RANK + 7,
        certain=True,
    ),
    _recipe(
        "scale", "scale set", workloads.scale, "scale deployment web to 5", lambda w: w.verb == "scale" or _sized(w)
    ),
    Recipe(
        "kubernetes.autoscale",
        frozenset({"autoscale"}),
        frozenset(),
        autoscaling.autoscale,
        "autoscale deployment web between 2 and 8",
        lambda w: not OTHER_TOOL.search(w.lower),
        _RANK + 4,
        certain=True,
    ),
    Recipe(
        "kubernetes.scale_named",
        frozenset({"scale"}),
        frozenset(),
        unconditional(workloads.scale),
        "scale web to 3",
        lambda w: not OTHER_TOOL.search(w.lower) and bool(said(w).names) and not re.search(r"[/*]|\.\w", w.scan().text),
        _RANK - 1,
    ),
    Recipe(
        "kubernetes.scale_by",
        frozenset({None, "append", "remove", "set", "scale", "create", "run", "start", "show"}),
        frozenset(),
        scaling.scale,
        "double the replicas of deployment web",
        lambda w: (
            scaling.changes_number(w)
            and not OTHER_TOOL.search(w.lower)
            and not _has_image(w)
            and bool(said(w).names or said(w).namespace)
        ),
        _RANK + 6,
        certain=True,
    ),
    _recipe("stop", "stop", scaling.scale, "stop deployment worker", scaling.stops),
    _recipe("restart", "restart", workloads.restart, "restart deployment web in namespace shop"),
    _recipe(
        "rollback",
        "rollback revert",
        workloads.roll_back,
        "roll back deployment web to revision 2",
        lambda w: not w.has("commit", "branch"),
    ),
    _recipe(
        "set_env",
        "set append create",
        workloads.set_env,
        "set LOG_LEVEL=debug on deployment api",
        lambda w: (
            "env" in understood(w.text).entities
            and not _has_image(w)
            and said(w).kind in (*WORKLOADS, None)
            and w.verb != "create"
        ),
        rank=1,
    ),
    _recipe(
        "status",
        "show check list rollout follow",
        workloads.status,
        "is the rollout of web done?",
        lambda w: (
            not _has_image(w)
            and (
                w.has("rollout", "rolled out", "rollouts")
                or asking.asks_ready(w)
                or (bool(said(w).names) and bool(re.search(r"\bhow\s+many\s+(?:replicas|copies|pods)\b", w.lower)))
            )
        ),
        rank=3,
    ),
    _recipe(
        "expose",
        "publish create",
        workloads.expose,
        "expose deployment web on port 80",
        lambda w: w.verb == "publish" or (said(w).kind == "service" and w.has("for") and bool(said(w).names)),
        rank=1,
    ),
    _recipe("list", _LOOK, objects.listing, "list pods in namespace shop", lambda w: said(w).kind is not None),
    _recipe(
        "describe",
        "show inspect",
        objects.describe,
        "describe pod web-1 in namespace shop",
        lambda w: bool(said(w).names) and (w.verb == "inspect" or w.has("describe")),
        rank=3,
    ),
    _recipe(
        "logs",
        "show follow list check",
        objects.logs,
        "show logs of deployment web in namespace shop",
        lambda w: w.has("logs", "log", "output") or (w.verb == "follow" and bool(said(w).names)),
        rank=5,
    ),
    _recipe(
        "yaml",
        "show list find inspect",
        objects.whole,
        "show the yaml of deployment web in namespace shop",
        lambda w: w.has("yaml", "manifest", "json", "full definition", "definition") and bool(said(w).names),
        rank=6,
    ),
    _recipe(
        "top",
        "show list check find follow",
        asking.top,
        "show the cpu and memory usage of the pods in namespace shop",
        lambda w: (
            asking.measured(w)
            and said(w).kind in ("pod", "node", "deployment", "namespace", None)
            and not _has_image(w)
        ),
        rank=4,
    ),
    Recipe(
        "kubernetes.make",
        frozenset({"create", "append", "run", "start"}),
        frozenset(),
        making.make,
        "create job migrate with image shop:1.0 in namespace shop",
        making.makes,
        _RANK + 5,
        certain=True,
    ),
    _recipe(
        "where",
        "show list check find inspect",
        objects.where,
        "which node does pod web-1 run on",
        lambda w: (
            said(w).kind == "node"
            and bool(re.search(r"\b(?:which|what)\s+nodes?\s+(?:does|do|is|are|runs?|has|have)\b", w.lower))
        ),
        rank=6,
    ),
    _recipe(
        "running",
        "show list check find",
        objects.running,
        "what is running in namespace shop",
        lambda w: said(w).kind in (None, "namespace") and objects.asks_what_runs(w),
        rank=7,
    ),
    Recipe(
        "kubernetes.events_named",
        frozenset({"show", "list", "check"}),
        frozenset(),
        objects.events,
        "show the events of web",
        lambda w: w.has("events") and objects.events_about(w) is not None and not OTHER_TOOL.search(w.lower),
        _RANK + 1,
    ),
    Recipe(
        "kubernetes.rolling_restart",
        frozenset({None}),
        frozenset(),
        unconditional(workloads.restart),
        "rolling restart of deployment web",
        lambda w: re.match(r"\W*(?:please\s+)?(?:do\s+)?(?:an?\s+)?roll(?:ing)?[ -]restart\b", w.lower) is not None,
        _RANK + 1,
        certain=True,
    ),
    Recipe(
        "kubernetes.describe_named",
        frozenset({"show", "inspect"}),
        frozenset(),
        objects.describe,
        "describe web",
        lambda w: (
            re.match(r"\W*(?:please\s+)?describe\b", w.lower) is not None
            and bool(said(w).names)
            and not OTHER_TOOL.search(w.lower)
            and not re.search(r"[/\\]|\w\.\w", w.scan().text)
        ),
        _RANK,
    ),
    Recipe(
        "kubernetes.take_off",
        frozenset({None, "remove"}),
        frozenset(),
        parts.take_off,
        "remove the label tier from deployment web",
        lambda w: parts.takes_off(w) and not OTHER_TOOL.search(w.lower),
        _RANK + 8,
        certain=True,
    ),
    Recipe(
        "kubernetes.lacking",
        frozenset({None, *VERBS.values()}),
        frozenset(),
        lacking.lacking,
        "cordon node n1",
        lacking.lacks,
        _RANK + 9,
        certain=True,
    ),
    Recipe(
        "kubernetes.can_i",
        frozenset(VERBS.values()),
        frozenset(),
        asking.can_i,
        "am I allowed to delete pods in namespace shop",
        asking.asks_permission,
        _RANK + 20,
        certain=True,
    ),
    Recipe(
        "kubernetes.limits",
        frozenset({"set", "scale", "append", "show", "upgrade"}),
        frozenset(),
        workloads.limits,
        "limit deployment web to 512Mi of memory and half a core",
        workloads.sets_limits,
        _RANK + 5,
    ),
    _recipe(
        "events",
        _LOOK,
        objects.events,
        "show events in namespace shop",
        lambda w: w.has("events", "event", "warnings"),
        rank=4,
    ),
    _recipe(
        "cluster",
        "show check list",
        objects.cluster,
        "show the kubernetes cluster",
        lambda w: (
            (w.has("cluster", "context", "contexts", "cluster-info") and said(w).kind is None and not said(w).names)
            or w.has("cluster info", "kubernetes contexts", "kube contexts")
        ),
        rank=2,
    ),
    _recipe("delete", "remove kill prune", objects.delete, "delete deployment web in namespace shop"),
    _recipe("apply", "apply run create rollout", objects.apply, "apply ./k8s/web.yaml", _manifest, rank=2),
    Recipe(
        "kubernetes.apply_file",
        frozenset({"apply"}),
        frozenset(),
        objects.apply,
        "apply the manifests in ./k8s",
        _any_manifest,
        _RANK,
    ),
    _recipe(
        "create_namespace",
        "create append",
        objects.create_namespace,
        "create namespace shop",
        _kind("namespace"),
        rank=2,
    ),
    _recipe(
        "create_config",
        "create append write",
        objects.create_config,
        "create configmap app with LOG=debug in namespace shop",
        _kind("configmap", "secret"),
        rank=2,
    ),
    Recipe(
        "kubernetes.set_data",
        frozenset({"append", "set", "upgrade", "replace", "write"}),
        frozenset(),
        keys.set_keys,
        "set LOG=debug in configmap app in namespace shop",
        lambda w: keys.sets_keys(w) and not OTHER_TOOL.search(w.lower),
        _RANK + 4,
    ),
    Recipe(
        "kubernetes.remove_data",
        frozenset({"remove"}),
        frozenset(),
        keys.remove_keys,
        "remove LOG from configmap app in namespace shop",
        lambda w: keys.removes_keys(w) and not OTHER_TOOL.search(w.lower),
        _RANK + 4,
    ),
    _recipe(
        "label",
        "label tag set append",
        objects.label,
        "label pod web-1 tier=front",
        lambda w: w.verb == "label" or w.has("label", "annotation"),
        rank=3,
    ),
    _recipe(
        "exec",
        "exec run",
        objects.execute,
        "run `ls /` in pod web-1",
        lambda w: bool(w.scan().quoted() or understood(w.text).entities.get("command")),
        rank=4,
    ),
    _recipe("cordon", "cordon", objects.node("kubernetes.cordon", "no new pods on {}"), "cordon node n1"),
    _recipe("uncordon", "uncordon", objects.node("kubernetes.uncordon", "pods on {} again"), "uncordon node n1"),
)
"""What the Kubernetes specialist can do, most usual first."""
