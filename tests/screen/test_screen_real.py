"""The screen over the real engine: files on this machine, nothing else needed."""

from __future__ import annotations

from pathlib import Path

from textual.geometry import Size

from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from tests.screen.conftest import Stage


async def test_a_file_is_written_and_the_way_back_taken_on_the_screen(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as store:
        app = ReignApp(lambda: Session(store, EngineSettings(cwd=work)), AppConfig(), grace=0.0)
        stage = Stage(app, None)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 40)) as stage.pilot:
            await stage.until(lambda: app.ready)
            await stage.send('write "hello" to notes.txt')
            await stage.until(lambda: "ASK" in stage.states())
            assert not (work / "notes.txt").exists()
            await stage.press("a")
            await stage.until(lambda: stage.dialog == "ApprovalScreen")
            await stage.press("p")
            await stage.until(lambda: set(stage.states()) == {"done"})
            assert (work / "notes.txt").read_text().strip() == "hello"
            await stage.until(lambda: not app.conductor.desk.working)
            await stage.send("undo that")
            await stage.until(lambda: "ASK" in stage.states())
            assert app.conductor.desk.current is not None
            assert app.conductor.desk.current.undo_of is not None
            while app.conductor.desk.working:
                await stage.press("alt+a")
                await stage.until(lambda: stage.dialog == "ApprovalScreen" or not app.conductor.desk.working)
                await stage.press("o")
                await stage.until(lambda: stage.dialog == "MainScreen")
                await stage.pilot.pause(0.1)
            assert not (work / "notes.txt").exists()
            assert [record.outcome for record in store.history()] == ["done", "done"]
            assert app.size == Size(120, 40)
