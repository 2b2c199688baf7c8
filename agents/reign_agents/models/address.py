"""Addresses of models' servers: which are this machine, what travels to them unencrypted, why one was not reached."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

ADDRESS_VARIABLES = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL", "ollama": "OLLAMA_HOST"}
"""Vendor → the variable that its kit reads a server's address from."""
_HOME = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
    "ollama": "http://127.0.0.1:11434",
}
_ELSEWHERE = re.compile(r"[:-]cloud\Z", re.IGNORECASE)


def effective(vendor: str, address: str | None, environment: Mapping[str, str] | None = None) -> str:
    """Where a vendor's kit goes with ``address`` (None: what its variable says, else its own)."""
    environment = os.environ if environment is None else environment
    return address or environment.get(ADDRESS_VARIABLES[vendor]) or _HOME[vendor]


def host_of(address: str) -> str:
    """The host of an address, lower case; empty where it names none (``:11434``)."""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "").lower()
    except ValueError:
        return "?"


def is_loopback(address: str) -> bool:
    """Whether what is sent there stays on this machine. A host that is left out, or 0.0.0.0, is this one for kits."""
    host = host_of(address)
    if host == "" or host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


def in_clear(address: str) -> bool:
    """Whether what is sent there can be read on the way."""
    scheme = urlsplit(address).scheme if "://" in address else "http"
    return scheme != "https" and not is_loopback(address)


def key_may_go(address: str, plain_http: Collection[str]) -> bool:
    """Whether a key may be sent there: encrypted, on this machine, or to a host that the person named."""
    return not in_clear(address) or host_of(address) in {one.lower() for one in plain_http}


def on_this_machine(name: str, address: str | None) -> bool:
    """Whether the model ``vendor/model`` is served here, with nothing handed on: Ollama's on loopback, none of those
    that its server only passes to its maker's (``…-cloud``).
    """
    vendor, _, model = name.partition("/")
    return vendor == "ollama" and not _ELSEWHERE.search(model) and is_loopback(effective(vendor, address))


def client_settings(address: str) -> dict[str, Any]:
    """For a kit's HTTP client: nobody leads a request (and its key) to another server, and no proxy stands between
    this machine and itself.
    """
    if not is_loopback(address):
        return {"follow_redirects": False}
    direct = dict.fromkeys(("http://", "https://", "all://"))  # some kits read the proxies' variables by themselves
    return {"follow_redirects": False, "trust_env": False, "mounts": direct}


def why_unreachable(error: BaseException, address: str) -> tuple[str, str]:
    """Why no connection came about, in words, and what helps; both may be empty."""
    host = host_of(address)
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    said = " ".join(f"{type(one).__name__} {one}" for one in chain)
    proxy = _proxy_for(address)
    by = f" through the proxy {proxy}" if proxy else ""
    mend = f"look at the proxy ({_PROXY_VARIABLES}), or leave it out: NO_PROXY={host}" if proxy else ""
    if isinstance(error, ImportError | ValueError) and _matches(said, "proxy"):
        return str(error), f"look at the proxy ({_PROXY_VARIABLES}), or leave it out: NO_PROXY={host}"
    if _matches(said, "gaierror|name resolution|getaddrinfo|not known"):
        named = f"the name {host} can't be resolved" if not proxy else f"a name can't be resolved{by}"
        return named, mend or "look at the network and DNS"
    if _matches(said, "CERTIFICATE_VERIFY_FAILED|certificate"):
        return (
            f"the certificate of {host} is not trusted{by}",
            mend or "SSL_CERT_FILE names the authority of a server of your own",
        )
    if _matches(said, "WRONG_VERSION_NUMBER|record layer"):
        return f"{host} does not speak TLS{by}", mend or "http:// may be meant: base_urls in the settings"
    if _matches(said, "Connection refused|ConnectionRefused|All connection attempts failed|Failed to connect"):
        return f"nothing answers at {address}{by}", mend or _start(address)
    if _matches(said, "RemoteProtocolError|peer closed|disconnected|reset by peer|ReadError"):
        return f"the connection to {host} ended before the answer{by}", mend or "try again"
    if _matches(said, "Timeout|timed out"):
        return f"{host} does not answer{by}", mend
    return (f"asked{by}", mend) if proxy else ("", "")


_PROXY_VARIABLES = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY"


def _matches(text: str, pattern: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _start(address: str) -> str:
    if not is_loopback(address):
        return ""
    return "start the server (ollama serve)" if ":11434" in address else "start the server, or mend its address"


def _proxy_for(address: str) -> str:
    """The proxy that a request there would go through, without a password; empty where there is none."""
    from urllib.request import getproxies, proxy_bypass

    if is_loopback(address) or proxy_bypass(host_of(address)):
        return ""
    proxies = getproxies()
    found = proxies.get(urlsplit(address).scheme) or proxies.get("all") or ""
    return host_of(found) and f"{host_of(found)}{_port(found)}"


def _port(address: str) -> str:
    try:
        port = urlsplit(address if "://" in address else f"//{address}").port
    except ValueError:
        return ""
    return "" if port is None else f":{port}"
