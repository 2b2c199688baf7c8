"""Every finding's name stands in docs/findings.md, and nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(ROOT / "executors/reign_executors/shell/analysis").rglob("*.py"),
    *(ROOT / "executors/reign_executors").glob("*/dangers.py"),
    ROOT / "executors/reign_executors/terraform/foresight.py",
    *(ROOT / "executors/reign_executors/git").glob("*.py"),
]
FAMILIES = (
    "account|audit|build|cloud|cluster|code|container|credential|delete|disk|host|loader|lock|manifest|network|profile|"
    "rights|security|shell|system|unclear|workflow"
)
NO_FINDINGS = {"credential.helper", "disk.usage"}  # a setting of git, a function of salt


def test_the_page_and_the_code_name_the_same_findings() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCES if path.exists())
    named = set(re.findall(rf'"((?:{FAMILIES})\.[a-z-]+)"', code)) - NO_FINDINGS
    named |= set(re.findall(r'rule="([a-z]+\.[a-z-]+)"', code))
    page = set(re.findall(r"`([a-z]+\.[a-z-]+)`", (ROOT / "docs/findings.md").read_text("utf-8"))) - {"effect.findings"}
    assert named == page
