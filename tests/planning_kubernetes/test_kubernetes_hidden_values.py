"""A key of a secret that is set in words, changed by a later process and taken back: nothing of it is written down."""

from __future__ import annotations

from pathlib import Path

from reign_agents.session import RunEnd, Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.store import Store, StorePaths
from reign_executors.effect import Risk


async def test_a_hidden_value_is_set_changed_and_taken_back(
    tmp_path: Path, kube_context: str, kube_namespace: str
) -> None:
    settings = EngineSettings(cwd=tmp_path, kube_context=kube_context, namespace=kube_namespace)
    paths = StorePaths(data=tmp_path / "data", state=tmp_path / "state")

    async def said(*texts: str) -> list[RunEnd]:
        with Store.open(paths) as store:
            session = Session(store, settings, name="s_one")
            options = RunOptions(interactive=False, approve=Risk.DESTROY)
            ends = [await session.wait(await session.ask(text, options)) for text in texts]
            await session.close()
        return ends

    made = await said("create secret db with user=ana", "add pass=hunter22xyz to it")
    assert [end.exit for end in made] == [0, 0], made
    after = await said("set pass=hunter33xyz in secret db", "undo that", "how do I undo it?", "rotate to hunter44xyz")
    assert [end.exit for end in after] == [0, 0, 0, 0], after
    for file in paths.data.rglob("*"):
        assert not file.is_file() or b"hunter" not in file.read_bytes(), file
