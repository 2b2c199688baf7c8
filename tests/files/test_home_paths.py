from __future__ import annotations

from pathlib import Path

import pytest

from reign_executors.home import expanded


def test_a_home_and_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert expanded("~/infra") == Path("/home/ana/infra")
    assert expanded("~root").is_absolute()
    assert expanded("~nobody-has-this-name/infra") == Path("~nobody-has-this-name/infra")
    assert expanded(Path("a/~")) == Path("a/~")
