"""What is known of well-known images: the port, the folder of the data, and the variable of the password."""

from __future__ import annotations

import re

_PORTS: dict[str, int] = {
    "nginx": 80, "httpd": 80, "caddy": 80, "wordpress": 80, "drupal": 80, "joomla": 80, "traefik": 80, "adminer": 8080,
    "nextcloud": 80, "php": 80, "phpmyadmin": 80, "whoami": 80, "vaultwarden": 80, "matomo": 80, "haproxy": 80,
    "redis": 6379, "valkey": 6379, "postgres": 5432, "mysql": 3306, "mariadb": 3306, "mongo": 27017,
    "memcached": 11211, "rabbitmq": 5672, "elasticsearch": 9200, "grafana": 3000, "prometheus": 9090, "ghost": 2368,
    "jenkins": 8080, "tomcat": 8080, "registry": 5000, "minio": 9000, "influxdb": 8086, "neo4j": 7474, "vault": 8200,
    "gitea": 3000, "kibana": 5601, "consul": 8500, "nats": 4222, "metabase": 3000, "portainer": 9000, "solr": 8983,
}  # fmt: skip

_DATA: dict[str, str] = {
    "postgres": "/var/lib/postgresql/data", "mysql": "/var/lib/mysql", "mariadb": "/var/lib/mysql", "redis": "/data",
    "valkey": "/data", "mongo": "/data/db", "grafana": "/var/lib/grafana", "grafana-oss": "/var/lib/grafana",
    "prometheus": "/prometheus",
    "rabbitmq": "/var/lib/rabbitmq", "elasticsearch": "/usr/share/elasticsearch/data", "influxdb": "/var/lib/influxdb2",
    "minio": "/data", "jenkins": "/var/jenkins_home", "registry": "/var/lib/registry", "gitea": "/data",
    "nextcloud": "/var/www/html", "wordpress": "/var/www/html", "ghost": "/var/lib/ghost/content", "neo4j": "/data",
    "nginx": "/usr/share/nginx/html", "httpd": "/usr/local/apache2/htdocs", "caddy": "/data", "consul": "/consul/data",
    "vault": "/vault/file", "vaultwarden": "/data", "portainer": "/data", "solr": "/var/solr", "traefik": "/data",
}  # fmt: skip
"""As each image's own page says."""
_POSTGRES_MOVED = 18
"""From this version on its data has a folder for each version, in /var/lib/postgresql."""

_PASSWORDS: dict[str, str] = {
    "postgres": "POSTGRES_PASSWORD",
    "mysql": "MYSQL_ROOT_PASSWORD",
    "mariadb": "MARIADB_ROOT_PASSWORD",
    "minio": "MINIO_ROOT_PASSWORD",
}
_NEEDED = frozenset({"postgres", "mysql", "mariadb"})


_AT_HUB: dict[str, str] = {
    "grafana": "grafana/grafana", "loki": "grafana/loki", "prometheus": "prom/prometheus",
    "alertmanager": "prom/alertmanager", "minio": "minio/minio", "jenkins": "jenkins/jenkins:lts",
    "portainer": "portainer/portainer-ce", "vaultwarden": "vaultwarden/server", "gitea": "gitea/gitea",
    "vault": "hashicorp/vault", "consul": "hashicorp/consul", "metabase": "metabase/metabase",
    "whoami": "traefik/whoami",
}  # fmt: skip
"""Images that have no name of one word at Docker Hub any more, or never had."""
_SHORT = {full.partition(":")[0]: name for name, full in _AT_HUB.items()}


def base(image: str) -> str:
    """``ghcr.io/acme/shop:1.0`` → ``shop``."""
    name = image.split("@")[0]
    name = name if ":" not in name.rsplit("/", 1)[-1] else name.rpartition(":")[0]
    return _SHORT.get(name) or name.rsplit("/", 1)[-1]


def at_hub(image: str) -> str:
    """``grafana:11`` → ``grafana/grafana:11``; what has a name there stays as it is."""
    name, colon, tag = image.partition(":")
    full = _AT_HUB.get(name, name)
    return f"{full.partition(':')[0]}:{tag}" if colon else full


def usual_port(image: str) -> int | None:
    """The port it listens on when nothing else is said."""
    return _PORTS.get(base(image))


def data_folder(image: str) -> str | None:
    """The folder that its data is in."""
    major = re.search(r":(\d+)", image)
    if base(image) == "postgres" and (major is None or int(major[1]) >= _POSTGRES_MOVED):
        return "/var/lib/postgresql"
    return _DATA.get(base(image))


def password_variable(image: str) -> str | None:
    """The variable its password is given by."""
    return _PASSWORDS.get(base(image))


def needs_password(image: str) -> bool:
    """Whether it does not start without one."""
    return base(image) in _NEEDED
