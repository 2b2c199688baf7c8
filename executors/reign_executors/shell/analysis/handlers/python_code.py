"""Python code that plainly only computes and prints, told by its syntax tree."""

from __future__ import annotations

import ast
import re

from reign_executors.shell.analysis.values import listed

_MODULES = {
    "base64": "b64encode b64decode urlsafe_b64encode",
    "calendar": "month calendar monthrange isleap",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "csv": "reader DictReader",
    "datetime": "datetime date time timedelta timezone datetime.now datetime.utcnow datetime.today "
    "datetime.fromtimestamp datetime.utcfromtimestamp datetime.fromisoformat datetime.strptime "
    "date.today date.fromisoformat timezone.utc",
    "decimal": "Decimal",
    "functools": "reduce partial",
    "hashlib": "md5 sha1 sha224 sha256 sha384 sha512 blake2b algorithms_available",
    "ipaddress": "ip_address ip_network ip_interface IPv4Network IPv4Address IPv6Network",
    "itertools": "chain product permutations combinations count islice groupby accumulate zip_longest "
    "repeat chain.from_iterable",
    "json": "load loads dumps JSONDecodeError",
    "locale": "getlocale getpreferredencoding",
    "math": "*",
    "operator": "itemgetter add mul sub",
    "os": "getcwd listdir getpid uname cpu_count getenv sep name linesep getuid geteuid getlogin "
    "getloadavg stat scandir environ environ.get path path.exists path.join path.getsize "
    "path.expanduser path.abspath path.dirname path.basename path.isfile path.isdir "
    "path.realpath path.splitext path.getmtime walk get_terminal_size",
    "platform": "*",
    "pprint": "pprint pformat",
    "random": "random randint choice shuffle sample uniform randrange seed choices",
    "re": "findall search match split sub compile fullmatch finditer escape IGNORECASE I M S MULTILINE DOTALL",
    "secrets": "token_hex token_urlsafe token_bytes randbelow choice",
    "site": "getsitepackages getusersitepackages",
    "socket": "gethostname gethostbyname getfqdn getaddrinfo",
    "ssl": "OPENSSL_VERSION get_default_verify_paths",
    "statistics": "mean median stdev mode",
    "string": "*",
    "struct": "pack unpack calcsize",
    "sys": "version version_info argv path platform executable maxsize byteorder stdin stdin.read "
    "stdin.readlines stdin.readline stdin.buffer stdin.buffer.read stdout stdout.write stderr "
    "stderr.write exit getsizeof prefix modules.keys getdefaultencoding getrecursionlimit "
    "implementation flags",
    "sysconfig": "get_paths get_path get_config_var get_config_vars get_platform",
    "textwrap": "dedent wrap fill indent",
    "time": "time strftime localtime gmtime ctime perf_counter monotonic sleep timezone tzname strptime mktime",
    "tomllib": "load loads",
    "toml": "load loads",
    "urllib.parse": "quote unquote urlparse urlencode quote_plus unquote_plus parse_qs urljoin",
    "uuid": "uuid1 uuid3 uuid4 uuid5 UUID",
    "yaml": "safe_load safe_load_all dump safe_dump",
    "importlib.metadata": "version distributions requires metadata",
    "ast": "literal_eval",
    "glob": "glob iglob",
    "zoneinfo": "ZoneInfo available_timezones",
    "shutil": "which disk_usage get_terminal_size",
    "getpass": "getuser",
    "numpy": "",
    "pandas": "",
    "requests": "get head",
    "flask": "",
    "django": "get_version VERSION",
    "torch": "cuda cuda.is_available cuda.device_count",
    "boto3": "",
    "cryptography": "",
}
_BUILTINS = listed(
    "print len str int float list dict set tuple sorted sum min max abs round range enumerate zip map "
    "filter any all repr isinstance input ord chr hex bin oct format reversed bool divmod pow iter next "
    "bytes bytearray hash frozenset complex callable slice type id Exception ValueError KeyError "
    "SystemExit exit quit"
)
_METHODS = listed(
    "strip split join get items keys values lower upper format replace startswith endswith append count "
    "index isoformat strftime encode decode hexdigest digest read readlines readline rstrip lstrip "
    "splitlines most_common sort extend update pop title zfill find rfind group groups total_seconds "
    "timestamp hosts ljust rjust center isdigit isalpha isalnum add copy swapcase bit_length union "
    "intersection difference date time weekday isoweekday astimezone json setdefault insert remove "
    "reverse hex capitalize casefold partition rpartition expandtabs translate subnets overlaps supernet "
    "elements write close isspace isupper islower rsplit as_integer_ratio span start end"
)
_FORBIDDEN = listed(
    "exec eval compile globals locals vars getattr setattr delattr breakpoint memoryview object super open"
)
_ALLOWED_DUNDERS = frozenset({"__version__", "__file__", "__name__", "__doc__"})


def harmless(code: str) -> bool:
    """Whether the code can be seen to change nothing (reading files and the network counts as nothing)."""
    code = re.sub(r"(^|[;\n:])([ \t]*)print[ \t]+(?![(=])([^;\n]+)", r"\1\2print(\3)", code)
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names: dict[str, str] = {}
    local: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in _MODULES:
                    return False
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            if node.module not in _MODULES or node.level:
                return False
            for alias in node.names:
                if alias.name == "*" or not _known(f"{node.module}.{alias.name}"):
                    return False
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, (ast.FunctionDef, ast.Lambda)):
            if isinstance(node, ast.FunctionDef):
                if node.decorator_list:
                    return False
                local.add(node.name)
        elif isinstance(node, (ast.ClassDef, ast.AsyncFunctionDef, ast.Delete, ast.Await, ast.Global, ast.Nonlocal)):
            return False
    if any(n in _BUILTINS or n in names for n in local):
        return False
    return all(_fine(node, names, local) for node in ast.walk(tree))


def _known(dotted: str) -> bool:
    for module in (dotted.rsplit(".", 1)[0], ".".join(dotted.split(".")[:2]), dotted.split(".")[0]):
        listed = _MODULES.get(module)
        if listed is None:
            continue
        rest = dotted[len(module) + 1 :]
        if not rest or listed == "*" or rest in listed.split() or rest in _ALLOWED_DUNDERS:
            return True
    return False


def _dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    """``os.path.join`` for a chain that starts at an imported name, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in names:
        return ".".join([names[node.id], *reversed(parts)])
    return None


def _fine(node: ast.AST, names: dict[str, str], local: set[str]) -> bool:
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            return node.id not in _BUILTINS and node.id not in names and node.id not in local
        return node.id not in _FORBIDDEN - {"open"} and (not node.id.startswith("__") or node.id in _ALLOWED_DUNDERS)
    if isinstance(node, ast.Attribute):
        if not isinstance(node.ctx, ast.Load):
            return False
        if node.attr.startswith("__") and node.attr not in _ALLOWED_DUNDERS:
            return False
        dotted = _dotted(node, names)
        return (
            dotted is None
            or _known(dotted)
            or any(_known(dotted.rsplit(".", n)[0]) for n in (1, 2) if dotted.count(".") > n)
        )
    if isinstance(node, ast.Call):
        return _call(node, names, local)
    if isinstance(node, ast.arg):
        return node.arg not in _BUILTINS and node.arg not in names
    return True


def _call(node: ast.Call, names: dict[str, str], local: set[str]) -> bool:
    function = node.func
    if isinstance(function, ast.Name):
        if function.id == "open":
            mode = node.args[1] if len(node.args) > 1 else None
            for keyword in node.keywords:
                mode = keyword.value if keyword.arg == "mode" else mode
            return mode is None or (isinstance(mode, ast.Constant) and mode.value in ("r", "rb", "rt"))
        if function.id in names:
            return _known(names[function.id])
        return function.id in _BUILTINS or function.id in local
    if isinstance(function, ast.Attribute):
        dotted = _dotted(function, names)
        if dotted is not None and _known(dotted):
            return True
        return function.attr in _METHODS and (
            dotted is None or not dotted.startswith(("os.", "shutil.")) or "environ" in dotted
        )
    return False


__all__ = ["harmless"]
