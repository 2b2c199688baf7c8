"""What a word beside a value says about it: flags of the tools, and nouns that own a key."""

from __future__ import annotations

FLAGS: dict[str, str] = {
    "-p": "ports", "--publish": "ports", "--port": "ports", "--expose": "ports",
    "-n": "namespace", "--namespace": "namespace", "--name": "name", "--release": "release", "--release-name": "release",
    "-e": "env", "--env": "env", "--build-arg": "env", "-var": "env", "--set": "values", "--set-string": "values", "--set-file": "values",
    "--from-literal": "data", "-v": "volume", "--volume": "volume", "--mount": "volume", "--network": "network", "--net": "network",
    "--replicas": "replicas", "-f": "file", "--file": "file", "--filename": "file", "--values": "file", "-var-file": "file", "--env-file": "file", "--from-file": "file", "--dockerfile": "file",
    "--version": "version", "--workspace": "workspace", "-m": "memory", "--memory": "memory", "--cpus": "cpu", "--cpu": "cpu", "--cpu-percent": "cpu",
    "--image": "image", "-t": "image", "--tag": "image", "--context": "context", "--kube-context": "context", "-chdir": "path", "--chdir": "path", "--cwd": "path", "-C": "path",
    "--user": "user", "-u": "user", "--min": "min", "--max": "max", "-b": "branch", "--branch": "branch", "--ref": "branch", "--head": "branch", "-B": "base", "--base": "base",
    "--title": "title", "-l": "label", "--label": "label", "--selector": "label", "-R": "repo", "--repo": "repo", "--region": "region", "--to-revision": "revision", "--revision": "revision",
    "--host": "host", "-H": "host", "--hostname": "host", "--subnet": "subnet", "--schedule": "schedule", "--registry": "registry", "--org": "org", "--milestone": "title", "--workflow": "workflow",
    "--size": "storage", "--include-namespaces": "namespace", "--kubeconfig": "file", "--from-backup": "name", "--key": "file", "--cluster": "name", "--for": "command", "--url": "url", "--commit": "commit", "--cpu-shares": "cpu",
}  # fmt: skip
"""Option → entity key."""

AFTER: dict[str, str] = {
    "namespace": "namespace", "ns": "namespace", "branch": "branch", "workspace": "workspace", "release": "release", "chart": "chart", "network": "network", "volume": "volume",
    "host": "host", "hosts": "host", "server": "host", "machine": "host", "hostname": "host", "box": "host", "vm": "host", "user": "user", "account": "user", "region": "region", "context": "context", "registry": "registry", "org": "org",
    "organisation": "org", "organization": "org", "repo": "repo", "repository": "repo", "workflow": "workflow", "subnet": "subnet", "label": "label", "base": "base",
    "commit": "commit", "sha": "commit", "tag": "version", "version": "version", "revision": "revision", "rev": "revision", "run": "run", "build": "build", "pr": "pr", "pull request": "pr",
    "pull-request": "pr", "issue": "issue", "image": "image", "file": "file", "directory": "path", "folder": "path", "dir": "path", "path": "path", "url": "url", "command": "command", "title": "title", "id": "id", "prs": "pr", "subject": "title", "titled": "title", "entitled": "title", "title is": "title", "runs": "run", "workflow run": "run", "workflow runs": "run", "actions run": "run", "builds": "build", "issues": "issue", "pull requests": "pr", "cidr": "subnet", "bucket": "name", "milestone": "title",
    "namespaces": "namespace", "helm release": "release", "terraform workspace": "workspace", "tf workspace": "workspace", "docker image": "image", "container image": "image", "helm chart": "chart", "git tag": "version", "github workflow": "workflow", "schedule": "schedule", "volumes": "volume", "networks": "network", "branches": "branch", "images": "image",
}  # fmt: skip
"""Noun → key of the value that follows it ("namespace shop")."""

BEFORE: dict[str, str] = {
    "namespace": "namespace", "ns": "namespace", "branch": "branch", "workspace": "workspace", "network": "network", "volume": "volume", "release": "release", "helm release": "release", "chart": "chart",
    "helm chart": "chart", "region": "region", "context": "context", "registry": "registry", "org": "org", "organisation": "org", "organization": "org", "repo": "repo", "repository": "repo", "workflow": "workflow",
    "image": "image", "user": "user", "host": "host", "server": "host", "machine": "host", "box": "host", "label": "label", "folder": "path", "directory": "path", "dir": "path", "file": "file", "subnet": "subnet",
    "terraform workspace": "workspace", "tf workspace": "workspace", "docker image": "image", "container image": "image", "stack": "name", "branches": "branch", "volumes": "volume", "networks": "network", "images": "image", "environment": "namespace", "env": "namespace",
}  # fmt: skip
"""Noun → key of the value that stands before it ("the shop namespace")."""

NUMBERS = frozenset({"replicas", "min", "max", "run", "pr", "issue", "build", "revision"})
LISTS = frozenset({"ports", "names", "images"})
MAPS = frozenset({"env", "data", "values", "params"})
OWN_KEY = frozenset(
    {
        "namespace",
        "branch",
        "workspace",
        "network",
        "volume",
        "repo",
        "workflow",
        "user",
        "subnet",
        "release",
        "registry",
        "host",
        "org",
        "label",
        "context",
    }
)
"""Keys whose thing can itself be the target of a wish, then named under ``name`` too."""

MAKES_IMAGE = frozenset(
    {
        "run",
        "pull",
        "push",
        "build",
        "create",
        "deploy",
        "tag",
        "scan",
        "validate",
        "test",
        "expose",
        "set",
        "update",
        "save",
        "load",
        "publish",
        "copy",
        "show",
        "check",
    }
)
"""Verbs beside which a well-known program's name is an image."""

NAMED_KINDS = frozenset(
    "container pod deployment statefulset daemonset replicaset configmap ingress pvc pv job cronjob autoscaler service secret app database cluster node stack compose swarm pipeline "
    "jenkins_job process package host_service cron script queue rollout serviceaccount rolebinding networkpolicy quota pdb workload crd storageclass certificate group instance bucket "
    "environment key role security_group vpc lb runner artifact website worker module resource disk release backup dns symlink firewall milestone gist terraform branch volume network manifest replica".split()
)
"""Nouns beside which a name is the target's."""
