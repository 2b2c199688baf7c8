"""The entity bullets of LABELS.md: keys, exact values, types."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.understanding import understand

CASES: list[tuple[str, dict[str, Any]]] = [
    # amounts that the text says
    ("scale deployment mail to zero in prod", {"name": "mail", "replicas": 0, "namespace": "prod"}),
    ("run three copies of acme/mail:2 in staging", {"replicas": 3, "image": "acme/mail:2"}),
    ("nginx x3 prod", {"replicas": 3, "namespace": "prod"}),
    ("scale mail from 2 to 5 pods", {"replicas": 5}),
    # image with its tag, in every legal form
    ("run nginx 1.27 in docker", {"image": "nginx:1.27"}),
    ("start a postgres 16 container named maildb", {"image": "postgres:16", "name": "maildb"}),
    ("docker run reg.corp.io:5000/mail/api:2.1-rc.1", {"image": "reg.corp.io:5000/mail/api:2.1-rc.1"}),
    (
        "docker pull ghcr.io/acme/mail@sha256:9f86d081884c7d659a2feaa0c55ad015",
        {"image": "ghcr.io/acme/mail@sha256:9f86d081884c7d659a2feaa0c55ad015"},
    ),
    # several of equal rank
    ("stop the containers mail and spam", {"names": ["mail", "spam"]}),
    ("push acme/mail:2 and acme/spam:3 to the registry", {"images": ["acme/mail:2", "acme/spam:3"]}),
    # helm
    (
        "helm install mail bitnami/mail --version 3.2.1 -n post --set tls.enabled=true",
        {
            "release": "mail",
            "chart": "bitnami/mail",
            "version": "3.2.1",
            "namespace": "post",
            "values": {"tls.enabled": "true"},
        },
    ),
    ("lint the helm chart in charts/mail", {"path": "charts/mail"}),
    ("roll helm release mail back to revision 4", {"release": "mail", "revision": 4}),
    # ports
    ("run nginx as web and publish 8080 to 80", {"ports": ["8080:80"], "name": "web"}),
    ("docker run -p 8080:80 -p 8443:443 caddy", {"ports": ["8080:80", "8443:443"], "image": "caddy"}),
    ("open port 2525 in the firewall", {"ports": ["2525"]}),
    # places
    ("list pods in prod", {"namespace": "prod"}),
    ("deploy mail 2.0 to staging", {"namespace": "staging", "version": "2.0"}),
    ("show events in namespace post-office", {"namespace": "post-office"}),
    # maps
    ("run acme/mail:2 with MODE=relay and DEBUG=1", {"env": {"MODE": "relay", "DEBUG": "1"}}),
    (
        "create secret smtp with USER=me and PASS=x in namespace post",
        {"data": {"USER": "me", "PASS": "x"}, "name": "smtp"},
    ),
    ("run jenkins job mail-deploy with TARGET=eu", {"params": {"TARGET": "eu"}, "name": "mail-deploy"}),
    # amounts as written
    ("run redis with 512 megs of memory", {"memory": "512 megs"}),
    ("limit container mail to 2 gigs of memory", {"memory": "2 gigs", "name": "mail"}),
    ("create a pvc named spool of 20Gi", {"storage": "20Gi", "name": "spool"}),
    ("autoscale deployment mail between 2 and 9 pods at 65% cpu", {"min": 2, "max": 9, "cpu": "65%", "name": "mail"}),
    # file and path
    ("kubectl apply -f mail.yaml", {"file": "mail.yaml"}),
    ("terraform apply in stacks/mail", {"path": "stacks/mail"}),
    ("show the size of /var/spool/mail", {"path": "/var/spool/mail"}),
    # github
    ("merge PR #31 in acme/mail", {"pr": 31, "repo": "acme/mail"}),
    ("close issue 12", {"issue": 12}),
    (
        'open a pull request from feat/dkim to main titled "Sign mails"',
        {"branch": "feat/dkim", "base": "main", "title": "Sign mails"},
    ),
    ("clone https://github.com/acme/mail", {"repo": "acme/mail", "url": "https://github.com/acme/mail"}),
    # ci
    ("cancel workflow run 7788", {"run": 7788}),
    ("abort jenkins build 41 of mail-build", {"build": 41, "name": "mail-build"}),
    ("trigger workflow ship.yml on branch main", {"workflow": "ship.yml", "branch": "main"}),
    # hosts
    ("restart postfix on mx-01", {"name": "postfix", "host": "mx-01"}),
    ("ssh root@10.0.0.7 uptime", {"user": "root", "host": "10.0.0.7"}),
    ("run /opt/purge.sh with cron at 0 4 * * 1", {"schedule": "0 4 * * 1"}),
    # terraform
    ("switch the terraform workspace to perf", {"workspace": "perf"}),
    ("create an s3 bucket on AWS in eu-west-1 with terraform", {"provider": "aws", "region": "eu-west-1"}),
]


@pytest.mark.parametrize(("text", "stated"), CASES, ids=[text for text, _ in CASES])
def test_what_the_text_states_is_found(text: str, stated: dict[str, Any]) -> None:
    found = understand(text).entities
    assert {key: found.get(key) for key in stated} == stated


@pytest.mark.parametrize("text", ["double the replicas of deployment mail", "add two more replicas to mail in prod"])
def test_relative_amounts_are_no_entities(text: str) -> None:
    assert "replicas" not in understand(text).entities


def test_a_version_that_is_in_the_image_is_not_repeated() -> None:
    assert "version" not in understand("run nginx 1.27 in docker").entities


def test_a_provider_only_when_the_cloud_is_named() -> None:
    assert "provider" not in understand("write terraform code for a vpc").entities


def test_types() -> None:
    found = understand("scale deployment mail to 4 in prod").entities
    assert type(found["replicas"]) is int
    assert type(understand("open port 25 in the firewall").entities["ports"]) is list
