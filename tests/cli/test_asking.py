"""At a terminal ``run``, ``resume`` and ``undo`` ask; the default answer is no."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

pytestmark = pytest.mark.terminal
MAKE = "create file notes.txt with content hello"
Reign = Callable[..., Any]
Typed = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def typed(reign: Reign, folder: Path) -> Iterator[Typed]:
    """``typed("run", "…")`` starts a command line at a terminal of its own."""
    started: list[pexpect.spawn[str]] = []

    def start(*words: str) -> pexpect.spawn[str]:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "reign_tui", *words],
            env={**os.environ, "TERM": "xterm"},
            cwd=str(folder),
            encoding="utf-8",
            dimensions=(40, 120),
            timeout=30,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def ended(child: pexpect.spawn[str]) -> int | None:
    """The exit code, once it has ended."""
    child.expect(pexpect.EOF)
    child.close()
    code: int | None = child.exitstatus
    return code


def test_yes(typed: Typed, folder: Path) -> None:
    child = typed("run", MAKE)
    child.expect_exact("Approve s1? [y/N] ")
    child.sendline("y")
    child.expect("s1  done, verified")
    assert ended(child) == 0
    assert (folder / "notes.txt").exists()


@pytest.mark.parametrize("answer", ["", "n", "yess", "maybe"])
def test_anything_but_yes_is_no(answer: str, typed: Typed, folder: Path) -> None:
    child = typed("run", MAKE)
    child.expect_exact("[y/N] ")
    child.sendline(answer)
    assert ended(child) == 3
    assert list(folder.iterdir()) == []


def test_the_end_of_input_is_no(typed: Typed, folder: Path) -> None:
    child = typed("run", MAKE)
    child.expect_exact("[y/N] ")
    child.sendeof()
    assert ended(child) == 3
    assert list(folder.iterdir()) == []


def test_a_stray_enter_before_the_question_approves_nothing(typed: Typed, folder: Path) -> None:
    child = typed("run", MAKE)
    child.send("y\r\ny\r\n")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    assert ended(child) == 3
    assert list(folder.iterdir()) == []


def test_nothing_asks_with_json(typed: Typed, folder: Path) -> None:
    child = typed("run", MAKE, "--json")
    child.expect_exact('"type": "run.finished"')
    assert ended(child) == 3


def test_interrupted_while_it_asks(typed: Typed, folder: Path, reign: Reign) -> None:
    child = typed("run", MAKE)
    child.expect_exact("[y/N] ")
    child.sendintr()
    assert ended(child) == 130
    assert list(folder.iterdir()) == []
    assert reign("history", "--json").rows[0]["outcome"] == "cancelled"


def test_undo_asks_for_every_destroy(typed: Typed, folder: Path, reign: Reign) -> None:
    made = reign("run", "create file a.txt with content a and create file b.txt with content b", "--approve", "create")
    assert made.code == 0
    child = typed("undo", "last")
    child.expect("DESTROY: .*Approve undo-s[12].*y/N. ")
    child.sendline("y")
    child.expect("Approve undo-s[12].*y/N. ")
    child.sendline("n")
    assert ended(child) == 3
    assert len(list(folder.iterdir())) == 1


@pytest.mark.docker
def test_production_needs_its_name(typed: Typed, reign: Reign, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REIGN_PROD_PATTERN", ".")
    assert reign("run", MAKE, "--approve", "create").code == 0
    target = reign("plan", "delete file notes.txt", "--json").rows[0]["steps"][0]["target"]["context"]
    refused = reign("run", "delete file notes.txt", "--approve", "destroy", "--json")
    assert refused.code == 3
    assert f"--confirm-target {target}" in refused.end["answer"]
    child = typed("run", "delete file notes.txt")
    child.expect_exact(f"Type {target} to approve s1: ")
    child.sendline("y")
    assert ended(child) == 3
    assert (folder / "notes.txt").exists()
    child = typed("run", "delete file notes.txt")
    child.expect_exact(f"Type {target} to approve s1: ")
    child.sendline(target)
    assert ended(child) == 0
    assert not (folder / "notes.txt").exists()


@pytest.mark.docker
def test_a_name_that_is_taken_offers_choices(
    typed: Typed, reign: Reign, busybox_image: str, docker_scope: Any, docker_client: Any
) -> None:
    name = docker_scope.name("web")
    docker_client.containers.create(busybox_image, name=name, labels=docker_scope.labels)
    request = f"run a container from image {busybox_image} named {name}"
    said = reign("run", request, "--json", "--approve", "destroy")
    assert said.code == said.end["exit"] == 4
    assert "question" in said.types
    child = typed("run", request)
    child.expect(r"in the way \(s\d\)")
    child.expect(r"Which\? \[1-\d, anything else stops\] ")
    child.sendline("")
    assert ended(child) == 4
    child = typed("run", request)
    child.expect(r"(\d)\. call the new one")
    number = child.match[1] if isinstance(child.match, re.Match) else ""
    child.expect_exact("anything else stops] ")
    child.sendline(number)
    child.expect_exact("[y/N] ")
    child.sendline("y")
    child.expect("s2  done, verified")
    child.sendintr()
    ended(child)
    assert len(docker_client.containers.list(all=True, filters={"name": name})) == 2
