"""What a folder's configuration says about itself, read without running anything: backend, providers, modules."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")
VALUES = (".tfvars", ".tfvars.json")
LOCK = ".terraform.lock.hcl"
LARGEST = 1024 * 1024
"""Bytes of one file beyond which it is not read as configuration."""
BUILT_IN = frozenset({"terraform", "terraform.io/builtin/terraform"})

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_BLOCK = re.compile(r'^[ \t]*(\w+)((?:[ \t]+(?:"[^"\n]*"|[\w-]+))*)[ \t]*\{', re.MULTILINE)
_LABEL = re.compile(r'"([^"\n]*)"|([\w-]+)')


@dataclass(frozen=True, slots=True)
class Configuration:
    """``files`` of the root module (names, sorted); ``backend`` its kind (``local`` when none is named) and
    ``backend_digest`` of what is said about it; ``providers`` local name → source and version constraint;
    ``modules`` name → source; ``required`` variables without default; ``external`` whether a plan runs a program of
    the configuration (``data "external"``); ``resources`` of the root module as ``type.name``."""

    files: tuple[str, ...] = ()
    backend: str = "local"
    backend_digest: str = ""
    backend_said: bool = False
    providers: dict[str, tuple[str, str]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    external: bool = False
    resources: frozenset[str] = frozenset()

    @property
    def to_install(self) -> dict[str, tuple[str, str]]:
        """The providers that must be fetched; the one inside terraform is not."""
        return {name: about for name, about in self.providers.items() if about[0] not in BUILT_IN}


def is_configuration(name: str) -> bool:
    """Whether terraform reads a file of this name as configuration (editors' leftovers are not)."""
    return name.endswith(ENDINGS) and not name.startswith(".") and not name.endswith("~")


def has_configuration(folder: Path) -> bool:
    """Whether there is anything for terraform in ``folder``."""
    try:
        return any(is_configuration(entry.name) and entry.is_file() for entry in folder.iterdir())
    except OSError:
        return False


def configuration_files(folder: Path) -> list[Path]:
    """What a plan of ``folder`` is made of: configuration, values and the lock file of the root and of its local
    modules; sorted. State and the data folder are not."""
    found: list[Path] = []
    waiting = [folder]
    while waiting and len(found) < 2000:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                if not entry.name.startswith(".") and entry.name != "terraform.tfstate.d":
                    waiting.append(entry)
            elif entry.is_file() and (
                is_configuration(entry.name) or entry.name.endswith(VALUES) or entry.name == LOCK
            ):
                found.append(entry)
    return sorted(found)


def digest_of(files: Iterable[Path], folder: Path) -> str:
    """A short digest of names and bytes."""
    running = hashlib.sha256()
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            content = b"\0unreadable"
        name = str(file.relative_to(folder) if file.is_relative_to(folder) else file)
        running.update(name.encode("utf-8", "surrogateescape") + b"\0" + content + b"\0")
    return running.hexdigest()[:32]


def without_comments(text: str) -> str:
    """HCL without its comments; strings stay as they are."""
    return _COMMENT.sub(lambda found: found[1] or " ", text)


def _body(text: str, start: int) -> str:
    """What stands between the brace before ``start`` and the one that closes it."""
    depth, at = 1, start
    for found in re.finditer(rf"{_STRING}|[{{}}]", text[start:]):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        at = start + found.start()
        if depth == 0:
            return text[start:at]
    return text[start:]


def _blocks(text: str) -> Iterator[tuple[str, list[str], str]]:
    """The outermost blocks: kind, labels, body."""
    at = 0
    while (found := _BLOCK.search(text, at)) is not None:
        labels = [one or other for one, other in _LABEL.findall(found[2])]
        body = _body(text, found.end())
        yield found[1], labels, body
        at = found.end() + len(body)


def _value(body: str, name: str) -> str:
    found = re.search(rf'(?<!\w){name}\s*[=:]\s*"([^"\n]*)"', body)
    return found[1] if found else ""


def read_configuration(folder: Path) -> Configuration:
    """The root module of ``folder``; what can't be read is left out (terraform will say why)."""
    texts: dict[str, str] = {}
    for entry in folder.iterdir():
        if is_configuration(entry.name) and entry.is_file():
            small = entry.stat().st_size <= LARGEST
            texts[entry.name] = entry.read_text("utf-8", "replace") if small else ""
    return configuration_of(texts)


def configuration_of(texts: Mapping[str, str]) -> Configuration:
    """What files of one module (name → content) say."""
    gathered = _Gathered()
    for name, text in sorted(texts.items()):
        if name.endswith(".json"):
            gathered.json(text)
        else:
            for kind, labels, body in _blocks(without_comments(text)):
                gathered.block(kind, labels, body)
    return gathered.whole(sorted(texts))


class _Gathered:
    def __init__(self) -> None:
        self.backend = "local"
        self.backend_text = ""
        self.backend_said = False
        self.providers: dict[str, tuple[str, str]] = {}
        self.implied: set[str] = set()
        self.modules: dict[str, str] = {}
        self.required: list[str] = []
        self.external = False
        self.resources: set[str] = set()

    def block(self, kind: str, labels: list[str], body: str) -> None:
        if kind == "terraform":
            self._terraform(body)
        elif kind in ("resource", "data", "ephemeral") and labels:
            self._resource(kind, labels[0], _value_of_provider(body))
            if kind == "resource" and len(labels) > 1:
                self.resources.add(f"{labels[0]}.{labels[1]}")
        elif kind == "provider" and labels:
            self.implied.add(labels[0])
        elif kind == "module" and labels:
            self.modules[labels[0]] = _value(body, "source")
        elif kind == "variable" and labels and not re.search(r"(?<!\w)default\s*=", body):
            self.required.append(labels[0])

    def _resource(self, kind: str, name: str, provider: str) -> None:
        self.implied.add(provider or name.partition("_")[0])
        self.external = self.external or (kind == "data" and name == "external")

    def _terraform(self, body: str) -> None:
        for kind, labels, inner in _blocks(body):
            if kind in ("backend", "cloud"):
                self.backend = labels[0] if kind == "backend" and labels else "cloud"
                self.backend_text = " ".join(inner.split())
                self.backend_said = True
            elif kind == "required_providers":
                for found in re.finditer(rf"([\w-]+)\s*=\s*(?:\{{([^}}]*)\}}|({_STRING}))", inner):
                    about = found[2] or ""
                    source = _value(about, "source") or f"hashicorp/{found[1]}"
                    self.providers[found[1]] = (source, _value(about, "version") or (found[3] or "").strip('"'))

    def json(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        if not isinstance(said, dict):
            return
        for kind in ("resource", "data"):
            for name in said.get(kind) or {}:
                self._resource(kind, name, "")
        for kind, named in (said.get("resource") or {}).items():
            self.resources |= {f"{kind}.{name}" for name in named}
        for name, about in (said.get("module") or {}).items():
            self.modules[name] = str(about.get("source", "")) if isinstance(about, dict) else ""
        for name, about in (said.get("variable") or {}).items():
            if isinstance(about, dict) and "default" not in about:
                self.required.append(name)
        for settings in _listed(said.get("terraform")):
            for kind, about in (settings.get("backend") or {}).items():
                self.backend, self.backend_text = kind, json.dumps(about, sort_keys=True)
                self.backend_said = True
            for name, about in (settings.get("required_providers") or {}).items():
                given = about if isinstance(about, dict) else {"version": about}
                source = str(given.get("source", f"hashicorp/{name}"))
                self.providers[name] = (source, str(given.get("version", "")))

    def whole(self, names: list[str]) -> Configuration:
        for name in sorted(self.implied - self.providers.keys()):
            self.providers[name] = ("terraform" if name == "terraform" else f"hashicorp/{name}", "")
        return Configuration(
            files=tuple(names),
            backend=self.backend,
            backend_said=self.backend_said,
            backend_digest=hashlib.sha256(f"{self.backend} {self.backend_text}".encode()).hexdigest()[:16],
            providers=dict(sorted(self.providers.items())),
            modules=dict(sorted(self.modules.items())),
            required=tuple(dict.fromkeys(self.required)),
            external=self.external,
            resources=frozenset(self.resources),
        )


def _value_of_provider(body: str) -> str:
    """``google`` of ``provider = google.eu`` in a resource's body."""
    found = re.search(r"^\s*provider\s*=\s*([\w-]+)", body, re.MULTILINE)
    return found[1] if found else ""


def _listed(value: object) -> list[dict[str, dict[str, object]]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
