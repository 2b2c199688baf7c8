"""The page about permissions says what the program does: its example loads, its examples of rules are tried."""

from __future__ import annotations

import re
from pathlib import Path

from reign_agents.settings import GRANT_SECONDS, EngineSettings
from reign_tui.config import load_config
from reign_tui.paths import find_paths

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"


def test_the_example_loads_without_a_warning(tmp_path: Path, reign_home: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = find_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(example)
    found = load_config({}, cwd=tmp_path, environment={}, paths=find_paths())
    assert found.warnings == ()
    assert [rule.verdict for rule in found.config.rules] == ["allow", "allow", "ask", "deny"]
    assert (found.config.trust_limit, found.config.grant_limit) == (3, 2 * GRANT_SECONDS)


def test_the_defaults_it_names() -> None:
    assert "at most `trust_limit` resources (5)" in PAGE.read_text()
    assert EngineSettings().trust_limit == 5
