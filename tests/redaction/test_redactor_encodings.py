"""A known value is hidden in whatever encoding it comes back, however the stream is cut, and as soon as it is known."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reign_executors.redaction import Redactor

VALUE = "Pa$$w0rd/+ &<é\"'=Zq9!"
ENCODERS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "json": lambda value: json.dumps(value)[1:-1],
    "json_utf8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json_in_json": lambda value: json.dumps(json.dumps(value, ensure_ascii=False))[3:-3],
    "url": lambda value: quote(value, safe=""),
    "url_path": quote,
    "url_javascript": lambda value: quote(value, safe="!'()*"),
    "url_form": quote_plus,
    "url_small": lambda value: re.sub("%..", lambda match: match[0].lower(), quote(value, safe="")),
    "html": html.escape,
    "xml": lambda value: html.escape(value, quote=False),
    "shell": lambda value: shlex.quote(value)[1:-1].replace("'\"'\"'", "'\\''"),
    "hex": lambda value: value.encode().hex(),
    "hex_capitals": lambda value: value.encode().hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64_urlsafe": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64_second": lambda value: base64.b64encode(b"u" + value.encode() + b":x").decode(),
    "base64_third": lambda value: base64.b64encode(b"us" + value.encode() + b"\n").decode(),
    "base64_basic_auth": lambda value: base64.b64encode(b"ana:" + value.encode()).decode(),
    "base64_urlsafe_inside": lambda value: base64.urlsafe_b64encode(b'{"k":"' + value.encode() + b'"}').decode(),
}


def decoded(text: str) -> set[bytes]:
    """What somebody who knows the encodings could read out of ``text`` again."""
    found = {text.encode()}
    for word in text.replace('"', " ").split():
        for start in range(4):
            piece = word[start:]
            piece = piece[: len(piece) // 4 * 4]
            for altchars in (b"+/", b"-_"):
                try:
                    found.add(base64.b64decode(piece, altchars=altchars))
                except (binascii.Error, ValueError):
                    continue
    return found


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoding_is_hidden(name: str) -> None:
    text = f"before {ENCODERS[name](VALUE)} after"
    shown = Redactor({"db": VALUE}, patterns=False).text(text)
    assert "{{secret:db}}" in shown, shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert not any(VALUE.encode() in data for data in decoded(shown))


@settings(max_examples=150, deadline=None)
@given(
    value=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=9, max_size=40),
    name=st.sampled_from(sorted(ENCODERS)),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20),
)
def test_any_value_in_any_encoding_cut_anywhere(value: str, name: str, sizes: list[int]) -> None:
    if not value.strip() or len(value.strip()) < 9 or "{{" in value:
        return
    data = f"x {ENCODERS[name](value)} y\n".encode("utf-8", "surrogatepass")
    stream = Redactor({"db": value}, patterns=False).stream()
    out, at, turn = b"", 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out += stream.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    out += stream.flush()
    assert b"{{secret:db}}" in out


def test_what_is_learned_holds_from_then_on_in_streams_too() -> None:
    redactor = Redactor({"first": "0123456789"})
    stream = redactor.stream()
    out = stream.feed(b"0123456789 nothing-known-yet\nbeg")
    redactor.learn({"second": "begins-before", "key": "one line\nanother line\n"})
    out += stream.feed(b"ins-before one line\nanother line\nmore ")
    redactor.learn({"second": "begins-before"})
    out += stream.feed(b"and begins-before") + stream.flush()
    assert out == (b"{{secret:first}} nothing-known-yet\n{{secret:second}} {{secret:key}}more and {{secret:second}}")
    assert redactor.text("begins-before") == "{{secret:second}}"


def test_what_is_held_back_of_several_lines_is_not_lost_when_more_is_learned() -> None:
    redactor = Redactor({"key": "one line\nanother line\n"})
    stream = redactor.stream()
    out = stream.feed(b"x one line\nano")
    redactor.learn({"other": "something else"})
    out += stream.feed(b"ther line\nsomething else\n") + stream.flush()
    assert out == b"x {{secret:key}}{{secret:other}}\n"
