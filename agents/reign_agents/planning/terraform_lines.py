"""Terraform's own command lines in words of planning: ``terraform -chdir=infra plan`` → ``plan terraform in infra``."""

from __future__ import annotations

import re
from functools import partial

_PROGRAM = r"(?:(?:please\s+)?(?:run|do|execute)\s+(?:a\s+|the\s+)?)?(?:terraform|tofu|opentofu|tf)"
_WORDS: tuple[tuple[str, str], ...] = (
    (r"plan\s+-destroy", "plan the destruction of terraform"),
    (r"fmt\s+-check|format\s+check", "check the format of terraform"),
    (r"state\s+(?:list|ls)", "list the state of terraform"),
    (r"state\s+show\s+(?P<name>\S+)", "show {name} in the state of terraform"),
    (r"workspace\s+(?:list|ls)", "list the workspaces of terraform"),
    (r"workspace\s+new\s+(?P<name>[\w.-]+)", "create workspace {name} of terraform"),
    (r"workspace\s+delete\s+(?P<name>[\w.-]+)", "remove workspace {name} of terraform"),
    (r"outputs?", "show the outputs of terraform"),
    (r"(?:version|--version|-v)(?!\w)", "show the version of terraform"),
    (r"fmt|format", "format terraform"),
    (r"validate", "validate terraform"),
    (r"init(?:iali[sz]e)?", "init terraform"),
    (r"plan", "plan terraform"),
    (r"apply", "apply terraform"),
    (r"destroy", "destroy terraform"),
)
_COMPILED = tuple(
    (
        re.compile(rf"(?<![\w./-]){_PROGRAM}\s+(?P<chdir>-chdir[= ]\S+\s+)?(?:{pattern})(?![\w./])", re.IGNORECASE),
        request,
    )
    for pattern, request in _WORDS
)
_OPTIONS: tuple[tuple[str, str], ...] = (
    (r"-{1,2}chdir[= ](?P<value>\S+)", " in {value} "),
    (r"-{1,2}var-file[= ](?P<value>\S+)", " with values of {value} "),
    (r"-{1,2}var[= ](?P<quote>['\"])(?P<name>\w+)=(?P<value>[^'\"]*)(?P=quote)", ' with {name}="{value}" '),
    (r"-{1,2}var[= ](?P<value>[^'\"\s]+)", " with {value} "),
    (r"-{1,2}target[= ](?P<quote>['\"]?)(?P<value>[^'\s]+)(?P=quote)", " only {value} "),
    (r"-{1,2}replace[= ](?P<quote>['\"]?)(?P<value>[^'\s]+)(?P=quote)", " replacing {value} "),
    (r"-{1,2}recursive(?:=true)?", " recursively "),
    (r"-{1,2}upgrade(?:=true)?", " with upgrade "),
    (r"-{1,2}reconfigure(?:=true)?", " with reconfigure "),
    (r"-{1,2}(?:auto-approve|no-color|input=\w+|json|compact-warnings|detailed-exitcode|diff|lock=true)", " "),
)
"""Options with a meaning of their own; whatever asks for approval, shows or colours is Reign's own business."""


def in_words(text: str) -> str | None:
    """``text`` with terraform's command lines as requests; None when it has none, or one with an option that no
    operation has (then it is no request)."""
    plain = text
    for pattern, request in _COMPILED:
        plain = pattern.sub(partial(_said, request=request), plain)
    if plain == text:
        return None
    for option, words in _OPTIONS:
        plain = re.sub(rf"(?<!\S){option}(?!\S)", partial(_filled, words=words), plain)
    plain = re.sub(r"[ \t]+", " ", plain).strip()
    return None if re.search(r"(?<!\S)-{1,2}[a-z]", plain) else plain


def _said(found: re.Match[str], request: str) -> str:
    """The request for one command line; its folder stays an option, which is read with the others."""
    said = found.groupdict()
    return f"{request.format(name=said.get('name') or '')} {said['chdir'] or ''}".strip()


def _filled(found: re.Match[str], words: str) -> str:
    return words.format(**found.groupdict())
