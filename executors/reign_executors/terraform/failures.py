"""What terraform says went wrong, as one of our errors with the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reign_executors.errors import (
    Conflict,
    ConnectionLost,
    InvalidFields,
    NotFound,
    OperationError,
    PermissionMissing,
    TargetMoved,
)
from reign_executors.process import Finished

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_OFFLINE = re.compile(
    r"could not connect|no such host|dial tcp|connection refused|timeout|network is unreachable|TLS handshake",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"AccessDenied|UnauthorizedOperation|not authorized|status code: 403|Forbidden|AuthorizationFailed"
    r"|permission denied|PERMISSION_DENIED",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"no valid credential|ExpiredToken|InvalidClientTokenId|could not find default credentials|status code: 401"
    r"|Unauthorized|token.*expired",
    re.IGNORECASE,
)


class NotInitialised(OperationError):
    """The folder was never initialised, or its providers, modules or backend changed since."""

    kind = "not_initialised"


class InvalidConfiguration(OperationError):
    """The configuration is wrong; the cause names file and line, ``detail`` shows the lines."""

    kind = "invalid_configuration"


class VariableMissing(InvalidFields):
    """A variable without default got no value; ``names`` of all of them."""

    kind = "variable_missing"

    def __init__(self, names: Sequence[str], detail: str = "") -> None:
        self.names = tuple(names)
        many = "variables have" if len(names) > 1 else "variable has"
        super().__init__(
            f"the {many} no value: {', '.join(names)}",
            f"say it: with {names[0]}=…; or put it into a .tfvars file",
            detail=detail,
        )


class StateLocked(Conflict):
    """Somebody holds the state's lock. ``lock`` is its id, ``holder`` who and since when."""

    kind = "state_locked"

    def __init__(self, lock: str, holder: str, detail: str = "") -> None:
        self.lock = lock
        self.holder = holder
        super().__init__(
            f"the state is locked by {holder}" if holder else "the state is locked",
            "wait until that ends; when nothing runs any more there: "
            f"terraform force-unlock {lock or 'ID'} (never while it still runs)",
            detail=detail,
        )


class TerraformFailed(OperationError):
    """Terraform ended with an error that has no class of its own; ``detail`` has its words."""

    kind = "terraform_failed"


Diagnostic = dict[str, Any]


def diagnostics_of(lines: Iterable[bytes | str]) -> list[Diagnostic]:
    """The errors among ``-json`` lines, in terraform's own shape (summary, detail, range, snippet, address)."""
    found: list[Diagnostic] = []
    for one in lines:
        try:
            said = json.loads(one)
        except ValueError:
            continue
        diagnostic = said.get("diagnostic") if isinstance(said, dict) else None
        if isinstance(diagnostic, dict) and diagnostic.get("severity") == "error" and diagnostic not in found:
            found.append(diagnostic)
    return found


def plain_diagnostics(text: str) -> list[Diagnostic]:
    """The errors in what a command wrote for people."""
    text = "\n".join(part.strip("│╷╵ ").rstrip() for part in _ESCAPES.sub("", text).splitlines())
    found: list[Diagnostic] = []
    for piece in re.split(r"^Error: ", text, flags=re.MULTILINE)[1:]:
        summary, _, rest = piece.partition("\n")
        where = re.search(r"^on (\S+) line (\d+)", rest, re.MULTILINE)
        diagnostic: Diagnostic = {"severity": "error", "summary": summary.strip(), "detail": rest.strip()}
        if where is not None:
            diagnostic["range"] = {"filename": where[1], "start": {"line": int(where[2])}}
        found.append(diagnostic)
    return found


def place_of(diagnostic: Diagnostic) -> str:
    """``main.tf:12``; empty when it names no place."""
    where = diagnostic.get("range") or {}
    name = where.get("filename")
    return f"{name}:{where.get('start', {}).get('line', 1)}" if name else ""


def words_of(diagnostic: Diagnostic) -> str:
    """One diagnostic for reading: place, summary, the line of code, the explanation."""
    lines = [": ".join(filter(None, (place_of(diagnostic), str(diagnostic.get("summary", "")))))]
    code = (diagnostic.get("snippet") or {}).get("code")
    if code:
        lines += [f"    {one}" for one in str(code).splitlines()]
    if diagnostic.get("detail"):
        lines.append(str(diagnostic["detail"]).strip())
    return "\n".join(lines)


def error_of(diagnostics: Sequence[Diagnostic], finished: Finished | None, doing: str, folder: Path) -> OperationError:
    """The typed error for a run that failed. ``doing``: ``plan ./infra``."""
    detail = "\n\n".join(words_of(one) for one in diagnostics)
    if not diagnostics:
        said = "" if finished is None else _ESCAPES.sub("", finished.last_words())
        code = "" if finished is None else f" with exit code {finished.exit_code}"
        return TerraformFailed(f"terraform could not {doing}: it ended{code}", "read its last words", detail=said)
    for one in diagnostics:
        known = _known(one, diagnostics, detail, folder)
        if known is not None:
            return known
    first = diagnostics[0]
    where = ", ".join(filter(None, (str(first.get("address") or ""), place_of(first))))
    cause = f"terraform could not {doing}: {first.get('summary')}" + (f" ({where})" if where else "")
    return TerraformFailed(cause, "mend what its words name, then run it again", detail=detail)


def _known(one: Diagnostic, all_: Sequence[Diagnostic], detail: str, folder: Path) -> OperationError | None:
    summary, text = str(one.get("summary") or ""), str(one.get("detail") or "")
    both = f"{summary}\n{text}"
    if summary == "No value for required variable":
        names = [found for other in all_ for found in re.findall(r'input variable "([^"]+)"', str(other.get("detail")))]
        return VariableMissing(sorted(set(names)) or ["?"], detail)
    if "state lock" in summary.lower():
        return _locked(text, detail)
    if summary in ("Saved plan is stale", "Saved plan does not match the given state"):
        return TargetMoved("the state moved since this was shown", "look at the plan again", detail=detail)
    if "lineage" in text.lower() and "state" in both.lower():
        return TargetMoved(
            "this is another state than the one before: its lineage differs", "see which state is meant", detail=detail
        )
    if re.search(
        r"Failed to query available provider|Failed to install provider|"
        r"Could not retrieve the list of available versions",
        both,
        re.IGNORECASE,
    ):
        return _no_provider(both, detail)
    if "prevent_destroy" in both:
        return Conflict(
            f"{_address(both) or 'a resource'} is protected by prevent_destroy",
            "take prevent_destroy out of its lifecycle block if it may really go",
            detail=detail,
        )
    if re.search(
        r"initializ|terraform init|Required plugins|Inconsistent dependency lock|Module not installed|"
        r"Missing required provider|Unreadable module directory",
        both,
        re.IGNORECASE,
    ) and not _OFFLINE.search(both):
        return NotInitialised(
            f"{folder} is not initialised: {summary.rstrip('.')}",
            f"initialise it first: terraform init {folder}",
            detail=detail,
        )
    if re.search(r"workspace", summary, re.IGNORECASE):
        return NotFound(summary, "see the workspaces: list the workspaces", detail=detail)
    if "state" in summary.lower() and (_OFFLINE.search(both) or re.search(r"Error (?:loading|refreshing) state", both)):
        return ConnectionLost("the backend that keeps the state does not answer", "see its words", detail=detail)
    if _LOGIN.search(both):
        return PermissionMissing(
            f"the credentials for this provider are missing or expired: {summary}", "log in again", detail=detail
        )
    if _DENIED.search(both):
        return PermissionMissing(f"the provider refuses: {summary}", "ask for the rights it names", detail=detail)
    if one.get("range") and not one.get("address"):
        return InvalidConfiguration(
            f"the configuration is wrong: {place_of(one)}: {summary.rstrip('.')}",
            f"mend {place_of(one)}",
            detail=detail,
        )
    return None


def _address(text: str) -> str:
    found = re.search(r"(?:Resource|instance)\s+((?:module\.\S+\.)?[a-z]\w+\.[\w\[\]\".-]+?)(?=\s+(?:has|can))", text)
    return found[1] if found else ""


def _locked(text: str, detail: str) -> StateLocked:
    def field(name: str) -> str:
        found = re.search(rf"^\s*{name}:\s+(\S.*)$", text, re.MULTILINE)
        return found[1].strip() if found else ""

    doing = field("Operation").removeprefix("OperationType").lower()
    since = field("Created").partition(".")[0]
    holder = " ".join(filter(None, (field("Who"), f"({doing})" if doing else "", f"since {since}" if since else "")))
    return StateLocked(field("ID"), holder, detail)


def _no_provider(text: str, detail: str) -> OperationError:
    found = re.search(r"provider\s+(?:package\s+)?\"?([\w.-]+/[\w./-]+)", text)
    name = found[1] if found else "a provider"
    if _OFFLINE.search(text):
        return ConnectionLost(
            f"{name} can't be fetched: its registry does not answer",
            "connect this machine, or name a mirror in TF_CLI_CONFIG_FILE",
            detail=detail,
        )
    return NotFound(
        f"{name} is not available in the version that is asked for",
        "look at required_providers, at the lock file and at the mirror that TF_CLI_CONFIG_FILE names",
        detail=detail,
    )
