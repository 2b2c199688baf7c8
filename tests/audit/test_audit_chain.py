"""Whatever is done to the chain is found; what is allowed is not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reign_agents.audit.chain import Chain, purge
from reign_agents.audit.export import exported
from reign_agents.audit.head import Head, read_head, write_head
from reign_agents.audit.row import AuditRow, digest_of
from reign_agents.audit.verify import verify, verify_export
from tests.audit.conftest import ROWS, Kept

TAMPERING = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLUMNS = ("time", "kind", "run", "step", "digest", "previous", "hash")
SWAP = "UPDATE audit SET seq = -{a} WHERE seq = {a}", "UPDATE audit SET seq = {a} WHERE seq = {b}"
SWAPPED = "UPDATE audit SET seq = {b} WHERE seq = -{a}"


def test_a_whole_chain_is_whole(whole_chain: Kept) -> None:
    verdict = whole_chain.verify()
    assert verdict.ok
    assert (verdict.rows, verdict.purged) == (ROWS, 0)
    assert verdict.head == read_head(whole_chain.head)
    assert whole_chain.head.stat().st_mode & 0o777 == 0o600


def test_no_chain_is_no_fault(fresh: Kept, tmp_path: Path) -> None:
    assert fresh.verify().to_json()["head"] is None
    assert fresh.verify().ok
    assert verify(tmp_path / "none.db", tmp_path / "none").ok


@TAMPERING
@given(row=st.integers(1, ROWS), column=st.sampled_from((*COLUMNS, "salt", "payload")), data=st.data())
def test_every_flipped_byte_is_found(another: Callable[[], Kept], row: int, column: str, data: st.DataObject) -> None:
    kept = another()
    table = "audit_payloads" if column in ("salt", "payload") else "audit"
    with closing(sqlite3.connect(kept.database)) as db:
        (value,) = db.execute(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE seq = {row}").fetchone()
    if value is None:
        changed = b"x"
    else:
        at = data.draw(st.integers(0, len(value) - 1))
        bit = data.draw(st.integers(0, 7))
        changed = value[:at] + bytes((value[at] ^ 1 << bit,)) + value[at + 1 :]
    kept.sql(f"UPDATE {table} SET {column} = CAST(x'{changed.hex()}' AS TEXT) WHERE seq = {row}")
    verdict = kept.verify()
    assert not verdict.ok
    assert any(fault.row in (row, row + 1) for fault in verdict.faults)


@TAMPERING
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_byte_in_the_file_changes_no_row_unseen(
    another: Callable[[], Kept], position: float, bit: int
) -> None:
    """The file has room that nobody reads: either it is found, or what the chain says is what it said."""
    kept = another()
    said = list(exported(kept.database, kept.head))
    data = bytearray(kept.database.read_bytes())
    data[int(position * len(data))] ^= 1 << bit
    kept.database.write_bytes(data)
    if kept.verify().ok:
        assert list(exported(kept.database, kept.head)) == said


@TAMPERING
@given(first=st.integers(1, ROWS), count=st.integers(1, 4))
@example(first=ROWS, count=1)
@example(first=1, count=ROWS)
def test_every_deleted_row_is_found(another: Callable[[], Kept], first: int, count: int) -> None:
    kept = another()
    last = min(first + count - 1, ROWS)
    kept.sql(
        f"DELETE FROM audit WHERE seq BETWEEN {first} AND {last}",
        f"DELETE FROM audit_payloads WHERE seq BETWEEN {first} AND {last}",
    )
    assert kept.found() & {"truncated" if last == ROWS else "deleted"}


@TAMPERING
@given(a=st.integers(1, ROWS), b=st.integers(1, ROWS))
def test_every_swap_is_found(another: Callable[[], Kept], a: int, b: int) -> None:
    kept = another()
    kept.sql(*(line.format(a=a, b=b) for line in SWAP), SWAPPED.format(a=a, b=b))
    assert kept.verify().ok is (a == b)
    if a != b:
        assert "reordered" in kept.found()


@TAMPERING
@given(last=st.integers(0, ROWS - 1), forget=st.booleans())
def test_every_truncation_is_found_by_the_head(another: Callable[[], Kept], last: int, forget: bool) -> None:
    kept = another()
    kept.sql(
        f"DELETE FROM audit WHERE seq > {last}",
        f"DELETE FROM audit_payloads WHERE seq > {last}",
        *([f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'audit'"] if forget else []),
    )
    assert "truncated" in kept.found()


def test_going_on_after_a_truncation_does_not_hide_it(kept: Kept) -> None:
    kept.sql("DELETE FROM audit WHERE seq > 5", "DELETE FROM audit_payloads WHERE seq > 5")
    kept.sql("UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'")
    before = read_head(kept.head)
    kept.append(20)
    assert read_head(kept.head) == before
    assert "replaced" in kept.found()


def test_a_row_put_in_and_a_row_rewritten_are_found(kept: Kept) -> None:
    row = AuditRow.from_json(dict(list(exported(kept.database, kept.head))[5]))
    payload = '{"number":99}'
    digest = digest_of("00", payload)
    own = replace(row, digest=digest).hashed()
    kept.sql(
        f"UPDATE audit SET digest = '{digest}', hash = '{own}' WHERE seq = 6",
        f"UPDATE audit_payloads SET salt = '00', payload = '{payload}' WHERE seq = 6",
    )
    assert kept.found() == {"replaced"}


def test_a_chain_written_wholly_anew_is_found_by_a_head_kept_elsewhere(kept: Kept, fresh: Kept) -> None:
    known = read_head(kept.head)
    assert known is not None
    fresh.append(ROWS + 5)
    assert fresh.verify().ok
    verdict = verify(fresh.database, fresh.head, known)
    assert [fault.what for fault in verdict.faults] == ["replaced"]
    assert "the head that was given" in verdict.faults[0].text


def test_a_missing_or_damaged_head_is_told(kept: Kept) -> None:
    kept.head.write_bytes(b"{")
    assert kept.found() == {"damaged"}
    kept.append()
    assert kept.found() == {"damaged"}
    kept.head.unlink()
    assert kept.found() == {"truncated"}
    kept.append()
    assert kept.verify().ok


def test_a_database_that_can_not_be_read_is_told(kept: Kept) -> None:
    kept.database.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert "damaged" in kept.found()
    assert "truncated" in kept.found()


def test_rows_can_not_be_changed_by_accident(kept: Kept) -> None:
    for statement in (
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit_payloads WHERE seq = 1",
        "UPDATE audit_payloads SET payload = '{}' WHERE seq = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            kept.sql(statement, guarded=True)


# purging --------------------------------------------------------------------------------------------------------


def test_a_purged_payload_is_gone_and_the_chain_still_verifies(fresh: Kept) -> None:
    chain = Chain(fresh.head, who=dict)
    with closing(sqlite3.connect(fresh.database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        chain.append(db, "decision", {"words": "hunter2-" * 700})
        assert purge(db, chain, 2, "leaked")
        assert not purge(db, chain, 2, "again")
        assert not purge(db, chain, 77, "never was")
        db.execute("COMMIT")
        chain.committed(db)
    verdict = fresh.verify()
    assert (verdict.ok, verdict.rows, verdict.purged) == (True, 3, 1)
    assert b"hunter2" not in fresh.database.read_bytes()
    line = list(exported(fresh.database, fresh.head))[1]
    assert (line["payload"], line["salt"]) == (None, None)


def test_a_payload_that_just_disappears_is_found(kept: Kept) -> None:
    kept.sql("UPDATE audit_payloads SET payload = NULL, salt = NULL WHERE seq = 4")
    assert kept.found() == {"purged"}
    kept.sql("DELETE FROM audit_payloads WHERE seq = 5", "INSERT INTO audit_payloads VALUES (99, 'a', '{}')")
    assert kept.found() == {"purged", "deleted"}
    kept.sql("UPDATE audit_payloads SET salt = NULL WHERE seq = 6")
    assert "edited" in kept.found()


# exporting ------------------------------------------------------------------------------------------------------


def lines_of(kept: Kept, since: str | None = None) -> list[str]:
    return [json.dumps(line) for line in exported(kept.database, kept.head, since)]


def test_an_export_verifies_by_itself(whole_chain: Kept) -> None:
    lines = lines_of(whole_chain)
    assert len(lines) == ROWS + 1
    assert verify_export(lines).ok
    assert verify_export(lines, read_head(whole_chain.head)).ok
    last = json.loads(lines[-1])
    assert last["kind"] == "audit.head"
    assert last["hash"] == json.loads(lines[-2])["hash"]


def test_an_export_may_begin_later(whole_chain: Kept) -> None:
    times = [json.loads(line).get("time") for line in lines_of(whole_chain)]
    some = lines_of(whole_chain, times[5])
    assert 1 < len(some) <= ROWS
    assert verify_export(some).ok
    assert len(lines_of(whole_chain, "2999-01-01")) == 1
    assert verify_export(lines_of(whole_chain, "2999-01-01T10:00:00+02:00")).ok
    with pytest.raises(ValueError, match="isoformat"):
        lines_of(whole_chain, "yesterday")


@TAMPERING
@given(number=st.integers(0, ROWS), data=st.data())
def test_a_tampered_export_is_found(whole_chain: Kept, number: int, data: st.DataObject) -> None:
    lines = lines_of(whole_chain)
    how = data.draw(st.sampled_from(("drop", "swap", "change", "cut")))
    if how == "drop":
        del lines[max(number, 1)]
    elif how == "swap":
        other = (number + 1) % ROWS
        number %= ROWS
        lines[number], lines[other] = lines[other], lines[number]
    elif how == "cut":
        lines = lines[: number + 1] if number < ROWS else lines[:ROWS]
    else:
        at = lines[number].index('"hash": "sha256:') + 20
        lines[number] = lines[number][:at] + ("0" if lines[number][at] != "0" else "1") + lines[number][at + 1 :]
    assert not verify_export(lines).ok


def test_an_export_of_an_edited_chain_says_so(kept: Kept) -> None:
    kept.sql("UPDATE audit SET kind = x'ff' WHERE seq = 3")
    with pytest.raises(ValueError, match="row 3"):
        lines_of(kept)
    assert "edited" in kept.found()
    assert not verify_export(["nonsense", "{}", '{"kind": "audit"}']).ok


# the head -------------------------------------------------------------------------------------------------------


def test_the_head_only_goes_forward(tmp_path: Path) -> None:
    path = tmp_path / "audit.head"
    one, two = (Head(number, "sha256:" + str(number) * 64) for number in (1, 2))
    assert write_head(path, two, lambda _: True)
    assert not write_head(path, one, lambda _: True)
    assert not write_head(path, Head(3, one.hash), lambda _: False)
    assert read_head(path) == two
    assert path.stat().st_size == 256
    assert Head.parse(str(two)) == two
    for wrong in ("", "2", "x:sha256:" + "0" * 64, "2:md5:0", "2:sha256:00"):
        with pytest.raises(ValueError, match="a head is"):
            Head.parse(wrong)
