"""From a text to a ranked list: what is offered, what it would write, and what is never offered."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from reign_agents.engine.secrets import pasted
from reign_agents.suggestions.engine import LONGEST, MOST, Suggestions
from reign_agents.suggestions.grammar import Grammar
from reign_agents.suggestions.offer import Offer, Source
from reign_agents.suggestions.patterns import patterns

ASKED = (
    "remove container web-old",
    "list pods in namespace shop",
    "run a container from image nginx:1.27 named front, publish 8080 to 80",
    "deploy checkout 2.4.1 to prod",
    "restart container web",
    "restart container web",
)
THERE = {
    "container": ["web", "web-old", "db", "cache"],
    "image": ["nginx:1.27", "registry.local:5000/team/api:2"],
    "deployment": ["api", "checkout", "prod-worker"],
    "namespace": ["shop", "staging"],
    "volume": ["data"],
    "network": ["backend"],
}


@cache
def grammar() -> Grammar:
    return Grammar(patterns())


@pytest.fixture
def suggestions(tmp_path: Path) -> Suggestions:
    made = Suggestions(grammar(), tmp_path, lambda text: pasted(text).shown)
    made.past.load((text, "done") for text in ASKED)
    made.names.put(THERE)
    return made


def wholes(suggestions: Suggestions, written: str) -> list[str]:
    """The texts that taking each would give."""
    return [offer.taken(written) for offer in suggestions.suggest(written)]


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("restart c", "restart container web"),
        ("remove container ca", "remove container cache"),
        ("restart deployment ch", "restart deployment checkout"),
        ("restart deployment api in st", "restart deployment api in staging"),
        ("restart deployment api in namespace sh", "restart deployment api in namespace shop"),
        ("run nginx with a vol", "run nginx with a volume "),
        ("run nginx with a volume d", "run nginx with a volume data"),
        ("run a container from image regis", "run a container from image registry.local:5000/team/api:2"),
        ("run nginx with 512", "run nginx with 512m "),
        ("please restart dep", "please restart deployment "),
        ("stop container web and re", "stop container web and restart container "),
        ("first line\nrestart deployment ch", "first line\nrestart deployment checkout"),
        ("undo", "undo that"),
        ("RESTART C", "restart container web"),
    ],
)
def test_the_first_one(suggestions: Suggestions, written: str, first: str) -> None:
    assert wholes(suggestions, written)[0] == first


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("checkout", "deploy checkout 2.4.1 to prod"),
        ("pods shop", "list pods in namespace shop"),
        ("restart deployment wor", "restart deployment prod-worker"),
        ("restart wo", "restart prod-worker"),
        ("run postgr", "run postgres"),
        ("eras", "erase "),
        ("run a con", "run a container from image "),
        ("stop container web and ", "stop container web and cache"),
        ("stop container web, ", "stop container web, cache"),
        ("restart w", "restart web"),
        ("run a container from image nginx:1.27 na", "run a container from image nginx:1.27 named "),
    ],
)
def test_one_of_them(suggestions: Suggestions, written: str, offered: str) -> None:
    assert offered in wholes(suggestions, written)


@pytest.mark.parametrize("written", ["", "   ", "\n", "x" * (LONGEST + 1), "zzzz qqqq"])
def test_nothing_is_offered(suggestions: Suggestions, written: str) -> None:
    assert suggestions.suggest(written) == ()


def test_there_are_never_too_many_and_each_once(suggestions: Suggestions) -> None:
    for written in ("r", "re", "list ", "show ", "run nginx ", "restart container "):
        found = [whole.strip().lower() for whole in wholes(suggestions, written)]
        assert 0 < len(found) <= MOST
        assert len(set(found)) == len(found)
        assert written.strip().lower() not in found


def test_the_ghost_is_what_is_added_and_nothing_where_letters_would_change() -> None:
    assert Offer("container", 3, Source.GRAMMAR).rest("restart con") == "tainer"
    assert Offer("container", 3, Source.GRAMMAR).rest("restart CON") == ""
    assert Offer("container", 0, Source.GRAMMAR, open=True).taken("restart ") == "restart container "


def test_earlier_requests_leave_room_for_others(suggestions: Suggestions) -> None:
    suggestions.past.load((f"restart container web number {n}", "done") for n in range(20))
    sources = [offer.source for offer in suggestions.suggest("restart ")]
    assert sources.count(Source.HISTORY) <= 2
    assert Source.GRAMMAR in sources


def test_how_it_went_is_told_wherever_the_text_comes_from(suggestions: Suggestions) -> None:
    suggestions.past.load([("list containers", "failed")])
    first = suggestions.suggest("list con")[0]
    assert (first.source, first.note) == (Source.GRAMMAR, "worked 0 of 1 time")


def test_answers_to_the_question_come_first(suggestions: Suggestions) -> None:
    suggestions.answers = ("restart container cache", "restart container db", "bad\x1b[31m")
    assert wholes(suggestions, "res")[:2] == ["restart container cache", "restart container db"]
    assert suggestions.suggest("Restart container c")[0].source is Source.ANSWER
    suggestions.answers = ()
    assert all(offer.source is not Source.ANSWER for offer in suggestions.suggest("res"))


def test_a_verb_that_means_the_same_does_not_take_its_names_over(suggestions: Suggestions) -> None:
    assert "start cache" in wholes(suggestions, "start ca")
    assert wholes(suggestions, "run a ca")[-1] == "run a cache"


def test_names_used_last_come_first(suggestions: Suggestions) -> None:
    suggestions.past.add("stop container db")
    assert wholes(suggestions, "restart container ")[0] == "restart container db"


def test_kinds_of_which_there_are_none_come_later(suggestions: Suggestions) -> None:
    found = wholes(suggestions, "restart ")
    assert found.index("restart deployment ") < found.index("restart statefulset ")


def test_in_quotes_words_are_the_persons_own(suggestions: Suggestions) -> None:
    assert suggestions.suggest('write "restart con') == ()
    assert suggestions.suggest("run `restart con") == ()


def test_secrets_are_not_offered(tmp_path: Path) -> None:
    made = Suggestions(grammar(), tmp_path, lambda text: text.replace("s3cr3t-value", "{{secret:it}}"))
    made.past.load([("reach the host with s3cr3t-value", "done"), ("reach the host without", "done")])
    made.names.put({"container": ["s3cr3t-value", "seen"]})
    assert wholes(made, "reach") == ["reach the host without"]
    assert wholes(made, "restart container s") == ["restart container seen"]


def test_environments_stand_in_where_no_namespace_is_known(tmp_path: Path) -> None:
    made = Suggestions(grammar(), tmp_path, lambda text: text)
    assert "restart deployment api in staging" in wholes(made, "restart deployment api in sta")


def test_paths_are_offered_once_their_folder_was_listed(suggestions: Suggestions, tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "web.yaml").write_text("", "utf-8")
    (tmp_path / ".hidden").write_text("", "utf-8")
    assert suggestions.suggest("apply ./k") == ()
    wanted = suggestions.folder_wanted("apply ./k")
    assert wanted is not None
    suggestions.paths.list(wanted)
    assert suggestions.folder_wanted("apply ./k") is None
    assert wholes(suggestions, "apply ./k") == ["apply ./k8s/"]
    assert wholes(suggestions, "apply ./.") == ["apply ./.hidden"]
    inner = suggestions.folder_wanted("apply ./k8s/")
    assert inner is not None
    suggestions.paths.list(inner)
    assert wholes(suggestions, "apply ./k8s/") == ["apply ./k8s/web.yaml"]
    assert wholes(suggestions, "@k8s/w") == ["@k8s/web.yaml"]


def test_no_folder_is_wanted_where_no_path_stands(suggestions: Suggestions) -> None:
    assert suggestions.folder_wanted("restart container ") is None
    assert suggestions.folder_wanted('write "./') is None
