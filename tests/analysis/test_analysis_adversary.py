"""What shells do that a reader of their text may not expect: each of these was once called harmless, and was proved not
to be by running it in a sandbox."""

from __future__ import annotations

import pytest

from reign_agents.safety.check import judge_command

HERE_DOCUMENTS = [
    "cat <<EOF\nE\\\nOF\ntouch f\nEOF\n",
    "cat <<EOF\nx\\\nEOF\ncat <<'Q'\nEOF\ntouch f\nQ\n",
    "cat <<\"E'F\"\nE'F\ntouch f\nEF\n",
    "cat <<$'EOF'\nEOF\ntouch f\n$EOF\n",
    'cat <<$"EOF"\nEOF\ntouch f\n$EOF\n',
    "cat <<'E\\F'\nE\\F\ntouch f\nEF\n",
    "cat <<E\\\nF\nEF\ntouch f\nE\n",
    "cat <<-'\tE'\n\tE\ntouch f\n\tE\n",
    "echo $(cat <<A)\ntouch f\nA\n",
    "cat <<EOF $(echo\ntouch f\nEOF\n)\n",
    "cat <<EOF `echo\ntouch f\nEOF\n`\n",
]
QUOTES = [
    "echo $(('$(touch f)'))",
    "(('$(touch f)'))",
    "echo $[ '$(touch f)' ]",
    "let a[\\$\\(touch\\ f\\)]",
    "declare -a y='($(touch f))'",
    "x='$(touch f)'; declare -a \"y=($x)\"",
    "sort $'\\x{2d}o' f",
    "sort $'-o\\0nk' x",
    "sort $(printf '%b' '\\0055o') f",
    "echo hi >&\u00b2",
    "x='a[${ touch f; }]'; ((x))",
]
FUNCTIONS = [
    "x=true; f() { $x; x='touch y'; f; }; f",
    "alias touch=echo; touch f",
    "alias rm=ls; rm -rf x",
    "false && touch() { :; }; touch f",
    "if false; then touch() { :; }; fi; touch f",
    "if true; then :; elif touch() { :; }; then :; fi; touch f",
    "while false; do touch() { :; }; done; touch f",
    "case x in y) touch() { :; };; esac; touch f",
    "f() { return; touch() { :; }; }; f; touch f",
    "x='touch f'; f() { return; x=ls; }; f; $x",
    "touch() { :; }; sudo touch f",
    "touch() { :; }; env touch f",
    "touch() { :; }; exec touch f",
    "touch() { :; }; bash -c 'touch f'",
    "touch() { :; }; find . -exec touch {} +",
    "touch() { :; }; [ 1 ] && unset -f touch; touch f",
    "touch() { :; }; command unset -f touch; touch f",
    "set -o posix; eval() { :; }; eval touch f",
    "x=ls; trap '$x' EXIT; x='touch f'",
    "x=ls; trap 'x=\"touch f\"' DEBUG; $x",
    "x=ls; command printf -v x 'touch f'; $x",
    "x=ls; bash -c '${x:-touch f}'",
]
VALUES = [
    "x=-of; x=-n sort $x",
    "a=true b=true c='touch f'; while :; do $a; a=$b; b=$c; done",
    "a=true; b=true; c=true; d='touch f'; for i in 1 2 3 4 5; do $a; a=$b; b=$c; c=$d; done",
    "for x in " + " ".join(f"a{n}" for n in range(30)) + " -of; do sort $x; done",
    "a=(" + " ".join(f"a{n}" for n in range(70)) + ' -of); for x in "${a[@]}"; do sort $x; done',
    "((IFS=1)); v=f1-o1g; sort $v",
    "let IFS=1; v=f1-o1g; sort $v",
    "[ 1 ] && IFS=X; v=fX-oXg; sort $v",
    "IFS=: read a b <<< 'sort -o f:x'; $a",
    "x='12345678-o-n'; sort ${x:010:2} f",
    "x=-; sort ${x/-/&o} f",
    "x=/o; sort ${x/\\//-} f",
    "x=-K; curl ${x,,z} f http://a",
    "x=-k; curl ${x@U} f http://a",
    "shopt -s lastpipe; x=ls; echo touch f | read x; $x",
    "echo ls | while read -u 3 x; do $x; done 3< file",
    "echo ls | { exec < file; read x; $x; }",
    "echo '#\\ntouch f' | sh",
    "eval \"$(echo ': #\\ntouch f')\"",
    "echo '\"touch f\"' | xargs sh -c",
    "echo 'ls reboot' | xargs -n1 env",
    "getopts a: x -a-of; sort $OPTARG",
]
BUILTINS = [
    "hash -rp ./x ls",
    "hash -lp ./x ls; ls",
    "enable -af ./e.so foo",
    "enable -nf ./e.so foo",
    "compgen -C 'touch f'",
    "compgen -W '$(touch f)'",
    "compgen -F foo",
    "complete -C 'touch f' ls",
    "bind -x '\"\\C-x\": touch f'",
    "mapfile -C'touch f' -c1 a",
    "readarray -tC 'touch f' -c 1 a < x",
    "cd /tmp; false && cd /bin; ./ls",
    "pushd -n /bin; ./ls",
]


@pytest.mark.parametrize("command", [*HERE_DOCUMENTS, *QUOTES, *FUNCTIONS, *VALUES, *BUILTINS])
def test_what_a_shell_would_do_is_seen(command: str) -> None:
    assert judge_command(command).verdict in ("ask", "deny")


@pytest.mark.parametrize(
    "command",
    [
        "cat <<EOF\nfirst \\\nsecond\nEOF\n",
        "cat <<'END OF IT'\n$(not run)\nEND OF IT\n",
        "x=$(cat <<'E'\n)\nE\n); echo $x",
        "echo $((3 * (4 + 5)))",
        "x='a[1]'; ((x))",
        "count() { ls | wc -l; }; count; count",
        'show() { cat "$1"; }; show a; show b',
        'walk() { ls $1; if [ -n "$2" ]; then walk $2; fi; }; walk a b',
        'n=0; for f in a b c; do n=$((n+1)); s="$s $f"; done; echo $n $s',
        'while IFS= read -r line; do echo "$line"; done < file',
        'while IFS=: read -r user _ id _; do echo "$user $id"; done < /etc/group',
        "for i in {1..100}; do kubectl get pod web-$i; done",
        "x=a/b/c; echo ${x//\\//-} ${x##*/} ${x%/*} ${x^^}",
        "alias k=kubectl; k get pods",
        "alias ll='ls -l'; ll",
        "printf 'a\\nb\\n' | xargs -n1 ls",
        "echo 'a\\tb'",
        "grep \"$(echo 'a\\.b')\" file",
        "x=1; LC_ALL=C sort $x",
        "compgen -c | sort",
        "complete -p",
        "trap - EXIT; ls",
        "trap 'echo done' EXIT; ls",
        "cat a | while read -r x; do y=$x; done; echo $y",
        "read -r -p 'Name? ' x; echo $x",
        "df -h | { read -r h; echo $h; sort -k5; }",
    ],
)
def test_ordinary_shell_is_not_held_up(command: str) -> None:
    assert judge_command(command).verdict == "allow", judge_command(command).reasons
