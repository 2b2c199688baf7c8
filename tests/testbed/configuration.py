"""What each component is told: arguments, credentials, configuration files."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.testbed.images import PAUSE_IMAGE
from tests.testbed.node import NODE_ADDRESS
from tests.testbed.places import Places

NODE_NAME = "reign-node"
PODS = "10.78.0.0/16"
SERVICES = "10.79.0.0/16"
FIRST_SERVICE = "10.79.0.1"
ISSUER = "https://kubernetes.default.svc.cluster.local"

CLUSTERS = {"reign-test": 6443, "reign-test-2": 6444}
"""Name and port inside the namespaces. The first has a node; the second one's pods stay Pending."""

_USERS = {
    "admin": ("reign-admin", "system:masters"),
    "viewer": ("reign-viewer", ""),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
}


class Configuration:
    """Written into the run folder by :meth:`write`; :meth:`stages` is then what the node's first process starts."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.tokens = {name: secrets.token_urlsafe(24) for name in _USERS}
        self.programs: dict[str, str] = {}

    def write(self, programs: dict[str, str]) -> None:
        """``programs``: where each component lies."""
        self.programs = programs
        rows = [f'{self.tokens[key]},{user},{key},"{group}"' for key, (user, group) in _USERS.items()]
        self._file("tokens", "\n".join(rows) + "\n")
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "service-accounts.key")
        names = ["DNS:localhost", "DNS:kubernetes.default.svc", "DNS:kubernetes.default.svc.cluster.local"]
        names += [f"IP:{address}" for address in ("127.0.0.1", NODE_ADDRESS, FIRST_SERVICE)]
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365"),
            *("-keyout", "server.key", "-out", "server.crt", "-subj", "/CN=reign-testbed"),
            *("-addext", f"subjectAltName={','.join(names)}", "-addext", "extendedKeyUsage=serverAuth"),
            *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
        )
        self._file("containerd.toml", self._containerd())
        self._file("kubelet.json", json.dumps(self._kubelet()))
        self._file("resolv.conf", "nameserver 127.0.0.1\n")
        network = self.places.run / "network"
        network.mkdir()
        (network / "10-reign.conflist").write_text(json.dumps(self._network()))
        for user in ("controllers", "scheduler", "proxy", "kubelet"):
            for cluster, port in CLUSTERS.items():
                config = kubeconfig(
                    {cluster: (f"https://127.0.0.1:{port}", self.authority)},
                    {user: self.tokens[user]},
                    {cluster: (cluster, user)},
                )
                self._file(f"{cluster}-{user}.kubeconfig", json.dumps(config))
        self._file("components.json", json.dumps(self.stages()))

    @property
    def authority(self) -> Path:
        """The certificate of both API servers, made for this start; it vouches for itself."""
        return self.places.run / "server.crt"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run([self.programs["openssl"], *arguments], cwd=self.places.run, check=True, capture_output=True)

    def stages(self) -> list[list[dict[str, Any]]]:
        first, second = CLUSTERS
        user = f"--kubeconfig={self.places.run}/{first}-"
        return [
            [
                self._component("etcd", self._etcd(), "tcp:2379"),
                self._component("containerd", self._containerd_argv(), str(self.places.containerd)),
            ],
            [
                self._component(f"apiserver-{name}", self._apiserver(name, port), f"tls:{port}/readyz")
                for name, port in CLUSTERS.items()
            ],
            [
                self._component(f"controllers-{first}", self._controllers(first, 10257)),
                self._component(f"controllers-{second}", self._controllers(second, 10258)),
                self._component(
                    "scheduler",
                    [
                        self.programs["kube-scheduler"],
                        f"{user}scheduler.kubeconfig",
                        "--leader-elect=false",
                        "--bind-address=127.0.0.1",
                        f"--cert-dir={self.places.run}/scheduler",
                    ],
                ),
                self._component(
                    "kubelet",
                    [
                        self.programs["kubelet"],
                        f"{user}kubelet.kubeconfig",
                        f"--config={self.places.run}/kubelet.json",
                        f"--hostname-override={NODE_NAME}",
                        f"--node-ip={NODE_ADDRESS}",
                        f"--root-dir={self.places.run}/kubelet",
                        f"--cert-dir={self.places.run}/kubelet-certificates",
                    ],
                ),
                self._component(
                    "proxy",
                    [
                        self.programs["kube-proxy"],
                        f"{user}proxy.kubeconfig",
                        f"--hostname-override={NODE_NAME}",
                        f"--cluster-cidr={PODS}",
                        "--proxy-mode=iptables",
                        "--conntrack-max-per-core=0",
                        "--conntrack-tcp-timeout-established=0",
                        "--conntrack-tcp-timeout-close-wait=0",
                    ],
                ),
            ],
        ]

    def _component(self, name: str, argv: list[str], ready: str | None = None) -> dict[str, Any]:
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.places.run),
            "TMPDIR": "/tmp",
        }
        log = str(self.places.log / f"{name}.log")
        return {"name": name, "argv": argv, "env": environment, "log": log, "ready": ready}

    def _file(self, name: str, text: str) -> None:
        path = self.places.run / name
        path.touch(0o600)
        path.write_text(text)

    def _etcd(self) -> list[str]:
        address = "http://127.0.0.1:2379"
        return [
            self.programs["etcd"],
            "--data-dir=/run/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            "--logger=zap",
        ]

    def _apiserver(self, cluster: str, port: int) -> list[str]:
        key = self.places.run / "service-accounts.key"
        return [
            self.programs["kube-apiserver"],
            "--etcd-servers=http://127.0.0.1:2379",
            f"--etcd-prefix=/{cluster}",
            f"--secure-port={port}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={NODE_ADDRESS}",
            f"--tls-cert-file={self.authority}",
            f"--tls-private-key-file={self.places.run / 'server.key'}",
            f"--token-auth-file={self.places.run / 'tokens'}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--service-cluster-ip-range={SERVICES}",
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=true",
            "--enable-aggregator-routing=true",
        ]

    def _controllers(self, cluster: str, port: int) -> list[str]:
        return [
            self.programs["kube-controller-manager"],
            f"--kubeconfig={self.places.run}/{cluster}-controllers.kubeconfig",
            f"--service-account-private-key-file={self.places.run / 'service-accounts.key'}",
            f"--root-ca-file={self.authority}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self.places.run}/{cluster}-controllers",
        ]

    def _containerd_argv(self) -> list[str]:
        return [self.programs["containerd"], f"--config={self.places.run}/containerd.toml"]

    def _containerd(self) -> str:
        run = self.places.run

        def said(value: object) -> str:
            return json.dumps(str(value))

        return f"""version = 2
root = {said(run / "containerd")}
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]

[grpc]
address = {said(self.places.containerd)}

[plugins."io.containerd.internal.v1.opt"]
path = {said(run / "opt")}

[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "docker.io/{PAUSE_IMAGE}"
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = {said(self.programs["cni"])}
conf_dir = {said(run / "network")}

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter(self.places.folder)}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": "0.0.0.0",
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.places.control_group}",
            "clusterDNS": ["10.79.0.10"],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": f"unix://{self.places.containerd}",
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "failCgroupV1": False,
            "failSwapOn": False,
            "imageGCHighThresholdPercent": 100,
            "maxPods": 250,
            "oomScoreAdj": 0,
            "podLogsDir": str(self.places.run / "pods"),
            "resolvConf": str(self.places.run / "resolv.conf"),
            "serializeImagePulls": False,
            "volumePluginDir": str(self.places.run / "volume-plugins"),
        }

    def _network(self) -> dict[str, Any]:
        addresses = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "dataDir": "/run/cni-addresses"}
        bridge = {"type": "bridge", "bridge": "reign0", "isGateway": True, "ipMasq": True, "hairpinMode": True}
        return {
            "cniVersion": "0.4.0",
            "name": "reign",
            "plugins": [
                {**bridge, "ipam": {**addresses, "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }


def snapshotter(folder: Path) -> str:
    """``overlayfs``, unless the folder lies on an overlay itself (a container's root): overlays do not stack there."""
    best, kind = "", ""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, what, *_ = line.split(" ")
        if len(where) >= len(best) and folder.is_relative_to(where):
            best, kind = where, what
    return "native" if kind == "overlay" else "overlayfs"


def kubeconfig(
    clusters: Mapping[str, tuple[str, Path | str]], users: Mapping[str, str], contexts: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """``clusters``: name to server and its authority (a file, or base64); ``users``: name to token; ``contexts``:
    name to cluster and user. The first context is the current one.
    """
    described = {}
    for name, (server, authority) in clusters.items():
        key = "certificate-authority" if isinstance(authority, Path) else "certificate-authority-data"
        described[name] = {"server": server, key: os.fspath(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster} for name, cluster in described.items()],
        "users": [{"name": name, "user": {"token": token}} for name, token in users.items()],
        "contexts": [
            {"name": name, "context": {"cluster": cluster, "user": user, "namespace": "default"}}
            for name, (cluster, user) in contexts.items()
        ],
        "current-context": next(iter(contexts)),
    }
