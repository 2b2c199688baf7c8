"""Names of credentials: some are known, with the variables people keep them in; all others are free."""

from __future__ import annotations

import re

from reign_executors.errors import InvalidFields

VARIABLES: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "ollama": ("OLLAMA_API_KEY",),
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "terraform": ("TF_TOKEN_app_terraform_io",),
    "docker": ("DOCKER_PASSWORD",),
    "npm": ("NPM_TOKEN",),
    "pypi": ("UV_PUBLISH_TOKEN", "TWINE_PASSWORD"),
}
"""Known name → variables that hold it; the first that is set counts."""

_FIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def fit_name(name: str) -> str:
    """``name`` in the form it is kept under (lower case), fit for a placeholder; ``InvalidFields`` otherwise."""
    if not _FIT.fullmatch(name):
        raise InvalidFields(
            f"{name!r} can't be the name of a credential",
            "use letters, digits, '_', '.' and '-', at most 80 of them, beginning with a letter or digit",
        )
    return name.lower()


def variables_of(name: str) -> tuple[str, ...]:
    """Variables that may hold the credential ``name``: the known ones, or the name in capitals (``DB_PASSWORD``)."""
    return VARIABLES.get(name) or (re.sub(r"[^A-Za-z0-9]", "_", name).upper(),)
