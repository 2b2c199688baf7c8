"""What the grammar alone makes of a request: the mood, the intent a clause leans to, the domains its words point to.

The trained model weighs these leanings among its other features; nothing here is the last word.
"""

from __future__ import annotations

import re
from itertools import pairwise

from .clauses import Span
from .lexicon import Lexicon
from .patterns import Lazy, Pattern
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Mood

_ASKS = Pattern(
    (
        r"\b(?:how (?:do|can|could|should|would|might|does|to|shall|did) ?(?:i|we|you|one|someone|"
        r"people|the|it|folks)?\b(?! (?:look|doing|going|much|many))|how to\b|how'd (?:i|you)|"
        r"(?:is|are) there (?:a|an|any|some) (?:\w+ )?(?:way|command|flag|option|trick|means|"
        r"method)"
        r"|what(?:'s| is| are|s| would be) (?:the|a|an|your|one) (?:\w+[ -]){0,3}(?:way|command|commands|syntax|"
        r"steps|procedure|flag|approach|invocation|recipe|one-liner|incantation|process) (?:to|"
        r"for|of|i)\b"
        r"|which (?:command|flag|option)s? |what (?:command|flag|steps?|kubectl command|"
        r"docker command) |(?:steps|commands?|instructions|procedure) (?:to|for|needed)|(?:show|"
        r"tell|teach|explain(?: to)?) (?:me |us )?how (?:to|do|i|we|you)|walk me through|"
        r"any (?:way|idea how|tips)|(?:best|right|proper|correct|easiest|recommended|safest|"
        r"quickest|cleanest) way (?:to|of)|is it possible to|what do i (?:need|have) to (?:do|run|"
        r"type)|what should i (?:run|type|do to)|how (?:is|are) .{1,40} (?:done|created|added|"
        r"deleted|removed|scaled|restarted)|wondering how|not sure how to|can (?:i|we|one|"
        r"you even) .{3,80}\?)"
    ),
    "how",
    "way",
    "command",
    "which",
    "what",
    "steps",
    "possible",
    "walk me",
    "instruction",
    "procedure",
    "tips",
    "can i",
    "can we",
    "can you even",
    "can one",
    "option",
)


def asked(text: str, tokens: list[Token]) -> tuple[str, str, str] | None:
    """(verb, intent, noun) of the deed that a question asks the way to: what follows "how do I"."""
    match = _ASKS.search(text[:2000], text[:2000].lower())
    if match is None or match.group().endswith("?"):
        return None
    for i, token in enumerate(tokens):
        if token.start >= match.end() - 1 and token.verb is not None and token.kind == "word":
            noun = next((t.noun.name for t in tokens[i + 1 :] if t.noun is not None), "-")
            return token.verb.name, token.verb.intent, noun
    return None


def mood(text: str) -> Mood:
    """Say "ask" when the text wants to know how, not to have it done."""
    return "ask" if _ASKS.search(text[:2000], text[:2000].lower()) else "do"


_BY_OBJECT: dict[tuple[str, str], str] = {
    ("create", "autoscaler"): "scale",
    ("add", "autoscaler"): "scale",
    ("set", "autoscaler"): "scale",
    ("attach", "autoscaler"): "scale",
    ("give", "autoscaler"): "scale",
    ("enable", "autoscaler"): "scale",
    ("add", "replica"): "scale",
    ("add", "node"): "scale",
    ("add", "worker"): "scale",
    ("add", "memory"): "scale",
    ("create", "backup"): "backup",
    ("run", "backup"): "backup",
    ("schedule", "backup"): "backup",
    ("delete", "replica"): "scale",
    ("set", "replica"): "scale",
    ("update", "replica"): "scale",
    ("push", "branch"): "update",
    ("push", "commit"): "update",
    ("run", "pipeline"): "deploy",
    ("run", "workflow"): "deploy",
    ("run", "jenkins_job"): "deploy",
    ("run", "host_service"): "update",
    ("run", "service"): "update",
    ("add", "label"): "update",
    ("publish", "release"): "create_infra",
    ("delete", "memory"): "update",
    ("create", "release"): "create_infra",
    ("run", "build"): "deploy",
    ("run", "job"): "deploy",
}


def lean(span: Span) -> str | None:
    """The intent that a clause's verb and object lean to; None without a verb."""
    verb = span.verb
    if verb is None:
        return None
    if span.object is not None:
        changed = _BY_OBJECT.get((verb.name, span.object.name))
        if changed is not None:
            return changed
    return verb.intent


_SERVING = frozenset(
    {"run", "restart", "enable", "close", "label", "set", "comment", "wait", "assign", "resume", "tag", "rebase"}
)
_PRONOUN_TEXT = Lazy(r"\b(?:it|them|its|again|there|that)\b", re.IGNORECASE)


def main_span(spans: list[Span]) -> Span | None:
    """The clause that the others serve: the last act, unless it only tidies up or brings back what was there."""
    wishes = [s for s in spans if s.verb is not None and s.aside is None] or [s for s in spans if s.verb is not None]
    if not wishes:
        return spans[0] if spans else None
    for span in wishes:
        if lean(span) == "debug":
            return span
    acts = [s for s in wishes if lean(s) != "monitor"] or wishes[:1]
    leanings = [lean(s) for s in acts]
    if len(set(leanings)) == 1:
        return acts[0]
    while len(acts) > 1:
        last = acts[-1]
        serving = (
            last.verb is not None
            and last.verb.name in _SERVING
            and leanings[0] in {"deploy", "backup", "update", "destroy", "scale"}
        )
        words = " ".join(t.low for t in last.tokens)
        tidying = (
            lean(last) == "destroy" and leanings[0] in {"update", "deploy", "backup"} and leanings[-1] == "destroy"
        )
        again = (
            lean(last) == "create_infra"
            and bool(_PRONOUN_TEXT.search(words))
            and any(x in {"destroy", "backup", "update"} for x in leanings[:-1])
        )
        if (serving and _PRONOUN_TEXT.search(words)) or tidying or again or (serving and leanings[0] == "deploy"):
            acts, leanings = acts[:-1], leanings[:-1]
            continue
        break
    goal = leanings[-1]
    if goal == "update" and "backup" in leanings[:-1] and "destroy" in leanings[:-1]:
        goal = "backup"
    return acts[leanings.index(goal)]


def command(tokens: list[Token], lex: Lexicon) -> tuple[str, str, str] | None:
    """(program, subcommand, intent) when the text holds a command as typed in a shell."""
    for i, token in enumerate(tokens[:12]):
        if token.kind not in {"word", "name"}:
            continue
        subs = lex.commands.get(token.low)
        if (
            subs is not None
            and token.low
            and token.low not in {"service", "compose", "k", "kind"} | ({"docker"} if i else set())
        ):
            for follow in [t for t in tokens[i + 1 : i + 7] if t.kind in {"word", "name"}][:3]:
                for part in follow.low.split(" "):
                    if part in subs:
                        return token.low, part, subs[part]
            return token.low, "-", "-"
        if i == 0 and (intent := lex.commands[""].get(token.low)):
            shell = len(tokens) > 1 and (
                tokens[1].kind in {"flag", "path", "file", "slashed", "number", "tagged", "ip"} or tokens[1].text == "-"
            )
            return token.low, "shell" if shell else "bare", intent
    return None


_ESSAYS = (
    Pattern(
        (
            r"^\W*(?:so |and |ok(?:ay)?,? |hey,? )?(?:what(?:'s| is| are|s) (?:(?:a|an|the point of|"
            r"the purpose of|the meaning of|the history of|the benefits? of|"
            r"even a) )?[\w/.-]+(?: [\w-]+)?(?: (?:in|for|used for|about|anyway|exactly|"
            r"good for)\b.{0,30})?)\W*$"
        ),
        "what",
    ),
    Pattern(
        (
            r"\b(?:diff|differences?) between\b|\b(?:vs\.?|versus)\b|\bpros and cons\b|"
            r"\bcompared to\b|\b(?:better|faster|easier|cheaper|worse) than\b"
        ),
        "diff",
        " vs",
        "versus",
        "pros and cons",
        "compared to",
        " than",
    ),
    Pattern(r"\bwho (?:invented|created|wrote|made|founded|owns|maintains|won|is|was|painted|discovered)\b", "who "),
    Pattern(
        (
            r"^\W*(?:please )?(?:define|explain)\b|\bexplain .{0,40}\bto (?:a|me)\b|\bstands? for\b|"
            r"\bwhat does .{1,40} mean\b|\bhow does .{1,60} work\b|\bhow do .{1,40} work\b"
        ),
        "define",
        "explain",
        "stand",
        "what does",
        "how do",
    ),
    Pattern(
        (
            r"^\W*(?:is|are|was) .{2,40} (?:worth|dead|popular|hard|free|good|better|owned|"
            r"open source|easy|difficult|overrated|still used|necessary)\b"
        ),
        "is ",
        "are ",
        "was ",
    ),
    Pattern(
        (
            r"\b(?:should i (?:learn|use|buy|study|choose)|which (?:one )?is better|worth learning|"
            r"learn (?:about )?(?:docker|kubernetes|terraform|linux|git)|interview questions|"
            r"certification|salary|career|homework)\b"
        ),
        "should i",
        "which",
        "worth",
        "learn",
        "interview",
        "certif",
        "salary",
        "career",
        "homework",
    ),
    Pattern(
        (
            r"^\W*why (?:do|does|would|should) (?:we|one|people|everyone|everybody|anyone|you|companies)"
            r" (?:use|need|have|want|even)\b|^\W*(?:when|why|where) (?:was|were|is|did) .{2,60}"
            r"\b(?:called|invented|released|founded|created|born|named|built|discovered)\b"
        ),
        "when",
        "why",
        "where",
    ),
    Pattern(
        (
            r"^\W*(?:tell me|talk) (?:about|something|a)\b|\bhistory of\b|\bbook about\b|"
            r"\bget started with\b|\bwhat happens when\b|\bpoint of\b|\bnamed after\b"
        ),
        "tell me",
        "talk",
        "history",
        "book about",
        "started with",
        "what happens",
        "point of",
        "named after",
    ),
)


_COMPLAINTS = (
    "no such",
    "not found",
    "permission denied",
    "access denied",
    "connection refused",
    "connection reset",
    "connection timed",
    "timed out",
    "timeout",
    "couldn't",
    "could not",
    "cannot",
    "can't",
    "unable to",
    "failed to",
    "did not",
    "does not exist",
    "already in use",
    "already exist",
    "already allocated",
    "no space left",
    "out of memory",
    "not authorized",
    "unauthorized",
    "forbidden",
    "expired",
    "is not a ",
    "is not in",
    "must be",
    "refused",
    "unreachable",
    "undeclared",
    "unsupported",
    "unknown field",
    "invalid",
    "missing required",
    "exceeded",
    "killed process",
    "locked",
    "deadline exceeded",
    "not ready",
    "unauthenticated",
    "not valid",
    "offline",
    "interrupted",
)
_PASTED = (
    Pattern(
        r"^\W*(?:error|err|fatal|warning|warn|panic|exception|traceback|failed|failure|e|remote|"
        r"conflict|denied|critical|emerg|npm err!?)\b\W*[:\[(]?",
        "err",
        "fatal",
        "warn",
        "panic",
        "exception",
        "traceback",
        "fail",
        "e:",
        "remote",
        "conflict",
        "denied",
        "critical",
        "emerg",
    ),
    Pattern(
        (
            r"^\W*-?(?:bash|sh|zsh|ssh|sudo|docker|nginx|mount|psql|rsync|dpkg|curl|make|git|helm|"
            r"kubectl|terraform|java[\w.]*|python\d?|[\w.-]+exception)\w*: "
        ),
        ": ",
    ),
    Pattern(
        (
            r"\b(?:exit(?:ed)? (?:with )?(?:code|status)|exit:? ?\d+|code = |status ?code|errno|"
            r"rpc error|http \d{3}|line \d+|stack ?trace|\[error\]|\[emerg\]|##\[error|back-?off|"
            r"oomkilled|sigkill|sigsegv|signal \d+)"
        ),
        "exit",
        "code",
        "errno",
        "rpc",
        "http",
        "line ",
        "stack",
        "[e",
        "back",
        "oom",
        "sig",
    ),
    Pattern(
        r"\b(?:[A-Z][a-z]+){2,}(?:Error|Exception|Failed|Exceeded|Unavailable|BackOff|Operation|Denied)\b",
        "error",
        "exception",
        "failed",
        "exceeded",
        "unavailable",
        "backoff",
        "operation",
        "denied",
    ),
)


def pasted(text: str) -> tuple[int, ...]:
    """Which marks of a program's own complaint the text bears."""
    short = text[:1500]
    low = short.lower()
    marks = [i for i, pattern in enumerate(_PASTED) if pattern.search(short, low)]
    if any(complaint in low for complaint in _COMPLAINTS):
        marks.append(len(_PASTED))
    return tuple(marks)


def essays(text: str) -> tuple[int, ...]:
    """Which forms of a question for knowledge the text has: those want an article, not an act."""
    short = text[:400]
    low = short.lower()
    return tuple(i for i, pattern in enumerate(_ESSAYS) if pattern.search(short, low))


_KNOWLEDGE = Pattern(
    (
        r"^\W*(?:(?:what(?:'s| is| are)?|whats) (?:the )?)?(?:diff|differences?) between"
        r" (?:an? [a-z]+ and (?:an? )?[a-z]+|[a-z]+s and [a-z]+s)\W*$"
        r"|^\W*why (?:is|was|are) [\w ]{2,30} (?:named|called) (?:after|so|that|like)\b"
    ),
    "diff",
    "named",
    "called",
)


def knowledge(tokens: list[Token]) -> bool:
    """Whether only knowledge is asked for: a difference between kinds of things, where a word comes from."""
    text = " ".join(t.low for t in tokens[:20])
    concrete = any(t.kind not in {"word", "punct", "name"} or any(c in "-_0123456789" for c in t.low) for t in tokens)
    return not concrete and _KNOWLEDGE.search(text, text) is not None


_FAULT = frozenset(
    [
        "why",
        "error",
        "errors",
        "failing",
        "failed",
        "fails",
        "fail",
        "failure",
        "crash",
        "crashing",
        "crashes",
        "crashed",
        "crashloop",
        "crashloopbackoff",
        "crashlooping",
        "broken",
        "broke",
        "breaks",
        "stuck",
        "hung",
        "hangs",
        "hanging",
        "hang",
        "oom",
        "oomkilled",
        "evicted",
        "timeout",
        "timeouts",
        "refused",
        "denied",
        "unreachable",
        "unhealthy",
        "500",
        "502",
        "503",
        "504",
        "404",
        "403",
        "401",
        "5xx",
        "502s",
        "503s",
        "500s",
        "imagepullbackoff",
        "errimagepull",
        "containercreating",
        "wrong",
        "problem",
        "problems",
        "trouble",
        "fault",
        "faulty",
        "exception",
        "exceptions",
        "panic",
        "fatal",
        "flapping",
        "flaps",
        "flap",
        "degraded",
        "flaky",
        "slow",
        "leak",
        "leaking",
        "leaks",
        "dead",
        "notready",
        "notfound",
        "unable",
        "cannot",
        "can't",
        "cant",
        "won't",
        "wont",
        "doesn't",
        "doesnt",
        "isn't",
        "isnt",
        "hasn't",
        "didn't",
        "didnt",
        "aren't",
        "137",
        "killed",
        "conflict",
        "conflicts",
        "mismatch",
        "invalid",
        "unauthorized",
        "unauthorised",
        "forbidden",
        "outage",
        "incident",
        "down",
        "errored",
        "backoff",
        "segfault",
        "corrupt",
        "corrupted",
        "exhausted",
        "full",
        "rejected",
        "declined",
        "missing",
        "erroring",
        "spiking",
        "spike",
        "latency",
        "bottleneck",
        "blocked",
        "blew",
        "died",
        "dies",
        "dying",
        "dropping",
        "drops",
        "dropped",
        "lost",
        "loses",
        "throws",
        "throwing",
        "returns",
        "red",
        "misbehaving",
        "weird",
        "strange",
        "odd",
        "swapping",
        "thrashing",
        "culprit",
        "cause",
        "reason",
        "deadlock",
        "expired",
        "overloaded",
        "unresponsive",
        "unstable",
        "unexpected",
        "traceback",
        "emerg",
        "pressure",
        "wtf",
        "help",
    ]
)


def faults(tokens: list[Token]) -> int:
    """How many words of trouble the text holds."""
    return sum(t.low in _FAULT for t in tokens)


def domains(tokens: list[Token]) -> dict[str, int]:
    """Domain → how many words point to it: tools count thrice, nouns once."""
    score: dict[str, int] = {}
    for token in tokens:
        if token.tool is not None:
            score[token.tool] = score.get(token.tool, 0) + 3
            if token.tool == "cicd" and token.low.startswith("github"):
                score["github"] = score.get("github", 0) + 3
        if token.noun is not None and token.noun.domain:
            score[token.noun.domain] = score.get(token.noun.domain, 0) + 1
    return score


def rule_domains(tokens: list[Token]) -> frozenset[str]:
    """The domains that the words alone give; used where the model's answer is not there yet."""
    score = domains(tokens)
    tools = {d for d, n in score.items() if n >= 3}
    return frozenset(tools or {d for d, n in score.items() if n == max(score.values(), default=0)})


def agreed(domains: set[str], tokens: list[Token]) -> set[str]:
    """The model's domains where LABELS.md leaves no room for doubt.

    Helm alone unless another cluster object than the namespace is named; GitHub's own pipelines are github and cicd,
    others' are cicd alone; what is verified names its tool by its kind.
    """
    low = {t.low for t in tokens}
    if {"helm", "kubernetes"} <= domains:
        other = any(
            t.noun and t.noun.domain == "kubernetes" and t.noun.name not in {"namespace", "cluster"} for t in tokens
        )
        wishes = sum(
            1
            for t in tokens
            if t.tool == "kubernetes" and (t.noun is None or t.noun.name not in {"namespace", "cluster"})
        )
        if not other and not wishes:
            domains = domains - {"kubernetes"}
    if "terraform" in domains and low & _TERRAFORM:
        if low & {"provider", "providers"}:
            return {"terraform"} | (domains & {"github", "cicd", "validation"})
        own = {t.noun.name for t in tokens if t.noun and t.noun.domain == "kubernetes"} - {
            "node",
            "cluster",
            "namespace",
        }
        if not own and not low & {"kubectl", "k8s", "kubernetes", "pods", "helm"}:
            domains = domains - {"kubernetes"}
    if domains & {"github", "cicd"} and not low & _OTHER_CI and _numbered_run(tokens):
        domains = domains | {"github", "cicd"}
    if {"github", "cicd"} <= domains and low & _OTHER_CI and not low & _GITHUB:
        domains = domains - {"github"}
    elif "cicd" in domains and "github" not in domains and not low & _OTHER_CI and low & _WORKFLOWS:
        domains = domains | {"github"}
    if domains == {"validation"}:
        domains = domains | {found for t in tokens if (found := _checked(t))}
    return domains


_TERRAFORM = frozenset({"terraform", "terraform's", "tf", "tofu", "opentofu"})


def _numbered_run(tokens: list[Token]) -> bool:
    """Whether a workflow's run is spoken of: "run 2007 in acme/site"."""
    return any(
        a.low in {"run", "runs", "workflow run"} and b.kind in {"number", "hash"} and len(b.text) > 1
        for a, b in pairwise(tokens)
    ) and any(t.kind == "slashed" or t.low.endswith((".yml", ".yaml")) for t in tokens)


_OTHER_CI = frozenset(
    {
        "jenkins",
        "gitlab",
        "circleci",
        "teamcity",
        "bamboo",
        "jenkinsfile",
        "gitlab-ci",
        "buildkite",
        "tekton",
        ".gitlab-ci.yml",
        "gitlab runner",
    }
)
_GITHUB = frozenset(
    {
        "github",
        "gh",
        "github actions",
        "pr",
        "prs",
        "pull request",
        "pull requests",
        "repo",
        "issue",
        "workflow",
        "workflows",
    }
)
_WORKFLOWS = frozenset(
    {
        "workflow",
        "workflows",
        "github actions",
        "github action",
        "workflow run",
        "workflow runs",
        "github workflow",
        "actions",
        "github actions runner",
        "github runner",
    }
)


def _checked(token: Token) -> str | None:
    """The tool whose thing a token is, when it is to be verified."""
    if token.kind in {"image", "tagged"} or token.low in {"dockerfile", "image", "images", "hadolint"}:
        return "docker"
    if token.low.endswith((".tf", ".tfvars")) or token.tool == "terraform":
        return "terraform"
    if token.low.startswith(("k8s/", "manifests", "kubernetes/", "./k8s", "./manifests")) or token.tool == "kubernetes":
        return "kubernetes"
    return token.tool if token.tool in {"helm", "bash"} and token.low != "bash" else None
