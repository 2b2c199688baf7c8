"""Values that bash reads again as an expression: what runs in their subscripts counts, and PATH may be a number."""

from __future__ import annotations

import pytest

from reign_agents.safety.check import judge_command

RUN_AGAIN = [
    "x='a[$(touch f)]'; ((x))",
    "x='a[`touch f`]'; ((x+1))",
    "x='a[$(touch f)]'; echo $((x))",
    "x='a[$(touch f)]'; [[ 1 -eq x ]]",
    "x='a[$(touch f)]'; y=x; ((y))",
    "x='a[$(touch f)]'; for ((i=x;i<1;i++)); do :; done",
    "x='a[$(touch f)]'; echo ${z[x]}",
    "x='a[$(touch f)]'; echo ${z:x}",
    "x='a[$(touch f)]'; echo ${!x}",
    "x='a[$(touch f)]'; declare -i y=x",
    "x='a[$(touch f)]'; let x",
    "x='$(touch f)'; echo ${x@P}",
    "x='a[$'; y='(touch f)]'; (($x$y))",
    "set -- 'a[$(touch f)]'; (($1))",
    "f() { (( $1 )); }; f 'a[$(touch f)]'",
    "read x <<< 'a[$(touch f)]'; ((x))",
    "for x in 'a[$(touch f)]'; do ((x)); done",
    "a=('a[$(touch f)]'); ((a))",
    "declare -n r='a[$(touch f)]'; echo $r",
    "x='a[$(touch f)]' bash -c '((x))'",
    "test -v 'a[$(touch f)]'",
    "[ -v 'a[$(touch f)]' ]",
    "unset 'a[$(touch f)]'",
    "printf -v 'a[$(touch f)]' hi",
    "read 'a[$(touch f)]' <<< 1",
    "declare -i y='a[$(touch f)]'",
    "let 'a[$(touch f)]'",
]


@pytest.mark.parametrize("command", RUN_AGAIN)
def test_what_runs_in_a_value_counts(command: str) -> None:
    assert judge_command(command).verdict == "ask"
    assert judge_command(command.replace("touch f", "rm -rf /")).verdict == "deny"


@pytest.mark.parametrize(
    "command",
    [
        "((PATH=1)); cat x",
        "(( PATH += 1 )); cat x",
        "((PATH++)); cat x",
        "echo $((PATH=1)); cat x",
        "for ((PATH=1;;)); do cat x; done",
        "a=([PATH=1]=2); cat x",
        "a[PATH=1]=2; cat x",
        "echo ${a:PATH=1}; cat x",
        "echo ${a[PATH=1]}; cat x",
        "[[ 1 -eq PATH=1 ]]; cat x",
        "x=PATH=1; ((x)); cat y",
        "coproc PATH { echo; }; cat x",
        "exec {PATH}< x; cat x",
    ],
)
def test_a_number_for_path(command: str) -> None:
    assert judge_command(command).verdict == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "x='a[$(date)]'; ((x))",
        "((i=1)); cat x",
        "i=0; while ((i<3)); do ((i++)); cat x; done",
        "n=$(wc -l < f); if ((n > 5)); then cat f; fi",
        "for i in 1 2; do echo $((i*2)) ${a[i]} ${s:i:2}; done",
        "a=([x]=2 [y]=3); cat x",
        "[ -v a ] && cat x",
        "coproc X { cat; }; cat x",
        "jq '.items[$(x)]' f",
        "find . -name '*[`]*'",
        "PATH=/usr/bin:/bin; n=$((1+2)); cat x",
        "if [[ $(uname) == Linux && ${#a[@]} -gt 0 ]]; then ls; fi",
    ],
)
def test_ordinary_arithmetic_reads(command: str) -> None:
    assert judge_command(command).verdict == "allow"
