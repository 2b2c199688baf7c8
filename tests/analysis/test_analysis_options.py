"""What reads is believed to read only with options that are known: unknown ones ask, however they are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reign_agents.safety.check import judge_command
from reign_executors.shell.analysis import knowledge
from reign_executors.shell.analysis.handlers import load

READERS = [
    *(
        "ls",
        "cat f",
        "grep x f",
        "rg x",
        "head f",
        "tail f",
        "wc f",
        "sort f",
        "uniq f",
        "cut -f1 f",
        "du .",
        "df",
        "stat f",
    ),
    *("ps", "free", "lsblk", "lsof", "journalctl", "systemctl status x", "ss", "ip addr", "dmesg", "date", "file f"),
    *("git log", "git diff", "git status", "git show", "git branch", "git tag -l", "git ls-files", "git blame f"),
    *(
        "kubectl get pods",
        "kubectl describe pod x",
        "kubectl logs x",
        "helm list",
        "helm status x",
        "docker ps",
        "docker logs x",
    ),
    *(
        "docker images",
        "docker compose ps",
        "terraform plan",
        "terraform show",
        "curl https://x",
        "wget -qO- https://x",
    ),
    *(
        "dig x",
        "ping -c1 x",
        "jq . f",
        "yq . f",
        "awk '{print $1}' f",
        "sed -n 1p f",
        "find .",
        "tree",
        "diff a b",
        "xxd f",
    ),
    *(
        "psql -c 'select 1'",
        "mysql -e 'select 1'",
        "npm ls",
        "pip list",
        "apt list",
        "rpm -qa",
        "dpkg -l",
    ),
    *(
        "gh pr list",
        "trivy image x",
        "tar tf x",
        "unzip -l x",
        "nmap h",
        "openssl version",
        "crontab -l",
        "sudo ls",
        "env ls",
    ),
    *(
        "timeout 5 ls",
        "xargs ls",
        "ssh h ls",
        "nice ls",
        "strace ls",
        "smartctl -a /dev/sda",
        "promtool check config x",
    ),
]
NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=9).map(lambda n: f"--zz{n}")


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(READERS), NAMES, st.sampled_from(["", "=f", " f"]))
def test_an_option_nobody_knows_is_asked_for(reader: str, option: str, value: str) -> None:
    program, _, rest = reader.partition(" ")
    assert judge_command(reader).verdict == "allow"
    assert judge_command(f"{program} {option}{value} {rest}").verdict != "allow"
    if not reader.startswith(("sudo", "env", "timeout", "xargs", "ssh", "nice", "strace")):  # theirs end at the command
        assert judge_command(f"{reader} {option}{value}").verdict != "allow"


WRITING = [
    ("sort f", "--output", "-o"),
    ("tree", "", "-o"),
    ("curl https://x", "--cookie-jar", "-c"),
    ("curl https://x", "--dump-header", "-D"),
    ("git diff", "--output", ""),
    ("journalctl", "--cursor-file", ""),
    ("iconv f", "--output", "-o"),
    ("wget -qO- https://x", "--append-output", "-a"),
    ("tcpdump -i eth0", "", "-w"),
    ("docker compose config", "--output", "-o"),
    ("diff a b", "--output", ""),
    ("nmap h", "", "-oN"),
]


@pytest.mark.parametrize(("reader", "long", "short"), WRITING)
def test_options_that_write_are_seen_in_every_spelling(reader: str, long: str, short: str) -> None:
    forms = [f"{long}=out", f"{long} out"] if long else []
    forms += [f"{short} out", f"{short}out"] if short else []
    for form in forms:
        assert judge_command(f"{reader} {form}").verdict == "ask", form
        program, _, rest = reader.partition(" ")
        if not reader.startswith(("git", "docker")):
            assert judge_command(f"{program} {form} {rest}").verdict == "ask", form


@pytest.mark.parametrize(
    "command",
    [
        *(
            "sort --o=f x",
            "sort -k --output=f x",
            "journalctl -u --cursor-file=f",
            "sort --outp f x",
            "sort -uo f x",
            "sort -nuof x",
            "sort -rofile x",
            "curl -sSLo f https://x",
        ),
        *("curl -sc jar https://x", "tail --out=f x", "ls --sor=size --unknown", "grep -rnZq --zz x f", "tree -ao f"),
        *("sed -ni p f", "sed -nEi.bak p f", "yq -Pi . f", "tar tf x --to-comm=sh", "rg -n --pre=sh x", "dmesg -Tc"),
    ],
)
def test_abbreviations_and_clusters_hide_nothing(command: str) -> None:
    assert judge_command(command).verdict == "ask"


@pytest.mark.parametrize(
    "command",
    [
        *(
            "ls --col=never --sor=size",
            "sort --rev --num f",
            "grep --ignore-c --recurs x .",
            "head --lin=3 f",
            "du --max-d=1",
        ),
        *("ls -lahtr", "ps -efww", "tail -n+2 f", "tail -20 f", "head -c1K f", "cut -d: -f1 f", "sort -t, -k2,2n f"),
        *("git log -5 -M90% -U3", "grep -rnHiE x .", "du -xhd1 .", "curl -fsSLI https://x", "kubectl get po -Aowide"),
    ],
)
def test_common_ways_to_write_options_stay_reads(command: str) -> None:
    assert judge_command(command).verdict == "allow"


def test_the_lists_are_well_formed_and_name_programs_that_exist() -> None:
    load()
    names = knowledge.names()
    for path in sorted((knowledge.FOLDER / "options").glob("*.txt")):
        for line in path.read_text("utf-8").replace("\n  ", " ").split("\n"):
            if not line or line.startswith("#"):
                continue
            commands, colon, options = line.partition(": ")
            assert colon, line[:80]
            for command in commands.split(", "):
                assert command.split()[0] in names, command
            for option in options.split():
                assert re.fullmatch(r"--?[\w.:@#?~,*=+-]+|-\[?|\*|-[.#@~]", option) or option in (
                    "-",
                    "-~",
                ), option


@pytest.mark.parametrize(
    "name", ["grep", "curl", "git log", "kubectl get", "docker ps", "journalctl", "terraform plan", "tar"]
)
def test_no_option_that_writes_or_runs_is_called_harmless(name: str) -> None:
    words = name.split()
    spec = knowledge.program(words[0])
    assert spec is not None
    for word in words[1:]:
        spec = spec.find(word) or spec
    known = knowledge.options(*words)
    assert not known.keys() & (spec.writes | spec.runs)
    assert not known.keys() & {f for f, effect in spec.flags.items() if effect not in ("reads", "nothing")}
