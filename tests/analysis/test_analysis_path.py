"""A search path that leads elsewhere before it leads to the system's programs: no name is trusted after it."""

from __future__ import annotations

import pytest

from reign_agents.safety.check import judge_command


@pytest.mark.parametrize(
    "command",
    [
        "PATH=; cat x",
        "PATH=:/bin; cat x",
        "PATH=.:$PATH; cat x",
        "PATH=/usr/local/bin:/tmp:/usr/bin; cat x",
        "PATH=/usr/bin::/bin; cat x",
        "export PATH=$HOME/bin:$PATH; cat x",
    ],
)
def test_led_astray(command: str) -> None:
    assert judge_command(command).verdict == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "PATH=$PATH:/opt/tool/bin; cat x",
        "export PATH=/usr/bin:/bin; cat x",
        "PATH=/usr/sbin:/sbin:$PATH; ls -l /etc",
        'export PATH="$PATH:/usr/local/go/bin" && go version',
    ],
)
def test_led_to_the_system_first(command: str) -> None:
    assert judge_command(command).verdict == "allow"
