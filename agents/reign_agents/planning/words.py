"""The words planning reads: verbs, kinds of things, and words that carry no meaning of their own. All of it is data."""

from __future__ import annotations

import re

from reign_agents.understanding.verbs import deeds

VERBS: dict[str, str] = deeds()
"""Spelling → verb of planning; understanding keeps the table."""

_KINDS = {
    "logs": "log logs output",
    "container": "container containers ctr ctrs sidecar service services app website instance database server",
    "image": "image images img imgs",
    "volume": "volume volumes vol vols",
    "network": "network networks",
    "directory": "directory directories folder folders dir dirs",
    "file": "file files textfile",
    "symlink": "symlink symlinks link",
    "stats": "stats statistics usage memory cpu ram",
    "health": "health healthy healthcheck",
    "port": "port ports",
    "command": "command cmd",
    "script": "script",
    "processes": "process processes top",
    "disk": "disk space",
    "mode": "mode permissions permission executable",
    "dockerfile": "dockerfile",
}
KINDS: dict[str, str] = {word: kind for kind, words in _KINDS.items() for word in words.split()}
"""Noun → kind of thing."""

_CLUSTER_WORDS = """
pods pod deployments deployment statefulsets daemonsets namespaces nodes configmaps ingresses ingress cronjobs
replicasets events pvcs hpas services rollouts rollout
"""
CLUSTER_NOUNS = frozenset(_CLUSTER_WORDS.split())
"""Nouns of a cluster that may begin a request without a verb: "pods in shop"."""

_POLITE_WORDS = """
please pls plz kindly hey hi hello ok okay now then just also finally next first afterwards so well and could
can would will should you i i'd we to like want need let's lets go ahead for me us my quickly safely immediately
again thanks thank btw simply maybe the a an kubectl
"""
POLITE = frozenset(_POLITE_WORDS.split())
"""Words before the verb that say nothing."""

_SMALL_WORDS = """
a an the my our your its his their this that these those it them one and or & with without of on in at to for
from as by please pls plz kindly now then just also again thanks thank you me us i we is are be so too named
called name all some any new if there here still currently every each both which who what whose into onto inside
within using via up down out off back over do does did not have has had will would could can should let's ok
okay well really yes no only exactly first once quickly finally immediately container's running
"""
SMALL = frozenset(_SMALL_WORDS.split())
"""Words that are never the name of a thing unless they are quoted or follow "named"."""

NAMEABLE = frozenset({"out", "off", "over", "back", "first", "new", "only", "next"})
"""Small words that are a name when nothing else is left to be one: "mkdir out"."""

QUALIFIERS = re.compile(
    r"(?:and\s+|also\s+|please\s+)*(?:(?:that\s+|which\s+)?(?:running|runs|"
    r"run(?:ning)?\s+the\s+command|with|using|uses|having|has|mounting|mounts?|publish(?:ing|es)?|"
    r"expos(?:e|es|ing)|map(?:s|ping)?|forward(?:s|ing)?|bind(?:ing)?|as\s+user|limit(?:ed|"
    r"ing)?\s+(?:it\s+)?to|restart(?:ing)?\s+(?:it\s+)?(?:policy|always|unless|on[ -]failure|"
    r"no\b)|"
    r"set(?:ting)?\s+(?:the\s+)?(?:env|environment|restart|memory|label|hostname|\w+=)|name\s+it|"
    r"call\s+it|named|called|label(?:l?ed)?\s|on\s+(?:the\s+)?(?:port|network)|"
    r"in\s+(?:the\s+)?network|give\s+it|limit\s+it|attach(?:ed)?\s+(?:it\s+)?to|"
    r"connect(?:ed)?\s+(?:it\s+)?to|join(?:ing)?\s+(?:the\s+)?network|detached|"
    r"in\s+the\s+background|tag(?:ged|ging)?\s+(?:it|as|with)|"
    r"(?:start|run|launch)\s+(?:it|the\s+container)\s*(?:$|[,.;])|keep\s+it|make\s+it\s+restart|"
    r"add\s+(?:the\s+)?(?:a\s+)?(?:label|env|volume|port)|"
    r"(?:replac(?:e|ing)|reus(?:e|ing))\s+(?:it|the\s+existing|any|the\s+old|an?\s+existing)|"
    r"overwrite\s+it|containing|saying|listening)(?!\w))",
    re.IGNORECASE,
)
"""What begins a part that only says more about the wish before it."""

MAKERS = frozenset({"run", "start", "create", "build", "write", "touch", "copy"})
"""Verbs that a qualifier can belong to."""

_LONGEST = sorted(VERBS, key=len, reverse=True)
VERB = re.compile(r"(?:" + "|".join(re.escape(form) for form in _LONGEST) + r")(?![\w/.:=-]|\.\w)", re.IGNORECASE)
"""A verb at the place matched."""

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
NUMBERS: dict[str, str] = {word: str(number) for number, word in enumerate(_NUMBERS.split())}
"""Numbers as people write them → digits."""
_SPOKEN = re.compile(
    rf"(?<![\w./-])(?:(?<=to )(?P<to>{'|'.join(NUMBERS)})(?=\W*$)|(?P<of>{'|'.join(NUMBERS)})"
    r"(?=\s+(?:replicas?|copies|pods|instances)\b))",
    re.IGNORECASE,
)


def in_digits(text: str) -> str:
    """``scale it to five`` → ``scale it to 5 replicas``; only where a number is meant, never a name."""
    digits = _SPOKEN.sub(lambda match: NUMBERS[match.group().lower()], text)
    return re.sub(r"(?i)(\bscale\s+(?:it|this|that)\s+(?:\w+\s+)?to\s+\d+)(\W*)$", r"\1 replicas\2", digits)


ROLES: dict[str, tuple[str, ...]] = {
    "database": ("postgres", "mysql", "mariadb", "mongo", "cockroach", "clickhouse"),
    "db": ("postgres", "mysql", "mariadb", "mongo", "cockroach", "clickhouse"),
    "cache": ("redis", "valkey", "memcached"),
    "proxy": ("nginx", "traefik", "haproxy", "caddy", "envoy"),
    "web server": ("nginx", "httpd", "caddy"),
    "webserver": ("nginx", "httpd", "caddy"),
    "queue": ("rabbitmq", "kafka", "nats"),
}
"""What a container is called by what it does → the images that do it."""
