"""awk and sed: text tools that can write files and run commands."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.handlers.awk_output import lines_of, printed
from reign_executors.shell.analysis.handlers.filters import sed_text
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    NETWORK,
    UNKNOWN,
    is_known,
    marks,
    plain,
    unmarked,
)


@handler("awk")
def _awk(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    operands = list(inv.operands)
    programs = [run.content(v, inv.scope, inv.stdin) for v in inv.all_values("-f", "--file")]
    if not programs and not inv.has("-e", "--source"):
        if not operands:
            return UNKNOWN
        programs = [operands.pop(0)]
    programs += inv.all_values("-e", "--source")
    if inv.has("-i", "--include") and "inplace" in [plain(v) for v in inv.all_values("-i", "--include")]:
        for o in operands:
            run.write(o, inv.scope)
    elif inv.has("-i", "--include"):
        run.unclear("unclear.script", "what awk includes is not visible")
    content = "".join(run.content(o, inv.scope, inv.stdin) for o in operands if "=" not in o) or (inv.stdin or "")
    for program in programs:
        if NETWORK in program or DECODED in program:
            run.deny("code.from-network" if NETWORK in program else "code.decoded", "code from elsewhere is run by awk")
        text = plain(program)
        if unmarked(program) == UNKNOWN or (not is_known(program) and re.search(r"system|\||>", text)):
            run.unclear("unclear.code", "what awk would run is not known")
        content += _awk_text(inv, text, content)
    if (
        ENVIRONMENT in content
        and re.search(r"print\s+\$1\s*\}?$", plain(programs[0]))
        and plain(inv.value("-F") or "") == "="
    ):
        content = content.replace(ENVIRONMENT, "")
    if len(programs) == 1 and not inv.options and not any("=" in plain(o) for o in operands):
        return _awk_prints(inv, plain(programs[0]), content)
    return UNKNOWN + marks(content)


def _awk_prints(inv: Invocation, program: str, content: str) -> str:
    """What a program that only prints would print; what it prints into a shell is run."""
    seen = printed(program, lines_of(content))
    if seen is None:
        return UNKNOWN + marks(content)
    text, piped = seen
    for command, given in piped:
        inv.run.run_text(command, inv.scope.copy(), marks(content) + given, where="awk")
    said = marks(content) + text
    return said if is_known(text) or re.search(r"[A-Za-z]{2} ", plain(text)) else UNKNOWN + marks(said)


def _commands(inside: str, content: str) -> list[str]:
    """What ``system("rm " $1)`` runs for each line read; fields of unknown lines are unknown."""
    lines = [line for line in plain(content).split("\n") if line][:8] if content and is_known(content) else [None]

    def one(line: str | None) -> str:
        def piece(m: re.Match[str]) -> str:
            if m[1] is not None:
                return ansi(m[1])
            field = re.fullmatch(r"\s*\$(\d+)\s*", m[2])
            if field and line is not None:
                parts = [line, *line.split()]
                return parts[int(field[1])] if int(field[1]) < len(parts) else ""
            return UNKNOWN if m[2].strip() else ""

        return re.sub(r'"((?:\\.|[^"\\])*)"|([^"]+)', piece, inside)

    return [one(line) for line in lines]


def _assigned(text: str, name: str) -> list[str]:
    """The string constants that an awk program gives to a variable."""
    return [ansi(s) for s in re.findall(rf'\b{name}\s*=\s*"((?:\\.|[^"\\])*)"', text)]


def _awk_bare(text: str) -> str:
    """An awk program without the insides of its strings, regular expressions and comments."""
    out: list[str] = []
    i = 0
    before = "("
    while i < len(text):
        c = text[i]
        if c == '"' or (c == "/" and before in "(,~!{};&|\n"):
            end = i + 1
            while end < len(text) and text[end] != c and (c == '"' or text[end] != "\n"):
                end += 2 if text[end] == "\\" else 1
            out.append(c + c)
            i = end + 1
            before = '"'
            continue
        if c == "#":
            i = len(text) if (end := text.find("\n", i)) < 0 else end
            continue
        out.append(c)
        before = before if c in " \t" else c
        i += 1
    return "".join(out)


def _awk_opens(bare: str) -> bool:
    """Whether a file or program is opened that is not one plain string constant."""
    for found in re.finditer(r"(?<!\|)\|(?!\|)&?", bare):
        left, right = bare[: found.start()].rstrip(), bare[found.end() :].lstrip()
        if right.startswith("getline"):
            if not re.search(r'(?:^|[({;\n!=]|while\s*\()\s*""$', left):
                return True
        elif not re.match(r'""\s*(?:$|[;}\n)])', right):
            return True
    for found in re.finditer(r"\bprintf?\b", bare):
        depth = 0
        rest = bare[found.end() :]
        for i, c in enumerate(rest):
            if c in "([":
                depth += 1
            elif c in ")]":
                depth -= 1
            elif c in ";}\n" and depth <= 0:
                break
            elif c == ">" and depth <= 0:
                if not re.match(r'>?\s*""\s*(?:$|[;}\n])', rest[i + 1 :]):
                    return True
                break
    return False


def _awk_text(inv: Invocation, text: str, content: str) -> str:
    """Report what an awk program runs and writes; returns the marks of what it reads from commands."""
    run = inv.run
    printed = ""
    blank = re.sub(r'"(?:\\.|[^"\\])*"', lambda m: '"' + "_" * (len(m[0]) - 2) + '"', text)
    bare = _awk_bare(text)
    for found in re.finditer(r'\bsystem\s*\(\s*("(?:\\.|[^"\\])*"(?:\s*[^")][^)]*)?|[^)]*)', text):
        if not blank.startswith("system", found.start()):
            continue
        inside = found[1]
        strings = re.findall(r'"((?:\\.|[^"\\])*)"', inside)
        if strings:
            for code in _commands(inside, content):
                run.run_text(code, inv.scope.copy(), None, where="awk")
        elif re.fullmatch(r"\s*[A-Za-z_]\w*\s*", inside) and (assigned := _assigned(text, inside.strip())):
            for code in assigned:
                run.run_text(code, inv.scope.copy(), None, where="awk")
        elif (inside.strip() == "$0" and content and is_known(content)) or NETWORK in content or DECODED in content:
            run.run_text(content, inv.scope.copy(), None, where="awk")
        else:
            run.unclear("unclear.code", "awk runs what it reads")
    for found in re.finditer(r'"((?:\\.|[^"\\])*)"\s*\|&?\s*getline|\|&?\s*"((?:\\.|[^"\\])*)"', text):
        printed += marks(run.run_text(ansi(found[1] or found[2] or ""), inv.scope.copy(), None, where="awk"))
        if (found[1] or found[2] or "").startswith("/inet/"):
            run.deny("shell.reverse", "awk opens a raw network connection")
    if "/inet/" in text:
        run.deny("shell.reverse", "awk opens a raw network connection")
    for found in re.finditer(r'>{1,2}\s*"((?:\\.|[^"\\])*)"', text):
        if re.search(r"(?:print|printf)\b[^;}\n]*$", text[: found.start()]):
            run.write(ansi(found[1]), inv.scope)
    if _awk_opens(bare):
        run.unclear("unclear.code", "awk writes to files or runs programs named while it runs")
    if re.search(r"@\w+\s*\(|@load|@include", bare):
        run.unclear("unclear.code", "awk loads or calls something unknown")
    return printed


_SED_ADDRESS = re.compile(
    r"\s*(?:(?:\d+|\$|/(?:\\.|[^/\\])*/[IM]*|\\(.)(?:(?!\1).)*\1)(?:~\d+)?(?:,(?:[+~]?\d+|\$|/(?:\\.|[^/\\])*/[IM]*))?)?\s*!?\s*"
)


@handler("sed")
def _sed(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    operands = list(inv.operands)
    scripts = inv.all_values("-e", "--expression")
    in_place = inv.has("-i", "--in-place") or any(f.startswith(("--in-p", "-i")) for f, _ in inv.options)
    files = inv.all_values("-f", "--file")
    for f in files:
        content = run.content(f, scope, inv.stdin)
        if unmarked(content) == UNKNOWN:
            run.unclear("unclear.script", "what sed's script does is not visible")
        else:
            scripts = [*scripts, content]
    if not scripts and not files:
        if in_place and inv.name == "sed" and operands and plain(operands[0]) == "":
            operands.pop(0)
        if operands:
            scripts = [operands.pop(0)]
    text = "".join(run.content(o, scope, inv.stdin) for o in operands) or (inv.stdin or "")
    for one in scripts:
        bare = plain(one)
        if set(one) & {NETWORK, DECODED}:
            run.unclear("unclear.code", "sed's script comes from elsewhere")
        if not inv.has("--sandbox"):
            _sed_script(inv, bare, text)
    if in_place:
        for operand in operands:
            run.write(operand, scope)
        if not operands:
            run.change(Action.UPDATE, "file/…", "sed -i changes files in place")
        return ""
    known = gathered_text(text)
    if known is not None and len(scripts) == 1 and not inv.has("-n", "-E", "-r", "--quiet"):
        changed = sed_text(plain(scripts[0]), known)
        if changed is not None:
            kept = marks(text)
            if (
                changed != known
                and not re.search(r"\s", known.strip())
                and len(known) > 8
                and not re.search(r"[a-z]{2,} ", known)
            ):
                pass
            return kept + changed
    return UNKNOWN + marks(text)


def gathered_text(text: str) -> str | None:
    return plain(text) if text and is_known(text) and len(text) < 8000 else None


def _sed_script(inv: Invocation, script_text: str, content: str) -> None:
    run = inv.run
    rest = script_text
    guard = 0
    while rest and guard < 200:
        guard += 1
        rest = rest.lstrip("; \t\n{}")
        if not rest:
            return
        if rest[0] == "#":
            rest = rest.partition("\n")[2]
            continue
        address = _SED_ADDRESS.match(rest)
        if address:
            rest = rest[address.end() :]
        if not rest:
            return
        command = rest[0]
        if command in "sy" and len(rest) > 1:
            delimiter = re.escape(rest[1])
            found = re.match(
                rf"[sy]{delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}"
                r"([A-Za-z0-9]*)(?:[ \t]*([^;\n}]*))?",
                rest,
                re.DOTALL,
            )
            if found is None:
                return
            flags = found[3]
            if command == "s" and "e" in flags:
                code = found[2] if not re.search(r"\\\d|&", found[2]) else UNKNOWN
                run.run_text(
                    ansi(code) if code != UNKNOWN else UNKNOWN + marks(content), inv.scope.copy(), None, where="sed"
                )
                if code == UNKNOWN and is_known(content):
                    run.run_text(content, inv.scope.copy(), None, where="sed")
                run.unclear("unclear.code", "sed runs what its substitution makes")
            if command == "s" and "w" in flags and found[4]:
                run.write(found[4].strip(), inv.scope)
            rest = rest[found.end(3) if "w" not in flags else found.end() :]
            continue
        if command == "e":
            code = rest[1:].split("\n", 1)[0].strip()
            run.run_text(code or content or UNKNOWN, inv.scope.copy(), None, where="sed")
            rest = rest.partition("\n")[2]
            continue
        if command in "wW":
            name = rest[1:].split("\n", 1)[0].strip()
            if name:
                run.write(name, inv.scope)
            rest = rest.partition("\n")[2]
            continue
        if command in "aicrR:btT":
            rest = (
                rest.partition("\n")[2]
                if command in "aicrR"
                else re.split(r"[;\n]", rest, maxsplit=1)[1]
                if re.search(r"[;\n]", rest)
                else ""
            )
            continue
        rest = rest[1:].lstrip("0123456789 ")
