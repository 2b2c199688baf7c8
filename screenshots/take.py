"""``make screenshots``: pictures of the real app on a real run, as SVG beside this file.

The app runs over the real engine in a folder of its own. With a Docker Engine in reach (``DOCKER_HOST`` or the usual
socket) and an image named by ``REIGN_SCREENSHOT_IMAGE`` (it must stay up by itself and be here already), a container
is started and removed again with its volume; without, files are written and the way back is taken.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

os.environ["TEXTUAL_ANIMATIONS"] = "none"

from textual.pilot import Pilot

from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig

HERE = Path(__file__).resolve().parent
FILES = 'write "listen 8080" to site.conf and write "hello" to index.html and copy index.html to backup.html'
UNDO = "undo that"


def container_request(image: str) -> tuple[str, str]:
    """What to ask for, and how to get rid of it."""
    return (
        f"run a container from image {image} named reign-web, publish 18080 to 80, with a volume reign-data at /data",
        "remove container reign-web",
    )


class Photographer:
    """Drives the app as a person would and takes pictures."""

    def __init__(self, app: ReignApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, holds: Callable[[], object]) -> None:
        for _ in range(3000):
            if holds():
                return
            await self.pilot.pause(0.02)
        raise TimeoutError("the app did not get there")

    async def take(self, name: str) -> None:
        await self.app.main.chat.settled()
        await self.pilot.pause(0.4)
        picture = re.sub(r"terminal-\d+-", "reign-", self.app.export_screenshot())  # the same run, the same file
        (HERE / f"{name}.svg").write_text(picture, "utf-8")
        sys.stderr.write(f"screenshots/{name}.svg\n")

    async def send(self, text: str) -> None:
        editor = self.app.main.composer.editor
        editor.focus()
        editor.text = text
        await self.pilot.press("enter")

    async def asked(self) -> None:
        session = self.app.session
        assert session is not None
        await self.until(lambda: session.pending() or not self.app.conductor.desk.working)

    async def answer_all(self, picture: str = "") -> None:
        """Approve what is asked until the run has ended; the first dialog is photographed."""
        session, desk = self.app.session, self.app.conductor.desk
        assert session is not None
        while True:
            await self.until(lambda: session.pending() or not desk.working)
            if not desk.working:
                return
            await self.pilot.press("alt+a")
            await self.until(lambda: type(self.app.screen).__name__ == "ApprovalScreen")
            await self.pilot.pause(0.2)
            if picture:
                await self.take(picture)
                picture = ""
            await self.pilot.press("o")
            await self.until(lambda: type(self.app.screen).__name__ == "MainScreen")


async def session_of(folder: Path, work: Path, size: tuple[int, int], suffix: str, image: str | None) -> None:
    request, removal = container_request(image) if image else (FILES, UNDO)
    with Store.open(StorePaths(data=folder / "data", state=folder / "state")) as store:
        settings = EngineSettings(cwd=work, user="ana")
        app = ReignApp(lambda: Session(store, settings), AppConfig(), grace=0.0)
        async with app.run_test(size=size) as pilot:
            person = Photographer(app, pilot)
            await person.until(lambda: app.ready)
            await person.until(lambda: "asking" not in str(app.main.plan.query_one("#empty").render()))
            await person.take(f"start-{suffix}")
            await person.send(request)
            await person.asked()
            await person.take(f"plan-{suffix}")
            await person.answer_all(f"approve-{suffix}")
            await person.take(f"done-{suffix}")
            await person.send(removal)
            await person.answer_all(f"destroy-{suffix}")
            if image:
                await person.send("remove volume reign-data")
                await person.answer_all()
            await pilot.press("alt+5")
            await person.take(f"history-{suffix}")
            await pilot.press("f1")
            await person.take(f"help-{suffix}")


def main() -> int:
    image = os.environ.get("REIGN_SCREENSHOT_IMAGE") or None
    neutral = patch.multiple(  # pictures name no machine
        "reign_executors.host", host_name=lambda: "bastion-1", machine_identity=lambda: "0f3a" * 8
    )
    with neutral, tempfile.TemporaryDirectory(prefix="reign-") as folder:
        work = Path(tempfile.gettempdir()) / "site"  # a short path: it is in the pictures
        work.mkdir()
        try:
            for size, suffix in (((120, 40), "wide"), ((80, 24), "narrow")):
                asyncio.run(session_of(Path(folder) / suffix, work, size, suffix, image))
        finally:
            shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
