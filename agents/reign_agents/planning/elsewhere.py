"""Tools that Reign will know later: named honestly instead of "not understood"."""

from __future__ import annotations

import re

from reign_agents.understanding import Understanding

TOOLS: tuple[tuple[str, str, str], ...] = (
    ("helmfile", "Helmfile", r"helmfile"),
    ("terragrunt", "Terragrunt", r"terragrunt"),
    ("github", "GitHub", r"github|gh|pull requests?|prs?|repos|repositories|issues?"),
    ("cicd", "CI/CD", r"pipelines?|workflows?|jenkins|gitlab|ci/cd|ci|runners?|github actions"),
    ("compose", "Docker Compose", r"compose|docker-compose|podman|swarm"),
)
"""Domain of understanding, name for people, words that mean it."""
_SURE = 0.7
_COMMANDS = re.compile(
    r"^\s*(?:kubectl|helm|terraform|tofu|terragrunt|gh|git|docker-compose|podman|jenkins-cli|argocd)\s+\S"
)


def later(text: str, understanding: Understanding, *, named: bool = False) -> str | None:
    """Which tool of later versions a request is for, as people call it; None when it is for none.

    ``named``: only when the words name the tool or its things.
    """
    for domain, name, words in TOOLS:
        if re.search(rf"(?<![\w./-])(?:{words})(?![\w/-])", text, re.IGNORECASE) and understanding.intent != "unknown":
            return name
        if (
            not named
            and domain in understanding.domains
            and understanding.domains[0] == domain
            and understanding.intent != "unknown"
            and understanding.confidence >= _SURE
        ):
            return name
    return None


def as_command(text: str) -> tuple[str, ...]:
    """The suggestion to run a tool's own command line as a shell command."""
    return (f"!{text.strip()}",) if _COMMANDS.match(text) else ()
