"""What starting the program does not import: each of these would cost every call of every script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "rich", "docker", "kubernetes", "anthropic", "openai", "ollama", "github", "python_terraform")
PROBE = """\
import sys
sys.argv = ["reign-tui", *{words!r}]
from reign_tui.__main__ import main
code = main()
print(" ".join(sorted(sys.modules)), file=sys.stderr)
raise SystemExit(code)
"""


def own(code: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, which coverage does not follow: it would bring modules."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-c", code], input=given, capture_output=True, text=True, env=environment, check=True
    )


def modules_of(*words: str, given: str = "") -> frozenset[str]:
    """The modules that are loaded after the command line ran, in a process of its own."""
    return frozenset(own(PROBE.format(words=list(words)), given).stderr.split())


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("--version",), ""),
        (("--help",), ""),
        (("run", "--help"), ""),
        (("paths",), ""),
        (("classify",), "show the containers\n"),
        (("check",), '{"command": "ls"}\n'),
        (("plan", "create file notes.txt with content hello"), ""),
    ],
)
def test_nothing_heavy(words: tuple[str, ...], given: str, tmp_path: Path, reign_home: Path) -> None:
    loaded = modules_of(*words, given=given)
    assert not {name for name in loaded if name.partition(".")[0] in HEAVY}


def test_version_imports_next_to_nothing() -> None:
    loaded = modules_of("--version")
    assert not {"argparse", "pydantic", "json", "re", "asyncio", "pathlib", "importlib.metadata"} & (
        loaded - modules_of_bare()
    )


def modules_of_bare() -> frozenset[str]:
    """What a bare interpreter has here anyway (an editable install brings some)."""
    return frozenset(own("import sys; print(*sys.modules)").stdout.split())


@pytest.mark.parametrize("words", [("paths",), ("--help",), ("classify",)])
def test_reading_commands_need_no_models(words: tuple[str, ...], reign_home: Path) -> None:
    assert not {"pydantic", "sqlite3", "asyncio"} & modules_of(*words)


def test_the_first_screen_waits_for_no_models(reign_home: Path) -> None:
    first = (
        "import sys; import reign_tui.app, reign_tui.run_app, reign_tui.screens.main;"
        " import reign_tui.commands, reign_tui.widgets.history_pane;"
        " from reign_tui.cli import app, context; from reign_tui.cli.arguments import command_parser;"
        " context.settings_of(command_parser('', 'x', '').parse_args([])); print(*sys.modules)"
    )
    loaded = set(own(first).stdout.split())
    assert not {"pydantic", "sqlite3", "reign_agents.session"} & loaded
