"""``@file`` in the composer: the request stands in a file, as on the command line."""

from __future__ import annotations

from pathlib import Path

from reign_executors.errors import InvalidFields, NotFound, OperationError

MOST = 1024 * 1024
"""Bytes; a longer file is no request."""


def mentioned(text: str) -> str | None:
    """The path, where the whole text is ``@`` and a path."""
    path = text.strip()
    return path[1:] if path.startswith("@") and len(path) > 1 and not any(map(str.isspace, path)) else None


def read_request(path: str, cwd: Path) -> str:
    """What the file says. Blocking. ``OperationError`` says why it can't be taken as a request."""
    try:
        file = cwd / Path(path).expanduser()
        with file.open("rb") as opened:
            content = opened.read(MOST + 1)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", f"paths begin in {cwd}") from error
    except OSError as error:
        raise OperationError(f"{path} can't be read: {error.strerror}") from error
    except (RuntimeError, ValueError) as error:  # ~ with a name that nobody has; a NUL
        raise NotFound(f"there is no file {path}", f"paths begin in {cwd}") from error
    if len(content) > MOST:
        raise InvalidFields(f"{path} is longer than 1 MiB", "say in words what is to be done with it")
    if b"\x00" in content:
        raise InvalidFields(f"{path} is no text", "say in words what is to be done with it")
    text = content.decode("utf-8", "replace").strip()
    if not text:
        raise InvalidFields(f"{path} is empty", "write the request into it, or here")
    return text
