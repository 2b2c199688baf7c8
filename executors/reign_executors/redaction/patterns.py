"""What an unknown secret looks like: spans of one line (bytes), found only where a trigger word stands.

A *family* has trigger words (lower case, searched in the whole chunk at the speed of memory) and a function that gives
the spans ``(start, end, name)`` of secrets in one line that contains a trigger. No pattern reaches over a line's end,
so any way of cutting a stream at line ends gives the same result.
"""

from __future__ import annotations

import re
from functools import cache

from reign_executors.redaction.names import is_secret_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Span = tuple[int, int, str]
    Spans = Callable[[bytes, bytes], Iterator[Span]]

TOKENS: dict[str, str] = {
    "aws_access_key_id": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "github_token": r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    "gitlab_token": r"gl(?:pat|dt|rt|cbt|ptt|ft|agent)-[A-Za-z0-9_-]{16,}",
    "anthropic_key": r"sk-ant-[A-Za-z0-9_-]{8,}",
    "openai_key": r"sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,}",
    "slack_token": r"xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{16,}",
    "slack_webhook": r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+",
    "google_key": r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}",
    "stripe_key": r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9]{16,}",
    "npm_token": r"npm_[A-Za-z0-9]{30,}",
    "pypi_token": r"pypi-[A-Za-z0-9_-]{40,}",
    "huggingface_token": r"hf_[A-Za-z0-9]{30,}",
    "vault_token": r"hv[sbr]\.[A-Za-z0-9_-]{20,}",
    "docker_token": r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}",
    "digitalocean_token": r"do[opr]_v1_[a-f0-9]{32,}",
    "sendgrid_key": r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "terraform_token": r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{20,}",
    "jwt": r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    "age_key": r"AGE-SECRET-KEY-1[A-Z0-9]{20,}",
}
"""Name of the placeholder → what such a token looks like (case counts)."""

_TOKEN_TRIGGERS = (
    *(b"akia", b"asia", b"abia", b"acca", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-"),
    *(b"gldt-", b"glrt-", b"glcbt-", b"glptt-", b"glft-", b"glagent-", b"sk-", b"xox", b"xapp-", b"hooks.slack.com"),
    *(b"aiza", b"ya29.", b"k_live_", b"k_test_", b"whsec_", b"npm_", b"pypi-", b"hf_", b"hvs.", b"hvb.", b"hvr."),
    *(b"dckr_", b"_v1_", b"sg.", b".atlasv1.", b"eyj", b"age-secret-key-"),
)


@cache
def _token_pattern() -> re.Pattern[bytes]:
    parts = (f"(?P<{name}>{pattern})" for name, pattern in TOKENS.items())
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(parts)})".encode())


_LONG = re.compile(rb"[a-z0-9]{22,}|sk_|gh[pousr]_|github_pat_|xox[abeoprs]_|akia|asia")


def looks_like_token(name: bytes) -> bool:
    """Whether a placeholder's name may itself hold a token."""
    return _LONG.search(name) is not None


def _tokens(line: bytes, _lower: bytes) -> Iterator[Span]:
    for match in _token_pattern().finditer(line):
        assert match.lastgroup is not None
        yield match.start(), match.end(), match.lastgroup


# name = value -------------------------------------------------------------------------------------------------------

_NAME_TRIGGERS = (b"pass", b"pwd", b"secret", b"token", b"key", b"credential", b"auth", b"cookie", b"sig")


@cache
def _named_pattern() -> re.Pattern[bytes]:
    """A trigger word, the rest of the name, and what stands between name and value (searched in the lower line)."""
    return re.compile(
        rb"""
        (?:pass|pwd|secret|token|key|credential|auth|cookie|sig)[a-z0-9_.\-]{0,40}
        (?: (?:\\{0,3}["'])? \]? [ \t]{0,20} (?:=>|:=|==?|:(?![:/])) [ \t]{0,20}
          | (?P<quoted>[ \t]{1,4}(?=\\?["']))
          | (?P<tag>>)
          | (?P<flag>[ \t]{1,4})
        )""",
        re.VERBOSE,
    )


_NAME_BEFORE = re.compile(rb"[A-Za-z0-9_.\-]{0,60}\Z")
_BARE = re.compile(rb"""(?:\\[\\&;<>|` \t]|\\["'](?![,}\]:\s\\]|\Z)|[^\s"';&<>`])+""")
"""To the next space, quote or sign of the shell that is not escaped; an escaped quote may also end a text in a text."""
_DOUBLE = re.compile(rb'"((?:[^"\\]|\\.)*)')
_SINGLE = re.compile(rb"'((?:[^'\\]|\\.)*)")
_ESCAPED = re.compile(rb"""(\\{1,3}["'])((?:(?!\1).)*)""")
_SCHEME = re.compile(rb"(?:bearer|basic|token|apikey|negotiate|digest|aws4-hmac-sha256|bot|key)[ \t]+")
_NO_SECRET = re.compile(
    rb"""(?: \x01.* | \$\{.* | \$\(.* | \$[a-z_][a-z0-9_]* | %[a-z_]+% | <[^>]*>? | \*+ | x{3,} | \.+ | -+
          | (?:var|local|data|module|secrets|vars|env|os|process)\..* | \{\{.* | \[+ | \{+ | \(+ | [|>][+-]?
          | (?:true|false|null|none|nil|undefined|required|optional|invalid|expected|unexpected|missing|expired|empty
             |not|is|are|was|were|has|must|the|a|an|no|yes|and|or|for|of|to|in|on|from|with|by|file|error|failed|unset
             |denied|rejected|redacted|unknown|set|string|number|bool|boolean|unauthorized|authentication|cannot
             |could|should|did|does|please|required\.|invalid\.)
        )[,.;:)}\]]*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_FLAG_WORDS = re.compile(rb"--?[a-z0-9.-]*\Z")


def _value(line: bytes, lower: bytes, at: int, *, whole: bool) -> tuple[int, int]:
    """Start and end of the value that begins at ``at``, without its quotes. ``whole``: up to the line's end."""
    first = line[at : at + 1]
    if first == b"\\" and (match := _ESCAPED.match(line, at)):
        return match.start(2), match.end(2)
    if first == b'"' and (match := _DOUBLE.match(line, at)):
        return match.span(1)
    if first == b"'" and (match := _SINGLE.match(line, at)):
        return match.span(1)
    if whole:
        return at, len(line.rstrip(b" \t\r\n\"',"))
    match = _BARE.match(line, at)
    if match is None:
        return at, at
    return at, at + len(match[0].rstrip(b",)}]\\.") or match[0])


def _named(line: bytes, lower: bytes) -> Iterator[Span]:
    pattern = _named_pattern()
    at = 0
    while (match := pattern.search(lower, at)) is not None:
        at = match.end()
        word = match.start()
        before = _NAME_BEFORE.search(line, max(0, word - 60), word)
        start = word if before is None else before.start()
        name_end = word
        while name_end < at and (line[name_end : name_end + 1].isalnum() or line[name_end] in b"_.-"):
            name_end += 1
        name = line[start:name_end].decode("ascii", "replace")
        kind = match.lastgroup
        if kind == "tag" and line[start - 1 : start] != b"<":
            continue
        if kind == "flag" and not line.startswith(b"-", start):
            continue
        says_password = name.lower().endswith(("password", "passphrase", "passwd"))
        if kind == "quoted" and not says_password and not line.startswith(b"-", start):
            continue
        name = name.strip("_.-")
        if not is_secret_name(name):
            continue
        low = name.lower()
        if low.endswith(("authorization", "auth")):
            scheme_at = at + 1 if line[at : at + 1] in (b'"', b"'") else at
            if (scheme := _SCHEME.match(lower, scheme_at)) is not None:
                digest = scheme[0].startswith((b"digest", b"aws4"))
                begin, end = _value(line, lower, scheme.end(), whole=digest)
                if end > begin and _NO_SECRET.fullmatch(line, begin, end) is None:
                    yield begin, end, _shown(name)
                at = max(at, end)
                continue
        begin, end = _value(line, lower, at, whole=low.endswith("cookie"))
        if end <= begin or _NO_SECRET.fullmatch(line, begin, end) is not None:
            continue
        if kind == "flag" and line.startswith(b"-", begin):
            continue
        yield begin, end, _shown(name)
        at = end


def _shown(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_").strip("_")[-60:]


# addresses, headers, command lines -----------------------------------------------------------------------------------


@cache
def _address_pattern() -> re.Pattern[bytes]:
    inside = rb"""[^\s/"'<>@\\]"""
    return re.compile(
        rb"""://(?:[^\s/"'<>@:\\]*:(?P<url_password>""" + inside + rb"""+(?:@""" + inside + rb"""+)*?)@(?!"""
        rb"""[^\s/"'<>\\]*@)|(?P<url_token>[A-Za-z0-9_\-.~%]{16,})@)"""
    )


@cache
def _bearer_pattern() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?:bearer[ \t]+(?P<bearer_token>[a-z0-9._~+/=\-]{12,})|basic[ \t]+(?P<basic_auth>[a-z0-9+/=]{12,}))"
    )


@cache
def _user_pattern() -> re.Pattern[bytes]:
    return re.compile(rb"""[ \t](?:-u|--user|--proxy-user)[ \t=]{0,3}["']?[^\s:"']+:(?P<user_password>[^\s"']+)""")


@cache
def _identified_pattern() -> re.Pattern[bytes]:
    return re.compile(
        rb"""identified[ \t]+by[ \t]+(?:password[ \t]+)?(?P<quote>["'])(?P<sql_password>(?:(?!(?P=quote)).)+)"""
    )


@cache
def _login_pattern() -> re.Pattern[bytes]:
    """Programs whose short flag takes a password (only the first of these on a line)."""
    value = rb"""["']?(?P<login_password>(?:\\[;|& "']|[^\s"';|&]){3,})"""
    return re.compile(
        rb"""(?:(?:mysql|mariadb)[\w-]*[ \t](?:[^|;&\n]*?[ \t])?-p"""
        rb"""|sshpass[ \t]+-p[ \t]*"""
        rb"""|redis-cli[ \t](?:[^|;&\n]*?[ \t])?-a[ \t]+"""
        rb"""|[ \t]login[ \t](?:[^|;&\n]*?[ \t])?-p[ \t]*"""
        rb"""|ldap[a-z]+[ \t](?:[^|;&\n]*?[ \t])?-w[ \t]+)""" + value
    )


def _groups(pattern: Callable[[], re.Pattern[bytes]], *, lower: bool) -> Spans:
    def spans(line: bytes, low: bytes) -> Iterator[Span]:
        for match in pattern().finditer(low if lower else line):
            name = match.lastgroup
            assert name is not None
            start, end = match.span(name)
            if _NO_SECRET.fullmatch(line, start, end) is None:
                yield start, end, name

    return spans


def _pem(line: bytes, _lower: bytes) -> Iterator[Span]:
    """A key in one line (as JSON has it), or its first line of many."""
    at = 0
    while (begin := PEM_BEGIN.search(line, at)) is not None:
        end = PEM_END.search(line, begin.end())
        at = len(line) if end is None else end.end()
        yield begin.start(), at, "private_key"


FAMILIES: tuple[tuple[tuple[bytes, ...], Spans], ...] = (
    (_NAME_TRIGGERS, _named),
    (_TOKEN_TRIGGERS, _tokens),
    ((b"@",), _groups(_address_pattern, lower=False)),
    ((b"bearer", b"basic "), _groups(_bearer_pattern, lower=True)),
    ((b"curl ", b"wget "), _groups(_user_pattern, lower=False)),
    ((b"-----begin",), _pem),
    ((b"mysql", b"mariadb", b"sshpass", b"redis-cli", b" login ", b"ldap"), _groups(_login_pattern, lower=False)),
    ((b"identified",), _groups(_identified_pattern, lower=True)),
)


@cache
def any_trigger() -> re.Pattern[bytes]:
    """Any trigger word of any family (searched in the lower text)."""
    words = sorted({trigger for triggers, _ in FAMILIES for trigger in triggers})
    return re.compile(b"|".join(map(re.escape, words)))


PEM_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = re.compile(
    rb"""[^A-Za-z0-9+/=]*[A-Za-z0-9+/=]*[^A-Za-z0-9+/=]*(?:\\n)?|.*[A-Za-z0-9+/]{40}.*|[ \t]*[A-Z][A-Za-z-]{2,20}:.*""",
    re.DOTALL,
)
"""A line that may stand inside a PEM block: base64, its headers, or nothing."""
