"""Settings about language models: what fits, what is said of what does not, what a project may tighten."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reign_agents.investigation.limits import LEAST_CONTEXT, Limits
from reign_agents.models.choice import language_model
from reign_agents.models.failure import ModelFailed
from reign_agents.models.fitting import NO_ADDRESS
from reign_tui.config import LoadedConfig, load_config
from reign_tui.model_settings import LIMITS, limits_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def user_file(reign_home: Path) -> Path:
    path = reign_home / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def loaded(project: Path, environment: dict[str, str] | None = None) -> LoadedConfig:
    import os

    return load_config({}, cwd=project, environment={**os.environ, **(environment or {})})


def test_what_fits(project: Path, user_file: Path) -> None:
    user_file.write_text(
        'temperature = 0.2\nmax_tokens = 2000\nanswer_cache = "30m"\n[model_limits]\nturns = 4\nseconds = 7.5\n'
        '[base_urls]\nopenai = "http://127.0.0.1:8000/v1"\nollama = "gpu:11434"\nanthropic = ""\n'
    )
    found = loaded(project)
    config = found.config
    assert found.warnings == ()
    assert (config.temperature, config.max_tokens, config.answer_cache) == (0.2, 2000, 1800.0)
    assert config.base_urls == {"openai": "http://127.0.0.1:8000/v1", "ollama": "gpu:11434"}
    limits = limits_of(config.model_limits, config.max_tokens)
    assert limits == Limits(turns=4, seconds=7.5, answer=2000)
    assert isinstance(limits.turns, int)


def test_the_environment_wins_over_the_file(project: Path, user_file: Path) -> None:
    user_file.write_text('[base_urls]\nopenai = "http://file/v1"\nanthropic = "http://file"\n')
    found = loaded(
        project,
        {
            "OPENAI_BASE_URL": "http://variable/v1",
            "OLLAMA_HOST": ":11434",
            "REIGN_MODEL_LIMITS": "turns=3, queries=2",
            "REIGN_ANSWER_CACHE": "off",
        },
    )
    assert found.config.base_urls == {"openai": "http://variable/v1", "anthropic": "http://file"}
    assert found.sources["base_urls"] == f"{user_file}, environment OPENAI_BASE_URL"
    assert found.config.model_limits == {"turns": 3, "queries": 2}
    assert found.config.answer_cache == 0
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("temperature = 3", 2, "temperature must be a number from 0 to 2"),
        ('temperature = "nan"', 2, "temperature must be a number"),
        ("temperature = true", 2, "temperature must be a number"),
        ("max_tokens = 10", 2, "max_tokens must be a whole number from 256 to 200000"),
        ('answer_cache = "soon"', 2, "answer_cache must be a time"),
        ("answer_cache = true", 2, "answer_cache must be a time"),
        ("model_limits = 3", 2, "model_limits must name values"),
        ("[model_limits]\nturns = 3\ntrns = 4", 4, "model_limits: trns is no limit; there are turns"),
        ("[model_limits]\nturns = 3\nseconds = 0", 4, "model_limits: seconds must be a number from 5 to 3600"),
        ("model_limits = { turns = 2.5 }", 2, "model_limits: turns must be a whole number"),
        ("[model_limits]\ncontext = 1000", 3, "model_limits: context must be a whole number from 24000 to 10000000"),
        ('[base_urls]\nopenai = "x"\nopnai = "y"', 3, "base_urls: openai must be an address"),
        ('[base_urls]\n"gemini" = "http://x"', 3, "base_urls: gemini is no vendor"),
        ("[base_urls]\nanthropic = 3", 3, "base_urls: anthropic must be an address"),
        ('[base_urls]\nopenai = "http://me:pw@host/v1"', 3, "base_urls: openai must hold no name, password"),
        ('[base_urls]\nollama = "ftp://host"', 3, 'an address like "http://127.0.0.1:11434"'),
        ('[base_urls]\nollama = "http://host:99999"', 3, "must be an address"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(
    text: str, line: int, said: str, project: Path, user_file: Path
) -> None:
    user_file.write_text(f"# mine\n{text}\n")
    (warning,) = loaded(project).warnings
    assert warning.startswith(f"{user_file}, line {line}: ")
    assert said in warning
    assert "pw" not in warning


def test_an_error_in_one_limit_lifts_no_other(project: Path, user_file: Path) -> None:
    user_file.write_text(
        '[budget]\nday = "lots"\nanswer = 0.5\nsession = -1\n[model_limits]\nturns = 0\nqueries = 2\n'
        '[base_urls]\nopenai = "http://127.0.0.1:8000/v1"\nollama = "ftp://x"\ngemini = "http://x"\n'
    )
    found = loaded(project)
    assert found.config.budget == {"answer": Decimal("0.5")}
    assert found.config.model_limits == {"queries": 2}
    assert found.config.base_urls == {"openai": "http://127.0.0.1:8000/v1", "ollama": NO_ADDRESS}
    budget, limits, addresses = found.warnings
    assert budget.startswith(f"{user_file}, line 2: budget: day must be an amount in dollars")
    assert "(session: likewise): it is left out" in budget
    assert "line 6: model_limits: turns" in limits
    assert "until it is mended, ollama is not asked" in addresses
    found = loaded(project, {"REIGN_BUDGET": "day=x,session=2"})
    assert found.config.budget == {"session": 2}


def test_where_an_address_can_not_be_used_the_vendor_is_not_asked(project: Path, user_file: Path) -> None:
    """What was meant for a server of one's own must not go to the vendor instead."""
    user_file.write_text('[base_urls]\nopenai = "htp://models.intern/v1"\n')
    addresses = loaded(project).config.base_urls
    with pytest.raises(ModelFailed, match="the address that is set for openai can't be used"):
        language_model("openai/gpt-test", lambda _vendor: "sk-test", addresses)
    assert language_model("anthropic/claude-test", lambda _vendor: "sk-test", addresses)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REIGN_TEMPERATURE", "hot"),
        ("REIGN_BASE_URLS", "openai=ftp://x"),
        ("ANTHROPIC_BASE_URL", "not an address"),
        ("REIGN_MODEL_LIMITS", "turns"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(variable: str, value: str, project: Path, reign_home: Path) -> None:
    (warning,) = loaded(project, {variable: value}).warnings
    assert f"the environment variable {variable}" in warning


def test_a_project_lowers_limits_and_names_no_server(project: Path, user_file: Path) -> None:
    user_file.write_text("[model_limits]\nturns = 4\n")
    (project / ".reign.toml").write_text(
        'answer_cache = "off"\nmax_tokens = 100000\nmodel_limits = { turns = 9, queries = 2, tokens = 100000000 }\n'
        '[base_urls]\nopenai = "http://evil.example.org/v1"\n'
    )
    found = loaded(project)
    assert found.config.model_limits == {"turns": 4, "queries": 2, "tokens": Limits().tokens}
    assert (found.config.answer_cache, found.config.max_tokens) == (0, 4096)
    assert found.config.base_urls == {}
    assert any("base_urls is left out" in warning for warning in found.warnings)


def test_the_least_context_is_the_same_everywhere() -> None:
    assert LIMITS["context"][0] == LEAST_CONTEXT
