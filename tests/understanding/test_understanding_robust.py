# ruff: noqa: SIM905
"""Any text has an answer; the package loads nothing heavy; the line is the contract's."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reign_agents.understanding import DOMAINS, INTENTS, Understanding, understand

_PIECES = st.sampled_from(
    (
        "run scale api to 5 in prod -p 8080:80 --set a=b 'x \" ` #42 ./x/y ghcr.io/a/b:1 @sha256: *** /5 every day "
        "at 3 between 2 and named , ; and then https:// x3 512m half a core \x00 \x1b[31m 🚀 ä 名前 -- = { } [ ]"
    ).split(" ")
)


def well_formed(read: Understanding) -> None:
    assert read.intent in INTENTS
    assert read.mood in {"do", "ask"}
    assert 0.0 <= read.confidence <= 1.0
    assert set(read.domains) <= set(DOMAINS)
    assert json.loads(json.dumps(read.to_json())) == read.to_json()
    for clause in read.clauses:
        assert read.text[clause.start : clause.end] == clause.text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    well_formed(understand(text))


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=30).map(" ".join))
def test_any_salad_of_what_requests_are_made_of(text: str) -> None:
    well_formed(understand(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "\x00\x01\x02",
        "a" * 65536,
        "run " * 16384,
        '"' * 65536,
        "'" * 65536,
        "[" * 65536,
        "((((" * 16384,
        "a=" * 32768,
        "1 " * 32768,
        "1" * 65536,
        "/" * 65536,
        "a:b" * 20000,
        "and " * 16384,
        "x@y:" * 16384,
        "🚀" * 16384,
        "Starte einen Container mit nginx",
        "请删除容器 web",
        "\ud800 lone surrogate",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_odd_texts(text: str) -> None:
    read = understand(text)
    assert read.text == text
    assert read.intent in INTENTS


def test_the_line_of_classify() -> None:
    line = understand("scale deployment api to 5 replicas in prod").to_json()
    assert list(line) == ["text", "intent", "mood", "confidence", "domains", "entities"]
    assert line["intent"] == "scale"
    assert line["domains"] == ["kubernetes"]
    assert line["entities"] == {"replicas": 5, "namespace": "prod", "name": "api"}


def test_pure_and_frozen() -> None:
    text = "restart deployment api in prod"
    assert understand(text) == understand(text)
    with pytest.raises(AttributeError):
        understand(text).intent = "deploy"  # type: ignore[misc]


def test_unknown_has_no_entities_and_no_domains() -> None:
    read = understand("recipe for helm of beef with 3 carrots")
    assert (read.intent, read.domains, read.entities) == ("unknown", (), {})


def test_nothing_heavy_is_imported() -> None:
    program = (
        "import sys; import reign_agents.understanding as u; u.understand('scale api to 5');"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={key: value for key, value in os.environ.items() if not key.startswith("COV")},
        ).stdout.split()
    )
    heavy = {"pydantic", "numpy", "scipy", "sklearn", "textual", "rich", "docker", "kubernetes", "anthropic", "openai"}
    assert not loaded & (
        heavy | {"asyncio", "sqlite3", "tree_sitter", "yaml", "tomllib", "reign_tui", "reign_executors"}
    )


def test_slips_and_spellings() -> None:
    for text in ("delte the contianer web", "Delete The Container WEB"):
        assert understand(text).intent == "destroy"
    assert understand("restrat the deployment api").intent == "update"
    assert understand("initialise the terraform code in infra/a and apply").domains == ("terraform",)


@pytest.mark.parametrize(
    "text", ["delete container \x01web prod\x02", "restart web\x02", "remove container web\x05api"]
)
def test_control_characters_are_no_quotes_and_no_arrows(text: str) -> None:
    as_letters = understand(text.translate(dict.fromkeys(range(1, 7), 7)))
    assert {k: str(v).translate(dict.fromkeys(range(1, 7), 7)) for k, v in understand(text).entities.items()} == {
        key: str(value) for key, value in as_letters.entities.items()
    }
