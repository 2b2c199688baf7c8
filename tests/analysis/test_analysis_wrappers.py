"""No option of a wrapper hides the program: whichever way it is read, the worst reading counts."""

from __future__ import annotations

import pytest

from reign_agents.safety.check import judge_command

WRAPPERS = {
    "chrt": ["-i 0", "-f 10", "-R -f 10", "-b 0"],
    "entr": ["", "-r"],
    "ionice": ["-t", "-c 3", "-c2 -n 0"],
    "ltrace": ["-c", "-f"],
    "numactl": ["-l", "-i all", "--localalloc"],
    "prlimit": ["--nofile", "--nofile=10"],
    "setarch": ["-R", "x86_64"],
    "setsid": ["", "-f", "-w"],
    "strace": ["-c", "-f", "-f -o /dev/null"],
    "taskset": ["-c 0"],
    "unshare": ["-m", "-r", "-n"],
    "xargs": ["", "--replace", "--max-lines", "-r"],
    "xvfb-run": ["-a"],
    "unbuffer": ["-p"],
    "rlwrap": ["-a"],
    "dumb-init": ["-c"],
}
FORMS = [(name, flags) for name, all_flags in WRAPPERS.items() for flags in all_flags]


@pytest.mark.parametrize(("name", "flags"), FORMS)
@pytest.mark.parametrize("command", ["rm ls", "reboot", "touch x", "sh -c 'rm x'"])
def test_a_change_behind_any_wrapper_is_never_allowed(name: str, flags: str, command: str) -> None:
    assert judge_command(f"{name} {flags} {command}").verdict != "allow"
    assert judge_command(f"sudo {name} {flags} {command}").verdict != "allow"
    assert judge_command(f"ssh host {name} {flags} {command}").verdict != "allow"


@pytest.mark.parametrize(
    "command",
    ["nice -n 10 du -sh .", "ionice -c3 ls", "taskset -c 0 ls", "strace -c ls", "timeout 5 ls", "ls | xargs wc -l"],
)
def test_reads_behind_wrappers_stay_reads(command: str) -> None:
    assert judge_command(command).verdict == "allow"


@pytest.mark.parametrize(("command", "verdict"), [("rm -rf /", "deny"), ("reboot", "ask"), ("ls", "allow")])
def test_the_newest_container_needs_no_name(command: str, verdict: str) -> None:
    judged = judge_command(f"podman exec -l {command}").verdict
    assert judged == verdict or (verdict == "allow" and judged == "ask")
