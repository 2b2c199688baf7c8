"""Charts: where one is (a folder, a package, a repository), what it holds, and the one helm stored with a release."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reign_executors.errors import InvalidFields, NotFound
from reign_executors.helm.manifest import yaml_text
from reign_executors.helm.storage import Release
from reign_executors.home import expanded

Json = dict[str, Any]

FILES = 20_000
BYTES = 256 * 1024 * 1024
"""The most of a chart's folder that is looked at; helm itself takes far less."""


@dataclass(frozen=True, slots=True)
class ChartAt:
    """``word`` is what helm is given for it; ``path`` where it lies on this machine (None: it is fetched)."""

    kind: Literal["folder", "package", "repository"]
    word: str
    path: Path | None = None


def locate(chart: str, cwd: Path) -> ChartAt:
    """What ``chart`` means: a path that exists, ``oci://…``, a URL, or ``repository/name``. ``NotFound`` when it can
    only be a path and nothing is there, ``InvalidFields`` for a folder that is no chart."""
    if "://" in chart:
        return ChartAt("repository", chart)
    path = cwd / expanded(chart)
    if path.is_dir():
        if not (path / "Chart.yaml").is_file():
            raise InvalidFields(
                f"{path} is no chart: it has no Chart.yaml",
                _near(path) or "name a chart's folder (helm create makes one)",
            )
        return ChartAt("folder", str(path.resolve()), path.resolve())
    if path.is_file():
        return ChartAt("package", str(path.resolve()), path.resolve())
    first, slash, rest = chart.partition("/")
    named = bool(slash) and bool(rest) and first not in (".", "..", "~", "") and not chart.endswith((".tgz", "/"))
    if named and "/" not in rest:
        return ChartAt("repository", chart)
    raise NotFound(f"there is no chart {chart} in {cwd}", _near(path) or "name its folder, its .tgz or repository/name")


def _near(path: Path) -> str:
    """A hint at charts that lie nearby."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        return ""
    found = sorted(str(entry.parent) for entry in folder.glob("*/Chart.yaml"))[:5]
    return f"there is {', '.join(found)}" if found else ""


def digest(at: ChartAt) -> str | None:
    """Of all bytes of a chart on this machine; None for one that is fetched, or too large to be a chart."""
    if at.path is None:
        return None
    whole = hashlib.sha256()
    if at.path.is_file():
        with at.path.open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    size = 0
    for number, path in enumerate(sorted(entry for entry in at.path.rglob("*") if entry.is_file())):
        if ".git" in path.relative_to(at.path).parts:
            continue
        data = path.read_bytes()
        size += len(data)
        if number > FILES or size > BYTES:
            return None
        whole.update(f"{path.relative_to(at.path)}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return "sha256:" + whole.hexdigest()


def metadata(at: ChartAt) -> Json:
    """``Chart.yaml`` of a chart's folder; empty for others, and when it can't be read."""
    if at.kind != "folder" or at.path is None:
        return {}
    import yaml

    try:
        found = yaml.safe_load((at.path / "Chart.yaml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def fetched_digest(chart: Mapping[str, Any] | None) -> str:
    """Of a chart as helm rendered it: for charts that are fetched."""
    return "sha256:" + hashlib.sha256(json.dumps(chart, sort_keys=True).encode()).hexdigest()


def whole(chart: Mapping[str, Any] | None) -> bool:
    """Whether the chart that helm stored is all of it: charts inside a chart are not stored."""
    return chart is not None and not (chart.get("metadata") or {}).get("dependencies")


@contextmanager
def stored(release: Release) -> Iterator[ChartAt]:
    """The chart a release was made from, as helm stored it, written into a folder that is gone afterwards.
    ``NotFound`` when helm has not stored all of it."""
    if not whole(release.chart):
        raise NotFound(
            f"helm keeps only a part of the chart of release {release.name}: it has charts inside",
            "name the chart",
        )
    assert release.chart is not None
    name = str((release.chart.get("metadata") or {}).get("name") or "chart")
    with tempfile.TemporaryDirectory(prefix="reign-chart-") as place:
        folder = Path(place) / Path(name).name
        folder.mkdir(mode=0o700)
        _put(folder, "Chart.yaml", yaml_text(release.chart.get("metadata") or {}).encode())
        _put(folder, "values.yaml", yaml_text(release.chart.get("values") or {}).encode())
        if release.chart.get("schema"):
            _put(folder, "values.schema.json", base64.b64decode(release.chart["schema"]))
        for file in [*(release.chart.get("templates") or ()), *(release.chart.get("files") or ())]:
            _put(folder, str(file["name"]), base64.b64decode(file.get("data") or ""))
        yield ChartAt("folder", str(folder), folder)


@contextmanager
def chosen(chart: str | None, cwd: Path, release: Release | None, name: str) -> Iterator[ChartAt]:
    """The chart as given; without one, that of the release as helm stored it."""
    if chart is not None:
        yield locate(chart, cwd)
        return
    if release is None:
        raise NotFound(f"there is no release {name} whose chart could be taken", "name the chart")
    with stored(release) as found:
        yield found


def _put(folder: Path, name: str, data: bytes) -> None:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidFields(f"the chart holds a file outside of itself: {name}", "don't trust this chart")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
