"""Values in one file (0600), encrypted with a key that lies beside it or is made of a passphrase."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reign_executors.credentials.errors import CredentialsError, CredentialsLocked

PASSPHRASE_VARIABLE = "REIGN_PASSPHRASE"  # noqa: S105 - a variable's name
COST = 2**15
"""scrypt's n; with r = 8 it needs 32 MiB and about a tenth of a second."""
NONCE = 12

Ask = Callable[[], str | None]
"""Asks for the passphrase; None: nobody can be asked."""


def nobody() -> str | None:
    return None


class SealedFile:
    """``path`` holds everything; ``key_path`` the key where no passphrase was chosen (made on first use).

    A key beside the file protects copies of the file alone (a backup, a synchronised folder), not against somebody who
    can read this user's files; a passphrase does both.
    """

    def __init__(self, path: Path, key_path: Path, environment: Mapping[str, str], ask: Ask = nobody) -> None:
        self._path = path
        self._key_path = key_path
        self._environment = environment
        self._ask = ask
        self._keys: dict[bytes, bytes] = {}

    @property
    def exists(self) -> bool:
        return self._path.exists()

    @property
    def by_passphrase(self) -> bool:
        """Whether the file is there and needs a passphrase."""
        return self.exists and "salt" in self._header()

    def read(self) -> dict[str, str]:
        """All values by name; :class:`CredentialsLocked` when they can't be opened."""
        if not self.exists:
            return {}
        header = self._header()
        key = self._key_of(header)
        return self._opened(header, key)

    def change(self, change: Callable[[dict[str, str]], None], passphrase: str | None = None) -> None:
        """Read, change and write under a lock. ``passphrase`` (from now on) instead of what protects it so far."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            header = self._header() if self.exists else {}
            values = self._opened(header, self._key_of(header)) if header else {}
            change(values)
            fresh = header if header and passphrase is None else self._new_header(passphrase)
            key = self._scrypt(passphrase, base64.b64decode(fresh["salt"])) if passphrase else self._key_of(fresh)
            self._write(fresh, key, values)

    def _header(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_bytes())
            assert isinstance(found, dict)
            assert {"v", "nonce", "sealed"} <= set(found)
        except OSError as error:
            raise CredentialsError(
                f"{self._path} can't be read: {error.strerror}", "check its owner and mode"
            ) from error
        except (ValueError, AssertionError) as error:
            raise CredentialsError(
                f"{self._path} is damaged", "move it away, then set the credentials again", detail=str(error)
            ) from error
        return {str(name): str(value) for name, value in found.items()}

    def _new_header(self, passphrase: str | None) -> dict[str, str]:
        salt = {"salt": base64.b64encode(secrets.token_bytes(16)).decode()} if passphrase else {}
        return {"v": "1", **salt}

    def _key_of(self, header: Mapping[str, str]) -> bytes:
        if "salt" not in header:
            return self._key_file()
        passphrase = self._environment.get(PASSPHRASE_VARIABLE) or self._ask()
        if not passphrase:
            raise CredentialsLocked(
                f"{self._path} is protected by a passphrase", f"set it in the variable {PASSPHRASE_VARIABLE}"
            )
        return self._scrypt(passphrase, base64.b64decode(header["salt"]))

    def _scrypt(self, passphrase: str, salt: bytes) -> bytes:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        found = self._keys.get(salt + passphrase.encode())
        if found is None:
            found = Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
            self._keys[salt + passphrase.encode()] = found
        return found

    def _key_file(self) -> bytes:
        try:
            key = base64.b64decode(self._key_path.read_bytes())
        except FileNotFoundError:
            if self.exists:
                raise CredentialsLocked(
                    f"the key {self._key_path} is missing, so the credentials can't be opened",
                    f"put it back, or move {self._path} away and set the credentials again",
                ) from None
            key = secrets.token_bytes(32)
            write_private(self._key_path, base64.b64encode(key) + b"\n")
        except OSError as error:
            raise CredentialsLocked(f"{self._key_path} can't be read: {error.strerror}", "check its owner") from error
        if len(key) != 32:
            raise CredentialsLocked(f"{self._key_path} holds no key", "put the right one back")
        return key

    def _opened(self, header: Mapping[str, str], key: bytes) -> dict[str, str]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            sealed = base64.b64decode(header["sealed"])
            data = AESGCM(key).decrypt(base64.b64decode(header["nonce"]), sealed, header.get("salt", "").encode())
        except InvalidTag:
            what = "the passphrase" if "salt" in header else f"the key {self._key_path}"
            raise CredentialsLocked(f"{what} does not open {self._path}", "give the right one") from None
        values: dict[str, str] = json.loads(data)
        return values

    def _write(self, header: Mapping[str, str], key: bytes, values: Mapping[str, str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(key).encrypt(nonce, json.dumps(values).encode(), header.get("salt", "").encode())
        text = {
            **header,
            "nonce": base64.b64encode(nonce).decode(),
            "sealed": base64.b64encode(sealed).decode(),
        }
        write_private(self._path, json.dumps(text).encode() + b"\n")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def write_private(path: Path, data: bytes) -> None:
    """Replace the file (0600) as a whole, on the disk when this returns."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CredentialsError(
            f"{path} can't be written: {error.strerror}", "make room, or check its folder"
        ) from error
