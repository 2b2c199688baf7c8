"""What can go wrong with kept credentials."""

from __future__ import annotations

from reign_executors.errors import OperationError


class CredentialsError(OperationError):
    """A credential could not be kept or read."""

    kind = "credentials"


class CredentialsLocked(CredentialsError):
    """The file is there, but what opens it is not: the passphrase or the key file."""

    kind = "credentials_locked"
