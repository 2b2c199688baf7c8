"""A server that speaks the vendors' protocols, and each vendor's model behind its own SDK talking to it."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.ollama_model import OllamaModel
from reign_agents.models.openai_model import OpenAIModel
from tests.conftest import skip_or_fail
from tests.testbed.aimock import program
from tests.testbed.places import Places, find_program

FIXTURES: list[dict[str, Any]] = [
    {"match": {"userMessage": "Do you answer"}, "response": {"content": "Yes"}},
    {"match": {"userMessage": "long"}, "response": {"content": "One answer that comes in several pieces, in order."}},
    {
        "match": {"userMessage": "call"},
        "response": {"toolCalls": [{"name": "docker__list_containers", "arguments": {"all": True}}]},
    },
    {
        "match": {"userMessage": "broken"},
        "response": {"content": "This answer is going to break off before it has come to its end, in the middle."},
        "latency": 20,
        "truncateAfterChunks": 4,
    },
    {"match": {"userMessage": "slow"}, "response": {"content": "slow " * 2000}, "latency": 50},
    {
        "match": {"userMessage": "counted"},
        "response": {"content": "ok", "usage": {"prompt_tokens": 30, "completion_tokens": 5}},
    },
]


@dataclass(frozen=True)
class Aimock:
    """``url`` has no path. ``sent`` are the bodies of the last requests, newest first."""

    url: str

    def _call(self, path: str, body: object | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/__aimock{path}", data=data, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def fail_next(self, status: int) -> None:
        """The next request fails with this status."""
        self._call("/error", {"status": status, "body": {"message": "not now", "type": "error"}})

    def chaos(self, **rates: float) -> None:
        self._call("/chaos", rates)

    def sent(self) -> list[dict[str, Any]]:
        return [entry["body"] for entry in reversed(self._call("/journal")) if entry["body"]]

    def forget(self) -> None:
        """No journal, nothing that fails."""
        self._call("/reset/journal", {})
        self._call("/chaos", {})


@pytest.fixture(scope="session")
def aimock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """One server for the session; skipped where it is not installed."""
    script, node = program(Places.named()), find_program("node")
    if script is None or node is None:
        skip_or_fail("models", "aimock is not installed (python -m tests.testbed.aimock)")
    fixtures: Path = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}), "utf-8")
    server = subprocess.Popen(
        [node, str(script), "-p", "0", "-f", str(fixtures)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    try:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if "listening on " in line:
                yield Aimock(line.split("listening on ")[1].strip())
                break
        else:
            pytest.fail(f"aimock did not start: {''.join(lines)}")
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture
def aimock(aimock_server: Aimock) -> Aimock:
    aimock_server.forget()
    return aimock_server


@pytest.fixture(params=["anthropic", "openai", "ollama"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_model(aimock: Aimock) -> Callable[[str], LanguageModel]:
    """A vendor's name → its model, asked over HTTP through the vendor's SDK."""

    def make(vendor: str) -> LanguageModel:
        if vendor == "anthropic":
            return AnthropicModel("claude-test", "sk-test", aimock.url)
        if vendor == "openai":
            return OpenAIModel("gpt-test", "sk-test", f"{aimock.url}/v1")
        return OllamaModel("llama-test", None, aimock.url)

    return make


@pytest.fixture
def model(vendor: str, make_model: Callable[[str], LanguageModel]) -> LanguageModel:
    return make_model(vendor)
