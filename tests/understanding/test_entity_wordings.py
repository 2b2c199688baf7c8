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
ORDINARY: list[tuple[str, str]] = [
    ("the deployment exists already in prod, restart it", "exists"),
    ("restart the container, it is completely broken", "completely"),
    ("the pods of the cluster wobble, find out why", "wobble"),
    ("every job host carries tmux, install it here", "carries"),
]


@pytest.mark.parametrize(("text", "wanted"), HOSTS, ids=[text for text, _ in HOSTS])
def test_entities_of_the_wording(text: str, wanted: dict[str, Any]) -> None:
    said = understand(text).entities
    assert {key: said.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(("text", "word"), ORDINARY, ids=[text for text, _ in ORDINARY])
def test_ordinary_words_name_nothing(text: str, word: str) -> None:
    assert word not in understand(text).entities.values()
