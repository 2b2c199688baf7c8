"""Reading a cluster: objects, lists, descriptions, contexts, rollouts, rights, use of CPU and memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.errors import NotFound, OperationError, ToolMissing
from reign_executors.kubernetes.base import KindName, KubernetesQuery, Name, ObjectName, Ref, need, reference
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.contexts import contexts, current_context, where
from reign_executors.kubernetes.failures import Forbidden
from reign_executors.kubernetes.kinds import ROLLED_OUT
from reign_executors.kubernetes.objects import as_yaml, meta, uid_of, without_secrets
from reign_executors.kubernetes.settling import last_warning, pod_trouble, progress, why_not
from reign_executors.operation import JsonObject, Outputs

MOST_SHOWN = 2000


class OfObject(KubernetesQuery):
    """A read of one object."""

    kind: KindName = "deployment"
    object: ObjectName

    async def ref(self, call: Call) -> Ref:
        return await reference(self.cluster(call), self.kind, self.object, self.space(call))

    async def resource(self, call: Call) -> str:
        return (await self.ref(call)).resource


class Got(Outputs):
    """``object`` as the API server has it, values of secrets hidden, without managed fields."""

    resource: str
    uid: str
    object: JsonObject


def shown(item: Json) -> JsonObject:
    """An object with its status, without managed fields, secret values hidden."""
    metadata = {name: value for name, value in meta(item).items() if name != "managedFields"}
    result: JsonObject = without_secrets({**item, "metadata": metadata}, str(item.get("kind") or ""))
    return result


class Get(OfObject):
    """One object."""

    name: ClassVar[str] = "kubernetes.get"
    summary: ClassVar[str] = "Show one object as the cluster has it (values of secrets hidden)"
    returns: ClassVar[type[Outputs]] = Got

    def command_line(self) -> str:
        return f"kubectl get {self.kind} {self.object} -o yaml{self.flags()}"

    async def execute(self, call: Call) -> Got:
        ref = await self.ref(call)
        live = await need(self.cluster(call), ref)
        out = shown(live)
        call.say(as_yaml(out))
        return Got(resource=ref.resource, uid=uid_of(live), object=out)


class Row(Outputs):
    """One line of a list. ``ready`` is ``2/3`` where that makes sense; ``age`` in seconds; ``details`` by kind."""

    name: str
    namespace: str | None
    uid: str
    status: str
    ready: str | None
    age: float
    labels: dict[str, str]
    details: dict[str, str] = Field(default={})


class Listed(Outputs):
    """``kind`` is the singular word; ``count`` of all, ``objects`` at most 2,000."""

    kind: str
    count: int
    objects: list[Row]


class List(KubernetesQuery):
    """All objects of a kind."""

    name: ClassVar[str] = "kubernetes.list"
    summary: ClassVar[str] = "List the objects of a kind in a namespace, or in all of them"
    returns: ClassVar[type[Outputs]] = Listed

    kind: KindName = "pod"
    selector: str | None = Field(None, description="label selector: app=web,tier!=test")
    all_namespaces: bool = False

    def command_line(self) -> str:
        selector = f" -l {self.selector}" if self.selector else ""
        return f"kubectl get {self.kind}{selector}{' -A' if self.all_namespaces else ''}{self.flags()}"

    async def resource(self, call: Call) -> str:
        kind = await self.cluster(call).kind(self.kind)
        return kind.word if self.all_namespaces else kind.resource(self.space(call), "*")

    async def execute(self, call: Call) -> Listed:
        here = self.cluster(call)
        kind = await here.kind(self.kind)
        space = None if self.all_namespaces else self.space(call)
        items = await here.list(kind, space, labelSelector=self.selector)
        rows = [row_of(item) for item in items]
        if not rows:
            place = "in any namespace" if self.all_namespaces or not kind.namespaced else f"in the namespace {space}"
            call.say(f"no {kind.plural} {place}")
        for row in rows[:MOST_SHOWN]:
            words = [f"{row.namespace}/{row.name}" if row.namespace and self.all_namespaces else row.name]
            words += [word for word in (row.ready, row.status, age_words(row.age)) if word]
            call.say("  ".join([*words, *(f"{key}={value}" for key, value in row.details.items())]))
        return Listed(kind=kind.singular, count=len(rows), objects=rows[:MOST_SHOWN])


def row_of(item: Json) -> Row:
    created = str(meta(item).get("creationTimestamp") or "")
    age = (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds() if created else 0.0
    status, ready, details = _facts(item)
    if "deletionTimestamp" in meta(item):
        status = "Terminating"
    return Row(
        name=str(meta(item)["name"]),
        namespace=meta(item).get("namespace"),
        uid=uid_of(item),
        status=status,
        ready=ready,
        age=round(max(0.0, age), 1),
        labels=dict(meta(item).get("labels") or {}),
        details=details,
    )


def _facts(item: Json) -> tuple[str, str | None, dict[str, str]]:
    """Status word, ready of wanted, and what else a list of that kind shows."""
    kind, spec, status = item.get("kind"), item.get("spec") or {}, item.get("status") or {}
    if kind == "Pod":
        return _pod(item)
    if kind in (*ROLLED_OUT, "ReplicaSet"):
        now = progress(item)
        images = ",".join(str(one.get("image")) for one in spec["template"]["spec"].get("containers") or ())
        return ("Ready" if now.complete else "Progressing"), f"{now.ready}/{now.wanted}", {"image": images}
    if kind == "Service":
        ports = ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in spec.get("ports") or ())
        return str(spec.get("type") or ""), None, {"address": str(spec.get("clusterIP") or "none"), "ports": ports}
    if kind == "Node":
        return _node(item)
    if kind == "Job":
        done, wanted = int(status.get("succeeded") or 0), int(spec.get("completions") or 1)
        word = (
            "Complete"
            if done >= wanted
            else "Failed"
            if status.get("failed") and not status.get("active")
            else "Running"
        )
        return word, f"{done}/{wanted}", {}
    if kind == "PersistentVolumeClaim":
        size = str((status.get("capacity") or (spec.get("resources") or {}).get("requests") or {}).get("storage") or "")
        return str(status.get("phase") or ""), None, {"size": size, "class": str(spec.get("storageClassName") or "")}
    if kind in ("ConfigMap", "Secret"):
        return str(item.get("type") or ""), None, {"keys": ",".join(sorted(item.get("data") or {}))}
    if kind == "HorizontalPodAutoscaler":
        bounds = f"{spec.get('minReplicas', 1)}-{spec.get('maxReplicas')}"
        return f"{status.get('currentReplicas', 0)} replicas", None, {"bounds": bounds}
    return str(status.get("phase") or ""), None, {}


def _pod(item: Json) -> tuple[str, str | None, dict[str, str]]:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    entries = status.get("containerStatuses") or ()
    word = str(status.get("reason") or status.get("phase") or "")
    for entry in entries:
        state = entry.get("state") or {}
        reason = (state.get("waiting") or state.get("terminated") or {}).get("reason")
        word = str(reason) if reason and word != "Succeeded" else word
    ready = f"{sum(bool(e.get('ready')) for e in entries)}/{len(spec.get('containers') or ())}"
    restarts = sum(int(entry.get("restartCount") or 0) for entry in entries)
    details = {"restarts": str(restarts)} if restarts else {}
    if spec.get("nodeName"):
        details["node"] = str(spec["nodeName"])
    return word, ready, details


def _node(item: Json) -> tuple[str, str | None, dict[str, str]]:
    conditions = (item.get("status") or {}).get("conditions") or ()
    ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
    closed = (item.get("spec") or {}).get("unschedulable") is True
    word = ("Ready" if ready else "NotReady") + (",SchedulingDisabled" if closed else "")
    version = ((item.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion")
    return word, None, {"version": str(version or "")}


def age_words(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"


class Described(Outputs):
    """``text`` for people; ``trouble`` says in one sentence what keeps it from being well (None: nothing seen)."""

    resource: str
    text: str
    trouble: str | None
    events: list[str]


class Describe(OfObject):
    """All about one object: its settings in short, its pods, its last events."""

    name: ClassVar[str] = "kubernetes.describe"
    summary: ClassVar[str] = "Show all about one object: settings, conditions, what keeps it from being well, events"
    returns: ClassVar[type[Outputs]] = Described

    def command_line(self) -> str:
        return f"kubectl describe {self.kind} {self.object}{self.flags()}"

    async def execute(self, call: Call) -> Described:
        from reign_executors.kubernetes.foresight import counted, dependents
        from reign_executors.kubernetes.logs import Events

        here, ref = self.cluster(call), await self.ref(call)
        live = await need(here, ref)
        row = row_of(live)
        lines = [f"{ref.resource}  {row.ready or ''}  {row.status}  age {age_words(row.age)}".strip()]
        lines += as_yaml(_in_short(live)).splitlines()
        for condition in (live.get("status") or {}).get("conditions") or ():
            words = f"{condition.get('type')}={condition.get('status')} {condition.get('reason') or ''}"
            lines.append(f"condition {words} {condition.get('message') or ''}".rstrip())
        owned = await dependents(here, ref, live)
        if owned:
            lines.append(f"owns: {counted(owned)}")
        trouble = await _trouble(here, ref, live)
        if trouble:
            lines.append(f"not well: {trouble}")
        query = Events(context=self.context, namespace=self.namespace, kind=self.kind, object=self.object, most=20)
        quiet = Call(call.key, call.folder, environment=call.environment)
        try:
            happened = (await query.execute(quiet)).events
        except Forbidden:
            happened = []
        events = [f"{e.time} {e.type} {e.reason} {e.about}: {e.message}" for e in happened]
        text = "\n".join([*lines, *(f"event {event}" for event in events)])
        call.say(text)
        return Described(resource=ref.resource, text=text, trouble=trouble, events=events)


def _in_short(live: Json) -> JsonObject:
    out = shown(live)
    out.pop("status", None)
    metadata = out.get("metadata")
    assert isinstance(metadata, dict)
    for name in ("resourceVersion", "generation", "creationTimestamp", "selfLink"):
        metadata.pop(name, None)
    return out


async def _trouble(here: Cluster, ref: Ref, live: Json) -> str | None:
    if ref.kind.kind == "Pod":
        if (live.get("status") or {}).get("phase") == "Succeeded":
            return None
        found = pod_trouble(live)
        if found is None:
            return None
        event = await last_warning(here, live)
        return f"{found.detail} ({event})" if event and event not in found.detail else found.detail
    if ref.kind.kind in (*ROLLED_OUT, "ReplicaSet"):
        now = progress(live)
        if now.complete:
            return None
        reason = await why_not(here, live, 1e9)
        return now.reason or (reason.detail if reason is not None else f"the rollout goes on: {now.words()}")
    return None


class ContextRow(Outputs):
    name: str
    server: str
    namespace: str
    user: str
    current: bool


class ContextList(Outputs):
    contexts: list[ContextRow]
    current: str


class Contexts(KubernetesQuery):
    """The contexts of the kubeconfig. No server is asked for the list itself."""

    name: ClassVar[str] = "kubernetes.contexts"
    summary: ClassVar[str] = "List the contexts of the kubeconfig: cluster, namespace, user"
    returns: ClassVar[type[Outputs]] = ContextList

    def command_line(self) -> str:
        return "kubectl config get-contexts"

    async def execute(self, call: Call) -> ContextList:
        chosen = self.context or current_context(call.environment)
        rows = []
        for name in contexts(call.environment):
            try:
                at = where(name, call.environment)
            except ToolMissing as error:
                call.say(str(error))
                continue
            rows.append(
                ContextRow(name=name, server=at.server, namespace=at.namespace, user=at.user, current=name == chosen)
            )
            call.say(f"{'*' if name == chosen else ' '} {name}  {at.server}  namespace {at.namespace}  user {at.user}")
        return ContextList(contexts=rows, current=chosen)


class NodeRow(Outputs):
    name: str
    status: str
    version: str


class Info(Outputs):
    """``nodes`` is empty where this user may not list them."""

    context: str
    server: str
    cluster: str
    version: str
    namespace: str
    user: str
    nodes: list[NodeRow]


class ClusterInfo(KubernetesQuery):
    """What a cluster says of itself."""

    name: ClassVar[str] = "kubernetes.cluster_info"
    summary: ClassVar[str] = "Show what the cluster says of itself: server, version, nodes"
    returns: ClassVar[type[Outputs]] = Info

    def command_line(self) -> str:
        return f"kubectl cluster-info{self.flags()}"

    async def execute(self, call: Call) -> Info:
        here = self.cluster(call)
        identity, version = await asyncio.gather(here.identity(), here.call("GET", "/version"))
        try:
            nodes = [row_of(item) for item in await here.list(await here.kind("node"), None)]
        except Forbidden:
            nodes = []
        info = Info(
            context=here.where.context,
            server=here.where.server,
            cluster=identity["cluster"],
            version=str(version.get("gitVersion") or ""),
            namespace=self.space(call),
            user=here.where.user,
            nodes=[NodeRow(name=n.name, status=n.status, version=n.details.get("version", "")) for n in nodes],
        )
        call.say(f"context {info.context}: Kubernetes {info.version} at {info.server}, namespace {info.namespace}")
        for node in info.nodes:
            call.say(f"node {node.name}  {node.status}  {node.version}")
        return info


class Status(Outputs):
    """``complete``: all pods are updated and ready. ``reason``: what keeps them from it."""

    resource: str
    complete: bool
    wanted: int
    updated: int
    ready: int
    reason: str


class RolloutStatus(OfObject):
    """How a rollout stands now."""

    name: ClassVar[str] = "kubernetes.rollout_status"
    summary: ClassVar[str] = "Show how the rollout of a deployment, statefulset or daemonset stands"
    returns: ClassVar[type[Outputs]] = Status

    def command_line(self) -> str:
        return f"kubectl rollout status {self.kind}/{self.object} --watch=false{self.flags()}"

    async def execute(self, call: Call) -> Status:
        here, ref = self.cluster(call), await self.ref(call)
        if ref.kind.kind not in (*ROLLED_OUT, "ReplicaSet"):
            raise OperationError(f"a {ref.kind.singular} has no rollout", "name a deployment, statefulset or daemonset")
        live = await need(here, ref)
        now = progress(live)
        reason = "" if now.complete else await _trouble(here, ref, live) or ""
        call.say(f"{ref.resource}: {'complete' if now.complete else 'not complete'}, {now.words()}")
        if reason:
            call.say(reason)
        return Status(
            resource=ref.resource,
            complete=now.complete,
            wanted=now.wanted,
            updated=now.updated,
            ready=now.ready,
            reason=reason,
        )


class Revision(Outputs):
    revision: int
    images: list[str]
    cause: str


class History(Outputs):
    """Oldest first; the last one is what runs."""

    resource: str
    revisions: list[Revision]


class RolloutHistory(OfObject):
    """The revisions of a workload."""

    name: ClassVar[str] = "kubernetes.rollout_history"
    summary: ClassVar[str] = "List the revisions of a deployment, statefulset or daemonset"
    returns: ClassVar[type[Outputs]] = History

    def command_line(self) -> str:
        return f"kubectl rollout history {self.kind}/{self.object}{self.flags()}"

    async def execute(self, call: Call) -> History:
        from reign_executors.kubernetes.workloads import revisions

        here, ref = self.cluster(call), await self.ref(call)
        if ref.kind.kind not in ROLLED_OUT:
            raise OperationError(f"a {ref.kind.singular} has no revisions", "name a deployment, statefulset, daemonset")
        rows = []
        for past in await revisions(here, ref, await need(here, ref)):
            images = [str(one.get("image")) for one in (past.template.get("spec") or {}).get("containers") or ()]
            rows.append(Revision(revision=past.number, images=images, cause=past.cause))
            call.say(f"revision {past.number}: {', '.join(images)}{f'  ({past.cause})' if past.cause else ''}")
        return History(resource=ref.resource, revisions=rows)


class Answer(Outputs):
    allowed: bool
    reason: str


class CanI(KubernetesQuery):
    """Whether this user may do something."""

    name: ClassVar[str] = "kubernetes.can_i"
    summary: ClassVar[str] = "Ask whether this user may do something (verb, kind, namespace)"
    returns: ClassVar[type[Outputs]] = Answer

    verb: Name = Field(description="get, list, create, patch, delete …")
    kind: KindName = "deployment"
    object: str | None = None
    subresource: str | None = Field(None, description="scale, log, exec …")
    all_namespaces: bool = False

    def command_line(self) -> str:
        sub = f" --subresource={self.subresource}" if self.subresource else ""
        name = f"/{self.object}" if self.object else ""
        return f"kubectl auth can-i {self.verb} {self.kind}{name}{sub}{' -A' if self.all_namespaces else self.flags()}"

    async def execute(self, call: Call) -> Answer:
        here = self.cluster(call)
        kind = await here.kind(self.kind)
        allowed, reason = await may(
            here,
            self.verb,
            kind.group,
            kind.plural,
            None if self.all_namespaces or not kind.namespaced else self.space(call),
            name=self.object,
            subresource=self.subresource,
        )
        call.say("yes" if allowed else f"no{f': {reason}' if reason else ''}")
        return Answer(allowed=allowed, reason=reason)


async def may(
    here: Cluster, verb: str, group: str, plural: str, namespace: str | None, **rest: Any
) -> tuple[bool, str]:
    """Whether this user may do that (namespace None: everywhere), and why not."""
    attributes = {"verb": verb, "group": group, "resource": plural, "namespace": namespace, **rest}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value is not None}},
    }
    answer = await here.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
    status = answer.get("status") or {}
    return bool(status.get("allowed")), str(status.get("reason") or "")


class Use(Outputs):
    """``cpu`` in cores, ``memory`` in bytes."""

    name: str
    namespace: str | None
    cpu: float
    memory: int


class Used(Outputs):
    kind: str
    rows: list[Use]


class Top(KubernetesQuery):
    """What pods or nodes use now; only where the cluster has the metrics API."""

    name: ClassVar[str] = "kubernetes.top"
    summary: ClassVar[str] = "Show the CPU and memory that pods or nodes use (needs metrics-server)"
    returns: ClassVar[type[Outputs]] = Used

    kind: KindName = "pod"
    selector: str | None = None
    all_namespaces: bool = False

    def command_line(self) -> str:
        return f"kubectl top {self.kind}{' -A' if self.all_namespaces else ''}{self.flags()}"

    async def execute(self, call: Call) -> Used:
        here = self.cluster(call)
        kind = await here.kind(self.kind)
        if kind.kind not in ("Pod", "Node"):
            raise OperationError(f"there are no measurements of {kind.plural}", "ask for pods or nodes")
        base = "/apis/metrics.k8s.io/v1beta1"
        space = "" if self.all_namespaces or kind.kind == "Node" else f"/namespaces/{self.space(call)}"
        try:
            answer = await here.call("GET", f"{base}{space}/{kind.plural}", query={"labelSelector": self.selector})
        except (NotFound, OperationError) as error:
            if isinstance(error, Forbidden) or not _no_metrics(error):
                raise
            raise ToolMissing(
                f"the cluster {here.where.context} has no metrics API: nobody measures CPU and memory there",
                "install metrics-server (https://github.com/kubernetes-sigs/metrics-server)",
                detail=str(error),
            ) from error
        rows = sorted((_use(item) for item in answer.get("items") or ()), key=lambda use: -use.cpu)
        for row in rows:
            place = f"{row.namespace}/" if self.all_namespaces and row.namespace else ""
            call.say(f"{place}{row.name}  cpu {row.cpu * 1000:.0f}m  memory {row.memory / 2**20:.0f} MiB")
        if not rows:
            call.say("nothing is measured there yet")
        return Used(kind=kind.singular, rows=rows)


def _no_metrics(error: OperationError) -> bool:
    return isinstance(error, NotFound) or "503" in error.cause


def _use(item: Json) -> Use:
    usages = [one.get("usage") or {} for one in item.get("containers") or ()] or [item.get("usage") or {}]
    return Use(
        name=str(meta(item)["name"]),
        namespace=meta(item).get("namespace"),
        cpu=sum(amount_of(one.get("cpu")) for one in usages),
        memory=int(sum(amount_of(one.get("memory")) for one in usages)),
    )


_FACTORS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_FACTORS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}


def amount_of(quantity: Any) -> float:
    """A quantity (``250m``, ``16Mi``, ``2``) as a number; 0 for none."""
    text = str(quantity or "0")
    number = text.rstrip("numkKMGTPEi")
    return float(number or 0) * _FACTORS.get(text[len(number) :], 1)
