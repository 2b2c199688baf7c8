"""Every refusal of an API server and every failure of the way to it as one of Reign's errors: the one place."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from reign_executors.errors import (
    Conflict,
    ConnectionLost,
    InvalidFields,
    NotFound,
    OperationError,
    PermissionMissing,
    TimedOut,
    ToolMissing,
)
from reign_executors.kubernetes.contexts import Where

_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]*)"')
_WEBHOOK = re.compile(r'admission webhook "(?P<name>[^"]*)" denied the request:?\s*(?P<why>.*)', re.DOTALL)
_REGEX = re.compile(r" \(e\.g\. .*regex used for validation is .*\)$")
_UNFIT = re.compile(r"failed to create typed patch object \((?P<object>[^;]*);[^)]*\): (?P<field>\S+): (?P<why>.*)")
_SILENT_WEBHOOK = re.compile(r'failed calling webhook "(?P<name>[^"]*)": (?P<why>.*)', re.DOTALL)
_QUOTA = re.compile(r"exceeded quota: (?P<name>[^,]+), (?P<why>.*)")


class Refused(OperationError):
    """The API server said no for a reason of its own: an admission webhook, a quota, a policy."""

    kind = "refused"


class CredentialsRefused(ToolMissing):
    """401: the credentials of the context are wrong or expired. Exit code 6."""

    kind = "credentials"


class Forbidden(PermissionMissing):
    """403: the rights are missing. ``verb``, ``resource`` (``deployments.apps``), ``namespace`` (None: the cluster)."""

    def __init__(self, cause: str, way_out: str = "", *, detail: str = "") -> None:
        super().__init__(cause, way_out, detail=detail)
        self.verb = self.resource = ""
        self.namespace: str | None = None


class Invalid(InvalidFields):
    """422: the server does not take the object; ``fields`` are ``(path, reason)``."""

    def __init__(self, cause: str, way_out: str = "", *, detail: str = "", fields: tuple[tuple[str, str], ...] = ()):
        super().__init__(cause, way_out, detail=detail)
        self.fields = fields


class OwnedByOthers(Conflict):
    """Server-side apply: ``owners`` maps a field manager to the fields it holds with other values."""

    def __init__(self, cause: str, way_out: str, owners: dict[str, tuple[str, ...]], *, detail: str = "") -> None:
        super().__init__(cause, way_out, detail=detail)
        self.owners = owners


class Moved(Conflict):
    """409: the object changed between reading and writing it, or is another one (uid)."""


class Gone(NotFound):
    """410: the version asked for is too old."""


def refusal(status: int, body: bytes, where: Where, asked: str = "") -> OperationError:
    """The error for an answer of 400 and above. ``asked`` says what was wanted (``patch shop/deployment/web``)."""
    answer = _status(body)
    message = str(answer.get("message") or body[:500].decode("utf-8", "replace")).strip()
    details = answer.get("details") if isinstance(answer.get("details"), dict) else {}
    assert isinstance(details, dict)
    reason = str(answer.get("reason") or "")
    denied = _WEBHOOK.search(message)
    if denied is not None:
        return Refused(
            f"the admission webhook {denied['name']} refuses it: {denied['why'].strip() or 'it gives no reason'}",
            "change the object so that it fits the policy, or ask who runs that webhook",
            detail=message,
        )
    unfit = _UNFIT.search(message)
    if unfit is not None:
        return Invalid(
            f"{unfit['object']} is not valid: {unfit['field'].lstrip('.')}: {unfit['why']}",
            "correct the field that is named",
            detail=message,
            fields=((unfit["field"].lstrip("."), unfit["why"]),),
        )
    silent = _SILENT_WEBHOOK.search(message)
    if silent is not None:
        return Refused(
            f"the admission webhook {silent['name']} does not answer, and nothing is taken without it: {silent['why']}",
            "mend what runs that webhook (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations)",
            detail=message,
        )
    if status == 401:
        return CredentialsRefused(
            f"{where.server} refuses the credentials of context {where.context} (user {where.user}): "
            "they are wrong or expired",
            "log in again (your provider's login command), or get a new kubeconfig",
            detail=message,
        )
    if status == 403:
        return _forbidden(message, where, asked)
    if status == 404:
        return NotFound(f"not found: {message or asked}", "kubectl get shows what is there", detail=message)
    if status == 409:
        return _conflict(message, details, reason, asked)
    if status == 410:
        return Gone(f"too old: {message}", "ask again", detail=message)
    if status in (400, 415, 422):
        return _invalid(message, details, asked)
    if status == 413 or "etcdserver: request is too large" in message:
        return Invalid(
            f"{asked.rpartition('/namespaces/')[2] or 'the object'} is too large for the cluster: {message}",
            "a ConfigMap or Secret holds at most 1 MiB; put large files into a volume or an image",
            detail=message,
        )
    if status == 429:
        wait = details.get("retryAfterSeconds")
        if "disruption budget" in message:
            return Refused(f"{asked}: {message}", "wait until more pods are ready", detail=message)
        return OperationError(f"{where.server} is overloaded: {message}", f"try again in {wait or 'a few'} seconds")
    if status in (500, 502, 503, 504):
        if reason == "Timeout" or status == 504:
            return TimedOut(f"{where.server} did not answer in time: {message}", "look at the API server's load")
        return ConnectionLost(
            f"{where.server} is in trouble ({status}): {message}", "try again when it is well; look at its log"
        )
    return OperationError(f"{where.server} answered {status} to {asked}: {message}", detail=message)


def _status(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _forbidden(message: str, where: Where, asked: str) -> OperationError:
    quota = _QUOTA.search(message)
    if quota is not None:
        return Refused(
            f"the quota {quota['name']} is exceeded: {quota['why']}",
            "ask for less, remove something, or have the quota raised (kubectl describe quota)",
            detail=message,
        )
    found = _FORBIDDEN.search(message)
    if found is None:
        return Forbidden(
            f"{where.server} forbids it: {message}", f"may it? kubectl auth can-i … ({asked})", detail=message
        )
    resource = found["resource"] + (f".{found['group']}" if found["group"] else "")
    namespace = found["namespace"]
    place = f"in the namespace {namespace}" if namespace else "in the cluster"
    flag = f" -n {namespace}" if namespace else ""
    error = Forbidden(
        f"user {found['user']} may not {found['verb']} {resource} {place}",
        f"have a role with that right bound to it; kubectl auth can-i {found['verb']} {resource}{flag} checks it",
        detail=message,
    )
    error.verb, error.resource, error.namespace = found["verb"], resource, namespace
    return error


def _conflict(message: str, details: dict[str, Any], reason: str, asked: str) -> OperationError:
    owners: dict[str, list[str]] = {}
    for cause in details.get("causes") or ():
        if cause.get("reason") == "FieldManagerConflict":
            found = _MANAGER.search(str(cause.get("message")))
            owners.setdefault(found["manager"] if found else "others", []).append(str(cause.get("field")).lstrip("."))
    if owners:
        named = "; ".join(f"{manager} has set {', '.join(fields)}" for manager, fields in owners.items())
        return OwnedByOthers(
            f"others manage fields that would change: {named}",
            "leave those fields out of the manifest, or take them over with force",
            {manager: tuple(fields) for manager, fields in owners.items()},
            detail=message,
        )
    if reason == "AlreadyExists":
        return Conflict(message or f"{asked}: it exists already", "take another name, or apply to it", detail=message)
    if "is being terminated" in message:
        return Conflict(message, "wait until it is gone, then try again", detail=message)
    return Moved(
        f"{asked}: it was changed by somebody else in the same moment, or is another one now",
        "look at it and plan again",
        detail=message,
    )


def _invalid(message: str, details: dict[str, Any], asked: str) -> Invalid:
    fields = tuple(
        (str(cause.get("field") or ""), str(cause.get("message") or cause.get("reason") or ""))
        for cause in details.get("causes") or ()
    )
    if fields:
        each = dict.fromkeys(f"{field}: {_REGEX.sub('', why)}" if field else why for field, why in fields)
        said = "; ".join(each)
        return Invalid(
            f"{asked} is not valid: {said}", "correct the field that is named", detail=message, fields=fields
        )
    return Invalid(f"{asked} is not valid: {message}", "correct it", detail=message)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it came from; each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        waiting.extend(item for item in inner if isinstance(item, BaseException))


def unreachable(error: BaseException, where: Where, *, sent: bool) -> OperationError:
    """The error for what went wrong on the way. ``sent``: a change may have arrived."""
    text = str(error)
    links = list(chain(error))
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in links):
        return ToolMissing(
            f"the certificate of {where.server} is not trusted (context {where.context})",
            "the kubeconfig's certificate-authority is of another cluster, or too old: get a new kubeconfig",
            detail=text,
        )
    refused = any(
        isinstance(link, ConnectionRefusedError | socket.gaierror)
        or type(link).__name__ in ("NameResolutionError", "NewConnectionError", "ConnectTimeoutError")
        for link in links
    )
    if refused or not sent:
        if any(isinstance(link, ssl.SSLError) for link in links):
            return ToolMissing(
                f"no secure connection to {where.server} (context {where.context})",
                "is it https, and is the kubeconfig's certificate right?",
                detail=text,
            )
        return ToolMissing(
            f"no Kubernetes API server answers at {where.server} (context {where.context})",
            "is the cluster up and reachable (VPN)? Another context: --context, kubectl config get-contexts",
            detail=text,
        )
    if any(type(link).__name__ in ("ReadTimeoutError", "TimeoutError") for link in links):
        return TimedOut(
            f"the API server at {where.server} did not answer in time", "look at its load, then try again", detail=text
        )
    return ConnectionLost(
        f"the connection to {where.server} broke in the middle",
        "whether it happened is looked up when the run is resumed; is the cluster up?",
        detail=text,
    )
