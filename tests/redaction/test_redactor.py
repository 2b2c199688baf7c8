from __future__ import annotations

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reign_executors.redaction import Redactor, is_secret_name, placeholder, plain, restore, restore_value
from reign_executors.redaction.stream import WINDOW

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEabc0123456789\n" * 5 + "-----END RSA PRIVATE KEY-----\n"
KNOWN = {"db_password": 'hunter2!"x', "certificate": "first line\nsecond line\n", "short": "abc"}
KNOWN["beginning"] = "first line"
REDACTOR = Redactor(KNOWN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter3", "password={{secret:password}}"),
        ("token: abcdef, next", "token: {{secret:token}}, next"),
        ("PGPASSWORD='a b c' psql", "PGPASSWORD='{{secret:pgpassword}}' psql"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer {{secret:authorization}}"),
        ('"Authorization": "Basic dXNlcjpw"', '"Authorization": "Basic {{secret:authorization}}"'),
        ("postgres://u:p@ss@h/db", "postgres://u:{{secret:url_password}}@h/db"),
        ("https://0123456789abcdefgh@github.com/a", "https://{{secret:url_token}}@github.com/a"),
        ("key sk-ant-api03-abcdefghijk end", "key {{secret:anthropic_key}} end"),
        ("sk-proj-ABCDEFGHIJKLMNOPQRSTU", "{{secret:openai_key}}"),
        ("ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "{{secret:github_token}}"),
        ("xoxb-123456789-abcdef", "{{secret:slack_token}}"),
        ("AKIAABCDEFGHIJKLMNOP", "{{secret:aws_access_key_id}}"),
        ("aws_secret_access_key = wJalrXUtnFEMI", "aws_secret_access_key = {{secret:aws_secret_access_key}}"),
        ("docker run -e DB_PASS=s3cret img", "docker run -e DB_PASS={{secret:db_pass}} img"),
        ("mysql --password hunter -h db", "mysql --password {{secret:password}} -h db"),
        ('{"apiKey": "abc", "maxTokens": 100}', '{"apiKey": "{{secret:apikey}}", "maxTokens": 100}'),
        (r'"{\"password\":\"abc\"}"', r'"{\"password\":\"{{secret:password}}\"}"'),
        ("curl -u bob:pw http://x", "curl -u bob:{{secret:user_password}} http://x"),
        ("CREATE USER x IDENTIFIED BY 'pp'", "CREATE USER x IDENTIFIED BY '{{secret:sql_password}}'"),
        ("<password>abc</password>", "<password>{{secret:password}}</password>"),
        ("Set-Cookie: sid=1; Path=/", "Set-Cookie: {{secret:set_cookie}}"),
        ("Server=x;AccountKey=abc==;User=y", "Server=x;AccountKey={{secret:accountkey}};User=y"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.abc", "{{secret:jwt}}"),
        ("?access_token=abc&x=1", "?access_token={{secret:access_token}}&x=1"),
        (f"a\n{KEY}b\n", "a\n{{secret:private_key}}\nb\n"),
        (json.dumps({"k": KEY}), '{"k": "{{secret:private_key}}\\n"}'),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIE\nit is text\n",
            "{{secret:private_key}}\nit is text\n",
        ),
        ("bearer abcdef0123456789", "bearer {{secret:bearer_token}}"),
        (r"password=abc\&xyz next", "password={{secret:password}} next"),
        (r"token=abc\;x\|y\<z\>", "token={{secret:token}}"),
        (r"PGPASSWORD=a\ b\`c psql", "PGPASSWORD={{secret:pgpassword}} psql"),
        (r"password=abc\"xyz end", "password={{secret:password}} end"),
        (r"password=abc\\ end", r"password={{secret:password}}\\ end"),
        (r'{"log":"password=abc\",\"user\":\"x\""}', r'{"log":"password={{secret:password}}\",\"user\":\"x\""}'),
        (r"mysql -pabc\&xyz db", "mysql -p{{secret:login_password}} db"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "invalid token: unexpected end of input",
        "secret/db created",
        "Enter password: ",
        "password: ${DB_PASSWORD}",
        "password = var.db_password",
        "passed 12 tests; keyboard=us key=foo",
        "image@sha256:0123456789abcdef",
        "git@github.com:a/b.git",
        "http://host:8080/path@x",
        "token_type=bearer",
        "password=***",
        "password={{secret:db_password}}",
        "max_tokens=4096 page_token=abc",
        "docker run -u 1000:1000 img",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_known_values_in_every_spelling() -> None:
    value = KNOWN["db_password"]
    spelled = [
        value,
        json.dumps(value)[1:-1],
        json.dumps(json.dumps(value))[3:-3],
        quote(value, safe=""),
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(b"x" + value.encode() + b"yz").decode(),
    ]
    for text in spelled:
        shown = REDACTOR.text(f"<{text}>")
        assert "{{secret:db_password}}" in shown, text
        assert text not in shown


def test_known_value_of_several_lines_is_one_placeholder() -> None:
    assert REDACTOR.text("a\nfirst line\nsecond line\nb") == "a\n{{secret:certificate}}b"
    assert REDACTOR.text("first line\r\nsecond line\r\n") == "{{secret:certificate}}"
    assert REDACTOR.text("first line\nthird") == "{{secret:beginning}}\nthird"


def test_short_values_are_left_to_the_patterns() -> None:
    assert REDACTOR.text("abc") == "abc"
    assert REDACTOR.text("password=abc") == "password={{secret:password}}"


def test_without_patterns_only_known_values_go() -> None:
    redactor = Redactor({"x": "value-one"}, patterns=False)
    assert redactor.text("password=abc value-one") == "password=abc {{secret:x}}"
    assert redactor.value({"password": "abc", "a": "value-one"}) == {"password": "abc", "a": "{{secret:x}}"}
    assert "value-one" not in repr(redactor)
    assert redactor.also({"y": "value-two"}).text("value-two value-one") == "{{secret:y}} {{secret:x}}"


def test_json_by_key_and_by_content() -> None:
    shown = REDACTOR.value(
        {
            "password": "x",
            "pwd": 1234,
            "token": None,
            "tokens": 3,
            "secret": {"name": "db", "deep": ["url=https://a:b@c"]},
            "env": [{"name": "DB_PASSWORD", "value": "q"}, {"name": "PORT", "value": "80"}],
            "auth": 'hunter2!"x',
            "empty_password": " ",
            'hunter2!"x': True,
        }
    )
    assert shown == {
        "password": "{{secret:password}}",
        "pwd": "{{secret:pwd}}",
        "token": None,
        "tokens": 3,
        "secret": {"name": "db", "deep": ["url=https://a:{{secret:url_password}}@c"]},
        "env": [{"name": "DB_PASSWORD", "value": "{{secret:db_password}}"}, {"name": "PORT", "value": "80"}],
        "auth": "{{secret:db_password}}",
        "empty_password": " ",
        "{{secret:db_password}}": True,
    }
    secret = Redactor().value({"kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": "c"}, "type": "Opaque"})
    assert secret == {
        "kind": "Secret",
        "data": {"a": "{{secret:a}}"},
        "stringData": {"b": "{{secret:b}}"},
        "type": "Opaque",
    }


def test_placeholders_lead_back() -> None:
    known = {"db password": "v1", "k": "v2"}
    assert placeholder("db password") == "{{secret:db_password}}"
    assert restore("x {{secret:db_password}} {{secret:k}} {{secret:other}}", known) == "x v1 v2 {{secret:other}}"
    assert restore_value({"a": ["{{secret:k}}", 1]}, known) == {"a": ["v2", 1]}
    assert restore("nothing", known) == "nothing"


def test_a_name_glued_to_a_secret_does_not_betray_it() -> None:
    shown = Redactor({"k": "longknownvalue"}).text("sk-ant-api03-abcdefghijkpassword=v longknownvaluepassword=w")
    assert "abcdefghijk" not in shown
    assert "longknownvalue" not in shown


@pytest.mark.parametrize("name", ["password", "DB_PASSWORD", "apiKey", "client-secret", "X-Auth-Token", "dbpassword"])
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["password_file", "tokens", "max_tokens", "public_key", "secretName", "key", "path"])
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)


WORDS = ["password=", "token: ", "abc", "'q w'", " ", "\n", "\r", "\r\n", 'hunter2!"x', "first line\n", "second line\n"]
WORDS += ["-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "MIIE" * 20, "https://u:p@h ", "\udc80"]
WORDS += [" sk-ant-api03-abcdefghijk", "{{secret:db}}", "é", "a" * 9000, "x" * (WINDOW + 5)]
PIECES = st.sampled_from(WORDS)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=12), st.lists(st.sampled_from([1, 2, 3, 7, 100]), min_size=1, max_size=5))
def test_any_chunking_gives_the_same_as_the_whole(pieces: list[str], sizes: list[int]) -> None:
    text = "".join(pieces)
    data = text.encode("utf-8", "surrogatepass")
    factor = 1 if len(data) < 3000 else 700
    stream = REDACTOR.stream()
    out, at, turn = b"", 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)] * factor
        out += stream.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    out += stream.flush()
    assert out == REDACTOR.text(text).encode("utf-8", "surrogatepass")
    assert b"hunter2" not in out


def test_a_text_seen_before_is_hidden_once_its_value_is_known() -> None:
    redactor = Redactor()
    assert redactor.text("wombat crossing") == "wombat crossing"
    redactor.learn({"animal": "wombat"})
    assert redactor.text("wombat crossing") == "{{secret:animal}} crossing"
    for number in range(5000):  # more than are remembered
        assert redactor.text(f"wombat {number}") == f"{{{{secret:animal}}}} {number}"


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES.filter(lambda piece: "PRIVATE" not in piece), max_size=10))
def test_redacting_twice_is_redacting_once(pieces: list[str]) -> None:
    once = REDACTOR.text("".join(pieces))
    assert REDACTOR.text(once) == once


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_a_known_value_never_comes_through(value: str, before: str, after: str) -> None:
    if len(value.strip()) < 4 or value in "{{secret:known}}":
        return
    shown = Redactor({"known": value}, patterns=False).text(before + value + after)
    assert value not in shown.replace("{{secret:known}}", "\0") or value in before + after


def test_a_line_without_end_is_let_through_in_bounded_memory() -> None:
    stream = REDACTOR.stream()
    shown = bytearray()
    for _ in range(160):
        shown += stream.feed(b"z" * WINDOW)
        assert len(stream._held) <= 2 * WINDOW
    shown += stream.feed(b" password=hidden ")
    shown += stream.flush()
    assert len(shown) > 160 * WINDOW
    assert b"hidden" not in shown


def test_secrets_at_every_place_of_a_long_line() -> None:
    for before in range(WINDOW - 9000, WINDOW + 40, 487):
        text = "y" * before + ' "token": "' + "s3cr3t" * 400 + '" ' + "z" * WINDOW
        shown = REDACTOR.text(text)
        assert "s3cr3t" not in shown
        assert shown.endswith("z" * 100)


def test_a_value_longer_than_a_window_is_swallowed_whole() -> None:
    shown = REDACTOR.text("password=" + "s3cr3t" * 40_000 + " after" + "." * WINDOW)
    assert "s3cr3t" not in shown
    assert " after" in shown
    key = "-----BEGIN PRIVATE KEY-----\\n" + "QUJD" * 40_000 + "\\n-----END PRIVATE KEY-----"
    assert "QUJD" not in REDACTOR.text("y" * 60_000 + key + " end")


def test_plain_text_hides_nothing_and_acts_on_nothing() -> None:
    text = "a\x1b[31mred\x1b[0m\x1b]0;title\x07\x1bPq\x1b\\\x1b(B \u202eevil\u200b \x00\x7f\x85\r\nb\rc\td\ud800\x9b2J"
    assert plain(text) == "ared <U+202E>evil<U+200B> ␀␡<U+0085>\nb\nc\td\ufffd"
    assert plain("as it is\n") == "as it is\n"


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_plain_is_plain(text: str) -> None:
    shown = plain(text)
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert plain(shown) == shown


def test_the_import_is_light() -> None:
    code = "import sys, reign_executors.redaction; print([m for m in ('pydantic', 'asyncio') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
