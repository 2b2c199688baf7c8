"""An engine's proxy takes connections for a container in which nobody listens: that must not count as an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reign_executors.call import Call
from reign_executors.network.ports import CheckPort
from reign_executors.network.reach import Refused

if TYPE_CHECKING:
    from tests.conftest import DockerScope

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(("command", "there"), [(["sleep", "60"], False), (["httpd", "-f", "-p", "80"], True)])
async def test_published_port(
    docker_scope: DockerScope,
    busybox_image: str,
    free_port: Callable[[], int],
    tmp_path: Path,
    command: list[str],
    there: bool,
) -> None:
    port = free_port()
    docker_scope.client.containers.run(
        busybox_image,
        command,
        name=docker_scope.name("web"),
        labels=docker_scope.labels,
        ports={"80/tcp": ("127.0.0.1", port)},
        detach=True,
    )
    call = Call(key="r_1/s1", folder=tmp_path)
    if there:
        assert (await CheckPort(port=port, wait=20).execute(call)).how == "http"
    else:
        with pytest.raises(Refused):
            await CheckPort(port=port, wait=1).execute(call)
