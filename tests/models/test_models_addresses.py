"""Why a model's server was not reached, in words with what helps."""

from __future__ import annotations

import os

import pytest

from reign_agents.models.address import client_settings, effective, host_of, is_loopback, why_unreachable
from reign_agents.models.failure import unreachable
from reign_agents.models.fitting import fit_host


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("said", "why", "helps"),
    [
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed",
            "the certificate of models.lan is not trusted",
            "SSL_CERT_FILE",
        ),
        ("[SSL: WRONG_VERSION_NUMBER]", "models.lan does not speak TLS", "http://"),
        ("Server disconnected without sending a response", "the connection to models.lan ended", "try again"),
        ("The read operation timed out", "models.lan does not answer", ""),
        ("[Errno -3] Temporary failure in name resolution", "the name models.lan can't be resolved", "DNS"),
        ("[Errno 111] Connection refused", "nothing answers at https://models.lan/v1", ""),
        ("something else", "", ""),
    ],
)
def test_why(said: str, why: str, helps: str) -> None:
    inner = OSError(said)
    error = RuntimeError("Connection error.")
    error.__cause__ = inner
    found, way = why_unreachable(error, "https://models.lan/v1")
    assert found.startswith(why)
    assert bool(found) == bool(why)
    assert helps in way
    failure = unreachable("openai/x", error, "https://models.lan/v1")
    assert "--offline" in failure.way_out
    assert failure.again


def test_the_proxy_is_named_unless_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy.lan:3128")
    found, way = why_unreachable(OSError("timed out"), "https://models.lan/v1")
    assert found.endswith("through the proxy proxy.lan:3128")
    assert "NO_PROXY=models.lan" in way
    assert why_unreachable(OSError("x"), "https://models.lan/v1")[0] == "asked through the proxy proxy.lan:3128"
    monkeypatch.setenv("NO_PROXY", "models.lan")
    assert "proxy" not in why_unreachable(OSError("timed out"), "https://models.lan/v1")[0]
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.lan:notaport")
    monkeypatch.delenv("NO_PROXY")
    assert "proxy.lan" in why_unreachable(OSError("timed out"), "https://models.lan/v1")[0]


def test_a_server_of_ones_own_can_be_started() -> None:
    refused = ConnectionRefusedError("Connection refused")
    assert "ollama serve" in why_unreachable(refused, "http://127.0.0.1:11434")[1]
    assert why_unreachable(refused, "http://127.0.0.1:8000/v1")[1].startswith("start the server")


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert effective("openai", None) == "https://api.openai.com/v1"
    assert effective("openai", None, {"OPENAI_BASE_URL": "http://a"}) == "http://a"
    assert host_of("http://[::1") == "?"
    assert not is_loopback("http://[::1")
    assert client_settings("https://models.lan") == {"follow_redirects": False}
    assert client_settings("http://localhost:1")["trust_env"] is False


@pytest.mark.parametrize("name", ["", "http://models.lan", "models.lan:80", "a b/c"])
def test_what_is_no_host(name: str) -> None:
    with pytest.raises(ValueError, match="name of a host"):
        fit_host(name)
