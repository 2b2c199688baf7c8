"""Credentials: kept encrypted, found by name, never shown, never in a command line."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from reign_executors.credentials import Credentials, CredentialsError, CredentialsLocked, credential
from reign_executors.credentials.system_keyring import Backend, system_backend
from reign_executors.errors import InvalidFields

VALUE = "CANARY-kept-4711-xyz"


class FakeKeyring:
    """The desktop's keyring in memory; ``locked``: it fails as a locked one does."""

    priority = 5.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def _open(self) -> None:
        if self.locked:
            raise RuntimeError(f"can't unlock, was asked about {VALUE}")

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]


def none() -> Backend | None:
    return None


Make = Callable[..., Credentials]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(environment: dict[str, str] | None = None, backend: Backend | None = None) -> Credentials:
        return Credentials(tmp_path, environment or {}, backend=lambda: backend)

    return build


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_the_file_is_encrypted_and_private(make: Make, tmp_path: Path) -> None:
    assert make().list() == []
    assert make().set("GitHub", VALUE) == "file"
    assert make().get("github") == VALUE
    assert make().values() == {"github": VALUE}
    assert [(one.name, one.where) for one in make().list()] == [("github", "file")]
    assert VALUE.encode() not in files(tmp_path)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert make().remove("github")
    assert not make().remove("github")
    assert make().get("github") is None


def test_a_passphrase_protects_it(make: Make, tmp_path: Path) -> None:
    make().set("one", "kept before")
    make().set("two", VALUE, passphrase="correct horse")
    (tmp_path / "credentials.key").unlink()
    right = make({"REIGN_PASSPHRASE": "correct horse"})
    assert right.file.by_passphrase
    assert (right.get("one"), right.get("two")) == ("kept before", VALUE)
    right.set("three", "and more")
    assert len(right.values()) == 3
    with pytest.raises(CredentialsLocked, match="protected by a passphrase") as locked:
        make().get("two")
    assert "REIGN_PASSPHRASE" in locked.value.way_out
    with pytest.raises(CredentialsLocked, match="does not open"):
        make({"REIGN_PASSPHRASE": "wrong"}).get("two")
    asked = Credentials(tmp_path, {}, ask=lambda: "correct horse", backend=none)
    assert asked.get("two") == VALUE


def test_a_lost_key_a_damaged_file_and_a_wrong_key_are_told(make: Make, tmp_path: Path) -> None:
    make().set("one", VALUE)
    key = (tmp_path / "credentials.key").read_bytes()
    (tmp_path / "credentials.key").unlink()
    with pytest.raises(CredentialsLocked, match="is missing"):
        make().get("one")
    (tmp_path / "credentials.key").write_bytes(b"c2hvcnQ=\n")
    with pytest.raises(CredentialsLocked, match="holds no key"):
        make().get("one")
    (tmp_path / "credentials.key").write_bytes(key[4:8] + key[:4] + key[8:])
    with pytest.raises(CredentialsLocked, match="does not open"):
        make().get("one")
    (tmp_path / "credentials").write_text("{}")
    with pytest.raises(CredentialsError, match="damaged"):
        make().get("one")


def test_the_keyring_is_used_where_one_answers(make: Make, tmp_path: Path) -> None:
    keyring = FakeKeyring()
    make().set("old", "in the file")
    assert make(None, keyring).set("github", VALUE) == "keyring"
    assert keyring.kept == {("reign-tui", "github"): VALUE}
    assert make(None, keyring).get("github") == VALUE
    assert make(None, keyring).values() == {"github": VALUE, "old": "in the file"}
    assert [one.where for one in make(None, keyring).list()] == ["keyring", "file"]
    assert VALUE.encode() not in files(tmp_path)
    assert make().get("github") is None  # no keyring answers over there
    assert make(None, keyring).set("github", "moved", where="file") == "file"
    assert keyring.kept == {}
    assert make(None, keyring).get("github") == "moved"
    assert make(None, keyring).set("github", "back") == "keyring"
    assert make().file.read() == {"old": "in the file"}
    assert make(None, keyring).remove("github")
    with pytest.raises(CredentialsError, match="no keyring answers"):
        make().set("x", VALUE, where="keyring")


def test_a_locked_keyring_says_so_without_what_it_was_handed(make: Make) -> None:
    keyring = FakeKeyring()
    make(None, keyring).set("github", VALUE)
    keyring.locked = True
    for call in (
        lambda: make(None, keyring).get("github"),
        lambda: make(None, keyring).set("github", VALUE),
        lambda: make(None, keyring).remove("github"),
    ):
        with pytest.raises(CredentialsError, match="RuntimeError") as failed:
            call()
        assert VALUE not in str(failed.value)


def test_variables_win_and_are_never_written(make: Make, tmp_path: Path) -> None:
    kept = make({"ANTHROPIC_API_KEY": VALUE, "GH_TOKEN": "two", "DB_PASSWORD": "three"})
    assert (kept.get("anthropic"), kept.get("github"), kept.get("db_password")) == (VALUE, "two", "three")
    kept.set("github", "kept")
    assert kept.get("github") == "two"
    assert [(one.name, one.where, one.detail) for one in kept.list()] == [
        ("anthropic", "environment", "ANTHROPIC_API_KEY"),
        ("github", "environment", "GH_TOKEN"),
    ]
    assert VALUE not in str(kept.values())
    assert make().get("github") == "kept"


@pytest.mark.parametrize("name", ["", "a b", "-x", "../x", "x" * 81, "x\n", "ü"])
def test_names_that_do_not_fit(make: Make, name: str) -> None:
    with pytest.raises(InvalidFields, match="can't be the name"):
        make().set(name, VALUE)


@pytest.mark.parametrize("value", ["", "  \n", "x" * 70000, "a\0b"])
def test_values_that_do_not_fit(make: Make, value: str) -> None:
    with pytest.raises(CredentialsError, match="empty or far too long"):
        make().set("x", value)


def test_the_interface_for_others(tmp_path: Path) -> None:
    environment = {"REIGN_HOME": str(tmp_path)}
    assert credential("openai", environment) is None
    Credentials(tmp_path / "data", environment, backend=none).set("openai", VALUE)
    assert credential("openai", environment) == VALUE
    assert credential("openai", {**environment, "OPENAI_API_KEY": "sk-env"}) == "sk-env"


def test_plain_text_and_failing_keyrings_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    class PlaintextKeyring(FakeKeyring):
        pass

    found: list[object] = [PlaintextKeyring(), FakeKeyring()]
    monkeypatch.setattr(keyring, "get_keyring", lambda: found[0])
    assert system_backend() is None
    found.pop(0)
    assert system_backend() is found[0]
    found[0] = object()
    assert system_backend() is None


def test_nothing_heavy_is_imported_before_a_value_is_needed() -> None:
    code = "import sys, reign_executors.credentials as c; print({'keyring', 'cryptography'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


# the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def tui(home: Path, *words: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "REIGN_HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return subprocess.run(
        [sys.executable, "-m", "reign_tui", "credentials", *words],
        env={**environment, **variables},
        input=stdin,
        capture_output=True,
        text=True,
    )


def test_set_list_and_remove(home: Path) -> None:
    said = [
        tui(home, "set", "db_password", "-", stdin=VALUE + "\n"),
        tui(home, "set", "other", "--from-env", "WHERE", WHERE=VALUE),
        tui(home, "list"),
        tui(home, "list", "--json"),
        tui(home, "remove", "other"),
    ]
    assert [one.returncode for one in said] == [0] * 5, [one.stderr for one in said]
    assert "db_password" in said[2].stdout
    assert [json.loads(line)["name"] for line in said[3].stdout.splitlines() if "file" in line] == [
        "db_password",
        "other",
    ]
    assert not any(VALUE in one.stdout + one.stderr for one in said)
    assert VALUE.encode() not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    audit = subprocess.run(
        [sys.executable, "-m", "reign_tui", "audit", "export"],
        env={**os.environ, "REIGN_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    whats = [json.loads(line).get("what") for line in audit.stdout.splitlines()]
    assert whats[1:-1] == ["credential.set", "credential.set", "credential.removed"]


def test_a_value_in_the_command_line_is_refused(home: Path) -> None:
    said = tui(home, "set", "github", VALUE)
    assert said.returncode == 2
    assert "change it at its source" in said.stderr
    assert VALUE not in said.stderr + said.stdout
    assert not home.exists() or VALUE.encode() not in files(home)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("set",), 2),
        (("set", "a b", "-"), 1),
        (("set", "x", "--from-env", "NOT_SET_AT_ALL"), 2),
        (("set", "x", "-"), 1),
        (("set", "x", "-", "--in", "keyring"), 1),
        (("set", "x", "-", "--passphrase"), 2),
        (("remove", "never"), 2),
    ],
)
def test_wrong_use(home: Path, words: tuple[str, ...], code: int) -> None:
    said = tui(home, *words, stdin="v" if "keyring" in words or "--passphrase" in words else "")
    assert said.returncode == code, said.stderr
    assert said.stderr.startswith("reign-tui: ")


def test_with_a_passphrase_from_a_variable(home: Path) -> None:
    assert tui(home, "set", "x", "-", "--passphrase", stdin=VALUE, REIGN_PASSPHRASE="horse").returncode == 0
    assert "file" in tui(home, "list", REIGN_PASSPHRASE="horse").stdout
    assert "passphrase" in tui(home, "list").stderr


def test_at_a_terminal_the_value_is_asked_for_and_not_shown(home: Path) -> None:
    environment = {**os.environ, "REIGN_HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    child = pexpect.spawn(
        sys.executable, ["-m", "reign_tui", "credentials", "set", "db"], env=environment, encoding="utf-8", timeout=60
    )
    child.expect("value for db")
    child.waitnoecho()
    child.sendline(VALUE)
    child.expect("db is kept in the encrypted file")
    child.expect(pexpect.EOF)
    assert VALUE not in (child.before or "")
    child.close()
    assert child.exitstatus == 0
