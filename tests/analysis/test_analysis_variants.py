"""Spelling changes nothing: quoting, wrapping, renaming and nesting keep the verdict; garbage never loosens it."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Callable

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reign_agents.safety.check import judge_command
from reign_executors.shell.analysis import analyse

RANK = {"allow": 0, "ask": 1, "deny": 2}
SEEDS = st.sampled_from(
    [
        (["rm", "-rf", "/"], "deny"),
        (["rm", "-rf", "/etc"], "deny"),
        (["chmod", "-R", "777", "/"], "deny"),
        (["dd", "if=/dev/zero", "of=/dev/sda"], "deny"),
        (["mkfs.ext4", "/dev/sdb1"], "deny"),
        (["kubectl", "delete", "ns", "kube-system"], "deny"),
        (["find", "/", "-delete"], "deny"),
        (["mv", "/usr", "/tmp/x"], "deny"),
        (["rm", "-rf", "./dist"], "ask"),
        (["rm", "notes.txt"], "ask"),
        (["mkdir", "-p", "a/b"], "ask"),
        (["kubectl", "delete", "pod", "web"], "ask"),
        (["docker", "stop", "web"], "ask"),
        (["git", "push"], "ask"),
        (["systemctl", "restart", "nginx"], "ask"),
        (["ls", "-la", "/etc"], "allow"),
        (["git", "log", "--oneline"], "allow"),
        (["kubectl", "get", "pods", "-A"], "allow"),
        (["grep", "-r", "rm -rf /", "."], "allow"),
        (["echo", "rm", "-rf", "/"], "allow"),
        (["docker", "ps", "-a"], "allow"),
        (["cat", "/etc/hosts"], "allow"),
    ]
)


@st.composite
def spelled(draw: st.DrawFn, words: list[str]) -> str:
    """The same words in another quoting."""
    return " ".join(_word(draw, w) for w in words)


def _word(draw: st.DrawFn, word: str) -> str:
    how = draw(st.integers(0, 7))
    if how == 0:
        return shlex.quote(word)
    if how == 1:
        return '"' + "".join("\\" + c if c in '$`"\\' else c for c in word) + '"'
    if how == 2:
        return "$'" + "".join(f"\\x{ord(c):02x}" for c in word) + "'"
    if how == 3:
        cut = draw(st.integers(0, len(word)))
        return shlex.quote(word[:cut]) + '""' + shlex.quote(word[cut:])
    if how == 4 and word.isalnum():
        return word[0] + "\\" + word[1:] if len(word) > 1 else word
    if how == 5:
        return "$'" + "".join(f"\\{ord(c):03o}" for c in word) + "'"
    if how == 6:
        return "".join("'" + c + "'" if c != "'" else "\\'" for c in word)
    if how == 7 and word.isalnum():
        return word[:1] + "\\\n" + word[1:]
    return shlex.quote(word)


def _quoted(text: str) -> str:
    return shlex.quote(text)


PREFIXES: list[Callable[[str], str]] = [
    lambda c: c,
    lambda c: f"sudo {c}",
    lambda c: f"sudo -u root -- {c}",
    lambda c: f"env A=1 {c}",
    lambda c: f"timeout 5 {c}",
    lambda c: f"nohup {c}",
    lambda c: f"nice -n 3 {c}",
    lambda c: f"sh -c {_quoted(c)}",
    lambda c: f"bash -lc {_quoted(c)}",
    lambda c: f"ssh host {_quoted(c)}",
    lambda c: f"docker exec web sh -c {_quoted(c)}",
    lambda c: f"kubectl exec web -- sh -c {_quoted(c)}",
    lambda c: f"find . -maxdepth 0 -exec {c} \\;",
    lambda c: f"watch {_quoted(c)}",
    lambda c: f"flock /tmp/l sh -c {_quoted(c)}",
    lambda c: f"busybox sh -c {_quoted(c)}",
    lambda c: f"xargs -n1 sh -c {_quoted(c)}",
]
AROUND: list[Callable[[str], str]] = [
    lambda c: f"eval {_quoted(c)}",
    lambda c: f"bash <<< {_quoted(c)}",
    lambda c: f"printf '%s\\n' {_quoted(c)} | sh",
    lambda c: f"true && {c}",
    lambda c: f"ls; {c}",
    lambda c: f"false || {c}",
    lambda c: f"( {c} )",
    lambda c: f"{{ {c}; }}",
    lambda c: f"if true; then {c}; fi",
    lambda c: f"for i in 1; do {c}; done",
    lambda c: f"while true; do {c}; done",
    lambda c: f"f() {{ {c}; }}; f",
    lambda c: f"f() {{ {c}; }}",
    lambda c: f"case x in *) {c};; esac",
    lambda c: f"echo $({c})",
    lambda c: f"cat <({c})",
    lambda c: f"trap {_quoted(c)} EXIT",
    lambda c: f'X={_quoted(c)}; eval "$X"',
    lambda c: f"{{ {c}; }} | cat",
    lambda c: f"{{ {c}; }} & wait",
    lambda c: f"time {{ {c}; }}",
]
OUTSIDE: list[Callable[[str], str]] = [
    lambda c: c,
    lambda c: f"bash <<'E'\n{c}\nE",
    lambda c: f"cat <<'E' | bash\n{c}\nE",
    lambda c: f"ssh host <<'E'\n{c}\nE",
    lambda c: f"{c} # a note",
    lambda c: f"\n\n  {c}\n",
]


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, str]:
    words, verdict = draw(SEEDS)
    text = draw(spelled(words))
    for wrap in draw(st.lists(st.sampled_from(PREFIXES), max_size=2)):
        text = wrap(text)
    for wrap in draw(st.lists(st.sampled_from(AROUND), max_size=2)):
        text = wrap(text)
    assume(len(text) < 1500)  # quotes within quotes grow fast; beyond the bounds a person is asked
    return draw(st.sampled_from(OUTSIDE))(text), verdict


@settings(max_examples=800, deadline=None)
@given(variants())
def test_spelling_and_wrapping_keep_the_verdict(case: tuple[str, str]) -> None:
    text, verdict = case
    judged = judge_command(text)
    assert judged.verdict == verdict, (text, judged)


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.sampled_from(["sh", "bash", "sudo sh", "bash -s"]))
def test_decoded_text_run_by_a_shell_is_denied(case: tuple[list[str], str], shell: str) -> None:
    command = shlex.join(case[0])
    encoded = base64.b64encode(command.encode()).decode()
    assert judge_command(f"echo {encoded} | base64 -d | {shell}").verdict == "deny"
    assert judge_command(f"echo {encoded} | base64 -d").verdict == "allow"
    assert judge_command(f"printf %s {command.encode().hex()} | xxd -r -p | {shell}").verdict == "deny"


NAMES = st.text("abcdefgh", min_size=1, max_size=5).filter(
    lambda n: n not in ("cd", "bg", "fg", "bc", "dc", "ed", "head")
)


@settings(max_examples=150, deadline=None)
@given(SEEDS, NAMES, NAMES)
def test_names_kept_in_variables_and_aliases_keep_the_verdict(case: tuple[list[str], str], a: str, b: str) -> None:
    words, verdict = case
    rest = shlex.join(words[1:])
    assert judge_command(f"v{a}={words[0]}; $v{a} {rest}").verdict == verdict
    assert judge_command(f"v{a}={words[0][:1]}; v{b}x={words[0][1:]}; $v{a}$v{b}x {rest}").verdict == verdict
    assert judge_command(f"alias al{a}={words[0]}; al{a} {rest}").verdict == verdict
    assert judge_command(f'fn{a}() {{ {words[0]} "$@"; }}; fn{a} {rest}').verdict == max(
        verdict, judge_command(f'fn{a}() {{ {words[0]} "$@"; }}').verdict, key=RANK.__getitem__
    )


FRAGMENTS = st.sampled_from(
    [
        *(
            "rm",
            "-rf",
            "/",
            ";",
            "&&",
            "||",
            "|",
            "&",
            "(",
            ")",
            "{",
            "}",
            "$(",
            "`",
            "${",
            '"',
            "'",
            "\\",
            "<",
            ">",
            "<<",
        ),
        *(
            "<<<",
            "EOF",
            "\n",
            "if",
            "then",
            "fi",
            "do",
            "done",
            "case",
            "esac",
            "$'x",
            "$((",
            "))",
            "[[",
            "]]",
            "#",
            "!",
        ),
        *(
            "*",
            "?",
            "[a]",
            "~",
            "x=1",
            "x=(",
            "f()",
            "function",
            "eval",
            "ls",
            "cat",
            "echo",
            "$x",
            "${x:-y}",
            "<(",
            ">(",
        ),
        *("2>&1", "&>", "|&", ";;", "in", "\t", "\x00", "\x7f", "é", "漢", "\ue000", "\ue011"),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map(" ".join))
@example("$(" * 300)
@example("((" * 2000)
@example("`" * 999)
@example("a|" * 4000)
@example("x=(" * 2000)
@example("<<a\n" * 2000)
@example("${x:-" * 500)
@example("f(){ f;f;};" * 200)
@example("for i in {1..99} {1..99}; do for j in {1..99}; do echo $i$j$i$j; done; done;" * 20)
def test_nothing_crashes(text: str) -> None:
    judged = judge_command(text)
    assert judged.verdict in RANK
    assert judged.reasons or judged.verdict == "allow"
    assert not any(f.rule == "unclear.internal" for f in analyse(text).findings)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=120))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert judge_command(text).verdict in RANK
    assert not any(f.rule == "unclear.internal" for f in analyse(text).findings)


@settings(max_examples=400, deadline=None)
@given(variants(), st.lists(FRAGMENTS, max_size=6).map(" ".join), st.sampled_from(["\n", "; ", " ; : ; ", "\n\n"]))
def test_garbage_after_a_command_never_loosens_the_verdict(case: tuple[str, str], garbage: str, joint: str) -> None:
    text, verdict = case
    if "<<" in text or "# " in text:
        joint = "\n"
    judged = judge_command(text + joint + garbage)
    assert RANK[judged.verdict] >= min(RANK[verdict], 1), (text + joint + garbage, judged)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_comments_are_no_commands(case: tuple[list[str], str]) -> None:
    command = shlex.join(case[0])
    assert judge_command(f"# a note\n{command} # and another").verdict == case[1]
    assert judge_command(f"ls # {command}").verdict == "allow"


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.sampled_from(["(ls; {}", "if true; then {}", "{{ {}; ls", "for i in a; do {}", "{} && (", "{} | "]))
def test_unfinished_text_is_asked_or_worse(case: tuple[list[str], str], frame: str) -> None:
    verdict = judge_command(frame.format(shlex.join(case[0]))).verdict
    assert verdict == max(case[1], "ask", key=RANK.__getitem__)
