"""What is asked of this machine and of git that no operation does: how people say it, and the command that does it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from functools import cache

from reign_agents.planning.scan import MASK, Scan

_BEGIN = r"^\W*(?:(?:please|pls|can\s+you|could\s+you|now|then|just|and)\W+)*"
_F = r"(?:the\s+)?(?:file\s+|folder\s+|directory\s+)?"
_PATH = r"[\w~.][\w./~@-]*\w|\w"
_FILE = r"[\w./~@-]*\w\.[A-Za-z]\w{0,9}"
_WORD = rf"{MASK}|[^\s,;]*[^\s,;.?!]"
_SMALL = r"(?:(?:the|an?|my|our|all|new|some)\s+)*"
_PORT = r"(?:the\s+)?(?:tcp\s+|udp\s+)?port\s+(?P<n>\d+(?:/(?:tcp|udp))?)"
_OF_MACHINE = (
    r"(?:\s+(?:(?:on|of|in)\s+(?:this|the|my)\s+(?:whole\s+)?"
    r"(?:machine|host|server|box|computer|system|firewall)|in\s+(?:ufw|iptables)|please|now))*"
)
_MACHINE = r"(?:server|machine|host|box|computer|system|vm)(?=\W*$|\s+(?:now|please|in\s+\d|at\s+\d))"

_WHOLE = r"(?:the|this|my)\s+(?:whole\s+)?"
_COUNTED = r"(?:lines|rows|words|characters|chars|letters|bytes|files|folders|containers|pods)"
_HOW_MANY = (
    rf"{_BEGIN}(?:(?:show|tell)\s+me\s+)?(?:how\s+many|count|(?:the\s+)?number\s+of)\s+"
    r"(?:all\s+|the\s+|number\s+of\s+)*"
)
_IN_FILE = (
    rf"(?:\s+(?:there|are|is|do|does|has))*\s+(?:(?:in|of)\s+)?{_F}(?P<f>{_FILE})(?:\s+(?:have|has|contain))?\W*$"
)
_SEARCH = (
    rf"{_BEGIN}(?:(?:find|list|show|search|get|see|ls|delete|remove|rm|trash|clean|purge|clear|erase|wipe|move|copy|"
    r"archive|compress|zip|pack|back|count|how|which|what|where|are|is|do|all|any|the|every)\b[^,;]{0,200}?)?"
    r"(?<![\w./-])files\b"
)
"""The beginning of a search for files."""

Given = dict[str, str]
Line = Callable[[Given], Sequence[str]]


def quoted_path(path: str) -> str:
    """A path as one word for the shell, which still expands the ``~`` or ``~name`` in front of it."""
    home = re.match(r"~[\w.-]*(?:/|$)", path)
    if home is None:
        return shlex.quote(path)
    rest = path[home.end() :]
    return home.group() + (shlex.quote(rest) if rest else "")


def _line(*forms: str) -> Line:
    """Commands with ``{name}`` for what was said, quoted for the shell; those with something unsaid fall away."""

    def lines(given: Given) -> list[str]:
        quoted = {key: (shlex.quote if key in "mw" else quoted_path)(value) for key, value in given.items()}
        found = []
        for form in forms:
            try:
                found.append(form.format(**quoted))
            except KeyError:
                continue
        return found

    return lines


def _replaced(given: Given) -> list[str]:
    old, new = (re.sub(r"([\\/&.*\[\]^$])", r"\\\1", given[key]) for key in ("a", "b"))
    recursive = not re.search(r"\.\w+$", given["f"])
    file = quoted_path(given["f"])
    said = shlex.quote(f"s/{old}/{new}/g")
    return [f"!grep -rl {shlex.quote(given['a'])} {file}"] if recursive else [f"!sed -i {said} {file}"]


def _packed(given: Given) -> list[str]:
    source = given["s"].rstrip("/")
    target = given.get("d") or (f"{source}.zip" if given["verb"].lower() == "zip" else f"{source}.tar.gz")
    pair = f"{quoted_path(target)} {quoted_path(source)}"
    return [f"!zip -r {pair}" if target.endswith(".zip") else f"!tar czf {pair}"]


def _unpacked(given: Given) -> list[str]:
    file, into = quoted_path(given["f"]), given.get("d")
    if given["f"].endswith(".zip"):
        return [f"!unzip {file}" + (f" -d {quoted_path(into)}" if into else "")]
    return [f"!tar xf {file}" + (f" -C {quoted_path(into)}" if into else "")]


def _picked(given: Given) -> list[str]:
    onto = f"git switch {shlex.quote(given['b'])} && " if given.get("b") else ""
    return [f"!{onto}git cherry-pick {shlex.quote(given['c'])}"]


def _taken_back(given: Given) -> list[str]:
    number = given.get("n") or "1"
    return [
        "revert the last commit" if number == "1" else f"revert the last {number} commits",
        f"!git reset --soft HEAD~{number}",
    ]


def _where(given: Given) -> str:
    return quoted_path(given.get("e") or given.get("d") or ".")


def _by_size(given: Given) -> list[str]:
    unit = {"k": "k", "m": "M", "g": "G"}[given["u"].lower()]
    return [f"!find {_where(given)} -type f -size +{given['n']}{unit}"]


def _by_age(given: Given) -> list[str]:
    return [f"!find {_where(given)} -type f -mtime {'+' if 'older' in given else '-'}{given['n']}"]


_TABLE: tuple[tuple[str, str, Line], ...] = (
    (
        "Rebasing",
        rf"{_BEGIN}(?:git\s+)?rebase\b(?:\s+(?:it|this|this\s+branch|my\s+branch|\S+(?=\s+on)))?(?:\s+on(?:to|\s+top\s+of)?\s+(?P<b>{_PATH}))?",
        _line("!git rebase {b}"),
    ),
    (
        "Picking commits",
        rf"{_BEGIN}cherry[- ]?pick\s+(?:commit\s+)?(?P<c>[\w.~^-]+)(?:\s+(?:on)?to\s+(?P<b>{_PATH}))?",
        _picked,
    ),
    (
        "Squashing commits",
        rf"{_BEGIN}squash\s+(?:(?:my|the)\s+)?(?:last\s+(?P<n>\d+)\s+)?commits?\b",
        _line("!git reset --soft HEAD~{n}"),
    ),
    (
        "Taking a commit back",
        (
            rf"{_BEGIN}(?:undo|uncommit|take\s+back|throw\s+away|drop|discard|remove|delete|reset)\s+(?:(?:my|the)\s+)?"
            r"(?:last|latest)\s+(?:(?P<n>\d+)\s+)?commits?\b"
        ),
        _taken_back,
    ),
    (
        "Changing a commit",
        rf"{_BEGIN}(?:git\s+)?(?:amend\b|(?:change|edit|fix|reword)\s+the\s+(?:last\s+)?commit\s+message)(?:[^\ue000-\uefff]*(?P<m>{MASK}))?",
        _line("!git commit --amend -m {m}", "!git commit --amend --no-edit"),
    ),
    (
        "Renaming branches",
        rf"{_BEGIN}rename\s+(?:the\s+)?branch\s+(?P<a>{_PATH})\s+(?:in)?to\s+(?P<b>{_PATH})",
        _line("!git branch -m {a} {b}"),
    ),
    (
        "Removing remotes",
        rf"{_BEGIN}(?:remove|delete|drop)\s+(?:the\s+)?(?:git\s+)?remote\s+(?!branch|tag)(?P<a>{_PATH})",
        _line("!git remote remove {a}"),
    ),
    (
        "Changing remotes",
        rf"{_BEGIN}(?:change|set|point)\s+(?:the\s+)?(?:url\s+of\s+)?(?:remote\s+)?(?P<a>origin|upstream)(?:'s\s+url)?\s+(?:to|at)\s+(?P<b>\S+)",
        _line("!git remote set-url {a} {b}"),
    ),
    (
        "Blaming lines",
        rf"{_BEGIN}(?:git\s+blame|blame|who\s+(?:wrote|added|broke))\s+(?:lines?\s+(?P<n>\d+)\s+(?:of|in)\s+)?{_F}(?P<f>{_FILE})",
        _line("!git blame -L {n},{n} {f}", "!git blame {f}"),
    ),
    (
        "Blaming files",
        rf"{_BEGIN}who\s+(?:last\s+)?(?:changed|touched|edited|modified)\s+{_F}(?P<f>{_FILE})",
        _line("!git log -1 -- {f}"),
    ),
    (
        "Cleaning a work tree",
        rf"{_BEGIN}(?:clean|clean\s+up|remove|delete)\s+(?:all\s+|the\s+|my\s+)*untracked\s+files?\b",
        _line("!git clean -nd"),
    ),
    ("Untracking files", rf"{_BEGIN}(?:stop\s+tracking|untrack)\s+{_F}(?P<f>{_PATH})", _line("!git rm --cached {f}")),
    (
        "Moving tags",
        rf"{_BEGIN}(?:move|update)\s+(?:the\s+)?tag\s+(?P<a>\S+)\s+to\s+(?P<b>[\w./~^-]+)",
        _line("!git tag -f {a} {b}"),
    ),
    (
        "Going back to the branch before",
        rf"{_BEGIN}(?:go|switch|change)\s+back\s+to\s+the\s+(?:previous|last)\s+branch",
        _line("!git switch -"),
    ),
    (
        "Asking what is merged",
        rf"{_BEGIN}(?:is|was|has)\s+(?:branch\s+)?(?P<a>{_PATH})\s+(?:been\s+)?(?:already\s+)?merged\s+(?:in)?to\s+(?P<b>{_PATH})",
        _line("!git branch -a --merged {b}"),
    ),
    (
        "Fetching all remotes",
        rf"{_BEGIN}(?:git\s+)?fetch\s+(?:everything|all(?:\s+remotes)?|--all)\W*$",
        _line("!git fetch --all"),
    ),
    (
        "Installing packages",
        (
            rf"{_BEGIN}(?:install|uninstall|remove|purge|upgrade|update|add)\s+(?:the\s+)?(?:packages?\s+(?P<p>{_PATH})|"
            r"(?P<q>[\w.+-]+)\s+(?:package\b|(?:with|via|using|from|through)\s+(?:apt|apt-get|yum|dnf|apk|brew|snap|pacman|zypper)\b))"
        ),
        _line(),
    ),
    (
        "Users of this machine",
        rf"{_BEGIN}(?:create|add|make)\s+(?:an?\s+|the\s+)?(?:new\s+)?(?:linux\s+|system\s+|unix\s+)?user\s+(?:called\s+|named\s+)?(?P<u>[a-z][\w-]*)\W*$",
        _line("!useradd -m {u}"),
    ),
    (
        "Users of this machine",
        rf"{_BEGIN}(?:delete|remove)\s+(?:the\s+)?(?:linux\s+|system\s+|unix\s+)?user\s+(?P<u>[a-z][\w-]*)\W*$",
        _line("!userdel {u}"),
    ),
    (
        "Groups of this machine",
        rf"{_BEGIN}add\s+(?:user\s+)?(?P<u>[a-z][\w-]*)\s+to\s+(?:the\s+)?(?P<g>[a-z][\w-]*)\s+group\W*$",
        _line("!usermod -aG {g} {u}"),
    ),
    (
        "Passwords of users",
        rf"{_BEGIN}(?:change|set|reset)\s+(?:the\s+)?password\s+(?:of|for)\s+(?:user\s+)?(?P<u>[a-z][\w-]*)\W*$",
        _line("!passwd {u}"),
    ),
    (
        "Firewall rules",
        rf"{_BEGIN}(?:open|allow)\s+{_PORT}{_OF_MACHINE}\W*$",
        _line("!ufw allow {n}"),
    ),
    (
        "Firewall rules",
        rf"{_BEGIN}(?:close|block|deny)\s+{_PORT}{_OF_MACHINE}\W*$",
        _line("!ufw deny {n}"),
    ),
    (
        "Firewall rules",
        rf"{_BEGIN}(?:open|allow)\s+{_PORT}{_OF_MACHINE}\s+(?:only\s+)?(?:from|for)\s+(?P<s>\d+(?:\.\d+){{3}}(?:/\d+)?)\W*$",
        _line("!ufw allow from {s} to any port {n}"),
    ),
    (
        "DNS records",
        (
            rf"{_BEGIN}(?:add|create|make|set|change|update|edit|delete|remove|list|check|(?:show|give)(?:\s+me)?)\s+"
            rf"(?!.{{0,200}}\b(?:terraform|tofu|plan)\b)(?:{_SMALL}\w+\s+)?(?:dns\s+(?:records?|entry|entries|zones?)|(?:cname|txt|mx)\s+records?)\b"
        ),
        _line(),
    ),
    (
        "Certificates",
        rf"{_BEGIN}(?:renew|revoke|issue|rotate)\s+(?:the\s+|my\s+|our\s+|a\s+)?(?:tls\s+|ssl\s+)?cert(?:ificate)?s?\b(?!.{{0,200}}\b(?:secret|kubernetes|cluster|ingress)\b)",
        _line(),
    ),
    (
        "Certificates",
        (
            rf"{_BEGIN}(?:(?:when|check|does|do|will|is|has|how|show|see|tell|which|what|find|warn|remind)\b.{{0,60}}?)?(?<![\w./-])(?:the\s+|my\s+|our\s+)*"
            rf"(?:tls\s+|ssl\s+)?cert(?:ificate)?s?\b(?:\s+(?:of|for)\s+(?P<h>[\w-]+(?:\.[\w-]+)+))?.{{0,60}}?\s(?:expires?|expired|runs?\s+out)\b"
        ),
        _line("!openssl s_client -connect {h}:443 -servername {h}"),
    ),
    ("Ending processes", rf"{_BEGIN}kill\s+(?:-9\s+)?(?:the\s+)?(?:process|pid|proc)\s+(?P<n>\d+)", _line("!kill {n}")),
    (
        "Rebooting",
        rf"{_BEGIN}(?:(?:reboot|power\s*cycle)\s+{_WHOLE}|restart\s+(?!(?:the|my)\s+server){_WHOLE}){_MACHINE}|{_BEGIN}reboot\W*$",
        _line("!systemctl reboot"),
    ),
    (
        "Shutting down",
        rf"{_BEGIN}(?:shut\s*down|power\s*off|halt)\s+{_WHOLE}{_MACHINE}|{_BEGIN}(?:shutdown|poweroff)\W*$",
        _line("!systemctl poweroff"),
    ),
    (
        "Naming the machine",
        rf"{_BEGIN}(?:set|change)\s+(?:the\s+)?hostname\s+to\s+(?P<n>[\w.-]*\w)\W*$",
        _line("!hostnamectl set-hostname {n}"),
    ),
    (
        "Setting the time zone",
        rf"{_BEGIN}(?:set|change)\s+(?:the\s+)?time\s?zone\s+to\s+(?P<n>[\w/+-]+)",
        _line("!timedatectl set-timezone {n}"),
    ),
    (
        "Formatting disks",
        rf"{_BEGIN}(?:format|mkfs\S*|wipe|partition|erase)\s+(?:the\s+)?(?:disk\s+)?/dev/\S+",
        _line(),
    ),
    ("Mounting disks", rf"{_BEGIN}mount\s+(?P<a>/dev/\S+)\s+(?:at|on|to|under)\s+(?P<b>/\S*)", _line("!mount {a} {b}")),
    (
        "Unpacking archives",
        rf"{_BEGIN}(?:unpack|extract|unzip|untar|decompress)\s+{_F}(?P<f>{_FILE})(?:\s+(?:in)?to\s+{_F}(?P<d>{_PATH}))?",
        _unpacked,
    ),
    (
        "Packing archives",
        (
            rf"{_BEGIN}(?P<verb>compress|zip|tar|gzip|pack)\s+(?:up\s+)?{_F}(?P<s>(?!(?:it|them|that|this|these|everything|all)\b){_PATH})(?:\s+(?:folder|directory|file))?"
            rf"(?:\s+(?:in)?to\s+{_F}(?P<d>{_PATH})|\s+up|\s+(?:and|then)\b.{{0,200}})?\W*(?:and\b.{{0,200}})?$"
        ),
        _packed,
    ),
    (
        "Checksums",
        rf"{_BEGIN}(?:checksum|sha256(?:sum)?|hash)\s+(?:of\s+|for\s+)?{_F}(?P<f>{_FILE})",
        _line("!sha256sum {f}"),
    ),
    ("Checksums", rf"{_BEGIN}md5(?:sum)?\s+(?:of\s+|for\s+)?{_F}(?P<f>{_FILE})", _line("!md5sum {f}")),
    (
        "Counting lines",
        rf"{_HOW_MANY}(?:lines|rows)\s+(?:in\s+{_F}(?P<g>{_FILE})\s+)?(?:that\s+)?(?:contain(?:ing)?|mention(?:ing)?|with|have|match(?:ing)?|say(?:ing)?)\s+(?:the\s+word\s+)?(?P<w>{_WORD})(?:\s+in\s+{_F}(?P<f>{_FILE}))?\W*$",
        _line("!grep -c {w} {f}", "!grep -c {w} {g}"),
    ),
    ("Counting lines", rf"{_HOW_MANY}(?:lines|rows)(?:\s+of\s+code)?{_IN_FILE}", _line("!wc -l {f}")),
    ("Counting words", rf"{_HOW_MANY}words{_IN_FILE}", _line("!wc -w {f}")),
    ("Counting characters", rf"{_HOW_MANY}(?:characters|chars|letters){_IN_FILE}", _line("!wc -m {f}")),
    (
        "Counting",
        rf"{_BEGIN}(?:count|how\s+many)\s+(?:the\s+)?(?P<w>(?!{_COUNTED}\b){_WORD})s?\s+(?:are\s+)?in\s+{_F}(?P<f>{_FILE})",
        _line("!grep -ci {w} {f}"),
    ),
    (
        "Changing what is in a file",
        rf"{_BEGIN}(?:(?:replace|substitute|swap)\s+(?:every\s+|all\s+)?|change\s+(?:(?:every|all)\s+|(?={MASK})))(?P<a>(?!(?:the|content|contents|text|it)\b){_WORD})\s+(?:with|by|to|for)\s+(?P<b>{_WORD})\s+in\s+{_F}(?P<f>{_FILE}|[\w./~-]*/[\w./~-]*)",
        _replaced,
    ),
    (
        "Changing what is in a file",
        rf"{_BEGIN}(?:set|change|turn)\s+(?:the\s+)?\S+\s+(?:to\s+\S+\s+in\s+{_F}(?P<f>{_FILE})|in\s+{_F}(?P<g>{_FILE})\s+to\s+\S+)",
        _line("show file {f}", "show file {g}"),
    ),
    (
        "Editing",
        rf"{_BEGIN}(?:edit\s+{_F}(?P<f>{_FILE})\W*$|open\s+{_F}(?P<g>{_FILE})\s+in\s+(?:vim?|nano|emacs|an?\s+editor|my\s+editor))",
        _line("show file {f}", "show file {g}"),
    ),
    (
        "Emptying files",
        rf"{_BEGIN}(?:truncate|empty|clear(?:\s+out)?|blank)\s+{_F}(?P<f>{_FILE})\b",
        _line("!truncate -s 0 {f}"),
    ),
    (
        "Comparing files",
        rf"{_BEGIN}(?:compare|diff|what(?:'s|\s+is|\s+has)?\s+(?:changed|different)\s+between|(?:the\s+)?difference\s+between)\s+(?P<a>{_FILE})\s+(?:and|with|to|against)\s+(?P<b>{_FILE})",
        _line("!diff -u {a} {b}"),
    ),
    (
        "Searching in files",
        rf"{_BEGIN}(?:where\s+is|search(?:\s+for)?|grep(?:\s+for)?|look\s+for)\s+(?:the\s+)?(?:word\s+|text\s+|string\s+)(?P<w>{_WORD})\s+(?:used\s+)?(?:in|under)\s+{_F}(?P<f>{_PATH})",
        _line("!grep -rn {w} {f}"),
    ),
    (
        "Searching in files",
        rf"{_BEGIN}(?:which|what)\s+files\s+(?:\w+\s+)?(?:contain|mention|have)\s+(?:the\s+)?(?:word\s+|text\s+)?(?P<w>{_WORD})(?:\s+in\s+{_F}(?P<f>{_PATH}))?\W*$",
        _line("!grep -rl {w} {f}", "!grep -rl {w} ."),
    ),
    (
        "Choosing files by size",
        rf"{_SEARCH}(?:\s+(?:in|under)\s+(?P<d>{_PATH}))?.{{0,200}}?\b(?:(?:bigger|larger|more|over)\s+than|over)\s+(?P<n>\d+)\s*(?P<u>[kmg])i?b?\b(?:\s+(?:in|under)\s+(?P<e>{_PATH}))?",
        _by_size,
    ),
    (
        "Choosing files by age",
        rf"{_SEARCH}(?:\s+(?:in|under)\s+(?P<d>{_PATH}))?.{{0,200}}?\b(?P<older>older)\s+than\s+(?P<n>\d+)\s+days?\b(?:\s+(?:in|under)\s+(?P<e>{_PATH}))?",
        _by_age,
    ),
    (
        "Choosing files by age",
        rf"{_SEARCH}(?:\s+(?:in|under)\s+(?P<d>{_PATH}))?\s+(?:\w+\s+)?(?:changed|modified|touched)\s+in\s+the\s+last\s+(?P<n>\d+)\s+days?\b",
        _by_age,
    ),
    (
        "Clusters on this machine",
        rf"{_BEGIN}(?:start|stop|delete|remove|create|restart|pause|launch|spin\s+up)\s+(?:(?:an?|the|my|our|new|local)\s+)*(?P<w>minikube|k3d|kind)\s+(?:k8s\s+|kubernetes\s+)?cluster\b(?!\s+(?:roles?|issuers?)\b)",
        _line("!{w} --help"),
    ),
    (
        "Sending messages",
        rf"{_BEGIN}(?:(?:send|write)\s+(?:me|us|\w+)\s+an?\s+(?:e-?mail|mail|message|sms)|(?:e-?mail|mail)\s+me|(?:post|send|say)\s.{{0,200}}\s(?:to|on|in)\s+slack)\b",
        _line(),
    ),
    (
        "Storage and machines of a cloud",
        (
            rf"{_BEGIN}(?:start|stop|launch|create|terminate|upload|copy|sync|delete|list)\s+"
            r"(?!.{0,200}\b(?:terraform|module|helm|chart|containers?|volumes?|networks?|images?|pods?|deployments?|services?|namespaces?|"
            r"secrets?|releases?|branch(?:es)?|folders?|director(?:y|ies))\b).{0,200}?"
            r"(?<![\w./:-])(?<!\bas )(?:(?<=objects in )|(?<=buckets in )|(?<!\bin ))"
            r"(?<!\bnamed )(?<!\bcalled )(?<!\bfile )(?:ec2|s3|gcs|azure\s+vm|aws\s+\w+)(?![\w./:-])"
        ),
        _line(),
    ),
)


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str], Line], ...]:
    """The rows ready to match: not before the first request, so that nothing waits for them while starting."""
    return tuple((name, re.compile(pattern, re.IGNORECASE), line) for name, pattern, line in _TABLE)


def _narrow(text: str) -> str:
    """The text with one blank or one line break for each run of them, so that no pattern tries them one by one."""
    return re.sub(r"\s+", lambda run: "\n" if "\n" in run.group() else " ", text)


def lacked(text: str) -> tuple[str, tuple[str, ...]] | None:
    """What a request needs that no operation does, and commands for it; None where it is nothing known here."""
    scan = Scan(text)
    scan.text = _narrow(scan.text)
    for name, pattern, line in _compiled():
        match = pattern.search(scan.text)
        if match is not None:
            given = {key: scan.restored(value) for key, value in match.groupdict().items() if value}
            return name, tuple(line(given))[:2]
    return None


_THIS = r"(?:\s+(?:on|of|in|for)\s+(?:this|the)\s+(?:machine|host|server|box|computer|system)|\s+here)?"
_LOOKS: tuple[tuple[str, str], ...] = (
    (
        r"(?:how\s+much\s+)?(?:free\s+)?disk(?:\s+space)?\s+(?:is|do\s+(?:i|we)\s+have)\s+(?:left|free|available|used)",
        "df -h",
    ),
    (r"how\s+much\s+(?:free\s+)?(?:disk\s+)?space\s+(?:is|do\s+(?:i|we)\s+have)\s+(?:left|free|available)", "df -h"),
    (r"(?:is\s+the\s+)?disks?\s+(?:almost\s+)?full|free\s+disk\s+space|disk\s+space(?:\s+left)?", "df -h"),
    (
        r"how\s+much\s+(?:free\s+)?(?:memory|ram)\s+(?:is|do\s+(?:i|we)\s+have)\s+(?:left|free|available|used)",
        "free -h",
    ),
    (r"free\s+(?:memory|ram)|ram", "free -h"),
    (
        r"load(?:\s+average)?|what(?:'s|\s+is)\s+the\s+load(?:\s+average)?|how\s+long\s+(?:has\s+(?:this|it)\s+been\s+)?up",
        "uptime",
    ),
    (
        r"top\s+processes\s+by\s+(?:memory|ram)|which\s+process(?:es)?\s+(?:eats?|uses?|takes?|hogs?)\s+(?:all\s+|up\s+|most\s+|the\s+)*(?:memory|ram)",
        "ps aux --sort=-%mem",
    ),
    (
        r"top\s+processes(?:\s+by\s+cpu)?|which\s+process(?:es)?\s+(?:eats?|uses?|takes?|hogs?)\s+(?:all\s+|up\s+|most\s+|the\s+)*cpu",
        "ps aux --sort=-%cpu",
    ),
    (
        r"(?:what|which)\s+(?:os|operating\s+system|linux|distro|distribution)\s+(?:is\s+(?:this|it|running)|do\s+(?:i|we)\s+have)",
        "cat /etc/os-release",
    ),
    (r"who(?:'s|\s+is)\s+logged\s+in", "who"),
    (r"what\s+time\s+is\s+it|what(?:'s|\s+is)\s+the\s+time", "date"),
    (r"what(?:'s|\s+is|\s+are)\s+my\s+ips?(?:\s+address(?:es)?)?", "hostname -I"),
    (
        r"(?:which|what)\s+services\s+(?:have\s+|are\s+)?(?:failed|failing|broken)|failed\s+services",
        "systemctl --failed --no-pager",
    ),
)
_SOME_LINES = re.compile(
    rf"\W*(?:the\s+)?(?P<end>first|last)\s+(?P<n>\d+)\s+(?:lines|rows)\s+(?:of|in|from)\s+{_F}(?P<f>{_FILE})\W*",
    re.IGNORECASE,
)


@cache
def _asked() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\W*(?:{pattern}){_THIS}\W*", re.IGNORECASE), line) for pattern, line in _LOOKS)


def look_at_machine(text: str) -> str | None:
    """The command that answers a question about this machine: its disks, memory, load, time, users."""
    if len(text.split()) < 2 and "?" not in text:
        return None
    text = _narrow(text)
    lines = _SOME_LINES.fullmatch(text)
    if lines is not None:
        program = "head" if lines["end"].lower() == "first" else "tail"
        return f"{program} -n {lines['n']} {quoted_path(lines['f'])}"
    return next((line for pattern, line in _asked() if pattern.fullmatch(text)), None)
