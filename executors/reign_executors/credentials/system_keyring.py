"""The desktop's keyring (Secret Service, KWallet, macOS Keychain), where one answers."""

from __future__ import annotations

from typing import Protocol

from reign_executors.credentials.errors import CredentialsError

SERVICE = "reign-tui"


class Backend(Protocol):
    """What is used of a backend of the package keyring."""

    @property
    def priority(self) -> float: ...

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def system_backend() -> Backend | None:
    """The backend that answers; None on a host without one. Backends that keep plain text count as none."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        found: Backend = keyring.get_keyring()
        usable = found.priority >= 1
    except Exception:  # a backend of the desktop may fail in any way; the file is there for that
        return None
    return found if usable and "Plaintext" not in type(found).__name__ else None


class SystemKeyring:
    """Values under the service ``reign-tui``. A keyring can't list its names: the caller keeps them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def get(self, name: str) -> str | None:
        try:
            return self._backend.get_password(SERVICE, name)
        except Exception as error:
            raise _failed(error) from error

    def set(self, name: str, value: str) -> None:
        try:
            self._backend.set_password(SERVICE, name, value)
        except Exception as error:
            raise _failed(error) from error

    def remove(self, name: str) -> None:
        try:
            if self._backend.get_password(SERVICE, name) is not None:
                self._backend.delete_password(SERVICE, name)
        except Exception as error:
            raise _failed(error) from error


def _failed(error: Exception) -> CredentialsError:
    """A backend's error, without its text: it may quote what it was handed."""
    return CredentialsError(
        f"the keyring does not answer ({type(error).__name__})",
        "unlock it, or keep the credential in the encrypted file: reign-tui credentials set NAME --in file",
    )
