from __future__ import annotations

import json
from typing import Any

import pytest

from reign_agents.engine.secrets import inside
from reign_agents.plan.model import Plan
from reign_executors.errors import InvalidFields

CANARY = "CANARY7f3kq9xZpLw2"


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("shell.command", {"command": f"export API_KEY={CANARY}; echo $API_KEY; echo $API_KEY >&2; exit 3"}),
        ("shell.command", {"command": f"DB_PASSWORD='{CANARY}' sh -c 'echo $DB_PASSWORD | rev; echo $DB_PASSWORD'"}),
        ("shell.script", {"script": f"TOKEN={CANARY}\nprintf '%s\\n' one $TOKEN"}),
        ("shell.command", {"command": f"true mysql -u root -p{CANARY} -h 127.0.0.1"}),
        ("shell.command", {"command": f"true sshpass -p {CANARY} ssh host"}),
        ("shell.command", {"command": f"true redis-cli -a '{CANARY}' ping"}),
        ("shell.command", {"command": f"true docker login -u ana -p {CANARY} registry.test"}),
        ("shell.command", {"command": "echo $A $B", "environment": {"A": "plain", "B_TOKEN": CANARY, "B": CANARY}}),
    ],
)
async def test_a_secret_seen_once_is_hidden_wherever_it_comes_back(
    bench: Any, operation: str, fields: dict[str, Any]
) -> None:
    await bench.run((operation, fields))
    assert CANARY.encode() not in await bench.kept()


async def test_secrets_of_the_environment_are_hidden(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", CANARY)
    end = await bench.run(("shell.command", {"command": "echo $DB_PASSWORD"}))
    assert (end.exit, end.answer) == (0, "{{secret:db_password}}")
    assert CANARY.encode() not in await bench.kept()


async def test_two_secrets_of_the_same_name_are_both_hidden(bench: Any) -> None:
    await bench.run(
        ("shell.command", {"command": "echo $DB_PASSWORD", "environment": {"DB_PASSWORD": CANARY}}),
        ("shell.command", {"command": "echo $DB_PASSWORD", "environment": {"DB_PASSWORD": CANARY[::-1]}}),
    )
    kept = await bench.kept()
    assert CANARY.encode() not in kept
    assert CANARY[::-1].encode() not in kept


async def test_a_plan_out_of_the_history_never_writes_a_placeholder_into_a_file(bench: Any) -> None:
    end = await bench.run(("file.write", {"path": "db.env", "content": f"password={CANARY}\n"}))
    remembered = bench.session.store.plan(end.run)
    assert remembered is not None
    (bench.place / "db.env").unlink()
    with pytest.raises(InvalidFields, match="secrets were not kept"):
        await bench.session.start(Plan.from_json(json.loads(json.dumps(remembered.to_json()))))
    assert not (bench.place / "db.env").exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nothing here", []),
        (f"password={CANARY}", [("password", CANARY)]),
        (f"a_token={CANARY};b_token=x{CANARY}y z", [("a_token", CANARY), ("b_token", f"x{CANARY}y")]),
        (f"password={{{{secret:password}}}} token={CANARY}", []),
        (f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\nrest", None),
    ],
)
def test_secrets_inside_a_text_are_found(text: str, found: list[tuple[str, str]] | None) -> None:
    if found is not None:
        assert list(inside(text)) == found
    else:
        assert [CANARY in value for _, value in inside(text)] == [True]
