"""Code in other languages: what it reads, runs and writes, as far as a look at its text tells."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.python_code import harmless
from reign_executors.shell.analysis.handlers.wrappers import script
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    NETWORK,
    SECRET,
    UNKNOWN,
    is_known,
    listed,
    marks,
    plain,
    shown,
    unmarked,
)

_STRING = r"""(?:[rbuf]{0,2}"((?:[^"\\]|\\.)*)"|[rbuf]{0,2}'((?:[^'\\]|\\.)*)')"""
_RUNNERS = re.compile(
    r"(?:os\.system|os\.popen|subprocess\.\w+|\b(?:call|run|Popen|check_call|check_output|getoutput|spawn|execvp?)\b(?=\s*\()|commands\.getoutput|pty\.spawn|\bsystem|\bexec|\bpopen|\bshell_exec|\bpassthru|"
    r"\bspawn|\bspawnSync|\bexecSync|\bexecFileSync|\bexecFile|IO\.popen|Open3\.\w+|Kernel\.\w+|os\.execute|io\.popen|os\.exec\w+|qx)"
    r"\s*[(\[ ]?\s*(\[?\s*(?:" + _STRING + r"\s*,?\s*\[?\s*)+)",
    re.DOTALL,
)
_BACKTICKS = re.compile(r"`([^`]+)`|%x[({\[]([^)}\]]+)[)}\]]|qx[{(/]([^})/]+)[})/]")
_FETCH = re.compile(
    r"urlopen|urllib|requests['\"]?\)?\.(?:get|post)|\bget\s*\(?\s*['\"]https?:|http\.client|httpx|URI\.open|open-uri|Net::HTTP|LWP::Simple|HTTP::Tiny|file_get_contents\s*\(\s*['\"]https?:|"
    r"\bfetch\(|https?\.get|\bcurl_exec|WWW::|require\(['\"]https?['\"]\)|import\s+https"
)
_EXECUTE = re.compile(
    r"\b(?:exec|eval|execfile|compile|instance_eval|system|popen|runpy|Function|include|require_relative)\s*[( ]|"
    r"os\.system|subprocess|__import__\("
)
_DECODE = re.compile(
    r"b64decode|base64|fromhex|unhexlify|codecs\.decode|\bpack\s*\(?\s*['\"]H|unpack|decode_base64|atob|Buffer\.from|base64_decode|"
    r"hex2bin|str_rot13|gzinflate|zlib\.decompress|marshal\.loads|rot13|\[::-1\]|decode64|decode\(['\"]hex|\bchr\("
)
_SOCKET = re.compile(r"socket|Socket|TCPSocket|fsockopen|net\.connect|net\.Socket|IO::Socket|luasocket", re.DOTALL)
_GIVES_SHELL = re.compile(
    r"dup2|pty\.spawn|/bin/(?:ba|da|z)?sh|\bexec\b.*sh|subprocess|cmd\.exe|STDIN->fdopen|shell_exec|\bproc_open|child_process|<&3|spawn",
    re.DOTALL,
)
_DELETES = re.compile(
    r"(?:shutil\.rmtree|os\.remove|os\.unlink|os\.rmdir|os\.removedirs|rmtree|\bunlink|FileUtils\.\w*rm\w*|File\.delete|Dir\.rmdir|rmdir|"
    r"fs['\"]?\)?\.(?:rm|rmSync|rmdir|rmdirSync|unlink|unlinkSync)|remove_tree|\.unlink|\.rmtree|rimraf|os\.rename|shutil\.move|fs\.renameSync|remove_dir_all)"
    r"\s*\(?\s*(?:pathlib\.)?(?:Path|PosixPath)?\(?\s*(?:os\.path\.expanduser\()?" + _STRING
)
_PATH_DELETES = re.compile(
    r"(?:Path|PosixPath)\(\s*" + _STRING + r"\s*\)\.(?:unlink|rmdir|rmtree|write_text|write_bytes|touch|chmod)"
)
_WRITES = re.compile(
    r"(?:\bopen|File\.open|File\.write|fs['\"]?\)?\.(?:write|append)File(?:Sync)?|file_put_contents|fopen|IO\.write|Path)\s*\(?\s*"
    + _STRING
    + r"\s*(?:,\s*(?:mode\s*=\s*)?(?:"
    + _STRING
    + r")|\)\.write)"
)
_PERL_OPEN = re.compile(r"open\s*\(?\s*[^,]+,\s*['\"]\s*(\+?>{1,2}|\|)\s*([^'\"]*)['\"](?:\s*,\s*['\"]([^'\"]*)['\"])?")
_READS = re.compile(r"(?:open|readFileSync|read_text|File\.read|file_get_contents|Path)\s*\(\s*" + _STRING)
_ENVIRON = re.compile(
    r"os\.environ\b(?!\s*(?:\[|\.get))|process\.env\b(?!\.)|\bENV\b\.to_|%ENV|getenv\(\)|dict\(os\.environ\)"
)
_FORK = re.compile(
    r"(?:while|for|until|loop|1\s+while)\b[^\n]*\n?[^\n]*\bfork\b|\bfork\(\)\s*for\b|\bfork\b\s*(?:\(\s*\))?\s*while|fork\s*(?:&&|\|\|)\s*fork",
    re.DOTALL,
)
_PURE = re.compile(r"""[\w\s.,:;()\[\]{}'"+\-*/%=<>!?@#|&^~$\\`]*""")
_ATTACHED = {"perl": "MmIFC", "ruby": "rIFCK", "php": "d", "python": "WX", "pypy": "WX", "node": "r", "lua": ""}


@handler("interpreter")
def _interpreter(inv: Invocation, effect: str) -> str | None:
    """python, perl, ruby, node, php, lua: ``-c``/``-e`` code, a script, a module, or standard input."""
    run = inv.run
    words = inv.argv[1:]
    name = re.sub(r"[\d.]+$", "", inv.name) or inv.name
    flags = {
        "python": "c",
        "pypy": "c",
        "perl": "eE",
        "ruby": "e",
        "node": "ep",
        "nodejs": "ep",
        "deno": "",
        "php": "r",
        "lua": "e",
        "bun": "e",
    }.get(name, "e")
    codes: list[str] = []
    modules: list[str] = []
    in_place = False
    looping = False
    i = 0
    rest: list[str] = []
    while i < len(words):
        word = plain(words[i])
        i += 1
        if (
            word in ("--version", "-V", "--help", "-h", "-VV")
            or (word == "-v" and name not in ("python", "perl") and len(words) == 1)
            or (word == "-v" and name == "perl")
        ):
            return UNKNOWN
        if word in ("--eval", "--print", "--run") and i < len(words):
            codes.append(words[i])
            i += 1
            continue
        if word.startswith("--eval="):
            codes.append(words[i - 1].partition("=")[2])
            continue
        if name in ("python", "pypy") and word == "-m":
            return _module(inv, words[i:])
        attached = re.match(r"-[A-Za-z0-9]*?([MmIFrCKdWX])(.+)", word)
        if attached and name in _ATTACHED and attached[1] in _ATTACHED[name]:
            in_place = in_place or (name in ("perl", "ruby") and "i" in word[1 : attached.start(1)])
            looping = looping or "n" in word[1 : attached.start(1)] or "p" in word[1 : attached.start(1)]
            modules.append(f"use {attached[2]};")
            continue
        if re.fullmatch(r"-[A-Za-z0-9.]+", word):
            body = word[1:]
            if name in ("perl", "ruby"):
                in_place = in_place or (re.search(r"^[a-zA-Z]*i", body) is not None and not body.startswith("I"))
                looping = looping or "n" in body or "p" in body
            if name == "php" and body in ("l", "m", "i"):
                return UNKNOWN
            if name == "perl" and "c" in body and "e" not in body and i < len(words):
                return UNKNOWN
            if name in ("node", "nodejs") and word in ("-c", "--check"):
                return UNKNOWN
            found = next((k for k, c in enumerate(body) if c in flags), -1)
            if name in ("python", "pypy") and found >= 0 and found < len(body) - 1:
                codes.append(words[i - 1].lstrip("-")[found + 1 :])
                rest = words[i:]
                break
            if found >= 0 and i < len(words):
                codes.append(words[i])
                i += 1
                if name in ("python", "pypy"):
                    rest = words[i:]
                    break
                continue
            if body[-1] in "WXO" and name in ("python", "pypy") and body in ("W", "X"):
                i += 1
            if body in ("I", "r", "M", "m", "F", "C") and name in ("perl", "ruby", "php", "node", "nodejs", "lua"):
                i += 1
            continue
        if word.startswith("--"):
            continue
        rest = words[i - 1 :]
        break
    if codes:
        if in_place:
            for target in rest:
                run.write(target, inv.scope)
            run.change(
                Action.UPDATE, f"file/{shown(rest[0]) if rest else '…'}", f"{inv.name} -i changes files in place"
            )
        if name == "perl":
            for operand in rest:
                bare = plain(operand).strip()
                if bare.endswith("|") or bare.startswith("|"):
                    run.run_text(bare.strip("|"), inv.scope.copy(), None, where="perl")
        text = "\n".join([*modules, *codes] if name != "python" else codes)
        return judge_code(
            inv,
            text,
            name,
            "".join(run.content(r, inv.scope, inv.stdin) for r in rest) if looping else (inv.stdin or ""),
        )
    if rest and plain(rest[0]) != "-":
        return script(inv, rest, inv.scope)
    if inv.stdin is not None and not (unmarked(inv.stdin) == UNKNOWN and not set(inv.stdin) & {NETWORK, DECODED}):
        return judge_code(inv, inv.stdin, name, "")
    run.unclear("unclear.code", f"what {inv.name} would run is not known")
    return UNKNOWN


_QUIET_MODULES = listed(
    "json.tool site sysconfig platform timeit this calendar tabnanny dis ast tokenize pydoc py_compile doctest"
)


def _module(inv: Invocation, words: list[str]) -> str:
    run = inv.run
    module = plain(words[0]) if words else ""
    if module in _QUIET_MODULES or "--version" in words or "--help" in words:
        if module == "json.tool":
            return UNKNOWN + marks(inv.stdin or "")
        return UNKNOWN
    if module in (
        "pip",
        "ensurepip",
        "venv",
        "pytest",
        "unittest",
        "http.server",
        "compileall",
        "build",
        "twine",
        "poetry",
    ):
        from reign_executors.shell.analysis.knowledge import program

        if program(module) is not None:
            return run.run_argv([module, *words[1:]], inv.scope, inv.stdin)
    run.unclear("unclear.script", f"runs the module {module}")
    return UNKNOWN


def judge_code(inv: Invocation, code: str, language: str, stdin: str) -> str:
    """Code in another language than shell."""
    run = inv.run
    source_marks = set(code)
    if NETWORK in source_marks:
        run.deny("code.from-network", f"code from the network is run at once by {inv.name}")
    if DECODED in source_marks:
        run.deny("code.decoded", f"decoded text is run by {inv.name}")
    text = plain(code)
    text = re.sub(r"""(["'])\s*\+\s*\1""", "", text)  # "rm" + " -rf": one string
    if re.search(r"\\x[0-9a-f]{2}", text):
        text = text + "\n" + ansi(text)
    gathered_marks = marks(stdin)
    if _FORK.search(text):
        run.deny("host.fork-bomb", "is a fork bomb")
    fetches = _FETCH.search(text)
    executes = _EXECUTE.search(text)
    if fetches and re.search(
        r"\b(?:exec|eval|compile|system|instance_eval|Function|runpy)\s*[( ]|os\.system|subprocess|vm\.run", text
    ):
        run.deny("code.from-network", f"code from the network is run at once by {inv.name}")
    if _DECODE.search(text) and re.search(
        r"\b(?:exec|eval|system|popen|instance_eval|Function|spawn\w*|execSync|passthru|shell_exec)\s*[( ]|"
        r"os\.system|os\.popen|subprocess\.",
        text,
    ):
        run.deny("code.decoded", f"decoded text is run by {inv.name}")
    if _SOCKET.search(text) and _GIVES_SHELL.search(text):
        run.deny("shell.reverse", "gives a shell to the network")
    if _ENVIRON.search(text):
        gathered_marks += ENVIRONMENT
    sends = re.search(
        r"urlopen|requests\.(?:post|get|put)|http\.client|Net::HTTP|sendall|\.send\(|fetch\(|https?\.request|curl_exec|LWP|socket",
        text,
    )
    for found in _READS.finditer(text):
        gathered_marks += (
            marks(run.content(found[1] or found[2] or "", inv.scope, None)) if (found[1] or found[2]) else ""
        )
    if "expanduser" in text or "homedir" in text or "~/" in text:
        for found in re.finditer(_STRING, text):
            if (found[1] or found[2] or "").startswith("~"):
                gathered_marks += marks(run.content((found[1] or found[2]).replace("~", "/root", 1), inv.scope, None))
    if sends and set(gathered_marks) & {SECRET, ENVIRONMENT, "\ue014"}:
        run.deny("credential.sent", f"sends credentials or the environment away with {inv.name}")
    quiet = _quiet(text, language)
    for found in _RUNNERS.finditer(text):
        quiet = False
        strings = [a or b for a, b in re.findall(_STRING, found[1])]
        if not strings:
            continue
        if found[1].lstrip().startswith("[") or (len(strings) > 1 and language not in ("python", "pypy")):
            run.run_argv([unescaped(s) for s in strings], inv.scope.copy(), None, under=inv.name)
        else:
            run.run_text(unescaped(strings[0]), inv.scope.copy(), None, where=inv.name)
    for found in _BACKTICKS.finditer(text):
        if language in ("node", "nodejs", "bun", "deno", "python", "pypy"):
            break
        quiet = False
        run.run_text(unescaped(found[1] or found[2] or found[3]), inv.scope.copy(), None, where=inv.name)
    for found in [*_DELETES.finditer(text), *_PATH_DELETES.finditer(text)]:
        quiet = False
        target = next((g for g in found.groups() if g is not None), "")
        run.delete(_home(target), inv.scope)
    if re.search(r"rmtree|rm_rf|rmSync|remove_tree", text):
        quiet = False
        for found in re.finditer(_STRING, text):
            value = found[1] or found[2] or ""
            if value.startswith(("/", "~")):
                danger = paths.deletion(_home(value), inv.scope.cwd)
                if danger:
                    run.deny(*danger)
        if re.search(
            r"(?:expanduser\(['\"]~/?['\"]\)|Path\.home\(\)|homedir\(\)|Dir\.home|ENV\[['\"]HOME['\"]\])\s*[,)]", text
        ):
            run.deny("delete.home", "would delete a home as a whole")
    for found in _WRITES.finditer(text):
        target = found[1] or found[2] or ""
        mode = found[3] or found[4] or "w"
        if re.search(r"[wax+]", mode) or "write" in found[0].lower() or "put_contents" in found[0]:
            quiet = False
            run.write(_home(target), inv.scope)
    for found in _PERL_OPEN.finditer(text):
        quiet = False
        if found[1] == "|":
            run.run_text(found[2], inv.scope.copy(), None, where=inv.name)
        elif found[2] or found[3]:
            run.write(found[2].strip() or found[3], inv.scope)
    if re.search(r"os\.setuid\(0\)|setuid\(0\)", text) and "sh" in text:
        run.unclear("unclear.code", "becomes root and opens a shell")
    if executes:
        quiet = False
    if not quiet:
        run.unclear("unclear.code", f"what this {inv.name} code would do can't be seen for sure")
    return UNKNOWN + marks(gathered_marks) + (DECODED if _DECODE.search(text) else "")


_STARTS_PROGRAMS = re.compile(
    r"system|exec|run|shell|spawn|popen|cmd|command|process|\bsh\b|Runtime|invoke|open\s*\|", re.IGNORECASE
)
_REMOVES = re.compile(r"unlink|delete|remove|rmtree|rm_?r|rmdir|deltree|rimraf|\brm\b|wipe", re.IGNORECASE)
_ANY_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]+)`")
_PATHS_NAMED = re.compile(r"(?<![\w./])[/~][\w./*-]*")


def judge_unread(inv: Invocation, code: str) -> None:
    """Code in a language that is not read: its strings count as commands, its paths as deleted.

    Strings count where it starts programs, paths where it deletes. Only catastrophes are told
    so; the caller says that the rest is not known.
    """
    run = inv.run
    text = plain(code)
    if NETWORK in code:
        run.deny("code.from-network", f"code from the network is run at once by {inv.name}")
    if DECODED in code:
        run.deny("code.decoded", f"decoded text is run by {inv.name}")
    if _FORK.search(text):
        run.deny("host.fork-bomb", "is a fork bomb")
    if _SOCKET.search(text) and _GIVES_SHELL.search(text):
        run.deny("shell.reverse", "gives a shell to the network")
    strings = [unescaped(a or b or c) for a, b, c in _ANY_STRING.findall(text)]
    if _STARTS_PROGRAMS.search(text):
        for line in text.split("\n"):
            words = re.match(r"\s*(?:\w+\s+)?(?:exec|system|spawn)\s+(?:-\w+\s+|--\s+)*(.+)", line)
            if words:
                run.run_text(words[1], inv.scope.copy(), None, where=inv.name)
        for string in dict.fromkeys([*strings, " ".join(strings)]):
            if " " in string.strip():
                run.run_text(string, inv.scope.copy(), None, where=inv.name)
    if _REMOVES.search(text):
        for path in _PATHS_NAMED.findall(text):
            danger = paths.deletion(_home(path), inv.scope.cwd)
            if danger:
                run.deny(*danger)


def unescaped(text: str) -> str:
    return re.sub(r"\\(['\"\\])", r"\1", text)


def _home(path: str) -> str:
    return "/./root" + path[1:] if path[:1] == "~" else path


_RISKY = re.compile(
    r"\b(?:system|exec|fork|unlink|rename|open|socket|kill|syswrite|rmdir|mkdir|chmod|chown|link|symlink|truncate|do|require|"
    r"use\s+(?!strict|warnings|JSON|Data::Dumper|POSIX|List::Util|MIME::Base64|Time::|json|csv|yaml|time|date|set|pp|digest)|"
    r"eval|dump|write|File|Dir|IO|Process|Kernel|FileUtils|fs|child_process|spawn|fetch|import|file_put_contents|passthru|"
    r"process\.(?!version|argv|env|stdout|platform|arch|memoryUsage|uptime|cwd)|shell_exec|popen|proc_open|assert|include|"
    r"os\.|io\.|load|dofile|send|__send__|public_send|method|instance_eval|const_get|constantize|binding|ObjectSpace|autoload|"
    r"constructor|Function|globalThis|Reflect|Proxy|Worker|call_user_func\w*|array_map|ReflectionFunction|syscall|ioctl|utime)\b"
    r"|&\s*[{$]|\*\{|->\s*\$|/\w*e\w*e\w*\b|<\s*`"
)
_PHP_CALLS = listed(
    "echo print print_r var_dump var_export phpversion php_uname php_sapi_name phpinfo json_encode "
    "json_decode date time strlen strtoupper strtolower implode explode count array sprintf printf "
    "number_format md5 sha1 hash base64_encode ini_get extension_loaded get_loaded_extensions "
    "memory_get_usage array_keys array_values in_array strtotime mktime uniqid rand random_int max min "
    "round floor ceil abs isset empty is_array is_string str_repeat substr strpos str_replace trim "
    "ucfirst file_get_contents file_exists is_file filesize getcwd gethostname if while for foreach "
    "function return switch"
)


def _quiet(text: str, language: str) -> bool:
    """Code that plainly only computes and prints."""
    if len(text) > 2000 or not is_known(text):
        return False
    if language in ("python", "pypy"):
        return harmless(text)
    if language == "php":
        bare = re.sub(_STRING, "''", text)
        calls = re.findall(r"([A-Za-z_$\\][\w$\\]*)\s*\(", bare)
        return all(c.lower() in _PHP_CALLS for c in calls) and not re.search(
            r"`|\)\s*\(|\]\s*\(|->|::|include|require|new ", bare
        )
    javascript = language in ("node", "nodejs", "bun", "deno")
    if not javascript and not re.search(r"#\{|@\{|\$\{", text):
        text = re.sub(_STRING, "''", text)
    if javascript:
        text = re.sub(r"require\(['\"](?:\.{1,2}/[\w./-]+\.json|os|path|util|crypto)['\"]\)", "{}", text)
    if _RISKY.search(text):
        return False
    return "`" not in text or javascript


__all__ = ["judge_code", "judge_unread"]
