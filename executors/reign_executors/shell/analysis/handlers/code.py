"""Code in other languages: what it reads, runs and writes, as far as a look at its text tells."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.filters import sed_text
from reign_executors.shell.analysis.handlers.wrappers import script
from reign_executors.shell.analysis.invocation import Invocation, gathered, handler
from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    NETWORK,
    SECRET,
    UNKNOWN,
    is_known,
    marks,
    plain,
    shown,
    unmarked,
)

_STRING = r"""(?:[rbuf]{0,2}"((?:[^"\\]|\\.)*)"|[rbuf]{0,2}'((?:[^'\\]|\\.)*)')"""
_RUNNERS = re.compile(
    r"(?:os\.system|os\.popen|subprocess\.\w+|commands\.getoutput|pty\.spawn|\bsystem|\bexec|\bpopen|\bshell_exec|\bpassthru|"
    r"\bspawn|\bspawnSync|\bexecSync|\bexecFileSync|\bexecFile|IO\.popen|Open3\.\w+|Kernel\.\w+|os\.execute|io\.popen|os\.exec\w+|qx)"
    r"\s*[(\[ ]?\s*(\[?\s*(?:" + _STRING + r"\s*,?\s*)+)",
    re.S,
)
_BACKTICKS = re.compile(r"`([^`]+)`|%x[({\[]([^)}\]]+)[)}\]]|qx[{(/]([^})/]+)[})/]")
_FETCH = re.compile(
    r"urlopen|urllib|requests\.(?:get|post)|http\.client|httpx|URI\.open|open-uri|Net::HTTP|LWP::Simple|HTTP::Tiny|file_get_contents\s*\(\s*['\"]https?:|"
    r"\bfetch\(|https?\.get|\bcurl_exec|WWW::|require\(['\"]https?['\"]\)|import\s+https"
)
_EXECUTE = re.compile(r"\b(?:exec|eval|execfile|compile|instance_eval|system|popen|runpy|Function|include|require_relative)\s*[( ]|os\.system|subprocess|__import__\(")
_DECODE = re.compile(
    r"b64decode|base64|fromhex|unhexlify|codecs\.decode|\bpack\s*\(?\s*['\"]H|unpack|decode_base64|atob|Buffer\.from|base64_decode|"
    r"hex2bin|str_rot13|gzinflate|zlib\.decompress|marshal\.loads|rot13|\[::-1\]|decode64|decode\(['\"]hex|\bchr\("
)
_SOCKET = re.compile(r"socket|Socket|TCPSocket|fsockopen|net\.connect|net\.Socket|IO::Socket|luasocket", re.S)
_GIVES_SHELL = re.compile(r"dup2|pty\.spawn|/bin/(?:ba|da|z)?sh|\bexec\b.*sh|subprocess|cmd\.exe|STDIN->fdopen|shell_exec|\bproc_open|child_process|<&3|spawn", re.S)
_DELETES = re.compile(
    r"(?:shutil\.rmtree|os\.remove|os\.unlink|os\.rmdir|os\.removedirs|rmtree|\bunlink|FileUtils\.\w*rm\w*|File\.delete|Dir\.rmdir|rmdir|"
    r"fs\.(?:rm|rmSync|rmdir|rmdirSync|unlink|unlinkSync)|remove_tree|\.unlink|\.rmtree|rimraf|os\.rename|shutil\.move|fs\.renameSync|remove_dir_all)"
    r"\s*\(?\s*(?:pathlib\.)?(?:Path|PosixPath)?\(?\s*(?:os\.path\.expanduser\()?" + _STRING
)
_PATH_DELETES = re.compile(r"(?:Path|PosixPath)\(\s*" + _STRING + r"\s*\)\.(?:unlink|rmdir|rmtree|write_text|write_bytes|touch|chmod)")
_WRITES = re.compile(
    r"(?:\bopen|File\.open|File\.write|fs\.writeFile(?:Sync)?|fs\.appendFile(?:Sync)?|file_put_contents|fopen|IO\.write|Path)\s*\(?\s*"
    + _STRING
    + r"\s*(?:,\s*(?:mode\s*=\s*)?(?:"
    + _STRING
    + r")|\)\.write)"
)
_PERL_OPEN = re.compile(r"open\s*\(?\s*[^,]+,\s*['\"]\s*(\+?>{1,2}|\|)\s*([^'\"]*)['\"](?:\s*,\s*['\"]([^'\"]*)['\"])?")
_READS = re.compile(r"(?:open|readFileSync|read_text|File\.read|file_get_contents|Path)\s*\(\s*" + _STRING)
_ENVIRON = re.compile(r"os\.environ\b(?!\s*(?:\[|\.get))|process\.env\b(?!\.)|\bENV\b\.to_|%ENV|getenv\(\)|dict\(os\.environ\)")
_FORK = re.compile(r"(?:while|for|until|loop|1\s+while)[^\n]*\bfork\b|\bfork\b\s*(?:\(\s*\))?\s*while|fork\s*(?:&&|\|\|)\s*fork", re.S)
_PURE = re.compile(r"""[\w\s.,:;()\[\]{}'"+\-*/%=<>!?@#|&^~$\\`]*""")
_PYTHON_QUIET = re.compile(
    r"^(?:\s*(?:import|from)\s+(?:sys|json|re|math|os\.path|platform|datetime|time|collections|itertools|string|textwrap|hashlib|pprint|statistics|"
    r"ssl|uuid|random|functools|operator|decimal|csv|ipaddress|base64|struct|yaml|toml|tomllib|locale|calendar|sysconfig|site|importlib\.metadata|pkg_resources|numpy|pandas|django|flask|torch|requests|boto3|cryptography)"
    r"(?:\s*,\s*(?:sys|json|re|math|platform|datetime|time|string|hashlib|collections|random|base64|yaml|csv|uuid))*(?:\s+import\s+[\w, ]+)?(?:\s+as\s+\w+)?\s*$|"
    r"\s*(?:\w+(?:\s*,\s*\w+)*\s*=\s*)?[^=].*$|\s*)$"
)
_PYTHON_CALLS = re.compile(r"([A-Za-z_][\w.]*)\s*\(")
_PYTHON_KNOWN = frozenset(
    (
        "print len str int float list dict set tuple sorted sum min max abs round range enumerate zip map filter any all repr type isinstance "
        "json.load json.loads json.dumps json.dump sys.stdin.read sys.stdin.readlines sys.stdin.readline input ord hex bin oct format reversed "
        "bool divmod pow id hasattr iter next bytes "
        "hash vars dir help math.sqrt math.pi math.floor math.ceil math.log math.factorial datetime.now datetime.datetime.now datetime.date.today "
        "datetime.utcnow datetime.datetime.utcnow time.time time.strftime platform.platform platform.python_version platform.system platform.machine "
        "sys.exit sys.getsizeof re.findall re.search re.match re.split re.sub re.compile pprint pprint.pprint csv.reader csv.DictReader yaml.safe_load "
        "yaml.dump hashlib.md5 hashlib.sha256 hashlib.sha1 uuid.uuid4 random.random random.randint random.choice collections.Counter Counter os.getcwd "
        "os.listdir os.path.exists os.path.join os.path.getsize os.path.expanduser os.path.abspath os.path.dirname os.path.basename os.getpid os.uname os.cpu_count os.getenv "
        "os.environ.get sysconfig.get_paths site.getsitepackages ipaddress.ip_network ipaddress.ip_address socket.gethostname socket.gethostbyname "
        "toml.load tomllib.load tomllib.loads base64.b64encode base64.b64decode urllib.parse.quote urllib.parse.unquote quote unquote "
        "importlib.metadata.version version ssl.OPENSSL_VERSION sys.stdout.write for if in and or not lambda while elif return print( ast.literal_eval ast.parse "
        "textwrap.dedent string.capwords itertools.chain statistics.mean locale.getlocale calendar.month sys.version_info"
    ).split()
)
_METHODS = re.compile(
    r"\.(?:strip|split|join|get|items|keys|values|lower|upper|format|replace|startswith|endswith|append|count|index|isoformat|strftime|encode|decode|"
    r"hexdigest|digest|read|readlines|readline|rstrip|lstrip|splitlines|most_common|sort|extend|update|pop|title|zfill|find|group|groups|total_seconds|timestamp|hosts|"
    r"ljust|rjust|isdigit|add|copy|swapcase|bit_length|union|date|time|weekday)$"
)


_ATTACHED = {"perl": "MmIFC", "ruby": "rIFCK", "php": "d", "python": "WX", "pypy": "WX", "node": "r", "lua": ""}


@handler("interpreter")
def _interpreter(inv: Invocation, effect: str) -> str | None:
    """python, perl, ruby, node, php, lua: ``-c``/``-e`` code, a script, a module, or standard input."""
    run = inv.run
    words = inv.argv[1:]
    name = re.sub(r"[\d.]+$", "", inv.name) or inv.name
    flags = {"python": "c", "pypy": "c", "perl": "eE", "ruby": "e", "node": "ep", "nodejs": "ep", "deno": "", "php": "r", "lua": "e", "bun": "e"}.get(name, "e")
    codes: list[str] = []
    in_place = False
    looping = False
    i = 0
    rest: list[str] = []
    while i < len(words):
        word = plain(words[i])
        i += 1
        if word in ("--version", "-V", "--help", "-h", "-VV") or (word == "-v" and name not in ("python", "perl") and len(words) == 1) or (word == "-v" and name == "perl"):
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
            continue
        if re.fullmatch(r"-[A-Za-z0-9.]+", word):
            body = word[1:]
            if name in ("perl", "ruby"):
                in_place = in_place or re.search(r"^[a-zA-Z]*i", body) is not None and not body.startswith("I")
                looping = looping or "n" in body or "p" in body
            if name == "php" and body == "l":
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
            run.change(Action.UPDATE, f"file/{shown(rest[0]) if rest else '…'}", f"{inv.name} -i changes files in place")
        text = "\n".join(codes)
        return judge_code(inv, text, name, "".join(run.content(r, inv.scope, inv.stdin) for r in rest) if looping else (inv.stdin or ""))
    if rest and plain(rest[0]) != "-":
        return script(inv, rest, inv.scope)
    if inv.stdin is not None and not (unmarked(inv.stdin) == UNKNOWN and not set(inv.stdin) & {NETWORK, DECODED}):
        return judge_code(inv, inv.stdin, name, "")
    run.unclear("unclear.code", f"what {inv.name} would run is not known")
    return UNKNOWN


_QUIET_MODULES = frozenset("json.tool site sysconfig platform timeit this calendar tabnanny dis ast tokenize pydoc py_compile doctest".split())


def _module(inv: Invocation, words: list[str]) -> str:
    run = inv.run
    module = plain(words[0]) if words else ""
    if module in _QUIET_MODULES or "--version" in words or "--help" in words:
        if module == "json.tool":
            return UNKNOWN + marks(inv.stdin or "")
        return UNKNOWN
    if module in ("pip", "ensurepip", "venv", "pytest", "unittest", "http.server", "compileall", "build", "twine", "poetry"):
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
    if re.search(r"\\x[0-9a-f]{2}", text):
        text = text + "\n" + ansi(text)
    gathered_marks = marks(stdin)
    if _FORK.search(text):
        run.deny("host.fork-bomb", "is a fork bomb")
    fetches = _FETCH.search(text)
    executes = _EXECUTE.search(text)
    if fetches and re.search(r"\b(?:exec|eval|compile|system|instance_eval|Function|runpy)\s*[( ]|os\.system|subprocess|vm\.run", text):
        run.deny("code.from-network", f"code from the network is run at once by {inv.name}")
    if _DECODE.search(text) and re.search(r"\b(?:exec|eval|system|popen|instance_eval|Function|spawn\w*|execSync|passthru|shell_exec)\s*[( ]|os\.system|os\.popen|subprocess\.", text):
        run.deny("code.decoded", f"decoded text is run by {inv.name}")
    if _SOCKET.search(text) and _GIVES_SHELL.search(text):
        run.deny("shell.reverse", "gives a shell to the network")
    if _ENVIRON.search(text):
        gathered_marks += ENVIRONMENT
    sends = re.search(r"urlopen|requests\.(?:post|get|put)|http\.client|Net::HTTP|sendall|\.send\(|fetch\(|https?\.request|curl_exec|LWP|socket", text)
    for found in _READS.finditer(text):
        gathered_marks += marks(run.content(found[1] or found[2] or "", inv.scope, None)) if (found[1] or found[2]) else ""
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
        if re.search(r"(?:expanduser\(['\"]~/?['\"]\)|Path\.home\(\)|homedir\(\)|Dir\.home|ENV\[['\"]HOME['\"]\])\s*[,)]", text):
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
    return UNKNOWN + marks(gathered_marks)


def unescaped(text: str) -> str:
    return re.sub(r"\\(['\"\\])", r"\1", text)


def _home(path: str) -> str:
    return "/./root" + path[1:] if path[:1] == "~" else path


def _quiet(text: str, language: str) -> bool:
    """Code that plainly only computes and prints."""
    if len(text) > 2000 or not is_known(text):
        return False
    if language in ("python", "pypy"):
        if re.search(r"__\w+__(?<!__version__)(?<!__file__)(?<!__name__)|\bglobals\b|\bgetattr\b|\bsetattr\b|\bexec\b|\beval\b|\bdel\b|\bsubprocess\b|\bshutil\b|\bopen\b[^)]*,", text):
            return False
        for line in re.split(r"[;\n]", text):
            imported = re.match(r"\s*(?:import|from)\s+(.+)", line)
            if imported and not _PYTHON_QUIET.match(line) and not re.match(r"\s*import\s+(?:os|socket|urllib\.parse|ast)(?:\s*,\s*\w+)*\s*$", line):
                return False
            if re.match(r"\s*from\s+os\b", line) or re.match(r"\s*import\s+[\w.]+\s+as\b", line) and "numpy" not in line and "pandas" not in line:
                return False
        without = re.sub(_STRING, "''", text)
        for call in _PYTHON_CALLS.findall(without):
            if call not in _PYTHON_KNOWN and call != "open" and not _METHODS.search("." + call.rpartition(".")[2]):
                return False
            if call.startswith(("os.", "subprocess.", "shutil.", "socket.")) and call not in _PYTHON_KNOWN:
                return False
        return re.search(r"\)\s*\(|\]\s*\(", without) is None
    if not re.search(r"#\{|@\{|\$\{", text):
        text = re.sub(_STRING, "''", text) if language not in ("node", "nodejs", "bun") else text
    if re.search(r"\b(?:system|exec|fork|unlink|rename|open|socket|kill|syswrite|rmdir|mkdir|chmod|chown|link|symlink|truncate|do|require|use\s+(?!strict|warnings|JSON|Data::Dumper|POSIX|List::Util|MIME::Base64|Time::)|eval|truncate|dump|write|puts\s+File|File|Dir|IO|Process|Kernel|FileUtils|fs|child_process|spawn|fetch|import|process\.(?!version|argv|env|stdout|platform|arch|memoryUsage|uptime|cwd)|file_put_contents|passthru|shell_exec|popen|proc_open|assert|include|os\.|io\.|load|send|__send__|instance_eval|constantize)\b", text):
        if language in ("node", "nodejs", "bun") and re.fullmatch(r"[^;]*\bconsole\.log\(\s*(?:JSON\.stringify\()?\s*require\(['\"](?:\./package(?:\.json)?|os|\./[\w./-]+\.json)['\"]\)[\w.()\[\]'\", ]*\)?\s*;?", text):
            return True
        return False
    return "`" not in text or language in ("node", "nodejs")


# --- awk and sed ------------------------------------------------------------------------------------------------


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
    content = "".join(run.content(o, inv.scope, inv.stdin) for o in operands if "=" not in o) or (inv.stdin or "")
    for program in programs:
        if NETWORK in program or DECODED in program:
            run.deny("code.from-network" if NETWORK in program else "code.decoded", "code from elsewhere is run by awk")
        text = plain(program)
        if unmarked(program) == UNKNOWN or not is_known(program) and re.search(r"system|\||>", text):
            run.unclear("unclear.code", "what awk would run is not known")
        _awk_text(inv, text, content)
    if ENVIRONMENT in content and re.search(r"print\s+\$1\s*\}?$", plain(programs[0])) and plain(inv.value("-F") or "") == "=":
        content = content.replace(ENVIRONMENT, "")
    return UNKNOWN + marks(content)


def _awk_text(inv: Invocation, text: str, content: str) -> None:
    run = inv.run
    blank = re.sub(r'"(?:\\.|[^"\\])*"', lambda m: '"' + "_" * (len(m[0]) - 2) + '"', text)
    bare = re.sub(r"/(?:\\.|[^/\\\n])*/", "//", re.sub(r'"(?:\\.|[^"\\])*"', '""', text))
    for found in re.finditer(r'\bsystem\s*\(\s*("(?:\\.|[^"\\])*"(?:\s*[^")][^)]*)?|[^)]*)', text):
        if not blank.startswith("system", found.start()):
            continue
        inside = found[1]
        strings = re.findall(r'"((?:\\.|[^"\\])*)"', inside)
        if strings:
            code = re.sub(r'"((?:\\.|[^"\\])*)"|\s*([^"]+)', lambda m: ansi(m[1]) if m[1] is not None else (UNKNOWN if m[2].strip() else ""), inside)
            run.run_text(code, inv.scope.copy(), None, where="awk")
        elif NETWORK in content or DECODED in content:
            run.run_text(content, inv.scope.copy(), None, where="awk")
        else:
            run.unclear("unclear.code", "awk runs what it reads")
    for found in re.finditer(r'"((?:\\.|[^"\\])*)"\s*\|&?\s*getline|\|&?\s*"((?:\\.|[^"\\])*)"', text):
        run.run_text(ansi(found[1] or found[2] or ""), inv.scope.copy(), None, where="awk")
        if (found[1] or found[2] or "").startswith("/inet/"):
            run.deny("shell.reverse", "awk opens a raw network connection")
    if "/inet/" in text:
        run.deny("shell.reverse", "awk opens a raw network connection")
    for found in re.finditer(r'>{1,2}\s*"((?:\\.|[^"\\])*)"', text):
        if re.search(r"(?:print|printf)\b[^;}\n]*$", text[: found.start()]):
            run.write(ansi(found[1]), inv.scope)
    if re.search(r"(?:print|printf)\b[^;}\n(]*(?:>{1,2}|\|)\s*[A-Za-z_$(]", bare):
        run.unclear("unclear.code", "awk writes to files or programs named while it runs")
    elif re.search(r"\|\s*getline|\w\s*\|\s*(?!\|)[A-Za-z_$]", re.sub(r"\|\|", "", bare)) and "getline" in bare and '"' not in text:
        run.unclear("unclear.code", "awk runs what it reads")
    elif re.search(r"(?:\$\w+|\b[a-z]\w*)\s*\|&?\s*getline", bare):
        run.unclear("unclear.code", "awk runs what it reads")
    if re.search(r"@\w+\s*\(|@load|@include", bare):
        run.unclear("unclear.code", "awk loads or calls something unknown")


_SED_ADDRESS = re.compile(r"\s*(?:(?:\d+|\$|/(?:\\.|[^/\\])*/[IM]*|\\(.)(?:(?!\1).)*\1)(?:~\d+)?(?:,(?:[+~]?\d+|\$|/(?:\\.|[^/\\])*/[IM]*))?)?\s*!?\s*")


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
            if changed != known and not re.search(r"\s", known.strip()) and len(known) > 8 and not re.search(r"[a-z]{2,} ", known):
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
            found = re.match(rf"[sy]{delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}((?:\\.|(?!{delimiter}).)*){delimiter}([A-Za-z0-9]*)(?:[ \t]*([^;\n}}]*))?", rest, re.S)
            if found is None:
                return
            flags = found[3]
            if command == "s" and "e" in flags:
                code = found[2] if not re.search(r"\\\d|&", found[2]) else UNKNOWN
                run.run_text(ansi(code) if code != UNKNOWN else UNKNOWN + marks(content), inv.scope.copy(), None, where="sed")
                if code == UNKNOWN and is_known(content):
                    run.run_text(content, inv.scope.copy(), None, where="sed")
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
            rest = rest.partition("\n")[2] if command in "aicrR" else re.split(r"[;\n]", rest, maxsplit=1)[1] if re.search(r"[;\n]", rest) else ""
            continue
        rest = rest[1:].lstrip("0123456789 ")


# --- editors, pagers, make, git, SQL ----------------------------------------------------------------------------


@handler("editor")
def _editor(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    for i, word in enumerate(inv.argv[1:], 1):
        bare = plain(word)
        code = ""
        if bare in ("-c", "--cmd", "--command", "-cmd", "-S", "--eval") and i + 1 < len(inv.argv):
            code = unmarked(inv.argv[i + 1])
        elif re.fullmatch(r"-[esEv]*c", bare) and i + 1 < len(inv.argv) or inv.name in ("ex", "ed") and bare.startswith("-s"):
            code = unmarked(inv.argv[i + 1]) if i + 1 < len(inv.argv) else ""
        elif bare.startswith("+"):
            code = unmarked(word)[1:]
        if not code:
            continue
        shell = re.search(r"(?:^|[|:\s])(?:silent\s+)?!+\s*(.+)", code) or re.search(r"system\(\s*['\"](.+?)['\"]\s*\)", code)
        lua = re.search(r"(?:py3?|python3?|lua|perl|ruby)\s+(.+)", code)
        if shell:
            run.run_text(shell[1], inv.scope.copy(), None, where=inv.name)
        elif lua:
            judge_code(inv, lua[1], "python", "")
        elif inv.name == "emacs":
            found = re.search(r"shell-command\s+\"([^\"]+)\"", code)
            if found:
                run.run_text(found[1], inv.scope.copy(), None, where="emacs")
    if inv.has("-R") and inv.name in ("vim", "vi", "nvim", "view") and not any(a.startswith(("+", "-c")) for a in inv.argv[1:]):
        return ""
    if inv.stdin and inv.name in ("ed", "ex", "vi", "vim"):
        for line in plain(inv.stdin).split("\n"):
            if line.startswith("!") or re.match(r"[\d,$%]*[rw]?\s*!", line):
                run.run_text(line.partition("!")[2], inv.scope.copy(), None, where=inv.name)
    for operand in inv.operands:
        if not operand.startswith("+"):
            danger = paths.overwriting(operand, inv.scope.cwd)
            if danger and inv.has("-es", "-e", "-s", "-c"):
                run.deny(*danger)
    run.change(Action.UPDATE, f"file/{shown(inv.operands[-1]) if inv.operands else '…'}", f"opens an editor ({inv.name})")
    return ""


@handler("pager")
def _pager(inv: Invocation, effect: str) -> str | None:
    for word in inv.argv[1:]:
        bare = unmarked(word)
        if bare.startswith("+!") or bare.startswith("+|"):
            inv.run.run_text(bare[2:], inv.scope.copy(), None, where=inv.name)
    for flag, value in inv.options:
        if flag in ("-P", "--pager", "-H", "--html") and value and plain(value).split()[:1] not in ([], ["cat"], ["less"], ["more"]):
            inv.run.run_text(value, inv.scope.copy(), None, where=inv.name)
        elif flag in ("-o", "-O", "--log-file", "--LOG-FILE") and value and inv.name == "less":
            inv.run.write(value, inv.scope)
    return None


@handler("make")
def _make(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    for word in inv.argv[1:]:
        bare = unmarked(word)
        found = re.match(r"--eval=(.*)", bare, re.S)
        code = found[1] if found else ""
        for shell in re.findall(r"\$\(shell ([^)]*)\)", code or bare):
            run.run_text(shell, inv.scope.copy(), None, where="make")
        if code:
            for recipe in re.findall(r"(?:^|\n|;)\s*@?([^:\n]+)$", code):
                run.run_text(recipe.strip().lstrip("@-"), inv.scope.copy(), None, where="make")
    for word in inv.operands:
        found = re.match(r"SHELL=(.*)", unmarked(word))
        if found:
            run.unclear("unclear.environment", "make runs another shell")
    files = inv.all_values("-f", "--file", "--makefile")
    for f in files:
        content = run.content(f, inv.scope, inv.stdin)
        if set(content) & {NETWORK, DECODED}:
            run.deny("code.from-network", "a makefile from the network is run at once")
        elif unmarked(content) != UNKNOWN:
            for line in plain(content).split("\n"):
                recipe = re.match(r"(?:\t|[^\t#=]*:[^=;]*;)\s*[@+-]*(.+)", line)
                if recipe:
                    run.run_text(recipe[1], inv.scope.copy(), None, where="make")
    if inv.has("-n", "--dry-run", "--just-print", "--recon", "-v", "--version", "-q", "-p", "--print-data-base"):
        return UNKNOWN
    return None


@handler("git")
def _git(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    aliases: dict[str, str] = {}
    for value in inv.all_values("-c", "--config-env"):
        key, _, setting = unmarked(value).partition("=")
        name = plain(key).lower()
        if name.startswith("alias."):
            aliases[name[6:]] = setting
        elif name in (
            "core.pager core.editor core.sshcommand core.fsmonitor core.hookspath diff.external sequence.editor core.askpass "
            "credential.helper core.gitproxy gpg.program uploadpack.packobjectshook web.browser"
        ).split() or name.startswith(("pager.", "filter.", "difftool.", "mergetool.", "merge.", "diff.", "credential.", "gpg.", "protocol.ext", "url.", "remote.", "browser.", "man.")) and re.search(
            r"(?:cmd|driver|textconv|command|clean|smudge|process|helper|program|allow|uploadpack|receivepack|proxy|insteadof|path)$|^pager\.", name
        ):
            if plain(setting) in ("cat", "less", "less -R", "less -FRX", "", "true", "false", "never", "0", "delta", "bat", "vim", "nano", "vi"):
                continue
            if name == "protocol.ext.allow":
                run.unclear("unclear.environment", "git may run commands given as remotes")
                continue
            run.run_text(setting.removeprefix("!"), inv.scope.copy(), None, where=f"git ({name})")
            if name in ("core.hookspath",):
                run.unclear("unclear.environment", "git would run other hooks")
    verb = inv.path[0] if inv.path else plain(inv.unknown_sub or "")
    if verb in aliases:
        code = aliases[verb]
        if code.startswith("!"):
            return run.run_text(code[1:] + " " + " ".join(unmarked(o) for o in inv.operands[1:]), inv.scope.copy(), inv.stdin, where="a git alias")
        return run.run_argv(["git", *plain(code).split(), *inv.operands[1:]], inv.scope, inv.stdin)
    for word in [*inv.operands, *[v or "" for _, v in inv.options]]:
        if unmarked(word).startswith("ext::"):
            run.run_text(unmarked(word)[5:], inv.scope.copy(), None, where="git (ext)")
    upload = inv.value("--upload-pack", "-u", "--exec", "--receive-pack") if verb in ("clone", "fetch", "ls-remote", "pull", "push", "archive") else None
    if upload and verb != "push" and plain(upload) not in ("git-upload-pack",):
        run.run_text(upload, inv.scope.copy(), None, where="git")
    if verb == "config":
        return _git_config(inv)
    if verb in ("bisect",) and inv.path[-1:] == ["run"]:
        run.run_argv(inv.operands, inv.scope.copy(), None, under="git bisect run")
    elif verb == "submodule" and inv.path[-1:] == ["foreach"]:
        if inv.operands:
            return run.run_text(" ".join(inv.operands), inv.scope.copy(), None, where="git submodule foreach")
    elif verb == "rebase":
        for value in inv.all_values("-x", "--exec"):
            run.run_text(value, inv.scope.copy(), None, where="git rebase")
    elif verb in ("filter-branch",):
        for flag, value in inv.options:
            if value and flag.endswith("-filter"):
                run.run_text(value, inv.scope.copy(), None, where="git filter-branch")
    elif verb in ("grep",) and inv.has("-O", "--open-files-in-pager"):
        pager = inv.value("-O", "--open-files-in-pager")
        if pager:
            run.run_text(pager, inv.scope.copy(), None, where="git grep")
        else:
            run.unclear("unclear.code", "opens files in a program")
    elif verb == "difftool":
        for value in inv.all_values("-x", "--extcmd"):
            run.run_text(value, inv.scope.copy(), None, where="git difftool")
    elif verb in ("diff", "log", "show") and inv.has("--ext-diff"):
        run.unclear("unclear.environment", "runs the diff program of the repository's settings")
    elif verb == "clean" and not inv.has("-n", "--dry-run"):
        pass
    if verb in ("diff", "log", "show", "archive", "format-patch") and inv.value("--output", "-o", "--output-directory"):
        run.write(inv.value("--output", "-o", "--output-directory") or "", inv.scope)
    if verb == "show" or verb == "cat-file":
        return UNKNOWN
    return None


def _git_config(inv: Invocation) -> str | None:
    words = inv.operands
    if inv.has("--get", "--get-all", "--get-regexp", "--list", "-l", "--get-urlmatch", "--show-origin", "--get-color"):
        return UNKNOWN
    if words and plain(words[0]) in ("list", "get"):
        return UNKNOWN
    if len(words) >= 2 or inv.has("--unset", "--unset-all", "--add", "--replace-all", "--edit", "-e", "--remove-section", "--rename-section"):
        if len(words) >= 2:
            name = plain(words[0]).lower()
            setting = unmarked(words[1])
            if name.startswith("alias.") and setting.startswith("!") or re.search(r"(?:sshcommand|pager|editor|fsmonitor|external|helper|cmd|textconv|askpass)$", name):
                code = setting.removeprefix("!")
                if " " in code or "/" in code:
                    inv.run.run_text(code, inv.scope.copy(), None, where=f"git ({name})")
        inv.run.change(Action.UPDATE, f"git/{plain(words[0]) if words else 'config'}", "changes git's settings")
        return ""
    return UNKNOWN


_SQL_READ = re.compile(r"\s*(?:select|show|describe|desc|explain|use|set\s+(?:names|statement_timeout|search_path)|with|values|table|pragma\s+\w+\s*(?:;|$|\()|analyze\s+table|check\s+table|help|\\|begin|commit|rollback|start\s+transaction|\.(?:tables|schema|databases|indexes|mode|headers|dump|show|help|width|quit|exit))", re.IGNORECASE)
_SQL_WRITE = re.compile(r"\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|replace\s+into|call|do\s+\$|copy|vacuum|reindex|lock|kill|merge|set\s+global|flush|reset|shutdown|load\s+data|into\s+(?:out|dump)file|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|setval|nextval|lo_import|lo_export|pg_read_file|pg_ls_dir|dblink|xp_cmdshell|sys_exec|load_extension|writefile|edit)\b", re.IGNORECASE)


def judge_sql(inv: Invocation, text: str) -> None:
    """SQL statements: reading ones are reads, all others change the database."""
    run = inv.run
    bare = plain(text)
    for shell in re.findall(r"(?:^|\n|\s)\\!\s*([^\n]+)|(?:^|\n)\s*\.(?:shell|system)\s+([^\n]+)|\bcopy\b[^;]*\b(?:from|to)\s+program\s+'([^']+)'|(?:^|\n|;)\s*system\s+([^\n;]+)", bare, re.IGNORECASE):
        code = next((s for s in shell if s), "")
        run.run_text(code, inv.scope.copy(), None, where=inv.name)
        run.change(Action.UPDATE, "host/command", f"{inv.name} runs a command")
    for target in re.findall(r"(?:^|\n|\s)\\(?:o|w|g|copy\s[^\n]*\bto)\s+['\"]?([^\s'\"|]+)|into\s+(?:out|dump)file\s+'([^']+)'|(?:^|\n)\s*\.(?:output|once|backup|save|log)\s+(\S+)", bare, re.IGNORECASE):
        path = next((t for t in target if t), "")
        if path and path not in ("stdout",):
            run.write(path, inv.scope)
    if not is_known(text) and len(unmarked(text).strip()) <= 1:
        run.unclear("unclear.code", f"what {inv.name} would run is not known")
        return
    clean = re.sub(r"--[^\n]*|/\*.*?\*/", " ", re.sub(r"'(?:[^']|'')*'|\"(?:[^\"])*\"", "''", bare), flags=re.S)
    for statement in clean.split(";"):
        if not statement.strip():
            continue
        if re.match(r"\s*explain\b(?!.*\banalyze\b)", statement, re.IGNORECASE | re.S):
            continue
        if not _SQL_READ.match(statement) or _SQL_WRITE.search(statement):
            word = statement.split()[0].lower()
            if re.match(r"\s*show\b|\s*desc", statement, re.IGNORECASE):
                continue
            action = Action.DELETE if word in ("drop", "delete", "truncate") else Action.UPDATE
            run.change(action, f"database/{' '.join(statement.split()[:3])}", f"{inv.name} changes the database ({word})")


@handler("sql")
def _sql(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    flags = {"psql": ("-c", "--command"), "mysql": ("-e", "--execute"), "mariadb": ("-e", "--execute"), "clickhouse-client": ("-q", "--query"), "sqlcmd": ("-Q", "-q"), "cqlsh": ("-e", "--execute"), "trino": ("--execute",), "snowsql": ("-q", "--query"), "bq": (), "duckdb": ("-c",), "influx": ("-execute",), "cockroach": ("-e", "--execute")}.get(inv.name, ())
    texts = [v for f, v in inv.options if f in flags and v is not None]
    files = [v for f, v in inv.options if f in ("-f", "--file", "-i", "--queries-file") and v is not None]
    if inv.name in ("sqlite3", "duckdb"):
        texts += inv.operands[1:]
    if inv.has("-l", "--list", "-V", "--version") and inv.name == "psql" and not texts:
        return UNKNOWN
    for flag, value in inv.options:
        if flag in ("-o", "--output", "-L", "--log-file", "--tee") and value and inv.name in ("psql", "mysql", "sqlcmd"):
            run.write(value, inv.scope)
    for f in files:
        content = run.content(f, inv.scope, inv.stdin)
        texts.append(content)
    if not texts and inv.stdin is not None:
        texts.append(inv.stdin)
    if not texts:
        run.unclear("unclear.shell", f"opens {inv.name}, or runs what it is given later")
        return UNKNOWN
    for text in texts:
        judge_sql(inv, text)
    return UNKNOWN


_REDIS_READS = frozenset(
    (
        "get mget keys scan ttl pttl type exists info dbsize ping llen lrange lindex hget hgetall hkeys hvals hlen hmget smembers scard sismember "
        "zrange zcard zscore zrangebyscore zrevrange strlen getrange memory client slowlog latency monitor object role time echo command lastsave "
        "xlen xrange xinfo bitcount hscan sscan zscan randomkey pubsub cluster module acl readonly select subscribe psubscribe zcount zrank hexists"
    ).split()
)


@handler("redis")
def _redis(inv: Invocation, effect: str) -> str | None:
    words = [plain(o).lower() for o in inv.operands]
    if inv.has("--bigkeys", "--stat", "--latency", "--memkeys", "--hotkeys", "--scan", "--version", "-v", "--intrinsic-latency"):
        return UNKNOWN
    if inv.has("--eval", "--pipe", "--rdb"):
        inv.run.change(Action.UPDATE, "database/redis", "redis-cli changes or copies data")
        return UNKNOWN
    if not words:
        if inv.stdin is not None and is_known(inv.stdin):
            for line in plain(inv.stdin).split("\n"):
                if line.split() and line.split()[0].lower() not in _REDIS_READS:
                    inv.run.change(Action.UPDATE, "database/redis", f"redis-cli changes data ({line.split()[0]})")
            return UNKNOWN
        inv.run.unclear("unclear.shell", "opens redis-cli")
        return UNKNOWN
    second = words[1] if len(words) > 1 else ""
    if words[0] == "config" and second == "get":
        return UNKNOWN
    if words[0] in _REDIS_READS and not (words[0] in ("client", "cluster", "slowlog", "memory", "acl", "module", "latency") and second in ("kill", "reset", "failover", "forget", "meet", "setuser", "deluser", "load", "unload", "purge", "pause", "flushslots", "addslots", "delslots", "replicate", "no-evict")):
        return UNKNOWN
    action = Action.DELETE if words[0] in ("flushall", "flushdb", "del", "unlink") else Action.UPDATE
    inv.run.change(action, f"database/redis {words[0]}", f"redis-cli changes data ({words[0]})")
    return UNKNOWN


@handler("mongo")
def _mongo(inv: Invocation, effect: str) -> str | None:
    codes = inv.all_values("--eval", "-e")
    if not codes:
        if inv.stdin is not None and is_known(inv.stdin):
            codes = [inv.stdin]
        else:
            inv.run.unclear("unclear.shell", f"opens {inv.name} or runs a script")
            return UNKNOWN
    for code in codes:
        text = plain(code)
        calls = re.findall(r"\.(\w+)\s*\(", text)
        reading = re.compile(
            r"find|findOne|count|countDocuments|estimatedDocumentCount|distinct|aggregate|stats|status|explain|pretty|limit|sort|skip|toArray|forEach|map|getName|"
            r"getCollection|getCollectionNames|getIndexes|getMongo|getSiblingDB|getDBNames|listDatabases|serverStatus|version|hello|isMaster|conf|printReplicationInfo|"
            r"currentOp|dataSize|totalSize|storageSize|getUsers|getUser|getRoles|length|printjson|hostInfo|ping|adminCommand|runCommand|isCapped|projection|getProfilingStatus|printSecondaryReplicationInfo|stringify|validate"
        )
        risky = [c for c in calls if not reading.fullmatch(c)]
        if risky or re.search(r"\$out|\$merge|dropDatabase|shutdown|\beval\b|\b(?:drop|create|killOp|setParameter|fsync|compact)\b\s*:|while|run\(|load\(|require\(|process|fs\.|child_process", text):
            inv.run.change(Action.UPDATE, "database/mongo", f"{inv.name} may change data ({', '.join(risky[:3]) or 'code'})")
    return UNKNOWN


@handler("gdb")
def _gdb(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-ex", "--eval-command", "-x", "--command", "-iex"):
        bare = unmarked(value)
        found = re.match(r"(?:!|shell\s+|pipe\s+)(.+)", bare)
        if found:
            inv.run.run_text(found[1], inv.scope.copy(), None, where="gdb")
        elif bare.startswith(("python", "call", "py ")):
            judge_code(inv, bare.partition(" ")[2], "python", "")
    return None


@handler("expect")
def _expect(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-c"):
        for found in re.findall(r"(?:spawn|exec|system)\s+([^;}\n]+)", plain(value)):
            inv.run.run_text(found, inv.scope.copy(), None, where=inv.name)
    return None


__all__ = ["gathered", "judge_code", "judge_sql"]
