"""Entities in natural wording, by class: hosts by their place, ordinary English, names, places."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.understanding import understand

HOSTS: list[tuple[str, dict[str, Any]]] = [
    ("restart postfix on mail-out", {"host": "mail-out"}),
    ("show the disk usage of pg-main", {"host": "pg-main"}),
    ("set the timezone of log-box to Europe/Oslo", {"host": "log-box"}),
    ("check whether /etc/hosts on pi-7 lists 10.0.0.3", {"host": "pi-7", "file": "/etc/hosts"}),
    ("create an account relay on mail-out", {"host": "mail-out", "user": "relay"}),
    ("restart the container spool (dock-9)", {"host": "dock-9", "name": "spool"}),
    ("copy /srv/spool to vault-nas by rsync", {"host": "vault-nas", "path": "/srv/spool"}),
]
NAMES: list[tuple[str, dict[str, Any]]] = [
    (
        "relay ought to be on post/relay:2.1 in staging",
        {"name": "relay", "image": "post/relay:2.1", "namespace": "staging"},
    ),
    ("start post/relay:2.1 as sorter", {"name": "sorter", "image": "post/relay:2.1"}),
    ("sorter: two replicas more", {"name": "sorter"}),
    ("destroy module.spool in stacks/post", {"name": "module.spool", "path": "stacks/post"}),
    ("raise desired_size of aws_eks_node_group.post to 5 in terraform", {"name": "aws_eks_node_group.post"}),
    ("why does sshd refuse keys on mail-out", {"name": "sshd", "host": "mail-out"}),
]
NAMESPACES: list[tuple[str, dict[str, Any]]] = [
    ("restart deployment relay under post", {"name": "relay", "namespace": "post"}),
    ("delete pod relay-0, post-eu", {"name": "relay-0", "namespace": "post-eu", "names": None}),
    ("show the logs of pod relay-0 of post-lab", {"name": "relay-0", "namespace": "post-lab"}),
    ("a resource quota for team-mail in kubernetes: 8 cpu", {"namespace": "team-mail"}),
    ("deploy post/relay:2.1 to mail-eu as relay", {"namespace": "mail-eu", "name": "relay"}),
    ("promote relay 2.1 from staging to prod", {"namespace": "prod", "name": "relay"}),
    ("list the pods in namespace build this morning", {"namespace": "build"}),
    ("create the post-eu namespace yet", {"namespace": "post-eu"}),
    ("make me a namespace, mail-lab", {"namespace": "mail-lab"}),
    ("take a velero backup of mail-eu", {"namespace": "mail-eu"}),
    ("any odd events in kube-system's pods?", {"namespace": "kube-system"}),
]
ORDINARY: list[tuple[str, str]] = [
    ("INC-2201: restart the container relay", "INC-2201"),
    ("the pods sit in ImagePullBackOff in post-eu, why", "ImagePullBackOff"),
    ("p99 went up on relay-eu, scale it to 4 replicas", "p99"),
    ("the deployment exists already in prod, restart it", "exists"),
    ("restart the container, it is completely broken", "completely"),
    ("the pods of the cluster wobble, find out why", "wobble"),
    ("every job host carries tmux, install it here", "carries"),
]
PAIRS: list[tuple[str, dict[str, Any]]] = [
    ("create a service for deployment relay, 80 to 8080", {"ports": ["80:8080"], "name": "relay"}),
    ("run post/relay:2 as relay, 443 outside and 8443 inside", {"ports": ["443:8443"]}),
    ("expose deployment relay on NodePort 31025", {"ports": ["31025"]}),
    ("scale relay: 2 -> 6 replicas in staging", {"replicas": 6, "name": "relay"}),
    ("compose: scale up sorter=3", {"replicas": 3, "name": "sorter"}),
]
PEOPLE: list[tuple[str, dict[str, Any]]] = [
    ("assign issue 12 of post/relay to odile", {"user": "odile", "issue": 12, "repo": "post/relay"}),
    ("add odile-k as reviewer to post/relay#31", {"user": "odile-k", "repo": "post/relay", "pr": 31}),
    ("show odile's crontab on mail-out", {"user": "odile", "host": "mail-out"}),
    ("/srv/post on mail-out must have the owner postbot", {"user": "postbot"}),
]
REFS: list[tuple[str, dict[str, Any]]] = [
    ("protect the main branch of post/relay", {"branch": "main", "repo": "post/relay"}),
    ("delete branch spike/queue from post/relay", {"branch": "spike/queue", "repo": "post/relay"}),
    ("list the open PRs of post/relay's main branch", {"repo": "post/relay", "branch": "main"}),
]
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("exec env in pod relay-0", {"command": "env", "name": "relay-0"}),
]
THINGS: list[tuple[str, dict[str, Any]]] = [
    ("we want a docker network, name it post-net", {"network": "post-net", "name": "post-net"}),
    ("restart deployment relay, ctx post-eu", {"name": "relay", "context": "post-eu"}),
    ("put disk=ssd on the node worker-3 as a label", {"label": "disk=ssd"}),
    ("an RDS database post-db with 80 GB in terraform on aws", {"storage": "80 GB", "memory": None}),
    ("upgrade the release cert-manager to chart version 1.15.1 by helm", {"release": "cert-manager"}),
    ("docker containers mx1 mx2 mx3 must be restarted", {"names": ["mx1", "mx2", "mx3"]}),
    ("customers complain: relay-api crashes in prod", {"name": "relay-api", "namespace": "prod"}),
]
ALL = HOSTS + NAMES + NAMESPACES + PAIRS + PEOPLE + REFS + COMMANDS + THINGS


@pytest.mark.parametrize(("text", "wanted"), ALL, ids=[text for text, _ in ALL])
def test_entities_of_the_wording(text: str, wanted: dict[str, Any]) -> None:
    said = understand(text).entities
    assert {key: said.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(("text", "word"), ORDINARY, ids=[text for text, _ in ORDINARY])
def test_ordinary_words_name_nothing(text: str, word: str) -> None:
    assert word not in understand(text).entities.values()
