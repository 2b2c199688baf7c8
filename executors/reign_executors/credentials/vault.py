"""All credentials of one person: environment first, then keyring or file, by one name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reign_executors.credentials.errors import CredentialsError
from reign_executors.credentials.names import VARIABLES, fit_name, variables_of
from reign_executors.credentials.sealed_file import Ask, SealedFile, nobody, write_private
from reign_executors.credentials.system_keyring import Backend, SystemKeyring, system_backend

LONGEST = 64 * 1024
"""Characters of one value."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A credential without its value. ``where`` is environment, keyring or file; ``detail`` the variable."""

    name: str
    where: str
    detail: str = ""


class Credentials:
    """``folder`` holds the encrypted file, its key and the names of what the keyring keeps.

    ``environment`` None: this process's own. ``ask`` asks a person for the passphrase. ``backend`` finds the keyring.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        ask: Ask = nobody,
        backend: Callable[[], Backend | None] = system_backend,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.file = SealedFile(folder / "credentials", folder / "credentials.key", self._environment, ask)
        self._names = folder / "credentials.names"
        self._find_backend = backend

    def get(self, name: str) -> str | None:
        """The value, or None. A variable that is set wins; raises :class:`CredentialsError` when what is kept can't
        be opened.
        """
        name = fit_name(name)
        for variable in variables_of(name):
            if value := self._environment.get(variable):
                return value
        return self._kept(name)

    def _kept(self, name: str) -> str | None:
        if name in self._in_keyring():
            keyring = self._keyring()
            return None if keyring is None else keyring.get(name)
        return self.file.read().get(name)

    def values(self) -> dict[str, str]:
        """Every value that is kept, by name, for hiding it wherever it comes back; not those of the environment."""
        found = self.file.read()
        names = self._in_keyring()
        keyring = self._keyring() if names else None
        if keyring is not None:
            found.update({name: value for name in names if (value := keyring.get(name)) is not None})
        return found

    def set(self, name: str, value: str, *, where: str | None = None, passphrase: str | None = None) -> str:
        """Keep a value; returns ``keyring`` or ``file``. ``where`` None: the keyring where one answers.

        ``passphrase`` protects the file from now on. :class:`CredentialsError` for an empty or huge value.
        """
        name = fit_name(name)
        if not value.strip() or len(value) > LONGEST or "\0" in value:
            raise CredentialsError(f"the value for {name} is empty or far too long", "give it on stdin, as it is")
        keyring = None if where == "file" or passphrase is not None else self._keyring()
        if where == "keyring" and keyring is None:
            raise CredentialsError("no keyring answers here", "keep it in the encrypted file: leave --in keyring out")
        if keyring is not None:
            keyring.set(name, value)
            self._remember(self._in_keyring() | {name})
            if self.file.exists:
                self._drop_from_file(name)
            return "keyring"

        def change(values: dict[str, str]) -> None:
            values[name] = value

        self.file.change(change, passphrase)
        if name in self._in_keyring():
            self._drop_from_keyring(name)
        return "file"

    def remove(self, name: str) -> bool:
        """Forget what is kept under ``name``; False when nothing is. Variables are not touched."""
        name = fit_name(name)
        if name in self._in_keyring():
            self._drop_from_keyring(name)
            return True
        return self.file.exists and self._drop_from_file(name)

    def list(self) -> list[Listed]:
        """Names of what is kept and of known ones that the environment has, without values, by name."""
        found = {name: Listed(name, "keyring") for name in self._in_keyring()}
        found.update({name: Listed(name, "file") for name in self.file.read()})
        for name in {*VARIABLES, *found}:
            variable = next((v for v in variables_of(name) if self._environment.get(v)), None)
            if variable is not None:
                found[name] = Listed(name, "environment", variable)
        return [found[name] for name in sorted(found)]

    def _keyring(self) -> SystemKeyring | None:
        backend = self._find_backend()
        return None if backend is None else SystemKeyring(backend)

    def _in_keyring(self) -> frozenset[str]:
        try:
            return frozenset(str(name) for name in json.loads(self._names.read_bytes()))
        except (OSError, ValueError):
            return frozenset()

    def _remember(self, names: frozenset[str]) -> None:
        write_private(self._names, json.dumps(sorted(names)).encode() + b"\n")

    def _drop_from_keyring(self, name: str) -> None:
        keyring = self._keyring()
        if keyring is not None:
            keyring.remove(name)
        self._remember(self._in_keyring() - {name})

    def _drop_from_file(self, name: str) -> bool:
        dropped: list[str | None] = []
        self.file.change(lambda values: dropped.append(values.pop(name, None)))
        return dropped[0] is not None


def default_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where credentials are kept: the data folder, as everywhere in Reign (``REIGN_HOME``, else platformdirs')."""
    home = (os.environ if environment is None else environment).get("REIGN_HOME")
    if home:
        return Path(os.path.abspath(os.path.expanduser(home))) / "data"  # noqa: PTH100, PTH111 - links stay as they are
    import platformdirs

    return Path(platformdirs.user_data_dir("reign-tui", appauthor=False))


def credential(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The value of ``anthropic``, ``github`` or any other name: a variable of ``environment``, else what is kept.

    None when there is none; :class:`CredentialsError` when what is kept can't be opened. Never ask for it before it is
    needed: a keyring may have to be unlocked by a person.
    """
    return Credentials(default_folder(environment), environment).get(name)
