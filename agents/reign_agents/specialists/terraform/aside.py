"""What terraform can do and no operation here does: said honestly, with its own command and what comes nearest."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.terraform.folders import folder_of
from reign_agents.specialists.terraform.said import ADDRESS, NAMED, SURELY, Said, is_terraform

_HERE = rf"(?<![\w./-])(?=\w+[._]){ADDRESS}(?![\w/])"


@dataclass(frozen=True, slots=True)
class _Lack:
    """``words`` that mean it, ``sentence`` for people, ``lines`` of terraform's own, ``near`` requests of planning.

    ``{0}`` and ``{1}`` are addresses, ``{word}`` is what else was named, ``{at}`` is " in FOLDER"; a line without its
    address is left out.
    """

    words: str
    sentence: str
    lines: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


_BEGIN = (
    r"^\W*(?:(?:please|pls|can\s+you|could\s+you|i\s+(?:want|need)\s+(?:you\s+)?to|let[’']?s|terraform|tofu|tf|now|then|"
    r"just|and|also|how\s+(?:do|can)\s+(?:i|we))\W+)*"
)
_TFVARS = r"\bin\s+(?:the\s+)?[\w./~-]*\.tfvars\b"
_PLAN = "terraform plan{at}"
_STATE = "list the terraform state{at}"
_LACKS: tuple[_Lack, ...] = (
    _Lack(
        r"(?:saved|stored|reviewed|kept)\s+(?:\w+\s+)?plan|plan\s*file|[\w./-]*tfplan[\w.]*|-{1,2}out\b|"
        r"plan\b.{0,200}\b(?:to|into|in|as)\s+(?:an?\s+|the\s+)?(?:file\b|[\w-]+\.(?:plan|bin|out)\b)",
        "Plans kept in files come later: what is applied is exactly the plan that was shown and approved.",
        ("show {file}",),
        (_PLAN, "apply terraform{at}"),
    ),
    _Lack(
        r"untaint\w*",
        "Taking a mark away comes later.",
        ("untaint {0}",),
        (_PLAN,),
    ),
    _Lack(
        r"taint\w*|mark\w*\b.{0,200}\b(?:recreat|replac|destr)\w+",
        "A mark for the next apply comes later; replacing at once can be planned.",
        ("taint {0}",),
        ("terraform plan{at} replacing {0}", "apply terraform{at} replacing {0} only {0}"),
    ),
    _Lack(
        rf"state\s+mv|(?:move|mv|rename)\b.{{0,100}}?{_HERE}.{{0,100}}?\b(?:to|into|as)\b.{{0,100}}?{_HERE}|"
        r"(?:move|mv|rename)\b.{0,200}\b(?:in|within)\b.{0,200}\bstate",
        "Moving resources within the state comes later (a moved block in the configuration does it, too).",
        ("state mv {0} {1}",),
        (_STATE,),
    ),
    _Lack(
        r"state\s+(?:pull|push)|(?:back\s*up|backup|save|copy|export|pull|download|push|upload|restore|snapshot)\b.{0,200}"
        r"\b(?:tf)?state\b",
        "Copying a state to or from a file comes later; before each change I keep what is needed to go back.",
        ("state pull",),
        (_STATE,),
    ),
    _Lack(
        r"state\s+rm|(?<!n't )(?<!n’t )(?<!not )forget|unmanage|disown|untrack|"
        r"(?:stop|no\s+longer)\s+(?:managing|manage|tracking)|"
        r"(?:remove|delete|drop|take|rm|throw|wipe|clear|clean\s+up|purge|erase)\b.{0,200}\bstate\b",
        "Taking resources out of terraform's state comes later; destroying them would be something else.",
        ("state rm {0}",),
        (_STATE,),
    ),
    _Lack(
        r"import(?:ing)?\s+(?:the|an?|my|our|this|that|those|existing|it|into|what)\b|import\s+(?:\w+[._]|\S+\s+(?:as|into|to)\b)|adopt\w*|bring\b.{0,200}\bunder\s+(?:terraform|management)|under\s+terraform(?:'s)?\s+(?:control|management)",
        "Importing what is there already comes later.",
        ("import {0} {word}",),
        (_PLAN,),
    ),
    _Lack(
        r"force[- ]?unlock\w*|unlock\w*|(?:release|break|clear|remove|delete)\b.{0,200}\block\b|"
        r"(?:is|it's|still)\s+locked|who\b.{0,200}\block",
        "Breaking a state's lock comes later, and only when nobody's apply is still at work. A plan says who holds it.",
        ("force-unlock {word}",),
        (_PLAN,),
    ),
    _Lack(
        r"(?:switch|select|change|use|go|move|set)\b.{0,200}\bworkspace|workspace\s+select",
        "I switch no workspace: each step names its own, so that nothing later lands in the wrong one.",
        (),
        (f"{_PLAN} in workspace {{space}}", "list the workspaces of terraform{at}"),
    ),
    _Lack(
        r"(?:no|without|skip(?:ping)?|not|don[’']?t|leav(?:e|ing)\s+out)\s+(?:the\s+|an?\s+|any\s+)?refresh\w*|-{1,2}no-refresh\b",
        "A plan without a refresh comes later: every plan here reads first what is there.",
        ("plan -refresh=false",),
        (_PLAN,),
    ),
    _Lack(
        r"-?refresh(?:-only|ing|es)?\b",
        "A refresh by itself comes later: every plan reads what is there and shows what moved.",
        ("plan -refresh-only",),
        (_PLAN,),
    ),
    _Lack(
        r"providers?\s+lock|lock\b.{0,200}\bproviders?|(?:which|what|list|show)\b.{0,200}\bproviders?",
        "Providers by themselves come later.",
        ("providers",),
        ("show the version of terraform{at}", "terraform init{at}"),
    ),
    _Lack(r"(?:dependency\s+)?graph", "Graphs come later.", ("graph",), (_PLAN,)),
    _Lack(r"console", "Terraform's console comes later.", (), ("show the terraform outputs{at}", _STATE)),
    _Lack(
        r"(?:terraform|tofu|tf)\s+test|run\b.{0,200}\btests",
        "Terraform's tests come later.",
        ("test",),
        ("validate terraform{at}",),
    ),
    _Lack(
        r"costs?\b(?!\s+(?:us|me|you)\s+(?:money|a\s+lot|too))|prices?|pricing|how\s+(?:much|expensive)\b(?!.{0,200}\bchange)",
        "Cost estimates come later; a plan shows what would be made.",
        (),
        (_PLAN,),
    ),
    _Lack(
        rf"migrat\w+\b.{{0,200}}\b(?:state|backend)|(?:without|no)\s+backend|"
        rf"{_BEGIN}(?:add|change|set|store|use|put|configure|keep\s+(?:\w+\s+){{0,4}}state)\b.{{0,200}}\b(?:backend|bucket)|"
        rf"{_BEGIN}(?:add|change|set|edit)\b.{{0,200}}\b(?:output|default|provider)s?\b|"
        rf"{_BEGIN}(?:add|declare|define)\b.{{0,200}}\bvariables?\b|"
        rf"{_BEGIN}(?:add|change|set|edit|update|put|write|bump|remove|delete)\b.{{0,200}}{_TFVARS}|{_TFVARS}\s+from\s+\S+\s+to\b",
        "Changing Terraform's own files comes later: offline I write files word by word.",
        (),
        ("validate terraform{at}", _PLAN),
    ),
    _Lack(
        r"(?:what|which|list|show)\b.{0,200}\bvariables\b",
        "The variables of a configuration come later; its files can be shown.",
        (),
        ("list files in {folder}", "validate terraform{at}"),
    ),
    _Lack(
        r"parallelism|lock[- ]timeout|-lock\b",
        "How many at once, and how long to wait for a lock, can't be set here.",
        (),
        (_PLAN, "apply terraform{at}"),
    ),
)


_READ = 2000
"""Characters of a request that are read for a deed."""
_COMPILED = tuple((one, re.compile(rf"(?<![\w./])(?:{one.words})", re.IGNORECASE)) for one in _LACKS)
_PAIR = re.compile(r"(?<![\w./-])[A-Za-z_]\w*=[^\s,;]*")
_FOLDER = re.compile(
    r"(?<![\w./-])(?:in|inside|under|from|at|for|of)\s+(?:the\s+)?(?:(?:folder|directory)\s+)?"
    r"(?!(?:the|an?|my|our|its|this|that|all|each|every|which|what|tf|tofu|terraform|tf?state|states?|backends?|buckets?|"
    r"files?|plans?|planfile|providers?|variables?|outputs?|tests?|locks?|workspaces?|costs?|refresh\w*|management|control|"
    r"dependency)(?![\w/-]))(?!\S*(?:tfplan|\.(?:plan|out|bin|tfvars|tfstate)\b))"
    r"[\w./~-]*\w/?(?:\s+(?:folder|directory))?(?![\w-])(?!\.\w)"
)
"""Where terraform is to run: the name of a folder is no deed."""


def _lack(wish: Wish) -> _Lack | None:
    text = _bare(wish)
    return next((one for one, words in _COMPILED if words.search(text)), None)


def _bare(wish: Wish) -> str:
    """The words without folders and values (``key=value``), which are no deeds, and with one blank for each run."""
    return re.sub(r"\s+", " ", _FOLDER.sub(" ", _PAIR.sub(" ", Scan(wish.text).text[:_READ])))


def lacks(wish: Wish) -> bool:
    """Whether something of terraform's is wanted that no operation here does."""
    text = Scan(wish.text).text
    spoken = NAMED.search(text) or SURELY.search(text) or re.search(r"\.tfstate\b|\btfplan\b", text)
    if re.search(
        r"\b(?:helm|charts?|releases?|containers?|images?|pods?|deployments?|git|branch)\b", text, re.IGNORECASE
    ):
        return False
    found = _lack(wish) if spoken or is_terraform(wish) else None
    return found is not None and not _can(wish)


def _can(wish: Wish) -> bool:
    """What an operation does after all: the providers' newest versions come with init, a lock file by its name."""
    init = wish.verb == "init" and not re.search(r"\bbackend\b|\bmigrat", wish.lower)
    return (
        init
        or bool(re.search(r"\b(?:upgrade|update)\b.*\b(?:providers?|modules?)\b", wish.lower))
        or wish.verb == "why"
    )


async def plan_lacking(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    lack = _lack(wish)
    if lack is None:
        return Question("What should terraform do?", (_PLAN.format(at=""),))
    said = Said(replace(wish, rest=wish.text))
    folder = await folder_of(wish, said, context, outline)
    place = "." if isinstance(folder, Question) else folder
    said.take_targets()
    known = [*said.targets, *said.replace]
    chdir = ["terraform", *([] if place == "." else [f"-chdir={place}"])]
    rest = [one for one in said.left((place, *place.split("/"))) if re.search(r"[-\d]", one) and "lock" not in one]
    values = {
        "word": rest[0] if rest else "ID",
        "file": next(iter(re.findall(r"[\w./-]*tfplan[\w.]*", wish.text)), "tfplan"),
    }
    lines = []
    for line in lack.lines:
        words = line.split()
        if all(f"{{{number}}}" not in line or len(known) > number for number in (0, 1)):
            lines.append("!" + shlex.join([*chdir, *(word.format(*known, **values) for word in words)]))
    at = "" if place == "." else f" in {place}"
    near = [
        one.format(*known, at=at, folder=place, space=said.workspace or "staging")
        for one in lack.near
        if "{0}" not in one or known
    ]
    about = f" for {' and '.join(known)}{at}" if known else at
    return Question(
        f"{lack.sentence} {'Its own command, or the nearest' if lines else 'The nearest'} I can do{about}:",
        (*lines, *near),
    )
