"""What the store writes into the chain, from several processes at once, and where else it goes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reign_agents.audit.export import exported
from reign_agents.audit.forward import Forward
from reign_agents.audit.person import person
from reign_agents.audit.row import AuditRow
from reign_agents.audit.verify import verify
from reign_agents.events import Outcome
from reign_agents.store.errors import StoreError
from reign_agents.store.records import AnswerRecord, ApprovalRecord
from reign_agents.store.store import Store, StorePaths
from tests.store.store_samples import begun, intent, outcome

CHILD = """
import asyncio, sys
from pathlib import Path
from reign_agents.store.store import Store, StorePaths
from tests.store.store_samples import begun, intent, outcome
async def main():
    with Store.open(StorePaths(Path(sys.argv[1]), Path(sys.argv[2]))) as store:
        run = await begun(store)
        print("open", flush=True)
        for n in range(int(sys.argv[3])):
            await store.intent(intent(run, f"s{n}"))
            await store.outcome(outcome(run, f"s{n}"))
        print("done", flush=True)
        if len(sys.argv) > 4:
            await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def paths(tmp_path: Path) -> StorePaths:
    return StorePaths(tmp_path / "data", tmp_path / "state")


def said(paths: StorePaths) -> list[dict[str, Any]]:
    return [dict(line) for line in exported(paths.database, paths.audit_head)][:-1]


async def test_every_decision_and_operation_is_a_row(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        run = await begun(store)
        await store.approval(ApprovalRecord("a_1", run, "plan", ("s1", "s2"), "sha256:shown", "create", "now"))
        await store.answered(AnswerRecord("a_1", run, "once", "ana", "once", "go on", "now"))
        await store.intent(intent(run, "s1"))
        await store.outcome(outcome(run, "s1"))
        await store.undone(run, "s1", "r_9")
        await store.finish_run(run, Outcome.DONE, 0, "all is well")
        store.audit("credential.set", {"name": "github"})
    rows = said(paths)
    assert [row["what"] for row in rows] == [
        "chain.began",
        "decision",
        "operation.began",
        "operation.ended",
        "operation.undone",
        "run.ended",
        "credential.set",
    ]
    decision = rows[1]["payload"]
    assert isinstance(decision, dict)
    assert (decision["shown"], decision["answer"], decision["by"], decision["words"]) == (
        "sha256:shown",
        "once",
        "ana",
        "go on",
    )
    assert set(decision["who"]) == {"user", "uid", "sudo_user", "ssh", "terminal", "host", "pid"}
    began = rows[2]["payload"]
    assert isinstance(began, dict)
    assert (began["operation"], began["approved"]) == ("docker.run", "sha256:approved")
    assert verify(paths.database, paths.audit_head).ok


async def test_what_is_rolled_back_is_no_row(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        run = await begun(store)
        with pytest.raises(StoreError):
            await store.outcome(outcome(run, "s1"))  # it has no intent
        with pytest.raises(StoreError):
            await store.answered(AnswerRecord("a_9", run, "once", "ana", "once", None, "now"))
        await store.intent(intent(run, "s1"))
    assert [row["what"] for row in said(paths)] == ["chain.began", "operation.began"]
    assert verify(paths.database, paths.audit_head).ok


def start(paths: StorePaths, count: int, *more: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", CHILD, str(paths.data), str(paths.state), str(count), *more]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_several_processes_make_one_chain(paths: StorePaths) -> None:
    Store.open(paths).close_now()
    children = [start(paths, 15) for _ in range(4)]
    assert [child.wait(100) for child in children] == [0, 0, 0, 0]
    verdict = verify(paths.database, paths.audit_head)
    assert verdict.faults == ()
    assert verdict.rows == 1 + 4 * 15 * 2
    pids = {row["payload"]["who"]["pid"] for row in said(paths)[1:]}
    assert len(pids) == 4
    for child in children:
        assert child.stdout is not None
        child.stdout.close()


@pytest.mark.parametrize("lines", [1, 2])
def test_a_process_that_is_killed_leaves_a_whole_chain(paths: StorePaths, lines: int) -> None:
    child = start(paths, 40, "stay")
    assert child.stdout is not None
    for _ in range(lines):
        child.stdout.readline()
    child.kill()
    child.communicate()
    faults = verify(paths.database, paths.audit_head).faults
    # Killed between the very first commit and the head file, there is a chain without one.
    assert [fault.what for fault in faults] in ([], ["truncated"])
    assert lines == 1 or faults == ()
    Store.open(paths).close_now()
    assert lines == 1 or verify(paths.database, paths.audit_head).ok


async def test_a_damaged_database_is_set_aside_with_its_head(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        await store.intent(intent(await begun(store), "s1"))
    was = json.loads(paths.audit_head.read_text())
    paths.database.write_bytes(b"nonsense" * 1000)
    with Store.open(paths) as store:
        assert store.warnings
        await store.intent(intent(await begun(store), "s1"))
    first = said(paths)[0]["payload"]
    assert isinstance(first, dict)
    assert first["earlier"]["hash"] == was["hash"]
    assert verify(paths.database, paths.audit_head).ok


async def test_purging_leaves_no_byte(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        store.audit("note", {"words": "hunter2-" * 700})
        assert store.purge_audit(2, "leaked")
        assert not store.purge_audit(2, "leaked")
        for path in paths.data.iterdir():
            assert b"hunter2" not in path.read_bytes(), path.name
        assert verify(paths.database, paths.audit_head).purged == 1


async def test_a_store_that_does_not_last_has_a_chain_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_text("a file where a folder is needed")
    with Store.open(StorePaths(tmp_path / "data", tmp_path / "state")) as store:
        assert not store.durable
        store.audit("note", {})
        assert not store.paths.audit_head.exists()


# forwarding -----------------------------------------------------------------------------------------------------

ROW = AuditRow(
    7, "2026-01-01T00:00:00.000Z", "decision", "r_1", None, "sha256:d", "sha256:p", "sha256:h", "a", '{"b":1}'
)


@pytest.fixture
def log(tmp_path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "log"))
    listening.settimeout(10)
    return listening


def test_rows_go_to_syslog(tmp_path: Path, log: socket.socket) -> None:
    forward = Forward("syslog", tmp_path / "log")
    forward.send([ROW])
    message = log.recv(65536).decode()
    assert message.startswith("<85>reign-audit: {")
    assert json.loads(message.partition(": ")[2])["hash"] == "sha256:h"
    forward.close()
    log.close()


def test_rows_go_to_journald(tmp_path: Path, log: socket.socket) -> None:
    forward = Forward("journald", tmp_path / "log")
    big = replace(ROW, payload=json.dumps({"text": "☃" * 9000}))
    forward.send([ROW, big])
    fields = dict(line.split("=", 1) for line in log.recv(65536).decode().splitlines())
    assert (fields["REIGN_AUDIT_SEQ"], fields["SYSLOG_IDENTIFIER"]) == ("7", "reign-audit")
    assert json.loads(fields["MESSAGE"])["payload"] == {"b": 1}
    fields = dict(line.split("=", 1) for line in log.recv(65536).decode().splitlines())
    assert json.loads(fields["MESSAGE"])["payload"] is None
    forward.close()
    log.close()


def test_a_log_that_is_away_holds_nobody_up_and_gets_it_later(tmp_path: Path) -> None:
    forward = Forward("syslog", tmp_path / "log")
    forward.send([ROW] * 1001)
    assert forward.given_up == 1
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "log"))
    listening.setblocking(False)
    forward.send([ROW])
    assert forward.given_up == 2
    got = 0
    for _ in range(1000):
        try:
            while listening.recv(65536):
                got += 1
        except BlockingIOError:
            forward.send([])
    assert got == 1000
    listening.close()
    forward.close()
    with pytest.raises(ValueError, match="syslog or journald"):
        Forward("carrier pigeon")


async def test_the_store_forwards_what_it_commits(paths: StorePaths, tmp_path: Path, log: socket.socket) -> None:
    from reign_agents.audit import forward

    was = forward.SYSLOG
    forward.SYSLOG = tmp_path / "log"
    try:
        with Store.open(paths, audit_forward="syslog") as store:
            store.audit("note", {"words": "hello"})
    finally:
        forward.SYSLOG = was
    assert '"chain.began"' in log.recv(65536).decode()
    assert '"hello"' in log.recv(65536).decode()
    log.close()


# who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "ssh", "sudo"),
    [
        ({}, None, None),
        ({"SSH_CONNECTION": "10.0.0.7 50022 10.0.0.1 22", "SUDO_USER": "ana"}, "10.0.0.7 50022", "ana"),
        ({"SSH_CLIENT": "fe80::1 50022 22"}, "fe80::1 50022", None),
        ({"SSH_CONNECTION": "x\x1b[2Jy z", "SUDO_USER": "\u202eana"}, "xy z", "<U+202E>ana"),
    ],
)
def test_who_it_was(environment: dict[str, str], ssh: str | None, sudo: str | None) -> None:
    found = person(environment)
    assert (found["ssh"], found["sudo_user"]) == (ssh, sudo)
    assert found["user"]
    assert isinstance(found["uid"], int)


async def test_a_row_costs_no_commit_of_its_own(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        run = await begun(store)
        said: list[str] = []
        store._database._connection.set_trace_callback(said.append)
        await store.intent(intent(run, "s1"))
        store._database._connection.set_trace_callback(None)
    assert said.count("COMMIT") == 1
    assert any("INSERT INTO audit " in statement for statement in said)
