"""What can follow: every pattern is a request that is planned, and leads on from what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_agents.specialists import RECIPES
from reign_agents.suggestions.grammar import Grammar, Next
from reign_agents.suggestions.patterns import Pattern, Slot, Word, patterns
from reign_agents.understanding import lexicon as words
from reign_agents.understanding import understand
from reign_executors.errors import ToolMissing
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

LISTED: Mapping[str, JsonObject] = {
    "docker.list_containers": {
        "containers": [{"name": "web", "id": "1", "status": "running", "image": "nginx", "volumes": ["data"]}]
    },
    "docker.list_volumes": {"volumes": [{"name": "data"}]},
    "docker.list_networks": {"networks": [{"name": "backend", "driver": "bridge"}, {"name": "data", "driver": "x"}]},
    "docker.list_images": {"images": [{"tags": ["nginx:1.27", "shop:1.0", "data:latest"]}]},
    "kubernetes.list": {"kind": "any", "count": 0, "objects": []},
}


async def look(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    if operation in LISTED:
        return LISTED[operation]
    raise ToolMissing(f"{operation} has nobody to ask here", "")


@cache
def grammar() -> Grammar:
    return Grammar(patterns(recipe.example for recipe in RECIPES))


def following(written: str) -> list[Next]:
    return list(grammar().next(written))


def said_after(written: str) -> set[str]:
    return {one.words for one in following(written)}


def requests() -> list[str]:
    """Each pattern alone, and with each of its parts."""
    found: dict[str, None] = {}
    for pattern in patterns():
        found[pattern.request()] = None
        for number in range(len(pattern.parts)):
            found[pattern.request(number)] = None
    return list(found)


async def test_every_pattern_is_a_request_that_is_planned(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    context = PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)
    unplanned: list[str] = []
    for text in requests():
        try:
            draft = await OfflinePlanner().draft(text, context)
        except ToolMissing:
            continue
        # what is asked about things that are not there here is understood
        missing = draft.understood and (draft.question or "").startswith(("There is no", "There are no"))
        if not (draft.steps or draft.undo or missing):
            unplanned.append(f"{text}: {draft.question}")
    assert unplanned == []


def test_patterns_use_words_that_requests_are_made_of() -> None:
    lexicon = words.lexicon()
    odd = {
        word.low
        for pattern in patterns()
        for items in (pattern.head, *pattern.parts)
        for word in items
        if isinstance(word, Word)
        and not word.article
        and not (lexicon.known(word.low) or all(map(lexicon.known, word.low.split())))
    }
    assert odd <= {"?", "always", "unless-stopped", "on-failure", "policy", "background", "origin", "crash-looping"}


@pytest.mark.parametrize("unit", grammar().units)
def test_units_are_units(unit: str) -> None:
    assert understand(f"limit container web to 256{unit} of memory").entities["memory"] == f"256{unit}"


def test_kinds_of_names_are_kinds_that_something_lists() -> None:
    from reign_agents.suggestions.patterns import FREE
    from reign_executors.kubernetes.naming import KINDS

    known = {"container", "image", "volume", "network", "release", "branch", "workspace", "path", "amount", *KINDS}
    slots = {
        item.kind
        for pattern in patterns()
        for items in (pattern.head, *pattern.parts)
        for item in items
        if isinstance(item, Slot)
    }
    assert slots <= known | FREE


@pytest.mark.parametrize(
    ("written", "words_then"),
    [
        ("", "run a container from image"),
        ("restart ", "deployment"),
        ("please restart ", "deployment"),
        ("bounce ", "deployment"),
        ("rm ", "container"),
        ("delete ", "container"),
        ("run nginx:1.27 ", "with a volume"),
        ("run nginx:1.27 with ", "a volume"),
        ("run nginx:1.27 with a volume data ", "at"),
        ("run nginx:1.27 with a volume data at /data ", "publish"),
        ("run nginx, publish 8080 to 80, with a volume data at /data, ", "named"),
        ("list pods ", "in namespace"),
        ("list the pods ", "in namespace"),
        ("deploy nginx with 3 ", "replicas"),
        ("restart container web and ", "remove container"),
        ("restart container web, then ", "list containers"),
        ("stop container web and restart ", "deployment"),
        ("why is api ", "crash-looping"),
        ("first line\nrestart ", "deployment"),
    ],
)
def test_words_that_follow(written: str, words_then: str) -> None:
    assert words_then in said_after(written)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("restart container ", "container"),
        ("restart deployment ", "deployment"),
        ("restart the deployment ", "deployment"),
        ("run ", "image"),
        ("run a container from image ", "image"),
        ("run nginx with a volume ", "volume"),
        ("run nginx in network ", "network"),
        ("restart deployment api in namespace ", "namespace"),
        ("upgrade release ", "release"),
        ("merge ", "branch"),
        ("apply ", "path"),
        ("limit container web to ", "amount"),
        ("logs of container web and stop container ", "container"),
    ],
)
def test_values_that_are_expected(written: str, kind: str) -> None:
    assert any(not one.words and one.slot == kind for one in following(written))


@pytest.mark.parametrize(
    ("written", "not_words"),
    [
        ("run nginx with a volume data at /data ", "with a volume"),
        ("list pods in namespace shop ", "in namespace"),
        ("restart deployment ", "in namespace"),
        ("sing a song ", "in namespace"),
        ("run nginx ", "in container"),
    ],
)
def test_what_was_said_or_leads_nowhere_does_not_follow(written: str, not_words: str) -> None:
    assert not_words not in said_after(written)


def test_nothing_follows_what_no_request_begins_with() -> None:
    assert following("sing a song about whales ") == []


def test_what_leads_on_further_comes_first() -> None:
    found = [one.words for one in following("run nginx:1.27 with a volume data ")]
    assert found[0] == "at"


def test_a_long_text_costs_no_more_than_its_end() -> None:
    assert "deployment" in said_after("word " * 1000 + "and restart ")


def test_recipes_that_are_new_are_patterns_too() -> None:
    made = Grammar(patterns(["annotate container web with mood=good"]))
    assert "container" in {one.words for one in made.next("annotate ")}
    assert "with" in {one.words for one in made.next("annotate container web ")}


def test_a_pattern_with_its_examples_is_a_request() -> None:
    pattern = Pattern((Word("stop", "stop"), Slot("container", "web")), ((Word("now", "now"),),), 0)
    assert pattern.request(0) == "stop web now"
    assert json.dumps(pattern.request())
