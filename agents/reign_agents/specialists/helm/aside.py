"""What helm can do and no operation here does: said honestly, with helm's own command and what comes nearest."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.helm.found import charts_here, meant
from reign_agents.specialists.helm.said import SET, about_helm, said


@dataclass(frozen=True, slots=True)
class _Lack:
    """``words`` that mean it, ``sentence`` for people, ``lines`` of helm's own, ``near`` requests of planning.

    The words begin the request, unless they mean it ``anywhere``.
    ``{chart}``, ``{release}``, ``{at}`` (" in namespace X"), ``{n}`` (helm's -n), ``{url}``, ``{name}``, ``{version}``
    are filled in; a line that lacks one of them is left out.
    """

    words: str
    sentence: str
    lines: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    anywhere: bool = False


_LIST = "list helm releases"
_LACKS: tuple[_Lack, ...] = (
    _Lack(
        r"(?:push|upload|publish)\b.{0,200}(?:\bcharts?\b|oci://)",
        "Pushing charts comes later.",
        ("package {chart}", "push CHART.tgz {oci}"),
        ("lint chart {chart}",),
    ),
    _Lack(
        r"packag(?:e|ing)\b(?!d)(?!\s+manager)",
        "Packing charts comes later.",
        ("package {chart}{to}",),
        ("lint chart {chart}",),
    ),
    _Lack(
        r"(?:pull|fetch|download|unpack|untar)\b.{0,200}\bcharts?\b|(?:pull|fetch)\s+[\w.-]+/[\w.-]+",
        "Fetching a chart without installing it comes later.",
        ("pull {chart}{version}",),
        ("show chart {chart}", "render chart {chart}"),
    ),
    _Lack(
        r"(?:(?:update|build|rebuild|download|resolve|fetch|get|pull|list|show|add|vendor|refresh|check|what|which|how)\b"
        r"[^,;]{0,100}?)?(?<![\w./-])(?:dependenc(?:y|ies)|subcharts?)\b|dep\s+(?:update|build|list)\b",
        "A chart's dependencies come later.",
        ("dependency update {chart}",),
        ("lint chart {chart}",),
    ),
    _Lack(
        r"(?:add|register)\b.{0,200}\brepos?(?:itory)?\b|repo\s+add\b",
        "Helm's repositories come later.",
        ("repo add {name} {url}",),
        (_LIST,),
    ),
    _Lack(
        r"(?:remove|delete|drop)\b.{0,200}\brepos?(?:itory)?\b|repo\s+(?:remove|rm)\b",
        "Helm's repositories come later.",
        ("repo remove {name}",),
        (_LIST,),
    ),
    _Lack(
        r"(?:update|refresh)\b.{0,200}\brepos?(?:itories)?\b|repo\s+(?:update|up)\b",
        "Helm's repositories come later.",
        ("repo update",),
        (_LIST,),
    ),
    _Lack(
        r"(?:(?:list|show|which|what|print|see|get)\b[^,;]{0,60}?)?\brepos?(?:itor(?:y|ies))?\b",
        "Helm's repositories come later.",
        ("repo list",),
        (_LIST,),
    ),
    _Lack(
        r"search\s+(?:(?:in|on|through)\s+)?(?:the\s+|our\s+)?(?:hub|artifact\s*hub|repos?|charts?|for)\b|(?:which|what)\s+versions?\s+of\s+[\w-]+/[\w-]+",
        "Searching for charts comes later.",
        ("search repo {word} --versions",),
        ("show chart {chart}",),
    ),
    _Lack(
        r"(?:run|execute|start)\b.{0,200}\btests?\b|(?<=helm )test\b|test\s+(?:the\s+)?release",
        "A release's own tests come later.",
        ("test {release}{n}",),
        ("status of release {release}{at}",),
    ),
    _Lack(
        r"(?:rename|re-name)\b",
        "A release can't be renamed: it is installed under the new name and the old one uninstalled.",
        (),
        ("show the values of release {release}{at}", "uninstall release {release}{at}"),
    ),
    _Lack(
        r"(?:move|migrate|relocate)\b",
        "A release can't be moved: it is installed in the other namespace and uninstalled here.",
        (),
        ("show the values of release {release}{at}", "uninstall release {release}{at}"),
    ),
    _Lack(
        r"keep\w*\b.{0,200}\bhistory|--keep-history",
        "An uninstall here takes the history with it; keeping it comes later.",
        ("uninstall {release}{n} --keep-history",),
        ("history of release {release}{at}",),
        anywhere=True,
    ),
    _Lack(
        r"(?:no|without|skip(?:ping)?|leav(?:e|ing)\s+out)\s+(?:any\s+|the\s+|its\s+|running\s+)*hooks?\b|--no-hooks|"
        r"(?:don[’']?t|do\s+not)\s+run\s+(?:any\s+|the\s+|its\s+)*hooks?\b",
        "The hooks of a chart always run here; leaving them out comes later.",
        ("get hooks {release}{n}",),
        ("status of release {release}{at}",),
        anywhere=True,
    ),
    _Lack(
        r"(?:delete|remove|clear|prune|drop|wipe|forget)\b[^,;]*?(?:\bhistory\s+of\b|['’]s\s+history\b|\b(?:its|old)\s+"
        r"(?:history|revisions)\b|\brevisions?\b)",
        "Single revisions can't be taken out of a release's history here.",
        (),
        ("history of release {release}{at}",),
    ),
    _Lack(
        r"(?:(?:show|get|print|see|what|view|display|list|give|cat|dump|output|read|fetch|export|helm)\b[^,;]{0,100}?)?"
        r"(?<![\w./-])(?:manifests?|hooks|(?<!generated )(?<!release )notes)\b",
        "What a release put on the cluster, word by word, comes later.",
        ("get {what} {release}{n}",),
        ("status of release {release}{at}",),
    ),
    _Lack(
        r"(?:scale|resize)\b",
        "A release has no number of its own: a value of its chart has.",
        (),
        ("set replicaCount={number} on release {release}{at}", "show the values of release {release}{at}"),
    ),
    _Lack(
        r"(?:restart|bounce|reload|reboot)\b",
        "A release itself does not run, its deployments do.",
        (),
        ("restart deployment {release}{at}", "status of release {release}{at}"),
    ),
    _Lack(
        r"(?:uninstall|remove|delete)\b.{0,200}(?:--)?\bdry[- ]?run\b|dry[- ]?run\b.{0,200}\b(?:uninstall|removal)\b|"
        r"(?:don[’']?t|do\s+not)\s+(?:uninstall|remove|delete)\b.{0,200}\b(?:show|see|list|what)\b",
        "Every plan is a dry run until it is approved: the plan of an uninstall shows all that would go.",
        (),
        ("status of release {release}{at}", "uninstall release {release}{at}"),
        anywhere=True,
    ),
)
_NEEDS_RELEASE = re.compile(
    r"\brename|\bmove|\bmigrat|\brelocat|scale|resize|restart|bounce|reload|reboot|manifests?|hooks?|notes|delete|remove"
)


_READ = 2000
"""Characters of a request that are read for a deed."""
_BEGIN = (
    r"^\W*(?:(?:please|pls|helm|can\s+you|could\s+you|would\s+you|i\s+(?:want|need|would\s+like)\s+(?:you\s+)?to|"
    r"let[’']?s|how\s+(?:do|can|could|would|should)\s+(?:i|we|you)|how\s+to|now|then|just|and|also|first|next|finally|"
    r"go\s+and|do\s+an?|the)\W+)*"
)
_COMPILED = tuple(
    (
        one,
        re.compile(rf"(?<![\w./-])(?:{one.words})" if one.anywhere else rf"{_BEGIN}(?:{one.words})", re.IGNORECASE),
    )
    for one in _LACKS
)


def _lack(wish: Wish) -> _Lack | None:
    text = _bare(wish)
    return next((one for one, words in _COMPILED if words.search(text)), None)


def _bare(wish: Wish) -> str:
    """The words without values (``key=value``), whose keys and values are no deeds, and with one blank for each run."""
    return re.sub(r"\s+", " ", SET.sub(" ", Scan(wish.text).text[:_READ]))


def lacks(wish: Wish) -> bool:
    """Whether something of helm's is wanted that no operation here does."""
    text = _bare(wish)
    found = _lack(wish) if about_helm(wish) else None
    if found is None or wish.verb == "why":
        return False
    if re.search(
        r"\b(?:github|git|branch|remote|images?|deployments?|containers?|pods?|docker)\b", text, re.IGNORECASE
    ):
        return False
    if "repos" in found.words and re.search(r"[\w-]+/[\w-]+", text) and re.search(r"\binstall|\bupgrade", text):
        return False
    of_release = re.search(r"\b(?:release|helm)\b|--keep-history|\bhistory\b|\buninstall", text, re.IGNORECASE)
    return not _NEEDS_RELEASE.search(found.words) or "repos" in found.words or of_release is not None


async def plan_lacking(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    lack = _lack(wish)
    if lack is None:
        return Question("What should be done with helm?", (_LIST,))
    text, words = Scan(wish.text).text, said(wish)
    values: dict[str, str] = {"version": f" --version {words.version}" if words.version else ""}
    if any("{release}" in one for one in (*lack.lines, *lack.near)):
        found = await meant(words, wish, context, outline, "status of release {}")
        if isinstance(found, Question):
            if words.release:
                values |= {"release": words.release, "at": "", "n": ""}
        else:
            values |= {"release": found.name, "at": f" in namespace {found.namespace}", "n": f" -n {found.namespace}"}
    chart = words.chart or next(iter(charts_here(context)), None)
    if chart and "://" not in chart:
        values["chart"] = chart
    number = re.search(r"\b\d+\b", text)
    url, oci = re.search(r"https?://\S+", text), re.search(r"oci://\S+", text)
    into = re.search(r"\b(?:in|into|to)\s+(\./\S+|[\w-]+/?)\s*$", text)
    what = re.search(r"\b(manifests?|hooks?|notes)\b", text, re.IGNORECASE)
    named = re.search(
        r"\b(?:repo(?:sitory)?(?:\s+(?:add|remove|rm))?|as|named|called)\s+(?!https?:|(?:add|remove|rm|update)\b)([\w-]+)",
        text,
        re.IGNORECASE,
    )
    word = re.search(r"\b(?:for|of)\s+(?:an?\s+|the\s+)?([\w/-]+)", text, re.IGNORECASE)
    values |= {
        key: value
        for key, value in {
            "number": number.group() if number else "3",
            "url": url.group().rstrip(".,") if url else None,
            "oci": oci.group().rstrip(".,").rpartition("/" + (chart or "\0"))[0] or oci.group() if oci else None,
            "name": named[1] if named else None,
            "word": word[1] if word else None,
            "what": "notes"
            if what and what[1] == "notes"
            else f"{what[1].rstrip('s')}{'s' if what[1][0] == 'h' else ''}"
            if what
            else None,
            "to": (f" --version {words.version}" if words.version else "") + (f" -d {into[1]}" if into else ""),
        }.items()
        if value is not None
    }
    lines = tuple("!" + shlex.join(["helm", *one.split()]) for one in _filled(lack.lines, values))
    how = "Its own command, or the nearest" if lines else "The nearest"
    about = values.get("release") or (chart if any("{chart}" in one for one in lack.lines) else None)
    return Question(
        f"{lack.sentence} {how} I can do{f' for {about}' if about else ''}:",
        (*lines, *_filled(lack.near, values)) or (_LIST,),
    )


def _filled(shapes: tuple[str, ...], values: dict[str, str]) -> list[str]:
    """The shapes whose names all have a value, with them."""
    return [one.format(**values) for one in shapes if set(re.findall(r"\{(\w+)\}", one)) <= values.keys()]
