"""A made-up world that plans change: containers, images, deployments, releases, as listings give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reign_agents.plan.model import Step
from reign_executors.operation import JsonObject

DEPLOYMENTS = """
prod: checkout api orders tmp search
staging: checkout api
shop: cart front
news: feeds
uat: api worker
preprod: api worker
dev: tmp
crm: api
qa: api web worker
finance: ledger
default: ledger api
obs pay scm data:
"""


class World:
    """``look`` answers as the systems would; ``apply`` takes a plan as done."""

    def __init__(self) -> None:
        self.containers = {"web-1": "running", "web-2": "running", "api": "running", "db": "running"}
        self.images: dict[str, str] = {}
        self.tags: set[str] = set()
        self.volumes = {"pgdata"}
        self.networks: set[str] = set()
        self.releases = {"gl": "scm"}
        self.attached: dict[str, set[str]] = {}
        self.autoscalers: dict[str, list[str]] = {}
        self.configs: dict[str, list[str]] = {}
        self.secrets: dict[str, list[str]] = {}
        self.replicas: dict[tuple[str, str], int] = {}
        self.deployments: dict[str, list[str]] = {}
        for line in DEPLOYMENTS.strip().splitlines():
            spaces, _, names = line.partition(":")
            for space in spaces.split():
                self.deployments[space] = names.split()

    async def look(self, operation: str, fields: Mapping[str, Any]) -> JsonObject:
        """The outputs of a query."""
        match operation:
            case "docker.list_containers":
                rows: Any = [
                    {"name": name, "id": name, "status": status, "image": self.images.get(name, "x"), "volumes": []}
                    for name, status in self.containers.items()
                ]
                return {"containers": rows}
            case "docker.list_images":
                return {"images": [{"tags": [tag]} for tag in sorted(self.tags)]}
            case "docker.list_volumes":
                return {"volumes": [{"name": name} for name in sorted(self.volumes)]}
            case "docker.list_networks":
                return {"networks": [{"name": name} for name in sorted(self.networks)]}
            case "helm.list":
                releases: Any = [
                    {"release": name, "namespace": space, "chart": f"{name}-1", "revision": 2}
                    for name, space in self.releases.items()
                ]
                return {"releases": releases}
            case "kubernetes.contexts":
                contexts: Any = [
                    {"name": "main", "namespace": "default", "current": True},
                    {"name": "dr", "namespace": "default", "current": False},
                ]
                return {"contexts": contexts}
            case "kubernetes.get":
                count = self.replicas.get((str(fields.get("namespace", "default")), str(fields["object"])), 3)
                return {"object": {"kind": "Deployment", "spec": {"replicas": count}}}
            case "kubernetes.list":
                return {"objects": self._objects(fields)}
            case "terraform.state_list":
                return {"addresses": ["aws_s3_bucket.logs", "aws_instance.web", "aws_vpc.main"]}
            case "docker.inspect":
                within: Any = {
                    name: {"Name": name} for name in sorted(self.attached.get(str(fields["container"]), set()))
                }
                return {"kind": "network", "id": "n", "object": {"Containers": within}}
            case "terraform.workspaces":
                return {"workspaces": ["default", "stg", "prod"]}
        raise AssertionError(f"nobody asked for {operation} before")

    def _objects(self, fields: Mapping[str, Any]) -> Any:
        kind = fields["kind"]
        if kind == "namespace":
            return [{"name": name, "namespace": None} for name in self.deployments]
        pods = {space: [f"{name}-7f9c-abc" for name in names] for space, names in self.deployments.items()}
        of_kind = {"deployment": self.deployments, "pod": pods, "secret": self.secrets}.get(kind, {})
        of_kind = self.configs if kind == "configmap" else of_kind
        of_kind = self.autoscalers if kind == "horizontalpodautoscaler" else of_kind
        wanted = fields.get("namespace", "default")
        return [
            {"name": name, "namespace": space}
            for space, names in of_kind.items()
            if fields.get("all_namespaces") or space == wanted
            for name in names
        ]

    def apply(self, steps: Sequence[Step]) -> None:
        """What is there after these steps."""
        for step in steps:
            fields: dict[str, Any] = step.fields
            space = str(fields.get("namespace", "default"))
            match step.operation:
                case "docker.run":
                    self.containers[fields["container"]] = "running"
                    self.images[fields["container"]] = fields["image"]
                case "docker.start" | "docker.stop":
                    self.containers[fields["container"]] = "running" if step.operation == "docker.start" else "exited"
                case "docker.remove_container":
                    self.containers.pop(fields["container"])
                case "docker.build":
                    self.tags.add(fields["image"])
                case "docker.tag":
                    self.tags.add(fields["tag"])
                case "docker.connect_network":
                    self.attached.setdefault(fields["network"], set()).add(fields["container"])
                case "docker.disconnect_network":
                    self.attached[fields["network"]].discard(fields["container"])
                case "docker.rename":
                    self.containers[fields["to"]] = self.containers.pop(fields["container"])
                case "docker.remove_volume":
                    self.volumes.discard(fields["volume"])
                case "docker.create_volume":
                    self.volumes.add(fields["volume"])
                case "docker.create_network":
                    self.networks.add(fields["network"])
                case "kubernetes.create_namespace":
                    self.deployments.setdefault(fields["object"], [])
                case "kubernetes.create_deployment":
                    self.deployments.setdefault(space, []).append(fields["object"])
                case "kubernetes.scale":
                    self.replicas[space, fields["object"]] = fields["replicas"]
                case "kubernetes.apply":
                    if "kind: HorizontalPodAutoscaler" in str(fields.get("manifest")):
                        scaler = re.search(r"name: (\S+)", fields["manifest"])
                        self.autoscalers[space] = [scaler[1] if scaler else ""]
                    if "kind: ConfigMap" in str(fields.get("manifest")):
                        config = re.search(r"name: (\S+)", fields["manifest"])
                        self.configs.setdefault(space, []).append(config[1] if config else "")
                    if "kind: Secret" in str(fields.get("manifest")):
                        name = re.search(r"name: (\S+)", fields["manifest"])
                        self.secrets.setdefault(space, []).append(name[1] if name else "")
                case "helm.install":
                    self.releases[fields["release"]] = space
