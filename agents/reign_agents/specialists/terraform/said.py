"""What a wish says of terraform: folder, workspace, variables, addresses. Words only; nothing is looked up here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import SMALL
from reign_agents.understanding import Understanding, understand
from reign_executors.operation import JsonObject
from reign_executors.redaction.names import is_secret_name

NAMED = re.compile(r"(?<![\w./-])(?:terraform|tofu|opentofu|tf|tfstate|tfvars)(?![\w/-])", re.IGNORECASE)
STACK = re.compile(r"\b(?:stacks?|infra(?:structure)?|workspaces?|outputs?)\b", re.IGNORECASE)
_PATH = r"(?:(?:~[\w.-]*)?/|\.{1,2}/)[^\s,;]*|\.{1,2}(?=\s|$)|[\w@+-]+(?:/[\w@+.-]+)+/?|[\w@+.-]+/"
_INDEX = r"(?:\[[^\]\s]+\])?"
_RESOURCE = rf"[a-z][a-z0-9]*_[a-z0-9_]+\.[\w-]+{_INDEX}"
ADDRESS = rf"(?:module\.[\w-]+{_INDEX}\.?)*(?:{_RESOURCE})?"
_PROVIDERS = (
    "aws|azurerm|azuread|google|null|random|local|terraform|tls|time|archive|kubernetes|helm|docker|github|gitlab|"
    "cloudflare|digitalocean|hcloud|vault|datadog|openstack|vsphere|oci|alicloud|linode|scaleway|postgresql|mysql|consul"
)
_ADDRESSED = rf"module\.[a-z]|(?:{_PROVIDERS})_[a-z0-9_]+\.[\w-]+"
SURELY = re.compile(
    rf"(?<![\w./-])(?:{_ADDRESSED}|[\w./-]*\.tfvars(?!\w)|"
    r"(?:the\s+)?infra(?:structure)?(?:'s)?(?![\w/.-]))",
    re.IGNORECASE,
)
"""What is terraform's own: addresses of known providers, files of values, "infra"."""
_OF_TERRAFORM = frozenset(
    {"plan", "apply", "init", "check", "lint", "format", "show", "list", "find", "inspect", "move"}
)
"""Verbs that with the words above are terraform's."""
_OTHERS = re.compile(
    r"\.(?:ya?ml|json|txt|sh|py|md)\b|\b(?:manifests?|charts?|helm|kubernetes|k8s|containers?)\b", re.IGNORECASE
)
_NO_PLACE = (
    "all|everything|every|this|that|the|my|our|it|here|there|terraform|tofu|state|code|config|configuration|changes?|"
    "plans?|files?|resources?|outputs?|stacks?|infrastructure|again|now|please|detail|full|json|parallel|advance|order|"
    "version|providers?|graph|workspaces?|drift|format|formatting|variables?|values"
)
"""Words after "in" and "terraform apply" that name no folder."""
_SPARED = re.compile(
    r"(?:,\s*)?(?:\b(?:and|but)\s+)?(?:\b(?:except(?:ing)?(?:\s+for)?|excluding|besides|apart\s+from|other\s+than|"
    r"save\s+for|without(?:\s+touching)?|(?:do\s+)?not|don[’']?t|keep(?:ing)?|leav(?:e|ing)|spar(?:e|ing)|"
    r"skip(?:ping)?)|(?<=everything)\s+but|(?<=all)\s+but)\s+(?:(?:touch|destroy|apply|remove|change|delete)\w*\s+)?"
    r"(?P<value>[^,;]+?)(?=\s+(?:in|of|from|inside|under)\s+(?:the\s+)?(?:folder\s+)?[\w./~]|\s+alone\b|"
    r"\s+as\s+(?:it|they)\b|\s+running\b|\s*[,;]|\s*[.!?]*$)",
    re.IGNORECASE,
)
"""What is to be left alone: "everything but the vpc", "but keep module.vpc", "without aws_instance.web"."""
_MANNER = re.compile(
    r"\b(?:without|not|don[’']?t)\s+(?:any\s+)?(?:asking|ask|confirm\w*|prompt\w*|approval|questions?)(?:\s+me)?\b|"
    r"\b(?:dont|don[’']?t)\s+worry\b",
    re.IGNORECASE,
)
_NOISE_WORDS = """
the a an my our your its it this that all everything every each whole entire complete full fully completely terraform
tofu opentofu tf stack stacks infrastructure infra infra's resource resources configuration configurations config code
change changes plan planned state please plz pls now again here there folder directory made makes created creates
create built of in on at to from for with and then only just go ahead quickly right away up down using via by
pending current existing managed too also same first immediately safely carefully me us them yes ok okay is are was
has have been what which we i you do does did need want afterwards after that before out off everywhere hcl tf's
terraform's asap thing things stuff so no together shown above new latest finally once more s force auto-approve
auto approve approved destroy apply through
"""
_NOISE = frozenset(_NOISE_WORDS.split())
"""Words of an apply or a destroy that choose nothing."""
_NO_MODULE_WORDS = """
the a an this that my our its root whole entire terraform each every all in only just
one same of and or
"""
_NO_MODULE = frozenset(_NO_MODULE_WORDS.split()) | SMALL


@lru_cache(maxsize=64)
def _understood(text: str) -> Understanding:
    return understand(text)


def is_terraform(wish: Wish) -> bool:
    """Whether the words speak of terraform: its name, or what understanding makes of them."""
    if wish.it is not None and wish.it.kind == "stack":
        return True
    text = wish.scan().text + " " + Scan(wish.text).text
    if NAMED.search(text):
        return True
    if _OTHERS.search(text):
        return False
    said = SURELY.search(Scan(wish.text).text)
    if said is not None and (wish.verb in _OF_TERRAFORM or tears_down(wish)):
        return True
    if wish.verb == "remove" and re.search(rf"(?<![\w./-])(?:{_ADDRESSED})", text) and not wish.has("file", "folder"):
        return True
    return "terraform" in _understood(wish.text).domains[:1] and bool(re.search(_PATH, text) or STACK.search(text))


def tears_down(wish: Wish) -> bool:
    """Whether it is said in the words that are used of infrastructure, not of files."""
    return wish.verb == "remove" and wish.has("destroy", "tear", "teardown", "tear down", "dismantle", "decommission")


def folder_said(wish: Wish) -> bool:
    """Whether a folder is named and nothing else is meant."""
    text = Scan(wish.text).text
    return bool(re.search(rf"(?<![\w.:/@-])(?:{_PATH})", text)) and not _OTHERS.search(text)


def means(word: str, address: str) -> bool:
    """Whether a word is an address, what an address is in, or a part of its type or name."""
    low, word = address.lower(), word.lower()
    parts = re.split(r"[._\[\]\"-]+", low)
    inside = low.startswith((f"{word}.", f"{word}["))
    return (
        word == low
        or inside
        or word in parts
        or word.removesuffix("s") in parts
        or word in re.split(r"[.\[\]\"]+", low)
    )


class Said:
    """What the words of a wish name: folder, workspace, variables, files of values, addresses.

    ``spared`` are the words for what is to be left alone, :meth:`left` the words that nothing was made of.
    """

    def __init__(self, wish: Wish) -> None:
        scan = wish.scan()
        scan.text = re.sub(r"(?<=\w)['’]s\b", "", scan.text)
        scan.text = re.sub(r"(?i)^\W*(?:please\s+)?(?:don[’']?t|do\s+not|never)\s+(?=apply|destroy)", "", scan.text)
        self.variables: dict[str, JsonValue] = {}
        self.targets: list[str] = []
        for mask in re.findall(MASK, scan.text):
            self._unquote(scan, mask)
        scan.has(_MANNER.pattern)
        for found in scan.take(
            rf"(?:\b(?:with|and|where|using|set(?:ting)?|variables?|vars?)\s+)*(?<![\w./-])(?P<name>[A-Za-z_]\w*)="
            rf"(?P<value>\{{[^}}]*\}}|\[[^\]]*\]|{VALUE})"
        ):
            self.variables[found["name"]] = typed(found["value"])
        self.files = [
            found["value"]
            for found in scan.take(
                r"(?:\b(?:with|using|and|from|in|the|values?|of|var(?:iable)?s?|files?)\s+)*"
                r"(?P<value>[^\s,;]+\.tfvars(?:\.json)?)(?!\w)"
            )
        ]
        self.workspace = scan.first(
            r"(?:\b(?:in|on|of|for|to|from)\s+)?(?:the\s+)?(?:new\s+|terraform\s+)?(?:workspace|ws)\s+(?:named\s+|called\s+)?"
            r"(?P<value>(?!(?:of|in|for|from|resources?|and|select|new|list|show|delete|is|are)\b)[\w.-]+)"
        ) or scan.first(
            rf"\b(?:(?:in|on|for)\s+)?(?:the\s+)?(?P<value>(?!(?:{_NO_PLACE}|new|a|an|which|what)\b)[\w.-]+)\s+workspace\b"
        )
        scan.text = re.sub(
            r"(?<!\S)-{1,2}(?:target|replace)[= ]", lambda found: f" {found.group().strip('-= ')} ", scan.text
        )
        self.replace = _addresses(scan, r"replac(?:e|ing)|re-?creat(?:e|ing)|rebuild(?:ing)?|renew")
        self.spared = [found["value"].strip() for found in scan.take(_SPARED.pattern)]
        self.targets += _addresses(scan, r"only|just|target(?:s|ing|ed)?(?:\s+at)?")
        for number, name in enumerate(self.files):
            folder, stroke, file = name.rpartition("/")
            if (
                stroke
                and not name.startswith(("/", "~", ".."))
                and not re.search(rf"(?<![\w.:/@-])(?:{_PATH})", scan.text)
            ):
                scan.text, self.files[number] = f"{scan.text} in ./{folder}/", file
        self._scan = scan
        self._modules()
        self.folder = scan.first(
            rf"(?:\b(?:in|of|for|from|at|inside|under)\s+)?(?:the\s+)?(?:folder\s+|directory\s+)?(?<![\w.:/@-])"
            rf"(?P<value>{_PATH})"
        )

    def _unquote(self, scan: Scan, mask: str) -> None:
        """A quoted address or a quoted pair (``-var 'zones=["a"]'``) as what it is."""
        value = scan.restored(mask)
        pair = re.fullmatch(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", value, re.DOTALL)
        at = scan.text.find(mask)
        if pair is not None and re.search(
            r"(?:-{1,2}var(?:iable)?s?|\bwith|\bvar(?:iable)?s?|\band)[\s=]*$", scan.text[:at]
        ):
            self.variables[pair["name"]] = typed(pair["value"])
            scan.text = (
                re.sub(r"(?:-{1,2}var(?:iable)?s?|\bwith|\bvar(?:iable)?s?)?[\s=]*$", " ", scan.text[:at])
                + scan.text[at + 1 :]
            )
        elif value and re.fullmatch(rf"(?=\w+[._]){ADDRESS}", value):
            self.targets.append(value)
            scan.text = f"{scan.text[:at]} {scan.text[at + 1 :]}"

    def _modules(self) -> None:
        """``module.vpc`` for "module vpc" and "the vpc module"."""
        for pattern in (
            r"\bmodules?\s+(?:called\s+|named\s+)?(?P<value>[A-Za-z][\w-]*)",
            r"(?P<value>[A-Za-z][\w-]*)\s+modules?(?![\w.])",
        ):
            for found in list(re.finditer(pattern, self._scan.text, re.IGNORECASE)):
                if found["value"].lower() not in _NO_MODULE:
                    self.targets.append(f"module.{found['value']}")
                    self._scan.text = self._scan.text.replace(found.group(), " ", 1)

    def take_targets(self) -> None:
        """All addresses that are named become targets: "destroy aws_instance.web in infra"."""
        self.targets += [one for one in _addresses(self._scan, "") if one not in self.targets]

    def bare(self, folder: Path) -> str | None:
        """A word that is a folder there: "apply infra"."""
        for word in self._scan.words(("terraform", "the", "in", "of")):
            if re.fullmatch(r"[\w.-]+", word) and (folder / word).is_dir():
                return word
        return None

    def others(self, folder: Path, but: str) -> list[str]:
        """More words that are folders there: "apply net and infra"."""
        words = [word for word in self._scan.words() if re.fullmatch(r"[\w.-]*\w[\w.-]*", word)]
        return [word for word in words if word.strip("./") != but.strip("./") and (folder / word).is_dir()]

    def left(self, but: Iterable[str] = ()) -> list[str]:
        """The words that choose something and that nothing was made of."""
        taken = {word.lower().strip("./") for word in but}
        return [
            word
            for word in self._scan.words(_NOISE)
            if word.lower().strip("./") not in taken and re.search(r"\w", word)
        ]

    def declared(self, names: Iterable[str]) -> None:
        """Values of variables that the configuration declares: "with count_of 3", "set region to us-east-1"."""
        for name in names:
            found = self._scan.take(
                rf"(?:\b(?:with|and|where|using|set(?:ting)?|scale|variables?|vars?|the|to)\s+)*(?<![\w./-]){re.escape(name)}"
                rf"(?:\s+(?:set\s+)?(?:to|is|of|as|at)|\s*[=:])?\s+(?P<value>(?!(?:and|in|of|with|for|to|on|from)\b){VALUE})"
            )
            for one in found:
                self.variables[name] = typed(one["value"])

    def elsewhere(self) -> str | None:
        """The word of a place that was named and is none of the above: "apply in prod", "destroy the prod stack"."""
        noun = r"(?:folder|directory|stack|environment|env)"
        name = rf"(?P<value>(?!(?:{_NO_PLACE})\b)[A-Za-z][\w.-]*)"
        end = r"(?=\s*(?:[,;.?!]|$|\b(?:with|and|then|using|via|by|please)\b))"
        for pattern in (
            rf"\b(?:in|inside|under|at|from)\s+(?:the\s+)?(?:{noun}\s+)?{name}(?:\s+{noun})?{end}",
            rf"^\s*(?:the\s+)?(?:terraform|tofu)\s+(?:the\s+)?{name}\s*$",
        ):
            found = re.search(pattern, self._scan.text, re.IGNORECASE)
            if found is not None:
                return found["value"]
        return None

    def address(self) -> str | None:
        found = re.finditer(rf"(?<![\w./])(?=\w+[._])(?P<value>{ADDRESS})(?![\w/])", self._scan.text)
        return next((one["value"] for one in found if one["value"]), None) or next(iter(self.targets), None)

    def given(self) -> JsonObject:
        """Fields of plan, apply and destroy."""
        plain = {name: value for name, value in self.variables.items() if not is_secret_name(name)}
        secret = {name: value for name, value in self.variables.items() if is_secret_name(name)}
        return {
            "variables": plain,
            "secret_variables": secret,
            "var_files": list(self.files),
            "targets": list(dict.fromkeys(self.targets)),
            "replace": list(self.replace),
        }


def _addresses(scan: Scan, words: str) -> list[str]:
    """The addresses behind one of these words, with those that "and" adds; anywhere, where no word is given."""
    one = rf"(?=\w+[._]){ADDRESS}(?![\w/])"
    before = rf"\b(?:{words})\s+" if words else r"(?<![\w./-])"
    noun = r"(?:the\s+)?(?:resources?\s+|module\s+(?=module))?"
    found: list[str] = []
    for run in scan.take(rf"{before}{noun}(?P<value>{one}(?:\s*(?:,\s*and|,|and|&)\s*{noun}{one})*)"):
        found += [each for each in re.findall(rf"(?<![\w.]){one}", run["value"]) if each]
    return [re.sub(r"\[(?![\d\"])([^\]]+)\]", r'["\1"]', each).rstrip(".") for each in found]


def typed(text: str) -> JsonValue:
    """Lists, maps, numbers and true/false as such; anything else as the text it is."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        if (text[:1], text[-1:]) == ("[", "]"):
            return [typed(one.strip()) for one in text[1:-1].split(",") if one.strip()]
        pairs = re.findall(r"([\w.-]+)\s*[=:]\s*([^,}]+)", text) if (text[:1], text[-1:]) == ("{", "}") else []
        return {name: typed(one.strip()) for name, one in pairs} if pairs else text
    return value if not isinstance(value, str) else text
