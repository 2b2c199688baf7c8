"""What the words of "run a container …" say: image, name, ports, mounts and the rest, as fields of ``docker.run``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pydantic import JsonValue

from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.specialists.docker.health import Health, taken
from reign_agents.understanding.lexicon import lexicon
from reign_executors.redaction import is_secret_name

PORT = r"(?:(?:\d{1,3}(?:\.\d{1,3}){3}|localhost):)?\d{1,5}"
_INNER = r"\d{1,5}(?:/(?:tcp|udp))?"
_SOURCE = rf"(?:{MASK}|[\w./~-]+)"
_INSIDE = rf"(?:{MASK}|/[\w./-]*)"
_MOUNTED = r"\s+(?:(?:is\s+)?(?:mounted|attached|bound|mapped|available)\s+)?(?:at|to|on|onto|into|as|under|in|for)\s+"
_RO = r"(?:\s*,?\s*\(?(?:as\s+|in\s+)?(?P<ro>read[ -]?only|ro)(?:\s+mode)?\)?)?"
_LEAD = r"(?:with|using|and|,|a|an|the|its|has|have|having|of|set|setting|limit(?:ed)?(?:\s+it)?\s+to|give\s+it)"
_SIZE = r"\d+(?:\.\d+)?\s*(?:[kmgt]i?b?|megs?|gigs?|megabytes?|gigabytes?|kilobytes?)"
NAME = rf"(?:{MASK}|[A-Za-z0-9][\w.-]*)"

IMAGE = re.compile(
    r"(?<![\w./:=@-])(?!(?:localhost|\d+(?:\.\d+)*):\d+(?:\s|$|"
    r",))(?:[\w.-]+(?::\d+)?/)*[A-Za-z0-9][\w.-]*(?:(?::[A-Za-z0-9_][\w.-]*)(?:@sha256:[0-9a-f]{6,"
    r"64})?|@sha256:[0-9a-f]{6,64})(?![\w:/])"
)
"""An image with a tag or a digest, wherever it stands."""
_SLASHED = re.compile(r"(?<![\w./:=@~-])(?:[a-z0-9][\w.-]*(?::\d+)?/)+[a-z0-9][\w.-]*(?![\w/:])")

FLAGS: tuple[tuple[str, str], ...] = (
    ("container", r"--name"),
    ("ports", r"-p|--publish|--port"),
    ("volumes", r"-v|--volume"),
    ("environment", r"-e|--env"),
    ("restart", r"--restart"),
    ("network", r"--network|--net"),
    ("memory", r"-m|--memory"),
    ("cpus", r"--cpus"),
    ("user", r"-u|--user"),
    ("workdir", r"-w|--workdir"),
    ("hostname", r"-h|--hostname"),
    ("labels", r"-l|--label"),
    ("entrypoint", r"--entrypoint"),
    ("aliases", r"--network-alias"),
)
"""Options of ``docker run`` with a value, and the field each one is."""

SWITCHES: dict[str, str] = {
    "--rm": "remove_after",
    "--init": "init",
    "--read-only": "read_only",
    "--privileged": "privileged",
}
_SILENT_WORDS = """
-d --detach -i -t -it -ti --interactive --tty -dit -itd -di -dt
"""
SILENT = frozenset(_SILENT_WORDS.split())
"""Options that change nothing here: containers are always started in the background."""

_PHRASES: tuple[tuple[str, str], ...] = (
    (
        "restart",
        (
            r"restart(?:s|ing|ed)?(?:\s+it)?\s+(?P<value>on[ -]failure\s*(?::|,)?\s*(?:at\s+most\s+|up\s+to\s+|"
            r"max(?:imum)?\s+|only\s+)?\d+(?:\s*(?:times|retries|tries|attempts|x)\b)?(?:\s+(?:at\s+most|max(?:imum)?))?)"
        ),
    ),
    (
        "restart",
        (
            r"(?:restart(?:s|ing|ed)?(?:\s+it)?(?:\s+policy)?(?:\s+(?:of|set\s+to|is|to|"
            r"being))?\s+)(?P<value>always|unless[ -]stopped|on[ -]failure(?::\d+)?|no|never)\b"
        ),
    ),
    ("restart", r"always\s+(?P<value>restart)(?:ing|ed)?\b"),
    (
        "memory",
        (
            rf"(?:{_LEAD}\s+){{0,6}}(?:(?:a\s+)?memory\s+limit(?:ed)?(?:\s+(?:of|to))?|(?:mem|memory|"
            r"ram)(?:\s+(?:of|to|=|limit))?|at\s+most|"
            rf"up\s+to)[\s=]+(?P<value>{_SIZE})\b(?:\s+(?:of\s+)?(?:memory|ram|mem))?"
        ),
    ),
    ("memory", rf"(?:{_LEAD}\s+){{0,6}}(?P<value>{_SIZE})\b(?:\s+(?:of\s+)?(?:memory|ram|mem)(?:\s+limit)?)?"),
    (
        "cpus",
        rf"(?:{_LEAD}\s+){{0,6}}(?:cpus?|cpu\s+limit|cores?)[\s=]+(?:of\s+|to\s+)?(?P<value>\d+(?:\.\d+)?m?)(?![\w.])",
    ),
    (
        "cpus",
        rf"(?:{_LEAD}\s+){{0,6}}(?P<value>half|\d+(?:\.\d+)?m?|one|two|four)\s+(?:of\s+)?(?:an?\s+)?(?:v?cpus?|cores?)\b",
    ),
    (
        "user",
        (
            rf"(?:running\s+|runs\s+)?as\s+(?:the\s+)?(?:user|uid)\s+(?P<value>{VALUE})|"
            r"(?:with\s+)?user\s+(?P<second>\d+(?::\d+)?|[a-z_][\w-]*)"
        ),
    ),
    ("hostname", rf"(?:{_LEAD}\s+){{0,6}}(?:the\s+)?host\s?name\s+(?:of\s+|is\s+)?(?P<value>{VALUE})"),
    (
        "workdir",
        rf"(?:{_LEAD}\s+){{0,6}}(?:the\s+)?work(?:ing)?\s?(?:dir(?:ectory)?|folder)\s+(?:of\s+|is\s+)?(?P<value>{VALUE})",
    ),
    ("labels", rf"(?:{_LEAD}\s+){{0,6}}(?:the\s+)?labell?(?:s|ed)?\s+(?:as\s+|it\s+)?(?P<value>[\w./-]+=(?:{VALUE}))"),
    ("aliases", rf"(?:{_LEAD}\s+){{0,6}}(?:network[\s-])?alias(?:es)?\s+(?P<value>{VALUE})"),
    ("entrypoint", rf"(?:{_LEAD}\s+){{0,6}}entry\s?point\s+(?P<value>{VALUE})"),
)
_COMMAND = (
    (
        r"(?:(?:that|which|and|to|it)\s+)?(?:should\s+)?(?:(?:run(?:s|ning)?|execut(?:es?|ing))\s+|"
        rf"{_LEAD}\s+)(?:(?:the|a|its|this)\s+)?(?:command\s+|cmd\s+)?(?P<value>{MASK})"
    ),
    rf"(?:the\s+)?(?:command|cmd)\s*[:=]?\s*(?P<value>{MASK})",
    r"(?:(?:with|using)\s+)?(?:the\s+)?(?:command|cmd)\s*[:=]?\s+(?P<value>\S[^,;]*)",
    (
        r"(?:(?:that|which)\s+(?:just\s+)?runs?|"
        r"running(?:\s+just)?)\s+(?:the\s+)?(?:command\s+)?(?P<value>(?!as\b|on\b|in\b|at\b|"
        r"with\b)[a-z./][^,;]*?)(?=\s+(?:with|on\s+port|in\s+network|publish\w*)\b|[,;]|$)"
    ),
)


@dataclass(slots=True)
class Wanted:
    """What was read: fields of ``docker.run`` (``image`` apart), and what stayed unread."""

    image: str | None = None
    fields: dict[str, JsonValue] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    single_ports: list[str] = field(default_factory=list)
    health: Health | None = None


def wanted(scan: Scan) -> Wanted:
    """Take a run request apart; every part is taken once."""
    found = Wanted()
    found.health = taken(scan)
    local = scan.has(_LOCAL)
    _flags(scan, found)
    _mounts(scan, found)
    for key, pattern in _PHRASES[:3]:
        _phrase(scan, found, key, pattern)
    image = scan.first(
        r"(?:from|of|using|with|on)?\s*(?:the\s+|an?\s+)?(?:docker\s+)?image\s+(?:named\s+|"
        rf"called\s+)?(?P<value>{VALUE})(?:\s+image)?"
    )
    image = image or scan.first(rf"(?P<value>{IMAGE.pattern})(?:\s+image)?")
    if image is None:
        image = _versioned_image(scan)
    _environment(scan, found)
    _ports(scan, found)
    if local:
        _only_local(found)
    for key, pattern in _PHRASES:
        _phrase(scan, found, key, pattern)
    if scan.has(r"(?<![\w-])(?<!not )(?<!non-)privileged(?:\s+mode)?(?![\w-])"):
        found.fields["privileged"] = True
    for pattern in _COMMAND:
        if "command" not in found.fields:
            command = scan.first(pattern)
            if command:
                found.fields["command"] = command
    network = scan.first(
        r"(?:(?:in|on|to|join(?:ing)?|into|with|using|attached\s+to|connected\s+to|attach\s+it\s+to|"
        r"connect\s+it\s+to)\s+)?(?:the\s+|a\s+)?(?:docker\s+)?network\s+(?:named\s+|"
        rf"called\s+)?(?P<value>{NAME})"
    )
    network = network or scan.first(rf"(?:in|on|to|into)\s+(?:the\s+|my\s+)?(?P<value>{NAME})\s+network\b")
    if network:
        found.fields.setdefault("network", network)
    replaced = scan.take(
        r"(?:and\s+)?(?:replac(?:e|ing)|overwrit(?:e|ing))\s+(?:it|(?:the|any|an?)\s+(?:existing|old|present|current)"
        rf"(?:\s+(?:container|one)\b)?(?:\s+(?:named\s+|called\s+)?(?!if\b|with\b|and\b|named\b)(?P<name>{NAME}))?"
        r"|whatever\s+is\s+there)(?:\s+if\s+(?:it|one)\s+exists)?"
    )
    if replaced:
        found.fields["if_exists"] = "replace"
        if "name" in replaced[0]:
            found.fields.setdefault("container", replaced[0]["name"])
    elif scan.has(
        r"(?:and\s+)?reus(?:e|ing)\s+(?:it|the\s+(?:existing|old)(?:\s+one)?|an?\s+existing|"
        r"any\s+existing)(?:\s+container)?(?:\s+if\s+it\s+exists)?"
    ):
        found.fields["if_exists"] = "reuse"
    if scan.has(r"(?:with\s+(?:a\s+)?)?read[ -]?only(?:\s+(?:root\s+)?(?:file\s?system|root))?"):
        found.fields.setdefault("read_only", True)
    if scan.has(
        r"(?:and\s+)?(?:remove|delete)\s+it\s+(?:afterwards|after(?:\s+it\s+(?:exits|ends|"
        r"is\s+done))?|when\s+(?:done|it\s+(?:exits|ends|stops)))"
    ):
        found.fields["remove_after"] = True
    name = scan.first(
        r"(?:(?:and\s+)?(?:named|called|name\s+it|call\s+it|name\s+it\s+as|by\s+the\s+name(?:\s+of)?|"
        r"with\s+(?:the\s+)?name|(?:the\s+)?name\s+is|names?\s*[:=]?)\s+|"
        rf"name[=:]\s*)(?:as\s+)?(?P<value>{VALUE})"
    )
    name = name or scan.first(
        rf"\bas\s+(?:(?:a|the)\s+)?(?:container\s+)?(?!root\b|daemon\b)(?P<value>{NAME})(?:\s+container)?"
    )
    if name and "container" not in found.fields:
        found.fields["container"] = name
    scan.take(
        r"in\s+(?:the\s+)?background|detached(?:\s+mode)?|(?:start|run|launch)\s+(?:it|"
        r"the\s+container)\b|keep\s+it\s+running"
    )
    if image is None:
        image = _known_image(scan)
    found.image = image
    return found


_SOCKET = "/var/run/docker.sock"
_LOCAL = (
    r"(?<![,\s])[,\s]*(?:\b(?:and|but)\s+)?(?:\b(?:it\s+)?(?:should\s+be\s+|is\s+)?(?:only|just)\s+(?:reachable\s+|available\s+|accessible\s+|"
    r"bound\s+|listen(?:ing)?\s+|published\s+)?(?:on|from|to|for|at|via)\s+(?:the\s+)?(?:localhost|loopback|127\.0\.0\.1|this\s+(?:machine|host|box)|"
    r"local\s+(?:interface|machine))(?![\w:])|\b(?:on|to|at|from)\s+(?:the\s+)?(?:localhost|loopback|127\.0\.0\.1)\s+only\b|"
    r"\b(?:local(?:ly)?[\s-]only|only\s+local(?:ly)?|loopback\s+only|localhost\s+only|only\s+localhost)\b|"
    r"\b(?:on|at)\s+(?:localhost|loopback|127\.0\.0\.1)(?![\w:.])|"
    r"\b(?:bind(?:ing)?|bound)\s+(?:it\s+)?to\s+(?:localhost|loopback|127\.0\.0\.1)(?![\w:])|"
    r"\bnot\s+(?:public(?:ly)?|reachable\s+from\s+(?:the\s+)?(?:outside|internet|network))\b)"
)
"""Ports are to be open on this machine alone."""


def _only_local(found: Wanted) -> None:
    """Publish on the loopback address what has no address of its own."""
    pairs = found.fields.get("ports")
    if isinstance(pairs, list):
        found.fields["ports"] = [pair if str(pair).count(":") > 1 else f"127.0.0.1:{pair}" for pair in pairs]
    found.single_ports = [port if ":" in port else f"127.0.0.1:{port}" for port in found.single_ports]


def _phrase(scan: Scan, found: Wanted, name: str, pattern: str) -> None:
    match = re.search(pattern, scan.text, re.IGNORECASE)
    if match is not None and name not in found.fields:
        scan.text = f"{scan.text[: match.start()]} {scan.text[match.end() :]}"
        _put(found, name, scan.restored(next(text for text in match.groups() if text is not None)))


def _put(found: Wanted, name: str, text: str) -> None:
    match name:
        case "memory":
            found.fields[name] = size(text)
        case "cpus":
            found.fields[name] = cores(text)
        case "restart":
            counted = re.match(r"on[ -]failure\D*(?P<n>\d+)", text, re.IGNORECASE)
            word = f"on-failure:{counted['n']}" if counted else text.lower().replace(" ", "-")
            found.fields[name] = {"never": "no", "restart": "always"}.get(word, word)
        case "labels" | "environment":
            key, _, value = text.partition("=")
            target = "secret_environment" if name == "environment" and is_secret_name(key) else name
            _map(found, target)[key] = value
        case "ports" | "volumes" | "aliases":
            listed = found.fields.setdefault(name, [])
            if isinstance(listed, list) and text not in listed:
                listed.append(text)
        case _:
            found.fields[name] = text


def _map(found: Wanted, name: str) -> dict[str, JsonValue]:
    value = found.fields.setdefault(name, {})
    assert isinstance(value, dict)
    return value


def _flags(scan: Scan, found: Wanted) -> None:
    for name, forms in FLAGS:
        for match in scan.take(rf"(?<!\S)(?:{forms})(?:=|\s+)(?P<value>{VALUE})"):
            _put(found, name, match["value"])
    for switch, name in SWITCHES.items():
        if scan.has(rf"(?<!\S){switch}(?!\S)"):
            found.fields[name] = True
    for switch in SILENT:
        scan.has(rf"(?<!\S){switch}(?![\w-])")


def _mounts(scan: Scan, found: Wanted) -> None:
    kinds = r"(?:volumes?|folder|directory|dir|bind|path|data\s+volume)"
    patterns = (
        (
            rf"(?:{_LEAD}\s+){{0,6}}(?P<first>read[ -]?only\s+)?(?:mount(?:ing|ed|s)?\s+)?(?:(?:an?|the|"
            rf"my)\s+)?(?:named\s+)?{kinds}\s+(?:named\s+|"
            rf"called\s+)?(?P<source>{_SOURCE}){_MOUNTED}(?P<inside>{_INSIDE}){_RO}"
        ),
        (
            rf"(?:{_LEAD}\s+){{0,6}}mount(?:ing|ed|s)?\s+(?:(?:the|"
            rf"my)\s+)?(?P<source>{_SOURCE}){_MOUNTED}(?P<inside>{_INSIDE}){_RO}"
        ),
        rf"(?:{_LEAD}\s+){{0,6}}(?P<source>(?:\.{{1,2}}|~)?/[\w./-]*|\.)(?:\s+mounted)?{_MOUNTED}(?P<inside>{_INSIDE}){_RO}",
        (
            rf"(?:{_LEAD}\s+){{0,6}}(?:{kinds}\s+)?(?<![\w:/])(?P<source>\.{{0,2}}[\w~][\w./~-]*|\.|"
            rf"(?:\.{{1,2}})?/[\w./-]+):(?P<inside>/[\w./-]+)(?::(?P<mode>ro|rw))?(?![\w:]){_RO}"
        ),
    )
    for pattern in patterns:
        for match in scan.take(pattern):
            only = match.get("ro") or match.get("first") or match.get("mode") == "ro"
            _put(found, "volumes", f"{match['source']}:{match['inside']}" + (":ro" if only else ""))

    socket = r"(?:docker(?:['’]s)?\s+socket|(?:/var/run/)?docker\.sock)(?![\w:])(?!\s+(?:at|to|into|onto)\s)"
    for match in scan.take(rf"(?:{_LEAD}\s+){{0,6}}(?:mount(?:ing|ed)?\s+)?(?:the\s+)?{socket}(?:\s+mounted)?{_RO}"):
        _put(found, "volumes", f"{_SOCKET}:{_SOCKET}" + (":ro" if match.get("ro") else ""))
    if found.fields.get("volumes"):
        more = r"(?:another|a\s+second|a\s+third|one\s+more|the)"
        for match in scan.take(
            rf"(?:\band|,|\bplus)\s+(?:{more}\s+)?(?:one\s+)?(?:volume\s+)?(?:(?:named|called)\s+)?"
            rf"(?P<source>{_SOURCE})\s+(?:mounted\s+)?(?:at|to|on|onto|into|under|in)\s+(?P<inside>{_INSIDE}){_RO}"
        ):
            _put(found, "volumes", f"{match['source']}:{match['inside']}" + (":ro" if match.get("ro") else ""))


def _environment(scan: Scan, found: Wanted) -> None:
    scan.take(
        r"(?:with\s+|set(?:ting)?\s+|and\s+){0,6}(?:the\s+|"
        r"an?\s+)?env(?:ironment)?(?:\s+var(?:iable)?s?)?\b(?=\s+[A-Za-z_]\w*=)"
    )
    for match in scan.take(rf"(?<![\w-])(?<!label )(?<!labels )(?P<key>[A-Z_][A-Z0-9_]*)=(?P<value>{VALUE})?"):
        _put(found, "environment", f"{match['key']}={match.get('value', '')}")


def _ports(scan: Scan, found: Wanted) -> None:
    lead = (
        r"(?:(?:and\s+)?(?:publish(?:ing|ed|es)?|expos(?:e|ing|ed)|map(?:ping|ped)?|forward(?:ing)?|"
        r"bind(?:ing)?|listen(?:ing|s)?|reachable|available|on|at|with|using|,)\s+){0,6}(?:(?:it|the|its|"
        r"to|on|at|host)\s+){0,4}(?:ports?\s+)?(?:on\s+)?"
    )
    arrow = (
        r"(?:\s+(?:to|onto|into|as|on|for)\s+|\s*(?:->|→|"
        r"=>)\s*)(?:(?:the\s+)?container(?:'s)?\s+)?(?:its\s+)?(?:port\s+)?"
    )
    for match in scan.take(
        rf"{lead}(?<![\w.:/-])(?P<host>{PORT})(?::|{arrow})(?P<inside>{_INNER})(?![\w:]|"
        r"\.\d)(?:\s+(?:in|of)\s+(?:the\s+)?container)?"
    ):
        _put(found, "ports", f"{match['host']}:{match['inside']}")
    for match in scan.take(
        r"(?:\band\s+)?(?<![\w.:/-])(?P<port>\d{2,5})(?:\s*/\s*|\s+)udp\b(?:\s*(?:,|and\b)(?=\s*\d))?"
    ):
        _put(found, "ports", f"{match['port']}:{match['port']}/udp")
    address = r"(?:\d{1,3}(?:\.\d{1,3}){3}|localhost):\d{2,5}"
    for match in scan.take(rf"{lead}(?<![\w.:/-])(?P<port>{address})(?![\w:.]|/\w)"):
        found.single_ports.append(match["port"].replace("localhost", "127.0.0.1"))
    again = r"(?:\s*(?:,|and|&)\s*(?:port\s+)?\d{2,5}(?![\w:.]))*"
    said = (
        r"(?:publish(?:ing|ed)?|expos(?:e|ing|ed)|ports?|listen(?:ing|s)?\s+(?:on|at)|on|at|"
        r"forward(?:ing)?|map(?:ping)?)"
    )
    for match in scan.take(
        r"(?:(?:and|with|using|the|publish(?:ing)?|expos(?:e|ing)|listening|reachable|its|on|"
        rf"at)\s+){{0,6}}{said}\s+(?:it\s+on\s+)?(?:the\s+)?(?:host\s+)?(?:ports?\s+)?(?P<ports>\d{{2,5}}(?!["
        rf"\w:.%]){again})"
    ):
        found.single_ports += re.findall(r"\d{2,5}", match["ports"])


_SPOKEN = {"postgresql": "postgres", "mongodb": "mongo", "apache": "httpd", "apache2": "httpd"}


def _versioned_image(scan: Scan) -> str | None:
    """A known image with its version, before a number is taken for a port: "redis 7 on 16379" is redis:7 there."""
    known = lexicon().images
    for match in re.finditer(
        r"(?<![\w./:=@-])(?P<name>[a-z][\w.-]*\w)\s+(?:version\s+|v)?(?P<version>\d+(?:\.\d+)+|\d{1,2})(?:[\s-](?P<flavour>alpine|slim|bookworm|bullseye|jammy|noble)\b)?"
        r"(?=\s+(?:on|at|for|with|as|in)\s|,)(?!\s+(?:as|in)\s+\d)",
        scan.text,
        re.IGNORECASE,
    ):
        if match["name"].lower() in known:
            scan.text = f"{scan.text[: match.start()]} {scan.text[match.end() :]}"
            name = match["name"].lower()
            flavour = f"-{match['flavour'].lower()}" if match["flavour"] else ""
            return f"{_SPOKEN.get(name, name)}:{match['version']}{flavour}"
    return None


def _known_image(scan: Scan) -> str | None:
    known = lexicon().images
    for match in re.finditer(
        (
            r"(?<![\w./:=@-])(?P<name>[a-z][\w.-]*[\w])(?:(?:\s+|\s+version\s+|"
            r"\s+v)(?P<version>\d+(?:\.\d+)*(?:-[a-z]+)?|latest|alpine|stable)(?![\w:.]))?(?:\s+(?:image|"
            r"container|database|server|cache|db|instance))*(?![\w:/=])"
        ),
        scan.text,
        re.IGNORECASE,
    ):
        if match["name"].lower() in known:
            scan.text = f"{scan.text[: match.start()]} {scan.text[match.end() :]}"
            name = _SPOKEN.get(match["name"].lower(), match["name"].lower())
            return f"{name}:{match['version']}" if match["version"] else name
    slashed = _SLASHED.search(scan.text)
    if slashed is not None:
        scan.text = f"{scan.text[: slashed.start()]} {scan.text[slashed.end() :]}"
        return slashed.group()
    return scan.first(rf"\bfrom\s+(?:the\s+|an?\s+)?(?P<value>{NAME})")


def cores(text: str | None) -> float | None:
    """``half`` → 0.5, ``250m`` → 0.25, ``2`` → 2.0; None when it is no number."""
    word = (text or "").lower().strip()
    spoken = {"half": 0.5, "one": 1.0, "two": 2.0, "four": 4.0}
    match = re.match(r"(\d+(?:\.\d+)?)(m)?$", word)
    if match is not None:
        return float(match.group(1)) / (1000 if match.group(2) else 1)
    return spoken.get(word)


def size(text: str | None) -> str | None:
    """``512 megs`` → ``512m``, ``1.5 GiB`` → ``1536m``; None when it is no size."""
    match = re.match(r"(\d+(?:\.\d+)?)\s*([kmgt])?", (text or "").lower())
    if match is None:
        return None
    number, unit = match.group(1), match.group(2) or ""
    if "." in number and unit:
        smaller = {"k": "", "m": "k", "g": "m", "t": "g"}[unit]
        return f"{round(float(number) * 1024)}{smaller}"
    return number + unit
