# ruff: noqa: S311, E501, SIM905
"""Requests made from patterns: ``{a|b|}`` is a choice, ``$SLOT`` a value. Deterministic for a given seed."""

from __future__ import annotations

import random
import re
from pathlib import Path

_NAMES = (
    "web api db cache worker frontend backend payments checkout orders search gateway auth billing inventory catalog shop "
    "web-01 api-v2 user-service order-db redis-main my-app crm-frontend ledger nginx redis postgres grafana prometheus "
    "mailer notifier pgtest legacy-app shop_api app1 blue-web metrics loki kafka mq etl-runner portal jupyter hr-portal"
).split()
_SLOTS: dict[str, tuple[str, ...]] = {
    "NAME": tuple(_NAMES),
    "IMAGE": tuple("nginx redis postgres mysql mongo rabbitmq alpine ubuntu busybox httpd traefik grafana minio mariadb memcached python node".split()),
    "IMAGEREF": tuple("nginx:1.27 redis:7-alpine postgres:16 acme/api:1.4.2 ghcr.io/acme/web:2.0 registry.example.com:5000/team/app:3.1 mysql:8 acme/worker python:3.12-slim quay.io/org/tool:v0.9 localhost:5000/app:dev".split()),
    "PORT": tuple("80 8080 443 3000 5432 6379 9090 8443 27017 5000".split()),
    "N": tuple("0 1 2 3 4 5 6 8 10 12 20 two three five zero".split()),
    "NUM": tuple("7 12 42 88 101 345 1290".split()),
    "RUN": tuple("123 991 8812345 77120".split()),
    "NS": tuple("prod staging dev production qa kube-system shop monitoring payments team-a".split()),
    "DIR": tuple("./infra infra/prod k8s/ ./deploy envs/staging . ./charts/web terraform/network manifests".split()),
    "FILE": tuple("deploy.yaml backup.tar.gz ./app.yaml values.yaml config.json /tmp/dump.sql main.tf".split()),
    "PATH": tuple("/etc/nginx /var/www /srv/data /opt/app ~/projects /var/log/app /home/bob ./dist /tmp/build".split()),
    "LOGFILE": tuple("/var/log/syslog /var/log/nginx/error.log app.log /var/log/auth.log".split()),
    "SCRIPT": tuple("backup.sh /opt/bin/cleanup.sh report.py rotate.sh".split()),
    "SVC": tuple("nginx sshd postgresql docker apache2 haproxy mysql redis cron prometheus".split()),
    "PKG": tuple("jq htop curl git vim nginx docker.io ripgrep tmux python3-pip".split()),
    "HOST": tuple("web-01 db1 bastion 10.0.0.5 app-server-2 node7.example.com build-01 edge3".split()),
    "VERSION": tuple("1.2.3 2.0 v3.1.4 1.27 4.0.0-rc1 9.9 2024.1".split()),
    "MEM": tuple("512m 2Gi 1g 4GB 256Mi 8 gigs".split(" ")[:5]),
    "ENVVAR": tuple("LOG_LEVEL=debug MODE=prod DEBUG=1 POSTGRES_PASSWORD=secret REGION=eu".split()),
    "LABEL": tuple("disk=ssd tier=gold app=web".split()),
    "CHART": tuple("bitnami/redis ingress-nginx/ingress-nginx prometheus-community/kube-prometheus-stack ./charts/api grafana/loki jetstack/cert-manager bitnami/postgresql".split()),
    "HELMSET": tuple("image.tag=1.4 replicaCount=3 auth.enabled=false".split()),
    "TFRES": tuple("aws_instance.web aws_s3_bucket.logs module.vpc google_compute_instance.db".split()),
    "BRANCH": tuple("feature/login fix/typo develop release/1.4 hotfix-12 bugfix/crash main feat/cart".split()),
    "REPO": tuple("acme/shop acme/api my-org/infra octo/hello-world team/website".split()),
    "TITLE": ("Login fails", "Crash on start", "Add dark mode", "Update docs"),
    "WORKFLOW": tuple("deploy.yml ci.yml release.yaml nightly.yml build-and-test".split()),
    "LANG": tuple("python go node rust java django react".split()),
}  # fmt: skip
_PREFIXES = (
    "please ",
    "can you ",
    "could you please ",
    "hey, ",
    "I want to ",
    "we need to ",
    "pls ",
    "quick one: ",
    "I'd like you to ",
    "need to ",
    "go ahead and ",
    "next, ",
    "would you ",
    "kindly ",
)
_SUFFIXES = (" please", " asap", ", thanks", " now", " for me", " pls", ".", "!", " when you have a minute", " thx")
_HOWS = (
    "how do I ",
    "how can I ",
    "how to ",
    "what's the command to ",
    "what is the best way to ",
    "is there a way to ",
    "how would one ",
    "how should I ",
    "show me how to ",
    "steps to ",
    "which command would ",
    "what's a good way to ",
    "what is the recommended way to ",
    "what do I need to do to ",
    "how might I ",
    "how does one ",
    "any idea how to ",
    "what's the trick to ",
    "is there an easy way to ",
    "what's the neatest way to ",
    "how would you ",
)
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"\$([A-Z]+)")


def fill(pattern: str, rng: random.Random) -> str:
    """One sentence of a pattern."""
    while found := _CHOICE.search(pattern):
        pattern = pattern[: found.start()] + rng.choice(found[1].split("|")) + pattern[found.end() :]
    text = _SLOT.sub(lambda m: rng.choice(_SLOTS[m[1]]), pattern)
    return re.sub(r"\s+", " ", text).replace(" ,", ",").replace(" ?", "?").replace(" !", "!").strip()


def slip(text: str, rng: random.Random) -> str:
    """The text with one slip of the fingers in a word of letters."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if not long:
        return text
    i = rng.choice(long)
    word = words[i]
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    words[i] = word[:at] + (
        word[at + 1] + word[at] + word[at + 2 :] if kind == 0 else word[at + 1 :] if kind == 1 else word[at] + word[at:]
    )
    return " ".join(words)


def examples(path: Path, each: int, seed: int) -> list[tuple[str, str, str, bool]]:
    """(intent code, domain codes, text, asked) for every pattern, ``each`` times; doubles are left out."""
    rng = random.Random(seed)
    made: dict[str, tuple[str, str, str, bool]] = {}
    for line in path.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        intent, domains, pattern = line.split(" ", 2)
        for _ in range(each):
            text = fill(pattern, rng)
            asked = False
            dice = rng.random()
            imperative = pattern[0] != "$" and not re.match(
                r"\{?(why|is|are|how|what|did|has|the|my|our|\$|which)", pattern
            )
            if intent != "n" and imperative:
                if dice < 0.15 and intent != "g":
                    text, asked = rng.choice(_HOWS) + text + rng.choice(("?", "")), True
                elif dice < 0.35:
                    text = rng.choice(_PREFIXES) + text
                elif dice < 0.45:
                    text += rng.choice(_SUFFIXES)
            if rng.random() < 0.12:
                text = slip(text, rng)
            if rng.random() < 0.35:
                text = text[0].upper() + text[1:]
            made[text] = (intent, domains, text, asked)
    return list(made.values())
