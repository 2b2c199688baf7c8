"""What a remote needs to let us in: a token goes into a file of the step's own (0600), never into a command line."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import Field

from reign_executors.call import Call
from reign_executors.errors import InvalidFields
from reign_executors.git.program import Git
from reign_executors.git.repository import url_secrets

Token = Annotated[
    str | None,
    Field(description="for an http(s) remote: an access token; none = what git's own credential helpers know"),
]
USER = "x-access-token"
"""The user that goes with a token where the address names none; the big hosts take any."""
NETWORK_LIMIT = 900.0
"""Seconds for one git that moves commits over a network."""


def without_credentials(url: str) -> str:
    """An http(s) address without user and password; any other as it is."""
    parts = urlsplit(url) if "://" in url else None
    if parts is None or parts.scheme not in ("http", "https"):
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _login(url: str, token: str | None) -> tuple[str, str] | None:
    parts = urlsplit(url)
    if token is not None:
        return unquote(parts.username or USER) if parts.password is None else USER, token
    if parts.password is not None:
        return unquote(parts.username or USER), unquote(parts.password)
    return (unquote(parts.username), "") if parts.username and len(parts.username) > 16 else None


def forget_access(call: Call) -> None:
    """Remove what a killed process left of a token in the step's folder."""
    if call.folder.is_dir() and not call.planning:
        for path in call.folder.glob("access-*"):
            path.unlink(missing_ok=True)


@contextmanager
def entered(git: Git, call: Call, url: str, token: str | None) -> Iterator[Git]:
    """``git`` with what lets it into ``url``, for the length of the block; the file is gone afterwards."""
    secrets = {**git.secrets, **url_secrets(url)}
    if token is not None:
        secrets["git_token"] = token
    call.learn(secrets)
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme not in ("http", "https"):
        if token is not None:
            raise InvalidFields("a token is only for http and https remotes", "leave it out for this one")
        yield replace(git, secrets=secrets)
        return
    login = _login(url, token)
    if login is None:
        yield replace(git, secrets=secrets)
        return
    word = base64.b64encode(f"{login[0]}:{login[1]}".encode()).decode("ascii")
    secrets["git_authorization"] = word
    call.learn({"git_authorization": word})
    host = urlunsplit(urlsplit(without_credentials(url))._replace(path="/", query="", fragment=""))
    call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = call.folder / f"access-{os.urandom(4).hex()}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f'[http "{host}"]\n\textraHeader = "Authorization: Basic {word}"\n\tfollowRedirects = false\n')
    try:
        yield replace(git, options=(*git.options, "-c", f"include.path={path.absolute()}"), secrets=secrets)
    finally:
        Path(path).unlink(missing_ok=True)
