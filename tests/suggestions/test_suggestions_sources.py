"""What suggestions are made of: earlier requests, names, files; each bounded, none of them hostile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reign_agents.suggestions import names as names_module
from reign_agents.suggestions import past as past_module
from reign_agents.suggestions import paths as paths_module
from reign_agents.suggestions.names import Names, writable
from reign_agents.suggestions.past import Past
from reign_agents.suggestions.paths import Paths


def load(past: Past, *requests: str) -> None:
    past.load((request, "stopped") for request in requests)


def texts(found: list[past_module.Asked]) -> list[str]:
    return [one.text for one in found]


def test_earlier_requests_by_their_beginning_the_frequent_and_late_first() -> None:
    past = Past()
    load(past, "list pods", "list nodes", "list pods", "list images", "show stats")
    assert texts(past.begun("list", 3)) == ["list images", "list pods", "list nodes"]
    past.add("list pods")
    assert texts(past.begun("LIST", 1)) == ["list pods"]
    assert past.begun("list pods", 3) == []
    assert len(past) == 4


def test_earlier_requests_by_their_words() -> None:
    past = Past()
    load(past, "deploy checkout to prod", "list pods in prod", "deploy checkout to staging")
    assert texts(past.holding("prod checkout", 3)) == ["deploy checkout to prod"]
    assert texts(past.holding("deploy", 1)) == ["deploy checkout to staging"]
    assert past.holding("  ", 3) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "two\nlines", "with {{secret:password}}", "x" * 301, "escape \x1b[31m", "bidi \u202e"]
)
def test_what_is_not_remembered(text: str) -> None:
    past = Past()
    past.load([(text, "done")])
    past.add(text)
    assert len(past) == 0


def test_what_worked_is_told_and_what_never_did_comes_later() -> None:
    past = Past()
    past.load([("list pods", "done"), ("list pods", "failed"), ("list nodes", "stopped"), ("list jobs", "failed")])
    told = {one.text: one.experience for one in past.begun("list", 9)}
    assert told == {
        "list pods": "worked 1 of 2 times",
        "list nodes": "asked before",
        "list jobs": "worked 0 of 1 time",
    }
    assert texts(past.begun("list", 9))[-1] == "list jobs"
    past.ended("list jobs", "done")
    past.ended("list nodes", "cancelled")
    past.ended("never asked", "done")
    assert texts(past.begun("list", 9))[0] == "list jobs"
    assert [one.experience for one in past.begun("list n", 9)] == ["asked before"]


def test_the_oldest_requests_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_module, "MOST", 3)
    past = Past()
    load(past, "a one", "a two", "a three")
    past.add("a four")
    assert texts(past.begun("a", 9)) == ["a four", "a three", "a two"]
    assert len(past) == 3


def test_many_requests_with_the_same_beginning_give_the_newest() -> None:
    past = Past()
    load(past, *(f"list pods {n}" for n in range(2 * past_module.LOOKED_AT)))
    assert texts(past.begun("list", 1)) == [f"list pods {2 * past_module.LOOKED_AT - 1}"]


def test_names_by_their_beginning_then_by_a_part() -> None:
    names = Names()
    names.put({"container": ["web", "shop-web-1", "webhook", "cobweb"], "volume": ["web-data"]})
    assert [name.text for name in names.like("web", ("container",), {}, 9)] == ["web", "webhook", "shop-web-1"]
    assert [name.text for name in names.like("web", ("container",), {"webhook": 1}, 1)] == ["webhook"]
    assert [name.kind for name in names.like("WEB", ("volume",), {}, 9)] == ["volume"]
    assert names.like("", ("container",), {}, 2)[0].text == "cobweb"
    assert names.kinds == {"container", "volume"}


def test_names_are_bounded_by_kind_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "MOST_OF_KIND", 10)
    monkeypatch.setattr(names_module, "MOST", 15)
    names = Names()
    names.put({"pod": (f"p{n}" for n in range(100))})
    assert len(names.of("pod")) == 10
    names.put({"node": (f"n{n}" for n in range(100)), "service": ["s"]})
    assert len(names) == 15
    names.put({"pod": ["fresh"]})
    assert list(names.of("pod")) == ["fresh"]


@pytest.mark.parametrize(
    "name",
    ["", "a b", "x" * 201, "red\x1b[31m", "bell\x07", "turn\u202e", 'quo"te', "new\nline", "{{secret:x}}"],
)
def test_names_that_can_not_be_written_are_left_out(name: str) -> None:
    assert not writable(name)
    names = Names()
    names.put({"container": [name, "good"]})
    assert list(names.of("container")) == ["good"]


def test_folders_are_listed_again_after_a_while(tmp_path: Path) -> None:
    now = [0.0]
    paths = Paths(tmp_path, lambda: now[0])
    (tmp_path / "one").write_text("", "utf-8")
    folder = paths.wanted("o")
    assert folder == str(tmp_path)
    paths.list(folder)
    assert paths.like("o", 5) == ["one"]
    assert paths.wanted("o") is None
    now[0] += paths_module.FRESH + 1
    (tmp_path / "other").write_text("", "utf-8")
    assert paths.like("o", 5) == ["one"]
    assert paths.wanted("o") == folder
    paths.list(folder)
    assert paths.like("o", 5) == ["one", "other"]


def test_folders_that_can_not_be_read_and_too_many_files_stay_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths_module, "MOST", 3)
    monkeypatch.setattr(paths_module, "FOLDERS", 2)
    paths = Paths(tmp_path)
    for number in range(9):
        (tmp_path / f"f{number}").write_text("", "utf-8")
    for begun in ("nowhere/x", "f0/x", "f"):
        folder = paths.wanted(begun)
        assert folder is not None
        paths.list(folder)
    assert len(paths.like("f", 9)) == 3
    assert not paths.like("nowhere/", 9)
    assert paths.wanted("nowhere/x") is not None


def test_a_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes").write_text("", "utf-8")
    paths = Paths(Path(os.sep))
    folder = paths.wanted("~/n")
    assert folder == str(tmp_path)
    paths.list(folder)
    assert paths.like("~/n", 5) == ["~/notes"]


def test_a_tilde_with_a_name_nobody_has_and_what_is_no_path(tmp_path: Path) -> None:
    """At a key press nothing may raise: a person is in the middle of a name."""
    paths = Paths(tmp_path)
    odd = tmp_path / "~nobody-has-this-name"
    odd.mkdir()
    (odd / "a.txt").touch()
    folder = paths.wanted("~nobody-has-this-name/a")
    assert folder == str(odd)
    paths.list(folder)
    assert paths.like("~nobody-has-this-name/a", 3) == ["~nobody-has-this-name/a.txt"]
    paths.list("no\0path")
    assert not paths.like("no\0path/", 3)
