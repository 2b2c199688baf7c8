"""Users, passwords and databases that well-known images take by variables: "postgres with user app, db shop"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reign_agents.planning.scan import Scan
from reign_agents.planning.words import SMALL


@dataclass(frozen=True, slots=True)
class _Variables:
    user: str
    password: str
    database: str | None = None
    own_password: str | None = None
    """The variable of the user's password, where ``password`` is root's."""
    random_root: str | None = None


_IMAGES: dict[str, _Variables] = {
    "postgres": _Variables("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"),
    "mongo": _Variables("MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD", "MONGO_INITDB_DATABASE"),
    "rabbitmq": _Variables("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"),
    "minio": _Variables("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    "grafana": _Variables("GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_PASSWORD"),
    **{
        name: _Variables(
            f"{prefix}_USER", f"{prefix}_ROOT_PASSWORD", f"{prefix}_DATABASE", f"{prefix}_PASSWORD",
            f"{prefix}_RANDOM_ROOT_PASSWORD",
        )
        for name, prefix in (("mysql", "MYSQL"), ("mariadb", "MARIADB"))
    },
}  # fmt: skip
"""As each image's own page says."""
_SPOKEN = {"postgresql": "postgres", "mongodb": "mongo"}
_OTHER_WORDS = """
named called mounted attached stored kept protected port ports password pass user username publish expose detached
server container instance image version database db file env cluster
"""
NO_VALUE = rf"(?:{'|'.join(sorted(SMALL | frozenset(_OTHER_WORDS.split())))})(?=\.?(?:[\s,;]|$))"
"""What may follow the word "password" or "database" and is not its value."""
_EQ = r"(?:\s*[:=]\s*|\s+)"
_LEAD = r"(?<![,\s])[,\s]*(?:\b(?:with|and|using|its|an?|the)\s+){0,6}"
_UNPLACED = (
    r"(?<![\w./:=])(?:(?<!-)|(?<=\s--))(?<!as )(?<!named )(?<!called )(?<!network )(?<!volume )"
    r"(?<!container )(?<!hostname )"
    r"(?:(?:api|access|auth|secret|private|license|licence|bearer)[\s_-]?(?:keys?|tokens?|secrets?)|"
    r"secrets?|tokens?|"
    r"keys?(?=\s*:\s)|(?:(?<=with )|(?<=using )|(?<=with a )|(?<=with the ))keys?)(?![\w./-])"
    rf"(?:\s+(?:of|is|set\s+to)(?=\s))?(?:\s*:\s*|\s+=\s+|\s+)(?!{NO_VALUE})(?!in\b|on\b|from\b|as\b)[^\s,;]+"
)
"""A secret with its value and without the variable that takes it."""


@dataclass(slots=True)
class Account:
    """What the words give of it; ``root`` is a password said to be root's."""

    user: str | None = None
    database: str | None = None
    password: str | None = None
    root: str | None = None


def unplaced(scan: Scan) -> bool:
    """Whether the words give a secret, token or key and not the variable it goes to; the value leaves them."""
    return scan.has(_UNPLACED)


def known(text: str) -> str | None:
    """The image named in the words that takes an account by variables."""
    words: list[str] = re.findall(r"(?<![\w-])[a-z]+(?![\w-])", text.lower())
    return next((name for word in words if (name := _SPOKEN.get(word, word)) in _IMAGES), None)


def taken(scan: Scan) -> Account:
    """The password, and the user and database where an image of the words takes such, taken out of them."""
    found = Account()
    value = rf"(?:[\s:=]+(?:of\s+|is\s+|set\s+to\s+)?|=)(?P<value>(?!{NO_VALUE})[^\s,;]+)"
    whose = r"(?:(?<!user )(?<!username )(?P<whose>root|admin|superuser)(?:['’]s)?\s+)?"
    for said in scan.take(rf"{_LEAD}{whose}\b(?:password|passwd|pass|pw|pwd){value}"):
        if "whose" in said:
            found.root = found.root or said["value"]
        else:
            found.password = found.password or said["value"]
        scan.has(rf"{_LEAD}(?<!\w)auth(?:entication)?\b")
    if known(scan.text) is None:
        return found
    found.user = scan.first(
        rf"(?<!as ){_LEAD}(?<!as )(?:(?:db|database|admin|root|default)\s+)?\buser(?:\s?name)?{_EQ}"
        r"(?:(?:named|called)\s+)?"
        rf"(?P<value>(?!\d)(?!{NO_VALUE})[^\s,;]+)"
    )
    found.database = scan.first(
        rf"{_LEAD}(?<!as )\b(?:db|database|schema)(?:\s+name)?{_EQ}(?P<value>(?!{NO_VALUE})[A-Za-z_][\w-]*)(?![\w.:/=])"
    )
    return found


def variables(account: Account, image: str) -> tuple[dict[str, str], dict[str, str], str | None]:
    """Variables of an account: plain ones, secret ones, and the default taken in words, if one was."""
    of = _IMAGES.get(image)
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    if of is None:
        return plain, secret, None
    if account.user is not None:
        plain[of.user] = account.user
    if account.database is not None and of.database is not None:
        plain[of.database] = account.database
    own, root = account.password, account.root
    if of.own_password is None or account.user is None or own is None:
        if (only := own or root) is not None:
            secret[of.password] = only
        if image == "mongo" and account.user is None and secret:
            plain[of.user] = "root"
            return plain, secret, "the user is root (say: user …)"
        return plain, secret, None
    secret[of.own_password] = own
    if root is not None:
        secret[of.password] = root
    elif of.random_root is not None:
        plain[of.random_root] = "yes"
        return plain, secret, "root's password is a random one, shown in its log (say: root password …)"
    return plain, secret, None


def password_of(image: str, *, user: bool) -> str | None:
    """The variable of the password that is lacking, of the user where one was named."""
    of = _IMAGES.get(image)
    return None if of is None else (of.own_password if user and of.own_password else of.password)
