"""``helm.create_chart``: a new chart's folder, made by helm itself and put into its place in one piece."""

from __future__ import annotations

import re
import shlex
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from reign_executors.call import Call, discard
from reign_executors.effect import Action, Effect
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.change import Changed, FileChange, PathField
from reign_executors.files.image import Root, walk
from reign_executors.files.places import Stop, lstat, real
from reign_executors.files.putting import clear, copy_tree, settle_tree, staging, swap_in
from reign_executors.files.scene import ABSENT, Scene, other_name
from reign_executors.files.tree import same_tree
from reign_executors.files.write import make_parents, top_root
from reign_executors.helm.failures import ChartInvalid
from reign_executors.helm.program import reads

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


class CreateChart(FileChange):
    """Make a chart's folder with helm's own beginning of a chart: a Deployment, a Service, an Ingress, values."""

    name: ClassVar[str] = "helm.create_chart"
    summary: ClassVar[str] = "Create a new Helm chart in a folder, from helm's starter"
    timeout: ClassVar[float] = 120.0

    path: PathField
    parents: bool = False

    def main(self, call: Call) -> Path:
        return real(super().main(call))

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (top_root(self.main(call)),)

    def refuse(self, scene: Scene) -> None:
        scene.forbid("making a chart of the", self.main(scene.call), writing=True)

    def starter(self, call: Call) -> Path:
        """Where helm makes the chart before it is put into its place."""
        return call.folder / "starter" / self.main(call).name

    async def _make_starter(self, call: Call) -> Path:
        chart = self.starter(call)
        if _NAME.fullmatch(chart.name) is None:
            raise ChartInvalid(
                f"{chart.name!r} is no name for a chart", "take letters, digits, hyphens, underscores and dots"
            )
        if not chart.is_dir():
            chart.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            await reads(replace(call, write=discard, cwd=chart.parent), ["create", chart.name], timeout=60.0)
        return chart

    async def preview(self, call: Call) -> Effect:
        with tempfile.TemporaryDirectory(prefix="reign-chart-") as place:
            scratch = replace(call, folder=Path(place))
            await self._make_starter(scratch)
            return await super().preview(scratch)

    def look(self, scene: Scene, stop: Stop) -> None:
        path = self.main(scene.call)
        what = scene.kind(path)
        if what != ABSENT:
            other = other_name(path)
            scene.problem(f"{path} is there already ({what})", ("other", f"call it {other.name}", {"path": str(other)}))
            return
        scene.bind(path)
        if scene.parent(path, make=self.parents, choice={"parents": True}):
            starter = self.starter(scene.call)
            files = sorted(str(entry.relative_to(starter)) for entry in starter.rglob("*") if entry.is_file())
            scene.change(Action.CREATE, path, directory=True, diff="\n".join(f"+ {name}" for name in files))

    async def execute(self, call: Call) -> Changed:
        await self._make_starter(call)
        return await super().execute(call)

    def already(self, call: Call) -> bool:
        starter, path = self.starter(call), self.main(call)
        return lstat(path) is not None and starter.is_dir() and same_tree(starter, path)

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        if lstat(path) is not None:
            raise Conflict(f"{path} is there already", "name another folder")
        if self.parents:
            make_parents(path)
        elif not path.parent.is_dir():
            raise NotFound(f"the folder {path.parent} does not exist", "make it first, or say parents")
        prepared = staging(path, call.key)
        clear(prepared)
        try:
            copy_tree(self.starter(call), prepared, stop)
            settle_tree(prepared)
            swap_in(prepared, path, call.key)
        except BaseException:
            clear(prepared)
            raise
        return sum(found.st_size for entry, found in walk(path) if entry.is_file())

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        if not (path / "Chart.yaml").is_file():
            return False, f"{path} is no chart"
        starter = self.starter(call)
        if starter.is_dir() and not same_tree(starter, path):
            return False, f"{path} holds other files than helm's starter"
        return True, f"{path} is a chart"

    def command_line(self) -> str:
        return f"helm create {shlex.quote(self.path)}"
