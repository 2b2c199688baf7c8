from __future__ import annotations

from pathlib import Path

import pytest

from reign_executors import host
from reign_executors.call import Call
from reign_executors.files.places import host_target
from reign_executors.network.reach import network_target
from reign_executors.shell.operations import ShellCommand


async def test_one_machine_is_named_and_pinned_alike_everywhere(tmp_path: Path) -> None:
    command = await ShellCommand(command="true").target(Call(key="r_1/s1", folder=tmp_path))
    files, network = host_target("file//x"), network_target("port/1")
    assert files.identity == network.identity == {"machine": host.machine_identity()}
    assert command.identity["machine"] == host.machine_identity()
    assert {command.context, files.context, network.context} == {host.host_name()}


def test_the_machine_id_itself_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "machine-id"
    kept.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(host, "MACHINE_IDS", (tmp_path / "none", kept))
    shown = host.machine_identity.__wrapped__()
    assert len(shown) == 32
    assert "0123456789abcdef" not in shown


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_without_a_machine_id_the_name_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    kept = tmp_path / "machine-id"
    kept.write_bytes(content)
    monkeypatch.setattr(host, "MACHINE_IDS", (kept,))
    assert host.machine_identity.__wrapped__() == host.host_name()
