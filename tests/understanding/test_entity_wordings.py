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
ALL = HOSTS + NAMES + NAMESPACES


@pytest.mark.parametrize(("text", "wanted"), ALL, ids=[text for text, _ in ALL])
def test_entities_of_the_wording(text: str, wanted: dict[str, Any]) -> None:
    said = understand(text).entities
    assert {key: said.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(("text", "word"), ORDINARY, ids=[text for text, _ in ORDINARY])
def test_ordinary_words_name_nothing(text: str, word: str) -> None:
    assert word not in understand(text).entities.values()
