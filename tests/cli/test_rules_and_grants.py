"""Rules, modes and grants as their user meets them on the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reign_agents.store.records import GrantRecord
from reign_agents.store.store import Store, StorePaths
from reign_tui.paths import find_paths

Reign = Callable[..., Any]
MAKE = "create file notes.txt with content hello"


@pytest.fixture
def config(reign_home: Path) -> Path:
    file = find_paths().config_file
    file.parent.mkdir(parents=True)
    return file


def test_a_failing_example_refuses_to_start_and_names_its_line(reign: Reign, config: Path, folder: Path) -> None:
    config.write_text('[[rules]]\nverdict = "deny"\nprogram = "rm"\nmatch = ["ls"]\n')
    for words in (("run", MAKE, "--approve", "destroy"), ("plan", MAKE), ("history",)):
        said = reign(*words)
        assert said.code == 2
        assert f"{config}, line 4: the example 'ls' does not fit this rule" in said.err
    assert not (folder / "notes.txt").exists()


def test_a_file_with_rules_that_can_not_be_read_refuses_to_start(reign: Reign, config: Path) -> None:
    config.write_text('[[rules]]\nverdict = "deny"\nprogram = rm\n')
    said = reign("plan", MAKE)
    assert said.code == 2
    assert f"{config}, line 3" in said.err


def test_a_deny_rule_is_named(reign: Reign, config: Path, folder: Path) -> None:
    config.write_text('[[rules]]\nverdict = "deny"\noperation = "file.*"\nwhy = "hands off"\n')
    said = reign("run", MAKE, "--approve", "destroy", "--json")
    assert said.code == 5
    assert f"denied by the rule in {config}, line 1: hands off" in said.end["answer"]
    assert reign("plan", MAKE).code == 5
    assert not (folder / "notes.txt").exists()


def test_a_project_file_denies_and_never_allows(reign: Reign, config: Path, folder: Path) -> None:
    (folder / ".reign.toml").write_text(
        '[[rules]]\nverdict = "allow"\noperation = "*"\n[[rules]]\nverdict = "deny"\nresource = "file/*/notes.txt"\n'
    )
    said = reign("run", MAKE, "--approve", "create")
    assert said.code == 5
    assert f"{folder / '.reign.toml'}, line 1: a project file allows nothing" in said.err
    assert reign("run", "create file other.txt with content x", "--json").code == 3


def test_a_mode_is_only_tightened_by_a_project(reign: Reign, config: Path, folder: Path) -> None:
    config.write_text('mode = "trusted-change"\ntrust_limit = 3\n')
    assert json.loads(reign("plan", MAKE, "--json").out)["mode"] == "trusted-change"
    assert "trusted-change mode" in reign("plan", MAKE).out
    (folder / ".reign.toml").write_text('mode = "read-only"\n')
    said = reign("plan", MAKE, "--mode", "trusted-change", "--json")
    assert said.code == 5
    assert json.loads(said.out)["mode"] == "read-only"
    (folder / ".reign.toml").write_text('mode = "trusted-change"\n')
    assert json.loads(reign("plan", MAKE, "--mode", "ask", "--json").out)["mode"] == "ask"
    assert reign("plan", MAKE, "--mode", "bold").code == 2


def test_check_knows_the_rules_only_when_asked(reign: Reign, config: Path) -> None:
    config.write_text('[[rules]]\nverdict = "allow"\nprogram = "git"\nsubcommand = "push"\n')
    given = '{"command": "git push"}\n{"command": "rm -rf /"}\n'
    assert [row["verdict"] for row in reign("check", given=given).rows] == ["ask", "deny"]
    first, second = reign("check", "--rules", given=given).rows
    assert (first["verdict"], second["verdict"]) == ("allow", "deny")
    assert first["reasons"][0] == f"allowed by the rule in {config}, line 1"


def test_what_would_have_been_asked_is_said(reign: Reign, folder: Path) -> None:
    said = reign("run", MAKE)
    assert said.code == 3
    assert "would have asked, CREATE" in said.err
    row = next(row for row in reign("run", MAKE, "--json").rows if row["type"] == "approval.requested")
    assert row["data"]["steps"][0]["operation"] == "file.write"
    assert row["data"]["agents"] == ["files"]


def grant(expires: str = "2999-01-01T00:00:00.000Z") -> None:
    """Keep one as a dialog would have."""
    paths = find_paths()
    scope: dict[str, Any] = {
        "operation": "file.write",
        "tool": "host",
        "context": "here",
        "identity": {},
        "changes": [["file//x", "update"]],
        "risk": "change",
        "findings": [],
        "undo": "exact",
        "fields": None,
    }
    with Store.open(StorePaths(data=paths.data, state=paths.state)) as store:
        record = GrantRecord("", "file.write", scope, "change", "ana", "r_1", "a_1_1", "2026-01-01T00:00:00Z", expires)
        asyncio.run(store.grant(record))


def test_grants_are_listed_and_revoked(reign: Reign, reign_home: Path) -> None:
    assert "nothing is granted" in reign("grants", "list").out
    grant()
    grant()
    grant(expires="2026-01-01T01:00:00.000Z")
    assert "file.write on host here: update file//x" in reign("grants", "list").out
    assert [row["grant"] for row in reign("grants", "list", "--json").rows] == ["g_2", "g_1"]
    assert [row["state"] for row in reign("grants", "list", "--all", "--json").rows] == ["expired", "active", "active"]
    said = reign("grants", "revoke", "g_1")
    assert (said.code, said.out) == (0, "revoked: g_1\n")
    said = reign("grants", "revoke", "g_1")
    assert said.code == 2
    assert "it is revoked" in said.err
    assert [row["grant"] for row in reign("grants", "revoke", "all", "--json").rows] == ["g_2"]
    assert reign("grants", "revoke", "all").out == "nothing was granted\n"


@pytest.mark.parametrize("words", [("revoke",), ("revoke", "g_9"), ("list", "g_1"), ("burn",), ()])
def test_wrong_usage_of_grants(reign: Reign, reign_home: Path, words: tuple[str, ...]) -> None:
    assert reign("grants", *words).code == 2
