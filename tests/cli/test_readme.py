"""Every command in the README is run, and what it says is compared but for ``…``.

``…`` within a line stands for any text, a line of nothing but ``…`` for any lines. Blocks after ``<!-- docker -->``
need an engine; there ``nginx:1.27`` is a local image that answers on port 80, and names and ports are the test's own.
Those after ``<!-- kubernetes -->`` need a cluster; ``shop`` is the test's own namespace there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@dataclass(frozen=True)
class Example:
    """One command with the output it is said to have."""

    command: str
    expected: tuple[str, ...]


def blocks(need: str = "") -> list[list[Example]]:
    """The examples of each ``console`` block that needs that tool (none: only this machine)."""
    found = []
    marked = r"(?:<!-- (\w+) -->\n)?```console\n(.*?)```"
    for mark, block in re.findall(marked, README.read_text("utf-8"), re.DOTALL):
        if mark == need:
            parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
            found.append([Example(part.splitlines()[0], tuple(part.splitlines()[1:])) for part in parts])
    return found


def pattern(expected: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the whole output; runs of spaces that align columns are one."""
    lines = []
    for line in expected:
        if line.strip() == "…":
            lines.append(r"(?:[^\n]*\n)*?")
        else:
            words = re.split(r"(…| +)", line)
            lines.append(
                "".join("[^\n]*" if w == "…" else " +" if w and w.isspace() else re.escape(w) for w in words) + r" *\n"
            )
    return re.compile("".join(lines))


def _part(text: str) -> str:
    if text == "…":
        return r"[^\n]*"
    return " +" if text.isspace() else re.escape(text)


@pytest.fixture
def said(tmp_path: Path, reign_home: Path) -> Callable[[str], str]:
    """Runs a command in a shell, as a person would type it; returns stdout and stderr together."""
    programs, work = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    work.mkdir()
    program = programs / "reign-tui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reign_tui "$@"\n')
    program.chmod(0o755)

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=work,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    return run


def compare(example: Example, output: str) -> None:
    assert pattern(example.expected).fullmatch(output), f"$ {example.command}\n{output}"


def test_on_this_machine(said: Callable[[str], str]) -> None:
    examples = [example for block in blocks() for example in block]
    assert len(examples) >= 8
    for example in examples:
        compare(example, said(example.command))


@pytest.mark.docker
def test_with_docker(
    said: Callable[[str], str],
    busybox_image: str,
    docker_client: Any,
    docker_scope: Any,
    free_port: Callable[[], int],
) -> None:
    image = f"{docker_scope.prefix}-nginx:1"
    base = docker_client.containers.create(busybox_image, name=docker_scope.name("base"))
    base.commit(*image.split(":"), changes='CMD ["httpd", "-f", "-p", "80"]')
    base.remove()
    real = {"nginx:1.27": image, "8080": str(free_port()), "web-data": docker_scope.name("data")}

    def here(text: str) -> str:
        for word, own in real.items():
            text = text.replace(word, own)
        return re.sub(r"(named |container/|container |--name )web\b", rf"\g<1>{docker_scope.name('web')}", text)

    examples = [example for block in blocks("docker") for example in block]
    assert examples
    for example in examples:
        own = Example(here(example.command), tuple(here(line) for line in example.expected))
        compare(own, said(own.command))


def test_with_a_cluster(said: Callable[[str], str], kube_context: str, kube_namespace: str, kube_image: str) -> None:
    def here(text: str) -> str:
        return re.sub(r"\bshop\b", kube_namespace, text.replace("nginx:1.27", kube_image))

    examples = [example for block in blocks("kubernetes") for example in block]
    assert examples
    for example in examples:
        own = Example(here(example.command), tuple(here(line) for line in example.expected))
        compare(own, said(own.command))


def test_links_lead_somewhere() -> None:
    for page in (README, README.parent / "CONTRIBUTING.md", *sorted((README.parent / "docs").glob("*.md"))):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_command_is_documented() -> None:
    from reign_tui.cli.commands import COMMANDS, LATER

    text = (README.parent / "docs" / "commands.md").read_text("utf-8")
    assert all(re.search(rf"`{name}\b", text) for name in [*COMMANDS, *LATER])
