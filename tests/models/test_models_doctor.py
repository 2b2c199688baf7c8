"""The doctor on models: what is chosen, whether a key is there, who answers when it is asked for."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import stamina

from reign_agents.models.address import in_clear
from reign_agents.models.prices import price_of
from reign_executors.credentials import Credentials
from reign_tui.__main__ import main
from reign_tui.config import AppConfig
from reign_tui.doctor import Check
from reign_tui.model_checks import Models, models_of, planning, vendor_check
from tests.models.conftest import Aimock


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=1)


def checked(vendor: str, models: Models, data: Path, **environment: str) -> Check:
    return asyncio.run(vendor_check(vendor, models, environment, data))


def test_who_plans_is_told_in_words() -> None:
    def told(**settings: object) -> tuple[str, str]:
        check = asyncio.run(planning(models_of(AppConfig(**settings))))  # type: ignore[arg-type]
        return check.status, check.detail

    assert told() == ("off", "no model is chosen: the offline planner does all")
    assert told(model="openai/x", offline=True)[1].startswith("offline is set: openai/x not asked")
    assert told(model="openai/x", prefer="offline-only")[0] == "off"
    status, detail = told(model="openai/x", fallback=("ollama/y", "openai/x"))
    assert status == "ok"
    assert detail.endswith("and causes, go to openai/x, then ollama/y, then the offline planner")
    assert told(model="openai/x", prefer="model")[1].startswith("every request goes to")


def test_a_key_is_missing_kept_or_in_the_environment(tmp_path: Path) -> None:
    chosen = models_of(AppConfig(model="anthropic/claude-opus-5", fallback=("ollama/y",)))
    missing = checked("anthropic", chosen, tmp_path)
    assert (missing.status, missing.fix) == ("warn", "reign-tui credentials set anthropic")
    assert missing.target == "anthropic/claude-opus-5"
    there = checked("anthropic", chosen, tmp_path, ANTHROPIC_API_KEY="sk-ant-secret")
    assert there.status == "ok"
    assert there.detail == "ANTHROPIC_API_KEY set; not asked: reign-tui doctor --online does"
    Credentials(tmp_path, {}).set("anthropic", "sk-ant-kept", where="file")
    assert checked("anthropic", chosen, tmp_path).detail.startswith("a key is kept")
    assert checked("ollama", chosen, tmp_path).status == "ok"
    assert checked("openai", chosen, tmp_path).status == "off"
    (tmp_path / "credentials").write_text("{broken")
    assert "damaged" in checked("anthropic", chosen, tmp_path).detail


def test_a_key_that_would_travel_in_clear_is_an_error_with_its_way_out(tmp_path: Path) -> None:
    far = {"openai": "http://models.example.org/v1"}
    found = checked(
        "openai", models_of(AppConfig(model="openai/x", base_urls=far)), tmp_path, OPENAI_API_KEY="sk-secret"
    )
    assert found.status == "error"
    assert "unencrypted" in found.detail
    assert 'plain_http = ["models.example.org"]' in str(found.fix)
    allowed = AppConfig(model="openai/x", base_urls=far, plain_http=("models.example.org",))
    assert "unencrypted" not in checked("openai", models_of(allowed), tmp_path, OPENAI_API_KEY="sk-secret").detail


def test_a_model_without_a_price_is_told_of(tmp_path: Path) -> None:
    chosen = AppConfig(model="openai/our-own", fallback=("ollama/y",))
    found = checked("openai", models_of(chosen), tmp_path, OPENAI_API_KEY="sk-secret")
    assert found.status == "warn"
    assert "no price is known for openai/our-own: its cost is unknown" in found.detail
    assert '[prices."openai/our-own"]' in str(found.fix)
    with_budget = AppConfig(model="openai/our-own", budget={"day": Decimal(5)})
    found = checked("openai", models_of(with_budget), tmp_path, OPENAI_API_KEY="sk-secret")
    assert "no budget can hold it" in found.detail
    assert checked("ollama", models_of(chosen), tmp_path).status == "ok"
    priced = AppConfig(model="openai/our-own", prices={"openai/our-own": price_of({"input": 1, "output": 2})})
    assert checked("openai", models_of(priced), tmp_path, OPENAI_API_KEY="sk-secret").status == "ok"


@pytest.mark.parametrize(
    ("address", "clear"),
    [
        ("gpu:11434", True),
        ("127.0.0.1:11434", False),
        (":11434", False),
        ("0.0.0.0", False),
        ("http://[::1]:1/v1", False),
        ("https://models.example.org/v1", False),
        ("http://127.example.org/v1", True),
        ("http://localhost.example.org/v1", True),
        ("http://127.0.0.1.nip.io/v1", True),
        ("http://models.localhost:8000/v1", False),
        ("http://2130706433/v1", True),
    ],
)
def test_what_travels_in_clear(address: str, *, clear: bool) -> None:
    assert in_clear(address) is clear


def settings(home: Path, aimock: Aimock, text: str = "") -> None:
    folder = home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(
        f'model = "anthropic/claude-test"\nfallback = ["openai/gpt-test", "ollama/llama-test"]\n{text}\n'
        f'[base_urls]\nanthropic = "{aimock.url}"\nopenai = "{aimock.url}/v1"\nollama = "{aimock.url}"\n'
    )


def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, Check]:
    monkeypatch.setattr(sys, "argv", ["reign-tui", "doctor", "--json", *flags])
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    main()
    answer = json.loads(capsys.readouterr().out)
    return {check["id"]: Check(**check) for check in answer["checks"]}


def test_nobody_is_asked_unless_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path, aimock: Aimock
) -> None:
    settings(Path(os.environ["REIGN_HOME"]), aimock)
    found = doctor(monkeypatch, capsys)
    assert [found[name].status for name in ("anthropic", "openai", "ollama")] == ["warn", "warn", "ok"]
    assert "no price is known for openai/gpt-test" in found["openai"].detail
    assert found["openai"].target == f"openai/gpt-test at {aimock.url}/v1"
    assert aimock.sent() == []
    assert doctor(monkeypatch, capsys, "--online", "--offline")["anthropic"].status == "off"
    assert aimock.sent() == []


def test_online_tells_who_answers_and_what_it_cost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path, aimock: Aimock
) -> None:
    settings(Path(os.environ["REIGN_HOME"]), aimock)
    found = doctor(monkeypatch, capsys, "--online")
    for vendor, name in (("anthropic", "claude-test"), ("openai", "gpt-test"), ("ollama", "llama-test")):
        assert found[vendor].status != "error", found[vendor]
        assert f"{vendor}/{name} answers" in found[vendor].detail
    assert len(aimock.sent()) == 3
    monkeypatch.setattr(sys, "argv", ["reign-tui", "cost", "--json"])
    main()
    assert "claude-test" in capsys.readouterr().out
    aimock.chaos(dropRate=1)
    found = doctor(monkeypatch, capsys, "--online")
    assert found["openai"].status == "error"
    assert "openai/gpt-test" in found["openai"].detail
    assert "sk-" not in found["openai"].detail
