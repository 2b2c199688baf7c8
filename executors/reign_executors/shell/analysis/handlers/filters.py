"""Programs that turn text into text: what they print is worked out where it is cheap, decoders above all."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Callable

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import gathered, handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    NETWORK,
    SECRET,
    SHELL,
    STAR,
    UNKNOWN,
    has_glob,
    is_known,
    marks,
    plain,
    unmarked,
)


def _text(inv: Invocation) -> str | None:
    """The known text it works on, marks away; None when it is not known."""
    text = gathered(inv)
    return plain(text) if text and is_known(text) and len(text) < 8000 else None


def _decoded(inv: Invocation, data: bytes | None) -> str:
    kept = marks(gathered(inv))
    if data is None:
        return DECODED + UNKNOWN + kept
    return DECODED + kept + data.decode("utf-8", "replace")


_DECODERS: dict[str, Callable[[str], bytes]] = {
    "base64": base64.b64decode,
    "base32": base64.b32decode,
    "base16": base64.b16decode,
}


def _padded(text: str) -> str:
    bare = re.sub(r"\s", "", text)
    return bare + "=" * (-len(bare) % 4)


@handler("base64")
def _base64(inv: Invocation, effect: str) -> str | None:
    text = _text(inv)
    kind = "base32" if inv.name == "base32" else "base64"
    if inv.name == "basenc" and inv.has("--base32"):
        kind = "base32"
    if inv.name == "basenc" and inv.has("--base16"):
        kind = "base16"
    if inv.has("-d", "-D", "--decode", "--d", "--de", "--dec"):
        if text is None:
            return _decoded(inv, None)
        try:
            return _decoded(inv, _DECODERS[kind](_padded(text)))
        except (binascii.Error, ValueError):
            return _decoded(inv, None)
    if text is None:
        return UNKNOWN + marks(gathered(inv))
    return base64.b64encode(text.encode()).decode() + marks(gathered(inv)) + "\n"


@handler("xxd")
def _xxd(inv: Invocation, effect: str) -> str | None:
    if len(inv.operands) > 1 and plain(inv.operands[1]) != "-":
        inv.run.write(inv.operands[1], inv.scope)
    if not inv.has("-r", "-revert"):
        return UNKNOWN + marks(gathered(inv))
    text = _text(inv)
    try:
        return _decoded(inv, bytes.fromhex(re.sub(r"\s", "", text)) if text is not None else None)
    except ValueError:
        return _decoded(inv, None)


@handler("rev")
def _rev(inv: Invocation, effect: str) -> str | None:
    text = _text(inv)
    kept = DECODED + marks(gathered(inv))
    if text is None:
        return kept + UNKNOWN
    return kept + "\n".join(line[::-1] for line in text.split("\n"))


_CLASSES = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "digit": string.digits,
    "alpha": string.ascii_letters,
    "alnum": string.ascii_letters + string.digits,
    "space": " \t\n\r\v\f",
    "punct": string.punctuation,
}


def _set(text: str) -> str:
    text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0")
    text = re.sub(r"\[:(\w+):\]", lambda m: _CLASSES.get(m[1], ""), text)
    return re.sub(
        r"(.)-(.)",
        lambda m: "".join(chr(c) for c in range(ord(m[1]), min(ord(m[2]), ord(m[1]) + 256) + 1)) or m[0],
        text,
        flags=re.DOTALL,
    )


@handler("tr")
def _tr(inv: Invocation, effect: str) -> str | None:
    text = inv.stdin or ""
    kept = marks(text)
    if not is_known(text) or not inv.operands or len(text) > 8000:
        return UNKNOWN + kept + (DECODED if len(inv.operands) == 2 and len(plain(inv.operands[0])) > 4 else "")
    bare = plain(text)
    first = _set(plain(inv.operands[0]))
    if inv.has("-d"):
        inside = inv.has("-c", "-C")
        return kept + "".join(c for c in bare if (c in first) is inside)
    if len(inv.operands) < 2:
        return kept + bare
    second = _set(plain(inv.operands[1]))
    if inv.has("-c", "-C") or not second:
        return UNKNOWN + kept
    second = second.ljust(len(first), second[-1])
    table = {ord(a): b for a, b in zip(first, second, strict=False)}
    changed = bare.translate(table)
    simple = first in ("\n", " ", ",", ":", ";", "\t", "_", "-", ".", "\0", "|") or set(second) <= set("\n \t,")
    return kept + ("" if simple else DECODED) + changed


@handler("dirname")
def _dirname(inv: Invocation, effect: str) -> str | None:
    out = []
    for o in inv.operands:
        path = unmarked(o)
        stripped = path.rstrip("/")
        if not stripped:
            out.append("/" if path else ".")
            continue
        head, slash, _ = stripped.rpartition("/")
        out.append((head.rstrip("/") or "/") if slash else "." if is_known(path) else UNKNOWN)
    return "\n".join(out) + "\n" if out else UNKNOWN


@handler("basename")
def _basename(inv: Invocation, effect: str) -> str | None:
    if not inv.operands:
        return UNKNOWN
    name = unmarked(inv.operands[0]).rstrip("/").rpartition("/")[2]
    if len(inv.operands) > 1 and name.endswith(plain(inv.operands[1])):
        name = name[: -len(plain(inv.operands[1]))]
    return (name or "/") + "\n"


@handler("realpath")
def _realpath(inv: Invocation, effect: str) -> str | None:
    found = [paths.normal(o, inv.scope.cwd) for o in inv.operands]
    return "\n".join(p if p.startswith("/") else UNKNOWN for p in found) + "\n" if found else UNKNOWN


@handler("head")
def _head(inv: Invocation, effect: str) -> str | None:
    text = _text(inv)
    if text is None:
        return None
    kept = marks(gathered(inv))
    lines = text.splitlines(keepends=True)
    count = inv.value("-c", "--bytes")
    if count and count.isdigit():
        return kept + (text[: int(count)] if inv.name == "head" else text[-int(count) :])
    number = inv.value("-n", "--lines") or next((f[1:] for f, _ in inv.options if f[1:].isdigit()), "10")
    if not number.isdigit():
        if number[:1] == "+" and number[1:].isdigit() and inv.name == "tail":
            return kept + "".join(lines[int(number[1:]) - 1 :])
        return None
    n = int(number)
    return kept + "".join(lines[:n] if inv.name == "head" else lines[len(lines) - n if n < len(lines) else 0 :])


@handler("cut")
def _cut(inv: Invocation, effect: str) -> str | None:
    text = gathered(inv)
    kept = marks(text)
    field_spec = plain(inv.value("-f", "--fields") or "")
    delimiter = plain(inv.value("-d", "--delimiter") or "\t")
    if delimiter == "=" and field_spec == "1":
        return UNKNOWN + kept.replace(ENVIRONMENT, "").replace(SECRET, "")
    known = _text(inv)
    spec = plain(inv.value("-c", "-b", "--characters", "--bytes") or "") or field_spec
    picks = re.fullmatch(r"(\d+)?(-)?(\d+)?", spec)
    if picks is None or not spec:
        return UNKNOWN + kept
    start = int(picks[1] or 1) - 1
    stop = int(picks[3]) if picks[3] else (None if picks[2] else start + 1)
    if known is None:
        beginning = unmarked(text).partition(UNKNOWN)[0]
        if not field_spec and stop is not None and stop <= len(beginning) and is_known(beginning):
            return kept + beginning[start:stop] + "\n"
        return UNKNOWN + kept
    out = []
    for line in known.split("\n"):
        if field_spec:
            out.append(delimiter.join(line.split(delimiter)[start:stop]))
        else:
            out.append(line[start:stop])
    return kept + "\n".join(out)


_SUBSTITUTE = re.compile(r"s(.)((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1([gIip]*)", re.DOTALL)


def sed_text(script: str, text: str) -> str | None:
    """What plain ``s`` commands make of a known text; None for anything else."""
    for command in [c.strip() for c in script.split(";") if c.strip()]:
        found = _SUBSTITUTE.fullmatch(command)
        if found is None:
            return None
        _, what, by, flags = found.groups()
        if re.search(r"[\\\[\](){}*+?^$]", what) and len(what) > 60:
            return None
        try:
            source = re.sub(r"\\([(){}|+?])|([(){}|+?])", lambda m: m[1] or "\\" + m[2], what)
            if re.search(r"[*+}]\)?[*+{]", source):
                return None
            text = re.sub(source, lambda _, by=by: by.replace("\\n", "\n"), text, count=0 if "g" in flags else 1)
        except (re.error, OverflowError):
            return None
    return text


@handler("grep")
def _grep(inv: Invocation, effect: str) -> str | None:
    explicit = inv.has("-e", "--regexp", "-f", "--file")
    files = inv.operands if explicit else inv.operands[1:]
    if inv.has("-q", "-c", "-l", "-L", "--quiet", "--silent", "--count", "--files-with-matches"):
        return UNKNOWN
    pattern = plain(inv.value("-e", "--regexp") or (inv.operands[0] if inv.operands else ""))
    text = "".join(inv.run.content(f, inv.scope, inv.stdin) for f in files) if files else inv.stdin or ""
    kept = marks(text)
    if (
        ENVIRONMENT in kept
        and not inv.has("-v")
        and not re.search(r"secret|token|pass|key|cred|auth|^\W*$|^\^?\[?[A-Z.]*\]?[*+]?$", pattern, re.IGNORECASE)
    ) or (ENVIRONMENT in kept and re.fullmatch(r"\^?(?:PATH|HOME|USER|LANG|SHELL|TERM|PWD)=?", pattern)):
        kept = kept.replace(ENVIRONMENT, "")
    if text and is_known(text) and len(pattern) < 60 and not inv.has("-o", "-v", "-A", "-B", "-C"):
        try:
            compiled = re.compile(pattern if not inv.has("-F") else re.escape(pattern))
        except re.error:
            return UNKNOWN + kept
        if not re.search(r"[*+}]\)?[*+{]", pattern):
            return kept + "".join(line + "\n" for line in plain(text).split("\n") if compiled.search(line))
    return UNKNOWN + kept


@handler("openssl")
def _openssl(inv: Invocation, effect: str) -> str | None:
    sub = inv.path[0] if inv.path else ""
    if sub in ("enc", "base64", "zlib") or sub.startswith(("aes", "des")):
        out = inv.value("-out")
        if out:
            inv.run.write(out, inv.scope)
        source = inv.value("-in")
        text = inv.run.content(source, inv.scope, inv.stdin) if source else inv.stdin or ""
        if inv.has("-d"):
            if ("-base64", None) in inv.options or "-a" in dict(inv.options) or sub == "base64":
                known = plain(text) if text and is_known(text) else None
                if known is not None and not any(f.startswith("-aes") for f, _ in inv.options):
                    try:
                        data = base64.b64decode(re.sub(r"\s", "", known))
                        return DECODED + marks(text) + data.decode("utf-8", "replace")
                    except (binascii.Error, ValueError):
                        pass
            return DECODED + UNKNOWN + marks(text)
        return UNKNOWN + marks(text)
    if sub in ("rsa", "pkey", "ec", "pkcs8", "pkcs12", "dsa") and not inv.has("-pubout", "-noout", "-pubin", "-out"):
        return SECRET + UNKNOWN
    if sub == "s_client":
        if inv.stdin and SHELL in inv.stdin:
            inv.run.deny("shell.reverse", "gives a shell to the network (openssl)")
        if inv.stdin is not None and not is_known(inv.stdin):
            inv.run.unclear("network.raw", "talks over a raw TLS connection")
        if inv.stdin and set(inv.stdin) & {SECRET, ENVIRONMENT}:
            inv.run.deny("credential.sent", "sends credentials away with openssl")
        return NETWORK + UNKNOWN
    return None


@handler("seq")
def _seq(inv: Invocation, effect: str) -> str | None:
    numbers = [plain(o) for o in inv.operands]
    if all(re.fullmatch(r"\d{1,4}", n) for n in numbers) and 1 <= len(numbers) <= 2:
        first = int(numbers[0]) if len(numbers) == 2 else 1
        return "\n".join(str(n) for n in range(first, min(int(numbers[-1]), first + 11) + 1)) + "\n"
    return UNKNOWN


@handler("whoami")
def _whoami(inv: Invocation, effect: str) -> str | None:
    return "root\n"


@handler("mktemp")
def _mktemp(inv: Invocation, effect: str) -> str | None:
    if not inv.has("-u", "--dry-run"):
        inv.run.change(Action.CREATE, "file//tmp/tmp", "creates a temporary file")
    return "/tmp/tmp." + UNKNOWN + "\n"  # noqa: S108 - nothing is made


@handler("printenv")
def _printenv(inv: Invocation, effect: str) -> str | None:
    from reign_executors.shell.analysis.scope import secret_name

    if not inv.operands:
        return ENVIRONMENT + UNKNOWN
    if any(secret_name(plain(o)) for o in inv.operands):
        return SECRET + UNKNOWN
    return "".join(inv.scope.get(plain(o))[0] + "\n" for o in inv.operands)


@handler("sort")
def _sort(inv: Invocation, effect: str) -> str | None:
    text = _text(inv)
    for flag, value in inv.options:
        if flag == "--compress-program" and value:
            inv.run.run_argv([value], inv.scope, None)
    if text is None:
        return None
    return marks(gathered(inv)) + "\n".join(sorted(text.split("\n"))) + "\n"


@handler("uniq")
def _uniq(inv: Invocation, effect: str) -> str | None:
    if len(inv.operands) > 1:
        inv.run.write(inv.operands[1], inv.scope)
    return None


@handler("ls")
def _ls(inv: Invocation, effect: str) -> str | None:
    """Names: those of a folder for a folder, the words themselves for globs and ``-d``."""
    out = [o if has_glob(o) or inv.has("-d", "--directory") else STAR for o in inv.operands] or [STAR]
    return "\n".join(unmarked(o) for o in out) + "\n" if not inv.has("-l", "-s", "-i") else UNKNOWN


@handler("strings")
def _strings(inv: Invocation, effect: str) -> str | None:
    return None


@handler("ss")
def _ss(inv: Invocation, effect: str) -> str | None:
    """Small readers with one or two options that change something."""
    if effect == "changes" and inv.name == "file" and not inv.has("-C", "--compile"):
        return UNKNOWN
    if (
        effect == "changes"
        and inv.name == "nvidia-smi"
        and not any(len(f) > 2 for f, _ in inv.options)
        and not inv.has("-r")
    ):
        return UNKNOWN
    return None


@handler("jq")
def _jq(inv: Invocation, effect: str) -> str | None:
    """``jq env`` prints the environment; otherwise what went in comes out."""
    operands = list(inv.operands)
    for flag, value in inv.options:  # --arg NAME VALUE: two words of its own
        if flag in ("--arg", "--argjson", "--slurpfile", "--rawfile") and value is None and inv.name != "yq":
            own, operands = operands[:2], operands[2:]
            if flag.endswith("file") and len(own) == 2:
                operands.append(own[1])
    program = plain(operands[0]) if operands else ""
    kept = marks("".join(inv.run.content(o, inv.scope, inv.stdin) for o in operands[1:]) or inv.stdin or "")
    if re.search(r"\$ENV\b(?!\.)|(?<![\w.$])env\b(?!\.)", program) and effect == "reads":
        return ENVIRONMENT + UNKNOWN + kept
    return UNKNOWN + kept if effect == "reads" else None
