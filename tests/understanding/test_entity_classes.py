"""Entities by class of wording: command lines, users, registries, git ends, commands, cpu, places, scale."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.understanding import understand

COMMAND_LINES: list[tuple[str, dict[str, Any]]] = [
    ("helm rollback mail 4", {"release": "mail", "revision": 4}),
    ("helm rollback -n post mail 12 --wait", {"release": "mail", "revision": 12, "namespace": "post"}),
    ("helm rollback orders-api 2 -n shop", {"release": "orders-api", "revision": 2, "namespace": "shop"}),
    ("helm uninstall mail spam -n post", {"names": ["mail", "spam"], "release": "mail", "namespace": "post"}),
    ("docker service scale mail=7", {"name": "mail", "replicas": 7}),
    ("docker service scale stack_worker=0", {"name": "stack_worker", "replicas": 0}),
    ("docker compose up -d --scale sender=4", {"name": "sender", "replicas": 4}),
    ("docker-compose up --scale relay=3 --no-recreate", {"name": "relay", "replicas": 3}),
    ("docker rm -f mail1 spam2 q3", {"names": ["mail1", "spam2", "q3"], "name": "mail1"}),
    ("docker stop mail spam", {"names": ["mail", "spam"], "name": "mail"}),
    ("docker restart mail-1 mail-2", {"names": ["mail-1", "mail-2"], "name": "mail-1"}),
    ("docker kill mail", {"name": "mail"}),
    ("docker volume rm spool queue", {"names": ["spool", "queue"], "name": "spool"}),
    ("docker rmi mail:1 spam:2", {"images": ["mail:1", "spam:2"]}),
    (
        "kubectl delete pod mail-0 spam-1 -n post",
        {"names": ["mail-0", "spam-1"], "name": "mail-0", "namespace": "post"},
    ),
    ("kubectl -n post delete svc mail spam relay", {"names": ["mail", "spam", "relay"], "namespace": "post"}),
    (
        "kubectl autoscale deployment mail --min=2 --max=11 --cpu-percent=70",
        {"name": "mail", "min": 2, "max": 11, "cpu": "70"},
    ),
    ("kubectl scale deploy mail --replicas=4 -n post", {"name": "mail", "replicas": 4, "namespace": "post"}),
    ("please run docker stop mail spam for me", {"names": ["mail", "spam"]}),
]
COMMAND_LINES += [
    ("docker rm mail spam && docker rmi post/mail:1", {"names": ["mail", "spam"], "image": "post/mail:1"}),
    ("docker service update --image post/mail:2 mail", {"name": "mail", "image": "post/mail:2"}),
    ("kubectl get deploy mail spam -n post", {"names": ["mail", "spam"], "namespace": "post"}),
    ("docker stop a b", {"names": ["a", "b"], "name": "a"}),
    ("kubectl get pod mail-1 -o yaml", {"name": "mail-1", "names": None}),
]
USERS: list[tuple[str, dict[str, Any]]] = [
    ("create host user mailbot", {"user": "mailbot"}),
    ("add a host user called relaybot on mx1", {"user": "relaybot", "host": "mx1"}),
    ("run the backup script as postgres", {"user": "postgres"}),
    ("restart the postfix service on mx1 as user ops", {"user": "ops", "name": "postfix", "host": "mx1"}),
    ("list the cron entries for root", {"user": "root"}),
    (
        "add a cron entry for root that runs /opt/bin/sweep.sh every hour",
        {"user": "root", "command": "/opt/bin/sweep.sh"},
    ),
    ("check the disk of mx1 logged in as root", {"user": "root", "host": "mx1"}),
    ("ssh to mx2 as deploy and list /var/mail", {"user": "deploy", "host": "mx2"}),
]
REGISTRIES: list[tuple[str, dict[str, Any]]] = [
    ("push mail:2 to ghcr.io", {"registry": "ghcr.io", "image": "mail:2"}),
    ("upload the image mail:2 to harbor.post.io", {"registry": "harbor.post.io", "image": "mail:2"}),
    ("push the image mail:2 to registry.corp.local:5000", {"registry": "registry.corp.local:5000", "image": "mail:2"}),
    ("publish spam:1.1 to the registry quay.io", {"registry": "quay.io", "image": "spam:1.1"}),
    ("log in to the registry at harbor.post.io", {"registry": "harbor.post.io"}),
    ("tag mail:2 and push it to localhost:5000", {"registry": "localhost:5000", "image": "mail:2"}),
]
GIT: list[tuple[str, dict[str, Any]]] = [
    ("create branch hotfix/spool off release-2.9", {"branch": "hotfix/spool", "base": "release-2.9"}),
    (
        "create a branch feature/relay from develop in post/mail",
        {"branch": "feature/relay", "base": "develop", "repo": "post/mail"},
    ),
    ("open a pr from relay-fix to develop", {"branch": "relay-fix", "base": "develop"}),
    ("open a pull request from feature/spool to release/2.x", {"branch": "feature/spool", "base": "release/2.x"}),
    ("merge pr 31 into release/2.x", {"pr": 31, "base": "release/2.x"}),
    ("merge pull request #8 of post/mail into stable", {"pr": 8, "base": "stable", "repo": "post/mail"}),
    (
        "trigger workflow release.yml of post/mail on branch next",
        {"workflow": "release.yml", "repo": "post/mail", "branch": "next"},
    ),
    (
        "trigger workflow deploy.yml of post/mail on branch release",
        {"workflow": "deploy.yml", "repo": "post/mail", "branch": "release"},
    ),
    (
        "kick off tests.yaml on branch spike/zig for post/mail",
        {"workflow": "tests.yaml", "branch": "spike/zig", "repo": "post/mail"},
    ),
    ("run nightly.yml on main in post/mail", {"workflow": "nightly.yml", "branch": "main", "repo": "post/mail"}),
]
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("start a container from alpine running sleep 900", {"command": "sleep 900", "image": "alpine"}),
    (
        "create a container named files from python:3.12 that runs python -m http.server",
        {"command": "python -m http.server", "image": "python:3.12", "name": "files"},
    ),
    ("docker run --rm alpine:3.20 echo hello", {"command": "echo hello", "image": "alpine:3.20"}),
    ("docker run -d --name nap busybox sleep 60", {"command": "sleep 60", "image": "busybox", "name": "nap"}),
    ("docker run -it -v spool:/spool debian:12 ls -la /spool", {"command": "ls -la /spool", "image": "debian:12"}),
    ("docker run -d -p 8080:80 nginx:1.27", {"image": "nginx:1.27", "ports": ["8080:80"]}),
    (
        "create a cron job on mx1 that runs /usr/local/bin/sweep.py at 02:00",
        {"command": "/usr/local/bin/sweep.py", "host": "mx1"},
    ),
    ("docker exec mail ls /var/spool", {"command": "ls /var/spool", "name": "mail"}),
    (
        "kubectl exec mail-0 -n post -- cat /etc/hosts",
        {"command": "cat /etc/hosts", "name": "mail-0", "namespace": "post"},
    ),
]
COMMANDS += [
    ("run echo hello in an alpine container", {"command": "echo hello", "image": "alpine"}),
    ('run "sleep 100" in busybox', {"command": "sleep 100", "image": "busybox"}),
    ("run whoami on mx1 as user deploy", {"command": "whoami", "user": "deploy", "host": "mx1"}),
    ("schedule /opt/sweep.sh every day at 3am on mx1", {"command": "/opt/sweep.sh", "schedule": "every day at 3am"}),
    ("run the backup job nightly", {"schedule": "nightly"}),
    ("list images in registry.post.io", {"registry": "registry.post.io"}),
]
CPU: list[tuple[str, dict[str, Any]]] = [
    ("set the cpu limit of deployment mail to 300m", {"cpu": "300m", "name": "mail"}),
    ("set memory to 3Gi and cpu to 600m for deployment mail", {"memory": "3Gi", "cpu": "600m"}),
    ("change the cpu request of mail to 0.5", {"cpu": "0.5"}),
    ("set the cpu request of deployment spam in post to 0.25", {"cpu": "0.25", "name": "spam"}),
    ("raise memory of mail to 512Mi", {"memory": "512Mi"}),
    ("limit container mail to 2 cpus and 700m of memory", {"cpu": "2", "memory": "700m"}),
]
NAMES: list[tuple[str, dict[str, Any]]] = [
    ("restart the postfix service on mx1", {"name": "postfix", "host": "mx1"}),
    ("create a new bridge network mail-net", {"name": "mail-net", "network": "mail-net"}),
    ("show the console output of jenkins job nightly build 512", {"name": "nightly", "build": 512}),
    ("why did jenkins job nightly fail", {"name": "nightly"}),
    ("new overlay network spool", {"network": "spool"}),
    ("stop the nginx service on mx2", {"name": "nginx", "host": "mx2"}),
]
SPACES: list[tuple[str, dict[str, Any]]] = [
    ("mail x4 prod deploy", {"namespace": "prod", "replicas": 4}),
    ("valkey:8 staging x3", {"namespace": "staging", "image": "valkey:8", "replicas": 3}),
    ("list pods in ns post", {"namespace": "post"}),
    ("show the pods in ns front", {"namespace": "front"}),
    ("restart mail in ns back", {"namespace": "back", "name": "mail"}),
    ("events in post-office namespace", {"namespace": "post-office"}),
    ("list certificates in cert-manager namespace", {"namespace": "cert-manager"}),
    ("show the logs of the controller in ingress-nginx namespace", {"namespace": "ingress-nginx"}),
]
SCALE: list[tuple[str, dict[str, Any]]] = [
    ("we need four copies of the mailer", {"name": "mailer", "replicas": 4}),
    ("we only have 3 mailers, make it 8", {"replicas": 8}),
    ("give the postfix container more room: 3g", {"name": "postfix", "memory": "3g"}),
    ("only got 3 frontends, make it 5", {"replicas": 5}),
    ("I want seven instances of the relay", {"name": "relay", "replicas": 7}),
]
LOOKS: list[tuple[str, dict[str, Any]]] = [
    ("what does our cluster cost us", {}),
    ("what is the staging environment costing us each month", {}),
    ("smoke test http://mail.post.io/health", {"url": "http://mail.post.io/health"}),
]
ALL = COMMAND_LINES + USERS + REGISTRIES + GIT + COMMANDS + CPU + NAMES + SPACES + SCALE + LOOKS


@pytest.mark.parametrize(("text", "wanted"), ALL, ids=[text for text, _ in ALL])
def test_entities_of_the_class(text: str, wanted: dict[str, Any]) -> None:
    said = understand(text).entities
    assert {key: said.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("text", [text for text, _ in SCALE])
def test_everyday_words_for_scale(text: str) -> None:
    assert understand(text).intent == "scale"


@pytest.mark.parametrize("text", [text for text, _ in LOOKS])
def test_cost_and_smoke_tests_only_look(text: str) -> None:
    assert understand(text).intent == "monitor"


def test_a_smoke_test_is_validation() -> None:
    assert "validation" in understand("smoke test http://mail.post.io/health").domains


@pytest.mark.parametrize(
    "text", ["show jenkins job nightly", "run nightly.yml on main in post/mail", "restart nightly-sweep"]
)
def test_a_name_is_no_schedule(text: str) -> None:
    assert "schedule" not in understand(text).entities
