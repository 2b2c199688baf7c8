"""Keys and passwords by name: from the environment, the system's keyring, or an encrypted file.

Importing this package costs nothing; cryptography and keyring are imported when a value is needed.
"""

from __future__ import annotations

from reign_executors.credentials.errors import CredentialsError, CredentialsLocked
from reign_executors.credentials.names import VARIABLES, fit_name
from reign_executors.credentials.vault import Credentials, Listed, credential, default_folder

__all__ = [
    "VARIABLES",
    "Credentials",
    "CredentialsError",
    "CredentialsLocked",
    "Listed",
    "credential",
    "default_folder",
    "fit_name",
]
