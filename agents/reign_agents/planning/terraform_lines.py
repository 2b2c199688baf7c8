"""Terraform's own command lines in words of planning: ``terraform -chdir=infra plan`` → ``plan terraform in infra``."""

from __future__ import annotations

import re
from difflib import get_close_matches
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
    (
        r"outputs?\s+(?:-{1,2}(?:raw|json)\s+)?(?P<name>(?!in\b|of\b|for\b|and\b|from\b|please\b)[A-Za-z_]\w*)",
        "show output {name} of terraform",
    ),
    (r"outputs?", "show the outputs of terraform"),
    (r"show(?=\s*$|\s+in\s)", "show everything in the state of terraform"),
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
    typed = text
    plain = text = _chained(_mended(text))
    for pattern, request in _COMPILED:
        plain = pattern.sub(partial(_said, request=request), plain)
    if plain == typed:
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


_VERBS = (
    "init",
    "validate",
    "plan",
    "apply",
    "destroy",
    "fmt",
    "output",
    "import",
    "state",
    "workspace",
    "version",
    "show",
)
_LEAD = r"(?:(?:please|now|can\s+you|could\s+you)\s+)*"


def _mended(text: str) -> str:
    """A slip in the program's name or in its command put right: ``terrafrom aply infra``; the folder said with "in"."""
    match = re.match(
        rf"(?P<lead>\W*{_LEAD})(?P<program>[A-Za-z]+)\s+(?P<verb>[a-z]+)(?P<rest>.*)$", text, re.IGNORECASE | re.DOTALL
    )
    if match is None:
        return text
    program = match["program"].lower()
    if program not in ("terraform", "tofu", "opentofu", "tf") and not get_close_matches(
        program, ["terraform"], 1, 0.85
    ):
        return text
    verb = next(iter(get_close_matches(match["verb"].lower(), _VERBS, 1, 0.75)), None)
    if verb is None:
        return text
    whole = program if program in ("tofu", "opentofu", "tf") else "terraform"
    rest = match["rest"]
    if (
        verb in _CHAINED
        and re.fullmatch(r"\s+[\w./~-]+(?:\s.*)?", rest)
        and not re.match(r"\s+(?:-|in\b|of\b|for\b|the\b)", rest)
    ):
        word = rest.split()[0]
        if "/" not in word and word.lower() not in _NO_FOLDER and (word, verb) != ("tfplan", "apply"):
            rest = f" in{rest}"
    return f"{match['lead']}{whole} {verb}{rest}"


_CHAINED = ("init", "validate", "plan", "apply", "destroy", "fmt", "format")
_NO_FOLDER = frozenset(
    [
        "and",
        "then",
        "with",
        "only",
        "please",
        "now",
        "again",
        "again?",
        "it",
        "this",
        "that",
        "all",
        "everything",
        "here",
        "there",
        "my",
        "our",
        "a",
        "an",
        "recursively",
        "just",
        "from",
        "on",
        "to",
        "as",
        "but",
        "if",
        "when",
        "unless",
        "without",
        "except",
        "is",
        "was",
        "does",
        "will",
        "should",
        "would",
        "fails",
        "failed",
        "says",
        "said",
    ]
)
_ONE = rf"(?:{'|'.join(_CHAINED)})"
_JOINT = r"(?:\s*,\s*(?:and\s+)?(?:then\s+)?|\s+(?:and\s+then|and|then|&&)\s+)"
_FIRST_ALL = re.compile(
    rf"\W*{_LEAD}(?P<first>{_ONE})(?P<more>(?:{_JOINT}{_ONE})+)\s+(?P<rest>(?!and\b|then\b)[^,;]+)$", re.IGNORECASE
)
"""``fmt, validate and plan infra``."""
_LAST_BARE = re.compile(
    rf"\W*{_LEAD}(?P<first>{_ONE})\s+(?P<rest>(?!and\b|then\b)[^,;]+?)(?P<more>(?:{_JOINT}{_ONE})+)\W*$", re.IGNORECASE
)
"""``validate infra, then plan, then apply``."""


def _chained(text: str) -> str:
    """Several of terraform's commands on one folder as one request each."""
    match = _FIRST_ALL.match(text) or _LAST_BARE.match(text)
    if match is None:
        return text
    verbs = [match["first"].lower(), *(one.lower() for one in re.findall(rf"\b{_ONE}\b", match["more"], re.IGNORECASE))]
    rest = re.sub(r"^(?:the\s+)?(?:terraform|tofu|tf)\s+(?:in\s+|of\s+)?", "", match["rest"].strip())
    named = rest != match["rest"].strip() or re.search(r"\b(?:terraform|tofu|tf|infra\w*)\b", text, re.IGNORECASE)
    if not named and not {"plan", "init", "fmt"} & set(verbs):
        return text
    if not named and re.search(r"\b(?:charts?|helm|manifests?|k8s|git|repo|releases?|code|files?)\b|\.ya?ml", text):
        return text
    where = (
        ""
        if re.fullmatch(r"(?:it|this|that|all|everything|here|please|now)?", rest)
        else (rest if re.match(r"(?:in|with|for|of|at|using)\b", rest) else f"in {rest}")
    )
    words = {"fmt": "format"}
    return " and then ".join(f"{words.get(verb, verb)} terraform {where}".strip() for verb in verbs)
