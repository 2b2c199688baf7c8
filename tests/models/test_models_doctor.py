"""The doctor on models: what is chosen, whether a key is there, who answers when it is asked for."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
import stamina

from reign_executors.credentials import Credentials
from reign_tui.__main__ import main
from reign_tui.config import AppConfig
from reign_tui.doctor import Check
from reign_tui.model_checks import Models, in_clear, models_of, planning, vendor_check
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
    chosen = models_of(AppConfig(model="anthropic/x", fallback=("ollama/y",)))
    missing = checked("anthropic", chosen, tmp_path)
    assert (missing.status, missing.fix) == ("warn", "reign-tui credentials set anthropic")
    assert missing.target == "anthropic/x"
    there = checked("anthropic", chosen, tmp_path, ANTHROPIC_API_KEY="sk-ant-secret")
    assert there.status == "ok"
    assert there.detail == "ANTHROPIC_API_KEY set; not asked: reign-tui doctor --online does"
    Credentials(tmp_path, {}).set("anthropic", "sk-ant-kept", where="file")
    assert checked("anthropic", chosen, tmp_path).detail.startswith("a key is kept")
    assert checked("ollama", chosen, tmp_path).status == "ok"
    assert checked("openai", chosen, tmp_path).status == "off"
    (tmp_path / "credentials").write_text("{broken")
    assert "damaged" in checked("anthropic", chosen, tmp_path).detail


def test_a_key_that_would_travel_in_clear_is_warned_of(tmp_path: Path) -> None:
    chosen = models_of(AppConfig(model="openai/x", base_urls={"openai": "http://models.example.org/v1"}))
    found = checked("openai", chosen, tmp_path, OPENAI_API_KEY="sk-secret")
    assert found.status == "warn"
    assert "unencrypted" in found.detail
    assert in_clear("gpu:11434")
    assert not in_clear("127.0.0.1:11434")
    assert not in_clear("https://models.example.org/v1")
    assert in_clear("http://127.example.org/v1")
    assert in_clear("http://localhost.example.org/v1")


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
    assert {found[name].status for name in ("anthropic", "openai", "ollama")} == {"ok"}
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
        assert (found[vendor].status, f"{vendor}/{name} answers" in found[vendor].detail) == ("ok", True), found[vendor]
    assert len(aimock.sent()) == 3
    monkeypatch.setattr(sys, "argv", ["reign-tui", "cost", "--json"])
    main()
    assert "claude-test" in capsys.readouterr().out
    aimock.chaos(dropRate=1)
    found = doctor(monkeypatch, capsys, "--online")
    assert found["openai"].status == "error"
    assert "openai/gpt-test" in found["openai"].detail
    assert "sk-" not in found["openai"].detail
