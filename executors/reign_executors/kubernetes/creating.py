"""Objects made from a few words instead of a manifest: a namespace, a deployment with its service, a service."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from reign_executors.call import Call
from reign_executors.effect import Choice, Effect, Problem
from reign_executors.kubernetes.apply import Applying, Item
from reign_executors.kubernetes.base import KindName, Name, ObjectName, Ref, look, need, reference
from reign_executors.kubernetes.client import Json
from reign_executors.kubernetes.kinds import DEPLOYMENT, known_kind
from reign_executors.kubernetes.objects import meta

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT = re.compile(r"(?:(?P<outer>\d{1,5}):)?(?P<inner>\d{1,5})")
_QUANTITY = re.compile(r"\d+(?:\.\d+)?(?:m|[kKMGTPE]i?)?")
SERVICE = known_kind("service")


def dns_label(value: str) -> str:
    """A name that the cluster takes; ``ValueError`` says what is wrong."""
    value = value.strip()
    if not _DNS_LABEL.fullmatch(value):
        raise ValueError(f"{value!r} can't be a name here: small letters, digits and - only, at most 63")
    return value


def quantity(value: str | None) -> str | None:
    """``512Mi``, ``1.5Gi``, ``250m``, ``2``; ``512m``/``512mb`` of memory as people write it is said to be wrong."""
    if value is None:
        return None
    text = value.strip().removesuffix("b").removesuffix("B")
    if not _QUANTITY.fullmatch(text):
        raise ValueError(f"{value!r} is no quantity: write 512Mi, 2Gi, 250m or 2")
    return text


def ports_of(text: str | int) -> tuple[int, int]:
    """Outer and inner port of ``80`` or ``80:8080``."""
    found = _PORT.fullmatch(str(text).strip())
    if found is None:
        raise ValueError(f"{text!r} is no port: write 80 or 80:8080 (service:container)")
    inner = int(found["inner"])
    outer = int(found["outer"] or inner)
    if not (0 < inner < 65536 and 0 < outer < 65536):
        raise ValueError(f"{text!r}: ports go from 1 to 65535")
    return outer, inner


class CreateNamespace(Applying):
    """Create a namespace."""

    name: ClassVar[str] = "kubernetes.create_namespace"
    summary: ClassVar[str] = "Create a namespace"

    object: ObjectName
    labels: dict[str, str] = Field(default={})

    _check_name = field_validator("object")(dns_label)

    def command_line(self) -> str:
        return f"kubectl create namespace {self.object}{self.flags()}"

    def manifests(self, call: Call) -> list[Json]:
        metadata: Json = {"name": self.object}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}]


class CreateDeployment(Applying):
    """Create a deployment, and a service when it has a port."""

    name: ClassVar[str] = "kubernetes.create_deployment"
    summary: ClassVar[str] = "Create a deployment from an image, with a service when a port is given"

    object: ObjectName
    image: Name
    replicas: int = Field(1, ge=0)
    port: int | str | None = Field(None, description="a service's port: 80, or 80:8080 (service:container)")
    ports: list[int | str] = Field(default=[], description="several ports, each like port")
    service: bool = Field(True, description="make a service for the ports")
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    env: dict[str, str] = Field(default={})
    command: list[str] | str | None = Field(None, description="what runs instead of the image's own command")
    cpu: str | None = Field(None, description="limit and request: 250m, 2")
    memory: str | None = Field(None, description="limit and request: 256Mi, 1Gi")
    labels: dict[str, str] = Field(default={})
    if_exists: Literal["ask", "update"] = "ask"

    _check_name = field_validator("object")(dns_label)
    _check_quantities = field_validator("cpu", "memory")(quantity)

    @field_validator("port", "ports")
    @classmethod
    def _check_ports(cls, value: Any) -> Any:
        for one in value if isinstance(value, list) else [value] if value is not None else []:
            ports_of(one)
        return value

    def command_line(self) -> str:
        words = ["kubectl", "create", "deployment", self.object, f"--image={self.image}", f"--replicas={self.replicas}"]
        words += [f"--port={inner}" for _, inner in self._ports()[:1]]
        return shlex.join(words) + self.flags()

    def _ports(self) -> list[tuple[int, int]]:
        given = [*([self.port] if self.port is not None else []), *self.ports]
        return list(dict.fromkeys(ports_of(one) for one in given))

    def manifests(self, call: Call) -> list[Json]:
        labels = {"app": self.object, **self.labels}
        ports = self._ports()
        container: Json = {"name": self.object, "image": self.image}
        if self.command:
            container["command"] = shlex.split(self.command) if isinstance(self.command, str) else list(self.command)
        if ports:
            inner = dict.fromkeys(port for _, port in ports)
            container["ports"] = [{"containerPort": port, "protocol": "TCP"} for port in inner]
        if self.env:
            container["env"] = [{"name": name, "value": value} for name, value in self.env.items()]
        amounts = {name: value for name, value in (("cpu", self.cpu), ("memory", self.memory)) if value}
        if amounts:
            container["resources"] = {"requests": dict(amounts), "limits": dict(amounts)}
        deployment: Json = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.object, "labels": labels},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": {"app": self.object}},
                "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": [container]}},
            },
        }
        if not ports or not self.service:
            return [deployment]
        return [service_manifest(self.object, {"app": self.object}, ports, self.service_type, labels), deployment]

    async def resource(self, call: Call) -> str:
        return DEPLOYMENT.resource(self.space(call), self.object)

    async def preview(self, call: Call) -> Effect:
        effect = await super().preview(call)
        there = [c.resource for c in effect.changes if c.action.value == "update" and c.resource not in call.promised]
        changing = [name for name in there if name.endswith(f"/deployment/{self.object}")]
        immutable = any("selector" in problem.text and "immutable" in problem.text for problem in effect.problems)
        if (changing and self.if_exists == "ask") or immutable:
            update = Choice(key="update", label="change it to this", fields={"if_exists": "update"})
            other = Choice(key="rename", label="take another name", fields={"object": f"{self.object[:60]}-2"})
            text = f"there is a deployment {self.object} already, and it is another one"
            problems = (Problem(text=text, choices=(other,) if immutable else (update, other)),)
            return effect.model_copy(update={"problems": problems})
        return effect


def service_manifest(
    name: str, selector: dict[str, str], ports: list[tuple[int, int]], kind: str, labels: dict[str, str]
) -> Json:
    """A Service; its ports get names when there are several."""
    listed = [
        {**({"name": f"port-{outer}"} if len(ports) > 1 else {}), "port": outer, "targetPort": inner, "protocol": "TCP"}
        for outer, inner in ports
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {"type": kind, "selector": dict(selector), "ports": listed},
    }


class Expose(Applying):
    """Make a service for a workload's pods."""

    name: ClassVar[str] = "kubernetes.expose"
    summary: ClassVar[str] = "Make a service for the pods of a deployment, statefulset, daemonset, replicaset or pod"

    kind: KindName = "deployment"
    object: ObjectName
    port: int | None = Field(None, ge=1, le=65535, description="the service's port; none = the container's")
    target_port: int | None = Field(None, ge=1, le=65535, description="the container's port; none = the same")
    service: str | None = Field(None, description="the service's name; none = the workload's")
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"

    def command_line(self) -> str:
        port = f" --port={self.port}" if self.port else ""
        target = f" --target-port={self.target_port}" if self.target_port else ""
        return f"kubectl expose {self.kind}/{self.object} --name={self._service()}{port}{target}{self.flags()}"

    def _service(self) -> str:
        return self.service or self.object

    def touched(self) -> Iterable[str]:
        return (f"{self.space()}/service/{self._service()}",)

    async def resource(self, call: Call) -> str:
        return f"{self.space(call)}/service/{self._service()}"

    def manifests(self, call: Call) -> list[Json]:
        return []  # they depend on the workload: see items

    async def _workload(self, call: Call) -> tuple[Ref, Json | None]:
        here = self.cluster(call)
        ref = await reference(here, self.kind, self.object, self.space(call))
        live = await look(here, ref)
        if live is None and ref.resource not in call.promised:
            await need(here, ref)
        return ref, live

    async def items(self, call: Call) -> list[Item]:
        ref, live = await self._workload(call)
        spec = (live or {}).get("spec") or {}
        if ref.kind.kind == "Pod":
            selector = dict(meta(live or {}).get("labels") or {})
            pod = spec
        else:
            selector = dict((spec.get("selector") or {}).get("matchLabels") or {})
            pod = (spec.get("template") or {}).get("spec") or {}
        selector = selector or {
            "app": self.object
        }  # made by an earlier step: as kubernetes.create_deployment labels it
        inner = [int(port["containerPort"]) for one in pod.get("containers") or () for port in one.get("ports") or ()]
        outer = self.port or self.target_port or (inner[0] if inner else None)
        if outer is None:
            from reign_executors.errors import InvalidFields

            raise InvalidFields(f"{ref.resource} names no port of its container", "say which: port")
        target = self.target_port or (inner[0] if len(inner) == 1 else outer)
        manifest = service_manifest(
            self._service(), selector, [(outer, target)], self.service_type, {"app": self.object}
        )
        assert SERVICE is not None
        return [Item(Ref(SERVICE, self.space(call), self._service()), manifest)]
